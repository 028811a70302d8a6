//! A member who acts: real REST requests and a gateway session of its own.

mod interact;
mod response;
mod session;

pub use response::Response;

use super::handle::Cast;
use anyhow::{anyhow, bail};
use serde_json::{Value, json};
use session::{Heard, Inner};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long an action waits for what must follow it (wire time). The bot has three seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// A member. Clones are the same member in the same session.
#[derive(Clone)]
pub struct Actor {
    inner: Arc<Inner>,
}

impl Actor {
    /// Connects in the background. `intents`: what its session is told of; None for everything.
    pub(super) fn connect(
        member: Cast,
        intents: Option<u64>,
        api: &str,
        gateway: &str,
        application: u64,
        stopping: CancellationToken,
    ) -> Self {
        let inner = Arc::new(Inner {
            member,
            api: api.to_owned(),
            application,
            http: reqwest::Client::new(),
            heard: Mutex::<Heard>::default(),
            seen: watch::Sender::new(0),
            nonces: AtomicU64::new(1),
            guilds: Mutex::default(),
        });
        let address = format!("{gateway}?v=10&encoding=json");
        let listener = inner.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                heard = listener.listen(&address, intents) => {
                    if let Err(error) = heard {
                        tracing::warn!(member = listener.member.name, %error, "a member's session ended");
                    }
                }
            }
        });
        Self { inner }
    }

    /// User id.
    pub fn id(&self) -> u64 {
        self.inner.member.id
    }

    /// The name others see.
    pub fn name(&self) -> &str {
        &self.inner.member.name
    }

    /// The token, as it goes into `Authorization`.
    pub fn token(&self) -> &str {
        &self.inner.member.token
    }

    /// What the member's session was told: type and data, the last 500.
    pub fn events(&self) -> Vec<(String, Value)> {
        self.events_since(0)
    }

    /// The same from a mark on.
    pub fn events_since(&self, mark: usize) -> Vec<(String, Value)> {
        let heard = self.inner.heard();
        heard.since(mark).map(|(kind, data)| (kind.to_owned(), data)).collect()
    }

    /// How many events there were; a mark for [`Actor::wait_for_since`].
    pub fn mark(&self) -> usize {
        self.inner.heard().count()
    }

    /// Waits until the session is ready.
    ///
    /// # Errors
    /// When it does not get ready in time.
    pub async fn ready(&self) -> anyhow::Result<()> {
        self.session().await.map(|_| ())
    }

    /// Waits for an event, past or future. `what` names it in the error.
    ///
    /// # Errors
    /// When none came in time.
    pub async fn wait_for(
        &self,
        what: &str,
        timeout: Duration,
        wanted: impl Fn(&str, &Value) -> bool,
    ) -> anyhow::Result<Value> {
        self.wait_for_since(0, what, timeout, wanted).await
    }

    /// Waits for an event after a mark.
    ///
    /// # Errors
    /// When none came in time.
    pub async fn wait_for_since(
        &self,
        mark: usize,
        what: &str,
        timeout: Duration,
        wanted: impl Fn(&str, &Value) -> bool,
    ) -> anyhow::Result<Value> {
        let mut seen = self.inner.seen.subscribe();
        let mut from = mark;
        let search = async {
            loop {
                {
                    let heard = self.inner.heard();
                    let found = heard.since(from).find(|(kind, data)| wanted(kind, data));
                    if let Some((_, data)) = found {
                        return data;
                    }
                    from = heard.count();
                    seen.mark_unchanged();
                }
                // The sender lives in `self`, so this only ends by news.
                let _ = seen.changed().await;
            }
        };
        tokio::time::timeout(timeout, search).await.map_err(|_| {
            let kinds: Vec<String> = self.events().into_iter().map(|(kind, _)| kind).collect();
            anyhow!(
                "{}: {what} did not come within {timeout:?}; seen: {}",
                self.name(),
                kinds.join(", ")
            )
        })
    }

    /// Says something; returns the message.
    ///
    /// # Errors
    /// What Discord refuses.
    pub async fn say(&self, channel: u64, text: &str) -> anyhow::Result<Value> {
        self.say_with(channel, json!({"content": text})).await
    }

    /// Sends a message with this body.
    ///
    /// # Errors
    /// What Discord refuses.
    pub async fn say_with(&self, channel: u64, body: Value) -> anyhow::Result<Value> {
        self.ready().await?;
        self.request("POST", &format!("/channels/{channel}/messages"), Some(body)).await
    }

    /// Sends a message with a file.
    ///
    /// # Errors
    /// What Discord refuses.
    pub async fn upload(
        &self,
        channel: u64,
        text: &str,
        filename: &str,
        bytes: &[u8],
    ) -> anyhow::Result<Value> {
        self.ready().await?;
        let boundary = format!("part-{}", crate::sandbox::world::seed::secret::<24>());
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\
             Content-Type: application/json\r\n\r\n{}\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"files[0]\"; filename=\"{filename}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            json!({"content": text})
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let request = self
            .inner
            .http
            .post(format!("{}/channels/{channel}/messages", self.inner.api))
            .header("authorization", self.token())
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(body);
        answer_of(request.send().await?).await
    }

    /// Replies to a message, with a ping.
    ///
    /// # Errors
    /// What Discord refuses.
    pub async fn reply(&self, channel: u64, to: u64, text: &str) -> anyhow::Result<Value> {
        let body = json!({"content": text, "message_reference": {"message_id": to.to_string()}});
        self.say_with(channel, body).await
    }

    /// Edits an own message.
    ///
    /// # Errors
    /// What Discord refuses.
    pub async fn edit(&self, channel: u64, message: u64, text: &str) -> anyhow::Result<Value> {
        let path = format!("/channels/{channel}/messages/{message}");
        self.request("PATCH", &path, Some(json!({"content": text}))).await
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// What Discord refuses.
    pub async fn delete(&self, channel: u64, message: u64) -> anyhow::Result<()> {
        let path = format!("/channels/{channel}/messages/{message}");
        self.request("DELETE", &path, None).await.map(|_| ())
    }

    /// Any REST request as this member; `path` begins after `/api/v10`. Null for 204.
    ///
    /// # Errors
    /// What Discord refuses, with status and body.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let method = reqwest::Method::from_bytes(method.as_bytes())?;
        let mut request = self
            .inner
            .http
            .request(method, format!("{}{path}", self.inner.api))
            .header("authorization", self.token());
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer_of(request.send().await?).await
    }
}

async fn answer_of(response: reqwest::Response) -> anyhow::Result<Value> {
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{status}: {text}");
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_str(&text)?)
}
