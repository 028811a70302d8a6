//! Migrations on tables that are not empty: each runs over the rows of all before it, loses none
//! of them, and leaves what today's program can read.

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Row as _, SqlitePool};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use studyhall::domain::ids::{ChannelId, GuildId, MemberId, RoundId};
use studyhall::domain::round::State;
use studyhall::engine::intent::Intent;
use studyhall::store::{
    Store, answers, ballots, channels, deliveries, guilds, ledger, members, rounds,
};
use tempfile::TempDir;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

async fn migrator() -> Migrator {
    Migrator::new(root().join("migrations").as_path()).await.unwrap()
}

async fn database(path: &Path) -> SqlitePool {
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
}

/// The rows that a migration is followed by.
fn sample(version: i64) -> String {
    let path = root().join(format!("tests/data/migrations/{version:04}.sql"));
    fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; every migration has rows to try the next one on", path.display())
    })
}

/// The tables that hold something of ours.
async fn tables(db: &SqlitePool) -> Vec<String> {
    sqlx::query(
        "SELECT name FROM sqlite_master
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'
         ORDER BY name",
    )
    .fetch_all(db)
    .await
    .unwrap()
    .iter()
    .map(|row| row.get("name"))
    .collect()
}

async fn count(db: &SqlitePool, table: &str) -> i64 {
    let statement = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {table}"));
    sqlx::query(statement).fetch_one(db).await.unwrap().get("n")
}

/// Tables and indexes as SQLite would make them again, blanks apart; by name.
async fn schema(db: &SqlitePool) -> BTreeMap<String, String> {
    sqlx::query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        .fetch_all(db)
        .await
        .unwrap()
        .iter()
        .map(|row| {
            let sql: String = row.get("sql");
            (row.get("name"), sql.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// A database at each version in turn, with the rows of all versions up to it.
async fn grown(path: &Path, version: i64) -> SqlitePool {
    let migrator = migrator().await;
    let db = database(path).await;
    for step in migrator.iter().map(|migration| migration.version).filter(|step| *step <= version) {
        let mut before = BTreeMap::new();
        for table in tables(&db).await {
            before.insert(table.clone(), count(&db, &table).await);
        }
        migrator
            .run_to(step, &db)
            .await
            .unwrap_or_else(|error| panic!("migration {step}: {error}"));
        let left: BTreeSet<String> = tables(&db).await.into_iter().collect();
        for (table, rows) in before {
            // A table may go, but only by a migration that says where its rows went.
            if left.contains(&table) {
                assert_eq!(count(&db, &table).await, rows, "migration {step} lost rows of {table}");
            }
        }
        sqlx::raw_sql(sqlx::AssertSqlSafe(sample(step)))
            .execute(&db)
            .await
            .unwrap_or_else(|error| panic!("the rows of {step}: {error}"));
    }
    db
}

async fn versions() -> Vec<i64> {
    migrator().await.iter().map(|migration| migration.version).collect()
}

#[tokio::test]
async fn every_migration_runs_over_the_rows_of_those_before() {
    let folder = TempDir::new().unwrap();
    let newest = *versions().await.last().unwrap();
    let db = grown(&folder.path().join("study.db"), newest).await;
    for table in tables(&db).await {
        assert!(count(&db, &table).await > 0, "no sample row in {table}");
    }
    // Every column once with a value and, where it may be NULL, once without.
    let mut untried = Vec::new();
    for table in tables(&db).await {
        let columns = sqlx::AssertSqlSafe(format!("PRAGMA table_info({table})"));
        for column in sqlx::query(columns).fetch_all(&db).await.unwrap() {
            let name: String = column.get("name");
            let statement = format!(
                "SELECT COUNT({name}) AS some, COUNT(*) - COUNT({name}) AS none FROM {table}"
            );
            let row = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_one(&db).await.unwrap();
            let optional = column.get::<i64, _>("notnull") == 0;
            if row.get::<i64, _>("some") == 0 || (optional && row.get::<i64, _>("none") == 0) {
                untried.push(format!("{table}.{name}"));
            }
        }
    }
    assert_eq!(untried, [] as [&str; 0], "no sample row has these, or none goes without");
    let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(&db).await.unwrap();
    assert!(broken.is_empty(), "{} rows refer to nothing", broken.len());
    let sound: String = sqlx::query("PRAGMA integrity_check").fetch_one(&db).await.unwrap().get(0);
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn tables_are_the_same_whether_grown_or_new() {
    let folder = TempDir::new().unwrap();
    let newest = *versions().await.last().unwrap();
    let grown = grown(&folder.path().join("grown.db"), newest).await;
    let path = folder.path().join("new.db");
    Store::open(&path).await.unwrap().close().await;
    let new = database(&path).await;
    assert_eq!(schema(&grown).await, schema(&new).await);
    assert!(schema(&new).await.len() > 10);
}

#[tokio::test]
async fn a_database_of_any_version_is_opened_and_read() {
    for version in versions().await {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("study.db");
        grown(&path, version).await.close().await;
        let store = Store::open(&path).await.unwrap_or_else(|e| panic!("version {version}: {e}"));
        let mut db = store.read().await.unwrap();
        read_everything(&mut db).await;
        drop(db);
        store.close().await;
    }
}

/// Reads the rows of 0001, which are in a database of any version.
async fn read_everything(db: &mut studyhall::store::Connection) {
    let (guild, study) = (GuildId(900_000_000_000_000_001), ChannelId(800_000_000_000_000_001));
    assert_eq!(guilds::find(db, guild).await.unwrap().unwrap().name, "Reading room");
    assert_eq!(channels::in_use(db, None).await.unwrap().len(), 2);
    let removed = channels::find(db, ChannelId(800_000_000_000_000_003)).await.unwrap().unwrap();
    assert!(removed.removed && removed.schedule.pause.is_some());
    let mut states = BTreeSet::new();
    for id in 1..=6 {
        let round = rounds::find(db, RoundId(id)).await.unwrap().unwrap();
        states.insert(round.state.word());
    }
    assert_eq!(states, State::ALL.map(State::word).into(), "a state without a sample row");
    let closed = rounds::find(db, RoundId(1)).await.unwrap().unwrap();
    assert_eq!(closed.seed, u64::MAX);
    assert_eq!(closed.outcome.unwrap().tally.picks, [MemberId(1_001)]);
    assert_eq!(answers::of_round(db, RoundId(1)).await.unwrap().len(), 2);
    assert_eq!(answers::messages(db, RoundId(1)).await.unwrap().len(), 3);
    assert_eq!(ballots::of_round(db, RoundId(1)).await.unwrap().len(), 2);
    assert_eq!(ledger::total(db, guild, MemberId(1_001)).await.unwrap(), 2);
    assert_eq!(ledger::of_member(db, guild, MemberId(1_001), 9).await.unwrap().len(), 3);
    assert_eq!(ledger::streaks(db, study).await.unwrap().len(), 2);
    assert!(members::is_hidden(db, guild, MemberId(1_002)).await.unwrap());
    // What is still owed must be understood, or it is never said.
    for id in 1..=14 {
        let found = deliveries::find::<Intent>(db, id).await;
        assert!(found.unwrap_or_else(|e| panic!("delivery {id}: {e}")).is_some());
    }
}

// --- What a migration may not do ---

/// Why a migration behind the first cannot run over rows.
fn unfit(migration: &str) -> Vec<String> {
    let code: String = migration
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ");
    code.split(';')
        .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|statement| {
            let upper = statement.to_uppercase();
            upper.contains("ADD COLUMN")
                && upper.contains("NOT NULL")
                && !upper.contains(" DEFAULT ")
        })
        .collect()
}

#[tokio::test]
async fn no_migration_asks_old_rows_for_what_they_lack() {
    for migration in migrator().await.iter().skip(1) {
        let found = unfit(migration.sql.as_str());
        assert!(found.is_empty(), "migration {}: {found:?}", migration.version);
    }
}

#[tokio::test]
async fn versions_are_numbered_without_gaps() {
    let versions = versions().await;
    let wanted: Vec<i64> = (1..).take(versions.len()).collect();
    assert_eq!(versions, wanted);
}

#[test]
fn what_old_rows_lack_is_found() {
    let bad = "ALTER TABLE rounds -- as said\n  ADD COLUMN mood TEXT\n  NOT NULL;";
    assert_eq!(unfit(bad), ["ALTER TABLE rounds ADD COLUMN mood TEXT NOT NULL"]);
    for fine in [
        "ALTER TABLE rounds ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';",
        "ALTER TABLE rounds ADD COLUMN mood TEXT; -- NOT NULL",
        "CREATE TABLE moods (mood TEXT NOT NULL);",
    ] {
        assert_eq!(unfit(fine), [] as [&str; 0], "{fine}");
    }
}

#[tokio::test]
async fn a_migration_that_old_rows_cannot_follow_is_noticed() {
    // The samples are what makes it fail: on an empty table it would have run.
    let folder = TempDir::new().unwrap();
    let db = grown(&folder.path().join("study.db"), 1).await;
    for bad in [
        "ALTER TABLE rounds ADD COLUMN mood TEXT NOT NULL",
        "CREATE UNIQUE INDEX one_a_member ON answer_messages (round_id, member_id)",
    ] {
        assert!(sqlx::query(bad).execute(&db).await.is_err(), "{bad}");
    }
}
