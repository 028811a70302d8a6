//! The command line: one file per verb. Exit codes: 0 fine, 1 the thing asked failed, 2 usage, 3 only a
//! person can fix it (token, intents).

mod backup;
pub mod bot;
mod cast;
mod check;
pub mod clock;
mod daily;
mod demo;
mod doctor;
mod health;
pub mod killable;
mod labels;
mod logging;
mod narrate;
mod proof;
mod replay;
mod run;
mod sandbox;
mod simulate;

pub use check::{Findings, examine};

use crate::config::Config;
use crate::discord::ConnectError;
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use clock::ClockChoice;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A self-hosted Discord bot for teams that study together.
///
/// Without a verb: runs the bot if there is a config.toml here, else the demo.
#[derive(Debug, Parser)]
#[command(name = "studyhall", version)]
pub struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the bot
    Run(RunArgs),
    /// Run the bot on an embedded sandbox Discord: no token, no account, no network
    Demo(DemoArgs),
    /// Run the sandbox Discord alone
    Sandbox(SandboxArgs),
    /// Let the bot live through simulated days, with kills and faults, and judge what came of it
    Simulate(SimulateArgs),
    /// Check configuration and question packs: every problem with file and line
    Check(CheckArgs),
    /// Check everything the bot needs, whether it runs or not: one line each, with what to do
    Doctor(DoctorArgs),
    /// Copy the database to a file, also while the bot runs
    Backup(BackupArgs),
    /// Put a backup in the place of the database, which is kept; the bot must be stopped
    Restore(RestoreArgs),
}

#[derive(Debug, Default, Args)]
struct RunArgs {
    /// The configuration file [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A Discord-compatible server instead of Discord (plain http only to a loopback address)
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// The root of all chance, to repeat a run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// START@RATE, START@manual or follow; only with a loopback --api
    #[arg(long, value_name = "CLOCK", requires = "api")]
    clock: Option<ClockChoice>,
    /// Begin with an empty database where there was one and it is gone
    #[arg(long)]
    new_database: bool,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// The configuration file [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep the database in this file [default: a temporary one]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
struct SandboxArgs {
    /// The guilds, members, roles and channels to begin with, as TOML [default: one study guild]
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Write what is asked, answered and told to this file, as JSON lines without secrets
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Let the members of a record act once more, compare what the bot does, and end
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    replay: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
struct ServerArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Print one JSON object that describes the place, and act on nothing
    #[arg(long)]
    json: bool,
    /// The root of all chance, to repeat a run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// START@RATE (2026-11-23T07:59:00Z@3600: simulated seconds per real second) or START@manual
    #[arg(long, value_name = "CLOCK")]
    clock: Option<ClockChoice>,
}

#[derive(Debug, Args)]
struct SimulateArgs {
    /// The configuration file: packs, lateness, points [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The first day
    #[arg(long, value_name = "DATE", default_value = "2026-01-01")]
    from: NaiveDate,
    /// How many days
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: u32,
    /// How many guilds, each with a study channel of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    guilds: u32,
    /// How much goes wrong
    #[arg(long, value_enum, default_value_t = simulate::Faults::Calm)]
    faults: simulate::Faults,
    /// The root of all chance, to repeat a run as closely as threads allow
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Kill the bot so often, in study time (6h, 90m); it is started again
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    kill_every: Option<Duration>,
    /// Make this folder and leave the bot's database there, to look into what broke
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// What of the bot's log to show, as the configuration's `filter` does
    #[arg(long, value_name = "FILTER", default_value = "off")]
    log: String,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The configuration file [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Also list questions that turned out easier or harder than their labels; no reason to fail
    #[arg(long)]
    stats: bool,
    /// The database with the answers [default: that of the configuration]
    #[arg(long, value_name = "FILE", requires = "stats")]
    database: Option<PathBuf>,
    /// Also run every program of the packs, and compare with what it promises
    #[arg(long)]
    run: bool,
    /// The Python interpreter for --run [default: python3 or python on the path]
    #[arg(long, value_name = "COMMAND", requires = "run")]
    python: Option<String>,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    /// The configuration file [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A Discord-compatible server instead of Discord (plain http only to a loopback address)
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// The clock of the bot, as for `run`; only with a loopback --api
    #[arg(long, value_name = "CLOCK", requires = "api")]
    clock: Option<ClockChoice>,
}

#[derive(Debug, Args)]
struct BackupArgs {
    /// Where the copy is put
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The configuration file, which names the database [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Replace a file of that name
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The configuration file, which names the database [default: config.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why a verb failed.
enum Failed {
    /// The thing asked failed: exit code 1.
    Asked(anyhow::Error),
    /// The options do not fit together: exit code 2.
    Usage(String),
}

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Asked(error.into())
    }
}

impl Cli {
    /// Runs the verb to its end.
    pub fn carry_out(self) -> ExitCode {
        let done = match self.verb {
            None if Config::find(None).is_some() => run_async(run::run(RunArgs::default())),
            None => {
                logging::say(
                    "No config.toml here, so this is the demo. To run for real: copy \
                     config.example.toml to config.toml, set DISCORD_TOKEN, start again.\n",
                );
                run_async(demo::demo(DemoArgs {
                    config: None,
                    database: None,
                    server: ServerArgs::default(),
                }))
            }
            Some(Verb::Run(args)) => run_async(run::run(args)),
            Some(Verb::Demo(args)) => run_async(demo::demo(args)),
            Some(Verb::Sandbox(args)) => run_async(sandbox::sandbox(args)),
            Some(Verb::Simulate(args)) => run_async(simulate::simulate(args)),
            Some(Verb::Doctor(args)) => match run_async(doctor::doctor(args)) {
                Ok(examined) => return examined,
                Err(failed) => Err(failed),
            },
            Some(Verb::Backup(args)) => run_async(backup::backup(args)),
            Some(Verb::Restore(args)) => run_async(backup::restore(args)),
            Some(Verb::Check(args)) => {
                let checked = check::check(&args);
                if !args.stats {
                    return checked;
                }
                let (config, database) = (args.config.as_deref(), args.database.as_deref());
                match run_async(labels::labels(config, database)) {
                    Ok(()) => return checked,
                    failed => failed,
                }
            }
        };
        let exit = match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failed::Asked(error)) => {
                logging::say(&format!("studyhall: {error:#}"));
                ExitCode::from(code(&error))
            }
            Err(Failed::Usage(sentence)) => {
                logging::say(&format!("studyhall: {sentence}"));
                ExitCode::from(2)
            }
        };
        logging::finish();
        exit
    }
}

/// The exit code of a failure: 3 where starting again is of no use, so that a service manager doesn't do
/// it (each start says IDENTIFY, and Discord takes the token away from a bot that says too many).
fn code(error: &anyhow::Error) -> u8 {
    let for_a_person = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<ConnectError>().is_some_and(ConnectError::needs_a_person)
    };
    if error.chain().any(for_a_person) { 3 } else { 1 }
}

impl Default for ServerArgs {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), json: false, seed: None, clock: None }
    }
}

fn run_async<T, E: From<std::io::Error>>(verb: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Two are enough for a bot; more only cost memory.
        .worker_threads(2)
        .enable_all()
        .build()?;
    let done = runtime.block_on(verb);
    // What is still blocking (a name look-up, a file) must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done
}

/// The seed given, or one from the system.
#[expect(clippy::disallowed_methods, reason = "this is the one place where chance enters")]
fn seed(given: Option<u64>) -> u64 {
    given.unwrap_or_else(rand::random)
}

#[cfg(test)]
mod tests {
    use super::{ConnectError, code};
    use anyhow::Context as _;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn exit_codes() {
        let ended = |error: ConnectError| code(&anyhow::Error::from(error));
        for error in [
            ConnectError::Token,
            ConnectError::Intents,
            ConnectError::Sharding,
            ConnectError::Version,
        ] {
            assert_eq!(ended(error), 3);
        }
        assert_eq!(ended(ConnectError::Hangs(10)), 1);
        assert_eq!(ended(ConnectError::Ended("x".to_owned())), 1);
        assert_eq!(code(&anyhow::anyhow!("the disk is gone")), 1);
        let wrapped = Err::<(), _>(ConnectError::Token).context("the commands").unwrap_err();
        assert_eq!(code(&wrapped), 3, "whatever was being done");
    }
}
