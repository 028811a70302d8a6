//! A transaction that breaks breaks nothing after it.

use super::{Bench, GUILD, STUDY, at, channel, date, due, guild};
use crate::domain::ids::{GuildId, RoundId};
use crate::store::{Cause, Error, Result, Store, Transaction, channels, guilds, rounds, savepoint};
use futures::future::BoxFuture;
use std::time::Duration;

/// Writes more than the connection has pages for: the error is SQLite's own SQLITE_FULL. Then the
/// transaction is over, without sqlx's knowledge, as after a commit on a full disk.
async fn overfill(db: &mut crate::store::Connection) -> Error {
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *db).await.unwrap();
    let fill = sqlx::query("CREATE TABLE full_disk AS SELECT zeroblob(16777216) AS pages");
    let error = fill.execute(&mut *db).await.unwrap_err();
    sqlx::query("ROLLBACK").execute(db).await.unwrap();
    error
}

/// Writes a guild in a transaction of its own.
async fn writes(store: &Store, number: u64) -> Result<()> {
    let mut db = store.begin().await?;
    guilds::save(&mut db, &guild(GuildId(GUILD.0 + number))).await?;
    db.commit().await.map(drop)
}

async fn has(store: &Store, number: u64) -> bool {
    let mut db = store.read().await.unwrap();
    guilds::find(&mut db, GuildId(GUILD.0 + number)).await.unwrap().is_some()
}

/// Ways in which a transaction that has met a full disk can end.
type End = fn(Transaction) -> BoxFuture<'static, ()>;

#[tokio::test]
async fn after_a_full_disk_the_next_transaction_is_as_any_other() {
    let ends: [(&str, End); 5] = [
        ("dropped", |db| Box::pin(async move { drop(db) })),
        ("rolled back", |db| Box::pin(async move { drop(db.rollback().await) })),
        ("committed", |db| Box::pin(async move { drop(db.commit().await) })),
        ("another savepoint dropped", |mut db| {
            Box::pin(async move {
                drop(savepoint(&mut db).await);
                assert!(db.commit().await.is_err());
            })
        }),
        ("another savepoint committed", |mut db| {
            Box::pin(async move {
                if let Ok(part) = savepoint(&mut db).await {
                    drop(part.commit().await);
                }
                assert!(db.commit().await.is_err());
            })
        }),
    ];
    let bench = Bench::empty().await;
    for (number, (what, end)) in (0..).zip(ends.into_iter().flat_map(|end| [end; 2])) {
        let mut db = bench.store.begin().await.unwrap();
        let error = if number % 2 == 0 {
            overfill(&mut db).await
        } else {
            let mut part = savepoint(&mut db).await.unwrap();
            overfill(&mut part).await
        };
        assert_eq!(bench.store.cause(&error), Cause::DiskFull, "{error}");
        end(db).await;
        writes(&bench.store, number).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(has(&bench.store, number).await, "{what}");
    }
}

#[tokio::test]
async fn what_sqlite_took_back_is_not_written_piece_by_piece_afterwards() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    rounds::insert(&mut db, &due(1, STUDY, date(1))).await.unwrap();
    sqlx::query("ROLLBACK").execute(&mut *db).await.unwrap();
    // Each of these would be a transaction of its own now.
    let alone = rounds::insert(&mut db, &due(2, STUDY, date(2))).await;
    assert!(alone.is_err(), "a statement was committed by itself");
    let mut part = savepoint(&mut db).await.unwrap();
    rounds::insert(&mut part, &due(3, STUDY, date(3))).await.unwrap();
    assert!(part.commit().await.is_err(), "a savepoint was committed by itself");
    assert!(db.commit().await.is_err());
    let mut db = bench.store.read().await.unwrap();
    for id in 1..=3 {
        assert_eq!(rounds::find(&mut db, RoundId(id)).await.unwrap(), None, "{id}");
    }
}

#[tokio::test]
async fn a_disk_that_is_full_for_a_while_is_told_from_all_else() {
    let bench = Bench::empty().await;
    writes(&bench.store, 1).await.unwrap();
    bench.store.fill_disk(true);
    for _ in 0..3 {
        let error = writes(&bench.store, 2).await.unwrap_err();
        assert_eq!(bench.store.cause(&error), Cause::DiskFull, "{error}");
    }
    assert!(!has(&bench.store, 2).await);
    bench.store.fill_disk(false);
    writes(&bench.store, 3).await.unwrap();
    assert!(has(&bench.store, 1).await && has(&bench.store, 3).await);
    // A rule of the tables is not the disk's fault.
    let mut db = bench.store.begin().await.unwrap();
    let foreign = channel(STUDY, GuildId(77));
    let error = channels::save(&mut db, &foreign, at(0)).await.unwrap_err();
    assert!(!bench.store.cause(&error).is_of_the_disk(), "{error}");
}

#[tokio::test]
async fn it_is_known_whether_anything_was_written() {
    let bench = Bench::empty().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(guilds::find(&mut db, GUILD).await.unwrap(), None);
    assert!(!db.commit().await.unwrap());
    let mut db = bench.store.begin().await.unwrap();
    guilds::save(&mut db, &guild(GUILD)).await.unwrap();
    assert!(db.commit().await.unwrap());
}

#[tokio::test]
async fn work_that_is_cancelled_anywhere_leaves_a_writer_that_works() {
    let bench = Bench::empty().await;
    for number in 0..60 {
        let work = async {
            let mut db = bench.store.begin().await.unwrap();
            guilds::save(&mut db, &guild(GUILD)).await.unwrap();
            let mut part = savepoint(&mut db).await.unwrap();
            guilds::save(&mut part, &guild(GUILD)).await.unwrap();
            part.commit().await.unwrap();
            db.commit().await.unwrap();
        };
        // As many steps as the number says, and then no further.
        let mut work = Box::pin(work);
        for _ in 0..number % 20 {
            tokio::select! {
                biased;
                () = &mut work => break,
                () = tokio::task::yield_now() => {}
            }
        }
        drop(work);
        let next = tokio::time::timeout(Duration::from_secs(10), writes(&bench.store, number));
        next.await.expect("the writer is free").unwrap_or_else(|error| panic!("{number}: {error}"));
    }
}

#[tokio::test]
async fn a_connection_that_fails_is_replaced_and_not_kept() {
    let bench = Bench::empty().await;
    let mut db = bench.store.begin().await.unwrap();
    sqlx::query("CREATE TEMP TABLE marked (a INTEGER)").execute(&mut *db).await.unwrap();
    db.commit().await.unwrap();
    let marked = async || {
        let mut db = bench.store.begin().await.unwrap();
        let there = sqlx::query("SELECT a FROM temp.marked").fetch_all(&mut *db).await.is_ok();
        drop(db);
        there
    };
    assert!(marked().await, "one that works is kept, also after a rollback");
    assert!(marked().await);
    bench.store.fill_disk(true);
    assert!(writes(&bench.store, 1).await.is_err());
    bench.store.fill_disk(false);
    assert!(!marked().await);
}
