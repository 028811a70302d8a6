//! What is wrong with a pack, and where.

use crate::domain::text::printable;
use std::fmt;

/// What a problem means for starting the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look; nothing is left out because of it.
    Warning,
    /// Must be mended. A question whose own file has one is left out of the bank.
    Error,
    /// The bot must not start: a folder the operator named is not there, or no question is left.
    Fatal,
}

/// One thing wrong with one file or folder, as one sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// The file or folder as the operator can find it; empty when no single one is to blame.
    pub path: String,
    /// The line, counted from 1; `None` when the whole file or folder is meant.
    pub line: Option<u32>,
    /// What is wrong and what to do about it.
    pub message: String,
    /// What it means for starting the bot.
    pub severity: Severity,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str(&printable(&self.path))?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        // What a program printed may be of several lines.
        let lines: Vec<String> = self.message.split('\n').map(printable).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Gathers the problems of one file.
#[derive(Debug)]
pub(super) struct Report {
    path: String,
    problems: Vec<Problem>,
}

impl Report {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), problems: Vec::new() }
    }

    /// Adds an error on a line.
    pub(super) fn error(&mut self, line: u32, message: impl Into<String>) {
        self.add(Some(line), Severity::Error, message);
    }

    /// Adds an error that concerns the whole file.
    pub(super) fn whole(&mut self, message: impl Into<String>) {
        self.add(None, Severity::Error, message);
    }

    /// Adds a problem of any severity.
    pub(super) fn add(
        &mut self,
        line: Option<u32>,
        severity: Severity,
        message: impl Into<String>,
    ) {
        self.problems.push(Problem {
            path: self.path.clone(),
            line,
            message: message.into(),
            severity,
        });
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}
