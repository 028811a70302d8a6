//! Discord: the only folder that names serenity or poise.
//!
//! `connection` is the way there, `gateway` keeps the session, `inbound` turns events into inputs, `commands` and `components` answer members,
//! `outbound` carries out deliveries, `say` holds every sentence and `render` turns them into the
//! client library's types.

mod alarm;
mod commands;
mod components;
mod connection;
mod doctor;
mod fault;
mod gateway;
mod health;
mod inbound;
mod outbound;
mod pictures;
mod register;
mod render;
mod rights;
pub mod say;
mod steering;
mod time;

pub use alarm::Alarm;
pub use connection::{ConnectError, Connection, Link};
pub use doctor::{Visitor, stored, unnamed};
pub use outbound::Outbound;

use crate::domain::ids::{GuildId, MemberId};
use serenity::all::{Cache, Context, Event, RawEventHandler};
use serenity::async_trait;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// After this long without an answer an interaction is acknowledged, so that Discord's 3 seconds
/// (documentation, receiving-and-responding) do not run out.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_millis(1_800);
/// How long the guilds may take to come after the start of the first session.
const UNTIL_READY: Duration = Duration::from_secs(3);
/// How long an acknowledged press waits for those of others.
const CROWD: Duration = Duration::from_millis(100);

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

    /// Guilds in which Discord has an outage are not waited for.
    fn mark_ready_later(&self) {
        let gauge = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(UNTIL_READY).await;
            gauge.mark_ready();
        });
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
async fn reply_in_time<T>(
    gauge: &Gauge,
    patience: Duration,
    work: impl Future<Output = T>,
    acknowledge: impl Future<Output = Result<(), serenity::Error>>,
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
        // The library's own words would hold the address, and with it the interaction's token.
        let error = fault::failure(&error).text();
        tracing::warn!(error, "could not acknowledge an interaction");
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
