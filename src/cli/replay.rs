//! `sandbox --replay`: the members of a recorded session act once more, and what the bot does is
//! compared with what it did then.
//!
//! Ids differ from run to run, and so do a bot's custom ids. Two requests that stand for each other
//! are laid side by side; ids at the same places of their bodies stand for each other from then on.

use crate::sandbox::record::{Line, open_path};
use crate::sandbox::{Actor, Exchange, Sandbox, Who};
use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the bot may take to come.
const ARRIVAL: Duration = Duration::from_secs(120);
/// How long the bot may take for each thing that it did then.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest pause between two actions where study time cannot be moved.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Between two looks at what the bot has done.
const GLANCE: Duration = Duration::from_millis(10);
/// Ids have at least so many digits; other numbers in texts are none.
const ID_DIGITS: usize = 15;
/// Stands where the record left out a secret.
const SECRET: &str = "…";

/// What came of it.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many things members did.
    pub actions: usize,
    /// How many of the bot's requests were as they were then.
    pub alike: usize,
    /// What was not, a line each.
    pub different: Vec<String>,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actions, alike, different } = self;
        let count = different.len();
        write!(
            f,
            "{actions} actions of members; {alike} requests of the bot as recorded, {count} not"
        )?;
        for line in different {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

/// Plays a record on a fresh sandbox.
///
/// # Errors
/// When the bot does not come, or the record does not fit this place.
pub async fn replay(sandbox: &Sandbox, lines: &[Line]) -> anyhow::Result<Comparison> {
    let began = Instant::now();
    while sandbox.bot_connections() == 0 {
        anyhow::ensure!(began.elapsed() < ARRIVAL, "no bot connected within two minutes");
        tokio::time::sleep(GLANCE).await;
    }
    let mut replay = Replay {
        sandbox,
        ids: HashMap::new(),
        looked: 0,
        done: Vec::new(),
        last_wire: 0,
        found: Comparison::default(),
    };
    for line in lines {
        match line {
            Line::Place { place } => replay.lay_side_by_side(place, &sandbox.description(), ""),
            Line::Told { .. } => {}
            Line::Asked { who, method, .. } if who.is_empty() || method == "GET" => {}
            Line::Asked { who, method, route, path, request, response, study, .. }
                if who == "bot" =>
            {
                let recorded =
                    Recorded { method, route: route.as_deref(), path, request, response };
                // What it did then may have been due only then.
                replay.move_to(*study).await;
                replay.expect(&recorded).await;
            }
            Line::Asked {
                who,
                method,
                path,
                query,
                request,
                status,
                response,
                study,
                wire_ms,
                ..
            } => {
                replay.wait_for(*study, *wire_ms).await;
                let actor = replay.actor(who)?;
                let path = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
                replay.act(&actor, method, &path, request, *status, response).await;
            }
        }
    }
    replay.settle().await;
    for left in std::mem::take(&mut replay.done) {
        let path = open_path(left.template, &left.path);
        replay.found.different.push(format!("only now: {} {path}", left.method));
    }
    Ok(replay.found)
}

/// A request of the bot as it was.
struct Recorded<'a> {
    method: &'a str,
    route: Option<&'a str>,
    path: &'a str,
    request: &'a Option<Value>,
    response: &'a Option<Value>,
}

struct Replay<'a> {
    sandbox: &'a Sandbox,
    /// Ids and custom ids of then, and what they are now.
    ids: HashMap<String, String>,
    /// The newest exchange that was looked at.
    looked: u64,
    /// What the bot has done now and nothing recorded stands for yet.
    done: Vec<Arc<Exchange>>,
    last_wire: u64,
    found: Comparison,
}

impl Replay<'_> {
    /// Moves study time to where it was; where it cannot be moved, waits as long as it took.
    async fn wait_for(&mut self, study: DateTime<Utc>, wire_ms: u64) {
        if !self.move_to(study).await {
            let pause = Duration::from_millis(wire_ms.saturating_sub(self.last_wire));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
        self.last_wire = wire_ms;
    }

    /// Whether study time can be moved; it is moved then, never back.
    async fn move_to(&self, study: DateTime<Utc>) -> bool {
        let clock = self.sandbox.clock();
        let by = study - clock.now();
        if !clock.is_system() && by > TimeDelta::zero() {
            clock.advance(by, &*self.sandbox.settler()).await;
        }
        !clock.is_system()
    }

    fn actor(&self, recorded: &str) -> anyhow::Result<Actor> {
        let now = self.ids.get(recorded).map_or(recorded, String::as_str);
        let member = self.sandbox.members().into_iter().find(|one| one.id.to_string() == now);
        let member = member.with_context(|| {
            format!("the record has a member {recorded} whom this place has not: is the seed file another one?")
        })?;
        Ok(self.sandbox.actor(&member.name))
    }

    async fn act(
        &mut self,
        actor: &Actor,
        method: &str,
        path: &str,
        request: &Option<Value>,
        status: u16,
        response: &Option<Value>,
    ) {
        self.found.actions += 1;
        let mut body = request.as_ref().map(|body| self.translated(body));
        if path == "/interactions"
            && let (Some(body), Ok(session)) = (&mut body, actor.session().await)
        {
            body["session_id"] = session;
        }
        let path = self.in_text(path);
        match (actor.request(method, &path, body).await, (200..300).contains(&status)) {
            (Ok(now), true) => {
                if let Some(then) = response {
                    self.lay_side_by_side(then, &now, "");
                }
            }
            (Err(_), false) => {}
            (Ok(_), false) => {
                self.differs(format!("{}: {method} {path}: refused then, taken now", actor.name()))
            }
            (Err(error), true) => {
                self.differs(format!("{}: {method} {path}: taken then, now {error}", actor.name()));
            }
        }
    }

    /// Waits until the bot has done again what it did.
    async fn expect(&mut self, recorded: &Recorded<'_>) {
        let began = Instant::now();
        loop {
            self.look();
            let path = self.in_text(recorded.path);
            let alike = |one: &Exchange| {
                one.method == recorded.method && one.template == recorded.route.or(one.template)
            };
            let same_place = |one: &Exchange| {
                let template = one.template.unwrap_or_default().split('/');
                let mut parts = one.path.split('/').zip(path.split('/')).zip(template);
                // No answer tells an interaction's id; its token is left out.
                parts.all(|((now, then), name)| {
                    now == then || then == SECRET || name == "{interaction_id}"
                })
            };
            let exact = self.done.iter().position(|one| alike(one) && same_place(one));
            if let Some(place) = exact.or_else(|| self.done.iter().position(|one| alike(one))) {
                let now = self.done.remove(place);
                self.compare(recorded, &now, exact.is_some());
                return;
            }
            if began.elapsed() > PATIENCE {
                self.differs(format!("only then: {} {path}", recorded.method));
                return;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    fn compare(&mut self, recorded: &Recorded<'_>, now: &Exchange, same_place: bool) {
        let mut places = Vec::new();
        if !same_place {
            places.push("its path".to_owned());
        }
        match (recorded.request, &now.request) {
            (Some(then), Some(now)) => self.difference(then, now, "", &mut places),
            (None, None) => {}
            _ => places.push("its body".to_owned()),
        }
        if let (Some(then), Some(now)) = (recorded.response, &now.response) {
            self.lay_side_by_side(then, now, "");
        }
        if places.is_empty() {
            self.found.alike += 1;
        } else {
            let places = places.join(", ");
            let path = open_path(now.template, &now.path);
            self.differs(format!("{} {path}: another {places}", now.method));
        }
    }

    /// The places of a body that say something else than they did.
    fn difference(&mut self, then: &Value, now: &Value, at: &str, places: &mut Vec<String>) {
        match (then, now) {
            (Value::Object(then), Value::Object(now)) => {
                for (key, then) in then.iter().filter(|(key, _)| *key != "nonce") {
                    let at = format!("{at}/{key}");
                    match now.get(key) {
                        Some(now) => self.difference(then, now, &at, places),
                        None => places.push(at),
                    }
                }
                let more = now.keys().filter(|key| *key != "nonce" && !then.contains_key(*key));
                places.extend(more.map(|key| format!("{at}/{key}")));
            }
            (Value::Array(then), Value::Array(now)) => {
                if then.len() != now.len() {
                    places.push(at.to_owned());
                }
                for (place, (then, now)) in then.iter().zip(now).enumerate() {
                    self.difference(then, now, &format!("{at}/{place}"), places);
                }
            }
            (Value::String(then), Value::String(now)) => {
                let is_custom = at.ends_with("/custom_id");
                if is_custom && !self.ids.contains_key(then) {
                    self.ids.insert(then.clone(), now.clone());
                } else if self.in_text(then) != *now && then != SECRET {
                    places.push(at.to_owned());
                }
            }
            _ if then != now => places.push(at.to_owned()),
            _ => {}
        }
    }

    /// Notes which ids stand for each other.
    fn lay_side_by_side(&mut self, then: &Value, now: &Value, key: &str) {
        match (then, now) {
            (Value::Object(then), Value::Object(now)) => {
                for (key, then) in then {
                    if let Some(now) = now.get(key) {
                        self.lay_side_by_side(then, now, key);
                    }
                }
            }
            (Value::Array(then), Value::Array(now)) => {
                for (then, now) in then.iter().zip(now) {
                    self.lay_side_by_side(then, now, key);
                }
            }
            (Value::String(then), Value::String(now))
                if then != now && (key == "custom_id" || (is_id(then) && is_id(now))) =>
            {
                self.ids.entry(then.clone()).or_insert_with(|| now.clone());
            }
            _ => {}
        }
    }

    fn translated(&self, json: &Value) -> Value {
        match json {
            Value::Object(object) => {
                object.iter().map(|(key, value)| (key.clone(), self.translated(value))).collect()
            }
            Value::Array(list) => list.iter().map(|value| self.translated(value)).collect(),
            Value::String(text) => self.in_text(text).into(),
            other => other.clone(),
        }
    }

    /// A text with the ids of now, as a whole or within it.
    fn in_text(&self, text: &str) -> String {
        if let Some(now) = self.ids.get(text) {
            return now.clone();
        }
        let mut read = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|one: char| one.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|one: char| !one.is_ascii_digit()).unwrap_or(from.len());
            let (number, after) = from.split_at(end);
            read.push_str(before);
            read.push_str(self.ids.get(number).map_or(number, String::as_str));
            rest = after;
        }
        read.push_str(rest);
        read
    }

    /// Takes in what the bot has done since the last look; reading changes nothing and is left out.
    fn look(&mut self) {
        let traffic = self.sandbox.traffic();
        for one in traffic.exchanges.iter().filter(|one| one.seq > self.looked) {
            if one.who == Who::Bot && one.method != "GET" {
                self.done.push(Arc::clone(one));
            }
        }
        self.looked = traffic.exchanges.last().map_or(self.looked, |one| one.seq);
    }

    /// Lets the bot finish what the last action set off.
    async fn settle(&mut self) {
        (self.sandbox.settler())().await;
        self.look();
    }

    fn differs(&mut self, line: String) {
        self.found.different.push(line);
    }
}

fn is_id(text: &str) -> bool {
    text.len() >= ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}
