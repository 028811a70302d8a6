//! What admins are told without having asked.

use super::{Button, Card, Embed, Tone, channel, count};
use crate::domain::notice::{Notice, Trouble};

/// A notice, with a button that shows the status.
pub fn notice(notice: &Notice, guild: &str, key: &str) -> Card {
    let tone = match notice {
        Notice::Recovered { .. } => Tone::Green,
        Notice::StockLow { .. } => Tone::Calm,
        _ => Tone::Red,
    };
    Card::boxed(Embed {
        title: "Studyhall: a notice for the admins".to_owned(),
        text: sentence(notice),
        tone,
        footer: guild.to_owned(),
        ..Embed::default()
    })
    .with_buttons(vec![Button::act("Status", format!("status:{key}"))])
}

/// What a notice says.
pub fn sentence(notice: &Notice) -> String {
    match notice {
        Notice::Missed { channel: id, dates } => {
            let days = match dates.as_slice() {
                [one] => format!("the round of {one}"),
                [first, .., last] => {
                    format!("{} ({first} to {last})", count(dates.len() as u64, "round"))
                }
                [] => "a round".to_owned(),
            };
            format!(
                "In {} I could not post {days}: I was away when it was due, and too late when I \
                 came back. It counts as skipped and breaks no streak. `/study post` posts a \
                 question now.",
                channel(*id)
            )
        }
        Notice::NotAccepted { channel: id, date } => {
            let which = date.map_or_else(|| "an extra round".to_owned(), |d| format!("the round of {d}"));
            format!(
                "Discord did not take the question for {which} in {} in time, so I withdrew it. \
                 It breaks no streak, and the question stays in the pool.",
                channel(*id)
            )
        }
        Notice::EmptyPool { channel: id, date } => format!(
            "There was no round on {date} in {}: no question fits its plan. `/study plan` changes \
             the plan.",
            channel(*id)
        ),
        Notice::StockLow { channel: id, left } => format!(
            "In {} {} left that {} the plan and {} not asked yet. After that, the ones asked \
             longest ago come again. `/study plan` can open more topics.",
            channel(*id),
            if *left == 1 { "1 question is".to_owned() } else { format!("{left} questions are") },
            if *left == 1 { "fits" } else { "fit" },
            if *left == 1 { "was" } else { "were" },
        ),
        Notice::InTrouble { channel: id, trouble, doing } => {
            format!("In {} I could not {doing}: {}", channel(*id), trouble_sentence(*trouble))
        }
        Notice::Recovered { channel: id } => {
            format!("{} works again; what was waiting has been posted.", channel(*id))
        }
    }
}

/// What a trouble is, and what to do about it.
pub fn trouble_sentence(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::MissingRight => {
            "a right is missing. `/study setup` with this channel tells which one. I keep trying, \
             and nothing is lost."
        }
        Trouble::ChannelGone => {
            "the channel is not there any more, or I cannot see it. Give me access again, or \
             `/study remove` it."
        }
        Trouble::NotInGuild => "I am not in this server any more.",
        Trouble::Refused => "Discord refuses it. I keep trying; the log of the bot has the reason.",
    }
}
