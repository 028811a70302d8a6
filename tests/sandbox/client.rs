//! A bot written by hand: plain HTTP and a plain WebSocket, so that the contracts do not depend on
//! what one client library happens to do.

use futures::{SinkExt as _, StreamExt as _};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use std::time::Duration;
use studyhall::sandbox::{Options, Sandbox, SimClock, start};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long a test waits for what must come.
pub const SOON: Duration = Duration::from_secs(5);

/// GUILDS, GUILD_MESSAGES, reactions, direct messages, MESSAGE_CONTENT.
pub const INTENTS: u64 = 1 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 15;

pub fn options() -> Options {
    Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::parse("2026-11-23T07:59:00Z@manual").unwrap(),
        seed: 7,
        limits: false,
        extra_hosts: Vec::new(),
        content_intent: true,
    }
}

pub async fn sandbox() -> Sandbox {
    start(options()).await.unwrap()
}

/// A sandbox with the bot connected to it.
pub async fn connected() -> (Sandbox, Rest, Gateway) {
    let sandbox = sandbox().await;
    let rest = Rest::bot(&sandbox);
    let gateway = Gateway::identified(&sandbox, INTENTS).await;
    (sandbox, rest, gateway)
}

pub fn id(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no id"))
}

/// Status, headers and body of an answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn code(&self) -> (u16, u64) {
        (self.status, self.body["code"].as_u64().unwrap_or(u64::MAX))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

/// REST as somebody.
#[derive(Clone)]
pub struct Rest {
    pub http: reqwest::Client,
    pub api: String,
    pub authorization: String,
}

impl Rest {
    pub fn with_authorization(sandbox: &Sandbox, authorization: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            api: sandbox.api(),
            authorization: authorization.to_owned(),
        }
    }

    pub fn bot(sandbox: &Sandbox) -> Self {
        Self::with_authorization(sandbox, &format!("Bot {}", sandbox.bot_token()))
    }

    pub fn member(sandbox: &Sandbox, name: &str) -> Self {
        let member = sandbox.members().into_iter().find(|m| m.name == name);
        Self::with_authorization(sandbox, &member.unwrap().token)
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.api))
            .header("authorization", &self.authorization)
    }

    pub async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        read(self.request(method, path).json(&body).send().await.unwrap()).await
    }

    pub async fn bare(&self, method: &str, path: &str) -> Answer {
        read(self.request(method, path).send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.bare("GET", path).await.ok()
    }

    pub async fn say(&self, channel: u64, text: &str) -> Value {
        let body = json!({"content": text});
        self.send("POST", &format!("/channels/{channel}/messages"), body).await.ok()
    }
}

pub async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

/// A gateway connection.
pub struct Gateway {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub session: String,
    pub sequence: u64,
    pub resume_url: String,
}

impl Gateway {
    /// Connects and reads HELLO.
    pub async fn connect(address: &str) -> Self {
        let (socket, _) = connect_async(address).await.unwrap();
        let mut gateway =
            Self { socket, session: String::new(), sequence: 0, resume_url: String::new() };
        let hello = gateway.payload().await;
        assert_eq!(hello["op"], 10);
        assert!(hello["d"]["heartbeat_interval"].as_u64().unwrap() > 1000);
        gateway
    }

    /// Connects, identifies as the bot and reads READY and the guilds.
    pub async fn identified(sandbox: &Sandbox, intents: u64) -> Self {
        Self::identified_as(sandbox, &sandbox.bot_token(), json!(intents)).await
    }

    pub async fn identified_as(sandbox: &Sandbox, token: &str, intents: Value) -> Self {
        let mut gateway = Self::connect(&format!("{}?v=10&encoding=json", sandbox.gateway())).await;
        gateway
            .send(json!({"op": 2, "d": {"token": token, "intents": intents, "properties": {}}}))
            .await;
        let ready = gateway.event("READY").await;
        gateway.session = ready["session_id"].as_str().unwrap().to_owned();
        gateway.resume_url = ready["resume_gateway_url"].as_str().unwrap().to_owned();
        for _ in ready["guilds"].as_array().unwrap() {
            gateway.event("GUILD_CREATE").await;
        }
        gateway
    }

    pub async fn send(&mut self, payload: Value) {
        let text = Message::text(payload.to_string());
        self.socket.send(text).await.unwrap();
    }

    pub async fn message(&mut self) -> Message {
        tokio::time::timeout(SOON, self.socket.next())
            .await
            .expect("a message in time")
            .expect("the connection is open")
            .expect("a readable message")
    }

    pub async fn payload(&mut self) -> Value {
        let message = self.message().await;
        let payload: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        if let Some(sequence) = payload["s"].as_u64() {
            self.sequence = sequence;
        }
        payload
    }

    /// The next dispatch, which must be of this type.
    #[track_caller]
    pub fn event(&mut self, kind: &str) -> impl Future<Output = Value> {
        let at = std::panic::Location::caller();
        async move {
            let payload = self.payload().await;
            assert_eq!(payload["t"], kind, "{at}: {payload}");
            payload["d"].clone()
        }
    }

    /// The next dispatch of this type; others are skipped.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let payload = self.payload().await;
            if payload["t"] == kind {
                return payload["d"].clone();
            }
        }
    }

    /// The code the server closes with.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match tokio::time::timeout(SOON, self.socket.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("ended without a code: {other:?}"),
            }
        }
    }

    /// A heartbeat and its answer: whatever came before has been received.
    pub async fn nothing_else(&mut self) {
        self.send(json!({"op": 1, "d": self.sequence})).await;
        let payload = self.payload().await;
        assert_eq!(payload["op"], 11, "came unasked: {payload}");
    }
}
