//! Guilds: what holds for all study channels of one.

use super::types::{get, get_opt};
use super::{Connection, Result};
use crate::domain::ids::{ChannelId, GuildId, MemberId};
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
