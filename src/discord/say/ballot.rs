//! Ballots and what a vote comes to.

use super::limit;
use super::text::{
    bare_name, fit, fit_bare, from_now, is_blank, name, one_line, plain_within, units,
};
use super::{Button, Card, Embed, Line, Menu, Row};
use crate::engine::views::rounds::{BallotLine, BallotView};

/// Room for each answer on a ballot, so that a whole page of them fits an embed's text together
/// with names and marks, each of them at its longest.
const SHOWN: usize = 120;
/// Room for one line of a ballot: 25 of them leave 96 for the end of the vote.
const LINE: usize = 160;
/// Characters of the question's title after "Vote: ".
const TITLE: usize = 200;

/// One page of a ballot, seen by its voter alone. `said` is what just happened, if anything.
pub fn ballot(view: &BallotView, said: Option<&str>) -> Card {
    let lines: Vec<String> = view.lines.iter().map(line).collect();
    let mut embed = Embed {
        title: format!("Vote: {}", fit(&view.title, TITLE)),
        text: if lines.is_empty() {
            "There is no answer left to vote for.".to_owned()
        } else {
            format!("{}\n\nThe vote ends {}.", lines.join("\n"), from_now(view.closes_at))
        },
        footer: "Only you see this. Your own answer is not on the list. Nobody is told who voted \
                 for whom; the result comes at the close."
            .to_owned(),
        ..Embed::default()
    };
    if view.pages > 1 {
        embed.footer = format!("Page {} of {}. {}", view.page + 1, view.pages, embed.footer);
    }
    let mut card = Card { content: standing(view, said), embed: Some(embed), ..Card::default() };
    if !view.lines.is_empty() {
        card.rows.push(Row::Menu(menu(view)));
    }
    let mut buttons = Vec::new();
    if view.page > 0 {
        let id = format!("page:{}:{}", view.card, view.page - 1);
        buttons.push(Button::new("Back", id));
    }
    if view.page + 1 < view.pages {
        let id = format!("page:{}:{}", view.card, view.page + 1);
        buttons.push(Button::new("More answers", id));
    }
    if view.choice.is_some() {
        buttons.push(Button::new("Withdraw", format!("withdraw:{}", view.card)));
    }
    card.with_buttons(buttons)
}

/// What the voter has done so far.
fn standing(view: &BallotView, said: Option<&str>) -> String {
    match (&view.choice, said) {
        (Some(choice), None) => {
            format!("Your vote goes to **{}**. You can change or withdraw it.", name(choice))
        }
        (Some(choice), Some(said)) => {
            format!("{said} It goes to **{}**. You can change or withdraw it.", name(choice))
        }
        (None, _) if view.choice_gone => {
            "The answer you voted for was taken back. You keep the point for voting, and you can \
             vote again."
                .to_owned()
        }
        (None, Some(said)) => format!("{said} You can vote again until the close."),
        (None, None) => "You have not voted yet.".to_owned(),
    }
}

fn line(line: &BallotLine) -> String {
    let chosen = if line.chosen { " (your vote)" } else { "" };
    let edited = if line.edited_since { " *(edited since you voted)*" } else { "" };
    let head = format!("**{}**{chosen}{edited}: ", name(&line.name));
    let room = LINE.saturating_sub(units(&head)).min(SHOWN);
    format!("{head}{}", plain_within(&beginning(&line.text), room))
}

fn menu(view: &BallotView) -> Menu {
    Menu {
        custom_id: format!("ballot:{}:{}", view.card, view.page),
        prompt: "Choose the best answer".to_owned(),
        lines: view
            .lines
            .iter()
            .map(|line| Line {
                label: bare_name(&line.name),
                detail: fit_bare(&beginning(&line.text), limit::LINE),
                value: line.author.to_string(),
                chosen: line.chosen,
            })
            .collect(),
    }
}

/// After *Vote for this answer*.
pub fn voted_for(author: &str) -> Card {
    Card::text(format!(
        "Your vote goes to **{}**. To change or withdraw it, press *Vote* on the question.",
        name(author)
    ))
}

/// After *Not my answer*.
pub fn counts(counts: bool) -> Card {
    Card::text(if counts {
        "This message is part of your answer now. *Not my answer* takes it out again."
    } else {
        "This message is not part of your answer any more. *Not my answer* puts it back in."
    })
}

/// The beginning of an answer on one line, as it is.
fn beginning(text: &str) -> String {
    // Far more than is ever shown; an answer may be as long as a hundred messages.
    let start: String = text.chars().take(1_000).collect();
    let line = one_line(&start);
    if is_blank(&line) { "(nothing to show on one line)".to_owned() } else { line }
}
