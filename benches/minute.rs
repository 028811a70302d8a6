//! The daily minute: ten thousand study channels whose rounds are due at once. The bot may ask
//! Discord for fifty things a second (topics, "Rate limits") and each round takes two, its card and its
//! thread; the sandbox enforces that limit and those of single routes. Meanwhile members use commands.
//!
//! The bot is a process of its own, so that its memory is told apart from that of sandbox and members,
//! which share this one.
//!
//! Printed: the share of the fifty that was used, refusals for asking too fast, how long members
//! waited for an acknowledgement, and the bot's memory.
//! `CHANNELS` chooses another number; ten thousand take seven minutes.

use anyhow::Context as _;
use chrono::TimeDelta;
use futures::TryStreamExt as _;
use serde_json::json;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command as Program, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use studyhall::bank::Bank;
use studyhall::cli::bot::{Parts, settler, start};
use studyhall::cli::clock::Simulated;
use studyhall::config::{PointsConfig, RoundsConfig};
use studyhall::discord::Link;
use studyhall::domain::ids::{ChannelId, GuildId, InteractionId, MemberId};
use studyhall::domain::member::Facts;
use studyhall::engine::input::{Asker, Command, Input, Setup};
use studyhall::engine::limits::Limits;
use studyhall::sandbox::{Actor, Options, Sandbox, SimClock, Who};
use tempfile::TempDir;

/// Requests a second that Discord allows a bot.
const ALLOWED: f64 = 50.0;
/// Of those, the share that is to be used.
const USED: f64 = 0.95;
/// What the 99th of a hundred commands may take to be acknowledged.
const BUDGET: Duration = Duration::from_millis(100);
/// Study channels of one guild.
const OF_GUILD: usize = 4;
/// A member uses a command so often.
const EVERY: Duration = Duration::from_millis(100);
/// How many members do.
const MEMBERS: usize = 20;
/// How long a bot may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = std::env::var("CHANNELS").ok();
    let wanted = wanted.map_or(Ok(10_000), |number| number.parse::<usize>())?;
    let (none, _, _) = World::open(0).await?;
    let alone = none.start_bot().await?.memory()?;
    none.sandbox.stop().await;

    let (world, channels, members) = World::open(wanted).await?;
    world.set_up(&channels).await?;
    let bot = world.start_bot().await?;
    let World { sandbox, clock, .. } = &world;
    for (member, _) in &members {
        member.ready().await?;
    }

    let (cards, threads, refused) = (counter(), counter(), counter());
    let watching = {
        let mut news = sandbox.subscribe();
        let (cards, threads, refused) = (cards.clone(), threads.clone(), refused.clone());
        tokio::spawn(async move {
            while let Ok(exchange) = news.recv().await {
                if exchange.who != Who::Bot {
                    continue;
                }
                match (exchange.status, exchange.template) {
                    (429, _) => &refused,
                    (200 | 201, Some("/channels/{channel_id}/messages"))
                        if exchange.method == "POST" =>
                    {
                        &cards
                    }
                    (200 | 201, Some(route)) if route.ends_with("/threads") => &threads,
                    _ => continue,
                }
                .fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let answered = sandbox.answered_after().len();
    let (at_rest, began) = (bot.memory()?, Instant::now());
    clock.advance(TimeDelta::hours(1), &|| Box::pin(async {})).await;
    let all = channels.len() as u64;
    let mut turn = 0;
    while threads.load(Ordering::Relaxed) < all {
        if let Some((member, channel)) = members.get(turn % MEMBERS) {
            let (member, channel) = (member.clone(), *channel);
            tokio::spawn(async move { member.command(channel, "today", json!([])).await });
        }
        turn += 1;
        tokio::time::sleep(EVERY).await;
        let most = Duration::from_secs(60 + all / 20);
        anyhow::ensure!(began.elapsed() < most, "the rounds did not all come within {most:?}");
    }
    let took = began.elapsed().as_secs_f64();
    let used = (cards.load(Ordering::Relaxed) + threads.load(Ordering::Relaxed)) as f64 / took;
    let peak = bot.peak()?;
    let mut acknowledged = sandbox.answered_after().split_off(answered);
    acknowledged.sort_unstable();
    let p99 = acknowledged.get(acknowledged.len() * 99 / 100).copied().unwrap_or_default();
    println!("{all} rounds due at once, posted with their threads in {took:.1} s:");
    println!(
        "  {used:.1} requests a second of {ALLOWED}: {:.1} %, at least {:.0} %: {}",
        used / ALLOWED * 100.0,
        USED * 100.0,
        tell(used >= ALLOWED * USED)
    );
    let refused = refused.load(Ordering::Relaxed);
    println!("  {refused} refused for asking too fast, none: {}", tell(refused == 0));
    println!(
        "  {} commands meanwhile, acknowledged with p99 {p99:.1?}, under {BUDGET:?}: {}",
        acknowledged.len(),
        tell(p99 < BUDGET)
    );
    let of_thousand = |mib: f64| mib / (all as f64 / 1_000.0);
    println!(
        "  the bot's memory: {alone:.0} MiB with no channel, {at_rest:.0} before the minute, {peak:.0} \
         at the highest; for each 1,000 channels {:.1} MiB to know them, {:.1} more for the minute",
        of_thousand(at_rest - alone),
        of_thousand(peak - at_rest)
    );
    watching.abort();
    drop(bot);
    world.sandbox.stop().await;
    Ok(())
}

/// A sandbox, and where the bot keeps its database.
struct World {
    sandbox: Sandbox,
    clock: SimClock,
    folder: TempDir,
}

/// A study channel: its guild, itself, and an admin.
type Channel = (u64, u64, u64);

impl World {
    /// With so many channels, and a few members with the channel where each uses commands.
    async fn open(wanted: usize) -> anyhow::Result<(Self, Vec<Channel>, Vec<(Actor, u64)>)> {
        let clock = SimClock::parse("2026-11-23T07:00:00Z@manual").map_err(anyhow::Error::msg)?;
        let sandbox = studyhall::sandbox::start(Options {
            listener: std::net::TcpListener::bind("127.0.0.1:0")?,
            clock: clock.clone(),
            seed: 1,
            limits: true,
            extra_hosts: Vec::new(),
            content_intent: true,
        })
        .await?;
        let mut channels: Vec<Channel> = Vec::new();
        let mut members: Vec<(Actor, u64)> = Vec::new();
        while channels.len() < wanted {
            let people = ["Ana".to_owned()];
            let name = format!("Guild {}", channels.len());
            let (guild, first, cast) = sandbox.add_guild_of(&name, &people);
            let admin = cast.into_iter().next().context("an admin")?;
            let id = admin.id;
            if members.len() < MEMBERS {
                members.push((sandbox.act_as(admin), first));
            }
            channels.push((guild, first, id));
            for number in 1..OF_GUILD.min(wanted - channels.len() + 1) {
                let name = format!("study-{number}");
                channels.push((guild, sandbox.add_channel_to(guild, &name, 0), id));
            }
        }
        Ok((Self { sandbox, clock, folder: tempfile::tempdir()? }, channels, members))
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("studyhall.db")
    }

    /// Makes them study channels, by a bot in this process: members would take their time.
    async fn set_up(&self, channels: &[Channel]) -> anyhow::Result<()> {
        let (bank, _) = Bank::load(true, &[]);
        let bot = start(Parts {
            database: self.database(),
            bank: Arc::new(bank),
            rounds: RoundsConfig::default(),
            points: PointsConfig::default(),
            link: Link {
                token: self.sandbox.bot_token().into(),
                api: Some(format!("http://{}", self.sandbox.addr())),
                client: None,
                paced: true,
            },
            clock: Arc::new(Simulated(self.clock.clone())),
            seed: 1,
            min_free_mib: 50,
            limits: Limits::default(),
        })
        .await?;
        tokio::time::timeout(PATIENCE, bot.ready()).await?;
        let engine = bot.engine().clone();
        futures::stream::iter(channels.iter().zip(1_u64..).map(Ok::<_, anyhow::Error>))
            .try_for_each_concurrent(64, |((guild, channel, admin), number)| {
                let engine = engine.clone();
                async move {
                    let setup = Setup {
                        time: Some("08:00".to_owned()),
                        zone: Some("UTC".to_owned()),
                        ..Setup::default()
                    };
                    let asker = Asker {
                        guild: GuildId(*guild),
                        guild_name: "Bench".to_owned(),
                        owner: MemberId(*admin),
                        channel: ChannelId(*channel),
                        member: MemberId(*admin),
                        name: "Ana".to_owned(),
                        facts: Facts::default(),
                        interaction: InteractionId(number),
                    };
                    let command = Command::Setup { channel: ChannelId(*channel), setup };
                    let done = engine.send(Input::Command(asker, command)).await;
                    done.map(|_| ()).map_err(|no| anyhow::anyhow!("{no:?}"))
                }
            })
            .await?;
        settler(self.sandbox.clone(), &bot, 0)().await;
        bot.stop().await
    }

    /// Starts the program, and waits until it has come to rest.
    async fn start_bot(&self) -> anyhow::Result<Process> {
        let folder = self.folder.path();
        let api = format!("http://{}", self.sandbox.addr());
        let child = Program::new(env!("CARGO_BIN_EXE_studyhall"))
            .args(["run", "--api", &api, "--clock", "follow", "--seed", "1"])
            .env("DISCORD_TOKEN", self.sandbox.bot_token())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log"))?)
            .spawn()
            .context("the bot does not start")?;
        let mut bot = Process(child);
        let began = Instant::now();
        while self.sandbox.bot_connections() == 0 || self.clock.next_wait().is_none() {
            if bot.0.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                anyhow::bail!("no bot: {}", std::fs::read_to_string(folder.join("log"))?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.sandbox.settler()().await;
        Ok(bot)
    }
}

/// The bot's process; killed when it is dropped.
struct Process(Child);

impl Process {
    /// Memory in use now, in MiB.
    fn memory(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most that was in use at once, in MiB.
    fn peak(&self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))
            .context("only Linux tells")?;
        let line =
            status.lines().find_map(|line| line.strip_prefix(key)).context("no such line")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1_024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

fn counter() -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(0))
}

fn tell(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}
