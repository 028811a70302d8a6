//! What a delivery wants said: intents, not words. They are put into words when they are sent.

use crate::domain::ids::{ChannelId, MessageId, RoundId};
use crate::domain::notice::Notice;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why a thread is read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Something may have been missed while the bot was away.
    CatchUp,
    /// The round closes; nothing is decided before the thread was read.
    Close,
}

/// One thing to do on Discord.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Post the question card.
    Card {
        /// The round.
        round: RoundId,
    },
    /// Start the card's thread.
    Thread {
        /// The round.
        round: RoundId,
    },
    /// Pin the card.
    Pin {
        /// The round.
        round: RoundId,
    },
    /// Unpin the card before.
    Unpin {
        /// The study channel.
        channel: ChannelId,
        /// The card.
        message: MessageId,
    },
    /// Put the check mark on a message that counts.
    Mark {
        /// The round's thread.
        thread: ChannelId,
        /// The message.
        message: MessageId,
    },
    /// Take the check mark off again.
    Unmark {
        /// The round's thread.
        thread: ChannelId,
        /// The message.
        message: MessageId,
    },
    /// Read the whole thread.
    ReadThread {
        /// The round.
        round: RoundId,
        /// What for.
        reading: Reading,
    },
    /// Announce the result.
    Result {
        /// The round.
        round: RoundId,
        /// The thread, or the channel where there is none. Decided at the close, so that every
        /// attempt says and looks in the same place.
        place: ChannelId,
    },
    /// Show the reference answer.
    Reference {
        /// The round.
        round: RoundId,
        /// As for the result.
        place: ChannelId,
    },
    /// Bring the question card up to date.
    EditCard {
        /// The round.
        round: RoundId,
    },
    /// Bring the result card up to date.
    EditResult {
        /// The round.
        round: RoundId,
    },
    /// Post the board of the last week.
    WeeklyBoard {
        /// When that week began.
        from: DateTime<Utc>,
        /// Where.
        place: ChannelId,
    },
    /// Tell the admins something.
    Notice {
        /// What.
        notice: Notice,
    },
}

impl Intent {
    /// What the bot is doing, for notices: *could not …*.
    pub fn doing(&self) -> &'static str {
        match self {
            Self::Card { .. } => "post the question",
            Self::Thread { .. } => "open the thread",
            Self::Pin { .. } => "pin the question",
            Self::Unpin { .. } => "unpin the last question",
            Self::Mark { .. } | Self::Unmark { .. } => "put the check mark on an answer",
            Self::ReadThread { .. } => "read the answers",
            Self::Result { .. } | Self::EditResult { .. } => "announce the result",
            Self::Reference { .. } => "show the reference answer",
            Self::EditCard { .. } => "bring the question card up to date",
            Self::WeeklyBoard { .. } => "post the weekly leaderboard",
            Self::Notice { .. } => "send a notice",
        }
    }
}
