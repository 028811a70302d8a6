use super::{ANN, BOB, Bench, CYD, HIGHEST, at, refused};
use crate::domain::answer::{Attachment, Part, Wish};
use crate::domain::ids::{MemberId, MessageId, RoundId};
use crate::store::answers::{self, Answer, Kept};

const ROUND: RoundId = RoundId(1);
const OTHER: RoundId = RoundId(2);

fn kept(message: u64, member: MemberId, content: &str) -> Kept {
    Kept {
        message: MessageId(message),
        round: ROUND,
        member,
        counts: true,
        content: content.to_owned(),
        attachments: Vec::new(),
        edited_at: None,
        wish: None,
    }
}

/// A message that does not count: nothing of it is stored but that.
fn aside(message: u64, member: MemberId) -> Kept {
    Kept { counts: false, wish: Some(Wish::NotCounted), ..kept(message, member, "") }
}

fn part(message: u64, content: &str) -> Part {
    Part { message: MessageId(message), content: content.to_owned(), attachments: Vec::new() }
}

#[tokio::test]
async fn a_message_comes_back_as_it_was_written() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(answers::message(&mut db, MessageId(5)).await.unwrap(), None);
    let plain = kept(5, ANN, "A long text; 'quoted' — 🧵\nsecond line");
    let full = Kept {
        message: MessageId(HIGHEST),
        round: OTHER,
        attachments: vec![Attachment { name: "a \"b\".png".into(), url: "https://c/d".into() }],
        edited_at: Some(at(3)),
        wish: Some(Wish::Counted),
        ..kept(0, CYD, "")
    };
    for message in [&plain, &full, &aside(7, BOB)] {
        answers::keep(&mut db, message).await.unwrap();
        let found = answers::message(&mut db, message.message).await.unwrap();
        assert_eq!(found.as_ref(), Some(message));
    }
}

#[tokio::test]
async fn a_known_message_is_overwritten_and_can_be_forgotten() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    answers::keep(&mut db, &kept(5, ANN, "first")).await.unwrap();
    for next in [
        Kept { edited_at: Some(at(1)), ..kept(5, ANN, "second") },
        aside(5, ANN),
        Kept { wish: Some(Wish::Counted), ..kept(5, ANN, "third") },
        kept(5, ANN, "fourth"),
    ] {
        answers::keep(&mut db, &next).await.unwrap();
        let found = answers::message(&mut db, MessageId(5)).await.unwrap();
        assert_eq!(found, Some(next));
    }
    // Whose message it is, and where, never changes.
    let stolen = Kept { round: OTHER, ..kept(5, BOB, "fifth") };
    answers::keep(&mut db, &stolen).await.unwrap();
    let found = answers::message(&mut db, MessageId(5)).await.unwrap();
    assert_eq!(found, Some(kept(5, ANN, "fifth")));

    answers::forget(&mut db, MessageId(6)).await.unwrap();
    assert!(answers::message(&mut db, MessageId(5)).await.unwrap().is_some());
    answers::forget(&mut db, MessageId(5)).await.unwrap();
    assert_eq!(answers::message(&mut db, MessageId(5)).await.unwrap(), None);
}

#[tokio::test]
async fn messages_of_a_round_come_in_order() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    for message in [kept(30, ANN, "c"), kept(4, BOB, "a"), aside(9, ANN)] {
        answers::keep(&mut db, &message).await.unwrap();
    }
    answers::keep(&mut db, &Kept { round: OTHER, ..kept(5, ANN, "x") }).await.unwrap();
    let found = answers::messages(&mut db, ROUND).await.unwrap();
    assert_eq!(found, [kept(4, BOB, "a"), aside(9, ANN), kept(30, ANN, "c")]);
    assert_eq!(answers::messages(&mut db, RoundId(3)).await.unwrap(), []);
}

#[tokio::test]
async fn answers_are_made_of_counted_messages_in_order() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    for message in [kept(10, BOB, "b1"), kept(12, ANN, "a2"), kept(11, ANN, "a1"), aside(9, ANN)] {
        answers::keep(&mut db, &message).await.unwrap();
    }
    answers::keep(&mut db, &Kept { round: OTHER, ..kept(8, ANN, "x") }).await.unwrap();
    assert_eq!(answers::of_round(&mut db, ROUND).await.unwrap(), []);
    assert_eq!(answers::find(&mut db, ROUND, ANN).await.unwrap(), None);

    answers::touch(&mut db, ROUND, ANN, MessageId(11)).await.unwrap();
    answers::touch(&mut db, ROUND, BOB, MessageId(10)).await.unwrap();
    answers::touch(&mut db, OTHER, ANN, MessageId(8)).await.unwrap();
    let of_ann = Answer {
        member: ANN,
        first_message: MessageId(11),
        revision: 1,
        parts: vec![part(11, "a1"), part(12, "a2")],
    };
    let of_bob = Answer {
        member: BOB,
        first_message: MessageId(10),
        revision: 1,
        parts: vec![part(10, "b1")],
    };
    // Who wrote first stands first.
    assert_eq!(answers::of_round(&mut db, ROUND).await.unwrap(), [of_bob, of_ann.clone()]);
    assert_eq!(answers::find(&mut db, ROUND, ANN).await.unwrap(), Some(of_ann));
    assert_eq!(answers::find(&mut db, ROUND, CYD).await.unwrap(), None);
    let other = answers::find(&mut db, OTHER, ANN).await.unwrap().unwrap();
    assert_eq!(other.parts, [part(8, "x")]);
}

#[tokio::test]
async fn every_change_raises_the_revision() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    answers::touch(&mut db, OTHER, ANN, MessageId(1)).await.unwrap();
    for revision in 1..=3 {
        answers::touch(&mut db, ROUND, ANN, MessageId(10 - revision)).await.unwrap();
        let found = answers::find(&mut db, ROUND, ANN).await.unwrap().unwrap();
        assert_eq!(found.revision, i64::try_from(revision).unwrap());
        assert_eq!(found.first_message, MessageId(10 - revision));
    }
    assert_eq!(answers::find(&mut db, OTHER, ANN).await.unwrap().unwrap().revision, 1);
}

#[tokio::test]
async fn an_answer_without_messages_goes_alone() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    for (round, member) in [(ROUND, ANN), (ROUND, BOB), (OTHER, ANN)] {
        answers::touch(&mut db, round, member, MessageId(1)).await.unwrap();
    }
    answers::remove(&mut db, ROUND, ANN).await.unwrap();
    answers::remove(&mut db, ROUND, CYD).await.unwrap();
    assert_eq!(answers::find(&mut db, ROUND, ANN).await.unwrap(), None);
    assert!(answers::find(&mut db, ROUND, BOB).await.unwrap().is_some());
    assert!(answers::find(&mut db, OTHER, ANN).await.unwrap().is_some());
}

#[tokio::test]
async fn the_first_counted_message() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(answers::first_counted(&mut db, ROUND, ANN).await.unwrap(), None);
    for message in [aside(1, ANN), kept(2, BOB, "b"), kept(9, ANN, "a2"), kept(3, ANN, "a1")] {
        answers::keep(&mut db, &message).await.unwrap();
    }
    let first = answers::first_counted(&mut db, ROUND, ANN).await.unwrap();
    assert_eq!(first, Some(MessageId(3)));
    assert_eq!(answers::first_counted(&mut db, OTHER, ANN).await.unwrap(), None);
    answers::keep(&mut db, &aside(3, ANN)).await.unwrap();
    answers::keep(&mut db, &aside(9, ANN)).await.unwrap();
    assert_eq!(answers::first_counted(&mut db, ROUND, ANN).await.unwrap(), None);
}

#[tokio::test]
async fn the_message_that_an_answer_begins_with() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    answers::touch(&mut db, ROUND, ANN, MessageId(3)).await.unwrap();
    answers::touch(&mut db, ROUND, BOB, MessageId(4)).await.unwrap();
    answers::touch(&mut db, ROUND, ANN, MessageId(9)).await.unwrap();
    answers::remove(&mut db, ROUND, BOB).await.unwrap();
    for (round, message, expected) in
        [(ROUND, 9, true), (ROUND, 3, false), (ROUND, 4, false), (OTHER, 9, false)]
    {
        let first = answers::is_first(&mut db, round, MessageId(message)).await.unwrap();
        assert_eq!(first, expected, "{message}");
    }
}

#[tokio::test]
async fn the_text_of_what_does_not_count_is_not_kept() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let nosy = Kept { content: "private talk".to_owned(), ..aside(5, ANN) };
    let error = answers::keep(&mut db, &nosy).await.unwrap_err().to_string();
    assert!(error.contains("CHECK constraint failed"), "{error}");
    answers::keep(&mut db, &kept(5, ANN, "a")).await.unwrap();
    for set in [
        "UPDATE answer_messages SET counts = 0",
        "UPDATE answer_messages SET counts = 2",
        "UPDATE answer_messages SET wish = 'maybe'",
    ] {
        let told = refused(&mut db, set).await;
        assert!(told.contains("CHECK constraint failed"), "{set}: {told}");
    }
    for lost in [
        answers::keep(&mut db, &Kept { round: RoundId(99), ..kept(6, ANN, "a") }).await,
        answers::touch(&mut db, RoundId(99), ANN, MessageId(6)).await,
    ] {
        assert!(lost.unwrap_err().to_string().contains("FOREIGN KEY"));
    }
}
