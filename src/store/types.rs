//! How the domain's types lie in columns.

use crate::domain::ids::{
    ChannelId, GuildId, InteractionId, MemberId, MessageId, QuestionId, RoleId, RoundId,
};
use crate::domain::report::Standing;
use crate::domain::review::Why;
use crate::domain::round::{SkipReason, State};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

/// A type that is read from one column.
pub(super) trait Stored: Sized {
    /// What the column holds.
    type Raw: for<'r> Decode<'r, Sqlite> + Type<Sqlite>;
    /// The value, or why the column does not hold one.
    fn read(raw: Self::Raw) -> Result<Self, BoxDynError>;
}

/// The value of a column that is NOT NULL.
pub(super) fn get<T: Stored>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error> {
    decode(column, row.try_get(column)?)
}

/// The value of a column that may be NULL.
pub(super) fn get_opt<T: Stored>(row: &SqliteRow, column: &str) -> Result<Option<T>, sqlx::Error> {
    row.try_get::<Option<T::Raw>, _>(column)?.map(|raw| decode(column, raw)).transpose()
}

/// The value of a column that holds JSON.
pub(super) fn get_json<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|error| corrupt(column, error.into()))
}

/// The value of a column that holds JSON or NULL.
pub(super) fn get_json_opt<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, sqlx::Error> {
    row.try_get::<Option<String>, _>(column)?
        .map(|text| serde_json::from_str(&text).map_err(|error| corrupt(column, error.into())))
        .transpose()
}

/// JSON for a column. The types stored so are plain data, which always serialises.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// An instant as a column holds it.
pub(super) fn ms(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

fn decode<T: Stored>(column: &str, raw: T::Raw) -> Result<T, sqlx::Error> {
    T::read(raw).map_err(|error| corrupt(column, error))
}

fn corrupt(column: &str, source: BoxDynError) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source }
}

macro_rules! stored_ids {
    ($($name:ident),*) => { $(
        impl Stored for $name {
            type Raw = i64;
            fn read(raw: i64) -> Result<Self, BoxDynError> {
                Ok(Self::from_db(raw))
            }
        }
    )* };
}
stored_ids!(GuildId, ChannelId, MemberId, MessageId, RoleId, InteractionId);

macro_rules! stored_words {
    ($($name:ident),*) => { $(
        impl Stored for $name {
            type Raw = String;
            fn read(raw: String) -> Result<Self, BoxDynError> {
                Self::from_word(&raw).ok_or_else(|| format!("unknown word {raw}").into())
            }
        }
    )* };
}
stored_words!(State, SkipReason, Why, Standing);

impl Stored for RoundId {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BoxDynError> {
        Ok(Self(raw))
    }
}

impl Stored for QuestionId {
    type Raw = String;
    fn read(raw: String) -> Result<Self, BoxDynError> {
        Ok(Self(raw))
    }
}

impl Stored for DateTime<Utc> {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BoxDynError> {
        DateTime::from_timestamp_millis(raw).ok_or_else(|| format!("no instant: {raw}").into())
    }
}

impl Stored for NaiveDate {
    type Raw = String;
    fn read(raw: String) -> Result<Self, BoxDynError> {
        Ok(raw.parse()?)
    }
}

impl Stored for bool {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BoxDynError> {
        Ok(raw != 0)
    }
}

impl Stored for i64 {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BoxDynError> {
        Ok(raw)
    }
}

impl Stored for u32 {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BoxDynError> {
        Ok(Self::try_from(raw)?)
    }
}

impl Stored for f32 {
    type Raw = f64;
    #[expect(clippy::cast_possible_truncation, reason = "it was written from an f32")]
    fn read(raw: f64) -> Result<Self, BoxDynError> {
        Ok(raw as Self)
    }
}

impl Stored for String {
    type Raw = Self;
    fn read(raw: Self) -> Result<Self, BoxDynError> {
        Ok(raw)
    }
}
