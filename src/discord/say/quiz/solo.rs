//! The private message of a solo run.

use super::{kind, letter, question_box};
use crate::discord::say::rate::label;
use crate::discord::say::text::{at, count, count_points, from_now, plain, whole};
use crate::discord::say::{Button, Card, Embed, Tone, limit};
use crate::domain::quiz::{Asked, Short};
use crate::engine::quiz::{Answer, Earlier, Judged, Missed, Offer, Result, Showing, SoloView};

/// The private message of a run, whatever it is at.
pub fn solo(view: &SoloView) -> Card {
    let mut card = match &view.showing {
        Showing::Question { asked, closes_at } => {
            let mut card = Card::boxed(question_box(asked, |_| String::new()));
            let until = closes_at
                .map_or_else(String::new, |closes| format!(" Time is up {}.", from_now(closes)));
            card.content = format!("{}{until}", head(view, &kind(&asked.question)));
            card.with_buttons(choices(view, asked))
        }
        Showing::Feedback { asked, answer, judged, short, rate } => {
            let mut card = feedback(view, asked, answer, *judged, *short);
            if rate.is_enough() {
                let label = label(asked.question.difficulty, *rate);
                card.content.push_str(&format!("\nDifficulty: {label}."));
            }
            card
        }
        Showing::LeftOut { question } => Card {
            content: format!(
                "“{}” is open in a round or a group quiz here right now, so I have put it aside. \
                 It costs you nothing.",
                plain(&question.title)
            ),
            ..Card::default()
        }
        .with_buttons(vec![next(view)]),
        Showing::Result(result) => finished(view, result),
    };
    if let Some(earlier) = &view.earlier {
        card.content = above(earlier, &card.content);
    }
    card
}

/// *Question 2 of 5 (asyncio, medium).*
fn head(view: &SoloView, kind: &str) -> String {
    let mut head = format!("**Question {} of {}** ({kind}).", view.position + 1, view.total);
    let wished = usize::try_from(view.options.count).unwrap_or(0);
    if view.position == 0 && view.total < wished {
        head.push_str(&format!(
            " You asked for {wished}; {} that you can have now.",
            if view.total == 1 {
                "there is 1".to_owned()
            } else {
                format!("there are {}", view.total)
            }
        ));
    }
    head
}

fn choices(view: &SoloView, asked: &Asked) -> Vec<Button> {
    (0..asked.order.len())
        .map(|choice| {
            let id = format!("quiz-a:{}:{}:{}:{choice}", view.key, view.position, view.screen);
            Button::new(&letter(choice).to_string(), id).primary()
        })
        .collect()
}

fn next(view: &SoloView) -> Button {
    let last = view.position + 1 >= view.total;
    let label = if last { "See the result" } else { "Next" };
    Button::new(label, format!("quiz-next:{}:{}:{}", view.key, view.position, view.screen))
        .primary()
}

fn feedback(
    view: &SoloView,
    asked: &Asked,
    answer: &Answer,
    judged: Judged,
    short: Option<Short>,
) -> Card {
    let right = asked.right();
    let chosen = answer.choice;
    let verdict = match (judged.right, answer.late) {
        (true, _) => format!("**Right:** {}.", letter(right)),
        (false, true) if chosen == right => format!(
            "**Too late.** {} is the right answer, but the time for it was over.",
            letter(right)
        ),
        (false, true) => format!(
            "**Too late, and not right.** You chose {}; {} is right.",
            letter(chosen),
            letter(right)
        ),
        (false, false) => {
            format!("**Not right.** You chose {}; {} is right.", letter(chosen), letter(right))
        }
    };
    let points = match short {
        Some(Short::Repeat) => " No points: you had this question within the last 30 days.",
        Some(Short::Daily) if judged.points == 0 => {
            " No points: you have all that quizzes give on one day."
        }
        Some(Short::Daily) => " That is all that quizzes give on one day.",
        None => "",
    };
    let earned = match judged.points {
        0 => String::new(),
        points => format!(" {}.", count_points(points)),
    };
    let mark = |button| match (button == right, button == chosen) {
        (true, true) => " **(right, your choice)**".to_owned(),
        (true, false) => " **(right)**".to_owned(),
        (false, true) => " **(your choice)**".to_owned(),
        (false, false) => String::new(),
    };
    let mut embed = question_box(asked, mark);
    embed.tone = if judged.right { Tone::Green } else { Tone::Grey };
    if chosen != right
        && let Some(why) = asked.choice(chosen).and_then(|choice| choice.why.as_ref())
    {
        embed.fields.push((format!("Why not {}", letter(chosen)), why.clone()));
    }
    let mut card = Card::boxed(embed);
    card.content = format!("{verdict}{earned}{points}");
    let reference = format!("quiz-ref:{}:{}", view.key, view.position);
    card.with_buttons(vec![next(view), Button::new("Reference answer", reference)])
}

fn finished(view: &SoloView, result: &Result) -> Card {
    let mut embed = Embed {
        title: "Your quiz".to_owned(),
        text: summary(result, view.total),
        tone: Tone::Gold,
        footer: "Only you can see this.".to_owned(),
        ..Embed::default()
    };
    let lines: Vec<String> = result.missed.iter().map(missed).collect();
    if !lines.is_empty() {
        embed.fields.push(("Missed".to_owned(), whole(&lines, "\n", limit::FIELD)));
    }
    let mut buttons = Vec::new();
    if result.missed.iter().any(|missed| missed.right.is_some()) {
        let id = format!("quiz-repeat:{}", view.key);
        buttons.push(Button::new("Repeat the missed ones", id).primary());
    }
    Card::boxed(embed).with_buttons(buttons)
}

/// *3 of 5 right, 6 points, in 1 minute 20 seconds.*
fn summary(result: &Result, total: usize) -> String {
    let mut text = format!("**{} of {} right**", result.right, total - result.left_out.min(total));
    if result.points > 0 {
        text.push_str(&format!(", {}", count_points(result.points)));
    }
    if result.answered > 0 {
        text.push_str(&format!(", in {}", duration(result.took_ms)));
    }
    text.push('.');
    if result.answered > 0 && result.missed.is_empty() && result.unanswered == 0 {
        text.push_str(" Nothing missed, well done!");
    }
    if result.unanswered > 0 {
        text.push_str(&format!(
            " {} not answered.",
            if result.unanswered == 1 {
                "1 question was".to_owned()
            } else {
                format!("{} questions were", result.unanswered)
            }
        ));
    }
    if result.left_out > 0 {
        text.push_str(&format!(
            " {} put aside, being open in a round or a group quiz here.",
            if result.left_out == 1 {
                "1 question was".to_owned()
            } else {
                format!("{} questions were", result.left_out)
            }
        ));
    }
    text
}

fn missed(missed: &Missed) -> String {
    let title = plain(&missed.title);
    match (&missed.right, missed.late) {
        (Some(_), true) => format!("- **{title}**: your choice was right, but too late"),
        (Some(right), false) => format!("- **{title}**: {right}"),
        (None, _) => format!("- **{title}**: the answer comes when its round closes"),
    }
}

/// `45 seconds`, `1 minute 20 seconds`, `2 hours 5 minutes`.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms.unsigned_abs().div_ceil(1_000);
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => count(rest, "second"),
        (0, minutes, 0) => count(minutes, "minute"),
        (0, minutes, rest) => format!("{} {}", count(minutes, "minute"), count(rest, "second")),
        (hours, 0, _) => count(hours, "hour"),
        (hours, minutes, _) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
    }
}

/// The result of an earlier run above what is shown now.
fn above(earlier: &Earlier, content: &str) -> String {
    let titles: Vec<String> =
        earlier.result.missed.iter().map(|missed| format!("“{}”", plain(&missed.title))).collect();
    let missed = if titles.is_empty() {
        String::new()
    } else {
        format!(" Missed: {}.", whole(&titles, ", ", 900))
    };
    format!(
        "Your quiz of {} ended by itself after a day: {}{missed}\n\n{content}",
        at(earlier.started_at),
        summary(&earlier.result, earlier.total)
    )
}

/// *Continue* or *Start anew*.
pub fn offer(offer: &Offer) -> Card {
    let mut content = format!(
        "You have a quiz from {} that is not finished: question {} of {}. Continue it, or start \
         anew with what you just asked for?",
        from_now(offer.started_at),
        offer.position + 1,
        offer.total
    );
    if let Some(earlier) = &offer.earlier {
        content = above(earlier, &content);
    }
    Card::text(content).with_buttons(vec![
        Button::new("Continue", format!("quiz-continue:{}", offer.unfinished)).primary(),
        Button::new("Start anew", format!("quiz-anew:{}", offer.anew)),
    ])
}
