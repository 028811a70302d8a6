//! The courier: empties the deliveries, with retry and back-off.
//!
//! It keeps a small note of every pending delivery in memory (`dispatch` has the rules of their
//! turns); the deliveries themselves stay in the store. Before every attempt the store is told, so
//! that after a crash it is known what may have been said already. One delivery of a class and a study
//! channel is under way at a time: a sick channel holds up nobody else. Messages keep their order as
//! long as none must be tried again; what may not be overtaken is named by the later one (`after`), or
//! does only what is right by the time it is tried, as pins and check marks do.

use super::Engine;
use super::dispatch::{Class, Queue, Role, Start, Wait, awaited};
use super::input::{Input, No, Reply};
use super::intent::Intent;
use super::milestone::Moment;
use crate::domain::answer::ThreadMessage;
use crate::domain::checkup::Ill;
use crate::domain::ids::{ChannelId, GuildId, MessageId};
use crate::domain::notice::Trouble;
use crate::store::deliveries::{self, Delivery};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::collections::{BTreeSet, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Failures in a row that are nothing to warn of: a busy Discord asks for patience now and then.
const UNREMARKABLE: u32 = 2;

/// How often the store is told what came of an attempt that it cannot take in, before the delivery is
/// tried again instead.
const TELLINGS: u32 = 10;
/// The time between them.
const BETWEEN_TELLINGS: Duration = Duration::from_secs(1);

/// What was read of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadReading {
    /// Study time before the first page was asked for.
    pub began: DateTime<Utc>,
    /// Every message of a member that can be read, oldest first.
    pub messages: Vec<ThreadMessage>,
    /// Stored messages that are certainly not there any more. Those that are merely missing above are
    /// not among them.
    pub deleted: BTreeSet<MessageId>,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Said; where, if it is a message.
    Said(Option<(ChannelId, MessageId)>),
    /// The thread is there.
    Threaded(ChannelId),
    /// The thread was read.
    Read(Arc<ThreadReading>),
    /// A guild's study channels were looked at: what is wrong with each that could be seen.
    Looked(Vec<(ChannelId, BTreeSet<Ill>)>),
    /// Discord did not answer, was busy, or it is not known whether it was said.
    Later {
        /// How long Discord asks to wait.
        wait: Option<Duration>,
        /// For the log and the store.
        error: String,
    },
    /// Discord says that what it is about is not there, though a look found it.
    Doubtful {
        /// For the log and the store.
        error: String,
    },
    /// Discord refuses for a reason that an admin can remove.
    Trouble {
        /// Which.
        trouble: Trouble,
        /// For the log and the store.
        error: String,
    },
    /// Discord does not accept the content, however often it is sent.
    Rejected {
        /// For the log and the store.
        error: String,
    },
    /// There is nothing to do any more.
    Moot {
        /// For the log and the store.
        error: String,
    },
    /// What it is about was deleted, as more than one look has shown; it can never be said.
    Gone {
        /// For the log and the store.
        error: String,
    },
    /// It was [`Doubtful`](Self::Doubtful) for too long and is given up.
    Lost {
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

struct Finished {
    id: i64,
    outcome: Outcome,
    /// What the store says of it now; `None` if it could not take in what came of the attempt.
    standing: Option<Standing>,
}

/// A delivery after an attempt.
#[derive(Clone, Copy)]
struct Standing {
    pending: bool,
    changed: bool,
    expires_at: Option<DateTime<Utc>>,
}

struct Tour<C> {
    engine: Engine,
    courier: Arc<C>,
    queue: Arc<Mutex<Queue>>,
    newest: i64,
    /// The store could not be read; it is to be read again soon.
    read_again: bool,
    /// The store was not read yet.
    starting: bool,
    tasks: JoinSet<Finished>,
}

/// Runs until cancelled; then lets what is under way come to its end.
pub async fn run<C: Courier>(engine: Engine, courier: Arc<C>, stop: CancellationToken) {
    let limits = engine.settings().limits;
    let mut tour = Tour {
        engine,
        courier,
        queue: Arc::new(Mutex::new(Queue::new(&limits))),
        newest: 0,
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
            Some(finished) = tour.tasks.join_next() => tour.finished(finished),
        }
    }
    while let Some(finished) = tour.tasks.join_next().await {
        tour.finished(finished);
    }
}

impl<C: Courier> Tour<C> {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the deliveries recorded since the last look.
    async fn take_up_new(&mut self) {
        let errands = &self.engine.shared.errands;
        // Counted as busy while looking, so that nobody takes the gap for quiet.
        errands.under_way.fetch_add(1, Ordering::SeqCst);
        errands.unseen.store(false, Ordering::SeqCst);
        let read = async {
            let mut db = self.engine.shared.store.read().await?;
            deliveries::errands::<Intent>(&mut db, self.newest).await
        };
        let read = read.await;
        self.read_again = read.is_err();
        let limits = self.engine.settings().limits;
        match read {
            Ok(new) => {
                for errand in new {
                    self.newest = self.newest.max(errand.id);
                    let within = awaited(&errand.what, &limits);
                    let role = Role::of(&errand.what);
                    let errand = errand.map(|intent| Class::of(&intent));
                    self.queue().add(errand, role, self.starting, within, Instant::now());
                }
            }
            Err(error) => tracing::error!(%error, "cannot read the deliveries"),
        }
        self.starting &= self.read_again;
    }

    fn retry(&mut self) {
        let now = Instant::now();
        for guild in self.engine.shared.errands.take_retries() {
            self.queue().retry(guild, now);
        }
    }

    /// Starts whatever can be tried; says when the next one can.
    fn start_ready(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let study_now = self.engine.due_by();
        let (started, next) = self.queue().start(now, study_now);
        let (overdue, next_overdue) = self.queue().overdue(now);
        let errands = &self.engine.shared.errands;
        for Start { id, expired } in started {
            errands.under_way.fetch_add(1, Ordering::SeqCst);
            let (engine, courier) = (self.engine.clone(), Arc::clone(&self.courier));
            self.tasks.spawn(attempt(engine, courier, Arc::clone(&self.queue), id, expired));
        }
        for delivery in overdue {
            tracing::warn!(delivery, "a delivery that members wait for is overdue");
            // Should it be lost in a full inbox, the next failure of the same kind says it again.
            self.engine.tell(Input::Overdue { delivery });
        }
        // Ends the busy mark that `take_up_new` set.
        errands.under_way.fetch_sub(1, Ordering::SeqCst);
        let read_again =
            self.read_again.then(|| now + self.engine.settings().limits.outbox.first_wait);
        [next, next_overdue, read_again].into_iter().flatten().min()
    }

    fn finished(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        match finished {
            Ok(finished) => self.note(&finished),
            Err(error) => {
                // Panics are caught in `attempt`, and nothing cancels these tasks.
                tracing::error!(%error, "a delivery was lost until the next start");
            }
        }
        self.engine.shared.errands.under_way.fetch_sub(1, Ordering::SeqCst);
    }

    fn note(&self, Finished { id, outcome, standing }: &Finished) {
        let (id, now) = (*id, Instant::now());
        let limits = &self.engine.settings().limits.outbox;
        let doubling = Wait::Doubling(limits.first_wait, limits.longest_wait);
        if standing.is_some_and(|standing| !standing.pending) {
            self.queue().over(id, true, now);
            return;
        }
        let wait = match outcome {
            _ if standing.is_some_and(|standing| standing.changed) => Wait::Changed,
            Outcome::Later { wait: Some(wait), .. } => Wait::Asked(*wait),
            Outcome::Trouble { .. } => {
                Wait::Doubling(limits.first_wait_in_trouble, limits.longest_wait_in_trouble)
            }
            _ => doubling,
        };
        let expires_at = standing.map(|standing| standing.expires_at);
        let failures = self.queue().failed(id, wait, expires_at, now);
        let error = match outcome {
            Outcome::Later { error, .. } if failures <= UNREMARKABLE => {
                tracing::info!(delivery = id, error, "not delivered yet");
                return;
            }
            Outcome::Later { error, .. }
            | Outcome::Doubtful { error }
            | Outcome::Trouble { error, .. }
            | Outcome::Rejected { error }
            | Outcome::Gone { error }
            | Outcome::Lost { error } => error.as_str(),
            _ => "what came of it could not be stored",
        };
        tracing::warn!(delivery = id, failures, error, "still not delivered");
    }
}

/// Tells the store, carries out, and tells the store what came of it.
async fn attempt<C: Courier>(
    engine: Engine,
    courier: Arc<C>,
    queue: Arc<Mutex<Queue>>,
    id: i64,
    expired: bool,
) -> Finished {
    let (name, mut outcome) = match engine.send(Input::Attempt { delivery: id }).await {
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
            (Some(name), outcome)
        }
        // Over already (its round was withdrawn), which changes nothing there.
        Ok(_) => (None, Outcome::Moot { error: "over already".to_owned() }),
        Err(_) => {
            let error = "the store is out of reach".to_owned();
            (None, Outcome::Later { wait: None, error })
        }
    };
    if let Outcome::Doubtful { error } = &outcome
        && queue.lock().unwrap_or_else(PoisonError::into_inner).doubted(id, Instant::now())
    {
        outcome = Outcome::Lost { error: error.clone() };
    }
    let mut standing = None;
    // The store must hear of it: until then the delivery is not tried again.
    for _ in 0..TELLINGS {
        let input = Input::Attempted { delivery: id, outcome: outcome.clone() };
        match engine.send(input).await {
            Ok(Reply::Attempted { pending, changed, expires_at }) => {
                standing = Some(Standing { pending, changed, expires_at });
                break;
            }
            Ok(_) | Err(No::Refused(_)) => break,
            Err(No::Fault(_) | No::NotSaved) => tokio::time::sleep(BETWEEN_TELLINGS).await,
        }
    }
    if let Some(name) = name {
        engine.milestones().pass(Moment::Recorded, name).await;
    }
    Finished { id, outcome, standing }
}
