//! A question's Markdown, read once: its headings, its code blocks, and what Discord cannot show.

use super::code::{CodeBlock, FenceInfo, Role};
use super::problem::Report;
use super::text::Lines;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// One structural heading.
#[derive(Debug)]
pub(super) struct Heading<'t> {
    /// 1 to 6.
    pub(super) level: u8,
    pub(super) name: &'t str,
    pub(super) line: u32,
    /// Where its line begins and ends in the file's text.
    pub(super) range: Range<usize>,
}

/// What a question's text is made of.
#[derive(Debug, Default)]
pub(super) struct Outline<'t> {
    pub(super) headings: Vec<Heading<'t>>,
    pub(super) code_blocks: Vec<CodeBlock>,
    /// What is for checkers and not for Discord: the words behind the languages of fences, and
    /// whole blocks that only prove a solution.
    pub(super) not_shown: Vec<Range<usize>>,
}

/// Reads `text` from byte `start` on; `lines` belongs to the whole text.
pub(super) fn outline<'t>(
    text: &'t str,
    start: usize,
    lines: &Lines,
    report: &mut Report,
) -> Outline<'t> {
    let mut outline = Outline::default();
    let body = text.get(start..).unwrap_or_default();
    let mut depth = 0_usize;
    let mut open: Option<CodeBlock> = None;
    // Whether the event just before closed a code block: only then can a `text` block be its output.
    let mut just_closed = false;
    // Text outside of code, which the parser may give in pieces, and where it begins.
    let mut running: Option<(u32, String)> = None;
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        let range = range.start + start..range.end + start;
        let source = text.get(range.clone()).unwrap_or_default();
        let line = lines.at(range.start);
        let follows_code = std::mem::take(&mut just_closed);
        match &event {
            Event::Text(piece) if open.is_none() => {
                running.get_or_insert((line, String::new())).1.push_str(piece);
            }
            _ => {
                if let Some((line, text)) = running.take()
                    && let Some(mention) = mention(&text)
                {
                    report.error(
                        line,
                        format!(
                            "holds the mention `{mention}`; put it into backticks or leave it out"
                        ),
                    );
                }
            }
        }
        match &event {
            Event::Start(Tag::Heading { level, .. }) => {
                let level = number(*level);
                if depth > 0 {
                    report.error(line, "a heading cannot stand inside a list or a quote");
                } else if !source.starts_with('#') {
                    report.error(
                        line,
                        "Discord does not show underlined headings; put a blank line before the \
                         underline or remove it",
                    );
                } else {
                    let head = source.lines().next().unwrap_or_default();
                    outline.headings.push(Heading {
                        level,
                        name: head.trim_start_matches('#').trim(),
                        line,
                        range: range.start..range.start + head.len(),
                    });
                }
            }
            Event::Start(Tag::Paragraph) => {
                let glued = source.lines().enumerate().find(|(_, line)| {
                    line.trim_start_matches('#').starts_with(char::is_alphabetic)
                        && line.starts_with("##")
                });
                if let Some((below, _)) = glued {
                    let below = u32::try_from(below).unwrap_or(0);
                    report.error(
                        line.saturating_add(below),
                        "a heading needs a space behind its `#` signs",
                    );
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))) => {
                let (info, problems) = FenceInfo::read(words);
                for problem in problems {
                    report.error(line, problem);
                }
                check_fence(source, line, report);
                if info.is_python() && matches!(info.role, Role::Tests | Role::Wrong) {
                    let line_end = usize::from(text[range.end..].starts_with('\n'));
                    outline.not_shown.push(range.start..range.end + line_end);
                } else {
                    outline.not_shown.extend(words_behind_language(source, range.start));
                }
                open = Some(CodeBlock { line, info, code: String::new(), expected_output: None });
                // Remembered until the block closes, see below.
                just_closed = follows_code;
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => report.error(
                line,
                "Discord does not show indented text as code; put it between ``` lines",
            ),
            Event::Start(Tag::Table(_)) => report.error(line, "Discord does not show tables"),
            Event::Start(Tag::Image { .. }) => report.error(line, "Discord does not show images"),
            Event::Start(Tag::HtmlBlock) => {
                report.error(line, "Discord shows HTML as it is written; remove it");
            }
            Event::Start(Tag::Link { dest_url, .. }) if !is_whole_address(dest_url) => {
                report.error(
                    line,
                    format!("Discord cannot follow the link `{dest_url}`; give its whole address, with https://"),
                );
            }
            Event::Rule => report.error(line, "Discord does not show horizontal rules"),
            Event::Text(code) if open.is_some() => {
                if let Some(block) = &mut open {
                    block.code.push_str(code);
                }
                just_closed = follows_code;
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some(block) = open.take() {
                    attach(block, follows_code, &mut outline.code_blocks);
                    just_closed = true;
                }
            }
            _ => {}
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    outline
}

/// What Discord would take for a mention (documentation, reference, message formatting).
fn mention(text: &str) -> Option<&str> {
    for word in ["@everyone", "@here"] {
        if let Some(at) = text.find(word) {
            return text.get(at..at + word.len());
        }
    }
    text.match_indices('<').find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let inner = rest.get(1..rest.find('>')?)?;
        let id = ["@!", "@&", "@", "#"].iter().find_map(|start| inner.strip_prefix(start))?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| rest.get(..inner.len() + 2)).flatten()
    })
}

fn is_whole_address(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

/// Adds a finished block; a `text` block right after a Python one becomes its output.
fn attach(block: CodeBlock, follows_code: bool, blocks: &mut Vec<CodeBlock>) {
    if follows_code
        && block.info.language == "text"
        && let Some(program) = blocks.last_mut()
        && program.info.is_python()
        && program.expected_output.is_none()
    {
        program.expected_output = Some(block.code);
        return;
    }
    blocks.push(block);
}

fn check_fence(source: &str, line: u32, report: &mut Report) {
    let opening = source.lines().next().unwrap_or_default().trim();
    if !opening.starts_with("```") || opening.starts_with("````") {
        report.error(line, "Discord knows only fences of three backticks; write ``` here");
        return;
    }
    let closed = source
        .lines()
        .skip(1)
        .last()
        .is_some_and(|last| last.trim_start_matches(['>', ' ', '\t']).trim_end() == "```");
    if !closed {
        report.error(line, "the code block that opens here is never closed");
    }
}

/// Where, behind the language, the further words of a fence lie.
fn words_behind_language(source: &str, start: usize) -> Option<Range<usize>> {
    let opening = source.lines().next().unwrap_or_default();
    let info = opening.trim_start_matches(['`', '~']);
    let before_language = info.len() - info.trim_start().len();
    let info_at = opening.len() - info.len();
    let language = info.trim_start().find(char::is_whitespace)?;
    Some(start + info_at + before_language + language..start + opening.len())
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
