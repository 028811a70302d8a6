//! What admins are told without having asked.

use super::text::{at, channel, count, day, list, plain};
use super::{Button, Card, Embed, Tone};
use crate::discord::Alarm;
use crate::domain::checkup::{Ill, Purpose};
use crate::domain::ids::ChannelId;
use crate::domain::notice::{GaveUp, Notice, Trouble};
use std::collections::BTreeMap;

/// A notice, with a button that shows the status.
pub fn notice(notice: &Notice, guild: &str, key: &str) -> Card {
    let tone = match notice {
        Notice::Recovered { .. } | Notice::Mended { .. } => Tone::Green,
        Notice::StockLow { .. } | Notice::Reported { .. } => Tone::Calm,
        Notice::Missed { .. }
        | Notice::NotAccepted { .. }
        | Notice::EmptyPool { .. }
        | Notice::InTrouble { .. }
        | Notice::GivenUp { .. }
        | Notice::Moved { .. }
        | Notice::Foreseen { .. }
        | Notice::WeeklyInTrouble { .. } => Tone::Red,
    };
    Card::boxed(Embed {
        title: "Studyhall: a notice for the admins".to_owned(),
        text: sentence(notice),
        tone,
        // In a direct message nothing else tells which server it is about.
        footer: guild.to_owned(),
        ..Embed::default()
    })
    .with_buttons(vec![Button::new("Status", format!("status:{key}"))])
}

/// What concerns the whole bot, told at once.
pub fn alarm(alarm: &Alarm) -> Card {
    let text = match alarm {
        Alarm::Deaf(since) => format!(
            "I have had no connection to Discord since {}: I can send this, but no click, no command \
             and no new answer reaches me. I keep trying. When I'm back, I read what was answered in \
             the threads, and nothing that counted before is lost. Whoever runs me finds the reason \
             with `studyhall doctor`.",
            at(*since)
        ),
        Alarm::Unwritable(since) => format!(
            "I haven't been able to write to my database since {}, so no vote and no command counts, \
             and no round begins. I keep trying. What was confirmed before is safe. Whoever runs me \
             finds the reason with `studyhall doctor`.",
            at(*since)
        ),
        Alarm::Intents => {
            "I stop here: Discord refuses to let me read messages. Whoever runs me has \
                           to switch on Message Content Intent in the developer portal (Bot, \
                           Privileged Gateway Intents) and then start me again. Answers written in \
                           the meantime are read back."
                .to_owned()
        }
        Alarm::Over => {
            "All is well again: I hear and write as usual, and read what was answered in \
                        the threads in the meantime. `/study status` shows how the rounds are."
                .to_owned()
        }
    };
    Card::boxed(Embed {
        title: "Studyhall: a notice for the admins".to_owned(),
        text,
        tone: if *alarm == Alarm::Over { Tone::Green } else { Tone::Red },
        ..Embed::default()
    })
}

/// What a notice says.
pub fn sentence(notice: &Notice) -> String {
    match notice {
        Notice::Missed { channel: id, dates } => {
            let (rounds, follows) = match dates.as_slice() {
                [] => ("a round".to_owned(), "It counts as skipped and breaks"),
                [one] => (format!("the round of {}", day(*one)), "It counts as skipped and breaks"),
                [first, .., last] => (
                    format!(
                        "{} ({} to {})",
                        count(dates.len() as u64, "round"),
                        day(*first),
                        day(*last)
                    ),
                    "They count as skipped and break",
                ),
            };
            format!(
                "In {} I could not post {rounds}: I was away, and too late when I came back. \
                 {follows} no streak. `/study post` posts a question now.",
                channel(*id)
            )
        }
        Notice::NotAccepted { channel: id, date } => {
            let which = date.map_or_else(
                || "an extra round".to_owned(),
                |date| format!("the round of {}", day(date)),
            );
            format!(
                "Discord did not take the question for {which} in {} in time, so I withdrew it. \
                 That breaks no streak, and the question will come another time. `/study post` \
                 posts one now.",
                channel(*id)
            )
        }
        Notice::EmptyPool { channel: id, date } => format!(
            "There was no round on {} in {}: no question of its plan could be asked. `/study plan` changes \
             the plan.",
            day(*date),
            channel(*id)
        ),
        Notice::StockLow { channel: id, left } => format!(
            "New questions left for {}: {left}. After them, those asked longest ago come again. \
             `/study plan` can bring in more topics.",
            channel(*id)
        ),
        Notice::InTrouble { channel: id, trouble, doing } => {
            format!("In {} I could not {doing}: {}", channel(*id), trouble_sentence(*trouble))
        }
        Notice::WeeklyInTrouble { channel: id, trouble } => {
            let what = match trouble {
                Trouble::MissingRight => "I lack a permission there",
                Trouble::ChannelGone => "the channel is gone, or I cannot see it",
                Trouble::NotInGuild => "I am not in this server any more",
                Trouble::Refused => "Discord refuses it",
                Trouble::NoAnswer => "Discord does not answer",
            };
            format!(
                "In {} I could not post the leaderboard of the last week: {what}. I keep trying \
                 for a while. `/study board weekly` names another channel, or switches it off.",
                channel(*id)
            )
        }
        Notice::GivenUp { channel: id, doing, why } => {
            let why = match why {
                GaveUp::Gone => "what it belongs to was deleted",
                GaveUp::NotFound => "Discord kept saying that what it belongs to is not there",
                GaveUp::Rejected => "Discord does not accept the text",
            };
            format!(
                "In {} I could not {doing}, and gave it up: {why}. Whoever runs this bot finds more \
                 in its log.",
                channel(*id)
            )
        }
        Notice::Moved { channel: id } => format!(
            "Discord kept saying that a thread in {0} is not there, so I posted the result of its \
             round in {0} itself.",
            channel(*id)
        ),
        Notice::Recovered { channel: id } => {
            format!("All is well again in {}: what was waiting has been posted.", channel(*id))
        }
        Notice::Foreseen { channel: id, ills } => format!(
            "My daily look at {} found what will keep its rounds from going well: {} `/study \
             doctor` shows whether it is mended.",
            channel(*id),
            foreseen(ills)
        ),
        Notice::Mended { channel: id } => {
            format!(
                "All is well again in {}: what my daily look had found is mended.",
                channel(*id)
            )
        }
        Notice::Reported { title, .. } => {
            format!("A member reported the question “{}”.", plain(title))
        }
    }
}

/// What a daily look found, in whole sentences that go on after a colon.
fn foreseen(ills: &[Ill]) -> String {
    let mut rights: BTreeMap<ChannelId, Vec<String>> = BTreeMap::new();
    let mut others = Vec::new();
    for ill in ills {
        match ill {
            Ill::Lacks { channel, right } => {
                rights.entry(*channel).or_default().push(format!("**{right}**"));
            }
            Ill::Gone => others.push(
                "the channel is gone, or I cannot see it (let me see it again, or end it with \
                 `/study remove`)."
                    .to_owned(),
            ),
            Ill::NoQuestion => {
                others.push("no question fits its plan, which `/study plan` changes.".to_owned())
            }
            Ill::RoleGone { .. } => others.push(
                "the role that its questions mention was deleted (`/study setup` names another)."
                    .to_owned(),
            ),
            Ill::Unusable { purpose, channel: place, gone } => {
                others.push(unusable(*purpose, *place, *gone));
            }
        }
    }
    let lacking = rights
        .iter()
        .map(|(place, rights)| format!("in {} I lack {}.", channel(*place), list(rights)));
    lacking.chain(others).collect::<Vec<_>>().join(" And ")
}

/// A channel that can't be used, and what to do about it; goes on after a colon.
fn unusable(purpose: Purpose, place: ChannelId, gone: bool) -> String {
    let why = if gone { "is gone, or I can't see it" } else { "takes no messages" };
    match purpose {
        Purpose::Notices => {
            format!("{}, where notices go, {why} (`/study setup` names another).", channel(place))
        }
        Purpose::Weekly => format!(
            "{}, where the weekly leaderboard goes, {why} (`/study board weekly` names another).",
            channel(place)
        ),
    }
}

/// What a trouble is, and what to do about it; goes on after a colon.
pub fn trouble_sentence(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::MissingRight => {
            "I lack a permission. `/study setup` with this channel tells which one. I keep trying."
        }
        Trouble::ChannelGone => {
            "the channel is gone, or I cannot see it. Let me see it again, or end it with `/study \
             remove`. I keep trying."
        }
        Trouble::NotInGuild => "I am not in this server any more. Invite me again.",
        Trouble::Refused => {
            "Discord refuses it. I keep trying; whoever runs this bot finds the reason in its log."
        }
        Trouble::NoAnswer => {
            "Discord has not answered, or has been too busy, for some minutes. I keep trying, and \
             nothing is lost meanwhile."
        }
    }
}
