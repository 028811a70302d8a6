//! Deliveries: what must be said on Discord, recorded before it is said.

use super::types::{get, get_json, get_opt, json, ms};
use super::{Connection, Result};
use crate::domain::ids::{ChannelId, GuildId, MessageId, RoundId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;

/// A delivery to be recorded.
#[derive(Debug, Clone)]
pub struct New<'a, I> {
    /// What is owed, for example `round:12:card`. Recording it a second time changes nothing.
    pub cause: &'a str,
    /// Opaque and random; see [`Delivery::key`].
    pub key: &'a str,
    /// The guild it belongs to.
    pub guild: GuildId,
    /// The study channel it belongs to, if any.
    pub channel: Option<ChannelId>,
    /// The round it belongs to, if any.
    pub round: Option<RoundId>,
    /// The delivery that must be over before this one is tried.
    pub after: Option<i64>,
    /// What to say.
    pub intent: &'a I,
    /// Study time after which it is not to be said any more.
    pub expires_at: Option<DateTime<Utc>>,
    /// Deliveries of the same word keep a distance in time.
    pub pace: Option<&'a str>,
    /// Whether it comes before those that are not.
    pub first: bool,
}

/// A recorded delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<I> {
    /// Its number, rising.
    pub id: i64,
    /// What is owed.
    pub cause: String,
    /// What the message can be recognised by: its nonce, and part of its buttons' custom ids.
    pub key: String,
    /// The guild it belongs to.
    pub guild: GuildId,
    /// The study channel it belongs to, if any.
    pub channel: Option<ChannelId>,
    /// The round it belongs to, if any.
    pub round: Option<RoundId>,
    /// What to say.
    pub intent: I,
    /// How often it was tried before. Above 0: it may have been said already.
    pub attempts: u32,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When silence becomes better than saying it.
    pub expires_at: Option<DateTime<Utc>>,
    /// The message that Discord made of it.
    pub result: Option<(ChannelId, MessageId)>,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Said, and where if it is a message.
    Done(Option<(ChannelId, MessageId)>),
    /// Given up.
    Dropped,
}

fn delivery<I: DeserializeOwned>(row: &SqliteRow) -> Result<Delivery<I>> {
    let channel: Option<ChannelId> = get_opt(row, "result_channel")?;
    Ok(Delivery {
        id: get(row, "delivery_id")?,
        cause: get(row, "cause")?,
        key: get(row, "key")?,
        guild: get(row, "guild_id")?,
        channel: get_opt(row, "channel_id")?,
        round: get_opt(row, "round_id")?,
        intent: get_json(row, "intent")?,
        attempts: get(row, "attempts")?,
        created_at: get(row, "created_at")?,
        expires_at: get_opt(row, "expires_at")?,
        result: channel.zip(get_opt(row, "result_message")?),
    })
}

/// Records a delivery; `None` if its cause is already recorded.
pub async fn record<I: Serialize>(
    db: &mut Connection,
    new: &New<'_, I>,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let row = sqlx::query(
        "INSERT INTO deliveries (delivery_id, cause, key, guild_id, channel_id, round_id, after_id,
             intent, state, attempts, created_at, expires_at, pace,
             first)
         VALUES ((SELECT COALESCE(MAX(delivery_id), 0) + 1 FROM deliveries),
             $1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, $9, $10, $11)
         ON CONFLICT (cause) DO NOTHING
         RETURNING delivery_id",
    )
    .bind(new.cause)
    .bind(new.key)
    .bind(new.guild.to_db())
    .bind(new.channel.map(ChannelId::to_db))
    .bind(new.round.map(|id| id.0))
    .bind(new.after)
    .bind(json(new.intent)?)
    .bind(ms(now))
    .bind(new.expires_at.map(ms))
    .bind(new.pace)
    .bind(i64::from(new.first))
    .fetch_optional(db)
    .await?;
    row.as_ref().map(|row| get(row, "delivery_id")).transpose()
}

/// The number that the next delivery will have, for the causes of what can be owed several times.
/// Numbers only rise, unlike instants: a clock may be set back, and a simulated one stands still.
pub async fn next_id(db: &mut Connection) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(delivery_id), 0) + 1 AS id FROM deliveries")
        .fetch_one(db)
        .await?;
    get(&row, "id")
}

/// Notes that a delivery is about to be tried; `None` if it is not pending any more.
pub async fn attempt<I: DeserializeOwned>(
    db: &mut Connection,
    id: i64,
) -> Result<Option<Delivery<I>>> {
    sqlx::query(
        "UPDATE deliveries SET attempts = attempts + 1
         WHERE delivery_id = $1 AND state = 'pending' RETURNING *",
    )
    .bind(id)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(delivery)
    .transpose()
}

/// Ends a delivery; `false` if it had already ended.
pub async fn end(db: &mut Connection, id: i64, end: End, error: Option<&str>) -> Result<bool> {
    let (state, result) = match end {
        End::Done(result) => ("done", result),
        End::Dropped => ("dropped", None),
    };
    let done = sqlx::query(
        "UPDATE deliveries SET state = $2, result_channel = $3, result_message = $4, error = $5
         WHERE delivery_id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(state)
    .bind(result.map(|(channel, _)| channel.to_db()))
    .bind(result.map(|(_, message)| message.to_db()))
    .bind(error)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Drops every pending delivery of a round.
pub async fn drop_of_round(db: &mut Connection, round: RoundId) -> Result<()> {
    sqlx::query(
        "UPDATE deliveries SET state = 'dropped' WHERE round_id = $1 AND state = 'pending'",
    )
    .bind(round.0)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes why an attempt failed.
pub async fn note_error(db: &mut Connection, id: i64, error: &str) -> Result<()> {
    sqlx::query("UPDATE deliveries SET error = $2 WHERE delivery_id = $1")
        .bind(id)
        .bind(error)
        .execute(db)
        .await?;
    Ok(())
}

/// The delivery with that number.
pub async fn find<I: DeserializeOwned>(
    db: &mut Connection,
    id: i64,
) -> Result<Option<Delivery<I>>> {
    sqlx::query("SELECT * FROM deliveries WHERE delivery_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(delivery)
        .transpose()
}

/// The delivery with that key: what a button's custom id leads to.
pub async fn by_key<I: DeserializeOwned>(
    db: &mut Connection,
    key: &str,
) -> Result<Option<Delivery<I>>> {
    sqlx::query("SELECT * FROM deliveries WHERE key = $1")
        .bind(key)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(delivery)
        .transpose()
}

/// The delivery with that cause.
pub async fn by_cause<I: DeserializeOwned>(
    db: &mut Connection,
    cause: &str,
) -> Result<Option<Delivery<I>>> {
    sqlx::query("SELECT * FROM deliveries WHERE cause = $1")
        .bind(cause)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(delivery)
        .transpose()
}

/// The earliest instant after `now` at which a pending delivery expires.
pub async fn next_expiry(db: &mut Connection, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let row = sqlx::query(
        "SELECT MIN(expires_at) AS at FROM deliveries WHERE state = 'pending' AND expires_at > $1",
    )
    .bind(ms(now))
    .fetch_one(db)
    .await?;
    get_opt(&row, "at")
}

/// How many deliveries are pending.
pub async fn pending(db: &mut Connection) -> Result<i64> {
    let row = sqlx::query("SELECT COUNT(*) AS n FROM deliveries WHERE state = 'pending'")
        .fetch_one(db)
        .await?;
    get(&row, "n")
}

/// What a guild's admins could not be told: notices that were dropped since the last one that
/// arrived, newest first.
pub async fn dropped_notices<I: DeserializeOwned>(
    db: &mut Connection,
    guild: GuildId,
    limit: u32,
) -> Result<Vec<Delivery<I>>> {
    sqlx::query(
        "SELECT * FROM deliveries
         WHERE guild_id = $1 AND state = 'dropped' AND cause LIKE 'notice:%'
             AND delivery_id > (SELECT COALESCE(MAX(delivery_id), 0) FROM deliveries
                 WHERE guild_id = $1 AND state = 'done' AND cause > 'notice:' AND cause < 'notice;')
         ORDER BY delivery_id DESC LIMIT $2",
    )
    .bind(guild.to_db())
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?
    .iter()
    .map(delivery)
    .collect()
}

/// Forgets what a guild's admins could not be told: they have chosen where notices go from now on.
pub async fn forget_dropped_notices(db: &mut Connection, guild: GuildId) -> Result<()> {
    sqlx::query(
        "UPDATE deliveries SET state = 'done'
         WHERE guild_id = $1 AND state = 'dropped' AND cause LIKE 'notice:%'",
    )
    .bind(guild.to_db())
    .execute(db)
    .await?;
    Ok(())
}

/// The newest notice about a study channel that is not said yet.
pub async fn pending_notice(db: &mut Connection, channel: ChannelId) -> Result<Option<i64>> {
    // By the index of causes: there are few notices about a channel, but many pending deliveries
    // while ten thousand cards wait. A semicolon is what follows a colon.
    let row = sqlx::query(
        "SELECT MAX(delivery_id) AS id FROM deliveries
         WHERE cause > $1 AND cause < $2 AND state NOT IN ('done', 'dropped')",
    )
    .bind(format!("notice:{channel}:"))
    .bind(format!("notice:{channel};"))
    .fetch_one(db)
    .await?;
    get_opt(&row, "id")
}

/// Whether a study channel has a pending delivery that failed before. Notices, which are about it and
/// not for it, are none of those.
///
/// `courtesies`: whether check marks, pins and edits of cards are among them.
pub async fn stuck(db: &mut Connection, channel: ChannelId, courtesies: bool) -> Result<bool> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM deliveries
         WHERE channel_id = $1 AND state = 'pending' AND error IS NOT NULL
             AND cause NOT LIKE 'notice:%'
             AND ($2 = 1 OR (cause NOT LIKE 'round:%:mark:%' AND cause NOT LIKE 'round:%:unmark:%'
                 AND cause NOT LIKE 'round:%pin' AND cause NOT LIKE 'round:%:edit:%'))",
    )
    .bind(channel.to_db())
    .bind(i64::from(courtesies))
    .fetch_one(db)
    .await?;
    Ok(get::<i64>(&row, "n")? > 0)
}

/// What the courier must know of a pending delivery before it loads the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand<T> {
    /// The delivery's number.
    pub id: i64,
    /// What is to be done.
    pub what: T,
    /// The guild it belongs to.
    pub guild: GuildId,
    /// The study channel it belongs to, if any.
    pub channel: Option<ChannelId>,
    /// The delivery that must be over first.
    pub after: Option<i64>,
    /// When it may not be said any more.
    pub expires_at: Option<DateTime<Utc>>,
    /// Deliveries of the same word keep a distance in time.
    pub pace: Option<String>,
    /// Whether it comes before those that are not.
    pub first: bool,
}

/// Whether a round's thread is to be read for what was missed, and that reading hasn't begun.
pub async fn reading_waits(db: &mut Connection, round: RoundId) -> Result<bool> {
    // By the index of causes, as above. The reading for the close has a cause of its own.
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM deliveries
         WHERE cause > $1 AND cause < $2 AND state = 'pending' AND attempts = 0
             AND cause NOT LIKE '%:close'",
    )
    .bind(format!("round:{round}:read:"))
    .bind(format!("round:{round}:read;"))
    .fetch_one(db)
    .await?;
    Ok(get::<i64>(&row, "n")? > 0)
}

/// Whether a delivery was not tried yet, so that it will show whatever is the case when it is.
pub async fn is_unsent(db: &mut Connection, id: i64) -> Result<bool> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM deliveries
         WHERE delivery_id = $1 AND state = 'pending' AND attempts = 0",
    )
    .bind(id)
    .fetch_one(db)
    .await?;
    Ok(get::<i64>(&row, "n")? == 1)
}

/// Pending deliveries with a number above `above`, in order.
pub async fn errands<I: DeserializeOwned>(
    db: &mut Connection,
    above: i64,
) -> Result<Vec<Errand<I>>> {
    let rows = sqlx::query(
        "SELECT delivery_id, guild_id, channel_id, after_id, intent, expires_at, pace, first
         FROM deliveries
         WHERE state = 'pending' AND delivery_id > $1 ORDER BY delivery_id",
    )
    .bind(above)
    .fetch_all(db)
    .await?;
    rows.iter()
        .filter_map(|row| {
            // One that cannot be read must not keep all others from being delivered.
            let id: Result<i64> = get(row, "delivery_id");
            match (id, get_json(row, "intent")) {
                (Ok(id), Err(error)) => {
                    tracing::error!(delivery = id, %error, "a delivery cannot be read");
                    None
                }
                (Ok(id), Ok(what)) => Some(errand(row, id, what)),
                (Err(error), _) => Some(Err(error)),
            }
        })
        .collect()
}

fn errand<I>(row: &SqliteRow, id: i64, what: I) -> Result<Errand<I>> {
    Ok(Errand {
        id,
        what,
        guild: get(row, "guild_id")?,
        channel: get_opt(row, "channel_id")?,
        after: get_opt(row, "after_id")?,
        expires_at: get_opt(row, "expires_at")?,
        pace: get_opt(row, "pace")?,
        first: get(row, "first")?,
    })
}

impl<T> Errand<T> {
    /// The same errand with something else in the place of what is to be done.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Errand<U> {
        let Self { id, what, guild, channel, after, expires_at, pace, first } = self;
        Errand { id, what: to(what), guild, channel, after, expires_at, pace, first }
    }
}

/// What marks the error of a delivery that was given up though it should have been said.
const GIVEN_UP: &str = "given up: ";

/// Gives a delivery up; `false` if it had already ended.
pub async fn give_up(db: &mut Connection, id: i64, error: &str) -> Result<bool> {
    end(db, id, End::Dropped, Some(&format!("{GIVEN_UP}{error}"))).await
}

/// What was given up in a guild since an instant, newest first.
pub async fn given_up<I: DeserializeOwned>(
    db: &mut Connection,
    guild: GuildId,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Delivery<I>>> {
    sqlx::query(
        "SELECT * FROM deliveries
         WHERE guild_id = $1 AND state = 'dropped' AND error LIKE $2 AND created_at >= $3
         ORDER BY delivery_id DESC LIMIT $4",
    )
    .bind(guild.to_db())
    .bind(format!("{GIVEN_UP}%"))
    .bind(ms(since))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?
    .iter()
    .map(delivery)
    .collect()
}

/// Whether the delivery of that cause was dropped.
pub async fn is_dropped(db: &mut Connection, cause: &str) -> Result<bool> {
    let row =
        sqlx::query("SELECT COUNT(*) AS n FROM deliveries WHERE cause = $1 AND state = 'dropped'")
            .bind(cause)
            .fetch_one(db)
            .await?;
    Ok(get::<i64>(&row, "n")? > 0)
}

/// Changes what a pending delivery says; `false` if it had already ended.
pub async fn change<I: Serialize>(db: &mut Connection, id: i64, intent: &I) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE deliveries SET intent = $2 WHERE delivery_id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(json(intent)?)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets when a pending delivery expires.
pub async fn expire_at(db: &mut Connection, id: i64, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "UPDATE deliveries SET expires_at = $2 WHERE delivery_id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(ms(at))
    .execute(db)
    .await?;
    Ok(())
}

/// When a pending delivery expires; `None` if it has ended.
pub async fn expiry(db: &mut Connection, id: i64) -> Result<Option<Option<DateTime<Utc>>>> {
    let row = sqlx::query(
        "SELECT expires_at FROM deliveries WHERE delivery_id = $1 AND state = 'pending'",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(|row| get_opt(row, "expires_at")).transpose()
}

/// Notes that a pending delivery is overdue, unless it is known why; `false` if it has ended.
pub async fn note_overdue(db: &mut Connection, id: i64) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE deliveries SET error = COALESCE(error, 'overdue')
         WHERE delivery_id = $1 AND state = 'pending'",
    )
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
