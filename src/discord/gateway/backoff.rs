//! How long to wait between two connections.

use crate::engine::limits::Gateway;
use std::time::Duration;

/// The waits between connections. Those between connections without a session double; a session that
/// lasted makes the next wait zero.
#[derive(Debug, Clone)]
pub(in crate::discord) struct Backoff {
    first: Duration,
    longest: Duration,
    /// The next wait is `first` doubled so often, less one; 0 for no wait.
    step: u32,
}

impl Backoff {
    pub(in crate::discord) fn new(limits: &Gateway) -> Self {
        Self { first: limits.first_wait, longest: limits.longest_wait, step: 0 }
    }

    /// The wait after a connection that brought no session. `chance` is from 0 to 1.
    pub(in crate::discord) fn failed(&mut self, chance: f64) -> Duration {
        self.step = self.step.max(1);
        self.next(chance)
    }

    /// The wait after a session ended that had been connected for `lasted`. A session that ends right
    /// after it began counts like none: otherwise a server that hangs up after each RESUMED would be
    /// called hundreds of times a second.
    pub(super) fn ended(&mut self, lasted: Duration, began: Began, chance: f64) -> Duration {
        let enough = match began {
            // IDENTIFYs are counted by Discord; RESUMEs aren't.
            Began::Identified => self.longest,
            Began::Resumed => self.full(self.step.max(1)),
        };
        if lasted >= enough {
            self.step = 0;
        }
        self.next(chance)
    }

    fn next(&mut self, chance: f64) -> Duration {
        let wait = self.full(self.step).mul_f64(0.75 + 0.2 * chance.clamp(0.0, 1.0));
        self.step = self.step.saturating_add(1);
        wait
    }

    fn full(&self, step: u32) -> Duration {
        match step {
            0 => Duration::ZERO,
            step => self.first.saturating_mul(1 << (step - 1).min(24)).min(self.longest),
        }
    }
}

/// How a session began on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Began {
    Identified,
    Resumed,
}

/// A number from 0 to 1 that differs between bots and attempts.
#[expect(
    clippy::disallowed_methods,
    reason = "bots that lost Discord at the same moment must not come back in step, whatever their seed"
)]
pub(in crate::discord) fn chance() -> f64 {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Began, Duration, Gateway};

    /// What happened to a connection.
    enum Happened {
        Nothing,
        Session(Began, u64),
    }
    use Happened::{Nothing, Session};

    fn waits(happened: &[Happened], chance: f64) -> Vec<u64> {
        let mut backoff = Backoff::new(&Gateway::default());
        let wait = |one: &Happened| match one {
            Nothing => backoff.failed(chance),
            Session(began, s) => backoff.ended(Duration::from_secs(*s), *began, chance),
        };
        happened.iter().map(wait).map(|wait| u64::try_from(wait.as_millis()).unwrap()).collect()
    }

    #[test]
    fn waits_double_up_to_a_minute_and_vary() {
        let nothing: Vec<Happened> = std::iter::repeat_with(|| Nothing).take(9).collect();
        assert_eq!(
            waits(&nothing, 0.0),
            [750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000, 45_000]
        );
        assert_eq!(
            waits(&nothing, 1.0),
            [950, 1_900, 3_800, 7_600, 15_200, 30_400, 57_000, 57_000, 57_000]
        );
    }

    #[test]
    fn a_session_that_lasted_is_resumed_at_once() {
        let day = || Session(Began::Resumed, 86_400);
        let history = [Nothing, Nothing, Nothing, day(), Nothing, Nothing, day(), day()];
        assert_eq!(waits(&history, 0.0), [750, 1_500, 3_000, 0, 750, 1_500, 0, 0]);
    }

    #[test]
    fn a_session_that_ends_as_it_begins_counts_as_a_failure() {
        let short = |began| std::iter::repeat_with(move || Session(began, 0)).take(8);
        for began in [Began::Resumed, Began::Identified] {
            let history: Vec<Happened> = short(began).collect();
            assert_eq!(
                waits(&history, 0.0),
                [0, 750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000],
                "{began:?}"
            );
        }
        // Half a minute is enough for a RESUME, but a day has only 1,000 IDENTIFYs.
        let half = |began| [Session(began, 30), Session(began, 30), Session(began, 30)];
        assert_eq!(waits(&half(Began::Resumed), 0.0), [0, 0, 0]);
        assert_eq!(waits(&half(Began::Identified), 0.0), [0, 750, 1_500]);
    }

    #[test]
    fn a_wait_never_overflows() {
        let mut backoff = Backoff::new(&Gateway::default());
        backoff.step = u32::MAX;
        assert_eq!(backoff.failed(0.5).as_secs(), 51);
    }
}
