//! What a running bot knows of its own health: when it last heard from Discord and last wrote, and
//! what has failed since. Whoever notices something notes it here; the health file, the health check
//! and the alarms read it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A failure that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Since when. Real time, not study time.
    pub since: DateTime<Utc>,
    /// Why, in a few words for an operator; holds no secret.
    pub why: String,
}

/// The present state. All instants are real time, not study time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// When the last gateway event came.
    pub event: Option<DateTime<Utc>>,
    /// When Discord last acknowledged a heartbeat.
    pub heartbeat: Option<DateTime<Utc>>,
    /// When the last commit succeeded.
    pub commit: Option<DateTime<Utc>>,
    /// There is no gateway session.
    pub deaf: Option<Failing>,
    /// The database cannot be written.
    pub unwritable: Option<Failing>,
    /// The system's clock isn't believed, or is followed against Discord's.
    pub clock: Option<Failing>,
    /// Interactions that the client library could not read, since the start.
    pub unreadable: u64,
}

/// The bot's own account of its health.
#[derive(Debug, Default)]
pub struct Vitals {
    state: Mutex<Snapshot>,
}

impl Vitals {
    /// The present state.
    pub fn snapshot(&self) -> Snapshot {
        self.state().clone()
    }

    /// A gateway event came.
    pub fn heard(&self) {
        self.state().event = Some(real_now());
    }

    /// Discord acknowledged a heartbeat.
    pub fn heartbeat(&self) {
        self.state().heartbeat = Some(real_now());
    }

    /// A gateway session has begun, or went on.
    pub fn session_began(&self) {
        self.state().deaf = None;
    }

    /// There is no gateway session. Told again, only the reason changes.
    pub fn session_lost(&self, why: &str) {
        fails(&mut self.state().deaf, why);
    }

    /// How long there has been no gateway session; zero while there is one.
    pub fn deaf_for(&self) -> TimeDelta {
        let since = self.state().deaf.as_ref().map(|failing| failing.since);
        since.map_or(TimeDelta::zero(), |since| real_now() - since)
    }

    /// A transaction was committed.
    pub fn committed(&self) {
        let mut state = self.state();
        state.commit = Some(real_now());
        state.unwritable = None;
    }

    /// A transaction could not be begun or committed. Told again, only the reason changes.
    pub fn commit_failed(&self, why: &str) {
        fails(&mut self.state().unwritable, why);
    }

    /// The system's clock is in doubt. Told again, only the reason changes.
    pub fn clock_doubted(&self, why: &str) {
        fails(&mut self.state().clock, why);
    }

    /// The system's clock agrees with Discord's.
    pub fn clock_agrees(&self) {
        self.state().clock = None;
    }

    /// An interaction came that could not be read.
    pub fn unreadable(&self) {
        self.state().unreadable += 1;
    }

    fn state(&self) -> MutexGuard<'_, Snapshot> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fails(failing: &mut Option<Failing>, why: &str) {
    let since = failing.as_ref().map_or_else(real_now, |failing| failing.since);
    *failing = Some(Failing { since, why: why.to_owned() });
}

#[expect(clippy::disallowed_methods, reason = "health is a matter of real time, not study time")]
fn real_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::Vitals;

    #[test]
    fn a_failure_keeps_its_beginning_until_it_is_over() {
        let vitals = Vitals::default();
        vitals.session_lost("no answer");
        let first = vitals.snapshot().deaf.unwrap();
        vitals.session_lost("refused");
        let second = vitals.snapshot().deaf.unwrap();
        assert_eq!((second.since, second.why.as_str()), (first.since, "refused"));
        vitals.session_began();
        assert_eq!(vitals.snapshot().deaf, None);
        vitals.commit_failed("disk full");
        assert!(vitals.snapshot().unwritable.is_some());
        vitals.committed();
        let after = vitals.snapshot();
        assert!(after.unwritable.is_none() && after.commit.is_some());
    }
}
