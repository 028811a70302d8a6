//! The TOML of a pack: a question's front matter, and `pack.toml`.
//!
//! Read key by key from the parsed table, not through `Deserialize`, which would stop at the
//! first mistake.

use super::problem::Report;
use super::text::{Lines, length};
use crate::domain::question::{Difficulty, Kind};
use crate::domain::text::is_blank;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const KINDS: [(&str, Kind); 4] = [
    ("concept", Kind::Concept),
    ("compare", Kind::Compare),
    ("coding", Kind::Coding),
    ("design", Kind::Design),
];

const MAX_TAGS: usize = 10;
const MAX_TAG: usize = 40;
const MAX_PACK_TEXT: usize = 300;

/// What stands between a question's `+++` lines; `None` where it is missing or wrong.
#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    pub(super) difficulty: Option<Difficulty>,
    /// The line it stands on; 0 where it is missing.
    pub(super) difficulty_line: u32,
    pub(super) kind: Option<Kind>,
    pub(super) tags: Vec<String>,
}

/// What a pack says about itself in `pack.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its name for readers.
    pub title: String,
    /// One or two sentences about what it covers.
    pub description: String,
    /// The language it is written in, as a BCP 47 tag such as `en`.
    pub language: String,
    /// The licence of its texts, as an SPDX expression.
    pub licence: String,
}

impl FrontMatter {
    /// Reads front matter whose first line is line `first_line` of its file.
    pub(super) fn read(text: &str, first_line: u32, report: &mut Report) -> Self {
        let place = Place::new(text, first_line);
        let mut read = Self::default();
        let (table, sound) = place.parse(text, report);
        let table = table.get_ref();
        for (key, value) in table {
            let line = place.line(value.span());
            match key.get_ref().as_ref() {
                "difficulty" => {
                    read.difficulty_line = line;
                    read.difficulty = value.get_ref().as_str().and_then(Difficulty::from_word);
                    if read.difficulty.is_none() {
                        report.error(line, "`difficulty` must be \"easy\", \"medium\" or \"hard\"");
                    }
                }
                "kind" => {
                    let word = value.get_ref().as_str();
                    let known = KINDS.iter().find(|(name, _)| Some(*name) == word);
                    read.kind = known.map(|(_, kind)| *kind);
                    if read.kind.is_none() {
                        report.error(
                            line,
                            "`kind` must be \"concept\", \"compare\", \"coding\" or \"design\"",
                        );
                    }
                }
                "tags" => read.tags = tags(value, &place, report),
                unknown => report.error(
                    place.line(key.span()),
                    format!("unknown key `{unknown}`; known keys are `difficulty`, `kind`, `tags`"),
                ),
            }
        }
        if sound {
            for key in ["difficulty", "kind"] {
                if !table.contains_key(key) {
                    report.error(first_line, format!("the key `{key}` is missing"));
                }
            }
        }
        read
    }
}

impl Pack {
    const KEYS: [&str; 4] = ["title", "description", "language", "licence"];

    /// Reads a whole `pack.toml`; `None`, with problems, unless every key is there and sound.
    pub(super) fn read(text: &str, report: &mut Report) -> Option<Self> {
        let place = Place::new(text, 1);
        let (table, sound) = place.parse(text, report);
        let table = table.get_ref();
        for key in table.keys() {
            if !Self::KEYS.contains(&key.get_ref().as_ref()) {
                let unknown = key.get_ref();
                report.error(
                    place.line(key.span()),
                    format!(
                        "unknown key `{unknown}`; known keys are `title`, `description`, \
                         `language`, `licence`"
                    ),
                );
            }
        }
        let mut text_of = |key: &str| {
            let Some(value) = table.get(key) else {
                if sound {
                    report.whole(format!("the key `{key}` is missing"));
                }
                return None;
            };
            let written = value.get_ref().as_str().map(str::trim).unwrap_or_default();
            if is_blank(written) || length(written) > MAX_PACK_TEXT {
                report.error(
                    place.line(value.span()),
                    format!("`{key}` must be a text of 1 to {MAX_PACK_TEXT} characters"),
                );
                return None;
            }
            if key == "language" && !is_language(written) {
                report.error(
                    place.line(value.span()),
                    "`language` must be a language tag such as \"en\" or \"pt-BR\"",
                );
                return None;
            }
            Some(written.to_owned())
        };
        // All four are read before any is given up on, so that each gets its problem.
        let [title, description, language, licence] = Self::KEYS.map(&mut text_of);
        Some(Self {
            title: title?,
            description: description?,
            language: language?,
            licence: licence?,
        })
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn tags(value: &Spanned<DeValue<'_>>, place: &Place, report: &mut Report) -> Vec<String> {
    let Some(array) = value.get_ref().as_array() else {
        report.error(
            place.line(value.span()),
            "`tags` must be a list of words, such as [\"gil\", \"threads\"]",
        );
        return Vec::new();
    };
    if array.len() > MAX_TAGS {
        report.error(
            place.line(value.span()),
            format!("`tags` has {} words; at most {MAX_TAGS}", array.len()),
        );
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in array.iter() {
        let line = place.line(tag.span());
        match tag.get_ref().as_str().map(str::trim) {
            Some(word) if is_blank(word) || length(word) > MAX_TAG => {
                report.error(line, format!("each of `tags` must have 1 to {MAX_TAG} characters"))
            }
            Some(word) if tags.iter().any(|known| known == word) => {
                report.error(line, format!("the tag \"{word}\" is there twice"));
            }
            Some(word) => tags.push(word.to_owned()),
            None => report.error(line, "each of `tags` must be a text in quotes"),
        }
    }
    tags
}

/// Where a piece of TOML lies in its file.
struct Place {
    lines: Lines,
    first_line: u32,
}

impl Place {
    fn new(text: &str, first_line: u32) -> Self {
        Self { lines: Lines::new(text), first_line }
    }

    fn line(&self, span: Range<usize>) -> u32 {
        self.lines.at(span.start).saturating_add(self.first_line).saturating_sub(1)
    }

    /// As much of the table as could be read, and whether that was all of it.
    fn parse<'i>(&self, text: &'i str, report: &mut Report) -> (Spanned<DeTable<'i>>, bool) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(self.first_line, |span| self.line(span));
            let reason = error.message().lines().next().unwrap_or_default();
            report.error(line, format!("is not TOML: {reason}"));
        }
        (table, errors.is_empty())
    }
}
