//! Where the bot dies: at a milestone chosen by name or by chance.

use futures::future::BoxFuture;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::sync::{Mutex, MutexGuard};
use studyhall::engine::milestone::{Moment, Witness};
use studyhall::sandbox::Fault;
use tokio::sync::watch;

/// Requests that fail in a walk.
const ROUTES: [(&str, &str); 6] = [
    ("POST", "/channels/{channel_id}/messages"),
    ("GET", "/channels/{channel_id}/messages"),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"),
    ("POST", "/messages/{message_id}/threads"),
    ("PUT", "/reactions/"),
    ("PUT", "/pins/"),
];
/// How they fail: before and after they took effect.
const FAULTS: [Fault; 4] =
    [Fault::Status(500), Fault::StatusAfter(502), Fault::DropBefore, Fault::DropAfter];

/// When the trap springs.
pub enum Plan {
    /// Never: it only writes down what passes.
    Watch,
    /// At the first visit of that milestone.
    At(String),
    /// So many times, each after a number of visits up to the second figure; and after some deaths
    /// Discord fails one request.
    Walk(Box<ChaCha8Rng>, usize, u32),
}

/// Stands beside the bot's milestones. When it has sprung nobody passes any more, as if the process
/// had stopped between two lines; the story then kills what is left of it.
pub struct Trap {
    state: Mutex<State>,
    sprung: watch::Sender<bool>,
}

struct State {
    plan: Plan,
    /// Visits left until a walk kills.
    left: u32,
    visits: Vec<String>,
    deaths: Vec<String>,
    dead: bool,
}

impl Trap {
    pub fn new(plan: Plan) -> Self {
        let state = State { plan, left: 0, visits: Vec::new(), deaths: Vec::new(), dead: false };
        let trap = Self { state: Mutex::new(state), sprung: watch::Sender::new(false) };
        trap.draw();
        trap
    }

    /// Waits until it has sprung.
    pub async fn sprung(&self) {
        // The sender is our own, so this ends by springing alone.
        let _ = self.sprung.subscribe().wait_for(|sprung| *sprung).await;
    }

    /// After a death: the next life begins.
    pub fn reset(&self) {
        self.draw();
        self.state().dead = false;
        self.sprung.send_replace(false);
    }

    /// What Discord does wrong in the next life, if anything.
    pub fn weather(&self) -> Option<((&'static str, &'static str), Fault)> {
        let mut state = self.state();
        let Plan::Walk(chance, ..) = &mut state.plan else { return None };
        let fair = chance.random_ratio(1, 2);
        let route = ROUTES[chance.random_range(0..ROUTES.len())];
        let fault = FAULTS[chance.random_range(0..FAULTS.len())];
        (!fair).then_some((route, fault))
    }

    /// Lets everybody pass from now on.
    pub fn disarm(&self) {
        self.state().plan = Plan::Watch;
    }

    /// Every milestone that was passed or died at, in order.
    pub fn visits(&self) -> Vec<String> {
        self.state().visits.clone()
    }

    /// Where the bot died, in order.
    pub fn deaths(&self) -> Vec<String> {
        self.state().deaths.clone()
    }

    fn draw(&self) {
        let mut state = self.state();
        if let Plan::Walk(chance, _, most) = &mut state.plan {
            state.left = chance.random_range(1..=*most);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Whether the bot dies here.
    fn springs(&self, name: &str) -> bool {
        let mut state = self.state();
        if state.dead {
            return true;
        }
        state.visits.push(name.to_owned());
        let deaths = state.deaths.len();
        let dies = match &state.plan {
            Plan::Watch => false,
            Plan::At(wanted) => wanted == name && deaths == 0,
            Plan::Walk(_, most, _) if deaths >= *most => false,
            Plan::Walk(..) => {
                state.left = state.left.saturating_sub(1);
                state.left == 0
            }
        };
        if dies {
            state.dead = true;
            state.deaths.push(name.to_owned());
            self.sprung.send_replace(true);
        }
        dies
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("died at {:?}", self.state.get_mut().map(|state| &state.deaths));
        }
    }
}

impl Witness for Trap {
    fn passed(&self, moment: Moment, what: &'static str) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.springs(&format!("{moment}:{what}")) {
                std::future::pending().await
            }
        })
    }
}
