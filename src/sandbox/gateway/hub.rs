//! Gateway sessions: who listens, what they were sent, and what they missed.

use super::faults::{Fate, GatewayFaults};
use crate::sandbox::traffic::{Heard, Reader};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

/// Gateway intents (Discord documentation, events, "Gateway").
pub mod intent {
    pub const GUILDS: u64 = 1;
    pub const GUILD_MEMBERS: u64 = 1 << 1;
    pub const GUILD_PRESENCES: u64 = 1 << 8;
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
    pub const GUILD_MESSAGE_TYPING: u64 = 1 << 11;
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    pub const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
    pub const DIRECT_MESSAGE_TYPING: u64 = 1 << 14;
    pub const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Every bit that has a meaning; others are refused with 4013.
    pub const KNOWN: u64 = 0x1_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;
}

/// Events a session can still be given after it was away. A longer absence needs a new session.
const REPLAY: usize = 20_000;
/// Events that a connection may leave unread: more than a resume brings at once.
const UNREAD: usize = 2 * REPLAY;
/// Bytes of such events; where they are more, the oldest are no longer given.
const REPLAY_BYTES: usize = 64 * 1024 * 1024;
/// Sessions without a connection that are kept per user.
const KEPT: usize = 16;

/// What the hub hands to a connection.
pub enum Frame {
    /// A dispatch and its sequence number.
    Dispatch(u64, Arc<Written>, Queued),
    /// Any other payload, already written.
    Control(String),
    /// Close with a code and a reason.
    Close(u16, &'static str),
    /// Drop the connection without a word.
    Abort,
}

/// Counts an event from when the hub hands it over until its connection has written or dropped it.
pub struct Queued(Arc<AtomicUsize>);

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Something that upsets a gateway connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Upset {
    /// It breaks without a word; its session can be resumed.
    Drop,
    /// It is closed with this code.
    Close(u16),
    /// It is asked to connect anew (op 7).
    Reconnect,
    /// It is asked for a heartbeat at once (op 1).
    Heartbeat,
    /// It is told that its session is invalid (op 9).
    Invalid {
        /// Whether the session may be resumed all the same.
        resumable: bool,
    },
}

/// A session: it lives on when its connection breaks, so that it can be resumed.
pub struct Session {
    pub id: String,
    pub user: u64,
    /// What it is told of.
    pub intents: u64,
    /// The connection it speaks through now: its number and its inbox.
    pub connection: Option<(u64, UnboundedSender<Frame>)>,
    sequence: u64,
    /// What was dispatched and is not known to have arrived; each event is there once for all sessions.
    sent: VecDeque<(u64, Arc<Written>)>,
    /// The bytes of those.
    sent_bytes: usize,
    /// How many events are handed over and not yet written.
    queued: Arc<AtomicUsize>,
    /// Events that wait, on purpose, to be sent in another order.
    held: Option<Vec<Arc<Written>>>,
    /// Who reads along.
    reader: Option<Reader>,
    /// What goes wrong with its events.
    faults: Option<Arc<Mutex<GatewayFaults>>>,
    /// Which session it is, counted from the start; the oldest unconnected ones are forgotten first.
    born: u64,
}

/// An event, written once for all sessions that are told the same.
pub struct Written {
    event: String,
    data: Value,
    text: String,
}

impl Written {
    /// An event and its data.
    pub fn new(event: &str, data: Value) -> Arc<Self> {
        Arc::new(Self { event: event.to_owned(), text: data.to_string(), data })
    }

    /// The same with two fields in a form that client libraries don't expect.
    fn spoiled(&self) -> Arc<Self> {
        let mut data = self.data.clone();
        data["version"] = "unreadable".into();
        data["pinned"] = "unreadable".into();
        Self::new(&self.event, data)
    }

    /// The payload that a session sends.
    pub fn payload(&self, sequence: u64) -> String {
        // Events' names need no escaping.
        let Self { event, text, .. } = self;
        format!("{{\"op\":0,\"s\":{sequence},\"t\":\"{event}\",\"d\":{text}}}")
    }
}

impl Session {
    /// Sends an event, or keeps it for the resume.
    pub fn dispatch(&mut self, written: &Arc<Written>) {
        if let Some(held) = &mut self.held {
            held.push(Arc::clone(written));
            return;
        }
        self.sequence += 1;
        if let Some(reader) = &self.reader {
            reader(Heard::Told { event: &written.event, data: &written.data });
        }
        let faults = self.faults.as_ref();
        let fate = faults.and_then(|faults| locked(faults).event(&written.event));
        let spoiled = (fate == Some(Fate::Spoiled)).then(|| written.spoiled());
        let written = spoiled.as_ref().unwrap_or(written);
        if fate == Some(Fate::Lost) {
            return;
        }
        // When its connection is ending, the event waits in `sent`.
        self.hand_over(self.sequence, Arc::clone(written));
        self.sent.push_back((self.sequence, Arc::clone(written)));
        self.sent_bytes += written.text.len();
        while self.sent.len() > REPLAY || self.sent_bytes > REPLAY_BYTES {
            self.forget_oldest();
        }
        if fate == Some(Fate::LastWord) {
            self.send(Frame::Close(4000, "Closed on purpose."));
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, written)) = self.sent.pop_front() {
            self.sent_bytes -= written.text.len();
        }
    }

    /// From now on its events may go wrong.
    pub fn spoil(&mut self, faults: Arc<Mutex<GatewayFaults>>) {
        self.faults = Some(faults);
    }

    /// Forgets what the client has said, with a heartbeat, that it received: it resumes from later.
    pub fn received(&mut self, sequence: u64) {
        while self.sent.front().is_some_and(|(s, _)| *s <= sequence) {
            self.forget_oldest();
        }
    }

    fn hand_over(&mut self, sequence: u64, written: Arc<Written>) {
        if self.queued.load(Ordering::SeqCst) >= UNREAD {
            // Its client reads nothing. It may resume, on another connection.
            self.send(Frame::Abort);
            self.connection = None;
        }
        self.queued.fetch_add(1, Ordering::SeqCst);
        self.send(Frame::Dispatch(sequence, written, Queued(Arc::clone(&self.queued))));
    }

    fn send(&self, frame: Frame) {
        if let Some((_, connection)) = &self.connection {
            // Nobody reads the inbox of an ending connection.
            let _ = connection.send(frame);
        }
    }

    /// The payloads after `sequence`, unless some of them are no longer kept.
    fn missed(&self, sequence: u64) -> Option<Vec<(u64, Arc<Written>)>> {
        let oldest = self.sent.front().map_or(self.sequence + 1, |(s, _)| *s);
        if sequence > self.sequence || sequence + 1 < oldest {
            return None;
        }
        let missed = self.sent.iter().filter(|(s, _)| *s > sequence);
        Some(missed.cloned().collect())
    }
}

/// All sessions.
#[derive(Default)]
pub struct Hub {
    sessions: BTreeMap<String, Session>,
    born: u64,
    /// Who reads along with a user's sessions.
    reader: Option<(u64, Reader)>,
    faults: Arc<Mutex<GatewayFaults>>,
}

fn locked(faults: &Mutex<GatewayFaults>) -> MutexGuard<'_, GatewayFaults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// What goes wrong with the bot's connections.
    pub fn faults(&self) -> MutexGuard<'_, GatewayFaults> {
        locked(&self.faults)
    }

    /// The same, for a session to keep.
    pub fn shared_faults(&self) -> Arc<Mutex<GatewayFaults>> {
        Arc::clone(&self.faults)
    }

    /// Every session, connected or not.
    pub fn sessions_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.sessions.values_mut()
    }

    /// One session.
    pub fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// One session, to send it something.
    pub fn session_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.sessions.get_mut(id)
    }

    /// Lets somebody read along with what a user's sessions from now on are told.
    pub fn read_along(&mut self, user: u64, reader: Reader) {
        self.reader = Some((user, reader));
    }

    /// Opens a session on a connection.
    pub fn open(
        &mut self,
        id: String,
        user: u64,
        intents: u64,
        connection: (u64, UnboundedSender<Frame>),
    ) {
        self.born += 1;
        let reader = self.reader.as_ref().filter(|(of, _)| *of == user);
        let session = Session {
            reader: reader.map(|(_, reader)| reader.clone()),
            id: id.clone(),
            user,
            intents,
            connection: Some(connection),
            sequence: 0,
            sent: VecDeque::new(),
            sent_bytes: 0,
            queued: Arc::default(),
            held: None,
            faults: None,
            born: self.born,
        };
        self.sessions.insert(id, session);
        let mut idle: Vec<(u64, String)> = self
            .sessions
            .values()
            .filter(|session| session.user == user && session.connection.is_none())
            .map(|session| (session.born, session.id.clone()))
            .collect();
        idle.sort();
        for (_, id) in idle.iter().take(idle.len().saturating_sub(KEPT)) {
            self.sessions.remove(id);
        }
    }

    /// Goes on with a session on a new connection: sends what was missed, then RESUMED.
    /// False when that is impossible.
    pub fn resume(
        &mut self,
        id: &str,
        user: u64,
        sequence: u64,
        connection: (u64, UnboundedSender<Frame>),
    ) -> bool {
        let Some(session) = self.sessions.get_mut(id).filter(|s| s.user == user) else {
            return false;
        };
        let Some(missed) = session.missed(sequence) else {
            return false;
        };
        session.send(Frame::Close(4000, "The session was resumed elsewhere."));
        session.connection = Some(connection);
        // What the last one has not written does not count against this one.
        session.queued = Arc::default();
        for (sequence, written) in missed {
            session.hand_over(sequence, written);
        }
        session.dispatch(&Written::new("RESUMED", json!({"_trace": []})));
        true
    }

    /// A connection ended. A closed session is forgotten, a broken one waits to be resumed.
    pub fn detach(&mut self, id: &str, connection: u64, closed: bool) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.connection.as_ref().is_none_or(|(number, _)| *number != connection) {
            return;
        }
        session.connection = None;
        if closed {
            self.sessions.remove(id);
        }
    }

    /// Keeps back what a user's sessions would be told from now on.
    pub fn hold(&mut self, user: u64) {
        for session in self.sessions.values_mut().filter(|session| session.user == user) {
            session.held.get_or_insert_default();
        }
    }

    /// Sends what was kept back: the newest first, and each event twice.
    pub fn release_scrambled(&mut self, user: u64) {
        for session in self.sessions.values_mut().filter(|session| session.user == user) {
            for written in session.held.take().into_iter().flatten().rev() {
                session.dispatch(&written);
                session.dispatch(&written);
            }
        }
    }

    /// How many of a user's sessions have a connection.
    pub fn connected(&self, user: u64) -> usize {
        self.sessions
            .values()
            .filter(|session| session.user == user && session.connection.is_some())
            .count()
    }

    /// How many events a user's connections are still to write.
    pub fn queued(&self, user: u64) -> usize {
        let sessions = self.sessions.values().filter(|session| session.user == user);
        sessions.map(|session| session.queued.load(Ordering::SeqCst)).sum()
    }

    /// Upsets every connection of a user.
    pub fn upset(&mut self, user: u64, upset: Upset) {
        let control = |op: u64, data: Value| {
            Frame::Control(json!({"op": op, "s": null, "t": null, "d": data}).to_string())
        };
        for session in self.sessions.values().filter(|session| session.user == user) {
            session.send(match upset {
                Upset::Drop => Frame::Abort,
                Upset::Close(code) => Frame::Close(code, "Closed on purpose."),
                Upset::Reconnect => control(7, Value::Null),
                Upset::Heartbeat => control(1, Value::Null),
                Upset::Invalid { resumable } => control(9, resumable.into()),
            });
        }
        if upset == (Upset::Invalid { resumable: false }) {
            self.sessions.retain(|_, session| session.user != user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    #[test]
    fn a_broken_session_keeps_what_it_missed_and_a_closed_one_does_not() {
        let mut hub = Hub::default();
        let (to, from) = unbounded_channel();
        hub.open("one".into(), 5, 0, (1, to));
        hub.session_mut("one").unwrap().dispatch(&Written::new("A", json!(1)));
        assert_eq!((hub.queued(5), hub.queued(6)), (1, 0));
        hub.detach("one", 1, false);
        drop(from);
        hub.session_mut("one").unwrap().dispatch(&Written::new("B", json!(2)));
        assert_eq!(hub.queued(5), 0, "nobody is to write these any more");

        let (to, mut from) = unbounded_channel();
        assert!(!hub.resume("one", 6, 1, (2, to.clone())), "another's session");
        assert!(!hub.resume("one", 5, 9, (2, to.clone())), "a sequence from the future");
        assert!(hub.resume("one", 5, 1, (2, to.clone())));
        let mut seen = Vec::new();
        assert_eq!(hub.queued(5), 2);
        while let Ok(Frame::Dispatch(sequence, written, _queued)) = from.try_recv() {
            let event: Value = serde_json::from_str(&written.payload(sequence)).unwrap();
            seen.push((event["s"].as_u64().unwrap(), event["t"].as_str().unwrap().to_owned()));
        }
        assert_eq!(seen, [(2, "B".to_owned()), (3, "RESUMED".to_owned())]);
        assert_eq!(hub.queued(5), 0);

        hub.detach("one", 1, true);
        assert_eq!(hub.connected(5), 1, "the end of an old connection changes nothing");
        hub.detach("one", 2, true);
        assert!(!hub.resume("one", 5, 3, (3, to)));
    }

    #[test]
    fn what_a_heartbeat_says_was_received_is_not_kept_and_the_rest_is() {
        let mut hub = Hub::default();
        let (to, _from) = unbounded_channel();
        hub.open("one".into(), 5, 0, (1, to.clone()));
        let session = hub.session_mut("one").unwrap();
        for number in 1..=4 {
            session.dispatch(&Written::new("A", json!(number)));
        }
        session.received(2);
        // A heartbeat from before, and one from nowhere.
        session.received(1);
        assert_eq!(session.missed(2).unwrap().len(), 2);
        assert_eq!(session.missed(4).unwrap().len(), 0);
        assert!(session.missed(1).is_none());
        session.received(9);
        assert_eq!(session.missed(4).unwrap().len(), 0);
        assert!(hub.resume("one", 5, 4, (2, to)));
    }

    #[test]
    fn a_client_that_reads_nothing_loses_its_connection_and_may_resume() {
        let mut hub = Hub::default();
        let (to, mut from) = unbounded_channel();
        hub.open("one".into(), 5, 0, (1, to));
        let session = hub.session_mut("one").unwrap();
        for _ in 0..UNREAD + 9 {
            session.dispatch(&Written::new("A", json!(null)));
        }
        assert_eq!(hub.connected(5), 0);
        let (to, _from) = unbounded_channel();
        assert!(hub.resume("one", 5, UNREAD as u64, (2, to)));
        assert_eq!((hub.connected(5), hub.queued(5)), (1, 10));
        let mut waiting = 0;
        while let Ok(frame) = from.try_recv() {
            waiting += usize::from(matches!(frame, Frame::Dispatch(..)));
        }
        assert_eq!(waiting, UNREAD);
    }

    #[test]
    fn large_events_are_kept_by_their_bytes() {
        let mut hub = Hub::default();
        let (to, _from) = unbounded_channel();
        hub.open("one".into(), 5, 0, (1, to));
        let session = hub.session_mut("one").unwrap();
        let large = Written::new("A", json!("x".repeat(REPLAY_BYTES / 4)));
        for _ in 0..8 {
            session.dispatch(&large);
        }
        assert_eq!((session.sent.len(), session.sent_bytes), (3, 3 * large.text.len()));
        assert!(session.missed(4).is_none() && session.missed(5).is_some());
        session.received(8);
        assert_eq!(session.sent_bytes, 0);
    }

    #[test]
    fn an_overlong_absence_cannot_be_resumed() {
        let mut hub = Hub::default();
        let (to, _from) = unbounded_channel();
        hub.open("one".into(), 5, 0, (1, to.clone()));
        hub.detach("one", 1, false);
        for _ in 0..REPLAY + 2 {
            hub.session_mut("one").unwrap().dispatch(&Written::new("A", json!(null)));
        }
        assert!(!hub.resume("one", 5, 1, (2, to.clone())));
        assert!(hub.resume("one", 5, 2, (2, to)));
    }
}
