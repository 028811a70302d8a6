//! The gateway: the client library behind a relay of ours, and whoever watches over both.
//!
//! The library (serenity 0.12.5) awaits the WebSocket handshake without a time limit, reconnects without a
//! pause, and drops what it can't read. So it is told to find the gateway on this computer, and
//! [`relay`] speaks with Discord. What remains of the library's own connection is a decoder of events;
//! if it says nothing any more, it is replaced.

pub(super) mod absence;
pub(super) mod upstream;

mod backoff;
mod close;
mod frame;
mod inspect;
mod loopback;
mod pump;
mod relay;
mod session;
mod shared;

pub(super) use backoff::{Backoff, chance};

use super::alarm::Alarm;
use super::commands::{self, Data};
use super::steering::Steering;
use super::{ConnectError, Gauge, Outbound};
use crate::engine::Engine;
use crate::engine::limits::Gateway;
use loopback::Loopback;
use relay::{Over, Relay};
use serenity::all::{Client, ClientBuilder, GatewayIntents, Http, ShardManager};
use serenity::cache::Settings as CacheSettings;
use shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use upstream::Address;

/// How long the library may take to be put together: it asks REST for an address that isn't used.
const BUILD: Duration = Duration::from_secs(30);
/// How long the library may take to end. What is left of it then has nowhere to connect to.
const GOODBYE: Duration = Duration::from_secs(6);
/// How long the admins may take to be told.
const TELL: Duration = Duration::from_secs(20);

/// What the gateway needs of the bot.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) outbound: Arc<Outbound>,
    pub(super) gauge: Gauge,
    /// For the relay's own questions.
    pub(super) http: Arc<Http>,
    /// Where Discord says that the gateway is.
    pub(super) url: String,
    pub(super) limits: Gateway,
}

/// Listens until cancelled.
///
/// # Errors
/// What only a person or a new process can fix.
pub(super) async fn listen(
    parts: Parts,
    listener: impl Fn() -> Result<Http, ConnectError>,
    stop: CancellationToken,
) -> Result<(), ConnectError> {
    let address = Address::parse(&parts.url)
        .map_err(|why| ConnectError::NotDiscord(parts.url.clone(), why))?;
    let http = Arc::clone(&parts.http);
    let shared = Arc::new(Shared::new(parts.limits, parts.engine.clone(), http, address));
    absence::lost(&shared.absence, parts.engine.vitals(), "it has just been started");
    let listening = async {
        loop {
            let over = match Connected::start(&parts, &shared, &listener).await {
                Ok(connected) => connected.run(&stop).await,
                Err(why) => Over::Stuck(why),
            };
            match over {
                Over::Left => return Ok(()),
                Over::Fatal(error) => {
                    if matches!(error, ConnectError::Intents) {
                        let told = parts.outbound.alarm(&Alarm::Intents);
                        if timeout(TELL, told).await.is_err() {
                            tracing::warn!("the admins could not be told in time");
                        }
                    }
                    return Err(error);
                }
                Over::Stuck(why) => {
                    tracing::warn!("the gateway's client is replaced: {why}");
                    let wait = shared.restarts(why);
                    tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        () = sleep(wait) => {}
                    }
                }
            }
        }
    };
    shared.absence.reminding(listening).await
}

/// The library with its relay.
struct Connected {
    shards: Arc<ShardManager>,
    library: JoinHandle<serenity::Result<()>>,
    relay: JoinHandle<()>,
    over: oneshot::Receiver<Over>,
    leave: CancellationToken,
}

impl Connected {
    async fn start(
        parts: &Parts,
        shared: &Arc<Shared>,
        listener: &impl Fn() -> Result<Http, ConnectError>,
    ) -> Result<Self, &'static str> {
        let http = listener().map_err(|_| "there can be no HTTP client")?;
        let loopback = Loopback::open().await.map_err(|_| "there can be no listener for it")?;
        let mut client = timeout(BUILD, client(parts, http))
            .await
            .map_err(|_| "it could not be put together in time")?
            .map_err(|_| "it could not be put together")?;
        loopback.url().clone_into(&mut *client.ws_url.lock().await);
        let shards = Arc::clone(&client.shard_manager);
        let leave = CancellationToken::new();
        let mut relay = Relay::new(Arc::clone(shared), loopback, leave.clone());
        let (report, over) = oneshot::channel();
        let relay = tokio::spawn(async move {
            // Nobody waits for the report if the bot is dropped.
            let _ = report.send(relay.run().await);
            relay.see_off().await;
        });
        let library = tokio::spawn(async move { client.start().await });
        Ok(Self { shards, library, relay, over, leave })
    }

    /// Runs until one of the two ends; then neither is left.
    async fn run(mut self, stop: &CancellationToken) -> Over {
        let over = tokio::select! {
            () = stop.cancelled() => None,
            over = &mut self.over => Some(over.unwrap_or(Over::Stuck("the relay broke"))),
            _ = &mut self.library => Some(Over::Stuck("the client library ended")),
        };
        self.leave.cancel();
        let stopping = over.is_none();
        let ending = async {
            if over.is_none() {
                // The relay says goodbye to Discord.
                let _ = (&mut self.over).await;
            }
            // A library that was about to connect can only be told to end once it has.
            while !stopping && self.shards.runners.lock().await.is_empty() {
                sleep(Duration::from_millis(50)).await;
            }
            self.shards.shutdown_all().await;
        };
        if timeout(GOODBYE, ending).await.is_err() && stopping {
            tracing::warn!("the gateway did not close in time");
        }
        self.library.abort();
        self.relay.abort();
        over.unwrap_or(Over::Left)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.library.abort();
        self.relay.abort();
    }
}

async fn client(parts: &Parts, http: Http) -> serenity::Result<Client> {
    let intents =
        GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    let data = Data {
        engine: parts.engine.clone(),
        outbound: Arc::clone(&parts.outbound),
        gauge: parts.gauge.clone(),
        steering: Steering::default(),
    };
    let mut settings = CacheSettings::default();
    // Members come with the events that concern them; keeping them all would cost memory for
    // nothing.
    settings.max_messages = 0;
    settings.cache_users = false;
    ClientBuilder::new_with_http(http, intents)
        .framework(commands::framework(data))
        .raw_event_handler(parts.gauge.clone())
        .cache_settings(settings)
        .await
}
