//! How much room the disk of a database has.

use std::io;
use std::path::Path;

/// The bytes that this user may still write to the file system that `path` is on. The file need not
/// be there: its folder says as much.
///
/// # Errors
/// When the system doesn't say.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let about =
        rustix::fs::statvfs(path).or_else(|_| rustix::fs::statvfs(super::copy::folder_of(path)))?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

/// The standard library doesn't ask it, and no other system is tested.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::free_bytes;

    #[test]
    fn the_room_is_that_of_the_folder_if_there_is_no_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let free = free_bytes(folder.path()).unwrap();
        assert!(free > 0);
        let missing = free_bytes(&folder.path().join("study.db")).unwrap();
        // Other programs write meanwhile.
        assert!(missing.abs_diff(free) < free / 2, "{missing} {free}");
        assert!(free_bytes(&folder.path().join("missing/study.db")).is_err());
    }
}
