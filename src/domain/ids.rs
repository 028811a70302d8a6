//! Identities: Discord's snowflakes as types of our own, and the engine's own numbers.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Discord's epoch, 2015-01-01T00:00:00Z, in milliseconds since 1970
/// (Discord documentation, reference, "Snowflakes").
pub const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// When Discord made this id, in milliseconds since 1970.
            pub fn created_ms(self) -> i64 {
                // 42 bits of milliseconds fit an i64.
                i64::try_from(self.0 >> 22).unwrap_or(i64::MAX) + DISCORD_EPOCH_MS
            }

            /// The number as the store keeps it. Snowflakes use 63 bits, so nothing is cut.
            pub fn to_db(self) -> i64 {
                i64::try_from(self.0).unwrap_or(i64::MAX)
            }

            /// The id from a stored number.
            pub fn from_db(stored: i64) -> Self {
                Self(u64::try_from(stored).unwrap_or(0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

snowflake!(
    /// A guild (what Discord's users call a server).
    GuildId
);
snowflake!(
    /// A channel or a thread.
    ChannelId
);
snowflake!(
    /// A user; in a guild, a member.
    MemberId
);
snowflake!(
    /// A message. A thread started from it has the same number.
    MessageId
);
snowflake!(
    /// A role.
    RoleId
);
snowflake!(
    /// An interaction: one slash command, click or menu.
    InteractionId
);

/// A round's number, given by the engine, rising from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoundId(pub i64);

impl fmt::Display for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A question's name: `pack/topic/slug`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(pub String);

impl QuestionId {
    /// The topic: the middle of the name. `None` where there is none, as for a question that is
    /// not known any more.
    pub fn topic(&self) -> Option<&str> {
        self.0.split('/').nth(1).filter(|topic| !topic.is_empty())
    }
}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
