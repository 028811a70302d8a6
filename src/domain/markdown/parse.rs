//! Finds the marks that belong together, as Discord's client does: from left to right, the first
//! rule that fits, and of the same mark the next one closes.

use super::FENCE;
use std::ops::Range;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A block of code.
    Fence,
    /// Code within a line.
    Code,
    /// Hidden until it is clicked.
    Spoiler,
    /// Bold, italic, underlined or struck out.
    Style,
    /// A link with a text of its own.
    Link,
    /// What Discord shows as one thing: an address, a mention, an emoji, a time.
    Atom,
    /// A backslash with the character that it makes plain.
    Escape,
}

/// A part of a text that begins and ends with a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    /// With its marks.
    pub(super) outer: Range<usize>,
    /// Between them.
    pub(super) inner: Range<usize>,
}

impl Piece {
    /// Whether a text that ends at this byte has only a part of the piece.
    pub(super) fn is_cut_at(&self, end: usize) -> bool {
        self.outer.start < end && end < self.outer.end
    }
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// As Discord reads what a member writes: without links that have a text of their own.
    Exact,
    /// As Discord reads what a bot writes, but a block of code that nobody closed goes on to the
    /// end, and no code within a line holds the mark of a block: the number of these marks decides.
    Lenient,
}

/// All pieces of a text, outer ones before those inside them. Time grows with the length of the text
/// alone: a mark that was looked for in vain is not looked for again.
pub(super) fn parse(text: &str, mode: Mode) -> Vec<Piece> {
    let mut pieces = Vec::new();
    Parser { text, mode, pieces: &mut pieces, open: Vec::new() }.within(0..text.len(), 0);
    pieces
}

/// Pieces within each other that are looked at. There are six marks besides code.
const DEEPEST: usize = 16;

struct Parser<'a> {
    text: &'a str,
    mode: Mode,
    pieces: &'a mut Vec<Piece>,
    /// The marks of the pieces that are being looked into.
    open: Vec<&'a str>,
}

/// Marks that do not occur again before the end of a range.
#[derive(Default)]
struct Missing {
    marks: Vec<String>,
}

impl Missing {
    fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|missing| missing == mark)
    }
}

impl<'a> Parser<'a> {
    fn within(&mut self, range: Range<usize>, depth: usize) {
        let mut missing = Missing::default();
        let mut at = range.start;
        while at < range.end {
            let rest: &'a str = self.text.get(at..range.end).unwrap_or_default();
            let Some(first) = rest.chars().next() else { return };
            let found = match first {
                '\\' => escape(rest),
                '`' => self.code(rest, &mut missing),
                '|' => self.pair(rest, "||", &mut missing),
                '~' => self.pair(rest, "~~", &mut missing),
                '*' => self.pair(rest, "**", &mut missing).or_else(|| star(rest)),
                '_' => self.pair(rest, "__", &mut missing).or_else(|| underscore(rest)),
                '<' => atom(rest),
                'h' => address(rest),
                '[' if self.mode == Mode::Lenient => link(rest),
                _ => None,
            };
            let Some((kind, mark, inner_length, length)) = found else {
                at += first.len_utf8();
                continue;
            };
            let opening = rest.get(..mark).unwrap_or_default();
            let inner = at + mark..at + mark + inner_length;
            self.pieces.push(Piece { kind, outer: at..at + length, inner: inner.clone() });
            if matches!(kind, Kind::Spoiler | Kind::Style) && depth < DEEPEST {
                self.open.push(opening);
                self.within(inner, depth + 1);
                self.open.pop();
            }
            at += length;
        }
    }

    /// Two equal marks with something between them. Bold within bold is only bold.
    fn pair(&self, rest: &str, mark: &str, missing: &mut Missing) -> Found {
        if self.open.contains(&mark) { None } else { pair(rest, mark, missing) }
    }

    fn code(&self, rest: &str, missing: &mut Missing) -> Found {
        if rest.starts_with(FENCE) {
            let inside = rest.get(FENCE.len()..)?;
            // There has to be something in it.
            let first = inside.char_indices().find(|(_, c)| *c != '\n');
            let from = match self.mode {
                Mode::Exact => first.map_or(inside.len(), |(at, c)| at + c.len_utf8()),
                Mode::Lenient => 0,
            };
            match inside.get(from..).and_then(|after| after.find(FENCE)) {
                Some(end) => {
                    let length = from + end;
                    return Some((Kind::Fence, FENCE.len(), length, length + 2 * FENCE.len()));
                }
                None if self.mode == Mode::Lenient => {
                    return Some((Kind::Fence, FENCE.len(), inside.len(), rest.len()));
                }
                None => {}
            }
        }
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let mark = rest.get(..ticks)?;
        if missing.has(mark) {
            return None;
        }
        let mut at = ticks;
        loop {
            let after = rest.get(at..)?;
            let Some(next) = after.find('`') else {
                missing.marks.push(mark.to_owned());
                return None;
            };
            let run = after.get(next..)?;
            let run = run.len() - run.trim_start_matches('`').len();
            let holds_fence = self.mode == Mode::Lenient && run >= FENCE.len();
            if holds_fence {
                return None;
            }
            if run == ticks {
                let inner = at + next - ticks;
                return Some((Kind::Code, ticks, inner, inner + 2 * ticks));
            }
            at += next + run;
        }
    }
}

/// What was found at the beginning of a text: its kind, the bytes of its first mark, of what is
/// between its marks, and of all of it.
type Found = Option<(Kind, usize, usize, usize)>;

fn escape(rest: &str) -> Found {
    let next = rest.chars().nth(1)?;
    let plain = next.is_ascii_alphanumeric() || next.is_whitespace();
    (!plain).then(|| (Kind::Escape, 1, next.len_utf8(), 1 + next.len_utf8()))
}

fn pair(rest: &str, mark: &str, missing: &mut Missing) -> Found {
    let inside = rest.strip_prefix(mark)?;
    if missing.has(mark) {
        return None;
    }
    let only_styles_know_escapes = mark == "**" || mark == "__";
    let letter = mark.chars().next()?;
    let mut letters = inside.char_indices();
    let mut is_first = true;
    while let Some((at, c)) = letters.next() {
        let closes = !is_first && inside.get(at..).is_some_and(|here| here.starts_with(mark));
        let goes_on = only_styles_know_escapes
            && inside.get(at + mark.len()..).is_some_and(|after| after.starts_with(letter));
        if closes && !goes_on {
            let kind = if mark == "||" { Kind::Spoiler } else { Kind::Style };
            return Some((kind, mark.len(), at, at + 2 * mark.len()));
        }
        if c == '\\' && only_styles_know_escapes {
            letters.next();
        }
        is_first = false;
    }
    missing.marks.push(mark.to_owned());
    None
}

/// `*italic*`
fn star(rest: &str) -> Found {
    let inside = rest.strip_prefix('*')?;
    if inside.starts_with(char::is_whitespace) || inside.starts_with('*') {
        return None;
    }
    let end = inside.find('*')?;
    let after = inside.get(end + 1..)?;
    let text = inside.get(..end)?;
    (!after.starts_with('*') && !text.ends_with(char::is_whitespace)).then_some((
        Kind::Style,
        1,
        end,
        end + 2,
    ))
}

/// `_italic_`
fn underscore(rest: &str) -> Found {
    let inside = rest.strip_prefix('_')?;
    let mut letters = inside.char_indices();
    let end = loop {
        match letters.next()? {
            (at, '_') => break at,
            (_, '\\') => _ = letters.next(),
            _ => {}
        }
    };
    let after = inside.get(end + 1..)?;
    let within_word = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    (end > 0 && !within_word).then_some((Kind::Style, 1, end, end + 2))
}

/// `<@1>`, `<#1>`, `<:name:1>`, `<t:1:R>`, `<https://…>`, `</name:1>`
fn atom(rest: &str) -> Found {
    let end = rest.find('>').filter(|end| *end <= LONGEST_ATOM)?;
    let inside = rest.get(1..end)?;
    let is_one = inside.starts_with(['@', '#', ':', '/'])
        || ["a:", "t:", "id:", "http://", "https://"].iter().any(|start| inside.starts_with(start));
    let is_plain = !inside.contains(|c: char| c.is_whitespace() || "<`*|~".contains(c));
    (is_one && is_plain && !inside.is_empty()).then_some((Kind::Atom, 1, inside.len(), end + 1))
}

/// Bytes within which `<` needs its `>`.
const LONGEST_ATOM: usize = 512;

/// An address that Discord makes a link of. Marks that may belong to something around it end it.
fn address(rest: &str) -> Found {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme))?;
    let ends = |c: char| c.is_whitespace() || "<>*|~`\\".contains(c);
    let length = rest.find(ends).unwrap_or(rest.len());
    (length > scheme.len()).then_some((Kind::Atom, 0, length, length))
}

/// `[text](https://…)`
fn link(rest: &str) -> Found {
    let end = rest.find(']').filter(|end| *end <= LONGEST_ATOM)?;
    let address = rest.get(end..)?.strip_prefix("](http")?;
    let close = address.find(|c: char| c == ')' || c.is_whitespace())?;
    let whole = end + "](http".len() + close;
    address.get(close..)?.starts_with(')').then_some((Kind::Link, 1, end - 1, whole + 1))
}
