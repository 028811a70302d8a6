//! Replies to what admins do: setup, plan, holidays, control. (`status` has a file of its own.)

use super::limit;
use super::text::{at, channel, count, day, from_now, is_blank, list, plain, whole};
use super::{Card, Embed, Tone, question, review};
use crate::domain::draw::Plan;
use crate::domain::ids::ChannelId;
use crate::domain::schedule::{Due, Holiday, Schedule};
use crate::engine::input::Reply;
use std::collections::BTreeSet;

pub use super::status::status;

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

/// The reply to a command that changed something. `None` for what is never said to anybody, or is
/// said by a function of its own.
pub fn reply(reply: &Reply) -> Option<Card> {
    Some(Card::text(match reply {
        Reply::SetUp { channel: id, new, next, today_taken } => {
            set_up_text(*id, *new, *next, *today_taken)
        }
        Reply::Holidays { channel: id, holidays } => {
            return Some(holidays_card(&[holidays_text(*id, holidays)]));
        }
        Reply::Posting { channel: id, closes_at } => format!(
            "An extra question is on its way to {}. It closes {}.",
            channel(*id),
            from_now(*closes_at)
        ),
        Reply::Paused { channel: id, until: Some(until), next } => format!(
            "{} is paused until {}. {} An open round still closes, at the time on its card.",
            channel(*id),
            at(*until),
            next_round(*next)
        ),
        Reply::Paused { channel: id, until: None, .. } => format!(
            "{} is paused until `/study resume`. An open round still closes, at the time on its \
             card.",
            channel(*id)
        ),
        Reply::Resumed { channel: id, next } => {
            format!("{} goes on. {}", channel(*id), next_round(*next))
        }
        Reply::Skipped { channel: id, due, next } => format!(
            "The round due {} in {} is skipped. That breaks no streak. {}",
            at(due.at),
            channel(*id),
            next_round(*next)
        ),
        Reply::Replaced { channel: id } => format!(
            "The open question in {} is withdrawn and another one is on its way. It closes when \
             the first one would have.",
            channel(*id)
        ),
        Reply::Voided { channel: id, title, rows } => format!(
            "The last closed round in {}, “{}”, is void. {} Streaks stay as they are.",
            channel(*id),
            plain(title),
            if *rows == 0 { "It had given no points." } else { "All its points were taken back." }
        ),
        Reply::Removed { channel: id } => format!(
            "{} is not a study channel any more. An open round still closes, and points, streaks \
             and past rounds are kept. `/study setup` brings it back.",
            channel(*id)
        ),
        Reply::Board { shown: true } => {
            "You are on the leaderboards of this server. Your reviews are seen by nobody but you."
                .to_owned()
        }
        Reply::Board { shown: false } => {
            "You are off the leaderboards of this server. You keep your points; `/points` shows \
             them to you alone. `/privacy board:on` brings you back. Your reviews are seen by nobody \
             but you."
                .to_owned()
        }
        Reply::Boards(reply) => return Some(super::season::reply(reply)),
        Reply::ReviewWishes { remind, rounds } => review::wishes(*remind, *rounds),
        Reply::Reported { title } => question::reported(title),
        Reply::Noted
        | Reply::Plan { .. }
        | Reply::Graded { .. }
        | Reply::Decided { .. }
        | Reply::Voted { .. }
        | Reply::Withdrawn { .. }
        | Reply::Answer { .. }
        | Reply::Quiz(_)
        | Reply::Attempt(_)
        | Reply::Attempted { .. } => return None,
    }))
}

fn set_up_text(id: ChannelId, new: bool, next: Option<Due>, today_taken: bool) -> String {
    let what = if new { "is a study channel now" } else { "is up to date" };
    let mut text = format!("{} {what}. {}", channel(id), next_round(next));
    if today_taken {
        text.push_str(
            " Today's round is settled already, so a new schedule begins with the next date.",
        );
    }
    if new {
        text.push_str(
            " `/study plan` chooses topics and difficulties; `/study post` posts a first question \
             right away.",
        );
    }
    text
}

fn next_round(next: Option<Due>) -> String {
    match next {
        Some(due) => format!("The next round is due {} ({}).", at(due.at), from_now(due.at)),
        None => "No round is coming up; `/study status` shows why.".to_owned(),
    }
}

/// The reply to `/study setup`, with the rights that are missing; `None` while nobody can tell.
pub fn set_up(done: &Card, missing: Option<&[Missing]>) -> Card {
    let Some(missing) = missing else {
        return Card::boxed(Embed {
            title: "Set up".to_owned(),
            text: done.content.clone(),
            footer: "Discord has an outage here, so I couldn't check my permissions. `/study \
                     doctor` checks them later."
                .to_owned(),
            tone: Tone::Calm,
            ..Embed::default()
        });
    };
    if missing.is_empty() {
        return Card::boxed(Embed {
            title: "Ready".to_owned(),
            text: done.content.clone(),
            footer: "I have all the permissions I need.".to_owned(),
            tone: Tone::Green,
            ..Embed::default()
        });
    }
    let fields = missing.iter().map(|lack| {
        let rights: Vec<String> = lack.rights.iter().map(|right| format!("**{right}**")).collect();
        let place =
            format!("In {}, {}, I lack {}.", channel(lack.channel), lack.purpose, list(&rights));
        ("Missing permissions".to_owned(), place)
    });
    Card::boxed(Embed {
        title: "Set up, but I lack permissions".to_owned(),
        text: format!(
            "{}\n\nGive my role what is missing, in the settings of the channel under \
             Permissions. Then run `/study setup` with this channel once more: it checks again.",
            done.content
        ),
        fields: fields.collect(),
        tone: Tone::Red,
        ..Embed::default()
    })
}

/// The plan of a study channel, changed or only shown.
pub fn plan(
    id: ChannelId,
    plan: &Plan,
    left: u32,
    changed: bool,
    topics: &BTreeSet<String>,
) -> Card {
    let names: Vec<String> = topics.iter().cloned().collect();
    let left = match left {
        0 => "No new questions are left. Questions asked before come again, those asked longest \
              ago first."
            .to_owned(),
        left => format!("New questions left: {left}."),
    };
    Card::boxed(Embed {
        title: if changed { "The study plan is changed" } else { "The study plan" }.to_owned(),
        text: format!("For {}:\n{}\n\n{left}", channel(id), plan_lines(plan)),
        fields: vec![
            ("All topics".to_owned(), whole(&names, ", ", limit::FIELD)),
            (
                "To change it".to_owned(),
                "`/study plan` with `topics`, like `asyncio 2, oop` (asyncio twice as often) or \
                 `all`; with `mix`, like `easy 2, medium 3, hard 1`; or with `ladder`, like `mon \
                 easy, wed medium, fri hard`. `aim`, like `0.7`, prefers questions that seven of \
                 ten solve; `off` ends that."
                    .to_owned(),
            ),
        ],
        tone: if changed { Tone::Green } else { Tone::Calm },
        ..Embed::default()
    })
}

/// The plan in two or three lines. A number is how often, against the other numbers.
pub(super) fn plan_lines(plan: &Plan) -> String {
    let topics: Vec<String> = plan
        .topics
        .iter()
        .filter(|(_, weight)| **weight > 0)
        .map(|(topic, weight)| format!("{} {weight}", plain(topic)))
        .collect();
    let topics =
        if plan.topics.is_empty() { "all alike".to_owned() } else { whole(&topics, ", ", 1_500) };
    let aim = plan.aim.map_or_else(String::new, |aim| {
        format!("\n**Aim:** questions that about {aim} % of members solve")
    });
    format!("**Topics:** {topics}\n**Difficulty:** {}{aim}", plan.difficulty)
}

/// The holidays of all study channels of a guild.
pub fn holidays(all: &[(ChannelId, Schedule)]) -> Card {
    let parts: Vec<String> =
        all.iter().map(|(id, schedule)| holidays_text(*id, &schedule.holidays)).collect();
    holidays_card(&parts)
}

fn holidays_card(parts: &[String]) -> Card {
    Card::boxed(Embed {
        title: "Holidays".to_owned(),
        text: whole(parts, "\n\n", limit::TEXT),
        ..Embed::default()
    })
}

fn holidays_text(id: ChannelId, holidays: &[Holiday]) -> String {
    if holidays.is_empty() {
        return format!("{} has no holidays.", channel(id));
    }
    let lines: Vec<String> = holidays
        .iter()
        .map(|holiday| {
            let label = if is_blank(&holiday.label) {
                String::new()
            } else {
                format!(": {}", plain(&holiday.label))
            };
            if holiday.first == holiday.last {
                format!("- {}{label}", day(holiday.first))
            } else {
                let days = (holiday.last - holiday.first).num_days().unsigned_abs() + 1;
                format!(
                    "- {} to {} ({}){label}",
                    day(holiday.first),
                    day(holiday.last),
                    count(days, "day")
                )
            }
        })
        .collect();
    format!("No rounds in {} on:\n{}", channel(id), whole(&lines, "\n", limit::TEXT - 100))
}
