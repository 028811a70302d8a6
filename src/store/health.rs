//! Whether a database is whole, and how large it is. SQLite's alone, like `sqlite`.

use super::{Connection, Result};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// Faults that are told; where there are more, they are of the same kind.
const MOST_FAULTS: usize = 5;

/// Everything that is wrong with a database, at most a handful of lines: damaged pages, indexes
/// that disagree with their tables, rows that refer to nothing. Reads all of it.
pub async fn faults(db: &mut Connection) -> Vec<String> {
    // A number larger than one asks for as many lines (SQLite documentation, "PRAGMA
    // integrity_check").
    let check = sqlx::query("PRAGMA integrity_check(5)").fetch_all(&mut *db).await;
    let mut found = checked(check);
    if found.is_empty() {
        found.extend(orphans(db).await.unwrap_or_else(|error| vec![error.to_string()]));
    }
    found.truncate(MOST_FAULTS);
    found
}

/// The first of the same, without comparing indexes with their tables and without looking at
/// references, which is ten times as quick.
pub async fn damage(db: &mut Connection) -> Option<String> {
    let check = sqlx::query("PRAGMA quick_check(1)").fetch_all(db).await;
    checked(check).into_iter().next()
}

/// What is not `ok` in the answer to a check.
fn checked(answer: Result<Vec<SqliteRow>>) -> Vec<String> {
    let lines: Result<Vec<String>> =
        answer.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    match lines {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").map(one_line).collect(),
        // A file that is damaged badly enough cannot even be checked.
        Err(error) => vec![
            error
                .as_database_error()
                .map_or_else(|| error.to_string(), |error| one_line(error.message().to_owned())),
        ],
    }
}

/// Rows that refer to rows that are not there.
async fn orphans(db: &mut Connection) -> Result<Vec<String>> {
    let rows = sqlx::query("PRAGMA foreign_key_check").fetch_all(db).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let (table, parent): (String, String) = (first.try_get("table")?, first.try_get("parent")?);
    Ok(vec![format!(
        "rows that refer to nothing: {}, the first in {table}, to {parent}",
        rows.len()
    )])
}

/// How large the database is, in bytes, without what is still in its log.
pub async fn size(db: &mut Connection) -> Result<u64> {
    let size: i64 = sqlx::query(
        "SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()",
    )
    .fetch_one(db)
    .await?
    .try_get("size")?;
    Ok(u64::try_from(size).unwrap_or(0))
}

fn one_line(text: String) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
