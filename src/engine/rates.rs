//! How hard questions turn out to be, learnt from first attempts in quizzes.

use super::desk::{Decision, Desk};
use crate::bank::Bank;
use crate::domain::ids::QuestionId;
use crate::domain::question::Question;
use crate::domain::rate::{Contradiction, Rate};
use crate::store::rates;
use std::collections::HashMap;
use std::sync::Arc;

/// A question whose measured rate cannot be what its label promises.
#[derive(Debug, Clone)]
pub struct Contradicted {
    /// The question, with its label.
    pub question: Arc<Question>,
    /// What was measured.
    pub rate: Rate,
    /// Which way it is off.
    pub contradiction: Contradiction,
}

/// The contradicted questions of a bank, the farthest off first.
pub fn contradicted(bank: &Bank, rates: &HashMap<QuestionId, Rate>) -> Vec<Contradicted> {
    let mut found: Vec<Contradicted> = bank
        .iter()
        .filter_map(|question| {
            let rate = *rates.get(&question.id)?;
            let contradiction = rate.contradicts(question.difficulty)?;
            Some(Contradicted { question: Arc::clone(question), rate, contradiction })
        })
        .collect();
    // Sorting is stable, so equals stay in the order of their ids.
    let distance = |one: &Contradicted| one.rate.distance(one.question.difficulty);
    found.sort_by(|one, other| distance(other).total_cmp(&distance(one)));
    found
}

impl Desk<'_> {
    /// A member's first attempt at a question in 30 days: counts for its rate.
    pub(super) async fn solved(&mut self, question: &QuestionId, right: bool) -> Decision<()> {
        Ok(rates::count(self.db, question, right).await?)
    }
}
