//! Discord's Markdown, as far as it takes to quote and to cut a text safely: which marks belong
//! together, and how to leave none of them open.

mod parse;
#[cfg(test)]
mod tests;

use crate::domain::text::clean_lines;
use parse::{Kind, Mode, Piece, parse};
use std::ops::Range;

/// Discord's mark before and after a block of code.
pub(crate) const FENCE: &str = "```";

/// Stands for what was cut off.
const ELLIPSIS: char = '…';

/// Makes a text that somebody else wrote safe to quote: nothing in it can change what stands around
/// it, and nothing in it passes for something that the bot wrote.
///
/// Code, spoilers and emphasis that begin and end within the text stay. All other marks are shown as
/// they are: headings, small print, quotes, and links whose text hides their address. Control
/// characters and marks that turn the direction of writing are left out.
pub fn inert(text: &str) -> String {
    let text = clean_lines(text);
    let text = text.trim();
    let mut safe = Inert { text: String::with_capacity(text.len()), begins_line: true };
    let mut at = 0;
    for (kind, range) in kept_ranges(text, &parse(text, Mode::Exact)) {
        safe.plain(text, at..range.start);
        safe.kept(kind, text.get(range.clone()).unwrap_or_default());
        at = range.end;
    }
    safe.plain(text, at..text.len());
    safe.text
}

/// The parts of a text that stay as they are when it is made inert, in their order: code and
/// addresses as a whole, of everything else the marks.
fn kept_ranges(text: &str, pieces: &[Piece]) -> Vec<(Kind, Range<usize>)> {
    let mut ranges = Vec::new();
    for piece in pieces {
        match piece.kind {
            Kind::Code | Kind::Fence if is_ambiguous(text, piece) => {}
            Kind::Fence | Kind::Code | Kind::Atom | Kind::Escape => {
                ranges.push((piece.kind, piece.outer.clone()));
            }
            Kind::Spoiler | Kind::Style => {
                ranges.push((piece.kind, piece.outer.start..piece.inner.start));
                ranges.push((piece.kind, piece.inner.end..piece.outer.end));
            }
            Kind::Link => {}
        }
    }
    ranges.sort_by_key(|(_, range)| range.start);
    ranges
}

/// Comes between two characters that belong to different marks.
const NO_SPACE: char = '\u{200b}';

/// Whether a reader that only counts the marks of blocks would find other blocks than Discord does.
fn is_ambiguous(text: &str, code: &Piece) -> bool {
    let inside = text.get(code.inner.clone()).unwrap_or_default();
    let mark = code.inner.start - code.outer.start;
    let is_block = code.kind == Kind::Fence;
    inside.contains(FENCE) || if is_block { inside.starts_with('`') } else { mark >= FENCE.len() }
}

/// A text in the making that is safe to quote.
struct Inert {
    text: String,
    /// Whether only marks and spaces were added since the last line break.
    begins_line: bool,
}

impl Inert {
    /// Adds a part that stays as it is.
    fn kept(&mut self, kind: Kind, part: &str) {
        self.keep_apart(part.chars().next());
        self.text.push_str(part);
        self.begins_line &= matches!(kind, Kind::Spoiler | Kind::Style);
    }

    /// Keeps two bars or tildes from making a mark together that were none, or belonged to another.
    fn keep_apart(&mut self, next: Option<char>) {
        if next.is_some_and(|c| matches!(c, '|' | '~') && self.text.ends_with(c)) {
            self.text.push(NO_SPACE);
        }
    }

    /// Adds a part of a text with a backslash before each character that could begin something.
    fn plain(&mut self, text: &str, range: Range<usize>) {
        let length = range.len();
        let mut letters = text.get(range.start..).unwrap_or_default().char_indices().peekable();
        while let Some((_, c)) = letters.next_if(|(at, _)| *at < length) {
            let next = letters.peek().map(|(_, next)| *next);
            let escaped = match c {
                '`' | '_' | '[' => true,
                '\\' => next.is_some_and(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace()),
                // With a space after it, it makes a list.
                '*' => !(self.begins_line && next == Some(' ')),
                '#' | '>' => self.begins_line,
                '-' => self.begins_line && next == Some('#'),
                _ => false,
            };
            self.keep_apart(Some(c));
            if escaped {
                self.text.push('\\');
            }
            self.text.push(c);
            self.begins_line = c == '\n' || self.begins_line && c.is_whitespace();
        }
    }
}

/// `text`, or as much of its beginning as fits `limit` characters together with an ellipsis: cut
/// between words where there is a gap in reach. What the cut leaves open is closed (code, spoilers,
/// emphasis), or left out if nothing of it would be left; a link is never cut.
pub fn excerpt(text: &str, limit: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(1) else {
        return String::new();
    };
    let pieces = parse(text, Mode::Lenient);
    let mut room = room;
    loop {
        let (kept, closing) = kept(text, &pieces, room);
        let length = kept.chars().count() + closing.chars().count();
        if length < limit {
            return format!("{kept}{ELLIPSIS}{closing}");
        }
        let Some(less) = room.checked_sub((length + 1 - limit).max(1)) else {
            return ELLIPSIS.to_string();
        };
        room = less;
    }
}

/// What stays of `text` if about `room` characters are kept, and what has to come after it.
fn kept<'t>(text: &'t str, pieces: &[Piece], room: usize) -> (&'t str, String) {
    let mut kept = cut(text, room);
    'again: loop {
        let end = kept.len();
        let mut closing = String::new();
        // Inner ones come later in the list, and have to be closed first.
        for piece in pieces.iter().rev().filter(|piece| piece.is_cut_at(end)) {
            let opened = piece.inner.start + language_length(text, piece);
            let is_whole_only = matches!(piece.kind, Kind::Atom | Kind::Escape | Kind::Link);
            let inside = text.get(opened..end.min(piece.inner.end).max(opened));
            let is_empty = inside.is_none_or(|inside| inside.trim().is_empty());
            if is_whole_only || is_empty || end > piece.inner.end {
                // Back to where it is whole again.
                let back =
                    if is_whole_only || is_empty { piece.outer.start } else { piece.inner.end };
                kept = text.get(..back).unwrap_or_default().trim_end();
                continue 'again;
            }
            match piece.kind {
                Kind::Fence => closing.push_str("\n```"),
                _ => closing.push_str(text.get(piece.outer.start..piece.inner.start).unwrap_or("")),
            }
        }
        return (kept, closing);
    }
}

/// Bytes that the language of a block of code takes: a single word that has the first line to itself
/// (`rust` in "```rust"). Otherwise the first line is code already.
fn language_length(text: &str, piece: &Piece) -> usize {
    let inside = text.get(piece.inner.clone()).unwrap_or_default();
    match inside.split_once('\n') {
        Some((word, _)) if piece.kind == Kind::Fence && !word.contains(char::is_whitespace) => {
            word.len()
        }
        _ => 0,
    }
}

/// The first `room` characters of `text` or somewhat fewer: back to the end of a word, unless
/// that would lose more than half, and never with half a fence at the end.
pub(crate) fn cut(text: &str, room: usize) -> &str {
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
