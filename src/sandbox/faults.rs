//! Trouble on purpose: what a test wants to go wrong with the bot's next requests.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One way for a request of the bot to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answered with this status; nothing happened.
    Status(u16),
    /// Answered with this status although it happened.
    StatusAfter(u16),
    /// The connection breaks before anything happened.
    DropBefore,
    /// It happened, but the connection breaks before the answer.
    DropAfter,
    /// It happened at once, but the answer comes late. Written in milliseconds.
    #[serde(rename = "slow_ms")]
    Slow(#[serde(deserialize_with = "milliseconds")] Duration),
    /// 429 without any limit being reached.
    RateLimit {
        /// Seconds to wait.
        retry_after_s: f64,
        /// Whether it claims to be the limit over all routes.
        #[serde(default)]
        global: bool,
    },
    /// The request is accepted and never answered; nothing happened.
    Hang,
    /// Refused with this status and one of Discord's error codes; nothing happened.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// Discord's error code.
        code: u32,
    },
    /// Answered with this status and a page of HTML, as a proxy in front of Discord does; nothing
    /// happened.
    Page(u16),
    /// A channel's history is that of a replica which lags: its newest messages are missing.
    Lag {
        /// How many of them.
        newest: usize,
    },
}

/// What a client may be unable to read in a message of a channel's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// A row of components with one of an unknown type.
    Component,
    /// A hash of unusual length in its author.
    Decoration,
    /// A reaction with an emoji that has neither id nor name.
    Emoji,
    /// No author at all.
    Author,
}

impl Unreadable {
    fn spoil(self, message: &mut Value) {
        match self {
            Self::Component => {
                message["components"] =
                    json!([{"type": 1, "id": 1, "components": [{"type": 250, "id": 2}]}]);
            }
            Self::Decoration => {
                message["author"]["avatar"] = json!("unusual");
                message["author"]["avatar_decoration_data"] =
                    json!({"asset": "v3_unusual", "sku_id": "1"});
            }
            Self::Emoji => {
                message["reactions"] = json!([{
                    "count": 1, "count_details": {"burst": 0, "normal": 1}, "burst_colors": [],
                    "me": false, "me_burst": false, "burst_me": false, "burst_count": 0,
                    "emoji": {"id": null, "name": null},
                }]);
            }
            Self::Author => message["author"] = Value::Null,
        }
    }
}

impl Fault {
    /// What cannot be done with it, as a sentence; None if it can be.
    pub fn flaw(&self) -> Option<&'static str> {
        match self {
            Self::Status(status)
            | Self::StatusAfter(status)
            | Self::Page(status)
            | Self::Refuse { status, .. }
                if !(400..600).contains(status) =>
            {
                Some("a status is from 400 to 599")
            }
            Self::Slow(delay) if *delay > LONGEST => Some("slow_ms is at most 600000"),
            Self::RateLimit { retry_after_s, .. }
                if !(0.0..=LONGEST.as_secs_f64()).contains(retry_after_s) =>
            {
                Some("retry_after_s is from 0 to 600")
            }
            _ => None,
        }
    }
}

fn milliseconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_millis)
}

/// The longest that a request may be held up.
const LONGEST: Duration = Duration::from_mins(10);

/// Requests that are to go wrong.
struct Rule {
    /// `*` for any.
    method: String,
    /// A part of the path template; its end, if it ends with `$`.
    template: String,
    /// A channel, a thread, a thread's channel or a guild; `None` for any.
    of: Option<u64>,
    fault: Fault,
    /// Only every so many-th of the requests that fit.
    every: u32,
    /// Those that have fitted.
    fitted: u32,
    /// How often still.
    times: u32,
}

impl Rule {
    fn fits(&self, method: &str, template: &str, places: &[u64]) -> bool {
        let route = match self.template.strip_suffix('$') {
            Some(end) => template.ends_with(end),
            None => template.contains(&self.template),
        };
        self.times > 0
            && route
            && (self.method == "*" || self.method == method)
            && self.of.is_none_or(|of| places.contains(&of))
    }
}

/// Faults waiting for their requests.
#[derive(Default)]
pub struct Faults {
    waiting: Vec<Rule>,
    /// Messages that the bot is shown in a shape which it may be unable to read.
    unreadable: BTreeMap<u64, Unreadable>,
    /// While true every connection of the bot breaks.
    pub outage: bool,
    /// Guilds in which there is an outage: for the bot they are unavailable.
    pub unavailable: BTreeSet<u64>,
    /// How many more interactions the bot is told of twice, as after a resumed session.
    pub twice: u32,
}

impl Faults {
    /// Lets the next `times` requests with this method (`*` for any) whose path template contains
    /// `template` (or ends with it, if `$` follows) go wrong; with `of`, only those that concern
    /// this channel, thread or guild.
    pub fn add(&mut self, method: &str, template: &str, of: Option<u64>, fault: Fault, times: u32) {
        self.push(method, template, of, (fault, 1, times));
    }

    /// The same for every `every`th request that fits.
    pub fn add_every(
        &mut self,
        every: u32,
        method: &str,
        template: &str,
        fault: Fault,
        times: u32,
    ) {
        self.push(method, template, None, (fault, every.max(1), times));
    }

    fn push(
        &mut self,
        method: &str,
        template: &str,
        of: Option<u64>,
        (fault, every, times): (Fault, u32, u32),
    ) {
        let (method, template) = (method.to_ascii_uppercase(), template.to_owned());
        self.waiting.push(Rule { method, template, of, fault, every, fitted: 0, times });
    }

    /// The fault for a request, if one waits for it; first come, first served. `places` are the
    /// channel, its parent and the guild that the request concerns.
    pub fn take(&mut self, method: &str, template: &str, places: &[u64]) -> Option<Fault> {
        let rule = self.waiting.iter_mut().find_map(|rule| {
            if !rule.fits(method, template, places) {
                return None;
            }
            rule.fitted += 1;
            rule.fitted.is_multiple_of(rule.every).then_some(rule)
        })?;
        rule.times -= 1;
        let fault = rule.fault;
        self.waiting.retain(|rule| rule.times > 0);
        Some(fault)
    }

    /// From now on the bot is shown this message in that shape.
    pub fn spoil(&mut self, message: u64, shape: Unreadable) {
        self.unreadable.insert(message, shape);
    }

    /// Whether a message or a list of them holds one that is to be spoiled.
    pub fn spoils(&self, body: &Value) -> bool {
        let listed = body.as_array().map_or(std::slice::from_ref(body), Vec::as_slice);
        !self.unreadable.is_empty() && listed.iter().any(|one| self.shape_of(one).is_some())
    }

    /// Spoils the messages that are to be.
    pub fn spoil_all(&self, body: &mut Value) {
        let listed = match body {
            Value::Array(listed) => listed.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for message in listed {
            if let Some(shape) = self.shape_of(message) {
                shape.spoil(message);
            }
        }
    }

    fn shape_of(&self, message: &Value) -> Option<Unreadable> {
        let id = message.get("id")?.as_str()?.parse().ok()?;
        self.unreadable.get(&id).copied()
    }

    /// How many requests are still to go wrong.
    pub fn waiting(&self) -> u64 {
        self.waiting.iter().map(|rule| u64::from(rule.times)).sum()
    }

    /// Forgets all that has not happened yet; returns how many requests were still to go wrong.
    pub fn clear(&mut self) -> u32 {
        self.unreadable.clear();
        self.waiting.drain(..).map(|rule| rule.times).sum()
    }
}
