//! The SQL that SQLite and PostgreSQL share. PostgreSQL is not at hand here; what is known to
//! differ between the two is looked for in the texts.

use std::fs;
use std::path::{Path, PathBuf};

/// What only SQLite understands, or understands differently, as it would stand in a statement.
const FOREIGN: [&str; 18] = [
    "?",
    "AUTOINCREMENT",
    "PRAGMA",
    "ROWID",
    "STRICT",
    "INSERT OR ",
    "REPLACE INTO",
    "IFNULL(",
    "DATETIME(",
    "STRFTIME(",
    "JULIANDAY(",
    "UNIXEPOCH(",
    "RANDOM(",
    "GLOB ",
    "LAST_INSERT_ROWID",
    "JSON_EXTRACT(",
    "COLLATE",
    "\"",
];

/// The sources of what another database would do in its own way.
const SQLITE_ALONE: [&str; 6] =
    ["sqlite.rs", "create.rs", "guard.rs", "copy.rs", "restore.rs", "health.rs"];

/// The only types of columns.
const TYPES: [&str; 3] = ["BIGINT", "TEXT", "DOUBLE PRECISION"];

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|its| its == ending))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

/// What of `FOREIGN` is in a statement, outside of its literals.
fn foreign(statement: &str) -> Vec<&'static str> {
    let outside: String = statement.split('\'').step_by(2).collect::<Vec<_>>().join("''");
    let outside = outside.to_uppercase();
    FOREIGN.into_iter().filter(|word| outside.contains(word)).collect()
}

/// The statements of a source: the string literals given to sqlx.
fn statements(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices("sqlx::query") {
        let rest = &source[at..];
        let call = rest.find('(').expect("a call");
        let argument = rest[call + 1..].trim_start();
        let text = argument.strip_prefix('"').expect("every statement is a literal");
        found.push(text[..text.find('"').expect("an end")].to_owned());
    }
    found
}

/// A migration's SQL without its comments.
fn sql(migration: &str) -> String {
    let code = |line: &'_ str| line.split("--").next().unwrap_or_default().to_owned();
    migration.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The columns of a migration's tables as (name, type): CREATE TABLE with one column a line, and
/// ALTER TABLE … ADD COLUMN.
fn columns(migration: &str) -> Vec<(String, String)> {
    let text = sql(migration);
    let mut found = Vec::new();
    for statement in text.split(';').map(str::trim) {
        let lines: Vec<&str> = if let Some((_, added)) = statement.split_once("ADD COLUMN") {
            vec![added]
        } else if statement.starts_with("CREATE TABLE") {
            let body = statement.split_once('(').map_or("", |(_, body)| body);
            body.lines().collect()
        } else {
            continue;
        };
        // Only lines on the level of the columns; a CHECK may go on over several.
        let mut level = 0i32;
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_column = level == 0
                && words.first().is_some_and(|word| {
                    let rules = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT", ")"];
                    !rules.iter().any(|rule| word.starts_with(rule))
                });
            if is_column {
                let kind = match words.get(1..3) {
                    Some(["DOUBLE", second]) => format!("DOUBLE {}", second.trim_end_matches(',')),
                    _ => words.get(1).map_or("", |word| word.trim_end_matches(',')).to_owned(),
                };
                found.push((words[0].to_owned(), kind));
            }
            let count = |sign: char| i32::try_from(line.matches(sign).count()).unwrap();
            level += count('(') - count(')');
        }
    }
    found
}

#[test]
fn statements_are_portable() {
    let mut seen = 0;
    for path in files("src/store", "rs") {
        if SQLITE_ALONE.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        for statement in statements(&fs::read_to_string(&path).unwrap()) {
            seen += 1;
            let found = foreign(&statement);
            assert!(found.is_empty(), "{}: {found:?} in: {statement}", path.display());
        }
    }
    assert!(seen > 50, "only {seen} statements were found");
}

#[test]
fn placeholders_are_numbered_without_gaps() {
    for path in files("src/store", "rs") {
        for statement in statements(&fs::read_to_string(&path).unwrap()) {
            let mut numbers: Vec<usize> = statement
                .split('$')
                .skip(1)
                .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default())
                .map(|digits| digits.parse().expect("a number behind $"))
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            let wanted: Vec<usize> = (1..=numbers.len()).collect();
            assert_eq!(numbers, wanted, "{}: {statement}", path.display());
        }
    }
}

#[test]
fn migrations_are_portable() {
    let mut seen = 0;
    for path in files("migrations", "sql") {
        let text = fs::read_to_string(&path).unwrap();
        let found = foreign(&sql(&text));
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        for (name, kind) in columns(&text) {
            seen += 1;
            assert!(TYPES.contains(&kind.as_str()), "{}: {name} {kind}", path.display());
        }
    }
    assert!(seen > 80, "only {seen} columns were found");
}

#[test]
fn sqlite_is_named_where_it_belongs() {
    for path in files("src/store", "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let mentions = |word: &str| text.to_uppercase().contains(word);
        assert_eq!(
            ["PRAGMA", "SQLITE_MASTER", "JOURNAL", "VACUUM"].into_iter().any(mentions),
            SQLITE_ALONE.iter().any(|name| path.ends_with(name)),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_checks_see_what_they_are_for() {
    assert_eq!(foreign("SELECT * FROM t WHERE a = ?1"), ["?"]);
    assert_eq!(foreign("insert or ignore into t values ($1)"), ["INSERT OR "]);
    assert_eq!(foreign("SELECT ifnull(a, 'why?') FROM t"), ["IFNULL("]);
    assert_eq!(foreign("UPDATE t SET a = 'what?' WHERE b = $1"), [] as [&str; 0]);
    let table = "CREATE TABLE t (\n  -- a comment, INTEGER\n  a BIGINT NOT NULL PRIMARY KEY,\n  \
                 b INTEGER,\n  c DOUBLE PRECISION,\n  d TEXT NOT NULL\n    CHECK (d IN ('x',\n  \
                 'y')),\n  e BLOB,\n  CHECK (a > 0)\n);\nALTER TABLE t ADD COLUMN f BOOLEAN;";
    let kinds: Vec<String> = columns(table).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["BIGINT", "INTEGER", "DOUBLE PRECISION", "TEXT", "BLOB", "BOOLEAN"]);
    assert_eq!(statements("sqlx::query(\n  \"SELECT $1\",\n)"), ["SELECT $1"]);
}
