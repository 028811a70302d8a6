//! Where the log goes: standard error.

use crate::config::{LogConfig, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The client libraries speak of requests and payloads at `info` and below; nothing of that belongs
/// into an operator's log unless asked for. The shard runner warns of every orderly goodbye.
const QUIET: &str =
    "serenity=warn,serenity::gateway::bridge::shard_runner=error,poise=warn,hyper=warn,sqlx=warn";

/// Starts logging.
pub(super) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = match config.filter.as_str() {
        // Nothing at all, then.
        "off" => EnvFilter::try_new("off")?,
        filter => EnvFilter::try_new(format!("{QUIET},{filter}"))?,
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colours are for people; in a journal or a file they are noise.
        .with_ansi(std::io::stderr().is_terminal());
    match config.format {
        LogFormat::Text => log.finish().try_init()?,
        LogFormat::Json => log.json().finish().try_init()?,
    }
    Ok(())
}
