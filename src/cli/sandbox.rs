//! `studyhall sandbox`: the sandbox Discord alone, for a bot in another process.

use super::bot::asked_to_stop;
use super::replay::replay;
use super::{Failed, SandboxArgs, ServerArgs, logging, seed};
use crate::config::LogConfig;
use crate::sandbox::record::{self, Line};
use crate::sandbox::{Options, Place, Sandbox, SimClock, start_at};
use anyhow::Context as _;
use std::fs::File;
use std::path::Path;

pub(super) async fn sandbox(args: SandboxArgs) -> Result<(), Failed> {
    logging::start(&LogConfig { filter: "warn".to_owned(), ..LogConfig::default() })?;
    let json = args.server.json;
    let clock = match args.server.clock.clone() {
        Some(choice) => choice.simulated()?,
        None => SimClock::system(),
    };
    let lines = args.replay.as_deref().map(lines_of).transpose()?;
    let place = match &args.seed_file {
        Some(file) => place_of(file)?,
        None => Place::default(),
    };
    let sandbox = open(&args.server, clock, &place).await?;
    if let Some(file) = &args.record {
        let opened =
            File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
        record::record(&sandbox, opened)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if json {
        println!("{}", sandbox.description());
    } else {
        println!("A sandbox Discord is listening.\n");
        println!("  page     {}", sandbox.page());
        println!("  api      {}", sandbox.api());
        println!("  gateway  {}", sandbox.gateway());
        println!("\nThe page lets you be any of its members. To let the bot in:\n");
        println!("  DISCORD_TOKEN={} studyhall run --api {}", sandbox.bot_token(), sandbox.api());
        println!("\nCtrl-C ends it; nothing is kept.");
    }
    let played = match &lines {
        Some(lines) => tokio::select! {
            played = replay(&sandbox, lines) => Some(played),
            () = asked_to_stop() => None,
        },
        None => {
            asked_to_stop().await;
            None
        }
    };
    sandbox.stop().await;
    let Some(found) = played.transpose()? else { return Ok(()) };
    // With --json standard output has one line, and that is said.
    if json {
        eprintln!("{found}")
    } else {
        println!("\n{found}")
    }
    if found.different.is_empty() {
        Ok(())
    } else {
        Err(Failed::Asked(anyhow::anyhow!("the bot did something else than recorded")))
    }
}

fn lines_of(file: &Path) -> Result<Vec<Line>, Failed> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let lines = record::read(&text);
    Ok(lines.map_err(|error| anyhow::anyhow!("the record {name} cannot be used: {error}"))?)
}

/// Starts a sandbox where the options say.
pub(super) async fn open(
    args: &ServerArgs,
    clock: SimClock,
    place: &Place,
) -> Result<Sandbox, Failed> {
    let listener = std::net::TcpListener::bind(args.listen).with_context(|| {
        format!(
            "cannot listen on {}. Is something else listening there? `--listen 127.0.0.1:0` takes \
             a free port",
            args.listen
        )
    })?;
    if !args.listen.ip().is_loopback() {
        eprintln!(
            "WARNING: listening on {}, which other computers may reach. The sandbox is made for \
             one person on one computer; whoever reaches it can read and write everything in it.",
            args.listen
        );
    }
    let options = Options {
        listener,
        clock,
        seed: seed(args.seed),
        limits: true,
        extra_hosts: Vec::new(),
        content_intent: true,
    };
    Ok(start_at(options, place).await?)
}

fn place_of(file: &Path) -> Result<Place, Failed> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let place = Place::parse(&text);
    Ok(place.map_err(|error| anyhow::anyhow!("the seed file {name} cannot be used: {error}"))?)
}
