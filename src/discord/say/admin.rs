//! Replies to what admins do: setup, plan, holidays, status.

use super::notice::{sentence, trouble_sentence};
use super::{Card, Embed, Tone, at, channel, count, from_now, plain};
use crate::domain::answer::excerpt;
use crate::domain::draw::Plan;
use crate::domain::ids::ChannelId;
use crate::domain::schedule::{Due, Holiday, Schedule};
use crate::engine::input::Reply;
use crate::engine::views::{ChannelStatus, Status};
use std::collections::BTreeSet;

/// A right that the bot lacks in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Where.
    pub channel: ChannelId,
    /// What, in the words of Discord's settings.
    pub rights: Vec<&'static str>,
    /// What does not work without them.
    pub purpose: &'static str,
}

/// The reply to a command that changed something. `None` for what is never said to anybody.
pub fn reply(reply: &Reply) -> Option<Card> {
    Some(Card::text(match reply {
        Reply::SetUp { channel: id, new, next, today_taken } => {
            let what = if *new { "is a study channel now" } else { "is changed" };
            let when = next_round(*next);
            let today = if *today_taken {
                " Today already had its round, so the change begins with the next date."
            } else {
                ""
            };
            format!("{} {what}. {when}{today}", channel(*id))
        }
        Reply::Holidays { channel: id, holidays } => holidays_text(*id, holidays),
        Reply::Posting { channel: id, closes_at } => format!(
            "An extra question is on its way to {}. It closes {}.",
            channel(*id),
            from_now(*closes_at)
        ),
        Reply::Paused { channel: id, until, next } => match until {
            Some(until) => format!(
                "{} is paused until {}. {}",
                channel(*id),
                at(*until),
                next_round(*next)
            ),
            None => format!("{} is paused until `/study resume`.", channel(*id)),
        },
        Reply::Resumed { channel: id, next } => {
            format!("{} goes on. {}", channel(*id), next_round(*next))
        }
        Reply::Skipped { channel: id, due, next } => format!(
            "The round of {} ({}) in {} is skipped; it breaks no streak. {}",
            due.date,
            at(due.at),
            channel(*id),
            next_round(*next)
        ),
        Reply::Replaced { channel: id } => format!(
            "The open round in {} is withdrawn, and another question is on its way. It closes when \
             the first one would have.",
            channel(*id)
        ),
        Reply::Voided { channel: id, title, rows } => format!(
            "The last round in {}, “{}”, is void: {} taken back. Streaks stay as they are.",
            channel(*id),
            plain(title),
            if *rows == 1 { "1 entry of points was".to_owned() } else { format!("{rows} entries of points were") },
        ),
        Reply::Removed { channel: id } => format!(
            "{} is not a study channel any more. Points, streaks and past rounds are kept; an open \
             round still closes. `/study setup` brings it back.",
            channel(*id)
        ),
        Reply::Board { shown: true } => "You stand on the boards of this server.".to_owned(),
        Reply::Board { shown: false } => {
            "You are off the boards of this server. You keep your points, and only you see them. \
             `/privacy board:on` brings you back."
                .to_owned()
        }
        Reply::Noted
        | Reply::Plan { .. }
        | Reply::Voted { .. }
        | Reply::Withdrawn { .. }
        | Reply::Answer { .. }
        | Reply::Attempt(_) => return None,
    }))
}

fn next_round(next: Option<Due>) -> String {
    match next {
        Some(due) => format!("The next round is due {} ({}).", at(due.at), from_now(due.at)),
        None => "No round is due within sight.".to_owned(),
    }
}

/// The reply to `/study setup`, with the rights that are missing.
pub fn set_up(done: &Card, missing: &[Missing]) -> Card {
    let mut embed = Embed { text: done.content.clone(), tone: Tone::Green, ..Embed::default() };
    if missing.is_empty() {
        embed.title = "Ready".to_owned();
        embed.footer = "All rights are there.".to_owned();
    } else {
        embed.title = "Set up, but rights are missing".to_owned();
        embed.tone = Tone::Red;
        for lack in missing {
            embed.fields.push((
                format!("Missing: {}", lack.rights.join(", ")),
                format!(
                    "in {}, {}. Give them to my role in the channel's settings, then run \
                     `/study setup` again.",
                    channel(lack.channel),
                    lack.purpose
                ),
            ));
        }
    }
    Card::boxed(embed)
}

/// The plan of a study channel, changed or only shown.
pub fn plan(id: ChannelId, plan: &Plan, left: u32, changed: bool, topics: &BTreeSet<String>) -> Card {
    let head = if changed { "The plan is changed" } else { "The plan" };
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    Card::boxed(Embed {
        title: head.to_owned(),
        text: format!(
            "{}: {plan}.\n{} {} not asked here yet.",
            channel(id),
            count(left.into(), "question"),
            if left == 1 { "fits it and was" } else { "fit it and were" },
        ),
        fields: vec![(
            "Topics there are".to_owned(),
            excerpt(&names.join(", "), 1_024),
        )],
        footer: "Weights like `asyncio 2, oop`; mix like `easy 2, medium 3, hard 1`; ladder like \
                 `mon easy, wed medium, fri hard`."
            .to_owned(),
        tone: if changed { Tone::Green } else { Tone::Calm },
    })
}

fn holidays_text(id: ChannelId, holidays: &[Holiday]) -> String {
    if holidays.is_empty() {
        return format!("{} has no holidays.", channel(id));
    }
    let lines: Vec<String> = holidays
        .iter()
        .map(|holiday| {
            let label = if holiday.label.is_empty() {
                String::new()
            } else {
                format!(" {}", plain(&holiday.label))
            };
            if holiday.first == holiday.last {
                format!("- {}{label}", holiday.first)
            } else {
                format!("- {} to {}{label}", holiday.first, holiday.last)
            }
        })
        .collect();
    excerpt(&format!("No rounds in {} on:\n{}", channel(id), lines.join("\n")), 1_900)
}

/// The holidays of all study channels of a guild.
pub fn holidays(all: &[(ChannelId, Schedule)]) -> Card {
    let parts: Vec<String> =
        all.iter().map(|(id, schedule)| holidays_text(*id, &schedule.holidays)).collect();
    Card::text(excerpt(&parts.join("\n\n"), 1_900))
}

/// `/study status`.
pub fn status(status: &Status) -> Card {
    let in_trouble = status.channels.iter().any(|channel| channel.trouble.is_some());
    let mut embed = Embed {
        title: "Study status".to_owned(),
        tone: if in_trouble || !status.unsaid.is_empty() { Tone::Red } else { Tone::Calm },
        footer: format!("Weeks and months of the boards begin in {}.", status.guild.zone),
        ..Embed::default()
    };
    let parts: Vec<String> = status.channels.iter().map(channel_status).collect();
    embed.text = excerpt(&parts.join("\n\n"), 4_000);
    embed.fields.push((
        "Notices go to".to_owned(),
        status.guild.notices.map_or_else(
            || "whoever ran the setup, by direct message, else the owner".to_owned(),
            channel,
        ),
    ));
    if !status.unsaid.is_empty() {
        let lines: Vec<String> = status
            .unsaid
            .iter()
            .map(|(notice, when)| format!("- {}: {}", from_now(*when), sentence(notice)))
            .collect();
        embed.fields.push((
            "Notices I could not give to anybody".to_owned(),
            excerpt(&lines.join("\n"), 1_024),
        ));
    }
    Card::boxed(embed)
}

fn channel_status(status: &ChannelStatus) -> String {
    let channel_of = &status.channel;
    let schedule = &channel_of.schedule;
    let mut lines = vec![format!(
        "**{}** {} at {} ({})",
        channel(channel_of.id),
        schedule.weekdays,
        schedule.time.format("%H:%M"),
        schedule.zone
    )];
    match &status.trouble {
        Some((trouble, since)) => {
            lines.push(format!("⚠ Since {}: {}", from_now(*since), trouble_sentence(*trouble)));
        }
        None => lines.push("Health: fine".to_owned()),
    }
    if let Some(pause) = schedule.pause {
        lines.push(match pause.until {
            Some(until) => format!("Paused until {}", at(until)),
            None => "Paused until `/study resume`".to_owned(),
        });
    }
    if let Some(round) = &status.open {
        let title = round.question.as_ref().map_or("", |question| question.title.as_str());
        lines.push(format!(
            "Open: “{}” in {}, closes {}",
            plain(title),
            channel(round.thread.unwrap_or(round.channel)),
            from_now(round.closes_at)
        ));
    }
    lines.push(if status.dues.is_empty() {
        "No round is due within sight.".to_owned()
    } else {
        let dues: Vec<String> = status
            .dues
            .iter()
            .map(|(due, skipped)| {
                if *skipped { format!("- ~~{}~~ skipped", at(due.at)) } else { format!("- {}", at(due.at)) }
            })
            .collect();
        format!("Next rounds:\n{}", dues.join("\n"))
    });
    lines.push(format!("Plan: {}", channel_of.plan));
    lines.push(format!(
        "Pool: {} not asked yet · {} so far",
        count(status.left.into(), "question"),
        count(status.closed.into(), "closed round")
    ));
    lines.push(format!(
        "Closes: {} · pins the question: {}",
        channel_of.close_after_h.map_or_else(
            || "at the next round, after 7 days at the latest".to_owned(),
            |hours| format!("after {}", count(hours.into(), "hour"))
        ),
        if channel_of.pin { "yes" } else { "no" }
    ));
    lines.join("\n")
}
