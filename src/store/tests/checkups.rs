use super::{Bench, ELSEWHERE, GUILD, OTHER_GUILD, STUDY, at, date};
use crate::domain::checkup::Ill;
use crate::store::checkups;
use std::collections::BTreeSet;

#[tokio::test]
async fn each_guild_has_its_date() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let dates = async |db: &mut _| {
        let of = async |db: &mut _, guild| checkups::last(db, guild).await.unwrap();
        (of(db, GUILD).await, of(db, OTHER_GUILD).await)
    };
    assert_eq!(dates(&mut db).await, (None, None));
    checkups::seen_to(&mut db, GUILD, date(3)).await.unwrap();
    // A clock that was set back.
    checkups::seen_to(&mut db, GUILD, date(2)).await.unwrap();
    assert_eq!(dates(&mut db).await, (Some(date(3)), None));
    checkups::seen_to(&mut db, GUILD, date(4)).await.unwrap();
    assert_eq!(dates(&mut db).await, (Some(date(4)), None));
}

#[tokio::test]
async fn what_was_told_is_remembered_until_it_is_over() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let lacks = Ill::Lacks { channel: STUDY, right: "Send Messages".to_owned() };
    for ill in [&lacks, &Ill::NoQuestion, &lacks] {
        checkups::tell(&mut db, STUDY, ill, at(1)).await.unwrap();
    }
    checkups::tell(&mut db, ELSEWHERE, &Ill::Gone, at(1)).await.unwrap();
    let told = checkups::told(&mut db, STUDY).await.unwrap();
    assert_eq!(told, BTreeSet::from([lacks.clone(), Ill::NoQuestion]));
    checkups::forget(&mut db, STUDY, &lacks).await.unwrap();
    checkups::forget(&mut db, STUDY, &Ill::Gone).await.unwrap();
    assert_eq!(checkups::told(&mut db, STUDY).await.unwrap(), [Ill::NoQuestion].into());
    checkups::forget_all(&mut db, STUDY).await.unwrap();
    assert!(checkups::told(&mut db, STUDY).await.unwrap().is_empty());
    assert_eq!(checkups::told(&mut db, ELSEWHERE).await.unwrap(), [Ill::Gone].into());
}
