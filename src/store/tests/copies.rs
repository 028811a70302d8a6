//! Backups, restoring one, and the copy before a migration. What is written down of the peers
//! (SQLite locked, malformed, wiped; a database copied without its log) has its tests here.

use super::{GUILD, guild};
use crate::domain::ids::GuildId;
use crate::store::restore::{Step, restore_until};
use crate::store::{CopyError, OpenError, Store, guilds, health, sqlite};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn now() -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

/// A database with this many guilds, closed.
async fn database(path: &Path, guilds: u64) {
    let store = Store::open(path).await.unwrap();
    add(&store, 1..=guilds).await;
    store.close().await;
}

async fn add(store: &Store, numbers: impl IntoIterator<Item = u64>) {
    let mut db = store.begin().await.unwrap();
    for number in numbers {
        guilds::save(&mut db, &guild(GuildId(GUILD.0 + number))).await.unwrap();
    }
    db.commit().await.unwrap();
}

/// How many guilds a bot would find that opens this database. It is given a copy, with the log if
/// there is one: a bot changes what it opens.
async fn held(path: &Path) -> u64 {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("study.db");
    fs::copy(path, &copy).unwrap();
    let log = PathBuf::from(format!("{}-wal", path.display()));
    if log.exists() {
        fs::copy(log, folder.path().join("study.db-wal")).unwrap();
    }
    let store = Store::open(&copy).await.unwrap();
    let mut db = store.read().await.unwrap();
    let held = guilds::all(&mut db).await.unwrap().len() as u64;
    assert_eq!(health::faults(&mut db).await, [] as [&str; 0]);
    drop(db);
    store.close().await;
    held
}

/// Names in the folder that begin so.
fn names(folder: &TempDir, beginning: &str) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.into_iter().filter(|name| name.starts_with(beginning)).collect()
}

/// An error's sentence, with the folder left out.
fn told(error: &CopyError, folder: &TempDir) -> String {
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

/// Writes over the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 8_192].fill(0xa5);
    fs::write(path, bytes).unwrap();
}

// --- Backup ---

#[tokio::test]
async fn what_killed_backups_left_is_swept_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    database(&path, 1).await;
    let make = |name: &str, hours: i64| {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        file.set_modified((now() - TimeDelta::hours(hours)).into()).unwrap();
    };
    make(".studyhall-backup-killed.part", 25);
    make(".studyhall-backup-running.part", 23);
    make(".studyhall-backup-ahead.part", -25);
    make(".studyhall-backup-other", 99);
    make("studyhall-backup-other.part", 99);
    fs::create_dir(folder.path().join(".studyhall-backup-folder.part")).unwrap();
    Store::back_up(&path, &folder.path().join("copy"), false, now()).await.unwrap();
    let mut left = names(&folder, ".studyhall");
    left.extend(names(&folder, "studyhall-"));
    insta::assert_snapshot!(left.join("\n"), @r"
    .studyhall-backup-ahead.part
    .studyhall-backup-folder.part
    .studyhall-backup-other
    .studyhall-backup-running.part
    studyhall-backup-other.part
    ");
}

#[tokio::test]
async fn a_backup_is_whole_and_has_everything_that_was_committed_while_a_bot_writes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    let store = Store::open(&path).await.unwrap();
    add(&store, 1..=20).await;
    let writing = async {
        for number in 21..=400 {
            add(&store, [number]).await;
        }
    };
    let copying = async {
        let mut sizes = Vec::new();
        for number in 0..5 {
            let to = folder.path().join(format!("{number}.bak"));
            let mut db = Store::look(&path).await.unwrap();
            let before = guilds::all(&mut db).await.unwrap().len() as u64;
            db.close().await.unwrap();
            Store::back_up(&path, &to, false, now()).await.unwrap();
            sizes.push((before, to));
        }
        sizes
    };
    let ((), copies) = tokio::join!(writing, copying);
    for (before, copy) in copies {
        // In order, without a gap: each is the database as it was at one moment.
        let mut db = Store::look(&copy).await.unwrap();
        let found = guilds::all(&mut db).await.unwrap();
        let count = found.len() as u64;
        assert!(count >= before && count >= 20, "{count} of {before}");
        let expected: Vec<GuildId> = (1..=count).map(|number| GuildId(GUILD.0 + number)).collect();
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), expected);
        assert_eq!(health::faults(&mut db).await, [] as [&str; 0]);
    }
    store.close().await;
    assert_eq!(held(&path).await, 400, "the bot's own is untouched");
    assert_eq!(names(&folder, ".studyhall"), [] as [&str; 0], "nothing half made is left");
}

#[tokio::test]
async fn a_bot_copies_its_own_database_while_it_writes() {
    let folder = TempDir::new().unwrap();
    let (path, to) = (folder.path().join("study.db"), folder.path().join("copy.db"));
    let store = Store::open(&path).await.unwrap();
    add(&store, 1..=3).await;
    // In the middle of a transaction, which is not committed and so not in the copy.
    let mut db = store.begin().await.unwrap();
    guilds::save(&mut db, &guild(GuildId(GUILD.0 + 4))).await.unwrap();
    let done = store.copy_to(&to, now()).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(done.bytes, fs::metadata(&to).unwrap().len());
    assert!(matches!(store.copy_to(&to, now()).await, Err(CopyError::Exists(_))));
    assert!(matches!(store.copy_to(&path, now()).await, Err(CopyError::Itself(_))));
    assert_eq!(Store::last_backup(store.path()).unwrap().at, now());
    store.close().await;
    assert_eq!((held(&to).await, held(&path).await), (3, 4));
}

#[tokio::test]
async fn a_backup_of_what_a_killed_bot_left_has_what_was_in_its_log() {
    let folder = TempDir::new().unwrap();
    let (path, crashed) = (folder.path().join("study.db"), folder.path().join("crashed.db"));
    let store = Store::open(&path).await.unwrap();
    add(&store, 1..=3).await;
    fs::copy(&path, &crashed).unwrap();
    fs::copy(folder.path().join("study.db-wal"), folder.path().join("crashed.db-wal")).unwrap();
    store.close().await;
    let to = folder.path().join("backup");
    Store::back_up(&crashed, &to, false, now()).await.unwrap();
    assert_eq!(held(&to).await, 3);
}

#[tokio::test]
async fn a_backup_replaces_nothing_unasked_and_never_the_database() {
    let folder = TempDir::new().unwrap();
    let (path, to) = (folder.path().join("study.db"), folder.path().join("old.bak"));
    database(&path, 2).await;
    fs::write(&to, "precious").unwrap();
    let error = Store::back_up(&path, &to, false, now()).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &folder), @"old.bak is there already. Name another file, or add --force to replace it");
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    assert_eq!(Store::last_backup(&path), None);
    for force in [false, true] {
        let error = Store::back_up(&path, &path, force, now()).await.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&error, &folder), @"study.db is the database itself. Name another file");
        }
    }
    Store::back_up(&path, &to, true, now()).await.unwrap();
    assert_eq!(held(&to).await, 2);
    let noted = Store::last_backup(&path).unwrap();
    assert_eq!((noted.at, noted.file), (now(), fs::canonicalize(&to).unwrap()));
    assert_eq!(names(&folder, ".studyhall"), [] as [&str; 0]);
}

#[tokio::test]
async fn places_where_no_backup_can_be() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    database(&path, 1).await;
    let at = |name: &str| folder.path().join(name);
    let missing = Store::back_up(&at("none.db"), &at("x"), false, now()).await.unwrap_err();
    assert!(matches!(missing, CopyError::Open(OpenError::Missing { .. })), "{missing}");
    let error = Store::back_up(&path, &at("missing/x"), false, now()).await.unwrap_err();
    assert!(matches!(error, CopyError::Write { .. }), "{error}");
    assert!(error.to_string().contains("missing. Check that there is room"), "{error}");
    let error = Store::back_up(&path, folder.path(), false, now()).await.unwrap_err();
    assert!(matches!(error, CopyError::Folder(_)), "{error}");
}

#[tokio::test]
async fn a_damaged_database_takes_no_sound_backups_place() {
    let folder = TempDir::new().unwrap();
    let (path, to) = (folder.path().join("study.db"), folder.path().join("good.bak"));
    database(&path, 500).await;
    Store::back_up(&path, &to, false, now()).await.unwrap();
    damage(&path);
    let error = Store::back_up(&path, &to, true, now()).await.unwrap_err();
    assert!(matches!(error, CopyError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("Restore an earlier one with `studyhall restore FILE`"));
    assert_eq!(held(&to).await, 500);
    // And a bot does not go on with it.
    let refused = Store::open(&path).await.err().unwrap();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    // The way out.
    let restored = Store::restore(&to, &path, now()).await.unwrap();
    assert_eq!(held(&path).await, 500);
    assert!(restored.kept.unwrap().exists());
}

// --- Restore ---

#[tokio::test]
async fn a_restored_database_is_the_backup_and_the_old_one_is_kept() {
    let folder = TempDir::new().unwrap();
    let (path, backup) = (folder.path().join("study.db"), folder.path().join("study.bak"));
    database(&path, 3).await;
    Store::back_up(&path, &backup, false, now()).await.unwrap();
    database(&path, 5).await;
    for (number, was) in [("", 5), ("-2", 3)] {
        let done = Store::restore(&backup, &path, now()).await.unwrap();
        let kept = folder.path().join(format!("study.db.before-restore-20261123T080000Z{number}"));
        assert_eq!(done.kept.as_deref(), Some(&*kept));
        assert!(!done.older && !done.plain_copy);
        assert_eq!((held(&path).await, held(&kept).await, held(&backup).await), (3, was, 3));
    }
    assert_eq!(names(&folder, "study.db.restoring"), [] as [&str; 0]);
}

#[tokio::test]
async fn a_backup_is_restored_where_there_was_no_database() {
    let folder = TempDir::new().unwrap();
    let (path, backup) = (folder.path().join("study.db"), folder.path().join("study.bak"));
    database(&path, 3).await;
    Store::back_up(&path, &backup, false, now()).await.unwrap();
    let elsewhere = folder.path().join("new.db");
    let done = Store::restore(&backup, &elsewhere, now()).await.unwrap();
    assert_eq!((done.kept, held(&elsewhere).await), (None, 3));
}

#[tokio::test]
async fn what_is_no_backup_is_not_restored() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    database(&path, 500).await;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("letter.txt"), "Dear all, this is no database.").unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::copy(&path, at("damaged")).unwrap();
    damage(&at("damaged"));
    let whole = fs::read(&path).unwrap();
    fs::write(at("short"), &whole[..whole.len() / 2]).unwrap();
    let photos = SqliteConnectOptions::new().filename(at("photos.db")).create_if_missing(true);
    let mut db = photos.connect().await.unwrap();
    sqlx::query("CREATE TABLE photos (id INTEGER)").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    database(&at("newer"), 1).await;
    let mut db = SqliteConnectOptions::new().filename(at("newer")).connect().await.unwrap();
    let later = "UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1";
    sqlx::query(later).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    for (name, why) in [
        ("none", "there is no such file"),
        ("", "it is no file"),
        ("letter.txt", "it is not a SQLite file"),
        ("empty", "there is nothing in it"),
        ("damaged", "it is damaged"),
        ("short", "it is damaged"),
        ("photos.db", "it is a SQLite file, but not Studyhall's"),
        ("newer", "a newer Studyhall wrote it"),
    ] {
        let error = Store::restore(&at(name), &path, now()).await.expect_err(name).to_string();
        assert!(error.contains(why) && error.ends_with("Nothing was changed"), "{name}: {error}");
        assert!(fs::read(&path).unwrap() == before, "{name}: the database changed");
    }
    let error = Store::restore(&path, &path, now()).await.unwrap_err();
    assert!(matches!(error, CopyError::Itself(_)), "{error}");
    // What is at the database's place is somebody else's: a mistake in the configuration.
    let error = Store::restore(&path, &at("photos.db"), now()).await.unwrap_err();
    assert!(matches!(error, CopyError::Open(OpenError::Foreign { .. })), "{error}");
    assert_eq!(names(&folder, "study.db.before"), [] as [&str; 0]);
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_bot() {
    let folder = TempDir::new().unwrap();
    let (path, backup) = (folder.path().join("study.db"), folder.path().join("study.bak"));
    database(&path, 1).await;
    Store::back_up(&path, &backup, false, now()).await.unwrap();
    let bot = Store::open(&path).await.unwrap();
    let error = Store::restore(&backup, &path, now()).await.unwrap_err().to_string();
    assert!(error.contains(&format!("another Studyhall (process {}", std::process::id())));
    add(&bot, [2]).await;
    bot.close().await;
    assert_eq!(held(&path).await, 2);
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_step_leaves_a_whole_database() {
    const STEPS: [Step; 5] =
        [Step::Copied, Step::Settled, Step::Kept, Step::Unlogged, Step::Replaced];
    for last in STEPS {
        let folder = TempDir::new().unwrap();
        let (path, backup) = (folder.path().join("study.db"), folder.path().join("study.bak"));
        database(&path, 3).await;
        Store::back_up(&path, &backup, false, now()).await.unwrap();
        // What a killed bot leaves: more than is in the file is in its log.
        let (live, spare) = (folder.path().join("live.db"), TempDir::new().unwrap());
        let bot = Store::open(&live).await.unwrap();
        add(&bot, 1..=5).await;
        for ending in ["", "-wal"] {
            let copy = spare.path().join(format!("study.db{ending}"));
            fs::copy(folder.path().join(format!("live.db{ending}")), copy).unwrap();
        }
        bot.close().await;
        for ending in ["", "-wal"] {
            let name = format!("study.db{ending}");
            fs::copy(spare.path().join(&name), folder.path().join(&name)).unwrap();
        }
        let mut done = Vec::new();
        let mut kill = |step| {
            done.push(step);
            if step == last { Err(io::Error::other("killed")) } else { Ok(()) }
        };
        assert!(restore_until(&backup, &path, now(), &mut kill).await.is_err());
        assert_eq!(done.last(), Some(&last));
        // As a process that died would have left it. What is kept is no other name of the database,
        // into which a bot would go on writing.
        let expected = if last == Step::Replaced { 3 } else { 5 };
        assert_eq!(held(&path).await, expected, "after {last:?}");
        Store::open(&path).await.unwrap().close().await;
        for kept in names(&folder, "study.db.before") {
            assert_eq!(held(&folder.path().join(kept)).await, 5, "after {last:?}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            assert_eq!(fs::metadata(&path).unwrap().nlink(), 1, "after {last:?}");
        }
        // And the same again goes through.
        Store::restore(&backup, &path, now()).await.unwrap();
        assert_eq!(held(&path).await, 3, "again after {last:?}");
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_put_into_a_damaged_file_is_kept_and_never_meets_the_new_one() {
    let folder = TempDir::new().unwrap();
    let (path, backup) = (folder.path().join("study.db"), folder.path().join("study.bak"));
    database(&path, 3).await;
    Store::back_up(&path, &backup, false, now()).await.unwrap();
    fs::write(&path, "not a database any more".repeat(1_000)).unwrap();
    fs::write(folder.path().join("study.db-wal"), "a log").unwrap();
    let done = Store::restore(&backup, &path, now()).await.unwrap();
    let kept = done.kept.unwrap();
    assert!(fs::read(&kept).unwrap().starts_with(b"not a database"));
    let log = PathBuf::from(format!("{}-wal", kept.display()));
    assert_eq!(fs::read(log).unwrap(), b"a log");
    assert_eq!(held(&path).await, 3);
}

#[tokio::test]
async fn a_database_that_was_copied_without_its_log_is_whole_or_refused_and_said_to_be_a_copy() {
    // whiteout's issue 100: `cp` of a running bot's database, without what is in its log.
    let folder = TempDir::new().unwrap();
    let (path, copied) = (folder.path().join("study.db"), folder.path().join("copied.db"));
    let store = Store::open(&path).await.unwrap();
    add(&store, 1..=3).await;
    fs::copy(&path, &copied).unwrap();
    store.close().await;
    let elsewhere = folder.path().join("new.db");
    match Store::restore(&copied, &elsewhere, now()).await {
        // Then it lacks what was in the log, and whoever restores it is told.
        Ok(done) => {
            assert!(done.plain_copy);
            assert!(held(&elsewhere).await < 3);
        }
        Err(error) => assert!(matches!(error, CopyError::Unfit { .. }), "{error}"),
    }
    // A copy of one that was stopped has everything; still it is said what it is.
    let done = Store::restore(&path, &folder.path().join("other.db"), now()).await.unwrap();
    assert!(done.plain_copy);
    assert_eq!(held(&folder.path().join("other.db")).await, 3);
}

#[tokio::test]
async fn a_copy_with_its_log_is_restored_with_what_is_in_the_log() {
    let folder = TempDir::new().unwrap();
    let (path, copied) = (folder.path().join("study.db"), folder.path().join("copied.db"));
    let store = Store::open(&path).await.unwrap();
    add(&store, 1..=3).await;
    fs::copy(&path, &copied).unwrap();
    fs::copy(folder.path().join("study.db-wal"), folder.path().join("copied.db-wal")).unwrap();
    store.close().await;
    let elsewhere = folder.path().join("new.db");
    assert!(!Store::restore(&copied, &elsewhere, now()).await.unwrap().plain_copy);
    assert_eq!(held(&elsewhere).await, 3);
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_behind_a_link_is_backed_up_and_restored_where_the_link_leads() {
    let (folder, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (path, place) = (folder.path().join("study.db"), disk.path().join("real.db"));
    std::os::unix::fs::symlink(&place, &path).unwrap();
    let bot = Store::open(&path).await.unwrap();
    add(&bot, 1..=3).await;
    // What is still in the log is seen through the link.
    let backup = folder.path().join("study.bak");
    Store::back_up(&path, &backup, false, now()).await.unwrap();
    let mut db = Store::look(&path).await.unwrap();
    assert_eq!(guilds::all(&mut db).await.unwrap().len(), 3);
    db.close().await.unwrap();
    add(&bot, [4]).await;
    bot.close().await;
    let kept = Store::restore(&backup, &path, now()).await.unwrap().kept.unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!((held(&backup).await, held(&place).await, held(&kept).await), (3, 3, 4));
}

#[cfg(unix)]
#[tokio::test]
async fn copies_are_for_the_same_eyes_as_the_database() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    database(&at("study.db"), 3).await;
    for wanted in [0o600, 0o640] {
        fs::set_permissions(at("study.db"), fs::Permissions::from_mode(wanted)).unwrap();
        Store::back_up(&at("study.db"), &at("study.bak"), true, now()).await.unwrap();
        assert_eq!((mode("study.bak"), mode("study.db.last-backup")), (wanted, wanted));
        fs::set_permissions(at("study.bak"), fs::Permissions::from_mode(0o644)).unwrap();
        let done = Store::restore(&at("study.bak"), &at("study.db"), now()).await.unwrap();
        let kept = done.kept.unwrap();
        let kept = kept.file_name().unwrap().to_str().unwrap();
        assert_eq!((mode("study.db"), mode(kept)), (wanted, wanted));
    }
}

// --- Before a migration ---

/// A database whose newest migration is still to come.
async fn older(path: &Path) -> i64 {
    database(path, 3).await;
    let mut db = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .connect()
        .await
        .unwrap();
    for statement in [
        "ALTER TABLE ballots ADD COLUMN void BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE ballots DROP COLUMN voided_at",
        "DROP INDEX deliveries_expiring",
        "ALTER TABLE deliveries DROP COLUMN first",
        "DROP TABLE told_ills",
        "DROP TABLE check_ups",
        "DELETE FROM _sqlx_migrations WHERE version >= 7",
    ] {
        sqlx::query(statement).execute(&mut db).await.unwrap();
    }
    db.close().await.unwrap();
    6
}

async fn version_of(path: &Path) -> i64 {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    let mut db = options.connect().await.unwrap();
    let row = sqlx::query("SELECT MAX(version) AS v FROM _sqlx_migrations").fetch_one(&mut db);
    let version = row.await.unwrap().get("v");
    db.close().await.unwrap();
    version
}

#[tokio::test]
async fn a_database_is_copied_before_its_tables_change_and_only_then() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    let version = older(&path).await;
    Store::open(&path).await.unwrap().close().await;
    assert_eq!(version_of(&path).await, sqlite::known());
    let copy = folder.path().join(format!("study.db.version-{version}"));
    assert_eq!(version_of(&copy).await, version, "the copy is the database from before");
    Store::open(&path).await.unwrap().close().await;
    assert_eq!(held(&path).await, 3);
    assert_eq!(names(&folder, "study.db.version-").len(), 1, "once up to date, no more copies");
    // The way back: the older program's database is restored from it.
    let done = Store::restore(&copy, &path, now()).await.unwrap();
    assert!(done.older && !done.plain_copy);
    assert_eq!(version_of(&path).await, version);
}

#[tokio::test]
async fn without_a_copy_the_tables_do_not_change() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    let version = older(&path).await;
    // A folder that is not empty cannot be replaced by a file.
    let taken = folder.path().join(format!("study.db.version-{version}"));
    fs::create_dir_all(taken.join("inside")).unwrap();
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path).await.err().unwrap();
    assert!(matches!(error, OpenError::NoCopy { .. }), "{error}");
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(names(&folder, "study.db").len(), 3, "the database, its lock, the folder");
    fs::remove_dir_all(&taken).unwrap();
    Store::open(&path).await.unwrap().close().await;
    assert_eq!(held(&path).await, 3);
}

#[tokio::test]
async fn starts_that_fail_again_and_again_do_not_fill_the_disk() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    older(&path).await;
    let mut db = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    // In the way of the migration.
    sqlx::query("CREATE TABLE check_ups (x INTEGER)").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    for _ in 0..3 {
        let error = Store::open(&path).await.err().unwrap().to_string();
        assert!(error.contains("study.db.version-6; restore it"), "{error}");
    }
    assert_eq!(names(&folder, "study.db.version-"), ["study.db.version-6"]);
}

// --- Health ---

#[tokio::test]
async fn what_is_wrong_with_a_database_is_told_and_its_size() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("study.db");
    database(&path, 500).await;
    let mut db = Store::look(&path).await.unwrap();
    assert_eq!(health::faults(&mut db).await, [] as [&str; 0]);
    assert_eq!(health::damage(&mut db).await, None);
    assert_eq!(health::size(&mut db).await.unwrap(), fs::metadata(&path).unwrap().len());
    db.close().await.unwrap();
    let options = SqliteConnectOptions::new().filename(&path).foreign_keys(false);
    let mut db = options.connect().await.unwrap();
    let orphan = "INSERT INTO check_ups (guild_id, last_date) VALUES (7, '2026-11-23')";
    sqlx::query(orphan).execute(&mut db).await.unwrap();
    assert_eq!(
        health::faults(&mut db).await,
        ["rows that refer to nothing: 1, the first in check_ups, to guilds"]
    );
    db.close().await.unwrap();
    damage(&path);
    let mut db = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let faults = health::faults(&mut db).await;
    assert!((1..=5).contains(&faults.len()) && !faults.concat().contains('\n'), "{faults:?}");
    assert!(health::damage(&mut db).await.is_some());
}
