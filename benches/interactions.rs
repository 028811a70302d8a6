//! The round trip of an interaction: a member's click over the sandbox's REST, the gateway, the
//! bot, its callback, and back to the member's own gateway session.

use anyhow::Context as _;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use studyhall::bank::Bank;
use studyhall::cli::bot::{Parts, settler, start};
use studyhall::cli::clock::Simulated;
use studyhall::config::{PointsConfig, RoundsConfig};
use studyhall::discord::Link;
use studyhall::sandbox::{Options, SimClock};

const ROUNDS: usize = 500;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let clock = SimClock::parse("2026-11-23T07:59:00Z@manual").map_err(anyhow::Error::msg)?;
    let sandbox = studyhall::sandbox::start(Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0")?,
        clock: clock.clone(),
        seed: 1,
        limits: true,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await?;
    let folder = tempfile::tempdir()?;
    let (bank, _) = Bank::load(true, &[]);
    let bot = start(Parts {
        database: folder.path().join("bench.db"),
        bank: Arc::new(bank),
        rounds: RoundsConfig::default(),
        points: PointsConfig::default(),
        link: Link {
            token: sandbox.bot_token().into(),
            api: Some(format!("http://{}", sandbox.addr())),
            client: None,
        },
        clock: Arc::new(Simulated(clock)),
        seed: 1,
    })
    .await?;
    tokio::time::timeout(Duration::from_secs(30), bot.ready()).await?;
    let study = sandbox.study_channel_id();
    let admin = sandbox.members().into_iter().find(|member| member.admin).context("an admin")?;
    let admin = sandbox.actor(&admin.name);
    let options = json!([{"name": "setup", "options": [
        {"name": "channel", "value": study.to_string()},
        {"name": "time", "value": "08:00"}, {"name": "zone", "value": "UTC"}]}]);
    admin.command(study, "study", options).await?;
    settler(sandbox.clone(), &bot, 0)().await;

    for (what, options) in
        [("today", json!([])), ("privacy", json!([{"name": "board", "value": 0}]))]
    {
        let mut times = Vec::with_capacity(ROUNDS);
        let began = Instant::now();
        for _ in 0..ROUNDS {
            let click = Instant::now();
            let reply = admin.command(study, what, options.clone()).await?;
            anyhow::ensure!(!reply.failed, "the bot did not answer");
            times.push(click.elapsed());
        }
        let per_second = ROUNDS as f64 / began.elapsed().as_secs_f64();
        times.sort();
        let kind = if what == "today" { "reads" } else { "commits" };
        println!(
            "interaction /{what} ({kind}): {ROUNDS} one after the other, {per_second:.0} per \
             second, median {:.1} ms, p99 {:.1} ms",
            times[ROUNDS / 2].as_secs_f64() * 1e3,
            times[ROUNDS * 99 / 100].as_secs_f64() * 1e3
        );
    }
    bot.stop().await?;
    sandbox.stop().await;
    Ok(())
}
