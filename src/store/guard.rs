//! What the writing connection may commit, and which connections the pool takes back.
//!
//! A full disk makes SQLite roll back a transaction by itself, and sqlx doesn't notice: it counts
//! the transaction as open, would begin a savepoint where there is nothing to save, and would run
//! further statements each as a transaction of its own. So SQLite itself is asked (with its commit
//! and rollback hooks) to refuse every commit that doesn't end a transaction begun with
//! [`Store::begin`](super::Store::begin), and a connection that may be inside a transaction is
//! closed instead of being used again.

use super::Connection;
use super::identity::Identity;
use super::sqlite::still;
use sqlx::pool::PoolOptions;
use sqlx::{Connection as _, Sqlite};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The guard of the one writing connection, whichever that is at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    /// A transaction has begun and wasn't rolled back.
    open: Arc<AtomicBool>,
    /// Something was written since it began.
    written: Arc<AtomicBool>,
    /// For tests and the simulator: SQLite finds its disk full.
    full: Arc<AtomicBool>,
}

impl Guard {
    /// Guards every connection of a pool of one.
    pub(super) fn guard(
        &self,
        pool: PoolOptions<Sqlite>,
        identity: Arc<Identity>,
    ) -> PoolOptions<Sqlite> {
        let (open, written) = (Arc::clone(&self.open), Arc::clone(&self.written));
        pool.after_connect(move |db, _| {
            let (at_rollback, at_commit) = (Arc::clone(&open), Arc::clone(&open));
            let (identity, written) = (Arc::clone(&identity), Arc::clone(&written));
            Box::pin(async move {
                still(&identity)?;
                let mut handle = db.lock_handle().await?;
                handle.set_rollback_hook(move || at_rollback.store(false, Ordering::SeqCst));
                handle.set_commit_hook(move || at_commit.load(Ordering::SeqCst));
                handle.set_update_hook(move |_| written.store(true, Ordering::SeqCst));
                Ok(())
            })
        })
        .after_release(|db, _| {
            Box::pin(async move {
                // A rollback that a dropped transaction has asked for comes before the answer.
                db.ping().await?;
                Ok(!db.is_in_transaction())
            })
        })
    }

    /// A transaction has begun.
    pub(super) fn begun(&self) {
        self.written.store(false, Ordering::SeqCst);
        self.open.store(true, Ordering::SeqCst);
    }

    /// Whether the transaction is still open.
    ///
    /// # Errors
    /// When SQLite has rolled it back by itself.
    pub(super) fn check(&self) -> super::Result<()> {
        if self.open.load(Ordering::SeqCst) {
            return Ok(());
        }
        let why = "SQLite has rolled the transaction back";
        Err(super::Error::Io(std::io::Error::other(why)))
    }

    /// It is committed. Whether anything was written.
    pub(super) fn committed(&self) -> bool {
        self.open.store(false, Ordering::SeqCst);
        self.written.load(Ordering::SeqCst)
    }

    /// Makes the disk full, as far as SQLite can tell, or gives it room again.
    pub(super) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// If the disk is to be full, lets SQLite meet that: it is not allowed another page, and is asked
    /// to write many. Then the transaction is rolled back without sqlx's knowledge, as SQLite does by
    /// itself when a commit meets a full disk.
    pub(super) async fn meet_full_disk(&self, db: &mut Connection) -> super::Result<()> {
        if !self.full.load(Ordering::SeqCst) {
            return Ok(());
        }
        sqlx::query("PRAGMA max_page_count = 1").execute(&mut *db).await?;
        let full = sqlx::query("CREATE TABLE full_disk AS SELECT zeroblob(16777216) AS pages")
            .execute(&mut *db)
            .await;
        sqlx::query("ROLLBACK").execute(db).await?;
        full.map(drop)
    }
}
