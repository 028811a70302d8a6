//! Identify, resume, invalid sessions, close codes, compression.

use crate::client::{Gateway, INTENTS, Rest, connected, id, options, sandbox};
use flate2::Decompress;
use flate2::FlushDecompress;
use serde_json::{Value, json};
use std::io::Read as _;
use studyhall::sandbox::start;
use tokio_tungstenite::tungstenite::Message;

async fn identify(sandbox: &studyhall::sandbox::Sandbox, data: Value) -> Gateway {
    let mut gateway = Gateway::connect(&format!("{}?v=10", sandbox.gateway())).await;
    gateway.send(json!({"op": 2, "d": data})).await;
    gateway
}

#[tokio::test]
async fn ready_then_the_guild_with_all_that_is_in_it() {
    let sandbox = sandbox().await;
    let token = format!("Bot {}", sandbox.bot_token());
    // serenity sends an object where Discord documents a number.
    let presence = json!({"since": {"secs_since_epoch": 1, "nanos_since_epoch": 2}, "status": "online", "afk": false, "activities": []});
    let mut gateway = identify(
        &sandbox,
        json!({"token": token, "intents": INTENTS, "presence": presence, "shard": [0, 1]}),
    )
    .await;
    let ready = gateway.event("READY").await;
    assert_eq!(ready["v"], 10);
    assert_eq!(id(&ready["user"]["id"]), sandbox.bot_id());
    assert_eq!(ready["application"]["id"], ready["user"]["id"]);
    assert_eq!(
        ready["guilds"],
        json!([{"id": sandbox.guild_id().to_string(), "unavailable": true}])
    );
    let guild = gateway.event("GUILD_CREATE").await;
    assert_eq!(guild["name"], "Study Hall");
    let kinds: Vec<u64> =
        guild["channels"].as_array().unwrap().iter().map(|c| c["type"].as_u64().unwrap()).collect();
    assert_eq!(kinds, [0, 0, 0, 2, 15]);
    let members = guild["members"].as_array().unwrap();
    assert_eq!(members.len(), 1, "without the presence intent only the bot itself");
    assert_eq!(members[0]["user"]["id"], ready["user"]["id"]);
    gateway.nothing_else().await;
}

#[tokio::test]
async fn wrong_tokens_and_intents_are_closed_with_discords_codes() {
    let mut options = options();
    options.content_intent = false;
    let sandbox = start(options).await.unwrap();
    let token = sandbox.bot_token();
    for (data, code) in [
        (json!({"token": "wrong", "intents": 0}), 4004),
        (json!({"token": token}), 4013),
        (json!({"token": token, "intents": 1_u64 << 40}), 4013),
        (json!({"token": token, "intents": 1 << 15}), 4014),
        (json!({"token": token, "intents": 1, "shard": [1]}), 4010),
    ] {
        assert_eq!(identify(&sandbox, data).await.close_code().await, code);
    }
    let mut gateway = Gateway::connect(&sandbox.gateway()).await;
    gateway.send(json!({"op": 99})).await;
    assert_eq!(gateway.close_code().await, 4001);
    let mut gateway = Gateway::connect(&sandbox.gateway()).await;
    gateway.socket.send_text("{").await;
    assert_eq!(gateway.close_code().await, 4002);
    let mut gateway = Gateway::identified(&sandbox, 1).await;
    gateway.send(json!({"op": 2, "d": {"token": token, "intents": 1}})).await;
    assert_eq!(gateway.close_code().await, 4005);
}

/// Sends text that is no payload.
trait SendText {
    async fn send_text(&mut self, text: &str);
}

impl<S: futures::Sink<Message> + Unpin> SendText for S {
    async fn send_text(&mut self, text: &str) {
        let _ = futures::SinkExt::send(self, Message::text(text.to_owned())).await;
    }
}

#[tokio::test]
async fn a_broken_session_is_resumed_with_what_it_missed() {
    let (sandbox, _, mut gateway) = connected().await;
    let ana = Rest::member(&sandbox, "Ana");
    let study = sandbox.study_channel_id();
    ana.say(study, "heard").await;
    gateway.event("MESSAGE_CREATE").await;
    let (session, sequence) = (gateway.session.clone(), gateway.sequence);
    sandbox.drop_gateways();
    let broken =
        tokio::time::timeout(crate::client::SOON, futures::StreamExt::next(&mut gateway.socket))
            .await
            .unwrap();
    assert!(!matches!(broken, Some(Ok(Message::Close(_)))), "without a word");
    ana.say(study, "missed").await;

    let mut again = Gateway::connect(&format!("{}/?v=10", gateway.resume_url)).await;
    let resume = json!({"op": 6, "d": {"token": sandbox.bot_token(), "session_id": session, "seq": sequence}});
    again.send(resume.clone()).await;
    let missed = again.event("MESSAGE_CREATE").await;
    assert_eq!(missed["content"], "missed");
    again.event("RESUMED").await;
    ana.say(study, "live").await;
    assert_eq!(again.event("MESSAGE_CREATE").await["content"], "live");

    sandbox.invalidate_sessions(false);
    assert_eq!(again.payload().await, json!({"op": 9, "s": null, "t": null, "d": false}));
    let mut third = Gateway::connect(&sandbox.gateway()).await;
    third.send(resume).await;
    let refused = third.payload().await;
    assert_eq!((&refused["op"], &refused["d"]), (&json!(9), &json!(false)));
    // The same connection may identify instead.
    third.send(json!({"op": 2, "d": {"token": sandbox.bot_token(), "intents": INTENTS}})).await;
    third.event("READY").await;
}

#[tokio::test]
async fn a_session_closed_by_its_client_is_gone() {
    let (sandbox, _, mut gateway) = connected().await;
    let session = gateway.session.clone();
    gateway.socket.close(None).await.unwrap();
    let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame {
        code: 1000.into(),
        reason: "".into(),
    };
    let mut other = Gateway::identified(&sandbox, INTENTS).await;
    let closed = other.session.clone();
    other.socket.close(Some(frame)).await.unwrap();
    while sandbox.bot_connections() > 0 {
        tokio::task::yield_now().await;
    }
    for (session, resumes) in [(closed, false), (session, true)] {
        let mut again = Gateway::connect(&sandbox.gateway()).await;
        again.send(json!({"op": 6, "d": {"token": sandbox.bot_token(), "session_id": session, "seq": 2}})).await;
        let answer = again.payload().await;
        assert_eq!(answer["t"] == "RESUMED", resumes, "{answer}");
    }
}

#[tokio::test]
async fn reconnect_and_heartbeat_can_be_asked_for() {
    let (sandbox, _, mut gateway) = connected().await;
    sandbox.ask_heartbeat();
    assert_eq!(gateway.payload().await["op"], 1);
    gateway.nothing_else().await;
    sandbox.ask_reconnect();
    assert_eq!(gateway.payload().await["op"], 7);
    sandbox.close_gateways(4000);
    assert_eq!(gateway.close_code().await, 4000);
}

#[tokio::test]
async fn one_zlib_stream_for_the_connection() {
    let sandbox = sandbox().await;
    let address = format!("{}/?v=10&encoding=json&compress=zlib-stream", sandbox.gateway());
    let (socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    let mut gateway =
        Gateway { socket, session: String::new(), sequence: 0, resume_url: String::new() };
    let mut inflate = Decompress::new(true);
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let Message::Binary(bytes) = gateway.message().await else { panic!("not binary") };
        assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]));
        let mut text = Vec::with_capacity(1 << 20);
        inflate.decompress_vec(&bytes, &mut text, FlushDecompress::Sync).unwrap();
        let payload: Value = serde_json::from_slice(&text).unwrap();
        kinds.push(payload["t"].as_str().unwrap_or("HELLO").to_owned());
        if kinds.len() == 1 {
            gateway.send(json!({"op": 2, "d": {"token": sandbox.bot_token(), "intents": 1}})).await;
        }
    }
    assert_eq!(kinds, ["HELLO", "READY", "GUILD_CREATE"]);
}

#[tokio::test]
async fn payloads_compressed_one_by_one() {
    let sandbox = sandbox().await;
    let mut gateway =
        identify(&sandbox, json!({"token": sandbox.bot_token(), "intents": 1, "compress": true}))
            .await;
    gateway.message().await;
    let Message::Binary(bytes) = gateway.message().await else {
        panic!("a large payload is binary")
    };
    let mut text = String::new();
    flate2::read::ZlibDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    let payload: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(payload["t"], "GUILD_CREATE");
}

#[tokio::test]
async fn intents_choose_the_events() {
    let (sandbox, _, mut all) = connected().await;
    let mut guilds_only = Gateway::identified(&sandbox, 1).await;
    let ana = Rest::member(&sandbox, "Ana");
    ana.say(sandbox.study_channel_id(), "Hello").await;
    all.event("MESSAGE_CREATE").await;
    guilds_only.nothing_else().await;
    sandbox.add_channel("new", 0);
    guilds_only.event("CHANNEL_CREATE").await;
    all.event("CHANNEL_CREATE").await;
    all.nothing_else().await;
    guilds_only.nothing_else().await;
    // Two for each session at its start, one message, one channel for both. The answers to the last
    // heartbeats came after them, so they have been written and counted.
    assert_eq!(sandbox.dispatched_to_bot(), 2 + 2 + 1 + 2);
}

#[tokio::test]
async fn a_bot_hears_of_its_own_nickname_without_the_members_intent() {
    let (sandbox, bot, mut gateway) = connected().await;
    let path = format!("/guilds/{}/members/@me", sandbox.guild_id());
    let long = bot.send("PATCH", &path, json!({"nick": "x".repeat(33)})).await;
    assert_eq!((long.status, &long.body["code"]), (400, &json!(50035)));
    for (nick, shown) in [(json!("x".repeat(32)), json!("x".repeat(32))), (json!(""), json!(null))]
    {
        let answer = bot.send("PATCH", &path, json!({"nick": nick})).await;
        assert_eq!((answer.status, &answer.body["nick"]), (200, &shown));
        let told = gateway.event("GUILD_MEMBER_UPDATE").await;
        assert_eq!((id(&told["user"]["id"]), &told["nick"]), (sandbox.bot_id(), &shown));
    }
    gateway.nothing_else().await;
}

#[tokio::test]
async fn a_members_roles_are_told_to_those_with_the_members_intent() {
    let (sandbox, bot, mut without) = connected().await;
    let mut with = Gateway::identified(&sandbox, 1 | 1 << 1).await;
    let ana = sandbox.members().into_iter().find(|member| member.name == "Ana").unwrap();
    let staff = sandbox.add_role("Staff");
    for gateway in [&mut without, &mut with] {
        let created = gateway.event("GUILD_ROLE_CREATE").await;
        assert_eq!(
            (id(&created["role"]["id"]), &created["role"]["name"]),
            (staff, &json!("Staff"))
        );
    }
    sandbox.set_member_role(ana.id, staff, true);
    let updated = with.event("GUILD_MEMBER_UPDATE").await;
    assert_eq!(id(&updated["user"]["id"]), ana.id);
    let has = |roles: &Value| roles.as_array().unwrap().contains(&json!(staff.to_string()));
    assert!(has(&updated["roles"]), "{updated}");
    without.nothing_else().await;

    // Whoever has no such intent sees it in a message of the member, or by asking.
    Rest::member(&sandbox, "Ana").say(sandbox.study_channel_id(), "Hello").await;
    let said = without.event("MESSAGE_CREATE").await;
    assert!(has(&said["member"]["roles"]), "{said}");
    let path = format!("/guilds/{}/members/{}", sandbox.guild_id(), ana.id);
    assert!(has(&bot.get(&path).await["roles"]));
    sandbox.set_member_role(ana.id, staff, false);
    assert!(!has(&bot.get(&path).await["roles"]));
}
