//! What goes wrong, and how often.

use super::Faults;
use crate::sandbox::{Fault, Unreadable};
use chrono::TimeDelta;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The bot's requests that may be hit: method, and a part of the path.
const REQUESTS: [(&str, &str); 7] = [
    ("POST", "/channels/{channel_id}/messages"),
    ("POST", "/threads"),
    ("PATCH", "/messages/{message_id}"),
    ("GET", "/messages"),
    ("PUT", "/reactions/"),
    ("POST", "/callback"),
    ("*", "/"),
];

/// What makes a message unreadable.
const SHAPES: [Unreadable; 4] =
    [Unreadable::Component, Unreadable::Decoration, Unreadable::Emoji, Unreadable::Author];

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// Requests fail.
    Requests {
        /// Which.
        matcher: (&'static str, &'static str),
        /// How.
        fault: Fault,
        /// How many of them.
        times: u32,
    },
    /// The gateway's connection breaks without a word.
    Drop,
    /// It is closed with a code after which a client comes back.
    Close(u16),
    /// Discord asks the client to connect anew.
    Reconnect,
    /// The session is invalid; whether it may be resumed.
    Invalid(bool),
    /// The next interactions are told twice.
    Twice(u32),
    /// Interactions are older than they seem.
    Aged(Duration),
    /// Nothing of the bot's comes through for so long (study time).
    Outage(TimeDelta),
    /// In one guild the bot may not write for so long (study time).
    Muted(TimeDelta),
    /// One guild is without the bot for so long (study time).
    Kicked(TimeDelta),
    /// A member leaves one guild and another one joins.
    Changed,
    /// The clock leaps, forward or back.
    Leap(TimeDelta),
    /// The next connection to the gateway is taken and its handshake not answered until the next
    /// trouble of the kind.
    Swallowed,
    /// The next event of this name never comes; the gateway's connection breaks, so that there is one.
    Lost(&'static str),
    /// The bot's disk is full for so long (study time).
    Full(TimeDelta),
    /// Another program keeps the database locked for so long (wire time).
    Locked(Duration),
    /// An answer that counts can no longer be read from the history of its thread.
    Unreadable(Unreadable),
}

impl Faults {
    /// What goes wrong in one slot of the day.
    pub fn troubles(self, rng: &mut ChaCha8Rng) -> Vec<Trouble> {
        let (requests, gateway, rare) = match self {
            Self::Calm => return Vec::new(),
            Self::Rough => (0.3, 0.08, 0.0),
            Self::Hostile => (0.6, 0.2, 1.0),
        };
        let mut troubles = Vec::new();
        if rng.random_bool(requests) {
            for _ in 0..rng.random_range(1..=3) {
                troubles.push(request(rng));
            }
        }
        if rng.random_bool(0.3 * rare) {
            troubles.push(half_working(rng));
        }
        if rng.random_bool(gateway) {
            troubles.push(match rng.random_range(0..5) {
                0 => Trouble::Drop,
                1 => Trouble::Close(*[4000, 4008, 4009].choose(rng).unwrap_or(&4000)),
                2 => Trouble::Reconnect,
                resumable => Trouble::Invalid(resumable == 3),
            });
        }
        if rng.random_bool(gateway / 2.0) {
            troubles.push(Trouble::Twice(rng.random_range(1..6)));
        }
        let mut hours = |most: i64| TimeDelta::minutes(rng.random_range(10..most * 60));
        let (outage, muted, kicked, full) = (hours(4), hours(12), hours(12), hours(4));
        // SQLite waits for five seconds before it gives up.
        let locked = Duration::from_millis(rng.random_range(100..7_000));
        let shape = *SHAPES.choose(rng).unwrap_or(&Unreadable::Component);
        for (odds, trouble) in [
            (0.02, Trouble::Outage(outage)),
            (0.03, Trouble::Muted(muted)),
            (0.01, Trouble::Kicked(kicked)),
            (0.02, Trouble::Changed),
            (0.02, Trouble::Aged(Duration::from_secs(16 * 60))),
            (0.02, Trouble::Leap(TimeDelta::minutes(20))),
            (0.02, Trouble::Leap(TimeDelta::minutes(-20))),
            (0.03, Trouble::Swallowed),
            (0.03, Trouble::Lost("READY")),
            (0.03, Trouble::Lost("RESUMED")),
            (0.02, Trouble::Full(full)),
            (0.02, Trouble::Locked(locked)),
            (0.1, Trouble::Unreadable(shape)),
        ] {
            if rng.random_bool(odds * rare) {
                troubles.push(trouble);
            }
        }
        troubles
    }

    /// How long a killed bot stays away (study time).
    pub fn downtime(self, rng: &mut ChaCha8Rng) -> TimeDelta {
        let most = match self {
            Self::Calm => return TimeDelta::zero(),
            Self::Rough => 3 * 60,
            Self::Hostile => 5 * 60,
        };
        // As often as not whoever watches over the bot starts it again at once.
        if rng.random_bool(0.5) {
            TimeDelta::zero()
        } else {
            TimeDelta::minutes(rng.random_range(1..most))
        }
    }
}

/// A world that half works: what is there is denied once, a history lags, an answer never comes.
fn half_working(rng: &mut ChaCha8Rng) -> Trouble {
    let mut matcher = *REQUESTS.choose(rng).unwrap_or(&("*", "/"));
    let fault = match rng.random_range(0..4) {
        0 => Fault::Refuse { status: 404, code: *[10_003, 10_008].choose(rng).unwrap_or(&10_003) },
        1 => Fault::Page(*[403, 502, 503].choose(rng).unwrap_or(&502)),
        2 => {
            matcher = ("GET", "/messages$");
            Fault::Lag { newest: *[1, 2, usize::MAX].choose(rng).unwrap_or(&1) }
        }
        _ => Fault::Hang,
    };
    Trouble::Requests { matcher, fault, times: 1 }
}

fn request(rng: &mut ChaCha8Rng) -> Trouble {
    let matcher = *REQUESTS.choose(rng).unwrap_or(&("*", "/"));
    let status = *[500, 502, 503, 504].choose(rng).unwrap_or(&500);
    let fault = match rng.random_range(0..7) {
        0 => Fault::Status(status),
        1 => Fault::StatusAfter(status),
        2 => Fault::DropBefore,
        3 => Fault::DropAfter,
        4 => Fault::Slow(Duration::from_millis(rng.random_range(200..2_500))),
        local_or_global => Fault::RateLimit {
            retry_after_s: rng.random_range(0.2..1.5),
            global: local_or_global == 5,
        },
    };
    Trouble::Requests { matcher, fault, times: rng.random_range(1..=3) }
}
