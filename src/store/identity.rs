//! Which file the bot has open, and whether its path still leads there. SQLite doesn't look: it
//! would go on writing into a file that has been deleted, and the votes it confirms would be lost.

use super::lock::{Holder, named};
use super::sqlite::beside;
use chrono::{DateTime, Utc};
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file as the system tells it from all others, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file that `path` leads to.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|about| Self::of(&about))
    }

    #[cfg(unix)]
    pub(super) fn of(about: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: about.dev(), inode: about.ino() }
    }

    /// Other systems don't let anybody replace a file that is open.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// What happened to the database of a running bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// There is no file of its name any more.
    Deleted,
    /// There is another file of its name.
    Replaced,
    /// The file is shorter than it was; SQLite never shortens it.
    Truncated,
    /// The lock file was removed, and another bot has locked a new one.
    Taken(Option<Holder>),
}

/// Why a running bot can't use its database any longer. The sentence says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The database, as configured.
    pub path: PathBuf,
    /// What happened to it.
    pub loss: Loss,
    /// The copy that was saved of what the bot still had open, or why there is no copy.
    pub saved: Result<PathBuf, String>,
}

impl std::error::Error for Lost {}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.loss {
            Loss::Deleted => "was deleted",
            Loss::Replaced => "was replaced with another file",
            Loss::Truncated => "was truncated",
            Loss::Taken(holder) => {
                return write!(
                    f,
                    "the lock file of the database {} was removed, and {} has locked the database \
                     since, so this bot stops. Stop the other one, or name another file under \
                     [database] path",
                    self.path.display(),
                    named(holder.as_ref())
                );
            }
        };
        write!(
            f,
            "the database {} {what} while the bot was using it, so the bot stops. ",
            self.path.display()
        )?;
        match (&self.saved, &self.loss) {
            (Ok(copy), Loss::Replaced) => write!(
                f,
                "What it held until then is saved in {0}. If the new file is the right one, start \
                 the bot again; otherwise run `studyhall restore {0}` first",
                copy.display()
            ),
            (Ok(copy), _) => write!(
                f,
                "What it held until then is saved in {0}: put it back with `studyhall restore \
                 {0}`, then start the bot again",
                copy.display()
            ),
            (Err(why), _) => write!(
                f,
                "What it held could not be saved ({why}). Put the last backup back with \
                 `studyhall restore FILE`, then start the bot again"
            ),
        }
    }
}

/// The file that the bot has open, to be compared with the one its path leads to.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    file: FileId,
    /// The write-ahead log beside it, if it is there.
    log: Option<FileId>,
    /// The greatest length the file was seen to have.
    length: AtomicU64,
}

impl Identity {
    /// Of the file at `path`, with the log at `log`.
    pub(super) fn of(path: &Path, log: &Path) -> io::Result<Self> {
        let about = fs::metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            file: FileId::of(&about),
            log: FileId::at(log).ok(),
            length: AtomicU64::new(about.len()),
        })
    }

    /// What has happened to the file, if anything. Costs one call of the system.
    pub(super) fn loss(&self) -> Option<Loss> {
        match fs::metadata(&self.path) {
            Ok(about) if FileId::of(&about) != self.file => Some(Loss::Replaced),
            Ok(about) => {
                let longest = self.length.fetch_max(about.len(), Ordering::Relaxed);
                (about.len() < longest).then_some(Loss::Truncated)
            }
            Err(error) if is_absence(&error) => Some(Loss::Deleted),
            // A look that failed is no proof.
            Err(_) => None,
        }
    }

    /// Whether the log of this name is the open file's.
    pub(super) fn has_log(&self, log: &Path) -> bool {
        self.log.is_some() && FileId::at(log).ok() == self.log
    }
}

/// Whether the error means that there is no such file.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// `study.db.saved-20261126T225900Z`, with a number if that is taken.
pub(super) fn name_for_saved(place: &Path, now: DateTime<Utc>) -> PathBuf {
    let stem = format!(".saved-{}", now.format("%Y%m%dT%H%M%SZ"));
    let mut name = beside(place, &stem);
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = beside(place, &format!("{stem}-{number}"));
    }
    name
}

/// The newest copy that was saved of a database that was lost.
pub(super) fn newest_saved(place: &Path) -> Option<PathBuf> {
    let name = place.file_name()?.to_str()?;
    let prefix = format!("{name}.saved-");
    let folder = super::copy::folder_of(place);
    let names =
        fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // Names of logs that were set aside end differently.
    let copies = names.filter(|name| name.starts_with(&prefix) && !name.ends_with(".wal"));
    copies.max().map(|name| folder.join(name))
}
