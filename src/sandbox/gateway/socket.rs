//! One gateway connection: HELLO, IDENTIFY or RESUME, heartbeats, and what the session sends.

use super::faults::GatewayFault;
use super::hub::{Frame, Written, intent};
use super::unidentified::Admitted;
use crate::sandbox::server::Server;
use crate::sandbox::wire::{self, Viewer};
use crate::sandbox::world::seed::secret;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use flate2::{Compress, Compression, FlushCompress};
use futures::SinkExt as _;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{sleep_until, timeout_at};

/// What HELLO asks for, in milliseconds.
const HEARTBEAT_MS: u64 = 41_250;
/// After so much silence a connection counts as dead.
const SILENCE: Duration = Duration::from_millis(HEARTBEAT_MS * 2);
/// A client may send this many payloads a minute (Discord documentation, events, "Gateway").
const SENDS_PER_MINUTE: usize = 120;
/// The longest payload that a client may send, in bytes (the same place of the documentation).
const MOST_RECEIVED: usize = 4_096;
/// With `compress` in IDENTIFY, payloads of at least this many bytes are compressed.
const WORTH_COMPRESSING: usize = 1024;

/// So many payloads that wait are sent at once; then the client is listened to.
const TOGETHER: usize = 64;

/// How payloads travel on one connection.
enum Transport {
    Text,
    /// Each larger payload is a zlib stream of its own.
    PerPayload,
    /// One zlib stream for the whole connection, flushed after each payload. The compressor takes a
    /// third of a megabyte, so it comes only once it is known who is there; until then payloads are
    /// stored in the stream as they are.
    Stream(Option<Box<Compress>>),
}

struct Connection {
    server: Arc<Server>,
    socket: WebSocket,
    number: u64,
    inbox: UnboundedSender<Frame>,
    transport: Transport,
    /// The session it speaks for and its user, once identified.
    session: Option<(String, u64)>,
    received: VecDeque<Instant>,
    /// When anything was last received.
    heard: Instant,
    /// Until when it must be identified.
    identify_by: Instant,
    /// Its place among those that are not.
    unidentified: Option<Admitted>,
}

/// Why a connection ends.
enum End {
    /// With a close code.
    Code(u16, &'static str),
    /// Without a word, or because the other side is gone.
    Gone,
    /// The client closed in a way that ends the session.
    Closed,
}

/// Serves a connection until it ends.
pub async fn serve(server: Arc<Server>, socket: WebSocket, zlib_stream: bool) {
    let (inbox, mut frames) = unbounded_channel();
    let number = server.connections.fetch_add(1, Ordering::Relaxed);
    let unidentified = server.unidentified.admit(number);
    let evicted = unidentified.evicted.clone();
    let mut connection = Connection {
        transport: if zlib_stream { Transport::Stream(None) } else { Transport::Text },
        server: server.clone(),
        socket,
        number,
        inbox,
        session: None,
        received: VecDeque::new(),
        heard: Instant::now(),
        identify_by: Instant::now() + server.patience().identify,
        unidentified: Some(unidentified),
    };
    let interval = server.state().hub.faults().heartbeat_ms.unwrap_or(HEARTBEAT_MS);
    let hello = json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": interval, "_trace": []}});
    let mut end = connection.open(&hello.to_string()).await.err();
    let mut queued = Vec::new();
    while end.is_none() {
        tokio::select! {
            // Answers before questions: what the hub has queued goes out in order first.
            biased;
            () = server.stopping.cancelled() => end = Some(End::Code(1001, "The server is stopping.")),
            _ = frames.recv_many(&mut queued, TOGETHER) => {
                end = connection.deliver(queued.drain(..)).await.err();
            }
            () = evicted.cancelled(), if connection.unidentified.is_some() => {
                end = Some(End::Code(4003, "Too many connections are not authenticated."));
            }
            () = sleep_until(connection.identify_by.into()), if connection.unidentified.is_some() => {
                end = Some(End::Code(4003, "Not authenticated."));
            }
            incoming = timeout_at((connection.heard + SILENCE).into(), connection.socket.recv()) => {
                connection.heard = Instant::now();
                end = match incoming {
                    Err(_) => Some(End::Code(4009, "Session timed out.")),
                    Ok(None | Some(Err(_))) => Some(End::Gone),
                    Ok(Some(Ok(message))) => connection.receive(message).await.err(),
                };
            }
        }
    }
    let ended = matches!(end, Some(End::Closed));
    if let Some((session, _)) = &connection.session {
        server.state().hub.detach(session, number, ended);
    }
    if let Some(End::Code(code, reason)) = end {
        let frame = CloseFrame { code, reason: reason.into() };
        // The other side may be gone already; closing is all that was left to do.
        let _ = connection.socket.send(Message::Close(Some(frame))).await;
        let farewell = async { while let Some(Ok(_)) = connection.socket.recv().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
    }
}

impl Connection {
    /// Sends what the hub has queued, all of it at once.
    async fn deliver(&mut self, frames: impl Iterator<Item = Frame>) -> Result<(), End> {
        let (mut dispatched, mut ended) = (Vec::new(), Ok(()));
        for frame in frames {
            match frame {
                Frame::Control(text) => self.write(&text).await?,
                Frame::Dispatch(sequence, written, queued) => {
                    self.write(&written.payload(sequence)).await?;
                    dispatched.push(queued);
                }
                Frame::Close(code, reason) => {
                    ended = Err(End::Code(code, reason));
                    break;
                }
                Frame::Abort => {
                    ended = Err(End::Gone);
                    break;
                }
            }
        }
        self.flush().await?;
        if !dispatched.is_empty()
            && let Some((_, user)) = &self.session
            && *user == self.server.bot
        {
            // Counted as dispatched before it is no longer counted as queued.
            self.server.dispatched.fetch_add(dispatched.len() as u64, Ordering::SeqCst);
            self.server.touch();
        }
        ended
    }

    /// Sends the first payload.
    async fn open(&mut self, text: &str) -> Result<(), End> {
        if !matches!(self.transport, Transport::Stream(_)) {
            return self.send(text).await;
        }
        let first = [&ZLIB_HEADER[..], &stored(text)].concat();
        self.socket.send(Message::Binary(first.into())).await.map_err(|_| End::Gone)
    }

    /// The connection speaks for a session of this user from now on.
    fn identified(&mut self, session: String, user: u64) {
        self.session = Some((session, user));
        self.unidentified = None;
        if matches!(self.transport, Transport::Stream(None)) {
            // The stream has its header already.
            let deflate = Compress::new(Compression::fast(), false);
            self.transport = Transport::Stream(Some(Box::new(deflate)));
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), End> {
        self.write(text).await?;
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), End> {
        self.socket.flush().await.map_err(|_| End::Gone)
    }

    /// Writes a payload, to be flushed.
    async fn write(&mut self, text: &str) -> Result<(), End> {
        let message = match &mut self.transport {
            Transport::Stream(Some(deflate)) => {
                Message::Binary(deflate_flushed(deflate, text).into())
            }
            Transport::Stream(None) => Message::Binary(stored(text).into()),
            Transport::PerPayload if text.len() >= WORTH_COMPRESSING => {
                let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
                // Writing to memory cannot fail; if it did, the connection would be of no use.
                zlib.write_all(text.as_bytes()).map_err(|_| End::Gone)?;
                Message::Binary(zlib.finish().map_err(|_| End::Gone)?.into())
            }
            _ => Message::Text(text.into()),
        };
        self.socket.feed(message).await.map_err(|_| End::Gone)
    }

    async fn receive(&mut self, message: Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text.to_string(),
            Message::Binary(bytes) => String::from_utf8(bytes.to_vec())
                .map_err(|_| End::Code(4002, "Error while decoding payload."))?,
            Message::Close(frame) => {
                // 1000 and 1001 end the session; every other close leaves it to be resumed.
                let ends = frame.is_some_and(|frame| matches!(frame.code, 1000 | 1001));
                return Err(if ends { End::Closed } else { End::Gone });
            }
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        if text.len() > MOST_RECEIVED {
            return Err(End::Code(4002, "The payload is too long."));
        }
        let now = Instant::now();
        self.received.push_back(now);
        while self
            .received
            .front()
            .is_some_and(|at| now.duration_since(*at) > Duration::from_secs(60))
        {
            self.received.pop_front();
        }
        if self.received.len() > SENDS_PER_MINUTE {
            return Err(End::Code(4008, "You are being rate limited."));
        }
        let payload: Value = serde_json::from_str(&text)
            .map_err(|_| End::Code(4002, "Error while decoding payload."))?;
        match payload["op"].as_u64() {
            Some(1) => {
                if let (Some((session, _)), Some(sequence)) = (&self.session, payload["d"].as_u64())
                    && let Some(session) = self.server.state().hub.session_mut(session)
                {
                    session.received(sequence);
                }
                let of_bot =
                    self.session.as_ref().is_some_and(|(_, user)| *user == self.server.bot);
                if of_bot && self.server.state().hub.faults().acknowledgement() {
                    return Ok(());
                }
                self.send(&json!({"op": 11, "s": null, "t": null, "d": null}).to_string()).await
            }
            Some(2) if self.session.is_some() => Err(End::Code(4005, "Already authenticated.")),
            Some(2) => self.identify(&payload["d"]),
            Some(6) => self.resume(&payload["d"]).await,
            // Presence, voice state and member requests are taken and change nothing here.
            Some(3 | 4 | 8) if self.session.is_some() => Ok(()),
            Some(3 | 4 | 8) => Err(End::Code(4003, "Not authenticated.")),
            _ => Err(End::Code(4001, "Unknown opcode.")),
        }
    }

    fn identify(&mut self, data: &Value) -> Result<(), End> {
        let server = self.server.clone();
        let mut state = server.state();
        let token = data["token"].as_str().unwrap_or_default();
        let user = server
            .user_of_token(&state.world, token)
            .ok_or(End::Code(4004, "Authentication failed."))?;
        let bot = user == state.world.bot;
        let intents = match (data["intents"].as_u64(), bot) {
            (Some(intents), true) => intents,
            (None, true) => return Err(End::Code(4013, "Invalid intent(s).")),
            // Not Discord's: a member's client that wants to hear less.
            (Some(intents), false) => intents,
            (None, false) => u64::MAX,
        };
        if bot && intents & !intent::KNOWN != 0 {
            return Err(End::Code(4013, "Invalid intent(s)."));
        }
        if bot && intents & intent::MESSAGE_CONTENT != 0 && !state.content_intent {
            return Err(End::Code(4014, "Disallowed intent(s)."));
        }
        if bot {
            state.hub.faults().identifies += 1;
            let fault = state.hub.faults().opening();
            if let Some(fault) = fault {
                return self.go_wrong(&fault);
            }
        }
        let shard = match &data["shard"] {
            Value::Array(shard) if shard.len() == 2 => data["shard"].clone(),
            Value::Null => json!([0, 1]),
            _ => return Err(End::Code(4010, "Invalid shard.")),
        };
        if data["compress"] == true && matches!(self.transport, Transport::Text) {
            self.transport = Transport::PerPayload;
        }
        let session = secret::<16>();
        self.identified(session.clone(), user);
        state.hub.open(session.clone(), user, intents, (self.number, self.inbox.clone()));
        let state = &mut *state;
        let guilds: Vec<u64> = state
            .world
            .guilds
            .values()
            .filter(|guild| guild.members.contains_key(&user))
            .map(|guild| guild.id)
            .collect();
        let mut ready = json!({
            "v": 10,
            "user": state.world.users.get(&user).map(wire::own_user),
            "guilds": guilds.iter().map(|guild| json!({"id": wire::id(*guild), "unavailable": true})).collect::<Vec<_>>(),
            "session_id": session,
            "session_type": "normal",
            "resume_gateway_url": format!("{}/resume", server.gateway),
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "_trace": [],
        });
        if bot {
            ready["shard"] = shard.clone();
            ready["application"] = json!({
                "id": wire::id(state.world.bot),
                "flags": wire::application_flags(state.content_intent),
            });
        }
        let viewer = Viewer { user, content: true };
        let everybody = !bot || intents & intent::GUILD_PRESENCES != 0;
        let shards = shard[1].as_u64().unwrap_or(1).max(1);
        let mine = shard[0].as_u64().unwrap_or(0);
        let faults = bot.then(|| state.hub.shared_faults());
        let Some(opened) = state.hub.session_mut(&session) else {
            return Err(End::Gone);
        };
        if let Some(faults) = faults {
            opened.spoil(faults);
        }
        opened.dispatch(&Written::new("READY", ready));
        // Without the GUILDS intent nothing is heard of guilds.
        if intents & intent::GUILDS == 0 {
            return Ok(());
        }
        for guild in guilds {
            // Discord's sharding formula.
            let elsewhere = (guild >> 22) % shards != mine;
            if bot && (elsewhere || state.faults.unavailable.contains(&guild)) {
                continue;
            }
            if let Some(guild) = state.world.guilds.get(&guild) {
                let told = wire::guild_create(&state.world, guild, viewer, everybody);
                opened.dispatch(&Written::new("GUILD_CREATE", told));
            }
        }
        Ok(())
    }

    /// Answers IDENTIFY or RESUME as a fault has it.
    fn go_wrong(&self, fault: &GatewayFault) -> Result<(), End> {
        match fault {
            GatewayFault::Close(code) => Err(End::Code(*code, "Closed on purpose.")),
            GatewayFault::Invalid { resumable } => {
                let invalid = json!({"op": 9, "s": null, "t": null, "d": resumable}).to_string();
                // The connection is this one.
                let _ = self.inbox.send(Frame::Control(invalid));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn resume(&mut self, data: &Value) -> Result<(), End> {
        if self.session.is_some() {
            return Err(End::Code(4005, "Already authenticated."));
        }
        let session = data["session_id"].as_str().unwrap_or_default();
        let resumed = {
            let mut state = self.server.state();
            let token = data["token"].as_str().unwrap_or_default();
            let user = self
                .server
                .user_of_token(&state.world, token)
                .ok_or(End::Code(4004, "Authentication failed."))?;
            if user == state.world.bot {
                state.hub.faults().resumes += 1;
                let fault = state.hub.faults().opening();
                if let Some(fault) = fault {
                    return self.go_wrong(&fault);
                }
            }
            let sequence = data["seq"].as_u64().unwrap_or(0);
            let connection = (self.number, self.inbox.clone());
            state
                .hub
                .resume(session, user, sequence, connection)
                .then(|| (session.to_owned(), user))
        };
        if let Some((session, user)) = resumed {
            self.identified(session, user);
            return Ok(());
        }
        self.identify_by = Instant::now() + self.server.patience().identify;
        self.send(&json!({"op": 9, "s": null, "t": null, "d": false}).to_string()).await
    }
}

/// How a zlib stream begins: deflate with the largest window, compressed fast (RFC 1950, 2.2).
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

/// A payload in stored blocks, and an empty one as a flush writes it: `00 00 FF FF` at the end
/// (RFC 1951, 3.2.4).
fn stored(text: &str) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(text.len() + 10);
    for chunk in text.as_bytes().chunks(usize::from(u16::MAX)).chain([&[][..]]) {
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        // Not the last block, and not compressed.
        blocks.push(0);
        blocks.extend(length.to_le_bytes());
        blocks.extend((!length).to_le_bytes());
        blocks.extend(chunk);
    }
    blocks
}

/// Compresses a payload on the connection's stream and flushes it (Z_SYNC_FLUSH), so that it ends
/// in `00 00 FF FF` and can be read at once.
fn deflate_flushed(deflate: &mut Compress, text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let start = deflate.total_in();
    let mut packed = Vec::with_capacity(bytes.len() / 2 + 128);
    loop {
        let used = usize::try_from(deflate.total_in() - start).unwrap_or(bytes.len());
        packed.reserve(1024);
        let room = packed.capacity() - packed.len();
        let before = packed.len();
        // Compressing into memory fails only on misuse of the stream.
        if deflate.compress_vec(&bytes[used..], &mut packed, FlushCompress::Sync).is_err() {
            return packed;
        }
        let all_in = usize::try_from(deflate.total_in() - start).unwrap_or(0) == bytes.len();
        // Room left over means that the flush is complete.
        if all_in && packed.len() - before < room {
            return packed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_stream_can_be_read_after_every_payload() {
        let mut deflate = Compress::new(Compression::fast(), false);
        let texts = ["short".to_owned(), "long ".repeat(20_000), String::new(), "x".repeat(5)];
        let mut stream = ZLIB_HEADER.to_vec();
        let mut whole = String::new();
        // Those before IDENTIFY are stored.
        for (text, is_stored) in
            texts.iter().map(|text| (text, true)).chain(texts.iter().map(|text| (text, false)))
        {
            let packed = if is_stored { stored(text) } else { deflate_flushed(&mut deflate, text) };
            assert!(packed.ends_with(&[0, 0, 0xff, 0xff]), "flushed");
            stream.extend(packed);
            whole.push_str(text);
            let mut read = vec![0; whole.len()];
            flate2::read::ZlibDecoder::new(&stream[..]).read_exact(&mut read).unwrap();
            assert_eq!(read, whole.as_bytes());
        }
    }
}
