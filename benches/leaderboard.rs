//! How long a board takes, by rows of the ledger: any window, page and topic, on a file database.
//!
//! A guild of 10,000 members with 10,000, 100,000 and 1,000,000 ledger rows over the last year. What
//! is timed is the whole question that `/leaderboard` asks of the engine: count, page, names,
//! streaks, the asker's own rank. A board must take less than 10 ms, and not grow with the ledger.
//!
//! All but the last of the rows are there before the standings are kept, as in the database of an
//! older version; the first tick sums them up. The last 2,000 are booked one by one, as points are.
//!
//! `cargo bench --bench leaderboard -- 10000 100000` for other sizes.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use studyhall::bank::Bank;
use studyhall::domain::ids::{ChannelId, GuildId, InteractionId, MemberId, QuestionId};
use studyhall::domain::member::Facts;
use studyhall::domain::points::{Cause, Rules};
use studyhall::domain::ranking::Window;
use studyhall::domain::ranking::which::Which;
use studyhall::domain::streak::Streak;
use studyhall::engine::clock::StudyClock;
use studyhall::engine::input::{Asker, Command, Input, Setup};
use studyhall::engine::limits::Limits;
use studyhall::engine::{BoardCommand, Engine, Entry, Settings, Source};
use studyhall::store::{Store, ledger, members, standings};
use tokio_util::sync::CancellationToken;

const GUILD: GuildId = GuildId(1 << 40);
const STUDY: ChannelId = ChannelId(2 << 40);
const MEMBERS: u64 = 10_000;
const TOPICS: u64 = 20;
/// Rows booked one by one, with the standings.
const BOOKED: u64 = 2_000;
/// Boards of each kind that are asked for, at different pages and by different members.
const TIMES: u64 = 200;

/// Stands still, on a Friday afternoon late in a month.
struct Still;

impl StudyClock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_788_000, 0).unwrap_or_default()
    }

    fn wait_until(&self, _at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(futures::future::pending())
    }
}

/// Numbers that look drawn by lot and are the same in every run (SplitMix64).
fn lot(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let sizes: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    for rows in sizes {
        let folder = tempfile::tempdir()?;
        one_size(&folder.path().join("bench.db"), rows).await?;
    }
    Ok(())
}

async fn one_size(file: &Path, rows: u64) -> anyhow::Result<()> {
    let store = Store::open(file).await?;
    let settings = Settings {
        lateness: TimeDelta::hours(2),
        stock_warning_days: 0,
        rules: Rules::default(),
        bot: MemberId(9),
        seed: 1,
        min_free_mib: 50,
        limits: Limits::default(),
    };
    let bank = Arc::new(Bank::load(true, &[]).0);
    let (engine, inbox) = Engine::new(store.clone(), bank, settings, Arc::new(Still));
    let stop = CancellationToken::new();
    let task = tokio::spawn(inbox.run(stop.clone()));
    let setup =
        Setup { time: Some("07:00".to_owned()), zone: Some("UTC".to_owned()), ..Setup::default() };
    command(&engine, Command::Setup { channel: STUDY, setup }).await?;
    let date = Some("2026-09-01".to_owned());
    let season = BoardCommand::StartSeason { name: "Autumn".to_owned(), date };
    command(&engine, Command::Boards(season)).await?;

    let booked = rows.min(BOOKED);
    people(&store).await?;
    let mut db = store.begin().await?;
    for (period, _) in standings::periods(&mut db, GUILD).await? {
        standings::close(&mut db, period).await?;
    }
    db.commit().await?;
    fill(&store, rows, 0..rows - booked).await?;
    let began = Instant::now();
    let ticked = engine.send(Input::Tick).await;
    ticked.map_err(|no| anyhow::anyhow!("{no:?}"))?;
    let summed = began.elapsed().as_secs_f64();
    let began = Instant::now();
    fill(&store, rows, rows - booked..rows).await?;
    let each = began.elapsed().as_secs_f64() * 1_000_000.0 / booked as f64;
    let size = std::fs::metadata(file)?.len() / (1 << 20);
    println!(
        "leaderboard, {rows} rows: summed up in {summed:.1} s, then booked at {each:.0} µs a row, \
         {size} MB"
    );

    let topic = "topic-7".to_owned();
    for window in Window::ALL {
        for (kind, topic, newcomers) in [
            ("everyone", None, false),
            ("newcomers", None, true),
            ("by topic", Some(topic.clone()), false),
        ] {
            let which = Which { window, topic, newcomers };
            time(&engine, &which, &format!("{window} {kind}")).await?;
        }
    }
    let began = Instant::now();
    let found = engine.compare_standings(GUILD).await?;
    println!(
        "  recount: {} sums, {} differ, {:.1} s",
        found.rows,
        found.different,
        began.elapsed().as_secs_f64()
    );
    anyhow::ensure!(found.different == 0, "the standings differ from the ledger");
    stop.cancel();
    task.await?;
    store.close().await;
    Ok(())
}

/// Asks for the first page, the last one and many between, each by another member.
async fn time(engine: &Engine, which: &Which, label: &str) -> anyhow::Result<()> {
    let pages = engine.board(GUILD, which, 0, MemberId(1)).await?.pages;
    let mut times: Vec<Duration> = Vec::new();
    for n in 0..TIMES {
        let page = match n % 4 {
            0 => 0,
            1 => pages - 1,
            _ => u32::try_from(lot(n) % u64::from(pages))?,
        };
        let began = Instant::now();
        let board = engine.board(GUILD, which, page, MemberId(1 + lot(n) % MEMBERS)).await?;
        times.push(began.elapsed());
        anyhow::ensure!(board.page == page, "another page");
    }
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    let (middle, worst) = (ms(times.get(times.len() / 2)), ms(times.last()));
    println!("  {label}: {pages} pages, median {middle:.2} ms, worst {worst:.2} ms");
    Ok(())
}

/// Members, a tenth of them new, a hundredth gone.
async fn people(store: &Store) -> anyhow::Result<()> {
    let now = Still.now();
    let mut db = store.begin().await?;
    for member in 1..=MEMBERS {
        let days = if member % 10 == 0 { 10 } else { 400 };
        let facts = Facts { roles: Some([].into()), joined: Some(now - TimeDelta::days(days)) };
        let name = format!("Member {member}");
        members::seen(&mut db, GUILD, MemberId(member), &name, &facts, now).await?;
        if member % 100 == 0 {
            members::left(&mut db, GUILD, MemberId(member), now).await?;
        }
        let length = u32::try_from(member % 50)?;
        let streak = Streak { length, best: 50, graces: 0, toward_grace: 0 };
        ledger::save_streak(&mut db, STUDY, MemberId(member), streak).await?;
    }
    db.commit().await?;
    Ok(())
}

/// Some of all `rows`, by the same way as the bot's own.
async fn fill(store: &Store, rows: u64, some: Range<u64>) -> anyhow::Result<()> {
    let now = Still.now();
    for begin in some.clone().step_by(20_000) {
        let mut db = store.begin().await?;
        for n in begin..(begin + 20_000).min(some.end) {
            // Evenly over a year, as rounds come; members by lot.
            let back = TimeDelta::seconds(signed(365 * 86_400 * (rows - 1 - n) / rows));
            let topic = lot(n) % TOPICS;
            let entry = Entry {
                guild: GUILD,
                member: MemberId(1 + lot(n + rows) % MEMBERS),
                source: Source::Quiz,
                question: QuestionId(format!("bench/topic-{topic}/{}", lot(n) % 50)),
                kind: Cause::Quiz,
                cause: format!("quiz:{n}"),
                points: 1 + signed(lot(n) % 3),
                at: now - back,
            };
            ledger::add(&mut db, &entry).await?;
        }
        db.commit().await?;
    }
    Ok(())
}

async fn command(engine: &Engine, command: Command) -> anyhow::Result<()> {
    let now = engine.now();
    let asker = Asker {
        guild: GUILD,
        guild_name: "Bench".to_owned(),
        owner: MemberId(1),
        channel: STUDY,
        member: MemberId(1),
        name: "Member 1".to_owned(),
        facts: Facts::default(),
        interaction: InteractionId(u64::try_from(now.timestamp_millis())? << 22),
    };
    let done = engine.send(Input::Command(asker, command)).await;
    done.map(|_| ()).map_err(|no| anyhow::anyhow!("{no:?}"))
}
