//! `studyhall simulate`: the real bot on the sandbox, through days that pass in moments, with members
//! who study, and with whatever can go wrong; then a judgement from outside.

mod audit;
mod calendar;
mod days;
mod guild;
mod record;
mod report;
mod weather;

use super::run::{config_of, load_bank};
use super::{Failed, SimulateArgs, logging, seed};
use crate::config::LogConfig;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use clap::ValueEnum;
use days::{Plan, Simulation};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How much goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Faults {
    /// Nothing but the kills that are asked for; no rate limits
    Calm,
    /// Requests fail, the gateway stumbles, a killed bot may stay away for hours; rate limits hold
    Rough,
    /// All that more often; besides outages, missing rights, the bot kicked, members who leave, a
    /// clock that leaps, a full disk, a locked database, handshakes and sessions that get lost,
    /// requests that hang, histories that lag, things denied once, messages that can't be read
    Hostile,
}

impl Faults {
    fn word(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Rough => "rough",
            Self::Hostile => "hostile",
        }
    }
}

pub(super) async fn simulate(args: SimulateArgs) -> Result<(), Failed> {
    let config = config_of(args.config.as_deref())?;
    // What goes wrong here goes wrong on purpose, and would drown everything else.
    logging::start(&LogConfig { filter: args.log, ..LogConfig::default() })?;
    let bank = load_bank(&config)?;
    let from = args.from.and_time(NaiveTime::MIN).and_utc();
    let plan = Plan {
        from,
        days: args.days,
        guilds: args.guilds,
        faults: args.faults,
        seed: seed(args.seed),
        kill_every: args.kill_every.map(study_time).transpose()?,
        keep: args.keep,
    };
    let title = title(&plan);
    eprintln!("{title}");
    let bar = progress(plan.days);
    let report = Simulation::open(plan, &config, bank).await?.run(&bar).await;
    bar.finish_and_clear();
    let mut report = report?;
    report.title = title;
    println!("{report}");
    if report.is_kept() {
        Ok(())
    } else {
        Err(Failed::Asked(anyhow::anyhow!("the promise was broken; the report tells how")))
    }
}

fn title(plan: &Plan) -> String {
    let kills = plan
        .kill_every
        .map_or_else(String::new, |every| format!(" --kill-every {}m", every.num_minutes()));
    format!(
        "simulate --from {} --days {} --guilds {} --faults {} --seed {}{kills}",
        plan.from.date_naive(),
        plan.days,
        plan.guilds,
        plan.faults.word(),
        plan.seed
    )
}

/// The span between kills. Less than a minute would kill the bot before it is up.
fn study_time(span: Duration) -> Result<TimeDelta, Failed> {
    let span = TimeDelta::from_std(span).ok().filter(|span| *span >= TimeDelta::minutes(1));
    span.ok_or_else(|| Failed::Usage("`--kill-every` takes a minute or more".to_owned()))
}

/// A bar over the days; on a terminal only.
fn progress(days: u32) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} day {pos} of {len}, {elapsed} gone, {eta} to go");
    let bar = ProgressBar::new(days.into());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// An instant as a number, for seeds.
fn number(at: DateTime<Utc>) -> u64 {
    at.timestamp().cast_unsigned()
}
