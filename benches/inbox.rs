//! Decisions per second through the inbox, on a file database with full synchronisation.
//!
//! Two figures from one run: clicks handed in one after the other (each pays a commit of its own),
//! and 64 at a time, as when a class votes in the same second (they share commits).

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use studyhall::bank::Bank;
use studyhall::domain::answer::ThreadMessage;
use studyhall::domain::ids::{
    ChannelId, DISCORD_EPOCH_MS, GuildId, InteractionId, MemberId, MessageId,
};
use studyhall::domain::member::Facts;
use studyhall::domain::points::Rules;
use studyhall::engine::clock::StudyClock;
use studyhall::engine::courier::Outcome;
use studyhall::engine::input::{Asker, Click, Command, Input, Setup};
use studyhall::engine::limits::Limits;
use studyhall::engine::{Engine, Settings};
use studyhall::store::Store;
use tokio_util::sync::CancellationToken;

const GUILD: GuildId = GuildId(1 << 40);
const STUDY: ChannelId = ChannelId(2 << 40);
const CARD: MessageId = MessageId(3 << 40);
const THREAD: ChannelId = ChannelId(3 << 40);
const BOT: MemberId = MemberId(9);
const ANSWERS: u64 = 50;

/// Stands still: the bench is about the inbox, not about time.
struct Still(DateTime<Utc>);

impl StudyClock for Still {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    fn wait_until(&self, _at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(futures::future::pending())
    }
}

static SNOWFLAKE: AtomicU64 = AtomicU64::new(0);

fn snowflake(now: DateTime<Utc>) -> u64 {
    let ms = u64::try_from(now.timestamp_millis() - DISCORD_EPOCH_MS).unwrap_or(0);
    (ms << 22) + SNOWFLAKE.fetch_add(1, Ordering::Relaxed)
}

fn asker(member: u64, now: DateTime<Utc>) -> Asker {
    Asker {
        guild: GUILD,
        guild_name: "Bench".to_owned(),
        owner: MemberId(1),
        channel: STUDY,
        member: MemberId(member),
        name: format!("Member {member}"),
        facts: Facts::default(),
        interaction: InteractionId(snowflake(now)),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.db");
    let (engine, stop, task, card) = open_round(&file).await?;
    let now = engine.now();

    let vote = |voter: u64, author: u64| {
        let click = Click::Vote { card: card.clone(), author: MemberId(author) };
        Input::Click(asker(voter, now), click)
    };
    for (label, clicks, at_once) in [("one at a time", 2_000, 1), ("64 at once", 20_000, 64)] {
        let began = Instant::now();
        let mut counted = futures::stream::iter(0..clicks)
            // Voters 1,000 and up have no answer of their own; they change their votes on and on.
            .map(|n: u64| engine.send(vote(1_000 + n % 500, 100 + n % ANSWERS)))
            .buffer_unordered(at_once);
        while let Some(done) = counted.next().await {
            done.map_err(|no| anyhow::anyhow!("{no:?}"))?;
        }
        let seconds = began.elapsed().as_secs_f64();
        println!("inbox, {label}: {clicks} ballots, {:.0} per second", clicks as f64 / seconds);
    }
    stop.cancel();
    task.await?;
    Ok(())
}

/// A study channel with an open round and answers in its thread; nothing of Discord is needed.
async fn open_round(
    file: &Path,
) -> anyhow::Result<(Engine, CancellationToken, tokio::task::JoinHandle<()>, String)> {
    let now = "2026-11-23T08:00:00Z".parse()?;
    let settings = Settings {
        lateness: TimeDelta::hours(2),
        stock_warning_days: 0,
        rules: Rules::default(),
        bot: BOT,
        seed: 1,
        min_free_mib: 50,
        limits: Limits::default(),
    };
    let (bank, _) = Bank::load(true, &[]);
    let store = Store::open(file).await?;
    let (engine, inbox) = Engine::new(store, Arc::new(bank), settings, Arc::new(Still(now)));
    let stop = CancellationToken::new();
    let task = tokio::spawn(inbox.run(stop.clone()));
    let say = |input| async { engine.send(input).await.map_err(|no| anyhow::anyhow!("{no:?}")) };
    let setup =
        Setup { time: Some("07:00".to_owned()), zone: Some("UTC".to_owned()), ..Setup::default() };
    say(Input::Command(asker(1, now), Command::Setup { channel: STUDY, setup })).await?;
    say(Input::Command(asker(1, now), Command::Post { channel: None })).await?;
    say(Input::Attempt { delivery: 1 }).await?;
    let said = Outcome::Said(Some((STUDY, CARD)));
    say(Input::Attempted { delivery: 1, outcome: said }).await?;
    say(Input::Attempt { delivery: 2 }).await?;
    say(Input::Attempted { delivery: 2, outcome: Outcome::Threaded(THREAD) }).await?;
    for author in 100..100 + ANSWERS {
        let message = ThreadMessage {
            id: MessageId(snowflake(now)),
            author: MemberId(author),
            author_name: format!("Author {author}"),
            bot: false,
            kind: 0,
            reply_to: None,
            content: "An answer that is long enough to count as one.".to_owned(),
            attachments: Vec::new(),
            edited_ms: None,
        };
        say(Input::Message { guild: GUILD, thread: THREAD, message, facts: Facts::default() })
            .await?;
    }
    let round = engine.today(GUILD, STUDY, MemberId(1)).await?;
    let id = round.open.first().map(|open| open.round.id).ok_or(anyhow::anyhow!("no round"))?;
    let card = engine.card(id).await?.key;
    Ok((engine, stop, task, card))
}
