//! How the bot says no: one sentence for each refusal, seen by the asker alone.

use super::{Card, channel, list};
use crate::domain::refusal::Refusal;

/// The sentence of a refusal.
pub fn refusal(refusal: &Refusal) -> Card {
    Card::text(match refusal {
        Refusal::RoundClosed => "This round is closed; nothing can change any more.".to_owned(),
        Refusal::RoundGone => {
            "This button does not belong to a round any more. `/today` shows what is open."
                .to_owned()
        }
        Refusal::NothingToVoteFor => {
            "Nobody else has answered yet. Come back when there is something to vote for."
                .to_owned()
        }
        Refusal::OwnAnswer => "You cannot vote for your own answer.".to_owned(),
        Refusal::AnswerGone => {
            "That answer was taken back. Press *Vote* again for the present ones.".to_owned()
        }
        Refusal::NotInRound => {
            "This works on messages in the thread of an open round.".to_owned()
        }
        Refusal::NotAnAnswer => {
            "That message does not count as an answer, so there is nothing to vote for.".to_owned()
        }
        Refusal::NotYourMessage => "Only its author can take a message out or in.".to_owned(),
        Refusal::CannotCount => {
            "This message cannot count: it was written by a bot, is empty or came too late."
                .to_owned()
        }
        Refusal::NoBallot => "You have no vote in this round.".to_owned(),
        Refusal::NotAStudyChannel => {
            "That is not a study channel. `/study status` lists those there are.".to_owned()
        }
        Refusal::WhichChannel(channels) => {
            let names: Vec<String> = channels.iter().map(|id| channel(*id)).collect();
            format!("Which study channel? Give the option `channel`: {}.", list(&names))
        }
        Refusal::NoStudyChannel => {
            "There is no study channel yet. An admin can begin with `/study setup`.".to_owned()
        }
        Refusal::NotATextChannel => {
            "Only ordinary text channels can be study channels for now: no forums, voice channels, \
             announcements or threads."
                .to_owned()
        }
        Refusal::BadTime(text) => {
            format!("`{}` is not a time of day. Try `08:30`.", quoted(text))
        }
        Refusal::BadZone(text) => format!(
            "`{}` is not a time zone I know. Start typing a city and choose one, for example \
             `Europe/Lisbon`.",
            quoted(text)
        ),
        Refusal::BadWeekdays(text) => format!(
            "`{}` is not a list of weekdays. Try `mon-fri`, `mon, wed, fri` or `daily`.",
            quoted(text)
        ),
        Refusal::BadDate(text) => {
            format!("`{}` is not a date. Write it like `2026-12-24`.", quoted(text))
        }
        Refusal::PastDate => "That date is over already.".to_owned(),
        Refusal::EndBeforeStart => "It ends before it begins.".to_owned(),
        Refusal::NoSuchHoliday => {
            "There is no holiday on that date. `/study holidays list` shows them.".to_owned()
        }
        Refusal::BadPlan(why) => format!("That plan does not work: {why}"),
        Refusal::SetupIncomplete => {
            "A new study channel needs a `time` and a `zone`, for example `08:30` and \
             `Europe/Lisbon`."
                .to_owned()
        }
        Refusal::NotPaused => "This study channel is not paused.".to_owned(),
        Refusal::NothingDue => "No round is due that could be skipped.".to_owned(),
        Refusal::NoOpenRound => "No round is open here.".to_owned(),
        Refusal::NothingToVoid => "No round has been closed here yet.".to_owned(),
        Refusal::AlreadyVoid => "The last round is void already.".to_owned(),
        Refusal::EmptyPool => {
            "No question fits the plan of this study channel. `/study plan` changes it.".to_owned()
        }
        Refusal::Busy => "A question is just being posted. Try again in a moment.".to_owned(),
        Refusal::GuildOnly => "This works in a server only.".to_owned(),
        Refusal::NotAnAdmin => "You need the right *Manage Server* for this.".to_owned(),
        Refusal::TooManyHolidays => {
            "There are a hundred holidays already. Remove some first.".to_owned()
        }
        Refusal::TooManyStudyChannels => {
            "There are 25 study channels already; that is as many as a server can have.".to_owned()
        }
        Refusal::TryAgain => {
            "So much is going on that I cannot take this right now. Nothing was changed; please \
             try again in a moment."
                .to_owned()
        }
    })
}

/// The apology for a fault.
pub fn fault(id: &str) -> Card {
    Card::text(format!(
        "Sorry, something broke on my side, and nothing was changed. Please try again; if it stays \
         so, tell the people who run this bot: fault {id}."
    ))
}

/// What somebody typed, cut and kept from breaking out of its quotation.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).take(60).collect()
}
