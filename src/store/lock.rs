//! One bot works on one database. The lock is the operating system's, on a file beside the database;
//! what is written in that file only tells people who holds it.

use super::OpenError;
use super::sqlite::beside;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
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
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only politeness: what is left in the file of a dead process is never taken for news.
        let _unchanged = self.file.set_len(0);
    }
}

/// Keeps every other bot off the file. SQLite's own locks would not do: they are for single
/// transactions, and end when anything else in the process closes the database file. `patience`:
/// how long another one, which may just be ending, is waited for.
pub(super) async fn take(path: &Path, patience: Duration) -> Result<Lock, OpenError> {
    // Never emptied here: it may be somebody else's.
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = match options.open(beside(path, ".lock")) {
        Ok(file) => file,
        // What is wrong with the folder is told better by who knows folders.
        Err(error) => return Err(OpenError::unusable(path, &sqlx::Error::Io(error))),
    };
    let broken =
        |error: &io::Error| OpenError::Unusable { path: path.to_owned(), why: error.to_string() };
    let began = tokio::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => {
                tokio::time::sleep(GLANCE).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: path.to_owned(),
                    holder: Holder::read(&file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(broken(&error)),
        }
    }
    // A full disk must not keep a bot from its work: then nobody is told its number.
    if let Err(error) = Holder::own().write(&file) {
        tracing::debug!(%error, "the lock's file could not be written");
    }
    Ok(Lock { file })
}

/// Who works on the database right now: `None` for nobody, `Some(None)` for somebody unknown. The
/// look itself is over at once; a bot that starts in that moment waits for it.
pub(super) fn holder(path: &Path) -> Option<Option<Holder>> {
    let file = File::open(beside(path, ".lock")).ok()?;
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
