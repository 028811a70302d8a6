//! The bot's health, seen from within: the file that tells it to others, and the alarms.

use crate::discord::{Alarm, Outbound};
use crate::domain::alarm::{Call, Kind, Patience, call};
use crate::engine::Engine;
use crate::engine::health_file::HealthFile;
use crate::engine::limits;
use crate::engine::vitals::Vitals;
use chrono::TimeDelta;
use futures::FutureExt as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The least time between two stamps, whatever comes and goes.
const BETWEEN_STAMPS: Duration = Duration::from_millis(100);
/// The wait before a task that broke is started again.
pub(super) const BEFORE_THE_NEXT: Duration = Duration::from_secs(1);
/// How often the list of those who would be told is read.
const LIST_EVERY: Duration = Duration::from_mins(10);

/// Runs a task until it ends by itself or is cancelled. One that panics is logged and started again.
pub(super) async fn again<F: Future<Output = ()>>(
    name: &str,
    pause: Duration,
    stop: CancellationToken,
    task: impl Fn() -> F,
) {
    let work = async {
        while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task broke, and is started again");
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

/// Begins to stamp the health file of a database: at once, whenever a failure begins or ends, and
/// every so often.
pub(super) async fn begin(
    file: HealthFile,
    every: Duration,
    stop: CancellationToken,
) -> Arc<Vitals> {
    let vitals = Arc::new(Vitals::default());
    let earlier = file.clone();
    // What an earlier process has told the admins, so that they also hear of the end.
    let read = tokio::task::spawn_blocking(move || earlier.read().ok().flatten()).await;
    for kind in read.ok().flatten().map(|report| report.health.told).unwrap_or_default() {
        vitals.told(kind);
    }
    vitals.session_lost("the first session has not begun yet");
    write(&file, &vitals).await.unwrap_or_else(|why| complain(&file, &why));
    let watched = Arc::clone(&vitals);
    tokio::spawn(async move {
        let stamp = || stamp(&file, &watched, every);
        again("health file", BEFORE_THE_NEXT, stop, stamp).await;
    });
    vitals
}

async fn stamp(file: &HealthFile, vitals: &Vitals, every: Duration) {
    let mut failed = false;
    loop {
        tokio::time::sleep(BETWEEN_STAMPS).await;
        let written = write(file, vitals).await;
        match &written {
            Ok(()) if failed => tracing::info!("the health file can be written again"),
            Err(why) if !failed => complain(file, why),
            _ => {}
        }
        failed = written.is_err();
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = vitals.changed() => {}
        }
    }
}

async fn write(file: &HealthFile, vitals: &Vitals) -> Result<(), String> {
    let (file, snapshot) = (file.clone(), vitals.snapshot());
    let written = tokio::task::spawn_blocking(move || file.write(&snapshot)).await;
    written.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn complain(file: &HealthFile, why: &str) {
    tracing::warn!(
        file = %file.path().display(),
        why,
        "the health file can't be written, so `studyhall doctor` can't tell how this bot is"
    );
}

/// Tells the admins over REST when the bot neither hears nor writes for too long, once, and once
/// more when that is over.
pub(super) async fn alarms(engine: &Engine, outbound: &Outbound, limits: limits::Health) {
    let vitals = engine.vitals();
    let patience = Patience {
        deaf: span(limits.deaf_alarm_after),
        unwritable: span(limits.alarm_after),
        well: span(limits.calm),
    };
    let mut listed: Option<Instant> = None;
    loop {
        if listed.is_none_or(|at| at.elapsed() > LIST_EVERY) {
            outbound.note_who_to_tell().await;
            listed = Some(Instant::now());
        }
        let snapshot = vitals.snapshot();
        let next = call(&snapshot.told, vitals.health(), patience);
        let since = |kind| match kind {
            Kind::Deaf => snapshot.deaf.as_ref().map(|failing| Alarm::Deaf(failing.since)),
            Kind::Unwritable => {
                snapshot.unwritable.as_ref().map(|failing| Alarm::Unwritable(failing.since))
            }
        };
        let alarm = match next {
            Some(Call::Trouble(kind)) => since(kind),
            Some(Call::Over) => Some(Alarm::Over),
            None => None,
        };
        match (alarm, next) {
            (Some(alarm), Some(call)) if outbound.alarm(&alarm).await => match call {
                Call::Trouble(kind) => vitals.told(kind),
                Call::Over => vitals.told_of_the_end(),
            },
            (Some(_), _) => tokio::time::sleep(limits.alarm_retry).await,
            (None, _) => tokio::time::sleep(look_every(limits)).await,
        }
    }
}

/// How often the alarms look: often enough to be on time, never in a busy loop.
fn look_every(limits: limits::Health) -> Duration {
    let shortest = limits.alarm_after.min(limits.deaf_alarm_after).min(limits.calm);
    (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(5))
}

fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::{again, look_every};
    use crate::engine::limits::Health;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn a_task_that_panics_is_started_again() {
        let runs = AtomicU32::new(0);
        let task = || async {
            assert!(runs.fetch_add(1, Ordering::SeqCst) == 2, "on purpose");
        };
        again("test", Duration::ZERO, CancellationToken::new(), task).await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
        let stop = CancellationToken::new();
        stop.cancel();
        again("test", Duration::ZERO, stop, std::future::pending).await;
    }

    #[test]
    fn alarms_are_on_time() {
        let limits = Health::default();
        assert_eq!(look_every(limits), Duration::from_secs(5));
        assert!(look_every(Health { calm: Duration::ZERO, ..limits }) > Duration::ZERO);
    }
}
