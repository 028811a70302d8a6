//! Code blocks and the words behind their language. (design, section 8)

use std::ops::Range;

/// A fenced block of a question, with what is promised about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBlock {
    /// The line of its opening fence, counted from 1.
    pub line: u32,
    /// What its fence says.
    pub info: FenceInfo,
    /// Its text, every line ending in `\n`.
    pub code: String,
    /// Exactly what it prints: the text of the `text` block right after it.
    pub expected_output: Option<String>,
}

/// The part a `python` block plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Stands for itself.
    Program,
    /// What a following `tests` block is about.
    Solution,
    /// Assertions, run after a solution in the same file.
    Tests,
    /// A tempting mistake, which must fail those tests.
    Wrong,
}

/// The opening line of a fence, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceInfo {
    /// The first word; empty if there is none.
    pub language: String,
    /// The part it plays.
    pub role: Role,
    /// The exception it must end with.
    pub raises: Option<String>,
    /// The Python version it needs at least, as (major, minor).
    pub min: Option<(u32, u32)>,
    /// Why it cannot be run.
    pub no_run: Option<String>,
}

impl FenceInfo {
    /// Whether the block is a Python program of any role.
    pub fn is_python(&self) -> bool {
        self.language == "python"
    }

    /// Understands an info string, giving a sentence for each word that it cannot.
    pub(super) fn read(info: &str) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut words = words(info).into_iter();
        let mut read = Self {
            language: words.next().unwrap_or_default(),
            role: Role::Program,
            raises: None,
            min: None,
            no_run: None,
        };
        if ["py", "python3", "Python", "PYTHON"].contains(&read.language.as_str()) {
            problems.push(format!(
                "write `python` instead of `{}`, or the block is not checked",
                read.language
            ));
        }
        let mut seen: Vec<String> = Vec::new();
        for word in words {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            if seen.iter().any(|known| known == name) {
                problems.push(format!("`{name}` stands twice behind the language"));
                continue;
            }
            seen.push(name.to_owned());
            if !read.is_python() {
                problems.push(format!("`{word}` has a meaning only behind `python`"));
                continue;
            }
            match (name, value) {
                ("solution", None) => read.take_role(Role::Solution, &mut problems),
                ("tests", None) => read.take_role(Role::Tests, &mut problems),
                ("wrong", None) => read.take_role(Role::Wrong, &mut problems),
                ("raises", Some(name)) if is_exception(name) => read.raises = Some(name.to_owned()),
                ("raises", _) => {
                    problems.push("`raises=` must name an exception, as `raises=KeyError`".into());
                }
                ("min", Some(version)) => {
                    read.min = version_of(version);
                    if read.min.is_none() {
                        problems.push("`min=` must name a Python version, as `min=3.14`".into());
                    }
                }
                ("no-run", Some(reason)) if !reason.trim().is_empty() => {
                    read.no_run = Some(reason.trim().to_owned());
                }
                ("no-run", _) => {
                    problems.push("`no-run=` must give its reason, as `no-run=\"waits\"`".into());
                }
                _ => problems.push(format!(
                    "unknown word `{word}` behind `python`; known are `raises=NAME`, `min=3.14`, \
                     `no-run=\"reason\"`, `solution`, `tests`, `wrong`"
                )),
            }
        }
        if read.no_run.is_some() && (read.raises.is_some() || read.role != Role::Program) {
            problems.push("a `no-run` block cannot also promise what happens when it runs".into());
        }
        if read.raises.is_some() && matches!(read.role, Role::Tests | Role::Wrong) {
            problems.push("`raises=` does not go with `tests` or `wrong`".into());
        }
        (read, problems)
    }

    fn take_role(&mut self, role: Role, problems: &mut Vec<String>) {
        if self.role == Role::Program {
            self.role = role;
        } else {
            problems.push("a block is one of `solution`, `tests` and `wrong`, not several".into());
        }
    }
}

fn is_exception(name: &str) -> bool {
    let sound = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    name.split('.').all(sound)
}

fn version_of(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    let number = |digits: &str| {
        let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    Some((number(major)?, number(minor)?)).filter(|(major, _)| *major == 3)
}

/// Splits at white space outside double quotes, and drops the quotes.
fn words(info: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in info.chars() {
        if character == '"' {
            quoted = !quoted;
        } else if character.is_whitespace() && !quoted {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        } else {
            word.push(character);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Copies `range` of `text` without the pieces in `cuts` (ascending, not overlapping).
///
/// Discord takes one word behind a fence for the language and shows a longer line as code, so
/// our words must not reach it.
pub(super) fn without(text: &str, range: Range<usize>, cuts: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(range.len());
    let mut from = range.start;
    let first = cuts.partition_point(|cut| cut.start < range.start);
    for cut in cuts.iter().skip(first) {
        if cut.end > range.end {
            break;
        }
        kept.push_str(text.get(from..cut.start).unwrap_or_default());
        from = cut.end;
    }
    kept.push_str(text.get(from..range.end).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use super::{FenceInfo, Role, without};

    #[test]
    fn every_word_of_the_design_is_understood() {
        let (info, problems) = FenceInfo::read("python raises=KeyError min=3.14");
        assert_eq!(problems, Vec::<String>::new());
        assert!(info.is_python());
        assert_eq!(info.raises.as_deref(), Some("KeyError"));
        assert_eq!(info.min, Some((3, 14)));

        let (info, problems) = FenceInfo::read("python no-run=\"needs a network\"");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(info.no_run.as_deref(), Some("needs a network"));

        for (word, role) in
            [("solution", Role::Solution), ("tests", Role::Tests), ("wrong", Role::Wrong)]
        {
            let (info, problems) = FenceInfo::read(&format!("python {word}"));
            assert_eq!(problems, Vec::<String>::new());
            assert_eq!(info.role, role);
        }
    }

    #[test]
    fn every_bad_word_gets_a_sentence() {
        let sentence = |info: &str| FenceInfo::read(info).1.join(" / ");
        insta::assert_snapshot!(sentence("python raise=KeyError"), @r#"unknown word `raise=KeyError` behind `python`; known are `raises=NAME`, `min=3.14`, `no-run="reason"`, `solution`, `tests`, `wrong`"#);
        insta::assert_snapshot!(sentence("python raises"), @"`raises=` must name an exception, as `raises=KeyError`");
        insta::assert_snapshot!(sentence("python min=newest"), @"`min=` must name a Python version, as `min=3.14`");
        insta::assert_snapshot!(sentence("python no-run"), @r#"`no-run=` must give its reason, as `no-run="waits"`"#);
        insta::assert_snapshot!(sentence("python solution tests"), @"a block is one of `solution`, `tests` and `wrong`, not several");
        insta::assert_snapshot!(sentence("python wrong wrong"), @"`wrong` stands twice behind the language");
        insta::assert_snapshot!(sentence("python no-run=\"waits\" raises=KeyError"), @"a `no-run` block cannot also promise what happens when it runs");
        insta::assert_snapshot!(sentence("python tests raises=KeyError"), @"`raises=` does not go with `tests` or `wrong`");
        insta::assert_snapshot!(sentence("json solution"), @"`solution` has a meaning only behind `python`");
        insta::assert_snapshot!(sentence("py"), @"write `python` instead of `py`, or the block is not checked");
    }

    #[test]
    fn cuts_leave_everything_else() {
        let text = "ab```python min=3.14\ncd```python wrong\n";
        let cuts = [11..20, 32..38];
        assert_eq!(without(text, 2..23, &cuts), "```python\ncd");
        assert_eq!(without(text, 21..text.len(), &cuts), "cd```python\n");
        assert_eq!(without(text, 0..2, &cuts), "ab");
    }
}
