//! Rate limits as production meets them: serenity's own limiter, over TLS, against the sandbox's
//! buckets.

use crate::openapi;
use crate::tls::{NAME, Terminator};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use studyhall::bank::Bank;
use studyhall::cli::bot::{Bot, Parts, settler, start};
use studyhall::cli::clock::Simulated;
use studyhall::config::{PointsConfig, RoundsConfig};
use studyhall::discord::Link;
use studyhall::engine::limits::Limits;
use studyhall::sandbox::{self, Actor, Fault, Options, Sandbox, Settler, SimClock, Who};

/// How long anything may take (wire time).
const PATIENCE: Duration = Duration::from_secs(20);
/// An answer long enough to count.
pub const ANSWER: &str = "Because the interpreter keeps one lock for all threads, I think.";

const MESSAGES: &str = "/channels/{channel_id}/messages";
const THREADS: &str = "/channels/{channel_id}/messages/{message_id}/threads";

/// A sandbox with limits, that also answers to Discord's name.
pub async fn sandbox() -> Sandbox {
    sandbox::start(Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::parse("2026-11-23T07:00:00Z@manual").unwrap(),
        seed: 7,
        limits: true,
        extra_hosts: vec![NAME.to_owned()],
        content_intent: true,
    })
    .await
    .unwrap()
}

/// Where the bot is told to find Discord.
enum Address {
    /// Nowhere else: production, with serenity's limiter.
    Discord,
    /// `--api`, as in the demo: without it, because it would call Discord itself.
    Sandbox,
}

/// The whole bot, as it runs in production, but for where Discord's name leads.
pub struct Production {
    pub sandbox: Sandbox,
    bot: Bot,
    settler: Settler,
    pub watch: Watch,
    _terminator: Terminator,
    _database: tempfile::TempDir,
}

impl Production {
    /// Starts it; the bot is ready.
    pub async fn start() -> Self {
        Self::start_at(Address::Discord).await
    }

    /// The same without serenity's limiter (and without TLS): only what the bot itself does keeps
    /// it within the limits.
    pub async fn start_unlimited() -> Self {
        Self::start_at(Address::Sandbox).await
    }

    async fn start_at(address: Address) -> Self {
        let sandbox = sandbox().await;
        let watch = Watch::begin(&sandbox);
        let terminator = Terminator::start(sandbox.addr()).await.unwrap();
        let database = tempfile::tempdir().unwrap();
        let (bank, problems) = Bank::load(true, &[]);
        assert!(problems.is_empty(), "{problems:?}");
        let token = sandbox.bot_token().into();
        let link = match address {
            Address::Discord => {
                Link { token, api: None, client: Some(terminator.client().unwrap()), paced: true }
            }
            Address::Sandbox => Link {
                token,
                api: Some(format!("http://{}", sandbox.addr())),
                client: None,
                paced: true,
            },
        };
        let before = sandbox.dispatched_to_bot();
        let bot = start(Parts {
            database: database.path().join("studyhall.db"),
            bank: Arc::new(bank),
            rounds: RoundsConfig::default(),
            points: PointsConfig::default(),
            link,
            clock: Arc::new(Simulated(sandbox.clock())),
            seed: 7,
            min_free_mib: 50,
            limits: Limits::default(),
        })
        .await
        .unwrap();
        tokio::time::timeout(PATIENCE, bot.ready()).await.expect("the bot gets ready");
        let settler = settler(sandbox.clone(), &bot, before);
        Self { sandbox, bot, settler, watch, _terminator: terminator, _database: database }
    }

    /// The admin, ready to act.
    pub async fn admin(&self) -> Actor {
        let admin = self.sandbox.members().into_iter().find(|one| one.admin).unwrap();
        let admin = self.sandbox.actor(&admin.name);
        admin.ready().await.unwrap();
        admin
    }

    /// Sets the study channel up, for nine o'clock.
    pub async fn set_up(&self, admin: &Actor) {
        call(admin, self.sandbox.study_channel_id(), "setup", setup(self.study(), "09:00")).await;
        self.settle().await;
    }

    /// The study channel.
    pub fn study(&self) -> u64 {
        self.sandbox.study_channel_id()
    }

    /// Waits until nothing is left to do.
    pub async fn settle(&self) {
        (self.settler)().await;
    }

    /// Moves study time forward.
    pub async fn advance(&self, by: TimeDelta) {
        let settler = Settler::clone(&self.settler);
        self.sandbox.clock().advance(by, &*settler).await;
    }

    /// The bot's messages of a channel or thread.
    pub fn said(&self, place: u64) -> Vec<Value> {
        let bot = self.sandbox.bot_id().to_string();
        let own = |message: &Value| message["author"]["id"] == bot.as_str() && message["type"] == 0;
        self.sandbox.messages(place).into_iter().filter(own).collect()
    }

    /// How often the bot was refused for being too fast, by route.
    pub fn refusals(&self) -> BTreeMap<String, usize> {
        let mut refusals = BTreeMap::new();
        for one in self.sandbox.traffic().exchanges {
            if one.who == Who::Bot && one.status == 429 {
                let route = format!("{} {}", one.method, one.template.unwrap_or(&one.path));
                *refusals.entry(route).or_default() += 1;
            }
        }
        refusals
    }

    /// Compares all traffic with Discord's description and stops.
    pub async fn end(self) {
        openapi::check(&self.sandbox.traffic().exchanges).assert_clean();
        assert_eq!(self.sandbox.traffic().unknown_routes, Vec::<String>::new());
        assert!(!self.bot.has_ended());
        self.bot.stop().await.unwrap();
        self.sandbox.stop().await;
    }
}

/// When the bot asked what, as the sandbox saw it.
pub struct Watch(Arc<Mutex<Vec<(Instant, String, u16)>>>);

impl Watch {
    fn begin(sandbox: &Sandbox) -> Self {
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let (mut news, log) = (sandbox.subscribe(), Arc::clone(&seen));
        tokio::spawn(async move {
            // Ends with the sandbox; a reader too slow would miss some and fail the test.
            while let Ok(one) = news.recv().await {
                if one.who == Who::Bot {
                    let route = format!("{} {}", one.method, one.template.unwrap_or(&one.path));
                    log.lock().unwrap().push((Instant::now(), route, one.status));
                }
            }
        });
        Self(seen)
    }

    /// When a route was asked and how it was answered.
    pub fn of(&self, route: &str) -> Vec<(Instant, u16)> {
        let seen = self.0.lock().unwrap();
        seen.iter()
            .filter(|(_, one, _)| one == route)
            .map(|(at, _, status)| (*at, *status))
            .collect()
    }
}

fn setup(channel: u64, time: &str) -> Value {
    json!([
        {"name": "channel", "value": channel.to_string()},
        {"name": "time", "value": time},
        {"name": "zone", "value": "UTC"},
        {"name": "weekdays", "value": "daily"},
        {"name": "pin", "value": true},
    ])
}

/// Calls `/study …`, which must be answered.
async fn call(admin: &Actor, place: u64, name: &str, options: Value) {
    let call = json!([{"name": name, "options": options}]);
    let reply = admin.command(place, "study", call).await.unwrap();
    assert!(!reply.failed, "/study {name} was not answered");
}

/// A message's id.
pub fn id(value: &Value) -> u64 {
    value["id"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value}"))
}

/// Waits for a condition.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < 2 * PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_with_thirty_answers_never_meets_a_limit() {
    let stage = Production::start().await;
    let admin = stage.admin().await;
    stage.set_up(&admin).await;
    stage.advance(TimeDelta::hours(2)).await;
    let [card] = &stage.said(stage.study())[..] else { panic!("not one card") };
    let thread = id(card);

    let members: Vec<Actor> =
        (1..=30).map(|number| stage.sandbox.actor(&format!("Member {number}"))).collect();
    for ready in join_all(members.iter().map(Actor::ready)).await {
        ready.unwrap();
    }
    let said = members.iter().map(|member| member.say(thread, ANSWER));
    let answers: Vec<u64> =
        join_all(said).await.iter().map(|one| id(one.as_ref().unwrap())).collect();
    let marked = || {
        let messages = stage.sandbox.messages(thread);
        let marks = messages.iter().filter(|one| one["reactions"][0]["emoji"]["name"] == "✅");
        marks.count()
    };
    let began = Instant::now();
    while marked() < answers.len() {
        assert!(began.elapsed() < PATIENCE, "{} of 30 marked", marked());
        stage.settle().await;
    }

    stage.advance(TimeDelta::days(1)).await;
    let said = stage.said(thread);
    assert_eq!(said.len(), 2, "a result and a reference answer: {said:#?}");
    assert_eq!(stage.said(stage.study()).len(), 2, "the next card is there");
    assert_eq!(stage.refusals(), BTreeMap::new());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_for_speed_is_waited_out_and_nothing_is_said_twice() {
    let stage = Production::start().await;
    let admin = stage.admin().await;
    stage.set_up(&admin).await;
    // The card meets the limit of its channel, its thread the one over all routes.
    let wait = |global| Fault::RateLimit { retry_after_s: 1.5, global };
    stage.sandbox.fail_next(("POST", MESSAGES), wait(false), 1);
    stage.sandbox.fail_next(("POST", THREADS), wait(true), 1);
    stage.advance(TimeDelta::hours(2)).await;

    for route in [format!("POST {MESSAGES}"), format!("POST {THREADS}")] {
        let [(refused, 429), (taken, 200 | 201)] = stage.watch.of(&route)[..] else {
            panic!("{route}: {:?}", stage.watch.of(&route));
        };
        let waited = taken - refused;
        assert!(waited >= Duration::from_millis(1_490), "{route}: only {waited:?}");
        assert!(waited < Duration::from_secs(4), "{route}: {waited:?}");
    }
    let said = stage.said(stage.study());
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!(stage.sandbox.threads(stage.study()).len(), 1);
    assert_eq!(stage.refusals().values().sum::<usize>(), 2);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_rounds_at_once_stay_below_fifty_requests_a_second() {
    const GUILDS: usize = 10;
    const CHANNELS: usize = 10;
    let stage = Production::start().await;
    let mut channels = Vec::new();
    for guild in 1..=GUILDS {
        let (guild, first) = stage.sandbox.add_guild(&format!("Guild {guild}"));
        channels.push(first);
        for number in 2..=CHANNELS {
            channels.push(stage.sandbox.add_channel_to(guild, &format!("study-{number}"), 0));
        }
    }
    stage.settle().await;
    let admin = stage.admin().await;
    for channel in &channels {
        call(&admin, *channel, "setup", setup(*channel, "09:00")).await;
    }
    stage.settle().await;
    let before = stage.sandbox.traffic().exchanges.len();
    let began = Instant::now();
    stage.advance(TimeDelta::hours(2)).await;
    let took = began.elapsed();

    for channel in &channels {
        assert_eq!(stage.said(*channel).len(), 1, "in {channel}");
        assert_eq!(stage.sandbox.threads(*channel).len(), 1, "in {channel}");
    }
    let traffic = stage.sandbox.traffic();
    let asked = traffic.exchanges[before..].iter().filter(|one| one.who == Who::Bot).count();
    assert!(asked >= 3 * channels.len(), "card, thread and pin each: {asked}");
    assert_eq!(stage.refusals(), BTreeMap::new());
    // The sandbox's bucket is full at first, so a short burst alone would prove nothing: this one
    // lasts longer than the bucket helps.
    assert!(took.as_secs_f64() > 0.9 * (asked as f64 - 50.0) / 50.0, "{asked} in {took:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_limiter_a_week_that_goes_by_in_seconds_loses_no_round() {
    let stage = Production::start_at(Address::Sandbox).await;
    let admin = stage.admin().await;
    stage.set_up(&admin).await;
    // Five messages in five seconds is what a channel takes; study time is faster here.
    stage.advance(TimeDelta::days(7)).await;
    assert!(!stage.refusals().is_empty(), "no limit was met, so this proves nothing");
    let cards = stage.said(stage.study());
    assert_eq!(cards.len(), 7, "{cards:#?}");
    assert_eq!(stage.sandbox.threads(stage.study()).len(), 7);
    stage.end().await;
}
