use super::Bench;
use crate::store::{failure, is_out_of_order, rounds};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::Duration;

#[tokio::test]
async fn a_probe_writes_and_changes_nothing() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    failure::probe(&mut db).await.unwrap();
    db.commit().await.unwrap();
    let mut reader = bench.store.read().await.unwrap();
    assert!(failure::probe(&mut reader).await.is_err(), "it really writes");
}

#[tokio::test]
async fn a_database_that_is_locked_is_out_of_order_and_a_wrong_statement_is_not() {
    let bench = Bench::new().await;
    let other = SqliteConnectOptions::new().filename(bench.store.path());
    let mut other = other.busy_timeout(Duration::ZERO).connect().await.unwrap();
    let mine = bench.store.begin().await.unwrap();
    let locked = sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap_err();
    assert!(is_out_of_order(&locked), "{locked}");
    let wrong = sqlx::query("SELECT nothing FROM nowhere").execute(&mut other).await.unwrap_err();
    assert!(!is_out_of_order(&wrong), "{wrong}");
    other.close().await.unwrap();
    drop(mine);
    let mut db = bench.store.begin().await.unwrap();
    let round = super::due(1, super::STUDY, super::date(1));
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *db).await.unwrap();
    let mut full = None;
    for number in 1..1_000 {
        let round = rounds::Round { id: crate::domain::ids::RoundId(number), ..round.clone() };
        let round = rounds::Round {
            origin: rounds::Origin::Interaction(crate::domain::ids::InteractionId(
                number.unsigned_abs(),
            )),
            ..round
        };
        if let Err(error) = rounds::insert(&mut db, &round).await {
            full = Some(error);
            break;
        }
    }
    let full = full.expect("the file may not grow");
    assert!(is_out_of_order(&full), "{full}");
}
