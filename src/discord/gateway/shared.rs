//! What outlives a relay: the limits, where the gateway is, how often it failed, and the ways to say so.

use super::absence::{self, Absence};
use super::backoff::{Backoff, Began, chance};
use super::inspect::Asker;
use super::upstream::{Address, Failure};
use crate::discord::{ConnectError, say};
use crate::engine::Engine;
use crate::engine::limits::Gateway;
use secrecy::ExposeSecret as _;
use serenity::all::{
    CreateInteractionResponse, CreateInteractionResponseMessage, Http, InteractionId,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long a question to REST may take.
const ASK: Duration = Duration::from_secs(20);
/// How often REST is asked before it counts as away.
const QUESTIONS: u32 = 3;
/// How long an answer to an unreadable interaction may take: Discord waits for three seconds.
const ANSWER: Duration = Duration::from_secs(3);
/// Answers to unreadable interactions under way together.
const ANSWERS: usize = 8;

pub(super) struct Shared {
    pub(super) limits: Gateway,
    pub(super) engine: Engine,
    pub(super) absence: Absence,
    http: Arc<Http>,
    answers: Arc<Semaphore>,
    progress: Mutex<Progress>,
}

struct Progress {
    address: Address,
    backoff: Backoff,
    /// No connection before then.
    not_before: Instant,
    /// Connections in a row that hung although REST answered.
    hangs: u32,
    /// When IDENTIFY was last said.
    identified: Option<Instant>,
}

impl Shared {
    pub(super) fn new(limits: Gateway, engine: Engine, http: Arc<Http>, address: Address) -> Self {
        let progress = Progress {
            address,
            backoff: Backoff::new(&limits),
            not_before: Instant::now(),
            hangs: 0,
            identified: None,
        };
        Self {
            limits,
            engine,
            absence: Absence::new("Discord's gateway", limits.reminder),
            http,
            answers: Arc::new(Semaphore::new(ANSWERS)),
            progress: Mutex::new(progress),
        }
    }

    /// Where the gateway is.
    pub(super) fn address(&self) -> Address {
        self.progress().address.clone()
    }

    /// Waits until the next connection may begin.
    pub(super) async fn turn(&self) {
        let at = self.progress().not_before;
        sleep_until(at).await;
    }

    /// Waits until another IDENTIFY may be said. Discord counts them, and takes the token away from a
    /// bot that says too many.
    pub(super) async fn may_identify(&self) {
        let mut waited = false;
        loop {
            let last = self.progress().identified;
            if let Some(last) = last {
                sleep_until(last + self.limits.between_identifies).await;
            }
            // Where REST doesn't answer, the gateway may do so all the same.
            let Ok(Ok(gateway)) = timeout(ASK, self.http.get_bot_gateway()).await else { break };
            if let Ok(address) = Address::parse(&gateway.url) {
                self.progress().address = address;
            }
            let left = gateway.session_start_limit.remaining;
            if left >= self.limits.scarce_starts || (waited && left > 0) {
                break;
            }
            let why = format!("Discord allows {left} more sessions today");
            self.engine.vitals().session_lost(&why);
            self.absence.failed(&why, self.limits.scarce_wait);
            sleep(self.limits.scarce_wait).await;
            waited = true;
        }
    }

    /// IDENTIFY is said now.
    pub(super) fn identifies(&self) {
        self.progress().identified = Some(Instant::now());
    }

    /// READY or RESUMED has come.
    pub(super) fn session_began(&self) {
        self.progress().hangs = 0;
        self.engine.vitals().session_began();
        self.absence.over();
    }

    /// A session that had begun has lost its connection.
    pub(super) fn session_ended(&self, began: Began, lasted: Duration, why: &str) {
        tracing::info!("lost the gateway session: {why}");
        absence::lost(&self.absence, self.engine.vitals(), why);
        let mut progress = self.progress();
        let wait = progress.backoff.ended(lasted, began, chance());
        progress.not_before = Instant::now() + wait;
        drop(progress);
        if !wait.is_zero() {
            self.absence.failed(why, wait);
        }
    }

    /// A connection brought no session.
    ///
    /// # Errors
    /// When so many hung in a row although REST answers that only a new process may help.
    pub(super) async fn failed(&self, failure: &Failure) -> Result<(), ConnectError> {
        let why = match failure {
            Failure::Fast(why) => why.clone(),
            Failure::Hung(what) => {
                format!("{what} within {}", humantime::format_duration(self.limits.session))
            }
        };
        let wait = {
            let mut progress = self.progress();
            let wait = progress.backoff.failed(chance());
            progress.not_before = Instant::now() + wait;
            wait
        };
        self.engine.vitals().session_lost(&why);
        self.absence.failed(&why, wait);
        // Where REST doesn't answer either, it's an outage, and a new process wouldn't help.
        let counts = matches!(failure, Failure::Hung(_)) && self.rest_answers().await;
        let mut progress = self.progress();
        progress.hangs = if counts { progress.hangs + 1 } else { 0 };
        if progress.hangs >= self.limits.hangs {
            return Err(ConnectError::Hangs(progress.hangs));
        }
        Ok(())
    }

    /// Whether REST answers. It's asked more than once: a connection kept since the last request may
    /// just have been closed.
    async fn rest_answers(&self) -> bool {
        for _ in 0..QUESTIONS {
            if matches!(timeout(ASK, self.http.get_gateway()).await, Ok(Ok(_))) {
                return true;
            }
        }
        false
    }

    /// The next connection begins after `wait` at the earliest.
    pub(super) fn not_before(&self, wait: Duration) {
        let mut progress = self.progress();
        progress.not_before = progress.not_before.max(Instant::now() + wait);
    }

    /// The client library, or the relay itself, must be started again. Gives the wait until then.
    pub(super) fn restarts(&self, why: &str) -> Duration {
        absence::lost(&self.absence, self.engine.vitals(), why);
        let wait = self.progress().backoff.failed(chance());
        self.absence.failed(why, wait);
        wait
    }

    /// Tells somebody that the bot couldn't read what they did, if that is possible in time.
    pub(super) fn apologise(&self, asker: Asker) {
        let Ok(place) = Arc::clone(&self.answers).try_acquire_owned() else { return };
        let http = Arc::clone(&self.http);
        tokio::spawn(async move {
            let _place = place;
            let message = CreateInteractionResponseMessage::new()
                .content(say::no::unreadable().content)
                .ephemeral(true);
            let response = CreateInteractionResponse::Message(message);
            let id = InteractionId::new(asker.id);
            let token = asker.token.expose_secret();
            let sent = http.create_interaction_response(id, token, &response, Vec::new());
            // Whoever waits sees that it failed; the warning is in the log already.
            let _ = timeout(ANSWER, sent).await;
        });
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
