//! Restoring a backup: what is put in the database's place is checked, and what was there is kept.

use super::copy::{CopyError, copy, folder_of, same_file, sync_folder};
use super::sqlite::{self, BUSY, beside, log_of};
use super::{Connection, OpenError, health, lock};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What came of a restore.
#[derive(Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the database from before is, if there was one.
    pub kept: Option<PathBuf>,
    /// Whether the next start has to bring its tables up to date.
    pub older: bool,
    /// Whether the file was no backup but a plain copy of a database. If that was copied while a
    /// bot ran, without its log, it lacks what was in the log.
    pub plain_copy: bool,
}

/// A step of putting a restored database in place, for tests that break off there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The new database is complete, beside the old one.
    Copied,
    /// The old one's log is in its file, as far as it can be read.
    Settled,
    /// The old one is copied.
    Kept,
    /// What belonged to the old one's log is away.
    Unlogged,
    /// The new one has the name.
    Replaced,
}

/// Puts the database in `from` at `path`; what is there now is kept beside it.
pub(super) async fn restore(
    from: &Path,
    path: &Path,
    now: DateTime<Utc>,
) -> Result<Restored, CopyError> {
    restore_until(from, path, now, &mut |_| Ok(())).await
}

/// The same, asking `go_on` after every step.
pub(super) async fn restore_until(
    from: &Path,
    path: &Path,
    now: DateTime<Utc>,
    go_on: &mut (dyn FnMut(Step) -> io::Result<()> + Send),
) -> Result<Restored, CopyError> {
    let unfit = |why: &str| CopyError::Unfit { path: from.to_owned(), why: why.to_owned() };
    if same_file(from, path) {
        return Err(CopyError::Itself(from.to_owned()));
    }
    if !from.is_file() {
        return Err(unfit(if from.exists() { "it is no file" } else { "there is no such file" }));
    }
    let plain_copy = is_in_wal_mode(from) && !log_of(from).exists();
    sqlite::inspect(from).await.map_err(|error| match error {
        OpenError::NotADatabase { .. } => unfit("it is not a SQLite file"),
        OpenError::Foreign { .. } => unfit("it is a SQLite file, but not Studyhall's"),
        OpenError::Newer { found, known, .. } => unfit(&format!(
            "a newer Studyhall wrote it (version {found} of its tables, this program knows \
             {known}); use the newer program"
        )),
        OpenError::Damaged { what, .. } => unfit(&format!("it is damaged ({what})")),
        OpenError::Unusable { why, .. } => unfit(&why),
        other => other.into(),
    })?;
    // A file of something else at the database's place is a mistake in the configuration. One that
    // is damaged is what restoring is for.
    if path.exists()
        && let Err(error @ OpenError::Foreign { .. }) = sqlite::inspect(path).await
    {
        return Err(error.into());
    }
    let _lock = lock::take(path, BUSY).await?;
    let mut source = sqlite::read_only(from).await.map_err(|error| unfit(&error.to_string()))?;
    // Where the configured name leads, if it is a link: there is the log, too.
    let place = Some(path).filter(|path| path.is_symlink());
    let place = place.and_then(|link| fs::canonicalize(link).ok());
    let place = place.unwrap_or_else(|| path.to_owned());
    let part = beside(&place, ".restoring");
    let copied = copy_out(&mut source, from, &part).await;
    let _closed = source.close().await;
    let older = copied?;
    // Whoever restores it may not be the user that the bot runs as.
    let like = if path.exists() { path } else { from };
    make_like(&part, like)
        .map_err(|error| CopyError::Write { path: part.clone(), why: error.to_string() })?;
    let replace = replace(&part, &place, now, go_on).await;
    if replace.is_err() {
        // Ours, and of no use any more.
        let _gone = fs::remove_file(&part);
    }
    let kept = replace
        .map_err(|error| CopyError::Replace { path: path.to_owned(), why: error.to_string() })?;
    Ok(Restored { kept, older, plain_copy })
}

/// Checks what is to be restored, and copies it; whether it is of an older version.
async fn copy_out(db: &mut Connection, from: &Path, part: &Path) -> Result<bool, CopyError> {
    let unfit = |why: String| CopyError::Unfit { path: from.to_owned(), why };
    let version = sqlite::version(db).await.map_err(|error| unfit(error.to_string()))?;
    let version = version.ok_or_else(|| unfit("there is nothing in it".to_owned()))?;
    if let Some(what) = health::faults(db).await.into_iter().next() {
        return Err(unfit(format!("it is damaged ({what})")));
    }
    // Left over from a restore that was killed; nobody else uses this name.
    let _gone = fs::remove_file(part);
    copy(db, part).await.map_err(|why| {
        let _gone = fs::remove_file(part);
        CopyError::Write { path: part.to_owned(), why }
    })?;
    Ok(version < sqlite::known())
}

/// Gives `part` the name `path`. At every moment there is a whole database of that name, the old
/// one or the new one, and never one with the log of another.
async fn replace(
    part: &Path,
    path: &Path,
    now: DateTime<Utc>,
    go_on: &mut (dyn FnMut(Step) -> io::Result<()> + Send),
) -> io::Result<Option<PathBuf>> {
    let folder = folder_of(path);
    go_on(Step::Copied)?;
    let mut kept = None;
    if path.exists() {
        settle(path).await;
        go_on(Step::Settled)?;
        // Its log too, where that could not be put into the file because the file is damaged.
        let name = free_name(path, now);
        for ending in ["-wal", "-journal", ""] {
            if beside(path, ending).exists() {
                keep(&beside(path, ending), &beside(&name, ending))?;
            }
        }
        sync_folder(folder)?;
        kept = Some(name);
        go_on(Step::Kept)?;
    }
    // SQLite would play the old log into the new file.
    for ending in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(folder)?;
    go_on(Step::Unlogged)?;
    fs::rename(part, path)?;
    sync_folder(folder)?;
    go_on(Step::Replaced)?;
    Ok(kept)
}

/// Puts what is left in the log into the file. Where the file is too damaged for that, both stay
/// as they are.
async fn settle(path: &Path) {
    // SQLite takes away a log that does not fit its file.
    if !log_of(path).exists() || sqlite::holds_something_else(path) {
        return;
    }
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY);
    let Ok(mut db) = options.connect().await else { return };
    let _done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await;
    let _closed = db.close().await;
}

/// `study.db.before-restore-20261126T225900Z`, with a number if that is taken.
fn free_name(path: &Path, now: DateTime<Utc>) -> PathBuf {
    let stem = format!(".before-restore-{}", now.format("%Y%m%dT%H%M%SZ"));
    let mut name = beside(path, &stem);
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = beside(path, &format!("{stem}-{number}"));
    }
    name
}

/// Copies a file to a name that nothing has yet. No second name for the same file: if the restore
/// ended here, a bot would go on writing into it, and SQLite must not meet one file under two names
/// (documentation, "How To Corrupt An SQLite Database File", section 2.5).
fn keep(file: &Path, name: &Path) -> io::Result<()> {
    let part = beside(name, ".part");
    fs::copy(file, &part)?;
    OpenOptions::new().write(true).open(&part)?.sync_all()?;
    fs::rename(&part, name)
}

/// Gives a file the rights and, as far as systems know such, the owner of another.
fn make_like(file: &Path, other: &Path) -> io::Result<()> {
    let about = fs::metadata(other)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let own = fs::metadata(file)?;
        if (own.uid(), own.gid()) != (about.uid(), about.gid()) {
            chown(file, Some(about.uid()), Some(about.gid()))?;
        }
    }
    fs::set_permissions(file, about.permissions())
}

/// Whether the file itself says that changes go into a log (SQLite documentation, "Database File
/// Format", 1.3.3): a database that a bot has worked on does, a backup does not.
fn is_in_wal_mode(path: &Path) -> bool {
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[18] == 2
}
