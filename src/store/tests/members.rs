use super::{ANN, BOB, Bench, CYD, GUILD, OTHER_GUILD, at};
use crate::domain::ids::RoleId;
use crate::domain::member::Facts;
use crate::store::members;
use std::collections::{BTreeSet, HashMap};

#[tokio::test]
async fn names_are_those_last_seen_in_each_guild() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(members::names(&mut db, GUILD).await.unwrap(), HashMap::new());
    members::seen(&mut db, GUILD, ANN, "Ann", &Facts::default(), at(0)).await.unwrap();
    members::seen(&mut db, GUILD, CYD, "Ćyd ✨", &Facts::default(), at(0)).await.unwrap();
    members::seen(&mut db, OTHER_GUILD, ANN, "Anna", &Facts::default(), at(0)).await.unwrap();
    members::seen(&mut db, GUILD, ANN, "Annie", &Facts::default(), at(1)).await.unwrap();
    let names = members::names(&mut db, GUILD).await.unwrap();
    assert_eq!(names, HashMap::from([(ANN, "Annie".to_owned()), (CYD, "Ćyd ✨".to_owned())]));
    let names = members::names(&mut db, OTHER_GUILD).await.unwrap();
    assert_eq!(names, HashMap::from([(ANN, "Anna".to_owned())]));
    // Who left keeps a name: past results show it.
    members::left(&mut db, GUILD, ANN, at(2)).await.unwrap();
    assert_eq!(members::names(&mut db, GUILD).await.unwrap().len(), 2);
}

#[tokio::test]
async fn hiding_is_each_guilds_own_and_outlives_what_is_seen() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert!(!members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
    for guild in [GUILD, OTHER_GUILD] {
        members::seen(&mut db, guild, ANN, "Ann", &Facts::default(), at(0)).await.unwrap();
    }
    members::set_hidden(&mut db, GUILD, ANN, true).await.unwrap();
    assert!(members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
    assert!(!members::is_hidden(&mut db, OTHER_GUILD, ANN).await.unwrap());
    members::seen(&mut db, GUILD, ANN, "Ann", &Facts::default(), at(1)).await.unwrap();
    members::left(&mut db, GUILD, ANN, at(2)).await.unwrap();
    members::seen(&mut db, GUILD, ANN, "Ann", &Facts::default(), at(3)).await.unwrap();
    assert!(members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
    members::set_hidden(&mut db, GUILD, ANN, false).await.unwrap();
    assert!(!members::is_hidden(&mut db, GUILD, ANN).await.unwrap());
}

#[tokio::test]
async fn whoever_left_is_absent_until_seen_again() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert!(!members::is_absent(&mut db, GUILD, ANN).await.unwrap(), "never seen");
    for guild in [GUILD, OTHER_GUILD] {
        members::seen(&mut db, guild, ANN, "Ann", &Facts::default(), at(0)).await.unwrap();
    }
    assert!(!members::is_absent(&mut db, GUILD, ANN).await.unwrap());
    members::left(&mut db, GUILD, ANN, at(1)).await.unwrap();
    assert!(members::is_absent(&mut db, GUILD, ANN).await.unwrap());
    assert!(!members::is_absent(&mut db, OTHER_GUILD, ANN).await.unwrap());
    members::seen(&mut db, GUILD, ANN, "Ann", &Facts::default(), at(2)).await.unwrap();
    assert!(!members::is_absent(&mut db, GUILD, ANN).await.unwrap());
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

fn facts(roles: &[u64], joined: i64) -> Facts {
    let roles = roles.iter().map(|role| RoleId(*role)).collect();
    Facts { roles: Some(roles), joined: Some(at(joined)) }
}

#[tokio::test]
async fn roles_are_judged_as_last_seen() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let (staff, guest) = (RoleId(7), RoleId(8));
    assert_eq!(members::excluded_roles(&mut db, GUILD).await.unwrap(), BTreeSet::new());
    members::seen(&mut db, GUILD, ANN, "Ann", &facts(&[7, 9], 0), at(0)).await.unwrap();
    members::seen(&mut db, GUILD, BOB, "Bob", &facts(&[9], 0), at(0)).await.unwrap();
    members::seen(&mut db, OTHER_GUILD, ANN, "Ann", &facts(&[7], 0), at(0)).await.unwrap();
    // Never seen with roles.
    members::seen(&mut db, GUILD, CYD, "Cyd", &Facts::default(), at(0)).await.unwrap();

    assert_eq!(members::exclude_role(&mut db, GUILD, staff).await.unwrap(), 1);
    assert_eq!(members::exclude_role(&mut db, GUILD, staff).await.unwrap(), 0);
    assert_eq!(members::excluded_roles(&mut db, GUILD).await.unwrap(), BTreeSet::from([staff]));
    for (guild, member, wanted) in
        [(GUILD, ANN, true), (GUILD, BOB, false), (GUILD, CYD, false), (OTHER_GUILD, ANN, false)]
    {
        assert_eq!(members::is_excluded(&mut db, guild, member).await.unwrap(), wanted);
    }
    // What an event does not tell stays as it is; what it tells is judged at once.
    members::seen(&mut db, GUILD, ANN, "Ann", &Facts::default(), at(1)).await.unwrap();
    assert!(members::is_excluded(&mut db, GUILD, ANN).await.unwrap());
    members::seen(&mut db, GUILD, ANN, "Ann", &facts(&[], 0), at(2)).await.unwrap();
    assert!(!members::is_excluded(&mut db, GUILD, ANN).await.unwrap());
    members::seen(&mut db, GUILD, CYD, "Cyd", &facts(&[7, 8], 0), at(2)).await.unwrap();
    assert!(members::is_excluded(&mut db, GUILD, CYD).await.unwrap());

    // Another of the roles still keeps the member off.
    assert_eq!(members::exclude_role(&mut db, GUILD, guest).await.unwrap(), 0);
    assert_eq!(members::include_role(&mut db, GUILD, staff).await.unwrap(), 0);
    assert_eq!(members::include_role(&mut db, GUILD, guest).await.unwrap(), 1);
    assert!(!members::is_excluded(&mut db, GUILD, CYD).await.unwrap());
}
