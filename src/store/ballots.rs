//! Ballots: at most one a member and round, none for oneself. The table's keys keep both.

use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ballot::Ballot;
use crate::domain::ids::{MemberId, RoundId};
use chrono::{DateTime, Utc};

/// One member's vote, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    /// Who voted for whom, and whether it still counts.
    pub ballot: Ballot,
    /// The revision of the answer that the voter saw.
    pub revision: i64,
}

/// Casts or changes a ballot.
pub async fn cast(
    db: &mut Connection,
    round: RoundId,
    voter: MemberId,
    author: MemberId,
    revision: i64,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO ballots (round_id, voter_id, author_id, cast_at, revision)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (round_id, voter_id) DO UPDATE SET author_id = $3, cast_at = $4,
             revision = $5, voided_at = NULL",
    )
    .bind(round.0)
    .bind(voter.to_db())
    .bind(author.to_db())
    .bind(ms(at))
    .bind(revision)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a ballot back; `false` if there was none.
pub async fn withdraw(db: &mut Connection, round: RoundId, voter: MemberId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM ballots WHERE round_id = $1 AND voter_id = $2")
        .bind(round.0)
        .bind(voter.to_db())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Voids the ballots for an answer that was taken back.
pub async fn void(
    db: &mut Connection,
    round: RoundId,
    author: MemberId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE ballots SET voided_at = $3
         WHERE round_id = $1 AND author_id = $2 AND voided_at IS NULL",
    )
    .bind(round.0)
    .bind(author.to_db())
    .bind(ms(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Makes the ballots for an answer valid again that became void after `since`: an answer of which
/// something was there then, and still is, was never gone as a whole.
pub async fn revive(
    db: &mut Connection,
    round: RoundId,
    author: MemberId,
    since: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE ballots SET voided_at = NULL
         WHERE round_id = $1 AND author_id = $2 AND voided_at > $3",
    )
    .bind(round.0)
    .bind(author.to_db())
    .bind(ms(since))
    .execute(db)
    .await?;
    Ok(())
}

/// A member's ballot in a round.
pub async fn find(db: &mut Connection, round: RoundId, voter: MemberId) -> Result<Option<Cast>> {
    Ok(of_round(db, round).await?.into_iter().find(|cast| cast.ballot.voter == voter))
}

/// All ballots of a round.
pub async fn of_round(db: &mut Connection, round: RoundId) -> Result<Vec<Cast>> {
    sqlx::query("SELECT * FROM ballots WHERE round_id = $1 ORDER BY voter_id")
        .bind(round.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            Ok(Cast {
                ballot: Ballot {
                    voter: get(row, "voter_id")?,
                    author: get(row, "author_id")?,
                    void: get_opt::<DateTime<Utc>>(row, "voided_at")?.is_some(),
                },
                revision: get(row, "revision")?,
            })
        })
        .collect()
}
