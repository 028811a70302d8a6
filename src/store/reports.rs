//! What members reported about questions.

use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::report::Standing;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

/// One report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its number, rising from 1.
    pub id: i64,
    /// The guild.
    pub guild: GuildId,
    /// The question.
    pub question: QuestionId,
    /// Its title then.
    pub title: String,
    /// Who reported it.
    pub member: MemberId,
    /// Why, as typed.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What the admins made of it.
    pub standing: Standing,
    /// Who decided last, and when.
    pub decided: Option<(MemberId, DateTime<Utc>)>,
}

fn report(row: &SqliteRow) -> Result<Report> {
    let by: Option<MemberId> = get_opt(row, "decided_by")?;
    Ok(Report {
        id: get(row, "report_id")?,
        guild: get(row, "guild_id")?,
        question: get(row, "question_id")?,
        title: get(row, "title")?,
        member: get(row, "member_id")?,
        reason: get(row, "reason")?,
        at: get(row, "reported_at")?,
        standing: get(row, "state")?,
        decided: by.zip(get_opt(row, "decided_at")?),
    })
}

/// The number of the next report.
pub async fn next_id(db: &mut Connection) -> Result<i64> {
    let row = sqlx::query("SELECT COALESCE(MAX(report_id), 0) + 1 AS id FROM question_reports")
        .fetch_one(db)
        .await?;
    get(&row, "id")
}

/// Writes a new, open report; `false` if the member has an open one of that question.
pub async fn add(db: &mut Connection, report: &Report) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO question_reports (report_id, guild_id, question_id, title, member_id, reason,
             reported_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open')
         ON CONFLICT DO NOTHING",
    )
    .bind(report.id)
    .bind(report.guild.to_db())
    .bind(&report.question.0)
    .bind(&report.title)
    .bind(report.member.to_db())
    .bind(&report.reason)
    .bind(ms(report.at))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The report of that number.
pub async fn find(db: &mut Connection, id: i64) -> Result<Option<Report>> {
    sqlx::query("SELECT * FROM question_reports WHERE report_id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(report)
        .transpose()
}

/// How many open reports a member has in a guild.
pub async fn open_of(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<u32> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM question_reports
         WHERE guild_id = $1 AND member_id = $2 AND state = 'open'",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_one(db)
    .await?;
    get(&row, "n")
}

/// The reports of a guild that wait for something, decided later ones too: the newest first.
pub async fn waiting(db: &mut Connection, guild: GuildId, most: u32) -> Result<Vec<Report>> {
    sqlx::query(
        "SELECT * FROM question_reports WHERE guild_id = $1 AND state IN ('open', 'fix_later')
         ORDER BY report_id DESC LIMIT $2",
    )
    .bind(guild.to_db())
    .bind(i64::from(most))
    .fetch_all(db)
    .await?
    .iter()
    .map(report)
    .collect()
}

/// How many reports of a guild are in a state.
pub async fn count(db: &mut Connection, guild: GuildId, standing: Standing) -> Result<u32> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM question_reports WHERE guild_id = $1 AND state = $2",
    )
    .bind(guild.to_db())
    .bind(standing.word())
    .fetch_one(db)
    .await?;
    get(&row, "n")
}

/// Writes what the admins made of a report.
pub async fn decide(
    db: &mut Connection,
    id: i64,
    standing: Standing,
    by: MemberId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE question_reports SET state = $2, decided_by = $3, decided_at = $4
         WHERE report_id = $1",
    )
    .bind(id)
    .bind(standing.word())
    .bind(by.to_db())
    .bind(ms(at))
    .execute(db)
    .await?;
    Ok(())
}
