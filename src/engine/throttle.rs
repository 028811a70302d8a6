//! Keeps a failure that repeats from filling the log.

use std::time::Duration;
use tokio::time::Instant;

/// Lets the first of a row of failures be logged, and then one per interval.
#[derive(Debug)]
pub(crate) struct Throttle {
    every: Duration,
    logged: Option<Instant>,
    held_back: u32,
}

impl Throttle {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, logged: None, held_back: 0 }
    }

    /// Whether to log a failure that happened `now`; if so, how many weren't logged since the last
    /// one that was.
    pub(crate) fn pass(&mut self, now: Instant) -> Option<u32> {
        if self.logged.is_some_and(|at| now.duration_since(at) < self.every) {
            self.held_back = self.held_back.saturating_add(1);
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.held_back))
    }

    /// The failure is over: the next one is the first of a new row.
    pub(crate) fn reset(&mut self) {
        (self.logged, self.held_back) = (None, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::Throttle;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn the_first_is_logged_and_then_one_a_minute() {
        let (mut throttle, start) = (Throttle::new(Duration::from_secs(60)), Instant::now());
        let mut at = |seconds| throttle.pass(start + Duration::from_secs(seconds));
        assert_eq!(at(0), Some(0));
        assert_eq!((at(1), at(30), at(59)), (None, None, None));
        assert_eq!(at(60), Some(3));
        assert_eq!((at(61), at(200)), (None, Some(1)));
        throttle.reset();
        assert_eq!(throttle.pass(start + Duration::from_secs(201)), Some(0));
    }
}
