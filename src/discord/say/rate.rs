//! A question's label and what was measured of it.

use super::text::{count, plain, whole};
use crate::domain::question::Difficulty;
use crate::domain::rate::{Contradiction, Rate};
use crate::engine::rates::Contradicted;

/// Contradicted questions that `/study status` lists.
const WORST: usize = 3;

/// `medium`, and once there are enough answers `medium · 62 % solve it (48 answers)`. It tells
/// nothing of the answer itself, but belongs where nobody can be swayed by it any more: beside a
/// closed question, after a quiz answer, in what admins see.
pub fn label(difficulty: Difficulty, rate: Rate) -> String {
    match measured(rate) {
        Some(measured) => format!("{difficulty} · {measured}"),
        None => difficulty.to_string(),
    }
}

/// `62 % solve it (48 answers)`, once there are enough.
pub fn measured(rate: Rate) -> Option<String> {
    let share = rate.share().filter(|_| rate.is_enough())?;
    Some(format!("{} solve it ({})", percent(share), count(rate.answers.into(), "answer")))
}

/// A share as people read it.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// How many labels are contradicted, and the worst.
pub(super) fn contradicted(all: &[Contradicted], room: usize) -> Option<String> {
    let worst: Vec<String> = all.iter().take(WORST).map(line).collect();
    if worst.is_empty() {
        return None;
    }
    let head = match all.len() {
        1 => "1 question is easier or harder than its label says:".to_owned(),
        n => format!("{n} questions are easier or harder than their labels say:"),
    };
    let mut text = format!("{head}\n{}", whole(&worst, "\n", room.saturating_sub(200)));
    if all.len() > worst.len() {
        text.push_str(
            "\nWhoever runs the bot can list all of them with `studyhall check --stats`.",
        );
    }
    Some(text)
}

fn line(of: &Contradicted) -> String {
    let than = match of.contradiction {
        Contradiction::Easier => "easier",
        Contradiction::Harder => "harder",
    };
    format!(
        "- “{}” is {than} than its label: {}. (`{}`)",
        plain(&of.question.title),
        label(of.question.difficulty, of.rate),
        of.question.id
    )
}
