//! `/question`: one question looked up, and what members report about questions.

use super::limit;
use super::rate::label;
use super::reveal::sources;
use super::round::topic;
use super::text::{at, count, fit_bare, from_now, name, one_line, plain, plain_within, whole};
use super::{Button, Card, Embed, Tone};
use crate::domain::question::Question;
use crate::domain::report::Standing;
use crate::engine::views::questions::{QuestionView, ReportView, ReportsView};

/// Room for a reason in a list.
const REASON_LISTED: usize = 160;

/// `/question show`: the question, with its hint and answer behind buttons.
pub fn question(view: &QuestionView) -> Card {
    let question = &view.question;
    let mut fields = vec![(
        "Topic and difficulty".to_owned(),
        format!("{}, {}", topic(question), label(question.difficulty, view.rate)),
    )];
    fields.extend(sources(question).map(|sources| ("Sources".to_owned(), sources)));
    let mut buttons = Vec::new();
    if question.hint.is_some() {
        buttons.push(Button::new("Hint", format!("question-hint:{}", view.key)));
    }
    buttons.push(Button::new("Show answer", format!("question-answer:{}", view.key)).primary());
    Card::boxed(Embed {
        title: question.title.clone(),
        text: question.prompt.clone(),
        fields,
        footer: question.id.to_string(),
        ..Embed::default()
    })
    .with_buttons(buttons)
}

/// *Hint*.
pub fn hint(question: &Question) -> Card {
    let hint = question.hint.as_deref().unwrap_or("This question has no hint.");
    Card::boxed(Embed {
        title: "Hint".to_owned(),
        text: hint.to_owned(),
        footer: question.id.to_string(),
        ..Embed::default()
    })
}

/// *Show answer*.
pub fn answer(question: &Question) -> Card {
    Card::boxed(Embed {
        title: "Reference answer".to_owned(),
        text: question.answer.clone(),
        footer: question.id.to_string(),
        tone: Tone::Green,
        ..Embed::default()
    })
}

/// A question in the list of an autocompletion.
pub fn suggestion(question: &Question) -> String {
    fit_bare(&one_line(&question.title), limit::LINE)
}

/// The reply to `/question report`.
pub fn reported(title: &str) -> String {
    format!("Thank you. The admins are told what is wrong with “{}”.", plain(title))
}

/// The notice of a report, with what was decided so far.
pub fn report(view: &ReportView, guild: &str, key: &str) -> Card {
    let report = &view.report;
    let mut fields = vec![("What is wrong".to_owned(), plain_within(&report.reason, limit::FIELD))];
    if let Some(decision) = decision(view) {
        fields.push(("Decision".to_owned(), decision));
    }
    let id = |what: &str| format!("report-{what}:{key}");
    let mut buttons = Vec::new();
    if report.standing.allows(Standing::FixLater) {
        buttons.push(Button::new("Fix later", id("later")).primary());
    }
    if report.standing.allows(Standing::Dismissed) {
        buttons.push(Button::new("Dismiss", id("dismiss")));
    }
    Card::boxed(Embed {
        title: "Studyhall: a question was reported".to_owned(),
        text: format!(
            "{} reported “{}” ({}), {}.",
            name(&view.reporter),
            plain(&report.title),
            plain(&report.question.0),
            at(report.at)
        ),
        fields,
        tone: if report.standing == Standing::Open { Tone::Calm } else { Tone::Grey },
        // In a direct message nothing else tells which server it is about.
        footer: guild.to_owned(),
    })
    .with_buttons(if buttons.is_empty() {
        // What says again after a crash looks for the key.
        vec![Button::new("Status", format!("status:{key}"))]
    } else {
        buttons
    })
}

fn decision(view: &ReportView) -> Option<String> {
    let (_, when) = view.report.decided?;
    let by = name(view.decider.as_deref().unwrap_or_default());
    Some(match view.report.standing {
        Standing::Open => return None,
        Standing::FixLater => format!(
            "To be fixed later, decided by {by} {}. Press *Dismiss* once it is done.",
            from_now(when)
        ),
        Standing::Dismissed => format!("Dismissed by {by} {}.", from_now(when)),
    })
}

/// What an admin is told after pressing a button of a report.
pub fn decided(view: &ReportView, changed: bool) -> Card {
    let text = match (changed, view.report.standing) {
        (true, Standing::FixLater) => {
            "Noted: to be fixed later. `/study status` lists it until somebody dismisses it."
                .to_owned()
        }
        (true, _) => "Noted: the report is dismissed.".to_owned(),
        (false, _) => format!(
            "That changes nothing. {}",
            decision(view).unwrap_or_else(|| "Nobody has decided yet.".to_owned())
        ),
    };
    Card::text(text)
}

/// The reports in `/study status`; `None` if none waits for anything.
pub(super) fn reports(reports: &ReportsView) -> Option<String> {
    if reports.open == 0 && reports.later == 0 {
        return None;
    }
    let mut lines = vec![format!(
        "{} to decide, {} to fix later. The newest:",
        count(reports.open.into(), "report"),
        reports.later
    )];
    lines.extend(reports.newest.iter().map(|view| {
        let later = if view.report.standing == Standing::FixLater { " (fix later)" } else { "" };
        format!(
            "- “{}”{later}, by {} {}: {}",
            plain(&view.report.title),
            name(&view.reporter),
            from_now(view.report.at),
            plain_within(&view.report.reason, REASON_LISTED)
        )
    }));
    Some(whole(&lines, "\n", limit::FIELD))
}
