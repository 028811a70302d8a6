//! Which question a round asks. (design, section 3)

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{DifficultyPlan, Plan, PlanError, topic_named};

use crate::domain::ids::QuestionId;
use crate::domain::question::Difficulty;
use chrono::{DateTime, Utc, Weekday};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A question that could be asked, as much of it as the draw needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its name; no two candidates share one.
    pub id: &'a QuestionId,
    /// Its topic.
    pub topic: &'a str,
    /// Its difficulty.
    pub difficulty: Difficulty,
    /// When it was last asked in this study channel; `None` if never, which makes it fresh.
    pub last_asked: Option<DateTime<Utc>>,
    /// Whether it is open anywhere in the guild. Such a question is never drawn.
    pub open: bool,
}

/// The question drawn, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its name.
    pub question: QuestionId,
    /// Why this one.
    pub reason: Reason,
}

/// Why a question was drawn; the round keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The question's topic.
    pub topic: String,
    /// The question's difficulty.
    pub difficulty: Difficulty,
    /// The difficulty that the plan asked for, if nothing fresh of it was left and the question
    /// is of another.
    pub wanted: Option<Difficulty>,
    /// Whether the question had been asked before.
    pub freshness: Freshness,
    /// Fresh questions that fitted the plan before this draw.
    pub pool: u32,
}

/// Whether a drawn question had been asked in its study channel before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Never.
    New,
    /// Every question that fits had been; this one longest ago, at that instant.
    LeastRecent(DateTime<Utc>),
}

/// Draws a question: the difficulty first (by the mix, or the rung of `weekday`), then a topic by
/// weight, then one of its fresh questions, all alike.
///
/// A question asked before is never drawn while a fresh one fits. If nothing fresh of the wanted
/// difficulty is left, a mix takes another of its difficulties by weight, and a ladder the
/// nearest that is on any of its rungs (the easier of two). If nothing fresh fits at all, it is
/// the question asked longest ago. `None` only if no question fits, or all that do are open.
///
/// The same arguments give the same question, on every platform and in every release, whatever
/// the order of `candidates`.
pub fn draw(
    plan: &Plan,
    weekday: Weekday,
    candidates: &[Candidate<'_>],
    seed: u64,
) -> Option<Drawn> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut fitting: Vec<Candidate<'_>> = plan.fitting(candidates).collect();
    fitting.sort_by_key(|candidate| candidate.id);
    let fresh: Vec<Candidate<'_>> = fitting.iter().filter(|c| is_fresh(c)).copied().collect();

    let left: BTreeSet<Difficulty> = fresh.iter().map(|candidate| candidate.difficulty).collect();
    let (wanted, found) = pick_difficulty(&plan.difficulty, weekday, &left, &mut rng)?;
    let (chosen, freshness) = match found {
        Some(difficulty) => {
            let chosen = pick_fresh(plan, &fresh, difficulty, &mut rng)?;
            (chosen, Freshness::New)
        }
        None => least_recent(&fitting)?,
    };
    Some(Drawn {
        question: chosen.id.clone(),
        reason: Reason {
            topic: chosen.topic.to_owned(),
            difficulty: chosen.difficulty,
            wanted: (chosen.difficulty != wanted).then_some(wanted),
            freshness,
            pool: u32::try_from(fresh.len()).unwrap_or(u32::MAX),
        },
    })
}

/// How many fresh questions are left under the plan, those that are open not counted.
pub fn stock(plan: &Plan, candidates: &[Candidate<'_>]) -> usize {
    plan.fitting(candidates).filter(is_fresh).count()
}

impl Plan {
    /// The candidates that may be asked at all under this plan, fresh or not.
    fn fitting<'a>(&self, candidates: &[Candidate<'a>]) -> impl Iterator<Item = Candidate<'a>> {
        candidates.iter().copied().filter(|candidate| {
            !candidate.open
                && self.topic_weight(candidate.topic) > 0
                && self.difficulty.allows(candidate.difficulty)
        })
    }
}

fn is_fresh(candidate: &Candidate<'_>) -> bool {
    candidate.last_asked.is_none()
}

/// What the plan asks for, and the best of what is `left`, if anything is.
fn pick_difficulty(
    plan: &DifficultyPlan,
    weekday: Weekday,
    left: &BTreeSet<Difficulty>,
    rng: &mut ChaCha8Rng,
) -> Option<(Difficulty, Option<Difficulty>)> {
    match plan {
        DifficultyPlan::Mix { easy, medium, hard } => {
            let mut mix = vec![
                (Difficulty::Easy, *easy),
                (Difficulty::Medium, *medium),
                (Difficulty::Hard, *hard),
            ];
            let wanted = weighted(&mix, rng)?;
            if left.contains(&wanted) {
                return Some((wanted, Some(wanted)));
            }
            mix.retain(|(difficulty, _)| left.contains(difficulty));
            Some((wanted, weighted(&mix, rng)))
        }
        DifficultyPlan::Ladder(_) => {
            let wanted = plan.rung(weekday)?;
            // `left` is in rising order, and the first of two equally near is taken.
            let nearest = left
                .iter()
                .copied()
                .min_by_key(|difficulty| (*difficulty as u8).abs_diff(wanted as u8));
            Some((wanted, nearest))
        }
    }
}

/// One of the fresh questions of that difficulty: a topic by weight, then a question, all alike.
fn pick_fresh<'a>(
    plan: &Plan,
    fresh: &[Candidate<'a>],
    difficulty: Difficulty,
    rng: &mut ChaCha8Rng,
) -> Option<Candidate<'a>> {
    let mut topics: BTreeMap<&str, Vec<Candidate<'a>>> = BTreeMap::new();
    for candidate in fresh.iter().filter(|c| c.difficulty == difficulty) {
        topics.entry(candidate.topic).or_default().push(*candidate);
    }
    let weights: Vec<(&str, u32)> =
        topics.keys().map(|topic| (*topic, plan.topic_weight(topic))).collect();
    let questions = topics.remove(weighted(&weights, rng)?)?;
    let evenly: Vec<(Candidate<'a>, u32)> = questions.into_iter().map(|q| (q, 1)).collect();
    weighted(&evenly, rng)
}

/// The question asked longest ago; of several at the same instant, the first by name.
fn least_recent<'a>(fitting: &[Candidate<'a>]) -> Option<(Candidate<'a>, Freshness)> {
    fitting
        .iter()
        .filter_map(|candidate| Some((*candidate, candidate.last_asked?)))
        .min_by_key(|(candidate, asked)| (*asked, candidate.id))
        .map(|(candidate, asked)| (candidate, Freshness::LeastRecent(asked)))
}

/// One of `items` with a chance in proportion to its weight; `None` if all weights are 0.
///
/// Written out, because the ready-made samplers may draw differently after an update, and a
/// round's draw must stay explainable from its seed.
fn weighted<T: Copy>(items: &[(T, u32)], rng: &mut ChaCha8Rng) -> Option<T> {
    let total: u64 = items.iter().map(|(_, weight)| u64::from(*weight)).sum();
    // The upper half of a 128-bit product maps 64 random bits onto 0..total; what this favours
    // one item over another is in the order of total / 2^64.
    let product = u128::from(rng.next_u64()) * u128::from(total);
    let mut at = u64::try_from(product >> 64).unwrap_or(0);
    for (item, weight) in items {
        let weight = u64::from(*weight);
        if at < weight {
            return Some(*item);
        }
        at -= weight;
    }
    None
}
