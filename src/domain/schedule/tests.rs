use super::{
    Due, Holiday, LONGEST_ROUND, Missed, Pause, Schedule, Weekdays, catch_up, closing_instant,
    local_date, local_instant, parse_time, parse_zone, zone_named, zones_matching,
};
use crate::domain::refusal::Refusal;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeSet;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

fn daily(name: &str, at: &str) -> Schedule {
    Schedule {
        time: time(at),
        zone: zone(name),
        weekdays: Weekdays::ALL,
        holidays: Vec::new(),
        pause: None,
    }
}

fn due(at: &str, on: &str) -> Due {
    Due { at: utc(at), date: date(on) }
}

fn dates(dues: &[Due]) -> Vec<String> {
    dues.iter().map(|due| due.date.to_string()).collect()
}

mod local_time {
    use super::*;

    #[test]
    fn gaps_overlaps_and_plain_days() {
        // Zone, local date and time, the instant (None: no such date). Gaps and overlaps as in the
        // IANA database.
        let table = [
            // Winter, summer, and the leap day.
            ("Europe/Berlin", "2026-01-15", "08:00", Some("2026-01-15T07:00:00Z")),
            ("Europe/Berlin", "2026-07-15", "08:00", Some("2026-07-15T06:00:00Z")),
            ("Europe/Berlin", "2028-02-29", "08:00", Some("2028-02-29T07:00:00Z")),
            // 02:00 became 03:00, and 03:00 became 02:00.
            ("Europe/Berlin", "2026-03-29", "01:59", Some("2026-03-29T00:59:00Z")),
            ("Europe/Berlin", "2026-03-29", "02:00", Some("2026-03-29T01:00:00Z")),
            ("Europe/Berlin", "2026-03-29", "02:30", Some("2026-03-29T01:00:00Z")),
            ("Europe/Berlin", "2026-03-29", "03:00", Some("2026-03-29T01:00:00Z")),
            ("Europe/Berlin", "2026-10-25", "02:00", Some("2026-10-25T00:00:00Z")),
            ("Europe/Berlin", "2026-10-25", "02:30", Some("2026-10-25T00:30:00Z")),
            ("Europe/Berlin", "2026-10-25", "03:00", Some("2026-10-25T02:00:00Z")),
            ("America/New_York", "2026-03-08", "02:30", Some("2026-03-08T07:00:00Z")),
            ("America/New_York", "2026-03-08", "01:59", Some("2026-03-08T06:59:00Z")),
            ("America/New_York", "2026-03-08", "03:00", Some("2026-03-08T07:00:00Z")),
            ("America/New_York", "2026-11-01", "00:59", Some("2026-11-01T04:59:00Z")),
            ("America/New_York", "2026-11-01", "01:00", Some("2026-11-01T05:00:00Z")),
            ("America/New_York", "2026-11-01", "01:30", Some("2026-11-01T05:30:00Z")),
            ("America/New_York", "2026-11-01", "02:00", Some("2026-11-01T07:00:00Z")),
            // Half an hour only.
            ("Australia/Lord_Howe", "2026-10-04", "02:15", Some("2026-10-03T15:30:00Z")),
            ("Australia/Lord_Howe", "2026-10-04", "02:30", Some("2026-10-03T15:30:00Z")),
            ("Australia/Lord_Howe", "2026-10-04", "02:45", Some("2026-10-03T15:45:00Z")),
            ("Australia/Lord_Howe", "2026-04-05", "01:45", Some("2026-04-04T14:45:00Z")),
            ("Australia/Lord_Howe", "2026-04-05", "01:29", Some("2026-04-04T14:29:00Z")),
            ("Australia/Lord_Howe", "2026-04-05", "02:00", Some("2026-04-04T15:30:00Z")),
            // An hour back for Ramadan, and forth again after it.
            ("Africa/Casablanca", "2026-02-15", "02:30", Some("2026-02-15T01:30:00Z")),
            ("Africa/Casablanca", "2026-03-22", "02:30", Some("2026-03-22T02:00:00Z")),
            ("Africa/Casablanca", "2026-03-22", "03:30", Some("2026-03-22T02:30:00Z")),
            // No midnight on this date.
            ("America/Sao_Paulo", "2018-11-04", "00:00", Some("2018-11-04T03:00:00Z")),
            ("America/Sao_Paulo", "2018-11-04", "00:30", Some("2018-11-04T03:00:00Z")),
            ("America/Sao_Paulo", "2018-11-04", "01:00", Some("2018-11-04T03:00:00Z")),
            ("America/Sao_Paulo", "2018-02-17", "23:30", Some("2018-02-18T01:30:00Z")),
            // The hour before midnight is missing: due in the first minute of the next date.
            ("America/Nuuk", "2024-03-30", "23:30", Some("2024-03-31T01:00:00Z")),
            // Half of that hour: 23:30 became 00:30.
            ("America/Toronto", "1919-03-30", "23:45", Some("1919-03-31T04:30:00Z")),
            // Samoa changed sides of the date line; Kwajalein did in 1993.
            ("Pacific/Apia", "2011-12-29", "08:00", Some("2011-12-29T18:00:00Z")),
            ("Pacific/Apia", "2011-12-30", "00:00", None),
            ("Pacific/Apia", "2011-12-30", "08:00", None),
            ("Pacific/Apia", "2011-12-30", "23:59", None),
            ("Pacific/Apia", "2011-12-31", "08:00", Some("2011-12-30T18:00:00Z")),
            ("Pacific/Kwajalein", "1993-08-21", "12:00", None),
        ];
        for (name, on, at, expected) in table {
            let found = local_instant(zone(name), date(on), time(at));
            assert_eq!(found, expected.map(utc), "{name} {on} {at}");
        }
    }

    #[test]
    fn dates_by_the_zone() {
        let table = [
            ("UTC", "2026-01-01T00:00:00Z", "2026-01-01"),
            ("Asia/Tokyo", "2025-12-31T15:00:00Z", "2026-01-01"),
            ("America/New_York", "2026-01-01T04:59:59Z", "2025-12-31"),
            ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),
        ];
        for (name, at, expected) in table {
            assert_eq!(local_date(zone(name), utc(at)), date(expected), "{name} {at}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_trouble() {
        for name in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let last = local_instant(zone(name), NaiveDate::MAX, time("23:59"));
            let first = local_instant(zone(name), NaiveDate::MIN, time("00:00"));
            assert!(last.is_none_or(|at| at > utc("9999-12-31T00:00:00Z")));
            assert!(first.is_none_or(|at| at < utc("0000-01-01T00:00:00Z")));
        }
    }
}

mod reading {
    use super::*;

    #[test]
    fn times_of_day() {
        let good = [
            ("8", "08:00"),
            ("8:00", "08:00"),
            ("08:00", "08:00"),
            (" 0:05 ", "00:05"),
            ("23:59", "23:59"),
            ("20.15", "20:15"),
            ("20h15", "20:15"),
            ("20H", "20:00"),
            ("8am", "08:00"),
            ("8 AM", "08:00"),
            ("8:30 pm", "20:30"),
            ("8.30pm", "20:30"),
            ("8 p.m.", "20:00"),
            ("12am", "00:00"),
            ("12:30 am", "00:30"),
            ("12pm", "12:00"),
        ];
        for (text, expected) in good {
            assert_eq!(parse_time(text), Some(time(expected)), "{text:?}");
        }
        let bad = [
            "",
            "24",
            "24:00",
            "8:60",
            "8:5",
            "8:",
            ":30",
            "-8",
            "+8",
            "8:+5",
            "0am",
            "13pm",
            "m",
            "am",
            "pm",
            "8:00:00",
            "8:00 xm",
            "eight",
            "008",
            "008:00",
            "8:000",
            "0800",
            "٨",
            "8h5",
            "8.",
            "25h",
            "1e1",
            "08:00 CET",
            "8 am pm",
        ];
        for text in bad {
            assert_eq!(parse_time(text), None, "{text:?}");
        }
    }

    #[test]
    fn zones() {
        let good = [
            ("Europe/Berlin", Tz::Europe__Berlin),
            ("europe/berlin", Tz::Europe__Berlin),
            (" America/New York ", Tz::America__New_York),
            ("AMERICA/NEW_YORK", Tz::America__New_York),
            ("utc", Tz::UTC),
        ];
        for (text, expected) in good {
            assert_eq!(parse_zone(text), Some(expected), "{text:?}");
        }
        // The name alone; `zone_named` takes more.
        for text in ["", "Berlin", "new york", "Europe", "Europe/", "Mars/Olympus", "UTC+2"] {
            assert_eq!(parse_zone(text), None, "{text:?}");
        }
        for zone in TZ_VARIANTS {
            assert_eq!(parse_zone(zone.name()), Some(zone), "{zone}");
        }
    }

    #[test]
    fn zones_by_their_cities() {
        let table = [
            ("Lisbon", Tz::Europe__Lisbon),
            ("new york", Tz::America__New_York),
            ("New_York", Tz::America__New_York),
            (" tokyo ", Tz::Asia__Tokyo),
            ("Port of Spain", Tz::America__Port_of_Spain),
            // Several names of the same time: the newer one.
            ("Buenos Aires", Tz::America__Argentina__Buenos_Aires),
            ("Europe/Berlin", Tz::Europe__Berlin),
            ("Japan", Tz::Japan),
            ("UTC", Tz::UTC),
        ];
        for (typed, zone) in table {
            assert_eq!(zone_named(typed), Ok(zone), "{typed:?}");
        }
        let istanbul = zone_named("istanbul").unwrap();
        assert!(istanbul.name().ends_with("/Istanbul"), "{istanbul}");
    }

    #[test]
    fn an_abbreviation_is_asked_about() {
        for typed in ["EST", "est", " Mst ", "HST", "PST", "IST", "BST", "cest"] {
            let Err(Refusal::ZoneAbbreviated { typed: told, zones }) = zone_named(typed) else {
                panic!("{typed} was taken");
            };
            assert_eq!(told, typed);
            assert!(!zones.is_empty());
            // Completion offers the same, and none that stays at its offset all year unsaid.
            assert!(zones_matching(typed, 25).starts_with(&zones), "{typed}");
        }
        for zone in zones_matching("st", 500) {
            assert!(!["EST", "MST", "HST"].contains(&zone.name()), "{zone}");
        }
        assert_eq!(zone_named("EST5EDT"), Ok(Tz::EST5EDT));
    }

    #[test]
    fn part_of_a_name_is_asked_about_and_nothing_is_refused() {
        let unclear = |typed: &str| match zone_named(typed) {
            Err(Refusal::ZoneUnclear { zones, .. }) => zones,
            other => panic!("{typed}: {other:?}"),
        };
        assert_eq!(unclear("lisb"), [Tz::Europe__Lisbon]);
        assert!(unclear("York").contains(&Tz::America__New_York));
        assert!(unclear("europe/").len() <= 5);
        for typed in ["", "Atlantis", "Mars/Olympus", "UTC+2", "5"] {
            let zone = zone_named(typed);
            assert!(
                matches!(zone, Err(Refusal::BadZone(_) | Refusal::ZoneUnclear { .. })),
                "{typed:?}: {zone:?}"
            );
        }
    }

    #[test]
    fn zones_while_typing() {
        let first = |text: &str| zones_matching(text, 25).first().map(|zone| zone.name());
        assert_eq!(first("utc"), Some("UTC"));
        assert_eq!(first("new york"), Some("America/New_York"));
        assert_eq!(first("New_Y"), Some("America/New_York"));
        assert_eq!(first("europe/ber"), Some("Europe/Berlin"));
        assert_eq!(first("buenos"), Some("America/Argentina/Buenos_Aires"));
        assert_eq!(first("howe"), Some("Australia/Lord_Howe"));
        assert_eq!(first("nowhere"), None);
        assert_eq!(first(""), Some("UTC"));

        // A city that begins with it comes before a name that only holds it, whatever the alphabet
        // says.
        let found = zones_matching("lon", 100);
        let place = |zone: Tz| found.iter().position(|other| *other == zone).unwrap();
        assert!(place(Tz::Europe__London) < place(Tz::America__Miquelon));
    }

    #[test]
    fn no_more_zones_than_asked_for_and_none_twice() {
        for text in ["", "a", "europe", "e"] {
            for limit in [0, 1, 7, 25] {
                let found = zones_matching(text, limit);
                let names: BTreeSet<&str> = found.iter().map(|zone| zone.name()).collect();
                assert_eq!(found.len(), names.len());
                assert!(found.len() <= limit, "{text:?} {limit}");
            }
            assert!(zones_matching(text, 7).len() == 7);
        }
    }

    #[test]
    fn weekdays() {
        let good = [
            ("mon,tue,fri", 0b001_0011),
            ("mon tue fri", 0b001_0011),
            ("Mon, TUESDAY and fri", 0b001_0011),
            ("mon-fri", 0b001_1111),
            ("mon – fri", 0b001_1111),
            ("fri-mon", 0b111_0001),
            ("sun-mon", 0b100_0001),
            ("tue-tue", 0b000_0010),
            ("mon-wed,sat", 0b010_0111),
            ("daily", 0b111_1111),
            ("every day", 0b111_1111),
            ("weekdays", 0b001_1111),
            ("Workdays", 0b001_1111),
            ("weekend", 0b110_0000),
            ("weekend, wed", 0b110_0100),
            ("tues thurs", 0b000_1010),
            ("wednesday", 0b000_0100),
            ("mon mon", 0b000_0001),
        ];
        for (text, bits) in good {
            assert_eq!(Weekdays::parse(text).map(Weekdays::bits), Some(bits), "{text:?}");
        }
        let bad = [
            "",
            " , ",
            "mo",
            "m",
            "monn",
            "mon-",
            "-fri",
            "mon--fri",
            "mon-fri-sun",
            "1",
            "daily-mon",
            "mon-daily",
            "holiday",
            "never",
            "mon;tue",
            "and",
        ];
        for text in bad {
            assert_eq!(Weekdays::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn weekdays_are_shown_as_they_are_read() {
        let table = [
            (0b001_1111, "Mon–Fri"),
            (0b111_1111, "every day"),
            (0b001_0101, "Mon, Wed, Fri"),
            (0b110_0000, "Sat, Sun"),
            (0b110_0111, "Mon–Wed, Sat, Sun"),
            (0b111_1011, "Mon, Tue, Thu–Sun"),
            (0b000_1000, "Thu"),
        ];
        for (bits, shown) in table {
            assert_eq!(Weekdays::from_bits(bits).unwrap().to_string(), shown);
        }
        for bits in 1..=127 {
            let days = Weekdays::from_bits(bits).unwrap();
            assert_eq!(Weekdays::parse(&days.to_string()), Some(days), "{days}");
            assert_eq!(days.bits(), bits);
            assert_eq!(days.iter().count(), bits.count_ones() as usize);
            assert!(days.iter().all(|day| days.contains(day)));
        }
    }

    #[test]
    fn a_set_of_weekdays_is_never_empty() {
        for bits in [0, 128, 255] {
            assert_eq!(Weekdays::from_bits(bits), None);
            assert!(serde_json::from_str::<Weekdays>(&bits.to_string()).is_err());
        }
        let workdays: Weekdays = serde_json::from_str("31").unwrap();
        assert_eq!(workdays, Weekdays::WORKDAYS);
        assert_eq!(serde_json::to_string(&workdays).unwrap(), "31");
    }
}

mod dues {
    use super::*;

    #[test]
    fn strictly_later_than_asked() {
        let schedule = daily("Europe/Berlin", "08:00");
        let table = [
            ("2026-11-23T06:59:59Z", "2026-11-23"),
            ("2026-11-23T07:00:00Z", "2026-11-24"),
            ("2026-11-23T07:00:01Z", "2026-11-24"),
            ("2026-11-23T23:30:00Z", "2026-11-24"),
        ];
        for (after, on) in table {
            let next = schedule.next_due(utc(after)).unwrap();
            assert_eq!(next.date, date(on), "{after}");
        }
    }

    #[test]
    fn a_week_around_each_clock_change() {
        let berlin: Vec<Due> =
            daily("Europe/Berlin", "02:30").dues(utc("2026-03-28T00:00:00Z")).take(3).collect();
        assert_eq!(
            berlin,
            [
                due("2026-03-28T01:30:00Z", "2026-03-28"),
                due("2026-03-29T01:00:00Z", "2026-03-29"),
                due("2026-03-30T00:30:00Z", "2026-03-30"),
            ]
        );
        // The second 02:30 of the night is not due again.
        let berlin: Vec<Due> =
            daily("Europe/Berlin", "02:30").dues(utc("2026-10-25T00:00:00Z")).take(2).collect();
        assert_eq!(
            berlin,
            [due("2026-10-25T00:30:00Z", "2026-10-25"), due("2026-10-26T01:30:00Z", "2026-10-26"),]
        );
    }

    #[test]
    fn every_zone_has_one_round_a_date() {
        // A year ahead, and the one in which Samoa left out a date; at midnight, where the gaps of
        // some zones are, and at half past two, where those of most are.
        for (from, days) in [("2011-01-01T00:00:00Z", 370), ("2026-01-01T00:00:00Z", 370)] {
            for (zone, at) in TZ_VARIANTS.iter().flat_map(|zone| [(zone, "00:00"), (zone, "02:30")])
            {
                let schedule = daily(zone.name(), at);
                let dues: Vec<Due> = schedule.dues(utc(from)).take(days).collect();
                assert_eq!(dues.len(), days, "{zone} {at}");
                for pair in dues.windows(2) {
                    let (one, next) = (pair[0], pair[1]);
                    assert!(one.at < next.at && one.date < next.date, "{zone} {at}: {pair:?}");
                    // Never earlier than asked, by the clocks there.
                    let shown = next.at.with_timezone(zone).naive_local();
                    assert!(shown >= next.date.and_time(time(at)), "{zone} {at}: {next:?}");
                    let left_out = next.date - one.date > TimeDelta::days(1);
                    assert!(!left_out || zone.name().starts_with("Pacific/"), "{zone}: {pair:?}");
                }
            }
        }
    }

    #[test]
    fn a_date_the_zone_skipped_has_no_round() {
        let apia: Vec<Due> =
            daily("Pacific/Apia", "08:00").dues(utc("2011-12-28T20:00:00Z")).take(3).collect();
        assert_eq!(
            apia,
            [
                due("2011-12-29T18:00:00Z", "2011-12-29"),
                due("2011-12-30T18:00:00Z", "2011-12-31"),
                due("2011-12-31T18:00:00Z", "2012-01-01"),
            ]
        );
    }

    #[test]
    fn a_round_moved_past_midnight_keeps_its_date() {
        let nuuk = daily("America/Nuuk", "23:30");
        let moved = due("2024-03-31T01:00:00Z", "2024-03-30");
        assert_eq!(nuuk.next_due(utc("2024-03-31T00:59:00Z")), Some(moved));
        assert_eq!(nuuk.next_due(utc("2024-03-30T02:00:00Z")), Some(moved));
        let next = nuuk.next_due(moved.at).unwrap();
        assert_eq!(next.date, date("2024-03-31"));
    }

    #[test]
    fn weekdays_holidays_and_leap_days() {
        let mut schedule = daily("Europe/Berlin", "08:00");
        schedule.weekdays = Weekdays::parse("mon tue").unwrap();
        schedule.holidays = vec![
            Holiday { first: date("2028-03-06"), last: date("2028-03-06"), label: String::new() },
            Holiday { first: date("2028-03-13"), last: date("2028-03-14"), label: "spring".into() },
        ];
        let found: Vec<Due> = schedule.dues(utc("2028-02-28T12:00:00Z")).take(4).collect();
        assert_eq!(dates(&found), ["2028-02-29", "2028-03-07", "2028-03-20", "2028-03-21"]);
        assert!(schedule.is_study_day(date("2028-02-29")));
        assert!(!schedule.is_study_day(date("2028-03-01")), "a Wednesday");
        assert!(!schedule.is_study_day(date("2028-03-14")), "a holiday");
        assert_eq!(schedule.due_on(date("2028-03-06")), None);
    }

    #[test]
    fn a_pause_takes_in_its_start_and_not_its_end() {
        let mut schedule = daily("UTC", "08:00");
        schedule.pause = Some(Pause {
            from: utc("2026-11-24T08:00:00Z"),
            until: Some(utc("2026-11-26T08:00:00Z")),
        });
        let found: Vec<Due> = schedule.dues(utc("2026-11-22T12:00:00Z")).take(3).collect();
        assert_eq!(dates(&found), ["2026-11-23", "2026-11-26", "2026-11-27"]);
        // The pause does not change what a study day is.
        assert!(schedule.is_study_day(date("2026-11-25")));
    }

    #[test]
    fn until_somebody_resumes_nothing_is_due() {
        let mut schedule = daily("UTC", "08:00");
        schedule.pause = Some(Pause { from: utc("2026-11-24T09:00:00Z"), until: None });
        let found: Vec<Due> = schedule.dues(utc("2026-11-23T12:00:00Z")).collect();
        assert_eq!(dates(&found), ["2026-11-24"]);
    }

    #[test]
    fn a_free_stretch_is_looked_over_for_800_days() {
        let mut schedule = daily("UTC", "08:00");
        let free = |last: &str| Holiday {
            first: date("2026-01-01"),
            last: date(last),
            label: String::new(),
        };
        schedule.holidays = vec![free("2027-12-31")];
        let next = schedule.next_due(utc("2026-01-01T00:00:00Z"));
        assert_eq!(next, Some(due("2028-01-01T08:00:00Z", "2028-01-01")));
        schedule.holidays = vec![free("9999-12-31")];
        assert_eq!(schedule.next_due(utc("2026-01-01T00:00:00Z")), None);
    }

    #[test]
    fn closes() {
        let mut schedule = daily("Europe/Berlin", "08:00");
        schedule.weekdays = Weekdays::WORKDAYS;
        let friday = utc("2026-03-27T07:00:00Z");
        let table = [
            (None, "2026-03-30T06:00:00Z"),
            (Some(1), "2026-03-27T08:00:00Z"),
            (Some(48), "2026-03-29T07:00:00Z"),
            (Some(168), "2026-04-03T07:00:00Z"),
            // Out of range, and brought into it.
            (Some(0), "2026-03-27T08:00:00Z"),
            (Some(u32::MAX), "2026-04-03T07:00:00Z"),
        ];
        for (hours, expected) in table {
            let found = closing_instant(&schedule, friday, hours);
            assert_eq!(found, utc(expected), "{hours:?}");
        }
        // An extra round in between closes with the next scheduled one.
        let extra = utc("2026-03-28T12:34:56Z");
        assert_eq!(closing_instant(&schedule, extra, None), utc("2026-03-30T06:00:00Z"));
        // Nothing due within a week, be it for a pause or for holidays.
        schedule.pause = Some(Pause { from: friday, until: None });
        assert_eq!(closing_instant(&schedule, friday, None), friday + LONGEST_ROUND);
        schedule.pause = Some(Pause { from: friday, until: Some(utc("2026-05-01T00:00:00Z")) });
        assert_eq!(closing_instant(&schedule, friday, None), friday + LONGEST_ROUND);
    }
}

mod catching_up {
    use super::*;

    fn caught_up(since: &str, now: &str, lateness_min: i64, taken: &[&str]) -> Missed {
        let taken: BTreeSet<NaiveDate> = taken.iter().map(|on| date(on)).collect();
        catch_up(
            &daily("UTC", "08:00"),
            utc(since),
            utc(now),
            TimeDelta::minutes(lateness_min),
            |on| taken.contains(&on),
        )
    }

    #[test]
    fn one_post_at_most() {
        type Case = (
            &'static str,
            &'static str,
            i64,
            &'static [&'static str],
            Option<&'static str>,
            &'static [&'static str],
        );
        // Since, now, lateness in minutes, dates taken; the date to post, the dates to skip.
        let table: [Case; 11] = [
            // Nothing has passed.
            ("2026-11-20T09:00:00Z", "2026-11-21T07:59:59Z", 120, &[], None, &[]),
            // On the instant, and up to the last moment.
            ("2026-11-20T09:00:00Z", "2026-11-21T08:00:00Z", 120, &[], Some("2026-11-21"), &[]),
            ("2026-11-20T09:00:00Z", "2026-11-21T10:00:00Z", 120, &[], Some("2026-11-21"), &[]),
            ("2026-11-20T09:00:00Z", "2026-11-21T10:00:01Z", 120, &[], None, &["2026-11-21"]),
            // `since` itself is not made up for.
            ("2026-11-21T08:00:00Z", "2026-11-21T08:30:00Z", 120, &[], None, &[]),
            // Days away: the last is posted, the others are skipped.
            (
                "2026-11-18T09:00:00Z",
                "2026-11-21T08:30:00Z",
                120,
                &[],
                Some("2026-11-21"),
                &["2026-11-19", "2026-11-20"],
            ),
            (
                "2026-11-18T09:00:00Z",
                "2026-11-21T11:00:00Z",
                120,
                &[],
                None,
                &["2026-11-19", "2026-11-20", "2026-11-21"],
            ),
            // Even where two are within the lateness.
            (
                "2026-11-18T09:00:00Z",
                "2026-11-20T08:30:00Z",
                2_880,
                &[],
                Some("2026-11-20"),
                &["2026-11-19"],
            ),
            // What has its round is left alone.
            ("2026-11-20T09:00:00Z", "2026-11-21T08:30:00Z", 120, &["2026-11-21"], None, &[]),
            (
                "2026-11-17T09:00:00Z",
                "2026-11-21T08:30:00Z",
                120,
                &["2026-11-18", "2026-11-21"],
                None,
                &["2026-11-19", "2026-11-20"],
            ),
            // A clock that went back: `since` lies ahead.
            ("2026-11-25T09:00:00Z", "2026-11-21T08:30:00Z", 120, &[], None, &[]),
        ];
        for (since, now, lateness, taken, post, skip) in table {
            let missed = caught_up(since, now, lateness, taken);
            let posted = missed.post.map(|due| due.date.to_string());
            assert_eq!(posted.as_deref(), post, "{since} {now}");
            assert_eq!(dates(&missed.skip), skip, "{since} {now}");
        }
    }

    #[test]
    fn sixty_days_back_and_no_further() {
        let missed = caught_up("2020-01-01T00:00:00Z", "2026-11-21T12:00:00Z", 0, &[]);
        assert_eq!(missed.post, None);
        assert_eq!(missed.skip.len(), 60);
        assert_eq!(missed.skip.first().map(|due| due.date), Some(date("2026-09-23")));
    }
}

fn any_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(TZ_VARIANTS.to_vec())
}

fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    // 1990 to 2040, which holds every kind of clock change there has been since.
    (631_152_000_i64..2_208_988_800).prop_map(|s| DateTime::from_timestamp(s, 0).unwrap())
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    (
        any_zone(),
        0_u32..1_440,
        1_u8..=127,
        prop::collection::vec((any_instant(), 0_u64..20), 0..4),
        prop::option::of((any_instant(), prop::option::of(0_i64..2_000))),
    )
        .prop_map(|(zone, minutes, bits, free, pause)| Schedule {
            time: NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap(),
            zone,
            weekdays: Weekdays::from_bits(bits).unwrap(),
            holidays: free
                .into_iter()
                .map(|(first, days)| Holiday {
                    first: first.date_naive(),
                    last: first.date_naive() + Days::new(days),
                    label: String::new(),
                })
                .collect(),
            pause: pause.map(|(from, hours)| Pause {
                from,
                until: hours.map(|hours| from + TimeDelta::hours(hours)),
            }),
        })
}

proptest! {
    #[test]
    fn due_instants_rise_and_each_date_has_one(schedule in any_schedule(), after in any_instant()) {
        let mut last = after;
        let mut seen = BTreeSet::new();
        for due in schedule.dues(after).take(40) {
            prop_assert!(due.at > last);
            prop_assert!(seen.insert(due.date));
            prop_assert!(schedule.is_study_day(due.date));
            prop_assert_eq!(schedule.due_on(due.date), Some(due));
            // Only a gap can move it, and only forward.
            let shown = due.at.with_timezone(&schedule.zone).naive_local();
            prop_assert!(shown >= due.date.and_time(schedule.time));
            last = due.at;
        }
    }

    #[test]
    fn no_due_instant_is_passed_over(schedule in any_schedule(), after in any_instant()) {
        let first = local_date(schedule.zone, after) - Days::new(1);
        let expected: Vec<Due> = first
            .iter_days()
            .take(40)
            .filter_map(|date| schedule.due_on(date))
            .filter(|due| due.at > after)
            .collect();
        let found: Vec<Due> = schedule.dues(after).take(expected.len()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_round_closes_after_it_opened_and_within_a_week(schedule in any_schedule(), from in any_instant(), hours in prop::option::of(any::<u32>())) {
        let closes = closing_instant(&schedule, from, hours);
        prop_assert!(closes > from);
        prop_assert!(closes <= from + LONGEST_ROUND);
    }

    #[test]
    fn catching_up_takes_every_due_instant_once(
        schedule in any_schedule(),
        now in any_instant(),
        away_h in 0_i64..2_000,
        lateness_min in 0_i64..3_000,
        every in 1_u32..6,
    ) {
        let since = now - TimeDelta::hours(away_h);
        let lateness = TimeDelta::minutes(lateness_min);
        let taken = |date: NaiveDate| date.ordinal().is_multiple_of(every);
        let missed = catch_up(&schedule, since, now, lateness, taken);
        let mut all = missed.skip.clone();
        all.extend(missed.post);
        prop_assert!(all.iter().all(|due| since < due.at && due.at <= now && !taken(due.date)));
        prop_assert!(all.windows(2).all(|pair| pair[0].at < pair[1].at), "the post is the latest");
        prop_assert!(missed.post.is_none_or(|due| now - due.at <= lateness));
        // Once all of it is recorded, there is nothing left to do.
        let recorded: BTreeSet<NaiveDate> = all.iter().map(|due| due.date).collect();
        let again = catch_up(&schedule, since, now, lateness, |d| taken(d) || recorded.contains(&d));
        prop_assert_eq!(again, Missed { post: None, skip: Vec::new() });
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,12}") {
        let _ = (parse_time(&text), parse_zone(&text), Weekdays::parse(&text), zones_matching(&text, 5));
    }

    #[test]
    fn a_time_is_read_as_it_is_shown(minutes in 0_u32..1_440) {
        let shown = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap();
        prop_assert_eq!(parse_time(&shown.format("%H:%M").to_string()), Some(shown));
        prop_assert_eq!(parse_time(&shown.format("%I:%M %p").to_string()), Some(shown));
    }
}
