//! `studyhall demo`: the bot and the sandbox in one process, a study channel set up, the first
//! round posted at once. On a terminal the members act by themselves and the round is narrated.

use super::bot::{Bot, Parts, asked_to_stop, settler, start};
use super::clock::Simulated;
use super::run::{config_of, load_bank};
use super::{DemoArgs, Failed, cast, logging, narrate, sandbox, seed};
use crate::config::LogConfig;
use crate::discord::Link;
use crate::engine::clock::{StudyClock as _, SystemClock};
use crate::engine::limits::Limits;
use crate::sandbox::{Place, Sandbox, Settler, SimClock};
use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long the bot may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn demo(args: DemoArgs) -> Result<(), Failed> {
    let config = config_of(args.config.as_deref())?;
    logging::start(&LogConfig { filter: "warn".to_owned(), ..LogConfig::default() })?;
    // With a clock or a reader of JSON at the other end, nobody acts by himself.
    let by_itself = args.server.clock.is_none() && !args.server.json;
    // Whoever comes to look finds a place with a yesterday. A database of one's own has its own.
    let since =
        if by_itself && args.database.is_none() { TimeDelta::days(1) } else { TimeDelta::zero() };
    let clock = match args.server.clock.clone() {
        Some(choice) => choice.simulated()?,
        // The real time, but one that can be moved to the close; it begins with yesterday.
        None => SimClock::rate(SystemClock.now() - since, 1.0),
    };
    let bank = load_bank(&config)?;
    let sandbox = sandbox::open(&args.server, clock.clone(), &Place::default()).await?;
    let (database, temporary) = database(args.database)?;
    let bot = start(Parts {
        database,
        bank,
        rounds: config.rounds,
        points: config.points,
        link: Link {
            token: sandbox.bot_token().into(),
            api: Some(format!("http://{}", sandbox.addr())),
            client: None,
            paced: true,
        },
        clock: Arc::new(Simulated(clock)),
        seed: seed(args.server.seed),
        min_free_mib: 50,
        limits: Limits::default(),
    })
    .await?;
    let settler = settler(sandbox.clone(), &bot, 0);
    sandbox.set_settler(Arc::clone(&settler));
    let acted = tokio::select! {
        acted = act(&sandbox, &bot, &settler, args.server.json, by_itself, since) => Some(acted),
        () = asked_to_stop() => None,
    };
    if let Some(Ok(())) = acted {
        // What there was to show is shown; the place stays open until it is closed.
        tokio::select! {
            () = bot.ended() => {}
            () = asked_to_stop() => {}
        }
    }
    let stopped = bot.stop().await;
    sandbox.stop().await;
    drop(temporary);
    acted.unwrap_or(Ok(()))?;
    Ok(stopped?)
}

/// Sets the place up, says where it is, and lets the members act.
async fn act(
    sandbox: &Sandbox,
    bot: &Bot,
    settler: &Settler,
    json: bool,
    by_itself: bool,
    since: TimeDelta,
) -> anyhow::Result<()> {
    tokio::time::timeout(PATIENCE, bot.ready())
        .await
        .context("the bot did not get ready within 30 seconds")?;
    set_up(sandbox).await?;
    settler().await;
    if sandbox.threads(sandbox.study_channel_id()).is_empty() {
        bail!("the first round was not posted; the log above tells why");
    }
    if json {
        println!("{}", sandbox.description());
        return Ok(());
    }
    if since > TimeDelta::zero() {
        cast::live_since_yesterday(sandbox, bot.engine(), settler, SystemClock.now()).await?;
    }
    if by_itself {
        cast::two_answers(sandbox, bot.engine()).await?;
    }
    narrate::place(sandbox);
    if by_itself { narrate::round(sandbox, bot.engine(), settler).await } else { Ok(()) }
}

/// What an admin does on the first day: `/study setup`, and an extra question to begin with.
async fn set_up(sandbox: &Sandbox) -> anyhow::Result<()> {
    let admin = sandbox
        .members()
        .into_iter()
        .find(|member| member.admin)
        .context("the sandbox has no admin")?;
    let admin = sandbox.actor(&admin.name);
    let study = sandbox.study_channel_id().to_string();
    let notes = sandbox.channels().into_iter().find(|(name, _)| name == "admin-notes");
    // Rounds at this time of day: the first one stays open for a whole day.
    let time = sandbox.clock().now().format("%H:%M").to_string();
    let mut options = vec![
        json!({"name": "channel", "value": study}),
        json!({"name": "time", "value": time}),
        json!({"name": "zone", "value": "UTC"}),
        json!({"name": "weekdays", "value": "daily"}),
        json!({"name": "pin", "value": true}),
    ];
    if let Some((_, id)) = notes {
        options.push(json!({"name": "notices", "value": id.to_string()}));
    }
    for call in [json!({"name": "setup", "options": options}), json!({"name": "post"})] {
        let reply = admin
            .command(sandbox.study_channel_id(), "study", Value::Array(vec![call.clone()]))
            .await?;
        if reply.failed {
            bail!("`/study {}` was not answered", call["name"].as_str().unwrap_or_default());
        }
    }
    Ok(())
}

/// The database file, and its temporary folder if it has one.
fn database(file: Option<PathBuf>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    match file {
        Some(file) => Ok((file, None)),
        None => {
            let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
            Ok((folder.path().join("studyhall.db"), Some(folder)))
        }
    }
}
