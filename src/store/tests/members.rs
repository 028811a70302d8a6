use super::{ANN, BOB, Bench, CYD, GUILD, OTHER_GUILD, at};
use crate::store::members;
use std::collections::{BTreeSet, HashMap};

#[tokio::test]
async fn names_are_those_last_seen_in_each_guild() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(members::names(&mut db, GUILD).await.unwrap(), HashMap::new());
    members::seen(&mut db, GUILD, ANN, "Ann", at(0)).await.unwrap();
    members::seen(&mut db, GUILD, CYD, "Ćyd ✨", at(0)).await.unwrap();
    members::seen(&mut db, OTHER_GUILD, ANN, "Anna", at(0)).await.unwrap();
    members::seen(&mut db, GUILD, ANN, "Annie", at(1)).await.unwrap();
    let names = members::names(&mut db, GUILD).await.unwrap();
    assert_eq!(names, HashMap::from([(ANN, "Annie".to_owned()), (CYD, "Ćyd ✨".to_owned())]));
    let names = members::names(&mut db, OTHER_GUILD).await.unwrap();
    assert_eq!(names, HashMap::from([(ANN, "Anna".to_owned())]));
    // Who left keeps a name: past results show it.
    members::left(&mut db, GUILD, ANN, at(2)).await.unwrap();
    assert_eq!(members::names(&mut db, GUILD).await.unwrap().len(), 2);
}

#[tokio::test]
async fn who_was_not_seen_for_long_is_asked_for_unless_gone() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for (member, minute) in [(ANN, 0), (BOB, 10), (CYD, 20)] {
        members::seen(&mut db, GUILD, member, "x", at(minute)).await.unwrap();
    }
    members::seen(&mut db, OTHER_GUILD, ANN, "x", at(0)).await.unwrap();
    for (before, wanted) in [
        (at(0), BTreeSet::new()),
        (at(1), BTreeSet::from([ANN])),
        (at(20), BTreeSet::from([ANN, BOB])),
        (at(21), BTreeSet::from([ANN, BOB, CYD])),
    ] {
        assert_eq!(members::unseen_since(&mut db, GUILD, before).await.unwrap(), wanted);
    }
    members::seen(&mut db, GUILD, ANN, "x", at(30)).await.unwrap();
    members::left(&mut db, GUILD, BOB, at(5)).await.unwrap();
    let left = members::unseen_since(&mut db, GUILD, at(21)).await.unwrap();
    assert_eq!(left, BTreeSet::from([CYD]));
    // Who comes back is there again.
    members::seen(&mut db, GUILD, BOB, "x", at(6)).await.unwrap();
    let back = members::unseen_since(&mut db, GUILD, at(21)).await.unwrap();
    assert_eq!(back, BTreeSet::from([BOB, CYD]));
}

#[tokio::test]
async fn hiding_is_each_guilds_own_and_outlives_what_is_seen() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert!(!members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
    for guild in [GUILD, OTHER_GUILD] {
        members::seen(&mut db, guild, ANN, "Ann", at(0)).await.unwrap();
    }
    members::set_hidden(&mut db, GUILD, ANN, true).await.unwrap();
    assert!(members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
    assert!(!members::is_hidden(&mut db, OTHER_GUILD, ANN).await.unwrap());
    members::seen(&mut db, GUILD, ANN, "Ann", at(1)).await.unwrap();
    members::left(&mut db, GUILD, ANN, at(2)).await.unwrap();
    members::seen(&mut db, GUILD, ANN, "Ann", at(3)).await.unwrap();
    assert!(members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
    members::set_hidden(&mut db, GUILD, ANN, false).await.unwrap();
    assert!(!members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
}

#[tokio::test]
async fn news_of_a_member_never_seen_change_nothing() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    members::left(&mut db, GUILD, ANN, at(0)).await.unwrap();
    members::set_hidden(&mut db, GUILD, ANN, true).await.unwrap();
    assert_eq!(members::names(&mut db, GUILD).await.unwrap(), HashMap::new());
    assert!(!members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
}
