//! Making a new database: complete, or not at all.
//!
//! It is made under another name and gets its own only when its tables are there. So a lock file
//! beside no database always means that there was one, even if the first start was killed.

use super::copy::{self, folder_of, sync_folder};
use super::identity::newest_saved;
use super::sqlite::{BUSY, beside, for_migration, log_of, migrate, place_of};
use super::{OpenError, lock};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Makes the database if there is none. `anyway`: also where one is known to have been.
pub(super) async fn if_missing(path: &Path, anyway: bool) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(path, &sqlx::Error::Io(error));
    let length = match fs::metadata(path) {
        // A folder is told apart where the file is opened.
        Ok(about) => {
            if about.is_file() {
                Some(about.len())
            } else {
                None
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(0),
        Err(error) => return Err(unusable(error)),
    };
    if length != Some(0) {
        return Ok(());
    }
    let place = place_of(path);
    if !anyway && let Some(mark) = mark_of(path) {
        let copy = newest_saved(&place).or_else(|| copy::last_backup(path).map(|last| last.file));
        return Err(OpenError::Gone { path: path.to_owned(), mark, copy });
    }
    set_log_aside(path).map_err(unusable)?;
    if path.exists() {
        // An empty file, perhaps made for its rights.
        return if anyway { fill(path).await } else { Ok(()) };
    }
    let folder = folder_of(&place);
    let part = tempfile::Builder::new()
        .prefix(".studyhall-new-")
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(unusable)?
        .into_temp_path();
    let options = SqliteConnectOptions::new()
        .filename(&part)
        // Until it has its name, nothing of it is worth a log or a wait for the disk.
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off)
        .disable_statement_logging();
    let made = async {
        let db = for_migration(options).await?;
        let run = migrate(&db).await;
        db.close().await;
        run.map_err(sqlx::Error::from)
    };
    made.await.map_err(|error| OpenError::unusable(path, &error))?;
    fs::File::open(&part).and_then(|file| file.sync_all()).map_err(unusable)?;
    match part.persist_noclobber(&place) {
        Ok(()) => {}
        // Another bot was quicker; the lock decides between the two.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(unusable(error.error)),
    }
    sync_folder(folder).map_err(unusable)
}

/// Makes the tables in an empty file.
async fn fill(path: &Path) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(path, &error);
    let _lock = lock::take(path, BUSY).await?;
    let options = SqliteConnectOptions::new().filename(path).disable_statement_logging();
    let db = for_migration(options).await.map_err(unusable)?;
    let run = migrate(&db).await.map_err(sqlx::Error::from);
    db.close().await;
    run.map_err(unusable)
}

/// What tells that there was a database, if anything does.
fn mark_of(path: &Path) -> Option<PathBuf> {
    let place = place_of(path);
    let marks = [lock::name_of(path), copy::note_of(path), copy::note_of(&place), log_of(path)];
    marks.into_iter().find(|mark| mark.exists())
}

/// A log beside no database belongs to one that is gone; SQLite would play it into the new one.
fn set_log_aside(path: &Path) -> io::Result<()> {
    let log = log_of(path);
    if log.exists() {
        let aside = beside(&log, ".old");
        fs::rename(&log, &aside)?;
        tracing::warn!(file = %aside.display(), "set aside the log of a database that is gone");
    }
    Ok(())
}
