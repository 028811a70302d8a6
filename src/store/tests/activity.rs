use super::{ANN, BOB, Bench, CYD, GUILD, OTHER_GUILD, SECOND, STUDY, at, date, open, put};
use crate::domain::ballot::Tally;
use crate::domain::ids::{MemberId, MessageId, QuestionId, RoundId};
use crate::domain::member::Facts;
use crate::domain::outcome::Outcome;
use crate::domain::points::Cause;
use crate::domain::round::State;
use crate::domain::streak::Streak;
use crate::store::activity::{self, QuizAnswer};
use crate::store::ledger::{self, Entry, Source};
use crate::store::rounds::Round;
use crate::store::{Connection, answers, ballots, members};

async fn answer(db: &mut Connection, round: i64, member: MemberId, message: u64) {
    answers::touch(db, RoundId(round), member, MessageId(message)).await.unwrap();
}

#[tokio::test]
async fn answers_and_ballots_are_found_by_member_and_guild() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let withdrawn = Round { state: State::Withdrawn, ..open(4, STUDY, date(4)) };
    put(&mut db, &withdrawn).await;
    for (round, member, message) in [(1, ANN, 11), (2, ANN, 12), (3, BOB, 13), (4, ANN, 14)] {
        answer(&mut db, round, member, message).await;
    }
    // The second round is due two days after the beginning.
    for (since, found) in [(0, vec![11, 12]), (2_000, vec![12]), (9_000, vec![])] {
        let mut messages = activity::answers(&mut db, GUILD, ANN, at(since)).await.unwrap();
        messages.sort();
        assert_eq!(messages, found.into_iter().map(MessageId).collect::<Vec<_>>(), "{since}");
    }
    assert_eq!(activity::answers(&mut db, OTHER_GUILD, ANN, at(0)).await.unwrap(), []);

    ballots::cast(&mut db, RoundId(1), BOB, ANN, 1, at(5)).await.unwrap();
    ballots::cast(&mut db, RoundId(2), BOB, ANN, 1, at(50)).await.unwrap();
    assert_eq!(activity::ballots(&mut db, GUILD, BOB, at(6)).await.unwrap(), [at(50)]);
    assert_eq!(activity::ballots(&mut db, GUILD, BOB, at(0)).await.unwrap().len(), 2);
    assert!(activity::ballots(&mut db, GUILD, ANN, at(0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_closed_rounds_that_stand_are_counted() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    for round in 1..=3 {
        answer(&mut db, round, ANN, 20 + u64::try_from(round).unwrap()).await;
    }
    assert_eq!(activity::rounds_answered(&mut db, GUILD, ANN).await.unwrap(), 0, "still open");
    for (id, channel, voided_at) in [(1, STUDY, None), (2, STUDY, Some(at(9))), (3, SECOND, None)] {
        let closed = Round {
            state: State::Closed,
            closed_at: Some(at(7)),
            outcome: Some(Outcome {
                tally: Tally { rows: Vec::new(), ballots: 0, picks: Vec::new() },
                awards: Vec::new(),
                edited_late: Vec::new(),
                unread: false,
            }),
            voided_at,
            ..open(id, channel, date(id))
        };
        crate::store::rounds::update(&mut db, &closed).await.unwrap();
    }
    assert_eq!(activity::rounds_answered(&mut db, GUILD, ANN).await.unwrap(), 2);
    assert_eq!(activity::rounds_answered(&mut db, GUILD, BOB).await.unwrap(), 0);
}

#[tokio::test]
async fn picks_are_those_of_the_boards() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(activity::picks(&mut db, GUILD, ANN).await.unwrap(), 0);
    for (cause, kind, points) in [
        ("a", Cause::Picked, 5),
        ("b", Cause::Picked, 5),
        ("b:void", Cause::Picked, -5),
        ("c", Cause::Answered, 2),
    ] {
        let entry = Entry {
            guild: GUILD,
            member: ANN,
            source: Source::Round { round: RoundId(1), channel: STUDY },
            question: QuestionId("python/oop/mro".to_owned()),
            kind,
            cause: cause.to_owned(),
            points,
            at: at(1),
        };
        ledger::add(&mut db, &entry).await.unwrap();
    }
    assert_eq!(activity::picks(&mut db, GUILD, ANN).await.unwrap(), 1);
    assert_eq!(activity::picks(&mut db, OTHER_GUILD, ANN).await.unwrap(), 0);
}

#[tokio::test]
async fn a_streak_is_found_by_member() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let streak = Streak { length: 3, best: 9, graces: 1, toward_grace: 2 };
    ledger::save_streak(&mut db, STUDY, ANN, streak).await.unwrap();
    assert_eq!(activity::streak(&mut db, STUDY, ANN).await.unwrap(), Some(streak));
    assert_eq!(activity::streak(&mut db, STUDY, BOB).await.unwrap(), None);
    assert_eq!(activity::streak(&mut db, SECOND, ANN).await.unwrap(), None);
}

#[tokio::test]
async fn who_has_gone_or_opted_out_is_not_shown_to_others() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for (member, name) in [(ANN, "Ann"), (BOB, "Bob"), (CYD, "Cyd")] {
        members::seen(&mut db, GUILD, member, name, &Facts::default(), at(0)).await.unwrap();
    }
    members::left(&mut db, GUILD, BOB, at(1)).await.unwrap();
    members::set_hidden(&mut db, GUILD, CYD, true).await.unwrap();
    for (member, seen) in [(ANN, ("Ann", true)), (BOB, ("Bob", false)), (CYD, ("Cyd", false))] {
        let found = activity::seen_as(&mut db, GUILD, member).await.unwrap().unwrap();
        assert_eq!((found.0.as_str(), found.1), seen);
    }
    assert_eq!(activity::seen_as(&mut db, OTHER_GUILD, ANN).await.unwrap(), None);
}

#[tokio::test]
async fn quiz_answers_are_those_that_were_decided() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO quiz_runs (run_id, key, interaction_id, guild_id, channel_id, mode, state,
             options, seed, position, screen, started_at, touched_at, result_due)
         VALUES (1, 'k', 1, 900000000000000001, 2, 'solo', 'running', '{}', 1, 0, 0, 0, 0, 0)",
    )
    .execute(&mut *db)
    .await
    .unwrap();
    for (position, answered_at, is_right, first) in
        [(0, at(1), Some(1), Some(1)), (1, at(2), Some(0), Some(0)), (2, at(3), None, None)]
    {
        sqlx::query(
            "INSERT INTO quiz_answers (run_id, position, member_id, guild_id, question_id, choice,
                 click_id, answered_at, took_ms, is_right, late, first, points)
             VALUES (1, $1, 1001, 900000000000000001, 'python/oop/mro', 0, 1, $2, 1, $3, 0, $4, 0)",
        )
        .bind(position)
        .bind(answered_at.timestamp_millis())
        .bind(is_right)
        .bind(first)
        .execute(&mut *db)
        .await
        .unwrap();
    }
    let question = QuestionId("python/oop/mro".to_owned());
    let right = QuizAnswer { question, right: true, first: true, at: at(1) };
    let wrong = QuizAnswer { right: false, first: false, at: at(2), ..right.clone() };
    let found = activity::quiz(&mut db, GUILD, ANN, at(0)).await.unwrap();
    assert_eq!(found, [right, wrong.clone()]);
    assert_eq!(activity::quiz(&mut db, GUILD, ANN, at(2)).await.unwrap(), [wrong]);
    assert_eq!(activity::quiz(&mut db, GUILD, BOB, at(0)).await.unwrap(), []);
    assert_eq!(activity::quiz(&mut db, OTHER_GUILD, ANN, at(0)).await.unwrap(), []);
}
