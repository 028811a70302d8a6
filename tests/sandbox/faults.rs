//! Trouble on purpose, asked for over HTTP.

use crate::client::{Answer, Gateway, INTENTS, Rest, connected, options, read, sandbox};
use serde_json::{Value, json};
use studyhall::sandbox::{Options, Sandbox, start};

async fn wish(sandbox: &Sandbox, wish: Value) -> Answer {
    let page = sandbox.page();
    let (origin, key) = page.split_once("/?").unwrap();
    let request = reqwest::Client::new().post(format!("{origin}/faults?{key}")).json(&wish);
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn requests_go_wrong_as_often_as_asked_for() {
    let sandbox = sandbox().await;
    let bot = Rest::bot(&sandbox);
    let rules = json!({"requests": [
        {"method": "get", "route": "/users/@me", "times": 2, "fault": {"status": 503}},
        {"fault": {"rate_limit": {"retry_after_s": 1.5, "global": true}}},
    ]});
    assert_eq!(wish(&sandbox, rules).await.ok(), json!({"waiting": 3}));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = bot.bare("GET", "/users/@me").await;
        if answer.status == 429 {
            assert_eq!(
                (&answer.body["retry_after"], &answer.body["global"]),
                (&json!(1.5), &json!(true))
            );
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [503, 503, 429, 200]);

    let study = sandbox.study_channel_id();
    let dropped = json!({"requests": [{"method": "POST", "fault": "drop_after"}]});
    wish(&sandbox, dropped).await.ok();
    let body = json!({"content": "taken, but nobody hears of it"});
    let sent = bot.request("POST", &format!("/channels/{study}/messages")).json(&body).send().await;
    assert!(sent.is_err());
    assert_eq!(sandbox.messages(study).len(), 1);

    let slow = json!({"requests": [{"fault": {"slow_ms": 1}, "times": 5}]});
    assert_eq!(wish(&sandbox, slow).await.ok(), json!({"waiting": 5}));
    assert_eq!(wish(&sandbox, json!({"clear": true})).await.ok(), json!({"waiting": 0}));
}

#[tokio::test]
async fn half_a_discord_answers() {
    let sandbox = sandbox().await;
    let bot = Rest::bot(&sandbox);
    let (study, other) = (sandbox.study_channel_id(), sandbox.add_channel("other", 0));
    let (here, there) = (format!("/channels/{study}"), format!("/channels/{other}"));
    let rules = json!({"requests": [
        {"method": "GET", "of": study.to_string(), "fault": {"refuse": {"status": 404, "code": 10_003}}},
        {"method": "GET", "of": sandbox.guild_id().to_string(), "fault": {"page": 502}},
    ]});
    assert_eq!(wish(&sandbox, rules).await.ok(), json!({"waiting": 2}));
    let answer = bot.bare("GET", &there).await;
    assert_eq!((answer.status, answer.body.is_object()), (502, false), "of the same guild");
    let answer = bot.bare("GET", &here).await;
    assert_eq!((answer.status, &answer.body["code"]), (404, &json!(10_003)));
    assert_eq!(bot.bare("GET", &here).await.status, 200);

    let hang = json!({"requests": [{"route": "/channels/{channel_id}$", "fault": "hang"}]});
    wish(&sandbox, hang).await.ok();
    let patience = std::time::Duration::from_millis(300);
    let asked = bot.request("GET", &here).timeout(patience).send().await;
    assert!(asked.unwrap_err().is_timeout());
    assert_eq!(bot.bare("GET", &here).await.status, 200);
}

#[tokio::test]
async fn a_history_lags_and_holds_what_cannot_be_read() {
    let sandbox = sandbox().await;
    let bot = Rest::bot(&sandbox);
    let (study, maya) = (sandbox.study_channel_id(), sandbox.members()[0].id);
    let ids = sandbox.fill_history(study, maya, (1..=3).map(|number| format!("message {number}")));
    let path = format!("/channels/{study}/messages");
    for (newest, expected) in [(1, 2), (1_000, 0)] {
        let lag = json!({"requests": [{"method": "GET", "fault": {"lag": {"newest": newest}}}]});
        wish(&sandbox, lag).await.ok();
        let listed = bot.bare("GET", &path).await;
        assert_eq!(listed.body.as_array().unwrap().len(), expected);
    }
    let spoilt = |shape: &str| json!({"message": ids[1].to_string(), "shape": shape});
    for (shape, pointer) in [
        ("component", "/components/0"),
        ("decoration", "/author/avatar_decoration_data/asset"),
        ("emoji", "/reactions/0/emoji"),
    ] {
        wish(&sandbox, json!({"unreadable": [spoilt(shape)]})).await.ok();
        let listed = bot.bare("GET", &path).await;
        assert!(listed.body[1].pointer(pointer).is_some(), "{shape}: {}", listed.body);
        let alone = bot.bare("GET", &format!("{path}/{}", ids[1])).await;
        assert_eq!(alone.body, listed.body[1]);
        assert!(serde_json::from_value::<serenity::all::Message>(alone.body).is_err(), "{shape}");
    }
    wish(&sandbox, json!({"unreadable": [spoilt("author")]})).await.ok();
    assert!(bot.bare("GET", &path).await.body[1]["author"].is_null());
    wish(&sandbox, json!({"clear": true})).await.ok();
    assert!(bot.bare("GET", &path).await.body[1]["author"].is_object());
}

#[tokio::test]
async fn gateway_connections_are_upset() {
    let (sandbox, _, mut gateway) = connected().await;
    wish(&sandbox, json!({"gateway": "heartbeat"})).await.ok();
    assert_eq!(gateway.payload().await["op"], 1);
    wish(&sandbox, json!({"gateway": "reconnect"})).await.ok();
    assert_eq!(gateway.payload().await["op"], 7);
    wish(&sandbox, json!({"gateway": {"close": 4000}})).await.ok();
    assert_eq!(gateway.close_code().await, 4000);

    let mut gateway = Gateway::identified(&sandbox, INTENTS).await;
    wish(&sandbox, json!({"gateway": {"invalid": {"resumable": false}}})).await.ok();
    let told = gateway.payload().await;
    assert_eq!((&told["op"], &told["d"]), (&json!(9), &json!(false)));

    wish(&sandbox, json!({"outage": true})).await.ok();
    let bot = Rest::bot(&sandbox);
    assert!(bot.request("GET", "/users/@me").send().await.is_err());
    wish(&sandbox, json!({"outage": false})).await.ok();
    assert_eq!(bot.bare("GET", "/users/@me").await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_nothing_goes_wrong() {
    let sandbox = sandbox().await;
    for (wrong, told) in [
        (json!({"request": []}), "unknown field `request`"),
        (json!({"requests": [{"method": "GET"}]}), "missing field `fault`"),
        (json!({"requests": [{"fault": "explode"}]}), "unknown variant `explode`"),
        (json!({"requests": [{"fault": {"status": 200}}]}), "a status is from 400 to 599"),
        (json!({"requests": [{"fault": {"page": 302}}]}), "a status is from 400 to 599"),
        (json!({"requests": [{"fault": "hang", "of": "python"}]}), "an id is a number"),
        (json!({"unreadable": [{"message": "x", "shape": "emoji"}]}), "an id is a number"),
        (json!({"requests": [{"fault": "drop_before", "times": 0}]}), "times is from 1"),
        (json!({"requests": [{"fault": {"slow_ms": 600_001}}]}), "slow_ms is at most"),
        (json!({"gateway": {"close": 7}}), "a close code is from"),
    ] {
        let answer = wish(&sandbox, wrong).await;
        let message = answer.body["message"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && message.contains(told), "{told}: {message}");
    }
    let address = format!("http://{}/faults", sandbox.addr());
    let unkeyed = reqwest::Client::new().post(&address).json(&json!({"outage": true}));
    assert_eq!(read(unkeyed.send().await.unwrap()).await.status, 403);
    assert_eq!(Rest::bot(&sandbox).bare("GET", "/users/@me").await.status, 200);
}

#[tokio::test]
async fn a_limit_on_purpose_tells_of_an_empty_bucket() {
    let sandbox = start(Options { limits: true, ..options() }).await.unwrap();
    let bot = Rest::bot(&sandbox);
    let rule = json!({"requests": [{"fault": {"rate_limit": {"retry_after_s": 1.5}}}]});
    wish(&sandbox, rule).await.ok();
    let limited = bot.bare("GET", "/users/@me").await;
    let told = |name: &str| limited.header(name).unwrap_or_default().to_owned();
    assert_eq!((limited.status, told("x-ratelimit-scope").as_str()), (429, "user"));
    assert_eq!(told("x-ratelimit-remaining"), "0");
    assert_eq!(told("x-ratelimit-reset-after").parse::<f64>().unwrap(), 1.5);
    assert_eq!(bot.bare("GET", "/users/@me").await.status, 200);
}
