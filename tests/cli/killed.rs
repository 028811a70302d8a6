//! `sandbox` and `run` as two processes, and the bot killed with SIGKILL at arbitrary moments. What
//! it left behind is looked at from outside: the sandbox's messages against the database's file.

use crate::member::{Member, World};
use crate::program::{Place, Running};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::time::Duration;

/// How often the bot is killed where the environment does not say, in `STUDYHALL_MOMENTS`.
const MOMENTS: usize = 10;
/// The longest life of a bot that is killed (wire time): enough to start and to do a few things.
const LONGEST_LIFE: Duration = Duration::from_millis(2_500);

/// Where study time begins: at the time of a round.
const BEGIN: &str = "2026-11-23T08:00:00Z";

/// What is to be done next; each day goes through all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Dawn,
    Card,
    Answers,
    Vote,
}

struct Script {
    world: World,
    /// Where study time began.
    begin: DateTime<Utc>,
    maya: Member,
    ana: Member,
    ben: Member,
    step: Step,
    /// Days that have begun.
    days: usize,
    /// Per thread, the members whose ballot the bot has said to be counted.
    told: BTreeMap<String, String>,
}

impl Script {
    /// The newest question with a thread, if today's is there.
    async fn thread(&self) -> Option<String> {
        let card = self.maya.cards().await.into_iter().nth(self.days.checked_sub(1)?)?;
        let id = card["id"].as_str().unwrap().to_owned();
        card["thread"].is_object().then_some(id)
    }

    /// What a member wrote in a thread.
    async fn written(&self, thread: &str, member: &Member) -> Option<Value> {
        let posts = self.maya.get(&format!("/channels/{thread}/messages?limit=100")).await;
        let mut posts = posts.as_array().into_iter().flatten();
        posts.find(|post| post["author"]["id"] == member.id.as_str()).cloned()
    }

    /// Goes forward to eight o'clock of a day, from wherever the last attempt was cut off.
    async fn comes_to(&self, day: usize) {
        let target = self.begin + TimeDelta::days(i64::try_from(day).unwrap());
        let left = target - self.world.now().await;
        if left > TimeDelta::zero() {
            let seconds = left.as_seconds_f64();
            self.world.clock(json!({"advance_s": seconds})).await;
        }
    }

    /// Does the next thing, as far as it can be done now.
    async fn goes_on(&mut self) {
        match self.step {
            Step::Dawn => {
                self.comes_to(self.days + 1).await;
                self.days += 1;
                self.step = Step::Card;
            }
            Step::Card => {
                if self.thread().await.is_some() {
                    self.step = Step::Answers;
                }
            }
            Step::Answers => {
                let thread = self.thread().await.expect("it was there");
                for (member, text) in [
                    (&self.ana, "Ana's answer, the one that gets the vote."),
                    (&self.ben, "Ben's answer, which gets no vote at all."),
                ] {
                    // Cut off, it may have been written all the same.
                    if self.written(&thread, member).await.is_none() {
                        member.say(&thread, text).await;
                    }
                }
                self.step = Step::Vote;
            }
            Step::Vote => {
                let thread = self.thread().await.expect("it was there");
                let post = self.written(&thread, &self.ana).await.expect("Ana answered");
                let said = self.ben.menu("Vote for this answer", &post).await;
                let said = said.map(|said| said.to_string()).unwrap_or_default();
                if said.contains("Your vote") {
                    self.told.insert(thread, self.ben.id.clone());
                    self.step = Step::Dawn;
                }
            }
        }
    }
}

fn start_bot(place: &Place, world: &World) -> Running {
    let words = ["run", "--api", world.text("api"), "--clock", "follow", "--seed", "3"];
    place.start_with(&words, &[("DISCORD_TOKEN", world.bot_token())])
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_arbitrary_moments_everything_happens_once() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("STUDYHALL_SEED").unwrap_or_else(any_seed);
    let moments = number("STUDYHALL_MOMENTS").map_or(MOMENTS, |n| usize::try_from(n).unwrap());
    eprintln!("STUDYHALL_SEED={seed} STUDYHALL_MOMENTS={moments}");
    let mut chance = ChaCha8Rng::seed_from_u64(seed);

    let place = Place::with(&[]);
    let clock = format!("{BEGIN}@manual");
    let mut sandbox = place.start(&["sandbox", "--json", "--clock", &clock]);
    let world = World::new(sandbox.described());
    let mut bot = start_bot(&place, &world);
    bot.logs("connected");
    let (maya, ana, ben) =
        (world.member("Maya").await, world.member("Ana").await, world.member("Ben").await);
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;
    bot.kill();

    let told = BTreeMap::new();
    let mut script = Script {
        world: world.clone(),
        begin: BEGIN.parse().unwrap(),
        maya,
        ana,
        ben,
        step: Step::Dawn,
        days: 0,
        told,
    };
    for _ in 0..moments {
        let mut bot = start_bot(&place, &world);
        let life = chance.random_range(Duration::ZERO..LONGEST_LIFE);
        let begins = life.mul_f64(chance.random_range(0.0..1.0));
        let acts = async {
            tokio::time::sleep(begins).await;
            // Whatever can be done within this life; an unanswered click is made again in the next.
            loop {
                script.goes_on().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _killed = tokio::time::timeout(life, acts).await;
        let said = bot.kill();
        for bad in ["ERROR", "panicked", world.bot_token()] {
            assert!(!said.contains(bad), "{said}");
        }
    }

    // A last life, until everything is done.
    let mut bot = start_bot(&place, &world);
    bot.logs("connected");
    if script.days > 0 {
        script.maya.until("the last card", async || script.thread().await).await;
    }
    script.comes_to(script.days + 1).await;
    let days = script.days + 1;
    let threads: Vec<String> = script
        .maya
        .until("the last close", async || {
            let cards = script.maya.cards().await;
            let threads: Vec<String> =
                cards.iter().map(|card| card["id"].as_str().unwrap().to_owned()).collect();
            let closed = |text: &Value| text.to_string().contains("Reference answer");
            let last = threads.get(days.checked_sub(2)?)?;
            let said = script.maya.posts_of_bot(last).await;
            (cards.len() == days && said.iter().any(closed)).then_some(threads)
        })
        .await;
    assert!(bot.terminate().starts_with("exit 0"));
    audit(&place, &script, &threads).await;
    eprintln!("{} kills, {} rounds, {} ballots", moments, days, script.told.len());
    assert!(sandbox.runs(), "the sandbox stayed up");
}

/// Everything once: cards, threads, results, points.
async fn audit(place: &Place, script: &Script, threads: &[String]) {
    let file = SqliteConnectOptions::new().filename(place.path("studyhall.db")).read_only(true);
    let mut db = file.connect().await.unwrap();
    let rounds = rows(&mut db, "SELECT round_id, message_id, thread_id, state FROM rounds").await;
    let cards: BTreeSet<&String> = threads.iter().collect();
    assert_eq!(cards.len(), threads.len());
    let recorded: BTreeSet<String> = rounds.iter().map(|round| round[1].clone()).collect();
    let seen: BTreeSet<String> = threads.iter().cloned().collect();
    assert_eq!(recorded, seen, "one card on Discord for each round, and no other");
    let dates = rows(&mut db, "SELECT COUNT(DISTINCT local_date) FROM rounds").await;
    assert_eq!(dates[0][0], rounds.len().to_string(), "one round a date");
    for round in &rounds {
        let [id, message, thread, state] = round.as_slice() else { unreachable!() };
        assert_eq!(message, thread, "each card has its thread");
        let posts = script.maya.get(&format!("/channels/{thread}/messages?limit=100")).await;
        let posts = posts.as_array().unwrap();
        let count = |text: &str| {
            posts.iter().filter(|post| post["embeds"].to_string().contains(text)).count()
        };
        let wanted = usize::from(state == "closed");
        assert_eq!(count("\"title\":\"Result: "), wanted, "results of round {id}, {state}");
        assert_eq!(count("\"title\":\"Reference answer\""), wanted, "of round {id}, {state}");
        if state != "closed" {
            continue;
        }
        // Who wrote, counts; who was told that the ballot counts, has its point.
        let mut causes = BTreeSet::new();
        for member in [&script.ana.id, &script.ben.id] {
            if posts.iter().any(|post| post["author"]["id"] == member.as_str()) {
                causes.insert(format!("round:{id}:answered:{member}"));
            }
        }
        if let Some(voter) = script.told.get(thread) {
            causes.insert(format!("round:{id}:voted:{voter}"));
        }
        let query = format!("SELECT cause FROM ledger WHERE round_id = {id}");
        let booked: Vec<String> = rows(&mut db, &query).await.into_iter().flatten().collect();
        let once: BTreeSet<String> = booked.iter().cloned().collect();
        assert_eq!(once.len(), booked.len(), "each cause once: {booked:?}");
        let missing: Vec<&String> = causes.difference(&once).collect();
        assert!(missing.is_empty(), "points lost in round {id}: {missing:?}");
        // A ballot whose voter was cut off may have been counted all the same; nothing else may.
        let extra: Vec<&String> = once.difference(&causes).collect();
        let ballot = format!("round:{id}:voted:{}", script.ben.id);
        assert!(extra.iter().all(|cause| **cause == ballot), "points from nowhere: {extra:?}");
    }
    let pending = rows(&mut db, "SELECT cause FROM deliveries WHERE state = 'pending'").await;
    assert!(pending.is_empty(), "left unsaid: {pending:?}");
}

async fn rows(db: &mut SqliteConnection, query: &str) -> Vec<Vec<String>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(db).await.unwrap();
    let text = |row: &sqlx::sqlite::SqliteRow, at: usize| {
        row.try_get::<String, _>(at)
            .or_else(|_| row.try_get::<i64, _>(at).map(|number| number.to_string()))
            .unwrap_or_default()
    };
    rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
}

#[expect(clippy::disallowed_methods, reason = "which deaths are tried is chance; it is printed")]
fn any_seed() -> u64 {
    rand::random()
}
