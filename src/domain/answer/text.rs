//! The text of an answer: its length, joined and cut.

use super::{Attachment, Part};
use crate::domain::markdown::{FENCE, inert};
use crate::domain::text::{clean, is_blank, is_visible, trimmed};

/// Characters as a reader sees them: without those that cannot be seen, white space in a row as one,
/// and with each mention, custom emoji and time stamp (documentation, reference, "Message
/// Formatting") as one. Marks of Markdown alone, with nothing to mark, show nothing.
pub(super) fn shown_length(text: &str) -> usize {
    if !text.chars().any(|c| is_visible(c) && !"*_~|".contains(c)) {
        return 0;
    }
    let mut rest = trimmed(text);
    let mut length = 0;
    let mut after_space = false;
    while let Some(next) = rest.chars().next() {
        let after = if next == '<' { after_markup(rest) } else { None };
        let counts = is_visible(next) || (next.is_whitespace() && !after_space);
        if is_visible(next) || next.is_whitespace() {
            after_space = next.is_whitespace();
        }
        length += usize::from(counts);
        rest = after.or_else(|| rest.get(next.len_utf8()..)).unwrap_or("");
    }
    length
}

/// What follows one of the forms that Discord shows as one thing, if the text begins with one.
fn after_markup(text: &str) -> Option<&str> {
    let end = text.find('>')?;
    is_markup(text.get(1..end)?).then(|| text.get(end + 1..)).flatten()
}

/// Whether `<inside>` is one of the forms that Discord shows as one thing.
fn is_markup(inside: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let emoji = inside.strip_prefix("a:").or(inside.strip_prefix(':'));
    if let Some((name, id)) = emoji.and_then(|emoji| emoji.split_once(':')) {
        return !name.contains(char::is_whitespace) && digits(id);
    }
    if let Some(stamp) = inside.strip_prefix("t:") {
        return digits(stamp.split(':').next().unwrap_or(""));
    }
    ["@!", "@&", "@", "#"]
        .into_iter()
        .find_map(|prefix| inside.strip_prefix(prefix))
        .is_some_and(digits)
}

/// Whether there is a block of code with something in it.
pub(super) fn has_code_block(text: &str) -> bool {
    // Every second piece is inside a pair of fences; the last one has no fence after it.
    let pieces: Vec<&str> = text.split(FENCE).collect();
    let closed = pieces.len().saturating_sub(1);
    pieces.into_iter().take(closed).skip(1).step_by(2).any(|block| !is_blank(block))
}

/// One member's answer as plain text: the texts by message id with a blank line between them, the
/// attachments as links after the text they came with. A block of code that a message leaves open is
/// closed, so that it cannot swallow the next.
pub fn merge(parts: &[Part]) -> String {
    joined(parts, |content| {
        let mut text = content.trim().to_owned();
        if is_open(&text) {
            text.push('\n');
            text.push_str(FENCE);
        }
        text
    })
}

/// One member's answer for a quote in a message of the bot: the same, with each text made
/// [inert]. The links to attachments are the bot's own.
pub fn quoted(parts: &[Part]) -> String {
    joined(parts, inert)
}

fn joined(parts: &[Part], as_text: impl Fn(&str) -> String) -> String {
    let mut ordered: Vec<&Part> = parts.iter().collect();
    ordered.sort_by_key(|part| part.message);
    let texts: Vec<String> = ordered
        .into_iter()
        .map(|part| {
            let text = as_text(&part.content);
            let links = part.attachments.iter().map(link);
            let lines: Vec<String> =
                std::iter::once(text).filter(|text| !text.is_empty()).chain(links).collect();
            lines.join("\n")
        })
        .collect();
    let said = texts.iter().filter(|text| !text.is_empty());
    said.map(String::as_str).collect::<Vec<_>>().join("\n\n")
}

fn link(attachment: &Attachment) -> String {
    // A bracket in a file's name would end the link's text, and marks would reach out of it.
    let name: String = clean(&attachment.name)
        .chars()
        .filter(|c| !matches!(c, '[' | ']' | '\\' | '`' | '*' | '|' | '~'))
        .collect();
    let name = if is_blank(&name) { "file" } else { name.as_str() };
    format!("[{name}]({})", attachment.url)
}

/// Whether `text` ends within a block of code.
fn is_open(text: &str) -> bool {
    text.matches(FENCE).count() % 2 == 1
}
