//! What a reader can see of a text. Everything that has to be there for people to read (an answer,
//! a name, a reason, a label) is judged here, so that no place takes what another refuses.

/// Whether a reader would see nothing. Discord refuses labels and values like that.
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

/// Whether a character shows something by itself: no white space, no control character, nothing
/// without a shape of its own.
pub fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_invisible(c) && !is_combining(c)
}

/// The text without invisible characters before and after it. One inside may be needed: it joins an
/// emoji out of several.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// At most `limit` characters of a text that people typed, on one line and without invisible
/// characters around it; `None` if there is nothing to see.
pub fn label(text: &str, limit: usize) -> Option<String> {
    if is_blank(text) {
        return None;
    }
    let kept: String = trimmed(&clean(text)).chars().take(limit).collect();
    if is_blank(&kept) { None } else { Some(kept.trim_end().to_owned()) }
}

/// Two texts that a reader takes for the same have the same key: case, white space, and characters
/// that cannot be seen make no difference.
pub fn reading_key(text: &str) -> String {
    let seen: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !(c.is_control() || is_invisible(*c)))
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// On one line, without control characters and without marks that change the direction of what
/// comes after them.
pub fn clean(text: &str) -> String {
    let one_line: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !c.is_control())
        .filter(|c| !is_direction(*c))
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    one_line.trim().to_owned()
}

/// The text for a terminal: control characters and marks that change the direction of writing are
/// spelled out (`\u{1b}`), so that nothing in a file's name or a key takes effect.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_direction(c) || matches!(c, '\u{2028}' | '\u{2029}') {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The same as [`clean`] of a text of several lines, which keeps them. Tabs become spaces; of many empty lines
/// in a row two are left.
pub fn clean_lines(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut breaks = 0;
    let text = text.replace("\r\n", "\n");
    for c in text.chars() {
        let c = match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => {
                breaks = 0;
                cleaned.push_str("    ");
                continue;
            }
            c if c.is_control() || is_direction(c) => continue,
            c => c,
        };
        breaks = match c {
            '\n' => breaks + 1,
            // A line that holds nothing but spaces is as empty.
            ' ' if breaks > 0 => breaks,
            _ => 0,
        };
        if breaks <= MOST_BREAKS || c != '\n' {
            cleaned.push(c);
        }
    }
    cleaned
}

/// Line breaks in a row that are kept.
const MOST_BREAKS: usize = 3;

/// Unicode's bidirectional marks, embeddings, overrides and isolates (UAX #9, section 2).
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a shape of their own.
fn is_invisible(c: char) -> bool {
    is_direction(c)
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200d}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d159}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Marks that are put on the character before them, by Unicode's blocks of combining diacritical
/// marks. Vowel signs of the scripts that have them are letters.
fn is_combining(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::{clean_lines, is_blank, label, printable, reading_key, trimmed};

    /// One of each kind of nothing.
    const NOTHING: [&str; 14] = [
        "",
        " \n\t",
        "\u{7}\u{1b}",
        "\u{a0}\u{2003}\u{3000}",
        "\u{200b}\u{200d}\u{feff}",
        "\u{2060}\u{2063}",
        "\u{3164}\u{115f}\u{ffa0}",
        "\u{2800}",
        "\u{202e}\u{2066}",
        "\u{2028}",
        "\u{e0041}\u{e007f}",
        "\u{fe0f}",
        "\u{301}\u{20dd}",
        "\u{fff9}\u{1d173}",
    ];

    #[test]
    fn nothing_is_blank_and_everything_else_is_not() {
        for nothing in NOTHING {
            assert!(is_blank(nothing), "{nothing:?}");
            assert_eq!(label(nothing, 60), None, "{nothing:?}");
        }
        for seen in ["a", ".", "é", "e\u{301}", "👩‍🎓", "日", "\u{200b}x", "\u{fffd}", "⠁", "ा"]
        {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn labels_are_on_one_line_and_within_bounds() {
        let table = [
            ("  Autumn\n2026 ", 60, "Autumn 2026"),
            ("\u{200b}\u{3164}Spring\u{200b}", 60, "Spring"),
            ("👩‍🎓", 60, "👩‍🎓"),
            ("a\u{202e}b\u{1b}[2J", 60, "ab[2J"),
            ("ééé", 2, "éé"),
            ("ab cd", 3, "ab"),
        ];
        for (typed, limit, kept) in table {
            assert_eq!(label(typed, limit).as_deref(), Some(kept), "{typed:?}");
        }
        assert_eq!(trimmed("\u{200b} x \u{2060}"), "x");
        // Enough to see, but not within what is kept.
        assert_eq!(label(&format!("a{}", "\u{301}".repeat(80)), 1).as_deref(), Some("a"));
    }

    #[test]
    fn what_reads_alike_has_one_key() {
        let same = ["It is lazy.", "it  is LAZY.", " it is lazy.\u{200b}", "it is\nla\u{ad}zy."];
        for text in same {
            assert_eq!(reading_key(text), "it is lazy.", "{text:?}");
        }
        assert_ne!(reading_key("it is lazy"), reading_key("it is lazy."));
    }

    #[test]
    fn a_terminal_gets_no_orders() {
        assert_eq!(printable("a\u{1b}[2Jb\n\u{202e}é"), "a\\u{1b}[2Jb\\u{a}\\u{202e}é");
        assert_eq!(printable("päck/ques tion.md"), "päck/ques tion.md");
    }

    #[test]
    fn lines_stay_and_controls_go() {
        let table = [
            ("a\r\nb\rc\u{2028}d", "a\nb\nc\nd"),
            ("a\u{202e}b\u{7}\u{1b}[31m", "ab[31m"),
            ("\tx", "    x"),
            ("a\n\n\n\n\n\nb", "a\n\n\nb"),
            ("a\n \n \n \n \nb", "a\n \n \n  b"),
            ("👩‍🎓 e\u{301}", "👩‍🎓 e\u{301}"),
        ];
        for (text, cleaned) in table {
            assert_eq!(clean_lines(text), cleaned, "{text:?}");
        }
    }
}
