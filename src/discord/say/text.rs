//! The small pieces that sentences are made of: names that cannot break out of their place, texts
//! that fit, instants that everybody reads in their own zone.

use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId};
use crate::domain::markdown::{FENCE, excerpt};
use crate::domain::text::trimmed;
use crate::engine::views::name_in;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::HashMap;

pub use crate::domain::text::{clean, is_blank};

/// Room for one name, in UTF-16 units. Discord's names have at most 32 characters; the rest is for
/// the escapes that [`plain`] adds.
const NAME: usize = 80;
/// Names that a sentence lists before it only counts them.
const NAMES_LISTED: usize = 5;
/// Room for "… and 4294967295 more" at the end of a list that is cut.
const MORE: usize = 24;

/// An instant in each reader's own zone: `Monday, 23 November 2026 08:00`.
pub fn at(instant: DateTime<Utc>) -> String {
    format!("<t:{}:F>", instant.timestamp())
}

/// An instant as a distance from the reader's now: `in 3 hours`.
pub fn from_now(instant: DateTime<Utc>) -> String {
    format!("<t:{}:R>", instant.timestamp())
}

/// `Thu 2026-12-24`: a date as it is typed into a command, with its day of the week.
pub fn day(date: NaiveDate) -> String {
    date.format("%a %Y-%m-%d").to_string()
}

/// A link to a channel or thread.
pub fn channel(id: ChannelId) -> String {
    format!("<#{id}>")
}

/// The address of a message.
pub fn message_link(guild: GuildId, channel: ChannelId, message: MessageId) -> String {
    format!("https://discord.com/channels/{guild}/{channel}/{message}")
}

/// How long Discord may find a text. Its documentation says "characters" and not which; UTF-16
/// units are never fewer than anything else it may mean.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text, or as much of its beginning as takes at most `limit` UTF-16 units, cut as
/// [`excerpt`] cuts.
pub fn fit(text: &str, limit: usize) -> String {
    let mut room = limit;
    loop {
        let kept = excerpt(text, room);
        let over = units(&kept).saturating_sub(limit);
        if over == 0 {
            return kept;
        }
        // A character is two units at most, so at least half of what is too much has to go.
        room = kept.chars().count().saturating_sub(over.div_ceil(2));
    }
}

/// The same for a place where Discord knows no Markdown (a menu, a footer, a button, the name of a
/// thread): cut between words where there is a gap in reach, and nothing is closed.
pub fn fit_bare(text: &str, limit: usize) -> String {
    let text = text.trim();
    if units(text) <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(1) else { return String::new() };
    let mut length = 0;
    let end = text.char_indices().find(|(_, c)| {
        length += c.len_utf16();
        length > room
    });
    let (kept, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    let word = if rest.starts_with(char::is_whitespace) {
        kept.len()
    } else {
        kept.rfind(char::is_whitespace).filter(|at| at * 2 >= kept.len()).unwrap_or(kept.len())
    };
    format!("{}…", kept.get(..word).unwrap_or(kept).trim_end())
}

/// A text of several lines or of Markdown on one line, for the same places: blocks of code without
/// their marks and the name of their language, links as their text.
pub fn one_line(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    for (number, piece) in text.split(FENCE).enumerate() {
        let is_code = number % 2 == 1;
        let shown = match piece.split_once('\n') {
            Some((word, code)) if is_code && !word.contains(char::is_whitespace) => code,
            _ => piece,
        };
        if number > 0 {
            bare.push(' ');
        }
        bare.push_str(shown);
    }
    let words: Vec<&str> =
        bare.split_whitespace().map(|word| link_text(word).unwrap_or(word)).collect();
    trimmed(&clean(&words.join(" "))).to_owned()
}

/// The text of a link, as which an answer keeps a file.
fn link_text(word: &str) -> Option<&str> {
    let (name, address) = word.strip_prefix('[')?.split_once("](https://")?;
    address.ends_with(')').then_some(name)
}

/// As many of the parts as fit `limit` UTF-16 units, none of them cut, and how many were left out.
/// Only a first part that is too long by itself is cut.
pub fn whole(parts: &[String], separator: &str, limit: usize) -> String {
    let joined = parts.join(separator);
    if units(&joined) <= limit {
        return joined;
    }
    let room = limit.saturating_sub(MORE + units(separator));
    let mut kept = String::new();
    for (index, part) in parts.iter().enumerate() {
        let part = if index == 0 { fit(part, room) } else { format!("{separator}{part}") };
        if units(&kept) + units(&part) > room {
            return format!("{kept}{separator}… and {} more", parts.len() - index);
        }
        kept.push_str(&part);
    }
    kept
}

/// A text as it is, shown as plain text: nothing in it is taken for Markdown, a mention, a link or
/// a line break, and no letters after it change their direction.
pub fn plain(text: &str) -> String {
    plain_within(text, usize::MAX)
}

/// The same, of as much of its beginning as takes at most `limit` UTF-16 units.
pub fn plain_within(text: &str, limit: usize) -> String {
    let clean = clean(text);
    let right_to_left = clean.chars().any(is_right_to_left);
    // The two isolates around it, and the ellipsis.
    let room = limit.saturating_sub(if right_to_left { 3 } else { 1 });
    let mut safe = String::with_capacity(clean.len());
    let mut length = 0;
    let mut only_digits = true;
    let mut cut = false;
    let mut rest = clean.as_str();
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or("");
        let marks_up = match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '[' | ']' | '(' | ')' | '<' | '#' => true,
            // At the beginning of a line these make a list or small print.
            '-' | '+' => safe.is_empty(),
            '.' => only_digits && !safe.is_empty(),
            ':' => rest.starts_with("//"),
            _ => false,
        };
        let width = c.len_utf16() + usize::from(marks_up) + usize::from(c == '@');
        if length + width > room {
            cut = true;
            break;
        }
        length += width;
        if marks_up {
            safe.push('\\');
        }
        safe.push(c);
        // A zero-width space keeps `@everyone` from reading like a mention.
        if c == '@' {
            safe.push('\u{200b}');
        }
        only_digits &= c.is_ascii_digit();
    }
    if cut {
        safe = format!("{}…", safe.trim_end());
    }
    if right_to_left { format!("\u{2068}{safe}\u{2069}") } else { safe }
}

/// A member's name in a text.
pub fn name(name: &str) -> String {
    if is_blank(name) { NO_NAME.to_owned() } else { plain_within(name, NAME) }
}

/// A member's name where Discord knows no Markdown: in a menu or a footer.
pub fn bare_name(name: &str) -> String {
    if is_blank(name) { NO_NAME.to_owned() } else { fit_bare(&clean(name), NAME) }
}

const NO_NAME: &str = "(no name)";

/// The name of a member in a text.
pub fn name_of(names: &HashMap<MemberId, String>, member: MemberId) -> String {
    name(&name_in(names, member))
}

/// `Ana, Ben and Chidi`; of many, the first few and how many more.
pub fn some(names: &[String]) -> String {
    if names.len() <= NAMES_LISTED {
        return list(names);
    }
    let mut shown: Vec<String> = names.iter().take(NAMES_LISTED).cloned().collect();
    shown.push(format!("{} more", names.len() - NAMES_LISTED));
    list(&shown)
}

/// `Ana`, `Ana and Ben`, `Ana, Ben and Chidi`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 vote`, `2 votes`.
pub fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// `1 point`, `−3 points`.
pub fn count_points(n: i64) -> String {
    let word = if n.unsigned_abs() == 1 { "point" } else { "points" };
    if n < 0 { format!("−{} {word}", n.unsigned_abs()) } else { format!("{n} {word}") }
}

/// Signed points: `+5`, `−5`.
pub fn signed(points: i64) -> String {
    if points < 0 { format!("−{}", points.unsigned_abs()) } else { format!("+{points}") }
}

/// A number of bytes for people: `512 bytes`, `3.4 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut scaled = bytes;
    let mut unit = None;
    let mut tenths = 0;
    for name in UNITS {
        if scaled < 1024 {
            break;
        }
        tenths = scaled % 1024 * 10 / 1024;
        scaled /= 1024;
        unit = Some(name);
    }
    match unit {
        Some(unit) => format!("{scaled}.{tenths} {unit}"),
        None => format!("{scaled} bytes"),
    }
}

/// Letters of the scripts written from right to left, by their blocks.
fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefe}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{
        bare_name, count, count_points, fit, is_blank, list, name, plain, plain_within, signed,
    };
    use super::{fit_bare, one_line, size, some, units, whole};

    #[test]
    fn names_are_plain_text() {
        let table = [
            ("Ana_*B*", "Ana\\_\\*B\\*"),
            ("@everyone", "@\u{200b}everyone"),
            ("<@1> # [x](y)\n> z", "\\<@\u{200b}1\\> \\# \\[x\\]\\(y\\) \\> z"),
            ("<:pip:123>", "\\<:pip:123\\>"),
            ("||spoiler|| ~~no~~ `code`", "\\|\\|spoiler\\|\\| \\~\\~no\\~\\~ \\`code\\`"),
            ("-# small", "\\-\\# small"),
            ("- item", "\\- item"),
            ("Anne-Marie", "Anne-Marie"),
            ("1. first", "1\\. first"),
            ("v1.2", "v1.2"),
            ("https://example.org/x", "https\\://example.org/x"),
            ("12:30", "12:30"),
            ("a\\", "a\\\\"),
            ("Ana \u{202e}nib\u{202c}", "Ana nib"),
            ("דנה", "\u{2068}דנה\u{2069}"),
        ];
        for (name, shown) in table {
            assert_eq!(plain(name), shown, "{name:?}");
        }
    }

    #[test]
    fn nobody_is_without_a_name() {
        for nothing in ["", " ", "\u{7}", "\u{200b}\u{200d}", "\u{3164}", "\u{202e}", "\u{2028}"] {
            assert!(is_blank(nothing), "{nothing:?}");
            assert_eq!(name(nothing), "(no name)", "{nothing:?}");
            assert_eq!(bare_name(nothing), "(no name)", "{nothing:?}");
        }
        assert_eq!(name("👩‍🎓"), "👩‍🎓");
        assert_eq!(bare_name("*Ana*"), "*Ana*");
    }

    #[test]
    fn escapes_are_never_cut_in_half() {
        assert_eq!(plain_within("****", 9), "\\*\\*\\*\\*");
        assert_eq!(plain_within("****", 8), "\\*\\*\\*…");
        assert_eq!(plain_within("****", 7), "\\*\\*\\*…");
        assert_eq!(plain_within("****", 6), "\\*\\*…");
        assert_eq!(plain_within("👍👍👍", 6), "👍👍…");
        assert_eq!(units(&name(&"*".repeat(500))), 79);
    }

    #[test]
    fn what_fits_is_counted_in_utf_16() {
        assert_eq!(fit("word", 4), "word");
        assert_eq!(fit("👍👍👍👍", 8), "👍👍👍👍");
        assert_eq!(fit("👍👍👍👍", 7), "👍👍…");
        assert_eq!(fit("a longer text", 9), "a longer…");
        assert_eq!(fit("👍", 0), "");
    }

    #[test]
    fn where_there_is_no_markdown_nothing_is_closed() {
        let table = [
            ("short", 5, "short"),
            ("one two three", 8, "one two…"),
            ("```py\nfor x in y:", 12, "```py\nfor x…"),
            ("`one two three four`", 10, "`one two…"),
            ("**one two three four**", 10, "**one two…"),
            ("👍👍👍👍", 7, "👍👍👍…"),
            ("", 0, ""),
            ("x", 0, ""),
        ];
        for (text, limit, shown) in table {
            assert_eq!(fit_bare(text, limit), shown, "{text:?}");
        }
        let table = [
            ("Look:\n```py\nx = 1\ny = 2\n```\nThere.", "Look: x = 1 y = 2 There."),
            ("```x```", "x"),
            ("```x = 1\ny = 2```", "x = 1 y = 2"),
            ("```py\nopen", "open"),
            ("[a.py](https://cdn.example/a.py?x=1) **b**", "a.py **b**"),
            ("a\u{202e}b\n\u{200b}", "ab"),
        ];
        for (text, shown) in table {
            assert_eq!(one_line(text), shown, "{text:?}");
        }
    }

    #[test]
    fn lists_are_cut_between_their_parts() {
        let parts = ["one", "two", "three"].map(str::to_owned);
        assert_eq!(whole(&parts, "\n", 13), "one\ntwo\nthree");
        let many: Vec<String> = (10..40).map(|n| format!("line {n}")).collect();
        let cut = whole(&many, "\n", 60);
        assert_eq!(cut, "line 10\nline 11\nline 12\nline 13\n… and 26 more");
        let long = ["x".repeat(100), "y".to_owned()];
        assert!(units(&whole(&long, "\n", 50)) <= 50);
    }

    #[test]
    fn small_words() {
        let names = ["Ana", "Ben", "Chidi"].map(str::to_owned);
        assert_eq!(list(&names[..1]), "Ana");
        assert_eq!(list(&names[..2]), "Ana and Ben");
        assert_eq!(list(&names), "Ana, Ben and Chidi");
        let many: Vec<String> = (1..=7).map(|n| format!("M{n}")).collect();
        assert_eq!(some(&many), "M1, M2, M3, M4, M5 and 2 more");
        assert_eq!(count(1, "vote"), "1 vote");
        assert_eq!(count(0, "vote"), "0 votes");
        assert_eq!(count_points(1), "1 point");
        assert_eq!(count_points(-3), "−3 points");
        assert_eq!(signed(5), "+5");
        assert_eq!(signed(-5), "−5");
        for (bytes, told) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (3_565_158, "3.3 MiB"),
            (5 << 40, "5.0 TiB"),
        ] {
            assert_eq!(size(bytes), told);
        }
    }
}
