//! `studyhall run`: the bot, on Discord or on any compatible server.

use super::bot::{Bot, Parts, asked_to_stop, start};
use super::{Failed, RunArgs, clock, daily, logging, seed};
use crate::bank::{Bank, Problem, Severity};
use crate::config::{Config, TOKEN_VARIABLE};
use crate::discord::Link;
use crate::engine::Engine;
use crate::engine::limits::Limits;
use crate::store::Store;
use anyhow::Context as _;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(args: RunArgs) -> Result<(), Failed> {
    let server = destination(args.api.as_deref(), args.clock.is_some())?;
    let config = Config::load(args.config.as_deref())?;
    logging::start(&config.log)?;
    let variable = std::env::var(TOKEN_VARIABLE).ok();
    let token = config.discord.token(variable.as_deref())?;
    if let Some(warning) = &token.warning {
        tracing::warn!("{warning}");
    }
    let bank = load_bank(&config)?;
    let stop = CancellationToken::new();
    let clock = clock::of(args.clock, server.as_deref(), stop.clone()).await?;
    let mut hangup = hear_hangups()?;
    if args.new_database {
        Store::create(&config.database.path).await?;
    }
    let starting = start(Parts {
        database: config.database.path.clone(),
        bank,
        rounds: config.rounds.clone(),
        points: config.points.clone(),
        link: Link { token: token.secret, api: server, client: None, paced: true },
        clock,
        seed: seed(args.seed),
        min_free_mib: config.database.min_free_mib,
        limits: Limits::default(),
    });
    // While Discord can't be reached this takes as long as the outage.
    let bot = tokio::select! {
        started = starting => started?,
        () = asked_to_stop() => return Ok(()),
    };
    tokio::select! {
        () = bot.ended() => {}
        () = asked_to_stop() => tracing::info!("stopping"),
        () = read_packs_when_asked(&mut hangup, &config, &bot) => {}
        () = daily::copies(&config.database, bot.store()) => {}
    }
    let stopped = bot.stop().await;
    stop.cancel();
    Ok(stopped?)
}

#[cfg(unix)]
type Hangup = tokio::signal::unix::Signal;
#[cfg(not(unix))]
type Hangup = ();

/// From here on SIGHUP does not end the process.
#[cfg(unix)]
fn hear_hangups() -> anyhow::Result<Hangup> {
    let kind = tokio::signal::unix::SignalKind::hangup();
    tokio::signal::unix::signal(kind).context("SIGHUP cannot be heard")
}

#[cfg(not(unix))]
fn hear_hangups() -> anyhow::Result<Hangup> {
    Ok(())
}

/// Reads the packs again at every SIGHUP, without end. A pack that is broken anywhere changes
/// nothing: the bot goes on with what it has.
#[cfg(unix)]
async fn read_packs_when_asked(hangup: &mut Hangup, config: &Config, bot: &Bot) {
    while hangup.recv().await.is_some() {
        let questions = config.questions.clone();
        // Many files are read, and so not on a thread that others wait for.
        let read = move || Bank::load(questions.embedded, &questions.folders);
        match tokio::task::spawn_blocking(read).await {
            Ok((bank, problems)) => take_over(bot.engine(), bank, &problems),
            Err(error) => tracing::error!(%error, "reading the packs broke off"),
        }
    }
    std::future::pending().await
}

/// There is no such signal here; packs are read at the start.
#[cfg(not(unix))]
async fn read_packs_when_asked(_: &mut Hangup, _: &Config, _: &Bot) {
    std::future::pending().await
}

#[cfg(unix)]
fn take_over(engine: &Engine, bank: Bank, problems: &[Problem]) {
    for problem in problems {
        tracing::warn!("{problem}");
    }
    let before = engine.bank().len();
    if problems.iter().any(|problem| problem.severity != Severity::Warning) {
        tracing::error!(
            "the packs have problems, so the bot goes on with what it has (questions: {before}). Mend \
             them (`studyhall check` lists them all) and send SIGHUP again"
        );
    } else {
        tracing::info!(before, now = bank.len(), "the packs were read again");
        engine.set_bank(Arc::new(bank));
    }
}

/// Loads the packs; what is wrong with single questions is logged and leaves them out.
pub(super) fn load_bank(config: &Config) -> anyhow::Result<Arc<Bank>> {
    let (bank, problems) = Bank::load(config.questions.embedded, &config.questions.folders);
    let mut fatal = Vec::new();
    for problem in problems {
        match problem.severity {
            Severity::Fatal => fatal.push(problem.to_string()),
            _ => tracing::warn!("{problem}"),
        }
    }
    if !fatal.is_empty() {
        anyhow::bail!("{}", fatal.join("\n"));
    }
    Ok(Arc::new(bank))
}

/// The server that `--api` names, without `/api/v10`. Simulated time is for one on this computer.
pub(super) fn destination(api: Option<&str>, simulated: bool) -> Result<Option<String>, Failed> {
    let api = api.map(address).transpose().map_err(Failed::Usage)?;
    if simulated && !api.as_ref().is_some_and(|api| api.loopback) {
        return Err(Failed::Usage(
            "`--clock` simulates time, so it works only with a loopback `--api`".to_owned(),
        ));
    }
    Ok(api.map(|api| api.server))
}

/// Where `--api` leads.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    /// Without `/api/v10`.
    server: String,
    loopback: bool,
}

fn address(given: &str) -> Result<Address, String> {
    let bad = |why: &str| format!("`--api {given}`: {why}");
    let url = reqwest::Url::parse(given)
        .map_err(|error| bad(&format!("{error}; write it like http://127.0.0.1:8080")))?;
    let host = url.host_str().ok_or_else(|| bad("there is no host in it"))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback =
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(bad(
                "plain http would send the token readable; use https, or a loopback address",
            ));
        }
        _ => return Err(bad("only http and https are spoken")),
    }
    if !matches!(url.path().trim_end_matches('/'), "" | "/api" | "/api/v10") {
        return Err(bad("the path must be empty, /api or /api/v10"));
    }
    if url.query().is_some() || !url.username().is_empty() {
        return Err(bad("neither a query nor a user name belongs there"));
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(Address { server: format!("{}://{host}{port}", url.scheme()), loopback })
}

/// Reads the configuration for a verb that needs no token.
pub(super) fn config_of(path: Option<&std::path::Path>) -> anyhow::Result<Config> {
    Config::load(path).context("the configuration cannot be used")
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses() {
        for (given, server, loopback) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("http://127.0.0.1:8080/api/v10", "http://127.0.0.1:8080", true),
            ("http://localhost:1/api/v10/", "http://localhost:1", true),
            ("http://[::1]:9", "http://[::1]:9", true),
            ("https://example.org/api", "https://example.org", false),
        ] {
            let found = address(given).unwrap();
            assert_eq!((found.server.as_str(), found.loopback), (server, loopback), "{given}");
        }
        for refused in [
            "http://example.org",
            "ftp://127.0.0.1",
            "127.0.0.1:80",
            "http://127.0.0.1/other",
            "http://user@127.0.0.1",
            "https://example.org/api/v10?x=1",
        ] {
            assert!(address(refused).is_err(), "{refused}");
        }
    }
}
