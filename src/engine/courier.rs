//! The courier: empties the deliveries, with retry and back-off.
//!
//! It keeps a small note of every pending delivery in memory; the deliveries themselves stay in
//! the store. Before every attempt the store is told, so that after a crash it is known what may
//! have been said already. One delivery a study channel is under way at a time, and one of what
//! belongs to none in its guild (reminders, reports, quizzes, weekly boards): a sick channel holds up
//! nobody else, and no crowd of reminders a question. Messages keep their order as long as none must
//! be tried again; what may not be overtaken is named by the later one (`after`), or does only what
//! is right by the time it is tried, as pins and check marks do.

use super::Engine;
use super::input::{Input, No, Reply};
use super::intent::Intent;
use super::milestone::Moment;
use crate::domain::answer::ThreadMessage;
use crate::domain::checkup::Ill;
use crate::domain::ids::{ChannelId, GuildId, MessageId};
use crate::domain::notice::Trouble;
use crate::store::deliveries::{self, Delivery, Errand};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many deliveries are under way at once, over all guilds.
const AT_ONCE: usize = 16;
/// Back-off after Discord did not answer or was busy: doubling between these two.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Back-off after a refusal that only an admin can mend.
const FIRST_WAIT_IN_TROUBLE: Duration = Duration::from_secs(30);
const LONGEST_WAIT_IN_TROUBLE: Duration = Duration::from_secs(30 * 60);

/// The distance in time between deliveries of the same pace: a card that changes with every click is
/// not edited more often than this.
const PACE: Duration = Duration::from_secs(2);

/// Failures in a row that are nothing to warn of: a busy Discord asks for patience now and then.
const UNREMARKABLE: u32 = 2;

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Said; where, if it is a message.
    Said(Option<(ChannelId, MessageId)>),
    /// The thread is there.
    Threaded(ChannelId),
    /// The thread was read.
    Read {
        /// Study time before the first page was asked for.
        began: DateTime<Utc>,
        /// Every message, oldest first.
        messages: Vec<ThreadMessage>,
    },
    /// A guild's study channels were looked at: what is wrong with each that could be seen.
    Looked(Vec<(ChannelId, BTreeSet<Ill>)>),
    /// Discord did not answer, was busy, or it is not known whether it was said.
    Later {
        /// How long Discord asks to wait.
        wait: Option<Duration>,
        /// For the log and the store.
        error: String,
    },
    /// Discord refuses for a reason that an admin can mend.
    Trouble {
        /// Which.
        trouble: Trouble,
        /// For the log and the store.
        error: String,
    },
    /// What it is about does not exist any more; it can never be said.
    Gone {
        /// For the log and the store.
        error: String,
    },
    /// Its time is over, and it is certain that it was not said.
    Expired,
}

/// Carries out deliveries. The trait is here for the direction of the arrow: `discord` knows the
/// engine, the engine does not know Discord.
pub trait Courier: Send + Sync + 'static {
    /// Carries out one delivery. With `attempts` above 1 it may have been said before: look first.
    /// With `expired` set it must not be said any more, only looked for.
    fn deliver(&self, delivery: Delivery<Intent>, expired: bool) -> BoxFuture<'_, Outcome>;
}

/// How the rest of the engine reaches the courier.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    wake: Notify,
    /// New errands that the courier has not looked at yet.
    unseen: AtomicBool,
    /// Errands under way.
    under_way: AtomicUsize,
    retry: Mutex<HashSet<GuildId>>,
}

impl Errands {
    pub(crate) fn wake(&self) {
        self.unseen.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    pub(crate) fn retry(&self, guild: GuildId) {
        self.retry.lock().unwrap_or_else(PoisonError::into_inner).insert(guild);
        self.wake();
    }

    pub(crate) fn is_idle(&self) -> bool {
        !self.unseen.load(Ordering::SeqCst) && self.under_way.load(Ordering::SeqCst) == 0
    }

    fn take_retries(&self) -> HashSet<GuildId> {
        std::mem::take(&mut *self.retry.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is delivered one after the other: what belongs to a study channel, or to a guild alone.
type Lane = (GuildId, Option<ChannelId>);

/// One pending delivery, as the courier remembers it.
struct Note {
    errand: Errand,
    not_before: Instant,
    /// Failed attempts in a row, for the back-off.
    failures: u32,
    under_way: bool,
    /// The back-off was cut short once because its time ran out.
    seen_expired: bool,
}

impl Note {
    fn lane(&self) -> Lane {
        (self.errand.guild, self.errand.channel)
    }
}

struct Finished {
    id: i64,
    /// The name of what was to be said; `None` if nothing was tried.
    said: Option<&'static str>,
    outcome: Outcome,
}

struct Tour<C> {
    engine: Engine,
    courier: Arc<C>,
    notes: BTreeMap<i64, Note>,
    /// Those of them that come before the others.
    first: BTreeSet<i64>,
    /// The lanes in which a delivery is under way.
    busy: HashSet<Lane>,
    newest: i64,
    /// When a delivery of each pace may be tried next; those in the past are forgotten.
    paces: HashMap<String, Instant>,
    /// The store could not be read; it is to be read again soon.
    read_again: bool,
    /// The store was not read yet.
    starting: bool,
    tasks: JoinSet<Finished>,
}

/// Runs until cancelled; then lets what is under way come to its end.
pub async fn run<C: Courier>(engine: Engine, courier: Arc<C>, stop: CancellationToken) {
    let mut tour = Tour {
        engine,
        courier,
        notes: BTreeMap::new(),
        first: BTreeSet::new(),
        busy: HashSet::new(),
        newest: 0,
        paces: HashMap::new(),
        read_again: false,
        starting: true,
        tasks: JoinSet::new(),
    };
    loop {
        tour.take_up_new().await;
        tour.retry();
        let next = tour.start_ready();
        let errands = &tour.engine.shared.errands;
        let sleep = tokio::time::sleep_until(
            next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600)),
        );
        tokio::select! {
            () = stop.cancelled() => break,
            () = errands.wake.notified() => {}
            () = sleep => {}
            Some(finished) = tour.tasks.join_next() => tour.finished(finished).await,
        }
    }
    while let Some(finished) = tour.tasks.join_next().await {
        tour.finished(finished).await;
    }
}

impl<C: Courier> Tour<C> {
    /// Reads the deliveries recorded since the last look.
    async fn take_up_new(&mut self) {
        let errands = &self.engine.shared.errands;
        // Counted as busy while looking, so that nobody takes the gap for quiet.
        errands.under_way.fetch_add(1, Ordering::SeqCst);
        errands.unseen.store(false, Ordering::SeqCst);
        let read = async {
            let mut db = self.engine.shared.store.read().await?;
            deliveries::errands(&mut db, self.newest).await
        };
        let read = read.await;
        self.read_again = read.is_err();
        match read {
            Ok(new) => {
                for errand in new {
                    let id = errand.id;
                    self.newest = self.newest.max(id);
                    // What was left over from before the start may follow one just sent.
                    let left_over = self.starting && errand.pace.is_some();
                    let wait = if left_over { PACE } else { Duration::ZERO };
                    if errand.first {
                        self.first.insert(id);
                    }
                    let note = Note {
                        errand,
                        not_before: Instant::now() + wait,
                        failures: 0,
                        under_way: false,
                        seen_expired: false,
                    };
                    self.notes.insert(id, note);
                }
            }
            Err(error) => tracing::error!(%error, "cannot read the deliveries"),
        }
        self.starting &= self.read_again;
    }

    fn retry(&mut self) {
        let guilds = self.engine.shared.errands.take_retries();
        if guilds.is_empty() {
            return;
        }
        for note in self.notes.values_mut().filter(|n| guilds.contains(&n.errand.guild)) {
            note.not_before = Instant::now();
        }
    }

    /// Starts whatever can be tried; says when the next one can.
    fn start_ready(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let study_now = self.engine.due_by();
        let mut next = self.read_again.then(|| now + FIRST_WAIT);
        let mut ready = Vec::new();
        self.paces.retain(|_, at| *at > now);
        let first = self.first.iter().filter_map(|id| self.notes.get_key_value(id));
        let others = self.notes.iter().filter(|(_, note)| !note.errand.first);
        for (id, note) in first.chain(others) {
            // Looked at again when one of those under way has come to its end: with ten thousand
            // waiting, most looks end here.
            if self.tasks.len() + ready.len() >= AT_ONCE {
                break;
            }
            let waits = note.errand.after.is_some_and(|before| self.notes.contains_key(&before));
            if note.under_way || waits {
                continue;
            }
            let expired = note.errand.expires_at.is_some_and(|at| at <= study_now);
            let paced = note.errand.pace.as_ref().and_then(|pace| self.paces.get(pace)).copied();
            let backs_off = note.not_before > now && (!expired || note.seen_expired);
            let wait = paced.max(backs_off.then_some(note.not_before));
            if let Some(until) = wait {
                next = Some(next.map_or(until, |n: Instant| n.min(until)));
                continue;
            }
            if self.busy.insert(note.lane()) {
                ready.push((*id, expired));
            }
        }
        for (id, expired) in ready {
            if let Some(note) = self.notes.get_mut(&id) {
                note.under_way = true;
                note.seen_expired |= expired;
                self.engine.shared.errands.under_way.fetch_add(1, Ordering::SeqCst);
                self.tasks.spawn(attempt(
                    self.engine.clone(),
                    Arc::clone(&self.courier),
                    id,
                    expired,
                ));
            }
        }
        // Ends the busy mark that `take_up_new` set.
        self.engine.shared.errands.under_way.fetch_sub(1, Ordering::SeqCst);
        next
    }

    async fn finished(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        match finished {
            Ok(Finished { id, said, outcome }) => {
                if let Some(pace) = self.notes.get(&id).and_then(|note| note.errand.pace.clone()) {
                    self.paces.insert(pace, Instant::now() + PACE);
                }
                self.note_outcome(id, &outcome);
                // The store must hear of it, however long it takes: until then the delivery is not
                // tried again.
                while let Err(No::Fault(_) | No::NotSaved) = self
                    .engine
                    .send(Input::Attempted { delivery: id, outcome: outcome.clone() })
                    .await
                {
                    tokio::time::sleep(FIRST_WAIT).await;
                }
                if let Some(name) = said {
                    self.engine.milestones().pass(Moment::Recorded, name).await;
                }
            }
            Err(error) => {
                // Panics are caught in `attempt`, and nothing cancels these tasks.
                tracing::error!(%error, "a delivery was lost until the next start");
            }
        }
        self.engine.shared.errands.under_way.fetch_sub(1, Ordering::SeqCst);
    }

    fn note_outcome(&mut self, id: i64, outcome: &Outcome) {
        if let Some(note) = self.notes.get(&id) {
            self.busy.remove(&note.lane());
        }
        let (first, longest, asked) = match outcome {
            Outcome::Later { wait, .. } => (FIRST_WAIT, LONGEST_WAIT, *wait),
            Outcome::Trouble { .. } => (FIRST_WAIT_IN_TROUBLE, LONGEST_WAIT_IN_TROUBLE, None),
            _ => {
                self.notes.remove(&id);
                self.first.remove(&id);
                return;
            }
        };
        let Some(note) = self.notes.get_mut(&id) else { return };
        match outcome {
            Outcome::Later { error, .. } if note.failures < UNREMARKABLE => {
                tracing::info!(delivery = id, error, "not delivered yet");
            }
            Outcome::Later { error, .. } | Outcome::Trouble { error, .. } => {
                let failures = note.failures + 1;
                tracing::warn!(delivery = id, failures, error, "still not delivered");
            }
            _ => {}
        }
        let wait = asked.unwrap_or_else(|| back_off(first, longest, note.failures));
        note.not_before = Instant::now() + wait;
        note.failures += 1;
        note.under_way = false;
    }
}

/// The wait after so many failures before: doubling, up to a bound.
pub(super) fn back_off(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(16)).min(longest)
}

/// Tells the store, then carries out.
async fn attempt<C: Courier>(engine: Engine, courier: Arc<C>, id: i64, expired: bool) -> Finished {
    let mut said = None;
    let outcome = match engine.send(Input::Attempt { delivery: id }).await {
        Ok(Reply::Attempt(Some(delivery))) => {
            let name = delivery.intent.name();
            engine.milestones().pass(Moment::BeforeDelivery, name).await;
            // A panic in one delivery must not hold up its guild until the next start.
            let delivered = AssertUnwindSafe(courier.deliver(*delivery, expired)).catch_unwind();
            let outcome = delivered.await.unwrap_or_else(|_| Outcome::Later {
                wait: None,
                error: "the delivery broke; the log has the panic".to_owned(),
            });
            engine.milestones().pass(Moment::Said, name).await;
            said = Some(name);
            outcome
        }
        // Over already (its round was withdrawn): reported as gone, which changes nothing there.
        Ok(_) => Outcome::Gone { error: "over already".to_owned() },
        Err(_) => Outcome::Later { wait: None, error: "the store is out of reach".to_owned() },
    };
    Finished { id, said, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_their_bound() {
        for (first, longest) in
            [(FIRST_WAIT, LONGEST_WAIT), (FIRST_WAIT_IN_TROUBLE, LONGEST_WAIT_IN_TROUBLE)]
        {
            let waits: Vec<Duration> =
                (0..40).map(|failures| back_off(first, longest, failures)).collect();
            assert_eq!((waits[0], waits[1]), (first, first * 2));
            assert!(waits.windows(2).all(|pair| pair[0] < pair[1] || pair[1] == longest));
            assert_eq!(waits.last(), Some(&longest));
            assert_eq!(back_off(first, longest, u32::MAX), longest);
        }
    }
}
