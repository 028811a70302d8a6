//! The closed list of ways to say no to a member. Their sentences are in `discord/say`.

use crate::domain::ids::ChannelId;
use chrono_tz::Tz;

/// Why an interaction was refused. Only the asker sees its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The round takes no more votes or changes.
    RoundClosed,
    /// The round's card is known, but no round belongs to this button any more.
    RoundGone,
    /// Nobody but the asker has answered yet.
    NothingToVoteFor,
    /// A vote for one's own answer.
    OwnAnswer,
    /// The answer voted for has been taken back.
    AnswerGone,
    /// *Vote for this answer* or *Not my answer* on a message that is not part of an open round.
    NotInRound,
    /// *Vote for this answer* on a message that does not count as an answer.
    NotAnAnswer,
    /// *Not my answer* on somebody else's message.
    NotYourMessage,
    /// A message that can never count: not written by a human, or of a special kind.
    CannotCount,
    /// *Withdraw* without a ballot.
    NoBallot,
    /// The command needs a study channel and this is none.
    NotAStudyChannel,
    /// The guild has more than one study channel and the command does not say which.
    WhichChannel(Vec<ChannelId>),
    /// The guild has no study channel yet.
    NoStudyChannel,
    /// Only text channels can be study channels for now.
    NotATextChannel,
    /// Notices or boards are to go into a channel that takes no messages, such as a forum.
    TakesNoMessages,
    /// The text is not a time of day.
    BadTime(String),
    /// The text is not a zone of the IANA database.
    BadZone(String),
    /// The text is an abbreviation, which does not say whether the clocks change.
    ZoneAbbreviated {
        /// As typed.
        typed: String,
        /// What may have been meant.
        zones: Vec<Tz>,
    },
    /// The text is part of the names of these zones, or of more.
    ZoneUnclear {
        /// As typed.
        typed: String,
        /// Those whose names fit best.
        zones: Vec<Tz>,
    },
    /// The text is not a list of weekdays.
    BadWeekdays(String),
    /// The text is not a date.
    BadDate(String),
    /// The date or instant lies in the past.
    PastDate,
    /// The end lies before the start.
    EndBeforeStart,
    /// No such holiday.
    NoSuchHoliday,
    /// The text is not a plan; the sentence says what is wrong with it.
    BadPlan(String),
    /// A first setup needs a channel, a time and a zone.
    SetupIncomplete,
    /// `/study resume` where nothing is paused.
    NotPaused,
    /// `/study skip` where no round is due within sight.
    NothingDue,
    /// `/study replace` where no round is open.
    NoOpenRound,
    /// `/study void` where no closed round is left to void.
    NothingToVoid,
    /// The round's points were already taken back.
    AlreadyVoid,
    /// The plan fits no question at all.
    EmptyPool,
    /// A round is just being posted or closed; the same command works in a moment.
    Busy,
    /// The bot works in guilds only.
    GuildOnly,
    /// The asker lacks Manage Server.
    NotAnAdmin,
    /// A study channel has only this many holidays.
    TooManyHolidays,
    /// A guild has only this many study channels.
    TooManyStudyChannels,
    /// The member has opted out of boards, or is not there any more.
    StatsHidden,
    /// The quiz's button is known to nobody any more.
    QuizGone,
    /// A private quiz of somebody else.
    NotYourQuiz,
    /// The quiz is over.
    QuizOver,
    /// A button of an earlier question, or on an earlier message, of a quiz.
    QuizMovedOn,
    /// Only the host of a group's quiz can do that.
    NotTheHost,
    /// A choice after the question closed.
    QuizQuestionClosed,
    /// A group's quiz is going on in the channel.
    QuizGoingOn,
    /// *Leave* by somebody who is not in.
    NotInQuiz,
    /// The bot lacks a right that a group's card needs.
    CannotPostQuiz,
    /// No question fits what was wished for.
    NoQuizQuestions,
    /// A question whose answer is still a secret in the guild.
    QuestionOpen,
    /// No topic of that name.
    NoSuchTopic {
        /// As typed.
        typed: String,
        /// The topic spelled most like it, if one is near.
        nearest: Option<String>,
    },
    /// A board of a season where there never was one.
    NoSeason,
    /// `/season end` where none is running.
    NoRunningSeason,
    /// A season that would begin in the future.
    SeasonAhead,
    /// A season that would begin before this one, the last, was over.
    SeasonsOverlap(String),
    /// A season without a name.
    SeasonWithoutName,
    /// A guild has only this many seasons.
    TooManySeasons,
    /// `/study board exclude` for the role that everybody has.
    RoleOfEverybody,
    /// `/study board include` for a role that is not excluded.
    RoleNotExcluded,
    /// A guild excludes only this many roles.
    TooManyRoles,
    /// The board behind a button is not kept any more.
    BoardGone,
    /// No pack has a question of that name.
    NoSuchQuestion,
    /// A button of somebody else's reviews.
    NotYourReview,
    /// The card of this button was graded or missed since.
    ReviewOutdated,
    /// `/question report` without a reason.
    NoReason,
    /// The member's report of that question is still open.
    ReportedAlready,
    /// A member has only this many open reports.
    TooManyReports,
    /// The inbox is full or the bot is stopping.
    TryAgain,
    /// The database can't be written at the moment.
    NotSaved,
}
