//! Starting and stopping a sandbox, and what a test or the demo does with a running one.

use super::actor::Actor;
use super::clock::{Settler, SimClock};
use super::commands::Commands;
use super::faults::{Fault, Faults};
use super::gateway::hub::{Frame, Hub};
use super::gateway::socket;
use super::interactions::Interactions;
use super::limits::Limits;
use super::rest;
use super::security::{host_allowed, origin_allowed};
use super::server::{Breakable, Breaker, Server, Setup};
use super::state::State;
use super::traffic::{Exchange, Log, Traffic};
use super::wire::{self, Viewer};
use super::world::seed::secret;
use super::world::{Overwrite, World, kind};
use super::{page, transcript};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

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
    server: Arc<Server>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    actors: Arc<Mutex<HashMap<u64, Actor>>>,
}

/// Starts a sandbox with its default guild.
///
/// # Errors
/// When the listener cannot be used.
pub async fn start(options: Options) -> anyhow::Result<Sandbox> {
    options.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(options.listener)?;
    let addr = listener.local_addr()?;
    let (world, guild, study_channel) = World::seeded(options.seed, options.clock.now());
    let state = State {
        clock: options.clock,
        world,
        hub: Hub::default(),
        commands: Commands::default(),
        interactions: Interactions::default(),
        limits: Limits::new(options.limits),
        faults: Faults::default(),
        log: Log::default(),
        content_intent: options.content_intent,
        origin: format!("http://{addr}"),
    };
    let setup = Setup {
        addr,
        key: secret::<24>(),
        guild,
        study_channel,
        extra_hosts: options.extra_hosts,
    };
    let server = Arc::new(Server::new(setup, state));
    let router = Router::new()
        .route("/", get(page::page))
        .route("/clock", get(rest::clock_get).post(rest::clock_post))
        .route("/gateway", get(gateway))
        .route("/gateway/", get(gateway))
        .route("/gateway/resume", get(gateway))
        .route("/gateway/resume/", get(gateway))
        .route("/attachments/{channel}/{id}/{name}", get(attachment))
        .route("/api/{*path}", axum::routing::any(rest::api))
        .fallback(rest::unknown)
        .layer(middleware::from_fn_with_state(server.clone(), guard))
        .layer(DefaultBodyLimit::max(rest::BODY_LIMIT))
        .with_state(server.clone());
    let stopping = server.stopping.clone();
    let serving = axum::serve(
        Breakable(listener),
        router.into_make_service_with_connect_info::<Breaker>(),
    )
    .with_graceful_shutdown(async move { stopping.cancelled().await });
    let task = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the sandbox's server ended");
        }
    });
    Ok(Sandbox {
        server,
        task: Arc::new(Mutex::new(Some(task))),
        actors: Arc::default(),
    })
}

/// Refuses foreign hosts and origins before anything else.
async fn guard(Shared(server): Shared<Arc<Server>>, request: Request, next: Next) -> Response {
    if !host_allowed(request.headers(), server.addr, &server.extra_hosts) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "This is not the host you asked for.\n",
        )
            .into_response();
    }
    if !origin_allowed(request.headers()) {
        return (
            StatusCode::FORBIDDEN,
            "Requests from other origins are refused.\n",
        )
            .into_response();
    }
    next.run(request).await
}

async fn gateway(
    Shared(server): Shared<Arc<Server>>,
    ConnectInfo(breaker): ConnectInfo<Breaker>,
    Query(query): Query<BTreeMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if server.state().faults.outage {
        breaker.pull();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let known = |name: &str, values: &[&str]| {
        query
            .get(name)
            .is_none_or(|given| values.contains(&given.as_str()))
    };
    if !known("v", &["10"]) || !known("encoding", &["json"]) || !known("compress", &["zlib-stream"])
    {
        return (
            StatusCode::BAD_REQUEST,
            "Only v=10, json and zlib-stream are spoken here.\n",
        )
            .into_response();
    }
    let zlib_stream = query.contains_key("compress");
    upgrade.on_upgrade(move |socket| socket::serve(server, socket, zlib_stream))
}

async fn attachment(
    Shared(server): Shared<Arc<Server>>,
    Path((_, id, _)): Path<(u64, u64, String)>,
) -> Response {
    let state = server.state();
    let Some((_, bytes)) = state.world.files.get(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Never shown as a page: what members upload must not run in the sandbox's origin.
    (
        [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_DISPOSITION, "attachment"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        bytes.clone(),
    )
        .into_response()
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
        state
            .world
            .users
            .get(&self.server.bot)
            .map(|bot| bot.token.clone())
            .unwrap_or_default()
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

    /// The object that `demo` and `sandbox` print as their first line with `--json`.
    pub fn description(&self) -> Value {
        let channels: serde_json::Map<String, Value> = self
            .channels()
            .into_iter()
            .map(|(name, id)| (name, wire::id(id)))
            .collect();
        let members: Vec<Value> = self
            .members()
            .into_iter()
            .map(|one| {
                json!({"id": wire::id(one.id), "name": one.name, "token": one.token, "admin": one.admin})
            })
            .collect();
        json!({
            "page": self.page(),
            "api": self.api(),
            "gateway": self.gateway(),
            "guild_id": wire::id(self.guild_id()),
            "study_channel_id": wire::id(self.study_channel_id()),
            "channels": channels,
            "bot": {"id": wire::id(self.bot_id()), "token": self.bot_token()},
            "members": members,
        })
    }

    /// What was asked and answered over REST so far.
    pub fn traffic(&self) -> Traffic {
        self.server.state().log.traffic()
    }

    /// Every REST exchange from now on. A slow reader misses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Exchange>> {
        self.server.state().log.subscribe()
    }

    /// Gateway dispatches written to the bot's sessions so far, replays included.
    pub fn dispatched_to_bot(&self) -> u64 {
        self.server.dispatched.load(Ordering::SeqCst)
    }

    /// REST requests being answered right now.
    pub fn requests_in_flight(&self) -> usize {
        self.server.in_flight.load(Ordering::SeqCst)
    }

    /// When a request or a dispatch to the bot last happened (wire time).
    pub fn last_activity(&self) -> Instant {
        self.server.last_activity()
    }

    /// How many gateway sessions of the bot have a connection.
    pub fn bot_connections(&self) -> usize {
        self.server.state().hub.connected(self.server.bot)
    }

    /// Interactions that still wait for the bot's first answer.
    pub fn interactions_waiting(&self) -> usize {
        self.server.state().interactions.waiting()
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
        let member = known.unwrap_or_else(|| self.add_member(name, false));
        self.actors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(member.id)
            .or_insert_with(|| {
                Actor::connect(
                    member,
                    &self.api(),
                    &self.gateway(),
                    self.server.bot,
                    self.server.stopping.clone(),
                )
            })
            .clone()
    }

    /// Sets the bot's rights: in a channel as an overwrite for the bot itself (0 and 0 remove it),
    /// or with None in its role in the default guild (`allow` added, `deny` taken away).
    pub fn set_bot_permissions(&self, channel: Option<u64>, allow: u64, deny: u64) {
        let mut state = self.server.state();
        match channel {
            Some(channel) => state.set_overwrite(
                channel,
                Overwrite {
                    id: self.server.bot,
                    member: true,
                    allow,
                    deny,
                },
            ),
            None => {
                let guild = self.server.guild;
                let Some(role) = state.world.bot_role(guild) else {
                    return;
                };
                let now = state
                    .world
                    .guilds
                    .get(&guild)
                    .and_then(|guild| guild.roles.get(&role))
                    .map_or(0, |role| role.permissions);
                state.set_role(guild, role, (now | allow) & !deny);
            }
        }
    }

    /// Deletes a channel with its threads, or a thread.
    pub fn delete_channel(&self, channel: u64) {
        self.server.state().remove_channel(channel);
    }

    /// Deletes a message as its author or a moderator would.
    pub fn delete_message(&self, channel: u64, message: u64) {
        // Deleting what is not there changes nothing.
        let _ = self.server.state().erase(channel, message);
    }

    /// Takes the bot out of the default guild.
    pub fn kick_bot(&self) {
        self.server
            .state()
            .remove_member(self.server.guild, self.server.bot);
    }

    /// Takes the bot back in, with its usual rights.
    pub fn invite_bot(&self) {
        let mut state = self.server.state();
        let (guild, now) = (self.server.guild, state.clock.now());
        if state.world.bot_role(guild).is_none() {
            state.world.join_bot(guild, now);
            state.welcome(guild, self.server.bot);
        }
    }

    /// Adds a channel of a type (0 text, 2 voice, 15 forum) to the default guild.
    pub fn add_channel(&self, name: &str, kind: u8) -> u64 {
        self.add_channel_to(self.server.guild, name, kind)
    }

    /// Adds a channel to a guild.
    pub fn add_channel_to(&self, guild: u64, name: &str, kind: u8) -> u64 {
        let mut state = self.server.state();
        let now = state.clock.now();
        let id = state.world.new_channel(guild, name, kind, now);
        state.tell_new_channel(id);
        id
    }

    /// Adds a guild with the same human members and the bot, and one text channel. Returns the
    /// guild and the channel.
    pub fn add_guild(&self, name: &str) -> (u64, u64) {
        let mut state = self.server.state();
        let now = state.clock.now();
        let guild = state.world.new_guild(name, now);
        for (index, member) in members_of(&state.world, self.server.guild)
            .into_iter()
            .filter(|user| *user != self.server.bot)
            .enumerate()
        {
            state.world.join(guild, member, index == 0, now);
        }
        state.world.join_bot(guild, now);
        let channel = state.world.new_channel(guild, "general", kind::TEXT, now);
        state.welcome(guild, self.server.bot);
        (guild, channel)
    }

    /// Adds a member to the default guild.
    pub fn add_member(&self, name: &str, admin: bool) -> Cast {
        let mut state = self.server.state();
        let (guild, now) = (self.server.guild, state.clock.now());
        let user = state.world.new_user(name, false, now);
        state.world.join(guild, user, admin, now);
        state.welcome(guild, user);
        cast(&state.world, guild, user).unwrap_or_else(|| Cast {
            id: user,
            name: name.to_owned(),
            token: String::new(),
            admin,
        })
    }

    /// Takes a member out of the default guild.
    pub fn remove_member(&self, member: u64) {
        self.server.state().remove_member(self.server.guild, member);
    }

    /// Whether a member takes direct messages; if not, they are refused with 50007.
    pub fn set_dms_open(&self, member: u64, open: bool) {
        if let Some(user) = self.server.state().world.users.get_mut(&member) {
            user.dms_open = open;
        }
    }

    /// Breaks the bot's gateway connections without a word; its sessions can be resumed.
    pub fn drop_gateways(&self) {
        let state = self.server.state();
        state.hub.each(self.server.bot, || Frame::Abort);
    }

    /// Closes the bot's gateway connections with a code.
    pub fn close_gateways(&self, code: u16) {
        let state = self.server.state();
        state
            .hub
            .each(self.server.bot, || Frame::Close(code, "Closed on purpose."));
    }

    /// Asks the bot's sessions to connect anew (op 7).
    pub fn ask_reconnect(&self) {
        let state = self.server.state();
        state.hub.each(self.server.bot, || {
            Frame::Control(json!({"op": 7, "s": null, "t": null, "d": null}).to_string())
        });
    }

    /// Asks the bot's sessions for a heartbeat at once (op 1).
    pub fn ask_heartbeat(&self) {
        let state = self.server.state();
        state.hub.each(self.server.bot, || {
            Frame::Control(json!({"op": 1, "s": null, "t": null, "d": null}).to_string())
        });
    }

    /// Tells the bot's sessions that they are invalid (op 9).
    pub fn invalidate_sessions(&self, resumable: bool) {
        self.server
            .state()
            .hub
            .invalidate(self.server.bot, resumable);
    }

    /// Lets the bot's next `times` requests go wrong whose method is `matcher.0` (`*` for any) and
    /// whose path template, as in Discord's description, contains `matcher.1`.
    pub fn fail_next(&self, matcher: (&str, &str), fault: Fault, times: u32) {
        self.server
            .state()
            .faults
            .add(matcher.0, matcher.1, fault, times);
    }

    /// Forgets faults that have not happened; returns how many requests were still to go wrong.
    pub fn clear_faults(&self) -> u32 {
        self.server.state().faults.clear()
    }

    /// While on, nothing of the bot's comes through: connections break, new ones are refused.
    pub fn set_outage(&self, on: bool) {
        self.server.state().faults.outage = on;
        if on {
            self.drop_gateways();
        }
    }

    /// Turns the rate limits on or off.
    pub fn set_limits(&self, on: bool) {
        self.server.state().limits = Limits::new(on);
    }

    /// Makes every interaction so much older (wire time), to reach the end of a token's life.
    pub fn age_interactions(&self, by: Duration) {
        self.server.state().age_interactions(by);
    }

    /// A channel's or thread's messages, oldest first, with everything readable.
    pub fn messages(&self, channel: u64) -> Vec<Value> {
        transcript::messages(&self.server.state().world, channel)
    }

    /// Ephemeral messages one member can see, oldest first.
    pub fn private_messages(&self, member: u64) -> Vec<Value> {
        let state = self.server.state();
        state
            .world
            .private
            .values()
            .filter(|message| {
                message
                    .audience
                    .as_ref()
                    .is_some_and(|(user, _)| *user == member)
            })
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
            .map_or(Value::Null, |channel| {
                wire::channel(&state.world, channel, Viewer::ALL)
            })
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
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut task) = task
            && tokio::time::timeout(Duration::from_secs(2), &mut task)
                .await
                .is_err()
        {
            task.abort();
        }
    }
}

fn members_of(world: &World, guild: u64) -> Vec<u64> {
    world
        .guilds
        .get(&guild)
        .map(|guild| guild.members.keys().copied().collect())
        .unwrap_or_default()
}

fn cast(world: &World, guild: u64, user: u64) -> Option<Cast> {
    let found = world.users.get(&user)?;
    Some(Cast {
        id: user,
        name: world.name(user).to_owned(),
        token: found.token.clone(),
        admin: world.guild_permissions(guild, user) == super::world::permissions::ALL,
    })
}
