//! When rounds are due: local time, IANA zone, weekdays, holidays, pauses. (design, section 3)

use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A set of weekdays; bit 0 is Monday. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weekdays(u8);

/// A free day or a run of them, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// First local date without a round.
    pub first: NaiveDate,
    /// Last local date without a round; never before `first`.
    pub last: NaiveDate,
    /// What the admin called it; may be empty.
    pub label: String,
}

/// A stretch in which no round is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Due instants from here on are left out.
    pub from: DateTime<Utc>,
    /// The first instant at which rounds may be due again; `None` until somebody resumes.
    pub until: Option<DateTime<Utc>>,
}

/// When the rounds of one study channel are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Local time of day, to the minute.
    pub time: NaiveTime,
    /// The zone `time` is meant in.
    pub zone: Tz,
    /// Days of the week with a round.
    pub weekdays: Weekdays,
    /// Dates without one.
    pub holidays: Vec<Holiday>,
    /// The pause in force or ahead, if any.
    pub pause: Option<Pause>,
}

/// One instant at which a round is due, and the local date it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The local date; a study channel has at most one scheduled round for it.
    pub date: NaiveDate,
}
