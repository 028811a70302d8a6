//! How many solve each question: counts of first attempts, kept with the answers themselves.

use super::types::get;
use super::{Connection, Result};
use crate::domain::ids::QuestionId;
use crate::domain::rate::Rate;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// Counts one first attempt.
pub async fn count(db: &mut Connection, question: &QuestionId, right: bool) -> Result<()> {
    sqlx::query(
        "INSERT INTO question_rates (question_id, answers, solved) VALUES ($1, 1, $2)
         ON CONFLICT (question_id) DO UPDATE SET answers = question_rates.answers + 1,
             solved = question_rates.solved + $2",
    )
    .bind(&question.0)
    .bind(i64::from(right))
    .execute(db)
    .await?;
    Ok(())
}

/// What is known of a question; nothing, if nobody tried it.
pub async fn of(db: &mut Connection, question: &QuestionId) -> Result<Rate> {
    let row = sqlx::query("SELECT answers, solved FROM question_rates WHERE question_id = $1")
        .bind(&question.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map_or(Ok(Rate::default()), rate)
}

/// What is known of all questions that somebody tried.
pub async fn all(db: &mut Connection) -> Result<HashMap<QuestionId, Rate>> {
    sqlx::query("SELECT question_id, answers, solved FROM question_rates")
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| Ok((get(row, "question_id")?, rate(row)?)))
        .collect()
}

fn rate(row: &SqliteRow) -> Result<Rate> {
    Ok(Rate { answers: get(row, "answers")?, right: get(row, "solved")? })
}
