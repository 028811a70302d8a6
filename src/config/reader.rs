//! Reads TOML key by key and keeps going, so that one run shows every mistake with its line.

use super::problem::ConfigProblem;
use super::token::looks_like_token;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A key longer than this, or with unusual characters, may be a piece of a pasted token (the first
/// has at least 23 characters, the last 27) and is not quoted.
const LONGEST_QUOTED_KEY: usize = 20;

/// A whole file.
pub(super) struct Reader<'i> {
    path: &'i Path,
    text: &'i str,
    root: DeTable<'i>,
    sections: Vec<&'static str>,
    problems: Vec<ConfigProblem>,
}

impl<'i> Reader<'i> {
    pub(super) fn new(path: &'i Path, text: &'i str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut reader = Self {
            path,
            text,
            root: root.into_inner(),
            sections: Vec::new(),
            problems: Vec::new(),
        };
        for error in errors {
            // Only the first line: the rest may show the text around the mistake.
            let reason = error.message().lines().next().unwrap_or("cannot be read");
            reader.add(error.span(), format!("is not TOML: {reason}; correct this line"));
        }
        reader
    }

    /// The keys below `[name]`; none if it is not there.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_, 'i> {
        self.sections.push(name);
        let table = match self.root.remove(name) {
            None => DeTable::new(),
            Some(value) => {
                let span = value.span();
                match value.into_inner() {
                    DeValue::Table(table) => table,
                    _ => {
                        self.add(
                            Some(span),
                            format!("`{name}` is a section; write [{name}] on a line of its own"),
                        );
                        DeTable::new()
                    }
                }
            }
        };
        Section { name, table, keys: Vec::new(), reader: self }
    }

    /// A relative path as below the folder of the file.
    pub(super) fn below_file(&self, path: &Path) -> PathBuf {
        folder_of(self.path).join(path)
    }

    /// Refuses every section not asked for, and hands out all problems by line.
    pub(super) fn finish(mut self) -> Vec<ConfigProblem> {
        let known: Vec<String> = self.sections.iter().map(|name| format!("[{name}]")).collect();
        for (key, value) in std::mem::take(&mut self.root) {
            let what = if value.get_ref().is_table() { "section" } else { "key" };
            self.add(
                Some(key.span()),
                format!(
                    "unknown {what}{}; known sections are {}",
                    quoted(key.get_ref()),
                    known.join(", ")
                ),
            );
        }
        self.problems.sort();
        self.problems
    }

    fn add(&mut self, span: Option<Range<usize>>, message: String) {
        let line = span.map(|span| {
            let before = self.text.get(..span.start).unwrap_or(self.text);
            let breaks = before.bytes().filter(|byte| *byte == b'\n').count();
            u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
        });
        self.problems.push(ConfigProblem { path: self.path.to_owned(), line, message });
    }
}

/// One section while its keys are asked for.
pub(super) struct Section<'r, 'i> {
    name: &'static str,
    table: DeTable<'i>,
    keys: Vec<&'static str>,
    reader: &'r mut Reader<'i>,
}

impl<'i> Section<'_, 'i> {
    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'i>>> {
        self.keys.push(key);
        self.table.remove(key)
    }

    /// A problem of one of this section's keys, which "must be" something else.
    fn must(&mut self, span: Range<usize>, key: &str, be: &str) {
        let name = self.name;
        self.reader.add(Some(span), format!("`{key}` in [{name}] must be {be}"));
    }

    /// Any value that `convert` accepts; `expected` completes the sentence "`key` must be".
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        expected: &str,
        convert: impl FnOnce(&DeValue<'i>) -> Option<T>,
    ) -> T {
        let Some(value) = self.take(key) else {
            return default;
        };
        if holds_token(value.get_ref()) {
            // Not kept, since paths and filters are shown in messages.
            let name = self.name;
            self.reader.add(
                Some(value.span()),
                format!(
                    "`{key}` in [{name}] seems to hold a bot token; put the token into a file of \
                     its own and name that file with `token_file` in [discord]"
                ),
            );
            return default;
        }
        match convert(value.get_ref()) {
            Some(converted) => converted,
            None => {
                self.must(value.span(), key, expected);
                default
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        default: u32,
        allowed: RangeInclusive<u32>,
    ) -> u32 {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.value(key, default, &expected, |value| {
            let integer = value.as_integer()?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            allowed.contains(&number).then_some(number)
        })
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, key: &'static str, default: bool) -> bool {
        self.value(key, default, "true or false, without quotes", DeValue::as_bool)
    }

    /// A path, taken as below the folder of the configuration file unless absolute.
    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let base = folder_of(self.reader.path);
        self.value(key, None, "a path in quotes", |value| path_of(value, &base).map(Some))
    }

    /// A list of paths, each like [`Section::path`].
    pub(super) fn paths(&mut self, key: &'static str) -> Vec<PathBuf> {
        let base = folder_of(self.reader.path);
        let expected = "a list of paths in quotes, such as [\"packs\"]";
        self.value(key, Vec::new(), expected, |value| {
            let array = value.as_array()?;
            array.iter().map(|path| path_of(path.get_ref(), &base)).collect()
        })
    }

    /// Refuses every key not asked for.
    pub(super) fn finish(self) {
        let known: Vec<String> = self.keys.iter().map(|key| format!("`{key}`")).collect();
        for key in self.table.keys() {
            self.reader.add(
                Some(key.span()),
                format!(
                    "unknown key{} in [{}]; known keys are {}",
                    quoted(key.get_ref()),
                    self.name,
                    known.join(", ")
                ),
            );
        }
    }
}

fn path_of(value: &DeValue<'_>, base: &Path) -> Option<PathBuf> {
    let path = value.as_str().filter(|path| !path.trim().is_empty())?;
    Some(base.join(path))
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// Whether a text, or one of a list, has a piece with the shape of a token.
fn holds_token(value: &DeValue<'_>) -> bool {
    if let Some(array) = value.as_array() {
        return array.iter().any(|item| holds_token(item.get_ref()));
    }
    let pieces = |text: &str| text.split(['/', '\\', '=', ',', ' ']).any(looks_like_token);
    value.as_str().is_some_and(pieces)
}

/// A key in backticks after a space, or nothing if it may be a secret.
fn quoted(key: &str) -> String {
    let plain =
        key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain && !key.is_empty() && key.len() <= LONGEST_QUOTED_KEY {
        format!(" `{key}`")
    } else {
        String::new()
    }
}
