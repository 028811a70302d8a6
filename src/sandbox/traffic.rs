//! The record of every REST exchange, for tests and for the page.

use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Exchanges kept; older ones are dropped.
const KEPT: usize = 50_000;

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

/// The ring of exchanges inside the state.
pub struct Log {
    seq: u64,
    ring: VecDeque<Arc<Exchange>>,
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
        if let Some(reader) = &self.reader {
            reader(Heard::Asked(&exchange));
        }
        if exchange.who == Who::Bot {
            *self.statuses.entry(exchange.status).or_default() += 1;
        }
        if exchange.template.is_none() {
            tracing::error!(
                method = exchange.method,
                path = exchange.path,
                "a route the sandbox does not know"
            );
            // A client gone wild must not fill the memory.
            if self.unknown.len() < 1_000 {
                self.unknown.push(format!("{} {}", exchange.method, exchange.path));
            }
        }
        let exchange = Arc::new(exchange);
        self.ring.push_back(exchange.clone());
        if self.ring.len() > KEPT {
            self.ring.pop_front();
        }
        // Without a subscriber nobody wants to know.
        let _ = self.news.send(exchange);
    }

    /// Lets somebody read along from now on.
    pub fn read_along(&mut self, reader: Reader) {
        self.reader = Some(reader);
    }

    /// The number of the newest exchange, and the newest `most` of those after number `after`.
    pub fn newest(&self, after: u64, most: usize) -> (u64, Vec<Arc<Exchange>>) {
        let newer = self.ring.iter().rev().take_while(|one| one.seq > after).take(most);
        let mut newer: Vec<_> = newer.cloned().collect();
        newer.reverse();
        (self.seq, newer)
    }

    /// A copy of what is kept.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            exchanges: self.ring.iter().cloned().collect(),
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
    /// Oldest first; at most 50,000.
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
