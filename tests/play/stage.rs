//! A sandbox, the real bot on a database of its own, and what a story needs of both.

use crate::cast::Member;
use crate::log;
use crate::openapi;
use crate::post::{Post, number};
use crate::questions;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::collections::HashSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use studyhall::bank::Bank;
use studyhall::cli::bot::{self, Bot, Parts};
use studyhall::cli::clock::Simulated;
use studyhall::cli::killable::Killable;
use studyhall::config::{PointsConfig, RoundsConfig};
use studyhall::discord::Link;
use studyhall::engine::clock::StudyClock;
use studyhall::engine::intent::Intent;
use studyhall::engine::limits::Limits;
use studyhall::engine::milestone::Milestones;
use studyhall::engine::vitals::Vitals;
use studyhall::engine::{Delivery, Engine};
use studyhall::sandbox::{Exchange, Heard, Options, Sandbox, Settler, SimClock};
use studyhall::store::{Store, deliveries};
use tempfile::TempDir;

/// A Monday, one minute before the usual time of a round.
pub const MONDAY: &str = "2026-11-23T07:59:00Z";

/// An instant as Discord shows it to each reader in the reader's own zone.
pub fn stamp(instant: &str) -> String {
    let instant: DateTime<Utc> = instant.parse().unwrap();
    format!("<t:{}:F>", instant.timestamp())
}

/// The longest wait for anything (wire time).
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a story may choose before it begins.
pub struct Props {
    pub start: &'static str,
    pub bank: Bank,
    pub rounds: RoundsConfig,
    /// Of watchdogs and back-offs.
    pub limits: Limits,
    /// Who sees the bot's milestones passed.
    pub milestones: Milestones,
    /// The bot's clock, made from the sandbox's.
    pub clock: fn(SimClock) -> Arc<dyn StudyClock>,
}

/// The limits of production, but with shorter pauses before a second look.
pub fn quick() -> Limits {
    let mut limits = Limits::default();
    limits.outbox.second_look = Duration::from_millis(300);
    limits.close.read_again = Duration::from_millis(300);
    limits
}

impl Default for Props {
    fn default() -> Self {
        // Enough questions that no story runs low by accident.
        Self {
            start: MONDAY,
            bank: questions::bank(24),
            rounds: RoundsConfig::default(),
            limits: quick(),
            milestones: Milestones::default(),
            clock: |clock| Arc::new(Simulated(clock)),
        }
    }
}

/// The sandbox as the members see it.
pub struct Place {
    pub sandbox: Sandbox,
    /// The channel that the stories study in.
    pub study: u64,
    /// How the running bot comes to rest; None while there is none.
    settler: Mutex<Option<Settler>>,
}

impl Place {
    /// Waits until the bot has taken up everything, and has said what it can say now.
    pub async fn settle(&self) {
        let settler = self.settler.lock().unwrap().clone();
        if let Some(settler) = settler {
            settler().await;
        }
    }

    /// Waits for a condition.
    pub async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "{what} did not come within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A channel's or thread's messages, oldest first.
    pub fn posts(&self, channel: u64) -> Vec<Post> {
        self.sandbox.messages(channel).into_iter().map(Post).collect()
    }

    /// A message as it is now.
    pub fn post(&self, post: &Post) -> Post {
        let posts = self.posts(post.channel());
        posts.into_iter().find(|one| one.id() == post.id()).expect("the message is still there")
    }

    /// What the bot itself has written in a channel or thread.
    pub fn of_bot(&self, channel: u64) -> Vec<Post> {
        let mut posts = self.posts(channel);
        // A pin and the start of a thread are Discord's own words.
        posts.retain(|post| {
            number(&post.0["author"]["id"]) == self.sandbox.bot_id()
                && matches!(post.0["type"].as_u64(), Some(0 | 19 | 20))
        });
        posts
    }

    /// The question cards in the study channel, oldest first.
    pub fn cards(&self) -> Vec<Post> {
        let mut posts = self.of_bot(self.study);
        posts.retain(|post| post.button("How it works").is_some());
        posts
    }

    /// The newest question card.
    pub fn card(&self) -> Post {
        self.cards().pop().expect("there is a question card")
    }

    /// The newest question's thread.
    pub fn thread(&self) -> u64 {
        let id = self.card().id();
        assert!(self.sandbox.channel(id).is_object(), "the newest card has a thread");
        id
    }
}

pub struct Stage {
    pub place: Arc<Place>,
    running: Option<Killable>,
    props: Props,
    folder: TempDir,
    /// Where this story's log begins.
    log_mark: usize,
    /// Parts of error lines that this story causes on purpose.
    expected: Vec<&'static str>,
    /// What the bot was told over the gateway.
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    /// Messages of the bot that it did not write.
    forged: Mutex<HashSet<u64>>,
    finished: bool,
}

impl Stage {
    /// Sandbox and bot, nothing set up yet.
    pub async fn open() -> Self {
        Self::with(Props::default()).await
    }

    /// The same with other props.
    pub async fn with(props: Props) -> Self {
        let mut stage = Self::without_bot(props).await;
        stage.start_bot().await;
        stage
    }

    /// The sandbox alone; the bot comes later.
    pub async fn without_bot(props: Props) -> Self {
        let log_mark = log::listen();
        let sandbox = studyhall::sandbox::start(Options {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            clock: SimClock::manual(props.start.parse().unwrap()),
            seed: 7,
            limits: false,
            extra_hosts: Vec::new(),
            content_intent: true,
        })
        .await
        .unwrap();
        let study = sandbox.study_channel_id();
        let heard = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let events = Arc::clone(&heard);
        sandbox.read_along(Arc::new(move |heard| {
            if let Heard::Told { event, data } = heard {
                events.lock().unwrap().push((event.to_owned(), data.clone()));
            }
        }));
        let place = Arc::new(Place { sandbox, study, settler: Mutex::new(None) });
        Self {
            place,
            running: None,
            props,
            folder: tempfile::tempdir().unwrap(),
            log_mark,
            expected: Vec::new(),
            heard,
            forged: Mutex::default(),
            finished: false,
        }
    }

    /// The four who study.
    pub async fn cast(&self) -> [Member; 4] {
        [
            self.member("Ana").await,
            self.member("Ben").await,
            self.member("Chidi").await,
            self.member("Dana").await,
        ]
    }

    /// A member by name; an unknown name joins the guild.
    pub async fn member(&self, name: &str) -> Member {
        Member::enter(&self.place, name).await
    }

    /// The admin uses `/study …`.
    pub async fn study(&self, sub_command: &str, options: Value) -> Post {
        let maya = self.member("Maya").await;
        maya.uses(&format!("study {sub_command}"), options).await
    }

    /// The admin uses `/season …`.
    pub async fn season(&self, sub_command: &str, options: Value) -> Post {
        let maya = self.member("Maya").await;
        maya.uses(&format!("season {sub_command}"), options).await
    }

    /// The admin makes the study channel one, with a round every day.
    pub async fn set_up(&self, time: &str, zone: &str) -> Post {
        self.set_up_with(json!({"time": time, "zone": zone, "weekdays": "daily"})).await
    }

    /// The admin runs `/study setup` for the study channel with these options.
    pub async fn set_up_with(&self, mut options: Value) -> Post {
        options["channel"] = self.place.study.to_string().into();
        self.study("setup", options).await
    }

    // Time.

    pub fn now(&self) -> DateTime<Utc> {
        self.sandbox().clock().now()
    }

    /// Goes forward, stopping wherever something is due.
    pub async fn advance(&self, minutes: i64) {
        self.go(TimeDelta::minutes(minutes)).await;
    }

    /// The same in seconds.
    pub async fn advance_seconds(&self, seconds: i64) {
        self.go(TimeDelta::seconds(seconds)).await;
    }

    /// Goes forward to an instant.
    pub async fn advance_to(&self, instant: &str) {
        let instant: DateTime<Utc> = instant.parse().unwrap();
        assert!(instant > self.now(), "{instant} is over");
        self.go(instant - self.now()).await;
    }

    /// Goes forward by whole days.
    pub async fn advance_days(&self, days: i64) {
        self.go(TimeDelta::days(days)).await;
    }

    async fn go(&self, by: TimeDelta) {
        let settler = self.settler();
        self.sandbox().clock().advance(by, &*settler).await;
    }

    /// Goes forward, and leaves the bot to itself.
    pub async fn advance_without_waiting(&self, minutes: i64) {
        let at_once: Settler = Arc::new(|| Box::pin(async {}));
        self.sandbox().clock().advance(TimeDelta::minutes(minutes), &*at_once).await;
    }

    /// Leaps, forward or back, as a broken clock would.
    pub async fn jump(&self, minutes: i64) {
        let settler = self.settler();
        self.sandbox().clock().jump(TimeDelta::minutes(minutes), &*settler).await;
    }

    fn settler(&self) -> Settler {
        let settler = self.place.settler.lock().unwrap().clone();
        settler.unwrap_or_else(|| Arc::new(|| Box::pin(async {})))
    }

    pub async fn settle(&self) {
        self.place.settle().await;
    }

    /// Waits for a condition.
    pub async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        self.place.until(what, holds).await;
    }

    // What there is to see.

    pub fn sandbox(&self) -> &Sandbox {
        &self.place.sandbox
    }

    pub fn cards(&self) -> Vec<Post> {
        self.place.cards()
    }

    pub fn card(&self) -> Post {
        self.place.card()
    }

    pub fn thread(&self) -> u64 {
        self.place.thread()
    }

    /// The results announced in the threads of the study channel, oldest first.
    pub fn results(&self) -> Vec<Post> {
        self.said_in_threads(|post| post.title().starts_with("Result: "))
    }

    /// The newest result.
    pub fn result(&self) -> Post {
        self.results().pop().expect("there is a result")
    }

    /// The reference answers shown in the threads of the study channel, oldest first.
    pub fn references(&self) -> Vec<Post> {
        self.said_in_threads(|post| post.title() == "Reference answer")
    }

    fn said_in_threads(&self, wanted: impl Fn(&Post) -> bool) -> Vec<Post> {
        let threads = self.sandbox().threads(self.place.study);
        let posts = threads.iter().flat_map(|thread| self.place.of_bot(number(&thread["id"])));
        posts.filter(wanted).collect()
    }

    /// A channel of the guild by name.
    pub fn channel(&self, name: &str) -> u64 {
        let channels = self.sandbox().channels();
        channels.into_iter().find(|(one, _)| one == name).expect("there is such a channel").1
    }

    /// The notices in `#admin-notes`, oldest first.
    pub fn notices(&self) -> Vec<Post> {
        self.place.of_bot(self.channel("admin-notes"))
    }

    /// Writes as the bot, past the bot: what somebody could have forged.
    pub async fn says_as_bot(&self, channel: u64, body: Value) -> Post {
        let address = format!("{}/channels/{channel}/messages", self.sandbox().api());
        let token = format!("Bot {}", self.sandbox().bot_token());
        let request = reqwest::Client::new().post(address).header("authorization", token);
        let answer = request.json(&body).send().await.unwrap();
        let post = Post(answer.json().await.unwrap());
        assert!(post.id() > 0, "{}", post.0);
        self.forged.lock().unwrap().insert(post.id());
        self.settle().await;
        post
    }

    /// Every REST exchange so far, oldest first.
    pub fn exchanges(&self) -> Vec<Arc<Exchange>> {
        self.sandbox().traffic().exchanges
    }

    /// Gives the next start other questions.
    pub fn replace_bank(&mut self, bank: Bank) {
        assert!(self.running.is_none(), "a running bot keeps its questions");
        self.props.bank = bank;
    }

    /// The story's database, while no bot is running.
    pub async fn store(&self) -> Store {
        assert!(self.running.is_none(), "the bot has the database to itself");
        Store::open(&self.database()).await.unwrap()
    }

    /// The running bot.
    pub fn bot(&self) -> &Bot {
        self.running.as_ref().expect("a bot is running").bot()
    }

    // The bot's life.

    /// Starts the bot on the story's database.
    pub async fn start_bot(&mut self) {
        self.raise_bot().await;
        self.settle().await;
    }

    /// The same for a bot that may die before it comes to rest.
    pub async fn raise_bot(&mut self) {
        assert!(self.running.is_none(), "one bot at a time");
        let before = self.sandbox().dispatched_to_bot();
        let parts = Parts {
            database: self.database(),
            bank: Arc::new(self.props.bank.clone()),
            rounds: self.props.rounds.clone(),
            points: PointsConfig::default(),
            link: Link {
                token: self.sandbox().bot_token().into(),
                api: Some(format!("http://{}", self.sandbox().addr())),
                client: None,
                paced: true,
            },
            clock: (self.props.clock)(self.sandbox().clock()),
            seed: 7,
            min_free_mib: 50,
            limits: self.props.limits,
        };
        let milestones = self.props.milestones.clone();
        let running = Killable::start_seen(parts, milestones, &log::thread()).await.unwrap();
        let ready = tokio::time::timeout(PATIENCE, running.bot().ready()).await;
        ready.expect("the bot gets ready in time");
        let settler = bot::settler(self.sandbox().clone(), running.bot(), before);
        *self.place.settler.lock().unwrap() = Some(settler);
        self.running = Some(running);
    }

    /// The running bot's engine.
    pub fn engine(&self) -> &Engine {
        self.running.as_ref().expect("a bot is running").bot().engine()
    }

    /// The running bot, which is about to end, and which the settler must not hold any more.
    fn ending(&mut self) -> Killable {
        let running = self.running.take().expect("a bot is running");
        assert!(!running.bot().has_ended(), "no part of the bot ends by itself");
        *self.place.settler.lock().unwrap() = None;
        running
    }

    /// Stops the bot as SIGTERM does.
    pub async fn stop_bot(&mut self) {
        self.ending().stop().await.unwrap();
    }

    /// Waits until a part of the bot ends by itself; why it did.
    pub async fn ends_by_itself(&mut self) -> String {
        let running = self.running.take().expect("a bot is running");
        *self.place.settler.lock().unwrap() = None;
        let ended = tokio::time::timeout(PATIENCE, running.bot().ended()).await;
        ended.expect("it ends in time");
        format!("{:#}", running.stop().await.expect_err("it says why"))
    }

    /// Ends the bot as SIGKILL does: nothing that is under way comes to its end.
    pub async fn kill_bot(&mut self) {
        self.ending().kill(self.folder.path()).await.unwrap();
        let gone = || self.sandbox().bot_connections() == 0;
        self.until("the end of the bot's connections", gone).await;
    }

    /// Stops the bot and starts it again on the same file.
    pub async fn restart_bot(&mut self) {
        self.stop_bot().await;
        self.start_bot().await;
    }

    // The end.

    /// Lets this story's bot log errors that contain this.
    pub fn expect_error(&mut self, part: &'static str) {
        self.expected.push(part);
    }

    /// Ends the story. Fails on whatever no story may leave behind: a part of the bot that ended,
    /// deliveries that were never made, something said twice, a route the sandbox does not know,
    /// an event that the client library dropped, an error in the log, a fault that never happened,
    /// a request or an answer that Discord's description forbids.
    pub async fn finish(mut self) {
        self.settle().await;
        if self.running.is_some() {
            self.deliver().await;
            // Nothing is under way any more, and an orderly stop takes serenity half a second.
            self.kill_bot().await;
        }
        let store = self.store().await;
        let pending = pending(&store).await;
        store.close().await;
        assert!(pending.is_empty(), "deliveries are left over: {pending:#?}");
        assert_eq!(self.sandbox().clear_faults(), 0, "faults are left over");
        self.nothing_twice();
        let unknown = self.sandbox().traffic().unknown_routes;
        assert!(unknown.is_empty(), "routes the sandbox does not know: {unknown:?}");
        openapi::check(&self.exchanges()).assert_clean();
        openapi::check_events(&self.heard.lock().unwrap()).assert_clean();
        let mut lines = log::since(self.log_mark);
        lines.retain(|line| !self.expected.iter().any(|part| line.contains(part)));
        assert!(lines.is_empty(), "in the log:\n{}", lines.join("\n"));
        self.sandbox().clone().stop().await;
        self.finished = true;
    }

    /// Waits for the deliveries that wait out a back-off.
    pub async fn deliver(&self) {
        let file = SqliteConnectOptions::new().filename(self.database()).read_only(true);
        let mut db = file.connect().await.unwrap();
        let began = Instant::now();
        while deliveries::pending(&mut db).await.unwrap() > 0 && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        db.close().await.unwrap();
        self.settle().await;
    }

    /// What the running bot knows of its own health.
    pub fn vitals(&self) -> &Vitals {
        self.running.as_ref().expect("a bot is running").bot().engine().vitals()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("studyhall.db")
    }

    /// Each message of the bot with buttons bears the key of its own delivery.
    fn nothing_twice(&self) {
        let mut channels: Vec<u64> = self.sandbox().channels().into_iter().map(|c| c.1).collect();
        let threads = self.sandbox().threads(self.place.study);
        channels.extend(threads.iter().map(|thread| number(&thread["id"])));
        let mut seen = HashSet::new();
        let forged = self.forged.lock().unwrap();
        for post in channels.into_iter().flat_map(|channel| self.place.of_bot(channel)) {
            if !forged.contains(&post.id())
                && let Some(key) = post.keys().pop()
            {
                assert!(seen.insert(key), "said twice: {}", post.text());
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abandon();
        }
        if std::thread::panicking() {
            eprintln!("{}", self.sandbox().transcript());
            for line in log::since(self.log_mark) {
                eprintln!("{line}");
            }
        } else {
            assert!(self.finished, "a story ends with `finish`");
        }
    }
}

/// The deliveries that were not made.
async fn pending(store: &Store) -> Vec<Delivery<Intent>> {
    let mut db = store.read().await.unwrap();
    let mut pending = Vec::new();
    for errand in deliveries::errands::<Intent>(&mut db, 0).await.unwrap() {
        pending.extend(deliveries::find(&mut db, errand.id).await.unwrap());
    }
    pending
}
