//! Guilds: what holds for all study channels of one.

use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ids::{ChannelId, GuildId, MemberId};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

/// A guild with at least one study channel, now or once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guild {
    /// Discord's id.
    pub id: GuildId,
    /// As last seen.
    pub name: String,
    /// The zone in which the boards' weeks and months begin.
    pub zone: chrono_tz::Tz,
    /// Where notices go; `None` for a direct message.
    pub notices: Option<ChannelId>,
    /// Who ran the first setup.
    pub setup_by: MemberId,
    /// Who owns the guild.
    pub owner: MemberId,
}

fn guild(row: &SqliteRow) -> Result<Guild> {
    let zone: String = get(row, "zone")?;
    Ok(Guild {
        id: get(row, "guild_id")?,
        name: get(row, "name")?,
        zone: zone
            .parse()
            .map_err(|_| sqlx::Error::Decode(format!("unknown zone {zone}").into()))?,
        notices: get_opt(row, "notices_channel")?,
        setup_by: get(row, "setup_by")?,
        owner: get(row, "owner_id")?,
    })
}

/// The guild, if it was ever set up.
pub async fn find(db: &mut Connection, id: GuildId) -> Result<Option<Guild>> {
    sqlx::query("SELECT * FROM guilds WHERE guild_id = $1")
        .bind(id.to_db())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(guild)
        .transpose()
}

/// All guilds, by their numbers alone.
pub async fn ids(db: &mut Connection) -> Result<Vec<GuildId>> {
    let query = sqlx::query("SELECT guild_id FROM guilds ORDER BY guild_id");
    query.fetch_all(db).await?.iter().map(|row| get(row, "guild_id")).collect()
}

/// Writes the guild, new or known.
pub async fn save(db: &mut Connection, guild: &Guild) -> Result<()> {
    sqlx::query(
        "INSERT INTO guilds (guild_id, name, zone, notices_channel, setup_by, owner_id)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (guild_id) DO UPDATE SET name = $2, zone = $3, notices_channel = $4,
             setup_by = $5, owner_id = $6",
    )
    .bind(guild.id.to_db())
    .bind(&guild.name)
    .bind(guild.zone.name())
    .bind(guild.notices.map(ChannelId::to_db))
    .bind(guild.setup_by.to_db())
    .bind(guild.owner.to_db())
    .execute(db)
    .await?;
    Ok(())
}

/// Every guild.
pub async fn all(db: &mut Connection) -> Result<Vec<Guild>> {
    sqlx::query("SELECT * FROM guilds ORDER BY guild_id")
        .fetch_all(db)
        .await?
        .iter()
        .map(guild)
        .collect()
}

/// Those that have a study channel in use.
pub async fn studying(db: &mut Connection) -> Result<Vec<Guild>> {
    sqlx::query(
        "SELECT * FROM guilds WHERE guild_id IN
             (SELECT guild_id FROM study_channels WHERE removed_at IS NULL) ORDER BY guild_id",
    )
    .fetch_all(db)
    .await?
    .iter()
    .map(guild)
    .collect()
}

/// Where the board of the last week is posted every Monday, and since when; `None`: nowhere.
pub async fn weekly(
    db: &mut Connection,
    id: GuildId,
) -> Result<Option<(ChannelId, DateTime<Utc>)>> {
    let row = sqlx::query(
        "SELECT weekly_channel, COALESCE(weekly_since, 0) AS weekly_since FROM guilds
         WHERE guild_id = $1",
    )
    .bind(id.to_db())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let channel: Option<ChannelId> = get_opt(&row, "weekly_channel")?;
    let since = get(&row, "weekly_since")?;
    Ok(channel.map(|channel| (channel, since)))
}

/// Posts the board of the last week there from `since` on; `None`: nowhere.
pub async fn set_weekly(
    db: &mut Connection,
    id: GuildId,
    channel: Option<ChannelId>,
    since: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE guilds SET weekly_channel = $2, weekly_since = $3 WHERE guild_id = $1")
        .bind(id.to_db())
        .bind(channel.map(ChannelId::to_db))
        .bind(ms(since))
        .execute(db)
        .await?;
    Ok(())
}
