//! Opening a file: what is ours, what is not, and that nothing else is touched.

use super::{GUILD, guild};
use crate::store::{OpenError, Store, guilds, sqlite};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// All files of a folder with their bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.clone(), if path.is_dir() { Vec::new() } else { fs::read(path).unwrap() })
        })
        .collect()
}

/// Opens a file that must be refused; the sentence, with the folder left out. Nothing may have
/// changed in the folder.
async fn refusal(folder: &TempDir, name: &str) -> String {
    let before = contents(folder.path());
    let Err(error) = Store::open(&folder.path().join(name)).await else {
        panic!("{name} was opened")
    };
    assert!(contents(folder.path()) == before, "{name}: something in the folder changed");
    // One sentence or two on one line, which tell it all: the chain has nothing to add.
    let told = error.to_string();
    assert!(!told.contains('\n'), "{told}");
    told.replace(&format!("{}/", folder.path().display()), "")
}

/// A SQLite file made by these statements.
async fn make(path: &Path, mode: SqliteJournalMode, statements: &[&'static str]) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut db = options.journal_mode(mode).connect().await.unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&mut db).await.unwrap();
    }
    db.close().await.unwrap();
}

/// A database of ours with a migration that this program does not know.
async fn newer(path: &Path) {
    Store::open(path).await.unwrap().close().await;
    make(
        path,
        SqliteJournalMode::Wal,
        &["INSERT INTO _sqlx_migrations
               (version, description, installed_on, success, checksum, execution_time)
           VALUES (9000, 'later', '2030-01-01', 1, x'00', 1)"],
    )
    .await;
}

#[tokio::test]
async fn a_new_file_and_a_known_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("new.db");
    for again in [false, true] {
        let store = Store::open(&path).await.unwrap();
        let mut db = store.begin().await.unwrap();
        assert_eq!(guilds::find(&mut db, GUILD).await.unwrap().is_some(), again);
        guilds::save(&mut db, &guild(GUILD)).await.unwrap();
        db.commit().await.unwrap();
        store.close().await;
    }
}

#[tokio::test]
async fn an_empty_file_is_as_good_as_none() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("empty.db");
    fs::write(&path, "").unwrap();
    Store::open(&path).await.unwrap().close().await;
    assert!(fs::metadata(&path).unwrap().len() > 0);
}

#[tokio::test]
async fn a_file_left_by_a_crash_is_opened_with_all_that_was_committed() {
    // What a process that was killed leaves: the file, and a log that was not yet put into it.
    let folder = TempDir::new().unwrap();
    let (path, crashed) = (folder.path().join("study.db"), folder.path().join("crashed.db"));
    let store = Store::open(&path).await.unwrap();
    let mut db = store.begin().await.unwrap();
    guilds::save(&mut db, &guild(GUILD)).await.unwrap();
    db.commit().await.unwrap();
    fs::copy(&path, &crashed).unwrap();
    fs::copy(folder.path().join("study.db-wal"), folder.path().join("crashed.db-wal")).unwrap();
    store.close().await;

    let again = Store::open(&crashed).await.unwrap();
    let mut db = again.read().await.unwrap();
    assert!(guilds::find(&mut db, GUILD).await.unwrap().is_some());
}

#[tokio::test]
async fn garbage_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("notes.txt"), "Shopping list: bread, tea\n".repeat(1_000))
        .unwrap();
    fs::write(folder.path().join("short"), "x").unwrap();
    fs::write(folder.path().join("zeros"), [0; 8_192]).unwrap();
    insta::assert_snapshot!(refusal(&folder, "notes.txt").await, @"notes.txt is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is");
    insta::assert_snapshot!(refusal(&folder, "short").await, @"short is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is");
    insta::assert_snapshot!(refusal(&folder, "zeros").await, @"zeros is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is");
}

#[tokio::test]
async fn another_programs_file_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let table = ["CREATE TABLE photos (id INTEGER PRIMARY KEY)"];
    make(&folder.path().join("photos.db"), SqliteJournalMode::Delete, &table).await;
    make(&folder.path().join("wal.db"), SqliteJournalMode::Wal, &table).await;
    insta::assert_snapshot!(refusal(&folder, "photos.db").await, @"photos.db is a SQLite file, but not Studyhall's. Name another file under [database] path; this one was left as it is");
    insta::assert_snapshot!(refusal(&folder, "wal.db").await, @"wal.db is a SQLite file, but not Studyhall's. Name another file under [database] path; this one was left as it is");
}

#[tokio::test]
async fn another_program_with_migrations_of_its_own_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let migrations = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT \
                      NOT NULL, installed_on TIMESTAMP NOT NULL, success BOOLEAN NOT NULL, \
                      checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
    let row = "INSERT INTO _sqlx_migrations VALUES (1, 'photos', '2026-01-01', 1, x'00', 1)";
    let path = folder.path().join("photos.db");
    make(&path, SqliteJournalMode::Delete, &[migrations, row]).await;
    insta::assert_snapshot!(refusal(&folder, "photos.db").await, @"photos.db is a SQLite file, but not Studyhall's. Name another file under [database] path; this one was left as it is");
}

#[tokio::test]
async fn a_newer_programs_file_is_left_alone() {
    let folder = TempDir::new().unwrap();
    newer(&folder.path().join("study.db")).await;
    // How many versions there are is for the migrations to say.
    let told = refusal(&folder, "study.db").await;
    let newest = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap().count();
    let told = told.replace(&format!("knows {newest}"), "knows N");
    insta::assert_snapshot!(told, @"the database study.db was written by a newer Studyhall (version 9000 of its tables, this program knows N). Start the newer program, or restore an older copy; nothing was changed");
}

#[tokio::test]
async fn a_newer_programs_file_is_left_alone_after_a_crash() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    newer(&path).await;
    // The log that a killed process leaves beside the file is not put into it.
    let mut writer = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let write = "UPDATE _sqlx_migrations SET version = 9001 WHERE version = 9000";
    sqlx::query(write).execute(&mut writer).await.unwrap();
    let crashed = TempDir::new().unwrap();
    for name in ["study.db", "study.db-wal"] {
        fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    writer.close().await.unwrap();
    let before = contents(crashed.path());
    let error = Store::open(&crashed.path().join("study.db")).await.err();
    assert!(matches!(error, Some(OpenError::Newer { found: 9_001, .. })), "{error:?}");
    let after = contents(crashed.path());
    for (path, bytes) in &before {
        assert!(after.get(path) == Some(bytes), "{} changed", path.display());
    }
}

#[tokio::test]
async fn a_migration_that_was_changed_later_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    Store::open(&path).await.unwrap().close().await;
    let change = ["UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1"];
    make(&path, SqliteJournalMode::Wal, &change).await;
    insta::assert_snapshot!(refusal(&folder, "study.db").await, @"the tables of study.db could not be brought up to date: migration 1 was previously applied but has been modified. Restore a copy of the file, or start the program that wrote it; nothing was changed");
}

#[tokio::test]
async fn places_where_no_file_can_be() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    insta::assert_snapshot!(refusal(&folder, "missing/study.db").await, @"cannot open the database missing/study.db: there is no folder missing. Check `path` in [database], and that this user may write there");
    insta::assert_snapshot!(refusal(&folder, "file/study.db").await, @"cannot open the database file/study.db: file is no folder. Check `path` in [database], and that this user may write there");
    insta::assert_snapshot!(refusal(&folder, "folder").await, @"cannot open the database folder: it is a folder. Check `path` in [database], and that this user may write there");
}

#[cfg(unix)]
#[tokio::test]
async fn a_place_where_this_user_may_not_write() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_ok() {
        eprintln!("this user (root?) may write everywhere, so the case cannot be made");
        return;
    }
    insta::assert_snapshot!(refusal(&folder, "locked/study.db").await, @"the database locked/study.db cannot be written: the file, its folder or the disk is read-only for this user. Let this user write the file and its folder, or name another file under [database] path");
}

#[tokio::test]
async fn a_file_that_another_program_keeps_locked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    Store::open(&path).await.unwrap().close().await;
    let mut other = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let told = Store::open(&path).await.err().unwrap().to_string();
    let told = told.replace(&format!("{}/", folder.path().display()), "");
    insta::assert_snapshot!(told, @"the database study.db is locked by another program, and has been for 5 s. Close what has it open (a database browser, a backup tool), and start again");
    other.close().await.unwrap();
    Store::open(&path).await.unwrap().close().await;
}

#[tokio::test]
async fn every_refusal_is_of_its_kind() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("garbage"), "x".repeat(9_999)).unwrap();
    make(&path("foreign"), SqliteJournalMode::Delete, &["CREATE TABLE a (b INTEGER)"]).await;
    newer(&path("newer")).await;
    let kind = async |name: &str| Store::open(&path(name)).await.err();
    assert!(matches!(kind("garbage").await, Some(OpenError::NotADatabase { .. })));
    assert!(matches!(kind("foreign").await, Some(OpenError::Foreign { .. })));
    assert!(matches!(kind("newer").await, Some(OpenError::Newer { found: 9_000, known: 1.., .. })));
    assert!(matches!(kind("missing/x").await, Some(OpenError::Unusable { .. })));
}

#[tokio::test]
async fn looking_at_a_file_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    let store = Store::open(&path).await.unwrap();
    let mut db = store.begin().await.unwrap();
    guilds::save(&mut db, &guild(GUILD)).await.unwrap();
    db.commit().await.unwrap();
    // While a bot has it open, what is committed is seen.
    let mut db = Store::look(&path).await.unwrap();
    assert_eq!(guilds::find(&mut db, GUILD).await.unwrap(), Some(guild(GUILD)));
    assert!(guilds::save(&mut db, &guild(GUILD)).await.is_err(), "it is for reading alone");
    db.close().await.unwrap();
    store.close().await;
    let before = contents(folder.path());
    let mut db = Store::look(&path).await.unwrap();
    assert_eq!(guilds::find(&mut db, GUILD).await.unwrap(), Some(guild(GUILD)));
    db.close().await.unwrap();
    assert!(contents(folder.path()) == before);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_told() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("empty.db"), "").unwrap();
    fs::write(at("letter.txt"), "Dear all, this is no database.").unwrap();
    Store::open(&at("older.db")).await.unwrap().close().await;
    make(
        &at("older.db"),
        SqliteJournalMode::Wal,
        &["DELETE FROM _sqlx_migrations WHERE version > 1"],
    )
    .await;
    newer(&at("newer.db")).await;
    let before = contents(folder.path());
    for (name, told) in [
        ("none.db", "there is no database "),
        ("empty.db", "was written by an older Studyhall"),
        ("older.db", "was written by an older Studyhall"),
        ("newer.db", "was written by a newer Studyhall"),
        ("letter.txt", "is not a Studyhall database"),
    ] {
        let error = Store::look(&at(name)).await.expect_err(name).to_string();
        assert!(error.contains(told), "{name}: {error}");
    }
    assert!(contents(folder.path()) == before);
}

#[tokio::test]
async fn a_file_that_another_bot_works_on_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    let one = Store::open(&path).await.unwrap();
    let two = sqlite::open(&path, Duration::from_millis(60)).await;
    let told = two.err().unwrap().to_string().replace(&format!("{}/", folder.path().display()), "");
    let this = format!("(process {}", std::process::id());
    let (before, who) = told.split_once(&this).expect("it says who");
    let told = format!("{before}(process …{}", who.split_once(')').unwrap().1);
    insta::assert_snapshot!(told, @"the database study.db is in use by another Studyhall (process …. Stop that one first, or name another file under [database] path");
    // One that is just ending is waited for.
    let (two, ()) = tokio::join!(Store::open(&path), one.close());
    two.unwrap().close().await;
}
