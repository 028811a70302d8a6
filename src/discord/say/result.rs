//! The result of a round, and how its points came about.

use super::limit;
use super::text::{bare_name, count, fit, message_link, name, name_of, signed, some, units, whole};
use super::{Button, Card, Embed, Tone};
use crate::domain::ids::MemberId;
use crate::domain::outcome::Outcome;
use crate::domain::points::Cause;
use crate::engine::Round;
use crate::engine::views::name_in;
use crate::engine::views::rounds::{ResultView, ShownAnswer};
use std::collections::HashMap;

/// Characters of a picked answer that the result shows (design, section 3).
const PICK_SHOWN: usize = 1_000;
/// Picked answers that the result shows when many share the pick.
const PICKS_SHOWN: usize = 4;
/// Room for the name of a pick and the link to the whole answer.
const PICK_HEAD: usize = 250;
/// Rows of the tally that the result shows (design, section 3).
const TALLY_SHOWN: usize = 10;
/// Characters of the question's title after "Result: ".
const TITLE: usize = 200;

/// The result, posted in the thread.
pub fn result(view: &ResultView) -> Card {
    let round = &view.round;
    let (Some(question), Some(outcome)) = (&round.question, &round.outcome) else {
        return Card::default();
    };
    let mut embed = Embed {
        title: format!("Result: {}", fit(&question.title, TITLE)),
        text: about_pick(view, outcome),
        tone: Tone::Gold,
        ..Embed::default()
    };
    if !outcome.tally.rows.is_empty() {
        embed.fields.push(("Votes".to_owned(), tally(&view.names, outcome)));
    }
    if !outcome.awards.is_empty() && round.voided_at.is_none() {
        embed.fields.push(("Points".to_owned(), points(&view.names, outcome)));
    }
    if !outcome.edited_late.is_empty() {
        // A footer knows no Markdown, so nothing in it is escaped.
        let late = outcome.edited_late.iter().map(|who| bare_name(&name_in(&view.names, *who)));
        embed.footer =
            format!("Known only as edited after the close: {}", some(&late.collect::<Vec<_>>()));
    }
    let how = Button::new("How points were given", format!("points:{}", view.key));
    let quotes = picks(view, &embed);
    Card { content: headline(view, outcome), embed: Some(embed), quotes, ..Card::default() }
        .with_buttons(vec![how])
}

/// What a notification shows.
fn headline(view: &ResultView, outcome: &Outcome) -> String {
    if view.round.voided_at.is_some() {
        return "**An admin voided this round.** Its points were taken back.".to_owned();
    }
    let picks: Vec<String> =
        outcome.tally.picks.iter().map(|member| name_of(&view.names, *member)).collect();
    let pick = match picks.len() {
        0 if outcome.tally.rows.is_empty() => "Nobody answered this time.".to_owned(),
        0 => "There is no members' pick this time.".to_owned(),
        1 => format!("Members' pick: **{}** 🏆", some(&picks)),
        _ => format!("A tie! Members' picks: **{}** 🏆", some(&picks)),
    };
    format!("**The round is over.** {pick}")
}

/// What was unusual about the close.
pub(super) fn circumstances(view: &ResultView) -> Vec<String> {
    let unread = view.round.outcome.as_ref().is_some_and(|outcome| outcome.unread);
    let sentences = [
        (
            view.in_channel,
            "I could not post in the thread of this round, so its result comes here.",
        ),
        (
            unread,
            "I could not read the thread at the close, so only what I had seen before counts.",
        ),
    ];
    let said = sentences.into_iter().filter(|(applies, _)| *applies);
    said.map(|(_, sentence)| sentence.to_owned()).collect()
}

/// What is said about the pick besides the picked answers themselves, which follow in boxes of their
/// own.
fn about_pick(view: &ResultView, outcome: &Outcome) -> String {
    let mut parts = circumstances(view);
    if outcome.tally.rows.is_empty() {
        parts.push("The reference answer follows.".to_owned());
    } else if view.picks.is_empty() {
        parts.push(
            "A members' pick takes at least two votes. The reference answer follows.".to_owned(),
        );
    } else if view.picks.len() > PICKS_SHOWN {
        let others = view.picks.iter().skip(PICKS_SHOWN);
        let names: Vec<String> = others.map(|pick| name(&pick.name)).collect();
        let place = if view.in_channel { "" } else { " Their answers are above." };
        parts.push(format!("Picked as well: {}.{place}", some(&names)));
    }
    parts.join("\n\n")
}

/// The picked answers, each in a box of its own; they share what the first box leaves of the room.
fn picks(view: &ResultView, first: &Embed) -> Vec<Embed> {
    let shown = view.picks.len().min(PICKS_SHOWN);
    let room = limit::EMBED.saturating_sub(first.units()) / shown.max(1);
    let room = PICK_SHOWN.min(room.saturating_sub(PICK_HEAD));
    let boxed = |pick| Embed {
        text: pick_text(&view.round, pick, room),
        tone: Tone::Gold,
        ..Embed::default()
    };
    view.picks.iter().take(shown).map(boxed).collect()
}

fn pick_text(round: &Round, pick: &ShownAnswer, room: usize) -> String {
    // Everything after this mark is a quotation, up to the end of the box.
    let quote = format!(">>> {}", fit(&pick.quote, room));
    let Some(thread) = round.thread else {
        // It stood in a thread that is gone.
        return format!("**{}** wrote:\n{quote}", name(&pick.name));
    };
    let link = message_link(round.guild, thread, pick.first_message);
    let what = if units(&pick.quote) > room { "read the whole answer" } else { "go to the answer" };
    format!("**{}** wrote ([{what}]({link})):\n{quote}", name(&pick.name))
}

fn tally(names: &HashMap<MemberId, String>, outcome: &Outcome) -> String {
    let rows = &outcome.tally.rows;
    let mut lines: Vec<String> = rows
        .iter()
        .take(TALLY_SHOWN)
        .map(|row| {
            let crown = if outcome.tally.picks.contains(&row.author) { " 🏆" } else { "" };
            format!("{}: {}{crown}", name_of(names, row.author), count(row.votes.into(), "vote"))
        })
        .collect();
    if rows.len() > TALLY_SHOWN {
        lines.push(format!("… and {} more", rows.len() - TALLY_SHOWN));
    }
    whole(&lines, "\n", limit::FIELD)
}

/// The sums of a round's points, most first.
pub(super) fn sums(outcome: &Outcome) -> Vec<(MemberId, i64)> {
    let mut sums: HashMap<MemberId, i64> = HashMap::new();
    for award in &outcome.awards {
        *sums.entry(award.member).or_default() += award.points;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(member, points)| (-points, *member));
    sums
}

fn points(names: &HashMap<MemberId, String>, outcome: &Outcome) -> String {
    let sums = sums(outcome);
    let mut parts: Vec<String> = sums
        .iter()
        .take(TALLY_SHOWN)
        .map(|(member, points)| format!("{} {}", name_of(names, *member), signed(*points)))
        .collect();
    if sums.len() > TALLY_SHOWN {
        parts.push(format!("… and {} more", sums.len() - TALLY_SHOWN));
    }
    whole(&parts, ", ", limit::FIELD)
}

/// *How points were given*, for whoever asks.
pub fn how_points(view: &ResultView) -> Card {
    let Some(outcome) = &view.round.outcome else { return Card::default() };
    let lines: Vec<String> = sums(outcome)
        .into_iter()
        .map(|(member, sum)| {
            let causes: Vec<String> = outcome
                .awards
                .iter()
                .filter(|award| award.member == member)
                .map(|award| format!("{} {}", cause(award.cause), signed(award.points)))
                .collect();
            let name = name_of(&view.names, member);
            format!("**{name}** {}: {}", signed(sum), causes.join(", "))
        })
        .collect();
    let mut parts = Vec::new();
    if view.round.voided_at.is_some() {
        parts.push(
            "**An admin has voided this round since: all of its points were taken back.**"
                .to_owned(),
        );
    }
    parts.push(if lines.is_empty() {
        "This round gave no points.".to_owned()
    } else {
        whole(&lines, "\n", limit::TEXT - 500)
    });
    parts.push(format!(
        "{} counted. Those who tie share the pick and get its full points each; with fewer than \
         two votes there is no pick. `/points` lists your own points.",
        count(outcome.tally.ballots.into(), "vote")
    ));
    Card::boxed(Embed {
        title: "How points were given".to_owned(),
        text: parts.join("\n\n"),
        ..Embed::default()
    })
}

/// What points were given for.
pub(super) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Answered => "answered",
        Cause::Voted => "voted",
        Cause::Picked => "members' pick",
        Cause::Quiz => "quiz answer right",
    }
}
