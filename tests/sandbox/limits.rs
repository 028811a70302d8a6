//! Rate limits as clients meet them.

use crate::client::{Rest, options};
use serde_json::json;
use studyhall::sandbox::start;

#[tokio::test]
async fn headers_count_down_and_the_sixth_message_is_told_to_wait() {
    let mut options = options();
    options.limits = true;
    let sandbox = start(options).await.unwrap();
    let bot = Rest::bot(&sandbox);
    let path = format!("/channels/{}/messages", sandbox.study_channel_id());
    for left in (0..5).rev() {
        let answer = bot.send("POST", &path, json!({"content": "x"})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("5"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.to_string().as_str()));
        assert!(answer.header("x-ratelimit-bucket").is_some());
        let after: f64 = answer.header("x-ratelimit-reset-after").unwrap().parse().unwrap();
        assert!(after > 0.0 && after <= 5.0);
        let reset: f64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
        assert!(reset > 1e9);
    }
    let limited = bot.send("POST", &path, json!({"content": "x"})).await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.body["global"], false);
    let wait: u32 = limited.header("retry-after").unwrap().parse().unwrap();
    let exactly = limited.body["retry_after"].as_f64().unwrap();
    assert!(exactly > 0.0 && f64::from(wait) == exactly.ceil(), "{wait} for {exactly}");
    assert_eq!(limited.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(limited.header("via"), Some("1.1 sandbox"), "one client retries only with it");
    assert_eq!(sandbox.messages(sandbox.study_channel_id()).len(), 5);
    // Members are not limited.
    let ana = Rest::member(&sandbox, "Ana");
    for _ in 0..8 {
        ana.say(sandbox.study_channel_id(), "x").await;
    }
}

#[tokio::test]
async fn more_than_fifty_a_second_meet_the_limit_over_all_routes() {
    let mut options = options();
    options.limits = true;
    let sandbox = start(options).await.unwrap();
    let bot = Rest::bot(&sandbox);
    let asked = (0..150).map(|number| {
        let bot = bot.clone();
        // Different routes, so that no single bucket is the reason.
        let path = match number % 3 {
            0 => "/users/@me".to_owned(),
            1 => format!("/guilds/{}", sandbox.guild_id()),
            _ => format!("/channels/{}", sandbox.study_channel_id()),
        };
        async move { bot.bare("GET", &path).await }
    });
    let answers = futures::future::join_all(asked).await;
    let limited: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(answers.len() - limited.len() >= 50);
    assert!(limited.iter().any(|answer| answer.header("x-ratelimit-global") == Some("true")
        && answer.body["global"] == true));
}
