//! The gateway session behind an actor.

use crate::sandbox::handle::Cast;
use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Events kept per actor; a demo that runs for weeks must not fill the memory.
const KEPT: usize = 500;

/// An event, read only when somebody looks at it: a member hears of much more than it waits for.
struct Event {
    kind: String,
    payload: Utf8Bytes,
}

impl Event {
    fn data(&self) -> Value {
        // It was read as JSON when it came.
        serde_json::from_str::<Value>(&self.payload).unwrap_or_default()["d"].take()
    }
}

/// A payload of the gateway without its data.
#[derive(Deserialize)]
struct Head {
    op: u64,
    s: Option<u64>,
    t: Option<String>,
}

/// What a session was told.
#[derive(Default)]
pub struct Heard {
    /// The session's id, which every interaction names; kept for longer than its event.
    session: Option<Value>,
    forgotten: usize,
    events: VecDeque<Event>,
}

impl Heard {
    fn push(&mut self, event: Event) {
        if event.kind == "READY" {
            self.session = Some(event.data()["session_id"].take());
        }
        self.events.push_back(event);
        if self.events.len() > KEPT {
            self.events.pop_front();
            self.forgotten += 1;
        }
    }

    /// The session's id, once it is ready.
    pub fn session(&self) -> Option<Value> {
        self.session.clone()
    }

    /// How many there were, kept or not.
    pub fn count(&self) -> usize {
        self.forgotten + self.events.len()
    }

    /// Those after the first `mark` ones, as far as they are kept: type and data.
    pub fn since(&self, mark: usize) -> impl Iterator<Item = (&str, Value)> {
        let from = mark.saturating_sub(self.forgotten);
        self.events.iter().skip(from).map(|event| (event.kind.as_str(), event.data()))
    }
}

/// What all clones of an actor share.
pub struct Inner {
    pub member: Cast,
    pub api: String,
    pub application: u64,
    pub http: reqwest::Client,
    pub heard: Mutex<Heard>,
    /// How many events there are; those who wait listen to it.
    pub seen: watch::Sender<usize>,
    pub nonces: AtomicU64,
    /// The guilds of channels that were acted in, as Discord's own client knows them.
    pub guilds: Mutex<HashMap<u64, Value>>,
}

impl Inner {
    /// The events, locked.
    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Known channels, locked.
    pub fn guilds(&self) -> MutexGuard<'_, HashMap<u64, Value>> {
        self.guilds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Identifies and keeps what the session is told until the connection ends.
    pub async fn listen(&self, address: &str, intents: Option<u64>) -> anyhow::Result<()> {
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await?;
        let mut identify = json!({"op": 2, "d": {
            "token": self.member.token, "properties": {"os": "", "browser": "", "device": ""},
        }});
        if let Some(intents) = intents {
            identify["d"]["intents"] = intents.into();
        }
        let mut heartbeat = tokio::time::interval(Duration::from_secs(30));
        heartbeat.tick().await;
        socket.send(Message::text(identify.to_string())).await?;
        let mut sequence = None;
        loop {
            let message = tokio::select! {
                _ = heartbeat.tick() => {
                    let beat = json!({"op": 1, "d": sequence});
                    socket.send(Message::text(beat.to_string())).await?;
                    continue;
                }
                message = socket.next() => message,
            };
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
            };
            let head: Head = serde_json::from_str(&text)?;
            let (0, Some(kind)) = (head.op, head.t) else { continue };
            sequence = head.s;
            let count = {
                let mut heard = self.heard();
                heard.push(Event { kind, payload: text });
                heard.count()
            };
            self.seen.send_replace(count);
        }
    }
}
