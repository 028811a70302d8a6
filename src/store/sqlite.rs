//! Everything that is SQLite's alone: opening a file, pragmas, the version check. Another database
//! would need a sibling of this file and nothing else.

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqlitePool};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a connection waits for a lock held by another one, for example a backup tool.
const BUSY: Duration = Duration::from_secs(5);
/// Read connections. SQLite readers do not block the writer under WAL.
const READERS: u32 = 4;

/// Why a database could not be opened. Each sentence says what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error("cannot open the database {path}: {source}. Check that the folder exists and that this user may write there")]
    Unusable {
        /// As configured.
        path: PathBuf,
        /// SQLite's words.
        source: sqlx::Error,
    },
    /// The file is no SQLite database.
    #[error("{path} is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is")]
    NotADatabase {
        /// As configured.
        path: PathBuf,
    },
    /// A SQLite file that something else made.
    #[error("{path} is a SQLite file, but not Studyhall's. Name another file under [database] path; this one was left as it is")]
    Foreign {
        /// As configured.
        path: PathBuf,
    },
    /// A newer Studyhall has written the file.
    #[error("the database {path} was written by a newer Studyhall (version {found} of its tables, this program knows {known}). Start the newer program, or restore an older copy; nothing was changed")]
    Newer {
        /// As configured.
        path: PathBuf,
        /// The newest migration applied.
        found: i64,
        /// The newest migration this program has.
        known: i64,
    },
    /// A migration failed; the file is as it was before that migration.
    #[error("the tables of {path} could not be brought up to date: {source}")]
    Migration {
        /// As configured.
        path: PathBuf,
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
}

/// The writing and the reading side of one file.
pub(super) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
}

/// Opens or creates the file and brings its tables up to date.
pub(super) async fn open(path: &Path) -> Result<Pools, OpenError> {
    if path.exists() {
        inspect(path).await?;
    }
    let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that was reported must survive a power cut, not only a crash of the process.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await
        .map_err(unusable)?;
    MIGRATIONS
        .run(&writer)
        .await
        .map_err(|source| OpenError::Migration { path: path.to_owned(), source })?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.read_only(true))
        .await
        .map_err(unusable)?;
    Ok(Pools { writer, readers })
}

/// Looks at an existing file without changing a byte of it.
async fn inspect(path: &Path) -> Result<(), OpenError> {
    let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    let mut connection = match options.connect().await {
        Ok(connection) => connection,
        Err(source) => return Err(not_a_database(path, source)),
    };
    let tables: Vec<String> = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut connection)
        .await
        .map_err(|source| not_a_database(path, source))?
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
        .fetch_one(&mut connection)
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

fn not_a_database(path: &Path, source: sqlx::Error) -> OpenError {
    // SQLITE_NOTADB, result code 26 (SQLite documentation, "Result and Error Codes").
    let garbage =
        source.as_database_error().is_some_and(|error| error.code().as_deref() == Some("26"));
    if garbage {
        OpenError::NotADatabase { path: path.to_owned() }
    } else {
        OpenError::Unusable { path: path.to_owned(), source }
    }
}
