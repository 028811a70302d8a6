//! The public card of a group's quiz.

use super::solo::duration;
use super::{kind, letter, question_box};
use crate::discord::say::rate::measured;
use crate::discord::say::text::{channel, count, count_points, from_now, name, plain, some, whole};
use crate::discord::say::{Button, Card, Embed, Row, Tone, limit};
use crate::domain::ids::ChannelId;
use crate::domain::quiz::{Asked, State};
use crate::engine::views::quiz::{GroupView, Place};

/// The card, whatever the run is at.
pub fn group(view: &GroupView) -> Card {
    match (view.state, &view.asked) {
        (State::Asking, Some(asked)) => asking(view, asked),
        (State::Revealed, Some(asked)) => revealed(view, asked),
        (State::Ended, _) => ended(view),
        _ => lobby(view),
    }
}

/// What is said where the card of a quiz stood that somebody deleted.
pub fn without_card(view: &GroupView) -> Card {
    let mut card = ended(view);
    let asked = match view.closed {
        0 => String::new(),
        closed => format!(" after {closed} of {}", count(view.total as u64, "question")),
    };
    card.content = format!(
        "**The quiz is over**{asked}: its card was deleted. `/quiz mode:group` starts another one."
    );
    card
}

/// What the host is told by direct message: where the card could not be posted, or was deleted
/// together with its channel.
pub fn failed(place: ChannelId, was_there: bool) -> Card {
    if was_there {
        return Card::text(format!(
            "Your quiz in {} is over: its card was deleted, and I can't post the result there. What \
             you all answered counts; `/points` shows it.",
            channel(place)
        ));
    }
    Card::text(format!(
        "I could not post your quiz in {}, so it is off. Maybe I lack a permission there. Ask an \
         admin, or try another channel.",
        channel(place)
    ))
}

fn lobby(view: &GroupView) -> Card {
    let mut wish = Vec::new();
    if let Some(topic) = &view.options.topic {
        wish.push(plain(&topic.replace('-', " ")));
    }
    if let Some(difficulty) = view.options.difficulty {
        wish.push(difficulty.to_string());
    }
    let wish = if wish.is_empty() { String::new() } else { format!(" ({})", wish.join(", ")) };
    let begins = match view.closes_at {
        Some(at) => format!("It begins {}, or when the host presses *Start*.", from_now(at)),
        None => "It begins in half a minute, or when the host presses *Start*.".to_owned(),
    };
    let seconds = view.options.group_limit().num_seconds().unsigned_abs();
    let race = if view.options.race {
        " It is a race: of two with as many right answers, the faster one wins."
    } else {
        " Speed does not count."
    };
    let wished = usize::try_from(view.options.count).unwrap_or(0);
    let fewer = if view.total < wished {
        format!(" {wished} were asked for; there are no more of that kind right now.")
    } else {
        String::new()
    };
    let mut card = Card::boxed(Embed {
        title: format!("A quiz of {}{wish}", count(view.total as u64, "question")),
        text: format!(
            "Press *Join*. {begins} You can also join later.\n\n{} for each question. Your choice \
             stays hidden, and you can change it until the question closes.{race}{fewer}",
            count(seconds, "second")
        ),
        fields: vec![host(view), players(view)],
        ..Embed::default()
    });
    card.content = "**Who is in for a quiz?**".to_owned();
    card.with_buttons(vec![
        Button::new("Join", format!("quiz-join:{}", view.key)).primary(),
        Button::new("Start", format!("quiz-start:{}", view.key)),
        leave(view),
    ])
}

fn asking(view: &GroupView, asked: &Asked) -> Card {
    let mut embed = question_box(asked, |_| String::new());
    let chosen: usize = view.split.iter().sum();
    embed.fields.push((
        "Choices".to_owned(),
        format!("{chosen} so far; {} in the quiz.", are(view.players.len())),
    ));
    embed.fields.push(host(view));
    if view.resumed {
        let text = "I was away for a moment, so this question has all of its time again. What you \
                    chose before still counts.";
        embed.fields.push(("Time".to_owned(), text.to_owned()));
    }
    let mut card = Card::boxed(embed);
    let closes =
        view.closes_at.map_or_else(String::new, |at| format!(" It closes {}.", from_now(at)));
    card.content = format!("{} ({}).{closes}", head(view), kind(&asked.question));
    let choices = (0..asked.order.len())
        .map(|choice| {
            let id = format!("quiz-choose:{}:{}:{choice}", view.key, view.position);
            Button::new(&letter(choice).to_string(), id).primary()
        })
        .collect();
    card.rows.push(Row::Buttons(choices));
    let next = format!("quiz-close:{}:{}", view.key, view.position);
    card.with_buttons(vec![Button::new("Next", next), leave(view)])
}

fn revealed(view: &GroupView, asked: &Asked) -> Card {
    let right = asked.right();
    let mark = |button| if button == right { " **(right)**".to_owned() } else { String::new() };
    let mut embed = question_box(asked, mark);
    embed.tone = Tone::Green;
    let split: Vec<String> = view
        .split
        .iter()
        .enumerate()
        .map(|(button, n)| {
            let note = if button == right { " (right)" } else { "" };
            format!("{}: {n}{note}", letter(button))
        })
        .collect();
    embed.fields.push(("How you chose".to_owned(), split.join(", ")));
    let why: Vec<String> = asked
        .choices()
        .enumerate()
        .filter_map(|(button, choice)| {
            Some(format!("**{}:** {}", letter(button), choice.why.as_ref()?))
        })
        .collect();
    embed.fields.push(("Why not the others".to_owned(), whole(&why, "\n", limit::FIELD)));
    embed.fields.push(host(view));
    let mut card = Card::boxed(embed);
    let chosen: usize = view.split.iter().sum();
    let hits = view.split.get(right).copied().unwrap_or(0);
    let after = if view.position + 1 < view.total { "The next question" } else { "The result" };
    let next =
        view.closes_at.map_or_else(String::new, |at| format!(" {after} comes {}.", from_now(at)));
    let rate = measured(view.rate).map_or_else(String::new, |rate| format!(" In all, {rate}."));
    card.content = format!(
        "{}: **{}** is right. {hits} of {chosen} got it.{rate}{next}",
        head(view),
        letter(right)
    );
    card.with_buttons(vec![
        Button::new("Next", format!("quiz-go:{}:{}", view.key, view.position)).primary(),
        Button::new("Reference answer", format!("quiz-ref:{}:{}", view.key, view.position)),
        leave(view),
    ])
}

fn ended(view: &GroupView) -> Card {
    let mut embed = Embed { title: "Podium".to_owned(), tone: Tone::Gold, ..Embed::default() };
    let lines: Vec<String> = view.podium.iter().map(|place| line(view, place)).collect();
    embed.text = if view.closed == 0 {
        embed.title = "No podium".to_owned();
        embed.tone = Tone::Grey;
        "The quiz ended before a question was answered.".to_owned()
    } else if lines.is_empty() {
        "Nobody has answered.".to_owned()
    } else if view.podium.iter().all(|place| place.score.right == 0) {
        embed.title = "No podium".to_owned();
        "Nobody had one right this time. `/quiz` and `/review` help to get ready for the next."
            .to_owned()
    } else {
        whole(&lines, "\n", limit::TEXT - 200)
    };
    let missed: Vec<String> = view
        .missed_by_all
        .iter()
        .map(|(title, right)| match right {
            Some(right) => format!("- **{}**: {right}", plain(title)),
            None => format!("- **{}**: the answer comes when its round closes", plain(title)),
        })
        .collect();
    if !missed.is_empty() {
        embed.fields.push(("Nobody knew".to_owned(), whole(&missed, "\n", limit::FIELD)));
    }
    if view.closed > 0 {
        embed.footer = "Points are for a first right answer in 30 days.".to_owned();
    }
    let mut card = Card::boxed(embed);
    card.content = match (view.closed, view.total) {
        (closed, total) if closed == total => {
            format!("**The quiz is over**, after {}.", count(total as u64, "question"))
        }
        (closed, total) => format!("**The quiz is over**, after {closed} of {total} questions."),
    };
    card
}

fn line(view: &GroupView, place: &Place) -> String {
    let score = &place.score;
    let time = if view.options.race && score.right > 0 {
        format!(" in {}", seconds(score.took_ms))
    } else {
        String::new()
    };
    let points = match score.points {
        0 => String::new(),
        points => format!(", {}", count_points(points)),
    };
    // Without the backslash Discord would number the ranks anew.
    format!("{}\\. **{}**: {} right{time}{points}", place.rank, name(&place.name), score.right)
}

/// `4.2 seconds`, or longer times as elsewhere.
fn seconds(ms: i64) -> String {
    if ms < 60_000 { format!("{}.{} seconds", ms / 1_000, ms / 100 % 10) } else { duration(ms) }
}

fn head(view: &GroupView) -> String {
    format!("**Question {} of {}**", view.position + 1, view.total)
}

fn are(n: usize) -> String {
    if n == 1 { "1 is".to_owned() } else { format!("{n} are") }
}

fn leave(view: &GroupView) -> Button {
    Button::new("Leave", format!("quiz-leave:{}", view.key))
}

fn host(view: &GroupView) -> (String, String) {
    let now = view.host.as_ref().map_or_else(|| "nobody".to_owned(), |host| name(host));
    let text = match &view.former_host {
        Some(before) => format!("{now} is the host now, in place of {}.", name(before)),
        None => now,
    };
    ("Host".to_owned(), text)
}

fn players(view: &GroupView) -> (String, String) {
    let names: Vec<String> = view.players.iter().map(|player| name(player)).collect();
    ("In the quiz".to_owned(), some(&names))
}
