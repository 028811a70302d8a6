use super::sample::CHANNEL;
use super::show;
use crate::discord::say::no::{fault, refusal, unreadable};
use crate::domain::ids::ChannelId;
use crate::domain::refusal::Refusal;
use insta::assert_snapshot;
use std::collections::BTreeSet;

/// What comes after a refusal in the list of all of them. A new one breaks the build here, and
/// has to take its place in the list.
fn next(after: &Refusal) -> Option<Refusal> {
    use Refusal as R;
    Some(match after {
        R::RoundClosed => R::RoundGone,
        R::RoundGone => R::NothingToVoteFor,
        R::NothingToVoteFor => R::OwnAnswer,
        R::OwnAnswer => R::AnswerGone,
        R::AnswerGone => R::NotInRound,
        R::NotInRound => R::NotAnAnswer,
        R::NotAnAnswer => R::NotYourMessage,
        R::NotYourMessage => R::CannotCount,
        R::CannotCount => R::NoBallot,
        R::NoBallot => R::NotAStudyChannel,
        R::NotAStudyChannel => R::WhichChannel(vec![CHANNEL, ChannelId(201), ChannelId(202)]),
        R::WhichChannel(_) => R::NoStudyChannel,
        R::NoStudyChannel => R::NotATextChannel,
        R::NotATextChannel => R::TakesNoMessages,
        R::TakesNoMessages => R::BadTime("half past `nine`".to_owned()),
        R::BadTime(_) => R::BadZone("Atlantis".to_owned()),
        R::BadZone(_) => R::ZoneAbbreviated {
            typed: "EST".to_owned(),
            zones: vec![chrono_tz::America::New_York, chrono_tz::America::Toronto],
        },
        R::ZoneAbbreviated { .. } => {
            R::ZoneUnclear { typed: "lisb".to_owned(), zones: vec![chrono_tz::Europe::Lisbon] }
        }
        R::ZoneUnclear { .. } => R::BadWeekdays("``".to_owned()),
        R::BadWeekdays(_) => R::BadDate("x".repeat(100)),
        R::BadDate(_) => R::PastDate,
        R::PastDate => R::EndBeforeStart,
        R::EndBeforeStart => R::NoSuchHoliday,
        R::NoSuchHoliday => R::BadPlan("a plan has either a mix or a ladder".to_owned()),
        R::BadPlan(_) => R::SetupIncomplete,
        R::SetupIncomplete => R::NotPaused,
        R::NotPaused => R::NothingDue,
        R::NothingDue => R::NoOpenRound,
        R::NoOpenRound => R::NothingToVoid,
        R::NothingToVoid => R::AlreadyVoid,
        R::AlreadyVoid => R::EmptyPool,
        R::EmptyPool => R::Busy,
        R::Busy => R::GuildOnly,
        R::GuildOnly => R::NotAnAdmin,
        R::NotAnAdmin => R::TooManyHolidays,
        R::TooManyHolidays => R::TooManyStudyChannels,
        R::TooManyStudyChannels => R::QuizGone,
        R::QuizGone => R::NotYourQuiz,
        R::NotYourQuiz => R::QuizOver,
        R::QuizOver => R::QuizMovedOn,
        R::QuizMovedOn => R::NotTheHost,
        R::NotTheHost => R::QuizQuestionClosed,
        R::QuizQuestionClosed => R::QuizGoingOn,
        R::QuizGoingOn => R::NotInQuiz,
        R::NotInQuiz => R::CannotPostQuiz,
        R::CannotPostQuiz => R::NoQuizQuestions,
        R::NoQuizQuestions => R::QuestionOpen,
        R::QuestionOpen => {
            let nearest = Some("lists".to_owned());
            R::NoSuchTopic { typed: "lits`".to_owned(), nearest }
        }
        R::NoSuchTopic { .. } => R::NoSeason,
        R::NoSeason => R::NoRunningSeason,
        R::NoRunningSeason => R::SeasonAhead,
        R::SeasonAhead => R::SeasonsOverlap("Autumn `26`".to_owned()),
        R::SeasonsOverlap(_) => R::SeasonWithoutName,
        R::SeasonWithoutName => R::TooManySeasons,
        R::TooManySeasons => R::RoleOfEverybody,
        R::RoleOfEverybody => R::RoleNotExcluded,
        R::RoleNotExcluded => R::TooManyRoles,
        R::TooManyRoles => R::BoardGone,
        R::BoardGone => R::NoSuchQuestion,
        R::NoSuchQuestion => R::NotYourReview,
        R::NotYourReview => R::ReviewOutdated,
        R::ReviewOutdated => R::NoReason,
        R::NoReason => R::ReportedAlready,
        R::ReportedAlready => R::TooManyReports,
        R::TooManyReports => R::StatsHidden,
        R::StatsHidden => R::TryAgain,
        R::TryAgain => R::NotSaved,
        R::NotSaved => return None,
    })
}

fn all() -> Vec<Refusal> {
    std::iter::successors(Some(Refusal::RoundClosed), next).collect()
}

#[test]
fn every_refusal() {
    let said: Vec<String> = all().iter().map(|no| show(&refusal(no))).collect();
    assert_snapshot!(said.join("\n"), @r"
    This round is closed, so nothing can change any more. `/today` shows what is open.
    This button does not lead anywhere any more. `/today` shows what is open.
    Nobody else has answered yet. Come back when there is something to vote for.
    You cannot vote for your own answer. Choose somebody else's.
    That answer was taken back. Press *Vote* on the question to see those there are.
    This only works on a message in the thread of an open round.
    That message does not count as an answer. Vote for one that does: the first message of an answer has a ✅.
    That is somebody else's message. You can only take out or put back your own.
    This message cannot count as an answer: it has neither text nor a file, or it came after the close.
    You have no vote in this round.
    That is not a study channel. `/study status` lists those there are.
    Which study channel do you mean? Add the option `channel` with one of these: <#200>, <#201> and <#202>.
    There is no study channel yet. An admin can make one with `/study setup`.
    Only an ordinary text channel can be a study channel for now: no forum, voice or announcement channel, and no thread.
    No message can be sent in that channel: it's a forum, a media channel or a category. Choose a text channel.
    `half past nine` is not a time of day. Write it like `08:30`.
    `Atlantis` is not a time zone I know. Start typing a city and choose from the list, for example `Europe/Lisbon`.
    `EST` doesn't say whether your clocks change in summer. Choose the zone of a city near you: `America/New_York` or `America/Toronto`.
    `lisb` is not the whole name of a time zone. Write it in full: `Europe/Lisbon`.
    `…` is not a list of weekdays. Write it like `mon-fri`, `mon, wed, fri` or `daily`.
    `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is not a date. Write it like `2026-12-24`.
    That date is over already. Choose a later one.
    The last date is before the first. Write the earlier one first.
    There is no holiday on that date. `/study holidays list` shows those there are.
    That plan does not work. A plan has either a mix or a ladder.
    A new study channel needs a `time` and a `zone`, for example `08:30` and `Europe/Lisbon`.
    This study channel is not paused.
    No round is coming up that could be skipped. `/study status` shows why.
    No round is open here. `/study post` posts a question now.
    No round has been closed here yet.
    The last closed round is void already; its points were taken back.
    No question fits the plan of this study channel, or all that do are being asked right now. `/study plan` changes the plan.
    A question is being posted right now. Please try again in a moment.
    This only works in a server, not in a direct message.
    Only admins can do this: it takes the permission *Manage Server*.
    A study channel can have 100 holidays, and this one does. Remove some first with `/study holidays remove`.
    A server can have 25 study channels, and this one does. `/study remove` ends one.
    This button does not lead anywhere any more. `/quiz` starts a new quiz.
    That is somebody else's quiz. `/quiz` starts one of your own.
    That quiz is over. `/quiz` starts a new one.
    Your quiz has moved on since. If you have lost sight of it, `/quiz` brings it back.
    Only the host of this quiz can do that. The card says who it is.
    That question had closed when you pressed. The next one comes soon.
    A group quiz is going on in this channel already. Join it, or wait until it is over.
    You are not in this quiz.
    I cannot post a quiz in this channel: I need *View Channel*, *Send Messages*, *Embed Links* and *Read Message History* here. Ask an admin, or try another channel.
    There is no question like that for you right now. Try another topic or difficulty.
    This question is still open here. Its answer is told when it closes.
    There is no topic `lits`. Did you mean `lists`? Start typing to see all of them.
    There was no season here yet. An admin can start one with `/season start`; until then `/leaderboard` counts weeks, months and all time.
    No season is running. `/season start` begins one.
    A season begins today or on a date that is over, not in the future. Start it when the day has come.
    Seasons do not overlap, and `Autumn 26` was not over by then. Choose a later date; `/season list` shows when each one was.
    A season needs a name, for example `Autumn 2026`.
    A server can have 200 seasons, and this one does.
    Everybody has that role: the leaderboards would be empty. Choose another one.
    That role is not kept off the leaderboards. `/study board show` lists those that are.
    A server can keep 25 roles off its leaderboards, and this one does. `/study board include` lets one back.
    That board is too old to be shown any more. `/leaderboard` shows how it stands now.
    I know no such question. Start typing a word of its title and choose from the list.
    These are somebody else's reviews, and private. `/review` shows you your own.
    You have been through that one already.
    Please write in a few words what is wrong with the question.
    You have reported this question already, and the admins have not decided yet.
    You have 5 reports that the admins have not looked at yet. Please give them some time.
    This member's stats are not shown to others. You can always see your own with `/stats`.
    So much is going on that I could not take this. Nothing was changed; please try again in a moment.
    I can't save anything right now, so nothing was changed. Please try again in a minute; I keep trying too.
    ");
}

#[test]
fn every_refusal_is_a_sentence_of_its_own() {
    let mut seen = BTreeSet::new();
    for no in all() {
        let text = refusal(&no).content;
        assert!(text.ends_with('.') && !text.contains("  "), "{text}");
        assert!(seen.insert(text.clone()), "said of two things: {text}");
    }
    assert_eq!(seen.len(), 68);
}

#[test]
fn a_plan_error_stays_as_it_is_where_it_is_a_sentence() {
    let why = "There is no topic `x`. Did you mean `y`?".to_owned();
    assert!(refusal(&Refusal::BadPlan(why.clone())).content.ends_with(&why));
}

#[test]
fn a_fault() {
    assert_snapshot!(show(&fault("0007")), @"Sorry, something broke on my side. Please look whether it worked before you try again. If it keeps happening, tell the people who run this bot: fault 0007.");
}

#[test]
fn an_interaction_that_could_not_be_read() {
    assert_snapshot!(show(&unreadable()), @"I couldn't read what Discord sent me, so I did nothing. Please try again. If it keeps happening, tell the people who run this bot: `/study doctor` counts what I couldn't read.");
}
