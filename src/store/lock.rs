//! One bot works on one database. The lock is the operating system's, on a file beside the database;
//! what is written in that file only tells people who holds it.

use super::OpenError;
use super::identity::{FileId, is_absence};
use super::sqlite::{beside, place_of};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most that is read of what another process wrote.
const LONGEST: u64 = 4_096;
/// Between two tries.
const GLANCE: Duration = Duration::from_millis(50);

/// Who works on a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The number of the process, on its host.
    pub pid: u32,
    /// The computer's name; empty where it tells none.
    pub host: String,
    /// When it began, as RFC 3339 in UTC, to the second.
    pub since: String,
}

impl Holder {
    /// This process, from now on.
    #[expect(clippy::disallowed_methods, reason = "for people to read, and for nothing else")]
    fn own() -> Self {
        let since = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        Self { pid: std::process::id(), host: host(), since }
    }

    /// What the lock's file says; `None` where it says nothing that makes sense: an older
    /// Studyhall left it empty, and a process may die between locking and writing.
    fn read(file: &File) -> Option<Self> {
        let mut text = String::new();
        let mut file = file;
        file.rewind().ok()?;
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn write(&self, mut file: &File) -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(serde_json::to_string(self)?.as_bytes())?;
        file.write_all(b"\n")
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Another process wrote these; whatever they hold stays on one line.
        let clean =
            |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(255).collect() };
        write!(f, "process {}", self.pid)?;
        if !self.host.is_empty() {
            write!(f, " on {}", clean(&self.host))?;
        }
        write!(f, ", since {}", clean(&self.since))
    }
}

/// `by another Studyhall`, and which, as far as it is known.
pub(super) fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "another Studyhall".to_owned(),
        |holder| format!("another Studyhall ({holder})"),
    )
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// A database that nobody else can work on. Given back when dropped, and by the system when the
/// process ends, however that comes about.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    /// Where the lock file is.
    name: PathBuf,
    id: FileId,
    /// The database file, locked too: it is the same file under every name it has, and it is there
    /// when somebody has removed the lock file.
    _database: Option<File>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only politeness: what is left in the file of a dead process is never taken for news.
        let _unchanged = self.file.set_len(0);
    }
}

impl Lock {
    /// Looks whether the lock file is still there, and locks a new one if it isn't.
    ///
    /// # Errors
    /// When another bot has locked a new one: who it is, if it says.
    pub(super) fn renew(&mut self) -> Result<(), Option<Holder>> {
        match FileId::at(&self.name) {
            Ok(id) if id == self.id => return Ok(()),
            Err(error) if !is_absence(&error) => return Ok(()),
            _ => {}
        }
        let Ok(file) = lock_file(&self.name) else { return Ok(()) };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Holder::read(&file)),
            Err(TryLockError::Error(_)) => return Ok(()),
        }
        // Somebody may have removed it again; the next look tells.
        let Ok(about) = file.metadata() else { return Ok(()) };
        tracing::warn!(
            file = %self.name.display(),
            "the lock file was removed, so the bot made and locked a new one; please leave it there"
        );
        introduce(&file);
        self.id = FileId::of(&about);
        self.file = file;
        Ok(())
    }
}

/// Writes into the lock file who holds it.
fn introduce(file: &File) {
    // A full disk must not keep a bot from its work: then nobody learns its number.
    if let Err(error) = Holder::own().write(file) {
        tracing::debug!(%error, "the lock file could not be written");
    }
}

/// The name of the lock file: beside the database itself, not beside a link to it.
pub(super) fn name_of(path: &Path) -> PathBuf {
    beside(&place_of(path), ".lock")
}

/// Opens the lock file, and makes it if need be, for this user alone.
fn lock_file(name: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Never emptied here: it may be somebody else's.
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(name)
}

/// Keeps every other bot off the file, whatever name it uses. SQLite's own locks aren't enough: they
/// cover single transactions, and are lost when anything in the process closes the file. Waits up to
/// `patience` for a bot that may be shutting down.
pub(super) async fn take(path: &Path, patience: Duration) -> Result<Lock, OpenError> {
    let broken = |error: io::Error| OpenError::unusable(path, &sqlx::Error::Io(error));
    let began = tokio::time::Instant::now();
    let name = name_of(path);
    loop {
        let holder = match try_take(path, &name).map_err(broken)? {
            Attempt::Taken(lock) => return Ok(lock),
            Attempt::Moved => continue,
            Attempt::Held(holder) => holder,
        };
        if began.elapsed() >= patience {
            return Err(OpenError::InUse { path: path.to_owned(), holder });
        }
        tokio::time::sleep(GLANCE).await;
    }
}

enum Attempt {
    Taken(Lock),
    /// Another bot has it, and says who it is or doesn't.
    Held(Option<Holder>),
    /// The lock file was removed meanwhile.
    Moved,
}

fn try_take(path: &Path, name: &Path) -> io::Result<Attempt> {
    let database = match File::open(path) {
        Ok(file) if locks_apart(&file) => match file.try_lock() {
            Ok(()) => Some(file),
            // The name in the lock file is right unless the other one uses another name.
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Held(holder(path).flatten())),
            Err(TryLockError::Error(_)) => None,
        },
        Ok(_) => None,
        Err(error) if is_absence(&error) => None,
        Err(error) => return Err(error),
    };
    let file = lock_file(name)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempt::Held(Holder::read(&file))),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let id = FileId::of(&file.metadata()?);
    if FileId::at(name).ok() != Some(id) {
        return Ok(Attempt::Moved);
    }
    introduce(&file);
    Ok(Attempt::Taken(Lock { file, name: name.to_owned(), id, _database: database }))
}

/// Whether a lock on the whole file leaves SQLite's own alone, which are of another kind: that is so
/// on Linux, except where a network file system makes one kind out of the other.
#[cfg(target_os = "linux")]
fn locks_apart(file: &File) -> bool {
    /// NFS, SMB, CIFS, SMB2, 9P and FUSE (`statfs(2)`).
    const TRANSLATED: [u32; 6] =
        [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x6573_5546];
    rustix::fs::fstatfs(file).is_ok_and(|about| {
        // The kernel's number has 32 bits, whatever the width of the field.
        !TRANSLATED.contains(&((about.f_type as u64 & 0xffff_ffff) as u32))
    })
}

#[cfg(not(target_os = "linux"))]
fn locks_apart(_: &File) -> bool {
    false
}

/// Who works on the database right now: `None` for nobody, `Some(None)` for somebody unknown. The
/// look itself is over at once; a bot that starts in that moment waits for it.
pub(super) fn holder(path: &Path) -> Option<Option<Holder>> {
    let file = File::open(name_of(path)).ok()?;
    match file.try_lock_shared() {
        // Nobody, or a system that has no such locks.
        Ok(()) | Err(TryLockError::Error(_)) => None,
        Err(TryLockError::WouldBlock) => Some(Holder::read(&file)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Holder, holder, take};
    use std::fs;
    use std::time::Duration;
    use tempfile::TempDir;

    #[tokio::test]
    async fn whoever_holds_it_is_named_while_it_holds_it() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("study.db");
        assert_eq!(holder(&path), None, "no such file");
        let lock = take(&path, Duration::ZERO).await.unwrap();
        let found = holder(&path).unwrap().unwrap();
        assert_eq!(found.pid, std::process::id());
        assert!(found.since.ends_with('Z'), "{found}");
        let refused = take(&path, Duration::ZERO).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("(process {}", found.pid)), "{refused}");
        drop(lock);
        assert_eq!(holder(&path), None);
        take(&path, Duration::ZERO).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_dead_process_left_in_the_file_means_nothing() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("study.db");
        let stale = r#"{"pid": 1, "host": "elsewhere", "since": "1999-12-31T23:59:59Z"}"#;
        for left in [stale, "", "garbage", "{\"pid\": -1}", "\u{0}\u{0}\u{0}"] {
            fs::write(folder.path().join("study.db.lock"), left).unwrap();
            assert_eq!(holder(&path), None, "{left}");
            let lock = take(&path, Duration::ZERO).await.unwrap();
            assert_eq!(holder(&path).unwrap().unwrap().pid, std::process::id(), "{left}");
            drop(lock);
        }
    }

    #[tokio::test]
    async fn nonsense_in_the_file_of_one_who_holds_it_is_not_repeated() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("study.db");
        let _lock = take(&path, Duration::ZERO).await.unwrap();
        for left in ["", "\u{1b}[2J", "[1, 2]"] {
            fs::write(folder.path().join("study.db.lock"), left).unwrap();
            assert_eq!(holder(&path), Some(None), "{left:?}");
            let refused = take(&path, Duration::ZERO).await.unwrap_err().to_string();
            assert!(refused.contains("in use by another Studyhall. Stop"), "{refused}");
        }
        let odd = Holder { pid: 7, host: "a\u{1b}[2J\nb".to_owned(), since: "now".to_owned() };
        assert_eq!(odd.to_string(), "process 7 on a[2Jb, since now");
    }
}
