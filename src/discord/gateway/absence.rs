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
        if let Some(line) = self.first_line(why, wait) {
            tracing::warn!("{line}");
        }
    }

    fn first_line(&self, why: &str, wait: Duration) -> Option<String> {
        self.begin(why);
        let mut state = self.state();
        let away = state.as_mut().filter(|away| away.said.is_none())?;
        Some(away.line(&self.from, Some(wait)))
    }

    /// The bot is back.
    pub(in crate::discord) fn over(&self) {
        if let Some(line) = self.last_line() {
            tracing::info!("{line}");
        }
    }

    fn last_line(&self) -> Option<String> {
        let away = self.state().take().filter(|away| away.said.is_some())?;
        let (lasted, since) = (rounded(away.began.elapsed()), shown(away.since));
        Some(format!("{} is back after {lasted} (away since {since})", self.from))
    }

    /// Does the work, and reminds the log of an absence meanwhile.
    pub(in crate::discord) async fn reminding<T>(&self, work: impl Future<Output = T>) -> T {
        let reminding = async {
            loop {
                tokio::time::sleep(self.until_reminder()).await;
                if let Some(line) = self.reminder() {
                    tracing::warn!("{line}");
                }
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

    fn reminder(&self) -> Option<String> {
        let mut state = self.state();
        let due = |away: &&mut Away| away.said.unwrap_or(away.began).elapsed() >= self.reminder;
        state.as_mut().filter(due).map(|away| away.line(&self.from, None))
    }

    fn state(&self) -> MutexGuard<'_, Option<Away>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Away {
    fn line(&mut self, from: &str, wait: Option<Duration>) -> String {
        self.said = Some(Instant::now());
        let next = wait.map(|wait| format!(" in {}", rounded(wait))).unwrap_or_default();
        let (since, lasted) = (shown(self.since), rounded(self.began.elapsed()));
        let why = &self.why;
        format!("no connection to {from} since {since} ({lasted}): {why}. Trying again{next}")
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

#[cfg(test)]
mod tests {
    use super::{Absence, Duration};

    const MINUTE: Duration = Duration::from_secs(60);

    /// Without the instant.
    fn plain(line: Option<String>) -> String {
        let line = line.expect("a line");
        let (before, rest) = line.split_once("since 2").unwrap();
        format!("{before}since …{}", &rest[19..])
    }

    #[test]
    fn the_log_hears_at_once_then_in_intervals_and_at_the_end() {
        let absence = Absence::new("Discord", MINUTE);
        absence.begin("the connection broke");
        assert_eq!(absence.reminder(), None, "it may be back in a moment");
        assert_eq!(
            plain(absence.first_line("refused", Duration::from_millis(900))),
            "no connection to Discord since … (0s): refused. Trying again in 1s"
        );
        assert_eq!(absence.first_line("refused", MINUTE), None);
        assert_eq!(absence.reminder(), None);
        assert_eq!(plain(absence.last_line()), "Discord is back after 0s (away since …)");
        assert_eq!(absence.last_line(), None);

        let often = Absence::new("Discord", Duration::ZERO);
        assert_eq!(often.reminder(), None, "nothing to say");
        often.begin("refused");
        for _ in 0..2 {
            let line = plain(often.reminder());
            assert_eq!(line, "no connection to Discord since … (0s): refused. Trying again");
        }
    }

    #[test]
    fn an_absence_that_ends_at_once_is_not_mentioned() {
        let absence = Absence::new("Discord", MINUTE);
        absence.begin("Discord asked to connect again");
        assert_eq!(absence.last_line(), None);
    }
}
