//! What all connections share.

use super::clock::{Settler, SimClock};
use super::gateway::hub::Upset;
use super::gateway::unidentified::Unidentified;
use super::listener::Patience;
use super::state::State;
use super::world::World;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// One sandbox's server.
pub struct Server {
    pub addr: SocketAddr,
    /// `http://host:port`.
    pub origin: String,
    /// `ws://host:port/gateway`.
    pub gateway: String,
    /// What the page's address must carry.
    pub key: String,
    pub bot: u64,
    pub guild: u64,
    pub study_channel: u64,
    pub clock: SimClock,
    pub extra_hosts: Vec<String>,
    state: Mutex<State>,
    /// Dispatches written to the bot.
    pub dispatched: AtomicU64,
    pub in_flight: AtomicUsize,
    last_activity: Mutex<Instant>,
    /// Numbers gateway connections.
    pub connections: AtomicU64,
    /// Gateway connections before their IDENTIFY.
    pub unidentified: Arc<Unidentified>,
    pub stopping: CancellationToken,
    patience: Mutex<Patience>,
    settler: Mutex<Option<Settler>>,
}

/// What only the start knows.
pub struct Setup {
    pub addr: SocketAddr,
    pub key: String,
    pub guild: u64,
    pub study_channel: u64,
    pub extra_hosts: Vec<String>,
}

impl Server {
    /// Wraps a state.
    pub fn new(setup: Setup, state: State) -> Self {
        Self {
            addr: setup.addr,
            origin: format!("http://{}", setup.addr),
            gateway: format!("ws://{}/gateway", setup.addr),
            key: setup.key,
            bot: state.world.bot,
            guild: setup.guild,
            study_channel: setup.study_channel,
            clock: state.clock.clone(),
            extra_hosts: setup.extra_hosts,
            state: Mutex::new(state),
            dispatched: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            last_activity: Mutex::new(Instant::now()),
            connections: AtomicU64::new(1),
            unidentified: Arc::default(),
            stopping: CancellationToken::new(),
            patience: Mutex::default(),
            settler: Mutex::default(),
        }
    }

    /// The state, locked. Never held across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves at worst a half-told event; the test that caused
        // it has failed anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user behind a token as the gateway takes it: with or without `Bot `.
    pub fn user_of_token(&self, world: &World, token: &str) -> Option<u64> {
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        world.users.values().find(|user| user.token == token).map(|user| user.id)
    }

    /// How long others may take, on connections from now on.
    pub fn patience(&self) -> Patience {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces how long others may take.
    pub fn set_patience(&self, patience: Patience) {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner) = patience;
    }

    /// Whether nobody but this computer can reach it.
    pub fn is_private(&self) -> bool {
        self.addr.ip().is_loopback()
    }

    /// Notes that something happened.
    pub fn touch(&self) {
        *self.last_activity.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When something last happened (wire time).
    pub fn last_activity(&self) -> Instant {
        *self.last_activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While on, every connection of the bot breaks, and new ones are refused.
    pub fn set_outage(&self, on: bool) {
        let mut state = self.state();
        state.faults.outage = on;
        if on {
            state.hub.upset(self.bot, Upset::Drop);
        }
    }

    /// Replaces what is called at every stop of the clock.
    pub fn set_settler(&self, settler: Settler) {
        *self.settler.lock().unwrap_or_else(PoisonError::into_inner) = Some(settler);
    }

    /// What to call at every stop of the clock: the one that was set, else a second of quiet.
    pub fn settler(self: &Arc<Self>) -> Settler {
        self.settler_set().unwrap_or_else(|| {
            let server = self.clone();
            Arc::new(move || {
                let server = server.clone();
                Box::pin(async move { server.quiet(Some(Instant::now())).await })
            })
        })
    }

    fn settler_set(&self) -> Option<Settler> {
        self.settler.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what happened before has come to rest: whoever will wait for an instant has said so.
    pub async fn come_to_rest(self: &Arc<Self>) {
        match self.settler_set() {
            Some(settle) => settle().await,
            None => self.quiet(None).await,
        }
    }

    /// Waits for one second without requests or dispatches, counted from `after` at the earliest; at
    /// most 30 seconds.
    async fn quiet(&self, after: Option<Instant>) {
        let (began, longest) = (Instant::now(), Duration::from_secs(30));
        while began.elapsed() < longest {
            let last = self.last_activity();
            let since = after.map_or(last, |after| last.max(after)).elapsed();
            let busy = self.in_flight.load(Ordering::SeqCst) > 0;
            if !busy && since >= Duration::from_secs(1) {
                return;
            }
            let left = Duration::from_secs(1).saturating_sub(since);
            tokio::time::sleep(left.max(Duration::from_millis(10))).await;
        }
    }
}

/// Counts a request while it is being answered.
pub struct InFlight(Arc<Server>);

impl InFlight {
    /// One more.
    pub fn enter(server: &Arc<Server>) -> Self {
        server.in_flight.fetch_add(1, Ordering::SeqCst);
        server.touch();
        Self(server.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.touch();
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
