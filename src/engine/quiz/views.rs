//! What a solo run shows.

use super::super::desk::{Decision, Desk};
use crate::domain::question::Question;
use crate::domain::quiz::{Asked, Options, Short, State, why_short};
use crate::domain::rate::Rate;
use crate::domain::refusal::Refusal;
use crate::store::quizzes::{self, Answer, Judged, Run};
use crate::store::rates;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What the private message of a solo run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoloView {
    /// The run's key.
    pub key: String,
    /// The number of the message.
    pub screen: u32,
    /// The question's place, from 0.
    pub position: usize,
    /// How many the run has.
    pub total: usize,
    /// What was wished for.
    pub options: Options,
    /// What is shown.
    pub showing: Showing,
    /// The result of a run that ended by itself, to be shown above.
    pub earlier: Option<Earlier>,
}

/// What a solo run is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Showing {
    /// A question that waits for an answer.
    Question {
        /// The question.
        asked: Asked,
        /// When its time is over.
        closes_at: Option<DateTime<Utc>>,
    },
    /// A question with what was answered.
    Feedback {
        /// The question.
        asked: Asked,
        /// What was answered.
        answer: Answer,
        /// What it came to.
        judged: Judged,
        /// Why it earned less than the question is worth.
        short: Option<Short>,
        /// How many solve it, this answer among them.
        rate: Rate,
    },
    /// A question that was opened elsewhere in the guild while it was shown.
    LeftOut {
        /// The question.
        question: Arc<Question>,
    },
    /// The result.
    Result(Result),
}

/// How a solo run came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Result {
    /// Questions answered, right or not.
    pub answered: usize,
    /// Right and in time.
    pub right: usize,
    /// Points of all answers.
    pub points: i64,
    /// From the showing of each question to its answer, together.
    pub took_ms: i64,
    /// What was answered, but not right, in order.
    pub missed: Vec<Missed>,
    /// Questions never answered.
    pub unanswered: usize,
    /// Questions left out because they were open elsewhere.
    pub left_out: usize,
}

/// A question that was answered, but not right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its title.
    pub title: String,
    /// The right choice; `None` while the question is open elsewhere in the guild.
    pub right: Option<String>,
    /// Whether the choice was right, but late.
    pub late: bool,
}

/// The result of a run that ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// How many questions it had.
    pub total: usize,
    /// How it came out.
    pub result: Result,
}

/// *Continue* or *Start anew*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The unfinished run's key.
    pub unfinished: String,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// The place of its question at hand, from 0.
    pub position: usize,
    /// How many it has.
    pub total: usize,
    /// The key of the run that would begin.
    pub anew: String,
    /// The result of yet another run, that ended by itself.
    pub earlier: Option<Earlier>,
}

impl Desk<'_> {
    /// What a solo run shows now.
    pub(super) async fn solo_view(&mut self, run: &Run) -> Decision<SoloView> {
        let total = quizzes::count(self.db, run.id).await?;
        let showing = match run.state {
            State::Ended => Showing::Result(self.solo_result(run).await?),
            _ => self.solo_showing(run).await?,
        };
        Ok(SoloView {
            key: run.key.clone(),
            screen: run.screen,
            position: run.position,
            total,
            options: run.options.clone(),
            showing,
            earlier: None,
        })
    }

    async fn solo_showing(&mut self, run: &Run) -> Decision<Showing> {
        let question = quizzes::question(self.db, run.id, run.position).await?;
        let (question, host) = question.zip(run.host).ok_or(Refusal::QuizGone)?;
        if question.closed_at.is_none() {
            let closes_at = question.closes_at;
            return Ok(Showing::Question { asked: question.asked, closes_at });
        }
        let answer = quizzes::answer(self.db, run.id, run.position, host).await?;
        let Some((answer, judged)) = answer.and_then(|a| a.outcome.map(|judged| (a, judged)))
        else {
            return Ok(Showing::LeftOut { question: question.asked.question });
        };
        if self.secret(run.guild).await?.contains(&question.asked.question.id) {
            // Opened in a round since: what was answered stands, but is not shown now.
            return Ok(Showing::LeftOut { question: question.asked.question });
        }
        let worth = self.shared.settings.rules.quiz(question.asked.question.difficulty);
        let short = why_short(judged.right, judged.first, worth, judged.points);
        let rate = rates::of(self.db, &question.asked.question.id).await?;
        Ok(Showing::Feedback { asked: question.asked, answer, judged, short, rate })
    }

    /// How a solo run came out so far.
    pub(super) async fn solo_result(&mut self, run: &Run) -> Decision<Result> {
        let answers = quizzes::answers(self.db, run.id).await?;
        let secret = self.secret(run.guild).await?;
        let mut result = Result {
            answered: 0,
            right: 0,
            points: 0,
            took_ms: 0,
            missed: Vec::new(),
            unanswered: 0,
            left_out: 0,
        };
        for question in quizzes::questions(self.db, run.id).await? {
            let answer = answers.iter().find(|answer| answer.position == question.position);
            let Some((answer, judged)) = answer.and_then(|a| a.outcome.map(|o| (a, o))) else {
                match question.closed_at {
                    Some(_) => result.left_out += 1,
                    None => result.unanswered += 1,
                }
                continue;
            };
            result.answered += 1;
            result.points += judged.points;
            result.took_ms += answer.took_ms;
            if judged.right {
                result.right += 1;
                continue;
            }
            let asked = &question.asked;
            let right = asked.choice(asked.right()).map(|choice| choice.text.clone());
            result.missed.push(Missed {
                title: asked.question.title.clone(),
                right: right.filter(|_| !secret.contains(&asked.question.id)),
                late: asked.is_right(answer.choice),
            });
        }
        Ok(result)
    }
}
