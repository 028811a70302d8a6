//! The shell around the rules: load → decide → save, one input at a time.
//!
//! Everything that happens is an [`Input`] in one inbox with one consumer. Each input is decided
//! and saved in one transaction together with the deliveries it causes; the courier speaks
//! afterwards. Nothing in the inbox awaits the network. Questions that change nothing are asked
//! of [`views`], past the inbox.

pub mod chance;
pub mod clock;
pub mod clock_check;
pub mod courier;
pub mod health_file;
pub mod input;
pub mod intent;
pub mod limits;
pub mod milestone;
pub mod quiz;
pub mod views;
pub mod vitals;

mod answers;
mod attempts;
pub mod checkup;
mod close;
mod control;
mod desk;
mod dispatch;
mod inbox;
mod presence;
pub mod rates;
mod reports;
mod review;
mod rota;
mod rounds;
mod secrets;
mod stale;
mod standings;
mod throttle;
mod ticking;

// What the store remembers, for those who may not know the store.
pub use crate::store::channels::StudyChannel;
pub use crate::store::deliveries::Delivery;
pub use crate::store::guilds::Guild;
pub use crate::store::ledger::{Entry, Source};
pub use crate::store::reports::Report;
pub use crate::store::reviews::Wishes;
pub use crate::store::rounds::{Origin, Round};
pub use crate::store::standings::Comparison;
pub use stale::Marks;
pub use standings::{BoardCommand, BoardReply};

pub(crate) use inbox::fault;

use crate::bank::Bank;
use crate::domain::ids::{ChannelId, MemberId};
use crate::domain::points::Rules;
use crate::domain::refusal::Refusal;
use crate::engine::chance::Chance;
use crate::engine::clock::StudyClock;
use crate::engine::input::{Input, No, Reply};
use crate::engine::limits::Limits;
use crate::engine::milestone::Milestones;
use crate::engine::vitals::Vitals;
use crate::store::{Cause, Store};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot, watch};

/// How many inputs may wait. Beyond it clicks are refused politely, and threads in which messages were
/// missed are read again.
const INBOX: usize = 1024;

/// Process-wide settings of the rules.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How late a round may still be posted.
    pub lateness: TimeDelta,
    /// Study days of unasked questions below which the admins are told.
    pub stock_warning_days: u32,
    /// What is worth how many points.
    pub rules: Rules,
    /// The bot's own user.
    pub bot: MemberId,
    /// The root of all chance.
    pub seed: u64,
    /// Of watchdogs and back-offs.
    pub limits: Limits,
    /// Free space, in MiB, below which the health check is red.
    pub min_free_mib: u32,
}

/// An input on its way, with the place for its reply.
pub(crate) struct Letter {
    input: Input,
    reply: Option<oneshot::Sender<Result<Reply, No>>>,
}

/// The handle everybody else holds; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) store: Store,
    /// Replaced as a whole when the packs are read again.
    bank: RwLock<Arc<Bank>>,
    pub(crate) settings: Settings,
    pub(crate) chance: Chance,
    pub(crate) clock: Arc<dyn StudyClock>,
    inbox: mpsc::Sender<Letter>,
    /// Letters sent and not yet answered.
    letters: AtomicUsize,
    /// When something is due next; the clock sleeps until then.
    agenda: watch::Sender<Option<DateTime<Utc>>>,
    pub(crate) errands: courier::Errands,
    rota: Mutex<rota::Rota>,
    stale: stale::Stale,
    clock_watch: ticking::ClockWatch,
    checked: checkup::Checked,
    vitals: Arc<Vitals>,
    pub(crate) milestones: Milestones,
}

/// The receiving end, to be run by exactly one task.
pub struct Inbox {
    letters: mpsc::Receiver<Letter>,
    engine: Engine,
    writing: inbox::Writing,
}

impl Engine {
    /// Puts the parts together; nothing runs yet.
    pub fn new(
        store: Store,
        bank: Arc<Bank>,
        settings: Settings,
        clock: Arc<dyn StudyClock>,
    ) -> (Self, Inbox) {
        Self::with_milestones(store, bank, settings, clock, Milestones::default())
    }

    /// The same, with somebody who sees what is passed.
    pub fn with_milestones(
        store: Store,
        bank: Arc<Bank>,
        settings: Settings,
        clock: Arc<dyn StudyClock>,
        milestones: Milestones,
    ) -> (Self, Inbox) {
        Self::with_vitals(store, bank, settings, clock, milestones, Arc::default())
    }

    /// The same, with vitals that somebody has begun to watch.
    pub fn with_vitals(
        store: Store,
        bank: Arc<Bank>,
        settings: Settings,
        clock: Arc<dyn StudyClock>,
        milestones: Milestones,
        vitals: Arc<Vitals>,
    ) -> (Self, Inbox) {
        let (sender, letters) = mpsc::channel(INBOX);
        let engine = Self {
            shared: Arc::new(Shared {
                store,
                bank: RwLock::new(bank),
                settings,
                chance: Chance::new(settings.seed),
                clock,
                inbox: sender,
                letters: AtomicUsize::new(0),
                agenda: watch::Sender::new(None),
                errands: courier::Errands::default(),
                rota: Mutex::default(),
                stale: stale::Stale::default(),
                clock_watch: ticking::ClockWatch::new(settings.limits.clock),
                checked: checkup::Checked::default(),
                vitals,
                milestones,
            }),
        };
        let writing = inbox::Writing::new(&engine.shared);
        (engine.clone(), Inbox { letters, engine, writing })
    }

    /// Hands in an input and waits until its decision is committed.
    ///
    /// # Errors
    /// [`No`]: refused, or broken; either way nothing was changed.
    pub async fn send(&self, input: Input) -> Result<Reply, No> {
        let (reply, answer) = oneshot::channel();
        self.shared.letters.fetch_add(1, Ordering::SeqCst);
        if self.shared.inbox.send(Letter { input, reply: Some(reply) }).await.is_err() {
            self.shared.answered();
            return Err(Refusal::TryAgain.into());
        }
        answer.await.unwrap_or(Err(Refusal::TryAgain.into()))
    }

    /// Like [`send`](Self::send), but refuses at once when the inbox is full: for clicks, whose
    /// sender cannot wait.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn ask(&self, input: Input) -> Result<Reply, No> {
        let (reply, answer) = oneshot::channel();
        if !self.try_post(Letter { input, reply: Some(reply) }) {
            return Err(Refusal::TryAgain.into());
        }
        answer.await.unwrap_or(Err(Refusal::TryAgain.into()))
    }

    /// Hands in an input that nobody waits for. If the inbox is full, what it says is read from its
    /// thread later.
    pub fn tell(&self, input: Input) {
        let thread = input.thread();
        if !self.try_post(Letter { input, reply: None })
            && let Some(thread) = thread
        {
            self.message_missed(thread, "the inbox is full");
        }
    }

    /// Events may have been missed, so every open thread is read again.
    pub fn events_missed(&self) {
        self.shared.stale.mark_all();
    }

    /// Something in a thread changed in a way that the event doesn't say, so the thread is read again.
    pub fn thread_stale(&self, thread: ChannelId) {
        self.shared.stale.mark(thread);
    }

    /// What a member wrote, edited or deleted in a thread couldn't be taken in, so the thread is read
    /// again. `why` is for the log, which gets one line per thread however many messages are missed.
    pub fn message_missed(&self, thread: ChannelId, why: &str) {
        if self.shared.stale.missed(thread, tokio::time::Instant::now()) {
            tracing::warn!(%thread, why, "messages were missed; their thread will be read again");
        }
    }

    fn try_post(&self, letter: Letter) -> bool {
        self.shared.letters.fetch_add(1, Ordering::SeqCst);
        let taken = self.shared.inbox.try_send(letter).is_ok();
        if !taken {
            self.shared.answered();
        }
        taken
    }

    /// The present instant of study time.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// The questions, as they are now.
    pub fn bank(&self) -> Arc<Bank> {
        self.shared.bank()
    }

    /// Replaces the questions. Rounds and quizzes that have begun keep their own copies.
    pub fn set_bank(&self, bank: Arc<Bank>) {
        *self.shared.bank.write().unwrap_or_else(PoisonError::into_inner) = bank;
    }

    pub(crate) fn milestones(&self) -> &Milestones {
        &self.shared.milestones
    }

    /// The rules' settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The bot's own account of its health.
    pub fn vitals(&self) -> &Vitals {
        &self.shared.vitals
    }

    /// Makes the courier try a guild's waiting deliveries now: something there has changed.
    pub fn retry(&self, guild: crate::domain::ids::GuildId) {
        self.shared.errands.retry(guild);
    }

    /// Whether nothing is under way: the inbox is empty, nothing is due, no delivery can be tried
    /// now (one that waits out a back-off cannot).
    pub fn is_idle(&self) -> bool {
        let due = self.shared.agenda.borrow().is_some_and(|at| at <= self.due_by());
        !due && self.shared.stale.is_idle()
            && self.shared.letters.load(Ordering::SeqCst) == 0
            && self.shared.errands.is_idle()
    }
}

impl Shared {
    /// What is wrong with the disk or the database file, if that is why something broke: the same
    /// decision can succeed later.
    pub(crate) fn cause(&self, error: &anyhow::Error) -> Option<Cause> {
        let error = error.chain().find_map(|cause| cause.downcast_ref::<crate::store::Error>())?;
        let cause = self.store.cause(error);
        cause.is_of_the_disk().then_some(cause)
    }

    pub(crate) fn bank(&self) -> Arc<Bank> {
        Arc::clone(&self.bank.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn rota(&self) -> MutexGuard<'_, rota::Rota> {
        self.rota.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self) {
        self.letters.fetch_sub(1, Ordering::SeqCst);
    }

    fn set_agenda(&self, next: Option<DateTime<Utc>>) {
        self.agenda.send_if_modified(|agenda| {
            let changed = *agenda != next;
            *agenda = next;
            changed
        });
    }
}
