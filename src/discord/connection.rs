//! The way to Discord: checked at the start, for as long as it takes.

use super::gateway::absence::Absence;
use super::gateway::{self, Backoff, chance};
use super::{Gauge, Outbound, fault, register};
use crate::domain::ids::MemberId;
use crate::engine::Engine;
use crate::engine::limits::Gateway;
use futures::FutureExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serenity::all::{ApplicationId, Http, HttpBuilder};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// How long Discord may take for one request. serenity's own client would wait for ever.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

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
        "Discord refuses the token. Copy it again from the developer portal (Bot, Reset Token) into DISCORD_TOKEN or the token file"
    )]
    Token,
    /// The address does not answer.
    #[error("cannot reach {0}. Check the network, or the address after --api")]
    Unreachable(String),
    /// It answers, but can't say anything now.
    #[error("{0} has trouble at the moment ({1}). Try again in a few minutes")]
    Busy(String, String),
    /// The server answered with something else.
    #[error("{0} does not answer as Discord does: {1}")]
    NotDiscord(String, String),
    /// The message content intent is not switched on.
    #[error(
        "Discord refuses the intents. Switch on Message Content Intent in the developer portal (Bot, Privileged Gateway Intents) and start again"
    )]
    Intents,
    /// The bot is in too many servers for one connection.
    #[error(
        "Discord asks for several gateway connections (shards), which this version can't open. Take the bot out of some servers, or run a newer version"
    )]
    Sharding,
    /// Discord no longer speaks this version of the gateway's protocol.
    #[error("Discord no longer accepts version 10 of its gateway. Install a newer Studyhall")]
    Version,
    /// So many connections in a row hung although REST answers.
    #[error(
        "{0} connections to Discord's gateway in a row hung, although Discord answers otherwise. Start again; if it stays so, check what stands between this computer and the gateway (proxy, firewall)"
    )]
    Hangs(u32),
    /// Something else that a later attempt may not fix.
    #[error("the connection to Discord ended: {0}")]
    Ended(String),
}

impl ConnectError {
    /// Whether starting again is of no use until a person has changed something.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, Self::Token | Self::Intents | Self::Sharding | Self::Version)
    }
}

/// A checked connection: the token works, and it is known whose it is.
pub struct Connection {
    link: Link,
    limits: Gateway,
    /// For deliveries, whose limits it keeps count of.
    http: Arc<Http>,
    application: ApplicationId,
    /// Where the gateway is.
    gateway: String,
    bot: MemberId,
    name: String,
}

impl Connection {
    /// Checks address and token. While Discord can't be reached it is tried again, without end: an
    /// outage is no reason to give up.
    ///
    /// # Errors
    /// When Discord refuses the token, or what answers isn't Discord.
    pub async fn open(link: Link, limits: Gateway) -> Result<Self, ConnectError> {
        let http = Arc::new(http_of(&link)?);
        let place = link.api.as_deref().unwrap_or("Discord");
        let checked = patiently(place, &limits, || check(&http, place)).await?;
        let Checked { gateway, bot, name, application } = checked;
        tracing::debug!(gateway, "gateway found");
        http.set_application_id(application);
        Ok(Self { link, limits, http, application, gateway, bot, name })
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
        Arc::new(Outbound::new(Arc::clone(&self.http), engine, self.bot, self.link.paced))
    }

    /// Makes the commands known to Discord, where they are not already; tried again while Discord
    /// can't be reached.
    ///
    /// # Errors
    /// When Discord refuses.
    pub async fn register_commands(&self) -> Result<(), ConnectError> {
        let place = self.link.api.as_deref().unwrap_or("Discord");
        let attempt = || async {
            register::register(&self.http).await.map_err(|error| match fault::failure(&error) {
                fault::Failure::Refused { text, .. } => Stop::Final(ConnectError::Ended(text)),
                other => trouble(place, other),
            })
        };
        patiently(place, &self.limits, attempt).await
    }

    /// Listens until cancelled.
    ///
    /// # Errors
    /// What only a person or a new process can fix.
    pub async fn listen(
        self,
        engine: Engine,
        outbound: Arc<Outbound>,
        gauge: Gauge,
        stop: CancellationToken,
    ) -> Result<(), ConnectError> {
        let parts = gateway::Parts {
            engine,
            outbound,
            gauge,
            http: Arc::clone(&self.http),
            url: self.gateway,
            limits: self.limits,
        };
        let (link, application) = (self.link, self.application);
        // Replies to interactions have limits of their own, and so a client of their own.
        let listener = move || {
            let http = http_of(&link)?;
            http.set_application_id(application);
            Ok(http)
        };
        gateway::listen(parts, listener, stop).await
    }
}

struct Checked {
    gateway: String,
    bot: MemberId,
    name: String,
    application: ApplicationId,
}

/// Why an attempt failed.
enum Stop {
    /// Discord can't be reached; the next attempt may succeed.
    Outage(String),
    /// The next attempt would fail in the same way.
    Final(ConnectError),
}

/// Tries until it works or can't work.
async fn patiently<T, A>(
    place: &str,
    limits: &Gateway,
    attempt: impl Fn() -> A,
) -> Result<T, ConnectError>
where
    A: Future<Output = Result<T, Stop>>,
{
    let absence = Absence::new(place, limits.reminder);
    let mut backoff = Backoff::new(limits);
    let trying = async {
        loop {
            // The library's rate limiter waits without an end, and panics at odd values.
            let tried = AssertUnwindSafe(attempt()).catch_unwind();
            let why = match tokio::time::timeout(limits.session, tried).await {
                Ok(Ok(Ok(done))) => return Ok(done),
                Ok(Ok(Err(Stop::Final(error)))) => return Err(error),
                Ok(Ok(Err(Stop::Outage(why)))) => why,
                Ok(Err(_panic)) => "the client library broke".to_owned(),
                Err(_) => "no answer in time".to_owned(),
            };
            let wait = backoff.failed(chance());
            absence.failed(&why, wait);
            tokio::time::sleep(wait).await;
        }
    };
    let done = absence.reminding(trying).await;
    absence.over();
    done
}

async fn check(http: &Http, place: &str) -> Result<Checked, Stop> {
    let failed = |error: serenity::Error| trouble(place, fault::failure(&error));
    // This takes no token, and so tells whether this is Discord at all.
    let gateway = http.get_gateway().await.map_err(failed)?.url;
    let user = http.get_current_user().await.map_err(failed)?;
    // A bot's application has the bot's id, but for very old ones; asking is certain.
    let application = http.get_current_application_info().await.map_err(failed)?.id;
    Ok(Checked { gateway, bot: MemberId(user.id.get()), name: user.name.clone(), application })
}

/// Where the gateway is, asked once. It takes no token, and so tells whether this is Discord at all.
pub(super) async fn gateway_of(http: &Http, place: &str) -> Result<String, ConnectError> {
    match http.get_gateway().await {
        Ok(gateway) => Ok(gateway.url),
        Err(error) => Err(match trouble(place, fault::failure(&error)) {
            Stop::Final(error) => error,
            // A status comes first where there is one.
            Stop::Outage(why) if why.starts_with(|first: char| first.is_ascii_digit()) => {
                ConnectError::Busy(place.to_owned(), why)
            }
            Stop::Outage(_) => ConnectError::Unreachable(place.to_owned()),
        }),
    }
}

/// A client for REST.
pub(super) fn http_of(link: &Link) -> Result<Http, ConnectError> {
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

/// What a failed request to `place` means for the start.
fn trouble(place: &str, failure: fault::Failure) -> Stop {
    if failure.is_unauthorised() {
        return Stop::Final(ConnectError::Token);
    }
    let is_busy = failure.is_too_fast();
    match (failure.status(), failure.text()) {
        // Also where the answer is not Discord's JSON: it is somebody else's server.
        (Some(400..500), text) if !is_busy => {
            Stop::Final(ConnectError::NotDiscord(place.to_owned(), text))
        }
        (_, text) => Stop::Outage(text),
    }
}
