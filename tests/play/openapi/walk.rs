//! Every route of the sandbox, asked once over plain HTTP, so that its answers are compared also
//! where the bot never asks. Without a description the walk still proves that the routes answer.

use super::check;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use studyhall::sandbox::{Actor, Options, Sandbox, SimClock, start};
use tokio_tungstenite::tungstenite::Message;

/// How long the bot's gateway may keep an event.
const SOON: Duration = Duration::from_secs(5);
/// GUILDS, GUILD_MESSAGES and MESSAGE_CONTENT.
const INTENTS: u64 = 1 | 1 << 9 | 1 << 15;
/// The table of routes, to prove that none was left out.
const TABLE: &str = include_str!("../../../src/sandbox/rest/mod.rs");

/// The bot, by hand: plain HTTP.
struct Bot {
    http: reqwest::Client,
    sandbox: Sandbox,
}

impl Bot {
    /// Asks; returns the answer of a success.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.send(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Asks for what must be refused.
    async fn refused(&self, method: &str, path: &str, body: Option<Value>) {
        let (status, answer) = self.send(method, path, body).await;
        assert!((400..500).contains(&status), "{method} {path}: {status} {answer}");
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.sandbox.api()))
            .header("authorization", format!("Bot {}", self.sandbox.bot_token()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await
    }

    async fn say(&self, channel: &str, body: Value) -> String {
        id(&self.ask("POST", &format!("/channels/{channel}/messages"), Some(body)).await)
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

#[tokio::test]
async fn every_route_answers_as_discord_describes() {
    let sandbox = start(Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::parse("2026-11-23T07:59:00Z@manual").unwrap(),
        seed: 7,
        limits: false,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await
    .unwrap();
    let bot = Bot { http: reqwest::Client::new(), sandbox: sandbox.clone() };
    // Administrator: what the bot may do is not the question here.
    sandbox.set_bot_permissions(None, 1 << 3, 0);
    let ana = sandbox.actor("Ana");
    ana.ready().await.unwrap();
    people_and_places(&bot, &ana).await;
    messages(&bot, &ana).await;
    threads(&bot, &ana).await;
    commands(&bot).await;
    interactions(&bot, &ana).await;
    bot.ask("DELETE", &format!("/channels/{}", sandbox.add_channel("short-lived", 0)), None).await;

    let traffic = sandbox.traffic();
    for (method, template) in table() {
        let asked = traffic.of(method, template).any(|one| (200..300).contains(&one.status));
        assert!(asked, "{method} {template} was left out");
    }
    let report = check(&traffic.exchanges);
    report.assert_clean();
    if report.active {
        assert!(report.covered.len() > 60, "{report}");
    }
    sandbox.stop().await;
}

/// Method and template of every route in the sandbox's table.
fn table() -> Vec<(&'static str, &'static str)> {
    let routes: Vec<_> = TABLE
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let access = words.next()?;
            let (method, template, arrow) = (words.next()?, words.next()?, words.next()?);
            let is_route = matches!(access, "Open" | "Token" | "Interaction") && arrow == "=>";
            is_route.then(|| (method, template.trim_matches('"')))
        })
        .collect();
    assert!(routes.len() > 50, "the table is not found any more");
    routes
}

async fn people_and_places(bot: &Bot, ana: &Actor) {
    let (guild, study) = (bot.sandbox.guild_id(), bot.sandbox.study_channel_id());
    for path in ["/gateway", "/gateway/bot", "/users/@me", "/users/@me/guilds"] {
        bot.get(path).await;
    }
    for path in ["/oauth2/applications/@me", "/applications/@me"] {
        bot.get(path).await;
    }
    bot.get(&format!("/users/{}", ana.id())).await;
    for part in ["", "?with_counts=true", "/channels", "/roles", "/members?limit=10"] {
        bot.get(&format!("/guilds/{guild}{part}")).await;
    }
    bot.get(&format!("/guilds/{guild}/members/{}", ana.id())).await;
    let nick = json!({"nick": "Study Hall"});
    bot.ask("PATCH", &format!("/guilds/{guild}/members/@me"), Some(nick)).await;
    for kind in [2, 15] {
        bot.get(&format!("/channels/{}", bot.sandbox.add_channel("other", kind))).await;
    }
    bot.sandbox.set_bot_permissions(Some(study), 1 << 11, 1 << 12);
    bot.get(&format!("/channels/{study}")).await;
    bot.sandbox.set_bot_permissions(Some(study), 0, 0);
    let topic = json!({"topic": "One question a day"});
    bot.ask("PATCH", &format!("/channels/{study}"), Some(topic)).await;
    bot.ask("POST", &format!("/channels/{study}/typing"), None).await;
    let to = json!({"recipient_id": ana.id().to_string()});
    let direct = bot.ask("POST", "/users/@me/channels", Some(to)).await;
    let direct = id(&direct);
    bot.say(&direct, json!({"content": "Hello."})).await;
    bot.get(&format!("/channels/{direct}")).await;
    bot.get(&format!("/channels/{direct}/messages")).await;
    for nowhere in ["/users/5", "/channels/5", "/guilds/5", "/channels/x/messages"] {
        bot.refused("GET", nowhere, None).await;
    }
}

async fn messages(bot: &Bot, ana: &Actor) {
    let study = bot.sandbox.study_channel_id().to_string();
    let base = format!("/channels/{study}/messages");
    let plain = bot.say(&study, json!({"content": "Plain."})).await;
    let rich = bot.say(&study, card()).await;
    let reply = json!({"content": "And this.", "message_reference": {"message_id": rich}});
    bot.say(&study, reply).await;
    let notes = json!({
        "content": "With a file.",
        "attachments": [{"id": "0", "filename": "notes.txt"}],
    });
    let form = reqwest::multipart::Form::new()
        .text("payload_json", notes.to_string())
        .part("files[0]", reqwest::multipart::Part::text("print(1)").file_name("notes.txt"));
    let sent = bot
        .http
        .post(format!("{}{base}", bot.sandbox.api()))
        .header("authorization", format!("Bot {}", bot.sandbox.bot_token()))
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    ana.say(bot.sandbox.study_channel_id(), "Hello, **everybody**!").await.unwrap();

    let thumb = "%F0%9F%91%8D";
    bot.ask("PUT", &format!("{base}/{plain}/reactions/{thumb}/@me"), None).await;
    bot.get(&format!("{base}/{plain}/reactions/{thumb}?limit=5")).await;
    bot.get(&format!("{base}?limit=50")).await;
    bot.get(&format!("{base}/{plain}")).await;
    bot.ask("DELETE", &format!("{base}/{plain}/reactions/{thumb}/@me"), None).await;
    let as_ana = format!("{}{base}/{plain}/reactions/{thumb}/@me", bot.sandbox.api());
    let liked = bot.http.put(as_ana).header("authorization", ana.token()).send().await.unwrap();
    assert_eq!(liked.status(), 204);
    bot.ask("DELETE", &format!("{base}/{plain}/reactions/{thumb}/{}", ana.id()), None).await;
    let edit = json!({"content": "Plainer.", "embeds": []});
    bot.ask("PATCH", &format!("{base}/{plain}"), Some(edit)).await;

    for pins in [format!("/channels/{study}/pins"), format!("{base}/pins")] {
        bot.ask("PUT", &format!("{pins}/{rich}"), None).await;
        bot.get(&pins).await;
        bot.ask("DELETE", &format!("{pins}/{rich}"), None).await;
    }
    bot.ask("DELETE", &format!("{base}/{plain}"), None).await;
    bot.refused("GET", &format!("{base}/{plain}"), None).await;
}

/// A message with all that the bot's cards have.
fn card() -> Value {
    json!({
        "content": "<@&1> The question of the day", "nonce": "card-1", "enforce_nonce": true,
        "embeds": [{
            "title": "Why?", "description": "Because.", "color": 0x0033_66CC,
            "fields": [{"name": "Topic", "value": "typing", "inline": true}],
            "footer": {"text": "python/typing"}, "timestamp": "2026-11-23T08:00:00.000Z",
        }],
        "components": [
            {"type": 1, "components": [
                {"type": 2, "style": 1, "label": "Vote", "custom_id": "vote:1",
                 "emoji": {"name": "🗳️"}},
                {"type": 2, "style": 5, "label": "Source", "url": "https://example.org/"},
            ]},
            {"type": 1, "components": [{
                "type": 3, "custom_id": "ballot:1", "placeholder": "Choose", "min_values": 0,
                "options": [{"label": "Ana", "value": "1", "description": "x", "default": true}],
            }]},
        ],
        "allowed_mentions": {"parse": []},
    })
}

async fn threads(bot: &Bot, ana: &Actor) {
    let (guild, study) = (bot.sandbox.guild_id(), bot.sandbox.study_channel_id());
    let card = bot.say(&study.to_string(), card()).await;
    let from = format!("/channels/{study}/messages/{card}/threads");
    let named = json!({"name": "Why?", "auto_archive_duration": 10080});
    let thread = id(&bot.ask("POST", &from, Some(named.clone())).await);
    bot.refused("POST", &from, Some(named)).await;
    bot.get(&format!("/channels/{study}/messages/{card}")).await;
    ana.say(thread.parse().unwrap(), "Because of that, I think.").await.unwrap();
    let me = format!("/channels/{thread}/thread-members/@me");
    bot.ask("PUT", &me, None).await;
    bot.get(&format!("/channels/{thread}")).await;
    bot.get(&format!("/channels/{thread}/messages")).await;
    bot.get(&format!("/guilds/{guild}/threads/active")).await;
    bot.ask("DELETE", &me, None).await;
    let archive = json!({"archived": true});
    bot.ask("PATCH", &format!("/channels/{thread}"), Some(archive)).await;
    bot.get(&format!("/channels/{study}/threads/archived/public?limit=10")).await;
    let alone = json!({"name": "Alone", "type": 11, "auto_archive_duration": 60});
    bot.ask("POST", &format!("/channels/{study}/threads"), Some(alone)).await;
    bot.get(&format!("/channels/{study}/messages")).await;
}

/// Who may use a command: a member sets it, and the bot reads it.
async fn permissions(bot: &Bot, base: &str, command: &str) {
    let described = bot.sandbox.description();
    let mut members = described["members"].as_array().unwrap().iter();
    let admin = members.find(|member| member["admin"] == true).unwrap();
    let set = json!({"permissions": [{"id": admin["id"], "type": 2, "permission": true}]});
    let address = format!("{}{base}/{command}/permissions", bot.sandbox.api());
    let token = admin["token"].as_str().unwrap();
    let request = bot.http.put(address).header("authorization", token).json(&set);
    assert!(request.send().await.unwrap().status().is_success());
    bot.get(&format!("{base}/permissions")).await;
    bot.get(&format!("{base}/{command}/permissions")).await;
}

async fn commands(bot: &Bot) {
    let application = format!("/applications/{}", bot.sandbox.bot_id());
    let guild = bot.sandbox.guild_id();
    for base in
        [format!("{application}/commands"), format!("{application}/guilds/{guild}/commands")]
    {
        let list = json!([
            {"name": "study", "description": "d", "type": 1, "default_member_permissions": 32,
             "options": [
                {"type": 2, "name": "set", "description": "d", "options": [
                    {"type": 1, "name": "up", "description": "d", "options": [
                        {"type": 7, "name": "channel", "description": "d", "required": true,
                         "channel_types": [0]},
                        {"type": 3, "name": "zone", "description": "d", "autocomplete": true},
                        {"type": 3, "name": "days", "description": "d",
                         "choices": [{"name": "Daily", "value": "daily"}]},
                        {"type": 4, "name": "hours", "description": "d", "min_value": 1,
                         "max_value": 168},
                        {"type": 8, "name": "role", "description": "d"},
                        {"type": 5, "name": "pin", "description": "d"}]}]}]},
            {"name": "Vote for this answer", "type": 3},
        ]);
        bot.ask("PUT", &base, Some(list)).await;
        let help = json!({"name": "help", "description": "Tells the rules", "type": 1});
        let help = id(&bot.ask("POST", &base, Some(help)).await);
        bot.get(&base).await;
        bot.get(&format!("{base}/{help}")).await;
        let edit = json!({"description": "Tells the rules in force"});
        bot.ask("PATCH", &format!("{base}/{help}"), Some(edit)).await;
        if base.contains("/guilds/") {
            permissions(bot, &base, &help).await;
        }
        bot.ask("DELETE", &format!("{base}/{help}"), None).await;
        bot.refused("GET", &format!("{base}/{help}"), None).await;
        if base.contains("guilds") {
            bot.ask("PUT", &base, Some(json!([]))).await;
        }
    }
    let ping = json!([{"name": "ping", "description": "d", "type": 1}]);
    bot.ask("PUT", &format!("{application}/commands"), Some(ping)).await;
}

async fn interactions(bot: &Bot, ana: &Actor) {
    let study = bot.sandbox.study_channel_id();
    let (mut socket, _) =
        tokio_tungstenite::connect_async(format!("{}?v=10&encoding=json", bot.sandbox.gateway()))
            .await
            .unwrap();
    let identify = json!({"op": 2, "d": {
        "token": bot.sandbox.bot_token(), "intents": INTENTS, "properties": {}}});
    socket.send(Message::text(identify.to_string())).await.unwrap();
    let mut next = async |wanted: &str| loop {
        let frame = tokio::time::timeout(SOON, socket.next())
            .await
            .unwrap_or_else(|_| panic!("no {wanted} in time"))
            .unwrap()
            .unwrap();
        let payload: Value = serde_json::from_str(frame.to_text().unwrap()).unwrap();
        if payload["t"] == wanted {
            return payload["d"].clone();
        }
    };
    next("READY").await;
    let application = bot.sandbox.bot_id();
    let callback = |of: &Value| {
        let token = of["token"].as_str().unwrap().to_owned();
        (
            format!("/interactions/{}/{token}/callback", id(of)),
            format!("/webhooks/{application}/{token}"),
        )
    };
    for with_response in [false, true] {
        let call = ana.command(study, "ping", json!([]));
        let answer = async {
            let (callback, webhook) = callback(&next("INTERACTION_CREATE").await);
            let said = json!({"type": 4, "data": {"content": "Pong", "flags": 64,
                "components": [{"type": 1, "components": [
                    {"type": 2, "style": 2, "label": "Again", "custom_id": "again"}]}]}});
            bot.ask("POST", &format!("{callback}?with_response={with_response}"), Some(said)).await;
            bot.refused("POST", &callback, Some(json!({"type": 5}))).await;
            webhook
        };
        let (pong, webhook) = tokio::join!(call, answer);
        let original = format!("{webhook}/messages/@original");
        bot.get(&original).await;
        bot.ask("PATCH", &original, Some(json!({"content": "Pong!"}))).await;
        let more = json!({"content": "And pong.", "flags": 64});
        let more = id(&bot.ask("POST", &format!("{webhook}?wait=true"), Some(more)).await);
        bot.get(&format!("{webhook}/messages/{more}")).await;
        let edit = json!({"content": "And pong again."});
        bot.ask("PATCH", &format!("{webhook}/messages/{more}"), Some(edit)).await;
        bot.ask("DELETE", &format!("{webhook}/messages/{more}"), None).await;

        let pong = pong.unwrap().message.expect("a pong");
        let press = ana.press(&pong, "again");
        let update = async {
            let (callback, _) = callback(&next("INTERACTION_CREATE").await);
            let edit = json!({"type": 7, "data": {"content": "Pong, again"}});
            bot.ask("POST", &format!("{callback}?with_response={with_response}"), Some(edit)).await;
        };
        let (pressed, ()) = tokio::join!(press, update);
        assert!(pressed.unwrap().updated);
        bot.ask("DELETE", &original, None).await;
    }
    // A form, and its submission acknowledged silently.
    let call = ana.command(study, "ping", json!([]));
    let answer = async {
        let (callback, _) = callback(&next("INTERACTION_CREATE").await);
        let form = json!({"type": 9, "data": {"custom_id": "form", "title": "A form", "components": [
            {"type": 1, "components": [
                {"type": 4, "custom_id": "text", "label": "Your answer", "style": 2,
                 "required": true, "max_length": 4000}]}]}});
        bot.ask("POST", &format!("{callback}?with_response=true"), Some(form)).await;
    };
    let (opened, ()) = tokio::join!(call, answer);
    let opened = opened.unwrap();
    let submit = ana.submit_modal(&opened, &[("text", "Because of that.")]);
    let answer = async {
        let (callback, webhook) = callback(&next("INTERACTION_CREATE").await);
        let later = json!({"type": 5, "data": {"flags": 64}});
        bot.ask("POST", &format!("{callback}?with_response=1"), Some(later)).await;
        let done = json!({"content": "Taken."});
        bot.ask("PATCH", &format!("{webhook}/messages/@original"), Some(done)).await;
    };
    let (submitted, ()) = tokio::join!(submit, answer);
    assert!(!submitted.unwrap().failed);
}
