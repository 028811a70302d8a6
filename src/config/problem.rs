//! What is wrong with a configuration. No sentence here ever quotes a value, since any value may
//! be a secret in the wrong place.

use crate::domain::text::printable;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// One thing wrong with the configuration, as one sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    /// The configuration file, or a file that it names.
    pub path: PathBuf,
    /// The line, counted from 1; `None` when the whole file is meant.
    pub line: Option<u32>,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl ConfigProblem {
    pub(super) fn whole(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a file there is only the environment to speak of.
        if !self.path.as_os_str().is_empty() {
            f.write_str(&printable(&self.path.display().to_string()))?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        let lines: Vec<String> = self.message.split('\n').map(printable).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// The system's reason, in words that fit into a sentence.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        other => other.to_string(),
    }
}

/// Why the bot cannot start with this configuration: every reason, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// In the order of the file; never empty.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<ConfigProblem> for ConfigError {
    fn from(problem: ConfigProblem) -> Self {
        Self { problems: vec![problem] }
    }
}
