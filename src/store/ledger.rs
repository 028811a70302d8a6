//! The ledger of points and the streaks. Boards are views of the ledger.

use super::types::{get, get_opt, ms};
use super::{Connection, Result, standings};
use crate::domain::ids::{ChannelId, GuildId, MemberId, QuestionId, RoundId};
use crate::domain::points::Cause;
use crate::domain::streak::Streak;
use chrono::{DateTime, Utc};

/// One row: points and what they were for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The guild whose boards it counts on.
    pub guild: GuildId,
    /// Who gets (or loses) the points.
    pub member: MemberId,
    /// Where they were earned.
    pub source: Source,
    /// The question they are about.
    pub question: QuestionId,
    /// What they are for.
    pub kind: Cause,
    /// The unique cause.
    pub cause: String,
    /// Never 0; negative when points are taken back.
    pub points: i64,
    /// When the round closed, or the quiz answer was given.
    pub at: DateTime<Utc>,
}

/// Where points were earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In a round.
    Round {
        /// The round.
        round: RoundId,
        /// Its study channel.
        channel: ChannelId,
    },
    /// In a quiz, which belongs to no study channel.
    Quiz,
}

impl Source {
    fn round(self) -> Option<(RoundId, ChannelId)> {
        match self {
            Self::Round { round, channel } => Some((round, channel)),
            Self::Quiz => None,
        }
    }
}

/// Adds a row, here and to the standings; `false` if its cause is already there and nothing was written.
pub async fn add(db: &mut Connection, entry: &Entry) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO ledger
             (entry_id, guild_id, channel_id, member_id, round_id, question_id, kind, cause,
              points, at)
         VALUES ((SELECT COALESCE(MAX(entry_id), 0) + 1 FROM ledger),
             $1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (cause) DO NOTHING",
    )
    .bind(entry.guild.to_db())
    .bind(entry.source.round().map(|(_, channel)| channel.to_db()))
    .bind(entry.member.to_db())
    .bind(entry.source.round().map(|(round, _)| round.0))
    .bind(&entry.question.0)
    .bind(entry.kind.word())
    .bind(&entry.cause)
    .bind(entry.points)
    .bind(ms(entry.at))
    .execute(&mut *db)
    .await?;
    let new = done.rows_affected() == 1;
    if new {
        // The one place where points come into the world: what is kept beside the ledger follows.
        standings::book(db, entry).await?;
    }
    Ok(new)
}

/// A member's rows with the titles of their questions, newest first.
pub async fn of_member(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    limit: u32,
) -> Result<Vec<Entry>> {
    sqlx::query(
        "SELECT * FROM ledger WHERE guild_id = $1 AND member_id = $2
         ORDER BY entry_id DESC LIMIT $3",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?
    .iter()
    .map(entry)
    .collect()
}

/// The sum of all of a member's rows in a guild.
pub async fn total(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<i64> {
    let row = sqlx::query(
        "SELECT CAST(SUM(points) AS BIGINT) AS total FROM ledger
         WHERE guild_id = $1 AND member_id = $2",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_one(db)
    .await?;
    Ok(get_opt(&row, "total")?.unwrap_or(0))
}

/// What a member earned in a guild's quizzes in `[from, until)`.
pub async fn quiz_points(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<i64> {
    let row = sqlx::query(
        "SELECT CAST(SUM(points) AS BIGINT) AS total FROM ledger
         WHERE guild_id = $1 AND member_id = $2 AND kind = 'quiz' AND at >= $3 AND at < $4",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(ms(from))
    .bind(ms(until))
    .fetch_one(db)
    .await?;
    Ok(get_opt(&row, "total")?.unwrap_or(0))
}

/// What of that is from quizzes.
pub async fn quiz_total(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<i64> {
    let row = sqlx::query(
        "SELECT CAST(SUM(points) AS BIGINT) AS total FROM ledger
         WHERE guild_id = $1 AND member_id = $2 AND kind = 'quiz'",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_one(db)
    .await?;
    Ok(get_opt(&row, "total")?.unwrap_or(0))
}

/// The rows that a round's close wrote (not those that took them back).
pub async fn of_round(db: &mut Connection, round: RoundId) -> Result<Vec<Entry>> {
    sqlx::query("SELECT * FROM ledger WHERE round_id = $1 AND points > 0 ORDER BY entry_id")
        .bind(round.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(entry)
        .collect()
}

fn entry(row: &sqlx::sqlite::SqliteRow) -> Result<Entry> {
    let word: String = get(row, "kind")?;
    Ok(Entry {
        guild: get(row, "guild_id")?,
        member: get(row, "member_id")?,
        source: match (get_opt(row, "round_id")?, get_opt(row, "channel_id")?) {
            (Some(round), Some(channel)) => Source::Round { round, channel },
            _ => Source::Quiz,
        },
        question: get(row, "question_id")?,
        kind: Cause::from_word(&word)
            .ok_or_else(|| sqlx::Error::Decode(format!("unknown kind {word}").into()))?,
        cause: get(row, "cause")?,
        points: get(row, "points")?,
        at: get(row, "at")?,
    })
}

/// The streaks of a study channel.
pub async fn streaks(db: &mut Connection, channel: ChannelId) -> Result<Vec<(MemberId, Streak)>> {
    sqlx::query("SELECT * FROM streaks WHERE channel_id = $1 ORDER BY member_id")
        .bind(channel.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            Ok((
                get(row, "member_id")?,
                Streak {
                    length: get(row, "length")?,
                    best: get(row, "best")?,
                    graces: get(row, "graces")?,
                    toward_grace: get(row, "toward_grace")?,
                },
            ))
        })
        .collect()
}

/// Writes a member's streak.
pub async fn save_streak(
    db: &mut Connection,
    channel: ChannelId,
    member: MemberId,
    streak: Streak,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO streaks (channel_id, member_id, length, best, graces, toward_grace)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (channel_id, member_id) DO UPDATE SET length = $3, best = $4, graces = $5,
             toward_grace = $6",
    )
    .bind(channel.to_db())
    .bind(member.to_db())
    .bind(i64::from(streak.length))
    .bind(i64::from(streak.best))
    .bind(i64::from(streak.graces))
    .bind(i64::from(streak.toward_grace))
    .execute(db)
    .await?;
    Ok(())
}
