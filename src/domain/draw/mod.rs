//! Which question a round asks. (design, section 3)

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{DifficultyPlan, Plan, PlanError, topic_named};

use crate::domain::ids::QuestionId;
use crate::domain::question::Difficulty;
use crate::domain::rate::Rate;
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
    /// How many solve it. Only a plan with an aim asks.
    pub rate: Rate,
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
    /// What the plan aimed at, if it did and had a say: a question asked before is taken by its
    /// turn alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aimed: Option<Aimed>,
}

/// How a plan's aim bore on a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aimed {
    /// The share that is to solve a question, in hundredths.
    pub aim: u8,
    /// The share that was thought to solve this one, in thousandths ([`Rate::smoothed`]).
    pub rate: u16,
    /// First attempts that this rests on, besides the label.
    pub answers: u32,
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
/// If the plan has an aim, chances change, and nothing else: a fresh question counts the more, the
/// closer the share of those who solve it is to the aim (`closeness`); a topic counts as its weight
/// times the mean of its questions, and so does a difficulty of a mix. A ladder's rung stays what it
/// is. No question's chance becomes 0.
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

    let (wanted, found) = pick_difficulty(plan, weekday, &fresh, &mut rng)?;
    let (chosen, freshness) = match found {
        Some(difficulty) => {
            let chosen = pick_fresh(plan, &fresh, difficulty, &mut rng)?;
            (chosen, Freshness::New)
        }
        None => least_recent(&fitting)?,
    };
    let aimed = |aim| Aimed {
        aim,
        rate: chosen.rate.smoothed(chosen.difficulty),
        answers: chosen.rate.answers,
    };
    Some(Drawn {
        question: chosen.id.clone(),
        reason: Reason {
            topic: chosen.topic.to_owned(),
            difficulty: chosen.difficulty,
            wanted: (chosen.difficulty != wanted).then_some(wanted),
            freshness,
            pool: u32::try_from(fresh.len()).unwrap_or(u32::MAX),
            aimed: plan.aim.filter(|_| freshness == Freshness::New).map(aimed),
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

/// The distance from the aim, in thousandths, at which a question has half the chance of one that
/// is just there.
const HALF_WAY: u32 = 100;

/// How much a question counts whose rate is `rate` thousandths, where `aim` hundredths are wanted: 1,000
/// at the aim, 500 at a distance of 0.1, 200 at 0.2, 100 at 0.3, never 0.
///
/// In whole numbers, so that it is the same everywhere.
fn closeness(rate: u16, aim: u8) -> u32 {
    let distance = u32::from(rate).abs_diff(u32::from(aim) * 10);
    let half = HALF_WAY * HALF_WAY;
    (1_000 * half / (half + distance * distance)).max(1)
}

impl Plan {
    /// How much a question counts against others: all alike without an aim.
    fn counts(&self, candidate: &Candidate<'_>) -> u32 {
        self.aim.map_or(1, |aim| closeness(candidate.rate.smoothed(candidate.difficulty), aim))
    }

    /// How much several questions count on average, at least 1.
    fn mean<'c>(&self, of: impl Iterator<Item = &'c Candidate<'c>>) -> Option<u32> {
        let counts: Vec<u32> = of.map(|candidate| self.counts(candidate)).collect();
        let sum: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let mean = sum.checked_div(counts.len() as u64)?;
        Some(u32::try_from(mean).unwrap_or(u32::MAX).max(1))
    }

    /// What a mix's weight of a difficulty becomes through the aim. Where none of its questions are
    /// left, its label speaks for them.
    fn aimed_weight(&self, difficulty: Difficulty, weight: u32, fresh: &[Candidate<'_>]) -> u32 {
        let Some(aim) = self.aim else { return weight };
        let of = fresh.iter().filter(|candidate| candidate.difficulty == difficulty);
        let label = || closeness(Rate::default().smoothed(difficulty), aim);
        weight.saturating_mul(self.mean(of).unwrap_or_else(label))
    }
}

/// What the plan asks for, and the best of what is left in `fresh`, if anything is.
fn pick_difficulty(
    plan: &Plan,
    weekday: Weekday,
    fresh: &[Candidate<'_>],
    rng: &mut ChaCha8Rng,
) -> Option<(Difficulty, Option<Difficulty>)> {
    let left: BTreeSet<Difficulty> = fresh.iter().map(|candidate| candidate.difficulty).collect();
    match &plan.difficulty {
        DifficultyPlan::Mix { easy, medium, hard } => {
            let mut mix: Vec<(Difficulty, u32)> = [
                (Difficulty::Easy, *easy),
                (Difficulty::Medium, *medium),
                (Difficulty::Hard, *hard),
            ]
            .map(|(difficulty, weight)| (difficulty, plan.aimed_weight(difficulty, weight, fresh)))
            .to_vec();
            let wanted = weighted(&mix, rng)?;
            if left.contains(&wanted) {
                return Some((wanted, Some(wanted)));
            }
            mix.retain(|(difficulty, _)| left.contains(difficulty));
            Some((wanted, weighted(&mix, rng)))
        }
        DifficultyPlan::Ladder(_) => {
            let wanted = plan.difficulty.rung(weekday)?;
            // `left` is in rising order, and the first of two equally near is taken.
            let nearest = left
                .iter()
                .copied()
                .min_by_key(|difficulty| (*difficulty as u8).abs_diff(wanted as u8));
            Some((wanted, nearest))
        }
    }
}

/// One of the fresh questions of that difficulty: a topic by weight, then a question, all alike or by
/// the aim.
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
    let weights: Vec<(&str, u32)> = topics
        .iter()
        .map(|(topic, questions)| {
            let mean = plan.mean(questions.iter()).unwrap_or(1);
            (*topic, plan.topic_weight(topic).saturating_mul(mean))
        })
        .collect();
    let questions = topics.remove(weighted(&weights, rng)?)?;
    let counted: Vec<(Candidate<'a>, u32)> =
        questions.into_iter().map(|question| (question, plan.counts(&question))).collect();
    weighted(&counted, rng)
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
