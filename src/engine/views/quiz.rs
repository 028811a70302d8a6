//! What members ask of quizzes without changing anything.

use super::View;
use crate::domain::ids::{GuildId, MemberId};
use crate::domain::question::Question;
use crate::domain::quiz::Mode;
use crate::domain::refusal::Refusal;
use crate::engine::{Engine, secrets};
use crate::store::quizzes;
use std::sync::Arc;

impl Engine {
    /// The question behind *Reference answer*: only once it is decided, in the solo run of whoever
    /// asks or in any group's, and not while it is open elsewhere in the guild.
    ///
    /// # Errors
    /// When it may not be shown, or the store broke.
    pub async fn quiz_question(
        &self,
        guild: GuildId,
        member: MemberId,
        key: &str,
        position: usize,
    ) -> View<Arc<Question>> {
        let mut db = self.shared.store.read().await?;
        let run = quizzes::by_key(&mut db, key).await?.filter(|run| run.guild == guild);
        let run = run.ok_or(Refusal::QuizGone)?;
        if run.mode == Mode::Solo && run.host != Some(member) {
            return Err(Refusal::NotYourQuiz.into());
        }
        let question = quizzes::question(&mut db, run.id, position).await?;
        let question = question.ok_or(Refusal::QuizGone)?;
        let decided = match run.mode {
            Mode::Solo => {
                let answer = quizzes::answer(&mut db, run.id, position, member).await?;
                answer.is_some_and(|answer| answer.outcome.is_some())
            }
            Mode::Group => question.closed_at.is_some(),
        };
        let id = &question.asked.question.id;
        if !decided || secrets::open_questions(&mut db, guild).await?.contains(id) {
            return Err(Refusal::QuestionOpen.into());
        }
        Ok(question.asked.question)
    }
}
