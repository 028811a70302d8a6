//! The only folder with SQL.
//!
//! One connection writes, a few read. Functions are named by intent, take the connection of the
//! transaction they belong to, and speak the domain's types. The SQL keeps to what SQLite and
//! PostgreSQL share; what does not is in `sqlite`, `create`, `guard`, `copy`, `restore` and
//! `health`.

pub mod activity;
pub mod answers;
pub mod ballots;
mod cause;
pub mod channels;
pub mod checkups;
mod copy;
mod create;
pub mod deliveries;
mod guard;
pub mod guilds;
pub mod health;
mod identity;
pub mod ledger;
mod lock;
pub mod members;
pub(crate) mod probe;
pub mod quizzes;
pub mod rates;
pub mod reports;
mod restore;
pub mod reviews;
pub mod rounds;
pub mod seasons;
mod space;
mod sqlite;
pub mod standings;
mod types;

#[cfg(test)]
mod tests;

pub use cause::Cause;
pub use copy::{BackedUp, Backup, CopyError};
pub use identity::{Loss, Lost};
pub use lock::Holder;
pub use probe::probe;
pub use restore::Restored;
pub use space::free_bytes;
pub use sqlite::OpenError;

use guard::Guard;
use identity::Identity;
use lock::Lock;

use chrono::{DateTime, Utc};
use sqlx::Connection as _;
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Between two looks at whether the file is still there.
const GLANCE: Duration = Duration::from_secs(1);

/// A connection inside or outside a transaction.
pub type Connection = sqlx::SqliteConnection;
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
    /// Which file is open.
    identity: Arc<Identity>,
    /// Set for good when that isn't the file at `path` any more.
    lost: Arc<OnceCell<Lost>>,
    guard: Guard,
}

/// A transaction; rolled back when dropped without a commit.
pub struct Transaction {
    inner: sqlx::Transaction<'static, sqlx::Sqlite>,
    store: Store,
}

impl Transaction {
    /// Commits, and says whether there was anything to write.
    ///
    /// # Errors
    /// When nothing was saved, or when it was saved in a file that isn't the database any more.
    pub async fn commit(self) -> Result<bool> {
        let Self { mut inner, store } = self;
        store.guard.meet_full_disk(&mut inner).await?;
        store.guard.check()?;
        inner.commit().await?;
        let written = store.guard.committed();
        // What was written into a deleted file must not be confirmed.
        store.check_identity().await.map_err(lost)?;
        Ok(written)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// When SQLite did that already because the disk refused something; nothing was saved.
    pub async fn rollback(self) -> Result<()> {
        self.inner.rollback().await
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.inner
    }
}

/// The loss of the file as an error of a statement.
fn lost(lost: Lost) -> Error {
    Error::Io(io::Error::other(lost))
}

impl Store {
    /// Opens or creates the file and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be used, is in use by another bot, is not ours, is damaged, or was
    /// written by a newer program, or when it cannot be copied before its tables change; it is left
    /// as it was. When there is no file, but something tells that there was one.
    pub async fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let sqlite::Pools { writer, readers, lock, identity, guard } =
            sqlite::open(path, sqlite::BUSY).await?;
        Ok(Self {
            writer,
            readers,
            lock: Arc::new(Mutex::new(Some(lock))),
            path: path.into(),
            identity,
            lost: Arc::default(),
            guard,
        })
    }

    /// Makes an empty database if there is no file, even where there is known to have been one. A
    /// file that is there is left alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn create(path: &Path) -> std::result::Result<(), OpenError> {
        create::if_missing(path, true).await
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
    /// When the file is locked from outside for too long, broken, or not the database any more;
    /// [`cause`](Self::cause) tells which.
    pub async fn begin(&self) -> Result<Transaction> {
        self.check_identity().await.map_err(lost)?;
        let inner = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        self.guard.begun();
        Ok(Transaction { inner, store: self.clone() })
    }

    /// Looks whether the path still leads to the file that is open, and whether the lock is still
    /// there. If not, saves a copy of what the open connections still see. Quick while all is well.
    ///
    /// # Errors
    /// What happened to the file; from then on always.
    pub async fn check_identity(&self) -> std::result::Result<(), Lost> {
        if let Some(lost) = self.lost.get() {
            return Err(lost.clone());
        }
        let Some(loss) = self.identity.loss().or_else(|| self.loss_of_lock()) else {
            return Ok(());
        };
        Err(self.lost.get_or_init(|| self.lose(loss)).await.clone())
    }

    /// Waits until the file isn't the database any more.
    pub async fn until_lost(&self) -> Lost {
        loop {
            if let Err(lost) = self.check_identity().await {
                return lost;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    fn loss_of_lock(&self) -> Option<Loss> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.as_mut()?.renew().err().map(Loss::Taken)
    }

    async fn lose(&self, loss: Loss) -> Lost {
        let saved = match loss {
            // Nothing is wrong with the file.
            Loss::Taken(_) => Ok(self.path.to_path_buf()),
            _ => self.save_copy(&loss).await,
        };
        Lost { path: self.path.to_path_buf(), loss, saved }
    }

    /// What happened to the file, if it isn't the database any more as far as is known.
    pub fn lost(&self) -> Option<Lost> {
        self.lost.get().cloned()
    }

    /// Saves a copy of what the open connections see beside the database.
    #[expect(clippy::disallowed_methods, reason = "a file's name, for people to read")]
    async fn save_copy(&self, loss: &Loss) -> std::result::Result<PathBuf, String> {
        let place = sqlite::place_of(&self.path);
        let name = identity::name_for_saved(&place, Utc::now());
        let mut db = self.readers.acquire().await.map_err(|error| error.to_string())?;
        if let Err(why) = copy::copy(&mut db, &name).await {
            let _gone = std::fs::remove_file(&name);
            return Err(why);
        }
        let log = sqlite::log_of(&self.path);
        if *loss == Loss::Replaced && self.identity.has_log(&log) {
            // All of it is in the copy, and SQLite would play it into the new file.
            let aside = sqlite::beside(&name, ".wal");
            std::fs::rename(&log, aside).map_err(|error| error.to_string())?;
        }
        Ok(name)
    }

    /// Why a statement or a commit of this database failed.
    pub fn cause(&self, error: &Error) -> Cause {
        Cause::of(error, &self.path)
    }

    /// The bytes that this user may still write to the database's file system.
    ///
    /// # Errors
    /// When the system doesn't say.
    pub fn free_bytes(&self) -> io::Result<u64> {
        space::free_bytes(&self.path)
    }

    /// Whether there is room on the disk for more than a page or two; a disk that says nothing has some.
    pub fn has_room(&self) -> bool {
        !self.free_bytes().is_ok_and(|free| free < cause::NO_ROOM)
    }

    /// For tests and the simulator: from now on commits meet a full disk, until there is room again.
    #[doc(hidden)]
    pub fn fill_disk(&self, full: bool) {
        self.guard.fill(full);
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
