//! Reviews: what one member comes back to, said to that member alone.

use super::limit;
use super::reveal::sources;
use super::round::{prompt, topic};
use super::text::{at, count, fit, from_now, plain};
use super::{Button, Card, Embed, Tone};
use crate::domain::review::Grade;
use crate::engine::views::review::{AnswerView, ReminderView, ReviewView};

/// `/review`: the question due longest, or that there is none. `note`: what came of the press
/// before.
pub fn review(view: &ReviewView, note: Option<&str>) -> Card {
    let mut notes: Vec<String> = note.map(str::to_owned).into_iter().collect();
    if view.wishes.refused_at.is_some() {
        notes.push(
            "I could not send you the daily reminder: Discord says that you take no direct \
             messages from me. So I switched it off. Allow direct messages in the privacy settings \
             of this server and use `/review remind:on`, or leave it with `/review remind:off`."
                .to_owned(),
        );
    }
    let Some(card) = &view.card else {
        notes.push(nothing_due(view, note.is_some()));
        return Card::text(notes.join("\n\n"));
    };
    let question = &card.question;
    let mut footer = due(view.due);
    if view.held_back > 0 {
        footer.push_str(&format!(" {}", held_back(view.held_back)));
    }
    footer.push_str(" Only you can see this.");
    Card {
        content: notes.join("\n\n"),
        embed: Some(Embed {
            title: question.title.clone(),
            text: prompt(question),
            fields: vec![(
                "Review".to_owned(),
                format!(
                    "{}, {}. Answer it for yourself first.",
                    topic(question),
                    question.difficulty
                ),
            )],
            footer,
            ..Embed::default()
        }),
        ..Card::default()
    }
    .with_buttons(vec![
        Button::new("Show answer", format!("review-show:{}:{}", card.key, card.reviews)).primary(),
    ])
}

fn nothing_due(view: &ReviewView, more: bool) -> String {
    let mut parts = vec![if view.total == 0 {
        "You have nothing to review yet. Questions that you get wrong in a quiz come here; \
         `/review rounds:on` brings those of closed rounds too."
            .to_owned()
    } else if more {
        "Nothing more is due.".to_owned()
    } else {
        "Nothing is due now.".to_owned()
    }];
    if view.held_back > 0 {
        parts.push(held_back(view.held_back));
    }
    if let Some(next) = view.next {
        parts.push(format!("The next question comes back {} ({}).", from_now(next), at(next)));
    }
    if view.total > 0 {
        parts.push(format!("You are learning {}.", count(view.total as u64, "question")));
    }
    parts.join(" ")
}

fn due(due: usize) -> String {
    match due {
        1 => "This is the only one due.".to_owned(),
        due => format!("{due} are due."),
    }
}

fn held_back(questions: usize) -> String {
    match questions {
        1 => "One more waits until its round or quiz is over.".to_owned(),
        more => format!("{more} more wait until their rounds or quizzes are over."),
    }
}

/// *Show answer*: the question stays above the reference answer; below are the grades.
pub fn answer(view: &AnswerView) -> Card {
    let question = &view.card.question;
    let buttons = view.grades.iter().map(|(grade, days)| {
        let id = format!("review-{}:{}:{}", grade.word(), view.card.key, view.card.reviews);
        let button = Button::new(&format!("{}: {}", name(*grade), interval(*days)), id);
        if *grade == Grade::Good { button.primary() } else { button }
    });
    let mut fields: Vec<(String, String)> = Vec::new();
    fields.extend(sources(question).map(|sources| ("Sources".to_owned(), sources)));
    fields.push((
        "How well did you know it?".to_owned(),
        "Each button says when the question will come back.".to_owned(),
    ));
    Card {
        content: fit(
            &format!("**{}**\n{}", plain(&question.title), question.prompt),
            limit::CONTENT,
        ),
        embed: Some(Embed {
            title: "Reference answer".to_owned(),
            text: question.answer.clone(),
            fields,
            footer: format!("{} Only you can see this.", due(view.due)),
            tone: Tone::Green,
        }),
        ..Card::default()
    }
    .with_buttons(buttons.collect())
}

fn name(grade: Grade) -> &'static str {
    match grade {
        Grade::Again => "Again",
        Grade::Hard => "Hard",
        Grade::Good => "Good",
        Grade::Easy => "Easy",
    }
}

/// What came of a grade, above the next question.
pub fn graded(grade: Grade, days: u32) -> String {
    format!("{}: it comes back in {}.", name(grade), interval(days))
}

/// `1 day`, `7 weeks`, `5 months`, `2 years`: to the nearest, because a plan for next year needs no
/// days.
fn interval(days: u32) -> String {
    let days = u64::from(days);
    let nearest = |unit: u64, word: &str| count((days * 2 + unit) / (2 * unit), word);
    match days {
        0..21 => count(days, "day"),
        21..70 => nearest(7, "week"),
        // A twelfth of a year is 30.4 days.
        70..700 => count((days * 120 + 1_826) / 3_652, "month"),
        _ => nearest(365, "year"),
    }
}

/// What a member has just set.
pub fn wishes(remind: Option<bool>, rounds: Option<bool>) -> String {
    let mut parts = Vec::new();
    match remind {
        Some(true) => parts.push(
            "I will remind you by direct message, once a day at 18:00 by the clock of this server, \
             when something is due."
                .to_owned(),
        ),
        Some(false) => parts.push("I will not remind you any more.".to_owned()),
        None => {}
    }
    match rounds {
        Some(true) => parts.push(
            "Every round that closes from now on brings its question into your reviews, whether \
             you answered it or not."
                .to_owned(),
        ),
        Some(false) => parts.push(
            "Closed rounds bring nothing into your reviews any more. What is there stays."
                .to_owned(),
        ),
        None => {}
    }
    parts.push("Nobody but you sees your reviews. `/review` shows what is due.".to_owned());
    parts.join(" ")
}

/// The daily reminder, a direct message.
pub fn reminder(view: &ReminderView, key: &str) -> Card {
    let what = match view.due {
        1 => "1 question is".to_owned(),
        due => format!("{due} questions are"),
    };
    Card::boxed(Embed {
        title: "Time to review".to_owned(),
        text: format!(
            "{what} due for you in **{}**. Use `/review` there; it takes a minute or two.",
            plain(&view.guild)
        ),
        ..Embed::default()
    })
    .with_buttons(vec![Button::new("Stop reminding me", format!("review-stop:{key}"))])
}

/// *Stop reminding me*.
pub fn stopped() -> Card {
    Card::text(
        "I will not remind you any more. `/review remind:on` in the server brings the reminder \
         back.",
    )
}

#[cfg(test)]
mod tests {
    use super::interval;

    #[test]
    fn intervals_in_plain_words() {
        let table = [
            (1, "1 day"),
            (2, "2 days"),
            (20, "20 days"),
            (21, "3 weeks"),
            (46, "7 weeks"),
            (69, "10 weeks"),
            (70, "2 months"),
            (163, "5 months"),
            (365, "12 months"),
            (699, "23 months"),
            (700, "2 years"),
            (36_500, "100 years"),
        ];
        for (days, words) in table {
            assert_eq!(interval(days), words, "{days}");
        }
    }
}
