//! Names and titles, made fit to be drawn.

/// More than this is never drawn; it only would have to be measured.
const LONGEST: usize = 80;

/// Marks in a row on one letter that are drawn. Languages need two; a hundred reach into the lines
/// above and below.
const MARKS: usize = 2;

/// On one line, without control characters, marks of direction and invisible ones, and with few
/// marks on each letter.
pub(super) fn clean(text: &str) -> String {
    let mut kept = String::new();
    let mut marks = 0;
    for c in text.chars() {
        if is_mark(c) {
            marks += 1;
            if marks > MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        if c.is_whitespace() {
            if !kept.is_empty() && !kept.ends_with(' ') {
                kept.push(' ');
            }
        } else if !c.is_control() && !is_unseen(c) {
            kept.push(c);
        }
        if kept.chars().count() >= LONGEST {
            break;
        }
    }
    kept.trim_end().to_owned()
}

/// Marks that stand on or under the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Characters without a shape of their own: direction (which would turn what stands behind the
/// name), joiners of nothing, variants, tags, and what XML cannot hold.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{fff9}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text inside XML.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{clean, escaped};

    #[test]
    fn names_are_cleaned() {
        for (name, drawn) in [
            ("Ana", "Ana"),
            ("  Ana\n\tMaria  ", "Ana Maria"),
            ("A\u{202e}na\u{200b}", "Ana"),
            ("A\u{0}\u{1b}[31mna", "A[31mna"),
            ("e\u{301}", "e\u{301}"),
            ("Z\u{300}\u{301}\u{302}\u{303}\u{304}a", "Z\u{300}\u{301}a"),
            ("\u{202e}\u{200f}", ""),
            ("Σωκράτης Жанна", "Σωκράτης Жанна"),
        ] {
            assert_eq!(clean(name), drawn, "{name:?}");
        }
        assert_eq!(clean(&"x".repeat(5_000)).len(), 80);
    }

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(escaped("<a b=\"c\">'&"), "&lt;a b=&quot;c&quot;&gt;&apos;&amp;");
    }
}
