//! The configuration file: one struct per section, every key with a default, unknown keys
//! refused. `config.example.toml` explains each key and equals the defaults; a test compares.

mod problem;
mod reader;
mod token;

pub use problem::{ConfigError, ConfigProblem};
pub use token::{TOKEN_VARIABLE, Token};

use reader::Reader;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tracing_subscriber::EnvFilter;

/// The file looked for in the working directory when none is named.
pub const DEFAULT_FILE: &str = "config.toml";

/// Everything an operator can set. `Default` is what an empty file means.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Config {
    /// `[discord]`
    pub discord: DiscordConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[questions]`
    pub questions: QuestionsConfig,
    /// `[rounds]`
    pub rounds: RoundsConfig,
    /// `[points]`
    pub points: PointsConfig,
    /// `[log]`
    pub log: LogConfig,
}

/// How to reach Discord.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DiscordConfig {
    /// The file with the bot's token, used when the environment has none.
    pub token_file: Option<PathBuf>,
}

/// Where everything is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatabaseConfig {
    /// The SQLite file; made if it is not there.
    pub path: PathBuf,
    /// The folder in which a running bot puts a copy every day; `None`: none are made.
    pub backups: Option<PathBuf>,
    /// How many of the daily copies are kept: 1 to 366.
    pub backups_kept: u32,
    /// Below how much free space on the database's disk the health check is red, in MiB: 0 (never) to
    /// 1,048,576.
    pub min_free_mib: u32,
}

/// Where questions come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuestionsConfig {
    /// Whether the packs inside the binary are used.
    pub embedded: bool,
    /// Further packs, or folders of packs.
    pub folders: Vec<PathBuf>,
}

/// How rounds are run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundsConfig {
    /// How late a round may still be posted, in minutes: 1 to 1,440.
    pub lateness_minutes: u32,
    /// How many days ahead admins hear that unasked questions run out: 0 (never) to 90.
    pub stock_warning_days: u32,
}

/// What earns how many points, each 0 to 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PointsConfig {
    /// For an answer that counts.
    pub answered: u32,
    /// For a ballot.
    pub ballot: u32,
    /// For the members' pick.
    pub pick: u32,
    /// For a right quiz answer to an easy question.
    pub quiz_easy: u32,
    /// For a right quiz answer to a medium question.
    pub quiz_medium: u32,
    /// For a right quiz answer to a hard question.
    pub quiz_hard: u32,
    /// The most that one member gets from quizzes on one day.
    pub quiz_daily: u32,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogConfig {
    /// Directives as `tracing_subscriber::EnvFilter` takes them.
    pub filter: String,
    /// The shape of a line.
    pub format: LogFormat,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("studyhall.db"),
            backups: None,
            backups_kept: 7,
            min_free_mib: 50,
        }
    }
}

impl Default for QuestionsConfig {
    fn default() -> Self {
        Self { embedded: true, folders: Vec::new() }
    }
}

impl Default for RoundsConfig {
    fn default() -> Self {
        Self { lateness_minutes: 120, stock_warning_days: 7 }
    }
}

impl Default for PointsConfig {
    fn default() -> Self {
        Self {
            answered: 2,
            ballot: 1,
            pick: 5,
            quiz_easy: 1,
            quiz_medium: 2,
            quiz_hard: 3,
            quiz_daily: 15,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Config {
    /// The file to read: the one named, else [`DEFAULT_FILE`] if it is there.
    pub fn find(named: Option<&Path>) -> Option<PathBuf> {
        match named {
            Some(path) => Some(path.to_owned()),
            None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()),
        }
    }

    /// Reads the file that [`Config::find`] gives; the defaults if there is none.
    ///
    /// # Errors
    /// When the file cannot be read or anything in it is not as it must be: all of it, at once.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let (config, problems) = Self::read(named);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    /// Like [`Config::load`], but gives what could be read (defaults for the rest) beside the
    /// problems, so that a check can go on.
    pub fn read(named: Option<&Path>) -> (Self, Vec<ConfigProblem>) {
        let Some(path) = Self::find(named) else {
            return (Self::default(), Vec::new());
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let message = "is not UTF-8 text; save the file as UTF-8";
                (Self::default(), vec![ConfigProblem::whole(&path, message)])
            }
            Err(error) => {
                let message = format!(
                    "the configuration file cannot be read ({}); correct the path or its rights",
                    problem::reason(&error)
                );
                (Self::default(), vec![ConfigProblem::whole(&path, message)])
            }
        }
    }

    /// Reads a configuration's text. `path` is for the problems, and relative paths are taken as
    /// below its folder.
    pub fn parse(path: &Path, text: &str) -> (Self, Vec<ConfigProblem>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::new(path, text);
        let config = Self {
            discord: DiscordConfig::read(&mut reader),
            database: DatabaseConfig::read(&mut reader),
            questions: QuestionsConfig::read(&mut reader),
            rounds: RoundsConfig::read(&mut reader),
            points: PointsConfig::read(&mut reader),
            log: LogConfig::read(&mut reader),
        };
        (config, reader.finish())
    }
}

impl DiscordConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut section = reader.section("discord");
        let token_file = section.path("token_file");
        section.finish();
        Self { token_file }
    }

    /// The bot's token: `variable` (the value of [`TOKEN_VARIABLE`], read by the caller) if it is
    /// set, else what the token file holds.
    ///
    /// # Errors
    /// When there is neither, or the one taken cannot be a token. The sentence names the file,
    /// never its content.
    pub fn token(&self, variable: Option<&str>) -> Result<Token, ConfigError> {
        token::find(variable, self.token_file.as_deref())
    }
}

impl DatabaseConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let path = reader.below_file(&default.path);
        let mut section = reader.section("database");
        let path = section.path("path").unwrap_or(path);
        let backups = section.path("backups");
        let backups_kept = section.number("backups_kept", default.backups_kept, 1..=366);
        let min_free_mib = section.number("min_free_mib", default.min_free_mib, 0..=1_048_576);
        section.finish();
        Self { path, backups, backups_kept, min_free_mib }
    }
}

impl QuestionsConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let mut section = reader.section("questions");
        let embedded = section.boolean("embedded", default.embedded);
        let folders = section.paths("folders");
        section.finish();
        Self { embedded, folders }
    }
}

impl RoundsConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let mut section = reader.section("rounds");
        // More than a day late would be the next day's round.
        let lateness_minutes =
            section.number("lateness_minutes", default.lateness_minutes, 1..=1_440);
        let stock_warning_days =
            section.number("stock_warning_days", default.stock_warning_days, 0..=90);
        section.finish();
        Self { lateness_minutes, stock_warning_days }
    }
}

impl PointsConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let mut section = reader.section("points");
        let answered = section.number("answered", default.answered, 0..=100);
        let ballot = section.number("ballot", default.ballot, 0..=100);
        let pick = section.number("pick", default.pick, 0..=100);
        let quiz_easy = section.number("quiz_easy", default.quiz_easy, 0..=100);
        let quiz_medium = section.number("quiz_medium", default.quiz_medium, 0..=100);
        let quiz_hard = section.number("quiz_hard", default.quiz_hard, 0..=100);
        let quiz_daily = section.number("quiz_daily", default.quiz_daily, 0..=1000);
        section.finish();
        Self { answered, ballot, pick, quiz_easy, quiz_medium, quiz_hard, quiz_daily }
    }
}

impl LogConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        let mut section = reader.section("log");
        let expected = "a log filter in quotes, such as \"info\" or \"info,studyhall=debug\"";
        let filter = section.value("filter", default.filter, expected, |value| {
            let filter = value.as_str().filter(|filter| !filter.trim().is_empty())?;
            let sound = EnvFilter::try_new(filter).is_ok();
            sound.then(|| filter.to_owned())
        });
        let expected = "\"text\" or \"json\"";
        let format =
            section.value("format", default.format, expected, |value| match value.as_str()? {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            });
        section.finish();
        Self { filter, format }
    }
}
