//! One file to one question, or to its problems: all of them, not only the first.

use super::check::CHECKS;
use super::code::{CodeBlock, without};
use super::lists::{self, DraftChoice, Located};
use super::outline::{Outline, outline};
use super::problem::{Problem, Report};
use super::schema::FrontMatter;
use super::text::{Lines, decode};
use crate::domain::ids::QuestionId;
use crate::domain::question::{Choice, FollowUp, Question};
use crate::domain::text::is_blank;
use std::ops::Range;

const FENCE: &str = "+++";

/// The three names that make up a question's id, taken from its place in the pack.
#[derive(Debug, Clone, Copy)]
pub struct Names<'n> {
    /// The pack's folder.
    pub pack: &'n str,
    /// The folder in it.
    pub topic: &'n str,
    /// The file, without `.md`.
    pub slug: &'n str,
}

impl Names<'_> {
    /// `pack/topic/slug`.
    pub fn id(&self) -> QuestionId {
        QuestionId(format!("{}/{}/{}", self.pack, self.topic, self.slug))
    }
}

/// What came of reading one question file.
#[derive(Debug)]
pub struct Parsed {
    /// The question, unless one of the problems is an error.
    pub question: Option<Question>,
    /// The line of its title; 1 if it has none.
    pub title_line: u32,
    /// The line of its difficulty; 0 if it has none.
    pub difficulty_line: u32,
    /// Its code blocks, in order, as far as the file could be read.
    pub code_blocks: Vec<CodeBlock>,
    /// Everything wrong with it, in no particular order.
    pub problems: Vec<Problem>,
}

/// A question file as far as it could be read; checks look at this.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) front: FrontMatter,
    pub(super) title: Option<Located>,
    pub(super) prompt: Option<Located>,
    pub(super) hint: Option<Located>,
    pub(super) answer: Option<Located>,
    /// The line of `## Choices`, if it is there.
    pub(super) choices_line: Option<u32>,
    pub(super) choices: Vec<DraftChoice>,
    pub(super) follow_ups: Vec<DraftFollowUp>,
    /// The line of `## Sources`, if it is there.
    pub(super) sources_line: Option<u32>,
    pub(super) sources: Vec<Located>,
    pub(super) code_blocks: Vec<CodeBlock>,
}

/// A follow-up as written.
#[derive(Debug)]
pub(super) struct DraftFollowUp {
    pub(super) prompt: Located,
    pub(super) answer: Option<Located>,
}

/// Reads one question file. `path` is only for the problems; `names` say where it lies.
pub fn parse(path: &str, names: Names<'_>, bytes: &[u8]) -> Parsed {
    let mut report = Report::new(path);
    let draft = match decode(bytes, &mut report) {
        Some(text) => read(&text, &mut report),
        None => None,
    };
    let Some(draft) = draft else {
        return Parsed {
            question: None,
            title_line: 1,
            difficulty_line: 0,
            code_blocks: Vec::new(),
            problems: report.into_problems(),
        };
    };
    for check in CHECKS {
        check(&draft, &mut report);
    }
    let title_line = draft.title.as_ref().map_or(1, |title| title.line);
    let difficulty_line = draft.front.difficulty_line;
    let code_blocks = draft.code_blocks.clone();
    let question = if report.is_clean() { finish(draft, names) } else { None };
    let problems = report.into_problems();
    Parsed { question, title_line, difficulty_line, code_blocks, problems }
}

/// `None` when the front matter has no end, so that nothing tells what is text.
fn read(text: &str, report: &mut Report) -> Option<Draft> {
    let lines = Lines::new(text);
    let (front, body) = split(text, report)?;
    let front = match front {
        Some(range) => FrontMatter::read(text.get(range).unwrap_or_default(), 2, report),
        None => FrontMatter::default(),
    };
    let outline = outline(text, body, &lines, report);
    let mut draft = Sections::new(text, body, &lines, &outline).draft(report);
    draft.front = front;
    draft.code_blocks = outline.code_blocks;
    Some(draft)
}

/// The front matter between its fences, and where the Markdown begins.
fn split(text: &str, report: &mut Report) -> Option<(Option<Range<usize>>, usize)> {
    if is_blank(text) {
        report.whole("is empty");
        return None;
    }
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let is_fence = line.trim_end() == FENCE;
        if index == 0 && !is_fence {
            report.error(1, "the first line must be `+++`, which opens the front matter");
            // A file that starts with its title only lacks front matter, and the rest can be
            // checked; anything else would be misread.
            return line.starts_with('#').then_some((None, 0));
        }
        if index > 0 && is_fence {
            return Some((Some(text.find('\n')? + 1..at), at + line.len()));
        }
        at += line.len();
    }
    report.error(1, "no second line `+++` ends the front matter");
    None
}

/// The parts of a question, in the order a file must have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Prompt,
    Hint,
    Answer,
    Choices,
    FollowUp,
    Sources,
}

impl Part {
    /// The parts with a heading of their own.
    const NAMED: [(&'static str, Self); 5] = [
        ("Hint", Self::Hint),
        ("Answer", Self::Answer),
        ("Choices", Self::Choices),
        ("Follow-up", Self::FollowUp),
        ("Sources", Self::Sources),
    ];

    fn from_name(name: &str) -> Option<Self> {
        let found = Self::NAMED.iter().find(|(known, _)| *known == name);
        found.map(|(_, part)| *part)
    }
}

/// Cuts a text at its headings.
struct Sections<'o, 't> {
    text: &'t str,
    body: usize,
    lines: &'o Lines,
    outline: &'o Outline<'t>,
}

impl<'o, 't> Sections<'o, 't> {
    fn new(text: &'t str, body: usize, lines: &'o Lines, outline: &'o Outline<'t>) -> Self {
        Self { text, body, lines, outline }
    }

    fn draft(&self, report: &mut Report) -> Draft {
        let mut draft = Draft::default();
        let mut seen: Vec<Part> = Vec::new();
        // The part the text below a heading belongs to, for `### Answer`.
        let mut inside: Option<Part> = None;
        let headings = &self.outline.headings;
        let first = headings.first().map_or(self.text.len(), |h| h.range.start);
        let before = self.content(self.body..first);
        if !before.text.is_empty() {
            report
                .error(before.line, "text stands before the title; the title, `# …`, comes first");
        }
        for (index, heading) in headings.iter().enumerate() {
            let next = headings.get(index + 1);
            let end = next.map_or(self.text.len(), |next| next.range.start);
            let content = self.content(heading.range.end..end);
            let content = Located {
                // An empty part is reported at its heading.
                line: if content.text.is_empty() { heading.line } else { content.line },
                text: content.text,
            };
            match heading.level {
                1 if draft.title.is_none() => {
                    if !seen.is_empty() {
                        report.error(heading.line, "the title must come before the other parts");
                    }
                    draft.title =
                        Some(Located { line: heading.line, text: heading.name.to_owned() });
                    draft.prompt = Some(content);
                    inside = Some(Part::Prompt);
                }
                1 => {
                    report.error(heading.line, "a question has only one title, `# …`");
                    inside = None;
                }
                2 => {
                    inside = Part::from_name(heading.name);
                    let Some(part) = inside else {
                        report.error(
                            heading.line,
                            format!(
                                "unknown heading `## {}`; known are Hint, Answer, Choices, \
                                 Follow-up and Sources",
                                heading.name
                            ),
                        );
                        continue;
                    };
                    if part != Part::FollowUp && seen.contains(&part) {
                        report.error(heading.line, format!("`## {}` is there twice", heading.name));
                        inside = None;
                        continue;
                    }
                    if seen.iter().any(|earlier| *earlier > part) {
                        report.error(
                            heading.line,
                            format!(
                                "`## {}` is out of order; the order is Hint, Answer, Choices, \
                                 Follow-up, Sources",
                                heading.name
                            ),
                        );
                    }
                    seen.push(part);
                    take(part, heading.line, content, &mut draft, report);
                }
                3 if heading.name == "Answer" && inside == Some(Part::FollowUp) => {
                    if let Some(follow_up) = draft.follow_ups.last_mut() {
                        if follow_up.answer.is_some() {
                            report.error(heading.line, "this follow-up has two answers");
                        } else {
                            follow_up.answer = Some(content);
                        }
                    }
                }
                level => report.error(
                    heading.line,
                    format!(
                        "unknown heading `{} {}`; below `##` there is only `### Answer`, in a \
                         follow-up",
                        "#".repeat(usize::from(level)),
                        heading.name
                    ),
                ),
            }
        }
        draft
    }

    /// The text of a range without the blank lines around it and without words behind fences.
    fn content(&self, range: Range<usize>) -> Located {
        let raw = self.text.get(range.clone()).unwrap_or_default();
        let blank: usize =
            raw.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
        let start = range.start + blank;
        let end = range.start + raw.trim_end().len();
        let text = if start < end {
            without(self.text, start..end, &self.outline.not_shown)
        } else {
            String::new()
        };
        Located {
            // The byte after the last line break is the first of its line.
            line: self.lines.at(start),
            text,
        }
    }
}

fn take(part: Part, line: u32, content: Located, draft: &mut Draft, report: &mut Report) {
    match part {
        Part::Prompt => {}
        Part::Hint => draft.hint = Some(content),
        Part::Answer => draft.answer = Some(content),
        Part::Choices => {
            draft.choices_line = Some(line);
            draft.choices = lists::choices(&content, report);
        }
        Part::FollowUp => draft.follow_ups.push(DraftFollowUp { prompt: content, answer: None }),
        Part::Sources => {
            draft.sources_line = Some(line);
            draft.sources = lists::sources(&content, report);
        }
    }
}

/// A clean draft as a question. `None` only if a part is missing, which a check has reported.
fn finish(draft: Draft, names: Names<'_>) -> Option<Question> {
    let mut follow_ups = Vec::with_capacity(draft.follow_ups.len());
    for follow_up in draft.follow_ups {
        follow_ups.push(FollowUp { prompt: follow_up.prompt.text, answer: follow_up.answer?.text });
    }
    let choices = draft.choices.into_iter().map(|choice| Choice {
        text: choice.text,
        right: choice.right,
        why: choice.why,
    });
    Some(Question {
        id: names.id(),
        topic: names.topic.to_owned(),
        difficulty: draft.front.difficulty?,
        kind: draft.front.kind?,
        tags: draft.front.tags,
        title: draft.title?.text,
        prompt: draft.prompt?.text,
        hint: draft.hint.map(|hint| hint.text),
        answer: draft.answer?.text,
        choices: choices.collect(),
        follow_ups,
        sources: draft.sources.into_iter().map(|source| source.text).collect(),
    })
}
