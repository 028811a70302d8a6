//! How the bot says no: one sentence or two for each refusal, seen by the asker alone.

use super::Card;
use super::text::{channel, clean, is_blank, list};
use crate::domain::refusal::Refusal;

/// The sentence of a refusal: what is the matter, and what to do.
pub fn refusal(refusal: &Refusal) -> Card {
    Card::text(match refusal {
        Refusal::RoundClosed => {
            "This round is closed, so nothing can change any more. `/today` shows what is open."
                .to_owned()
        }
        Refusal::RoundGone => {
            "This button does not lead anywhere any more. `/today` shows what is open.".to_owned()
        }
        Refusal::NothingToVoteFor => {
            "Nobody else has answered yet. Come back when there is something to vote for."
                .to_owned()
        }
        Refusal::OwnAnswer => {
            "You cannot vote for your own answer. Choose somebody else's.".to_owned()
        }
        Refusal::AnswerGone => {
            "That answer was taken back. Press *Vote* on the question to see those there are."
                .to_owned()
        }
        Refusal::NotInRound => {
            "This only works on a message in the thread of an open round.".to_owned()
        }
        Refusal::NotAnAnswer => {
            "That message does not count as an answer. Vote for one that does: the first message \
             of an answer has a ✅."
                .to_owned()
        }
        Refusal::NotYourMessage => {
            "That is somebody else's message. You can only take out or put back your own."
                .to_owned()
        }
        Refusal::CannotCount => {
            "This message cannot count as an answer: it has neither text nor a file, or it came \
             after the close."
                .to_owned()
        }
        Refusal::NoBallot => "You have no vote in this round.".to_owned(),
        Refusal::NotAStudyChannel => {
            "That is not a study channel. `/study status` lists those there are.".to_owned()
        }
        Refusal::WhichChannel(channels) => {
            let names: Vec<String> = channels.iter().map(|id| channel(*id)).collect();
            format!(
                "Which study channel do you mean? Add the option `channel` with one of these: {}.",
                list(&names)
            )
        }
        Refusal::NoStudyChannel => {
            "There is no study channel yet. An admin can make one with `/study setup`.".to_owned()
        }
        Refusal::NotATextChannel => {
            "Only an ordinary text channel can be a study channel for now: no forum, voice or \
             announcement channel, and no thread."
                .to_owned()
        }
        Refusal::TakesNoMessages => {
            "No message can be sent in that channel: it's a forum, a media channel or a category. \
             Choose a text channel."
                .to_owned()
        }
        Refusal::BadTime(text) => {
            format!("`{}` is not a time of day. Write it like `08:30`.", quoted(text))
        }
        Refusal::BadZone(text) => format!(
            "`{}` is not a time zone I know. Start typing a city and choose from the list, for \
             example `Europe/Lisbon`.",
            quoted(text)
        ),
        Refusal::ZoneAbbreviated { typed, zones } => format!(
            "`{}` doesn't say whether your clocks change in summer. Choose the zone of a city near \
             you: {}.",
            quoted(typed),
            or(zones)
        ),
        Refusal::ZoneUnclear { typed, zones } => format!(
            "`{}` is not the whole name of a time zone. Write it in full: {}.",
            quoted(typed),
            or(zones)
        ),
        Refusal::BadWeekdays(text) => format!(
            "`{}` is not a list of weekdays. Write it like `mon-fri`, `mon, wed, fri` or `daily`.",
            quoted(text)
        ),
        Refusal::BadDate(text) => {
            format!("`{}` is not a date. Write it like `2026-12-24`.", quoted(text))
        }
        Refusal::PastDate => "That date is over already. Choose a later one.".to_owned(),
        Refusal::EndBeforeStart => {
            "The last date is before the first. Write the earlier one first.".to_owned()
        }
        Refusal::NoSuchHoliday => {
            "There is no holiday on that date. `/study holidays list` shows those there are."
                .to_owned()
        }
        Refusal::BadPlan(why) => format!("That plan does not work. {}", sentence(why)),
        Refusal::SetupIncomplete => {
            "A new study channel needs a `time` and a `zone`, for example `08:30` and \
             `Europe/Lisbon`."
                .to_owned()
        }
        Refusal::NotPaused => "This study channel is not paused.".to_owned(),
        Refusal::NothingDue => {
            "No round is coming up that could be skipped. `/study status` shows why.".to_owned()
        }
        Refusal::NoOpenRound => {
            "No round is open here. `/study post` posts a question now.".to_owned()
        }
        Refusal::NothingToVoid => "No round has been closed here yet.".to_owned(),
        Refusal::AlreadyVoid => {
            "The last closed round is void already; its points were taken back.".to_owned()
        }
        Refusal::EmptyPool => {
            "No question fits the plan of this study channel, or all that do are being asked right \
             now. `/study plan` changes the plan."
                .to_owned()
        }
        Refusal::Busy => {
            "A question is being posted right now. Please try again in a moment.".to_owned()
        }
        Refusal::GuildOnly => "This only works in a server, not in a direct message.".to_owned(),
        Refusal::NotAnAdmin => {
            "Only admins can do this: it takes the permission *Manage Server*.".to_owned()
        }
        Refusal::TooManyHolidays => {
            "A study channel can have 100 holidays, and this one does. Remove some first with \
             `/study holidays remove`."
                .to_owned()
        }
        Refusal::TooManyStudyChannels => {
            "A server can have 25 study channels, and this one does. `/study remove` ends one."
                .to_owned()
        }
        Refusal::StatsHidden => {
            "This member's stats are not shown to others. You can always see your own with \
             `/stats`."
                .to_owned()
        }
        Refusal::QuizGone => {
            "This button does not lead anywhere any more. `/quiz` starts a new quiz.".to_owned()
        }
        Refusal::NotYourQuiz => {
            "That is somebody else's quiz. `/quiz` starts one of your own.".to_owned()
        }
        Refusal::QuizOver => "That quiz is over. `/quiz` starts a new one.".to_owned(),
        Refusal::QuizMovedOn => {
            "Your quiz has moved on since. If you have lost sight of it, `/quiz` brings it back."
                .to_owned()
        }
        Refusal::NotTheHost => {
            "Only the host of this quiz can do that. The card says who it is.".to_owned()
        }
        Refusal::QuizQuestionClosed => {
            "That question had closed when you pressed. The next one comes soon.".to_owned()
        }
        Refusal::QuizGoingOn => {
            "A group quiz is going on in this channel already. Join it, or wait until it is over."
                .to_owned()
        }
        Refusal::NotInQuiz => "You are not in this quiz.".to_owned(),
        Refusal::CannotPostQuiz => {
            "I cannot post a quiz in this channel: I need *View Channel*, *Send Messages*, *Embed \
             Links* and *Read Message History* here. Ask an admin, or try another channel."
                .to_owned()
        }
        Refusal::NoQuizQuestions => {
            "There is no question like that for you right now. Try another topic or difficulty."
                .to_owned()
        }
        Refusal::QuestionOpen => {
            "This question is still open here. Its answer is told when it closes.".to_owned()
        }
        Refusal::NoSuchTopic { typed, nearest } => {
            let hint = nearest.as_ref().map_or_else(
                || "Start typing a topic to see those there are.".to_owned(),
                |nearest| {
                    format!("Did you mean `{}`? Start typing to see all of them.", quoted(nearest))
                },
            );
            format!("There is no topic `{}`. {hint}", quoted(typed))
        }
        Refusal::NoSeason => {
            "There was no season here yet. An admin can start one with `/season start`; until then \
             `/leaderboard` counts weeks, months and all time."
                .to_owned()
        }
        Refusal::NoRunningSeason => "No season is running. `/season start` begins one.".to_owned(),
        Refusal::SeasonAhead => {
            "A season begins today or on a date that is over, not in the future. Start it when the \
             day has come."
                .to_owned()
        }
        Refusal::SeasonsOverlap(name) => format!(
            "Seasons do not overlap, and `{}` was not over by then. Choose a later date; `/season \
             list` shows when each one was.",
            quoted(name)
        ),
        Refusal::SeasonWithoutName => {
            "A season needs a name, for example `Autumn 2026`.".to_owned()
        }
        Refusal::TooManySeasons => "A server can have 200 seasons, and this one does.".to_owned(),
        Refusal::RoleOfEverybody => {
            "Everybody has that role: the leaderboards would be empty. Choose another one."
                .to_owned()
        }
        Refusal::RoleNotExcluded => {
            "That role is not kept off the leaderboards. `/study board show` lists those that are."
                .to_owned()
        }
        Refusal::TooManyRoles => {
            "A server can keep 25 roles off its leaderboards, and this one does. `/study board \
             include` lets one back."
                .to_owned()
        }
        Refusal::BoardGone => {
            "That board is too old to be shown any more. `/leaderboard` shows how it stands now."
                .to_owned()
        }
        Refusal::NoSuchQuestion => {
            "I know no such question. Start typing a word of its title and choose from the list."
                .to_owned()
        }
        Refusal::NotYourReview => {
            "These are somebody else's reviews, and private. `/review` shows you your own."
                .to_owned()
        }
        Refusal::ReviewOutdated => "You have been through that one already.".to_owned(),
        Refusal::NoReason => {
            "Please write in a few words what is wrong with the question.".to_owned()
        }
        Refusal::ReportedAlready => {
            "You have reported this question already, and the admins have not decided yet."
                .to_owned()
        }
        Refusal::TooManyReports => format!(
            "You have {} reports that the admins have not looked at yet. Please give them some \
             time.",
            crate::domain::report::MOST_OPEN
        ),
        Refusal::TryAgain => {
            "So much is going on that I could not take this. Nothing was changed; please try again \
             in a moment."
                .to_owned()
        }
        Refusal::NotSaved => {
            "I can't save anything right now, so nothing was changed. Please try again in a minute; \
             I keep trying too."
                .to_owned()
        }
    })
}

/// The apology for a fault. It may have struck after the work was done, in the telling.
pub fn fault(id: &str) -> Card {
    Card::text(format!(
        "Sorry, something broke on my side. Please look whether it worked before you try again. If \
         it keeps happening, tell the people who run this bot: fault {id}."
    ))
}

/// The answer to an interaction that the bot could not read.
pub fn unreadable() -> Card {
    Card::text(
        "I couldn't read what Discord sent me, so I did nothing. Please try again. If it keeps \
         happening, tell the people who run this bot: `/study doctor` counts what I couldn't read."
            .to_owned(),
    )
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let capital: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if text.trim_end().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{capital}{}{end}", letters.as_str())
}

/// "`Europe/London` or `Asia/Dhaka`"
fn or(zones: &[chrono_tz::Tz]) -> String {
    let names: Vec<String> = zones.iter().map(|zone| format!("`{}`", zone.name())).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        names => names.concat(),
    }
}

/// What somebody typed, cut and kept from breaking out of its quotation.
fn quoted(text: &str) -> String {
    let shown: String = clean(text).chars().filter(|c| *c != '`').take(60).collect();
    // An empty quotation would show its marks.
    if is_blank(&shown) { "…".to_owned() } else { shown }
}
