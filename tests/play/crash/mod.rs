//! The bot is killed between any two steps: at every milestone by name, and at random ones. After
//! each there is exactly one message, one thread, one result and one set of points, as in a story
//! in which nobody died.

mod outcome;
mod play;
mod stories;
mod trap;

use futures::stream::{StreamExt as _, iter};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::env;
use std::fmt::Debug;
use std::str::FromStr;
use stories::Story;
use studyhall::engine::milestone::Moment;
use trap::Plan;

/// How many stories are told at once; they mostly wait.
const AT_ONCE: usize = 8;
/// How often a walk kills where the environment does not say, in `STUDYHALL_KILLS`.
const KILLS: usize = 36;
/// How often a walk kills within one story at most.
const MOST_DEATHS: usize = 8;
/// The longest way between two deaths of a walk, in visits.
const FAR: u32 = 60;

/// Inputs and deliveries that no story has, and why.
const LEFT_OUT: [(&str, &str); 2] = [
    ("overdue", "it takes minutes; all it changes is that the admins are told of a trouble"),
    ("quiz over", "it follows from a deleted card, and no bot hears twice of a deletion"),
];
/// What is said as a message, and so looked for before it is sent again.
const MESSAGES: [&str; 8] = [
    "card",
    "result",
    "reference",
    "weekly board",
    "quiz card",
    "quiz failed",
    "notice",
    "review reminder",
];

/// The names that a source gives to the variants of its enum, in `fn name`.
fn names(source: &str) -> Vec<String> {
    let from = source.find("fn name(&self)").expect("there is a `name`");
    let body = &source[from..from + source[from..].find("\n    }\n").expect("it ends")];
    let arms = body.lines().filter(|line| line.contains("=>"));
    arms.map(|line| line.split('"').nth(1).expect("a name").to_owned()).collect()
}

fn is_left_out(name: &str) -> bool {
    LEFT_OUT.iter().any(|(left_out, _)| *left_out == name)
}

/// Every milestone there is, but for those that no story can pass.
fn milestones() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for input in names(include_str!("../../../src/engine/inbox.rs")) {
        if !is_left_out(&input) {
            all.extend([Moment::BeforeCommit, Moment::AfterCommit].map(|m| format!("{m}:{input}")));
        }
    }
    for intent in names(include_str!("../../../src/engine/intent.rs")) {
        let moments = [Moment::BeforeDelivery, Moment::Said, Moment::Recorded];
        if !is_left_out(&intent) {
            all.extend(moments.map(|moment| format!("{moment}:{intent}")));
        }
    }
    all.extend(MESSAGES.map(|intent| format!("{}:{intent}", Moment::BeforeSending)));
    all
}

#[tokio::test]
async fn killed_at_every_milestone_everything_happens_once() {
    let mut seen = BTreeSet::new();
    let mut walks = Vec::new();
    let mut alive = Vec::new();
    for story in Story::ALL {
        let told = story.tell(Plan::Watch).await;
        let names: BTreeSet<String> = told.trap.visits().into_iter().collect();
        // Where both stories pass a milestone, a death in the first of them will do.
        walks.extend(names.difference(&seen).map(|name| (story, name.clone())));
        seen.extend(names);
        alive.push((story, told.outcome));
    }
    assert_eq!(seen, milestones(), "each is passed by a story, or listed with the reason");
    let alive = &alive;
    iter(walks)
        .map(async |(story, name)| {
            let told = story.tell(Plan::At(name.clone())).await;
            assert_eq!(told.trap.deaths(), std::slice::from_ref(&name));
            let (_, expected) = alive.iter().find(|(of, _)| *of == story).unwrap();
            assert_eq!(&told.outcome, expected, "after a death at {name}");
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn killed_at_random_everything_happens_once() {
    let seed = from_environment("STUDYHALL_SEED").unwrap_or_else(any_seed);
    let kills = from_environment("STUDYHALL_KILLS").unwrap_or(KILLS);
    eprintln!("STUDYHALL_SEED={seed} STUDYHALL_KILLS={kills}");
    let mut alive = Vec::new();
    for story in Story::ALL {
        alive.push(story.tell(Plan::Watch).await.outcome);
    }
    let alive = &alive;
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut done = 0;
    while done < kills {
        let left = kills - done;
        let plans: Vec<_> = (0..AT_ONCE.min(left.div_ceil(MOST_DEATHS)))
            .map(|_| (usize::from(chance.random_ratio(1, 4)), chance.random()))
            .collect();
        let deaths = iter(plans)
            .map(async |(story, seed): (usize, u64)| {
                let chance = Box::new(ChaCha8Rng::seed_from_u64(seed));
                let told = Story::ALL[story].tell(Plan::Walk(chance, MOST_DEATHS, FAR)).await;
                let deaths = told.trap.deaths();
                assert_eq!(told.outcome, alive[story], "walk {seed}: after {deaths:?}");
                deaths.len()
            })
            .buffer_unordered(AT_ONCE)
            .fold(0, async |sum, deaths| sum + deaths)
            .await;
        done += deaths;
        eprintln!("killed {done} times");
    }
}

fn from_environment<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[expect(clippy::disallowed_methods, reason = "which deaths are tried is chance; it is printed")]
fn any_seed() -> u64 {
    rand::random()
}
