//! Answers and the messages they are made of.

use super::types::{get, get_json, get_opt, json, ms};
use super::{Connection, Result};
use crate::domain::answer::{Attachment, Part, Wish};
use crate::domain::ids::{MemberId, MessageId, RoundId};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// A message of a round's thread that counts, or whose author said what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Discord's id.
    pub message: MessageId,
    /// The round whose thread it is in.
    pub round: RoundId,
    /// Its author.
    pub member: MemberId,
    /// Whether it counts. If not, `content` and `attachments` are empty.
    pub counts: bool,
    /// Its text.
    pub content: String,
    /// Its files, as links.
    pub attachments: Vec<Attachment>,
    /// When Discord says it was last edited.
    pub edited_at: Option<DateTime<Utc>>,
    /// What its author said with *Not my answer*.
    pub wish: Option<Wish>,
}

/// A member's answer in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its author.
    pub member: MemberId,
    /// The message with the check mark.
    pub first_message: MessageId,
    /// Rises with every change.
    pub revision: i64,
    /// The counted messages, in order.
    pub parts: Vec<Part>,
}

fn kept(row: &SqliteRow) -> Result<Kept> {
    let wish: Option<String> = get_opt(row, "wish")?;
    Ok(Kept {
        message: get(row, "message_id")?,
        round: get(row, "round_id")?,
        member: get(row, "member_id")?,
        counts: get(row, "counts")?,
        content: get(row, "content")?,
        attachments: get_json(row, "attachments")?,
        edited_at: get_opt(row, "edited_at")?,
        wish: wish.map(|word| match word.as_str() {
            "counted" => Wish::Counted,
            _ => Wish::NotCounted,
        }),
    })
}

/// The message, if it is kept.
pub async fn message(db: &mut Connection, id: MessageId) -> Result<Option<Kept>> {
    sqlx::query("SELECT * FROM answer_messages WHERE message_id = $1")
        .bind(id.to_db())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(kept)
        .transpose()
}

/// All kept messages of a round, in order.
pub async fn messages(db: &mut Connection, round: RoundId) -> Result<Vec<Kept>> {
    sqlx::query("SELECT * FROM answer_messages WHERE round_id = $1 ORDER BY message_id")
        .bind(round.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(kept)
        .collect()
}

/// Writes a message, new or known.
pub async fn keep(db: &mut Connection, message: &Kept) -> Result<()> {
    sqlx::query(
        "INSERT INTO answer_messages
             (message_id, round_id, member_id, counts, content, attachments, edited_at, wish)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (message_id) DO UPDATE SET counts = $4, content = $5, attachments = $6,
             edited_at = $7, wish = $8",
    )
    .bind(message.message.to_db())
    .bind(message.round.0)
    .bind(message.member.to_db())
    .bind(i64::from(message.counts))
    .bind(&message.content)
    .bind(json(&message.attachments)?)
    .bind(message.edited_at.map(ms))
    .bind(message.wish.map(|wish| match wish {
        Wish::Counted => "counted",
        Wish::NotCounted => "not_counted",
    }))
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a message.
pub async fn forget(db: &mut Connection, id: MessageId) -> Result<()> {
    sqlx::query("DELETE FROM answer_messages WHERE message_id = $1")
        .bind(id.to_db())
        .execute(db)
        .await?;
    Ok(())
}

/// Every answer of a round, in the order of their first messages.
pub async fn of_round(db: &mut Connection, round: RoundId) -> Result<Vec<Answer>> {
    let parts = sqlx::query(
        "SELECT * FROM answer_messages WHERE round_id = $1 AND counts = 1 ORDER BY message_id",
    )
    .bind(round.0)
    .fetch_all(&mut *db)
    .await?;
    let mut by_member: BTreeMap<MemberId, Vec<Part>> = BTreeMap::new();
    for row in &parts {
        let Kept { message, member, content, attachments, .. } = kept(row)?;
        by_member.entry(member).or_default().push(Part { message, content, attachments });
    }
    sqlx::query("SELECT * FROM answers WHERE round_id = $1 ORDER BY first_message")
        .bind(round.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            let member = get(row, "member_id")?;
            Ok(Answer {
                member,
                first_message: get(row, "first_message")?,
                revision: get(row, "revision")?,
                parts: by_member.remove(&member).unwrap_or_default(),
            })
        })
        .collect()
}

/// A member's answer in a round.
pub async fn find(db: &mut Connection, round: RoundId, member: MemberId) -> Result<Option<Answer>> {
    let row = sqlx::query("SELECT * FROM answers WHERE round_id = $1 AND member_id = $2")
        .bind(round.0)
        .bind(member.to_db())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let parts = sqlx::query(
        "SELECT * FROM answer_messages WHERE round_id = $1 AND member_id = $2 AND counts = 1
         ORDER BY message_id",
    )
    .bind(round.0)
    .bind(member.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        let Kept { message, content, attachments, .. } = kept(row)?;
        Ok(Part { message, content, attachments })
    })
    .collect::<Result<_>>()?;
    Ok(Some(Answer {
        member,
        first_message: get(&row, "first_message")?,
        revision: get(&row, "revision")?,
        parts,
    }))
}

/// Writes an answer's head, new or known; its revision rises by one.
pub async fn touch(
    db: &mut Connection,
    round: RoundId,
    member: MemberId,
    first_message: MessageId,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO answers (round_id, member_id, first_message, revision) VALUES ($1, $2, $3, 1)
         ON CONFLICT (round_id, member_id) DO UPDATE SET first_message = $3,
             revision = answers.revision + 1",
    )
    .bind(round.0)
    .bind(member.to_db())
    .bind(first_message.to_db())
    .execute(db)
    .await?;
    Ok(())
}

/// Removes an answer that has no counted message left.
pub async fn remove(db: &mut Connection, round: RoundId, member: MemberId) -> Result<()> {
    sqlx::query("DELETE FROM answers WHERE round_id = $1 AND member_id = $2")
        .bind(round.0)
        .bind(member.to_db())
        .execute(db)
        .await?;
    Ok(())
}

/// The first counted message of a member in a round.
pub async fn first_counted(
    db: &mut Connection,
    round: RoundId,
    member: MemberId,
) -> Result<Option<MessageId>> {
    let row = sqlx::query(
        "SELECT MIN(message_id) AS first FROM answer_messages
         WHERE round_id = $1 AND member_id = $2 AND counts = 1",
    )
    .bind(round.0)
    .bind(member.to_db())
    .fetch_one(db)
    .await?;
    get_opt(&row, "first")
}

/// Whether an answer begins with this message.
pub async fn is_first(db: &mut Connection, round: RoundId, message: MessageId) -> Result<bool> {
    let row =
        sqlx::query("SELECT COUNT(*) AS n FROM answers WHERE round_id = $1 AND first_message = $2")
            .bind(round.0)
            .bind(message.to_db())
            .fetch_one(db)
            .await?;
    Ok(get::<i64>(&row, "n")? > 0)
}
