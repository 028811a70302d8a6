//! The store on a real file with all migrations: every function, and every promise its keys keep.

mod activity;
mod answers;
mod ballots;
mod channels;
mod checkups;
mod complete;
mod copies;
mod deliveries;
mod guilds;
mod identity;
mod ledger;
mod members;
mod opening;
mod portable;
mod probe;
mod quizzes;
mod rates;
mod reports;
mod reviews;
mod rounds;
mod seasons;
mod standings;
mod transactions;
mod writer;

use super::channels::StudyChannel;
use super::guilds::Guild;
use super::rounds::{Origin, Round};
use super::{Connection, Store};
use crate::domain::draw::{Aimed, Freshness, Plan, Reason};
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, QuestionId, RoundId};
use crate::domain::question::{Choice, Difficulty, FollowUp, Kind, Question};
use crate::domain::round::State;
use crate::domain::schedule::{Schedule, Weekdays};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::sync::Arc;
use tempfile::TempDir;

/// The highest number that Discord's ids can have: 63 bits.
const HIGHEST: u64 = i64::MAX as u64;

const GUILD: GuildId = GuildId(900_000_000_000_000_001);
const OTHER_GUILD: GuildId = GuildId(900_000_000_000_000_002);
const STUDY: ChannelId = ChannelId(800_000_000_000_000_001);
const SECOND: ChannelId = ChannelId(800_000_000_000_000_002);
const ELSEWHERE: ChannelId = ChannelId(800_000_000_000_000_003);
const ANN: MemberId = MemberId(1_001);
const BOB: MemberId = MemberId(1_002);
const CYD: MemberId = MemberId(HIGHEST);

/// A store in a folder of its own.
struct Bench {
    store: Store,
    folder: TempDir,
}

impl Bench {
    /// An empty one.
    async fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("study.db")).await.unwrap();
        Self { store, folder }
    }

    /// With two guilds, and study channels: two in the first, one in the second.
    async fn new() -> Self {
        let bench = Self::empty().await;
        let mut db = bench.store.begin().await.unwrap();
        for id in [GUILD, OTHER_GUILD] {
            super::guilds::save(&mut db, &guild(id)).await.unwrap();
        }
        for (id, of) in [(STUDY, GUILD), (SECOND, GUILD), (ELSEWHERE, OTHER_GUILD)] {
            super::channels::save(&mut db, &channel(id, of), at(0)).await.unwrap();
        }
        db.commit().await.unwrap();
        bench
    }

    /// With open rounds 1 and 2 in the first study channel, 3 in the second.
    async fn with_rounds() -> Self {
        let bench = Self::new().await;
        let mut db = bench.store.begin().await.unwrap();
        for (id, channel) in [(1, STUDY), (2, STUDY), (3, SECOND)] {
            put(&mut db, &open(id, channel, date(id))).await;
        }
        db.commit().await.unwrap();
        bench
    }
}

/// Writes a round with all it has; `insert` alone writes it as it begins.
async fn put(db: &mut Connection, round: &Round) {
    let begun = Round { state: State::Due, skip_reason: None, ..round.clone() };
    let new = if round.question.is_some() { &begun } else { round };
    assert!(super::rounds::insert(db, new).await.unwrap());
    super::rounds::update(db, round).await.unwrap();
}

/// An instant, in minutes from a morning in 2026; with milliseconds, which must survive.
fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_420_800_123).unwrap() + TimeDelta::minutes(minute)
}

/// A day of November 2026.
fn date(day: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, u32::try_from(day).unwrap()).unwrap()
}

fn guild(id: GuildId) -> Guild {
    Guild {
        id,
        name: "Döner & Daten 🥙".to_owned(),
        zone: chrono_tz::Europe::Berlin,
        notices: None,
        setup_by: ANN,
        owner: CYD,
    }
}

fn channel(id: ChannelId, guild: GuildId) -> StudyChannel {
    StudyChannel {
        id,
        guild,
        schedule: Schedule {
            time: NaiveTime::from_hms_opt(8, 30, 0).unwrap(),
            zone: chrono_tz::Asia::Kolkata,
            weekdays: Weekdays::WORKDAYS,
            holidays: Vec::new(),
            pause: None,
        },
        plan: Plan::default(),
        since: at(0),
        role: None,
        pin: false,
        close_after_h: None,
        trouble: None,
        stock_warned: None,
        removed: false,
    }
}

fn question(slug: &str) -> Question {
    Question {
        id: QuestionId(format!("python/basics/{slug}")),
        topic: "basics".to_owned(),
        difficulty: Difficulty::Medium,
        kind: Kind::Concept,
        tags: vec!["a \"quoted\" tag".to_owned()],
        title: "What is `is`?".to_owned(),
        prompt: "Line one\n\n```python\nprint('ü')\n```".to_owned(),
        hint: None,
        answer: "Identity; not = equality 🟰".to_owned(),
        choices: vec![Choice { text: "A".to_owned(), right: false, why: Some("no".to_owned()) }],
        follow_ups: vec![FollowUp { prompt: "And?".to_owned(), answer: "So.".to_owned() }],
        sources: vec!["https://docs.python.org/3/".to_owned()],
    }
}

/// A round that is due: scheduled for a date, question drawn, nothing posted.
fn due(id: i64, channel: ChannelId, date: NaiveDate) -> Round {
    Round {
        id: RoundId(id),
        guild: if channel == ELSEWHERE { OTHER_GUILD } else { GUILD },
        channel,
        origin: Origin::Date(date),
        due_at: at(id * 1_440),
        state: State::Due,
        skip_reason: None,
        question: Some(Arc::new(question(&format!("q{id}")))),
        // The highest bit set: the column is signed, the seed is not.
        seed: u64::MAX - 5,
        reason: Some(Reason {
            topic: "basics".to_owned(),
            difficulty: Difficulty::Medium,
            wanted: Some(Difficulty::Hard),
            freshness: Freshness::LeastRecent(at(-5)),
            pool: 12,
            aimed: Some(Aimed { aim: 70, rate: 655, answers: 3 }),
        }),
        message: None,
        thread: None,
        closes_at: at(id * 1_440 + 1_440),
        opened_at: None,
        closed_at: None,
        outcome: None,
        voided_at: None,
    }
}

/// A round whose card and thread are there. Discord gives a thread its message's number.
fn open(id: i64, channel: ChannelId, date: NaiveDate) -> Round {
    let card = 700_000_000_000_000_000 + u64::try_from(id).unwrap();
    Round {
        state: State::Open,
        message: Some(MessageId(card)),
        thread: Some(ChannelId(card)),
        opened_at: Some(at(id * 1_440 + 1)),
        ..due(id, channel, date)
    }
}

/// Runs a statement that a rule of the tables must refuse; what SQLite says about it.
async fn refused(db: &mut Connection, statement: &'static str) -> String {
    match sqlx::query(statement).execute(db).await {
        Ok(_) => panic!("was taken: {statement}"),
        Err(error) => told(&error),
    }
}

/// The database's own words.
fn told(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}
