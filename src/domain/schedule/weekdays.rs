//! A set of weekdays, as admins write it and as Studyhall shows it.

use chrono::Weekday;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A set of weekdays; bit 0 is Monday. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Weekdays(u8);

/// Monday first, like the bits.
const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// The same days as [`WEEK`], as people type them.
const NAMES: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn bit(day: Weekday) -> u8 {
    1 << day.num_days_from_monday()
}

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// Monday to Friday.
    pub const WORKDAYS: Self = Self(0b001_1111);

    /// Saturday and Sunday.
    const WEEKEND: Self = Self(0b110_0000);

    /// The set with these bits; `None` for the empty set and for bits that stand for no day.
    pub fn from_bits(bits: u8) -> Option<Self> {
        (1..=Self::ALL.0).contains(&bits).then_some(Self(bits))
    }

    /// The set as the store keeps it: bit 0 is Monday, 1 to 127.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether `day` is in the set.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// The days of the set, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        WEEK.into_iter().filter(move |day| self.contains(*day))
    }

    /// Reads what an admin typed: days by their English names or the first three letters or more
    /// of them, separated by commas or spaces, ranges with a dash (`fri-mon` runs over the
    /// weekend), and the words `daily`, `every day`, `weekdays`, `workdays` and `weekend`.
    /// Upper and lower case are the same. `None` if any part of it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase().replace(['–', '—', '−'], "-");
        // Dashes get a place of their own, so that `mon - fri` reads like `mon-fri`.
        let text = text.replace('-', " - ").replace("every day", "daily");
        let mut words = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty() && *word != "and")
            .peekable();
        let mut bits = 0;
        while let Some(word) = words.next() {
            bits |= match word {
                "daily" | "everyday" => Self::ALL.0,
                "weekdays" | "workdays" => Self::WORKDAYS.0,
                "weekend" | "weekends" => Self::WEEKEND.0,
                name => {
                    let first = day_named(name)?;
                    if words.next_if_eq(&"-").is_some() {
                        range(first, day_named(words.next()?)?)
                    } else {
                        bit(first)
                    }
                }
            };
        }
        Self::from_bits(bits)
    }
}

fn day_named(word: &str) -> Option<Weekday> {
    // Three letters tell all days apart, and any longer beginning ("tues", "thurs") is in use too.
    let index = NAMES.iter().position(|name| word.len() >= 3 && name.starts_with(word))?;
    WEEK.get(index).copied()
}

fn range(first: Weekday, last: Weekday) -> u8 {
    let mut day = first;
    let mut bits = bit(day);
    while day != last {
        day = day.succ();
        bits |= bit(day);
    }
    bits
}

impl fmt::Display for Weekdays {
    /// `every day`, `Mon–Fri`, `Mon, Wed, Fri`, `Mon–Wed, Sat, Sun`: three days or more in a row
    /// become a range.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("every day");
        }
        let mut runs: Vec<Vec<Weekday>> = Vec::new();
        for day in self.iter() {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| last.succ() == day) => run.push(day),
                _ => runs.push(vec![day]),
            }
        }
        let mut separator = "";
        for run in &runs {
            match run.as_slice() {
                [first, _, .., last] => write!(f, "{separator}{first}–{last}")?,
                few => {
                    for day in few {
                        write!(f, "{separator}{day}")?;
                        separator = ", ";
                    }
                }
            }
            separator = ", ";
        }
        Ok(())
    }
}

/// Seven bits that name no set of weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no set of weekdays: 1 to 127 are, bit 0 being Monday")]
pub struct NoWeekdays(u8);

impl TryFrom<u8> for Weekdays {
    type Error = NoWeekdays;

    fn try_from(bits: u8) -> Result<Self, NoWeekdays> {
        Self::from_bits(bits).ok_or(NoWeekdays(bits))
    }
}

impl From<Weekdays> for u8 {
    fn from(days: Weekdays) -> Self {
        days.0
    }
}
