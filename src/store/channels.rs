//! Study channels with their schedules, plans and holidays.

use super::types::{get, get_json, get_opt, json, ms};
use super::{Connection, Result};
use crate::domain::draw::Plan;
use crate::domain::ids::{ChannelId, GuildId, RoleId};
use crate::domain::schedule::{Holiday, Pause, Schedule, Weekdays};
use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use sqlx::sqlite::SqliteRow;

/// A study channel as set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyChannel {
    /// Discord's id.
    pub id: ChannelId,
    /// Where it is.
    pub guild: GuildId,
    /// When rounds are due.
    pub schedule: Schedule,
    /// What is drawn.
    pub plan: Plan,
    /// Nothing due at or before this instant is made up for.
    pub since: DateTime<Utc>,
    /// The role mentioned in the question card.
    pub role: Option<RoleId>,
    /// Whether the card is pinned.
    pub pin: bool,
    /// Hours a round stays open; `None`: until the next due instant.
    pub close_after_h: Option<u32>,
    /// What is wrong at the moment, and since when.
    pub trouble: Option<(String, DateTime<Utc>)>,
    /// When the admins were last told that the pool runs dry.
    pub stock_warned: Option<DateTime<Utc>>,
    /// Set by `/study remove`.
    pub removed: bool,
}

fn bad(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("the stored {what} is none").into())
}

fn channel(row: &SqliteRow) -> Result<StudyChannel> {
    let minute: u32 = get(row, "at_minute")?;
    let bits: u32 = get(row, "weekdays")?;
    let zone: String = get(row, "zone")?;
    let trouble: Option<String> = get_opt(row, "trouble")?;
    let trouble_since = get_opt(row, "trouble_since")?;
    let paused_from: Option<DateTime<Utc>> = get_opt(row, "paused_from")?;
    let paused_until = get_opt(row, "paused_until")?;
    Ok(StudyChannel {
        id: get(row, "channel_id")?,
        guild: get(row, "guild_id")?,
        schedule: Schedule {
            time: NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)
                .ok_or_else(|| bad("time"))?,
            zone: zone.parse().map_err(|_| bad("zone"))?,
            weekdays: u8::try_from(bits)
                .ok()
                .and_then(Weekdays::from_bits)
                .ok_or_else(|| bad("set of weekdays"))?,
            holidays: Vec::new(),
            pause: paused_from.map(|from| Pause { from, until: paused_until }),
        },
        plan: get_json(row, "plan")?,
        since: get(row, "since")?,
        role: get_opt(row, "role_id")?,
        pin: get(row, "pin")?,
        close_after_h: get_opt(row, "close_after_h")?,
        trouble: trouble.zip(trouble_since),
        stock_warned: get_opt(row, "stock_warned")?,
        removed: get_opt::<DateTime<Utc>>(row, "removed_at")?.is_some(),
    })
}

/// The study channel, removed or not, with its holidays.
pub async fn find(db: &mut Connection, id: ChannelId) -> Result<Option<StudyChannel>> {
    let row = sqlx::query("SELECT * FROM study_channels WHERE channel_id = $1")
        .bind(id.to_db())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut channel = channel(&row)?;
    channel.schedule.holidays = holidays(db, id).await?;
    Ok(Some(channel))
}

/// The study channels in use, of one guild or of all, by their numbers alone.
pub async fn ids_in_use(db: &mut Connection, guild: Option<GuildId>) -> Result<Vec<ChannelId>> {
    let query = match guild {
        Some(guild) => sqlx::query(
            "SELECT channel_id FROM study_channels WHERE removed_at IS NULL AND guild_id = $1
             ORDER BY channel_id",
        )
        .bind(guild.to_db()),
        None => sqlx::query(
            "SELECT channel_id FROM study_channels WHERE removed_at IS NULL ORDER BY channel_id",
        ),
    };
    query.fetch_all(db).await?.iter().map(|row| get(row, "channel_id")).collect()
}

/// Study channels in use, of one guild or of all, with their holidays.
pub async fn in_use(db: &mut Connection, guild: Option<GuildId>) -> Result<Vec<StudyChannel>> {
    let rows = match guild {
        Some(guild) => {
            sqlx::query(
                "SELECT * FROM study_channels WHERE removed_at IS NULL AND guild_id = $1
                 ORDER BY channel_id",
            )
            .bind(guild.to_db())
            .fetch_all(&mut *db)
            .await?
        }
        None => {
            sqlx::query("SELECT * FROM study_channels WHERE removed_at IS NULL ORDER BY channel_id")
                .fetch_all(&mut *db)
                .await?
        }
    };
    let mut channels: Vec<StudyChannel> = rows.iter().map(channel).collect::<Result<_>>()?;
    let days =
        sqlx::query("SELECT * FROM holidays ORDER BY channel_id, first_date").fetch_all(db).await?;
    for row in &days {
        let of: ChannelId = get(row, "channel_id")?;
        if let Ok(at) = channels.binary_search_by_key(&of.to_db(), |c| c.id.to_db()) {
            channels[at].schedule.holidays.push(holiday(row)?);
        }
    }
    Ok(channels)
}

/// Writes the study channel, new or known; its holidays are written by their own functions.
pub async fn save(db: &mut Connection, channel: &StudyChannel, now: DateTime<Utc>) -> Result<()> {
    let schedule = &channel.schedule;
    sqlx::query(
        "INSERT INTO study_channels (channel_id, guild_id, at_minute, zone, weekdays, since,
             role_id, pin, close_after_h, plan, paused_from, paused_until, removed_at, trouble,
             trouble_since, stock_warned)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (channel_id) DO UPDATE SET at_minute = $3, zone = $4, weekdays = $5,
             since = $6, role_id = $7, pin = $8, close_after_h = $9, plan = $10, paused_from = $11,
             paused_until = $12,
             removed_at = CASE WHEN $13 IS NULL THEN NULL
                 ELSE COALESCE(study_channels.removed_at, $13) END,
             trouble = $14, trouble_since = $15,
             stock_warned = $16",
    )
    .bind(channel.id.to_db())
    .bind(channel.guild.to_db())
    .bind(i64::from(schedule.time.hour() * 60 + schedule.time.minute()))
    .bind(schedule.zone.name())
    .bind(i64::from(schedule.weekdays.bits()))
    .bind(ms(channel.since))
    .bind(channel.role.map(RoleId::to_db))
    .bind(i64::from(channel.pin))
    .bind(channel.close_after_h.map(i64::from))
    .bind(json(&channel.plan)?)
    .bind(schedule.pause.map(|p| ms(p.from)))
    .bind(schedule.pause.and_then(|p| p.until).map(ms))
    .bind(channel.removed.then(|| ms(now)))
    .bind(channel.trouble.as_ref().map(|(word, _)| word))
    .bind(channel.trouble.as_ref().map(|(_, since)| ms(*since)))
    .bind(channel.stock_warned.map(ms))
    .execute(db)
    .await?;
    Ok(())
}

fn holiday(row: &SqliteRow) -> Result<Holiday> {
    Ok(Holiday {
        first: get(row, "first_date")?,
        last: get(row, "last_date")?,
        label: get(row, "label")?,
    })
}

async fn holidays(db: &mut Connection, id: ChannelId) -> Result<Vec<Holiday>> {
    sqlx::query("SELECT * FROM holidays WHERE channel_id = $1 ORDER BY first_date")
        .bind(id.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(holiday)
        .collect()
}

/// Adds a holiday; one that begins on the same date is replaced.
pub async fn add_holiday(db: &mut Connection, id: ChannelId, holiday: &Holiday) -> Result<()> {
    sqlx::query(
        "INSERT INTO holidays (channel_id, first_date, last_date, label) VALUES ($1, $2, $3, $4)
         ON CONFLICT (channel_id, first_date) DO UPDATE SET last_date = $3, label = $4",
    )
    .bind(id.to_db())
    .bind(holiday.first.to_string())
    .bind(holiday.last.to_string())
    .bind(&holiday.label)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the holidays that include the date; says how many.
pub async fn remove_holidays(db: &mut Connection, id: ChannelId, date: NaiveDate) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM holidays WHERE channel_id = $1 AND first_date <= $2 AND last_date >= $2",
    )
    .bind(id.to_db())
    .bind(date.to_string())
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
