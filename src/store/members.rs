//! What was last seen of members, and whether they want to stand on boards.

use super::types::{get, get_json, get_json_opt, get_opt, json, ms};
use super::{Connection, Result, standings};
use crate::domain::ids::{GuildId, MemberId, RoleId};
use crate::domain::member::{self, Facts};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};

/// What decides whether a member stands on boards.
struct Marks {
    present: bool,
    hidden: bool,
    excluded: bool,
    joined: Option<DateTime<Utc>>,
    roles: Option<BTreeSet<RoleId>>,
}

async fn marks(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<Option<Marks>> {
    sqlx::query(
        "SELECT present, hidden, excluded, joined_at, roles FROM members
         WHERE guild_id = $1 AND member_id = $2",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_optional(db)
    .await?
    .map(|row| {
        Ok(Marks {
            present: get(&row, "present")?,
            hidden: get(&row, "hidden")?,
            excluded: get(&row, "excluded")?,
            joined: get_opt(&row, "joined_at")?,
            roles: get_json_opt(&row, "roles")?,
        })
    })
    .transpose()
}

/// A member acted or was looked up: keeps the name, that the member is there, and what else the
/// event told.
pub async fn seen(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    name: &str,
    facts: &Facts,
    at: DateTime<Utc>,
) -> Result<()> {
    let before = marks(db, guild, member).await?;
    let known = before.as_ref().and_then(|before| before.roles.as_ref());
    let roles = facts.roles.as_ref().or(known);
    let excluded = match &before {
        Some(before) if roles == known => before.excluded,
        _ => member::is_excluded(roles, &excluded_roles(db, guild).await?),
    };
    let joined = facts.joined.or(before.as_ref().and_then(|before| before.joined));
    sqlx::query(
        "INSERT INTO members
             (guild_id, member_id, name, present, hidden, seen_at, joined_at, roles, excluded)
         VALUES ($1, $2, $3, 1, 0, $4, $5, $6, $7)
         ON CONFLICT (guild_id, member_id) DO UPDATE SET name = $3, present = 1, seen_at = $4,
             joined_at = $5, roles = $6, excluded = $7",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(name)
    .bind(ms(at))
    .bind(joined.map(ms))
    .bind(roles.map(json).transpose()?)
    .bind(i64::from(excluded))
    .execute(&mut *db)
    .await?;
    let same =
        before.is_some_and(|old| old.present && old.excluded == excluded && old.joined == joined);
    if !same {
        standings::refresh(db, guild, member).await?;
    }
    Ok(())
}

/// Whether a member who was seen before was not in the guild any more when last looked up.
pub async fn is_absent(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<bool> {
    let row = sqlx::query("SELECT present FROM members WHERE guild_id = $1 AND member_id = $2")
        .bind(guild.to_db())
        .bind(member.to_db())
        .fetch_optional(db)
        .await?;
    row.as_ref().map_or(Ok(false), |row| Ok(!get::<bool>(row, "present")?))
}

/// Discord said that the member is not in the guild any more. Points stay.
pub async fn left(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    at: DateTime<Utc>,
) -> Result<()> {
    let before = marks(db, guild, member).await?;
    sqlx::query(
        "UPDATE members SET present = 0, seen_at = $3 WHERE guild_id = $1 AND member_id = $2",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(ms(at))
    .execute(&mut *db)
    .await?;
    if before.is_some_and(|old| old.present) {
        standings::refresh(db, guild, member).await?;
    }
    Ok(())
}

/// Puts a member on the boards or takes the member off them.
pub async fn set_hidden(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    hidden: bool,
) -> Result<()> {
    let before = marks(db, guild, member).await?;
    if before.is_none_or(|old| old.hidden == hidden) {
        return Ok(());
    }
    sqlx::query("UPDATE members SET hidden = $3 WHERE guild_id = $1 AND member_id = $2")
        .bind(guild.to_db())
        .bind(member.to_db())
        .bind(i64::from(hidden))
        .execute(&mut *db)
        .await?;
    standings::refresh(db, guild, member).await
}

/// The roles whose members do not stand on a guild's boards.
pub async fn excluded_roles(db: &mut Connection, guild: GuildId) -> Result<BTreeSet<RoleId>> {
    sqlx::query("SELECT role_id FROM excluded_roles WHERE guild_id = $1")
        .bind(guild.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| get(row, "role_id"))
        .collect()
}

/// Keeps a role off the boards. Gives how many members left them by that.
pub async fn exclude_role(db: &mut Connection, guild: GuildId, role: RoleId) -> Result<u32> {
    sqlx::query(
        "INSERT INTO excluded_roles (guild_id, role_id) VALUES ($1, $2)
         ON CONFLICT (guild_id, role_id) DO NOTHING",
    )
    .bind(guild.to_db())
    .bind(role.to_db())
    .execute(&mut *db)
    .await?;
    judge_roles(db, guild).await
}

/// Lets a role back on the boards. Gives how many members came back by that.
pub async fn include_role(db: &mut Connection, guild: GuildId, role: RoleId) -> Result<u32> {
    sqlx::query("DELETE FROM excluded_roles WHERE guild_id = $1 AND role_id = $2")
        .bind(guild.to_db())
        .bind(role.to_db())
        .execute(&mut *db)
        .await?;
    judge_roles(db, guild).await
}

/// Decides anew, for every member with known roles, whether one of them is excluded. Gives how
/// many that changed.
async fn judge_roles(db: &mut Connection, guild: GuildId) -> Result<u32> {
    let excluded = excluded_roles(db, guild).await?;
    let rows = sqlx::query(
        "SELECT member_id, roles, excluded FROM members WHERE guild_id = $1 AND roles IS NOT NULL",
    )
    .bind(guild.to_db())
    .fetch_all(&mut *db)
    .await?;
    let mut changed = 0;
    for row in &rows {
        let roles: BTreeSet<RoleId> = get_json(row, "roles")?;
        let now = member::is_excluded(Some(&roles), &excluded);
        if now == get::<bool>(row, "excluded")? {
            continue;
        }
        let member: MemberId = get(row, "member_id")?;
        sqlx::query("UPDATE members SET excluded = $3 WHERE guild_id = $1 AND member_id = $2")
            .bind(guild.to_db())
            .bind(member.to_db())
            .bind(i64::from(now))
            .execute(&mut *db)
            .await?;
        standings::refresh(db, guild, member).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Whether one of a member's roles, as last seen, is kept off the boards.
pub async fn is_excluded(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<bool> {
    Ok(marks(db, guild, member).await?.is_some_and(|marks| marks.excluded))
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
