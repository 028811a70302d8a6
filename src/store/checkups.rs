//! The daily look: which dates were seen to, and what the admins were told.

use super::types::{get, get_json, json, ms};
use super::{Connection, Result};
use crate::domain::checkup::Ill;
use crate::domain::ids::{ChannelId, GuildId};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// The last date on which a guild was looked after, by the clocks of its zone.
pub async fn last(db: &mut Connection, guild: GuildId) -> Result<Option<NaiveDate>> {
    let row = sqlx::query("SELECT last_date FROM check_ups WHERE guild_id = $1")
        .bind(guild.to_db())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(|row| get(row, "last_date")).transpose()
}

/// Notes that a guild was looked after on a date; an earlier date than the last changes nothing.
pub async fn seen_to(db: &mut Connection, guild: GuildId, date: NaiveDate) -> Result<()> {
    sqlx::query(
        "INSERT INTO check_ups (guild_id, last_date) VALUES ($1, $2)
         ON CONFLICT (guild_id) DO UPDATE SET last_date = $2 WHERE check_ups.last_date < $2",
    )
    .bind(guild.to_db())
    .bind(date.to_string())
    .execute(db)
    .await?;
    Ok(())
}

/// What the admins were told of a study channel and is not known to be over.
pub async fn told(db: &mut Connection, channel: ChannelId) -> Result<BTreeSet<Ill>> {
    sqlx::query("SELECT ill FROM told_ills WHERE channel_id = $1")
        .bind(channel.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| get_json(row, "ill"))
        .collect()
}

/// Notes that the admins are told.
pub async fn tell(
    db: &mut Connection,
    channel: ChannelId,
    ill: &Ill,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO told_ills (channel_id, ill, told_at) VALUES ($1, $2, $3)
         ON CONFLICT (channel_id, ill) DO NOTHING",
    )
    .bind(channel.to_db())
    .bind(json(ill)?)
    .bind(ms(now))
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that one is over.
pub async fn forget(db: &mut Connection, channel: ChannelId, ill: &Ill) -> Result<()> {
    sqlx::query("DELETE FROM told_ills WHERE channel_id = $1 AND ill = $2")
        .bind(channel.to_db())
        .bind(json(ill)?)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that all are over.
pub async fn forget_all(db: &mut Connection, channel: ChannelId) -> Result<()> {
    sqlx::query("DELETE FROM told_ills WHERE channel_id = $1")
        .bind(channel.to_db())
        .execute(db)
        .await?;
    Ok(())
}
