use super::{ANN, BOB, Bench, CYD, GUILD, OTHER_GUILD, STUDY, at, question, told};
use crate::domain::ids::{ChannelId, GuildId, InteractionId, MemberId, MessageId, QuestionId};
use crate::domain::points::Cause;
use crate::domain::question::Difficulty;
use crate::domain::quiz::{Asked, Mode, Options, RunId, State};
use crate::store::ledger::{self, Entry, Source};
use crate::store::quizzes::{self, Answer, Judged, Run};
use crate::store::{Connection, deliveries};
use std::sync::Arc;

/// A click in the minute `minute`.
fn click(minute: i64) -> InteractionId {
    let since = at(minute).timestamp_millis() - crate::domain::ids::DISCORD_EPOCH_MS;
    InteractionId(u64::try_from(since).unwrap() << 22)
}

fn run(id: i64, mode: Mode, state: State) -> Run {
    Run {
        id: RunId(id),
        key: format!("key{id}"),
        interaction: InteractionId(u64::try_from(id).unwrap()),
        guild: GUILD,
        channel: STUDY,
        mode,
        state,
        host: Some(ANN),
        former_host: None,
        options: Options {
            topic: Some("basics".to_owned()),
            difficulty: Some(Difficulty::Hard),
            ..Options::default()
        },
        seed: u64::MAX - 3,
        position: 0,
        screen: 1,
        message: None,
        closes_at: None,
        wakes_at: Some(at(id)),
        started_at: at(0),
        touched_at: at(0),
        ended_at: (state == State::Ended).then(|| at(1)),
        result_due: false,
        edit: None,
    }
}

async fn put(db: &mut Connection, run: &Run, slugs: &[&str]) {
    assert!(quizzes::insert(db, run).await.unwrap());
    for (position, slug) in slugs.iter().enumerate() {
        let asked = Asked { question: Arc::new(question(slug)), order: vec![0] };
        quizzes::add_question(db, run, position, &asked).await.unwrap();
    }
}

fn answer(position: usize, member: MemberId, choice: usize, minute: i64) -> Answer {
    Answer {
        position,
        member,
        choice,
        click: click(minute),
        at: at(minute),
        took_ms: 1_500,
        changed_at: None,
        late: false,
        outcome: None,
    }
}

fn id(slug: &str) -> QuestionId {
    question(slug).id
}

#[tokio::test]
async fn a_run_comes_back_as_it_was() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(quizzes::next_id(&mut db).await.unwrap(), RunId(1));
    let mut one = run(1, Mode::Solo, State::Running);
    put(&mut db, &one, &["a", "b"]).await;
    assert_eq!(quizzes::next_id(&mut db).await.unwrap(), RunId(2));
    assert_eq!(quizzes::find(&mut db, RunId(1)).await.unwrap().unwrap(), one);
    one = Run {
        state: State::Ended,
        host: None,
        former_host: Some(BOB),
        position: 1,
        screen: 7,
        message: Some(MessageId(77)),
        closes_at: Some(at(3)),
        wakes_at: None,
        touched_at: at(4),
        ended_at: Some(at(5)),
        result_due: true,
        edit: Some(9),
        ..one
    };
    quizzes::update(&mut db, &one).await.unwrap();
    let found = [
        quizzes::by_key(&mut db, "key1").await.unwrap(),
        quizzes::by_interaction(&mut db, InteractionId(1)).await.unwrap(),
        quizzes::by_message(&mut db, MessageId(77)).await.unwrap(),
    ];
    assert_eq!(found, [Some(one.clone()), Some(one.clone()), Some(one.clone())]);
    assert_eq!(quizzes::by_key(&mut db, "key2").await.unwrap(), None);
    let twice = Run { id: RunId(2), key: "key2".to_owned(), ..one };
    assert!(!quizzes::insert(&mut db, &twice).await.unwrap(), "the same interaction");
    assert_eq!(quizzes::count(&mut db, RunId(1)).await.unwrap(), 2);
    assert_eq!(deliveries::pending(&mut db).await.unwrap(), 0);
}

#[tokio::test]
async fn runs_are_found_by_who_and_where_and_when() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let running = run(1, Mode::Solo, State::Running);
    let bobs = Run { host: Some(BOB), ..run(2, Mode::Solo, State::Running) };
    let over = Run { result_due: true, wakes_at: None, ..run(3, Mode::Solo, State::Ended) };
    let group = run(4, Mode::Group, State::Lobby);
    let ended = Run { channel: ChannelId(5), ..run(5, Mode::Group, State::Ended) };
    for one in [&running, &bobs, &over, &group, &ended] {
        put(&mut db, one, &[]).await;
    }
    let solo = async |db: &mut Connection, guild: GuildId, state| {
        let found = quizzes::solo(db, guild, ANN, state).await.unwrap();
        found.into_iter().map(|run| run.id.0).collect::<Vec<_>>()
    };
    assert_eq!(solo(&mut db, GUILD, State::Running).await, [1]);
    assert_eq!(solo(&mut db, GUILD, State::Offered).await, [0; 0]);
    assert_eq!(solo(&mut db, OTHER_GUILD, State::Running).await, [0; 0]);
    let due = quizzes::result_due(&mut db, GUILD, ANN).await.unwrap().unwrap();
    assert_eq!(due.id, RunId(3));
    assert_eq!(quizzes::result_due(&mut db, GUILD, BOB).await.unwrap(), None);
    assert_eq!(quizzes::group_in(&mut db, STUDY).await.unwrap().unwrap().id, RunId(4));
    assert_eq!(quizzes::group_in(&mut db, ChannelId(5)).await.unwrap(), None);
    let groups = quizzes::groups(&mut db).await.unwrap();
    assert_eq!(groups.iter().map(|run| run.id.0).collect::<Vec<_>>(), [4]);
    assert_eq!(quizzes::next_wake(&mut db).await.unwrap(), Some(at(1)));
    let woken = quizzes::due(&mut db, at(2)).await.unwrap();
    assert_eq!(woken.iter().map(|run| run.id.0).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn questions_keep_their_times_and_are_secret_in_a_group_until_decided() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    put(&mut db, &run(1, Mode::Solo, State::Running), &["solo"]).await;
    put(&mut db, &run(2, Mode::Group, State::Asking), &["a", "b"]).await;
    put(&mut db, &run(3, Mode::Group, State::Ended), &["c"]).await;
    let mut first = quizzes::question(&mut db, RunId(2), 0).await.unwrap().unwrap();
    assert_eq!((first.opened_at, first.closed_at), (None, None));
    assert_eq!(first.asked.order, [0]);
    assert_eq!(*first.asked.question, question("a"));
    let open = quizzes::open_questions(&mut db, GUILD).await.unwrap();
    assert_eq!(open, [id("a"), id("b")].into());
    assert!(quizzes::open_questions(&mut db, OTHER_GUILD).await.unwrap().is_empty());

    first.opened_at = Some(at(5));
    first.closes_at = Some(at(6));
    quizzes::update_question(&mut db, RunId(2), &first).await.unwrap();
    let frame = quizzes::frame(&mut db, RunId(2), 0).await.unwrap().unwrap();
    assert_eq!((frame.question, frame.choices), (id("a"), 1));
    assert_eq!((frame.opened_at, frame.closes_at), (Some(at(5)), Some(at(6))));
    assert_eq!(quizzes::frame(&mut db, RunId(2), 9).await.unwrap(), None);
    let asked = quizzes::last_asked(&mut db, GUILD).await.unwrap();
    assert_eq!(asked, [(id("a"), at(5))].into());
    first.closed_at = Some(at(7));
    quizzes::update_question(&mut db, RunId(2), &first).await.unwrap();
    assert_eq!(quizzes::questions(&mut db, RunId(2)).await.unwrap()[0], first);
    assert_eq!(quizzes::open_questions(&mut db, GUILD).await.unwrap(), [id("b")].into());
}

#[tokio::test]
async fn the_newest_click_stands_in_whatever_order_they_come() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let group = run(1, Mode::Group, State::Asking);
    put(&mut db, &group, &["a", "b"]).await;
    let q = id("a");
    for (minute, choice, taken) in [(3, 1, true), (2, 2, false), (3, 3, false), (5, 0, true)] {
        let kept = quizzes::choose(&mut db, &group, &q, &answer(0, ANN, choice, minute)).await;
        assert_eq!(kept.unwrap(), taken, "minute {minute}");
    }
    let kept = quizzes::answer(&mut db, RunId(1), 0, ANN).await.unwrap().unwrap();
    assert_eq!((kept.choice, kept.at, kept.changed_at), (0, at(5), Some(at(5))));
    let judged = Judged { right: true, first: false, points: 2 };
    assert!(quizzes::judge(&mut db, RunId(1), 0, ANN, judged).await.unwrap());
    let other = Judged { right: false, first: true, points: 0 };
    assert!(!quizzes::judge(&mut db, RunId(1), 0, ANN, other).await.unwrap(), "once");
    let late = answer(0, ANN, 2, 9);
    assert!(!quizzes::choose(&mut db, &group, &q, &late).await.unwrap(), "it is judged");
    let kept = quizzes::answer(&mut db, RunId(1), 0, ANN).await.unwrap().unwrap();
    assert_eq!(kept.outcome, Some(judged));

    quizzes::choose(&mut db, &group, &q, &answer(0, BOB, 1, 4)).await.unwrap();
    quizzes::choose(&mut db, &group, &id("b"), &answer(1, BOB, 1, 6)).await.unwrap();
    let at_first = quizzes::answers_at(&mut db, RunId(1), 0).await.unwrap();
    assert_eq!(at_first.iter().map(|a| a.member).collect::<Vec<_>>(), [ANN, BOB]);
    assert_eq!(quizzes::answers(&mut db, RunId(1)).await.unwrap().len(), 3);
    let had = quizzes::last_had(&mut db, GUILD, BOB).await.unwrap();
    assert_eq!(had, [(id("a"), at(4)), (id("b"), at(6))].into());
}

#[tokio::test]
async fn a_first_attempt_is_one_in_its_guild_and_its_time() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let one = run(1, Mode::Solo, State::Running);
    put(&mut db, &one, &["a"]).await;
    quizzes::choose(&mut db, &one, &id("a"), &answer(0, ANN, 0, 10)).await.unwrap();
    let table = [
        (GUILD, ANN, "a", 0, 20, 2, false),
        (GUILD, ANN, "a", 9, 10, 2, false),
        (GUILD, ANN, "a", 10, 20, 2, true),
        (GUILD, ANN, "a", 0, 9, 2, true),
        (GUILD, ANN, "b", 0, 20, 2, true),
        (GUILD, BOB, "a", 0, 20, 2, true),
        (OTHER_GUILD, ANN, "a", 0, 20, 2, true),
        (GUILD, ANN, "a", 0, 20, 1, true),
    ];
    for (guild, member, slug, since, until, except, first) in table {
        let window = (at(since), at(until));
        let found =
            quizzes::is_first(&mut db, guild, member, &id(slug), window, RunId(except)).await;
        assert_eq!(found.unwrap(), first, "{guild} {member} {slug} {since}-{until} {except}");
    }
}

#[tokio::test]
async fn players_come_and_go_in_order() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let group = run(1, Mode::Group, State::Asking);
    put(&mut db, &group, &["a", "b"]).await;
    for (member, minute) in [(BOB, 2), (ANN, 1), (CYD, 3)] {
        assert!(quizzes::join(&mut db, RunId(1), member, click(minute)).await.unwrap());
    }
    assert!(!quizzes::join(&mut db, RunId(1), ANN, click(9)).await.unwrap(), "in already");
    let order = async |db: &mut Connection| {
        let players = quizzes::players(db, RunId(1)).await.unwrap();
        let row = |p: quizzes::Player| (p.member, p.left_at.is_none(), p.missed);
        players.into_iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(order(&mut db).await, [(ANN, true, 0), (BOB, true, 0), (CYD, true, 0)]);
    quizzes::choose(&mut db, &group, &id("a"), &answer(0, BOB, 1, 4)).await.unwrap();
    assert_eq!(quizzes::presence(&mut db, RunId(1), 0).await.unwrap(), (3, 2));
    quizzes::leave(&mut db, RunId(1), CYD, at(5)).await.unwrap();
    assert_eq!(quizzes::presence(&mut db, RunId(1), 0).await.unwrap(), (2, 1));
    quizzes::count_missed(&mut db, RunId(1), 0).await.unwrap();
    quizzes::count_missed(&mut db, RunId(1), 1).await.unwrap();
    assert_eq!(order(&mut db).await, [(ANN, true, 2), (BOB, true, 1), (CYD, false, 0)]);
    let old = quizzes::join(&mut db, RunId(1), CYD, click(4)).await.unwrap();
    assert!(!old, "a click from before the leaving");
    assert!(quizzes::join(&mut db, RunId(1), CYD, click(6)).await.unwrap());
    assert_eq!(quizzes::presence(&mut db, RunId(1), 0).await.unwrap(), (3, 2));
}

#[tokio::test]
async fn quiz_points_of_a_day() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let entry = |member, minute: i64, points| Entry {
        guild: GUILD,
        member,
        source: Source::Quiz,
        question: id("a"),
        kind: Cause::Quiz,
        cause: format!("quiz:1:{minute}:{member}"),
        points,
        at: at(minute),
    };
    for one in [entry(ANN, 0, 3), entry(ANN, 5, 2), entry(ANN, 9, 1), entry(BOB, 5, 3)] {
        assert!(ledger::add(&mut db, &one).await.unwrap());
    }
    for (from, until, points) in [(0, 9, 5), (5, 10, 3), (1, 5, 0)] {
        let found = ledger::quiz_points(&mut db, GUILD, ANN, at(from), at(until)).await.unwrap();
        assert_eq!(found, points, "{from}-{until}");
    }
}

#[tokio::test]
async fn tables_refuse_what_is_no_run() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let mut one = run(1, Mode::Solo, State::Running);
    put(&mut db, &one, &[]).await;
    one.state = State::Ended;
    let error = quizzes::update(&mut db, &one).await.unwrap_err();
    assert!(told(&error).contains("CHECK"), "{error}");
}
