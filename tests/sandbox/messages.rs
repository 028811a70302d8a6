//! Messages, nonces, threads, pins, reactions, withheld text, faults.

use crate::client::{Gateway, INTENTS, Rest, connected, id, options};
use serde_json::{Value, json};
use studyhall::sandbox::{Fault, start};

#[tokio::test]
async fn an_enforced_nonce_makes_one_message() {
    let (sandbox, bot, mut gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let path = format!("/channels/{study}/messages");
    let body = json!({"content": "once", "nonce": "delivery-1", "enforce_nonce": true});
    let first = bot.send("POST", &path, body.clone()).await.ok();
    let again = bot.send("POST", &path, body.clone()).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body["id"], first["id"]);
    assert_eq!(first["nonce"], "delivery-1");
    let event = gateway.event("MESSAGE_CREATE").await;
    assert_eq!(event["nonce"], "delivery-1");
    gateway.nothing_else().await;
    // Another nonce, another channel, or no enforcement: another message.
    let other = json!({"content": "once", "nonce": "delivery-2", "enforce_nonce": true});
    assert_ne!(bot.send("POST", &path, other).await.ok()["id"], first["id"]);
    let plain = json!({"content": "once", "nonce": "delivery-1"});
    assert_ne!(bot.send("POST", &path, plain).await.ok()["id"], first["id"]);
    let general = sandbox.channels().into_iter().find(|(name, _)| name == "general").unwrap().1;
    let elsewhere = bot.send("POST", &format!("/channels/{general}/messages"), body).await.ok();
    assert_ne!(elsewhere["id"], first["id"]);
    let history = bot.get(&path).await;
    assert_eq!(history.as_array().unwrap().len(), 3);
    assert_eq!(history[2].get("nonce"), None, "history does not tell nonces");
}

#[tokio::test]
async fn one_thread_for_a_message_with_the_messages_id() {
    let (sandbox, bot, mut gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let card = bot.say(study, "The question").await;
    gateway.event("MESSAGE_CREATE").await;
    let path = format!("/channels/{study}/messages/{}/threads", card["id"].as_str().unwrap());
    let body = json!({"name": "The question", "auto_archive_duration": 10080});
    let thread = bot.send("POST", &path, body.clone()).await;
    assert_eq!(thread.status, 201);
    let thread = thread.ok();
    assert_eq!(thread["id"], card["id"]);
    assert_eq!((&thread["type"], &thread["parent_id"]), (&json!(11), &json!(study.to_string())));
    let created = gateway.event("THREAD_CREATE").await;
    assert_eq!(created["newly_created"], true);
    let updated = gateway.event("MESSAGE_UPDATE").await;
    assert_eq!(updated["flags"], 32);
    assert_eq!(updated["thread"]["id"], card["id"]);
    let starter = gateway.event("MESSAGE_CREATE").await;
    assert_eq!(starter["type"], 21);
    assert_eq!(starter["referenced_message"]["content"], "The question");
    assert_eq!(bot.send("POST", &path, body).await.code(), (400, 160_004));

    let ana = Rest::member(&sandbox, "Ana");
    ana.say(id(&thread["id"]), "My answer").await;
    let answer = gateway.event("MESSAGE_CREATE").await;
    assert_eq!(answer["channel_id"], thread["id"]);
    assert_eq!(answer["member"]["roles"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.channel(id(&thread["id"]))["message_count"], 1);
    let active = bot.get(&format!("/guilds/{}/threads/active", sandbox.guild_id())).await;
    assert_eq!(active["threads"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn archived_threads_take_messages_but_no_edits() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let card = bot.say(study, "The question").await;
    let start = format!("/channels/{study}/messages/{}/threads", card["id"].as_str().unwrap());
    let thread =
        id(&bot.send("POST", &start, json!({"name": "t", "auto_archive_duration": 60})).await.ok()
            ["id"]);
    let inside = bot.say(thread, "inside").await;
    let path = format!("/channels/{thread}/messages/{}", inside["id"].as_str().unwrap());
    // The silence is measured in study time.
    sandbox.set_settler(std::sync::Arc::new(|| Box::pin(async {})));
    let settle: studyhall::sandbox::Settler = std::sync::Arc::new(|| Box::pin(async {}));
    sandbox.clock().advance(chrono::TimeDelta::minutes(61), &*settle).await;
    assert_eq!(bot.get(&format!("/channels/{thread}")).await["thread_metadata"]["archived"], true);
    assert_eq!(bot.send("PATCH", &path, json!({"content": "x"})).await.code(), (400, 50083));
    let react = format!("{path}/reactions/%E2%9C%85/@me");
    assert_eq!(bot.bare("PUT", &react).await.code(), (400, 50083));
    bot.say(thread, "awake").await;
    assert_eq!(bot.get(&format!("/channels/{thread}")).await["thread_metadata"]["archived"], false);
    assert_eq!(bot.bare("PUT", &react).await.status, 204);

    let thread_path = format!("/channels/{thread}");
    bot.send("PATCH", &thread_path, json!({"archived": true, "locked": true})).await.ok();
    let ana = Rest::member(&sandbox, "Ana");
    let said =
        ana.send("POST", &format!("/channels/{thread}/messages"), json!({"content": "?"})).await;
    assert_eq!(said.code(), (400, 50083));
    let opened = ana.send("PATCH", &thread_path, json!({"archived": false})).await;
    assert_eq!(opened.code(), (403, 50013));
}

#[tokio::test]
async fn history_is_paged_newest_first() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(id(&bot.say(study, &number.to_string()).await["id"]));
    }
    assert!(ids.is_sorted());
    let read = async |query: String| -> Vec<u64> {
        let list = bot.get(&format!("/channels/{study}/messages?{query}")).await;
        list.as_array()
            .unwrap()
            .iter()
            .map(|m| m["content"].as_str().unwrap().parse().unwrap())
            .collect()
    };
    assert_eq!(read("limit=3".into()).await, [6, 5, 4]);
    assert_eq!(read(format!("limit=3&before={}", ids[4])).await, [3, 2, 1]);
    assert_eq!(read(format!("limit=3&after={}", ids[2])).await, [5, 4, 3]);
    assert_eq!(read(format!("limit=3&around={}", ids[3])).await, [4, 3, 2]);
    let refused = bot.bare("GET", &format!("/channels/{study}/messages?limit=101")).await;
    assert_eq!(refused.code(), (400, 50035));
    let one = bot.bare("GET", &format!("/channels/{study}/messages/1")).await;
    assert_eq!(one.code(), (404, 10008));
}

#[tokio::test]
async fn a_pin_is_noticed_and_listed_by_both_routes() {
    let (sandbox, bot, mut gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let card = bot.say(study, "pin me").await;
    gateway.event("MESSAGE_CREATE").await;
    let card_id = card["id"].as_str().unwrap();
    assert_eq!(bot.bare("PUT", &format!("/channels/{study}/pins/{card_id}")).await.status, 204);
    assert_eq!(gateway.event("MESSAGE_UPDATE").await["pinned"], true);
    assert_eq!(gateway.event("CHANNEL_PINS_UPDATE").await["channel_id"], study.to_string());
    let notice = gateway.event("MESSAGE_CREATE").await;
    assert_eq!(
        (&notice["type"], &notice["message_reference"]["message_id"]),
        (&json!(6), &card["id"])
    );
    let old = bot.get(&format!("/channels/{study}/pins")).await;
    assert_eq!(old[0]["id"], card["id"]);
    let new = bot.get(&format!("/channels/{study}/messages/pins")).await;
    assert_eq!(new["items"][0]["message"]["id"], card["id"]);
    assert_eq!(new["has_more"], false);
    assert_eq!(
        bot.bare("DELETE", &format!("/channels/{study}/messages/pins/{card_id}")).await.status,
        204
    );
    assert_eq!(bot.get(&format!("/channels/{study}/pins")).await, json!([]));
}

#[tokio::test]
async fn reactions_count_and_twenty_are_enough() {
    let (sandbox, bot, mut gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let said = Rest::member(&sandbox, "Ana").say(study, "hi").await;
    gateway.event("MESSAGE_CREATE").await;
    let path = format!("/channels/{study}/messages/{}", said["id"].as_str().unwrap());
    for number in 0..20_u32 {
        let emoji = char::from_u32(0x1f600 + number).unwrap();
        assert_eq!(bot.bare("PUT", &format!("{path}/reactions/{emoji}/@me")).await.status, 204);
        assert_eq!(gateway.event("MESSAGE_REACTION_ADD").await["emoji"]["name"], emoji.to_string());
    }
    assert_eq!(bot.bare("PUT", &format!("{path}/reactions/✅/@me")).await.code(), (403, 30010));
    assert_eq!(bot.bare("PUT", &format!("{path}/reactions/word/@me")).await.code(), (400, 10014));
    let message = bot.get(&path).await;
    assert_eq!(
        (&message["reactions"][0]["count"], &message["reactions"][0]["me"]),
        (&json!(1), &json!(true))
    );
    let who = bot.get(&format!("{path}/reactions/😀")).await;
    assert_eq!(id(&who[0]["id"]), sandbox.bot_id());
    assert_eq!(bot.bare("DELETE", &format!("{path}/reactions/😀/@me")).await.status, 204);
    gateway.event("MESSAGE_REACTION_REMOVE").await;
}

#[tokio::test]
async fn without_the_content_intent_text_is_withheld_unless_it_is_addressed() {
    let (sandbox, bot, _all) = connected().await;
    let study = sandbox.study_channel_id();
    let mut gateway = Gateway::identified(&sandbox, INTENTS & !(1 << 15)).await;
    let ana = Rest::member(&sandbox, "Ana");
    let own = bot.say(study, "own words").await;
    assert_eq!(gateway.event("MESSAGE_CREATE").await["content"], "own words");
    ana.say(study, "secret").await;
    assert_eq!(gateway.event("MESSAGE_CREATE").await["content"], "");
    ana.say(study, &format!("<@{}> hello", sandbox.bot_id())).await;
    let addressed = gateway.event("MESSAGE_CREATE").await;
    assert!(addressed["content"].as_str().unwrap().ends_with("hello"));
    let reply = json!({"content": "a reply", "message_reference": {"message_id": own["id"]}});
    ana.send("POST", &format!("/channels/{study}/messages"), reply).await.ok();
    let replied = gateway.event("MESSAGE_CREATE").await;
    assert_eq!((&replied["content"], &replied["type"]), (&json!("a reply"), &json!(19)));
    let silent = json!({"content": "a quiet reply", "message_reference": {"message_id": own["id"]}, "allowed_mentions": {"parse": []}});
    ana.send("POST", &format!("/channels/{study}/messages"), silent).await.ok();
    assert_eq!(gateway.event("MESSAGE_CREATE").await["content"], "");

    let mut options = options();
    options.content_intent = false;
    let sandbox = start(options).await.unwrap();
    let study = sandbox.study_channel_id();
    Rest::member(&sandbox, "Ana").say(study, "secret").await;
    let history = Rest::bot(&sandbox).get(&format!("/channels/{study}/messages")).await;
    assert_eq!(history[0]["content"], "");
}

#[tokio::test]
async fn mentions_are_what_was_allowed_to_ping() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let ana = sandbox.members().into_iter().find(|m| m.name == "Ana").unwrap().id;
    let roles = bot.get(&format!("/guilds/{}/roles", sandbox.guild_id())).await;
    let team = roles.as_array().unwrap().iter().find(|role| role["name"] == "Study team").unwrap()
        ["id"]
        .clone();
    let content = format!("<@{ana}> <@&{}> @everyone", team.as_str().unwrap());
    let path = format!("/channels/{study}/messages");
    let all = bot.send("POST", &path, json!({"content": content})).await.ok();
    assert_eq!(all["mentions"].as_array().unwrap().len(), 1);
    assert_eq!((&all["mention_roles"], &all["mention_everyone"]), (&json!([team]), &json!(true)));
    let none = bot
        .send("POST", &path, json!({"content": content, "allowed_mentions": {"parse": []}}))
        .await
        .ok();
    assert_eq!(
        (&none["mentions"], &none["mention_roles"], &none["mention_everyone"]),
        (&json!([]), &json!([]), &json!(false))
    );
    let role = bot
        .send(
            "POST",
            &path,
            json!({"content": content, "allowed_mentions": {"parse": [], "roles": [team]}}),
        )
        .await
        .ok();
    assert_eq!((&role["mentions"], &role["mention_roles"]), (&json!([]), &json!([team])));
}

#[tokio::test]
async fn a_file_is_kept_as_an_address_that_works() {
    let (sandbox, bot, mut gateway) = connected().await;
    let ana = sandbox.actor("Ana");
    ana.upload(sandbox.study_channel_id(), "see file", "my notes.txt", b"contents").await.unwrap();
    let event = gateway.until("MESSAGE_CREATE").await;
    let attachment = &event["attachments"][0];
    assert_eq!((&attachment["filename"], &attachment["size"]), (&json!("my_notes.txt"), &json!(8)));
    let file = bot.http.get(attachment["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.headers()["content-disposition"], "attachment");
    assert_eq!(file.bytes().await.unwrap().as_ref(), b"contents");
}

#[tokio::test]
async fn faults_hit_once_and_where_they_are_told() {
    let (sandbox, bot, _gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let path = format!("/channels/{study}/messages");
    let post = |text: &str| bot.send("POST", &path, json!({"content": text}));
    let count = || sandbox.messages(study).len();

    sandbox.fail_next(("POST", "/messages"), Fault::Status(500), 1);
    assert_eq!(post("a").await.code(), (500, 0));
    assert_eq!(count(), 0);
    sandbox.fail_next(("POST", "/messages"), Fault::StatusAfter(502), 1);
    assert_eq!(post("b").await.status, 502);
    assert_eq!(count(), 1, "it happened all the same");
    for (fault, happens) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        let before = count();
        sandbox.fail_next(("*", "/messages"), fault, 1);
        let request = bot.request("POST", &path).json(&json!({"content": "c"}));
        assert!(request.send().await.is_err(), "{fault:?}");
        assert_eq!(count(), before + happens, "{fault:?}");
    }
    sandbox.fail_next(
        ("POST", "/messages"),
        Fault::RateLimit { retry_after_s: 1.5, global: true },
        1,
    );
    let limited = post("d").await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("2")));
    assert_eq!(limited.header("x-ratelimit-global"), Some("true"));
    assert_eq!(post("e").await.status, 200);
    // Members are never hit.
    sandbox.fail_next(("POST", "/messages"), Fault::Status(500), 1);
    Rest::member(&sandbox, "Ana").say(study, "f").await;
    assert_eq!(sandbox.clear_faults(), 1);

    sandbox.set_outage(true);
    assert!(bot.request("GET", "/users/@me").send().await.is_err());
    assert!(tokio_tungstenite::connect_async(sandbox.gateway()).await.is_err());
    sandbox.set_outage(false);
    assert_eq!(bot.bare("GET", "/users/@me").await.status, 200);
}

#[tokio::test]
async fn direct_messages_arrive_or_are_refused() {
    let (sandbox, bot, mut gateway) = connected().await;
    let ana = sandbox.actor("Ana");
    let open = json!({"recipient_id": ana.id().to_string()});
    let channel = id(&bot.send("POST", "/users/@me/channels", open.clone()).await.ok()["id"]);
    assert_eq!(id(&bot.send("POST", "/users/@me/channels", open).await.ok()["id"]), channel);
    bot.say(channel, "psst").await;
    let event = gateway.until("MESSAGE_CREATE").await;
    assert_eq!((event.get("guild_id"), event.get("member")), (None, None));
    let heard = ana
        .wait_for("the message", crate::client::SOON, |kind, data| {
            kind == "MESSAGE_CREATE" && data["content"] == "psst"
        })
        .await;
    assert!(heard.is_ok());
    assert!(
        Rest::member(&sandbox, "Ben").bare("GET", &format!("/channels/{channel}")).await.status
            == 403
    );
    sandbox.set_dms_open(ana.id(), false);
    let refused =
        bot.send("POST", &format!("/channels/{channel}/messages"), json!({"content": "?"})).await;
    assert_eq!(refused.code(), (403, 50007));
}

#[tokio::test]
async fn the_traffic_names_routes_as_discord_does_and_unknown_ones_aloud() {
    let (sandbox, bot, _gateway) = connected().await;
    let mut news = sandbox.subscribe();
    let study = sandbox.study_channel_id();
    bot.say(study, "Hello").await;
    let exchange = news.recv().await.unwrap();
    assert_eq!(exchange.template, Some("/channels/{channel_id}/messages"));
    assert_eq!(exchange.request, Some(json!({"content": "Hello"})));
    assert_eq!(exchange.response.as_ref().unwrap()["content"], "Hello");
    let unknown = bot.bare("GET", "/channels/1/webhooks").await;
    assert_eq!(unknown.code(), (404, 0));
    assert_eq!(bot.bare("PUT", "/users/@me").await.status, 405);
    let expected: Vec<String> = vec!["GET /channels/1/webhooks".into(), "PUT /users/@me".into()];
    assert_eq!(sandbox.traffic().unknown_routes, expected);
    let unversioned =
        bot.http.get(format!("http://{}/api/gateway", sandbox.addr())).send().await.unwrap();
    assert_eq!(unversioned.headers()["content-type"], "application/json");
    assert_eq!(unversioned.json::<Value>().await.unwrap()["url"], sandbox.gateway());
}
