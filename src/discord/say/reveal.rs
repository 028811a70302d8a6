//! What a closed round gives away: the reference answer, its follow-ups, and how the question came
//! to be drawn.

use super::limit;
use super::rate::percent;
use super::round::{prompt, topic};
use super::text::{at, count, fit, units, whole};
use super::{Button, Card, Embed, Tone};
use crate::domain::draw::{Aimed, Freshness, Reason};
use crate::domain::question::Question;
use crate::engine::Round;

/// The reference answer, posted below the result.
pub fn reference(round: &Round, key: &str) -> Card {
    let Some(question) = &round.question else { return Card::default() };
    let mut buttons = Vec::new();
    if !question.follow_ups.is_empty() {
        buttons.push(Button::new("Answer to that", format!("followup:{key}")).primary());
    }
    buttons.push(Button::new("Why this question?", format!("why:{key}")));
    Card::boxed(reference_box(question)).with_buttons(buttons)
}

/// A question's reference answer, with what to think on and where to read on.
pub(super) fn reference_box(question: &Question) -> Embed {
    let mut embed = Embed {
        title: "Reference answer".to_owned(),
        text: question.answer.clone(),
        tone: Tone::Green,
        footer: question.id.to_string(),
        ..Embed::default()
    };
    if !question.follow_ups.is_empty() {
        let prompts = whole(&follow_up_prompts(question), "\n\n", limit::FIELD);
        embed.fields.push(("To think on".to_owned(), prompts));
    }
    embed.fields.extend(sources(question).map(|sources| ("Sources".to_owned(), sources)));
    embed
}

/// A question's sources, if it names any.
pub(super) fn sources(question: &Question) -> Option<String> {
    let sources = source_lines(question);
    if sources.is_empty() { None } else { Some(whole(&sources, "\n", limit::FIELD)) }
}

/// *Answer to that*: the follow-ups with their answers, for whoever asks.
pub fn follow_ups(question: &Question) -> Card {
    Card::boxed(Embed {
        title: "To think on".to_owned(),
        text: fit(&answered_follow_ups(question), limit::TEXT),
        tone: Tone::Green,
        ..Embed::default()
    })
}

fn follow_up_prompts(question: &Question) -> Vec<String> {
    question.follow_ups.iter().map(|follow_up| follow_up.prompt.clone()).collect()
}

fn answered_follow_ups(question: &Question) -> String {
    let parts: Vec<String> = question
        .follow_ups
        .iter()
        .map(|follow_up| {
            format!("**Question**\n{}\n\n**Answer**\n{}", follow_up.prompt, follow_up.answer)
        })
        .collect();
    parts.join("\n\n")
}

fn source_lines(question: &Question) -> Vec<String> {
    question.sources.iter().map(|source| format!("- {source}")).collect()
}

/// A sentence for each part of a question that Discord's limits would cut when it is shown.
pub fn cut_parts(question: &Question) -> Vec<String> {
    let parts = [
        ("the prompt with its hint", units(&prompt(question)), limit::TEXT),
        ("the answer", units(&question.answer), limit::TEXT),
        ("the follow-ups", units(&follow_up_prompts(question).join("\n\n")), limit::FIELD),
        ("the follow-ups with their answers", units(&answered_follow_ups(question)), limit::TEXT),
        ("the list of sources", units(&source_lines(question).join("\n")), limit::FIELD),
    ];
    let over = parts.into_iter().filter(|(_, length, most)| length > most);
    over.map(|(part, length, most)| {
        format!("{part} would be cut in Discord: {length} characters as shown; at most {most}")
    })
    .collect()
}

/// How the plan's aim bore on the draw: the end of a sentence.
fn aimed(by: Aimed) -> String {
    let thought = percent(f64::from(by.rate) / 1_000.0);
    let basis = match by.answers {
        0 => "by its label".to_owned(),
        answers => format!("by its label and {}", count(answers.into(), "answer")),
    };
    format!(
        ", with better chances for those that about {} % solve. This one, judged {basis}, is solved \
         by about {thought}",
        by.aim
    )
}

/// *Why this question?*, for whoever asks.
pub fn why(question: &Question, reason: &Reason, seed: u64) -> Card {
    let mut text = String::new();
    if let Some(wanted) = reason.wanted {
        text.push_str(&format!(
            "The study plan asked for **{wanted}**, but no {wanted} question was left that had not \
             been asked here before. "
        ));
    }
    text.push_str(&match reason.freshness {
        Freshness::New if reason.pool == 1 => {
            "1 question of the plan had not been asked here yet: this one.".to_owned()
        }
        Freshness::New => format!(
            "{} of the plan had not been asked here yet; this one was drawn by chance{}.",
            count(reason.pool.into(), "question"),
            reason.aimed.map_or_else(String::new, aimed)
        ),
        Freshness::LeastRecent(last) => format!(
            "Every question of the plan was asked here before, so it was the turn of the one \
             asked longest ago: {}.",
            at(last)
        ),
    });
    Card::boxed(Embed {
        title: "Why this question?".to_owned(),
        text: format!(
            "Topic: **{}**\nDifficulty: **{}**\n\n{text}",
            topic(question),
            reason.difficulty
        ),
        // Whoever doubts the draw can repeat it: the seed decides all of it.
        footer: format!("{}, drawn with seed {seed}", question.id),
        ..Embed::default()
    })
}
