//! Commands, buttons, menus, forms and autocomplete, between members and a bot written by hand.

use crate::client::{Gateway, Rest, connected, id};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::sandbox::{Actor, Sandbox};

/// The bot side: registers commands and answers the next interaction.
struct Bot {
    rest: Rest,
    gateway: Gateway,
}

impl Bot {
    async fn next(&mut self) -> Value {
        self.gateway.until("INTERACTION_CREATE").await
    }

    /// Answers without Authorization, as clients do.
    async fn answer(&self, to: &Value, body: Value) -> crate::client::Answer {
        let (id, token) = (to["id"].as_str().unwrap(), to["token"].as_str().unwrap());
        let path = format!("{}/interactions/{id}/{token}/callback", self.rest.api);
        crate::client::read(self.rest.http.post(path).json(&body).send().await.unwrap()).await
    }

    async fn reply(&self, to: &Value, data: Value) {
        assert_eq!(self.answer(to, json!({"type": 4, "data": data})).await.status, 204);
    }

    fn webhook(&self, to: &Value, rest: &str) -> String {
        format!(
            "/webhooks/{}/{}{rest}",
            to["application_id"].as_str().unwrap(),
            to["token"].as_str().unwrap()
        )
    }
}

async fn stage() -> (Sandbox, Bot, Actor) {
    let (sandbox, rest, gateway) = connected().await;
    let commands = json!([
        {"name": "study", "description": "Study", "options": [
            {"type": 1, "name": "show", "description": "Show", "options": [
                {"type": 3, "name": "topic", "description": "Topic", "required": true, "autocomplete": true},
                {"type": 6, "name": "who", "description": "Who"},
                {"type": 7, "name": "where", "description": "Where"}]}]},
        {"name": "setup", "description": "Set up", "default_member_permissions": "32"},
        {"name": "Vote for this answer", "type": 3},
        {"name": "ping", "description": "Pong"}
    ]);
    let path = format!("/applications/{}/commands", sandbox.bot_id());
    let written = rest.send("PUT", &path, commands).await.ok();
    assert_eq!(written.as_array().unwrap().len(), 4);
    let ana = sandbox.actor("Ana");
    ana.ready().await.unwrap();
    (sandbox, Bot { rest, gateway }, ana)
}

/// Runs what a member does while the bot answers.
macro_rules! together {
    ($member:expr, $bot:expr) => {{
        let (done, ()) = tokio::join!($member, $bot);
        done
    }};
}

#[tokio::test]
async fn a_command_arrives_whole_and_its_private_answer_is_private() {
    let (sandbox, mut bot, ana) = stage().await;
    let ben = sandbox.actor("Ben");
    ben.ready().await.unwrap();
    let study = sandbox.study_channel_id();
    let options = json!([{"name": "show", "options": [
        {"name": "topic", "value": "gil"},
        {"name": "who", "value": ben.id().to_string()},
        {"name": "where", "value": study.to_string()}]}]);
    let response = together!(ana.command(study, "study", options), async {
        let asked = bot.next().await;
        for key in [
            "id",
            "application_id",
            "token",
            "version",
            "channel",
            "guild",
            "guild_id",
            "member",
            "app_permissions",
            "locale",
            "guild_locale",
            "entitlements",
            "authorizing_integration_owners",
            "context",
            "attachment_size_limit",
        ] {
            assert!(!asked[key].is_null(), "{key}");
        }
        assert_eq!((&asked["type"], &asked["data"]["name"]), (&json!(2), &json!("study")));
        assert_eq!(asked["data"]["options"][0]["options"][0]["type"], 3);
        let resolved = &asked["data"]["resolved"];
        assert_eq!(resolved["users"][ben.id().to_string()]["global_name"], "Ben");
        assert!(resolved["members"][ben.id().to_string()].get("user").is_none());
        assert_eq!(resolved["channels"][study.to_string()]["name"], "python");
        bot.reply(&asked, json!({"content": "for you", "flags": 64})).await;
        let again = bot.answer(&asked, json!({"type": 4, "data": {"content": "twice"}})).await;
        assert_eq!(again.code(), (400, 40060));
    })
    .unwrap();
    assert!(!response.failed);
    let message = response.message.unwrap();
    assert_eq!((&message["content"], &message["flags"]), (&json!("for you"), &json!(64)));
    assert!(sandbox.messages(study).is_empty(), "in no history");
    assert_eq!(sandbox.private_messages(ana.id()).len(), 1);
    bot.rest.say(study, "public").await;
    ben.wait_for("the public message", crate::client::SOON, |kind, data| {
        kind == "MESSAGE_CREATE" && data["content"] == "public"
    })
    .await
    .unwrap();
    assert!(ben.events().iter().all(|(_, data)| data["content"] != "for you"));
    assert!(
        !bot.rest.get(&format!("/channels/{study}/messages")).await.to_string().contains("for you")
    );
}

#[tokio::test]
async fn a_deferred_reply_is_finished_later() {
    let (sandbox, mut bot, ana) = stage().await;
    let study = sandbox.study_channel_id();
    let mut asked = Value::Null;
    let response = together!(ana.command(study, "ping", json!([])), async {
        asked = bot.next().await;
        let early =
            bot.rest.send("POST", &bot.webhook(&asked, ""), json!({"content": "early"})).await;
        assert_eq!(early.code(), (404, 10015));
        assert_eq!(bot.answer(&asked, json!({"type": 5})).await.status, 204);
    })
    .unwrap();
    assert_eq!(response.message.as_ref().unwrap()["flags"], 128);
    let original = bot.webhook(&asked, "/messages/@original");
    let (finished, edited) = tokio::join!(
        response.settled_message(),
        bot.rest.send("PATCH", &original, json!({"content": "done"}))
    );
    assert_eq!(edited.ok()["content"], "done");
    let finished = finished.unwrap();
    assert_eq!((&finished["content"], &finished["flags"]), (&json!("done"), &json!(0)));
    assert_eq!(bot.rest.get(&original).await["content"], "done");
    let more = bot
        .rest
        .send("POST", &bot.webhook(&asked, ""), json!({"content": "more", "flags": 64}))
        .await
        .ok();
    ana.wait_for("the follow-up", crate::client::SOON, |kind, data| {
        kind == "MESSAGE_CREATE" && data["id"] == more["id"]
    })
    .await
    .unwrap();
    assert_eq!(response.follow_ups().len(), 1);
    assert_eq!(sandbox.messages(study).len(), 1, "the follow-up is private");
    let follow_up = bot.webhook(&asked, &format!("/messages/{}", more["id"].as_str().unwrap()));
    bot.rest.send("PATCH", &follow_up, json!({"content": "changed"})).await.ok();
    assert_eq!(bot.rest.bare("DELETE", &follow_up).await.status, 204);
    assert_eq!(bot.rest.bare("GET", &follow_up).await.code(), (404, 10008));
    // After fifteen minutes the token is dead.
    sandbox.age_interactions(Duration::from_secs(15 * 60 + 1));
    assert_eq!(
        bot.rest.send("PATCH", &original, json!({"content": "late"})).await.code(),
        (401, 50027)
    );
    assert_eq!(
        bot.rest.send("PATCH", "/webhooks/1/x/messages/@original", json!({})).await.code(),
        (404, 10015)
    );
}

#[tokio::test]
async fn after_three_seconds_it_has_failed() {
    let (sandbox, mut bot, ana) = stage().await;
    let from = Instant::now();
    let mut asked = Value::Null;
    let response = together!(ana.command(sandbox.study_channel_id(), "ping", json!([])), async {
        asked = bot.next().await;
    })
    .unwrap();
    assert!(response.failed);
    let took = from.elapsed();
    assert!(took >= Duration::from_millis(2900), "{took:?}");
    assert!(took < Duration::from_millis(3900), "{took:?}");
    let late = bot.answer(&asked, json!({"type": 4, "data": {"content": "late"}})).await;
    assert_eq!(late.code(), (404, 10062));
    assert_eq!(
        bot.answer(&json!({"id": "1", "token": "x"}), json!({"type": 4})).await.code(),
        (404, 10062)
    );
    assert_eq!(sandbox.interactions_waiting(), 0);
}

#[tokio::test]
async fn buttons_menus_and_updates() {
    let (sandbox, mut bot, ana) = stage().await;
    let study = sandbox.study_channel_id();
    let components = json!([
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "Vote", "custom_id": "vote"}, {"type": 2, "style": 2, "label": "Off", "custom_id": "off", "disabled": true}]},
        {"type": 1, "components": [{"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]}]}
    ]);
    let path = format!("/channels/{study}/messages");
    let card = bot
        .rest
        .send("POST", &path, json!({"content": "card", "components": components}))
        .await
        .ok();
    for wrong in ["off", "other"] {
        assert!(ana.press(&card, wrong).await.is_err(), "{wrong}");
    }
    assert!(ana.choose(&card, "pick", &["c"]).await.is_err());
    assert!(ana.choose(&card, "pick", &["a", "b"]).await.is_err());

    let pressed = together!(ana.press(&card, "vote"), async {
        let asked = bot.next().await;
        assert_eq!((&asked["type"], &asked["data"]["component_type"]), (&json!(3), &json!(2)));
        assert_eq!(asked["message"]["id"], card["id"]);
        let menu = json!({"content": "choose", "flags": 64, "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Next", "custom_id": "next"}]}]});
        bot.reply(&asked, menu).await;
    })
    .unwrap();
    assert!(!pressed.updated);
    let private = pressed.message.unwrap();
    // A button of a private message: only its reader can use it.
    assert!(sandbox.actor("Ben").press(&private, "next").await.is_err());
    let paged = together!(ana.press(&private, "next"), async {
        let asked = bot.next().await;
        assert_eq!(asked["message"]["flags"], 64);
        let response = bot
            .answer(&asked, json!({"type": 7, "data": {"content": "page 2", "components": []}}))
            .await;
        assert_eq!(response.status, 204);
    })
    .unwrap();
    assert!(paged.updated);
    assert_eq!(paged.message.unwrap()["content"], "page 2");

    let chosen = together!(ana.choose(&card, "pick", &["b"]), async {
        let asked = bot.next().await;
        assert_eq!(asked["data"]["values"], json!(["b"]));
        let wrong = bot.answer(&asked, json!({"type": 8, "data": {"choices": []}})).await;
        assert_eq!(wrong.code(), (400, 50035));
        let (interaction, token) =
            (asked["id"].as_str().unwrap(), asked["token"].as_str().unwrap());
        let path = format!("/interactions/{interaction}/{token}/callback?with_response=1");
        let shown =
            bot.rest.send("POST", &path, json!({"type": 7, "data": {"content": "chosen"}})).await;
        assert_eq!(
            (shown.status, &shown.body["resource"]["message"]["content"]),
            (200, &json!("chosen"))
        );
    })
    .unwrap();
    assert!(chosen.updated);
    assert_eq!(sandbox.messages(study)[0]["content"], "chosen");
}

#[tokio::test]
async fn forms_and_their_answers() {
    let (sandbox, mut bot, ana) = stage().await;
    let study = sandbox.study_channel_id();
    let opened = together!(ana.command(study, "ping", json!([])), async {
        let asked = bot.next().await;
        let input = json!({"type": 4, "custom_id": "text", "label": "Your answer", "style": 2, "min_length": 3, "max_length": 10});
        let form = json!({"type": 9, "data": {"custom_id": "form", "title": "Answer", "components": [{"type": 1, "components": [input]}]}});
        assert_eq!(bot.answer(&asked, form).await.status, 204);
    })
    .unwrap();
    assert_eq!(opened.modal.as_ref().unwrap()["title"], "Answer");
    for wrong in ["", "xx", "much too long"] {
        assert!(ana.submit_modal(&opened, &[("text", wrong)]).await.is_err(), "{wrong:?}");
    }
    let sent = together!(ana.submit_modal(&opened, &[("text", "right")]), async {
        let asked = bot.next().await;
        assert_eq!(asked["type"], 5);
        assert_eq!(asked["data"]["components"][0]["components"][0]["value"], "right");
        bot.reply(&asked, json!({"content": "taken", "flags": 64})).await;
    })
    .unwrap();
    assert_eq!(sent.message.unwrap()["content"], "taken");
}

#[tokio::test]
async fn autocomplete_and_message_menus() {
    let (sandbox, mut bot, ana) = stage().await;
    let study = sandbox.study_channel_id();
    let typed =
        json!([{"name": "show", "options": [{"name": "topic", "value": "gi", "focused": true}]}]);
    let choices = together!(ana.autocomplete(study, "study", typed), async {
        let asked = bot.next().await;
        assert_eq!(
            (&asked["type"], &asked["data"]["options"][0]["options"][0]["focused"]),
            (&json!(4), &json!(true))
        );
        let choices = json!({"choices": [{"name": "The GIL", "value": "gil"}]});
        assert_eq!(bot.answer(&asked, json!({"type": 8, "data": choices})).await.status, 204);
    })
    .unwrap();
    assert_eq!(choices, [json!({"name": "The GIL", "value": "gil"})]);
    assert!(
        ana.command(study, "study", json!([{"name": "show"}])).await.is_err(),
        "the topic is required"
    );

    let said = ana.say(study, "My answer").await.unwrap();
    let voted =
        together!(ana.message_menu("Vote for this answer", study, id(&said["id"])), async {
            let asked = bot.next().await;
            assert_eq!(
                (&asked["data"]["type"], &asked["data"]["target_id"]),
                (&json!(3), &said["id"])
            );
            assert_eq!(
                asked["data"]["resolved"]["messages"][said["id"].as_str().unwrap()]["content"],
                "My answer"
            );
            bot.reply(&asked, json!({"content": "counted", "flags": 64})).await;
        })
        .unwrap();
    assert_eq!(voted.message.unwrap()["content"], "counted");
}

#[tokio::test]
async fn commands_for_organisers_are_theirs() {
    let (sandbox, mut bot, ana) = stage().await;
    let study = sandbox.study_channel_id();
    let refused = ana.command(study, "setup", json!([])).await.err().unwrap();
    assert!(refused.to_string().contains("50013"), "{refused}");
    let maya = sandbox.actor("Maya");
    let done = together!(maya.command(study, "setup", json!([])), async {
        let asked = bot.next().await;
        bot.reply(&asked, json!({"content": "ok"})).await;
    })
    .unwrap();
    assert_eq!(done.message.unwrap()["content"], "ok");
    assert!(ana.command(study, "nothing", json!([])).await.is_err());
    // A session of somebody else cannot be used.
    let commands = ana
        .request("GET", &format!("/applications/{}/commands", sandbox.bot_id()), None)
        .await
        .unwrap();
    let ping = commands.as_array().unwrap().iter().find(|one| one["name"] == "ping").unwrap();
    let body = json!({"type": 2, "application_id": sandbox.bot_id().to_string(), "guild_id": sandbox.guild_id().to_string(),
        "channel_id": study.to_string(), "session_id": bot.gateway.session, "nonce": "1", "data": {"id": ping["id"], "name": "ping", "type": 1}});
    assert!(ana.request("POST", "/interactions", Some(body)).await.is_err());
}

#[tokio::test]
async fn a_bot_can_be_told_of_an_interaction_twice() {
    let (sandbox, mut bot, ana) = stage().await;
    sandbox.tell_twice(1);
    let study = sandbox.study_channel_id();
    let (first, second, reply) = {
        let acting = ana.command(study, "ping", json!([]));
        let answering = async {
            let (first, second) = (bot.next().await, bot.next().await);
            bot.reply(&first, json!({"content": "Pong"})).await;
            let again = bot.answer(&second, json!({"type": 4, "data": {"content": "Ping"}})).await;
            // Discord documentation, opcodes and status codes: already acknowledged.
            assert_eq!((again.status, again.body["code"].as_u64()), (400, Some(40_060)));
            (first, second)
        };
        let (reply, (first, second)) = tokio::join!(acting, answering);
        (first, second, reply.unwrap())
    };
    assert_eq!(first, second, "the same event");
    assert_eq!(reply.message.unwrap()["content"], "Pong");
}
