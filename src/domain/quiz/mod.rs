//! Quizzes: runs of multiple-choice questions, by one member or by a group. (design, sections 2 and
//! 4)

pub mod draw;
pub mod group;

use crate::domain::question::{Choice, Difficulty, Question};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Questions of a run if nothing else is wished.
pub const DEFAULT_COUNT: u32 = 5;
/// The most questions of a run.
pub const MOST_QUESTIONS: u32 = 20;
/// Seconds a group has for a question if nothing else is wished.
pub const GROUP_SECONDS: u32 = 30;
/// How long a solo run waits for its member before it ends.
pub const PATIENCE: TimeDelta = TimeDelta::hours(24);
/// Only the first attempt in this long can earn points.
pub const REPEAT_AFTER: TimeDelta = TimeDelta::days(30);

/// A run's number, given by the engine, rising from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who takes part in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// One member, in private.
    Solo,
    /// Whoever joins, in public.
    Group,
}

impl Mode {
    /// The word used in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Solo => "solo",
            Self::Group => "group",
        }
    }

    /// The mode of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Solo, Self::Group].into_iter().find(|mode| mode.word() == word)
    }
}

/// Where a run stands. Solo: offered, running, ended. Group: lobby, asking and revealed by turns,
/// ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Solo: wished for, while another one is unfinished.
    Offered,
    /// Solo: a question or its feedback is shown.
    Running,
    /// Group: members join.
    Lobby,
    /// Group: a question takes choices.
    Asking,
    /// Group: the answer to a question is shown.
    Revealed,
    /// Over.
    Ended,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Offered, Self::Running, Self::Lobby, Self::Asking, Self::Revealed, Self::Ended];

    /// The word used in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Running => "running",
            Self::Lobby => "lobby",
            Self::Asking => "asking",
            Self::Revealed => "revealed",
            Self::Ended => "ended",
        }
    }

    /// The state of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What a run was wished to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Only questions of this topic.
    pub topic: Option<String>,
    /// Only questions of this difficulty.
    pub difficulty: Option<Difficulty>,
    /// How many, 1 to [`MOST_QUESTIONS`].
    pub count: u32,
    /// Seconds for each; `None` for no limit, in a group [`GROUP_SECONDS`].
    pub seconds: Option<u32>,
    /// Group: whether equals are told apart by their time.
    pub race: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { topic: None, difficulty: None, count: DEFAULT_COUNT, seconds: None, race: false }
    }
}

impl Options {
    /// How long a solo question takes answers; `None` for ever.
    pub fn solo_limit(&self) -> Option<TimeDelta> {
        self.seconds.map(|seconds| TimeDelta::seconds(seconds.into()))
    }

    /// How long a group's question takes choices.
    pub fn group_limit(&self) -> TimeDelta {
        TimeDelta::seconds(self.seconds.unwrap_or(GROUP_SECONDS).into())
    }

    /// Whether a question is of the kind wished for.
    pub fn fits(&self, question: &Question) -> bool {
        self.topic.as_ref().is_none_or(|topic| *topic == question.topic)
            && self.difficulty.is_none_or(|difficulty| difficulty == question.difficulty)
    }
}

/// A question as a run shows it: with its choices in the run's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// A copy, as it was at the draw.
    pub question: Arc<Question>,
    /// The question's own choices in the order of the buttons.
    pub order: Vec<usize>,
}

impl Asked {
    /// The choices in the order of the buttons.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.order.iter().filter_map(|index| self.question.choices.get(*index))
    }

    /// What a button stands for.
    pub fn choice(&self, button: usize) -> Option<&Choice> {
        self.question.choices.get(*self.order.get(button)?)
    }

    /// Whether a button is the right one.
    pub fn is_right(&self, button: usize) -> bool {
        self.choice(button).is_some_and(|choice| choice.right)
    }

    /// The right button.
    pub fn right(&self) -> usize {
        self.choices().position(|choice| choice.right).unwrap_or(0)
    }
}

/// Why a right answer earned nothing, or less than the question is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    /// Not the first attempt in [`REPEAT_AFTER`].
    Repeat,
    /// The day's points are used up.
    Daily,
}

/// What a final answer earns: `worth` for a right first attempt, as far as the day's limit leaves
/// room for it.
pub fn earned(right: bool, first: bool, worth: i64, today: i64, daily: i64) -> i64 {
    if right && first { worth.min(daily - today).max(0) } else { 0 }
}

/// Why a final answer earned less than its question is worth; `None` if it did not, or was not
/// right.
pub fn why_short(right: bool, first: bool, worth: i64, points: i64) -> Option<Short> {
    match (right, first) {
        (true, false) if worth > 0 => Some(Short::Repeat),
        (true, true) if points < worth => Some(Short::Daily),
        _ => None,
    }
}

/// Whether a click came too late for a solo question.
pub fn is_late(opened: DateTime<Utc>, limit: Option<TimeDelta>, click: DateTime<Utc>) -> bool {
    limit.is_some_and(|limit| click - opened > limit)
}

#[cfg(test)]
mod tests {
    use super::{Mode, Options, Short, State, earned, is_late, why_short};
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn points_of_an_answer() {
        // right, first, worth, earned today, limit: points and why not more.
        let table = [
            ((true, true, 3, 0, 15), 3, None),
            ((true, true, 3, 13, 15), 2, Some(Short::Daily)),
            ((true, true, 3, 15, 15), 0, Some(Short::Daily)),
            ((true, true, 3, 20, 15), 0, Some(Short::Daily)),
            ((true, false, 3, 0, 15), 0, Some(Short::Repeat)),
            ((false, true, 3, 0, 15), 0, None),
            ((false, false, 3, 0, 15), 0, None),
            ((true, true, 0, 0, 15), 0, None),
            ((true, false, 0, 0, 15), 0, None),
        ];
        for ((right, first, worth, today, daily), points, why) in table {
            let got = earned(right, first, worth, today, daily);
            assert_eq!(got, points, "{right} {first} {worth} {today}");
            assert_eq!(why_short(right, first, worth, got), why, "{right} {first} {worth} {today}");
        }
    }

    #[test]
    fn late_is_later_than_the_limit() {
        let opened = DateTime::from_timestamp_millis(1_795_420_800_000).unwrap();
        let limit = Some(TimeDelta::seconds(20));
        assert!(!is_late(opened, limit, opened + TimeDelta::seconds(20)));
        assert!(is_late(opened, limit, opened + TimeDelta::milliseconds(20_001)));
        assert!(!is_late(opened, None, opened + TimeDelta::days(3)));
    }

    #[test]
    fn words_lead_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        for mode in [Mode::Solo, Mode::Group] {
            assert_eq!(Mode::from_word(mode.word()), Some(mode));
        }
        assert_eq!(Options::default().group_limit(), TimeDelta::seconds(30));
    }
}
