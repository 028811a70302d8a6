//! Whole copies of a database: backups, and the copy before a migration.
//!
//! A copy is made by SQLite itself (`VACUUM INTO`), inside one read transaction: it is consistent
//! whatever a bot writes meanwhile, holds what is still in the log, and needs no log of its own. It
//! appears under its name only when it is complete and on the disk.

use super::sqlite::{self, BUSY, beside};
use super::{Connection, OpenError, health};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
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
    sweep(folder, now);
    let part = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
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

/// What a backup is called before it is complete.
const PREFIX: &str = ".studyhall-backup-";
const SUFFIX: &str = ".part";
/// A backup that wasn't written to for so long is that of a process that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// Removes what killed backups left in a folder. A backup that is under way is never removed, and
/// what can't be removed stays.
fn sweep(folder: &Path, now: DateTime<Utc>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        // Not what a link leads to.
        let Ok(about) = entry.metadata() else { continue };
        let written = about.modified().map(DateTime::<Utc>::from);
        if ours
            && about.is_file()
            && written.is_ok_and(|at| (now - at).to_std().is_ok_and(|age| age > ABANDONED))
            && fs::remove_file(entry.path()).is_ok()
        {
            tracing::info!(file = %entry.path().display(), "removed what a killed backup left");
        }
    }
}

/// Why there is no backup: of a damaged database in words of its own.
fn told(error: OpenError) -> CopyError {
    match error {
        OpenError::Damaged { path, what } => CopyError::Damaged { path, what },
        other => other.into(),
    }
}

/// Where the last backup is remembered.
pub(super) fn note_of(path: &Path) -> PathBuf {
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

/// Writes a copy into a file that is empty or not there, and sees that it is on the disk. A new file
/// is for this user alone.
pub(super) async fn copy(db: &mut Connection, to: &Path) -> Result<(), String> {
    let name = to.to_str().ok_or("the path is not UTF-8")?;
    // SQLite would let everybody on this computer read it.
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(to).map_err(|error| error.to_string())?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(db).await.map_err(|error| {
        error
            .as_database_error()
            .map_or_else(|| error.to_string(), |error| error.message().to_owned())
    })?;
    // SQLite does not wait for the disk here (documentation, "VACUUM", section 3).
    let file = OpenOptions::new().write(true).open(to);
    file.and_then(|file| file.sync_all()).map_err(|error| error.to_string())
}

/// Sees that a new name is on the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened, and names need no care.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
