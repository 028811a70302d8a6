//! When a question comes back: FSRS, the free spaced repetition scheduler, with its published
//! parameters.
//!
//! Intervals are whole days. A question is due from the beginning of a local date, so that what
//! was reviewed late in the evening is not due after the reminder of the day it comes back.

use crate::domain::schedule::{local_date, local_instant};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use fsrs::{FSRS, ItemState, MemoryState};

/// The longest interval, in days.
pub const LONGEST_DAYS: u32 = 36_500;
/// How likely a member is to remember a question when it comes back. FSRS's usual aim.
const RETENTION: f32 = 0.9;

/// How well a member remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Not at all.
    Again,
    /// With effort.
    Hard,
    /// As it should be.
    Good,
    /// At once.
    Easy,
}

impl Grade {
    /// All four, the worst first.
    pub const ALL: [Self; 4] = [Self::Again, Self::Hard, Self::Good, Self::Easy];

    /// The word in custom ids.
    pub fn word(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::Hard => "hard",
            Self::Good => "good",
            Self::Easy => "easy",
        }
    }

    /// The grade of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.word() == word)
    }
}

/// Where a card came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A wrong or late answer in a quiz.
    Quiz,
    /// A closed round.
    Round,
}

impl Why {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quiz => "quiz",
            Self::Round => "round",
        }
    }

    /// The origin of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Quiz, Self::Round].into_iter().find(|why| why.word() == word)
    }
}

/// FSRS's model of one memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Days until the chance of remembering has fallen to nine in ten; 0.001 to 36,500.
    pub stability: f32,
    /// 1 to 10.
    pub difficulty: f32,
}

/// How far a member is with one question.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Learning {
    /// `None`: never graded.
    pub memory: Option<Memory>,
    /// The interval given last, in days; 0 before the first grade.
    pub days: u32,
    /// When it was graded or missed last.
    pub last_at: Option<DateTime<Utc>>,
}

/// What a grade comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Next {
    /// The grade.
    pub grade: Grade,
    /// From then on.
    pub learning: Learning,
    /// When the question comes back: later than the grade was given.
    pub due_at: DateTime<Utc>,
}

/// What each grade would come to, given at `now` by calendars of `zone`.
///
/// Holds for any past and any `now`, even one before the last grade: every interval is 1 to
/// [`LONGEST_DAYS`] days; Again ≤ Hard ≤ Good ≤ Easy; Good is never shorter than the interval
/// before it.
pub fn next(learning: &Learning, now: DateTime<Utc>, zone: Tz) -> [Next; 4] {
    let today = local_date(zone, now);
    let elapsed = learning.last_at.map_or(0, |last| (today - local_date(zone, last)).num_days());
    let elapsed = u32::try_from(elapsed.max(0)).unwrap_or(u32::MAX);
    let [again, hard, good, easy] = states(learning.memory, elapsed);
    let hard_days = whole_days(hard.interval);
    // By its formulas FSRS keeps both orders; they are promises here, so they do not rest on its
    // parameters.
    let good_days = whole_days(good.interval).max(hard_days).max(learning.days.min(LONGEST_DAYS));
    let easy_days = whole_days(easy.interval).max(good_days);
    let again_days = whole_days(again.interval).min(hard_days);
    let all = [
        (Grade::Again, again, again_days),
        (Grade::Hard, hard, hard_days),
        (Grade::Good, good, good_days),
        (Grade::Easy, easy, easy_days),
    ];
    all.map(|(grade, state, days)| Next {
        grade,
        learning: Learning {
            memory: Some(Memory {
                stability: state.memory.stability,
                difficulty: state.memory.difficulty,
            }),
            days,
            last_at: Some(now),
        },
        due_at: due_at(now, days, zone),
    })
}

/// What one grade comes to.
pub fn graded(learning: &Learning, grade: Grade, now: DateTime<Utc>, zone: Tz) -> Next {
    let [again, hard, good, easy] = next(learning, now, zone);
    match grade {
        Grade::Again => again,
        Grade::Hard => hard,
        Grade::Good => good,
        Grade::Easy => easy,
    }
}

/// How far a member is after missing the question outside a review: as after *Again*. One never
/// graded is still new.
pub fn missed(learning: &Learning, at: DateTime<Utc>, zone: Tz) -> Learning {
    match learning.memory {
        Some(_) => graded(learning, Grade::Again, at, zone).learning,
        None => Learning { last_at: Some(at), ..*learning },
    }
}

/// FSRS's answer. It refuses a memory that is not a number; such a one begins anew.
fn states(memory: Option<Memory>, elapsed: u32) -> [ItemState; 4] {
    let model = FSRS::default();
    let memory = memory.map(|m| MemoryState { stability: m.stability, difficulty: m.difficulty });
    let answer = model
        .next_states(memory, RETENTION, elapsed)
        .or_else(|_| model.next_states(None, RETENTION, 0));
    match answer {
        Ok(next) => [next.again, next.hard, next.good, next.easy],
        // Not reached with the parameters that FSRS brings along: a day, and a middling memory.
        Err(_) => [(); 4].map(|()| ItemState {
            memory: MemoryState { stability: 1.0, difficulty: 5.0 },
            interval: 1.0,
        }),
    }
}

fn whole_days(interval: f32) -> u32 {
    // From a float, `as` keeps to the limits of the type, and takes 0 for what is not a number.
    (interval.round() as u32).clamp(1, LONGEST_DAYS)
}

/// The first instant of the local date `days` after that of `now`; of the next one there is, where
/// a zone left that date out.
fn due_at(now: DateTime<Utc>, days: u32, zone: Tz) -> DateTime<Utc> {
    let today = local_date(zone, now);
    (u64::from(days)..=u64::from(days) + 2)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .find_map(|date| local_instant(zone, date, NaiveTime::MIN))
        .unwrap_or_else(|| now + TimeDelta::days(days.into()))
}

#[cfg(test)]
mod tests;
