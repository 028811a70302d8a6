//! What one member did in a guild, read from where it is kept anyway.

use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, QuestionId};
use crate::domain::streak::Streak;
use chrono::{DateTime, Utc};

/// One answer in a quiz, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuizAnswer {
    /// The question.
    pub question: QuestionId,
    /// Whether it was right, and in time.
    pub right: bool,
    /// Whether it was the member's first attempt at the question in 30 days.
    pub first: bool,
    /// When it was given.
    pub at: DateTime<Utc>,
}

/// The first messages of a member's answers in rounds that were due at `since` or later and not
/// withdrawn. When a message was written, its number tells.
pub async fn answers(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    since: DateTime<Utc>,
) -> Result<Vec<MessageId>> {
    sqlx::query(
        "SELECT a.first_message AS first_message FROM answers a
         JOIN rounds r ON r.round_id = a.round_id
         WHERE a.member_id = $2 AND r.guild_id = $1 AND r.due_at >= $3
             AND r.state IN ('open', 'closing', 'closed')",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(ms(since))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "first_message"))
    .collect()
}

/// When a member cast (or last changed) each of the ballots cast since then.
pub async fn ballots(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    since: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>> {
    sqlx::query(
        "SELECT b.cast_at AS cast_at FROM ballots b
         JOIN rounds r ON r.round_id = b.round_id
         WHERE b.voter_id = $2 AND r.guild_id = $1 AND b.cast_at >= $3",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(ms(since))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "cast_at"))
    .collect()
}

/// How many closed rounds a member answered, those that were voided not among them.
pub async fn rounds_answered(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<u32> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS answered FROM answers a
         JOIN rounds r ON r.round_id = a.round_id
         WHERE a.member_id = $2 AND r.guild_id = $1 AND r.state = 'closed'
             AND r.voided_at IS NULL",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_one(db)
    .await?;
    get(&row, "answered")
}

/// How often a member was picked, as boards count it.
pub async fn picks(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<i64> {
    let row = sqlx::query(
        "SELECT CAST(SUM(CASE WHEN points > 0 THEN 1 ELSE -1 END) AS BIGINT) AS picks
         FROM ledger WHERE guild_id = $1 AND member_id = $2 AND kind = 'picked'",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_one(db)
    .await?;
    Ok(get_opt(&row, "picks")?.unwrap_or(0))
}

/// A member's streak in a study channel; `None` before the first answer there.
pub async fn streak(
    db: &mut Connection,
    channel: ChannelId,
    member: MemberId,
) -> Result<Option<Streak>> {
    let row = sqlx::query("SELECT * FROM streaks WHERE channel_id = $1 AND member_id = $2")
        .bind(channel.to_db())
        .bind(member.to_db())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Streak {
            length: get(&row, "length")?,
            best: get(&row, "best")?,
            graces: get(&row, "graces")?,
            toward_grace: get(&row, "toward_grace")?,
        })
    })
    .transpose()
}

/// A member's name as last seen in a guild, and whether others may look the member up: neither
/// opted out of boards nor left. `None` for one never seen.
pub async fn seen_as(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
) -> Result<Option<(String, bool)>> {
    let row = sqlx::query(
        "SELECT name, present, hidden FROM members WHERE guild_id = $1 AND member_id = $2",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let (present, hidden): (bool, bool) = (get(&row, "present")?, get(&row, "hidden")?);
        Ok((get(&row, "name")?, present && !hidden))
    })
    .transpose()
}

/// A member's quiz answers since then, those to a group's open question not among them.
pub async fn quiz(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    since: DateTime<Utc>,
) -> Result<Vec<QuizAnswer>> {
    sqlx::query(
        "SELECT question_id, is_right, first, answered_at FROM quiz_answers
         WHERE guild_id = $1 AND member_id = $2 AND answered_at >= $3 AND is_right IS NOT NULL
         ORDER BY answered_at, run_id, position",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(ms(since))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(QuizAnswer {
            question: get(row, "question_id")?,
            right: get(row, "is_right")?,
            first: get(row, "first")?,
            at: get(row, "answered_at")?,
        })
    })
    .collect()
}
