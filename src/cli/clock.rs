//! The clocks that `--clock` can mean, seen by the engine as one.

use super::Failed;
use crate::engine::clock::{StudyClock, SystemClock};
use crate::sandbox::SimClock;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What `--clock` says.
#[derive(Clone)]
pub(super) enum ClockChoice {
    /// `START@RATE` or `START@manual`.
    Simulated(SimClock),
    /// `follow`: the clock of the sandbox at the other end.
    Follow,
}

impl std::fmt::Debug for ClockChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Simulated(_) => "Simulated",
            Self::Follow => "Follow",
        })
    }
}

impl FromStr for ClockChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "follow" { Ok(Self::Follow) } else { SimClock::parse(text).map(Self::Simulated) }
    }
}

impl ClockChoice {
    /// The simulated clock of a server, which can follow nobody.
    pub(super) fn simulated(self) -> Result<SimClock, Failed> {
        match self {
            Self::Simulated(clock) => Ok(clock),
            Self::Follow => Err(Failed::Usage(
                "only `run` can follow a clock; this verb has one of its own".to_owned(),
            )),
        }
    }
}

/// A simulated clock as the engine's clock.
pub struct Simulated(pub SimClock);

impl StudyClock for Simulated {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(self.0.wait_until(at))
    }
}

/// The clock that a bot runs on.
pub(super) async fn of(
    choice: Option<ClockChoice>,
    api: Option<&str>,
    stop: CancellationToken,
) -> Result<Arc<dyn StudyClock>, Failed> {
    match (choice, api) {
        (None, _) => Ok(Arc::new(SystemClock)),
        (Some(ClockChoice::Simulated(clock)), _) => Ok(Arc::new(Simulated(clock))),
        (Some(ClockChoice::Follow), Some(api)) => Ok(Arc::new(Followed::start(api, stop).await?)),
        (Some(ClockChoice::Follow), None) => {
            Err(Failed::Usage("`--clock follow` needs `--api`".to_owned()))
        }
    }
}

/// The clock of a sandbox in another process, asked over HTTP.
struct Followed {
    now: watch::Receiver<DateTime<Utc>>,
    /// What the engine waits for: the sandbox stops there when it is advanced.
    target: watch::Sender<Option<DateTime<Utc>>>,
}

/// How often the clock is read besides: it may run by itself.
const REFRESH: Duration = Duration::from_millis(200);

impl Followed {
    async fn start(api: &str, stop: CancellationToken) -> Result<Self, Failed> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        let address = format!("{api}/clock");
        let first = read(&client, &address, None).await.map_err(|error| {
            error.context(format!("{address} does not tell the time; is it a sandbox?"))
        })?;
        let (sender, now) = watch::channel(first);
        let target = watch::Sender::new(None);
        let targets = target.subscribe();
        tokio::spawn(follow(client, address, sender, targets, stop));
        Ok(Self { now, target })
    }
}

async fn follow(
    client: reqwest::Client,
    address: String,
    now: watch::Sender<DateTime<Utc>>,
    mut targets: watch::Receiver<Option<DateTime<Utc>>>,
    stop: CancellationToken,
) {
    loop {
        let target = *targets.borrow_and_update();
        // One that has come is answered at once, again and again until the engine has a new one.
        let target = target.filter(|at| *at > *now.borrow());
        // The long question registers the target at the sandbox and stands until it has come;
        // the short ones, meanwhile, follow a clock that runs by itself.
        let arrival = read(&client, &address, Some(target.unwrap_or(DateTime::<Utc>::MAX_UTC)));
        tokio::pin!(arrival);
        let told = loop {
            tokio::select! {
                () = stop.cancelled() => return,
                told = &mut arrival => break told,
                changed = targets.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break Ok(*now.borrow());
                }
                () = tokio::time::sleep(REFRESH) => {
                    if let Ok(read) = read(&client, &address, None).await {
                        publish(&now, read);
                    }
                }
            }
        };
        match told {
            Ok(read) => publish(&now, read),
            Err(error) => {
                tracing::debug!(%error, "the sandbox's clock did not answer");
                tokio::time::sleep(REFRESH).await;
            }
        }
    }
}

fn publish(now: &watch::Sender<DateTime<Utc>>, read: DateTime<Utc>) {
    now.send_if_modified(|now| std::mem::replace(now, read) != read);
}

async fn read(
    client: &reqwest::Client,
    address: &str,
    until: Option<DateTime<Utc>>,
) -> anyhow::Result<DateTime<Utc>> {
    let mut request = client.get(address);
    if let Some(until) = until {
        let far = DateTime::from_timestamp(32_503_680_000, 0).unwrap_or(until);
        request = request.query(&[("until", until.min(far).to_rfc3339())]);
    }
    let answer: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
    let now = answer["now"].as_str().unwrap_or_default();
    Ok(DateTime::parse_from_rfc3339(now)?.with_timezone(&Utc))
}

impl StudyClock for Followed {
    fn now(&self) -> DateTime<Utc> {
        *self.now.borrow()
    }

    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        let mut now = self.now.clone();
        Box::pin(async move {
            self.target.send_replace(Some(at));
            now.mark_unchanged();
            if *now.borrow() < at {
                // An error means that the follower has ended, and with it everything else.
                let _ended = now.changed().await;
            }
        })
    }
}
