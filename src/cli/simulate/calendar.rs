//! When rounds ought to be due: worked out from the zone database by looking at every minute, on
//! purpose not with the arithmetic of the bot that is being judged.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// When a study channel has its rounds.
#[derive(Debug, Clone, Copy)]
pub struct Timetable {
    /// The zone of `time`.
    pub zone: Tz,
    /// Local time of day.
    pub time: NaiveTime,
    /// Monday to Friday only.
    pub workdays: bool,
}

/// A round that ought to be: the instant, and the local date it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The local date.
    pub date: NaiveDate,
}

impl Timetable {
    /// Every due instant later than `from` and not later than `to`, in order.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Due> {
        let first = (from - TimeDelta::days(2)).date_naive();
        first
            .iter_days()
            .take_while(|date| *date <= (to + TimeDelta::days(2)).date_naive())
            .filter(|date| !self.workdays || date.weekday().number_from_monday() <= 5)
            .filter_map(|date| Some(Due { at: self.instant(date)?, date }))
            .filter(|due| due.at > from && due.at <= to)
            .collect()
    }

    /// The first minute at which clocks on the wall show `time` of `date` or later; `None` if the
    /// zone leaves the date out.
    fn instant(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let wanted = date.and_time(self.time);
        let shown = |at: DateTime<Utc>| at.with_timezone(&self.zone).naive_local();
        // No zone is more than 14 hours ahead, and only one has ever left out a day.
        let mut at = wanted.and_utc() - TimeDelta::hours(14);
        while shown(at) >= wanted {
            at -= TimeDelta::hours(1);
        }
        while shown(at) < wanted {
            at += TimeDelta::minutes(1);
        }
        let minute_before = shown(at - TimeDelta::minutes(1));
        (shown(at).date() == date || minute_before.date() == date).then_some(at)
    }
}

/// Zones whose clocks do what clocks elsewhere don't, each with a time of day that meets it.
pub const TIMETABLES: [(&str, &str, bool); 10] = [
    // Twice a year an hour is missing or there twice, in the middle of the night.
    ("Europe/Berlin", "02:30", false),
    ("America/New_York", "01:30", false),
    // Half an hour.
    ("Australia/Lord_Howe", "02:15", false),
    // Around Ramadan.
    ("Africa/Casablanca", "02:45", false),
    ("America/Sao_Paulo", "00:00", false),
    ("Pacific/Apia", "08:00", false),
    // Not in whole hours from UTC.
    ("Asia/Kolkata", "09:15", false),
    ("Asia/Kathmandu", "08:20", true),
    // The whole working world at the same minute.
    ("Europe/Lisbon", "08:30", true),
    ("UTC", "08:00", false),
];

#[cfg(test)]
mod tests {
    use super::{TimeDelta, Timetable, Tz};
    use chrono::{Datelike as _, Weekday};

    fn dues(zone: Tz, time: &str, from: &str, to: &str) -> Vec<String> {
        let table = Timetable { zone, time: time.parse().unwrap(), workdays: false };
        let dues = table.between(from.parse().unwrap(), to.parse().unwrap());
        dues.iter().map(|due| format!("{} {}", due.date, due.at.format("%dT%H:%M"))).collect()
    }

    #[test]
    fn what_clocks_do() {
        // Skipped: the first minute after the gap.
        assert_eq!(
            dues(Tz::Europe__Berlin, "02:30:00", "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z"),
            ["2026-03-28 28T01:30", "2026-03-29 29T01:00"]
        );
        // Twice: the first time.
        assert_eq!(
            dues(Tz::Europe__Berlin, "02:30:00", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
            ["2026-10-25 25T00:30", "2026-10-26 26T01:30"]
        );
        // Samoa went without 30 December 2011.
        assert_eq!(
            dues(Tz::Pacific__Apia, "08:00:00", "2011-12-29T00:00:00Z", "2011-12-31T00:00:00Z"),
            ["2011-12-29 29T18:00", "2011-12-31 30T18:00"]
        );
        // Midnight itself was skipped.
        assert_eq!(
            dues(
                Tz::America__Sao_Paulo,
                "00:00:00",
                "2018-11-03T12:00:00Z",
                "2018-11-05T12:00:00Z"
            ),
            ["2018-11-04 04T03:00", "2018-11-05 05T02:00"]
        );
    }

    #[test]
    fn workdays_leave_out_the_weekend() {
        let time = "08:00:00".parse().unwrap();
        let table = Timetable { zone: Tz::UTC, time, workdays: true };
        let from = "2026-11-20T12:00:00Z".parse().unwrap();
        let dues = table.between(from, from + TimeDelta::days(4));
        let days: Vec<Weekday> = dues.iter().map(|due| due.date.weekday()).collect();
        assert_eq!(days, [Weekday::Mon, Weekday::Tue]);
    }
}
