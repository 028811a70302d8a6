//! When rounds are due: local time, IANA zone, weekdays, holidays, pauses. (design, section 3)

mod local;
#[cfg(test)]
mod tests;
mod weekdays;
mod zones;

pub use local::{local_date, local_instant, parse_time};
pub use weekdays::{NoWeekdays, Weekdays};
pub use zones::{parse_zone, zone_named, zones_matching};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// No round stays open for longer, also under a pause.
pub const LONGEST_ROUND: TimeDelta = TimeDelta::days(7);

/// How many days ahead a due instant is looked for. A schedule of Mondays with two years of
/// holidays still has a next one; a typing mistake in a year does not make the search endless.
const HORIZON_DAYS: usize = 800;

/// How far back due instants are made up for; what was missed earlier leaves no trace.
const LOOK_BACK: TimeDelta = TimeDelta::days(60);

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

impl Pause {
    /// Whether rounds due at `at` are left out.
    fn covers(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl Schedule {
    /// Whether `date` is one of the weekdays and no holiday. A pause is a stretch of instants and
    /// does not count here.
    pub fn is_study_day(&self, date: NaiveDate) -> bool {
        let free = |holiday: &Holiday| (holiday.first..=holiday.last).contains(&date);
        self.weekdays.contains(date.weekday()) && !self.holidays.iter().any(free)
    }

    /// The due instant for `date`: `None` if it is no study day, if the zone skipped it as a
    /// whole, or if its instant lies within the pause.
    pub fn due_on(&self, date: NaiveDate) -> Option<Due> {
        if !self.is_study_day(date) {
            return None;
        }
        let at = local_instant(self.zone, date, self.time)?;
        let paused = self.pause.is_some_and(|pause| pause.covers(at));
        (!paused).then_some(Due { at, date })
    }

    /// The first due instant strictly later than `after`; `None` if there is none within 800 days.
    pub fn next_due(&self, after: DateTime<Utc>) -> Option<Due> {
        // No date before this one can still be ahead: even a due instant that a gap moves into the
        // next date is the very first of that date.
        local_date(self.zone, after)
            .iter_days()
            .take(HORIZON_DAYS)
            .filter_map(|date| self.due_on(date))
            .find(|due| due.at > after)
    }

    /// All due instants strictly later than `after`, strictly increasing.
    pub fn dues(&self, after: DateTime<Utc>) -> impl Iterator<Item = Due> + '_ {
        std::iter::successors(self.next_due(after), |due| self.next_due(due.at))
    }
}

/// When a round closes that became due (or, as an extra one, was posted) at `from`: `hours` later
/// if set (taken into 1 to 168), else at the next due instant after `from`, at most
/// [`LONGEST_ROUND`] later.
pub fn closing_instant(
    schedule: &Schedule,
    from: DateTime<Utc>,
    hours: Option<u32>,
) -> DateTime<Utc> {
    if let Some(hours) = hours {
        return from + TimeDelta::hours(i64::from(hours.max(1))).min(LONGEST_ROUND);
    }
    let latest = from + LONGEST_ROUND;
    schedule.next_due(from).map_or(latest, |due| due.at.min(latest))
}

/// What to do about due instants that have passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The one round that is still posted, late.
    pub post: Option<Due>,
    /// Those to record as skipped, oldest first.
    pub skip: Vec<Due>,
}

/// Sorts out the due instants that have passed without a round.
///
/// Nothing at or before `since` (setup, change of schedule, resume) is made up for, nor anything
/// more than 60 days back. `taken` tells whether a local date has its round already, be it
/// posted, skipped or withdrawn. Of the rest up to and including `now`, the latest is posted if
/// it is at most `lateness` late, and all others are skipped: never more than one late post.
pub fn catch_up(
    schedule: &Schedule,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
    lateness: TimeDelta,
    taken: impl Fn(NaiveDate) -> bool,
) -> Missed {
    let mut skip: Vec<Due> = schedule
        .dues(since.max(now - LOOK_BACK))
        .take_while(|due| due.at <= now)
        .filter(|due| !taken(due.date))
        .collect();
    let post = skip.pop_if(|latest| now - latest.at <= lateness);
    Missed { post, skip }
}
