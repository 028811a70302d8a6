//! What no command may show and no draw may ask: questions whose answer is still a secret in a guild.
//! (design, section 3, *Secrets*)

use crate::domain::ids::{GuildId, QuestionId};
use crate::store::{self, Connection, quizzes, rounds};
use std::collections::BTreeSet;

/// The questions that are open in a guild right now.
pub(super) async fn open_questions(
    db: &mut Connection,
    guild: GuildId,
) -> store::Result<BTreeSet<QuestionId>> {
    let mut open = rounds::open_questions(db, guild).await?;
    open.append(&mut quizzes::open_questions(db, guild).await?);
    Ok(open)
}
