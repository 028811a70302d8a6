use super::{Bench, refused};
use crate::domain::ids::QuestionId;
use crate::domain::rate::Rate;
use crate::store::rates;

fn id(slug: &str) -> QuestionId {
    QuestionId(format!("python/oop/{slug}"))
}

#[tokio::test]
async fn first_attempts_are_counted_by_question() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(rates::of(&mut db, &id("mro")).await.unwrap(), Rate::default());
    assert!(rates::all(&mut db).await.unwrap().is_empty());
    for right in [true, false, true] {
        rates::count(&mut db, &id("mro"), right).await.unwrap();
    }
    rates::count(&mut db, &id("slots"), false).await.unwrap();
    let mro = Rate { answers: 3, right: 2 };
    assert_eq!(rates::of(&mut db, &id("mro")).await.unwrap(), mro);
    let all = rates::all(&mut db).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[&id("mro")], all[&id("slots")]), (mro, Rate { answers: 1, right: 0 }));
}

#[tokio::test]
async fn no_more_can_be_right_than_there_are() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let told = refused(&mut db, "INSERT INTO question_rates VALUES ('a/b/c', 1, 2)").await;
    assert!(told.contains("CHECK constraint failed"), "{told}");
}
