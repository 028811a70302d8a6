//! The sandbox's gateway with many listeners: 200 members' clients in one channel, each of which must be
//! told of every message once, and of each writer's in order. Messages are written at a steady rate for a
//! minute; `RATE` (messages a second, of which each is 200 deliveries), `CLIENTS` and `SECONDS` choose other
//! numbers.
//!
//! The clients and writers share the process and its cores with the sandbox; the clients read no more than
//! each message's number.

use anyhow::Context as _;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use studyhall::sandbox::{Options, Sandbox, SimClock, start};
use tokio_tungstenite::tungstenite::Message;

/// So many members write at the same time, each after its last message was taken.
const WRITERS: usize = 8;
/// What is looked for in a payload; the writer's number and the message's follow, and the moment it was
/// begun.
const MARK: &str = "\"content\":\"number ";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(Ok(default), |text| text.parse::<u64>())
    };
    let (clients, rate, seconds) =
        (number("CLIENTS", 200)?, number("RATE", 1_000)?, number("SECONDS", 60)?);
    let sandbox = start(Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0")?,
        clock: SimClock::system(),
        seed: 1,
        limits: false,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await?;
    let each = rate * seconds / WRITERS as u64;
    let total = each * WRITERS as u64;
    let told = Arc::new(AtomicU64::new(0));
    let slowest = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let (ready, mut readies) = tokio::sync::mpsc::unbounded_channel();
    let listeners: Vec<_> = (0..clients)
        .map(|one| {
            let token = sandbox.add_member(&format!("Listener {one}"), false).token;
            let (told, slowest) = (Arc::clone(&told), Arc::clone(&slowest));
            tokio::spawn(listen(
                sandbox.gateway(),
                token,
                total,
                told,
                slowest,
                began,
                ready.clone(),
            ))
        })
        .collect();
    for _ in 0..clients {
        readies.recv().await.context("a listener ended early")?;
    }
    let from = Instant::now();
    let writers = (0..WRITERS).map(|one| {
        let beat = Duration::from_secs_f64(WRITERS as f64 / rate as f64);
        tokio::spawn(write(sandbox.clone(), one, beat, each, began))
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    let wrote = from.elapsed();
    for listener in listeners {
        listener.await??;
    }
    let told = told.load(Ordering::SeqCst);
    let took = from.elapsed();
    println!("{clients} clients, {total} messages, {rate} a second asked for:");
    println!(
        "  written in {:.1} s, {:.0} a second; {told} of {} deliveries, each once and in order, in {:.1} s, \
         {:.0} a second; the latest {} ms after its message was begun",
        wrote.as_secs_f64(),
        total as f64 / wrote.as_secs_f64(),
        total * clients,
        took.as_secs_f64(),
        told as f64 / took.as_secs_f64(),
        slowest.load(Ordering::SeqCst)
    );
    sandbox.stop().await;
    Ok(())
}

/// Writes numbered messages at a steady rate.
async fn write(
    sandbox: Sandbox,
    writer: usize,
    beat: Duration,
    many: u64,
    began: Instant,
) -> anyhow::Result<()> {
    let member = sandbox.act_as(sandbox.add_member(&format!("Writer {writer}"), false));
    let mut beat = tokio::time::interval(beat);
    // A beat that was missed is made up for: the rate is a promise.
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    for number in 0..many {
        beat.tick().await;
        let text = format!("number {writer} {number} {}", began.elapsed().as_millis());
        member.say(sandbox.study_channel_id(), &text).await?;
    }
    Ok(())
}

async fn listen(
    address: String,
    token: String,
    total: u64,
    told: Arc<AtomicU64>,
    slowest: Arc<AtomicU64>,
    began: Instant,
    ready: tokio::sync::mpsc::UnboundedSender<()>,
) -> anyhow::Result<()> {
    let address = format!("{address}?v=10&encoding=json");
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await?;
    // GUILD_MESSAGES alone: who joined is not the question.
    let identify = json!({"op": 2, "d": {"token": token, "intents": 1 << 9, "properties": {}}});
    socket.send(Message::text(identify.to_string())).await?;
    let mut heartbeat = tokio::time::interval(Duration::from_secs(30));
    heartbeat.tick().await;
    let (mut expected, mut heard) = ([0; WRITERS], 0);
    while heard < total {
        let message = tokio::select! {
            message = socket.next() => message.context("the connection ended")??,
            _ = heartbeat.tick() => {
                socket.send(Message::text("{\"op\":1,\"d\":null}")).await?;
                continue;
            }
        };
        let Message::Text(text) = message else { continue };
        if text.contains("\"t\":\"READY\"") {
            ready.send(())?;
        }
        let Some(place) = text.find(MARK) else { continue };
        let rest = &text[place + MARK.len()..];
        let mut parts = rest.split(['"', ' ']);
        let writer: usize = parts.next().context("a writer")?.parse()?;
        let number: u64 = parts.next().context("a number")?.parse()?;
        let at: u64 = parts.next().context("a moment")?.parse()?;
        let expected = expected.get_mut(writer).context("nobody wrote that")?;
        anyhow::ensure!(number == *expected, "message {number} came where {expected} was to come");
        let late = u64::try_from(began.elapsed().as_millis())?.saturating_sub(at);
        slowest.fetch_max(late, Ordering::SeqCst);
        told.fetch_add(1, Ordering::SeqCst);
        *expected += 1;
        heard += 1;
    }
    Ok(())
}
