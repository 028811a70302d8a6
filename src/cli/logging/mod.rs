//! The log, on standard error. It can't hurt: a reader that has gone, a full pipe or a full disk costs
//! lines and nothing else, and no filter shows a secret.

mod writer;

use crate::config::{LogConfig, LogFormat};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal as _, Write as _};
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, filter::FilterExt as _, fmt, registry};
use writer::LogWriter;

/// How long the end of the program waits for the last lines to be written.
const FLUSH: Duration = Duration::from_secs(1);

/// The log of this process, once it was started.
static WRITER: OnceLock<LogWriter> = OnceLock::new();

/// The most that each target may log, whatever filter the configuration sets. The client libraries
/// write tokens, payloads and addresses with tokens below `warn`, in the modules at `error` even there;
/// those that aren't named here may do the same in their next release.
const CEILINGS: [(&str, LevelFilter); 10] = [
    ("studyhall", LevelFilter::TRACE),
    ("sqlx", LevelFilter::TRACE),
    ("rustls", LevelFilter::DEBUG),
    // Interactions' tokens stand in the addresses that it warns about.
    ("serenity::http", LevelFilter::ERROR),
    // It warns with the whole payload.
    ("serenity::gateway::ws", LevelFilter::ERROR),
    // It warns of every orderly goodbye.
    ("serenity::gateway::bridge::shard_runner", LevelFilter::ERROR),
    ("tungstenite", LevelFilter::ERROR),
    ("tokio_tungstenite", LevelFilter::ERROR),
    // They warn several times per picture of a name with an emoji.
    ("usvg", LevelFilter::ERROR),
    ("resvg", LevelFilter::ERROR),
];

/// Starts logging, of panics too.
pub(super) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let ceilings = Targets::new().with_default(LevelFilter::WARN).with_targets(CEILINGS);
    let writer = LogWriter::start(std::io::stderr())?;
    let layer = fmt::layer()
        .with_writer(writer.clone())
        // Colours are for people; in a journal or a file they are noise.
        .with_ansi(std::io::stderr().is_terminal())
        .with_span_events(FmtSpan::NONE)
        // It would print, and so panic where standard error is closed.
        .log_internal_errors(false);
    let layer = match config.format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().boxed(),
    };
    registry().with(layer.with_filter(filter.and(ceilings))).try_init()?;
    // Started twice in one process, only the first would be waited for; `try_init` refuses that.
    let _set_before = WRITER.set(writer);
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed").to_owned();
        let backtrace = Backtrace::capture();
        match backtrace.status() {
            BacktraceStatus::Captured => tracing::error!(thread = name, "{panic}\n{backtrace}"),
            _ => tracing::error!(thread = name, "{panic}"),
        }
    }));
    Ok(())
}

/// Says something on standard error that isn't part of the log, such as why the program ends.
/// Never panics, and never waits for long for a reader.
pub(super) fn say(sentence: &str) {
    match WRITER.get() {
        Some(writer) => {
            let mut writer = writer.clone();
            // A line that finds no room is counted there.
            let _counted = writer.write_all(format!("{sentence}\n").as_bytes());
        }
        None => {
            // If nobody can read it, there is nobody to tell.
            let _unread = writeln!(std::io::stderr(), "{sentence}");
        }
    }
}

/// Writes what waits, as far as somebody reads it.
pub(super) fn finish() {
    if let Some(writer) = WRITER.get() {
        writer.flush_within(FLUSH);
    }
}
