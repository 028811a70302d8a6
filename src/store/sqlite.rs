//! Everything that is SQLite's alone: opening a file, pragmas, the version check. Another database
//! would need a sibling of this file and nothing else.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};
use std::fs::{File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a connection waits for a lock held by another one, for example a backup tool.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// What a connection may keep of the file in memory, in KiB (negative: that is SQLite's way to say
/// KiB). With its 2 MiB, a board of ten thousand members is read anew each time.
const CACHE: &str = "-16384";
/// Read connections. SQLite readers do not block the writer under WAL.
const READERS: u32 = 4;

/// Why a database could not be opened. Each sentence says what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error(
        "cannot open the database {path}: {why}. Check `path` in [database], and that this user may write there"
    )]
    Unusable {
        /// As configured.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// Another bot works on it. Two would each post the day's question.
    #[error(
        "the database {path} is in use by another Studyhall. Stop that one first, or name another file under [database] path"
    )]
    InUse {
        /// As configured.
        path: PathBuf,
    },
    /// The file is no SQLite database.
    #[error(
        "{path} is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is"
    )]
    NotADatabase {
        /// As configured.
        path: PathBuf,
    },
    /// A SQLite file that something else made.
    #[error(
        "{path} is a SQLite file, but not Studyhall's. Name another file under [database] path; this one was left as it is"
    )]
    Foreign {
        /// As configured.
        path: PathBuf,
    },
    /// There is nothing to look at.
    #[error(
        "there is no database {path}. Name one with --database, or start the bot once: it makes one"
    )]
    Missing {
        /// As given.
        path: PathBuf,
    },
    /// An older Studyhall has written the file, and looking at it must not change it.
    #[error(
        "the database {path} was written by an older Studyhall. Start the bot once with it, which brings its tables up to date"
    )]
    Older {
        /// As given.
        path: PathBuf,
    },
    /// A newer Studyhall has written the file.
    #[error(
        "the database {path} was written by a newer Studyhall (version {found} of its tables, this program knows {known}). Start the newer program, or restore an older copy; nothing was changed"
    )]
    Newer {
        /// As configured.
        path: PathBuf,
        /// The newest migration applied.
        found: i64,
        /// The newest migration this program has.
        known: i64,
    },
    /// A migration failed; the file is as it was before that migration.
    #[error(
        "the tables of {path} could not be brought up to date: {why}. Restore a copy of the file, or start the program that wrote it; nothing was changed"
    )]
    Migration {
        /// As configured.
        path: PathBuf,
        /// What went wrong. Not the error's source: the sentence tells it already.
        why: MigrateError,
    },
}

impl OpenError {
    /// Puts into words what the operator can see: SQLite's own "unable to open
    /// database file" stands for a dozen things.
    fn unusable(path: &Path, error: &sqlx::Error) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let why = match folder {
            _ if path.is_dir() => "it is a folder".to_owned(),
            Some(folder) if !folder.exists() => format!("there is no folder {}", folder.display()),
            Some(folder) if !folder.is_dir() => format!("{} is no folder", folder.display()),
            _ => error
                .as_database_error()
                .map_or_else(|| error.to_string(), |error| error.message().to_owned()),
        };
        Self::Unusable { path: path.to_owned(), why }
    }
}

/// The writing and the reading side of one file.
pub(super) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    /// Locked for as long as it is open; the system unlocks it when the process ends, however that
    /// comes about.
    pub(super) lock: File,
}

/// Opens or creates the file and brings its tables up to date. `patience`: how long another bot on
/// the same file, which may just be ending, is waited for.
pub(super) async fn open(path: &Path, patience: Duration) -> Result<Pools, OpenError> {
    if path.exists() {
        inspect(path).await?;
    }
    let lock = lock(path, patience).await?;
    let unusable = |error| OpenError::unusable(path, &error);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that was reported must survive a power cut, not only a crash of the process.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .pragma("cache_size", CACHE)
        .disable_statement_logging();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await
        .map_err(unusable)?;
    if let Err(why) = MIGRATIONS.run(&writer).await {
        // Takes the log's files away again.
        writer.close().await;
        return Err(OpenError::Migration { path: path.to_owned(), why });
    }
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.read_only(true))
        .await
        .map_err(unusable)?;
    Ok(Pools { writer, readers, lock })
}

/// Keeps every other bot off the file. The lock is on a file beside it: SQLite's own locks are for
/// single transactions, and end when anything else in the process closes the database file.
async fn lock(path: &Path, patience: Duration) -> Result<File, OpenError> {
    let unusable = |error: &std::io::Error| OpenError::Unusable {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let file = match File::create(beside(path, ".lock")) {
        Ok(file) => file,
        // What is wrong with the folder is told better by who knows folders.
        Err(error) => return Err(OpenError::unusable(path, &sqlx::Error::Io(error))),
    };
    let began = tokio::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // The one before may just be ending.
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: path.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&error)),
        }
    }
}

/// Opens a file of ours for reading alone, without changing a byte of it or leaving anything beside
/// it; also while a bot is using it.
pub(super) async fn look(path: &Path) -> Result<SqliteConnection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    inspect(path).await?;
    let mut connection = read_only(path).await?;
    let unusable = |error| OpenError::unusable(path, &error);
    // An empty file has passed the inspection: it could become one of ours.
    let found = sqlx::query("SELECT MAX(version) AS version FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .and_then(|row| row.try_get::<Option<i64>, _>("version"));
    let known = MIGRATIONS.iter().map(|m| m.version).max();
    if found.as_ref().is_ok_and(|found| *found == known) {
        return Ok(connection);
    }
    connection.close().await.map_err(unusable)?;
    Err(OpenError::Older { path: path.to_owned() })
}

/// Looks at an existing file without changing a byte of it or leaving anything beside it.
async fn inspect(path: &Path) -> Result<(), OpenError> {
    if holds_something_else(path) {
        return Err(OpenError::NotADatabase { path: path.to_owned() });
    }
    let mut connection = read_only(path).await?;
    let found = examine(path, &mut connection).await;
    // Dropped, it would be closed some time later, when others may already be writing.
    let closed = connection.close().await;
    found?;
    closed.map_err(|error| OpenError::unusable(path, &error))
}

async fn read_only(path: &Path) -> Result<SqliteConnection, OpenError> {
    // Even a reader makes a log beside a file in WAL mode, and cannot take it away again. Where
    // there is none, nobody is writing, and the file can be read as if it were on a read-only disk.
    let alone = !log_of(path).exists();
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(alone)
        .busy_timeout(BUSY);
    options.connect().await.map_err(|error| not_a_database(path, &error))
}

/// Whether a file that is not empty lacks the 16 bytes that every SQLite file begins with (SQLite
/// documentation, "Database File Format"). SQLite itself takes very small files and files of
/// zeros for new ones, and would overwrite them.
fn holds_something_else(path: &Path) -> bool {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut head = Vec::with_capacity(MAGIC.len());
    // What cannot be read is SQLite's to complain about.
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_ok() && !head.is_empty() && head != MAGIC
}

/// The file in which SQLite keeps what is not yet in the database file.
fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether the tables are ours, and not of a newer program.
async fn examine(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(path, &error);
    let tables: Vec<String> = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| not_a_database(path, &error))?
        .iter()
        .map(|row| row.try_get("name"))
        .collect::<Result<_, _>>()
        .map_err(unusable)?;
    if tables.is_empty() {
        return Ok(());
    }
    if !tables.iter().any(|name| name == "_sqlx_migrations") {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found: Option<i64> = sqlx::query("SELECT MAX(version) AS version FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get("version"))
        .map_err(unusable)?;
    let known = MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0);
    match found {
        Some(found) if found > known => {
            Err(OpenError::Newer { path: path.to_owned(), found, known })
        }
        Some(_) if !tables.iter().any(|name| name == "study_channels") => {
            Err(OpenError::Foreign { path: path.to_owned() })
        }
        _ => Ok(()),
    }
}

fn not_a_database(path: &Path, error: &sqlx::Error) -> OpenError {
    // SQLITE_NOTADB, result code 26 (SQLite documentation, "Result and Error Codes").
    let garbage =
        error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("26"));
    if garbage {
        OpenError::NotADatabase { path: path.to_owned() }
    } else {
        OpenError::unusable(path, error)
    }
}
