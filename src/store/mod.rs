//! The only folder with SQL.
//!
//! One connection writes, a few read. Functions are named by intent, take the connection of the
//! transaction they belong to, and speak the domain's types. The SQL keeps to what SQLite and
//! PostgreSQL share; what does not is in `sqlite`, `copy`, `restore` and `health`.

pub mod activity;
pub mod answers;
pub mod ballots;
pub mod channels;
pub mod checkups;
mod copy;
pub mod deliveries;
pub(crate) mod failure;
pub mod guilds;
pub mod health;
pub mod ledger;
mod lock;
pub mod members;
pub mod quizzes;
pub mod rates;
pub mod reports;
mod restore;
pub mod reviews;
pub mod rounds;
pub mod seasons;
mod sqlite;
pub mod standings;
mod types;

#[cfg(test)]
mod tests;

pub use copy::{BackedUp, Backup, CopyError};
pub use failure::{is_out_of_order, probe};
pub use lock::Holder;
pub use restore::Restored;
pub use sqlite::OpenError;

use lock::Lock;

use chrono::{DateTime, Utc};
use sqlx::Connection as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A connection inside or outside a transaction.
pub type Connection = sqlx::SqliteConnection;
/// A transaction; rolled back when dropped without a commit.
pub type Transaction = sqlx::Transaction<'static, sqlx::Sqlite>;
/// A pooled connection that can only read.
pub type Reader = sqlx::pool::PoolConnection<sqlx::Sqlite>;
/// A part of a transaction that can be taken back alone; taken back when dropped without a commit.
pub type Savepoint<'a> = sqlx::Transaction<'a, sqlx::Sqlite>;
/// Why a statement failed.
pub type Error = sqlx::Error;
/// What a statement comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// One open database.
#[derive(Clone)]
pub struct Store {
    writer: sqlx::SqlitePool,
    readers: sqlx::SqlitePool,
    /// Keeps other bots off the file.
    lock: Arc<Mutex<Option<Lock>>>,
    path: Arc<Path>,
}

impl Store {
    /// Opens or creates the file and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be used, is in use by another bot, is not ours, is damaged, or was
    /// written by a newer program, or when it cannot be copied before its tables change; it is left
    /// as it was.
    pub async fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let sqlite::Pools { writer, readers, lock } = sqlite::open(path, sqlite::BUSY).await?;
        Ok(Self { writer, readers, lock: Arc::new(Mutex::new(Some(lock))), path: path.into() })
    }

    /// A connection for looking at a file that is there and up to date, also while a bot uses it.
    /// Nothing is changed.
    ///
    /// # Errors
    /// When there is no such file, it is not ours, or another version of the program wrote it.
    pub async fn look(path: &Path) -> std::result::Result<Connection, OpenError> {
        sqlite::look(path).await
    }

    /// Who works on a database right now: `None` for nobody, `Some(None)` for somebody that does
    /// not say who it is.
    pub fn holder(path: &Path) -> Option<Option<Holder>> {
        lock::holder(path)
    }

    /// Copies a database to the file `to`, also while a bot is working on it. `force`: another file
    /// of that name is replaced.
    ///
    /// # Errors
    /// When there is no such database, it is damaged, or the copy cannot be written. A file that
    /// was there before is left as it was.
    pub async fn back_up(
        path: &Path,
        to: &Path,
        force: bool,
        now: DateTime<Utc>,
    ) -> std::result::Result<BackedUp, CopyError> {
        copy::back_up(path, to, force, now).await
    }

    /// The same by the bot itself, without disturbing its writing. An existing file is left alone.
    ///
    /// # Errors
    /// As for [`back_up`](Self::back_up).
    pub async fn copy_to(
        &self,
        to: &Path,
        now: DateTime<Utc>,
    ) -> std::result::Result<BackedUp, CopyError> {
        let mut db = self.read().await.map_err(|error| OpenError::unusable(&self.path, &error))?;
        copy::back_up_from(&mut db, &self.path, to, false, now).await
    }

    /// The last backup that was made of a database, by whichever process.
    pub fn last_backup(path: &Path) -> Option<Backup> {
        copy::last_backup(path)
    }

    /// Puts the database in `from` at `path`, and keeps beside it what was there.
    ///
    /// # Errors
    /// When a bot is working on the database, or `from` is not whole, not ours or too new; the
    /// database is then as it was.
    pub async fn restore(
        from: &Path,
        path: &Path,
        now: DateTime<Utc>,
    ) -> std::result::Result<Restored, CopyError> {
        restore::restore(from, path, now).await
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a writing transaction. There is one writer; a second one waits.
    ///
    /// # Errors
    /// When the file is locked from outside for too long, or broken.
    pub async fn begin(&self) -> Result<Transaction> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// A connection for reading what is committed.
    ///
    /// # Errors
    /// When no connection becomes free in time, or the file is broken.
    pub async fn read(&self) -> Result<Reader> {
        self.readers.acquire().await
    }

    /// Closes every connection, which also empties the write-ahead log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Begins a savepoint inside a transaction.
///
/// # Errors
/// When the connection is broken.
pub async fn savepoint(db: &mut Connection) -> Result<Savepoint<'_>> {
    db.begin().await
}
