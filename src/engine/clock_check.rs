//! Whether the system's clock can be believed: a wrong clock must not close a round hours early or
//! let days of rounds be missed.
//!
//! The clock is compared with Discord's at the start, and whenever it has moved against the monotonic
//! clock. Until both agree, nothing becomes due. What to do is decided here, purely; the engine's clock
//! task asks Discord.

use super::limits::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use std::time::Duration;

/// A clock that the system's is compared with.
pub trait Reference: Send + Sync {
    /// The present instant; `None` if it can't be learned at the moment.
    fn now(&self) -> BoxFuture<'_, Option<DateTime<Utc>>>;
}

/// What an answer of the reference comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The clock is right.
    Agrees,
    /// The clock may be wrong, so nothing becomes due. How far it's ahead, if the reference says.
    Hold(Option<TimeDelta>),
    /// It was on hold for as long as the patience lasts, and goes on unconfirmed.
    GoOn(Option<TimeDelta>),
    /// It had gone on against the reference, and still differs.
    StillDiffers,
}

/// The state of the comparison. Instants of the monotonic clock are given as the time since the start.
#[derive(Debug)]
pub(super) struct ClockCheck {
    limits: Clock,
    /// An instant by both clocks at which the system's clock was believed.
    anchor: Option<(DateTime<Utc>, Duration)>,
    /// Since when nothing becomes due.
    held: Option<Duration>,
    /// When the reference last contradicted a clock that is followed all the same.
    contradicted: Option<Duration>,
}

impl ClockCheck {
    pub(super) fn new(limits: Clock) -> Self {
        Self { limits, anchor: None, held: None, contradicted: None }
    }

    /// Whether nothing may become due by the system's clock, which shows `wall`. A jump counts at once,
    /// even if nobody was asked about it yet.
    pub(super) fn is_in_doubt(&self, wall: DateTime<Utc>, monotonic: Duration) -> bool {
        self.held.is_some() || !self.keeps_pace(wall, monotonic)
    }

    /// Whether the reference must be asked before anything becomes due.
    pub(super) fn must_ask(&self, wall: DateTime<Utc>, monotonic: Duration) -> bool {
        self.is_in_doubt(wall, monotonic)
            || self.contradicted.is_some_and(|at| monotonic >= at + self.limits.patience)
    }

    /// Takes what the reference says; `None` if it couldn't be asked.
    pub(super) fn answer(
        &mut self,
        wall: DateTime<Utc>,
        monotonic: Duration,
        reference: Option<DateTime<Utc>>,
    ) -> Verdict {
        let ahead = reference.map(|reference| wall - reference);
        let keeps_pace = self.keeps_pace(wall, monotonic);
        if ahead.is_some_and(|ahead| is_within(ahead, self.limits.agreement)) {
            self.believe(wall, monotonic);
            self.contradicted = None;
            return Verdict::Agrees;
        }
        // It has come back by itself to where it was right.
        if ahead.is_none() && keeps_pace {
            self.held = None;
            return Verdict::Agrees;
        }
        if self.contradicted.is_some() && self.held.is_none() && keeps_pace {
            self.contradicted = Some(monotonic);
            return Verdict::StillDiffers;
        }
        let since = *self.held.get_or_insert(monotonic);
        if monotonic < since + self.limits.patience {
            return Verdict::Hold(ahead);
        }
        self.believe(wall, monotonic);
        self.contradicted = ahead.map(|_| monotonic);
        Verdict::GoOn(ahead)
    }

    fn believe(&mut self, wall: DateTime<Utc>, monotonic: Duration) {
        self.anchor = Some((wall, monotonic));
        self.held = None;
    }

    /// Whether the wall clock has moved as far as the monotonic one since it was last believed.
    fn keeps_pace(&self, wall: DateTime<Utc>, monotonic: Duration) -> bool {
        let Some((believed, then)) = self.anchor else { return false };
        let passed = TimeDelta::from_std(monotonic.saturating_sub(then)).unwrap_or(TimeDelta::MAX);
        is_within((wall - believed) - passed, self.limits.doubt)
    }
}

fn is_within(difference: TimeDelta, limit: Duration) -> bool {
    difference.abs().to_std().is_ok_and(|difference| difference <= limit)
}

#[cfg(test)]
mod tests {
    use super::{ClockCheck, Verdict};
    use crate::engine::limits::Clock;
    use chrono::{DateTime, TimeDelta, Utc};
    use std::time::Duration;

    /// The real time at the start.
    fn noon() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    /// What Discord says.
    enum Discord {
        IsRight,
        IsAway,
    }
    use Discord::{IsAway, IsRight};

    /// Seconds since the start, how far the system's clock is ahead of the real time by then, what the
    /// computer slept through before, and what Discord says if it's asked. Then whether it's asked,
    /// the verdict, and whether things are due.
    type Step = (i64, i64, i64, Discord, Option<Verdict>, bool);

    const AGREES: Option<Verdict> = Some(Verdict::Agrees);
    const HOUR: i64 = 3600;

    fn hold(ahead: i64) -> Option<Verdict> {
        Some(Verdict::Hold(Some(TimeDelta::seconds(ahead))))
    }

    fn play(name: &str, steps: &[Step]) {
        let mut check = ClockCheck::new(Clock::default());
        for (number, (monotonic, ahead, slept, discord, verdict, due)) in steps.iter().enumerate() {
            let real = noon() + TimeDelta::seconds(monotonic + slept);
            let wall = real + TimeDelta::seconds(*ahead);
            let monotonic = Duration::from_secs(monotonic.unsigned_abs());
            let told = check.must_ask(wall, monotonic).then(|| {
                let reference = matches!(discord, IsRight).then_some(real);
                check.answer(wall, monotonic, reference)
            });
            assert_eq!(told, *verdict, "{name}, step {number}");
            assert_eq!(!check.is_in_doubt(wall, monotonic), *due, "{name}, step {number}");
        }
    }

    #[test]
    fn a_clock_that_is_right() {
        play(
            "from the start",
            &[
                (0, 0, 0, IsRight, AGREES, true),
                (20, 0, 0, IsRight, None, true),
                (30 * 24 * HOUR, 3, 0, IsAway, None, true),
            ],
        );
        play(
            "a little off",
            &[(0, 119, 0, IsRight, AGREES, true), (1, 119, 0, IsAway, None, true)],
        );
        play(
            "small steps",
            &[
                (0, 0, 0, IsRight, AGREES, true),
                (60, 299, 0, IsAway, None, true),
                (120, -299, 0, IsAway, None, true),
            ],
        );
        play(
            "asleep for a night",
            &[
                (0, 0, 0, IsRight, AGREES, true),
                (60, 0, 8 * HOUR, IsRight, AGREES, true),
                (80, 0, 8 * HOUR, IsAway, None, true),
            ],
        );
    }

    #[test]
    fn a_clock_that_is_wrong_for_a_while() {
        play(
            "hours ahead for 25 seconds",
            &[
                (0, 0, 0, IsRight, AGREES, true),
                (60, 7 * HOUR, 0, IsRight, hold(7 * HOUR), false),
                (70, 7 * HOUR, 0, IsRight, hold(7 * HOUR), false),
                (85, 0, 0, IsRight, AGREES, true),
            ],
        );
        play(
            "days behind",
            &[
                (0, 0, 0, IsRight, AGREES, true),
                (60, -72 * HOUR, 0, IsRight, hold(-72 * HOUR), false),
                (85, 0, 0, IsRight, AGREES, true),
            ],
        );
        play(
            "back by itself while Discord is away",
            &[
                (0, 0, 0, IsRight, AGREES, true),
                (60, 7 * HOUR, 0, IsAway, Some(Verdict::Hold(None)), false),
                (85, 0, 0, IsAway, AGREES, true),
            ],
        );
        play(
            "wrong at the start",
            &[(0, 121, 0, IsRight, hold(121), false), (30, 0, 0, IsRight, AGREES, true)],
        );
    }

    #[test]
    fn patience_ends_after_ten_minutes() {
        let ahead = Some(TimeDelta::seconds(7 * HOUR));
        play(
            "Discord says otherwise",
            &[
                (0, 7 * HOUR, 0, IsRight, hold(7 * HOUR), false),
                (599, 7 * HOUR, 0, IsRight, hold(7 * HOUR), false),
                (600, 7 * HOUR, 0, IsRight, Some(Verdict::GoOn(ahead)), true),
                (620, 7 * HOUR, 0, IsRight, None, true),
                // It asks again from time to time, and holds nothing up.
                (1200, 7 * HOUR, 0, IsRight, Some(Verdict::StillDiffers), true),
                (1201, 7 * HOUR, 0, IsRight, None, true),
                // Set right at last: another jump.
                (1300, 0, 0, IsRight, AGREES, true),
                (3600, 0, 0, IsAway, None, true),
            ],
        );
        play(
            "Discord is away",
            &[
                (0, 0, 0, IsAway, Some(Verdict::Hold(None)), false),
                (300, 0, 0, IsAway, Some(Verdict::Hold(None)), false),
                (600, 0, 0, IsAway, Some(Verdict::GoOn(None)), true),
                (3600, 0, 0, IsAway, None, true),
            ],
        );
        play(
            "another jump after the patience",
            &[
                (0, 7 * HOUR, 0, IsRight, hold(7 * HOUR), false),
                (600, 7 * HOUR, 0, IsRight, Some(Verdict::GoOn(ahead)), true),
                (700, 30 * HOUR, 0, IsRight, hold(30 * HOUR), false),
            ],
        );
    }

    #[test]
    fn a_jump_counts_before_anybody_was_asked() {
        let mut check = ClockCheck::new(Clock::default());
        assert!(check.is_in_doubt(noon(), Duration::ZERO), "nothing was compared yet");
        check.answer(noon(), Duration::ZERO, Some(noon()));
        let second = Duration::from_secs(1);
        assert!(!check.is_in_doubt(noon() + TimeDelta::seconds(1), second));
        for hours in [-7, 7] {
            let wall = noon() + TimeDelta::hours(hours);
            assert!(check.is_in_doubt(wall, second) && check.must_ask(wall, second), "{hours}");
        }
    }
}
