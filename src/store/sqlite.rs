//! Everything that is SQLite's alone: opening a file, pragmas, the version check; with `copy`,
//! `restore` and `health`. Another database would need siblings of these files and nothing else.

use super::cause::{Cause, NOT_A_DATABASE, code_of};
use super::guard::Guard;
use super::identity::Identity;
use super::lock::{Holder, Lock, named};
use super::{copy, create, health, lock};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
        "the database {path} is in use by {}. Stop that one first, or name another file under [database] path",
        named(.holder.as_ref())
    )]
    InUse {
        /// As configured.
        path: PathBuf,
        /// Who works on it, if it says.
        holder: Option<Holder>,
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
    /// There is no room for it.
    #[error(
        "cannot open the database {path}: the disk is full. Make room on it, and start again; nothing was changed"
    )]
    Full {
        /// As configured.
        path: PathBuf,
    },
    /// It can be read and not be written.
    #[error(
        "the database {path} cannot be written: the file, its folder or the disk is read-only for this user. Let this user write the file and its folder, or name another file under [database] path"
    )]
    ReadOnly {
        /// As configured.
        path: PathBuf,
    },
    /// Another program keeps it locked.
    #[error(
        "the database {path} is locked by another program, and has been for {} s. Close what has it open (a database browser, a backup tool), and start again",
        BUSY.as_secs()
    )]
    Locked {
        /// As configured.
        path: PathBuf,
    },
    /// There is no file, but there was one.
    #[error(
        "there is no database {path}, but there was one: {mark} is still there. Put it back with `studyhall restore {}`, or correct `path` in [database]. To begin with an empty database, start once with `studyhall run --new-database`",
        copy.as_ref().map_or_else(|| "FILE".into(), |copy| copy.to_string_lossy())
    )]
    Gone {
        /// As configured.
        path: PathBuf,
        /// What tells of the one before.
        mark: PathBuf,
        /// A copy of it, if one is known.
        copy: Option<PathBuf>,
    },
    /// There is nothing to look at.
    #[error(
        "there is no database {path}. Name the one that the bot works on, or start the bot once: it makes one"
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
    /// The file is damaged. A bot that went on with it would lose what it writes.
    #[error(
        "the database {path} is damaged ({what}). Restore the last backup with `studyhall restore FILE`; nothing was changed"
    )]
    Damaged {
        /// As configured.
        path: PathBuf,
        /// What SQLite says.
        what: String,
    },
    /// There is no copy to go back to if bringing the tables up to date goes wrong.
    #[error(
        "the tables of {path} have to be brought up to date, and the copy {copy} that is made before cannot be written: {why}. Make room for a second file of that size, or let this user write there, and start again; nothing was changed"
    )]
    NoCopy {
        /// As configured.
        path: PathBuf,
        /// Where the copy was to be.
        copy: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// A migration failed; the file is as it was before that migration.
    #[error(
        "the tables of {path} could not be brought up to date: {why}. {}, or start the program that wrote it; nothing was changed",
        copy.as_ref().map_or_else(
            || "Restore a copy of the file".to_owned(),
            |copy| format!("The file as it was is {}; restore it", copy.display())
        )
    )]
    Migration {
        /// As configured.
        path: PathBuf,
        /// The copy that was made before.
        copy: Option<PathBuf>,
        /// What went wrong. Not the error's source: the sentence tells it already.
        why: MigrateError,
    },
}

impl OpenError {
    /// Puts into words what the operator can see: SQLite's own "unable to open
    /// database file" stands for a dozen things.
    pub(super) fn unusable(path: &Path, error: &sqlx::Error) -> Self {
        let told = || {
            error
                .as_database_error()
                .map_or_else(|| error.to_string(), |error| error.message().to_owned())
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let why = match folder {
            _ if path.is_dir() => "it is a folder".to_owned(),
            Some(folder) if !folder.exists() => format!("there is no folder {}", folder.display()),
            Some(folder) if !folder.is_dir() => format!("{} is no folder", folder.display()),
            _ => match Cause::of(error, path) {
                Cause::DiskFull => return Self::Full { path: path.to_owned() },
                Cause::Locked => return Self::Locked { path: path.to_owned() },
                Cause::ReadOnly => return Self::ReadOnly { path: path.to_owned() },
                Cause::Damaged if code_of(error) != Some(NOT_A_DATABASE) => {
                    return Self::Damaged { path: path.to_owned(), what: told() };
                }
                Cause::Disk if !can_write_beside(path) => {
                    return Self::ReadOnly { path: path.to_owned() };
                }
                _ => told(),
            },
        };
        Self::Unusable { path: path.to_owned(), why }
    }
}

/// Whether a file can be made in the folder of the database, as its log must be.
fn can_write_beside(path: &Path) -> bool {
    tempfile::tempfile_in(copy::folder_of(&place_of(path))).is_ok()
}

/// The writing and the reading side of one file.
pub(super) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    /// Locked for as long as it is open; the system unlocks it when the process ends, however that
    /// comes about.
    pub(super) lock: Lock,
    /// Which file they have open.
    pub(super) identity: Arc<Identity>,
    /// What the writer may commit.
    pub(super) guard: Guard,
}

/// Opens or creates the file and brings its tables up to date. `patience`: how long another bot on
/// the same file, which may just be ending, is waited for.
pub(super) async fn open(path: &Path, patience: Duration) -> Result<Pools, OpenError> {
    create::if_missing(path, false).await?;
    inspect(path).await?;
    let lock = lock::take(path, patience).await?;
    let unusable = |error| OpenError::unusable(path, &error);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that was reported must survive a power cut, not only a crash of the process.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .pragma("cache_size", CACHE)
        .disable_statement_logging();
    // Its statements change the tables, so it isn't guarded as the writer is.
    let first = for_migration(options.clone()).await.map_err(unusable)?;
    let ready = bring_up_to_date(path, &first).await;
    let identity = Identity::of(path, &log_of(path)).map_err(sqlx::Error::Io);
    if let Err(error) = ready {
        // Takes the log's files away again.
        first.close().await;
        return Err(error);
    }
    let identity = Arc::new(identity.map_err(unusable)?);
    let guard = Guard::default();
    let writer = guard.guard(SqlitePoolOptions::new(), Arc::clone(&identity)).max_connections(1);
    // A connection that has the file open is worth keeping: a new one opens whatever is there now.
    let writer = writer.idle_timeout(None).max_lifetime(None);
    let writer = writer.connect_with(options.clone()).await.map_err(unusable)?;
    let same = Arc::clone(&identity);
    let readers = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(READERS)
        .max_lifetime(None)
        .after_connect(move |_, _| {
            let same = Arc::clone(&same);
            Box::pin(async move { still(&same) })
        });
    let readers = readers.connect_with(options.read_only(true)).await.map_err(unusable)?;
    // Only now: the log goes when the last one closes it.
    first.close().await;
    Ok(Pools { writer, readers, lock, identity, guard })
}

/// Refuses a connection that was made to another file than the first.
pub(super) fn still(identity: &Identity) -> Result<(), sqlx::Error> {
    match identity.loss() {
        None => Ok(()),
        Some(_) => Err(sqlx::Error::Io(std::io::Error::other("the database file is another one"))),
    }
}

/// Brings the tables up to date. A file that is damaged is left alone, and one whose tables change
/// is copied first.
async fn bring_up_to_date(path: &Path, pool: &SqlitePool) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(path, &error);
    let mut db = pool.acquire().await.map_err(unusable)?;
    // What can't be written is known at once, not at the first vote.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *db).await.map_err(unusable)?;
    sqlx::query("ROLLBACK").execute(&mut *db).await.map_err(unusable)?;
    if let Some(what) = health::damage(&mut db).await {
        return Err(OpenError::Damaged { path: path.to_owned(), what });
    }
    let copy = match version(&mut db).await.map_err(unusable)? {
        Some(version) if version < known() => {
            let copy = copy::before_migration(&mut db, path, version).await?;
            tracing::info!(copy = %copy.display(), "the tables change; this is the database before");
            Some(copy)
        }
        _ => None,
    };
    drop(db);
    let Err(why) = migrate(pool).await else { return Ok(()) };
    let error = sqlx::Error::from(why);
    match (Cause::of(&error, path), error) {
        (Cause::Other, sqlx::Error::Migrate(why)) => {
            Err(OpenError::Migration { path: path.to_owned(), copy, why: *why })
        }
        (_, error) => Err(unusable(error)),
    }
}

/// Brings the tables up to date, those of an empty file too.
pub(super) async fn migrate(db: &SqlitePool) -> Result<(), MigrateError> {
    MIGRATIONS.run(db).await
}

/// One connection that may change the tables. (sqlx can't run migrations on a plain connection inside
/// a spawned task: "implementation of `Acquire` is not general enough".)
pub(super) async fn for_migration(
    options: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await
}

/// The newest migration applied; `None` in an empty file.
pub(super) async fn version(db: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    let table = sqlx::query("SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_optional(&mut *db)
        .await?;
    if table.is_none() {
        return Ok(None);
    }
    sqlx::query("SELECT MAX(version) AS version FROM _sqlx_migrations")
        .fetch_one(db)
        .await?
        .try_get("version")
}

/// The newest migration this program has.
pub(super) fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
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
    if version(&mut connection).await.is_ok_and(|found| found == Some(known())) {
        return Ok(connection);
    }
    connection.close().await.map_err(unusable)?;
    Err(OpenError::Older { path: path.to_owned() })
}

/// Looks at an existing file without changing a byte of it or leaving anything beside it.
pub(super) async fn inspect(path: &Path) -> Result<(), OpenError> {
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

pub(super) async fn read_only(path: &Path) -> Result<SqliteConnection, OpenError> {
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
pub(super) fn holds_something_else(path: &Path) -> bool {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut head = Vec::with_capacity(MAGIC.len());
    // What cannot be read is SQLite's to complain about.
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_ok() && !head.is_empty() && head != MAGIC
}

/// The file in which SQLite keeps what is not yet in the database file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    // SQLite follows links before it names the log.
    beside(&place_of(path), "-wal")
}

/// Where `path` leads, also when there is no file yet: links are followed.
pub(super) fn place_of(path: &Path) -> PathBuf {
    /// Links that lead to links; the system follows as many.
    const LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        if let Ok(found) = std::fs::canonicalize(&place) {
            return found;
        }
        let Ok(target) = std::fs::read_link(&place) else { break };
        // A relative target is below the folder of its link.
        place = copy::folder_of(&place).join(target);
    }
    match (std::fs::canonicalize(copy::folder_of(&place)), place.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => place,
    }
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
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
    let found = version(connection).await.map_err(unusable)?;
    let known = known();
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
    if code_of(error) == Some(NOT_A_DATABASE) {
        OpenError::NotADatabase { path: path.to_owned() }
    } else {
        OpenError::unusable(path, error)
    }
}
