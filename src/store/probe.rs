//! Finding out whether the database can be written.

use super::{Connection, Result};

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
