use super::Bench;
use crate::store::probe;

#[tokio::test]
async fn a_probe_writes_and_changes_nothing() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    probe::probe(&mut db).await.unwrap();
    assert!(db.commit().await.unwrap(), "it counts as written");
    let mut reader = bench.store.read().await.unwrap();
    assert!(probe::probe(&mut reader).await.is_err(), "it really writes");
}
