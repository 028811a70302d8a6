//! Trouble on purpose: what a test wants to go wrong with the bot's next requests.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
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
}

impl Fault {
    /// What cannot be done with it, as a sentence; None if it can be.
    pub fn flaw(&self) -> Option<&'static str> {
        match self {
            Self::Status(status) | Self::StatusAfter(status) if !(400..600).contains(status) => {
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

/// Faults waiting for their requests.
#[derive(Default)]
pub struct Faults {
    /// Method, part of the template, fault, how often still.
    waiting: Vec<(String, String, Fault, u32)>,
    /// While true every connection of the bot breaks.
    pub outage: bool,
    /// Guilds in which there is an outage: for the bot they are unavailable.
    pub unavailable: BTreeSet<u64>,
    /// How many more interactions the bot is told of twice, as after a resumed session.
    pub twice: u32,
}

impl Faults {
    /// Lets the next `times` requests with this method (`*` for any) whose path template contains
    /// `template` go wrong.
    pub fn add(&mut self, method: &str, template: &str, fault: Fault, times: u32) {
        self.waiting.push((method.to_ascii_uppercase(), template.to_owned(), fault, times));
    }

    /// The fault for a request, if one waits for it; first come, first served.
    pub fn take(&mut self, method: &str, template: &str) -> Option<Fault> {
        let place = self.waiting.iter().position(|(wanted, part, _, times)| {
            *times > 0 && (wanted == "*" || wanted == method) && template.contains(part)
        })?;
        let (_, _, fault, times) = &mut self.waiting[place];
        *times -= 1;
        let fault = *fault;
        self.waiting.retain(|(_, _, _, times)| *times > 0);
        Some(fault)
    }

    /// How many requests are still to go wrong.
    pub fn waiting(&self) -> u64 {
        self.waiting.iter().map(|(_, _, _, times)| u64::from(*times)).sum()
    }

    /// Forgets all that has not happened yet; returns how many requests were still to go wrong.
    pub fn clear(&mut self) -> u32 {
        self.waiting.drain(..).map(|(_, _, _, times)| times).sum()
    }
}
