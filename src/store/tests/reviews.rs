use super::{ANN, BOB, Bench, CYD, GUILD, OTHER_GUILD, at, date, refused};
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::member::Facts;
use crate::domain::review::{Learning, Memory, Why};
use crate::store::members;
use crate::store::reviews::{self, Card, Wishes};

fn card(guild: GuildId, member: MemberId, slug: &str, due: i64) -> Card {
    Card {
        guild,
        member,
        question: QuestionId(format!("python/basics/{slug}")),
        key: format!("{guild}{member}{slug}"),
        title: "What is `is`?".to_owned(),
        source: Why::Round,
        learning: Learning::default(),
        due_at: at(due),
        added_at: at(0),
        reviews: 0,
        lapses: 0,
    }
}

#[tokio::test]
async fn a_member_has_one_card_a_question() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let first = card(GUILD, ANN, "a", 10);
    assert!(reviews::add(&mut db, &first).await.unwrap());
    let again = Card { key: "other".to_owned(), due_at: at(99), ..first.clone() };
    assert!(!reviews::add(&mut db, &again).await.unwrap());
    let graded = Card {
        title: "What is it now?".to_owned(),
        source: Why::Quiz,
        // Digits that a column of fewer would lose.
        learning: Learning {
            memory: Some(Memory { stability: 2.306_5, difficulty: 2.118_104_2 }),
            days: 36_500,
            last_at: Some(at(11)),
        },
        due_at: at(5),
        reviews: 3,
        lapses: 1,
        ..first.clone()
    };
    for (guild, member, slug, due) in [
        (GUILD, ANN, "c", 7),
        (GUILD, ANN, "b", 7),
        (GUILD, CYD, "a", 1),
        (OTHER_GUILD, ANN, "a", 1),
    ] {
        assert!(reviews::add(&mut db, &card(guild, member, slug, due)).await.unwrap());
    }
    reviews::update(&mut db, &graded).await.unwrap();

    let found = reviews::find(&mut db, GUILD, ANN, &first.question).await.unwrap();
    assert_eq!(found.as_ref(), Some(&graded));
    assert_eq!(reviews::by_key(&mut db, &first.key).await.unwrap(), Some(graded.clone()));
    assert_eq!(reviews::by_key(&mut db, "other").await.unwrap(), None);
    assert_eq!(reviews::find(&mut db, GUILD, BOB, &first.question).await.unwrap(), None);
    let all = reviews::of_member(&mut db, GUILD, ANN).await.unwrap();
    assert_eq!(all, [graded, card(GUILD, ANN, "b", 7), card(GUILD, ANN, "c", 7)]);
    assert_eq!(reviews::of_member(&mut db, GUILD, BOB).await.unwrap(), []);
}

#[tokio::test]
async fn the_tables_refuse_what_cannot_be() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert!(reviews::add(&mut db, &card(GUILD, ANN, "a", 0)).await.unwrap());
    for statement in [
        "UPDATE review_cards SET stability = 1.0",
        "UPDATE review_cards SET stability = 0.0, difficulty = 1.0",
        "UPDATE review_cards SET interval_days = 36501",
        "UPDATE review_cards SET lapses = 1",
        "UPDATE review_cards SET source = 'dream'",
        "INSERT INTO review_wishes (guild_id, member_id, remind_since, rounds, refused_at)
         VALUES (900000000000000001, 1, 5, 0, 5)",
    ] {
        let told = refused(&mut db, statement).await;
        assert!(told.contains("CHECK"), "{statement}: {told}");
    }
}

#[tokio::test]
async fn wishes_are_off_until_they_are_set() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(reviews::wishes(&mut db, GUILD, ANN).await.unwrap(), Wishes::default());
    for member in [ANN, BOB, CYD] {
        members::seen(&mut db, GUILD, member, "Name", &Facts::default(), at(0)).await.unwrap();
    }
    let on = Wishes { remind_since: Some(at(5)), rounds: true, refused_at: None };
    reviews::wish(&mut db, GUILD, ANN, &on).await.unwrap();
    reviews::wish(&mut db, GUILD, CYD, &on).await.unwrap();
    reviews::wish(&mut db, GUILD, BOB, &Wishes { rounds: true, ..Wishes::default() })
        .await
        .unwrap();
    assert_eq!(reviews::wishes(&mut db, GUILD, ANN).await.unwrap(), on);
    assert_eq!(reviews::want_rounds(&mut db, GUILD).await.unwrap(), [ANN, BOB, CYD]);
    assert_eq!(reviews::want_reminders(&mut db, GUILD, at(5)).await.unwrap(), [ANN, CYD]);
    assert_eq!(reviews::want_reminders(&mut db, GUILD, at(4)).await.unwrap(), []);
    // Somebody who was never seen, and somebody who left.
    reviews::wish(&mut db, GUILD, MemberId(9), &on).await.unwrap();
    members::left(&mut db, GUILD, CYD, at(6)).await.unwrap();
    assert_eq!(reviews::want_rounds(&mut db, GUILD).await.unwrap(), [ANN, BOB]);
    assert_eq!(reviews::want_reminders(&mut db, GUILD, at(7)).await.unwrap(), [ANN]);
    let refused = Wishes { remind_since: None, rounds: false, refused_at: Some(at(8)) };
    reviews::wish(&mut db, GUILD, ANN, &refused).await.unwrap();
    assert_eq!(reviews::wishes(&mut db, GUILD, ANN).await.unwrap(), refused);
    assert_eq!(reviews::want_reminders(&mut db, GUILD, at(9)).await.unwrap(), []);
}

#[tokio::test]
async fn a_date_is_seen_to_once() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(reviews::reminder_guilds(&mut db).await.unwrap(), []);
    let on = Wishes { remind_since: Some(at(5)), ..Wishes::default() };
    for (guild, member) in [(GUILD, ANN), (GUILD, BOB), (OTHER_GUILD, ANN)] {
        reviews::wish(&mut db, guild, member, &on).await.unwrap();
    }
    reviews::reminded(&mut db, GUILD, date(20)).await.unwrap();
    reviews::reminded(&mut db, GUILD, date(21)).await.unwrap();
    let guilds = reviews::reminder_guilds(&mut db).await.unwrap();
    assert_eq!(guilds, [(GUILD, Some(date(21))), (OTHER_GUILD, None)]);
    reviews::wish(&mut db, OTHER_GUILD, ANN, &Wishes::default()).await.unwrap();
    assert_eq!(reviews::reminder_guilds(&mut db).await.unwrap().len(), 1);
}
