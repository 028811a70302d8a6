//! `/faults`: trouble on purpose over HTTP, for whoever tests a bot in another process.

use super::Reply;
use super::entry::{Outcome, respond};
use crate::sandbox::faults::{Fault, Unreadable};
use crate::sandbox::gateway::faults::GatewayFault;
use crate::sandbox::gateway::hub::Upset;
use crate::sandbox::refused::Refused;
use crate::sandbox::security::{Content, content, same_key};
use crate::sandbox::server::Server;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many requests one rule may spoil.
const MOST: u32 = 1_000_000;

/// What `POST /faults` takes; parts happen in this order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Whether to forget all that has not happened yet.
    #[serde(default)]
    clear: bool,
    /// The bot's next requests that are to go wrong; first come, first served.
    #[serde(default)]
    requests: Vec<Rule>,
    /// Messages that the bot is shown in a shape which it may be unable to read.
    #[serde(default)]
    unreadable: Vec<Spoilt>,
    /// While true every connection of the bot breaks.
    outage: Option<bool>,
    /// What happens to the bot's gateway connections now.
    gateway: Option<Upset>,
    /// What goes wrong next with the bot's gateway connections; first come, first served.
    #[serde(default)]
    connections: Vec<ConnectionRule>,
    /// Whether to answer the handshakes that hang.
    #[serde(default)]
    release: bool,
}

/// Occasions on gateway connections that go wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectionRule {
    /// How many of them.
    #[serde(default = "once")]
    times: u32,
    fault: GatewayFault,
}

/// Requests that go wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// `GET`, `POST`, …, or `*` for any.
    #[serde(default = "any")]
    method: String,
    /// A part of the route as Discord's description writes it, `/channels/{channel_id}/messages`;
    /// nothing stands for any.
    #[serde(default)]
    route: String,
    /// The channel, thread or guild that they concern; nothing stands for any.
    of: Option<String>,
    /// How many of them.
    #[serde(default = "once")]
    times: u32,
    fault: Fault,
}

/// A message that cannot be read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoilt {
    message: String,
    shape: Unreadable,
}

fn any() -> String {
    "*".to_owned()
}

fn once() -> u32 {
    1
}

/// `POST /faults?key=…`. Answers with the number of requests that are still to go wrong.
pub async fn faults_post(
    State(server): State<Arc<Server>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse =
        |status, message: &str| respond(Outcome::of(Err(Refused::new(status, 0, message))));
    if !query.get("key").is_some_and(|key| same_key(key, &server.key)) {
        return refuse(403, "this address needs the key");
    }
    if content(&Method::POST, &headers, body.is_empty()) != Some(Content::Json) {
        return refuse(415, "the body must be JSON");
    }
    let wish: Wish = match serde_json::from_slice(&body) {
        Ok(wish) => wish,
        Err(error) => return refuse(400, &error.to_string()),
    };
    for rule in &wish.requests {
        let flaw = rule.fault.flaw();
        let flaw =
            flaw.or((!(1..=MOST).contains(&rule.times)).then_some("times is from 1 to 1000000"));
        if let Some(flaw) = flaw {
            return refuse(400, flaw);
        }
    }
    let of = wish.requests.iter().filter_map(|rule| rule.of.as_ref());
    let mut ids = of.chain(wish.unreadable.iter().map(|one| &one.message));
    if ids.any(|id| id.parse::<u64>().is_err()) {
        return refuse(400, "an id is a number, written as a string");
    }
    if let Some(Upset::Close(code)) = wish.gateway
        && !(1000..5000).contains(&code)
    {
        return refuse(400, "a close code is from 1000 to 4999");
    }
    for rule in &wish.connections {
        if !(1..=MOST).contains(&rule.times) {
            return refuse(400, "times is from 1 to 1000000");
        }
        if let GatewayFault::Close(code) = rule.fault
            && !(1000..5000).contains(&code)
        {
            return refuse(400, "a close code is from 1000 to 4999");
        }
    }
    if wish.clear {
        server.state().hub.faults().clear();
        server.state().faults.clear();
    }
    for rule in wish.requests {
        let of = rule.of.and_then(|id| id.parse().ok());
        server.state().faults.add(&rule.method, &rule.route, of, rule.fault, rule.times);
    }
    for one in wish.unreadable {
        if let Ok(message) = one.message.parse() {
            server.state().faults.spoil(message, one.shape);
        }
    }
    if let Some(on) = wish.outage {
        server.set_outage(on);
    }
    if let Some(upset) = wish.gateway {
        server.state().hub.upset(server.bot, upset);
    }
    for rule in wish.connections {
        server.state().hub.faults().add(rule.fault, rule.times);
    }
    if wish.release {
        server.state().hub.faults().release.notify_waiters();
    }
    let waiting = server.state().faults.waiting();
    respond(Outcome::of(Ok(Reply::ok(json!({"waiting": waiting})))))
}
