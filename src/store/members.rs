//! What was last seen of members, and whether they want to stand on boards.

use super::types::{get, ms};
use super::{Connection, Result};
use crate::domain::ids::{GuildId, MemberId};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};

/// A member acted: keeps the name and that the member is there.
pub async fn seen(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    name: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO members (guild_id, member_id, name, present, hidden, seen_at)
         VALUES ($1, $2, $3, 1, 0, $4)
         ON CONFLICT (guild_id, member_id) DO UPDATE SET name = $3, present = 1, seen_at = $4",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(name)
    .bind(ms(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Discord said that the member is not in the guild any more. Points stay.
pub async fn left(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE members SET present = 0, seen_at = $3 WHERE guild_id = $1 AND member_id = $2",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(ms(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Members of a guild who neither acted nor were looked up since `before`.
pub async fn unseen_since(
    db: &mut Connection,
    guild: GuildId,
    before: DateTime<Utc>,
) -> Result<BTreeSet<MemberId>> {
    sqlx::query(
        "SELECT member_id FROM members WHERE guild_id = $1 AND seen_at < $2 AND present = 1",
    )
    .bind(guild.to_db())
    .bind(ms(before))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "member_id"))
    .collect()
}

/// Puts a member on the boards or takes the member off them.
pub async fn set_hidden(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    hidden: bool,
) -> Result<()> {
    sqlx::query("UPDATE members SET hidden = $3 WHERE guild_id = $1 AND member_id = $2")
        .bind(guild.to_db())
        .bind(member.to_db())
        .bind(i64::from(hidden))
        .execute(db)
        .await?;
    Ok(())
}

/// Whether a member has opted out of the boards.
pub async fn is_hidden(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<bool> {
    let row = sqlx::query("SELECT hidden FROM members WHERE guild_id = $1 AND member_id = $2")
        .bind(guild.to_db())
        .bind(member.to_db())
        .fetch_optional(db)
        .await?;
    row.as_ref().map_or(Ok(false), |row| get(row, "hidden"))
}

/// The names of a guild's members, as last seen.
pub async fn names(db: &mut Connection, guild: GuildId) -> Result<HashMap<MemberId, String>> {
    sqlx::query("SELECT member_id, name FROM members WHERE guild_id = $1")
        .bind(guild.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| Ok((get(row, "member_id")?, get(row, "name")?)))
        .collect()
}
