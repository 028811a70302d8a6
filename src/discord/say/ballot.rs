//! Ballots and what a vote comes to.

use super::{Button, Card, Embed, Line, Menu, Row, from_now, plain};
use crate::domain::answer::excerpt;
use crate::engine::views::BallotView;

/// Characters of each answer on a ballot: 25 of them fit an embed.
const SHOWN: usize = 120;

/// One page of a ballot, seen by its voter alone. `said` is what just happened, if anything.
pub fn ballot(view: &BallotView, said: Option<&str>) -> Card {
    let mut content = said.map(|said| format!("{said}\n")).unwrap_or_default();
    content.push_str(&match &view.choice {
        Some(name) => format!("Your vote: **{}**. You can change it.", plain(name)),
        None if view.choice_gone => {
            "The answer you voted for was taken back. You keep the point; you can vote again."
                .to_owned()
        }
        None => "You have not voted yet.".to_owned(),
    });
    let listed: Vec<String> = view
        .lines
        .iter()
        .map(|line| {
            let mark = if line.chosen { "▶ " } else { "" };
            let edited = if line.edited_since { " *(edited since you voted)*" } else { "" };
            format!("{mark}**{}**{edited}: {}", plain(&line.name), one_line(&line.text, SHOWN))
        })
        .collect();
    let mut embed = Embed {
        title: format!("Vote: {}", excerpt(&view.title, 200)),
        text: if listed.is_empty() {
            "No other answer is left to vote for.".to_owned()
        } else {
            format!("{}\n\nVoting ends {}.", listed.join("\n"), from_now(view.closes_at))
        },
        ..Embed::default()
    };
    embed.footer =
        "Only you can see this. Nobody sees who voted for whom; the tally comes at the close."
            .to_owned();
    if view.pages > 1 {
        embed.footer = format!("Page {} of {} · {}", view.page + 1, view.pages, embed.footer);
    }
    let mut rows = Vec::new();
    if !view.lines.is_empty() {
        rows.push(Row::Menu(Menu {
            custom_id: format!("ballot:{}:{}", view.card, view.page),
            prompt: "Choose the best answer".to_owned(),
            lines: view
                .lines
                .iter()
                .map(|line| Line {
                    label: excerpt(&line.name, 100),
                    detail: raw_line(&line.text, 100),
                    value: line.author.to_string(),
                    chosen: line.chosen,
                })
                .collect(),
        }));
    }
    let mut buttons = Vec::new();
    if view.page > 0 {
        let id = format!("page:{}:{}", view.card, view.page - 1);
        buttons.push(Button::act("Back", id));
    }
    if view.page + 1 < view.pages {
        let id = format!("page:{}:{}", view.card, view.page + 1);
        buttons.push(Button::act("More answers", id));
    }
    if view.choice.is_some() || view.choice_gone {
        buttons.push(Button::act("Withdraw", format!("withdraw:{}", view.card)));
    }
    Card { content, embed: Some(embed), rows, role: None }.with_buttons(buttons)
}

/// After *Vote for this answer*.
pub fn voted_for(name: &str) -> Card {
    Card::text(format!(
        "Your vote goes to **{}**. *Vote* on the question card changes or withdraws it.",
        plain(name)
    ))
}

/// After *Not my answer*.
pub fn counts(counts: bool) -> Card {
    Card::text(if counts {
        "This message counts as your answer now. *Not my answer* takes it out again."
    } else {
        "This message does not count as your answer any more. *Not my answer* brings it back."
    })
}

/// The beginning of an answer on one line, safe to stand in Markdown.
fn one_line(text: &str, limit: usize) -> String {
    plain(&raw_line(text, limit))
}

/// The beginning of an answer on one line, for a menu, which knows no Markdown.
fn raw_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> =
        text.split_whitespace().filter(|word| !word.starts_with("```")).collect();
    let line = words.join(" ");
    if line.is_empty() { "(a file)".to_owned() } else { excerpt(&line, limit) }
}
