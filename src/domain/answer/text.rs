//! The text of an answer: its length, joined and cut.

use super::{Attachment, Part};

/// Discord's mark before and after a block of code.
const FENCE: &str = "```";

/// Stands for what was cut off.
const ELLIPSIS: char = '…';

/// Characters as a reader sees them: without the white space around, and with each mention,
/// custom emoji and time stamp (documentation, reference, "Message Formatting") as one.
pub(super) fn shown_length(text: &str) -> usize {
    let mut rest = text.trim();
    let mut length = 0;
    while let Some(next) = rest.chars().next() {
        let shown_as_one = rest.find('>').filter(|_| next == '<').and_then(|end| {
            let (inside, after) = (rest.get(1..end)?, rest.get(end + 1..)?);
            is_markup(inside).then_some(after)
        });
        rest = match shown_as_one {
            Some(after) => after,
            None => rest.get(next.len_utf8()..).unwrap_or(""),
        };
        length += 1;
    }
    length
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
    pieces.into_iter().take(closed).skip(1).step_by(2).any(|block| !block.trim().is_empty())
}

/// One member's answer: the texts by message id with a blank line between them, the attachments
/// as links after the text they came with. A block of code that a message leaves open is closed,
/// so that it cannot swallow the next.
pub fn merge(parts: &[Part]) -> String {
    let mut ordered: Vec<&Part> = parts.iter().collect();
    ordered.sort_by_key(|part| part.message);
    let texts: Vec<String> = ordered.into_iter().map(part_text).collect();
    let said = texts.iter().filter(|text| !text.is_empty());
    said.map(String::as_str).collect::<Vec<_>>().join("\n\n")
}

fn part_text(part: &Part) -> String {
    let mut text = part.content.trim().to_owned();
    if is_open(&text) {
        text.push('\n');
        text.push_str(FENCE);
    }
    for attachment in &part.attachments {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&link(attachment));
    }
    text
}

fn link(attachment: &Attachment) -> String {
    // A bracket in a file's name would end the link's text.
    let name: String =
        attachment.name.chars().filter(|c| !matches!(c, '[' | ']' | '\\' | '`')).collect();
    format!("[{name}]({})", attachment.url)
}

/// Whether `text` ends within a block of code.
fn is_open(text: &str) -> bool {
    text.matches(FENCE).count() % 2 == 1
}

/// `text`, or as much of its beginning as fits `limit` characters together with an ellipsis: cut
/// between words where there is a gap in reach, and with a block of code closed that the cut
/// leaves open.
pub fn excerpt(text: &str, limit: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(1) else {
        return String::new();
    };
    let kept = cut(text, room);
    let Some((before, _)) = kept.rsplit_once(FENCE).filter(|_| is_open(kept)) else {
        return format!("{kept}{ELLIPSIS}");
    };
    // The closing fence goes on a line of its own, which takes room as well.
    let kept = cut(text, room.saturating_sub(FENCE.len() + 1));
    let block = before.len() + FENCE.len();
    let code = block + language_length(text.get(block..).unwrap_or(""));
    // A block without a line of its code is no use to anybody.
    if kept.get(code..).is_some_and(|code| !code.trim().is_empty()) {
        format!("{kept}{ELLIPSIS}\n{FENCE}")
    } else {
        format!("{}{ELLIPSIS}", before.trim_end())
    }
}

/// Bytes that the language of a block of code takes, where `opened` is what follows its fence:
/// a single word that has the line to itself (`rust` in "```rust"). Otherwise the first line is
/// code already.
fn language_length(opened: &str) -> usize {
    match opened.split_once('\n') {
        Some((word, _)) if !word.contains(char::is_whitespace) => word.len(),
        _ => 0,
    }
}

/// The first `room` characters of `text` or somewhat fewer: back to the end of a word, unless
/// that would lose more than half, and never with half a fence at the end.
fn cut(text: &str, room: usize) -> &str {
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let (kept, rest) = text.split_at(end);
    let within_word = !rest.starts_with(char::is_whitespace) && !rest.is_empty();
    let whole_words = if within_word { kept.rfind(char::is_whitespace).unwrap_or(0) } else { end };
    let kept = if whole_words * 2 >= end {
        kept.split_at(whole_words).0
    } else if rest.starts_with('`') {
        kept.trim_end_matches('`')
    } else {
        kept
    };
    kept.trim_end()
}
