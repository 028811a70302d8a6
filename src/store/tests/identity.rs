//! The file under a running bot: deleted, replaced, truncated; and its lock.

use super::{Bench, GUILD, guild};
use crate::domain::ids::GuildId;
use crate::store::{Cause, Loss, Lost, OpenError, Result, Store, guilds, lock, sqlite};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

async fn add(store: &Store, number: u64) -> Result<()> {
    let mut db = store.begin().await?;
    guilds::save(&mut db, &guild(GuildId(GUILD.0 + number))).await?;
    db.commit().await.map(drop)
}

/// How many guilds the database has.
async fn held(path: &Path) -> usize {
    let mut db = Store::look(path).await.unwrap();
    let held = guilds::all(&mut db).await.unwrap().len();
    sqlx::Connection::close(db).await.unwrap();
    held
}

/// What the store says of its loss when it is asked to write.
async fn loss(store: &Store) -> Lost {
    let error = store.begin().await.err().expect("nothing is begun any more");
    assert!(store.check_identity().await.is_err());
    let Cause::Lost(lost) = store.cause(&error) else { panic!("{error}") };
    assert_eq!(store.lost().as_ref(), Some(&lost));
    lost
}

fn told(lost: &Lost, folder: &TempDir) -> String {
    let told = lost.to_string().replace(&format!("{}/", folder.path().display()), "");
    match &lost.saved {
        Ok(copy) if *copy != lost.path => {
            told.replace(copy.file_name().unwrap().to_str().unwrap(), "COPY")
        }
        _ => told,
    }
}

async fn with_three() -> (Bench, PathBuf) {
    let bench = Bench::empty().await;
    for number in 1..=3 {
        add(&bench.store, number).await.unwrap();
    }
    let path = bench.store.path().to_owned();
    (bench, path)
}

#[cfg(unix)]
#[tokio::test]
async fn a_deleted_file_ends_the_writing_and_is_saved() {
    for also in [&[] as &[&str], &["-wal", "-shm"]] {
        let (bench, path) = with_three().await;
        fs::remove_file(&path).unwrap();
        for ending in also {
            fs::remove_file(sqlite::beside(&path, ending)).unwrap();
        }
        let lost = loss(&bench.store).await;
        assert_eq!(lost.loss, Loss::Deleted);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&lost, &bench.folder), @"the database study.db was deleted while the bot was using it, so the bot stops. What it held until then is saved in COPY: put it back with `studyhall restore COPY`, then start the bot again");
        }
        let copy = lost.saved.clone().unwrap();
        bench.store.close().await;
        assert_eq!(held(&copy).await, 3);
        assert!(!path.exists());
        // Which is asked for at the next start, and put back.
        let refused = Store::open(&path).await.err().unwrap().to_string();
        assert!(refused.contains(&format!("studyhall restore {}", copy.display())), "{refused}");
        Store::restore(&copy, &path, super::at(0)).await.unwrap();
        let store = Store::open(&path).await.unwrap();
        add(&store, 4).await.unwrap();
        store.close().await;
        assert_eq!(held(&path).await, 4);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_took_its_place_is_left_alone() {
    let (bench, path) = with_three().await;
    let other = bench.folder.path().join("other.db");
    let store = Store::open(&other).await.unwrap();
    add(&store, 9).await.unwrap();
    store.close().await;
    let bytes = fs::read(&other).unwrap();
    fs::rename(&other, &path).unwrap();
    let lost = loss(&bench.store).await;
    insta::assert_snapshot!(told(&lost, &bench.folder), @"the database study.db was replaced with another file while the bot was using it, so the bot stops. What it held until then is saved in COPY. If the new file is the right one, start the bot again; otherwise run `studyhall restore COPY` first");
    // For good, and one copy only.
    assert_eq!(loss(&bench.store).await, lost);
    bench.store.close().await;
    assert_eq!(held(&lost.saved.unwrap()).await, 3);
    assert!(fs::read(&path).unwrap() == bytes, "nothing was written into the other file");
    let store = Store::open(&path).await.unwrap();
    store.close().await;
    assert_eq!(held(&path).await, 1, "the log of the old file is not played into the new one");
}

#[tokio::test]
async fn a_truncated_file_is_noticed() {
    for length in [0, 4_096] {
        let (bench, path) = with_three().await;
        bench.store.close().await;
        let store = Store::open(&path).await.unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let lost = loss(&store).await;
        assert_eq!(lost.loss, Loss::Truncated);
        assert!(told(&lost, &bench.folder).contains("study.db was truncated while"), "{lost}");
        store.close().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_written_into_a_deleted_file_is_not_confirmed() {
    let (bench, path) = with_three().await;
    let mut db = bench.store.begin().await.unwrap();
    guilds::save(&mut db, &guild(GUILD)).await.unwrap();
    fs::remove_file(&path).unwrap();
    let error = db.commit().await.unwrap_err();
    assert!(matches!(bench.store.cause(&error), Cause::Lost(_)), "{error}");
    assert_eq!(bench.store.until_lost().await.loss, Loss::Deleted);
}

#[cfg(unix)]
#[tokio::test]
async fn where_no_copy_can_be_saved_that_is_said() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let store = Store::open(&inner.join("study.db")).await.unwrap();
    add(&store, 1).await.unwrap();
    fs::remove_dir_all(&inner).unwrap();
    let lost = loss(&store).await;
    insta::assert_snapshot!(told(&lost, &folder), @"the database inner/study.db was deleted while the bot was using it, so the bot stops. What it held could not be saved (No such file or directory (os error 2)). Put the last backup back with `studyhall restore FILE`, then start the bot again");
    store.close().await;
}

// --- The lock ---

async fn second(path: &Path) -> std::result::Result<(), OpenError> {
    let opened = sqlite::open(path, Duration::from_millis(60)).await;
    opened.map(drop)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn there_is_one_bot_to_a_file_whatever_it_is_called() {
    let (bench, path) = with_three().await;
    let at = |name: &str| bench.folder.path().join(name);
    std::os::unix::fs::symlink(&path, at("link.db")).unwrap();
    fs::hard_link(&path, at("hard.db")).unwrap();
    fs::create_dir(at("other")).unwrap();
    std::os::unix::fs::symlink("../link.db", at("other/link.db")).unwrap();
    for name in ["study.db", "link.db", "hard.db", "other/link.db"] {
        let refused = second(&at(name)).await;
        assert!(matches!(refused, Err(OpenError::InUse { .. })), "{name}: {refused:?}");
    }
    for name in ["study.db", "link.db", "other/link.db"] {
        assert!(lock::holder(&at(name)).flatten().is_some(), "{name}: it is named");
    }
    fs::remove_file(at("study.db.lock")).unwrap();
    for name in ["study.db", "link.db", "hard.db"] {
        let refused = second(&at(name)).await;
        assert!(matches!(refused, Err(OpenError::InUse { .. })), "{name}: {refused:?}");
    }
    bench.store.close().await;
    // Through the link it is as good as by its name.
    let store = Store::open(&at("other/link.db")).await.unwrap();
    add(&store, 4).await.unwrap();
    store.close().await;
    assert!(!at("other/link.db.lock").exists() && !at("link.db.lock").exists());
}

#[tokio::test]
async fn a_lock_file_that_was_removed_is_made_again() {
    let (bench, path) = with_three().await;
    let name = lock::name_of(&path);
    for _ in 0..2 {
        fs::remove_file(&name).unwrap();
        assert_eq!(lock::holder(&path), None);
        add(&bench.store, 4).await.unwrap();
        assert!(lock::holder(&path).flatten().is_some());
    }
    bench.store.close().await;
    assert_eq!(lock::holder(&path), None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_bot_whose_lock_was_taken_over_stops() {
    let (bench, path) = with_three().await;
    let name = lock::name_of(&path);
    fs::remove_file(&name).unwrap();
    // As a bot does on a system where the database file itself can't be locked.
    let other = fs::File::create(&name).unwrap();
    other.try_lock().unwrap();
    let lost = loss(&bench.store).await;
    assert_eq!(lost.loss, Loss::Taken(None));
    insta::assert_snapshot!(told(&lost, &bench.folder), @"the lock file of the database study.db was removed, and another Studyhall has locked the database since, so this bot stops. Stop the other one, or name another file under [database] path");
}

/// A database of a bot that ended, deleted since.
async fn gone(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("study.db");
    Store::open(&path).await.unwrap().close().await;
    fs::remove_file(&path).unwrap();
    path
}

#[tokio::test]
async fn an_empty_database_takes_no_other_ones_place_by_itself() {
    for mark in ["study.db.lock", "study.db.last-backup", "study.db-wal"] {
        let folder = TempDir::new().unwrap();
        let path = gone(&folder).await;
        fs::remove_file(folder.path().join("study.db.lock")).unwrap();
        fs::write(folder.path().join(mark), "x").unwrap();
        for empty in [false, true] {
            if empty {
                fs::write(&path, "").unwrap();
            }
            let refused = Store::open(&path).await.err().unwrap();
            assert!(matches!(refused, OpenError::Gone { .. }), "{mark}: {refused}");
            let told = refused.to_string().replace(&format!("{}/", folder.path().display()), "");
            if mark == "study.db.lock" {
                insta::allow_duplicates! {
                    insta::assert_snapshot!(told, @"there is no database study.db, but there was one: study.db.lock is still there. Put it back with `studyhall restore FILE`, or correct `path` in [database]. To begin with an empty database, start once with `studyhall run --new-database`");
                }
            }
            assert!(told.contains(&format!("{mark} is still there")), "{told}");
            assert_eq!(path.exists(), empty);
        }
        if mark == "study.db.last-backup" {
            fs::remove_file(&path).unwrap();
        }
        // Asked to, it makes one, and asked again it leaves it alone.
        Store::create(&path).await.unwrap();
        let store = Store::open(&path).await.unwrap();
        add(&store, 1).await.unwrap();
        store.close().await;
        Store::create(&path).await.unwrap();
        assert_eq!(held(&path).await, 1, "{mark}");
    }
}

#[tokio::test]
async fn a_start_that_made_nothing_leaves_no_mark() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("missing/study.db");
    assert!(Store::open(&path).await.is_err());
    fs::create_dir(folder.path().join("missing")).unwrap();
    Store::open(&path).await.unwrap().close().await;
    let names = fs::read_dir(folder.path().join("missing")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["study.db", "study.db.lock"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_bot_makes_is_for_its_own_user() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new().await;
    let copy = bench.folder.path().join("copy.db");
    bench.store.copy_to(&copy, super::at(0)).await.unwrap();
    let entries = fs::read_dir(bench.folder.path()).unwrap().map(|entry| entry.unwrap());
    let mut modes: Vec<String> = entries
        .map(|entry| {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            format!("{} {mode:o}", entry.file_name().display())
        })
        .collect();
    modes.sort();
    insta::assert_snapshot!(modes.join("\n"), @r"
    copy.db 600
    study.db 600
    study.db-shm 600
    study.db-wal 600
    study.db.last-backup 600
    study.db.lock 600
    ");
    // One that is there keeps its own.
    bench.store.close().await;
    let path = bench.store.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    let store = Store::open(path).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path), mode(&sqlite::log_of(path))), (0o640, 0o640));
    store.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_nothing_yet_is_followed() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let link = folder.path().join("study.db");
    std::os::unix::fs::symlink("data/real.db", &link).unwrap();
    let store = Store::open(&link).await.unwrap();
    add(&store, 1).await.unwrap();
    store.close().await;
    assert!(link.is_symlink());
    assert_eq!(held(&folder.path().join("data/real.db")).await, 1);
}
