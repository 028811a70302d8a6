//! `studyhall check`: everything wrong with the configuration and the packs, in one go.

use crate::bank::{Bank, Problem, Severity};
use crate::config::{Config, ConfigProblem};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// One line for each problem, sorted by place, then the summary.
    pub lines: Vec<String>,
    /// Whether there was no problem; warnings do not count.
    pub passed: bool,
}

/// Examines the configuration (found as [`Config::find`] does) and the packs it names, and prints
/// what it found to standard output. The exit code is 1 if there was a problem, else 0.
pub fn check(config_path: Option<&Path>) -> ExitCode {
    let findings = examine(config_path);
    let mut out = io::stdout().lock();
    for line in &findings.lines {
        // Whoever closed the pipe has read enough; the exit code still tells.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    if findings.passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Like [`check`], without printing.
pub fn examine(config_path: Option<&Path>) -> Findings {
    let (config, config_problems) = Config::read(config_path);
    let (bank, mut problems) = Bank::load(config.questions.embedded, &config.questions.folders);
    let as_error = |problem| placed(problem, Severity::Error);
    problems.extend(config_problems.into_iter().map(as_error));
    problems.extend(files_named(&config));
    problems.sort();

    let is_warning = |problem: &&Problem| problem.severity == Severity::Warning;
    let warnings = problems.iter().filter(is_warning).count();
    let errors = problems.len() - warnings;
    let mut lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.push(summary(&bank, errors, warnings));
    Findings {
        lines,
        passed: errors == 0,
    }
}

/// What is wrong with the files, other than packs, that the configuration names.
fn files_named(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    // No token at all is no problem here: packs can be checked without one, and the environment
    // of a check is seldom that of the bot.
    if config.discord.token_file.is_some() {
        match config.discord.token(None) {
            Ok(token) => problems.extend(token.warning.map(|w| placed(w, Severity::Warning))),
            Err(error) => {
                let as_error = |problem| placed(problem, Severity::Error);
                problems.extend(error.problems.into_iter().map(as_error));
            }
        }
    }
    let database = &config.database.path;
    let folder = database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        problems.push(Problem {
            path: database.display().to_string(),
            line: None,
            message: "the folder of the database is not there; make it or correct `path` in \
                      [database]"
                .to_owned(),
            severity: Severity::Error,
        });
    }
    problems
}

fn placed(problem: ConfigProblem, severity: Severity) -> Problem {
    Problem {
        path: problem.path.display().to_string(),
        line: problem.line,
        message: problem.message,
        severity,
    }
}

fn summary(bank: &Bank, errors: usize, warnings: usize) -> String {
    let mut summary = format!(
        "{} in {} of {}, {}",
        counted(bank.len(), "question"),
        counted(bank.topics().len(), "topic"),
        counted(bank.packs().len(), "pack"),
        match errors {
            0 => "no problems".to_owned(),
            some => counted(some, "problem"),
        }
    );
    if warnings > 0 {
        summary.push_str(", ");
        summary.push_str(&counted(warnings, "warning"));
    }
    summary
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
