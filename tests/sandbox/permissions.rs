//! What the bot and members may not do, and how Discord says so.

use crate::client::{Gateway, Rest, connected, id, sandbox};
use serde_json::json;

const VIEW: u64 = 1 << 10;
const SEND: u64 = 1 << 11;
const EMBED: u64 = 1 << 14;
const HISTORY: u64 = 1 << 16;
const ADD_REACTIONS: u64 = 1 << 6;
const THREADS: u64 = 1 << 35;
const IN_THREADS: u64 = 1 << 38;
const PIN: u64 = 1 << 51;

#[tokio::test]
async fn each_missing_right_is_told() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let said = bot.say(study, "hi").await;
    let message = format!("/channels/{study}/messages/{}", said["id"].as_str().unwrap());
    let messages = format!("/channels/{study}/messages");
    let text = json!({"content": "x"});
    let embed = json!({"embeds": [{"title": "x"}]});
    let cases = [
        (VIEW, "POST", messages.clone(), text.clone(), (403, 50001)),
        (VIEW, "GET", format!("/channels/{study}"), json!(null), (403, 50001)),
        (SEND, "POST", messages.clone(), text.clone(), (403, 50013)),
        (EMBED, "POST", messages.clone(), embed, (403, 50013)),
        (HISTORY, "GET", message.clone(), json!(null), (403, 50001)),
        (ADD_REACTIONS, "PUT", format!("{message}/reactions/✅/@me"), json!({}), (403, 50013)),
        (THREADS, "POST", format!("{message}/threads"), json!({"name": "t"}), (403, 50013)),
    ];
    for (denied, method, path, body, code) in cases {
        sandbox.set_bot_permissions(Some(study), 0, denied);
        let answer = if method == "GET" {
            bot.bare(method, &path).await
        } else {
            bot.send(method, &path, body).await
        };
        assert_eq!(answer.code(), code, "{denied:#x} {method} {path}");
        sandbox.set_bot_permissions(Some(study), 0, 0);
    }
    // Managing messages does not include pinning any more.
    let pin = format!("/channels/{study}/pins/{}", said["id"].as_str().unwrap());
    sandbox.set_bot_permissions(None, 0, PIN);
    assert_eq!(bot.bare("PUT", &pin).await.code(), (403, 50013));
    sandbox.set_bot_permissions(None, PIN, 0);
    assert_eq!(bot.bare("PUT", &pin).await.status, 204);
    // Without the right to read history there is none.
    sandbox.set_bot_permissions(Some(study), 0, HISTORY);
    assert_eq!(bot.get(&messages).await, json!([]));
}

#[tokio::test]
async fn in_threads_another_right_counts() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let said = bot.say(study, "hi").await;
    let start = format!("/channels/{study}/messages/{}/threads", said["id"].as_str().unwrap());
    let thread = id(&bot.send("POST", &start, json!({"name": "t"})).await.ok()["id"]);
    sandbox.set_bot_permissions(Some(study), 0, SEND);
    bot.say(thread, "still heard").await;
    sandbox.set_bot_permissions(Some(study), 0, IN_THREADS);
    let refused =
        bot.send("POST", &format!("/channels/{thread}/messages"), json!({"content": "x"})).await;
    assert_eq!(refused.code(), (403, 50013));
}

#[tokio::test]
async fn members_see_and_touch_only_what_is_theirs() {
    let (sandbox, bot, _gateway) = connected().await;
    let (ana, maya) = (Rest::member(&sandbox, "Ana"), Rest::member(&sandbox, "Maya"));
    let notes = sandbox.channels().into_iter().find(|(name, _)| name == "admin-notes").unwrap().1;
    assert_eq!(ana.bare("GET", &format!("/channels/{notes}")).await.code(), (403, 50001));
    maya.say(notes, "for organisers").await;
    let study = sandbox.study_channel_id();
    let said = bot.say(study, "hi").await;
    let path = format!("/channels/{study}/messages/{}", said["id"].as_str().unwrap());
    assert_eq!(ana.send("PATCH", &path, json!({"content": "x"})).await.code(), (403, 50005));
    assert_eq!(ana.bare("DELETE", &path).await.code(), (403, 50013));
    assert_eq!(maya.bare("DELETE", &path).await.status, 204);
    assert_eq!(bot.bare("GET", "/channels/1").await.code(), (404, 10003));
    assert_eq!(bot.bare("GET", "/guilds/1").await.code(), (404, 10004));
    assert_eq!(bot.bare("GET", "/users/1").await.code(), (404, 10013));
    for wrong in ["", "Bot wrong", &sandbox.bot_token(), &format!("Bot {}", ana.authorization)] {
        let nobody = Rest::with_authorization(&sandbox, wrong);
        assert_eq!(nobody.bare("GET", "/users/@me").await.code(), (401, 0), "{wrong}");
    }
    sandbox.remove_member(id(&ana.get("/users/@me").await["id"]));
    assert_eq!(
        ana.send("POST", &format!("/channels/{study}/messages"), json!({"content": "x"}))
            .await
            .code(),
        (403, 50001)
    );
}

#[tokio::test]
async fn admins_say_who_may_use_a_command_and_the_bot_is_told() {
    let sandbox = sandbox().await;
    let bot = Rest::bot(&sandbox);
    // No intent is asked for.
    let mut gateway = Gateway::connect(&sandbox.gateway()).await;
    let token = sandbox.bot_token();
    gateway.send(json!({"op": 2, "d": {"token": token, "intents": 0, "properties": {}}})).await;
    gateway.event("READY").await;
    let application = format!("/applications/{}", sandbox.bot_id());
    let body = json!({"name": "ping", "description": "d", "default_member_permissions": "32"});
    let ping = bot.send("POST", &format!("{application}/commands"), body).await.ok();
    let id = ping["id"].as_str().unwrap();
    let commands = format!("{application}/guilds/{}/commands", sandbox.guild_id());
    let of_ping = format!("{commands}/{id}/permissions");
    let all = format!("{commands}/permissions");
    assert_eq!(bot.get(&all).await, json!([]));
    assert_eq!(bot.bare("GET", &of_ping).await.code(), (404, 10066));
    let (ana, maya) = (Rest::member(&sandbox, "Ana"), Rest::member(&sandbox, "Maya"));
    let everyone = sandbox.guild_id().to_string();
    let set = json!({"permissions": [{"id": everyone, "type": 1, "permission": true}]});
    assert_eq!(bot.send("PUT", &of_ping, set.clone()).await.code(), (403, 20001));
    assert_eq!(ana.send("PUT", &of_ping, set.clone()).await.code(), (403, 50013));
    let other = format!("{commands}/1/permissions");
    assert_eq!(maya.send("PUT", &other, set.clone()).await.code(), (404, 10063));
    for wrong in [
        json!({}),
        json!({"permissions": [{"id": "1", "type": 4, "permission": true}]}),
        json!({"permissions": vec![set["permissions"][0].clone(); 101]}),
    ] {
        assert_eq!(maya.send("PUT", &of_ping, wrong).await.code(), (400, 50035));
    }
    gateway.nothing_else().await;
    let shown = maya.send("PUT", &of_ping, set.clone()).await.ok();
    assert_eq!((&shown["id"], &shown["permissions"]), (&ping["id"], &set["permissions"]));
    assert_eq!(gateway.event("APPLICATION_COMMAND_PERMISSIONS_UPDATE").await, shown);
    assert_eq!(bot.get(&all).await, json!([shown]));
    assert_eq!(bot.get(&of_ping).await, shown);
    let ana = sandbox.actor("Ana");
    let study = sandbox.study_channel_id();
    // Nobody answers; but Discord offers it.
    assert!(ana.command(study, "ping", json!([])).await.unwrap().failed);
    maya.send("PUT", &of_ping, json!({"permissions": []})).await.ok();
    assert!(ana.command(study, "ping", json!([])).await.is_err());
    sandbox.stop().await;
}

#[tokio::test]
async fn a_kicked_bot_loses_the_guild_and_gets_it_back() {
    let (sandbox, bot, mut gateway) = connected().await;
    let guild = format!("/guilds/{}", sandbox.guild_id());
    sandbox.kick_bot();
    let gone = gateway.event("GUILD_DELETE").await;
    assert_eq!((id(&gone["id"]), gone.get("unavailable")), (sandbox.guild_id(), None));
    assert_eq!(bot.bare("GET", &guild).await.code(), (404, 10004));
    let study = sandbox.study_channel_id();
    assert_eq!(bot.bare("GET", &format!("/channels/{study}")).await.code(), (403, 50001));
    sandbox.invite_bot();
    gateway.event("GUILD_CREATE").await;
    bot.get(&guild).await;
    sandbox.delete_channel(study);
    assert_eq!(id(&gateway.event("CHANNEL_DELETE").await["id"]), study);
    assert_eq!(bot.bare("GET", &format!("/channels/{study}")).await.code(), (404, 10003));
}

#[tokio::test]
async fn forms_name_every_wrong_place() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let path = format!("/channels/{study}/messages");
    let body = json!({"content": "x".repeat(2001), "embeds": [{"title": "t", "fields": [{"name": "", "value": "v"}]}]});
    let refused = bot.send("POST", &path, body).await;
    assert_eq!(refused.code(), (400, 50035));
    let errors = &refused.body["errors"];
    assert_eq!(errors["content"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
    assert_eq!(
        errors["embeds"]["0"]["fields"]["0"]["name"]["_errors"][0]["code"],
        "BASE_TYPE_REQUIRED"
    );
    assert_eq!(bot.send("POST", &path, json!({"content": "  "})).await.code(), (400, 50006));
    let said = bot.say(study, "x").await;
    let start = format!("{path}/{}/threads", said["id"].as_str().unwrap());
    for (body, place) in [
        (json!({"name": "x".repeat(101)}), "name"),
        (json!({"name": "x", "auto_archive_duration": 61}), "auto_archive_duration"),
    ] {
        let refused = bot.send("POST", &start, body).await;
        assert!(refused.body["errors"][place].is_object(), "{refused:?}");
    }
    let emptied = bot
        .send("PATCH", &format!("{path}/{}", said["id"].as_str().unwrap()), json!({"content": ""}))
        .await;
    assert_eq!(emptied.code(), (400, 50006));
    let forum = bot.get(&format!("/guilds/{}/channels", sandbox.guild_id())).await;
    let forum = forum.as_array().unwrap().iter().find(|c| c["type"] == 15).unwrap()["id"].clone();
    let refused = bot
        .send(
            "POST",
            &format!("/channels/{}/messages", forum.as_str().unwrap()),
            json!({"content": "x"}),
        )
        .await;
    assert_eq!(refused.code(), (400, 50008));
}
