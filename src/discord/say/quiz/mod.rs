//! Quizzes: private runs, and the public card of a group's.

mod group;
mod solo;

pub use group::{failed, group, without_card};
pub use solo::{offer, solo};

use super::round::topic;
use super::text::{channel, fit};
use super::{Button, Card, Embed, limit, reveal};
use crate::domain::question::Question;
use crate::domain::quiz::Asked;
use crate::engine::quiz::Said;

/// What came of a command or a press.
pub fn said(said: &Said) -> Card {
    match said {
        Said::Solo(view) => solo(view),
        Said::Offer(view) => offer(view),
        Said::OnItsWay { channel: place } => {
            Card::text(format!("The quiz is on its way to {}.", channel(*place)))
        }
        Said::Chosen { choice, joined } => Card::text(format!(
            "{}Your choice: **{}**. You can change it until the question closes.",
            if *joined { "You are in. " } else { "" },
            letter(*choice)
        )),
        Said::Joined { already: false } => {
            Card::text("You are in. Press A, B, C or D on the card when a question comes.")
        }
        Said::Joined { already: true } => Card::text("You are in already."),
        Said::Left => Card::text("You have left the quiz. What you answered so far still counts."),
        Said::Silent => Card::default(),
    }
}

/// *Reference answer*, for whoever asks.
pub fn reference(question: &Question, key: &str, position: usize) -> Card {
    let mut buttons = Vec::new();
    if !question.follow_ups.is_empty() {
        let id = format!("quiz-think:{key}:{position}");
        buttons.push(Button::new("Answer to that", id).primary());
    }
    let mut embed = reveal::reference_box(question);
    embed.title = fit(&format!("Reference answer: {}", question.title), limit::TITLE);
    Card::boxed(embed).with_buttons(buttons)
}

/// `A` for the first button.
fn letter(choice: usize) -> char {
    u8::try_from(choice).ok().filter(|n| *n < 26).map_or('?', |n| char::from(b'A' + n))
}

/// `asyncio, medium`
fn kind(question: &Question) -> String {
    format!("{}, {}", topic(question), question.difficulty)
}

/// The question with its choices; `mark` says in words what is the matter with one.
fn text(asked: &Asked, mark: impl Fn(usize) -> String) -> String {
    let choices: Vec<String> = asked
        .choices()
        .enumerate()
        .map(|(button, choice)| format!("**{}.** {}{}", letter(button), choice.text, mark(button)))
        .collect();
    format!("{}\n\n{}", asked.question.prompt, choices.join("\n"))
}

/// A question's box.
fn question_box(asked: &Asked, mark: impl Fn(usize) -> String) -> Embed {
    Embed {
        title: asked.question.title.clone(),
        text: text(asked, mark),
        footer: asked.question.id.to_string(),
        ..Embed::default()
    }
}
