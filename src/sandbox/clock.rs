//! Study time: the system's clock, one that runs at another rate, or one that only moves when told.
//!
//! Whoever waits for an instant registers it, so that [`SimClock::advance`] can stop at every such
//! instant on the way instead of leaping over it.

use super::snowflake;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Resolves once everything that the last step set off has come to rest.
pub type Settler = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Longest single sleep of a waiter; it then looks again, so nothing overflows on far instants.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// A clock shared by all its clones.
#[derive(Clone)]
pub struct SimClock {
    inner: Arc<Inner>,
}

struct Inner {
    base: Base,
    moved: Mutex<Moved>,
    /// Rises with every advance and jump; waiters listen to it.
    version: watch::Sender<u64>,
    /// One advance at a time: two at once would visit instants out of order.
    steps: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
enum Base {
    System,
    Rate { start: DateTime<Utc>, rate: f64, origin: Instant },
    Manual { start: DateTime<Utc> },
}

#[derive(Default)]
struct Moved {
    /// What advances and jumps have added to the base.
    offset: TimeDelta,
    /// Registered instants; the number tells two waits for the same instant apart.
    waits: BTreeSet<(DateTime<Utc>, u64)>,
    last_wait: u64,
}

impl SimClock {
    /// The system's clock. It cannot be advanced through the sandbox's `/clock`.
    pub fn system() -> Self {
        Self::with(Base::System)
    }

    /// A clock that starts at `start` now and runs `rate` simulated seconds per real second.
    pub fn rate(start: DateTime<Utc>, rate: f64) -> Self {
        Self::with(Base::Rate { start, rate, origin: Instant::now() })
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self::with(Base::Manual { start })
    }

    /// Reads `START@RATE` (`2026-11-23T07:59:00Z@3600`) or `START@manual`.
    ///
    /// # Errors
    /// A sentence that says which part cannot be read. A rate is above 0 and at most 1,000,000.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (start, pace) = text
            .rsplit_once('@')
            .ok_or_else(|| format!("`{text}` is not START@RATE or START@manual"))?;
        let start = DateTime::parse_from_rfc3339(start)
            .map_err(|error| format!("`{start}` is not an RFC 3339 instant: {error}"))?
            .with_timezone(&Utc);
        if pace == "manual" {
            return Ok(Self::manual(start));
        }
        match pace.parse::<f64>() {
            Ok(rate) if rate > 0.0 && rate <= 1_000_000.0 => Ok(Self::rate(start, rate)),
            _ => Err(format!("`{pace}` is not a rate above 0 and at most 1000000, nor `manual`")),
        }
    }

    /// Study time, to the millisecond.
    pub fn now(&self) -> DateTime<Utc> {
        self.read(&self.moved())
    }

    /// Whether this is the system's own clock.
    pub fn is_system(&self) -> bool {
        matches!(self.inner.base, Base::System)
    }

    /// Whether ids exist for the instant that is `by` from now.
    pub fn reaches(&self, by: TimeDelta) -> bool {
        self.now().checked_add_signed(by).is_some_and(snowflake::exists)
    }

    /// The earliest instant somebody waits for, if any.
    pub fn next_wait(&self) -> Option<DateTime<Utc>> {
        self.moved().waits.first().map(|(instant, _)| *instant)
    }

    /// Returns once it is `instant` or later, or as soon as the clock was advanced or has jumped;
    /// the caller looks again. While it waits, `advance` stops at `instant`. Cancel safe.
    pub async fn wait_until(&self, instant: DateTime<Utc>) {
        let mut changed = self.inner.version.subscribe();
        let registered = self.register(instant);
        let left = instant - self.now();
        if left <= TimeDelta::zero() {
            return;
        }
        let nap = match self.inner.base {
            Base::System => left.to_std().ok(),
            Base::Rate { rate, .. } => left
                .to_std()
                .ok()
                .map(|left| Duration::from_secs_f64((left.as_secs_f64() / rate).min(1e9))),
            Base::Manual { .. } => None,
        };
        let sleep = async {
            match nap {
                // A hair longer than asked: timers may fire early by less than a millisecond.
                Some(nap) => {
                    tokio::time::sleep(nap.min(LONGEST_SLEEP) + Duration::from_millis(1)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            // The sender lives as long as the clock, so an error cannot happen; either way: look again.
            _ = changed.changed() => {}
        }
        drop(registered);
    }

    /// Goes forward by `by`, stopping at every registered instant on the way and calling `settle`
    /// there, so that what happens then can register more; finally settles at the end.
    pub async fn advance(
        &self,
        by: TimeDelta,
        settle: &(dyn Fn() -> BoxFuture<'static, ()> + Send + Sync),
    ) {
        let _one_at_a_time = self.inner.steps.lock().await;
        let target = later(self.now(), by);
        loop {
            self.forward_to(self.next_stop(target).unwrap_or(target));
            settle().await;
            if self.now() >= target {
                return;
            }
        }
    }

    /// Leaps by `by`, forward or back, without stopping anywhere, as a broken clock would.
    pub async fn jump(
        &self,
        by: TimeDelta,
        settle: &(dyn Fn() -> BoxFuture<'static, ()> + Send + Sync),
    ) {
        let _one_at_a_time = self.inner.steps.lock().await;
        {
            let mut moved = self.moved();
            moved.offset = moved.offset.checked_add(&by).unwrap_or(moved.offset);
        }
        self.inner.version.send_modify(|version| *version += 1);
        settle().await;
    }

    fn with(base: Base) -> Self {
        Self {
            inner: Arc::new(Inner {
                base,
                moved: Mutex::default(),
                version: watch::Sender::new(0),
                steps: tokio::sync::Mutex::default(),
            }),
        }
    }

    fn moved(&self) -> MutexGuard<'_, Moved> {
        self.inner.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, moved: &Moved) -> DateTime<Utc> {
        let base = match self.inner.base {
            #[expect(clippy::disallowed_methods, reason = "the sandbox reads the clock here alone")]
            // The one place where the sandbox reads the system's clock.
            Base::System => Utc::now(),
            Base::Manual { start } => start,
            Base::Rate { start, rate, origin } => {
                let run = origin.elapsed().as_secs_f64() * rate * 1000.0;
                later(start, TimeDelta::milliseconds(run as i64))
            }
        };
        let now = later(base, moved.offset);
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    fn next_stop(&self, target: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let moved = self.moved();
        let now = self.read(&moved);
        // Waits that are already due belong to waiters about to return; they are no stop.
        moved
            .waits
            .iter()
            .map(|(instant, _)| *instant)
            .find(|instant| *instant > now)
            .filter(|instant| *instant <= target)
    }

    fn forward_to(&self, instant: DateTime<Utc>) {
        {
            let mut moved = self.moved();
            let ahead = instant - self.read(&moved);
            if ahead > TimeDelta::zero() {
                moved.offset = moved.offset.checked_add(&ahead).unwrap_or(moved.offset);
            }
        }
        self.inner.version.send_modify(|version| *version += 1);
    }

    fn register(&self, instant: DateTime<Utc>) -> Registered<'_> {
        let mut moved = self.moved();
        moved.last_wait += 1;
        let key = (instant, moved.last_wait);
        moved.waits.insert(key);
        Registered { clock: self, key }
    }
}

/// `by` after `at`, or `at` where the calendar ends.
fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(at)
}

impl std::fmt::Debug for SimClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SimClock({})", self.now())
    }
}

/// Takes its instant out of the list when dropped, so that a cancelled wait is no stop.
struct Registered<'a> {
    clock: &'a SimClock,
    key: (DateTime<Utc>, u64),
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.clock.moved().waits.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-23T07:59:00Z".parse().unwrap()
    }

    fn at_once() -> Settler {
        Arc::new(|| {
            Box::pin(async {
                // Lets the woken waiters run and register again.
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
            })
        })
    }

    #[test]
    fn reads_what_the_command_line_gives() {
        let clock = SimClock::parse("2026-11-23T07:59:00Z@manual").unwrap();
        assert_eq!(clock.now(), start());
        assert!(!clock.is_system());
        assert!(SimClock::parse("2026-11-23T07:59:00Z@3600").is_ok());
        for wrong in [
            "",
            "2026-11-23",
            "2026-11-23T07:59:00Z",
            "2026-11-23T07:59:00Z@0",
            "2026-11-23T07:59:00Z@-1",
            "2026-11-23T07:59:00Z@NaN",
            "yesterday@manual",
        ] {
            assert!(SimClock::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn advancing_visits_every_wait_even_those_registered_on_the_way() {
        let clock = SimClock::manual(start());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn({
            let (clock, seen) = (clock.clone(), seen.clone());
            async move {
                let mut due = start() + TimeDelta::minutes(1);
                loop {
                    while clock.now() < due {
                        clock.wait_until(due).await;
                    }
                    seen.lock().unwrap().push(clock.now());
                    due += TimeDelta::hours(1);
                }
            }
        });
        while clock.next_wait().is_none() {
            tokio::task::yield_now().await;
        }
        clock.advance(TimeDelta::hours(3), &*at_once()).await;
        assert_eq!(clock.now(), start() + TimeDelta::hours(3));
        let expected: Vec<_> =
            (0..3).map(|hour| start() + TimeDelta::minutes(1) + TimeDelta::hours(hour)).collect();
        assert_eq!(*seen.lock().unwrap(), expected);
        task.abort();
    }

    #[tokio::test]
    async fn all_comes_to_rest_once_at_every_instant_and_at_the_end() {
        for (waits, by, rests) in [
            (vec![], 60, vec![60]),
            (vec![90], 60, vec![60]),
            (vec![20, 40], 60, vec![20, 40, 60]),
            (vec![20, 60], 60, vec![20, 60]),
            (vec![0], 0, vec![0]),
        ] {
            let clock = SimClock::manual(start());
            let at = |minutes| start() + TimeDelta::minutes(minutes);
            let _waits: Vec<_> = waits.iter().map(|minutes| clock.register(at(*minutes))).collect();
            let seen = Arc::new(Mutex::new(Vec::new()));
            let settle = || -> BoxFuture<'static, ()> {
                seen.lock().unwrap().push(clock.now());
                Box::pin(async {})
            };
            clock.advance(TimeDelta::minutes(by), &settle).await;
            let rests: Vec<_> = rests.into_iter().map(at).collect();
            assert_eq!(*seen.lock().unwrap(), rests, "{waits:?} on the way to {by}");
        }
    }

    #[tokio::test]
    async fn a_jump_visits_nothing_and_wakes_the_waiters() {
        let clock = SimClock::manual(start());
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.wait_until(start() + TimeDelta::days(9)).await;
                clock.now()
            }
        });
        while clock.next_wait().is_none() {
            tokio::task::yield_now().await;
        }
        clock.jump(TimeDelta::hours(-2), &*at_once()).await;
        assert_eq!(waiting.await.unwrap(), start() - TimeDelta::hours(2));
        assert_eq!(clock.next_wait(), None, "a finished wait is no stop");
    }

    #[tokio::test]
    async fn a_fast_clock_wakes_its_waiters_by_itself() {
        let clock = SimClock::rate(start(), 36_000.0);
        let due = start() + TimeDelta::minutes(10);
        let waited = async {
            while clock.now() < due {
                clock.wait_until(due).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), waited)
            .await
            .expect("ten simulated minutes are a sixtieth of a second");
    }
}
