//! `studyhall run`: the bot, on Discord or on any compatible server.

use super::bot::{Parts, asked_to_stop, start};
use super::{Failed, RunArgs, clock, logging, seed};
use crate::bank::{Bank, Severity};
use crate::config::{Config, TOKEN_VARIABLE};
use crate::discord::Link;
use anyhow::Context as _;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(args: RunArgs) -> Result<(), Failed> {
    let api = args.api.as_deref().map(address).transpose().map_err(Failed::Usage)?;
    if args.clock.is_some() && !api.as_ref().is_some_and(|api| api.loopback) {
        return Err(Failed::Usage(
            "`--clock` simulates time, so it works only with a loopback `--api`".to_owned(),
        ));
    }
    let config = Config::load(args.config.as_deref())?;
    logging::start(&config.log)?;
    let variable = std::env::var(TOKEN_VARIABLE).ok();
    let token = config.discord.token(variable.as_deref())?;
    if let Some(warning) = &token.warning {
        tracing::warn!("{warning}");
    }
    let bank = load_bank(&config)?;
    let stop = CancellationToken::new();
    let server = api.map(|api| api.server);
    let clock = clock::of(args.clock, server.as_deref(), stop.clone()).await?;
    let bot = start(Parts {
        database: config.database.path.clone(),
        bank,
        rounds: config.rounds.clone(),
        points: config.points.clone(),
        link: Link { token: token.secret, api: server, client: None },
        clock,
        seed: seed(args.seed),
    })
    .await?;
    tokio::select! {
        () = bot.ended() => {}
        () = asked_to_stop() => tracing::info!("stopping"),
    }
    let stopped = bot.stop().await;
    stop.cancel();
    Ok(stopped?)
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
