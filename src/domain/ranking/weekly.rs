//! When the board of the last week is posted: on Mondays at 09:00 by the clocks of the guild.

use super::{Stretch, week};
use crate::domain::schedule::{local_date, local_instant};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// Nine in the morning.
const HOUR: TimeDelta = TimeDelta::hours(9);

/// One post that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyDue {
    /// The Monday it is posted on.
    pub monday: NaiveDate,
    /// When.
    pub at: DateTime<Utc>,
    /// The week it shows: the one before.
    pub week: Stretch,
}

/// The last post that was due at or before `now`.
pub fn last_due(now: DateTime<Utc>, zone: Tz) -> Option<WeeklyDue> {
    let mondays = [0, 7].into_iter().filter_map(|back| monday_of(now, zone, back));
    mondays.filter_map(|monday| due_on(monday, zone)).find(|due| due.at <= now)
}

/// The first post that is due after `now`.
pub fn next_due(now: DateTime<Utc>, zone: Tz) -> Option<WeeklyDue> {
    let this = monday_of(now, zone, 0)?;
    let mondays = [Some(this), this.checked_add_days(Days::new(7))].into_iter().flatten();
    mondays.filter_map(|monday| due_on(monday, zone)).find(|due| due.at > now)
}

fn monday_of(at: DateTime<Utc>, zone: Tz, back: u64) -> Option<NaiveDate> {
    let today = local_date(zone, at);
    today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday()) + back))
}

fn due_on(monday: NaiveDate, zone: Tz) -> Option<WeeklyDue> {
    let at = local_instant(zone, monday, NaiveTime::MIN + HOUR)?;
    let (from, _) = week(at, zone);
    Some(WeeklyDue { monday, at, week: week(from? - TimeDelta::milliseconds(1), zone) })
}

#[cfg(test)]
mod tests {
    use super::{last_due, next_due};
    use chrono::{DateTime, Utc};
    use chrono_tz::Tz;

    #[test]
    fn mondays_at_nine_by_the_zone() {
        // Zone, now, the last one and where its week began, the next one.
        let table = [
            ("UTC", "23T08:59:59Z", "16T09:00:00Z", "09T00:00:00Z", "23T09:00:00Z"),
            ("UTC", "23T09:00:00Z", "23T09:00:00Z", "16T00:00:00Z", "30T09:00:00Z"),
            ("UTC", "22T23:00:00Z", "16T09:00:00Z", "09T00:00:00Z", "23T09:00:00Z"),
            // In Auckland it is Monday already.
            ("Pacific/Auckland", "22T21:00:00Z", "22T20:00:00Z", "15T11:00:00Z", "29T20:00:00Z"),
        ];
        let utc = |text: &str| format!("2026-11-{text}").parse::<DateTime<Utc>>().unwrap();
        for (zone, now, last, began, next) in table {
            let zone: Tz = zone.parse().unwrap();
            let found = last_due(utc(now), zone).unwrap();
            assert_eq!(found.at, utc(last), "{now}");
            assert_eq!(found.week.0, Some(utc(began)), "{now}");
            assert_eq!(next_due(utc(now), zone).unwrap().at, utc(next), "{now}");
        }
    }
}
