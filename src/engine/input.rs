//! Everything that can happen, and everything that can come of it.

use crate::domain::answer::ThreadMessage;
use crate::domain::draw::{Plan, Reason};
use crate::domain::ids::{
    ChannelId, GuildId, InteractionId, MemberId, MessageId, QuestionId, RoleId, RoundId,
};
use crate::domain::member::Facts;
use crate::domain::refusal::Refusal;
use crate::domain::report::Standing;
use crate::domain::review::Grade;
use crate::domain::schedule::{Due, Holiday};
use crate::engine::courier::Outcome;
use crate::engine::intent::Intent;
use crate::engine::quiz;
use crate::engine::stale::Marks;
use crate::engine::standings::{BoardCommand, BoardReply};
use crate::store::deliveries::Delivery;
use chrono::{DateTime, Utc};

/// Who clicked or typed, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The guild.
    pub guild: GuildId,
    /// Its name, for notices.
    pub guild_name: String,
    /// Its owner.
    pub owner: MemberId,
    /// The channel or thread.
    pub channel: ChannelId,
    /// The member.
    pub member: MemberId,
    /// As shown in the guild.
    pub name: String,
    /// What else the interaction tells of the member.
    pub facts: Facts,
    /// Its snowflake tells when the click was made.
    pub interaction: InteractionId,
}

/// What an admin gives `/study setup`; absent parts stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// Local time, as typed.
    pub time: Option<String>,
    /// IANA zone, as typed.
    pub zone: Option<String>,
    /// Weekdays, as typed.
    pub weekdays: Option<String>,
    /// The role to mention.
    pub role: Option<RoleId>,
    /// Where notices go.
    pub notices: Option<ChannelId>,
    /// Whether cards are pinned.
    pub pin: Option<bool>,
    /// Hours a round stays open; 0 for until the next one.
    pub hours: Option<u32>,
}

/// What an admin gives `/study plan`; absent parts stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanChange {
    /// Topic weights, as typed.
    pub topics: Option<String>,
    /// Difficulty mix, as typed.
    pub mix: Option<String>,
    /// Weekday ladder, as typed.
    pub ladder: Option<String>,
    /// Aim, as typed.
    pub aim: Option<String>,
}

/// A command that changes something. Those about a study channel name it, or leave it to be the
/// one the command was typed in, or the guild's only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `/study setup`
    Setup {
        /// The channel.
        channel: ChannelId,
        /// What to change.
        setup: Setup,
    },
    /// `/study plan`
    Plan {
        /// The study channel.
        channel: Option<ChannelId>,
        /// What to change.
        change: PlanChange,
    },
    /// `/study holidays add`
    AddHoliday {
        /// The study channel.
        channel: Option<ChannelId>,
        /// First date, as typed.
        first: String,
        /// Last date, as typed.
        last: Option<String>,
        /// What it is called.
        label: String,
    },
    /// `/study holidays remove`
    RemoveHoliday {
        /// The study channel.
        channel: Option<ChannelId>,
        /// A date inside, as typed.
        date: String,
    },
    /// `/study post`
    Post {
        /// The study channel.
        channel: Option<ChannelId>,
    },
    /// `/study pause`
    Pause {
        /// The study channel.
        channel: Option<ChannelId>,
        /// Date of the return, as typed.
        until: Option<String>,
    },
    /// `/study resume`
    Resume {
        /// The study channel.
        channel: Option<ChannelId>,
    },
    /// `/study skip`
    Skip {
        /// The study channel.
        channel: Option<ChannelId>,
    },
    /// `/study replace`
    Replace {
        /// The study channel.
        channel: Option<ChannelId>,
    },
    /// `/study void`
    Void {
        /// The study channel.
        channel: Option<ChannelId>,
    },
    /// `/study remove`
    Remove {
        /// The study channel.
        channel: Option<ChannelId>,
    },
    /// `/quiz`
    Quiz(quiz::Wish),
    /// `/privacy board`
    Board {
        /// Whether the member stands on boards.
        shown: bool,
    },
    /// Something about boards and seasons.
    Boards(BoardCommand),
    /// `/review` with options; absent ones stay as they are.
    Review {
        /// Whether to be reminded daily.
        remind: Option<bool>,
        /// Whether questions of closed rounds are to be reviewed.
        rounds: Option<bool>,
    },
    /// `/question report`
    Report {
        /// The question.
        question: QuestionId,
        /// Why, as typed.
        reason: String,
    },
}

/// A click that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Click {
    /// A choice on a ballot.
    Vote {
        /// The card's key.
        card: String,
        /// Whose answer.
        author: MemberId,
    },
    /// *Withdraw* on a ballot.
    Withdraw {
        /// The card's key.
        card: String,
    },
    /// *Vote for this answer* in a message's menu.
    VoteForMessage {
        /// The message.
        message: ThreadMessage,
    },
    /// *Not my answer* in a message's menu.
    NotMyAnswer {
        /// The message.
        message: ThreadMessage,
    },
    /// A button of a quiz.
    Quiz(quiz::Press),
    /// A grade in a review.
    Grade {
        /// The card's key.
        key: String,
        /// How often the card had been graded or missed when the button was shown.
        reviews: u32,
        /// How well the member remembered.
        grade: Grade,
    },
}

/// A press on a button of something delivered, perhaps in a direct message. Who may press it, as
/// far as Discord's permissions decide that, is checked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// *Stop reminding me* on a reminder of reviews.
    StopReminder,
    /// What an admin makes of a report.
    Decide(Standing),
}

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// Something may be due.
    Tick,
    /// A message of a thread was written or edited.
    Message {
        /// The guild.
        guild: GuildId,
        /// The thread.
        thread: ChannelId,
        /// As it is now.
        message: ThreadMessage,
        /// What the event tells of its author.
        facts: Facts,
    },
    /// A message was deleted.
    MessageGone {
        /// Where it was.
        thread: ChannelId,
        /// The message.
        message: MessageId,
    },
    /// What members wrote in these threads was missed, so they must be read again.
    Stale(Marks),
    /// A member typed a command.
    Command(Asker, Command),
    /// A member clicked.
    Click(Asker, Click),
    /// A button of something delivered was pressed.
    Pressed {
        /// The delivery's key.
        key: String,
        /// By whom.
        by: MemberId,
        /// The name shown in the guild, where it was pressed there.
        name: Option<String>,
        /// Which button.
        press: Press,
    },
    /// The courier is about to try a delivery.
    Attempt {
        /// Which.
        delivery: i64,
    },
    /// The courier has tried a delivery.
    Attempted {
        /// Which.
        delivery: i64,
        /// What came of it.
        outcome: Outcome,
    },
    /// A delivery that members wait for has not gone through for minutes.
    Overdue {
        /// Which.
        delivery: i64,
    },
    /// Get Guild Member has answered; `None`: no member any more.
    LookedUp {
        /// The guild.
        guild: GuildId,
        /// The member.
        member: MemberId,
        /// The name shown in the guild.
        name: Option<String>,
        /// What else it tells.
        facts: Facts,
    },
}

/// What came of an input, for whoever sent it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Taken note of.
    Noted,
    /// A study channel was set up or changed.
    SetUp {
        /// Which.
        channel: ChannelId,
        /// Whether it is new.
        new: bool,
        /// When its next round is due.
        next: Option<Due>,
        /// Whether today's date already has a round, so that a change begins with the next date.
        today_taken: bool,
    },
    /// The plan, changed or not.
    Plan {
        /// The study channel.
        channel: ChannelId,
        /// As it is now.
        plan: Plan,
        /// Questions that fit it and were not asked yet.
        left: u32,
        /// Whether it was changed.
        changed: bool,
    },
    /// The holidays after a change.
    Holidays {
        /// The study channel.
        channel: ChannelId,
        /// In order.
        holidays: Vec<Holiday>,
    },
    /// An extra round is on its way.
    Posting {
        /// The study channel.
        channel: ChannelId,
        /// When it closes.
        closes_at: DateTime<Utc>,
    },
    /// Paused.
    Paused {
        /// The study channel.
        channel: ChannelId,
        /// When rounds may be due again.
        until: Option<DateTime<Utc>>,
        /// The first due instant after it, if known.
        next: Option<Due>,
    },
    /// Resumed.
    Resumed {
        /// The study channel.
        channel: ChannelId,
        /// When the next round is due.
        next: Option<Due>,
    },
    /// The next round is skipped.
    Skipped {
        /// The study channel.
        channel: ChannelId,
        /// The one skipped.
        due: Due,
        /// The one after.
        next: Option<Due>,
    },
    /// The open round was withdrawn and another question is on its way.
    Replaced {
        /// The study channel.
        channel: ChannelId,
    },
    /// A round's points were reversed.
    Voided {
        /// The study channel.
        channel: ChannelId,
        /// The question's title.
        title: String,
        /// How many ledger rows were reversed.
        rows: u32,
    },
    /// The channel is no study channel any more.
    Removed {
        /// Which.
        channel: ChannelId,
    },
    /// On or off the boards.
    Board {
        /// Whether the member stands on boards.
        shown: bool,
    },
    /// Something about boards and seasons was changed.
    Boards(BoardReply),
    /// A question was graded in a review.
    Graded {
        /// The grade.
        grade: Grade,
        /// In how many days it comes back.
        days: u32,
    },
    /// What a member set with `/review`; `None` for what was not touched.
    ReviewWishes {
        /// The daily reminder.
        remind: Option<bool>,
        /// Closed rounds.
        rounds: Option<bool>,
    },
    /// A question was reported.
    Reported {
        /// Its title.
        title: String,
    },
    /// An admin decided a report.
    Decided {
        /// The report.
        report: i64,
        /// Whether that changed anything.
        changed: bool,
    },
    /// A ballot was cast or changed.
    Voted {
        /// The round.
        round: RoundId,
        /// The card's key.
        card: String,
        /// Whose answer.
        author: MemberId,
    },
    /// A ballot was taken back.
    Withdrawn {
        /// The round.
        round: RoundId,
        /// The card's key.
        card: String,
    },
    /// A message counts, or does not count any more.
    Answer {
        /// Whether it counts now.
        counts: bool,
    },
    /// What came of a quiz command or press.
    Quiz(quiz::Said),
    /// The delivery to try; `None` if it is over.
    Attempt(Option<Box<Delivery<Intent>>>),
    /// What becomes of a delivery after an attempt.
    Attempted {
        /// Whether it is to be tried again.
        pending: bool,
        /// Whether it was changed, so that it is to be tried at once.
        changed: bool,
        /// When its time ends.
        expires_at: Option<DateTime<Utc>>,
    },
}

/// Why an input came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum No {
    /// The asker is told why.
    Refused(Refusal),
    /// Something broke. It was logged under this id, which the asker is told.
    Fault(String),
    /// The database can't be written at the moment.
    NotSaved,
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why a draw came out as it did, for *Why this question?*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// As recorded at the draw.
    pub reason: Reason,
    /// The seed.
    pub seed: u64,
}
