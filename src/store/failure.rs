//! Telling a database that doesn't work from a statement that doesn't.

use super::{Connection, Error, Result};

/// SQLite's result codes for trouble of the file and what it lies on (SQLite documentation, "Result
/// and Error Codes"): busy, locked, out of memory, read-only, I/O error, corrupt, full, cannot open,
/// and not a database. No other input would fare better.
const CODES: [u32; 9] = [5, 6, 7, 8, 10, 11, 13, 14, 26];

/// Whether the database is out of order, so that nothing can be written at the moment.
pub fn is_out_of_order(error: &Error) -> bool {
    match error {
        Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse::<u32>().ok());
            // An extended code keeps the primary one in its last byte.
            code.is_some_and(|code| CODES.contains(&(code & 0xff)))
        }
        Error::Io(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        _ => false,
    }
}

/// Writes a row again as it is. If that can be committed, writing works.
pub async fn probe(db: &mut Connection) -> Result<()> {
    sqlx::query(
        "UPDATE _sqlx_migrations SET success = success
         WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Prepares a database for failing: triggers and tables that only a test has.
#[cfg(test)]
pub(crate) async fn inject(db: &mut Connection, statements: &'static str) -> Result<()> {
    sqlx::raw_sql(statements).execute(db).await?;
    Ok(())
}
