//! `studyhall check`: everything wrong with the configuration and the packs, in one go.

use super::CheckArgs;
use super::proof::{self, Proof, Python};
use crate::bank::{Bank, Examined, Problem, Program, Severity};
use crate::config::{Config, ConfigProblem};
use crate::discord::say;
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
pub(super) fn check(args: &CheckArgs) -> ExitCode {
    let runs = args.run.then_some(args.python.as_deref());
    let findings = find(args.config.as_deref(), runs);
    let mut out = io::stdout().lock();
    for line in &findings.lines {
        // Whoever closed the pipe has read enough; the exit code still tells.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    if findings.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Finds everything wrong with the configuration and the packs it names, without printing.
pub fn examine(config_path: Option<&Path>) -> Findings {
    find(config_path, None)
}

/// `runs`: whether programs are run too, and by which interpreter if one is named.
fn find(config_path: Option<&Path>, runs: Option<Option<&str>>) -> Findings {
    let (config, config_problems) = Config::read(config_path);
    let Examined { bank, mut problems, programs, never_run, places } =
        Bank::examine(config.questions.embedded, &config.questions.folders);
    let as_error = |problem| placed(problem, Severity::Error);
    problems.extend(config_problems.into_iter().map(as_error));
    problems.extend(files_named(&config));
    for question in bank.iter() {
        let Some((path, line)) = places.get(&question.id) else { continue };
        problems.extend(say::round::cut_parts(question).into_iter().map(|message| Problem {
            path: path.clone(),
            line: Some(*line),
            message,
            severity: Severity::Error,
        }));
    }
    let mut proven = None;
    if let Some(python) = runs {
        match super::run_async(prove(python, &programs, never_run)) {
            Ok(proof) => {
                problems.extend(proof.problems);
                proven = Some(proof.summary);
            }
            Err(error) => problems.push(Problem {
                path: String::new(),
                line: None,
                message: format!("{error:#}"),
                severity: Severity::Error,
            }),
        }
    }
    problems.sort();

    let is_warning = |problem: &&Problem| problem.severity == Severity::Warning;
    let warnings = problems.iter().filter(is_warning).count();
    let errors = problems.len() - warnings;
    let mut lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.extend(proven);
    lines.push(summary(&bank, errors, warnings));
    Findings { lines, passed: errors == 0 }
}

async fn prove(python: Option<&str>, programs: &[Program], never: usize) -> anyhow::Result<Proof> {
    let python = Python::find(python).await?;
    proof::prove(&python, programs, never).await
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
    if database.is_dir() {
        problems.push(Problem {
            path: database.display().to_string(),
            line: None,
            message: "is a folder, but the database is a file; correct `path` in [database]"
                .to_owned(),
            severity: Severity::Error,
        });
    }
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
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

#[cfg(test)]
mod tests {
    use super::{Findings, examine};
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    /// Examines a configuration in a temporary folder beside the test packs; shows what was found
    /// with that folder's path left out.
    fn found(config: &str, files: &[(&str, &str)]) -> (bool, String) {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/packs");
        let config = config.replace("PACKS", &packs.display().to_string());
        let path = folder.path().join("config.toml");
        fs::write(&path, config).unwrap();
        let Findings { lines, passed } = examine(Some(&path));
        let shown = lines.join("\n");
        let prefix = format!("{}/", folder.path().display());
        (passed, shown.replace(&prefix, ""))
    }

    #[test]
    fn a_sound_configuration_passes() {
        let (passed, shown) = found("[questions]\nembedded = false\nfolders = [\"PACKS\"]\n", &[]);
        assert!(passed);
        insta::assert_snapshot!(shown, @"2 questions in 2 topics of 1 pack, no problems");
    }

    #[test]
    fn every_problem_is_shown_sorted_and_counted() {
        let config = "[questions]\nembedded = false\nfolders = [\"PACKS\", \"mine\", \"gone\"]\n\
                      [rounds]\nfoo = 1\nlateness_minutes = 0\n\
                      [discord]\ntoken_file = \"token.txt\"\n\
                      [database]\npath = \"nowhere/studyhall.db\"\n";
        let (passed, shown) = found(config, &[("mine/a/t/q.md", ""), ("mine/note.txt", "")]);
        assert!(!passed);
        insta::assert_snapshot!(shown, @r"
        config.toml:5: unknown key `foo` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
        config.toml:6: `lateness_minutes` in [rounds] must be a whole number from 1 to 1440
        gone: this folder of questions cannot be read (it is not there); correct `folders` in [questions]
        mine/a: the pack has no `pack.toml` with `title`, `description`, `language`, `licence`
        mine/a/t/q.md: is empty
        mine/note.txt: warning: is not read; only `pack.toml` and questions ending in `.md` are
        nowhere/studyhall.db: the folder of the database is not there; make it or correct `path` in [database]
        token.txt: the token file cannot be read (it is not there); correct `token_file` in [discord] or put the bot's token into this file
        2 questions in 2 topics of 1 pack, 7 problems, 1 warning
        ");
    }

    #[test]
    fn a_warning_is_shown_and_passes() {
        let config = "[questions]\nembedded = false\nfolders = [\"PACKS\", \"mine\"]\n";
        let sound = include_str!("../../tests/data/packs/small/basics/default-arguments.md");
        let pack = include_str!("../../tests/data/packs/small/pack.toml");
        let files = [("mine/a/t/q.md", sound), ("mine/a/pack.toml", pack), ("mine/note.txt", "")];
        let (passed, shown) = found(config, &files);
        assert!(passed);
        insta::assert_snapshot!(shown, @r"
        mine/note.txt: warning: is not read; only `pack.toml` and questions ending in `.md` are
        3 questions in 3 topics of 2 packs, no problems, 1 warning
        ");
    }

    #[test]
    fn a_folder_is_no_database() {
        let config = "[database]\npath = \"data\"\n[questions]\nembedded = false\n\
                      folders = [\"PACKS\"]\n";
        let (passed, shown) = found(config, &[("data/file", "")]);
        assert!(!passed);
        insta::assert_snapshot!(shown, @r"
        data: is a folder, but the database is a file; correct `path` in [database]
        2 questions in 2 topics of 1 pack, 1 problem
        ");
    }

    #[test]
    fn a_missing_configuration_fails() {
        let folder = TempDir::new().unwrap();
        let found = examine(Some(&folder.path().join("none.toml")));
        assert!(!found.passed);
        assert!(found.lines.iter().any(|line| line.contains("none.toml: ")), "{found:?}");
    }
}
