//! The days: the clock goes from one event to the next, and the bot lives and dies meanwhile.

mod troubles;

use super::calendar::{TIMETABLES, Timetable};
use super::guild::{Guild, Span};
use super::record::{Peek, Record};
use super::report::Report;
use super::{Faults, audit, number};
use crate::bank::Bank;
use crate::cli::bot::Parts;
use crate::cli::clock::Simulated;
use crate::cli::killable::Killable;
use crate::config::Config;
use crate::discord::Link;
use crate::engine::limits::Limits;
use crate::sandbox::{Options, Sandbox, Settler, SimClock};
use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use indicatif::ProgressBar;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Members act so often a day, at a minute when no round is due.
const SLOTS: i64 = 8;
const SLOT_MINUTE: i64 = 7;
/// How many members study in a guild.
const MEMBERS: std::ops::Range<usize> = 4..8;
/// Names enough for the largest guild, and for those who join later.
const NAMES: [&str; 12] = [
    "Ana", "Ben", "Chidi", "Dana", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena",
];
/// After the last day, so that what is open then is closed and judged.
const REST: TimeDelta = TimeDelta::hours(1);
/// How long the bot may take to start, to come back, or to say what it owes (wire time).
const PATIENCE: Duration = Duration::from_secs(90);
/// A rest that took longer to come (wire time) is worth a word in the log.
const WORTH_A_WORD: Duration = Duration::from_secs(5);
/// Between two looks at a bot that starts or is gone.
const GLANCE: Duration = Duration::from_millis(1);

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The first instant.
    pub from: DateTime<Utc>,
    /// How many days.
    pub days: u32,
    /// How many guilds, each with one study channel.
    pub guilds: u32,
    /// How much goes wrong.
    pub faults: Faults,
    /// The root of all chance.
    pub seed: u64,
    /// How often the bot is killed (study time); None for never.
    pub kill_every: Option<TimeDelta>,
    /// A folder to make and to keep the bot's database in; None for a temporary one.
    pub keep: Option<PathBuf>,
}

/// Something that happens at an instant of study time.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Members do something.
    Slot,
    /// The bot is killed.
    Kill,
    /// It is started again.
    Start,
    /// Discord can be reached again.
    OutageEnds,
    /// The bot may write again in this guild.
    Unmuted(usize),
    /// The bot is invited back to this guild.
    Invited(usize),
    /// There is room on the disk again.
    Room,
}

/// A running simulation.
pub struct Simulation {
    plan: Plan,
    config: Config,
    bank: Arc<Bank>,
    sandbox: Sandbox,
    /// Where the bot's database is.
    folder: PathBuf,
    /// The same, where nobody wants to keep it.
    _passing: Option<TempDir>,
    bot: Option<Killable>,
    settler: Settler,
    guilds: Vec<Guild>,
    /// What is to come; the number keeps apart what comes at the same instant.
    events: BTreeMap<(DateTime<Utc>, u64), Event>,
    last_event: u64,
    outage: bool,
    /// Whether the bot's disk is full.
    full: bool,
    kills: u64,
    troubles: u64,
}

impl Simulation {
    /// Builds the guilds, starts the bot and sets it up everywhere.
    ///
    /// # Errors
    /// When the sandbox or the bot does not start, or the setup is refused.
    pub async fn open(plan: Plan, config: &Config, bank: Arc<Bank>) -> anyhow::Result<Self> {
        let sandbox = crate::sandbox::start(Options {
            listener: std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?,
            clock: SimClock::manual(plan.from),
            seed: plan.seed,
            limits: plan.faults != Faults::Calm,
            extra_hosts: Vec::new(),
            content_intent: true,
        })
        .await?;
        let (folder, passing) = if let Some(kept) = &plan.keep {
            std::fs::create_dir(kept)
                .with_context(|| format!("cannot make the folder {}", kept.display()))?;
            (kept.clone(), None)
        } else {
            let passing = tempfile::tempdir().context("cannot make a temporary folder")?;
            (passing.path().to_owned(), Some(passing))
        };
        // What a process has open bears its full name.
        let folder = folder.canonicalize().context("the folder for the database is gone")?;
        let mut simulation = Self {
            plan,
            config: config.clone(),
            bank,
            sandbox,
            folder,
            _passing: passing,
            bot: None,
            settler: at_once(),
            guilds: Vec::new(),
            events: BTreeMap::new(),
            last_event: 0,
            outage: false,
            full: false,
            kills: 0,
            troubles: 0,
        };
        simulation.found_guilds()?;
        simulation.start_bot().await?;
        simulation.set_up().await?;
        simulation.plan_events();
        Ok(simulation)
    }

    /// Lives through all days, then judges.
    ///
    /// # Errors
    /// When the simulation itself breaks; broken promises are in the report.
    pub async fn run(mut self, bar: &ProgressBar) -> anyhow::Result<Report> {
        self.live(bar).await?;
        let record = self.rest().await?;
        let report = self.judge(&record);
        self.sandbox.stop().await;
        Ok(report)
    }

    async fn live(&mut self, bar: &ProgressBar) -> anyhow::Result<()> {
        while let Some(((at, _), event)) = self.events.pop_first() {
            let day = (at - self.plan.from).num_days().cast_unsigned();
            bar.set_position(day.min(self.plan.days.into()));
            if !matches!(event, Event::Kill) {
                self.go_to(at).await;
            }
            match event {
                Event::Slot => self.slot(at).await?,
                Event::Kill => self.kill(at).await?,
                Event::Start => self.start_bot().await?,
                Event::OutageEnds => self.end_outage().await?,
                Event::Unmuted(guild) => self.unmute(guild),
                Event::Invited(guild) => self.invite(guild),
                Event::Room => self.make_room().await?,
            }
        }
        Ok(())
    }

    fn chance(&self, purpose: u64, at: DateTime<Utc>) -> ChaCha8Rng {
        let mut seed = [0; 32];
        for (part, number) in seed.chunks_exact_mut(8).zip([self.plan.seed, purpose, number(at)]) {
            part.copy_from_slice(&number.to_le_bytes());
        }
        ChaCha8Rng::from_seed(seed)
    }

    fn end(&self) -> DateTime<Utc> {
        self.plan.from + TimeDelta::days(self.plan.days.into())
    }

    fn found_guilds(&mut self) -> anyhow::Result<()> {
        for (number, (zone, time, workdays)) in
            (0..self.plan.guilds).zip(TIMETABLES.into_iter().cycle())
        {
            let mut rng = self.chance(1, self.plan.from + TimeDelta::seconds(number.into()));
            let name = format!("{zone} {}", number / 10 + 1);
            let people: Vec<String> = NAMES
                .iter()
                .take(rng.random_range(MEMBERS))
                .map(|name| (*name).to_owned())
                .collect();
            let (id, channel, members) = self.sandbox.add_guild_of(&name, &people);
            let timetable = Timetable {
                zone: zone.parse().map_err(|_| anyhow::anyhow!("{zone} is no zone"))?,
                time: time.parse().context("no time of day")?,
                workdays,
            };
            let actors = members.into_iter().map(|one| self.sandbox.act_as(one)).collect();
            // The setup takes a moment of no study time at all: what is due at the first instant is
            // before it.
            let dues = timetable.between(self.plan.from, self.end() + TimeDelta::days(8));
            self.guilds.push(Guild::new(name, id, channel, timetable, actors, dues));
        }
        Ok(())
    }

    async fn set_up(&self) -> anyhow::Result<()> {
        for guild in &self.guilds {
            let admin = guild.members.first().context("a guild has members")?;
            admin.ready().await?;
            let days = if guild.timetable.workdays { "mon-fri" } else { "daily" };
            let options = json!([
                {"name": "channel", "value": guild.channel.to_string()},
                {"name": "time", "value": guild.timetable.time.format("%H:%M").to_string()},
                {"name": "zone", "value": guild.timetable.zone.name()},
                {"name": "weekdays", "value": days},
            ]);
            let call = json!([{"name": "setup", "options": options}]);
            let reply = admin.command(guild.channel, "study", call).await?;
            anyhow::ensure!(!reply.failed, "the setup of {} got no answer", guild.name);
        }
        (self.settler)().await;
        Ok(())
    }

    /// Slots and kills; everything else comes up on the way.
    fn plan_events(&mut self) {
        let (from, end) = (self.plan.from, self.end());
        let slots = SLOTS * i64::from(self.plan.days);
        for slot in 0..slots {
            let at = from + TimeDelta::minutes(slot * 24 * 60 / SLOTS + SLOT_MINUTE);
            self.put(at, Event::Slot);
        }
        let Some(every) = self.plan.kill_every else { return };
        let mut dues: Vec<DateTime<Utc>> =
            self.guilds.iter().flat_map(|guild| guild.dues()).map(|due| due.at).collect();
        dues.sort_unstable();
        dues.dedup();
        let mut at = from + every;
        while at < end {
            // Half of the kills come as a round is due, the others while members do something.
            let due = dues.iter().find(|due| **due > at).filter(|due| **due < at + every);
            let slot = self.events.range((at, 0)..).next().map(|((slot, _), _)| *slot);
            let moment = if self.chance(2, at).random_bool(0.5) { due.copied() } else { slot };
            self.put(moment.unwrap_or(at), Event::Kill);
            at += every;
        }
    }

    fn put(&mut self, at: DateTime<Utc>, event: Event) {
        // A kill comes before what happens at the same instant, so that it happens amid that.
        let first = matches!(event, Event::Kill);
        self.last_event += 1;
        self.events.insert((at, if first { 0 } else { self.last_event }), event);
    }

    // Time.

    /// Goes forward to an instant, stopping wherever something is due.
    async fn go_to(&self, at: DateTime<Utc>) {
        let by = at - self.sandbox.clock().now();
        if by > TimeDelta::zero() {
            // Ticks that can't be saved leave something due, so that there is no rest.
            let rests = self.bot.is_some() && !self.full;
            let settler = if rests { Arc::clone(&self.settler) } else { at_once() };
            self.sandbox.clock().advance(by, &*settler).await;
        }
    }

    /// Waits until the bot has said what it can say.
    async fn come_to_rest(&self) -> anyhow::Result<()> {
        if self.bot.is_none() || self.outage || self.full {
            return Ok(());
        }
        (self.settler)().await;
        if self.plan.faults == Faults::Calm {
            return Ok(());
        }
        let sick: Vec<u64> =
            self.guilds.iter().filter(|guild| guild.is_disturbed()).map(|guild| guild.id).collect();
        let mut peek = Peek::open(&self.database()).await?;
        let began = Instant::now();
        let connected = || self.sandbox.bot_connections() > 0;
        let mut pending = peek.pending(&sick).await?;
        while (pending > 0 || !connected()) && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
            pending = peek.pending(&sick).await?;
        }
        peek.close().await?;
        let (waited, connected) = (began.elapsed(), connected());
        if waited > WORTH_A_WORD {
            tracing::info!(?waited, pending, connected, "came to rest late");
        }
        self.sandbox.clear_faults();
        self.sandbox.clear_gateway_faults();
        (self.settler)().await;
        Ok(())
    }

    // The bot's life.

    fn database(&self) -> PathBuf {
        self.folder.join("studyhall.db")
    }

    fn parts(&self) -> Parts {
        Parts {
            database: self.database(),
            bank: Arc::clone(&self.bank),
            rounds: self.config.rounds.clone(),
            points: self.config.points.clone(),
            link: Link {
                token: self.sandbox.bot_token().into(),
                api: Some(format!("http://{}", self.sandbox.addr())),
                client: None,
                paced: self.plan.faults != Faults::Calm,
            },
            clock: Arc::new(Simulated(self.sandbox.clock())),
            seed: self.plan.seed,
            min_free_mib: 50,
            limits: limits(),
        }
    }

    /// Starts the bot, as whatever watches over it would: again, until it stays. During an outage it
    /// is left for later.
    async fn start_bot(&mut self) -> anyhow::Result<()> {
        if self.bot.is_some() || self.outage {
            return Ok(());
        }
        let began = Instant::now();
        let before = self.sandbox.dispatched_to_bot();
        let bot = loop {
            match Killable::start(self.parts(), "bot").await {
                Ok(bot) => break bot,
                Err(error) if began.elapsed() > PATIENCE => return Err(error),
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        };
        // A gateway that stumbles may take more than one attempt; what never comes, shows later.
        let _late = tokio::time::timeout(PATIENCE, bot.bot().ready()).await;
        self.settler = bot.settler(self.sandbox.clone(), before);
        self.bot = Some(bot);
        let now = self.sandbox.clock().now();
        for guild in &mut self.guilds {
            guild.disturbed.push(Span { from: now, to: Some(now) });
        }
        self.come_to_rest().await
    }

    /// Kills the bot in the midst of what happens at `at`.
    async fn kill(&mut self, at: DateTime<Utc>) -> anyhow::Result<()> {
        // Everything up to then in peace, then the instant itself without waiting for anybody.
        self.go_to(at - TimeDelta::milliseconds(1)).await;
        let Some(bot) = self.bot.take() else { return Ok(()) };
        let mut rng = self.chance(3, at);
        let is_slot = self
            .events
            .first_key_value()
            .is_some_and(|((next, _), event)| *next == at && matches!(event, Event::Slot));
        let by = at - self.sandbox.clock().now();
        self.sandbox.clock().advance(by, &*at_once()).await;
        let requests = self.sandbox.requests_of_bot() + rng.random_range(0..40);
        let longest = Duration::from_millis(rng.random_range(0..40));
        let began = Instant::now();
        let sandbox = self.sandbox.clone();
        let struck = async {
            while sandbox.requests_of_bot() < requests && began.elapsed() < longest {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if is_slot {
            self.events.pop_first();
            let acts = self.acts(at, !self.outage);
            tokio::select! {
                () = struck => {}
                () = acts => {}
            }
        } else {
            struck.await;
        }
        // It knows the bot's store, and would keep that open.
        self.settler = at_once();
        bot.kill(&self.folder).await?;
        // The full disk is known to the store of the killed bot alone.
        self.full = false;
        self.kills += 1;
        self.lose_connections().await?;
        let away = self.plan.faults.downtime(&mut rng);
        if away.is_zero() {
            return self.start_bot().await;
        }
        for guild in &mut self.guilds {
            guild.disturbed.push(Span { from: at, to: Some(at + away) });
        }
        self.put(at + away, Event::Start);
        Ok(())
    }

    /// Waits until the sandbox has seen that a killed bot is gone. What it still sends to that one
    /// would else be waited for, a second long, by whoever waits for the next bot to have read all.
    async fn lose_connections(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.sandbox.bot_connections() > 0 {
            anyhow::ensure!(began.elapsed() < PATIENCE, "the killed bot stays connected");
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    // The days.

    async fn slot(&mut self, at: DateTime<Utc>) -> anyhow::Result<()> {
        let mut rng = self.chance(4, at);
        for trouble in self.plan.faults.troubles(&mut rng) {
            self.brew(trouble, &mut rng).await;
        }
        self.acts(at, self.bot.is_some() && !self.outage).await;
        self.come_to_rest().await?;
        if self.bot.as_ref().is_some_and(|bot| bot.bot().has_ended()) {
            // It gave up by itself, which only a few refusals of Discord's allow.
            self.settler = at_once();
            if let Some(bot) = self.bot.take() {
                let why = bot.stop().await;
                tracing::warn!(?why, "the bot ended by itself");
            }
            self.start_bot().await?;
        }
        Ok(())
    }

    /// All guilds at the same time; in each of them one member after the other.
    /// `there`: whether the bot can hear them.
    async fn acts(&mut self, at: DateTime<Utc>, there: bool) {
        let chances: Vec<ChaCha8Rng> =
            (0..self.guilds.len()).map(|number| self.chance(1_000 + number as u64, at)).collect();
        let sandbox = self.sandbox.clone();
        let acts = self.guilds.iter_mut().zip(chances).map(|(guild, rng)| {
            guild.look(&sandbox);
            let there = there && !guild.is_disturbed();
            guild.act(&sandbox, there, rng)
        });
        join_all(acts).await;
    }

    async fn end_outage(&mut self) -> anyhow::Result<()> {
        self.outage = false;
        self.sandbox.set_outage(false);
        self.start_bot().await?;
        self.come_to_rest().await
    }

    // The end.

    /// Lets the bot say what it still owes, stops it, and reads what it leaves behind.
    async fn rest(&mut self) -> anyhow::Result<Record> {
        self.start_bot().await?;
        self.go_to(self.end() + REST).await;
        self.come_to_rest().await?;
        for guild in &mut self.guilds {
            guild.look(&self.sandbox);
        }
        self.settler = at_once();
        if let Some(bot) = self.bot.take() {
            bot.stop().await.context("the bot broke")?;
        }
        Record::read(&self.database()).await
    }

    fn judge(&self, record: &Record) -> Report {
        let mut report = Report {
            requests: self.sandbox.statuses(),
            kills: self.kills,
            troubles: self.troubles,
            pending: record.pending,
            ..Report::default()
        };
        let law = audit::Law {
            lateness: TimeDelta::minutes(self.config.rounds.lateness_minutes.into()),
            points: &self.config.points,
            end: self.end(),
        };
        for guild in &self.guilds {
            audit::guild(&mut report, &law, &self.sandbox, guild, record);
        }
        if record.pending > 0 {
            report.breaks(format!("{} deliveries were never made", record.pending));
        }
        report
    }
}

/// Limits for days that pass in seconds: a minute's wait for the gateway would be a week of study time.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.gateway.session = Duration::from_millis(800);
    limits.gateway.first_wait = Duration::from_millis(10);
    limits.gateway.longest_wait = Duration::from_millis(500);
    limits.gateway.between_identifies = Duration::from_millis(10);
    limits.outbox.second_look = Duration::from_millis(20);
    limits.outbox.request = Duration::from_secs(1);
    limits.outbox.slow_after = Duration::from_millis(200);
    limits.writer.first_wait = Duration::from_millis(50);
    limits.writer.longest_wait = Duration::from_millis(500);
    limits.close.read_again = Duration::from_millis(20);
    limits
}

/// Waits for nothing.
fn at_once() -> Settler {
    Arc::new(|| Box::pin(async {}))
}

#[cfg(test)]
mod tests;
