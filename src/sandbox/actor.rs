//! A member who acts: real REST requests and a gateway session of its own.

use super::handle::Cast;
use anyhow::{Context as _, anyhow, bail};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// How long an action waits for what must follow it (wire time). The bot has three seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// A member. Clones are the same member in the same session.
#[derive(Clone)]
pub struct Actor {
    inner: Arc<Inner>,
}

struct Inner {
    member: Cast,
    api: String,
    application: u64,
    http: reqwest::Client,
    events: Mutex<Vec<(String, Value)>>,
    /// How many events there are; those who wait listen to it.
    seen: watch::Sender<usize>,
    nonces: AtomicU64,
}

/// What came of a command, a click, a choice or a form.
#[derive(Clone)]
pub struct Response {
    /// Whether the bot gave no answer within three seconds.
    pub failed: bool,
    /// The answer, or the message the bot updated.
    pub message: Option<Value>,
    /// The form the bot opened (`custom_id`, `title`, `components`).
    pub modal: Option<Value>,
    /// Whether the bot updated the message that was acted on instead of answering.
    pub updated: bool,
    /// The interaction's id.
    pub id: String,
    actor: Actor,
    /// The message that was acted on.
    target: Option<String>,
    from: usize,
}

impl Actor {
    /// Connects in the background.
    pub(super) fn connect(
        member: Cast,
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
            events: Mutex::default(),
            seen: watch::Sender::new(0),
            nonces: AtomicU64::new(1),
        });
        let address = format!("{gateway}?v=10&encoding=json");
        let listener = inner.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                heard = listener.listen(&address) => {
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

    /// Everything the member's session was told so far: type and data.
    pub fn events(&self) -> Vec<(String, Value)> {
        self.inner.events().clone()
    }

    /// How many events there are; a mark for [`Actor::wait_for_since`].
    pub fn mark(&self) -> usize {
        self.inner.events().len()
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
                    let events = self.inner.events();
                    let fresh = events.get(from..).unwrap_or_default();
                    if let Some((_, data)) = fresh.iter().find(|(kind, data)| wanted(kind, data)) {
                        return data.clone();
                    }
                    from = from.max(events.len());
                    seen.mark_unchanged();
                }
                if self.inner.seen.borrow().gt(&from) {
                    continue;
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
        self.request("POST", &format!("/channels/{channel}/messages"), Some(body))
            .await
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
        let boundary = format!("part-{:032x}", rand::random::<u128>());
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
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
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
        self.request("PATCH", &path, Some(json!({"content": text})))
            .await
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

    /// Calls a slash command. `options` is Discord's array (`[{"name", "type", "value"}]`, nested for
    /// sub-commands); types may be left out, they are looked up.
    ///
    /// # Errors
    /// When there is no such command, or Discord refuses the call.
    pub async fn command(
        &self,
        channel: u64,
        name: &str,
        options: Value,
    ) -> anyhow::Result<Response> {
        let command = self.find_command(channel, name, 1).await?;
        let options = with_types(&command["options"], options);
        let data = json!({"id": command["id"], "name": name, "type": 1, "options": options});
        self.interact(2, channel, data, None).await
    }

    /// Types into an option with `"focused": true`; returns the choices offered.
    ///
    /// # Errors
    /// When there is no such command, Discord refuses the call, or the bot does not answer.
    pub async fn autocomplete(
        &self,
        channel: u64,
        name: &str,
        options: Value,
    ) -> anyhow::Result<Vec<Value>> {
        let command = self.find_command(channel, name, 1).await?;
        let options = with_types(&command["options"], options);
        let data = json!({"id": command["id"], "name": name, "type": 1, "options": options});
        let mark = self.mark();
        let nonce = self.send_interaction(4, channel, data, None).await?;
        let answer = self
            .wait_for_since(mark, "autocomplete choices", PATIENCE, |kind, data| {
                data["nonce"] == nonce
                    && matches!(
                        kind,
                        "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" | "INTERACTION_FAILURE"
                    )
            })
            .await?;
        match &answer["choices"] {
            Value::Array(choices) => Ok(choices.clone()),
            _ => bail!("{}: /{name} offered no choices in time", self.name()),
        }
    }

    /// Presses a button of a message.
    ///
    /// # Errors
    /// When Discord refuses it: no such button, or it is disabled.
    pub async fn press(&self, message: &Value, custom_id: &str) -> anyhow::Result<Response> {
        let data = json!({"component_type": 2, "custom_id": custom_id});
        self.component(message, data).await
    }

    /// Chooses in a select menu of a message.
    ///
    /// # Errors
    /// When Discord refuses it: no such menu, or values it does not offer.
    pub async fn choose(
        &self,
        message: &Value,
        custom_id: &str,
        values: &[&str],
    ) -> anyhow::Result<Response> {
        let kind = message["components"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["components"].as_array())
            .flatten()
            .find(|one| one["custom_id"] == custom_id)
            .map_or(json!(3), |one| one["type"].clone());
        let data = json!({"component_type": kind, "custom_id": custom_id, "values": values});
        self.component(message, data).await
    }

    /// Uses a command of a message's Apps menu.
    ///
    /// # Errors
    /// When there is no such command, or Discord refuses the call.
    pub async fn message_menu(
        &self,
        name: &str,
        channel: u64,
        message: u64,
    ) -> anyhow::Result<Response> {
        let command = self.find_command(channel, name, 3).await?;
        let data = json!({
            "id": command["id"], "name": name, "type": 3, "target_id": message.to_string(),
        });
        self.interact(2, channel, data, None).await
    }

    /// Sends a form that a response opened, with (custom id, text) for its inputs.
    ///
    /// # Errors
    /// When the response opened none, or Discord refuses the texts.
    pub async fn submit_modal(
        &self,
        opened: &Response,
        inputs: &[(&str, &str)],
    ) -> anyhow::Result<Response> {
        let modal = opened.modal.as_ref().context("no form was opened")?;
        let rows: Vec<Value> = inputs
            .iter()
            .map(|(id, text)| json!({"type": 1, "components": [{"type": 4, "custom_id": id, "value": text}]}))
            .collect();
        let data = json!({"id": modal["id"], "custom_id": modal["custom_id"], "components": rows});
        let channel = id_of(&modal["channel_id"])?;
        self.interact(5, channel, data, opened.target.clone()).await
    }

    async fn component(&self, message: &Value, data: Value) -> anyhow::Result<Response> {
        let channel = id_of(&message["channel_id"])?;
        let target = message["id"].as_str().context("the message has no id")?;
        self.interact(3, channel, data, Some(target.to_owned()))
            .await
    }

    /// Begins an interaction and waits for the first answer to it.
    async fn interact(
        &self,
        kind: u64,
        channel: u64,
        data: Value,
        target: Option<String>,
    ) -> anyhow::Result<Response> {
        let from = self.mark();
        let nonce = self
            .send_interaction(kind, channel, data, target.as_deref())
            .await?;
        let ended = |kind: &str, data: &Value| {
            data["nonce"] == nonce && matches!(kind, "INTERACTION_SUCCESS" | "INTERACTION_FAILURE")
        };
        let end = self
            .wait_for_since(from, "an end of the interaction", PATIENCE, ended)
            .await?;
        let events: Vec<(String, Value)> = self.events().split_off(from);
        let place = events
            .iter()
            .position(|(kind, data)| ended(kind, data))
            .unwrap_or(events.len());
        let (before, id) = (&events[..place], end["id"].clone());
        let failed = events
            .get(place)
            .is_some_and(|(kind, _)| kind == "INTERACTION_FAILURE");
        let last = |wanted: &str, fits: &dyn Fn(&Value) -> bool| {
            before
                .iter()
                .rev()
                .find(|(kind, data)| kind == wanted && fits(data))
                .map(|(_, data)| data.clone())
        };
        // A private message keeps the metadata of the interaction that made it, so an update of the
        // message acted on is told by its id.
        let answer = last("MESSAGE_CREATE", &|data| {
            data["interaction_metadata"]["id"] == id
        });
        let update = target
            .as_ref()
            .and_then(|target| last("MESSAGE_UPDATE", &|data| data["id"] == target.as_str()));
        let updated = answer.is_none() && update.is_some();
        Ok(Response {
            failed,
            modal: last("INTERACTION_MODAL_CREATE", &|data| data["id"] == id),
            message: answer.or(update),
            updated,
            id: id.as_str().unwrap_or_default().to_owned(),
            actor: self.clone(),
            target,
            from,
        })
    }

    /// Sends `POST /interactions`; returns its nonce.
    async fn send_interaction(
        &self,
        kind: u64,
        channel: u64,
        data: Value,
        target: Option<&str>,
    ) -> anyhow::Result<String> {
        let session = self.session().await?;
        let guild = self
            .request("GET", &format!("/channels/{channel}"), None)
            .await?["guild_id"]
            .clone();
        let number = self.inner.nonces.fetch_add(1, Ordering::Relaxed);
        let nonce = format!("{}-{number}", self.id() % 1_000_000_007);
        let mut body = json!({
            "type": kind,
            "application_id": self.inner.application.to_string(),
            "channel_id": channel.to_string(),
            "session_id": session,
            "nonce": nonce,
            "data": data,
        });
        if guild.is_string() {
            body["guild_id"] = guild;
        }
        if let Some(target) = target {
            body["message_id"] = target.into();
            body["message_flags"] = 0.into();
        }
        self.request("POST", "/interactions", Some(body)).await?;
        Ok(nonce)
    }

    async fn session(&self) -> anyhow::Result<Value> {
        let ready = self
            .wait_for("READY", PATIENCE, |kind, _| kind == "READY")
            .await?;
        Ok(ready["session_id"].clone())
    }

    /// Looks a command up by name and type, first among those registered everywhere.
    async fn find_command(&self, channel: u64, name: &str, kind: u64) -> anyhow::Result<Value> {
        let base = format!("/applications/{}", self.inner.application);
        let mut places = vec![format!("{base}/commands")];
        let guild = &self
            .request("GET", &format!("/channels/{channel}"), None)
            .await?["guild_id"];
        if let Some(guild) = guild.as_str() {
            places.push(format!("{base}/guilds/{guild}/commands"));
        }
        for place in places {
            let list = self.request("GET", &place, None).await?;
            let found = list
                .as_array()
                .into_iter()
                .flatten()
                .find(|one| one["name"] == name && one["type"] == kind);
            if let Some(found) = found {
                return Ok(found.clone());
            }
        }
        bail!("there is no command {name:?} of type {kind}")
    }
}

impl Inner {
    fn events(&self) -> MutexGuard<'_, Vec<(String, Value)>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Identifies and keeps what the session is told until the connection ends.
    async fn listen(&self, address: &str) -> anyhow::Result<()> {
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await?;
        let identify = json!({"op": 2, "d": {
            "token": self.member.token, "properties": {"os": "", "browser": "", "device": ""},
        }});
        let mut heartbeat = tokio::time::interval(Duration::from_secs(30));
        heartbeat.tick().await;
        socket.send(Message::text(identify.to_string())).await?;
        let mut sequence = Value::Null;
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
            let payload: Value = serde_json::from_str(&text)?;
            if payload["op"] != 0 {
                continue;
            }
            sequence = payload["s"].clone();
            let kind = payload["t"].as_str().unwrap_or_default().to_owned();
            let count = {
                let mut events = self.events();
                events.push((kind, payload["d"].clone()));
                events.len()
            };
            self.seen.send_replace(count);
        }
    }
}

impl Response {
    /// The answer once the bot has finished it: waits until a deferred reply has its content, or
    /// until the bot has edited the message it only promised to update.
    ///
    /// # Errors
    /// When nothing came in time.
    pub async fn settled_message(&self) -> anyhow::Result<Value> {
        let loading = |message: &Value| message["flags"].as_u64().unwrap_or(0) & (1 << 7) != 0;
        let wanted = match &self.message {
            Some(message) if !loading(message) => return Ok(message.clone()),
            Some(message) => message["id"].as_str().map(str::to_owned),
            None => self.target.clone(),
        };
        let wanted = wanted.context("the interaction has no message")?;
        self.actor
            .wait_for_since(self.from, "the finished message", PATIENCE, |kind, data| {
                kind == "MESSAGE_UPDATE" && data["id"] == wanted.as_str() && !loading(data)
            })
            .await
    }

    /// Further messages the bot has sent to this interaction so far, oldest first.
    pub fn follow_ups(&self) -> Vec<Value> {
        let first = self.message.as_ref().map(|message| message["id"].clone());
        let events = self.actor.events().split_off(self.from);
        events
            .into_iter()
            .filter(|(kind, data)| {
                kind == "MESSAGE_CREATE"
                    && data["interaction_metadata"]["id"] == self.id.as_str()
                    && Some(&data["id"]) != first.as_ref()
            })
            .map(|(_, data)| data)
            .collect()
    }
}

/// Adds the types of options from the command's definition where they are missing.
fn with_types(defined: &Value, options: Value) -> Value {
    let Value::Array(options) = options else {
        return json!([]);
    };
    options
        .into_iter()
        .map(|mut option| {
            let definition = defined
                .as_array()
                .into_iter()
                .flatten()
                .find(|one| one["name"] == option["name"]);
            if let Some(definition) = definition {
                if option["type"].is_null() {
                    option["type"] = definition["type"].clone();
                }
                if option["options"].is_array() {
                    option["options"] =
                        with_types(&definition["options"], option["options"].take());
                }
            }
            option
        })
        .collect()
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

fn id_of(value: &Value) -> anyhow::Result<u64> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .with_context(|| format!("{value} is no id"))
}
