//! Discord's ids: milliseconds since 2015 in the upper 42 bits, then worker, process and a counter
//! (Discord documentation, reference, "Snowflakes").

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};

/// Discord's epoch, 2015-01-01T00:00:00Z, in milliseconds since 1970.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// Makes ids that always rise, also within a millisecond and after the clock was set back.
pub struct Snowflakes {
    worker: u64,
    last_ms: u64,
    count: u64,
}

impl Snowflakes {
    /// A maker whose worker and process bits come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { worker: seed & 0x3ff, last_ms: 0, count: 0 }
    }

    /// A new id for `now`.
    pub fn next(&mut self, now: DateTime<Utc>) -> u64 {
        let ms = u64::try_from(now.timestamp_millis() - EPOCH_MS).unwrap_or(0);
        if ms > self.last_ms {
            self.last_ms = ms;
            self.count = 0;
        } else {
            self.count += 1;
            if self.count > 0xfff {
                self.last_ms += 1;
                self.count = 0;
            }
        }
        (self.last_ms << 22) | (self.worker << 12) | self.count
    }
}

/// When an id was made.
pub fn created(id: u64) -> DateTime<Utc> {
    let ms = i64::try_from(id >> 22).unwrap_or(0) + EPOCH_MS;
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// Whether ids can be made at an instant: their 42 bits of milliseconds last until 2154.
pub fn exists(instant: DateTime<Utc>) -> bool {
    (2015..2150).contains(&instant.year())
}

/// An instant as Discord writes it.
pub fn iso(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ids_rise_within_a_millisecond_and_after_a_step_back() {
        let mut ids = Snowflakes::new(7);
        let now: DateTime<Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
        let mut last = 0;
        for step in 0..10_000 {
            let at = if step < 5_000 { now } else { now - TimeDelta::days(1) };
            let id = ids.next(at);
            assert!(id > last);
            last = id;
        }
        assert!(created(last) - now < TimeDelta::milliseconds(4));
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let now: DateTime<Utc> = "2026-11-23T08:00:00.123Z".parse().unwrap();
        assert_eq!(created(Snowflakes::new(1).next(now)), now);
        assert_eq!(iso(now), "2026-11-23T08:00:00.123000+00:00");
    }
}
