//! Boards: which stretch of time they cover, and who stands where. (design, section 4)

pub mod period;
pub mod weekly;
pub mod which;

#[cfg(test)]
mod tests;

use crate::domain::ids::MemberId;
use crate::domain::schedule::{local_date, local_instant};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use std::cmp::Reverse;
use std::fmt;

/// The stretch of time that a board covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// This week, from Monday.
    Week,
    /// The week before this one.
    LastWeek,
    /// This month.
    Month,
    /// The season that is running, or else the last one.
    Season,
    /// From the first point on.
    AllTime,
}

impl Window {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] =
        [Self::Week, Self::LastWeek, Self::Month, Self::Season, Self::AllTime];

    /// The word used in commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::LastWeek => "last_week",
            Self::Month => "month",
            Self::Season => "season",
            Self::AllTime => "all_time",
        }
    }

    /// The window of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.word() == word)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A stretch of time: from the first instant, up to but without the second.
pub type Stretch = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The week around `at`: from Monday 00:00 by the clocks of `zone`; a midnight that a clock change
/// skips is the first minute after the gap.
pub fn week(at: DateTime<Utc>, zone: Tz) -> Stretch {
    let today = local_date(zone, at);
    let since_monday = u64::from(today.weekday().num_days_from_monday());
    let monday = today.checked_sub_days(Days::new(since_monday));
    span(zone, at, monday, |date| date.checked_add_days(Days::new(7)))
}

/// The month around `at`: from the first 00:00, as weeks are.
pub fn month(at: DateTime<Utc>, zone: Tz) -> Stretch {
    let first = local_date(zone, at).with_day(1);
    span(zone, at, first, |date| date.checked_add_months(Months::new(1)))
}

/// The stretch from `first`, or from a `next` of it, that holds `now`.
fn span(
    zone: Tz,
    now: DateTime<Utc>,
    first: Option<NaiveDate>,
    next: impl Fn(NaiveDate) -> Option<NaiveDate>,
) -> Stretch {
    let start = |date: Option<NaiveDate>| date.and_then(|date| day_start(zone, date));
    let second = first.and_then(&next);
    let end = start(second);
    // Where clocks go back over midnight, the old date comes again after the new one has begun.
    // Windows must not overlap, so that second helping belongs to the new one.
    if end.is_some_and(|end| end <= now) {
        return (end, start(second.and_then(&next)));
    }
    (start(first), end)
}

/// The first instant of `date` in `zone`; of the day after where the zone skipped that date.
fn day_start(zone: Tz, date: NaiveDate) -> Option<DateTime<Utc>> {
    date.iter_days().take(3).find_map(|date| local_instant(zone, date, NaiveTime::MIN))
}

/// What one member's ledger entries within a window add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub member: MemberId,
    /// Sum of all entries.
    pub points: i64,
    /// How often the member was the members' pick.
    pub picks: i64,
    /// How often the member answered a round.
    pub answers: i64,
    /// What of the points is from quizzes.
    pub quiz: i64,
    /// The instant of the last entry that counted: when the member got to where they are.
    pub reached_at: DateTime<Utc>,
}

/// A standing with its place on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// 1 for the best; equals share one, and the next rank is as much higher (1, 2, 2, 4).
    pub rank: u32,
    /// What it rests on.
    pub standing: Standing,
}

/// One page of a board whose rows are in the order of the board: by points, then by picks; equal
/// in both by who got there first, at the same instant by id. Members equal in points and picks
/// share a rank. `before` members stand on the pages before, `better` of them above the first row
/// of this page.
pub fn rank(page: Vec<Standing>, before: u32, better: u32) -> Vec<Ranked> {
    let mut board: Vec<Ranked> = Vec::with_capacity(page.len());
    for (position, standing) in (before.saturating_add(1)..).zip(page) {
        let rank = match board.last() {
            Some(above) if equal(&above.standing, &standing) => above.rank,
            Some(_) => position,
            None => better.saturating_add(1),
        };
        board.push(Ranked { rank, standing });
    }
    board
}

/// Puts standings in the order of a board.
pub fn order(standings: &mut [Standing]) {
    standings.sort_by_key(|s| (Reverse(s.points), Reverse(s.picks), s.reached_at, s.member));
}

fn equal(one: &Standing, other: &Standing) -> bool {
    one.points == other.points && one.picks == other.picks
}
