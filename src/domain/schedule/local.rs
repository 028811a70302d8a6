//! Local time: what a wall clock in a zone shows, and when.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Minutes in a day: the longest gap a clock change has ever made (Samoa's 30 December 2011).
const DAY_MINUTES: i64 = 24 * 60;

/// The instant at which the clocks of `zone` show `date` and `time`.
///
/// A time that happens twice means its first occurrence. A time that a clock change skips means
/// the first minute after the gap, even where that minute belongs to the next date already. A
/// date that the zone skipped as a whole has no instant: `None`.
pub fn local_instant(zone: Tz, date: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let asked = date.and_time(time);
    let first_shown = |minutes: i64| {
        let shown = asked.checked_add_signed(TimeDelta::minutes(minutes))?;
        Some((shown.date(), first_occurrence(zone, shown)?))
    };
    let (shown_on, instant) = (0..=DAY_MINUTES).find_map(first_shown)?;
    (shown_on == date || exists(zone, date)).then_some(instant)
}

/// The first instant at which the clocks of `zone` show `shown`, if they ever do.
fn first_occurrence(zone: Tz, shown: chrono::NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&shown).earliest().map(|at| at.with_timezone(&Utc))
}

/// Whether the clocks of `zone` show any minute of `date`.
fn exists(zone: Tz, date: NaiveDate) -> bool {
    let midnight = date.and_time(NaiveTime::MIN);
    (0..DAY_MINUTES).any(|minute| {
        let shown = midnight.checked_add_signed(TimeDelta::minutes(minute));
        shown.is_some_and(|shown| first_occurrence(zone, shown).is_some())
    })
}

/// The date that the calendars of `zone` show at `at`.
pub fn local_date(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// Reads a time of day as people type it: `8`, `8:00`, `08:00`, `20.15`, `20h15`, `20h`, `8am`,
/// `8:30 pm`. To the minute; `None` if it is anything else.
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    let text = text.trim().to_lowercase();
    let (clock, half) = if let Some(rest) = strip_half(&text, 'a') {
        (rest, Some(0))
    } else if let Some(rest) = strip_half(&text, 'p') {
        (rest, Some(12))
    } else {
        (text.as_str(), None)
    };
    let (hour, minute) = match clock.split_once([':', '.', 'h']) {
        Some((hour, "")) if clock.ends_with('h') => (hour, 0),
        // One digit would leave open whether 8:5 is five past or ten to.
        Some((hour, minute)) if minute.len() == 2 => (hour, digits(minute)?),
        Some(_) => return None,
        None => (clock, 0),
    };
    let hour = match (digits(hour)?, half) {
        (hour @ 1..=12, Some(offset)) => hour % 12 + offset,
        (_, Some(_)) => return None,
        (hour, None) => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// `text` without its ending `am` or `a.m.` (for `letter` `a`), if it has one.
fn strip_half(text: &str, letter: char) -> Option<&str> {
    let rest = text
        .strip_suffix("m.")
        .and_then(|rest| rest.strip_suffix('.'))
        .or_else(|| text.strip_suffix('m'))?;
    Some(rest.strip_suffix(letter)?.trim_end())
}

/// One or two ASCII digits as a number; `parse` alone would take a sign too.
fn digits(text: &str) -> Option<u32> {
    let plain = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
