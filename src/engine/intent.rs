//! What a delivery wants said: intents, not words. They are put into words when they are sent.

use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, RoundId};
use crate::domain::notice::Notice;
use crate::domain::quiz::RunId;
use chrono::{DateTime, NaiveDate, Utc};
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
        /// attempt says and looks in the same place, and changed only once the thread is certainly
        /// out of reach.
        place: ChannelId,
        /// Without what members wrote: Discord refused it as it was.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        plain: bool,
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
    /// Post the card of a group's quiz.
    QuizCard {
        /// The run.
        run: RunId,
    },
    /// Bring the card of a group's quiz up to date.
    QuizEdit {
        /// The run.
        run: RunId,
    },
    /// Tell those in a group's quiz that it is over, because its card is gone.
    QuizOver {
        /// The run.
        run: RunId,
    },
    /// Tell the host what could not be said where the quiz is.
    QuizFailed {
        /// The run.
        run: RunId,
    },
    /// Tell the admins something.
    Notice {
        /// What.
        notice: Notice,
    },
    /// Bring the notice of a report up to date.
    EditReport {
        /// The report.
        report: i64,
    },
    /// Look whether the next rounds of a guild can happen as they should. Says nothing by itself.
    CheckUp {
        /// The guild.
        guild: GuildId,
    },
    /// Remind a member of the reviews that are due, by direct message.
    ReviewReminder {
        /// The guild they belong to.
        guild: GuildId,
        /// Who wants to be reminded.
        member: MemberId,
        /// The local date it is for.
        date: NaiveDate,
    },
}

impl Intent {
    /// Its name, for logs and milestones.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Card { .. } => "card",
            Self::Thread { .. } => "thread",
            Self::Pin { .. } => "pin",
            Self::Unpin { .. } => "unpin",
            Self::Mark { .. } => "mark",
            Self::Unmark { .. } => "unmark",
            Self::ReadThread { .. } => "read thread",
            Self::Result { .. } => "result",
            Self::Reference { .. } => "reference",
            Self::EditCard { .. } => "edit card",
            Self::EditResult { .. } => "edit result",
            Self::WeeklyBoard { .. } => "weekly board",
            Self::QuizCard { .. } => "quiz card",
            Self::QuizEdit { .. } => "quiz edit",
            Self::QuizOver { .. } => "quiz over",
            Self::QuizFailed { .. } => "quiz failed",
            Self::Notice { .. } => "notice",
            Self::EditReport { .. } => "edit report",
            Self::CheckUp { .. } => "check up",
            Self::ReviewReminder { .. } => "review reminder",
        }
    }

    /// Whether members wait for it in front of something half done: a card without its thread. Such
    /// things come before what has not begun, however many rounds are due in the same minute.
    pub fn is_awaited(&self) -> bool {
        matches!(self, Self::Thread { .. })
    }

    /// Whether members miss something if it is given up.
    pub fn is_missed(&self) -> bool {
        matches!(
            self,
            Self::Card { .. }
                | Self::Thread { .. }
                | Self::Result { .. }
                | Self::Reference { .. }
                | Self::ReadThread { reading: Reading::Close, .. }
        )
    }

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
            Self::QuizCard { .. } | Self::QuizEdit { .. } | Self::QuizOver { .. } => {
                "show the quiz"
            }
            Self::QuizFailed { .. } => "tell the host of a quiz",
            Self::Notice { .. } | Self::EditReport { .. } => "send a notice",
            Self::CheckUp { .. } => "look after the study channels",
            Self::ReviewReminder { .. } => "remind a member of reviews",
        }
    }
}
