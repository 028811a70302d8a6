//! What a client that misbehaves can make the sandbox keep, and for how long.

use crate::client::{Gateway, INTENTS, Rest, SOON, connected, read, sandbox};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::sandbox::{Patience, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;
/// Too short for anybody.
const NO_TIME: Duration = Duration::from_millis(50);

/// Waits for a condition.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < SOON, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What the server says to raw bytes, until it closes the connection.
async fn raw(sandbox: &Sandbox, bytes: &str) -> String {
    let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(SOON, stream.read_to_end(&mut said)).await.unwrap().unwrap();
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn bodies_of_refused_requests_are_not_kept() {
    let sandbox = sandbox().await;
    let (nobody, ana) =
        (Rest::with_authorization(&sandbox, "wrong"), Rest::member(&sandbox, "Ana"));
    let study = sandbox.study_channel_id();
    let path = format!("/channels/{study}/messages");
    let large = json!({"content": "x".repeat(20 * MIB)});
    for _ in 0..3 {
        // Those who send it can read the answer, though nobody reads what they send.
        assert_eq!(nobody.send("POST", &path, large.clone()).await.status, 401);
        assert_eq!(ana.send("POST", &path, large.clone()).await.code(), (413, 40005));
        assert_eq!(nobody.send("POST", "/nowhere", large.clone()).await.status, 404);
        let callback = "/interactions/1/no-such-token/callback";
        assert_eq!(nobody.send("POST", callback, large.clone()).await.code(), (404, 10062));
    }
    let long = json!({"content": "x".repeat(300 * 1024)});
    assert_eq!(ana.send("POST", &path, long).await.code(), (400, 50035));
    let exchanges = sandbox.traffic().exchanges;
    assert_eq!(exchanges.len(), 13);
    assert!(exchanges.iter().all(|one| one.request.is_none()));
    assert!(sandbox.traffic_bytes() < MIB / 8, "{}", sandbox.traffic_bytes());
    // A refusal that fits is there to be looked at.
    ana.send("POST", &path, json!({"content": "x".repeat(2001)})).await;
    assert!(sandbox.traffic().exchanges.last().unwrap().request.is_some());
    sandbox.stop().await;
}

#[tokio::test]
async fn strangers_with_an_interactions_route_are_not_the_bot() {
    let sandbox = sandbox().await;
    let nobody = Rest::with_authorization(&sandbox, "");
    let path = format!("/webhooks/{}/no-such-token", sandbox.bot_id());
    assert_eq!(nobody.send("POST", &path, json!({"content": "x"})).await.code(), (401, 50027));
    assert_eq!(sandbox.requests_of_bot(), 0);
    sandbox.stop().await;
}

#[tokio::test]
async fn gateways_that_do_not_identify_are_bounded_in_number_and_in_time() {
    let sandbox = sandbox().await;
    let address = format!("{}?v=10&encoding=json&compress=zlib-stream", sandbox.gateway());
    let mut strangers = Vec::new();
    for _ in 0..600 {
        strangers.push(tokio_tungstenite::connect_async(&address).await.unwrap().0);
    }
    until("the end of the oldest", || sandbox.unidentified_gateways() == 512).await;
    // There is room for whoever comes next, and who has identified does not count.
    let bot = Gateway::identified(&sandbox, INTENTS).await;
    assert_eq!(sandbox.bot_connections(), 1);
    drop(strangers);
    until("the end of all", || sandbox.unidentified_gateways() == 0).await;

    sandbox.set_patience(Patience { identify: NO_TIME, ..Patience::default() });
    let mut slow = Gateway::connect(&sandbox.gateway()).await;
    assert_eq!(slow.close_code().await, 4003);
    let mut lost = Gateway::connect(&sandbox.gateway()).await;
    let token = sandbox.bot_token();
    lost.send(json!({"op": 6, "d": {"token": token, "session_id": "gone", "seq": 1}})).await;
    assert_eq!(lost.payload().await["op"], 9);
    assert_eq!(lost.close_code().await, 4003, "after op 9 the time runs again");
    drop(bot);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_payload_to_the_gateway_is_short() {
    let (sandbox, _bot, mut gateway) = connected().await;
    gateway.send(json!({"op": 3, "d": "x".repeat(4_000)})).await;
    gateway.nothing_else().await;
    gateway.send(json!({"op": 3, "d": "x".repeat(4_096)})).await;
    assert_eq!(gateway.close_code().await, 4002);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_request_has_limited_time_for_headers_and_body() {
    let sandbox = sandbox().await;
    sandbox.set_patience(Patience { headers: NO_TIME, body: NO_TIME, ..Patience::default() });
    assert_eq!(raw(&sandbox, "").await, "", "a connection without a request");
    let half = format!("GET / HTTP/1.1\r\nhost: {}\r\nx-endless: ", sandbox.addr());
    let said = raw(&sandbox, &half).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    let ana = sandbox.members().into_iter().find(|one| one.name == "Ana").unwrap();
    for token in [ana.token.as_str(), "wrong"] {
        let half = format!(
            "POST /api/v10/channels/1/messages HTTP/1.1\r\nhost: {}\r\nauthorization: {token}\r\n\
             content-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"content",
            sandbox.addr()
        );
        let said = raw(&sandbox, &half).await;
        let status = if token == "wrong" { "401" } else { "408" };
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
    }
    let huge = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100 * 1024));
    assert!(raw(&sandbox, &huge).await.starts_with("HTTP/1.1 4"));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go_and_may_resume() {
    let sandbox = sandbox().await;
    sandbox.set_patience(Patience { write: NO_TIME, ..Patience::default() });
    let gateway = Gateway::identified(&sandbox, INTENTS).await;
    let ana = Rest::member(&sandbox, "Ana");
    let (study, text) = (sandbox.study_channel_id(), "𝄞".repeat(2_000));
    // Until the buffers of the connection are full.
    let mut said = 0;
    while sandbox.bot_connections() > 0 {
        ana.say(study, &text).await;
        said += 1;
        assert!(said < 5_000, "the connection takes whatever comes");
    }
    let url = format!("{}?v=10&encoding=json", gateway.resume_url);
    let mut again = Gateway::connect(&url).await;
    let (session, token) = (&gateway.session, sandbox.bot_token());
    let seq = gateway.sequence;
    again.send(json!({"op": 6, "d": {"token": token, "session_id": session, "seq": seq}})).await;
    for _ in 0..said {
        again.event("MESSAGE_CREATE").await;
    }
    again.event("RESUMED").await;
    sandbox.stop().await;
}

#[tokio::test]
async fn hostile_bodies_are_refused_before_they_cost_anything() {
    let (sandbox, bot, gateway) = connected().await;
    let study = sandbox.study_channel_id();
    let messages = format!("/channels/{study}/messages");
    let many = |value: Value| Value::Array(vec![value; 100_000]);
    for body in [
        json!({"embeds": many(json!({}))}),
        json!({"components": many(json!({}))}),
        json!({"content": "x", "attachments": many(json!({"id": "1"}))}),
        json!({"content": "x", "allowed_mentions": {"users": many(json!("1"))}}),
    ] {
        assert_eq!(bot.send("POST", &messages, body).await.code(), (413, 40005));
    }
    let mut form = reqwest::multipart::Form::new().text("payload_json", "{\"content\":\"x\"}");
    for number in 0..11 {
        form = form.text(format!("files[{number}]"), "x");
    }
    let files = bot.request("POST", &messages).multipart(form).send().await.unwrap();
    assert_eq!(read(files).await.code(), (400, 50035));

    let commands = format!("/applications/{}/commands", sandbox.bot_id());
    let mut option = json!({"type": 3, "name": "deep", "description": "d".repeat(100_000)});
    for _ in 0..50 {
        option = json!({"type": 2, "name": "deep", "description": "d", "options": [option]});
    }
    let deep = json!([{"name": "deep", "description": "d", "options": [option]}]);
    assert_eq!(bot.send("PUT", &commands, deep).await.code(), (400, 50035));

    let ana = Rest::member(&sandbox, "Ana");
    for nonce in [json!({"a": "b"}), json!(["x"]), json!("x".repeat(26))] {
        let body = json!({"type": 2, "application_id": sandbox.bot_id().to_string(),
            "session_id": gateway.session, "nonce": nonce});
        let refused = ana.send("POST", "/interactions", body).await;
        assert_eq!(refused.code(), (400, 50035));
        assert!(refused.body["errors"]["nonce"].is_object(), "{refused:?}");
    }
    let said = bot.say(study, "x").await["id"].as_str().unwrap().to_owned();
    let emoji = "🎉".repeat(50);
    let reaction = format!("{messages}/{said}/reactions/{emoji}/@me");
    assert_eq!(bot.bare("PUT", &reaction).await.code(), (400, 10014));
    sandbox.stop().await;
}
