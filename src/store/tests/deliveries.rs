use super::{Bench, ELSEWHERE, GUILD, HIGHEST, OTHER_GUILD, SECOND, STUDY, at, refused, told};
use crate::domain::ids::{ChannelId, GuildId, MessageId, RoundId};
use crate::store::Connection;
use crate::store::deliveries::{self, Delivery, End, Errand, New};
use serde::{Deserialize, Serialize};

/// The engine's intents are its own; the store only carries them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Said {
    Card { round: i64 },
    Notice(String),
}

const CARD: Said = Said::Card { round: 1 };

/// A delivery of guild and study channel, with nothing else; its key follows from its cause.
async fn record(db: &mut Connection, cause: &str, channel: ChannelId) -> i64 {
    let guild = if channel == ELSEWHERE { OTHER_GUILD } else { GUILD };
    let key = format!("key of {cause}");
    let new = New { guild, channel: Some(channel), ..bare(cause, &key, &CARD) };
    deliveries::record(db, &new, at(0)).await.unwrap().unwrap()
}

fn bare<'a>(cause: &'a str, key: &'a str, intent: &'a Said) -> New<'a, Said> {
    New {
        cause,
        key,
        guild: GUILD,
        channel: None,
        round: None,
        after: None,
        intent,
        expires_at: None,
        pace: None,
        first: false,
    }
}

async fn found(db: &mut Connection, id: i64) -> Delivery<Said> {
    deliveries::find(db, id).await.unwrap().unwrap()
}

/// State and error, which no reader needs and every operator may look up.
async fn raw(db: &mut Connection, id: i64) -> (String, Option<String>) {
    sqlx::query_as("SELECT state, error FROM deliveries WHERE delivery_id = $1")
        .bind(id)
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_delivery_comes_back_as_it_was_recorded() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let least = bare("guild:hello", "k1", &CARD);
    let notice = Said::Notice("„Ünïcode“ 'and' \"quotes\"".to_owned());
    let most = New {
        guild: OTHER_GUILD,
        channel: Some(STUDY),
        round: Some(RoundId(2)),
        after: Some(1),
        expires_at: Some(at(120)),
        ..bare("round:2:card", "k2", &notice)
    };
    assert_eq!(deliveries::record(&mut db, &least, at(1)).await.unwrap(), Some(1));
    assert_eq!(deliveries::record(&mut db, &most, at(2)).await.unwrap(), Some(2));
    let first = Delivery {
        id: 1,
        cause: "guild:hello".to_owned(),
        key: "k1".to_owned(),
        guild: GUILD,
        channel: None,
        round: None,
        intent: CARD,
        attempts: 0,
        created_at: at(1),
        expires_at: None,
        result: None,
    };
    let second = Delivery {
        id: 2,
        cause: "round:2:card".to_owned(),
        key: "k2".to_owned(),
        guild: OTHER_GUILD,
        channel: Some(STUDY),
        round: Some(RoundId(2)),
        intent: notice.clone(),
        created_at: at(2),
        expires_at: Some(at(120)),
        ..first.clone()
    };
    for (wanted, key, cause) in [(&first, "k1", "guild:hello"), (&second, "k2", "round:2:card")] {
        assert_eq!(deliveries::find(&mut db, wanted.id).await.unwrap().as_ref(), Some(wanted));
        assert_eq!(deliveries::by_key(&mut db, key).await.unwrap().as_ref(), Some(wanted));
        assert_eq!(deliveries::by_cause(&mut db, cause).await.unwrap().as_ref(), Some(wanted));
    }
    assert_eq!(deliveries::find::<Said>(&mut db, 3).await.unwrap(), None);
    assert_eq!(deliveries::by_key::<Said>(&mut db, "K1").await.unwrap(), None);
    assert_eq!(deliveries::by_cause::<Said>(&mut db, "k1").await.unwrap(), None);
    // An intent of another program's is told, not guessed.
    let error = deliveries::find::<u8>(&mut db, 1).await.unwrap_err().to_string();
    assert!(error.contains("intent"), "{error}");
}

#[tokio::test]
async fn numbers_are_known_before_they_are_given() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for cause in ["a", "b", "c"] {
        let next = deliveries::next_id(&mut db).await.unwrap();
        assert_eq!(record(&mut db, cause, STUDY).await, next);
    }
}

#[tokio::test]
async fn what_is_owed_is_owed_once() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let first = record(&mut db, "round:1:card", STUDY).await;
    let again = Said::Notice("else".to_owned());
    let twice = bare("round:1:card", "another key", &again);
    assert_eq!(deliveries::record(&mut db, &twice, at(5)).await.unwrap(), None);
    assert_eq!(found(&mut db, first).await.intent, CARD);
    // Nor once more after it was said or dropped.
    deliveries::end(&mut db, first, End::Done(None), None).await.unwrap();
    assert_eq!(deliveries::record(&mut db, &twice, at(5)).await.unwrap(), None);
    // A key leads to one delivery: a second one with it is a fault, not a repetition.
    let same_key = bare("round:2:card", "key of round:1:card", &CARD);
    let error = told(&deliveries::record(&mut db, &same_key, at(5)).await.unwrap_err());
    assert!(error.contains("UNIQUE constraint failed: deliveries.key"), "{error}");
}

#[tokio::test]
async fn a_delivery_belongs_to_what_exists() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for lost in [
        New { guild: GuildId(1), ..bare("a", "a", &CARD) },
        New { channel: Some(ChannelId(1)), ..bare("a", "a", &CARD) },
        New { round: Some(RoundId(1)), ..bare("a", "a", &CARD) },
        New { after: Some(9), ..bare("a", "a", &CARD) },
    ] {
        let error = told(&deliveries::record(&mut db, &lost, at(0)).await.unwrap_err());
        assert!(error.contains("FOREIGN KEY"), "{error}");
    }
    record(&mut db, "a", STUDY).await;
    for set in ["UPDATE deliveries SET state = 'lost'", "UPDATE deliveries SET attempts = -1"] {
        let told = refused(&mut db, set).await;
        assert!(told.contains("CHECK constraint failed"), "{set}: {told}");
    }
}

#[tokio::test]
async fn attempts_are_counted_before_they_are_made() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let id = record(&mut db, "a", STUDY).await;
    let other = record(&mut db, "b", STUDY).await;
    for attempts in 1..=3 {
        let tried: Delivery<Said> = deliveries::attempt(&mut db, id).await.unwrap().unwrap();
        assert_eq!((tried.id, tried.attempts), (id, attempts));
    }
    assert_eq!(found(&mut db, other).await.attempts, 0);
    assert_eq!(deliveries::attempt::<Said>(&mut db, 99).await.unwrap(), None);
    // What has ended is not tried again.
    deliveries::end(&mut db, id, End::Done(None), None).await.unwrap();
    deliveries::end(&mut db, other, End::Dropped, None).await.unwrap();
    assert_eq!(deliveries::attempt::<Said>(&mut db, id).await.unwrap(), None);
    assert_eq!(deliveries::attempt::<Said>(&mut db, other).await.unwrap(), None);
    assert_eq!(found(&mut db, id).await.attempts, 3);
}

#[tokio::test]
async fn a_delivery_ends_once() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let said = (ChannelId(HIGHEST), MessageId(HIGHEST));
    let (a, b, c) = (
        record(&mut db, "a", STUDY).await,
        record(&mut db, "b", STUDY).await,
        record(&mut db, "c", STUDY).await,
    );
    assert!(deliveries::end(&mut db, a, End::Done(Some(said)), None).await.unwrap());
    assert!(
        deliveries::end(&mut db, b, End::Dropped, Some("50001: Missing Access")).await.unwrap()
    );
    assert_eq!(found(&mut db, a).await.result, Some(said));
    assert_eq!(found(&mut db, b).await.result, None);
    assert_eq!(raw(&mut db, a).await, ("done".to_owned(), None));
    let words = Some("50001: Missing Access".to_owned());
    assert_eq!(raw(&mut db, b).await, ("dropped".to_owned(), words));
    assert_eq!(raw(&mut db, c).await, ("pending".to_owned(), None));
    // A second end changes nothing.
    for end in [End::Dropped, End::Done(None)] {
        assert!(!deliveries::end(&mut db, a, end, Some("x")).await.unwrap());
    }
    assert_eq!(found(&mut db, a).await.result, Some(said));
    assert_eq!(raw(&mut db, a).await, ("done".to_owned(), None));
    assert!(!deliveries::end(&mut db, 99, End::Dropped, None).await.unwrap());
}

#[tokio::test]
async fn a_rounds_pending_deliveries_are_dropped_together() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let mut ids = Vec::new();
    for (cause, round) in [("1:card", 1), ("1:thread", 1), ("1:pin", 1), ("2:card", 2)] {
        let new = New { round: Some(RoundId(round)), ..bare(cause, cause, &CARD) };
        ids.push(deliveries::record(&mut db, &new, at(0)).await.unwrap().unwrap());
    }
    deliveries::end(&mut db, ids[0], End::Done(None), None).await.unwrap();
    deliveries::drop_of_round(&mut db, RoundId(1)).await.unwrap();
    let mut states = Vec::new();
    for id in ids {
        states.push(raw(&mut db, id).await.0);
    }
    assert_eq!(states, ["done", "dropped", "dropped", "pending"]);
}

#[tokio::test]
async fn what_fails_is_stuck_until_it_ends() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let id = record(&mut db, "a", STUDY).await;
    record(&mut db, "b", SECOND).await;
    assert!(!deliveries::stuck(&mut db, STUDY, true).await.unwrap());
    deliveries::note_error(&mut db, id, "first").await.unwrap();
    deliveries::note_error(&mut db, id, "second").await.unwrap();
    assert_eq!(raw(&mut db, id).await, ("pending".to_owned(), Some("second".to_owned())));
    assert!(deliveries::stuck(&mut db, STUDY, true).await.unwrap());
    assert!(!deliveries::stuck(&mut db, SECOND, true).await.unwrap());
    // What was said in the end is no trouble any more.
    deliveries::end(&mut db, id, End::Done(None), None).await.unwrap();
    assert!(!deliveries::stuck(&mut db, STUDY, true).await.unwrap());
    assert_eq!(raw(&mut db, id).await, ("done".to_owned(), None));
}

#[tokio::test]
async fn a_notice_that_waits_is_no_trouble_and_can_be_found() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(deliveries::pending_notice(&mut db, STUDY).await.unwrap(), None);
    let older = record(&mut db, &format!("notice:{STUDY}:1"), STUDY).await;
    let newer = record(&mut db, &format!("notice:{STUDY}:2"), STUDY).await;
    record(&mut db, &format!("notice:{SECOND}:3"), SECOND).await;
    record(&mut db, "a", STUDY).await;
    deliveries::note_error(&mut db, newer, "x").await.unwrap();
    assert!(!deliveries::stuck(&mut db, STUDY, true).await.unwrap());
    for (expected, ended) in [(Some(newer), newer), (Some(older), older)] {
        assert_eq!(deliveries::pending_notice(&mut db, STUDY).await.unwrap(), expected);
        deliveries::end(&mut db, ended, End::Done(None), None).await.unwrap();
    }
    assert_eq!(deliveries::pending_notice(&mut db, STUDY).await.unwrap(), None);
}

#[tokio::test]
async fn a_reading_waits_until_it_has_begun() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let round = crate::domain::ids::RoundId(1);
    for cause in ["round:1:card", "round:1:read:close", "round:11:read:7"] {
        record(&mut db, cause, STUDY).await;
        assert!(!deliveries::reading_waits(&mut db, round).await.unwrap(), "{cause}");
    }
    let first = record(&mut db, "round:1:read:8", STUDY).await;
    assert!(deliveries::reading_waits(&mut db, round).await.unwrap());
    deliveries::attempt::<Said>(&mut db, first).await.unwrap();
    assert!(!deliveries::reading_waits(&mut db, round).await.unwrap(), "under way");
    let second = record(&mut db, "round:1:read:9", STUDY).await;
    assert!(deliveries::reading_waits(&mut db, round).await.unwrap());
    deliveries::end(&mut db, second, End::Done(None), None).await.unwrap();
    assert!(!deliveries::reading_waits(&mut db, round).await.unwrap(), "over");
}

#[tokio::test]
async fn the_next_expiry_is_that_of_a_pending_delivery() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(deliveries::next_expiry(&mut db, at(0)).await.unwrap(), None);
    record(&mut db, "never", STUDY).await;
    assert_eq!(deliveries::next_expiry(&mut db, at(0)).await.unwrap(), None);
    for (cause, minute) in [("late", 90), ("soon", 30)] {
        let new = New { expires_at: Some(at(minute)), ..bare(cause, cause, &CARD) };
        deliveries::record(&mut db, &new, at(0)).await.unwrap();
    }
    assert_eq!(deliveries::next_expiry(&mut db, at(0)).await.unwrap(), Some(at(30)));
    assert_eq!(deliveries::next_expiry(&mut db, at(30)).await.unwrap(), Some(at(90)));
    deliveries::end(&mut db, 3, End::Done(None), None).await.unwrap();
    assert_eq!(deliveries::next_expiry(&mut db, at(0)).await.unwrap(), Some(at(90)));
}

#[tokio::test]
async fn what_waits_for_a_courtesy_alone_is_not_stuck() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for (number, cause) in [
        "round:1:mark:5:6",
        "round:1:unmark:5:6",
        "round:1:pin",
        "round:1:unpin",
        "round:1:edit:closed",
    ]
    .into_iter()
    .chain(["round:1:result", "round:1:read:close", "round:1:card"])
    .enumerate()
    {
        let id = record(&mut db, cause, STUDY).await;
        assert!(deliveries::note_overdue(&mut db, id).await.unwrap());
        assert_eq!(raw(&mut db, id).await.1.as_deref(), Some("overdue"));
        let stuck = [true, false].map(|courtesies| (courtesies, number >= 5 || courtesies));
        for (courtesies, expected) in stuck {
            let found = deliveries::stuck(&mut db, STUDY, courtesies).await.unwrap();
            assert_eq!(found, expected, "{cause} {courtesies}");
        }
        deliveries::end(&mut db, id, End::Dropped, None).await.unwrap();
        assert!(!deliveries::note_overdue(&mut db, id).await.unwrap());
    }
    let known = record(&mut db, "a", STUDY).await;
    deliveries::note_error(&mut db, known, "503").await.unwrap();
    deliveries::note_overdue(&mut db, known).await.unwrap();
    assert_eq!(raw(&mut db, known).await.1.as_deref(), Some("503"), "why is known already");
}

#[tokio::test]
async fn what_was_given_up_is_found_for_a_while() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let dropped = record(&mut db, "round:1:pin", STUDY).await;
    deliveries::end(&mut db, dropped, End::Dropped, Some("over")).await.unwrap();
    let mut lost = Vec::new();
    for (cause, channel) in [("a", STUDY), ("b", SECOND), ("c", ELSEWHERE)] {
        let id = record(&mut db, cause, channel).await;
        assert!(deliveries::give_up(&mut db, id, "404").await.unwrap());
        assert!(!deliveries::give_up(&mut db, id, "404").await.unwrap(), "once");
        lost.push(id);
    }
    assert_eq!(raw(&mut db, lost[0]).await, ("dropped".into(), Some("given up: 404".into())));
    for (since, limit, expected) in
        [(at(0), 9, vec![lost[1], lost[0]]), (at(0), 1, vec![lost[1]]), (at(1), 9, vec![])]
    {
        let found = deliveries::given_up::<Said>(&mut db, GUILD, since, limit).await.unwrap();
        let found: Vec<i64> = found.iter().map(|one| one.id).collect();
        assert_eq!(found, expected, "{since} {limit}");
    }
    for (cause, expected) in [("a", true), ("round:1:pin", true), ("d", false)] {
        assert_eq!(deliveries::is_dropped(&mut db, cause).await.unwrap(), expected, "{cause}");
    }
}

#[tokio::test]
async fn a_pending_delivery_can_be_changed_and_given_an_end() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let id = record(&mut db, "a", STUDY).await;
    assert_eq!(deliveries::expiry(&mut db, id).await.unwrap(), Some(None));
    deliveries::expire_at(&mut db, id, at(9)).await.unwrap();
    assert_eq!(deliveries::expiry(&mut db, id).await.unwrap(), Some(Some(at(9))));
    let other = Said::Card { round: 2 };
    assert!(deliveries::change(&mut db, id, &other).await.unwrap());
    assert_eq!(found(&mut db, id).await.intent, other);
    deliveries::end(&mut db, id, End::Done(None), None).await.unwrap();
    assert!(!deliveries::change(&mut db, id, &CARD).await.unwrap());
    deliveries::expire_at(&mut db, id, at(10)).await.unwrap();
    assert_eq!(found(&mut db, id).await.expires_at, Some(at(9)));
    assert_eq!(deliveries::expiry(&mut db, id).await.unwrap(), None);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_keeps_no_other_waiting() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let broken = record(&mut db, "a", STUDY).await;
    let whole = record(&mut db, "b", STUDY).await;
    sqlx::query("UPDATE deliveries SET intent = '{}' WHERE delivery_id = $1")
        .bind(broken)
        .execute(&mut *db)
        .await
        .unwrap();
    let errands = deliveries::errands::<Said>(&mut db, 0).await.unwrap();
    assert_eq!(errands.iter().map(|errand| errand.id).collect::<Vec<_>>(), [whole]);
    let lane = errands.into_iter().next().unwrap().map(|said| matches!(said, Said::Card { .. }));
    assert!(lane.what);
}

#[tokio::test]
async fn the_couriers_errands() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(deliveries::pending(&mut db).await.unwrap(), 0);
    let first = record(&mut db, "a", STUDY).await;
    let ended = record(&mut db, "b", STUDY).await;
    let chained = New {
        after: Some(first),
        expires_at: Some(at(7)),
        guild: OTHER_GUILD,
        pace: Some("slowly"),
        first: true,
        ..bare("c", "c", &CARD)
    };
    let third = deliveries::record(&mut db, &chained, at(0)).await.unwrap().unwrap();
    deliveries::end(&mut db, ended, End::Dropped, None).await.unwrap();
    let errands = [
        Errand {
            id: first,
            what: CARD,
            guild: GUILD,
            channel: Some(STUDY),
            after: None,
            expires_at: None,
            pace: None,
            first: false,
        },
        Errand {
            id: third,
            what: CARD,
            guild: OTHER_GUILD,
            channel: None,
            after: Some(first),
            expires_at: Some(at(7)),
            pace: Some("slowly".to_owned()),
            first: true,
        },
    ];
    assert!(deliveries::is_unsent(&mut db, first).await.unwrap());
    assert!(!deliveries::is_unsent(&mut db, ended).await.unwrap());
    deliveries::attempt::<Said>(&mut db, first).await.unwrap();
    assert!(!deliveries::is_unsent(&mut db, first).await.unwrap());
    assert_eq!(deliveries::pending(&mut db).await.unwrap(), 2);
    assert_eq!(deliveries::errands::<Said>(&mut db, 0).await.unwrap(), errands);
    assert_eq!(deliveries::errands::<Said>(&mut db, first).await.unwrap(), errands[1..]);
    assert_eq!(deliveries::errands::<Said>(&mut db, third).await.unwrap(), []);
}

#[tokio::test]
async fn notices_nobody_took_stand_newest_first() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let causes = async |db: &mut _, limit| -> Vec<String> {
        let found: Vec<Delivery<Said>> =
            deliveries::dropped_notices(db, GUILD, limit).await.unwrap();
        found.into_iter().map(|one| one.cause).collect()
    };
    let dropped = [
        ("notice:1:a", STUDY),
        ("notice:1:b", SECOND),
        ("notice:1:c", ELSEWHERE),
        ("round:1:card", STUDY),
        ("notice:1:d", STUDY),
    ];
    for (cause, channel) in dropped {
        let id = record(&mut db, cause, channel).await;
        deliveries::end(&mut db, id, End::Dropped, Some("50007")).await.unwrap();
    }
    record(&mut db, "notice:1:e", STUDY).await;
    let elsewhere = record(&mut db, "notice:1:f", ELSEWHERE).await;
    deliveries::end(&mut db, elsewhere, End::Done(None), None).await.unwrap();
    assert_eq!(causes(&mut db, 9).await, ["notice:1:d", "notice:1:b", "notice:1:a"]);
    assert_eq!(causes(&mut db, 2).await, ["notice:1:d", "notice:1:b"]);
    assert_eq!(causes(&mut db, 0).await, [""; 0]);
    // One that arrives shows that they can be told again.
    let told = record(&mut db, "notice:1:g", STUDY).await;
    deliveries::end(&mut db, told, End::Done(None), None).await.unwrap();
    assert_eq!(causes(&mut db, 9).await, [""; 0]);
    let last = record(&mut db, "notice:1:h", STUDY).await;
    deliveries::end(&mut db, last, End::Dropped, Some("50007")).await.unwrap();
    assert_eq!(causes(&mut db, 9).await, ["notice:1:h"]);
    deliveries::forget_dropped_notices(&mut db, GUILD).await.unwrap();
    assert_eq!(causes(&mut db, 9).await, [""; 0]);
}
