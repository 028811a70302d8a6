//! `studyhall doctor`: everything the bot needs, one line each, whether it runs or not. Changes
//! nothing.

use super::run::destination;
use super::{DoctorArgs, Failed, clock};
use crate::bank::{Bank, Severity};
use crate::config::{Config, TOKEN_VARIABLE};
use crate::discord::say::doctor::{line, summary};
use crate::discord::{Link, Visitor, stored, unnamed};
use crate::domain::checkup::{Database, Finding, STAMP_OLD, Token, Verdict};
use crate::engine::checkup::{Measure, database, examination, of_health, space, zones};
use crate::engine::clock::{StudyClock, SystemClock};
use crate::engine::health_file::HealthFile;
use crate::engine::limits::Limits;
use crate::store::{Connection, OpenError, Store, free_bytes, guilds};
use chrono::{DateTime, Utc};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Examines everything, and prints what it found to standard output as it comes. The exit code is
/// 1 if anything is red, else 0.
///
/// # Errors
/// When the options do not fit together.
pub(super) async fn doctor(args: DoctorArgs) -> Result<ExitCode, Failed> {
    let server = destination(args.api.as_deref(), args.clock.is_some())?;
    let stop = CancellationToken::new();
    let clock = clock::of(args.clock, server.as_deref(), stop.clone()).await?;
    let mut report = Report::default();
    let (config, problems) = Config::read(args.config.as_deref());
    if problems.is_empty() {
        report.add(Finding::Configuration(None));
    }
    for problem in problems {
        report.add(Finding::Configuration(Some(problem.to_string())));
    }
    let (bank, problems) = Bank::load(config.questions.embedded, &config.questions.folders);
    let problems = problems.iter().filter(|one| one.severity != Severity::Warning).count();
    report.add(Finding::Packs { questions: bank.len(), problems });
    let path = &config.database.path;
    let (mut db, state) = look(path).await;
    report.add(Finding::Database(state));
    report.add(space(free_bytes(path), config.database.min_free_mib));
    let age = Store::last_backup(path).map(|backup| SystemClock.now() - backup.at);
    report.add(Finding::Backup { age, daily: config.database.backups.is_some() });
    let holder = Store::holder(path);
    let running = holder.is_some();
    let pid = holder.as_ref().and_then(|who| who.as_ref()).map(|who| who.pid);
    report.add(Finding::Bot(holder.map(|who| {
        who.map_or_else(|| "it does not say which process".to_owned(), |who| who.to_string())
    })));
    if running {
        report.add_all(by_health_file(&HealthFile::beside(path), pid, SystemClock.now()));
    }
    report.add(zones(clock.now()));
    let visitor = visit(&config, server, clock.as_ref(), &mut report).await;
    if let Some(visitor) = &visitor {
        report.add_all(visitor.of_bot(running).await);
    }
    if let Some(db) = &mut db
        && let Err(error) =
            study_channels(db, &config, &bank, visitor.as_ref(), clock.as_ref(), &mut report).await
    {
        report.add(Finding::Unchecked { what: "Study channels", why: format!("{error:#}") });
    }
    stop.cancel();
    Ok(report.end())
}

/// How the running bot is, by its own account. `pid`: its process, if that is known.
fn by_health_file(file: &HealthFile, pid: Option<u32>, now: DateTime<Utc>) -> Vec<Finding> {
    let report = match file.read() {
        // One that an earlier process left says nothing of this one.
        Ok(report) => report.filter(|report| pid.is_none_or(|pid| pid == report.pid)),
        Err(error) => {
            let why = format!("{} cannot be read: {error}", file.path().display());
            return vec![Finding::Unchecked { what: "Health file", why }];
        }
    };
    let Some(report) = report else { return vec![Finding::Silent { age: None }] };
    let age = now - report.stamp;
    // A stamp from the future is as old as one from the past: a clock was set.
    if age.abs() > STAMP_OLD {
        return vec![Finding::Silent { age: Some(age.abs()) }];
    }
    of_health(&report.health, now)
}

/// Opens the database for reading alone; its state.
async fn look(path: &Path) -> (Option<Connection>, Database) {
    match Store::look(path).await {
        Ok(mut db) => {
            let state = database(&mut db).await;
            (Some(db), state)
        }
        Err(OpenError::Missing { .. }) => (None, Database::Missing),
        Err(OpenError::Older { .. }) => (None, Database::Older),
        Err(error) => (None, Database::Unusable(error.to_string())),
    }
}

/// Tries the token.
async fn visit(
    config: &Config,
    api: Option<String>,
    clock: &dyn StudyClock,
    report: &mut Report,
) -> Option<Visitor> {
    let variable = std::env::var(TOKEN_VARIABLE).ok();
    let token = match config.discord.token(variable.as_deref()) {
        Ok(token) => token,
        Err(error) => {
            report.add(Finding::Token(Token::Missing(error.to_string())));
            return None;
        }
    };
    if let Some(warning) = token.warning {
        report.add(Finding::TokenFile(warning.to_string()));
    }
    let link = Link { token: token.secret, api, client: None, paced: true };
    let (visitor, found) = Visitor::open(&link, &|| clock.now()).await;
    report.add_all(found);
    visitor
}

/// Examines every study channel, one guild after the other.
async fn study_channels(
    db: &mut Connection,
    config: &Config,
    bank: &Bank,
    visitor: Option<&Visitor>,
    clock: &dyn StudyClock,
    report: &mut Report,
) -> anyhow::Result<()> {
    let warn_below = config.rounds.stock_warning_days;
    let close = Limits::default().close.trouble_after;
    let mut any = false;
    for guild in guilds::all(db).await? {
        let measure = Measure::new(warn_below, close, clock.now());
        let examined = examination(db, bank, guild, measure).await?;
        if examined.supplies.is_empty() {
            continue;
        }
        any = true;
        report.add_all(match visitor {
            Some(visitor) => visitor.of_guild(&examined).await,
            None => {
                let guild = &examined.guild;
                stored(&examined, &guild.name, unnamed(guild))
            }
        });
    }
    if !any {
        report.add(Finding::NoStudyChannel);
    } else if visitor.is_none() {
        let why = "that takes a token that works".to_owned();
        report.add(Finding::Unchecked { what: "Rights", why });
    }
    Ok(())
}

/// What was found so far.
#[derive(Default)]
struct Report {
    verdicts: Vec<Verdict>,
}

impl Report {
    fn add(&mut self, finding: Finding) {
        self.verdicts.push(finding.verdict());
        say(&line(&finding));
    }

    fn add_all(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.add(finding);
        }
    }

    fn end(self) -> ExitCode {
        say(&format!("\n{}", summary(&self.verdicts)));
        if self.verdicts.contains(&Verdict::Red) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

fn say(line: &str) {
    // Whoever closed the pipe has read enough; the exit code still tells.
    let _closed = writeln!(io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::by_health_file;
    use crate::domain::checkup::{Finding, STAMP_OLD, Verdict};
    use crate::engine::health_file::HealthFile;
    use crate::engine::vitals::Vitals;
    use chrono::TimeDelta;
    use tempfile::TempDir;

    #[test]
    fn a_bot_that_does_not_stamp_its_health_file_is_red() {
        let folder = TempDir::new().unwrap();
        let file = HealthFile::beside(&folder.path().join("study.db"));
        let own = std::process::id();
        let vitals = Vitals::default();
        file.write(&vitals.snapshot()).unwrap();
        let stamp = file.read().unwrap().unwrap().stamp;
        let second = TimeDelta::seconds(1);
        for (pid, now, silent) in [
            (Some(own), stamp, None),
            (None, stamp + STAMP_OLD, None),
            (Some(own), stamp - STAMP_OLD, None),
            (Some(own), stamp + STAMP_OLD + second, Some(Some(STAMP_OLD + second))),
            // The clock was set back by an hour, and nothing was stamped since.
            (None, stamp - TimeDelta::hours(1), Some(Some(TimeDelta::hours(1)))),
            // Of the process before.
            (Some(own + 1), stamp, Some(None)),
        ] {
            let found = by_health_file(&file, pid, now);
            match silent {
                None => {
                    assert!(found.iter().all(|one| one.verdict() == Verdict::Fine), "{found:?}")
                }
                Some(age) => assert_eq!(found, [Finding::Silent { age }]),
            }
        }
    }
}
