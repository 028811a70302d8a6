//! What all connections share, and the listener they come in by.

use super::clock::{Settler, SimClock};
use super::gateway::hub::Upset;
use super::state::State;
use super::world::World;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
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
    pub stopping: CancellationToken,
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
            stopping: CancellationToken::new(),
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

/// A listener whose connections can be broken from inside a handler, as networks do.
pub struct Breakable(pub TcpListener);

impl Listener for Breakable {
    type Io = BreakableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, addr) = Listener::accept(&mut self.0).await;
        // Small messages back and forth: waiting to fill packets only costs time.
        let _ = stream.set_nodelay(true);
        let io = BreakableStream { stream, broken: Arc::default() };
        (io, addr)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// One of its connections.
pub struct BreakableStream {
    stream: TcpStream,
    broken: Arc<AtomicBool>,
}

/// Breaks the connection a request came by: nothing more is written to it.
#[derive(Clone)]
pub struct Breaker(Arc<AtomicBool>);

impl Breaker {
    /// From now on every write fails.
    pub fn pull(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Breakable>> for Breaker {
    fn connect_info(stream: IncomingStream<'_, Breakable>) -> Self {
        Self(stream.io().broken.clone())
    }
}

impl BreakableStream {
    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
