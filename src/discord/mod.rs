//! Discord: the only folder that names serenity or poise.
//!
//! `inbound` turns gateway events into inputs, `commands` and `components` answer members,
//! `outbound` carries out deliveries, `say` holds every sentence and `render` turns them into the
//! client library's types.

mod alarm;
mod commands;
mod components;
mod doctor;
mod fault;
mod inbound;
mod outbound;
mod pictures;
mod register;
mod render;
mod rights;
pub mod say;
mod steering;

pub use alarm::Alarm;
pub use doctor::{Visitor, unnamed};
pub use outbound::Outbound;

use crate::domain::ids::{GuildId, MemberId};
use crate::engine::Engine;
use commands::Data;
use secrecy::{ExposeSecret as _, SecretString};
use serenity::all::{
    Cache, ClientBuilder, Context, Event, GatewayIntents, Http, HttpBuilder, RawEventHandler,
};
use serenity::async_trait;
use serenity::cache::Settings as CacheSettings;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use steering::Steering;
use thiserror::Error;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long Discord may take for one request. serenity's own client would wait for ever.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// After this long without an answer an interaction is acknowledged, so that Discord's 3 seconds
/// (documentation, receiving-and-responding) do not run out.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_millis(1_800);
/// How long an acknowledged press waits for those of others.
const CROWD: Duration = Duration::from_millis(100);

/// Where Discord is and who we are there.
pub struct Link {
    /// The bot's token.
    pub token: SecretString,
    /// The address of a Discord-compatible server, without `/api/v10`; `None` for Discord.
    pub api: Option<String>,
    /// An HTTP client to use instead of our own; for tests of Discord's own rate limiter.
    pub client: Option<reqwest::Client>,
    /// Whether requests keep to Discord's global limit. Only for a server that has none may they not.
    pub paced: bool,
}

/// Why the bot could not start or go on. Each sentence says what to do; none holds the token.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The token is refused.
    #[error(
        "Discord refuses the token. Copy it anew from the developer portal (Bot, Reset Token) into DISCORD_TOKEN or the token file"
    )]
    Token,
    /// The address does not answer.
    #[error("cannot reach {0}. Check the network, or the address after --api")]
    Unreachable(String),
    /// The server answered with something else.
    #[error("{0} does not answer as Discord does: {1}")]
    NotDiscord(String, String),
    /// The message content intent is not switched on.
    #[error(
        "Discord refuses the intents. Switch on Message Content Intent in the developer portal (Bot, Privileged Gateway Intents) and start again"
    )]
    Intents,
    /// The gateway ended for another reason.
    #[error("the connection to Discord ended: {0}")]
    Ended(String),
}

/// A checked connection: the token works, and it is known whose it is.
pub struct Connection {
    /// For deliveries, whose limits it keeps count of.
    http: Arc<Http>,
    /// For the gateway and for replies to interactions, which have limits of their own.
    listener: Http,
    bot: MemberId,
    name: String,
    paced: bool,
}

impl Connection {
    /// Checks address and token.
    ///
    /// # Errors
    /// When Discord cannot be reached or refuses the token.
    pub async fn open(link: Link) -> Result<Self, ConnectError> {
        let (http, listener) = (Arc::new(http_of(&link)?), http_of(&link)?);
        let place = link.api.as_deref().unwrap_or("Discord");
        // If this route failed later, serenity would silently go to the real gateway instead.
        let gateway = gateway_of(&http, place).await?;
        tracing::debug!(gateway, "gateway found");
        let user = http.get_current_user().await.map_err(|error| trouble(place, &error))?;
        // A bot's application has the bot's id, but for very old ones; asking is certain.
        let application =
            http.get_current_application_info().await.map_err(|error| trouble(place, &error))?;
        http.set_application_id(application.id);
        listener.set_application_id(application.id);
        let (bot, name) = (MemberId(user.id.get()), user.name.clone());
        Ok(Self { http, listener, bot, name, paced: link.paced })
    }

    /// The bot's own user.
    pub fn bot(&self) -> MemberId {
        self.bot
    }

    /// The bot's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The way to Discord for deliveries.
    pub fn outbound(&self, engine: Engine) -> Arc<Outbound> {
        Arc::new(Outbound::new(Arc::clone(&self.http), engine, self.bot, self.paced))
    }

    /// Makes the commands known to Discord, where they are not already.
    ///
    /// # Errors
    /// When Discord does not answer or refuses.
    pub async fn register_commands(&self) -> Result<(), ConnectError> {
        register::register(&self.http)
            .await
            .map_err(|error| ConnectError::Ended(fault::failure(&error).text()))
    }

    /// Listens until cancelled.
    ///
    /// # Errors
    /// When Discord closes the gateway for good.
    pub async fn listen(
        self,
        engine: Engine,
        outbound: Arc<Outbound>,
        gauge: Gauge,
        stop: CancellationToken,
    ) -> Result<(), ConnectError> {
        let intents = GatewayIntents::GUILDS
            | GatewayIntents::GUILD_MESSAGES
            | GatewayIntents::MESSAGE_CONTENT;
        let data = Data { engine, outbound, gauge: gauge.clone(), steering: Steering::default() };
        let mut settings = CacheSettings::default();
        // Members come with the events that concern them; keeping them all would cost memory for
        // nothing.
        settings.max_messages = 0;
        settings.cache_users = false;
        let mut client = ClientBuilder::new_with_http(self.listener, intents)
            .framework(commands::framework(data))
            .raw_event_handler(gauge)
            .cache_settings(settings)
            .await
            .map_err(|error| ConnectError::Ended(fault::failure(&error).text()))?;
        let shards = Arc::clone(&client.shard_manager);
        tokio::select! {
            ended = client.start() => match ended {
                Ok(()) if stop.is_cancelled() => Ok(()),
                Ok(()) => Err(ConnectError::Ended("all shards have stopped".to_owned())),
                Err(serenity::Error::Gateway(
                    serenity::gateway::GatewayError::DisallowedGatewayIntents
                    | serenity::gateway::GatewayError::InvalidGatewayIntents,
                )) => Err(ConnectError::Intents),
                Err(serenity::Error::Gateway(
                    serenity::gateway::GatewayError::InvalidAuthentication,
                )) => Err(ConnectError::Token),
                Err(error) => Err(ConnectError::Ended(fault::failure(&error).text())),
            },
            () = stop.cancelled() => {
                shards.shutdown_all().await;
                Ok(())
            }
        }
    }
}

/// A client for REST.
fn http_of(link: &Link) -> Result<Http, ConnectError> {
    let client = match &link.client {
        Some(client) => client.clone(),
        None => reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| ConnectError::Ended(error.to_string()))?,
    };
    let builder = HttpBuilder::new(link.token.expose_secret()).client(client);
    Ok(match &link.api {
        // serenity's rate limiter ignores the address and would call the real Discord.
        Some(api) => builder.proxy(api).ratelimiter_disabled(true).build(),
        None => builder.build(),
    })
}

/// Where the gateway is. It takes no token, and so tells whether this is Discord at all.
async fn gateway_of(http: &Http, place: &str) -> Result<String, ConnectError> {
    Ok(http.get_gateway().await.map_err(|error| trouble(place, &error))?.url)
}

/// Why there is no connection to `place`.
fn trouble(place: &str, error: &serenity::Error) -> ConnectError {
    match fault::failure(error) {
        fault::Failure::Refused { text, .. } => ConnectError::NotDiscord(place.to_owned(), text),
        fault::Failure::Unclear(text) if text.starts_with("401") => ConnectError::Token,
        fault::Failure::Unclear(_) => ConnectError::Unreachable(place.to_owned()),
    }
}

/// Counts events, for whoever waits until all of them are consumed.
#[derive(Debug, Clone, Default)]
pub struct Gauge {
    inner: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    received: AtomicU64,
    under_way: AtomicU64,
    /// Presses that are to be acknowledged before anything else is done.
    unacknowledged: AtomicU64,
    acknowledged: Notify,
    ready: Notify,
    is_ready: AtomicU64,
}

impl Gauge {
    /// Events received since the start, over all sessions.
    pub fn received(&self) -> u64 {
        self.inner.received.load(Ordering::SeqCst)
    }

    /// Whether no event is being handled.
    pub fn is_idle(&self) -> bool {
        self.inner.under_way.load(Ordering::SeqCst) == 0
    }

    /// Waits until the first session has begun and the guilds are known.
    pub async fn ready(&self) {
        loop {
            let notified = self.inner.ready.notified();
            if self.inner.is_ready.load(Ordering::SeqCst) > 0 {
                return;
            }
            notified.await;
        }
    }

    /// Does what acknowledges a press, then lets those who press at the same moment go first: what is
    /// decided for one must not keep another waiting. Returns `None` if that took too long.
    async fn among_others<T>(&self, acknowledge: impl Future<Output = T>) -> Option<T> {
        self.inner.unacknowledged.fetch_add(1, Ordering::SeqCst);
        let done = tokio::time::timeout(ACKNOWLEDGE_AFTER, acknowledge).await.ok();
        if self.inner.unacknowledged.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.inner.acknowledged.notify_waiters();
        }
        let all = async {
            loop {
                let notified = self.inner.acknowledged.notified();
                if self.inner.unacknowledged.load(Ordering::SeqCst) == 0 {
                    return;
                }
                notified.await;
            }
        };
        // Whoever still waits then waits for Discord, not for us.
        let _gave_up = tokio::time::timeout(CROWD, all).await;
        done
    }

    /// Counts an event as being handled, until what is returned is dropped.
    fn begin(&self) -> UnderWay {
        self.inner.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(Arc::clone(&self.inner))
    }

    fn mark_ready(&self) {
        self.inner.is_ready.fetch_add(1, Ordering::SeqCst);
        self.inner.ready.notify_waiters();
    }
}

/// An event that is being handled.
struct UnderWay(Arc<Counts>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl RawEventHandler for Gauge {
    async fn raw_event(&self, _context: Context, _event: Event) {
        self.inner.received.fetch_add(1, Ordering::SeqCst);
    }
}

/// Does the work; acknowledges first if it takes longer than `patience`. With no patience at all
/// nothing is begun before the acknowledgement is through, or has taken as long as others wait
/// before they send one. Says whether it was acknowledged.
async fn reply_in_time<T, E: std::fmt::Display>(
    gauge: &Gauge,
    patience: Duration,
    work: impl Future<Output = T>,
    acknowledge: impl Future<Output = Result<(), E>>,
) -> (T, bool) {
    tokio::pin!(work, acknowledge);
    let early = if patience.is_zero() {
        gauge.among_others(&mut acknowledge).await
    } else {
        tokio::select! {
            done = &mut work => return (done, false),
            () = tokio::time::sleep(patience) => None,
        }
    };
    let (done, acknowledged) = match early {
        Some(acknowledged) => (work.await, acknowledged),
        // Side by side: what is decided meanwhile need not wait for the acknowledgement to arrive.
        None => tokio::join!(work, acknowledge),
    };
    if let Err(error) = acknowledged {
        tracing::warn!(%error, "could not acknowledge an interaction");
    }
    (done, true)
}

/// A guild's name and owner, from the cache; the asker stands in for an unknown owner.
fn guild_facts(cache: &Cache, guild: GuildId, asker: MemberId) -> (String, MemberId) {
    cache.guild(serenity::all::GuildId::new(guild.0)).map_or_else(
        || ("this server".to_owned(), asker),
        |guild| (guild.name.clone(), MemberId(guild.owner_id.get())),
    )
}
