//! The log can't hurt: whatever becomes of standard error, the bot goes on. And it keeps its secrets.

use crate::member::{Member, World};
use crate::program::{Place, Running};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Write as _, pipe};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use studyhall::sandbox::{Heard, Options, Sandbox, SimClock, start};

/// A Monday, ten minutes before a round that is due at eight.
const MONDAY: &str = "2026-11-23T07:50:00Z";
const PATIENCE: Duration = Duration::from_secs(30);

async fn sandbox() -> Sandbox {
    start(Options {
        listener: TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::manual(MONDAY.parse().unwrap()),
        seed: 7,
        limits: false,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await
    .unwrap()
}

fn place(filter: &str) -> Place {
    Place::with(&[("config.toml", &format!("[log]\nfilter = \"{filter}\"\n"))])
}

fn bot(place: &Place, sandbox: &Sandbox, stderr: Option<Stdio>) -> Running {
    let api = sandbox.api();
    let words = ["run", "--api", &api, "--clock", "follow"];
    place.start_into(&words, &[("DISCORD_TOKEN", &sandbox.bot_token())], stderr)
}

async fn until(what: &str, running: &mut Running, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        let waiting = running.runs() && began.elapsed() < PATIENCE;
        assert!(waiting, "{what} did not come; runs: {}", running.runs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Lets the bot do something of everything, with sessions that end in between. Each of its answers is
/// waited for.
async fn goes_on(sandbox: &Sandbox, bot: &mut Running) {
    until("the session", bot, || sandbox.bot_connections() == 1).await;
    until("the commands", bot, || sandbox.commands(None).len() > 5).await;
    let world = World::new(sandbox.description());
    let (maya, ana) = (world.member("Maya").await, world.member("Ana").await);
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;
    world.clock(json!({"advance_s": 600})).await;
    until("the card", bot, || !sandbox.threads(sandbox.study_channel_id()).is_empty()).await;
    let card = maya.cards().await.remove(0);
    ana.answer(card["id"].as_str().unwrap(), "An answer that is long enough to count.").await;
    // New sessions, and lines in the log from inside the gateway's tasks.
    sandbox.invalidate_sessions(false);
    until("the end", bot, || sandbox.bot_connections() == 0).await;
    is_there_again(&ana, bot).await;
    sandbox.drop_gateways();
    is_there_again(&ana, bot).await;
    let ballot = maya.press(&card, "Vote").await;
    maya.choose(&ballot, &ana.id).await;
    world.clock(json!({"advance_s": 86_400})).await;
    until("the next card", bot, || sandbox.threads(sandbox.study_channel_id()).len() == 2).await;
}

/// Waits until a command is answered: what comes between two sessions is Discord's to lose.
async fn is_there_again(member: &Member, bot: &mut Running) {
    let began = Instant::now();
    while member.command_to_anybody("today", json!([])).await.is_none() {
        assert!(bot.runs() && began.elapsed() < PATIENCE, "no session again; runs: {}", bot.runs());
    }
}

async fn goes_on_with(stderr: Stdio) {
    let (place, sandbox) = (place("debug"), sandbox().await);
    let mut bot = bot(&place, &sandbox, Some(stderr));
    goes_on(&sandbox, &mut bot).await;
    let said = bot.terminate();
    assert!(said.starts_with("exit 0"), "{said}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_standard_error_changes_nothing() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    goes_on_with(writer.into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_changes_nothing() {
    let (reader, writer) = pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // Blocks as soon as the pipe is full, and ends when the reader is dropped.
    let full = std::thread::spawn(move || filler.write_all(&vec![b'.'; 1 << 22]).is_err());
    goes_on_with(writer.into()).await;
    assert!(!full.is_finished(), "the pipe was full");
    drop(reader);
    assert!(full.join().unwrap());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_on_a_full_disk_changes_nothing() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    goes_on_with(full.into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_to_start_needs_no_reader() {
    let place = Place::with(&[("config.toml", "[log]\nfilter = \"debug\"\n")]);
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let words = ["run", "--api", "http://127.0.0.1:9"];
    let bot = place.start_into(&words, &[("DISCORD_TOKEN", "")], Some(writer.into()));
    let said = bot.into_words();
    assert!(said.starts_with("exit 1"), "{said}");
}

/// How a secret could be written into a log.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    let bytes = secret.as_bytes();
    let list = |of: fn(&u8) -> String, between: &str| {
        bytes.iter().map(of).collect::<Vec<_>>().join(between)
    };
    // The beginning of a text in base64 doesn't depend on what follows, if it's whole threes. Where it
    // begins in a longer text does, so each offset is tried.
    let coded = (0..3).map(|offset| {
        let tail = &bytes[offset..];
        let whole = &tail[..tail.len() - tail.len() % 3];
        ("base64", base64::engine::general_purpose::STANDARD_NO_PAD.encode(whole))
    });
    [
        ("plain", secret.to_owned()),
        ("hex", list(|byte| format!("{byte:02x}"), "")),
        ("HEX", list(|byte| format!("{byte:02X}"), "")),
        ("spaced hex", list(|byte| format!("{byte:02x}"), " ")),
        ("list of hex", list(|byte| format!("0x{byte:02x}"), ", ")),
        ("list of bytes", list(|byte| byte.to_string(), ", ")),
        ("bytes", list(|byte| byte.to_string(), ",")),
        ("escaped", list(|byte| format!("\\x{byte:02x}"), "")),
    ]
    .into_iter()
    .chain(coded)
    .collect()
}

fn assert_secret(log: &str, what: &str, secret: &str) {
    assert!(secret.len() > 20, "{what} is no secret: {secret}");
    // A frame may end in the middle of it.
    for part in [secret, &secret[..secret.len() / 2], &secret[secret.len() / 2..]] {
        for (form, text) in forms(part) {
            let at = log.find(&text);
            let line = at.and_then(|at| log[..at].lines().last());
            assert!(at.is_none(), "{what} is in the log as {form}: {line:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_filter_shows_a_secret() {
    // What the libraries write where their own targets are named is more than `trace` alone shows.
    let filter = "trace,serenity=trace,serenity::gateway=trace,serenity::http=trace,\
                  tungstenite=trace,tokio_tungstenite=trace,hyper=trace,hyper_util=trace,h2=trace,\
                  reqwest=trace,poise=trace,rustls=trace,mio=trace";
    let (place, sandbox) = (place(filter), sandbox().await);
    let tokens = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&tokens);
    sandbox.read_along(Arc::new(move |told| {
        if let Heard::Told { event: "INTERACTION_CREATE", data } = told
            && let Value::String(token) = &data["token"]
        {
            heard.lock().unwrap().push(token.clone());
        }
    }));
    let mut bot = bot(&place, &sandbox, None);
    goes_on(&sandbox, &mut bot).await;
    let said = bot.terminate();
    assert!(said.starts_with("exit 0"), "{said}");
    assert!(said.contains("connected"), "something was logged: {said}");
    assert_secret(&said, "the bot's token", &sandbox.bot_token());
    let tokens = tokens.lock().unwrap().clone();
    assert!(tokens.len() >= 5, "{} interactions", tokens.len());
    for token in &tokens {
        assert_secret(&said, "an interaction's token", token);
    }
    sandbox.stop().await;
}
