use super::{
    ANN, BOB, Bench, ELSEWHERE, GUILD, HIGHEST, OTHER_GUILD, SECOND, STUDY, at, date, due, open,
    put, question, refused, told,
};
use crate::domain::ballot::{Tally, TallyRow};
use crate::domain::ids::{ChannelId, InteractionId, MessageId, QuestionId, RoundId};
use crate::domain::outcome::Outcome;
use crate::domain::points::{Award, Cause};
use crate::domain::round::{SkipReason, State};
use crate::store::rounds::{self, Origin, Round};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

fn skipped(id: i64, channel: ChannelId, day: i64) -> Round {
    Round {
        state: State::Skipped,
        skip_reason: Some(SkipReason::Missed),
        question: None,
        reason: None,
        ..due(id, channel, date(day))
    }
}

fn closed(id: i64, channel: ChannelId, day: i64) -> Round {
    Round {
        state: State::Closed,
        closed_at: Some(at(id * 1_440 + 1_441)),
        outcome: Some(Outcome {
            tally: Tally {
                rows: vec![TallyRow { author: ANN, votes: 2 }, TallyRow { author: BOB, votes: 0 }],
                ballots: 2,
                picks: vec![ANN],
            },
            awards: vec![Award { member: ANN, cause: Cause::Picked, points: 5 }],
            edited_late: vec![BOB],
            unread: false,
        }),
        ..open(id, channel, date(day))
    }
}

fn extra(id: i64, channel: ChannelId, interaction: u64) -> Round {
    Round { origin: Origin::Interaction(InteractionId(interaction)), ..due(id, channel, date(1)) }
}

fn ids(rounds: &[Round]) -> Vec<i64> {
    rounds.iter().map(|round| round.id.0).collect()
}

#[tokio::test]
async fn a_round_comes_back_as_it_was_written() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(rounds::find(&mut db, RoundId(1)).await.unwrap(), None);
    for new in [due(1, STUDY, date(1)), skipped(2, STUDY, 2), extra(3, SECOND, HIGHEST)] {
        assert!(rounds::insert(&mut db, &new).await.unwrap());
        assert_eq!(rounds::find(&mut db, new.id).await.unwrap(), Some(new));
    }
}

#[tokio::test]
async fn a_rounds_life_is_kept_in_every_column() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    rounds::insert(&mut db, &due(1, STUDY, date(1))).await.unwrap();
    rounds::insert(&mut db, &due(2, STUDY, date(2))).await.unwrap();
    let opened = open(1, STUDY, date(1));
    let closing = Round { state: State::Closing, closes_at: at(5), ..opened.clone() };
    let done = Round { closes_at: at(5), ..closed(1, STUDY, 1) };
    let voided = Round { voided_at: Some(at(9_999)), ..done.clone() };
    let withdrawn = Round { state: State::Withdrawn, ..opened.clone() };
    let skipped = Round {
        state: State::Skipped,
        skip_reason: Some(SkipReason::NotAccepted),
        ..due(1, STUDY, date(1))
    };
    for next in [opened, closing, done, voided, withdrawn, skipped] {
        rounds::update(&mut db, &next).await.unwrap();
        assert_eq!(rounds::find(&mut db, RoundId(1)).await.unwrap(), Some(next));
    }
    // Others are left alone, and what was drawn never changes.
    let other = rounds::find(&mut db, RoundId(2)).await.unwrap();
    assert_eq!(other, Some(due(2, STUDY, date(2))));
    let tampered = Round {
        question: Some(Arc::new(question("other"))),
        seed: 1,
        due_at: at(77),
        origin: Origin::Date(date(30)),
        ..due(2, STUDY, date(2))
    };
    rounds::update(&mut db, &tampered).await.unwrap();
    let other = rounds::find(&mut db, RoundId(2)).await.unwrap();
    assert_eq!(other, Some(due(2, STUDY, date(2))));
}

#[tokio::test]
async fn one_round_a_date_and_study_channel() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert!(rounds::insert(&mut db, &due(1, STUDY, date(1))).await.unwrap());
    for again in [due(2, STUDY, date(1)), skipped(2, STUDY, 1)] {
        assert!(!rounds::insert(&mut db, &again).await.unwrap());
    }
    assert_eq!(rounds::find(&mut db, RoundId(2)).await.unwrap(), None);
    // The first stands as it was; other dates and channels are free.
    let first = rounds::find(&mut db, RoundId(1)).await.unwrap();
    assert_eq!(first, Some(due(1, STUDY, date(1))));
    assert!(rounds::insert(&mut db, &due(2, STUDY, date(2))).await.unwrap());
    assert!(rounds::insert(&mut db, &due(3, SECOND, date(1))).await.unwrap());
    let told = refused(&mut db, "UPDATE rounds SET local_date = '2026-11-01' WHERE round_id = 2");
    let told = told.await;
    let key = "UNIQUE constraint failed: rounds.channel_id, rounds.local_date";
    assert!(told.contains(key), "{told}");
}

#[tokio::test]
async fn one_round_an_interaction() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert!(rounds::insert(&mut db, &extra(1, STUDY, 50)).await.unwrap());
    assert!(!rounds::insert(&mut db, &extra(2, STUDY, 50)).await.unwrap());
    assert!(!rounds::insert(&mut db, &extra(2, SECOND, 50)).await.unwrap());
    assert!(rounds::insert(&mut db, &extra(2, STUDY, 51)).await.unwrap());
    // An extra round takes no date.
    assert!(rounds::insert(&mut db, &due(3, STUDY, date(1))).await.unwrap());
}

#[tokio::test]
async fn a_card_and_a_thread_belong_to_one_round() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let first = open(1, STUDY, date(1));
    let mut second = open(2, STUDY, date(2));
    second.message = first.message;
    let error = told(&rounds::update(&mut db, &second).await.unwrap_err());
    assert!(error.contains("UNIQUE constraint failed: rounds.message_id"), "{error}");
    second = Round { thread: first.thread, ..open(2, STUDY, date(2)) };
    let error = told(&rounds::update(&mut db, &second).await.unwrap_err());
    assert!(error.contains("UNIQUE constraint failed: rounds.thread_id"), "{error}");
}

#[tokio::test]
async fn numbers_rise() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(rounds::next_id(&mut db).await.unwrap(), RoundId(1));
    rounds::insert(&mut db, &due(1, STUDY, date(1))).await.unwrap();
    assert_eq!(rounds::next_id(&mut db).await.unwrap(), RoundId(2));
    rounds::insert(&mut db, &due(7, STUDY, date(7))).await.unwrap();
    assert_eq!(rounds::next_id(&mut db).await.unwrap(), RoundId(8));
}

#[tokio::test]
async fn a_thread_leads_to_its_round() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let second = open(2, STUDY, date(2));
    let found = rounds::by_thread(&mut db, second.thread.unwrap()).await.unwrap();
    assert_eq!(found, Some(second));
    assert_eq!(rounds::by_thread(&mut db, ChannelId(1)).await.unwrap(), None);
    // Also in the moment in which Discord has the thread and the store only the card.
    let only_card = Round { thread: None, ..open(1, STUDY, date(1)) };
    rounds::update(&mut db, &only_card).await.unwrap();
    let first = open(1, STUDY, date(1));
    let found = rounds::by_thread(&mut db, first.thread.unwrap()).await.unwrap();
    assert_eq!(found, Some(first));
}

/// In the first study channel one round of every state, 1 to 6; an open one, 7, in the second, and
/// a due one, 8, in the other guild.
async fn every_state() -> Bench {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for round in [
        due(1, STUDY, date(1)),
        open(2, STUDY, date(2)),
        Round { state: State::Closing, ..open(3, STUDY, date(3)) },
        closed(4, STUDY, 4),
        skipped(5, STUDY, 5),
        Round { state: State::Withdrawn, ..open(6, STUDY, date(6)) },
        open(7, SECOND, date(1)),
        due(8, ELSEWHERE, date(1)),
    ] {
        put(&mut db, &round).await;
    }
    db.commit().await.unwrap();
    bench
}

#[tokio::test]
async fn live_rounds_are_those_still_to_be_decided() {
    let bench = every_state().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(ids(&rounds::live(&mut db, None).await.unwrap()), [1, 2, 3, 7, 8]);
    assert_eq!(ids(&rounds::live(&mut db, Some(STUDY)).await.unwrap()), [1, 2, 3]);
    assert_eq!(ids(&rounds::live(&mut db, Some(SECOND)).await.unwrap()), [7]);
    for round in rounds::live(&mut db, None).await.unwrap() {
        assert!(round.state.is_live());
    }
}

#[tokio::test]
async fn open_rounds_close_at_their_instant_and_not_before() {
    let bench = every_state().await;
    let mut db = bench.store.begin().await.unwrap();
    let (second, seventh) = (at(3 * 1_440), at(8 * 1_440));
    assert_eq!(rounds::next_close(&mut db).await.unwrap(), Some(second));
    let just_before = second - chrono::TimeDelta::milliseconds(1);
    for (now, wanted) in
        [(just_before, vec![]), (second, vec![2]), (seventh, vec![2, 7]), (at(99_999), vec![2, 7])]
    {
        assert_eq!(ids(&rounds::to_close(&mut db, now, None, 9).await.unwrap()), wanted);
    }
    assert_eq!(ids(&rounds::to_close(&mut db, seventh, None, 1).await.unwrap()), [2]);
    assert_eq!(ids(&rounds::to_close(&mut db, seventh, Some(SECOND), 9).await.unwrap()), [7]);
    // The one that closes first comes first, whatever its number.
    let early = Round { closes_at: at(0), ..open(7, SECOND, date(1)) };
    rounds::update(&mut db, &early).await.unwrap();
    assert_eq!(rounds::next_close(&mut db).await.unwrap(), Some(at(0)));
    assert_eq!(ids(&rounds::to_close(&mut db, seventh, None, 9).await.unwrap()), [7, 2]);
    for round in [open(2, STUDY, date(2)), open(7, SECOND, date(1))] {
        let withdrawn = Round { state: State::Withdrawn, ..round };
        rounds::update(&mut db, &withdrawn).await.unwrap();
    }
    assert_eq!(rounds::next_close(&mut db).await.unwrap(), None);
}

#[tokio::test]
async fn questions_still_open_are_secret_in_their_guild() {
    let bench = every_state().await;
    let mut db = bench.store.begin().await.unwrap();
    let named = |numbers: &[i64]| -> BTreeSet<QuestionId> {
        numbers.iter().map(|id| question(&format!("q{id}")).id).collect()
    };
    let here = rounds::open_questions(&mut db, GUILD).await.unwrap();
    assert_eq!(here, named(&[1, 2, 3, 7]));
    let there = rounds::open_questions(&mut db, OTHER_GUILD).await.unwrap();
    assert_eq!(there, named(&[8]));
}

#[tokio::test]
async fn when_a_question_was_last_asked() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let same = Some(Arc::new(question("same")));
    for round in [
        Round { question: same.clone(), ..closed(1, STUDY, 1) },
        Round { question: same.clone(), ..open(2, STUDY, date(2)) },
        // Never shown: drawn, but Discord did not take the card.
        Round {
            state: State::Skipped,
            skip_reason: Some(SkipReason::NotAccepted),
            question: same.clone(),
            ..due(3, STUDY, date(3))
        },
        // Shown and taken back.
        Round { state: State::Withdrawn, ..open(4, STUDY, date(4)) },
        skipped(5, STUDY, 5),
        Round { question: same, ..open(6, SECOND, date(1)) },
    ] {
        put(&mut db, &round).await;
    }
    let asked = rounds::last_asked(&mut db, STUDY).await.unwrap();
    let wanted = [(question("same").id, at(2 * 1_440)), (question("q4").id, at(4 * 1_440))];
    assert_eq!(asked, HashMap::from(wanted));
    let asked = rounds::last_asked(&mut db, SECOND).await.unwrap();
    assert_eq!(asked, HashMap::from([(question("same").id, at(6 * 1_440))]));
    assert_eq!(rounds::last_asked(&mut db, ELSEWHERE).await.unwrap(), HashMap::new());
}

#[tokio::test]
async fn dates_are_taken_by_scheduled_rounds_in_any_state() {
    let bench = every_state().await;
    let mut db = bench.store.begin().await.unwrap();
    rounds::insert(&mut db, &extra(9, STUDY, 1)).await.unwrap();
    let taken = rounds::dates_taken(&mut db, STUDY, date(3)).await.unwrap();
    assert_eq!(taken, [3, 4, 5, 6].map(date).into());
    let taken = rounds::dates_taken(&mut db, STUDY, date(7)).await.unwrap();
    assert_eq!(taken, BTreeSet::new());
    let taken = rounds::dates_taken(&mut db, SECOND, date(1)).await.unwrap();
    assert_eq!(taken, BTreeSet::from([date(1)]));
    let posted = rounds::dates_posted(&mut db, STUDY, date(3)).await.unwrap();
    assert_eq!(posted, [3, 4, 6].map(date).into(), "but for the skipped one");
}

#[tokio::test]
async fn the_result_that_came_last() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(rounds::last_closed(&mut db, STUDY, None).await.unwrap(), None);
    // Round 2 was decided after round 3: an outage delayed it.
    let late = Round { closed_at: Some(at(90_000)), ..closed(2, STUDY, 2) };
    for round in [
        closed(1, STUDY, 1),
        late.clone(),
        closed(3, STUDY, 3),
        open(4, STUDY, date(4)),
        closed(5, SECOND, 5),
    ] {
        put(&mut db, &round).await;
    }
    let last = async |db: &mut _, before: Option<i64>| {
        let found = rounds::last_closed(db, STUDY, before.map(RoundId)).await.unwrap();
        found.map(|round| round.id.0)
    };
    assert_eq!(last(&mut db, None).await, Some(2));
    assert_eq!(last(&mut db, Some(4)).await, Some(2));
    assert_eq!(last(&mut db, Some(2)).await, Some(1));
    assert_eq!(last(&mut db, Some(1)).await, None);
    // Decided at the same instant: the later round.
    let tied = Round { closed_at: closed(3, STUDY, 3).closed_at, ..late };
    rounds::update(&mut db, &tied).await.unwrap();
    assert_eq!(last(&mut db, None).await, Some(3));
}

#[tokio::test]
async fn the_card_before() {
    let bench = every_state().await;
    let mut db = bench.store.begin().await.unwrap();
    let card = |id: u64| Some(MessageId(700_000_000_000_000_000 + id));
    for (before, wanted) in [(2, None), (3, card(2)), (6, card(4)), (99, card(6))] {
        let found = rounds::card_before(&mut db, STUDY, RoundId(before)).await.unwrap();
        assert_eq!(found, wanted, "before {before}");
    }
    assert_eq!(rounds::card_before(&mut db, SECOND, RoundId(99)).await.unwrap(), card(7));
    assert_eq!(rounds::card_before(&mut db, ELSEWHERE, RoundId(99)).await.unwrap(), None);
}

#[tokio::test]
async fn states_are_counted() {
    let bench = every_state().await;
    let mut db = bench.store.begin().await.unwrap();
    put(&mut db, &closed(9, STUDY, 9)).await;
    let counted = rounds::count(&mut db, STUDY).await.unwrap();
    let mut wanted: HashMap<State, u32> = State::ALL.into_iter().map(|state| (state, 1)).collect();
    wanted.insert(State::Closed, 2);
    assert_eq!(counted, wanted);
    assert_eq!(rounds::count(&mut db, ChannelId(1)).await.unwrap(), HashMap::new());
}

#[tokio::test]
async fn the_tables_know_every_state_and_no_other() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    for state in State::ALL {
        let round = Round { state, skip_reason: Some(SkipReason::ByAdmin), ..closed(1, STUDY, 1) };
        rounds::update(&mut db, &round).await.unwrap();
    }
    for set in [
        "UPDATE rounds SET state = 'lost'",
        "UPDATE rounds SET state = 'Open'",
        // Neither or both of a date and an interaction.
        "UPDATE rounds SET local_date = NULL",
        "UPDATE rounds SET interaction_id = 5 WHERE round_id = 1",
        // Without what the state promises.
        "UPDATE rounds SET state = 'open', message_id = NULL",
        "UPDATE rounds SET state = 'closing', message_id = NULL",
        "UPDATE rounds SET state = 'open', question = NULL",
        "UPDATE rounds SET state = 'skipped', skip_reason = NULL",
        "UPDATE rounds SET state = 'closed', closed_at = NULL",
        "UPDATE rounds SET state = 'closed', outcome = NULL",
    ] {
        let told = refused(&mut db, set).await;
        assert!(told.contains("CHECK constraint failed"), "{set}: {told}");
    }
    for reason in SkipReason::ALL {
        let round = Round { skip_reason: Some(reason), ..skipped(1, STUDY, 1) };
        rounds::update(&mut db, &round).await.unwrap();
        let found = rounds::find(&mut db, RoundId(1)).await.unwrap().unwrap();
        assert_eq!(found.skip_reason, Some(reason));
    }
    sqlx::query("UPDATE rounds SET skip_reason = 'rain'").execute(&mut *db).await.unwrap();
    let error = rounds::find(&mut db, RoundId(1)).await.unwrap_err().to_string();
    assert!(error.contains("rain"), "{error}");
}

#[tokio::test]
async fn a_round_needs_its_guild_and_channel() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let lost = rounds::insert(&mut db, &due(1, ChannelId(1), date(1))).await;
    assert!(lost.unwrap_err().to_string().contains("FOREIGN KEY"));
    // A rule that is broken is an error, not "already there".
    let odd = Round { state: State::Open, ..due(1, STUDY, date(1)) };
    let error = told(&rounds::insert(&mut db, &odd).await.unwrap_err());
    assert!(error.contains("CHECK constraint failed"), "{error}");
    // What a round refers to cannot go.
    put(&mut db, &due(1, STUDY, date(1))).await;
    for parent in ["DELETE FROM study_channels", "DELETE FROM guilds"] {
        let told = refused(&mut db, parent).await;
        assert!(told.contains("FOREIGN KEY"), "{parent}: {told}");
    }
}
