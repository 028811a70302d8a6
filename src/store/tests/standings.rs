use super::{ANN, BOB, Bench, CYD, ELSEWHERE, GUILD, OTHER_GUILD, SECOND, STUDY, at, refused};
use crate::domain::ids::{MemberId, QuestionId, RoleId, RoundId};
use crate::domain::member::Facts;
use crate::domain::points::Cause;
use crate::domain::ranking::period::{Kind, Period};
use crate::domain::ranking::{self, Standing};
use crate::domain::streak::Streak;
use crate::store::ledger::{self, Entry, Source};
use crate::store::standings::{self, Comparison, Filter};
use crate::store::{Connection, channels, members};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

const EVERYTHING: Filter<'static> = Filter { topic: "", joined: None };

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

fn reversal(entry: &Entry) -> Entry {
    Entry { cause: format!("{}:void", entry.cause), points: -entry.points, ..entry.clone() }
}

async fn add(db: &mut Connection, entries: &[Entry]) {
    for entry in entries {
        assert!(ledger::add(db, entry).await.unwrap(), "{}", entry.cause);
    }
}

fn period(kind: Kind, from: i64, until: i64) -> Period {
    Period { kind, from: Some(at(from)), until: Some(at(until)) }
}

/// Opens a period of the first guild; its number.
async fn open(db: &mut Connection, period: Period) -> i64 {
    standings::open(db, GUILD, period).await.unwrap();
    standings::period(db, GUILD, period.kind, period.from).await.unwrap().unwrap()
}

/// A whole board.
async fn board(db: &mut Connection, period: i64, filter: Filter<'_>) -> Vec<Standing> {
    let rows = standings::page(db, GUILD, period, filter, 0, 99).await.unwrap();
    let count = standings::count(db, period, filter).await.unwrap();
    assert_eq!(rows.len(), usize::try_from(count).unwrap());
    rows.iter().map(|row| row.standing).collect()
}

async fn agrees(db: &mut Connection) -> u32 {
    let Comparison { rows, different } = standings::compare(db, GUILD).await.unwrap();
    assert_eq!(different, 0);
    rows
}

fn standing(member: MemberId, points: i64, picks: i64, answers: i64, minute: i64) -> Standing {
    Standing { member, points, picks, answers, quiz: 0, reached_at: at(minute) }
}

#[tokio::test]
async fn sums_of_everything() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let all = open(&mut db, Period::ALL_TIME).await;
    assert_eq!(board(&mut db, all, EVERYTHING).await, []);
    let second = Source::Round { round: RoundId(3), channel: SECOND };
    let quiz = Entry { source: Source::Quiz, ..entry(2, CYD, Cause::Quiz, 3, 5) };
    add(
        &mut db,
        &[
            entry(1, ANN, Cause::Answered, 2, 10),
            entry(1, ANN, Cause::Picked, 5, 10),
            entry(1, BOB, Cause::Voted, 1, 10),
            // The guild's board is over all of its study channels.
            Entry { source: second, ..entry(3, BOB, Cause::Picked, 5, 30) },
            entry(2, CYD, Cause::Answered, 2, 20),
            quiz,
        ],
    )
    .await;
    let cyd = Standing { quiz: 3, ..standing(CYD, 5, 0, 1, 20) };
    let wanted = [standing(ANN, 7, 1, 1, 10), standing(BOB, 6, 1, 0, 30), cyd];
    assert_eq!(board(&mut db, all, EVERYTHING).await, wanted);
    // All of them, and all again for the one topic.
    assert_eq!(agrees(&mut db).await, 6);
    // The other guild has no part in it.
    assert_eq!(standings::periods(&mut db, OTHER_GUILD).await.unwrap(), []);
    assert_eq!(standings::compare(&mut db, OTHER_GUILD).await.unwrap().rows, 0);
}

#[tokio::test]
async fn periods_hold_their_first_instant_and_not_their_last() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let early = open(&mut db, period(Kind::Week, 10, 20)).await;
    add(&mut db, &[entry(1, ANN, Cause::Answered, 2, 10), entry(2, ANN, Cause::Answered, 3, 20)])
        .await;
    // One that is opened later finds what was booked before.
    let late = open(&mut db, period(Kind::Week, 20, 30)).await;
    let none = open(&mut db, period(Kind::Month, 11, 20)).await;
    assert_eq!(board(&mut db, early, EVERYTHING).await, [standing(ANN, 2, 0, 1, 10)]);
    assert_eq!(board(&mut db, late, EVERYTHING).await, [standing(ANN, 3, 0, 1, 20)]);
    assert_eq!(board(&mut db, none, EVERYTHING).await, []);
    let kept = standings::periods(&mut db, GUILD).await.unwrap();
    assert_eq!(
        kept,
        [
            (none, period(Kind::Month, 11, 20)),
            (early, period(Kind::Week, 10, 20)),
            (late, period(Kind::Week, 20, 30))
        ]
    );
    // Late news of an old week change that week alone.
    add(&mut db, &[entry(1, ANN, Cause::Picked, 5, 19)]).await;
    assert_eq!(board(&mut db, early, EVERYTHING).await, [standing(ANN, 7, 1, 1, 19)]);
    assert_eq!(board(&mut db, late, EVERYTHING).await, [standing(ANN, 3, 0, 1, 20)]);
    agrees(&mut db).await;

    // An end that moves takes rows with it.
    standings::move_end(&mut db, early, Some(at(19))).await.unwrap();
    assert_eq!(board(&mut db, early, EVERYTHING).await, [standing(ANN, 2, 0, 1, 10)]);
    agrees(&mut db).await;
    standings::move_end(&mut db, early, None).await.unwrap();
    assert_eq!(board(&mut db, early, EVERYTHING).await, [standing(ANN, 10, 1, 2, 20)]);
    agrees(&mut db).await;

    standings::close(&mut db, early).await.unwrap();
    assert_eq!(standings::period(&mut db, GUILD, Kind::Week, Some(at(10))).await.unwrap(), None);
    agrees(&mut db).await;
}

#[tokio::test]
async fn what_was_taken_back_does_not_count() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let all = open(&mut db, Period::ALL_TIME).await;
    let entries = [
        entry(1, ANN, Cause::Answered, 2, 10),
        entry(1, ANN, Cause::Picked, 5, 10),
        entry(1, BOB, Cause::Voted, 1, 10),
        entry(2, ANN, Cause::Answered, 2, 20),
    ];
    add(&mut db, &entries).await;
    add(&mut db, &[reversal(&entries[0]), reversal(&entries[1]), reversal(&entries[2])]).await;
    // Whoever has nothing left is not on the board.
    assert_eq!(board(&mut db, all, EVERYTHING).await, [standing(ANN, 2, 0, 1, 20)]);
    agrees(&mut db).await;
    // What was booked already adds nothing.
    assert!(!ledger::add(&mut db, &entries[3]).await.unwrap());
    assert_eq!(board(&mut db, all, EVERYTHING).await, [standing(ANN, 2, 0, 1, 20)]);
}

#[tokio::test]
async fn topics_are_the_middle_of_the_questions_id() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    // Before the standings were kept, or by a question nobody knows any more.
    let about = |id: &str, entry: Entry| Entry { question: QuestionId(id.to_owned()), ..entry };
    add(
        &mut db,
        &[
            about("python/asyncio/gather", entry(1, ANN, Cause::Answered, 2, 0)),
            about("", entry(2, BOB, Cause::Answered, 2, 0)),
        ],
    )
    .await;
    let all = open(&mut db, Period::ALL_TIME).await;
    add(&mut db, &[about("rust/asyncio/tokio", entry(1, BOB, Cause::Picked, 5, 1))]).await;
    let asyncio = Filter { topic: "asyncio", joined: None };
    let found = board(&mut db, all, asyncio).await;
    assert_eq!(found, [standing(BOB, 5, 1, 0, 1), standing(ANN, 2, 0, 1, 0)]);
    assert_eq!(board(&mut db, all, EVERYTHING).await[0], standing(BOB, 7, 1, 1, 1));
    assert_eq!(board(&mut db, all, Filter { topic: "oop", joined: None }).await, []);
    assert_eq!(standings::topics(&mut db).await.unwrap(), ["asyncio"]);
    assert_eq!(agrees(&mut db).await, 4);
}

#[tokio::test]
async fn boards_leave_out_who_left_opted_out_or_has_an_excluded_role() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let all = open(&mut db, Period::ALL_TIME).await;
    let facts = Facts { roles: Some([RoleId(7)].into()), joined: None };
    // CYD was never seen by name and stands there all the same.
    for guild in [GUILD, OTHER_GUILD] {
        members::seen(&mut db, guild, ANN, "x", &Facts::default(), at(0)).await.unwrap();
        members::seen(&mut db, guild, BOB, "x", &facts, at(0)).await.unwrap();
    }
    // Left before the first point.
    members::left(&mut db, GUILD, ANN, at(0)).await.unwrap();
    for member in [ANN, BOB, CYD] {
        add(&mut db, &[entry(1, member, Cause::Answered, 2, 0)]).await;
    }
    let on_board = async |db: &mut Connection| {
        agrees(db).await;
        let rows = board(db, all, EVERYTHING).await;
        rows.iter().map(|one| one.member).collect::<Vec<_>>()
    };
    assert_eq!(on_board(&mut db).await, [BOB, CYD]);
    members::seen(&mut db, GUILD, ANN, "x", &Facts::default(), at(1)).await.unwrap();
    assert_eq!(on_board(&mut db).await, [ANN, BOB, CYD]);
    // What is so in another guild is nothing to this one.
    members::left(&mut db, OTHER_GUILD, ANN, at(1)).await.unwrap();
    members::set_hidden(&mut db, OTHER_GUILD, BOB, true).await.unwrap();
    members::exclude_role(&mut db, OTHER_GUILD, RoleId(7)).await.unwrap();
    assert_eq!(on_board(&mut db).await, [ANN, BOB, CYD]);
    members::left(&mut db, GUILD, ANN, at(1)).await.unwrap();
    assert_eq!(on_board(&mut db).await, [BOB, CYD]);
    members::exclude_role(&mut db, GUILD, RoleId(7)).await.unwrap();
    assert_eq!(on_board(&mut db).await, [CYD]);
    let own = standings::of_member(&mut db, GUILD, all, EVERYTHING, BOB).await.unwrap();
    assert_eq!(own, None);
    // Hidden, not deleted.
    members::seen(&mut db, GUILD, ANN, "x", &Facts::default(), at(2)).await.unwrap();
    members::include_role(&mut db, GUILD, RoleId(7)).await.unwrap();
    assert_eq!(on_board(&mut db).await, [ANN, BOB, CYD]);
    members::set_hidden(&mut db, GUILD, BOB, true).await.unwrap();
    assert_eq!(on_board(&mut db).await, [ANN, CYD]);
}

#[tokio::test]
async fn newcomers_are_those_who_joined_in_time() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let all = open(&mut db, Period::ALL_TIME).await;
    let joined = |minute: i64| Facts { roles: None, joined: Some(at(minute)) };
    members::seen(&mut db, GUILD, ANN, "Ann", &joined(10), at(0)).await.unwrap();
    for (member, points) in [(ANN, 2), (BOB, 3), (CYD, 4)] {
        add(&mut db, &[entry(1, member, Cause::Answered, points, 0)]).await;
    }
    members::seen(&mut db, GUILD, BOB, "Bob", &joined(20), at(0)).await.unwrap();
    let within = |from: i64, until: Option<i64>| Filter {
        topic: "",
        joined: Some((Some(at(from)), until.map(at))),
    };
    let who = async |db: &mut Connection, filter| {
        board(db, all, filter).await.iter().map(|one| one.member).collect::<Vec<_>>()
    };
    assert_eq!(who(&mut db, within(10, None)).await, [BOB, ANN]);
    assert_eq!(who(&mut db, within(11, None)).await, [BOB]);
    assert_eq!(who(&mut db, within(10, Some(20))).await, [ANN]);
    // Who came back joined anew.
    members::seen(&mut db, GUILD, ANN, "Ann", &joined(30), at(0)).await.unwrap();
    assert_eq!(who(&mut db, within(30, None)).await, [ANN]);
    let ann = standing(ANN, 2, 0, 1, 0);
    assert_eq!(standings::better(&mut db, all, within(30, None), &ann).await.unwrap(), 0);
    assert_eq!(standings::better(&mut db, all, within(11, None), &ann).await.unwrap(), 1);
    assert_eq!(standings::better(&mut db, all, EVERYTHING, &ann).await.unwrap(), 2);
    agrees(&mut db).await;
}

#[tokio::test]
async fn pages_join_and_show_names_and_streaks() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let all = open(&mut db, Period::ALL_TIME).await;
    for (member, points, minute) in [(ANN, 5, 9), (BOB, 5, 8), (CYD, 2, 0)] {
        add(&mut db, &[entry(1, member, Cause::Answered, points, minute)]).await;
    }
    members::seen(&mut db, GUILD, ANN, "Ann ✨", &Facts::default(), at(3)).await.unwrap();
    let streak = |length: u32| Streak { length, best: 9, graces: 0, toward_grace: 0 };
    for (channel, length) in [(STUDY, 3), (SECOND, 4), (ELSEWHERE, 9)] {
        ledger::save_streak(&mut db, channel, ANN, streak(length)).await.unwrap();
    }
    let first = standings::page(&mut db, GUILD, all, EVERYTHING, 0, 2).await.unwrap();
    let of =
        |rows: &[standings::Placed]| rows.iter().map(|row| row.standing.member).collect::<Vec<_>>();
    assert_eq!(of(&first), [BOB, ANN], "who got there first");
    let ann = &first[1];
    assert_eq!(
        (ann.name.as_deref(), ann.seen_at, ann.streak),
        (Some("Ann ✨"), Some(at(3)), 4),
        "the best streak of this guild"
    );
    assert_eq!((&first[0].name, first[0].seen_at, first[0].streak), (&None, None, 0));
    let own = standings::of_member(&mut db, GUILD, all, EVERYTHING, ANN).await.unwrap();
    assert_eq!(own.as_ref(), Some(ann));
    let second = standings::page(&mut db, GUILD, all, EVERYTHING, 2, 2).await.unwrap();
    assert_eq!(of(&second), [CYD]);
    // A channel that is none any more lends nobody its streak.
    let mut gone = channels::find(&mut db, SECOND).await.unwrap().unwrap();
    gone.removed = true;
    channels::save(&mut db, &gone, at(5)).await.unwrap();
    let own = standings::of_member(&mut db, GUILD, all, EVERYTHING, ANN).await.unwrap();
    assert_eq!(own.unwrap().streak, 3);
}

#[tokio::test]
async fn differences_are_found_and_put_right() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let all = open(&mut db, Period::ALL_TIME).await;
    add(&mut db, &[entry(1, ANN, Cause::Answered, 2, 0), entry(1, BOB, Cause::Voted, 1, 0)]).await;
    for broken in [
        "UPDATE standings SET points = 99 WHERE topic = '' AND member_id = 1001",
        "DELETE FROM standings WHERE topic = 'oop' AND member_id = 1002",
        "INSERT INTO standings SELECT period_id, 5, topic, points, picks, answers, quiz,
             reached_at, shown, joined_at FROM standings WHERE topic = '' AND member_id = 1002",
    ] {
        sqlx::query(broken).execute(&mut *db).await.unwrap();
    }
    assert_eq!(
        standings::compare(&mut db, GUILD).await.unwrap(),
        Comparison { rows: 4, different: 3 }
    );
    standings::rebuild(&mut db, GUILD).await.unwrap();
    assert_eq!(agrees(&mut db).await, 4);
    let wanted = [standing(ANN, 2, 0, 1, 0), standing(BOB, 1, 0, 0, 0)];
    assert_eq!(board(&mut db, all, EVERYTHING).await, wanted);
    let twice = standings::open(&mut db, GUILD, Period::ALL_TIME).await;
    assert!(twice.is_err(), "a period is kept once");
    let told = refused(&mut db, "UPDATE standings SET shown = 2").await;
    assert!(told.contains("CHECK constraint failed"), "{told}");
}

/// One thing that happens to a guild's points and members.
#[derive(Debug, Clone)]
enum Step {
    Add { who: usize, kind: Cause, points: i64, minute: i64, topic: usize },
    Void { of: usize },
    Seen { who: usize, role: Option<u64>, joined: Option<i64> },
    Left { who: usize },
    Hide { who: usize, hidden: bool },
    Exclude { role: u64 },
    Include { role: u64 },
    Open { from: i64, length: i64 },
    Close { which: usize },
    MoveEnd { which: usize, until: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    let kinds = prop::sample::select(Cause::ALL.to_vec());
    prop_oneof![
        6 => (0..4_usize, kinds, 1..6_i64, 0..60_i64, 0..3_usize).prop_map(
            |(who, kind, points, minute, topic)| Step::Add { who, kind, points, minute, topic }
        ),
        2 => (0..40_usize).prop_map(|of| Step::Void { of }),
        2 => (0..4_usize, prop::option::of(7..9_u64), prop::option::of(0..60_i64))
            .prop_map(|(who, role, joined)| Step::Seen { who, role, joined }),
        1 => (0..4_usize).prop_map(|who| Step::Left { who }),
        1 => (0..4_usize, any::<bool>()).prop_map(|(who, hidden)| Step::Hide { who, hidden }),
        1 => (7..9_u64).prop_map(|role| Step::Exclude { role }),
        1 => (7..9_u64).prop_map(|role| Step::Include { role }),
        1 => (0..50_i64, 0..30_i64).prop_map(|(from, length)| Step::Open { from, length }),
        1 => (0..9_usize).prop_map(|which| Step::Close { which }),
        1 => (0..9_usize, 50..70_i64).prop_map(|(which, until)| Step::MoveEnd { which, until }),
        1 => Just(Step::Left { who: 0 }),
    ]
}

const WHO: [MemberId; 4] = [ANN, BOB, CYD, MemberId(1_003)];
const TOPICS: [&str; 3] = ["oop", "asyncio", ""];

async fn apply(db: &mut Connection, booked: &mut Vec<Entry>, number: usize, step: Step) {
    match step {
        Step::Add { who, kind, points, minute, topic } => {
            let round = Source::Round { round: RoundId(1), channel: STUDY };
            let source = if kind == Cause::Quiz { Source::Quiz } else { round };
            let question = match TOPICS[topic] {
                "" => String::new(),
                topic => format!("python/{topic}/one"),
            };
            let entry = Entry {
                source,
                question: QuestionId(question),
                cause: format!("{number}"),
                ..entry(1, WHO[who], kind, points, minute)
            };
            add(db, std::slice::from_ref(&entry)).await;
            booked.push(entry);
        }
        Step::Void { of } if of < booked.len() => {
            // The second time it is there already.
            ledger::add(db, &reversal(&booked[of])).await.unwrap();
        }
        Step::Seen { who, role, joined } => {
            let roles = role.map(|role| [RoleId(role)].into());
            let facts = Facts { roles, joined: joined.map(at) };
            members::seen(db, GUILD, WHO[who], "x", &facts, at(0)).await.unwrap();
        }
        Step::Left { who } => members::left(db, GUILD, WHO[who], at(0)).await.unwrap(),
        Step::Hide { who, hidden } => {
            members::set_hidden(db, GUILD, WHO[who], hidden).await.unwrap();
        }
        Step::Exclude { role } => {
            members::exclude_role(db, GUILD, RoleId(role)).await.unwrap();
        }
        Step::Include { role } => {
            members::include_role(db, GUILD, RoleId(role)).await.unwrap();
        }
        Step::Open { from, length } => {
            let new = period(Kind::Week, from, from + length);
            if standings::period(db, GUILD, Kind::Week, new.from).await.unwrap().is_none() {
                standings::open(db, GUILD, new).await.unwrap();
            }
        }
        Step::Close { which } => {
            if let Some((id, _)) = standings::periods(db, GUILD).await.unwrap().get(which) {
                standings::close(db, *id).await.unwrap();
            }
        }
        Step::MoveEnd { which, until } => {
            if let Some((id, _)) = standings::periods(db, GUILD).await.unwrap().get(which) {
                standings::move_end(db, *id, Some(at(until))).await.unwrap();
            }
        }
        Step::Void { .. } => {}
    }
}

/// The points of each member by the ledger's rows, summed here.
fn by_hand(booked: &[Entry], voided: &[usize], period: &Period) -> BTreeMap<MemberId, i64> {
    let mut sums = BTreeMap::new();
    for (index, entry) in booked.iter().enumerate() {
        let inside = period.from.is_none_or(|from| entry.at >= from)
            && period.until.is_none_or(|until| entry.at < until);
        if inside && !voided.contains(&index) {
            *sums.entry(entry.member).or_default() += entry.points;
        }
    }
    sums
}

#[test]
fn whatever_happens_the_standings_agree_with_the_ledger() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::with_rounds());
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let steps = prop::collection::vec(any_step(), 1..40);
    TestRunner::new(config)
        .run(&steps, |steps| {
            runtime.block_on(async {
                // Taken back at the end of the case.
                let mut db = bench.store.begin().await.unwrap();
                standings::open(&mut db, GUILD, Period::ALL_TIME).await.unwrap();
                let (mut booked, mut voided) = (Vec::new(), Vec::new());
                for (number, step) in steps.into_iter().enumerate() {
                    if let Step::Void { of } = step
                        && of < booked.len()
                    {
                        voided.push(of);
                    }
                    apply(&mut db, &mut booked, number, step).await;
                    agrees(&mut db).await;
                }
                for (id, period) in standings::periods(&mut db, GUILD).await.unwrap() {
                    let sums = by_hand(&booked, &voided, &period);
                    let mut rows = board(&mut db, id, EVERYTHING).await;
                    for row in &rows {
                        assert_eq!(sums.get(&row.member), Some(&row.points));
                    }
                    // The order is the domain's.
                    let listed = rows.clone();
                    ranking::order(&mut rows);
                    assert_eq!(rows, listed);
                }
            });
            Ok(())
        })
        .unwrap();
}
