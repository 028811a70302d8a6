//! Standings: what the ledger adds up to in each period, kept beside it in the same transaction.
//! The ledger stays the truth; everything here can be made again from it.

use super::ledger::Entry;
use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::points::Cause;
use crate::domain::ranking::period::{Kind, Period};
use crate::domain::ranking::{Standing, Stretch};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

/// Whose standings are asked for, and about what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter<'a> {
    /// The topic; empty for all of them together.
    pub topic: &'a str,
    /// Only those who joined the guild within this stretch.
    pub joined: Option<Stretch>,
}

/// One row of a board, with what is shown beside the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The sums.
    pub standing: Standing,
    /// The member's name as last seen.
    pub name: Option<String>,
    /// When the member last acted or was looked up.
    pub seen_at: Option<DateTime<Utc>>,
    /// The longest of the streaks that go on in the guild's study channels.
    pub streak: u32,
}

/// What comparing the standings with the ledger came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Rows that the standings have.
    pub rows: u32,
    /// Rows that are wrong, too many or missing.
    pub different: u32,
}

/// The periods of a guild with their numbers.
pub async fn periods(db: &mut Connection, guild: GuildId) -> Result<Vec<(i64, Period)>> {
    sqlx::query("SELECT * FROM periods WHERE guild_id = $1 ORDER BY kind, from_at")
        .bind(guild.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            let word: String = get(row, "kind")?;
            let period = Period {
                kind: Kind::from_word(&word)
                    .ok_or_else(|| sqlx::Error::Decode(format!("unknown kind {word}").into()))?,
                from: edge(get(row, "from_at")?),
                until: edge(get(row, "until_at")?),
            };
            Ok((get(row, "period_id")?, period))
        })
        .collect()
}

/// The number of the period of a kind that begins at an instant.
pub async fn period(
    db: &mut Connection,
    guild: GuildId,
    kind: Kind,
    from: Option<DateTime<Utc>>,
) -> Result<Option<i64>> {
    sqlx::query("SELECT period_id FROM periods WHERE guild_id = $1 AND kind = $2 AND from_at = $3")
        .bind(guild.to_db())
        .bind(kind.word())
        .bind(from.map_or(i64::MIN, ms))
        .fetch_optional(db)
        .await?
        .map(|row| get(&row, "period_id"))
        .transpose()
}

/// Begins to keep a period, with what the ledger already has of it.
pub async fn open(db: &mut Connection, guild: GuildId, period: Period) -> Result<()> {
    if period.kind == Kind::All {
        note_topics(db, guild).await?;
    }
    let id: i64 = get(
        &sqlx::query(
            "INSERT INTO periods (period_id, guild_id, kind, from_at, until_at)
             VALUES ((SELECT COALESCE(MAX(period_id), 0) + 1 FROM periods), $1, $2, $3, $4)
             RETURNING period_id",
        )
        .bind(guild.to_db())
        .bind(period.kind.word())
        .bind(period.from.map_or(i64::MIN, ms))
        .bind(period.until.map_or(i64::MAX, ms))
        .fetch_one(&mut *db)
        .await?,
        "period_id",
    )?;
    fill(db, id).await
}

/// Lets a period end at another instant.
pub async fn move_end(
    db: &mut Connection,
    period: i64,
    until: Option<DateTime<Utc>>,
) -> Result<()> {
    let until = until.map_or(i64::MAX, ms);
    // Usually nothing was booked between the two ends, and the sums stay as they are.
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS rows_between FROM periods p
         JOIN ledger l ON l.guild_id = p.guild_id
             AND l.at >= CASE WHEN p.until_at < $2 THEN p.until_at ELSE $2 END
             AND l.at < CASE WHEN p.until_at < $2 THEN $2 ELSE p.until_at END
         WHERE p.period_id = $1",
    )
    .bind(period)
    .bind(until)
    .fetch_one(&mut *db)
    .await?;
    let between: u32 = get(&row, "rows_between")?;
    sqlx::query("UPDATE periods SET until_at = $2 WHERE period_id = $1")
        .bind(period)
        .bind(until)
        .execute(&mut *db)
        .await?;
    if between > 0 {
        empty(db, period).await?;
        fill(db, period).await?;
    }
    Ok(())
}

/// Stops keeping a period.
pub async fn close(db: &mut Connection, period: i64) -> Result<()> {
    empty(db, period).await?;
    sqlx::query("DELETE FROM periods WHERE period_id = $1").bind(period).execute(db).await?;
    Ok(())
}

async fn empty(db: &mut Connection, period: i64) -> Result<()> {
    sqlx::query("DELETE FROM standings WHERE period_id = $1").bind(period).execute(db).await?;
    Ok(())
}

/// Sums the ledger up for a period that has no standings yet.
async fn fill(db: &mut Connection, period: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO standings (period_id, member_id, topic, points, picks, answers, quiz,
             reached_at, shown, joined_at)
         SELECT s.period_id, s.member_id, s.topic, s.points, s.picks, s.answers, s.quiz,
             s.reached_at,
             COALESCE(m.present * (1 - m.hidden) * (1 - m.excluded), 1), m.joined_at
         FROM (
             SELECT p.period_id AS period_id, p.guild_id AS guild_id, l.member_id AS member_id,
                 '' AS topic, CAST(SUM(l.points) AS BIGINT) AS points,
                 CAST(SUM(CASE WHEN l.kind <> 'picked' THEN 0 WHEN l.points > 0 THEN 1 ELSE -1 END)
                     AS BIGINT) AS picks,
                 CAST(SUM(CASE WHEN l.kind <> 'answered' THEN 0 WHEN l.points > 0 THEN 1
                     ELSE -1 END) AS BIGINT) AS answers,
                 CAST(SUM(CASE WHEN l.kind = 'quiz' THEN l.points ELSE 0 END) AS BIGINT) AS quiz,
                 MAX(l.at) AS reached_at
             FROM periods p
             JOIN ledger l ON l.guild_id = p.guild_id AND l.at >= p.from_at AND l.at < p.until_at
             WHERE p.period_id = $1
             GROUP BY p.period_id, p.guild_id, l.member_id
             UNION ALL
             SELECT p.period_id, p.guild_id, l.member_id, t.topic, CAST(SUM(l.points) AS BIGINT),
                 CAST(SUM(CASE WHEN l.kind <> 'picked' THEN 0 WHEN l.points > 0 THEN 1 ELSE -1 END)
                     AS BIGINT),
                 CAST(SUM(CASE WHEN l.kind <> 'answered' THEN 0 WHEN l.points > 0 THEN 1
                     ELSE -1 END) AS BIGINT),
                 CAST(SUM(CASE WHEN l.kind = 'quiz' THEN l.points ELSE 0 END) AS BIGINT),
                 MAX(l.at)
             FROM periods p
             JOIN ledger l ON l.guild_id = p.guild_id AND l.at >= p.from_at AND l.at < p.until_at
             JOIN question_topics t ON t.question_id = l.question_id
             WHERE p.period_id = $1
             GROUP BY p.period_id, p.guild_id, l.member_id, t.topic
         ) s
         LEFT JOIN members m ON m.guild_id = s.guild_id AND m.member_id = s.member_id",
    )
    .bind(period)
    .execute(db)
    .await?;
    Ok(())
}

/// Makes all standings of a guild again from the ledger.
pub async fn rebuild(db: &mut Connection, guild: GuildId) -> Result<()> {
    note_topics(db, guild).await?;
    for (id, _) in periods(db, guild).await? {
        empty(db, id).await?;
        fill(db, id).await?;
    }
    Ok(())
}

/// Sums the ledger up anew and compares; changes nothing.
pub async fn compare(db: &mut Connection, guild: GuildId) -> Result<Comparison> {
    let row = sqlx::query(
        "WITH sums AS (
             SELECT p.period_id AS period_id, l.member_id AS member_id, '' AS topic,
                 CAST(SUM(l.points) AS BIGINT) AS points,
                 CAST(SUM(CASE WHEN l.kind <> 'picked' THEN 0 WHEN l.points > 0 THEN 1 ELSE -1 END)
                     AS BIGINT) AS picks,
                 CAST(SUM(CASE WHEN l.kind <> 'answered' THEN 0 WHEN l.points > 0 THEN 1
                     ELSE -1 END) AS BIGINT) AS answers,
                 CAST(SUM(CASE WHEN l.kind = 'quiz' THEN l.points ELSE 0 END) AS BIGINT) AS quiz,
                 MAX(l.at) AS reached_at
             FROM periods p
             JOIN ledger l ON l.guild_id = p.guild_id AND l.at >= p.from_at AND l.at < p.until_at
             WHERE p.guild_id = $1
             GROUP BY p.period_id, l.member_id
             UNION ALL
             SELECT p.period_id, l.member_id, t.topic, CAST(SUM(l.points) AS BIGINT),
                 CAST(SUM(CASE WHEN l.kind <> 'picked' THEN 0 WHEN l.points > 0 THEN 1 ELSE -1 END)
                     AS BIGINT),
                 CAST(SUM(CASE WHEN l.kind <> 'answered' THEN 0 WHEN l.points > 0 THEN 1
                     ELSE -1 END) AS BIGINT),
                 CAST(SUM(CASE WHEN l.kind = 'quiz' THEN l.points ELSE 0 END) AS BIGINT),
                 MAX(l.at)
             FROM periods p
             JOIN ledger l ON l.guild_id = p.guild_id AND l.at >= p.from_at AND l.at < p.until_at
             JOIN question_topics t ON t.question_id = l.question_id
             WHERE p.guild_id = $1
             GROUP BY p.period_id, l.member_id, t.topic
         ), truth AS (
             SELECT s.period_id AS period_id, s.member_id AS member_id, s.topic AS topic,
                 s.points AS points, s.picks AS picks, s.answers AS answers, s.quiz AS quiz,
                 s.reached_at AS reached_at,
                 COALESCE(m.present * (1 - m.hidden) * (1 - m.excluded), 1) AS shown,
                 m.joined_at AS joined_at
             FROM sums s
             LEFT JOIN members m ON m.guild_id = $1 AND m.member_id = s.member_id
         ), kept AS (
             SELECT s.period_id AS period_id, s.member_id AS member_id, s.topic AS topic,
                 s.points AS points, s.picks AS picks, s.answers AS answers, s.quiz AS quiz,
                 s.reached_at AS reached_at, s.shown AS shown, s.joined_at AS joined_at
             FROM standings s JOIN periods p ON p.period_id = s.period_id
             WHERE p.guild_id = $1
         ), wrong AS (
             SELECT a.period_id AS period_id, a.member_id AS member_id, a.topic AS topic
             FROM (SELECT * FROM truth EXCEPT SELECT * FROM kept) a
             UNION
             SELECT b.period_id, b.member_id, b.topic
             FROM (SELECT * FROM kept EXCEPT SELECT * FROM truth) b
         )
         SELECT CAST((SELECT COUNT(*) FROM kept) AS BIGINT) AS rows_kept,
             CAST((SELECT COUNT(*) FROM wrong) AS BIGINT) AS rows_wrong",
    )
    .bind(guild.to_db())
    .fetch_one(db)
    .await?;
    Ok(Comparison { rows: get(&row, "rows_kept")?, different: get(&row, "rows_wrong")? })
}

/// Adds a ledger row to the standings of every period it falls into.
pub(super) async fn book(db: &mut Connection, entry: &Entry) -> Result<()> {
    let sign = if entry.points > 0 { 1 } else { -1 };
    let counts = |kind: Cause| if entry.kind == kind { sign } else { 0_i64 };
    let topic = entry.question.topic();
    if let Some(topic) = topic {
        note_topic(db, &entry.question, topic).await?;
    }
    for topic in [Some(""), topic].into_iter().flatten() {
        sqlx::query(
            "INSERT INTO standings (period_id, member_id, topic, points, picks, answers, quiz,
                 reached_at, shown, joined_at)
             SELECT p.period_id, $2, $3, $4, $5, $6, $7, $8,
                 COALESCE(m.present * (1 - m.hidden) * (1 - m.excluded), 1), m.joined_at
             FROM periods p
             LEFT JOIN members m ON m.guild_id = p.guild_id AND m.member_id = $2
             WHERE p.guild_id = $1 AND p.from_at <= $8 AND p.until_at > $8
             ON CONFLICT (period_id, member_id, topic) DO UPDATE SET
                 points = standings.points + excluded.points,
                 picks = standings.picks + excluded.picks,
                 answers = standings.answers + excluded.answers,
                 quiz = standings.quiz + excluded.quiz,
                 reached_at = CASE WHEN excluded.reached_at > standings.reached_at
                     THEN excluded.reached_at ELSE standings.reached_at END",
        )
        .bind(entry.guild.to_db())
        .bind(entry.member.to_db())
        .bind(topic)
        .bind(entry.points)
        .bind(counts(Cause::Picked))
        .bind(counts(Cause::Answered))
        .bind(if entry.kind == Cause::Quiz { entry.points } else { 0 })
        .bind(ms(entry.at))
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Copies what decides who stands on boards from a member to the member's standings.
pub(super) async fn refresh(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<()> {
    sqlx::query(
        "UPDATE standings SET
             shown = COALESCE((SELECT m.present * (1 - m.hidden) * (1 - m.excluded)
                 FROM members m WHERE m.guild_id = $1 AND m.member_id = $2), 1),
             joined_at = (SELECT m.joined_at
                 FROM members m WHERE m.guild_id = $1 AND m.member_id = $2)
         WHERE member_id = $2
             AND period_id IN (SELECT p.period_id FROM periods p WHERE p.guild_id = $1)",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .execute(db)
    .await?;
    Ok(())
}

async fn note_topic(db: &mut Connection, question: &QuestionId, topic: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO question_topics (question_id, topic) VALUES ($1, $2)
         ON CONFLICT (question_id) DO NOTHING",
    )
    .bind(&question.0)
    .bind(topic)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes the topics of rows that are older than the standings.
async fn note_topics(db: &mut Connection, guild: GuildId) -> Result<()> {
    let questions: Vec<QuestionId> = sqlx::query(
        "SELECT DISTINCT l.question_id AS question_id FROM ledger l
         LEFT JOIN question_topics t ON t.question_id = l.question_id
         WHERE l.guild_id = $1 AND t.question_id IS NULL",
    )
    .bind(guild.to_db())
    .fetch_all(&mut *db)
    .await?
    .iter()
    .map(|row| get(row, "question_id"))
    .collect::<Result<_>>()?;
    for question in &questions {
        if let Some(topic) = question.topic() {
            note_topic(db, question, topic).await?;
        }
    }
    Ok(())
}

/// The topics that ever earned a point, in any guild.
pub async fn topics(db: &mut Connection) -> Result<Vec<String>> {
    sqlx::query("SELECT DISTINCT topic FROM question_topics ORDER BY topic")
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| get(row, "topic"))
        .collect()
}

/// How many stand on a board.
pub async fn count(db: &mut Connection, period: i64, filter: Filter<'_>) -> Result<u32> {
    let (newcomers, from, until) = joined(filter);
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS members FROM standings
         WHERE period_id = $1 AND topic = $2 AND shown = 1 AND points > 0
             AND ($3 = 0 OR (joined_at >= $4 AND joined_at < $5))",
    )
    .bind(period)
    .bind(filter.topic)
    .bind(newcomers)
    .bind(from)
    .bind(until)
    .fetch_one(db)
    .await?;
    get(&row, "members")
}

/// How many on a board have more points, or as many and more picks.
pub async fn better(
    db: &mut Connection,
    period: i64,
    filter: Filter<'_>,
    than: &Standing,
) -> Result<u32> {
    let (newcomers, from, until) = joined(filter);
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS members FROM standings
         WHERE period_id = $1 AND topic = $2 AND shown = 1 AND points >= $3
             AND (points > $3 OR picks > $4)
             AND ($5 = 0 OR (joined_at >= $6 AND joined_at < $7))",
    )
    .bind(period)
    .bind(filter.topic)
    .bind(than.points)
    .bind(than.picks)
    .bind(newcomers)
    .bind(from)
    .bind(until)
    .fetch_one(db)
    .await?;
    get(&row, "members")
}

/// Rows of a board in its order.
pub async fn page(
    db: &mut Connection,
    guild: GuildId,
    period: i64,
    filter: Filter<'_>,
    skip: u32,
    limit: u32,
) -> Result<Vec<Placed>> {
    let (newcomers, from, until) = joined(filter);
    // The inner part walks the index alone; the rows themselves are read for one page.
    sqlx::query(
        "SELECT s.member_id AS member_id, s.points AS points, s.picks AS picks,
             s.answers AS answers, s.quiz AS quiz, s.reached_at AS reached_at,
             m.name AS name, m.seen_at AS seen_at,
             CAST(COALESCE((SELECT MAX(k.length) FROM study_channels c
                 JOIN streaks k ON k.channel_id = c.channel_id AND k.member_id = s.member_id
                 WHERE c.guild_id = $1 AND c.removed_at IS NULL), 0) AS BIGINT) AS streak
         FROM (
             SELECT i.member_id AS member_id FROM standings i
             WHERE i.period_id = $2 AND i.topic = $3 AND i.shown = 1 AND i.points > 0
                 AND ($4 = 0 OR (i.joined_at >= $5 AND i.joined_at < $6))
             ORDER BY i.points DESC, i.picks DESC, i.reached_at, i.member_id
             LIMIT $7 OFFSET $8
         ) o
         JOIN standings s ON s.period_id = $2 AND s.member_id = o.member_id AND s.topic = $3
         LEFT JOIN members m ON m.guild_id = $1 AND m.member_id = s.member_id
         ORDER BY s.points DESC, s.picks DESC, s.reached_at, s.member_id",
    )
    .bind(guild.to_db())
    .bind(period)
    .bind(filter.topic)
    .bind(newcomers)
    .bind(from)
    .bind(until)
    .bind(i64::from(limit))
    .bind(i64::from(skip))
    .fetch_all(db)
    .await?
    .iter()
    .map(placed)
    .collect()
}

/// A member's own row, if it stands on the board.
pub async fn of_member(
    db: &mut Connection,
    guild: GuildId,
    period: i64,
    filter: Filter<'_>,
    member: MemberId,
) -> Result<Option<Placed>> {
    let (newcomers, from, until) = joined(filter);
    sqlx::query(
        "SELECT s.member_id AS member_id, s.points AS points, s.picks AS picks,
             s.answers AS answers, s.quiz AS quiz, s.reached_at AS reached_at,
             m.name AS name, m.seen_at AS seen_at,
             CAST(COALESCE((SELECT MAX(k.length) FROM study_channels c
                 JOIN streaks k ON k.channel_id = c.channel_id AND k.member_id = s.member_id
                 WHERE c.guild_id = $1 AND c.removed_at IS NULL), 0) AS BIGINT) AS streak
         FROM standings s
         LEFT JOIN members m ON m.guild_id = $1 AND m.member_id = s.member_id
         WHERE s.period_id = $2 AND s.topic = $3 AND s.member_id = $4 AND s.shown = 1
             AND s.points > 0 AND ($5 = 0 OR (s.joined_at >= $6 AND s.joined_at < $7))",
    )
    .bind(guild.to_db())
    .bind(period)
    .bind(filter.topic)
    .bind(member.to_db())
    .bind(newcomers)
    .bind(from)
    .bind(until)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(placed)
    .transpose()
}

fn placed(row: &SqliteRow) -> Result<Placed> {
    Ok(Placed {
        standing: Standing {
            member: get(row, "member_id")?,
            points: get(row, "points")?,
            picks: get(row, "picks")?,
            answers: get(row, "answers")?,
            quiz: get(row, "quiz")?,
            reached_at: get(row, "reached_at")?,
        },
        name: get_opt(row, "name")?,
        seen_at: get_opt(row, "seen_at")?,
        streak: get(row, "streak")?,
    })
}

/// Whether only newcomers are meant, and when they joined.
fn joined(filter: Filter<'_>) -> (i64, i64, i64) {
    match filter.joined {
        None => (0, 0, 0),
        Some((from, until)) => (1, from.map_or(i64::MIN, ms), until.map_or(i64::MAX, ms)),
    }
}

/// The instant of a period's edge; `None` at the ends of the number line.
fn edge(ms: i64) -> Option<DateTime<Utc>> {
    if ms == i64::MIN || ms == i64::MAX { None } else { DateTime::from_timestamp_millis(ms) }
}
