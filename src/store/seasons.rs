//! Seasons of guilds.

use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ids::GuildId;
use crate::domain::season::Season;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

fn season(row: &SqliteRow) -> Result<Season> {
    Ok(Season {
        id: get(row, "season_id")?,
        name: get(row, "name")?,
        started_at: get(row, "started_at")?,
        ended_at: get_opt(row, "ended_at")?,
    })
}

/// Begins a season; none may be running. Gives its number.
pub async fn start(
    db: &mut Connection,
    guild: GuildId,
    name: &str,
    at: DateTime<Utc>,
) -> Result<i64> {
    let row = sqlx::query(
        "INSERT INTO seasons (season_id, guild_id, name, started_at)
         VALUES ((SELECT COALESCE(MAX(season_id), 0) + 1 FROM seasons), $1, $2, $3)
         RETURNING season_id",
    )
    .bind(guild.to_db())
    .bind(name)
    .bind(ms(at))
    .fetch_one(db)
    .await?;
    get(&row, "season_id")
}

/// Ends a season.
pub async fn end(db: &mut Connection, id: i64, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE seasons SET ended_at = $2 WHERE season_id = $1")
        .bind(id)
        .bind(ms(at))
        .execute(db)
        .await?;
    Ok(())
}

/// The season that began last, running or over.
pub async fn last(db: &mut Connection, guild: GuildId) -> Result<Option<Season>> {
    sqlx::query("SELECT * FROM seasons WHERE guild_id = $1 ORDER BY started_at DESC LIMIT 1")
        .bind(guild.to_db())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(season)
        .transpose()
}

/// All seasons of a guild, newest first.
pub async fn all(db: &mut Connection, guild: GuildId) -> Result<Vec<Season>> {
    sqlx::query("SELECT * FROM seasons WHERE guild_id = $1 ORDER BY started_at DESC")
        .bind(guild.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(season)
        .collect()
}
