use super::{ANN, BOB, Bench, CYD, ELSEWHERE, GUILD, OTHER_GUILD, SECOND, STUDY, at, refused};
use super::{date, open, put, told};
use crate::domain::ids::{ChannelId, MemberId, QuestionId, RoundId};
use crate::domain::points::Cause;
use crate::domain::streak::Streak;
use crate::store::Connection;
use crate::store::ledger::{self, Entry, Source};

fn entry(round: i64, member: MemberId, kind: Cause, points: i64, minute: i64) -> Entry {
    Entry {
        guild: GUILD,
        member,
        source: Source::Round { round: RoundId(round), channel: STUDY },
        question: QuestionId("python/oop/mro".to_owned()),
        kind,
        cause: format!("round:{round}:{kind}:{member}"),
        points,
        at: at(minute),
    }
}

fn in_second(round: i64) -> Source {
    Source::Round { round: RoundId(round), channel: SECOND }
}

/// What takes an entry back.
fn reversal(entry: &Entry) -> Entry {
    Entry { cause: format!("{}:void", entry.cause), points: -entry.points, ..entry.clone() }
}

async fn add(db: &mut Connection, entries: &[Entry]) {
    for entry in entries {
        assert!(ledger::add(db, entry).await.unwrap(), "{}", entry.cause);
    }
}

#[tokio::test]
async fn a_cause_earns_once() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let first = entry(1, ANN, Cause::Answered, 2, 0);
    assert!(ledger::add(&mut db, &first).await.unwrap());
    let again = Entry { points: 100, member: BOB, ..first.clone() };
    assert!(!ledger::add(&mut db, &again).await.unwrap());
    assert_eq!(ledger::of_round(&mut db, RoundId(1)).await.unwrap(), [first]);
    let told = refused(
        &mut db,
        "INSERT INTO ledger SELECT 9, guild_id, channel_id, member_id, \
        round_id, question_id, kind, cause, points, at FROM ledger",
    );
    let told = told.await;
    assert!(told.contains("UNIQUE constraint failed: ledger.cause"), "{told}");
}

#[tokio::test]
async fn entries_are_listed_by_round_and_by_member() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let answered = entry(1, ANN, Cause::Answered, 2, 0);
    let picked = entry(1, ANN, Cause::Picked, 5, 0);
    let voted = entry(1, BOB, Cause::Voted, 1, 0);
    let later = Entry { source: in_second(3), ..entry(3, ANN, Cause::Answered, 2, 9) };
    let back = reversal(&picked);
    add(&mut db, &[answered.clone(), picked.clone(), voted.clone(), later.clone(), back.clone()])
        .await;

    // What the close wrote, not what took it back.
    let of_round = ledger::of_round(&mut db, RoundId(1)).await.unwrap();
    assert_eq!(of_round, [answered.clone(), picked.clone(), voted]);
    assert_eq!(ledger::of_round(&mut db, RoundId(2)).await.unwrap(), []);
    let of_ann = ledger::of_member(&mut db, GUILD, ANN, 99).await.unwrap();
    assert_eq!(of_ann, [back.clone(), later.clone(), picked, answered]);
    assert_eq!(ledger::of_member(&mut db, GUILD, ANN, 2).await.unwrap(), [back, later]);
    assert_eq!(ledger::of_member(&mut db, OTHER_GUILD, ANN, 99).await.unwrap(), []);

    assert_eq!(ledger::total(&mut db, GUILD, ANN).await.unwrap(), 4);
    assert_eq!(ledger::total(&mut db, GUILD, BOB).await.unwrap(), 1);
    assert_eq!(ledger::total(&mut db, GUILD, CYD).await.unwrap(), 0);
    assert_eq!(ledger::total(&mut db, OTHER_GUILD, ANN).await.unwrap(), 0);

    let quiz =
        Entry { source: Source::Quiz, cause: "quiz:1".into(), ..entry(1, ANN, Cause::Quiz, 3, 0) };
    add(&mut db, &[quiz]).await;
    assert_eq!(ledger::total(&mut db, GUILD, ANN).await.unwrap(), 7);
    assert_eq!(ledger::quiz_total(&mut db, GUILD, ANN).await.unwrap(), 3);
    assert_eq!(ledger::quiz_total(&mut db, GUILD, BOB).await.unwrap(), 0);
}

#[tokio::test]
async fn the_ledger_refuses_what_is_no_entry() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let nothing = entry(1, ANN, Cause::Answered, 0, 0);
    let error = told(&ledger::add(&mut db, &nothing).await.unwrap_err());
    assert!(error.contains("CHECK constraint failed: points <> 0"), "{error}");
    for kind in Cause::OF_ROUND {
        add(&mut db, &[entry(1, ANN, kind, 1, 0)]).await;
    }
    let quiz = Entry { source: Source::Quiz, ..entry(1, ANN, Cause::Quiz, 1, 0) };
    add(&mut db, &[quiz]).await;
    for bad in [
        "UPDATE ledger SET kind = 'quiz'",
        "UPDATE ledger SET kind = 'voted'",
        "UPDATE ledger SET kind = 'won'",
    ] {
        let told_off = refused(&mut db, bad).await;
        assert!(told_off.contains("CHECK constraint failed"), "{bad}: {told_off}");
    }
    for lost in [
        Source::Round { round: RoundId(99), channel: STUDY },
        Source::Round { round: RoundId(1), channel: ChannelId(1) },
    ] {
        let lost = Entry { source: lost, cause: "a".into(), ..entry(1, ANN, Cause::Voted, 1, 0) };
        let error = told(&ledger::add(&mut db, &lost).await.unwrap_err());
        assert!(error.contains("FOREIGN KEY"), "{error}");
    }
}

#[tokio::test]
async fn large_sums_and_old_instants_survive() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    put(&mut db, &open(1, STUDY, date(1))).await;
    let old = Entry {
        at: chrono::DateTime::from_timestamp_millis(-1).unwrap(),
        points: i64::from(i32::MAX) * 1_000,
        ..entry(1, ANN, Cause::Answered, 1, 0)
    };
    let next = Entry { cause: "more".to_owned(), ..old.clone() };
    add(&mut db, &[old.clone(), next]).await;
    assert_eq!(ledger::total(&mut db, GUILD, ANN).await.unwrap(), old.points * 2);
}

#[tokio::test]
async fn streaks_are_each_channels_own() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(ledger::streaks(&mut db, STUDY).await.unwrap(), []);
    let long = Streak { length: 13, best: 40, graces: 2, toward_grace: 6 };
    let new = Streak { length: 1, best: 1, graces: 0, toward_grace: 1 };
    ledger::save_streak(&mut db, STUDY, CYD, long).await.unwrap();
    ledger::save_streak(&mut db, STUDY, ANN, new).await.unwrap();
    ledger::save_streak(&mut db, ELSEWHERE, ANN, long).await.unwrap();
    assert_eq!(ledger::streaks(&mut db, STUDY).await.unwrap(), [(ANN, new), (CYD, long)]);
    assert_eq!(ledger::streaks(&mut db, ELSEWHERE).await.unwrap(), [(ANN, long)]);
    let broken = Streak { length: 0, best: 40, graces: 0, toward_grace: 6 };
    ledger::save_streak(&mut db, STUDY, CYD, broken).await.unwrap();
    assert_eq!(ledger::streaks(&mut db, STUDY).await.unwrap(), [(ANN, new), (CYD, broken)]);
    for impossible in [Streak { graces: 3, ..long }, Streak { best: 12, ..long }] {
        let error = ledger::save_streak(&mut db, STUDY, CYD, impossible).await.unwrap_err();
        assert!(told(&error).contains("CHECK constraint failed"), "{error}");
    }
    let lost = ledger::save_streak(&mut db, ChannelId(1), ANN, new).await.unwrap_err();
    assert!(told(&lost).contains("FOREIGN KEY"), "{lost}");
}
