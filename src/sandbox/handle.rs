//! Starting and stopping a sandbox, and what it tells about itself.

use super::actor::Actor;
use super::clock::{Settler, SimClock};
use super::commands::Commands;
use super::faults::Faults;
use super::gateway::hub::Hub;
use super::interactions::Interactions;
use super::limits::Limits;
use super::listener;
use super::server::{Server, Setup};
use super::state::State;
use super::traffic::{Exchange, Log, Reader, Traffic};
use super::wire::{self, Viewer};
use super::world::place::Place;
use super::world::seed::secret;
use super::world::{World, kind};
use super::{routes, transcript};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

/// Connections that may wait to be taken in.
const BACKLOG: i32 = 4096;
/// The largest segment of a connection, in bytes: what an Ethernet's 1,500 leave beside the headers of
/// IPv4 and TCP, as on the way to Discord (RFC 9293, section 3.7.1).
#[cfg(unix)]
const SEGMENT: u32 = 1_460;

/// How a sandbox starts.
pub struct Options {
    /// Bound by the caller, who so decides who can reach it.
    pub listener: std::net::TcpListener,
    /// Study time: the source of snowflakes and timestamps.
    pub clock: SimClock,
    /// Part of every id, so that two sandboxes differ.
    pub seed: u64,
    /// Whether the bot meets rate limits.
    pub limits: bool,
    /// Names allowed in the Host header besides loopback, for tests behind a proxy.
    pub extra_hosts: Vec<String>,
    /// Whether the application was granted the message-content intent; without it, asking for it
    /// closes the gateway with 4014.
    pub content_intent: bool,
}

/// One member, for tests and for the first line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// User id.
    pub id: u64,
    /// The name others see.
    pub name: String,
    /// Goes into `Authorization` as it is.
    pub token: String,
    /// Whether the member has the administrator's right.
    pub admin: bool,
}

/// A running sandbox. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    pub(super) server: Arc<Server>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    actors: Arc<Mutex<HashMap<u64, Actor>>>,
}

/// Starts a sandbox with its standard place.
///
/// # Errors
/// When the listener cannot be used.
pub async fn start(options: Options) -> anyhow::Result<Sandbox> {
    start_at(options, &Place::default()).await
}

/// Starts a sandbox with a place of one's own.
///
/// # Errors
/// When the listener cannot be used.
pub async fn start_at(options: Options, place: &Place) -> anyhow::Result<Sandbox> {
    options.listener.set_nonblocking(true)?;
    // The standard library lets 128 connections wait; of those beyond, the first request is lost and
    // comes again only after 200 ms.
    let socket = socket2::SockRef::from(&options.listener);
    socket.listen(BACKLOG)?;
    // The loopback's segments are as large as what a client's window holds at first. A client that
    // falls behind then closes its window, and Linux asks only after 200 ms whether it is open again.
    #[cfg(unix)]
    socket.set_tcp_mss(SEGMENT)?;
    let listener = tokio::net::TcpListener::from_std(options.listener)?;
    let addr = listener.local_addr()?;
    let (world, guild, study_channel) = World::seeded(place, options.seed, options.clock.now());
    let state = State {
        clock: options.clock,
        world,
        hub: Hub::default(),
        commands: Commands::default(),
        interactions: Interactions::default(),
        limits: Limits::new(options.limits),
        faults: Faults::default(),
        log: Log::default(),
        archive_at: DateTime::<Utc>::MIN_UTC,
        content_intent: options.content_intent && place.content_intent(),
        origin: format!("http://{addr}"),
    };
    let setup =
        Setup { addr, key: secret::<24>(), guild, study_channel, extra_hosts: options.extra_hosts };
    let server = Arc::new(Server::new(setup, state));
    let router = routes::router(&server);
    let task = tokio::spawn(listener::serve(Arc::clone(&server), listener, router));
    Ok(Sandbox { server, task: Arc::new(Mutex::new(Some(task))), actors: Arc::default() })
}

impl Sandbox {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// The base of REST, ending in `/api/v10`.
    pub fn api(&self) -> String {
        format!("{}/api/v10", self.server.origin)
    }

    /// The gateway, without a query.
    pub fn gateway(&self) -> String {
        self.server.gateway.clone()
    }

    /// The page, with its key.
    pub fn page(&self) -> String {
        format!("{}/?key={}", self.server.origin, self.server.key)
    }

    /// Study time.
    pub fn clock(&self) -> SimClock {
        self.server.clock.clone()
    }

    /// The bot's token, without `Bot `.
    pub fn bot_token(&self) -> String {
        let state = self.server.state();
        state.world.users.get(&self.server.bot).map(|bot| bot.token.clone()).unwrap_or_default()
    }

    /// The bot's user id, which is its application's id too.
    pub fn bot_id(&self) -> u64 {
        self.server.bot
    }

    /// The default guild.
    pub fn guild_id(&self) -> u64 {
        self.server.guild
    }

    /// The channel meant for studying.
    pub fn study_channel_id(&self) -> u64 {
        self.server.study_channel
    }

    /// The default guild's text channels by name.
    pub fn channels(&self) -> Vec<(String, u64)> {
        let state = self.server.state();
        state
            .world
            .channels
            .values()
            .filter(|channel| {
                channel.guild == Some(self.server.guild) && channel.kind == kind::TEXT
            })
            .map(|channel| (channel.name.clone(), channel.id))
            .collect()
    }

    /// The default guild's human members, the admin first.
    pub fn members(&self) -> Vec<Cast> {
        let state = self.server.state();
        state
            .world
            .guilds
            .get(&self.server.guild)
            .into_iter()
            .flat_map(|guild| guild.members.keys())
            .filter(|user| **user != self.server.bot)
            .filter_map(|user| cast(&state.world, self.server.guild, *user))
            .collect()
    }

    /// The object that `demo` and `sandbox` print as their first line with `--json`. It names the key
    /// where other computers may reach the sandbox, because `POST /clock` needs it then.
    pub fn description(&self) -> Value {
        let channels: serde_json::Map<String, Value> =
            self.channels().into_iter().map(|(name, id)| (name, wire::id(id))).collect();
        let members: Vec<Value> = self
            .members()
            .into_iter()
            .map(|one| {
                json!({"id": wire::id(one.id), "name": one.name, "token": one.token, "admin": one.admin})
            })
            .collect();
        let mut description = json!({
            "page": self.page(),
            "api": self.api(),
            "gateway": self.gateway(),
            "guild_id": wire::id(self.guild_id()),
            "study_channel_id": wire::id(self.study_channel_id()),
            "channels": channels,
            "bot": {"id": wire::id(self.bot_id()), "token": self.bot_token()},
            "members": members,
        });
        if !self.server.is_private() {
            description["key"] = self.server.key.clone().into();
        }
        description
    }

    /// What was asked and answered over REST so far.
    pub fn traffic(&self) -> Traffic {
        self.server.state().log.traffic()
    }

    /// Every REST exchange from now on. A slow reader misses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Exchange>> {
        self.server.state().log.subscribe()
    }

    /// What to call at every stop of the clock: the settler that was set, else a second of quiet.
    pub fn settler(&self) -> Settler {
        self.server.settler()
    }

    /// Lets somebody read along from now on: every exchange over REST, and every event for the bot's
    /// sessions that begin from now on.
    pub fn read_along(&self, reader: Reader) {
        let mut state = self.server.state();
        state.log.read_along(Arc::clone(&reader));
        state.hub.read_along(self.server.bot, reader);
    }

    /// How many requests of the bot were answered with each status since the start; 0 stands for
    /// connections that broke before an answer.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        self.server.state().log.statuses()
    }

    /// How many requests of the bot there were since the start.
    pub fn requests_of_bot(&self) -> u64 {
        self.statuses().values().sum()
    }

    /// Gateway dispatches written to the bot's sessions so far, replays included.
    pub fn dispatched_to_bot(&self) -> u64 {
        self.server.dispatched.load(Ordering::SeqCst)
    }

    /// REST requests being answered right now.
    pub fn requests_in_flight(&self) -> usize {
        self.server.in_flight.load(Ordering::SeqCst)
    }

    /// Events for the bot that are not written to its connections yet.
    pub fn queued_for_bot(&self) -> usize {
        self.server.state().hub.queued(self.server.bot)
    }

    /// When a request or a dispatch to the bot last happened (wire time).
    pub fn last_activity(&self) -> Instant {
        self.server.last_activity()
    }

    /// How many gateway sessions of the bot have a connection.
    pub fn bot_connections(&self) -> usize {
        self.server.state().hub.connected(self.server.bot)
    }

    /// How many bytes the kept exchanges take, roughly.
    pub fn traffic_bytes(&self) -> usize {
        self.server.state().log.bytes()
    }

    /// Gateway connections that have not identified yet.
    pub fn unidentified_gateways(&self) -> usize {
        self.server.unidentified.count()
    }

    /// Interactions that still wait for the bot's first answer.
    pub fn interactions_waiting(&self) -> usize {
        self.server.state().interactions.waiting()
    }

    /// How long the bot took, from being told of an interaction to its first answer (wire time), for
    /// each that it answered, oldest first; of at most 10,000 interactions.
    pub fn answered_after(&self) -> Vec<Duration> {
        self.server.state().interactions.answered_after()
    }

    /// What `POST /clock` calls at each stop; without one, a second without requests and dispatches
    /// (at most 30) counts as settled.
    pub fn set_settler(&self, settler: Settler) {
        self.server.set_settler(settler);
    }

    /// A member who acts over real REST and a gateway session of its own. Called again with the
    /// same name it gives the same one. An unknown name joins the guild as a plain member.
    pub fn actor(&self, name: &str) -> Actor {
        let known = self.members().into_iter().find(|one| one.name == name);
        self.connect(known.unwrap_or_else(|| self.add_member(name, false)), None)
    }

    /// The same for a member of any guild. Its session is told what comes of its own clicks and
    /// commands and nothing else: where hundreds act, who reads along would cost more than the bot.
    pub fn act_as(&self, member: Cast) -> Actor {
        self.connect(member, Some(0))
    }

    fn connect(&self, member: Cast, intents: Option<u64>) -> Actor {
        self.actors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(member.id)
            .or_insert_with(|| {
                Actor::connect(
                    member,
                    intents,
                    &self.api(),
                    &self.gateway(),
                    self.server.bot,
                    self.server.stopping.clone(),
                )
            })
            .clone()
    }

    /// A channel's or thread's messages, oldest first, with everything readable.
    pub fn messages(&self, channel: u64) -> Vec<Value> {
        transcript::messages(&self.server.state().world, channel)
    }

    /// The messages of a channel or thread that came after `after`, oldest first.
    pub fn messages_after(&self, channel: u64, after: u64) -> Vec<Value> {
        let state = self.server.state();
        let messages = state.world.messages.get(&channel);
        messages
            .into_iter()
            .flat_map(|messages| messages.range(after + 1..))
            .map(|(_, message)| wire::message(&state.world, message, Viewer::ALL))
            .collect()
    }

    /// Ephemeral messages one member can see, oldest first.
    pub fn private_messages(&self, member: u64) -> Vec<Value> {
        let state = self.server.state();
        state
            .world
            .private
            .values()
            .filter(|message| message.audience.as_ref().is_some_and(|(user, _)| *user == member))
            .map(|message| wire::message(&state.world, message, Viewer::ALL))
            .collect()
    }

    /// A channel or thread; null when there is none.
    pub fn channel(&self, id: u64) -> Value {
        let state = self.server.state();
        state
            .world
            .channels
            .get(&id)
            .map_or(Value::Null, |channel| wire::channel(&state.world, channel, Viewer::ALL))
    }

    /// The threads of a channel, oldest first.
    pub fn threads(&self, channel: u64) -> Vec<Value> {
        let state = self.server.state();
        state
            .world
            .channels
            .values()
            .filter(|thread| thread.thread.is_some() && thread.parent == Some(channel))
            .map(|thread| wire::channel(&state.world, thread, Viewer::ALL))
            .collect()
    }

    /// The direct messages between the bot and a member, oldest first.
    pub fn direct_messages(&self, member: u64) -> Vec<Value> {
        let state = self.server.state();
        state
            .world
            .dm_between(self.server.bot, member)
            .map(|channel| transcript::messages(&state.world, channel))
            .unwrap_or_default()
    }

    /// Commands registered everywhere (None) or in a guild.
    pub fn commands(&self, guild: Option<u64>) -> Vec<Value> {
        self.server.state().commands.list(guild)
    }

    /// Everything that was said, for people.
    pub fn transcript(&self) -> String {
        transcript::transcript(&self.server.state().world)
    }

    /// Stops: gateways close with 1001, running requests end, the port is free.
    pub async fn stop(self) {
        self.server.stopping.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut task) = task
            && tokio::time::timeout(Duration::from_secs(2), &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

/// A member of a guild.
pub(super) fn cast(world: &World, guild: u64, user: u64) -> Option<Cast> {
    let found = world.users.get(&user)?;
    Some(Cast {
        id: user,
        name: world.name(user).to_owned(),
        token: found.token.clone(),
        admin: world.guild_permissions(guild, user) == super::world::permissions::ALL,
    })
}
