//! A member as design and documentation describe one: REST, and a gateway session of its own. Written
//! against the description alone, with nothing of the crate's own.

use chrono::{DateTime, Utc};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// How long something may take to come (wire time); a machine busy with builds is slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where everything is: the line of JSON.
#[derive(Clone)]
pub struct World {
    told: Arc<Value>,
    http: reqwest::Client,
}

impl World {
    pub fn new(told: Value) -> Self {
        Self { told: Arc::new(told), http: reqwest::Client::new() }
    }

    pub fn text(&self, key: &str) -> &str {
        self.told[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.told))
    }

    /// The server, without `/api/v10`.
    pub fn origin(&self) -> &str {
        self.text("api").trim_end_matches("/api/v10")
    }

    pub fn study_channel(&self) -> &str {
        self.text("study_channel_id")
    }

    pub fn bot_token(&self) -> &str {
        self.told["bot"]["token"].as_str().unwrap()
    }

    pub fn bot_id(&self) -> &str {
        self.told["bot"]["id"].as_str().unwrap()
    }

    /// Study time.
    pub async fn now(&self) -> DateTime<Utc> {
        let address = format!("{}/clock", self.origin());
        let answer = self.http.get(address).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["now"].as_str().unwrap().parse().unwrap()
    }

    /// The member of that name, connected.
    pub async fn member(&self, name: &str) -> Member {
        let found = self.told["members"].as_array().unwrap().iter().find(|m| m["name"] == name);
        Member::connect(self, found.unwrap()).await
    }

    /// `POST /clock`; study time when all has settled.
    pub async fn clock(&self, body: Value) -> String {
        let address = format!("{}/clock", self.origin());
        let request = self.http.post(address).timeout(PATIENCE * 2).json(&body);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["now"].as_str().unwrap().to_owned()
    }
}

/// A member with a session.
pub struct Member {
    world: World,
    pub id: String,
    pub token: String,
    session: String,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    count: watch::Receiver<usize>,
}

impl Member {
    async fn connect(world: &World, who: &Value) -> Self {
        let (mut socket, _) =
            connect_async(format!("{}?v=10&encoding=json", world.text("gateway"))).await.unwrap();
        let token = who["token"].as_str().unwrap().to_owned();
        let identify = json!({"op": 2, "d": {"token": token, "properties": {}}});
        socket.send(Message::text(identify.to_string())).await.unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let ears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let Ok(text) = message.to_text() else { continue };
                let Ok(payload) = serde_json::from_str::<Value>(text) else { continue };
                if let Some(kind) = payload["t"].as_str() {
                    ears.lock().unwrap().push((kind.to_owned(), payload["d"].clone()));
                    counter.send_modify(|count| *count += 1);
                }
            }
        });
        let mut member = Self {
            world: world.clone(),
            id: who["id"].as_str().unwrap().to_owned(),
            token,
            session: String::new(),
            heard,
            count,
        };
        let ready = member.event(0, "READY", |_| true).await;
        member.session = ready["session_id"].as_str().unwrap().to_owned();
        member
    }

    /// The first event of that type after the first `mark`.
    async fn event(&self, mark: usize, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.event_of(mark, &[kind], fits).await.1
    }

    /// The first event of one of those types after the first `mark`.
    async fn event_of(
        &self,
        mark: usize,
        kinds: &[&str],
        fits: impl Fn(&Value) -> bool,
    ) -> (String, Value) {
        let mut count = self.count.clone();
        let search = async {
            loop {
                count.mark_unchanged();
                let found = self.heard.lock().unwrap()[mark..]
                    .iter()
                    .find(|(its, data)| kinds.contains(&its.as_str()) && fits(data))
                    .cloned();
                if let Some(found) = found {
                    return found;
                }
                count.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| {
            panic!("none of {kinds:?} in time; heard {:?}", &self.heard.lock().unwrap()[mark..])
        })
    }

    pub async fn request(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let address = format!("{}{path}", self.world.text("api"));
        let mut request = self
            .world
            .http
            .request(method.parse().unwrap(), address)
            .header("authorization", &self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.request("GET", path, None).await
    }

    pub async fn say(&self, channel: &str, text: &str) -> Value {
        let body = json!({"content": text});
        self.request("POST", &format!("/channels/{channel}/messages"), Some(body)).await
    }

    /// A channel's messages by the bot, oldest first.
    pub async fn posts_of_bot(&self, channel: &str) -> Vec<Value> {
        let found = self.get(&format!("/channels/{channel}/messages?limit=100")).await;
        let bot = &self.world.told["bot"]["id"];
        let mut found: Vec<Value> = found.as_array().unwrap().clone();
        found.retain(|message| &message["author"]["id"] == bot);
        found.reverse();
        found
    }

    /// The question cards in the study channel, oldest first: what the bot posted with a title.
    pub async fn cards(&self) -> Vec<Value> {
        let mut found = self.posts_of_bot(self.world.study_channel()).await;
        found.retain(|message| message["embeds"][0]["title"].is_string());
        found
    }

    /// Looks at something again and again until it is so.
    pub async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        look: impl Fn() -> F,
    ) -> T {
        let search = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search)
            .await
            .unwrap_or_else(|_| panic!("{what}: not in time"))
    }

    /// Answers in a thread, and waits for the check mark.
    pub async fn answer(&self, thread: &str, text: &str) {
        let said = self.say(thread, text).await;
        let path = format!("/channels/{thread}/messages/{}", said["id"].as_str().unwrap());
        self.until("the check mark", async || {
            let message = self.get(&path).await;
            message["reactions"].as_array().is_some_and(|marks| !marks.is_empty()).then_some(())
        })
        .await;
    }

    /// A slash command in the study channel; the bot's reply.
    pub async fn command(&self, name: &str, options: Value) -> Value {
        let reply = self.command_to_anybody(name, options).await;
        reply.expect("the bot answers within three seconds")
    }

    /// A slash command at a moment when nobody may be there to answer.
    pub async fn command_to_anybody(&self, name: &str, options: Value) -> Option<Value> {
        let all = self.get(&format!("/applications/{}/commands", self.world.bot_id())).await;
        let found = all.as_array().unwrap().iter().find(|one| one["name"] == name);
        let command = found.unwrap_or_else(|| panic!("no /{name} in {all}"));
        let data = json!({"id": command["id"], "name": name, "type": 1, "options": options});
        self.tries(2, self.world.study_channel(), data, None).await
    }

    /// Presses the button of that label; the bot's reply.
    pub async fn press(&self, message: &Value, label: &str) -> Value {
        let button = parts(message).find(|part| part["label"] == label);
        let button = button.unwrap_or_else(|| panic!("no {label} on {message}"));
        let data = json!({"component_type": 2, "custom_id": button["custom_id"]});
        self.interact(3, message["channel_id"].as_str().unwrap(), data, Some(message)).await
    }

    /// Chooses in the message's menu; the message as it is then.
    pub async fn choose(&self, message: &Value, value: &str) -> Value {
        let menu = parts(message).find(|part| part["type"] == 3).unwrap();
        let data = json!({"component_type": 3, "custom_id": menu["custom_id"], "values": [value]});
        self.interact(3, message["channel_id"].as_str().unwrap(), data, Some(message)).await
    }

    /// The same while the bot may be ending; `None` if it gives no answer.
    pub async fn tries_to_choose(&self, message: &Value, value: &str) -> Option<Value> {
        let menu = parts(message).find(|part| part["type"] == 3).unwrap();
        let data = json!({"component_type": 3, "custom_id": menu["custom_id"], "values": [value]});
        self.tries(3, message["channel_id"].as_str().unwrap(), data, Some(message)).await
    }

    /// Uses an entry in a message's Apps menu; the bot's reply, if it gives one.
    pub async fn menu(&self, name: &str, message: &Value) -> Option<Value> {
        let all = self.get(&format!("/applications/{}/commands", self.world.bot_id())).await;
        let command = all.as_array().unwrap().iter().find(|one| one["name"] == name)?;
        let data = json!({"id": command["id"], "name": name, "type": 3,
            "target_id": message["id"]});
        self.tries(2, message["channel_id"].as_str().unwrap(), data, None).await
    }

    /// Begins an interaction, and waits for what comes of it.
    async fn interact(&self, kind: u8, channel: &str, data: Value, on: Option<&Value>) -> Value {
        let reply = self.tries(kind, channel, data, on).await;
        reply.expect("the bot answers within three seconds")
    }

    /// The same where nobody may be there to answer.
    async fn tries(
        &self,
        kind: u8,
        channel: &str,
        data: Value,
        on: Option<&Value>,
    ) -> Option<Value> {
        static NONCE: AtomicU64 = AtomicU64::new(1);
        let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
        let mark = *self.count.borrow();
        let mut body = json!({
            "type": kind, "application_id": self.world.told["bot"]["id"],
            "guild_id": self.world.text("guild_id"), "channel_id": channel,
            "session_id": self.session, "nonce": nonce, "data": data,
        });
        if let Some(message) = on {
            body["message_id"] = message["id"].clone();
            body["message_flags"] = message["flags"].clone();
        }
        self.request("POST", "/interactions", Some(body)).await;
        let id = self.event(mark, "INTERACTION_CREATE", |e| e["nonce"] == nonce.as_str()).await;
        let id = id["id"].clone();
        let ends = ["INTERACTION_SUCCESS", "INTERACTION_FAILURE"];
        let end = self.event_of(mark, &ends, |e| e["nonce"] == nonce.as_str()).await;
        if end.0 != ends[0] {
            return None;
        }
        // The reply, or the message it changed; with its content if that comes later.
        let loading = |message: &Value| message["flags"].as_u64().unwrap_or(0) & (1 << 7) != 0;
        let heard = self.heard.lock().unwrap()[mark..].to_vec();
        let reply = heard.iter().find(|(kind, message)| {
            kind == "MESSAGE_CREATE" && message["interaction_metadata"]["id"] == id
        });
        Some(match reply {
            Some((_, message)) if !loading(message) => message.clone(),
            Some((_, message)) => {
                let its = message["id"].clone();
                self.event(mark, "MESSAGE_UPDATE", |m| m["id"] == its && !loading(m)).await
            }
            None => {
                let its = on.map(|message| message["id"].clone()).unwrap_or_default();
                self.event(mark, "MESSAGE_UPDATE", |m| m["id"] == its && !loading(m)).await
            }
        })
    }
}

/// The buttons and menus of a message.
pub fn parts(message: &Value) -> impl Iterator<Item = &Value> {
    let rows = message["components"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["components"].as_array()).flatten()
}
