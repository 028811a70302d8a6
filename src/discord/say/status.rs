//! `/study status`.

use super::admin::plan_lines;
use super::doctor::{Reader, card_line, label, text};
use super::limit;
use super::notice::{sentence, trouble_sentence};
use super::question::reports;
use super::rate::contradicted;
use super::round::place;
use super::text::{at, channel, count, from_now, plain, whole};
use super::{Card, Embed, Tone};
use crate::domain::checkup::{Finding, Verdict};
use crate::domain::schedule::Due;
use crate::engine::views::admin::{ChannelStatus, Status};

/// `/study status`, with what the health check of the server and of the bot itself found.
pub fn status(status: &Status, findings: &[Finding]) -> Card {
    let bad = |finding: &&Finding| finding.verdict() != Verdict::Fine;
    let bad: Vec<&Finding> = findings.iter().filter(bad).collect();
    let in_trouble = status.channels.iter().any(|channel| channel.trouble.is_some())
        || bad.iter().any(|finding| finding.verdict() == Verdict::Red);
    let parts: Vec<String> =
        status.channels.iter().map(|channel| channel_status(channel, &bad)).collect();
    let mut embed = Embed {
        title: "Study status".to_owned(),
        text: whole(&parts, "\n\n", limit::TEXT),
        tone: if in_trouble || !status.unsaid.is_empty() { Tone::Red } else { Tone::Calm },
        footer: format!("Weeks and months of the leaderboard begin in {}.", status.guild.zone),
        ..Embed::default()
    };
    let of_all = bad.iter().filter(|finding| {
        // The notices themselves are listed below.
        finding.study_channel().is_none() && !matches!(finding, Finding::Unsaid { .. })
    });
    let of_all: Vec<String> = of_all.map(|finding| card_line(finding)).collect();
    if !of_all.is_empty() {
        embed.fields.push((
            "What is wrong with the server or the bot".to_owned(),
            whole(&of_all, "\n", limit::FIELD),
        ));
    }
    embed.fields.push((
        "Notices go to".to_owned(),
        status.guild.notices.map_or_else(
            || {
                "Whoever ran the first setup, by direct message; where that fails, the owner of \
                 the server."
                    .to_owned()
            },
            channel,
        ),
    ));
    if let Some(reports) = reports(&status.reports) {
        embed.fields.push(("Reported questions".to_owned(), reports));
    }
    if !status.unsaid.is_empty() {
        let lines: Vec<String> = status
            .unsaid
            .iter()
            .map(|(notice, when)| format!("- {}: {}", from_now(*when), sentence(notice)))
            .collect();
        embed.fields.push((
            "Notices that I could give to nobody".to_owned(),
            whole(&lines, "\n", limit::FIELD),
        ));
    }
    if !status.given_up.is_empty() {
        let lines: Vec<String> = status
            .given_up
            .iter()
            .map(|(doing, place, when)| {
                format!("- {}: I could not {doing} in {}", from_now(*when), channel(*place))
            })
            .collect();
        embed.fields.push(("Given up".to_owned(), whole(&lines, "\n", limit::FIELD)));
    }
    if let Some(text) = contradicted(&status.contradicted, limit::FIELD) {
        embed.fields.push(("Labels that do not fit".to_owned(), text));
    }
    Card::boxed(embed)
}

fn channel_status(status: &ChannelStatus, bad: &[&Finding]) -> String {
    let of = &status.channel;
    let mut lines = vec![format!(
        "**{}**: {} at {} ({})",
        channel(of.id),
        of.schedule.weekdays,
        of.schedule.time.format("%H:%M"),
        plain(of.schedule.zone.name())
    )];
    let here = channel(of.id);
    let others = bad.iter().filter(|finding| {
        let told_elsewhere = match finding {
            Finding::Trouble { .. } => true,
            // How many are left is a line of its own.
            Finding::Stock { .. } => finding.verdict() != Verdict::Red,
            _ => false,
        };
        finding.study_channel() == Some(&here) && !told_elsewhere
    });
    let others: Vec<String> = others.map(|finding| in_place(finding, &here)).collect();
    match &status.trouble {
        Some((trouble, since)) => {
            lines.push(format!("⚠ Trouble since {}: {}", at(*since), trouble_sentence(*trouble)))
        }
        None if others.is_empty() => lines.push("Health: fine".to_owned()),
        None => {}
    }
    lines.extend(others);
    if let Some(pause) = of.schedule.pause {
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
            place(round),
            from_now(round.closes_at)
        ));
    }
    lines.push(dues(&status.dues));
    lines.push(plan_lines(&of.plan));
    lines.push(format!(
        "New questions left: {}. Rounds closed so far: {}.",
        status.left, status.closed
    ));
    let mut ways = vec![of.close_after_h.map_or_else(
        || "A round closes when the next one is due, after 7 days at most.".to_owned(),
        |hours| format!("A round closes after {}.", count(hours.into(), "hour")),
    )];
    if let Some(role) = of.role {
        ways.push(format!("The question mentions <@&{role}>."));
    }
    if of.pin {
        ways.push("The question is pinned.".to_owned());
    }
    lines.push(ways.join(" "));
    lines.join("\n")
}

/// A finding under the heading of its study channel, which it need not name again.
fn in_place(finding: &Finding, place: &str) -> String {
    let text = text(finding, Reader::Admin);
    let text = text.strip_prefix(place).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
    format!("⚠ {}: {text}.", label(finding))
}

fn dues(dues: &[(Due, bool)]) -> String {
    if dues.is_empty() {
        return "No round is coming up.".to_owned();
    }
    let lines: Vec<String> = dues
        .iter()
        .map(|(due, skipped)| {
            format!("- {}{}", at(due.at), if *skipped { " (skipped)" } else { "" })
        })
        .collect();
    format!("Next rounds:\n{}", lines.join("\n"))
}
