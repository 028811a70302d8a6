//! The only folder with SQL.
//!
//! One connection writes, a few read. Functions are named by intent, take the connection of the
//! transaction they belong to, and speak the domain's types. The SQL keeps to what SQLite and
//! PostgreSQL share; what does not is in `sqlite`.

pub mod activity;
pub mod answers;
pub mod ballots;
pub mod channels;
pub mod deliveries;
pub mod guilds;
pub mod ledger;
pub mod members;
pub mod quizzes;
pub mod rates;
pub mod reports;
pub mod reviews;
pub mod rounds;
pub mod seasons;
mod sqlite;
pub mod standings;
mod types;

#[cfg(test)]
mod tests;

pub use sqlite::OpenError;

use sqlx::Connection as _;
use std::fs::File;
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
    lock: Arc<Mutex<Option<File>>>,
}

impl Store {
    /// Opens or creates the file and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be used, is in use by another bot, is not ours, or was written by a
    /// newer program; it is left as it was.
    pub async fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let sqlite::Pools { writer, readers, lock } = sqlite::open(path, sqlite::BUSY).await?;
        Ok(Self { writer, readers, lock: Arc::new(Mutex::new(Some(lock))) })
    }

    /// A connection for looking at a file that is there and up to date, also while a bot uses it.
    /// Nothing is changed.
    ///
    /// # Errors
    /// When there is no such file, it is not ours, or another version of the program wrote it.
    pub async fn look(path: &Path) -> std::result::Result<Connection, OpenError> {
        sqlite::look(path).await
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
