//! `doctor`, and what a bot does that Discord does not take: one line each, and what to do.

use crate::member::World;
use crate::program::{Place, Running};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use studyhall::engine::health_file::HealthFile;
use studyhall::engine::vitals::Vitals;
use studyhall::sandbox::{Options, Sandbox, SimClock, start};
use studyhall::store::Store;

/// A Monday, ten minutes before a round that is due at eight.
const MONDAY: &str = "2026-11-23T07:50:00Z";
const SEND_MESSAGES: u64 = 1 << 11;
const EMBED_LINKS: u64 = 1 << 14;

/// A sandbox in this process, whose rights and intents can be changed.
async fn sandbox(content_intent: bool) -> Sandbox {
    start(Options {
        listener: TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::manual(MONDAY.parse().unwrap()),
        seed: 7,
        limits: true,
        extra_hosts: Vec::new(),
        content_intent,
    })
    .await
    .unwrap()
}

/// What the doctor says of a bot at the sandbox, on the sandbox's clock.
fn examined(place: &Place, sandbox: &Sandbox) -> String {
    let api = sandbox.api();
    let words = ["doctor", "--api", &api, "--clock", "follow"];
    place.says_with(&words, &[("DISCORD_TOKEN", &sandbox.bot_token())])
}

fn bot(place: &Place, sandbox: &Sandbox) -> Running {
    let api = sandbox.api();
    let words = ["run", "--api", &api, "--clock", "follow"];
    place.start_with(&words, &[("DISCORD_TOKEN", &sandbox.bot_token())])
}

/// A bot that is connected, with a study channel.
async fn set_up(place: &Place, sandbox: &Sandbox) -> Running {
    let mut bot = bot(place, sandbox);
    bot.logs("connected");
    let world = World::new(sandbox.description());
    let maya = world.member("Maya").await;
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;
    bot
}

/// The line about one thing, without what differs from run to run.
fn line<'a>(said: &'a str, label: &str) -> &'a str {
    let about = |line: &&str| line.get(6..).is_some_and(|rest| rest.starts_with(label));
    said.lines().find(about).unwrap_or_else(|| panic!("nothing about {label}: {said}"))
}

/// What it says, without what another version of the packs or of time zones would change.
fn portable(said: &str) -> String {
    let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
    for line in &mut lines {
        for (label, rest) in
            [("Questions ", "…"), ("Disk space ", "…"), ("Time zones ", "…"), ("Bot ", "…")]
        {
            if line.get(6..).is_some_and(|text| text.starts_with(label)) && !line.contains("not ") {
                *line = format!("{}{rest}", &line[..23]);
            }
        }
        if let Some((before, _)) = line.split_once("whole, ") {
            *line = format!("{before}whole, …");
        }
        if let Some((before, _)) = line.split_once("new questions, ") {
            let digits = before.trim_end().trim_end_matches(|c: char| c.is_ascii_digit());
            *line = format!("{digits}… new questions, …");
        }
    }
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_start_nothing_is_red() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    insta::assert_snapshot!(portable(&examined(&place, &sandbox)), @r"
    exit 0
    [out]
    ok    Configuration    as it should be
    ok    Questions        …
    warn  Database         there is none yet; the first start makes it
    ok    Disk space       …
    warn  Backup           none is known. Let the bot make one every day (`backups` in [database]), or make them yourself: `studyhall backup FILE`
    ok    Bot              not running
    ok    Time zones       …
    ok    Token            works; the bot is Studyhall
    ok    Clock            agrees with Discord's
    ok    Message content  the intent is switched on
    warn  Commands         not registered: /study, /today, /quiz, /leaderboard, /season and 8 more. The bot registers them when it starts

    Nothing is red; 3 warnings.
    ");
    assert_eq!(place.contents().len(), 0, "it leaves nothing behind");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bot_runs_and_after() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    let bot = set_up(&place, &sandbox).await;
    insta::assert_snapshot!(portable(&examined(&place, &sandbox)), @r"
    exit 0
    [out]
    ok    Configuration    as it should be
    ok    Questions        …
    ok    Database         whole, …
    ok    Disk space       …
    warn  Backup           none is known. Let the bot make one every day (`backups` in [database]), or make them yourself: `studyhall backup FILE`
    ok    Bot              …
    ok    Gateway          connected
    ok    Writing          the database can be written
    ok    Time zones       …
    ok    Token            works; the bot is Studyhall
    ok    Clock            agrees with Discord's
    ok    Message content  the intent is switched on
    ok    Commands         all are registered
    ok    Rights           #python in Study Hall: all there
    ok    Stock            #python in Study Hall: … new questions, …

    Nothing is red; 1 warning.
    ");
    let backup = place.says(&["backup", "today.bak"]);
    assert!(backup.starts_with("exit 0"), "{backup}");
    let said = examined(&place, &sandbox);
    assert!(line(&said, "Bot").contains("running: process "), "{said}");
    assert!(line(&said, "Backup").starts_with("ok "), "{said}");
    assert!(bot.terminate().starts_with("exit 0"));
    let before = place.contents();
    let said = examined(&place, &sandbox);
    assert!(said.starts_with("exit 0"), "{said}");
    assert!(line(&said, "Bot").ends_with("not running"), "{said}");
    assert!(place.contents() == before, "it changes nothing");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_are_told_by_name_and_place() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    let _bot = set_up(&place, &sandbox).await;
    let study = sandbox.study_channel_id();
    sandbox.set_bot_permissions(Some(study), 0, SEND_MESSAGES | EMBED_LINKS);
    let said = examined(&place, &sandbox);
    assert!(said.starts_with("exit 1"), "{said}");
    insta::assert_snapshot!(line(&said, "Rights"), @"red   Rights           #python in Study Hall: the bot lacks Send Messages and Embed Links. Give them to the bot's role, or in the permissions of the channel");
    sandbox.delete_channel(study);
    let said = examined(&place, &sandbox);
    insta::assert_snapshot!(line(&said, "Rights").replace(&study.to_string(), "ID"), @"red   Rights           channel ID in Study Hall: the channel is gone, or the bot cannot see it. Let it see the channel, or end it with `/study remove`");
    sandbox.kick_bot();
    let said = examined(&place, &sandbox);
    assert!(said.starts_with("exit 1"), "{said}");
    insta::assert_snapshot!(line(&said, "Server"), @"red   Server           the bot is not in Study Hall. Invite it again; its study channels, rounds and points wait for it");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_running_bot_is_stands_in_its_health_file() {
    let place = Place::with(&[]);
    let path = place.path("studyhall.db");
    // This process has the database, as a bot would.
    let store = Store::open(&path).await.unwrap();
    let said = place.says(&["doctor"]);
    assert!(line(&said, "Bot").starts_with("ok    Bot              running"), "{said}");
    let hangs = "red   Bot              the bot's process hangs, or its health file beside the \
                 database can't be written (it has written none).";
    assert!(said.contains(hangs), "{said}");
    let (file, vitals) = (HealthFile::beside(&path), Vitals::default());
    for fails in [true, false] {
        if fails {
            vitals.commit_failed("database or disk is full");
            vitals.unreadable();
        } else {
            vitals.committed();
        }
        file.write(&vitals.snapshot()).unwrap();
        let said = place.says(&["doctor"]);
        let wanted = if fails { "red   Writing" } else { "ok    Writing" };
        assert!(said.contains(wanted) && !said.contains("hangs"), "{said}");
        assert_eq!(said.contains("(database or disk is full)"), fails, "{said}");
        assert!(line(&said, "Interactions").starts_with("warn "), "{said}");
    }
    // Torn, or of a process before.
    fs::write(file.path(), "{\"checksum\":").unwrap();
    let said = place.says(&["doctor"]);
    assert!(line(&said, "Health file").starts_with("warn "), "{said}");
    store.close().await;
    let said = place.says(&["doctor"]);
    assert!(said.contains("not running") && !said.contains("Health file"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_lost_its_connection_is_red_until_it_is_back() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    let mut bot = set_up(&place, &sandbox).await;
    sandbox.set_outage(true);
    let away = |bot: &mut Running| {
        assert!(bot.runs(), "{}", bot.err());
        let said = examined(&place, &sandbox);
        said.contains(" Gateway          no connection to Discord since ")
    };
    until(|| away(&mut bot)).await;
    sandbox.set_outage(false);
    until(|| examined(&place, &sandbox).contains("ok    Gateway          connected")).await;
    assert!(bot.terminate().starts_with("exit 0"));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_role_and_a_forum_for_notices_are_red() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    let _bot = set_up(&place, &sandbox).await;
    let role = sandbox.add_role("learners");
    let notes = sandbox.channels().into_iter().find(|(name, _)| name == "admin-notes").unwrap().1;
    let world = World::new(sandbox.description());
    let maya = world.member("Maya").await;
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "role", "type": 8, "value": role.to_string()},
        {"name": "notices", "type": 7, "value": notes.to_string()},
    ]}]);
    maya.command("study", options).await;
    let said = examined(&place, &sandbox);
    assert!(said.starts_with("exit 0"), "{said}");
    sandbox.delete_role(role);
    sandbox.set_channel_kind(notes, 15);
    let said = examined(&place, &sandbox);
    insta::assert_snapshot!(line(&said, "Role "), @"red   Role             #python in Study Hall: the role that its questions mention was deleted, so they mention nobody. Name another with the option `role` of `/study setup`");
    insta::assert_snapshot!(line(&said, "Notices"), @"red   Notices          #admin-notes in Study Hall, where notices go, takes no messages: it's a forum, a media channel or a category, so they go to whoever ran the setup by direct message. Name another channel with the option `notices` of `/study setup`");
    assert!(said.starts_with("exit 1"), "{said}");
    sandbox.stop().await;
}

/// Waits for a condition.
async fn until(mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < crate::program::PATIENCE, "it did not come");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_red() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    let api = sandbox.api();
    // The sandbox's time stands still in the past of this computer's, or lies in its future.
    let token = [("DISCORD_TOKEN", &*sandbox.bot_token())];
    let said = place.says_with(&["doctor", "--api", &api], &token);
    assert!(said.starts_with("exit 1"), "{said}");
    let clock = line(&said, "Clock");
    assert!(clock.starts_with("red ") && clock.contains(" Discord's. Let the system set it"));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_work() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    let api = sandbox.api();
    let said = place.says(&["doctor", "--api", &api]);
    insta::assert_snapshot!(line(&said, "Token"), @"red   Token            there is no bot token; set the environment variable DISCORD_TOKEN or name a file with `token_file` in [discord]");
    let wrong = "not-the-token-of-anybody";
    let refused = place.says_with(&["doctor", "--api", &api], &[("DISCORD_TOKEN", wrong)]);
    insta::assert_snapshot!(line(&refused, "Token"), @"red   Token            Discord refuses it. Copy it anew from the developer portal (Bot, Reset Token) into DISCORD_TOKEN or the token file");
    sandbox.stop().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gone = place.says_with(&["doctor", "--api", &nowhere], &[("DISCORD_TOKEN", wrong)]);
    insta::assert_snapshot!(line(&gone, "Token").replace(&nowhere, "http://ADDRESS"), @"red   Token            cannot reach http://ADDRESS. Check the network, or the address after --api");
    for said in [said, refused, gone] {
        assert!(said.starts_with("exit 1") && !said.contains(wrong), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_content_intent_is_told_and_ends_the_bot_instead_of_looping() {
    let (place, sandbox) = (Place::with(&[]), sandbox(false).await);
    let said = examined(&place, &sandbox);
    assert!(said.starts_with("exit 1"), "{said}");
    insta::assert_snapshot!(line(&said, "Message content"), @"red   Message content  the intent is off, so Discord refuses the bot. Switch on Message Content Intent in the developer portal (Bot, Privileged Gateway Intents), and start the bot again");
    // Close code 4014.
    let said = bot(&place, &sandbox).into_words();
    assert!(said.starts_with("exit 3"), "{said}");
    let told = "studyhall: Discord refuses the intents. Switch on Message Content Intent in the \
                developer portal (Bot, Privileged Gateway Intents) and start again";
    assert!(said.ends_with(told), "{said}");
    let asked = sandbox.traffic().exchanges.iter().filter(|e| e.path == "/gateway/bot").count();
    assert!(asked <= 1, "one try, and no more: {asked}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_token_or_intent_is_taken_away_while_it_runs_ends_and_says_why() {
    for (code, told) in [
        (4014, "studyhall: Discord refuses the intents. Switch on Message Content Intent"),
        (4004, "studyhall: Discord refuses the token. Copy it again"),
    ] {
        let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
        let mut bot = bot(&place, &sandbox);
        bot.logs("connected");
        sandbox.close_gateways(code);
        let said = bot.into_words();
        assert!(said.starts_with("exit 3") && said.contains(told), "{code}: {said}");
        assert!(!said.contains(&sandbox.bot_token()), "{said}");
        sandbox.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_damaged_or_is_none_is_red() {
    let (place, sandbox) = (Place::with(&[]), sandbox(true).await);
    assert!(set_up(&place, &sandbox).await.terminate().starts_with("exit 0"));
    let mut bytes = fs::read(place.path("studyhall.db")).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 40_960].fill(0xa5);
    fs::write(place.path("studyhall.db"), bytes).unwrap();
    let said = examined(&place, &sandbox);
    assert!(said.starts_with("exit 1"), "{said}");
    let database = line(&said, "Database");
    assert!(database.starts_with("red ") && database.contains("damaged"), "{said}");
    assert!(database.contains("`studyhall restore FILE`"), "{said}");
    fs::write(place.path("studyhall.db"), "a letter").unwrap();
    let said = examined(&place, &sandbox);
    assert!(line(&said, "Database").contains("is not a Studyhall database"), "{said}");
    sandbox.stop().await;
}

#[test]
fn less_free_space_than_the_configuration_asks_for_is_red() {
    // A tebibyte, which no machine of ours has.
    let place = Place::with(&[("config.toml", "[database]\nmin_free_mib = 1048576\n")]);
    let said = place.says(&["doctor"]);
    let space = line(&said, "Disk space");
    assert!(space.starts_with("red   Disk space       only "), "{said}");
    assert!(space.ends_with("less than 1.0 TiB. Make room where the database is"), "{said}");
    assert!(said.starts_with("exit 1"), "{said}");
}

#[test]
fn a_broken_configuration_is_one_red_line_among_the_others() {
    let place = Place::with(&[(
        "config.toml",
        "[database]\npth = \"x.db\"\n[rounds]\nlateness_minutes = 0\n",
    )]);
    let said = place.says(&["doctor"]);
    assert!(said.starts_with("exit 1"), "{said}");
    assert_eq!(said.matches("red   Configuration").count(), 2, "{said}");
    assert!(said.contains("config.toml:2: "), "{said}");
    assert!(line(&said, "Database").starts_with("warn "), "{said}");
}
