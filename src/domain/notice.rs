//! What the bot tells the admins of a guild, and what can be wrong with a study channel.

use crate::domain::checkup::Ill;
use crate::domain::ids::ChannelId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Something on Discord's side that keeps the bot from doing its work in a study channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A right is missing (Discord's errors 50001 and 50013).
    MissingRight,
    /// The channel does not exist any more (10003).
    ChannelGone,
    /// The bot is not in the guild any more.
    NotInGuild,
    /// Discord refuses for another reason.
    Refused,
    /// Discord has not answered, or has been busy, for some minutes.
    NoAnswer,
}

impl Trouble {
    const WORDS: [(Self, &'static str); 5] = [
        (Self::MissingRight, "missing_right"),
        (Self::ChannelGone, "channel_gone"),
        (Self::NotInGuild, "not_in_guild"),
        (Self::Refused, "refused"),
        (Self::NoAnswer, "no_answer"),
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(trouble, _)| *trouble == self).map_or("refused", |(_, w)| w)
    }

    /// The trouble of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, w)| *w == word).map(|(trouble, _)| trouble)
    }
}

/// Why something was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GaveUp {
    /// What it is about was deleted.
    Gone,
    /// Discord said for minutes that what it is about is not there, though it is.
    NotFound,
    /// Discord does not accept the content.
    Rejected,
}

/// One message to the admins of a guild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Rounds were due while the bot was away for longer than the lateness.
    Missed {
        /// The study channel.
        channel: ChannelId,
        /// The local dates, oldest first.
        dates: Vec<NaiveDate>,
    },
    /// Discord did not take the card within the lateness.
    NotAccepted {
        /// The study channel.
        channel: ChannelId,
        /// The local date; `None` for an extra round.
        date: Option<NaiveDate>,
    },
    /// The plan fits no question at all, so there was no round.
    EmptyPool {
        /// The study channel.
        channel: ChannelId,
        /// The local date.
        date: NaiveDate,
    },
    /// The plan's unasked questions will soon be used up.
    StockLow {
        /// The study channel.
        channel: ChannelId,
        /// Questions not yet asked there.
        left: u32,
    },
    /// Something keeps the bot from working in a study channel.
    InTrouble {
        /// The study channel.
        channel: ChannelId,
        /// What it is.
        trouble: Trouble,
        /// What the bot was doing, for example `post the question`.
        doing: String,
    },
    /// The weekly leaderboard could not be posted where it is to be.
    WeeklyInTrouble {
        /// Where.
        channel: ChannelId,
        /// What keeps the bot from it.
        trouble: Trouble,
    },
    /// Something that members wait for was given up.
    GivenUp {
        /// The study channel.
        channel: ChannelId,
        /// What the bot was doing, for example `open the thread`.
        doing: String,
        /// Why.
        why: GaveUp,
    },
    /// The result could not be posted in its thread, and was posted in the study channel instead.
    Moved {
        /// The study channel.
        channel: ChannelId,
    },
    /// The trouble is over.
    Recovered {
        /// The study channel.
        channel: ChannelId,
    },
    /// The daily look found what will keep rounds from happening as they should.
    Foreseen {
        /// The study channel.
        channel: ChannelId,
        /// What was not told before.
        ills: Vec<Ill>,
    },
    /// What the daily look had found is mended.
    Mended {
        /// The study channel.
        channel: ChannelId,
    },
    /// A member reported a question.
    Reported {
        /// The report's number.
        report: i64,
        /// The question's title.
        title: String,
    },
}
