//! What the result codes of SQLite mean for a bot that goes on running.

use super::identity::Lost;
use super::{Error, space};
use sqlx::migrate::MigrateError;
use std::fmt;
use std::io;
use std::path::Path;

/// Below this there is no room for a page of the log, whatever SQLite calls the failure.
pub(super) const NO_ROOM: u64 = 64 * 1024;

/// Why a statement or a commit failed, as far as an operator can do something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There is no room on the disk, or in the quota.
    DiskFull,
    /// The disk can't be read or written.
    Disk,
    /// The system has no memory to give.
    Memory,
    /// Another program keeps the database locked.
    Locked,
    /// The file or its folder can't be written.
    ReadOnly,
    /// The file is damaged.
    Damaged,
    /// The file is not the bot's any more.
    Lost(Lost),
    /// The connection to the database is gone.
    Closed,
    /// Anything else; most likely a mistake in the program.
    Other,
}

// SQLite's result codes that are told apart here (SQLite documentation, "Result and Error Codes").
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const NOMEM: u32 = 7;
const READONLY: u32 = 8;
const IOERR: u32 = 10;
pub(super) const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
pub(super) const NOT_A_DATABASE: u32 = 26;

impl Cause {
    /// The cause of an error of the database at `path`.
    pub fn of(error: &Error, path: &Path) -> Self {
        let no_room = || space::free_bytes(path).is_ok_and(|free| free < NO_ROOM);
        match error {
            Error::Io(error) => Self::of_system(error),
            Error::PoolTimedOut => Self::Locked,
            Error::PoolClosed | Error::WorkerCrashed | Error::BeginFailed => Self::Closed,
            Error::Migrate(error) => match error.as_ref() {
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                    Self::of(error, path)
                }
                _ => Self::Other,
            },
            _ => match code_of(error) {
                Some(FULL) => Self::DiskFull,
                // The index of the log can't grow on a full disk either, which SQLite calls these.
                Some(IOERR | CANTOPEN) if no_room() => Self::DiskFull,
                Some(IOERR | CANTOPEN) => Self::Disk,
                Some(NOMEM) => Self::Memory,
                Some(BUSY | LOCKED) => Self::Locked,
                Some(READONLY) => Self::ReadOnly,
                Some(CORRUPT | NOT_A_DATABASE) => Self::Damaged,
                _ => Self::Other,
            },
        }
    }

    /// The cause of an error of the system's.
    pub(super) fn of_system(error: &io::Error) -> Self {
        if let Some(lost) = error.get_ref().and_then(|inner| inner.downcast_ref::<Lost>()) {
            return Self::Lost(lost.clone());
        }
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::OutOfMemory => Self::Memory,
            _ => Self::Disk,
        }
    }

    /// Whether the database could not be written, so that SQLite may have rolled back the whole
    /// transaction and the same input may well succeed later.
    pub fn is_of_the_disk(&self) -> bool {
        !matches!(self, Self::Other)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DiskFull => "the disk is full",
            Self::Disk => "the disk reports errors",
            Self::Memory => "there isn't enough memory",
            Self::Locked => "another program keeps the database locked",
            Self::ReadOnly => "the database or its folder is read-only",
            Self::Damaged => "the database is damaged",
            Self::Lost(lost) => return lost.fmt(f),
            Self::Closed => "the connection to the database is gone",
            Self::Other => "the database refused a statement",
        })
    }
}

/// The result code of an error, without what an extended one adds to it.
pub(super) fn code_of(error: &Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
