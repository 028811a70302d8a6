//! Boards: which stretch of time they cover, and who stands where. (design, section 4)

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
    /// This month.
    Month,
    /// Since the season began.
    Season,
    /// From the first point on.
    AllTime,
}

impl Window {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Season, Self::AllTime];

    /// The word used in commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Week => "week",
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

/// The window around `now` as instants: from the first, up to but without the second; `None` is
/// unbounded.
///
/// Weeks begin on Monday and months on the first, at 00:00 by the clocks of `zone`; a midnight
/// that a clock change skips is the first minute after the gap. A season goes from `season_start`
/// on, and without one covers all time.
pub fn bounds(
    window: Window,
    now: DateTime<Utc>,
    zone: Tz,
    season_start: Option<DateTime<Utc>>,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let today = local_date(zone, now);
    match window {
        Window::Week => {
            let since_monday = u64::from(today.weekday().num_days_from_monday());
            let monday = today.checked_sub_days(Days::new(since_monday));
            span(zone, now, monday, |date| date.checked_add_days(Days::new(7)))
        }
        Window::Month => {
            span(zone, now, today.with_day(1), |date| date.checked_add_months(Months::new(1)))
        }
        Window::Season => (season_start, None),
        Window::AllTime => (None, None),
    }
}

/// The stretch from `first`, or from a `next` of it, that holds `now`.
fn span(
    zone: Tz,
    now: DateTime<Utc>,
    first: Option<NaiveDate>,
    next: impl Fn(NaiveDate) -> Option<NaiveDate>,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
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

/// The board: by points, then by picks. Members equal in both share a rank and are listed by who
/// got there first, at the same instant by id.
pub fn rank(mut standings: Vec<Standing>) -> Vec<Ranked> {
    standings.sort_by_key(|s| (Reverse(s.points), Reverse(s.picks), s.reached_at, s.member));
    let mut board: Vec<Ranked> = Vec::with_capacity(standings.len());
    for (position, standing) in (1..).zip(standings) {
        let rank = match board.last() {
            Some(above) if equal(&above.standing, &standing) => above.rank,
            _ => position,
        };
        board.push(Ranked { rank, standing });
    }
    board
}

fn equal(one: &Standing, other: &Standing) -> bool {
    one.points == other.points && one.picks == other.picks
}
