//! The health file beside the database: how the running bot is, for whoever looks from outside, such
//! as `studyhall doctor`. It has a fixed size and is overwritten in place, so that a full disk doesn't
//! stop it (on a file system that copies on write, such as btrfs or ZFS, it may). The last stamp's age
//! tells a bot that hangs.

use super::vitals::{Snapshot, real_now};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::fs::{File, OpenOptions};
use std::hash::Hasher as _;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The size of the file in bytes: a page, which file systems write as one.
const SIZE: usize = 4_096;
/// What comes before the checksum, and between it and what it is of.
const BEFORE: &str = "{\"checksum\":\"";
const BETWEEN: &str = "\",\"health\":";
/// Hexadecimal digits of the checksum.
const DIGITS: usize = 16;
/// How often a file that makes no sense is read again: it may be half written.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Letters of a reason that are kept, so that all fits.
const LONGEST_REASON: usize = 300;

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it was written.
    pub stamp: DateTime<Utc>,
    /// The process that wrote it.
    pub pid: u32,
    /// That process's version.
    pub version: String,
    /// How it was then.
    pub health: Snapshot,
}

/// The health file of one database.
#[derive(Debug, Clone)]
pub struct HealthFile {
    path: PathBuf,
}

impl HealthFile {
    /// The one beside a database; also found through a symbolic link to that.
    pub fn beside(database: &Path) -> Self {
        let database = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        let mut name = database.into_os_string();
        name.push(".health");
        Self { path: name.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes how the bot is now.
    ///
    /// # Errors
    /// When the file cannot be opened or written. A full disk matters only if it is not there yet.
    pub fn write(&self, health: &Snapshot) -> io::Result<()> {
        let mut health = health.clone();
        let failing = [&mut health.deaf, &mut health.unwritable, &mut health.clock_doubted];
        for failing in failing.into_iter().flatten() {
            failing.why = failing.why.chars().take(LONGEST_REASON).collect();
        }
        let report = Report {
            stamp: real_now(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            health,
        };
        let mut file = self.open()?;
        file.rewind()?;
        file.write_all(&page(&serde_json::to_string(&report)?))
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // Not emptied: its place on the disk is what a full one leaves.
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(&self.path)
    }

    /// The last report, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read, or what it holds is not whole.
    pub fn read(&self) -> io::Result<Option<Report>> {
        let mut looks = 0;
        loop {
            let mut bytes = Vec::new();
            match File::open(&self.path) {
                Ok(file) => file.take(2 * SIZE as u64).read_to_end(&mut bytes)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            looks += 1;
            match checked(&bytes) {
                Some(report) => return Ok(Some(report)),
                None if looks < LOOKS => std::thread::sleep(BETWEEN_LOOKS),
                None => return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not whole")),
            }
        }
    }
}

/// The bytes of the file: a JSON object, padded with spaces, that holds its own checksum.
fn page(report: &str) -> Vec<u8> {
    let mut page = format!("{BEFORE}{:016x}{BETWEEN}{report}}}", checksum(report)).into_bytes();
    page.resize(SIZE.max(page.len() + 1), b' ');
    if let Some(last) = page.last_mut() {
        *last = b'\n';
    }
    page
}

/// The report, if all of it is there.
fn checked(page: &[u8]) -> Option<Report> {
    let text = std::str::from_utf8(page).ok()?.trim_end();
    let (digits, rest) = text.strip_prefix(BEFORE)?.split_at_checked(DIGITS)?;
    let report = rest.strip_prefix(BETWEEN)?.strip_suffix('}')?;
    let wanted = u64::from_str_radix(digits, 16).ok()?;
    (checksum(report) == wanted).then(|| serde_json::from_str(report).ok()).flatten()
}

fn checksum(text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{HealthFile, SIZE, checked, page};
    use crate::engine::vitals::Vitals;
    use std::fs;
    use tempfile::TempDir;

    #[test]
    fn what_is_written_is_read_and_the_file_keeps_its_size() {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("study.db");
        fs::write(&database, "").unwrap();
        let file = HealthFile::beside(&database);
        assert_eq!(file.read().unwrap(), None);
        let vitals = Vitals::default();
        vitals.commit_failed(&"no \u{1F4A5} room ".repeat(999));
        vitals.session_lost(&"\"quoted\" ".repeat(999));
        for _ in 0..2 {
            file.write(&vitals.snapshot()).unwrap();
            let report = file.read().unwrap().unwrap();
            assert_eq!(report.pid, std::process::id());
            assert!(report.health.unwritable.unwrap().why.starts_with("no \u{1F4A5} room no"));
            assert_eq!(fs::metadata(file.path()).unwrap().len(), SIZE as u64);
            vitals.committed();
            vitals.commit_failed("no \u{1F4A5} room no more");
        }
        let text = fs::read_to_string(file.path()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(json["health"]["health"]["deaf"]["why"].is_string(), "anybody can read it");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it_and_a_link_leads_to_the_same() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("study.db");
        fs::write(&database, "").unwrap();
        let file = HealthFile::beside(&database);
        file.write(&Vitals::default().snapshot()).unwrap();
        let mode = fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&database, &link).unwrap();
        assert_eq!(HealthFile::beside(&link).path(), file.path());
    }

    #[test]
    fn nothing_that_is_torn_is_taken_for_a_report() {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("study.db");
        let file = HealthFile::beside(&database);
        let vitals = Vitals::default();
        file.write(&vitals.snapshot()).unwrap();
        let old = fs::read(file.path()).unwrap();
        vitals.session_lost("a reason that makes it longer");
        vitals.unreadable();
        file.write(&vitals.snapshot()).unwrap();
        let new = fs::read(file.path()).unwrap();
        let end = new.iter().rposition(|byte| *byte == b'}').unwrap() + 1;
        let first = old.iter().zip(&new).position(|(a, b)| a != b).unwrap() + 1;
        for cut in first..end {
            let torn = [&new[..cut], &old[cut..]].concat();
            assert_eq!(checked(&torn), None, "{}", String::from_utf8_lossy(&torn));
        }
        assert!(checked(&new[..end]).is_some() && checked(&old).is_some());
        fs::write(file.path(), &new[..end - 1]).unwrap();
        assert!(file.read().is_err());
        for garbage in ["", "{}", "{\"checksum\":\"", &"\0".repeat(SIZE)] {
            assert_eq!(checked(garbage.as_bytes()), None);
        }
        assert_eq!(checked(&page("{\"stamp\":1}")), None, "whole, but of something else");
    }
}
