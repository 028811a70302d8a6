//! Since when the bot has been away, and what the log says about it.

use crate::engine::vitals::Vitals;
use chrono::{DateTime, SecondsFormat, Utc};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time without Discord. The log says why at once, reminds of it, and says when it is over.
pub(in crate::discord) struct Absence {
    /// What is away, for the log: "Discord's gateway".
    from: String,
    reminder: Duration,
    state: Mutex<Option<Away>>,
}

struct Away {
    since: DateTime<Utc>,
    began: Instant,
    why: String,
    /// When the log last said so.
    said: Option<Instant>,
}

impl Absence {
    pub(in crate::discord) fn new(from: &str, reminder: Duration) -> Self {
        Self { from: from.to_owned(), reminder, state: Mutex::new(None) }
    }

    /// The bot is away. The log hears of it when the first attempt to come back fails.
    pub(in crate::discord) fn begin(&self, why: &str) {
        let mut state = self.state();
        let began = Instant::now();
        let away = state.get_or_insert_with(|| Away {
            since: real_now(),
            began,
            why: String::new(),
            said: None,
        });
        why.clone_into(&mut away.why);
    }

    /// An attempt to come back has failed, and the next one follows after `wait`.
    pub(in crate::discord) fn failed(&self, why: &str, wait: Duration) {
        self.begin(why);
        let mut state = self.state();
        if let Some(away) = state.as_mut().filter(|away| away.said.is_none()) {
            away.say(&self.from, Some(wait));
        }
    }

    /// The bot is back.
    pub(in crate::discord) fn over(&self) {
        let away = self.state().take();
        if let Some(away) = away.filter(|away| away.said.is_some()) {
            let lasted = rounded(away.began.elapsed());
            let since = shown(away.since);
            tracing::info!("{} is back after {lasted} (away since {since})", self.from);
        }
    }

    /// Does the work, and reminds the log of an absence meanwhile.
    pub(in crate::discord) async fn reminding<T>(&self, work: impl Future<Output = T>) -> T {
        let reminding = async {
            loop {
                tokio::time::sleep(self.until_reminder()).await;
                self.remind();
            }
        };
        tokio::select! {
            done = work => done,
            () = reminding => std::future::pending().await,
        }
    }

    fn until_reminder(&self) -> Duration {
        let state = self.state();
        let last = state.as_ref().map(|away| away.said.unwrap_or(away.began));
        last.map_or(self.reminder, |last| self.reminder.saturating_sub(last.elapsed()))
            .max(Duration::from_millis(10))
    }

    fn remind(&self) {
        let mut state = self.state();
        let due = |away: &&mut Away| away.said.unwrap_or(away.began).elapsed() >= self.reminder;
        if let Some(away) = state.as_mut().filter(due) {
            away.say(&self.from, None);
        }
    }

    fn state(&self) -> MutexGuard<'_, Option<Away>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Away {
    fn say(&mut self, from: &str, wait: Option<Duration>) {
        self.said = Some(Instant::now());
        let since = shown(self.since);
        let next = wait.map(|wait| format!(" in {}", rounded(wait))).unwrap_or_default();
        let lasted = rounded(self.began.elapsed());
        tracing::warn!(
            "no connection to {from} since {since} ({lasted}): {}. Trying again{next}",
            self.why
        );
    }
}

/// Notes the loss of a session for the health check too.
pub(super) fn lost(absence: &Absence, vitals: &Vitals, why: &str) {
    absence.begin(why);
    vitals.session_lost(why);
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// In whole seconds, as people write them.
fn rounded(span: Duration) -> humantime::FormattedDuration {
    let seconds = span.as_secs() + u64::from(span.subsec_millis() >= 500);
    humantime::format_duration(Duration::from_secs(seconds))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an absence is a matter of real time, not study time"
)]
fn real_now() -> DateTime<Utc> {
    Utc::now()
}
