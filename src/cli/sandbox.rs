//! `studyhall sandbox`: the sandbox Discord alone, for a bot in another process.

use super::bot::asked_to_stop;
use super::{Failed, SandboxArgs, ServerArgs, logging, seed};
use crate::config::LogConfig;
use crate::sandbox::{Options, Sandbox, SimClock, start};
use anyhow::Context as _;

pub(super) async fn sandbox(args: SandboxArgs) -> Result<(), Failed> {
    logging::start(&LogConfig { filter: "warn".to_owned(), ..LogConfig::default() })?;
    let json = args.server.json;
    let clock = match args.server.clock.clone() {
        Some(choice) => choice.simulated()?,
        None => SimClock::system(),
    };
    let sandbox = open(&args.server, clock).await?;
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
    asked_to_stop().await;
    sandbox.stop().await;
    Ok(())
}

/// Starts a sandbox where the options say.
pub(super) async fn open(args: &ServerArgs, clock: SimClock) -> Result<Sandbox, Failed> {
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
    Ok(start(Options {
        listener,
        clock,
        seed: seed(args.seed),
        limits: true,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await?)
}
