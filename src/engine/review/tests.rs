//! What a missed quiz question comes to, at a desk on a real store.

use super::pile;
use crate::bank::Bank;
use crate::domain::ids::{GuildId, InteractionId, MemberId, QuestionId};
use crate::domain::member::Facts;
use crate::domain::points::Rules;
use crate::domain::question::{Difficulty, Kind, Question};
use crate::domain::refusal::Refusal;
use crate::domain::review::{Grade, Why};
use crate::engine::clock::StudyClock;
use crate::engine::desk::{Desk, Stop};
use crate::engine::input::{Asker, Reply};
use crate::engine::limits::Limits;
use crate::engine::{Engine, Settings};
use crate::store::guilds::{self, Guild};
use crate::store::reviews::{self, Card};
use crate::store::{Store, Transaction};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};

const GUILD: GuildId = GuildId(100);
const ANA: MemberId = MemberId(1);
const BEN: MemberId = MemberId(2);

/// A clock that goes where it is put.
struct Hand(Mutex<DateTime<Utc>>);

impl StudyClock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn wait_until(&self, _at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

struct Room {
    engine: Engine,
    clock: Arc<Hand>,
    _folder: tempfile::TempDir,
}

fn question(slug: &str) -> Question {
    Question {
        id: QuestionId(format!("small/lists/{slug}")),
        topic: "lists".to_owned(),
        difficulty: Difficulty::Easy,
        kind: Kind::Concept,
        tags: Vec::new(),
        title: format!("What is {slug}?"),
        prompt: "Say it.".to_owned(),
        hint: None,
        answer: "It is.".to_owned(),
        choices: Vec::new(),
        follow_ups: Vec::new(),
        sources: Vec::new(),
    }
}

impl Room {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("study.db")).await.unwrap();
        let clock = Arc::new(Hand(Mutex::new("2026-11-23T18:00:00Z".parse().unwrap())));
        let settings = Settings {
            lateness: TimeDelta::hours(2),
            stock_warning_days: 5,
            rules: Rules::default(),
            bot: MemberId(9),
            seed: 7,
            min_free_mib: 50,
            limits: Limits::default(),
        };
        let bank: Bank = [question("a"), question("b")].into_iter().collect();
        let clock_of_engine: Arc<dyn StudyClock> = clock.clone();
        let (engine, _inbox) = Engine::new(store, Arc::new(bank), settings, clock_of_engine);
        let room = Self { engine, clock, _folder: folder };
        let mut db = room.begin().await;
        let guild = Guild {
            id: GUILD,
            name: "Study team".to_owned(),
            zone: chrono_tz::UTC,
            notices: None,
            setup_by: ANA,
            owner: ANA,
        };
        guilds::save(&mut db, &guild).await.unwrap();
        db.commit().await.unwrap();
        room
    }

    async fn begin(&self) -> Transaction {
        self.engine.shared.store.begin().await.unwrap()
    }

    fn pass(&self, by: TimeDelta) {
        *self.clock.0.lock().unwrap() += by;
    }

    async fn misses(&self, guild: GuildId, member: MemberId, slug: &str) {
        let mut db = self.begin().await;
        let mut desk = Desk::new(&self.engine.shared, &mut db);
        let now = desk.now;
        assert!(desk.missed(guild, member, &question(slug), now).await.is_ok());
        db.commit().await.unwrap();
    }

    async fn grades(&self, card: &Card, grade: Grade) -> Result<Reply, Option<Refusal>> {
        let asker = Asker {
            guild: GUILD,
            guild_name: "Study team".to_owned(),
            owner: ANA,
            channel: crate::domain::ids::ChannelId(5),
            member: card.member,
            name: "Ana".to_owned(),
            facts: Facts::default(),
            interaction: InteractionId(1),
        };
        let mut db = self.begin().await;
        let mut desk = Desk::new(&self.engine.shared, &mut db);
        let done = desk.grade(&asker, &card.key, card.reviews, grade).await;
        db.commit().await.unwrap();
        done.map_err(|stop| match stop {
            Stop::Refused(refusal) => Some(refusal),
            Stop::Broken(_) => None,
        })
    }

    async fn card(&self, member: MemberId, slug: &str) -> Option<Card> {
        let mut db = self.begin().await;
        reviews::find(&mut db, GUILD, member, &question(slug).id).await.unwrap()
    }

    async fn due(&self, member: MemberId) -> Vec<String> {
        let mut db = self.begin().await;
        let now = self.clock.now();
        let pile = pile(&mut db, &self.engine.shared, GUILD, member, now).await.unwrap();
        pile.due.into_iter().map(|(card, _)| card.title).collect()
    }
}

#[tokio::test]
async fn a_miss_makes_a_card_that_is_due_at_once() {
    let room = Room::new().await;
    room.misses(GUILD, ANA, "b").await;
    room.pass(TimeDelta::minutes(1));
    room.misses(GUILD, ANA, "a").await;
    room.misses(GUILD, ANA, "no longer in the pack").await;
    assert_eq!(room.due(ANA).await, ["What is b?", "What is a?"]);
    assert_eq!(room.due(BEN).await, [] as [&str; 0]);
    let card = room.card(ANA, "b").await.unwrap();
    assert_eq!((card.reviews, card.lapses, card.source), (0, 0, Why::Quiz));
    assert_eq!(card.learning.memory, None);
}

#[tokio::test]
async fn a_miss_sets_a_card_back_and_outdates_its_buttons() {
    let room = Room::new().await;
    room.misses(GUILD, ANA, "a").await;
    let new = room.card(ANA, "a").await.unwrap();
    assert_eq!(
        room.grades(&new, Grade::Easy).await,
        Ok(Reply::Graded { grade: Grade::Easy, days: 8 })
    );
    assert_eq!(room.due(ANA).await, [] as [&str; 0]);
    let known = room.card(ANA, "a").await.unwrap();
    // Not due yet: a button of it could only be forged.
    assert_eq!(room.grades(&known, Grade::Good).await, Err(Some(Refusal::ReviewOutdated)));

    room.pass(TimeDelta::days(3));
    room.misses(GUILD, ANA, "a").await;
    assert_eq!(room.due(ANA).await, ["What is a?"]);
    let lost = room.card(ANA, "a").await.unwrap();
    assert_eq!((lost.reviews, lost.lapses), (2, 1));
    assert!(lost.learning.memory.unwrap().stability < known.learning.memory.unwrap().stability);
    assert_eq!(lost.added_at, known.added_at);
    assert_eq!(room.grades(&known, Grade::Good).await, Err(Some(Refusal::ReviewOutdated)));
    assert!(room.grades(&lost, Grade::Again).await.is_ok());
    assert_eq!(room.card(ANA, "a").await.unwrap().lapses, 2);
}

#[tokio::test]
async fn a_miss_where_nothing_was_set_up_is_let_go() {
    let room = Room::new().await;
    room.misses(GuildId(999), ANA, "a").await;
    assert_eq!(room.due(ANA).await, [] as [&str; 0]);
}
