//! The clock over HTTP.

use crate::client::{Rest, connected, options, sandbox};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use studyhall::sandbox::{Sandbox, SimClock, start};

async fn post(sandbox: &Sandbox, body: Value) -> (u16, Value) {
    let clock = format!("http://{}/clock", sandbox.addr());
    let answer = reqwest::Client::new().post(clock).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn get(sandbox: &Sandbox, query: &str) -> Value {
    let clock = format!("http://{}/clock{query}", sandbox.addr());
    reqwest::get(clock).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn answers_are_dated_by_the_clock_that_dates_messages() {
    let sandbox = sandbox().await;
    let date = async || {
        let answer = reqwest::get(format!("{}/gateway", sandbox.api())).await.unwrap();
        answer.headers()["date"].to_str().unwrap().to_owned()
    };
    assert_eq!(date().await, "Mon, 23 Nov 2026 07:59:00 GMT");
    sandbox.set_settler(Arc::new(|| Box::pin(async {})));
    post(&sandbox, json!({"advance_s": 90_000})).await;
    assert_eq!(date().await, "Tue, 24 Nov 2026 08:59:00 GMT");
    sandbox.stop().await;
}

#[tokio::test]
async fn advancing_stops_at_every_wait_and_settles_there() {
    let sandbox = sandbox().await;
    let stops = Arc::new(AtomicUsize::new(0));
    let counted = stops.clone();
    sandbox.set_settler(Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {})
    }));
    // A process of its own follows by asking; its question counts as a wait.
    let clock = sandbox.clock();
    let asking = {
        let sandbox = sandbox.clone();
        tokio::spawn(async move { get(&sandbox, "?until=2026-11-23T08:00:00Z").await })
    };
    while clock.next_wait().is_none() {
        tokio::task::yield_now().await;
    }
    let (status, answer) = post(&sandbox, json!({"advance_s": 3600})).await;
    assert_eq!((status, &answer["now"]), (200, &json!("2026-11-23T08:59:00.000000+00:00")));
    assert_eq!(stops.load(Ordering::SeqCst), 3, "before it moves, at eight and at the end");
    asking.await.unwrap();
    assert_eq!(get(&sandbox, "").await, answer);
    // What was said afterwards carries the new time.
    let said = Rest::bot(&sandbox).say(sandbox.study_channel_id(), "x").await;
    assert_eq!(said["timestamp"], "2026-11-23T08:59:00.000000+00:00");
}

#[tokio::test]
async fn an_instant_that_somebody_is_about_to_wait_for_is_not_leapt_over() {
    let sandbox = sandbox().await;
    let eight: DateTime<Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
    let (clock, seen) = (sandbox.clock(), Arc::new(Mutex::new(Vec::new())));
    let rests = Arc::clone(&seen);
    sandbox.set_settler(Arc::new(move || {
        let clock = clock.clone();
        let first = {
            let mut rests = rests.lock().unwrap();
            rests.push(clock.now());
            rests.len() == 1
        };
        Box::pin(async move {
            if first {
                // A bot that was told something a moment ago comes to the point of waiting.
                let waiting = clock.clone();
                tokio::spawn(async move { waiting.wait_until(eight).await });
                while clock.next_wait().is_none() && clock.now() < eight {
                    tokio::task::yield_now().await;
                }
            }
        })
    }));
    post(&sandbox, json!({"advance_s": 3600})).await;
    let start = eight - TimeDelta::minutes(1);
    assert_eq!(*seen.lock().unwrap(), [start, eight, start + TimeDelta::hours(1)]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_jump_stops_nowhere_and_ids_still_rise() {
    let sandbox = sandbox().await;
    sandbox.set_settler(Arc::new(|| Box::pin(async {})));
    let bot = Rest::bot(&sandbox);
    let before = bot.say(sandbox.study_channel_id(), "before").await;
    let (status, answer) = post(&sandbox, json!({"jump_s": -7200})).await;
    assert_eq!((status, &answer["now"]), (200, &json!("2026-11-23T05:59:00.000000+00:00")));
    let after = bot.say(sandbox.study_channel_id(), "after").await;
    assert!(crate::client::id(&after["id"]) > crate::client::id(&before["id"]));
}

#[tokio::test]
async fn nonsense_and_the_systems_clock_are_refused() {
    let sandbox = sandbox().await;
    for body in [
        json!({}),
        json!({"advance_s": -1}),
        json!({"advance_s": 1, "jump_s": 1}),
        json!({"advance_s": "1"}),
        json!({"jump_s": 1e300}),
        json!({"jump_s": -1e9}),
        json!({"advance_s": 9e9}),
    ] {
        assert_eq!(post(&sandbox, body.clone()).await.0, 400, "{body}");
    }
    let mut options = options();
    options.clock = SimClock::system();
    let system = start(options).await.unwrap();
    assert_eq!(post(&system, json!({"advance_s": 1})).await.0, 409);
}

#[tokio::test]
async fn where_other_computers_may_ask_moving_time_needs_the_key() {
    let mut options = options();
    options.listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let sandbox = start(options).await.unwrap();
    sandbox.set_settler(Arc::new(|| Box::pin(async {})));
    let key = sandbox.description()["key"].as_str().unwrap().to_owned();
    assert!(sandbox.page().ends_with(&format!("?key={key}")), "it is the page's");
    let clock = format!("http://127.0.0.1:{}/clock", sandbox.addr().port());
    let http = reqwest::Client::new();
    let moved = async |authorization: Option<String>| {
        let mut request = http.post(&clock).json(&json!({"advance_s": 60}));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let wrong = format!("Bearer {}x", &key[1..]);
    for refused in [None, Some(key.clone()), Some(wrong), Some("Bearer ".to_owned())] {
        assert_eq!(moved(refused.clone()).await, 401, "{refused:?}");
    }
    assert_eq!(moved(Some(format!("Bearer {}", sandbox.bot_token()))).await, 401);
    let now: Value = reqwest::get(&clock).await.unwrap().json().await.unwrap();
    assert_eq!(now["now"], "2026-11-23T07:59:00.000000+00:00", "reading it needs no key");
    assert_eq!(moved(Some(format!("Bearer {key}"))).await, 200);
    sandbox.stop().await;
    // On loopback neither is the key needed nor said.
    let private = self::sandbox().await;
    assert_eq!(private.description().get("key"), None);
    private.set_settler(Arc::new(|| Box::pin(async {})));
    assert_eq!(post(&private, json!({"advance_s": 60})).await.0, 200);
    private.stop().await;
}

#[tokio::test]
async fn by_default_a_second_of_quiet_is_settled() {
    let (sandbox, bot, _gateway) = connected().await;
    let (study, from) = (sandbox.study_channel_id(), Instant::now());
    let busy = tokio::spawn(async move {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(400)).await;
            bot.say(study, "busy").await;
        }
    });
    post(&sandbox, json!({"advance_s": 1})).await;
    assert!(busy.is_finished(), "a busy bot is waited for");
    assert!(from.elapsed() >= Duration::from_millis(2600));
}
