//! The checks a question, and a whole pack, must pass. Each looks at one thing.

mod pack;

pub(super) use pack::{Placed, pack};

use crate::bank::code::{CodeBlock, Role};
use crate::bank::lists::Located;
use crate::bank::load::Draft;
use crate::bank::problem::Report;
use crate::bank::text::length;
use crate::domain::question::Kind;
use crate::domain::text::{is_blank, reading_key};

/// Longest title, so that a thread named after it (Discord: 100 characters) has room for a date.
pub const MAX_TITLE: usize = 90;
/// Longest prompt; with the four choices it fits one embed's description (Discord: 4,096).
pub const MAX_PROMPT: usize = 1_500;
/// Longest hint; fits one embed field (Discord: 1,024).
pub const MAX_HINT: usize = 1_000;
/// Longest reference answer; fits one embed's description (Discord: 4,096).
pub const MAX_ANSWER: usize = 3_500;
/// Longest text of a choice.
pub const MAX_CHOICE: usize = 250;
/// Longest reason of a wrong choice.
pub const MAX_WHY: usize = 300;
/// Longest sources, joined by line breaks; fits one embed field (Discord: 1,024).
pub const MAX_SOURCES: usize = 1_000;
/// Reference answer, follow-ups and sources together: they share one message, whose embeds may
/// hold 6,000 characters (Discord, resources/message). The rest is for titles and labels.
pub const MAX_REVEAL: usize = 5_500;

/// Choices of a question: one right, the others wrong.
const CHOICES: usize = 4;

/// One check of one question.
pub(super) type Check = fn(&Draft, &mut Report);

/// Every check of a single question.
pub(super) const CHECKS: [Check; 10] = [
    nothing_missing,
    nothing_empty,
    texts_fit,
    reveal_fits,
    one_right_three_wrong,
    wrong_choices_say_why,
    choices_differ,
    follow_ups_answered,
    tests_follow_solution,
    coding_is_tested,
];

fn nothing_missing(draft: &Draft, report: &mut Report) {
    if draft.title.is_none() {
        report.whole("the title is missing (a line `# …`, with a space behind the `#`)");
    }
    if draft.answer.is_none() {
        report.whole("the part `## Answer` is missing");
    }
    if draft.choices_line.is_none() {
        report.whole("the part `## Choices` is missing");
    }
    if draft.sources_line.is_none() {
        report.whole("the part `## Sources` is missing");
    }
}

fn nothing_empty(draft: &Draft, report: &mut Report) {
    let parts = [
        ("the title", &draft.title),
        ("the prompt", &draft.prompt),
        ("the part `## Hint`", &draft.hint),
        ("the part `## Answer`", &draft.answer),
    ];
    for (name, part) in parts {
        if let Some(empty) = part.as_ref().filter(|part| is_blank(&part.text)) {
            report.error(empty.line, format!("{name} is empty"));
        }
    }
    for choice in &draft.choices {
        if is_blank(&choice.text) {
            report.error(choice.line, "the choice is empty");
        }
    }
    for follow_up in &draft.follow_ups {
        let answer = follow_up.answer.as_ref();
        if is_blank(&follow_up.prompt.text) {
            report.error(follow_up.prompt.line, "the follow-up asks nothing");
        }
        if let Some(empty) = answer.filter(|answer| is_blank(&answer.text)) {
            report.error(empty.line, "the follow-up's answer is empty");
        }
    }
    if let Some(line) = draft.sources_line.filter(|_| draft.sources.is_empty()) {
        report.error(line, "the part `## Sources` names no source");
    }
}

fn texts_fit(draft: &Draft, report: &mut Report) {
    let parts = [
        ("the title", &draft.title, MAX_TITLE),
        ("the prompt", &draft.prompt, MAX_PROMPT),
        ("the hint", &draft.hint, MAX_HINT),
        ("the answer", &draft.answer, MAX_ANSWER),
    ];
    for (name, part, most) in parts {
        if let Some(Located { line, text }) = part {
            fits(*line, name, length(text), most, report);
        }
    }
    for choice in &draft.choices {
        fits(choice.line, "the choice", length(&choice.text), MAX_CHOICE, report);
        let why = choice.why.as_deref().unwrap_or_default();
        fits(choice.line, "the reason of this choice", length(why), MAX_WHY, report);
    }
    if let Some(line) = draft.sources_line {
        fits(line, "the list of sources", sources_length(draft), MAX_SOURCES, report);
    }
}

fn fits(line: u32, name: &str, length: usize, most: usize, report: &mut Report) {
    if length > most {
        report.error(line, format!("{name} has {length} characters; at most {most}"));
    }
}

fn sources_length(draft: &Draft) -> usize {
    let lengths = draft.sources.iter().map(|source| length(&source.text) + 1);
    lengths.sum()
}

fn reveal_fits(draft: &Draft, report: &mut Report) {
    let Some(answer) = &draft.answer else {
        return;
    };
    let follow_ups = draft.follow_ups.iter().map(|follow_up| {
        let answer = follow_up.answer.as_ref();
        length(&follow_up.prompt.text) + answer.map_or(0, |answer| length(&answer.text))
    });
    let total = length(&answer.text) + follow_ups.sum::<usize>() + sources_length(draft);
    fits(answer.line, "the answer with its follow-ups and sources", total, MAX_REVEAL, report);
}

fn one_right_three_wrong(draft: &Draft, report: &mut Report) {
    let Some(line) = draft.choices_line else {
        return;
    };
    let right = draft.choices.iter().filter(|choice| choice.right).count();
    let wrong = draft.choices.len() - right;
    if (right, wrong) != (1, CHOICES - 1) {
        report.error(
            line,
            format!(
                "there must be one right choice and three wrong ones; here are {right} right and \
                 {wrong} wrong"
            ),
        );
    }
}

fn wrong_choices_say_why(draft: &Draft, report: &mut Report) {
    for choice in &draft.choices {
        let has_why = choice.why.as_ref().is_some_and(|why| !is_blank(why));
        if choice.right && choice.why.is_some() {
            report.error(choice.line, "the right choice takes no `>` line");
        } else if !choice.right && !has_why {
            report.error(
                choice.line,
                "the wrong choice does not say why; add a line `  > …` below it",
            );
        }
    }
}

fn choices_differ(draft: &Draft, report: &mut Report) {
    for (index, choice) in draft.choices.iter().enumerate() {
        let earlier = draft.choices.iter().take(index);
        let key = reading_key(&choice.text);
        let same = earlier.clone().find(|earlier| reading_key(&earlier.text) == key);
        if let Some(same) = same.filter(|_| !is_blank(&choice.text)) {
            let how = if same.text == choice.text { "the same as" } else { "too much like" };
            let why =
                if same.text == choice.text { "" } else { "; they differ only in case or spaces" };
            report.error(
                choice.line,
                format!("the choice is {how} the one on line {}{why}", same.line),
            );
        }
    }
}

fn follow_ups_answered(draft: &Draft, report: &mut Report) {
    for follow_up in &draft.follow_ups {
        if follow_up.answer.is_none() {
            report.error(
                follow_up.prompt.line,
                "the follow-up has no answer; add `### Answer` below it",
            );
        }
    }
}

fn tests_follow_solution(draft: &Draft, report: &mut Report) {
    let mut solved = false;
    for block in &draft.code_blocks {
        match block.info.role {
            Role::Program => {}
            Role::Solution => solved = true,
            Role::Tests | Role::Wrong if solved => {}
            Role::Tests => {
                report.error(block.line, "a `tests` block needs a `solution` block before it");
            }
            Role::Wrong => {
                report.error(block.line, "a `wrong` block needs a `solution` block before it");
            }
        }
    }
    let of = |role| move |block: &&CodeBlock| block.info.role == role;
    let tests = draft.code_blocks.iter().rev().find(of(Role::Tests));
    let tested_until = tests.map_or(0, |tests| tests.line);
    let solutions = draft.code_blocks.iter().filter(of(Role::Solution));
    for block in solutions.filter(|solution| solution.line > tested_until) {
        report.error(block.line, "a `solution` block needs a `tests` block after it");
    }
}

fn coding_is_tested(draft: &Draft, report: &mut Report) {
    if draft.front.kind != Some(Kind::Coding) {
        return;
    }
    let roles = [(Role::Solution, "solution"), (Role::Tests, "tests"), (Role::Wrong, "wrong")];
    for (role, word) in roles {
        if !draft.code_blocks.iter().any(|block| block.info.role == role) {
            report.whole(format!("a question of kind \"coding\" needs a block ```python {word}"));
        }
    }
}
