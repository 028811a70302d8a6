//! Points are the same whatever Discord delivers how often: on a real file, click by click.

use super::super::clock::StudyClock;
use super::super::desk::{Desk, Stop};
use super::super::input::{Asker, Reply};
use super::super::{Engine, Inbox, Settings};
use super::{Press, Said, Wish};
use crate::bank::Bank;
use crate::domain::ids::{
    ChannelId, DISCORD_EPOCH_MS, GuildId, InteractionId, MemberId, MessageId, QuestionId,
};
use crate::domain::member::Facts;
use crate::domain::points::Rules;
use crate::domain::question::{Choice, Difficulty, Kind, Question};
use crate::domain::quiz::{Mode, RunId};
use crate::engine::limits::Limits;
use crate::store::guilds::{self, Guild};
use crate::store::{Store, ledger, quizzes};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use proptest::sample::Index;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

const GUILD: GuildId = GuildId(100);
const START: i64 = 1_795_420_800_000;

/// A clock that is set by hand, in milliseconds from the start.
struct Hand(AtomicI64);

impl StudyClock for Hand {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(START + self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn wait_until(&self, _: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

struct Bench {
    engine: Engine,
    clock: Arc<Hand>,
    _inbox: Inbox,
    _folder: TempDir,
}

fn question(number: usize) -> Question {
    let choice = |index: usize| Choice {
        text: format!("Choice {index}"),
        right: index == 0,
        why: (index > 0).then(|| "No.".to_owned()),
    };
    Question {
        id: QuestionId(format!("small/lists/q{number}")),
        topic: "lists".to_owned(),
        difficulty: Difficulty::ALL[number % 3],
        kind: Kind::Concept,
        tags: Vec::new(),
        title: format!("Question {number}"),
        prompt: "What?".to_owned(),
        hint: None,
        answer: "That.".to_owned(),
        choices: (0..4).map(choice).collect(),
        follow_ups: Vec::new(),
        sources: Vec::new(),
    }
}

impl Bench {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("study.db")).await.unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        let bank: Bank = (0..6).map(question).collect();
        let settings = Settings {
            lateness: TimeDelta::hours(2),
            stock_warning_days: 1,
            // Low enough that the limit is met.
            rules: Rules { quiz_daily: 7, ..Rules::default() },
            bot: MemberId(1),
            seed: 7,
            min_free_mib: 50,
            limits: Limits::default(),
        };
        let mut db = store.begin().await.unwrap();
        let guild = Guild {
            id: GUILD,
            name: "Guild".to_owned(),
            zone: chrono_tz::Europe::Lisbon,
            notices: None,
            setup_by: MemberId(2),
            owner: MemberId(2),
        };
        guilds::save(&mut db, &guild).await.unwrap();
        db.commit().await.unwrap();
        let shared: Arc<dyn StudyClock> = Arc::<Hand>::clone(&clock);
        let (engine, inbox) = Engine::new(store, Arc::new(bank), settings, shared);
        Self { engine, clock, _inbox: inbox, _folder: folder }
    }

    fn set(&self, ms: i64) {
        self.clock.0.store(ms, Ordering::SeqCst);
    }

    /// Does one thing at the desk, and keeps it unless it was refused.
    async fn at_desk(
        &self,
        work: impl AsyncFnOnce(&mut Desk<'_>) -> Result<Reply, Stop>,
    ) -> Option<Said> {
        let mut db = self.engine.shared.store.begin().await.unwrap();
        let mut desk = Desk::new(&self.engine.shared, &mut db);
        match work(&mut desk).await {
            Ok(reply) => {
                db.commit().await.unwrap();
                match reply {
                    Reply::Quiz(said) => Some(said),
                    _ => None,
                }
            }
            Err(Stop::Refused(_)) => None,
            Err(Stop::Broken(error)) => panic!("{error:#}"),
        }
    }

    async fn press(&self, asker: &Asker, press: &Press) -> Option<Said> {
        self.at_desk(async |desk| desk.quiz_press(asker, press.clone()).await).await
    }

    async fn start(&self, mode: Mode, count: u32) -> String {
        let wish = Wish { mode, topic: None, difficulty: None, count, seconds: None, race: false };
        self.at_desk(async |desk| desk.quiz(&asker(10, 0, 0), wish).await).await.unwrap();
        let mut db = self.engine.shared.store.read().await.unwrap();
        quizzes::find(&mut db, RunId(1)).await.unwrap().unwrap().key
    }

    /// Cause and points of every ledger row of the members.
    async fn booked(&self) -> BTreeMap<String, i64> {
        let mut db = self.engine.shared.store.read().await.unwrap();
        let mut rows = BTreeMap::new();
        for member in 10..20 {
            for entry in ledger::of_member(&mut db, GUILD, MemberId(member), 99).await.unwrap() {
                assert_eq!(rows.insert(entry.cause, entry.points), None);
            }
        }
        rows
    }
}

/// A click of a member at an instant; `number` tells apart those of the same.
fn asker(member: u64, ms: i64, number: u64) -> Asker {
    let since = u64::try_from(START + ms - DISCORD_EPOCH_MS).unwrap();
    Asker {
        guild: GUILD,
        guild_name: "Guild".to_owned(),
        facts: Facts::default(),
        owner: MemberId(2),
        channel: ChannelId(200),
        member: MemberId(member),
        name: format!("Member {member}"),
        interaction: InteractionId((since << 22) + number),
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A run of five questions alone, answered by these choices; after each press those of the
/// replays are delivered again.
async fn alone(choices: &[usize], replays: &[Vec<Index>]) -> (BTreeMap<String, i64>, Option<Said>) {
    let bench = Bench::new().await;
    let key = bench.start(Mode::Solo, 5).await;
    let mut presses = Vec::new();
    for (position, choice) in choices.iter().enumerate() {
        let ms = 2_000 * i64::try_from(position).unwrap() + 1_000;
        let answer = Press::Answer { key: key.clone(), position, screen: 1, choice: *choice };
        presses.push((asker(10, ms, 0), answer));
        let next = Press::Next { key: key.clone(), position, screen: 1 };
        presses.push((asker(10, ms + 1_000, 0), next));
    }
    for (index, (asker, press)) in presses.iter().enumerate() {
        bench.press(asker, press).await.unwrap();
        for replay in replays.get(index).into_iter().flatten() {
            let (asker, press) = replay.get(&presses[..=index]);
            bench.press(asker, press).await;
        }
    }
    let last = Press::Next { key, position: 4, screen: 1 };
    let end = bench.press(&asker(10, 20_000, 0), &last).await;
    (bench.booked().await, end)
}

/// One question of a group's run, with these clicks in this order.
async fn together(clicks: &[(u64, usize, i64, u64)]) -> BTreeMap<String, i64> {
    let bench = Bench::new().await;
    let key = bench.start(Mode::Group, 1).await;
    bench
        .at_desk(async |desk| {
            desk.quiz_card_accepted(RunId(1), MessageId(300)).await?;
            Ok(Reply::Noted)
        })
        .await;
    let start = Press::Start { key: key.clone() };
    assert_eq!(bench.press(&asker(10, 0, 1), &start).await, Some(Said::Silent));
    for (member, choice, ms, number) in clicks {
        let press = Press::Choose { key: key.clone(), position: 0, choice: *choice };
        bench.press(&asker(*member, *ms, *number), &press).await.unwrap();
    }
    bench.set(31_000);
    bench
        .at_desk(async |desk| {
            desk.quiz_tick().await?;
            Ok(Reply::Noted)
        })
        .await;
    bench.booked().await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn replayed_clicks_alone_change_nothing(
        choices in proptest::collection::vec(0..4_usize, 5),
        replays in proptest::collection::vec(
            proptest::collection::vec(any::<Index>(), 0..4), 10),
    ) {
        let clean = run(alone(&choices, &[]));
        let disturbed = run(alone(&choices, &replays));
        prop_assert_eq!(&disturbed, &clean);
        prop_assert_eq!(clean.0.values().sum::<i64>() <= 7, true);
    }

    #[test]
    fn clicks_of_a_group_earn_the_same_in_any_order_and_however_often(
        clicks in proptest::collection::vec((11..15_u64, 0..4_usize, 0..29_000_i64), 1..8)
            .prop_map(|clicks| {
                let numbered = clicks.into_iter().enumerate();
                numbered.map(|(n, (who, what, ms))| (who, what, ms, n as u64)).collect::<Vec<_>>()
            }),
        order in proptest::collection::vec(any::<Index>(), 0..12),
    ) {
        let mut clean = clicks.clone();
        clean.sort_by_key(|(_, _, ms, number)| (*ms, *number));
        let replayed: Vec<_> =
            order.iter().map(|index| *index.get(&clicks)).chain(clean.iter().rev().copied()).collect();
        prop_assert_eq!(run(together(&replayed)), run(together(&clean)));
    }
}

#[test]
fn what_is_compared_is_not_nothing() {
    // Every button once: one of the four members is right.
    let clicks: Vec<_> = (0..4).map(|n| (11 + n as u64, n, 1_000, 0)).collect();
    let booked = run(together(&clicks));
    assert_eq!(booked.len(), 1, "{booked:?}");
    let all: usize = (0..4).map(|choice| run(alone(&[choice; 5], &[])).0.len()).sum();
    assert!(all >= 3, "five questions have five right choices, the last beyond the limit: {all}");
}
