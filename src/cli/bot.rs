//! The composition root: store, engine, courier, clock and Discord, put together and taken apart
//! again in the right order. `run`, `demo` and the play tests start the same bot.

use super::health;
use crate::bank::Bank;
use crate::config::{PointsConfig, RoundsConfig};
use crate::discord::{ConnectError, Connection, Gauge, Link};
use crate::domain::points::Rules;
use crate::engine::clock::StudyClock;
use crate::engine::health_file::HealthFile;
use crate::engine::limits::Limits;
use crate::engine::milestone::Milestones;
use crate::engine::{Engine, Settings, courier};
use crate::sandbox::{Sandbox, Settler, SimClock};
use crate::store::Store;
use anyhow::Context as _;
use chrono::TimeDelta;
use futures::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take to end when the bot is asked to stop. What is cut off is
/// looked for at the next start.
const FAREWELL: Duration = Duration::from_secs(8);

/// What a bot is made of.
pub struct Parts {
    /// The database file.
    pub database: PathBuf,
    /// The questions.
    pub bank: Arc<Bank>,
    /// Lateness and stock warning.
    pub rounds: RoundsConfig,
    /// What is worth how many points.
    pub points: PointsConfig,
    /// Where Discord is.
    pub link: Link,
    /// Study time.
    pub clock: Arc<dyn StudyClock>,
    /// The root of all chance.
    pub seed: u64,
    /// Of watchdogs and back-offs.
    pub limits: Limits,
    /// Free space, in MiB, below which the health check is red.
    pub min_free_mib: u32,
}

/// A running bot.
pub struct Bot {
    engine: Engine,
    gauge: Gauge,
    store: Store,
    /// Ends everything that brings in news.
    stop: CancellationToken,
    /// Ends the inbox, once nothing sends to it any more.
    stop_inbox: CancellationToken,
    /// Set as soon as any part has ended.
    ended: CancellationToken,
    listener: JoinHandle<Result<(), ConnectError>>,
    clock: JoinHandle<()>,
    courier: JoinHandle<()>,
    inbox: JoinHandle<()>,
}

/// Starts a bot. Returns once the token is checked, the database is open and the commands are
/// registered; the gateway session begins meanwhile.
///
/// # Errors
/// When Discord refuses the token or cannot be reached, or the database cannot be used.
pub async fn start(parts: Parts) -> anyhow::Result<Bot> {
    start_seen(parts, Milestones::default()).await
}

/// The same, with somebody who sees its milestones passed.
///
/// # Errors
/// As for [`start`].
pub async fn start_seen(parts: Parts, milestones: Milestones) -> anyhow::Result<Bot> {
    // The database first: what is wrong with it is known without Discord.
    let store = Store::open(&parts.database).await?;
    let (stop, stop_inbox) = (CancellationToken::new(), CancellationToken::new());
    let starting = stop.clone().drop_guard();
    // Before Discord is asked: that may take long, and somebody may want to know why.
    let file = HealthFile::beside(store.path());
    let vitals = health::begin(file, parts.limits.health.stamp, stop.clone()).await;
    let connection = Connection::open(parts.link, parts.limits.gateway).await?;
    let settings = Settings {
        lateness: TimeDelta::minutes(parts.rounds.lateness_minutes.into()),
        stock_warning_days: parts.rounds.stock_warning_days,
        rules: Rules {
            answered: parts.points.answered.into(),
            ballot: parts.points.ballot.into(),
            pick: parts.points.pick.into(),
            quiz_easy: parts.points.quiz_easy.into(),
            quiz_medium: parts.points.quiz_medium.into(),
            quiz_hard: parts.points.quiz_hard.into(),
            quiz_daily: parts.points.quiz_daily.into(),
        },
        bot: connection.bot(),
        seed: parts.seed,
        min_free_mib: parts.min_free_mib,
        limits: parts.limits,
    };
    connection.register_commands().await.context("the commands could not be registered")?;
    tracing::info!(bot = connection.name(), questions = parts.bank.len(), "starting");
    let real_time = parts.clock.is_real();
    let (bank, clock) = (parts.bank, parts.clock);
    let (engine, inbox) =
        Engine::with_vitals(store.clone(), bank, settings, clock, milestones, vitals);
    let gauge = Gauge::default();
    let outbound = connection.outbound(engine.clone());
    if real_time {
        engine.compare_clock_with(&outbound);
    }
    let ended = CancellationToken::new();
    let inbox = tokio::spawn(noting(ended.clone(), inbox.run(stop_inbox.clone())));
    let courier = courier::run(engine.clone(), Arc::clone(&outbound), stop.clone());
    let courier = tokio::spawn(noting(ended.clone(), courier));
    let clock = tokio::spawn(noting(ended.clone(), engine.clone().run_clock(stop.clone())));
    tokio::spawn({
        let (engine, outbound) = (engine.clone(), Arc::clone(&outbound));
        let (limits, stop) = (parts.limits.health, stop.clone());
        async move {
            let alarms = || health::alarms(&engine, &outbound, limits);
            health::again("alarms", health::BEFORE_THE_NEXT, stop, alarms).await;
        }
    });
    let listener = connection.listen(engine.clone(), outbound, gauge.clone(), stop.clone());
    let listener = tokio::spawn(noting(ended.clone(), listener));
    starting.disarm();
    Ok(Bot { engine, gauge, store, stop, stop_inbox, ended, listener, clock, courier, inbox })
}

/// The same work, with a mark for its end, also by a panic.
async fn noting<T>(ended: CancellationToken, work: impl Future<Output = T>) -> T {
    let _mark = ended.drop_guard();
    work.await
}

impl Bot {
    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Counts gateway events.
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// Waits until the first gateway session has begun and its guilds are known.
    pub async fn ready(&self) {
        self.gauge.ready().await;
    }

    /// Waits until a part ends or the database is lost, which neither should happen;
    /// [`stop`](Self::stop) then tells why.
    pub async fn ended(&self) {
        tokio::select! {
            () = self.ended.cancelled() => {}
            _ = self.store.until_lost() => {}
        }
    }

    /// Whether a part has ended, which none should.
    pub fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Stops in order: no more news, deliveries under way come to their end, the inbox answers
    /// what it holds, the database is closed.
    ///
    /// # Errors
    /// Why a part had ended before it was asked to.
    pub async fn stop(self) -> anyhow::Result<()> {
        let by_itself = self.ended.is_cancelled();
        self.stop.cancel();
        let farewell = async {
            let courier = self.courier.await.context("the courier broke");
            self.clock.await.context("the clock broke").and(courier)
        };
        let farewell = tokio::time::timeout(FAREWELL, farewell).await;
        if farewell.is_err() {
            tracing::warn!("a request is still under way; it will be looked for at the next start");
        }
        self.stop_inbox.cancel();
        let inbox = self.inbox.await.context("the inbox broke");
        // serenity closes its socket in its own time.
        let listener = tokio::time::timeout(FAREWELL, self.listener).await;
        self.store.close().await;
        if let Some(lost) = self.store.lost() {
            return Err(lost.into());
        }
        inbox?;
        farewell.unwrap_or(Ok(()))?;
        match listener {
            Ok(ended) => ended.context("the gateway's task broke")??,
            Err(_) => tracing::warn!("the gateway did not close in time"),
        }
        anyhow::ensure!(!by_itself, "a part of the bot ended by itself");
        Ok(())
    }
}

/// Waits for the signal to stop: Ctrl-C, or SIGTERM where that exists.
pub(super) async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
                return;
            }
            Err(error) => tracing::warn!(%error, "cannot listen for SIGTERM"),
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Whether the bot's clock sleeps towards something ahead. Between waking up and falling asleep
/// again it waits for nothing, and time that went on then would leap over what is due.
fn is_asleep(clock: &SimClock) -> bool {
    clock.next_wait().is_some_and(|at| at > clock.now())
}

/// Between two looks at whether all has come to rest.
const GLANCE: Duration = Duration::from_millis(10);

/// What passes between two looks; told whether the last one showed something going on.
pub(super) type Pause = Arc<dyn Fn(bool) -> BoxFuture<'static, ()> + Send + Sync>;

/// Waits until the sandbox and the bot have come to rest: all events are consumed, the inbox is
/// empty, no delivery is due. Looks more than once, because an event may be between two hands.
/// `before` is how many events the sandbox had dispatched to bots before this one started.
pub fn settler(sandbox: Sandbox, bot: &Bot, before: u64) -> Settler {
    settler_with(sandbox, bot, before, Arc::new(|_| Box::pin(tokio::time::sleep(GLANCE))))
}

/// The same with another pause between two looks.
pub(super) fn settler_with(sandbox: Sandbox, bot: &Bot, before: u64, pause: Pause) -> Settler {
    /// Looks in a row that must show nothing going on.
    const LOOKS: u32 = 3;
    /// If counts never agree (a socket dropped with events in it), quiet is as good.
    const QUIET: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(30);
    let (engine, gauge) = (bot.engine.clone(), bot.gauge.clone());
    // Events that this bot will never receive: those of bots before it, and lost ones.
    let lost = Arc::new(AtomicU64::new(before));
    Arc::new(move || {
        let (sandbox, engine, gauge) = (sandbox.clone(), engine.clone(), gauge.clone());
        let (lost, pause) = (Arc::clone(&lost), Arc::clone(&pause));
        Box::pin(async move {
            let began = Instant::now();
            let (mut calm, mut last) = (0, sandbox.last_activity());
            while began.elapsed() < LONGEST {
                let activity = sandbox.last_activity();
                let quiet = activity.elapsed() > QUIET;
                let missing = sandbox.dispatched_to_bot().saturating_sub(gauge.received());
                if quiet {
                    // What has not come by now was lost; the next look need not wait for it.
                    lost.store(missing, Ordering::SeqCst);
                }
                let consumed = missing <= lost.load(Ordering::SeqCst);
                let at_rest = consumed
                    && gauge.is_idle()
                    && engine.is_idle()
                    && is_asleep(&sandbox.clock())
                    && sandbox.requests_in_flight() == 0
                    && sandbox.queued_for_bot() == 0;
                // Something may have begun and ended between two looks.
                calm = if at_rest && (calm == 0 || activity == last) { calm + 1 } else { 0 };
                if calm == LOOKS {
                    return;
                }
                last = activity;
                pause(calm == 0).await;
            }
        })
    })
}
