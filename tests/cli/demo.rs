//! `demo --json`, driven from outside by nothing but its line of JSON.

use crate::member::{World, parts};
use crate::program::Place;
use serde_json::{Value, json};

const DEMO: [&str; 6] =
    ["demo", "--json", "--listen", "127.0.0.1:0", "--clock", "2026-11-23T07:59:00Z@manual"];

/// Whether the value has the shape of the pattern: objects with these keys and no others, lists
/// whose elements all have the shape of the first, texts and booleans.
fn assert_shape(value: &Value, pattern: &Value, path: &str) {
    match (value, pattern) {
        (Value::Object(value), Value::Object(pattern)) => {
            let keys =
                |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(value), keys(pattern), "{path}");
            for (key, pattern) in pattern {
                assert_shape(&value[key], pattern, &format!("{path}.{key}"));
            }
        }
        (Value::Array(values), Value::Array(patterns)) => {
            for (number, value) in values.iter().enumerate() {
                assert_shape(value, &patterns[0], &format!("{path}[{number}]"));
            }
        }
        (Value::String(text), Value::String(_)) => assert!(!text.is_empty(), "{path}"),
        (Value::Bool(_), Value::Bool(_)) => {}
        _ => panic!("{path}: {value} is not like {pattern}"),
    }
}

fn check_description(told: &Value) {
    let mut pattern = json!({
        "page": "", "api": "", "gateway": "", "guild_id": "", "study_channel_id": "",
        "channels": {}, "bot": {"id": "", "token": ""},
        "members": [{"id": "", "name": "", "token": "", "admin": false}],
    });
    pattern["channels"] = told["channels"].clone();
    assert_shape(told, &pattern, "");
    let text = |key: &str| told[key].as_str().unwrap();
    assert!(text("api").starts_with("http://127.0.0.1:") && text("api").ends_with("/api/v10"));
    assert!(text("gateway").starts_with("ws://127.0.0.1:") && !text("gateway").contains('?'));
    assert!(text("page").starts_with("http://127.0.0.1:") && text("page").contains("?key="));
    let channels = told["channels"].as_object().unwrap();
    assert!(channels.values().any(|id| *id == told["study_channel_id"]));
    for id in channels.values().chain([&told["guild_id"], &told["bot"]["id"]]) {
        assert!(id.as_str().unwrap().parse::<u64>().unwrap() > 1 << 40, "{id} is no snowflake");
    }
    let members = told["members"].as_array().unwrap();
    assert!(members.len() >= 4, "{} members", members.len());
    assert_eq!(members.iter().filter(|member| member["admin"] == true).count(), 1);
    for one in members.iter().chain([&told["bot"]]) {
        let token = one["token"].as_str().unwrap();
        assert!(!token.contains(' ') && token.len() > 30, "{token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_round_from_outside() {
    let place = Place::with(&[]);
    let mut demo = place.start(&DEMO);
    let told = demo.described();
    check_description(&told);

    // Printed only when the first round has its card and thread.
    let world = World::new(told);
    let ana = world.member("Ana").await;
    let cards = ana.cards().await;
    assert_eq!(cards.len(), 1);
    let card = &cards[0];
    let thread = card["id"].as_str().unwrap();
    let channel = ana.get(&format!("/channels/{thread}")).await;
    assert_eq!(channel["parent_id"], world.study_channel());

    let (ben, chidi) = (world.member("Ben").await, world.member("Chidi").await);
    ana.answer(thread, "My answer is the one that everybody votes for.").await;
    ben.answer(thread, "My answer is a good one too, as far as I can see.").await;
    chidi.answer(thread, "My answer is short, but not shorter than it may be.").await;

    for (voter, author) in [(&ben, &ana), (&chidi, &ana), (&ana, &chidi)] {
        let ballot = voter.press(card, "Vote").await;
        let menu = parts(&ballot).find(|part| part["type"] == 3).unwrap();
        let offered: Vec<&str> = menu["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(|option| option["value"].as_str().unwrap())
            .collect();
        assert_eq!(offered.len(), 2, "the own answer is not offered: {menu}");
        assert!(!offered.contains(&voter.id.as_str()), "{menu}");
        let changed = voter.choose(&ballot, &author.id).await;
        let menu = parts(&changed).find(|part| part["type"] == 3).unwrap().clone();
        let marked = menu["options"].as_array().unwrap().iter().find(|o| o["default"] == true);
        assert_eq!(marked.unwrap()["value"], author.id.as_str());
    }

    let now = world.clock(json!({"advance_s": 86_400})).await;
    assert_eq!(now, "2026-11-24T07:59:00.000000+00:00");
    // All has settled when the clock answers: the result is there.
    let posts = ana.posts_of_bot(thread).await;
    let results = posts.iter().filter(|post| post.to_string().contains("Members' pick: **Ana**"));
    assert_eq!(results.count(), 1, "{posts:?}");
    let board = ben.command("leaderboard", json!([])).await.to_string();
    let first = board.find("**").map(|at| &board[at..]).unwrap_or_default();
    assert!(first.starts_with("**Ana**: "), "{board}");
    assert_eq!(ana.cards().await.len(), 2, "the next question is out");

    let words = demo.out();
    assert_eq!(words.lines().count(), 1, "one line of JSON and nothing else: {words}");
    let said = demo.terminate();
    assert!(said.starts_with("exit 0\n[out]\n{"), "{said}");
    assert!(!said.contains("[err]"), "nothing went wrong: {said}");
    assert_eq!(place.contents().len(), 0, "the demo's database is a temporary one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_on_a_database_of_ones_own_goes_on_where_it_ended() {
    let place = Place::with(&[]);
    let words = [&DEMO[..], &["--database", "mine.db", "--seed", "5"]].concat();
    let mut demo = place.start(&words);
    demo.described();
    let said = demo.terminate();
    assert!(said.starts_with("exit 0"), "{said}");
    let files: Vec<_> = place.contents().into_keys().collect();
    // The lock is empty and stays, so that two that start at once lock the same file; so does what
    // the bot last said of its health.
    let complete = ["mine.db", "mine.db.health", "mine.db.lock"].map(|name| place.path(name));
    assert_eq!(files, complete, "one file, complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_alone() {
    let place = Place::with(&[]);
    let words = ["sandbox", "--json", "--clock", "2026-11-23T07:59:00Z@manual"];
    let mut sandbox = place.start(&words);
    let told = sandbox.described();
    check_description(&told);
    let world = World::new(told);
    let maya = world.member("Maya").await;
    assert_eq!(maya.cards().await.len(), 0, "no study channel is set up");
    let now = world.clock(json!({"advance_s": 60})).await;
    assert_eq!(now, "2026-11-23T08:00:00.000000+00:00");
    assert_eq!(sandbox.out().lines().count(), 1);
    let said = sandbox.terminate();
    assert!(said.starts_with("exit 0") && !said.contains("[err]"), "{said}");
    assert_eq!(place.contents().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_other_computers_may_ask_the_clock_needs_the_key_that_json_names() {
    let place = Place::with(&[("config.toml", "[database]\npath = \"bot.db\"\n")]);
    let clock = ["--clock", "2026-11-23T07:59:00Z@manual", "--listen", "0.0.0.0:0", "--json"];
    for verb in ["sandbox", "demo"] {
        let mut server = place.start(&[&[verb], &clock[..]].concat());
        let told = server.described();
        let key = told["key"].as_str().unwrap().to_owned();
        assert!(told["page"].as_str().unwrap().ends_with(&key), "{told}");
        let world = World::new(told);
        let api = world.text("api").replace("0.0.0.0", "127.0.0.1");
        // A bot in another process follows the clock, for which it needs no key.
        let token = [("DISCORD_TOKEN", world.bot_token())];
        let words = ["run", "--config", "config.toml", "--api", &api, "--clock", "follow"];
        let follower = (verb == "sandbox").then(|| place.start_with(&words, &token));
        if let Some(mut follower) = follower {
            follower.logs("connected");
            assert!(follower.terminate().starts_with("exit 0"));
        }
        let address = api.replace("/api/v10", "/clock");
        let http = reqwest::Client::new();
        let ask = || http.post(&address).json(&json!({"advance_s": 60}));
        assert_eq!(ask().send().await.unwrap().status(), 401, "{verb}");
        let moved = ask().header("authorization", format!("Bearer {key}")).send().await.unwrap();
        assert_eq!(moved.status(), 200, "{verb}");
        let said = server.terminate();
        assert!(said.starts_with("exit 0"), "{said}");
        assert!(said.contains("WARNING: listening on 0.0.0.0:0"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_server_does_not_know() {
    let place = Place::with(&[]);
    let mut sandbox = place.start(&["sandbox", "--json"]);
    let world = World::new(sandbox.described());
    let words = ["run", "--api", world.text("api")];
    let said = place.says_with(&words, &[("DISCORD_TOKEN", "not-a-real-token")]);
    insta::assert_snapshot!(said, @r"
    exit 3
    [err]
    studyhall: Discord refuses the token. Copy it again from the developer portal (Bot, Reset Token) into DISCORD_TOKEN or the token file
    ");
    assert!(sandbox.runs());
}
