//! The stretches of time for which standings are kept.

use super::{Stretch, month, week};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// What a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// All time.
    All,
    /// A month.
    Month,
    /// A week.
    Week,
    /// A season.
    Season,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::All, Self::Month, Self::Week, Self::Season];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Month => "month",
            Self::Week => "week",
            Self::Season => "season",
        }
    }

    /// The kind of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One stretch of time of a guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    /// What it is.
    pub kind: Kind,
    /// From this instant on; `None` without a beginning.
    pub from: Option<DateTime<Utc>>,
    /// Up to but without this one; `None` without an end.
    pub until: Option<DateTime<Utc>>,
}

impl Period {
    /// All time.
    pub const ALL_TIME: Self = Self { kind: Kind::All, from: None, until: None };
}

/// What is kept at `now`, seasons apart: all time; this, the last and the next month and week.
/// The next ones are there before anything can fall into them, so that a row booked in their first
/// moment finds them.
pub fn kept(now: DateTime<Utc>, zone: Tz) -> Vec<Period> {
    let mut kept = vec![Period::ALL_TIME];
    let around: [(Kind, fn(DateTime<Utc>, Tz) -> Stretch); 2] =
        [(Kind::Month, month), (Kind::Week, week)];
    for (kind, around) in around {
        let this = around(now, zone);
        let before = this.0.map(|from| around(from - TimeDelta::milliseconds(1), zone));
        let next = this.1.map(|until| around(until, zone));
        for (from, until) in [before, Some(this), next].into_iter().flatten() {
            kept.push(Period { kind, from, until });
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Kind, Period, kept};
    use chrono_tz::Tz;

    #[test]
    fn words_lead_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::from_word("year"), None);
    }

    #[test]
    fn what_is_kept_has_no_gaps() {
        let now = "2026-12-31T23:30:00Z".parse().unwrap();
        let all = kept(now, Tz::Europe__Berlin);
        let show = |one: &Period| {
            let day = |at: Option<chrono::DateTime<chrono::Utc>>| {
                at.map_or_else(String::new, |at| at.format("%y%m%d %H").to_string())
            };
            format!("{} {}..{}", one.kind.word(), day(one.from), day(one.until))
        };
        let shown: Vec<String> = all.iter().map(show).collect();
        assert_eq!(
            shown,
            [
                "all ..",
                "month 261130 23..261231 23",
                "month 261231 23..270131 23",
                "month 270131 23..270228 23",
                "week 261220 23..261227 23",
                "week 261227 23..270103 23",
                "week 270103 23..270110 23",
            ]
        );
    }
}
