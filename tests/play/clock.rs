//! A computer whose clock is wrong: what is due is decided by a clock that agrees with Discord's.

use crate::stage::{Props, Stage};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use serde_json::json;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use studyhall::engine::clock::StudyClock;
use studyhall::engine::limits::{Clock, Limits};
use studyhall::sandbox::{Fault, SimClock};

const MESSAGES: (&str, &str) = ("POST", "/channels/{channel_id}/messages");

/// The system's clock of the bot's computer; the sandbox's is the real time.
struct System {
    real: SimClock,
    ahead: Arc<AtomicI64>,
}

impl System {
    fn ahead(&self) -> TimeDelta {
        TimeDelta::seconds(self.ahead.load(Ordering::SeqCst))
    }
}

impl StudyClock for System {
    fn now(&self) -> DateTime<Utc> {
        self.real.now() + self.ahead()
    }

    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // As the real one does, it looks again after a while.
            tokio::select! {
                () = self.real.wait_until(at - self.ahead()) => {}
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
        })
    }

    fn is_real(&self) -> bool {
        true
    }
}

thread_local! {
    /// The clock of the story on this thread.
    static AHEAD: Cell<Option<Arc<AtomicI64>>> = const { Cell::new(None) };
}

async fn set_up(patience: Duration) -> (Stage, Arc<AtomicI64>) {
    let ahead = Arc::<AtomicI64>::default();
    AHEAD.set(Some(Arc::clone(&ahead)));
    let retry = Duration::from_millis(20);
    let clock = Clock { patience, retry, ..Clock::default() };
    let props = Props {
        limits: Limits { clock, ..Limits::default() },
        clock: |real| {
            let ahead = AHEAD.take().unwrap();
            AHEAD.set(Some(Arc::clone(&ahead)));
            Arc::new(System { real, ahead })
        },
        ..Props::default()
    };
    let stage = Stage::with(props).await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    (stage, ahead)
}

fn doubt(stage: &Stage) -> Option<String> {
    stage.engine().vitals().snapshot().clock_doubted.map(|failing| failing.why)
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_closes_and_posts_nothing() {
    let (stage, ahead) = set_up(Duration::from_secs(600)).await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer, in a round that stays open.").await;
    for hours in [25, 24 * 9] {
        ahead.store(hours * 3600, Ordering::SeqCst);
        stage.until("the doubt", || doubt(&stage).is_some()).await;
        assert_eq!(
            doubt(&stage).unwrap(),
            format!("this computer's clock is {hours} hours ahead of Discord's")
        );
        // The bot goes on with everything that isn't due by the clock.
        ben.votes_for(&ana).await;
        assert_eq!((stage.cards().len(), stage.results().len(), stage.notices().len()), (1, 0, 0));
        ahead.store(0, Ordering::SeqCst);
        stage.until("the end of the doubt", || doubt(&stage).is_none()).await;
    }
    chidi.votes_for(&ana).await;
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.results().len(), stage.notices().len()), (2, 1, 0));
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +1, Chidi +1");
    stage.finish().await;
}

#[tokio::test]
async fn a_card_on_its_way_is_not_withdrawn_by_a_clock_that_is_ahead() {
    let (stage, ahead) = set_up(Duration::from_secs(600)).await;
    stage.sandbox().fail_next(MESSAGES, Fault::Status(503), 10_000);
    stage.advance_without_waiting(1).await;
    let refused = || stage.sandbox().statuses().get(&503).copied().unwrap_or(0);
    stage.until("an attempt", || refused() > 0).await;
    ahead.store(3 * 3600, Ordering::SeqCst);
    stage.until("the doubt", || doubt(&stage).is_some()).await;
    let before = refused();
    stage.until("another attempt", || refused() > before).await;
    ahead.store(0, Ordering::SeqCst);
    stage.until("the end of the doubt", || doubt(&stage).is_none()).await;
    stage.sandbox().clear_faults();
    stage.until("the card", || stage.cards().len() == 1).await;
    stage.settle().await;
    assert_eq!(stage.notices().len(), 0, "it wasn't too late");
    stage.finish().await;
}

#[tokio::test]
async fn a_clock_that_stays_ahead_is_followed_after_the_patience_and_said_so() {
    let (stage, ahead) = set_up(Duration::from_millis(1_500)).await;
    let ana = stage.member("Ana").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, in a round that closes too early.").await;
    ahead.store(25 * 3600, Ordering::SeqCst);
    stage.until("the doubt", || doubt(&stage).is_some()).await;
    assert_eq!(stage.results().len(), 0);
    stage.until("the result", || stage.results().len() == 1).await;
    assert_eq!(
        doubt(&stage).unwrap(),
        "this computer's clock is 25 hours ahead of Discord's; rounds follow this computer's \
         clock all the same"
    );
    ahead.store(0, Ordering::SeqCst);
    stage.until("the end of the doubt", || doubt(&stage).is_none()).await;
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_computer_that_slept_goes_on_at_once() {
    let (stage, _) = set_up(Duration::from_secs(600)).await;
    // The sandbox's time leaps, and the bot's with it; the monotonic clock stands still.
    stage.advance_without_waiting(30).await;
    stage.until("the card", || stage.cards().len() == 1).await;
    stage.settle().await;
    assert_eq!(doubt(&stage), None);
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}
