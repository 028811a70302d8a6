//! The shell around the rules: load → decide → save, one input at a time.
//!
//! Everything that happens is an [`Input`] in one inbox with one consumer. Each input is decided
//! and saved in one transaction together with the deliveries it causes; the courier speaks
//! afterwards. Nothing in the inbox awaits the network. Questions that change nothing are asked
//! of [`views`], past the inbox.

pub mod chance;
pub mod clock;
pub mod courier;
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
pub mod rates;
mod reports;
mod review;
mod rota;
mod rounds;
mod secrets;
mod standings;

// What the store remembers, for those who may not know the store.
pub use crate::store::channels::StudyChannel;
pub use crate::store::deliveries::Delivery;
pub use crate::store::guilds::Guild;
pub use crate::store::ledger::{Entry, Source};
pub use crate::store::reports::Report;
pub use crate::store::reviews::Wishes;
pub use crate::store::rounds::{Origin, Round};
pub use crate::store::standings::Comparison;
pub use standings::{BoardCommand, BoardReply};

pub(crate) use inbox::fault;

use crate::bank::Bank;
use crate::domain::ids::MemberId;
use crate::domain::points::Rules;
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
use tokio_util::sync::CancellationToken;

/// How many inputs may wait. Beyond it clicks are refused politely, and messages are left to the
/// re-reading of the thread at the close.
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
    checked: checkup::Checked,
    vitals: Vitals,
    pub(crate) milestones: Milestones,
}

/// The receiving end, to be run by exactly one task.
pub struct Inbox {
    letters: mpsc::Receiver<Letter>,
    engine: Engine,
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
                checked: checkup::Checked::default(),
                vitals: Vitals::default(),
                milestones,
            }),
        };
        (engine.clone(), Inbox { letters, engine })
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
            return Err(crate::domain::refusal::Refusal::TryAgain.into());
        }
        answer.await.unwrap_or(Err(crate::domain::refusal::Refusal::TryAgain.into()))
    }

    /// Like [`send`](Self::send), but refuses at once when the inbox is full: for clicks, whose
    /// sender cannot wait.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn ask(&self, input: Input) -> Result<Reply, No> {
        let (reply, answer) = oneshot::channel();
        if !self.try_post(Letter { input, reply: Some(reply) }) {
            return Err(crate::domain::refusal::Refusal::TryAgain.into());
        }
        answer.await.unwrap_or(Err(crate::domain::refusal::Refusal::TryAgain.into()))
    }

    /// Hands in an input that nobody waits for. A full inbox lets it fall: what it says is read
    /// back from Discord at the close.
    pub fn tell(&self, input: Input) {
        if !self.try_post(Letter { input, reply: None }) && !self.shared.inbox.is_closed() {
            tracing::warn!("the inbox is full; the thread will be read again at the close");
        }
    }

    /// Events may have been missed: every open thread is read again.
    pub fn events_missed(&self) {
        self.tell(Input::Connected);
    }

    /// Something in a round's thread could not be taken in: the thread is read again.
    pub fn thread_stale(&self, thread: crate::domain::ids::ChannelId) {
        self.tell(Input::ThreadStale { thread });
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
        let due = self.shared.agenda.borrow().is_some_and(|at| at <= self.now());
        !due && self.shared.letters.load(Ordering::SeqCst) == 0 && self.shared.errands.is_idle()
    }

    /// Ticks whenever something is due, until cancelled. Recovery at the start is the first tick.
    pub async fn run_clock(self, stop: CancellationToken) {
        let mut agenda = self.shared.agenda.subscribe();
        loop {
            if let Err(no) = self.send(Input::Tick).await {
                tracing::error!(?no, "a tick failed; trying again in a second");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(std::time::Duration::from_secs(1)) => continue,
                }
            }
            let mut last_look = self.now();
            loop {
                // Looks at least this often, whatever the agenda says.
                let latest = last_look + TimeDelta::hours(6);
                let next = agenda.borrow_and_update().map_or(latest, |next| next.min(latest));
                let now = self.now();
                if now < last_look {
                    // The clock was set back, which makes all plans meaningless: plan anew.
                    self.shared.rota().forget();
                    break;
                }
                if next <= now {
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
}

impl Shared {
    /// What is wrong with the disk or the database file, if that is why something broke: the same
    /// decision can succeed later.
    pub(crate) fn cause(&self, error: &anyhow::Error) -> Option<Cause> {
        let cause = self.store.cause(error.downcast_ref::<crate::store::Error>()?);
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
