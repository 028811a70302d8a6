use super::{ANN, BOB, Bench, CYD, GUILD, STUDY, at, date, due, guild};
use crate::domain::ids::{GuildId, RoundId};
use crate::store::{Store, ballots, guilds, rounds, savepoint};
use std::time::Duration;

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let bench = Bench::new().await;
    let mut dropped = bench.store.begin().await.unwrap();
    rounds::insert(&mut dropped, &due(1, STUDY, date(1))).await.unwrap();
    drop(dropped);
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(rounds::find(&mut db, RoundId(1)).await.unwrap(), None);
    rounds::insert(&mut db, &due(2, STUDY, date(2))).await.unwrap();
    db.commit().await.unwrap();
    let mut db = bench.store.read().await.unwrap();
    assert!(rounds::find(&mut db, RoundId(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_savepoint_goes_alone() {
    let bench = Bench::with_rounds().await;
    let mut group = bench.store.begin().await.unwrap();
    let mut kept = savepoint(&mut group).await.unwrap();
    ballots::cast(&mut kept, RoundId(1), ANN, BOB, 1, at(0)).await.unwrap();
    kept.commit().await.unwrap();

    let mut refused = savepoint(&mut group).await.unwrap();
    ballots::cast(&mut refused, RoundId(1), CYD, BOB, 1, at(0)).await.unwrap();
    refused.rollback().await.unwrap();

    let mut lost = savepoint(&mut group).await.unwrap();
    ballots::cast(&mut lost, RoundId(2), CYD, BOB, 1, at(0)).await.unwrap();
    drop(lost);

    // A statement that fails takes nothing but itself.
    let mut broken = savepoint(&mut group).await.unwrap();
    assert!(ballots::cast(&mut broken, RoundId(1), BOB, BOB, 1, at(0)).await.is_err());
    ballots::cast(&mut broken, RoundId(1), BOB, ANN, 1, at(0)).await.unwrap();
    broken.commit().await.unwrap();
    group.commit().await.unwrap();

    let mut db = bench.store.read().await.unwrap();
    let voters = |cast: Vec<ballots::Cast>| -> Vec<_> {
        cast.into_iter().map(|one| one.ballot.voter).collect()
    };
    assert_eq!(voters(ballots::of_round(&mut db, RoundId(1)).await.unwrap()), [ANN, BOB]);
    assert_eq!(voters(ballots::of_round(&mut db, RoundId(2)).await.unwrap()), []);
}

#[tokio::test]
async fn readers_see_what_is_committed_and_write_nothing() {
    let bench = Bench::new().await;
    let mut reader = bench.store.read().await.unwrap();
    let mut writer = bench.store.begin().await.unwrap();
    rounds::insert(&mut writer, &due(1, STUDY, date(1))).await.unwrap();
    // Nobody waits for anybody.
    assert_eq!(rounds::find(&mut reader, RoundId(1)).await.unwrap(), None);
    writer.commit().await.unwrap();
    assert!(rounds::find(&mut reader, RoundId(1)).await.unwrap().is_some());
    let error = guilds::save(&mut reader, &guild(GUILD)).await.unwrap_err().to_string();
    assert!(error.contains("readonly"), "{error}");
}

#[tokio::test]
async fn there_is_one_writer_at_a_time() {
    let bench = Bench::new().await;
    let first = bench.store.begin().await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(50), bench.store.begin()).await;
    assert!(second.is_err(), "two writing transactions at once");
    first.rollback().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), bench.store.begin()).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_committed_outlives_the_store() {
    let bench = Bench::new().await;
    let path = bench.folder.path().join("study.db");
    let mut db = bench.store.begin().await.unwrap();
    guilds::save(&mut db, &guild(GuildId(5))).await.unwrap();
    db.commit().await.unwrap();
    bench.store.close().await;
    // Closed, the database is one file, which can be copied as a backup; the lock holds nothing.
    let mut files: Vec<_> = std::fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, ["study.db", "study.db.lock"]);
    let again = Store::open(&path).await.unwrap();
    let mut db = again.read().await.unwrap();
    assert_eq!(guilds::find(&mut db, GuildId(5)).await.unwrap(), Some(guild(GuildId(5))));
}

#[tokio::test]
async fn commits_are_flushed_and_keys_enforced() {
    let bench = Bench::empty().await;
    let mut writer = bench.store.begin().await.unwrap();
    let mut reader = bench.store.read().await.unwrap();
    for (pragma, wanted) in [
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA journal_mode", "wal"),
        // 2 is FULL (SQLite documentation, "Pragma statements").
        ("PRAGMA synchronous", "2"),
        ("PRAGMA busy_timeout", "5000"),
    ] {
        for db in [&mut *writer, &mut *reader] {
            let row = sqlx::query(pragma).fetch_one(db).await.unwrap();
            let value = sqlx::Row::try_get::<String, _>(&row, 0)
                .or_else(|_| sqlx::Row::try_get::<i64, _>(&row, 0).map(|n| n.to_string()));
            assert_eq!(value.unwrap(), wanted, "{pragma}");
        }
    }
}
