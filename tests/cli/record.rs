//! A sandbox with a place of one's own, and a session that is recorded and played again.

use crate::member::World;
use crate::program::{Place, Running};
use serde_json::{Value, json};
use std::fs;

const CLOCK: [&str; 4] = ["--clock", "2026-11-23T07:59:00Z@manual", "--seed", "5"];

fn bot(place: &Place, world: &World, seed: &str, config: &str) -> Running {
    let words = [
        "run",
        "--api",
        world.text("api"),
        "--clock",
        "follow",
        "--seed",
        seed,
        "--config",
        config,
    ];
    let mut bot = place.start_with(&words, &[("DISCORD_TOKEN", world.bot_token())]);
    bot.logs("connected");
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_session_is_played_again_and_another_bot_is_told_apart() {
    let place = Place::with(&[
        ("one.toml", "[database]\npath = \"one.db\"\n"),
        ("two.toml", "[database]\npath = \"two.db\"\n"),
        ("three.toml", "[database]\npath = \"three.db\"\n"),
    ]);
    let words = [&["sandbox", "--json", "--record", "session.jsonl"][..], &CLOCK].concat();
    let mut sandbox = place.start(&words);
    let world = World::new(sandbox.described());
    let first = bot(&place, &world, "3", "one.toml");
    let maya = world.member("Maya").await;
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;
    world.clock(json!({"advance_s": 60})).await;
    let (ana, ben) = (world.member("Ana").await, world.member("Ben").await);
    let card = ana.until("the card", async || ana.cards().await.pop()).await;
    let thread = card["id"].as_str().unwrap();
    ana.answer(thread, "My answer is that it depends, and on what.").await;
    let ballot = ben.press(&card, "Vote").await;
    ben.choose(&ballot, &ana.id).await;
    world.clock(json!({"advance_s": 86_400})).await;
    ana.until("the next card", async || ana.cards().await.into_iter().nth(1)).await;
    let secrets = [world.bot_token().to_owned(), maya.token.clone()];
    assert!(first.terminate().starts_with("exit 0"));
    assert!(sandbox.terminate().starts_with("exit 0"));

    let record = fs::read_to_string(place.path("session.jsonl")).unwrap();
    assert!(secrets.iter().all(|secret| !record.contains(secret)), "a token was written");
    let lines: Vec<Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert!(count("place") == 1 && count("asked") > 15 && count("told") > 10, "{record}");

    let replayed = |seed: &'static str, config: &'static str| {
        let place = &place;
        let words = [&["sandbox", "--json", "--replay", "session.jsonl"][..], &CLOCK].concat();
        let mut sandbox = place.start(&words);
        let world = World::new(sandbox.described());
        let bot = bot(place, &world, seed, config);
        let said = sandbox.into_words();
        assert!(bot.terminate().starts_with("exit 0"));
        said
    };
    let same = replayed("3", "two.toml");
    assert!(
        same.contains("4 actions of members; ") && same.contains("as recorded, 0 not"),
        "{same}"
    );
    let other = replayed("4", "three.toml");
    assert!(other.contains("another") && other.contains("/embeds/0/title"), "{other}");
    assert!(other.contains("the bot did something else than recorded"), "{other}");
}

#[test]
fn a_place_of_ones_own() {
    let seed = "[bot]\nname = \"Tester\"\n[[guild]]\nname = \"One\"\nmembers = [{ name = \"Zoë\" }]\n\
                [[guild.channel]]\nid = 4200\nname = \"lobby\"\n";
    let place = Place::with(&[("mine.toml", seed), ("bad.toml", "[[guild]]\nname = 1\n")]);
    let mut sandbox = place.start(&["sandbox", "--json", "--seed-file", "mine.toml"]);
    let told = sandbox.described();
    assert_eq!(told["study_channel_id"], "4200");
    assert_eq!(told["channels"], json!({"lobby": "4200"}));
    let members = told["members"].as_array().unwrap();
    assert!(members.len() == 1 && members[0]["name"] == "Zoë" && members[0]["admin"] == true);
    assert!(sandbox.terminate().starts_with("exit 0"));
    insta::assert_snapshot!(place.says(&["sandbox", "--seed-file", "bad.toml"]), @r#"
    exit 1
    [err]
    studyhall: the seed file bad.toml cannot be used: TOML parse error at line 2, column 8
      |
    2 | name = 1
      |        ^
    invalid type: integer `1`, expected a string
    "#);
}
