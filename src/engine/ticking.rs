//! The task that ticks whenever something is due, and that has the system's clock compared with
//! Discord's before it believes it.

use super::clock_check::{ClockCheck, Reference, Verdict};
use super::dispatch::back_off;
use super::input::Input;
use super::limits;
use super::throttle::Throttle;
use super::{Engine, Shared};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Ticks come at least this often, whatever the agenda says.
const AT_LEAST_EVERY: TimeDelta = TimeDelta::hours(6);
/// How long one question about the time may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The comparison of the system's clock with another one; without a reference, none takes place.
pub(super) struct ClockWatch {
    /// Weak, because the reference holds the engine.
    reference: OnceLock<Weak<dyn Reference>>,
    check: Mutex<ClockCheck>,
    /// Where the monotonic clock counts from.
    start: Instant,
}

impl ClockWatch {
    pub(super) fn new(limits: limits::Clock) -> Self {
        let check = Mutex::new(ClockCheck::new(limits));
        Self { reference: OnceLock::new(), check, start: Instant::now() }
    }

    fn check(&self) -> MutexGuard<'_, ClockCheck> {
        self.check.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Until when things are due if the clock shows `now`: that instant, or one long past while the
    /// clock is in doubt.
    pub(super) fn due_by(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let watch = &self.clock_watch;
        match watch.reference.get() {
            Some(_) if watch.check().is_in_doubt(now, watch.start.elapsed()) => {
                DateTime::<Utc>::MIN_UTC
            }
            _ => now,
        }
    }

    fn must_compare(&self) -> bool {
        let watch = &self.clock_watch;
        watch.reference.get().is_some()
            && watch.check().must_ask(self.clock.now(), watch.start.elapsed())
    }
}

impl Engine {
    /// From now on the clock is only believed while it agrees with this one.
    pub fn compare_clock_with<R: Reference + 'static>(&self, reference: &Arc<R>) {
        let reference: Weak<R> = Arc::downgrade(reference);
        // There is one Discord.
        let _set_before = self.shared.clock_watch.reference.set(reference);
    }

    /// Until when things are due.
    pub(super) fn due_by(&self) -> DateTime<Utc> {
        self.shared.due_by(self.now())
    }

    /// Ticks whenever something is due, until cancelled. Recovery at the start is the first tick.
    pub async fn run_clock(self, stop: CancellationToken) {
        let mut agenda = self.shared.agenda.subscribe();
        let limits = self.shared.settings.limits.writer;
        let mut failures = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.believe_clock() => {}
            }
            // A failure is logged where it's noticed.
            if self.send(Input::Tick).await.is_err() {
                let wait = back_off(limits.first_wait, limits.longest_wait, failures);
                failures += 1;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(wait) => continue,
                }
            }
            failures = 0;
            let mut last_look = self.now();
            loop {
                let latest = last_look + AT_LEAST_EVERY;
                let next = agenda.borrow_and_update().map_or(latest, |next| next.min(latest));
                let now = self.now();
                if now < last_look {
                    // The clock was set back, so what was planned by it means nothing any more.
                    self.shared.rota().forget();
                    break;
                }
                if next <= now || self.shared.must_compare() {
                    break;
                }
                last_look = now;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.shared.clock.wait_until(next) => {}
                    _ = agenda.changed() => {}
                }
            }
        }
    }

    /// Returns once the clock can be followed.
    async fn believe_clock(&self) {
        let shared = &self.shared;
        let watch = &shared.clock_watch;
        let Some(reference) = watch.reference.get() else { return };
        let limits = shared.settings.limits;
        let (mut log, mut held) = (Throttle::new(limits.writer.reminder), false);
        while shared.must_compare() {
            let answer = match reference.upgrade() {
                Some(reference) => tokio::time::timeout(ANSWER_WITHIN, reference.now()).await,
                None => Ok(None),
            };
            let answer = answer.ok().flatten();
            let verdict = watch.check().answer(self.now(), watch.start.elapsed(), answer);
            match verdict {
                Verdict::Agrees => {
                    shared.vitals.clock_trusted();
                    if held {
                        tracing::info!("this computer's clock is right again; rounds go on");
                    }
                }
                Verdict::Hold(ahead) => {
                    held = true;
                    let why = doubt(ahead);
                    shared.vitals.clock_doubted(&why);
                    if log.pass(Instant::now()).is_some() {
                        let minutes = limits.clock.patience.as_secs() / 60;
                        tracing::warn!(
                            "{why}. No round is posted or closed until both clocks agree, for at \
                             most {minutes} minutes. Set this computer's clock"
                        );
                    }
                    tokio::time::sleep(limits.clock.retry).await;
                }
                Verdict::GoOn(ahead) => {
                    let why = doubt(ahead);
                    match ahead {
                        Some(_) => shared.vitals.clock_doubted(&format!(
                            "{why}; rounds follow this computer's clock all the same"
                        )),
                        None => shared.vitals.clock_trusted(),
                    }
                    tracing::warn!(
                        "{why}. Rounds now follow this computer's clock all the same, because \
                         waiting any longer could miss them"
                    );
                }
                Verdict::StillDiffers => {}
            }
        }
    }
}

/// Why the clock isn't believed.
fn doubt(ahead: Option<TimeDelta>) -> String {
    let span = |span: TimeDelta| match span.num_seconds() {
        seconds @ 0..120 => format!("{seconds} seconds"),
        seconds @ 120..7_200 => format!("{} minutes", (seconds + 30) / 60),
        seconds => format!("{} hours", (seconds + 1_800) / 3_600),
    };
    match ahead {
        Some(ahead) if ahead > TimeDelta::zero() => {
            format!("this computer's clock is {} ahead of Discord's", span(ahead))
        }
        Some(behind) => format!("this computer's clock is {} behind Discord's", span(-behind)),
        None => "this computer's clock can't be compared with Discord's at the moment".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::doubt;
    use chrono::TimeDelta;

    #[test]
    fn doubts_in_words() {
        for (ahead, said) in [
            (Some(119), "this computer's clock is 119 seconds ahead of Discord's"),
            (Some(-121), "this computer's clock is 2 minutes behind Discord's"),
            (Some(7 * 3600 - 1), "this computer's clock is 7 hours ahead of Discord's"),
            (None, "this computer's clock can't be compared with Discord's at the moment"),
        ] {
            assert_eq!(doubt(ahead.map(TimeDelta::seconds)), said);
        }
    }
}
