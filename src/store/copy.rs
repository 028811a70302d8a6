//! Whole copies of a database: backups, restoring one, and the copy before a migration.
//!
//! A copy is made by SQLite itself (`VACUUM INTO`), inside one read transaction: it is consistent
//! whatever a bot writes meanwhile, holds what is still in the log, and needs no log of its own. It
//! appears under its name only when it is complete and on the disk.

use super::sqlite::{self, BUSY, beside, log_of};
use super::{Connection, OpenError, health, lock};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a copy was not made, or not put in place. Each sentence says what to do.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nothing is overwritten without being asked to.
    #[error("{} is there already. Name another file, or add --force to replace it", .0.display())]
    Exists(PathBuf),
    /// It would destroy what it is about.
    #[error("{} is the database itself. Name another file", .0.display())]
    Itself(PathBuf),
    /// A name is missing.
    #[error("{} is a folder. Name a file in it", .0.display())]
    Folder(PathBuf),
    /// A damaged database is not copied, so that no sound backup is replaced by it.
    #[error(
        "the database {} is damaged ({what}), so no backup was made. Restore an earlier one with `studyhall restore FILE`",
        .path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        what: String,
    },
    /// The copy cannot be written.
    #[error(
        "the copy cannot be written to {}: {why}. Check that there is room and that this user may write there; nothing was changed",
        .path.display()
    )]
    Write {
        /// Where it was to be.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// The file is none that could be restored.
    #[error("{} cannot be restored: {why}. Nothing was changed", .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The last step failed; the database is the one from before.
    #[error(
        "the database {} could not be replaced: {why}. It is as it was",
        .path.display()
    )]
    Replace {
        /// The database.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
}

/// A backup as it is remembered: in a small file beside the database, because a backup must not
/// write into a database that a bot is working on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// When it was complete.
    pub at: DateTime<Utc>,
    /// Where it was put.
    pub file: PathBuf,
}

/// What came of a backup.
#[derive(Debug)]
pub struct BackedUp {
    /// The size of the copy, in bytes.
    pub bytes: u64,
    /// Why the time of the backup could not be noted beside the database.
    pub unnoted: Option<String>,
}

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

// --- Backup ---

/// Copies the database at `path` to the file `to`, also while a bot is working on it.
pub(super) async fn back_up(
    path: &Path,
    to: &Path,
    force: bool,
    now: DateTime<Utc>,
) -> Result<BackedUp, CopyError> {
    if !path.exists() {
        return Err(OpenError::Missing { path: path.to_owned() }.into());
    }
    sqlite::inspect(path).await.map_err(told)?;
    // Not read-only: the log of a crashed bot can only be read by somebody who may write.
    let options =
        SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging();
    let unusable = |error| told(OpenError::unusable(path, &error));
    let mut db = options.connect().await.map_err(unusable)?;
    let done = back_up_from(&mut db, path, to, force, now).await;
    // Whoever closes it last puts the log into the file; a failure there loses nothing.
    let _closed = db.close().await;
    done
}

/// The same by a connection that is open already.
pub(super) async fn back_up_from(
    db: &mut Connection,
    path: &Path,
    to: &Path,
    force: bool,
    now: DateTime<Utc>,
) -> Result<BackedUp, CopyError> {
    let unwritten =
        |why: &dyn ToString| CopyError::Write { path: to.to_owned(), why: why.to_string() };
    if same_file(path, to) {
        return Err(CopyError::Itself(to.to_owned()));
    }
    if to.is_dir() {
        return Err(CopyError::Folder(to.to_owned()));
    }
    if to.exists() && !force {
        return Err(CopyError::Exists(to.to_owned()));
    }
    let version = sqlite::version(db).await;
    if version.map_err(|error| told(OpenError::unusable(path, &error)))?.is_none() {
        return Err(OpenError::Missing { path: path.to_owned() }.into());
    }
    if let Some(what) = health::faults(db).await.into_iter().next() {
        return Err(CopyError::Damaged { path: path.to_owned(), what });
    }
    let folder = folder_of(to);
    if !folder.is_dir() {
        return Err(unwritten(&format!("there is no folder {}", folder.display())));
    }
    let part = tempfile::Builder::new()
        .prefix(".studyhall-backup-")
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(|error| unwritten(&error))?;
    copy(db, part.path()).await.map_err(|why| unwritten(&why))?;
    // Whoever may read the database may read its backup, and nobody else.
    let allowed = fs::metadata(path).map(|about| about.permissions());
    allowed
        .and_then(|allowed| fs::set_permissions(part.path(), allowed))
        .map_err(|error| unwritten(&error))?;
    let bytes = fs::metadata(part.path()).map_or(0, |about| about.len());
    let placed = if force { part.persist(to) } else { part.persist_noclobber(to) };
    match placed {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(CopyError::Exists(to.to_owned()));
        }
        Err(error) => return Err(unwritten(&error.error)),
    }
    sync_folder(folder).map_err(|error| unwritten(&error))?;
    let file = fs::canonicalize(to).unwrap_or_else(|_| to.to_owned());
    let unnoted = note(path, &Backup { at: now, file }).err().map(|error| error.to_string());
    Ok(BackedUp { bytes, unnoted })
}

/// Why there is no backup: of a damaged database in words of its own.
fn told(error: OpenError) -> CopyError {
    match error {
        OpenError::Damaged { path, what } => CopyError::Damaged { path, what },
        other => other.into(),
    }
}

/// Where the last backup is remembered.
fn note_of(path: &Path) -> PathBuf {
    beside(path, ".last-backup")
}

fn note(path: &Path, backup: &Backup) -> io::Result<()> {
    let mut part = tempfile::NamedTempFile::new_in(folder_of(path))?;
    serde_json::to_writer(&mut part, backup)?;
    io::Write::write_all(&mut part, b"\n")?;
    part.as_file().sync_all()?;
    // Whoever may look at the database may know of its backup.
    fs::set_permissions(part.path(), fs::metadata(path)?.permissions())?;
    part.persist(note_of(path))?;
    Ok(())
}

/// The last backup that was made of a database, if one is remembered.
pub(super) fn last_backup(path: &Path) -> Option<Backup> {
    let mut text = String::new();
    File::open(note_of(path)).ok()?.take(65_536).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

// --- Restore ---

/// A step of putting a restored database in place, for tests that break off there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The new database is complete, beside the old one.
    Copied,
    /// The old one's log is in its file, as far as it can be read.
    Settled,
    /// The old one has its second name.
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
    let part = beside(path, ".restoring");
    let copied = copy_out(&mut source, from, &part).await;
    let _closed = source.close().await;
    let older = copied?;
    // Whoever restores it may not be the user that the bot runs as.
    let like = if path.exists() { path } else { from };
    make_like(&part, like)
        .map_err(|error| CopyError::Write { path: part.clone(), why: error.to_string() })?;
    let replace = replace(&part, path, now, go_on).await;
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
        // A second name first, so that the old one is never without any. Its log has one too where
        // it could not be put into the file, because that is damaged.
        let name = second_name(path, now);
        link(path, &name)?;
        for ending in ["-wal", "-journal"] {
            if beside(path, ending).exists() {
                link(&beside(path, ending), &beside(&name, ending))?;
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
fn second_name(path: &Path, now: DateTime<Utc>) -> PathBuf {
    let stem = format!(".before-restore-{}", now.format("%Y%m%dT%H%M%SZ"));
    let mut name = beside(path, &stem);
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = beside(path, &format!("{stem}-{number}"));
    }
    name
}

/// A second name for a file; a copy where the file system has no such thing.
fn link(file: &Path, name: &Path) -> io::Result<()> {
    if fs::hard_link(file, name).is_ok() {
        return Ok(());
    }
    fs::copy(file, name)?;
    OpenOptions::new().write(true).open(name)?.sync_all()
}

// --- Before a migration ---

/// The name of the copy that is made of a database of this version before its tables change. The
/// next one of the same version takes its place: a start that fails again and again must not fill
/// the disk.
pub(super) fn copy_name(path: &Path, version: i64) -> PathBuf {
    beside(path, &format!(".version-{version}"))
}

/// Makes that copy.
pub(super) async fn before_migration(
    db: &mut Connection,
    path: &Path,
    version: i64,
) -> Result<PathBuf, OpenError> {
    let name = copy_name(path, version);
    let part = beside(&name, ".part");
    // Left over from a start that was killed. The lock keeps others from using the name.
    let _gone = fs::remove_file(&part);
    let done = async {
        copy(db, &part).await?;
        let allowed = fs::metadata(path).map(|about| about.permissions());
        allowed
            .and_then(|allowed| fs::set_permissions(&part, allowed))
            .and_then(|()| fs::rename(&part, &name))
            .and_then(|()| sync_folder(folder_of(path)))
            .map_err(|error| error.to_string())
    };
    if let Err(why) = done.await {
        let _gone = fs::remove_file(&part);
        return Err(OpenError::NoCopy { path: path.to_owned(), copy: name, why });
    }
    Ok(name)
}

// --- All copies ---

/// Writes a copy into a file that is empty or not there, and sees that it is on the disk.
async fn copy(db: &mut Connection, to: &Path) -> Result<(), String> {
    let name = to.to_str().ok_or("the path is not UTF-8")?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(db).await.map_err(|error| {
        error
            .as_database_error()
            .map_or_else(|| error.to_string(), |error| error.message().to_owned())
    })?;
    // SQLite does not wait for the disk here (documentation, "VACUUM", section 3).
    let file = OpenOptions::new().write(true).open(to);
    file.and_then(|file| file.sync_all()).map_err(|error| error.to_string())
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

/// Sees that a new name is on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened, and names need no care.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether the file itself says that changes go into a log (SQLite documentation, "Database File
/// Format", 1.3.3): a database that a bot has worked on does, a backup does not.
fn is_in_wal_mode(path: &Path) -> bool {
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[18] == 2
}
