use super::{
    Aimed, Candidate, DifficultyPlan, Drawn, Freshness, Plan, PlanError, Reason, draw, stock,
};
use crate::domain::ids::QuestionId;
use crate::domain::question::Difficulty::{self, Easy, Hard, Medium};
use crate::domain::rate::Rate;
use chrono::{DateTime, TimeDelta, Utc, Weekday};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use std::collections::{BTreeMap, BTreeSet};

/// What a [`Candidate`] borrows from.
#[derive(Debug, Clone)]
struct Owned {
    id: QuestionId,
    topic: String,
    difficulty: Difficulty,
    last_asked: Option<DateTime<Utc>>,
    open: bool,
    rate: Rate,
}

impl Owned {
    fn solved(mut self, right: u32, answers: u32) -> Self {
        self.rate = Rate { answers, right };
        self
    }

    fn asked(mut self, hours: i64) -> Self {
        self.last_asked = Some(DateTime::UNIX_EPOCH + TimeDelta::hours(hours));
        self
    }

    fn open(mut self) -> Self {
        self.open = true;
        self
    }
}

fn question(name: &str, difficulty: Difficulty) -> Owned {
    let (topic, _) = name.split_once('/').unwrap();
    Owned {
        id: QuestionId(format!("pack/{name}")),
        topic: topic.to_owned(),
        difficulty,
        last_asked: None,
        open: false,
        rate: Rate::default(),
    }
}

fn candidates(questions: &[Owned]) -> Vec<Candidate<'_>> {
    questions
        .iter()
        .map(|question| Candidate {
            id: &question.id,
            topic: &question.topic,
            difficulty: question.difficulty,
            last_asked: question.last_asked,
            open: question.open,
            rate: question.rate,
        })
        .collect()
}

fn mix(easy: u32, medium: u32, hard: u32) -> DifficultyPlan {
    DifficultyPlan::Mix { easy, medium, hard }
}

fn plan(topics: &[(&str, u32)], difficulty: DifficultyPlan) -> Plan {
    let topics = topics.iter().map(|(t, w)| ((*t).to_owned(), *w)).collect();
    Plan { topics, difficulty, aim: None }
}

/// `count` questions of each topic and difficulty, all fresh.
fn full_pool(topics: &[&str], count: usize) -> Vec<Owned> {
    let mut pool = Vec::new();
    for topic in topics {
        for difficulty in Difficulty::ALL {
            for n in 0..count {
                pool.push(question(&format!("{topic}/{difficulty}-{n}"), difficulty));
            }
        }
    }
    pool
}

fn drawn(plan: &Plan, pool: &[Owned], seed: u64) -> Option<Drawn> {
    draw(plan, Weekday::Mon, &candidates(pool), seed)
}

/// How often each value of `key` comes up in `draws` draws with the seeds from 0 on.
fn shares<K: Ord>(
    plan: &Plan,
    pool: &[Owned],
    draws: u64,
    key: impl Fn(&Drawn) -> K,
) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for seed in 0..draws {
        *counts.entry(key(&drawn(plan, pool, seed).unwrap())).or_default() += 1;
    }
    counts
}

/// Within five standard deviations of `draws` draws with chance `part` of `whole`.
fn about(count: u64, draws: u64, part: u32, whole: u32) -> bool {
    let chance = f64::from(part) / f64::from(whole);
    let draws = draws as f64;
    let deviation = (draws * chance * (1.0 - chance)).sqrt();
    (count as f64 - draws * chance).abs() <= 5.0 * deviation
}

#[test]
fn difficulties_come_by_their_weights() {
    let plan = plan(&[], mix(2, 3, 1));
    // Unequal numbers of questions must not tilt the weights.
    let mut pool = full_pool(&["oop", "typing"], 2);
    pool.extend((0..50).map(|n| question(&format!("oop/more-{n}"), Hard)));
    let counts = shares(&plan, &pool, 6_000, |drawn| drawn.reason.difficulty);
    for (difficulty, weight) in [(Easy, 2), (Medium, 3), (Hard, 1)] {
        assert!(about(counts[&difficulty], 6_000, weight, 6), "{counts:?}");
    }
}

#[test]
fn topics_come_by_their_weights_and_without_weights_alike() {
    let pool = full_pool(&["asyncio", "oop", "typing"], 3);
    let weighted = plan(&[("asyncio", 3), ("oop", 1), ("typing", 0)], mix(1, 1, 1));
    let counts = shares(&weighted, &pool, 4_000, |drawn| drawn.reason.topic.clone());
    assert!(about(counts["asyncio"], 4_000, 3, 4), "{counts:?}");
    assert!(about(counts["oop"], 4_000, 1, 4), "{counts:?}");
    assert_eq!(counts.get("typing"), None, "weight 0 is never drawn");

    let counts = shares(&Plan::default(), &pool, 4_000, |drawn| drawn.reason.topic.clone());
    assert!(counts.values().all(|count| about(*count, 4_000, 1, 3)), "{counts:?}");
    assert_eq!(counts.len(), 3);
}

#[test]
fn questions_of_a_topic_come_alike() {
    let pool = full_pool(&["oop"], 5);
    let counts = shares(&Plan::default(), &pool, 15_000, |drawn| drawn.question.clone());
    assert_eq!(counts.len(), 15);
    assert!(counts.values().all(|count| about(*count, 15_000, 1, 15)), "{counts:?}");
}

#[test]
fn the_same_seed_draws_the_same_in_every_release() {
    let pool = full_pool(&["asyncio", "oop", "typing"], 4);
    let plan = plan(&[("asyncio", 2), ("oop", 1), ("typing", 3)], mix(1, 2, 3));
    let names: Vec<String> =
        (0..8).map(|seed| drawn(&plan, &pool, seed).unwrap().question.0).collect();
    assert_eq!(
        names,
        [
            "pack/oop/hard-2",
            "pack/asyncio/medium-2",
            "pack/typing/hard-3",
            "pack/asyncio/hard-1",
            "pack/asyncio/hard-3",
            "pack/typing/medium-3",
            "pack/oop/medium-1",
            "pack/asyncio/easy-2",
        ]
    );
}

#[test]
fn no_question_twice_while_a_fresh_one_fits() {
    let mut pool = full_pool(&["asyncio", "oop"], 3);
    let plan = plan(&[("asyncio", 9), ("oop", 1)], mix(5, 1, 1));
    let mut seen = BTreeSet::new();
    for day in 0..18 {
        assert_eq!(stock(&plan, &candidates(&pool)), 18 - day);
        let drawn = drawn(&plan, &pool, 1_000 + day as u64).unwrap();
        assert_eq!(drawn.reason.freshness, Freshness::New);
        assert_eq!(drawn.reason.pool as usize, 18 - day);
        assert!(seen.insert(drawn.question.clone()), "{} again", drawn.question);
        let asked = pool.iter_mut().find(|q| q.id == drawn.question).unwrap();
        *asked = asked.clone().asked(day as i64);
    }
    // From here on the oldest comes first, so the second time round has the order of the first.
    assert_eq!(stock(&plan, &candidates(&pool)), 0);
    let oldest = pool.iter().min_by_key(|q| q.last_asked).unwrap();
    let drawn = drawn(&plan, &pool, 5).unwrap();
    assert_eq!(drawn.question, oldest.id);
    assert_eq!(drawn.reason.freshness, Freshness::LeastRecent(DateTime::UNIX_EPOCH));
    assert_eq!(drawn.reason.pool, 0);
}

#[test]
fn of_questions_asked_at_the_same_instant_the_first_by_name() {
    let pool = [
        question("oop/b", Easy).asked(3),
        question("oop/a", Easy).asked(3),
        question("oop/c", Easy).asked(4),
    ];
    for seed in 0..20 {
        assert_eq!(drawn(&Plan::default(), &pool, seed).unwrap().question.0, "pack/oop/a");
    }
}

#[test]
fn a_mix_falls_back_within_itself_by_weight() {
    let plan = plan(&[], mix(1, 3, 6));
    let mut pool = full_pool(&["oop"], 2);
    pool.retain(|question| question.difficulty != Hard);
    pool.push(question("oop/old", Hard).asked(1));
    let counts =
        shares(&plan, &pool, 4_000, |drawn| (drawn.reason.difficulty, drawn.reason.wanted));
    // 10 % and 30 % directly; the 60 % for hard are shared 1 : 3.
    assert!(about(counts[&(Easy, None)], 4_000, 10, 100), "{counts:?}");
    assert!(about(counts[&(Medium, None)], 4_000, 30, 100), "{counts:?}");
    assert!(about(counts[&(Easy, Some(Hard))], 4_000, 15, 100), "{counts:?}");
    assert!(about(counts[&(Medium, Some(Hard))], 4_000, 45, 100), "{counts:?}");
    assert_eq!(counts.len(), 4);
}

#[test]
fn what_the_plan_rules_out_is_never_drawn() {
    let easy_only = plan(&[], mix(1, 0, 0));
    let pool = [question("oop/hard", Hard), question("oop/easy", Easy).asked(7)];
    let repeated = drawn(&easy_only, &pool, 0).unwrap();
    assert_eq!(repeated.question.0, "pack/oop/easy");
    assert_eq!(stock(&easy_only, &candidates(&pool)), 0);
    assert_eq!(drawn(&easy_only, &pool[..1], 0), None);

    let easy_ladder = plan(&[], DifficultyPlan::Ladder([Easy; 7]));
    assert_eq!(drawn(&easy_ladder, &pool, 0).unwrap().question.0, "pack/oop/easy");
    assert_eq!(drawn(&easy_ladder, &pool[..1], 0), None);

    let other_topic = plan(&[("typing", 1)], mix(1, 1, 1));
    assert_eq!(drawn(&other_topic, &pool, 0), None);
    assert_eq!(drawn(&plan(&[("oop", 0)], mix(1, 1, 1)), &pool, 0), None);
    assert_eq!(drawn(&plan(&[], mix(0, 0, 0)), &pool, 0), None);
    assert_eq!(drawn(&Plan::default(), &[], 0), None);
}

#[test]
fn an_open_question_is_never_drawn() {
    let pool = [
        question("oop/open", Easy).open(),
        question("oop/open-too", Easy).asked(1).open(),
        question("oop/asked", Easy).asked(5),
    ];
    assert_eq!(stock(&Plan::default(), &candidates(&pool)), 0);
    for seed in 0..50 {
        let drawn = drawn(&Plan::default(), &pool, seed).unwrap();
        assert_eq!(drawn.question.0, "pack/oop/asked");
    }
    assert_eq!(drawn(&Plan::default(), &pool[..2], 0), None);
}

#[test]
fn a_ladder_asks_by_the_day_and_else_for_the_nearest() {
    let ladder =
        plan(&[], DifficultyPlan::Ladder([Easy, Easy, Medium, Medium, Hard, Medium, Hard]));
    let only = |difficulties: &[Difficulty]| {
        let mut pool = full_pool(&["oop"], 2);
        pool.retain(|question| difficulties.contains(&question.difficulty));
        pool
    };
    // Day, fresh difficulties, drawn, wanted if another.
    let table: [(Weekday, &[Difficulty], Difficulty, Option<Difficulty>); 10] = [
        (Weekday::Mon, &Difficulty::ALL, Easy, None),
        (Weekday::Wed, &Difficulty::ALL, Medium, None),
        (Weekday::Fri, &Difficulty::ALL, Hard, None),
        (Weekday::Sat, &Difficulty::ALL, Medium, None),
        (Weekday::Sun, &Difficulty::ALL, Hard, None),
        (Weekday::Mon, &[Medium, Hard], Medium, Some(Easy)),
        (Weekday::Mon, &[Hard], Hard, Some(Easy)),
        (Weekday::Fri, &[Easy, Medium], Medium, Some(Hard)),
        (Weekday::Fri, &[Easy], Easy, Some(Hard)),
        // Both are one step away: the easier.
        (Weekday::Wed, &[Easy, Hard], Easy, Some(Medium)),
    ];
    for (day, fresh, difficulty, wanted) in table {
        let pool = only(fresh);
        for seed in 0..10 {
            let reason = draw(&ladder, day, &candidates(&pool), seed).unwrap().reason;
            assert_eq!((reason.difficulty, reason.wanted), (difficulty, wanted), "{day}");
        }
    }
}

#[test]
fn plans_and_reasons_keep_their_shape_in_the_store() {
    let stored = r#"{"topics":{"oop":2},"difficulty":{"mix":{"easy":1,"medium":2,"hard":0}}}"#;
    let read: Plan = serde_json::from_str(stored).unwrap();
    assert_eq!(read, plan(&[("oop", 2)], mix(1, 2, 0)));
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);

    let stored = r#"{"topics":{},"difficulty":{"ladder":["easy","easy","easy","easy","hard","hard","hard"]}}"#;
    let read: Plan = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);

    let stored = r#"{"topic":"oop","difficulty":"easy","wanted":"hard","freshness":{"least_recent":"1970-01-01T00:00:00Z"},"pool":0}"#;
    let read: Reason = serde_json::from_str(stored).unwrap();
    assert_eq!(read.freshness, Freshness::LeastRecent(DateTime::UNIX_EPOCH));
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);

    for wrong in [
        r#"{"topics":{},"difficulty":{"mix":{"easy":1}}}"#,
        r#"{"topics":{},"difficulty":{"mix":{"easy":1,"medium":1,"hard":1,"insane":1}}}"#,
        r#"{"topics":{},"difficulty":{"ladder":["easy"]}}"#,
        r#"{"topics":{},"difficulty":{"mix":{"easy":1,"medium":1,"hard":1}},"seed":1}"#,
    ] {
        assert!(serde_json::from_str::<Plan>(wrong).is_err(), "{wrong}");
    }
}

mod reading {
    use super::*;

    fn known() -> BTreeSet<String> {
        ["asyncio", "data-structures", "oop", "python-3", "typing"].map(str::to_owned).into()
    }

    #[test]
    fn topics() {
        let table: [(&str, &[(&str, u32)]); 10] = [
            ("all", &[]),
            (" ALL ", &[]),
            ("oop", &[("oop", 1)]),
            ("asyncio 2, oop, typing=3", &[("asyncio", 2), ("oop", 1), ("typing", 3)]),
            ("asyncio: 2; OOP", &[("asyncio", 2), ("oop", 1)]),
            ("oop 0, typing 1000", &[("oop", 0), ("typing", 1_000)]),
            ("data structures 4", &[("data-structures", 4)]),
            ("Data_Structures", &[("data-structures", 1)]),
            ("python-3", &[("python-3", 1)]),
            ("python 3, oop,", &[("python-3", 1), ("oop", 1)]),
        ];
        for (text, expected) in table {
            let expected = plan(expected, mix(1, 1, 1)).topics;
            assert_eq!(Plan::parse_topics(text, &known()), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn topics_that_are_none() {
        let table = [
            ("asincio", "There is no topic `asincio`. Did you mean `asyncio`?"),
            ("typign 2", "There is no topic `typign`. Did you mean `typing`?"),
            ("cooking", "There is no topic `cooking`. Topics are separated by commas."),
            ("oop -1", "`-1` is no weight: weights are whole numbers from 0 to 1000."),
            ("oop 2.5", "`2.5` is no weight: weights are whole numbers from 0 to 1000."),
            ("oop=lots", "`lots` is no weight: weights are whole numbers from 0 to 1000."),
            ("oop 1001", "`1001` is no weight: weights are whole numbers from 0 to 1000."),
            ("oop=", "`` is no weight: weights are whole numbers from 0 to 1000."),
            ("oop, OOP 2", "`oop` is there twice."),
            ("oop 0, typing 0", "All weights are 0, so nothing could ever be asked."),
            ("", "The plan is empty."),
            (" , ", "The plan is empty."),
        ];
        for (text, sentence) in table {
            let error = Plan::parse_topics(text, &known()).unwrap_err();
            assert_eq!(error.to_string(), sentence, "{text:?}");
        }
    }

    #[test]
    fn mixes() {
        let table = [
            ("easy 2, medium 3, hard 1", mix(2, 3, 1)),
            ("easy 2 medium 3 hard 1", mix(2, 3, 1)),
            ("hard=1; Easy: 4", mix(4, 0, 1)),
            ("medium", mix(0, 1, 0)),
            ("easy, hard", mix(1, 0, 1)),
            ("easy 0 hard 1", mix(0, 0, 1)),
        ];
        for (text, expected) in table {
            assert_eq!(Plan::parse_mix(text), Ok(expected), "{text:?}");
        }
        let unknown = |word: &str| PlanError::UnknownDifficulty { word: word.into() };
        let table = [
            ("", PlanError::Empty),
            ("easy 0", PlanError::Nothing),
            ("insane 1", unknown("insane")),
            ("2 easy", unknown("2")),
            ("easy 1 2", unknown("2")),
            ("easy -1", PlanError::BadWeight { word: "-1".into() }),
            ("easy 1.5", PlanError::BadWeight { word: "1.5".into() }),
            ("easy 1, EASY 2", PlanError::Twice { word: "easy".into() }),
        ];
        for (text, expected) in table {
            assert_eq!(Plan::parse_mix(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn ladders() {
        let table = [
            ("easy", [Easy; 7]),
            ("easy easy medium medium hard", [Easy, Easy, Medium, Medium, Hard, Hard, Hard]),
            (
                "easy, medium, hard, hard, medium, easy, easy",
                [Easy, Medium, Hard, Hard, Medium, Easy, Easy],
            ),
            ("mon easy, fri hard", [Easy, Easy, Easy, Easy, Hard, Hard, Hard]),
            ("Mon-Wed easy; Thursday = hard", [Easy, Easy, Easy, Hard, Hard, Hard, Hard]),
            ("mon – tue: easy, weekend hard", [Easy, Easy, Easy, Easy, Easy, Hard, Hard]),
            ("tue, thu medium, sat easy", [Easy, Medium, Medium, Medium, Medium, Easy, Easy]),
            ("daily medium", [Medium; 7]),
        ];
        for (text, rungs) in table {
            let expected = Ok(DifficultyPlan::Ladder(rungs));
            assert_eq!(Plan::parse_ladder(text), expected, "{text:?}");
        }
        let twice = |word: &str| PlanError::Twice { word: word.into() };
        let no_difficulty = |word: &str| PlanError::DayWithoutDifficulty { word: word.into() };
        let table = [
            ("", PlanError::Empty),
            ("easy mon hard", PlanError::HalfNamed),
            ("mon easy hard", PlanError::HalfNamed),
            ("mon easy, mon-fri hard", twice("Mon")),
            ("mon easy, tue", no_difficulty("tue")),
            ("mon- easy", PlanError::UnknownDifficulty { word: "mon-".into() }),
            ("mon - easy", no_difficulty("mon -")),
            ("mon tricky", PlanError::UnknownDifficulty { word: "tricky".into() }),
            ("easy easy easy easy easy easy easy easy", PlanError::TooLong { rungs: 8 }),
        ];
        for (text, expected) in table {
            assert_eq!(Plan::parse_ladder(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn plans_are_shown_on_one_line() {
        let ladder = Plan::parse_ladder("easy easy medium medium hard").unwrap();
        let table = [
            (Plan::default(), "all topics · easy 1, medium 1, hard 1"),
            (
                plan(&[("oop", 2), ("asyncio", 1), ("typing", 0)], mix(0, 3, 1)),
                "asyncio 1, oop 2 · medium 3, hard 1",
            ),
            (plan(&[], ladder), "all topics · easy Mon, Tue; medium Wed, Thu; hard Fri–Sun"),
            (plan(&[], DifficultyPlan::Ladder([Hard; 7])), "all topics · hard every day"),
        ];
        for (plan, shown) in table {
            assert_eq!(plan.to_string(), shown);
        }
    }
}

fn any_difficulty() -> impl Strategy<Value = Difficulty> {
    prop::sample::select(Difficulty::ALL.to_vec())
}

fn any_pool() -> impl Strategy<Value = Vec<Owned>> {
    let one = (
        prop::sample::select(vec!["asyncio", "oop", "typing"]),
        any_difficulty(),
        prop::option::of(0_i64..30),
        prop::bool::weighted(0.2),
    );
    prop::collection::vec(one, 0..30).prop_map(|pool| {
        let numbered = pool.into_iter().enumerate();
        numbered
            .map(|(n, (topic, difficulty, hours, open))| Owned {
                last_asked: hours.map(|hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours)),
                open,
                ..question(&format!("{topic}/{n}"), difficulty)
            })
            .collect()
    })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let topics = prop::collection::btree_map(
        prop::sample::select(vec!["asyncio", "oop", "typing", "gone"]).prop_map(str::to_owned),
        0_u32..4,
        0..4,
    );
    let mixes = (0_u32..4, 0_u32..4, 0_u32..4).prop_map(|(e, m, h)| mix(e, m, h));
    let ladders = prop::array::uniform7(any_difficulty()).prop_map(DifficultyPlan::Ladder);
    let difficulty = proptest::prop_oneof![mixes, ladders];
    (topics, difficulty, prop::option::of(5_u8..=95)).prop_map(|(topics, difficulty, aim)| Plan {
        topics,
        difficulty,
        aim,
    })
}

proptest! {
    #[test]
    fn whatever_the_pool(plan in any_plan(), pool in any_pool(), day in 0_u8..7, seed: u64, turn in any::<prop::sample::Index>()) {
        let day = Weekday::try_from(day).unwrap();
        let mut listed = candidates(&pool);
        let drawn = draw(&plan, day, &listed, seed);
        let fits = |c: &&Candidate<'_>| {
            !c.open
                && (plan.topics.is_empty() || plan.topics.get(c.topic).is_some_and(|w| *w > 0))
                && plan.difficulty.allows(c.difficulty)
        };
        let fitting: Vec<Candidate<'_>> = listed.iter().filter(fits).copied().collect();
        let fresh = fitting.iter().filter(|c| c.last_asked.is_none()).count();
        prop_assert_eq!(stock(&plan, &listed), fresh);
        match &drawn {
            None => prop_assert!(fitting.is_empty()),
            Some(Drawn { question, reason }) => {
                let chosen = fitting.iter().find(|c| c.id == question);
                prop_assert!(chosen.is_some());
                let chosen = chosen.unwrap();
                prop_assert_eq!(chosen.topic, &reason.topic);
                prop_assert_eq!(chosen.difficulty, reason.difficulty);
                prop_assert!(reason.wanted != Some(reason.difficulty));
                prop_assert_eq!(reason.pool as usize, fresh);
                match reason.freshness {
                    Freshness::New => prop_assert_eq!(chosen.last_asked, None),
                    Freshness::LeastRecent(at) => {
                        prop_assert_eq!(fresh, 0);
                        prop_assert_eq!(chosen.last_asked, Some(at));
                        prop_assert!(fitting.iter().all(|c| c.last_asked >= Some(at)));
                    }
                }
            }
        }
        // The order of the candidates makes no difference.
        if !listed.is_empty() {
            let at = turn.index(listed.len());
            listed.rotate_left(at);
            listed.reverse();
        }
        prop_assert_eq!(draw(&plan, day, &listed, seed), drawn);
    }

    #[test]
    fn reading_never_panics(text in "([a-z]{0,6}|easy|mon|fri|-|[0-9.]{1,11}|[,;=: ]|\\PC){0,8}") {
        let known = BTreeSet::from(["oop".to_owned()]);
        let _ = (Plan::parse_topics(&text, &known), Plan::parse_mix(&text), Plan::parse_ladder(&text));
        if let Ok(Some(aim)) = Plan::parse_aim(&text) {
            prop_assert!((5..=95).contains(&aim));
        }
    }
}

// --- The aim ---

/// A pool in which labels are roughly true: what solves each question varies about its label.
fn measured_pool(topics: &[&str], count: u32) -> Vec<Owned> {
    let mut pool = Vec::new();
    for topic in topics {
        for (difficulty, middle) in [(Easy, 34), (Medium, 26), (Hard, 17)] {
            for n in 0..count {
                let name = format!("{topic}/{difficulty}-{n}");
                pool.push(question(&name, difficulty).solved(middle + n % 11 - 5, 40));
            }
        }
    }
    pool
}

/// The mean rate, in thousandths, of what is drawn with the seeds from 0 on.
fn mean_rate(plan: &Plan, pool: &[Owned], draws: u64) -> f64 {
    let rate = |id: &QuestionId| {
        let found = pool.iter().find(|question| question.id == *id).unwrap();
        f64::from(found.rate.smoothed(found.difficulty))
    };
    let sum: f64 = (0..draws).map(|seed| rate(&drawn(plan, pool, seed).unwrap().question)).sum();
    sum / draws as f64
}

#[test]
fn with_an_aim_the_draws_come_nearer_to_it() {
    let pool = measured_pool(&["asyncio", "oop", "typing"], 11);
    let ladder = DifficultyPlan::Ladder([Medium; 7]);
    for (difficulty, aims) in [(mix(1, 1, 1), [30, 50, 70, 90]), (ladder, [40, 55, 75, 90])] {
        let without = plan(&[], difficulty);
        let plain = mean_rate(&without, &pool, 2_000);
        for aim in aims {
            let with = Plan { aim: Some(aim), ..without.clone() };
            let (aimed, goal) = (mean_rate(&with, &pool, 2_000), f64::from(aim) * 10.0);
            let (near, far) = ((aimed - goal).abs(), (plain - goal).abs());
            assert!(near < far, "{difficulty}, {aim}: {aimed:.0} with the aim, {plain:.0} without");
        }
    }
}

#[test]
fn before_anybody_answered_the_labels_are_aimed_at() {
    let pool = full_pool(&["oop", "typing"], 5);
    let with = Plan { aim: Some(85), ..plan(&[], mix(1, 1, 1)) };
    let counts = shares(&with, &pool, 3_000, |drawn| drawn.reason.difficulty);
    // 1,000, 200 and 52 by their distances of 0, 0.2 and 0.425.
    for (difficulty, weight) in [(Easy, 1_000), (Medium, 200), (Hard, 52)] {
        assert!(about(counts[&difficulty], 3_000, weight, 1_252), "{counts:?}");
    }
}

#[test]
fn an_aim_keeps_to_the_plan_and_to_freshness() {
    let aim = Some(90);
    // Never what the mix leaves out, nor what the ladder does not ask for.
    let pool = full_pool(&["oop"], 3);
    for seed in 0..200 {
        let hard = Plan { aim, ..plan(&[], mix(0, 0, 1)) };
        assert_eq!(drawn(&hard, &pool, seed).unwrap().reason.difficulty, Hard);
        let ladder = Plan { aim, ..plan(&[], DifficultyPlan::Ladder([Hard; 7])) };
        assert_eq!(drawn(&ladder, &pool, seed).unwrap().reason.difficulty, Hard);
    }
    // Never one asked before while another fits, however close it is.
    let near = question("oop/near", Easy).solved(90, 100).asked(1);
    let far = question("oop/far", Easy).solved(1, 100);
    let with = Plan { aim, ..plan(&[], mix(1, 1, 1)) };
    for seed in 0..200 {
        let drawn = drawn(&with, &[near.clone(), far.clone()], seed).unwrap();
        assert_eq!(drawn.question, far.id);
        assert_eq!(drawn.reason.aimed, Some(Aimed { aim: 90, rate: 86, answers: 100 }));
    }
    // By its turn alone, so the aim is no reason.
    let asked = drawn(&with, &[near], 1).unwrap();
    assert_eq!(asked.reason.aimed, None);
}

#[test]
fn an_aim_is_read_as_people_write_it() {
    for (typed, aim) in [
        ("0.7", Some(70)),
        (" .7 ", Some(70)),
        ("0,65", Some(65)),
        ("70%", Some(70)),
        ("70 %", Some(70)),
        ("0.05", Some(5)),
        ("0.95", Some(95)),
        ("off", None),
        ("OFF", None),
    ] {
        assert_eq!(Plan::parse_aim(typed), Ok(aim), "{typed}");
    }
    for typed in ["", "70", "0.04", "0.96", "-0.5", "NaN", "inf", "most", "1e9", "%"] {
        assert!(Plan::parse_aim(typed).is_err(), "{typed}");
    }
}

#[test]
fn plans_and_reasons_of_before_are_still_read() {
    let plan: Plan = serde_json::from_str(
        r#"{"topics":{},"difficulty":{"mix":{"easy":1,"medium":1,"hard":1}}}"#,
    )
    .unwrap();
    assert_eq!(plan, Plan::default());
    assert!(!serde_json::to_string(&plan).unwrap().contains("aim"));
    let reason: Reason = serde_json::from_str(
        r#"{"topic":"oop","difficulty":"easy","wanted":null,"freshness":"new","pool":3}"#,
    )
    .unwrap();
    assert_eq!(reason.aimed, None);
}
