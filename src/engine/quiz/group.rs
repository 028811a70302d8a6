//! Group runs.

use super::super::desk::{Decision, Desk};
use super::super::input::Asker;
use super::Said;
use crate::domain::quiz::Options;
use crate::domain::refusal::Refusal;
use crate::store::guilds::Guild;
use crate::store::quizzes::Run;

#[expect(clippy::unused_async, reason = "stub")]
impl Desk<'_> {
    pub(super) async fn group(&mut self, _: &Asker, _: &Guild, _: Options) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_join(&mut self, _: &Asker, _: &str) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_leave(&mut self, _: &Asker, _: &str) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_start(&mut self, _: &Asker, _: &str) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_choose(
        &mut self,
        _: &Asker,
        _: &str,
        _: usize,
        _: usize,
    ) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_close(&mut self, _: &Asker, _: &str, _: usize) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_go(&mut self, _: &Asker, _: &str, _: usize) -> Decision<Said> {
        Err(Refusal::QuizGone.into())
    }
    pub(super) async fn group_tick(&mut self, _: Run) -> Decision<()> {
        Ok(())
    }
}
