//! The record of every REST exchange, for tests and for the page.

use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Exchanges kept; older ones are dropped.
const KEPT: usize = 50_000;
/// Bytes that the kept ones may take together.
const KEPT_BYTES: usize = 128 * 1024 * 1024;
/// The heaviest body of a refused request that is kept.
const REFUSED_BODY: usize = 16 * 1024;
/// Characters of the path of an unknown route that are kept.
const UNKNOWN_PATH: usize = 200;

/// How many bytes of memory a value takes, roughly.
pub fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(list) => list.iter().map(weight).sum(),
            // What a map has around each entry, and the key.
            Value::Object(map) => map.iter().map(|(key, one)| 64 + key.len() + weight(one)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Rising from 1.
    pub seq: u64,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as Discord's description names it, `/channels/{channel_id}/messages`; None for a
    /// route the sandbox does not know.
    pub template: Option<&'static str>,
    /// The actual path, without the version prefix.
    pub path: String,
    /// The query, without the question mark; empty for none.
    pub query: String,
    /// Who asked.
    pub who: Who,
    /// The JSON body, if there was one.
    pub request: Option<Value>,
    /// HTTP status; 0 when the connection was broken on purpose.
    pub status: u16,
    /// The JSON answer, if there was one.
    pub response: Option<Value>,
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The bot, by its token or by an interaction's.
    Bot,
    /// The member with this id.
    Member(u64),
    /// Nobody known.
    Nobody,
}

/// What somebody who reads along is shown, at the moment it happens.
pub enum Heard<'a> {
    /// A request and its answer.
    Asked(&'a Exchange),
    /// An event that a session of the bot is told.
    Told {
        /// Its type, `MESSAGE_CREATE`.
        event: &'a str,
        /// Its data.
        data: &'a Value,
    },
}

/// Somebody who reads along. Called while the sandbox is locked: it must not ask it anything.
pub type Reader = Arc<dyn Fn(Heard<'_>) + Send + Sync>;

impl Exchange {
    fn weight(&self) -> usize {
        let bodies = [&self.request, &self.response].into_iter().flatten();
        size_of::<Self>() + self.path.len() + self.query.len() + bodies.map(weight).sum::<usize>()
    }
}

/// The ring of exchanges inside the state.
pub struct Log {
    seq: u64,
    ring: VecDeque<(usize, Arc<Exchange>)>,
    /// What the ring takes, in bytes.
    bytes: usize,
    unknown: Vec<String>,
    /// The bot's requests by the status of their answers, forgotten exchanges included.
    statuses: BTreeMap<u16, u64>,
    news: broadcast::Sender<Arc<Exchange>>,
    reader: Option<Reader>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            seq: 0,
            ring: VecDeque::new(),
            bytes: 0,
            unknown: Vec::new(),
            statuses: BTreeMap::new(),
            news: broadcast::Sender::new(1024),
            reader: None,
        }
    }
}

impl Log {
    /// Adds an exchange and numbers it.
    pub fn record(&mut self, mut exchange: Exchange) {
        self.seq += 1;
        exchange.seq = self.seq;
        if exchange.status >= 400
            && exchange.request.as_ref().is_some_and(|body| weight(body) > REFUSED_BODY)
        {
            exchange.request = None;
        }
        if let Some(reader) = &self.reader {
            reader(Heard::Asked(&exchange));
        }
        if exchange.who == Who::Bot {
            *self.statuses.entry(exchange.status).or_default() += 1;
        }
        if exchange.template.is_none() {
            let path: String = exchange.path.chars().take(UNKNOWN_PATH).collect();
            tracing::error!(method = exchange.method, path, "a route the sandbox does not know");
            // A client gone wild must not fill the memory.
            if self.unknown.len() < 1_000 {
                self.unknown.push(format!("{} {path}", exchange.method));
            }
        }
        let (weight, exchange) = (exchange.weight(), Arc::new(exchange));
        self.ring.push_back((weight, exchange.clone()));
        self.bytes += weight;
        while (self.ring.len() > KEPT || self.bytes > KEPT_BYTES)
            && let Some((weight, _)) = self.ring.pop_front()
        {
            self.bytes -= weight;
        }
        // Without a subscriber nobody wants to know.
        let _ = self.news.send(exchange);
    }

    /// How many bytes the kept exchanges take, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets somebody read along from now on.
    pub fn read_along(&mut self, reader: Reader) {
        self.reader = Some(reader);
    }

    /// The number of the newest exchange, and the newest `most` of those after number `after`.
    pub fn newest(&self, after: u64, most: usize) -> (u64, Vec<Arc<Exchange>>) {
        let newer =
            self.ring.iter().rev().map(|(_, one)| one).take_while(|one| one.seq > after).take(most);
        let mut newer: Vec<_> = newer.cloned().collect();
        newer.reverse();
        (self.seq, newer)
    }

    /// A copy of what is kept.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            exchanges: self.ring.iter().map(|(_, one)| one.clone()).collect(),
            unknown_routes: self.unknown.clone(),
        }
    }

    /// The bot's requests by the status of their answers.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        self.statuses.clone()
    }

    /// Every exchange from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Exchange>> {
        self.news.subscribe()
    }
}

/// What was asked and answered so far.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Oldest first; at most 50,000, and at most 128 MiB of them.
    pub exchanges: Vec<Arc<Exchange>>,
    /// `METHOD /path` of every request for a route the sandbox does not know.
    pub unknown_routes: Vec<String>,
}

impl Traffic {
    /// The exchanges of one route.
    pub fn of<'a>(
        &'a self,
        method: &'a str,
        template: &'a str,
    ) -> impl Iterator<Item = &'a Exchange> {
        self.exchanges
            .iter()
            .map(AsRef::as_ref)
            .filter(move |one| one.method == method && one.template == Some(template))
    }
}
