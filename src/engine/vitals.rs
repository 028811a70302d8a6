//! What a running bot knows of its own health: when it last heard from Discord and last wrote, and
//! what has failed since. Whoever notices something notes it here; the health file, the health check
//! and the alarms read it.

pub use crate::domain::checkup::Failing;

use crate::domain::alarm::{Health, Kind};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

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
    /// The system's clock is doubted, and nothing becomes due.
    pub clock_doubted: Option<Failing>,
    /// Interactions that the client library could not read, since the start.
    pub unreadable: u64,
    /// What the admins were told since all was last well. Outlives a restart in the health file, so
    /// that they also hear of the end.
    pub told: BTreeSet<Kind>,
}

/// The bot's own account of its health.
#[derive(Debug)]
pub struct Vitals {
    state: Mutex<State>,
    /// A failure began or ended.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    snapshot: Snapshot,
    // By a clock that nobody sets, unlike the instants that people read.
    deaf_from: Option<Instant>,
    unwritable_from: Option<Instant>,
    well_from: Option<Instant>,
}

impl Default for Vitals {
    fn default() -> Self {
        let state = State {
            snapshot: Snapshot::default(),
            deaf_from: None,
            unwritable_from: None,
            well_from: Some(Instant::now()),
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl Vitals {
    /// The present state.
    pub fn snapshot(&self) -> Snapshot {
        self.state().snapshot.clone()
    }

    /// How long what has failed, or nothing.
    pub fn health(&self) -> Health {
        let state = self.state();
        let span = |from: Option<Instant>| {
            from.map(|from| TimeDelta::from_std(from.elapsed()).unwrap_or(TimeDelta::MAX))
        };
        Health {
            deaf: span(state.deaf_from),
            unwritable: span(state.unwritable_from),
            well: span(state.well_from),
        }
    }

    /// Waits until a failure begins or ends, or has since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// A gateway event came.
    pub fn heard(&self) {
        self.state().snapshot.event = Some(real_now());
    }

    /// Discord acknowledged a heartbeat.
    pub fn heartbeat(&self) {
        self.state().snapshot.heartbeat = Some(real_now());
    }

    /// A gateway session has begun, or went on.
    pub fn session_began(&self) {
        self.change(|state| {
            state.snapshot.deaf = None;
            state.deaf_from = None;
        });
    }

    /// There is no gateway session. Told again, only the reason changes.
    pub fn session_lost(&self, why: &str) {
        self.change(|state| {
            fails(&mut state.snapshot.deaf, why);
            state.deaf_from.get_or_insert_with(Instant::now);
        });
    }

    /// How long there has been no gateway session; zero while there is one.
    pub fn deaf_for(&self) -> TimeDelta {
        self.health().deaf.unwrap_or_default()
    }

    /// A transaction was committed.
    pub fn committed(&self) {
        self.state().snapshot.commit = Some(real_now());
        self.change(|state| {
            state.snapshot.unwritable = None;
            state.unwritable_from = None;
        });
    }

    /// A transaction could not be begun or committed. Told again, only the reason changes.
    pub fn commit_failed(&self, why: &str) {
        self.change(|state| {
            fails(&mut state.snapshot.unwritable, why);
            state.unwritable_from.get_or_insert_with(Instant::now);
        });
    }

    /// The system's clock may be wrong: nothing becomes due for now.
    pub fn clock_doubted(&self, why: &str) {
        self.change(|state| fails(&mut state.snapshot.clock_doubted, why));
    }

    /// The system's clock is trusted again.
    pub fn clock_trusted(&self) {
        self.change(|state| state.snapshot.clock_doubted = None);
    }

    /// An interaction came that could not be read.
    pub fn unreadable(&self) {
        self.state().snapshot.unreadable += 1;
    }

    /// The admins were told of a trouble.
    pub fn told(&self, kind: Kind) {
        self.change(|state| {
            state.snapshot.told.insert(kind);
        });
    }

    /// The admins were told that all is over.
    pub fn told_of_the_end(&self) {
        self.change(|state| state.snapshot.told.clear());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what fails, and says so to whoever waits for it.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        let before = state.failures();
        change(&mut state);
        let well = state.deaf_from.is_none() && state.unwritable_from.is_none();
        state.well_from = state.well_from.filter(|_| well).or_else(|| well.then(Instant::now));
        let differs = state.failures() != before;
        drop(state);
        if differs {
            self.changed.notify_one();
        }
    }
}

impl State {
    fn failures(&self) -> (bool, bool, bool, usize) {
        let Snapshot { deaf, unwritable, clock_doubted, told, .. } = &self.snapshot;
        (deaf.is_some(), unwritable.is_some(), clock_doubted.is_some(), told.len())
    }
}

fn fails(failing: &mut Option<Failing>, why: &str) {
    let since = failing.as_ref().map_or_else(real_now, |failing| failing.since);
    *failing = Some(Failing { since, why: why.to_owned() });
}

#[expect(clippy::disallowed_methods, reason = "health is a matter of real time, not study time")]
pub(super) fn real_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::Vitals;
    use crate::domain::alarm::Kind;
    use futures::FutureExt as _;

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
        vitals.clock_doubted("two hours ahead");
        assert!(vitals.snapshot().clock_doubted.is_some());
        vitals.clock_trusted();
        assert_eq!(vitals.snapshot().clock_doubted, None);
    }

    #[test]
    fn all_is_well_only_while_nothing_fails() {
        let vitals = Vitals::default();
        let lasting = |vitals: &Vitals| {
            let health = vitals.health();
            (health.deaf.is_some(), health.unwritable.is_some(), health.well.is_some())
        };
        assert_eq!(lasting(&vitals), (false, false, true));
        vitals.session_lost("gone");
        vitals.commit_failed("full");
        assert_eq!(lasting(&vitals), (true, true, false));
        vitals.committed();
        assert_eq!(lasting(&vitals), (true, false, false));
        vitals.session_began();
        assert_eq!(lasting(&vitals), (false, false, true));
    }

    #[test]
    fn whoever_waits_hears_of_beginnings_and_ends_and_of_nothing_else() {
        let vitals = Vitals::default();
        let heard = || vitals.changed().now_or_never().is_some();
        vitals.committed();
        vitals.heard();
        assert!(!heard());
        vitals.commit_failed("full");
        assert!(heard());
        vitals.commit_failed("still full");
        assert!(!heard());
        vitals.committed();
        assert!(heard());
        vitals.told(Kind::Deaf);
        assert!(heard());
        vitals.told_of_the_end();
        assert!(heard() && !heard());
    }
}
