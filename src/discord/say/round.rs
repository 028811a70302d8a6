//! The question card, in whatever state its round is.

use super::limit;
use super::rate::label;
use super::text::{at, channel, count, fit_bare, from_now, is_blank, name, one_line, plain, some};
use super::{Button, Card, Embed, Tone};
use crate::domain::question::Question;
use crate::domain::round::State;
use crate::engine::views::rounds::CardView;
use crate::engine::{Origin, Round};

/// The name of a round's thread where Discord does not accept the question's title.
pub const PLAIN_THREAD: &str = "Answers to the question";

pub use super::plain_result::plain_result;
pub use super::result::{how_points, result};
pub use super::reveal::{cut_parts, follow_ups, reference, why};

/// The question card, in whatever state its round is.
pub fn card(view: &CardView) -> Card {
    let round = &view.round;
    let Some(question) = &round.question else { return Card::default() };
    let role = view.role.map_or_else(String::new, |role| format!("<@&{role}> "));
    let kind = match round.origin {
        Origin::Date(_) => "Question of the day",
        Origin::Interaction(_) => "New question",
    };
    let mut embed = Embed {
        title: question.title.clone(),
        text: prompt(question),
        footer: question.id.to_string(),
        ..Embed::default()
    };
    let (head, text) = standing(view);
    embed.fields.push((head.to_owned(), text));
    let mut buttons = Vec::new();
    match round.state {
        // While a close waits, a vote cast in time is still looked at here.
        State::Due | State::Open | State::Closing => {
            buttons.push(Button::new("Vote", format!("vote:{}", view.key)).primary());
            if let Some(line) = previous(view).filter(|_| round.state != State::Closing) {
                embed.fields.push(("Last round".to_owned(), line));
            }
        }
        State::Closed | State::Withdrawn | State::Skipped => embed.tone = Tone::Grey,
    }
    buttons.push(Button::new("How it works", format!("rules:{}", view.key)));
    // While it is open, nobody is to be swayed by how others fared.
    let difficulty = match round.state {
        State::Closed => label(question.difficulty, view.rate),
        _ => question.difficulty.to_string(),
    };
    Card {
        content: format!("{role}**{kind}** ({}, {difficulty})", topic(question)),
        embed: Some(embed),
        role: view.role,
        ..Card::default()
    }
    .with_buttons(buttons)
}

/// The prompt with its hint, hidden until somebody wants it.
pub(super) fn prompt(question: &Question) -> String {
    match &question.hint {
        Some(hint) => format!("{}\n\n**Hint:** ||{}||", question.prompt, unspoiled(hint.trim())),
        None => question.prompt.clone(),
    }
}

/// A text that can stand in a spoiler: two bars side by side would end it, so a space of no width
/// comes between them.
fn unspoiled(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        safe.push(c);
        if c == '|' && matches!(letters.peek(), Some('|') | None) {
            safe.push('\u{200b}');
        }
    }
    safe
}

/// The name of a round's thread, where Discord knows no Markdown and takes at most 100 characters.
pub fn thread_name(question: &Question) -> String {
    let name = fit_bare(&one_line(&question.title), limit::THREAD);
    if is_blank(&name) { "Question".to_owned() } else { name }
}

/// A question's topic as people write it.
pub(super) fn topic(question: &Question) -> String {
    plain(&question.topic.replace('-', " "))
}

/// Where the answers of a round are, and its result.
pub(super) fn place(round: &Round) -> String {
    channel(round.thread.unwrap_or(round.channel))
}

/// Where the round stands, and what to do about it.
fn standing(view: &CardView) -> (&'static str, String) {
    let round = &view.round;
    match round.state {
        State::Due | State::Open => (
            "Answer and vote",
            format!(
                "You have until {} ({}). Write your answer in the thread below, where a ✅ shows \
                 that it counts, and press *Vote* to choose the best one.",
                at(round.closes_at),
                from_now(round.closes_at)
            ),
        ),
        State::Closing => ("Closed", "The result is on its way.".to_owned()),
        State::Closed => ("Closed", closed(view)),
        State::Withdrawn => (
            "Withdrawn",
            "An admin put another question in its place. This one gives no points and breaks no \
             streak."
                .to_owned(),
        ),
        State::Skipped => (
            "Withdrawn",
            "This question arrived too late for its round. It gives no points and breaks no streak."
                .to_owned(),
        ),
    }
}

fn closed(view: &CardView) -> String {
    if view.round.voided_at.is_some() {
        return "An admin voided this round. Its points were taken back.".to_owned();
    }
    let outcome = if view.unannounced {
        "I could not post its result; `/points` shows what it was worth.".to_owned()
    } else {
        format!("The result and the reference answer are in {}.", place(&view.round))
    };
    if view.answers == 0 {
        return format!("Nobody answered. {outcome}");
    }
    let answers = count(view.answers as u64, "answer");
    let picks: Vec<String> = view.picks.iter().map(|pick| name(pick)).collect();
    let pick = match picks.len() {
        0 => "no members' pick".to_owned(),
        1 => format!("members' pick: **{}**", some(&picks)),
        _ => format!("members' picks: **{}**", some(&picks)),
    };
    format!("{answers}, {pick}. {outcome}")
}

fn previous(view: &CardView) -> Option<String> {
    let previous = view.previous.as_ref()?;
    let title = &previous.question.as_ref()?.title;
    Some(format!("The result of “{}” is in {}.", plain(title), place(previous)))
}
