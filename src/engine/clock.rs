//! Study time: the clock that decides when rounds are due, which a sandbox may simulate.
//!
//! Wire time (time-outs, back-off) is not here: it is always real and monotonic.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use std::time::Duration;

/// A clock of study time.
pub trait StudyClock: Send + Sync {
    /// The present instant, to the millisecond.
    fn now(&self) -> DateTime<Utc>;

    /// Returns when `at` has come, or earlier: because the clock was changed, or so that the
    /// caller looks at the clock again. Callers check `now` themselves.
    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()>;

    /// Whether it's meant to show the real time, and so must agree with Discord's clock.
    fn is_real(&self) -> bool {
        false
    }
}

/// The computer's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// The longest sleep between two looks at the system clock. Sleeping is monotonic while the clock
/// may be set; this is how long a jump of it can stay unnoticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

impl StudyClock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        // Whole milliseconds, as the store keeps them: an instant equals itself after a restart.
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        let wait = (at - self.now()).max(TimeDelta::zero()).to_std().unwrap_or(LONGEST_SLEEP);
        Box::pin(tokio::time::sleep(wait.min(LONGEST_SLEEP)))
    }

    fn is_real(&self) -> bool {
        true
    }
}
