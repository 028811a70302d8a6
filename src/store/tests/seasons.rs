use super::{Bench, GUILD, OTHER_GUILD, at, told};
use crate::domain::season::Season;
use crate::store::seasons;

#[tokio::test]
async fn one_season_runs_at_a_time() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(seasons::last(&mut db, GUILD).await.unwrap(), None);
    let spring = seasons::start(&mut db, GUILD, "Spring 🌱", at(0)).await.unwrap();
    let other = seasons::start(&mut db, OTHER_GUILD, "Theirs", at(0)).await.unwrap();
    assert_ne!(spring, other);

    seasons::end(&mut db, spring, at(10)).await.unwrap();
    let autumn = seasons::start(&mut db, GUILD, "Autumn", at(10)).await.unwrap();
    let last = Season { id: autumn, name: "Autumn".to_owned(), started_at: at(10), ended_at: None };
    assert_eq!(seasons::last(&mut db, GUILD).await.unwrap(), Some(last.clone()));
    let first = Season {
        id: spring,
        name: "Spring 🌱".to_owned(),
        started_at: at(0),
        ended_at: Some(at(10)),
    };
    assert_eq!(seasons::all(&mut db, GUILD).await.unwrap(), [last, first]);
    assert_eq!(seasons::all(&mut db, OTHER_GUILD).await.unwrap().len(), 1);

    let second = seasons::start(&mut db, GUILD, "Winter", at(20)).await.unwrap_err();
    assert!(told(&second).contains("UNIQUE constraint failed"), "{second}");
    let backwards = seasons::end(&mut db, autumn, at(9)).await.unwrap_err();
    assert!(told(&backwards).contains("CHECK constraint failed"), "{backwards}");
}
