//! Everything the bot says: pure functions from what is the case to a [`Card`].
//!
//! Friendly and short. Names are shown as text, escaped; nobody is mentioned except the role an
//! admin chose. Instants are Discord timestamps, so that everybody reads them in their own zone.

pub mod admin;
pub mod ballot;
pub mod bars;
pub mod boards;
pub mod doctor;
pub mod no;
pub mod notice;
pub mod question;
pub mod quiz;
pub mod rate;
pub mod review;
pub mod round;
pub mod season;
pub mod stats;
pub mod text;

mod help;
mod plain_result;
mod result;
mod reveal;
mod status;

use crate::domain::ids::RoleId;
use crate::picture::{BoardRow, Sheet};

/// What Discord takes, in characters (Discord documentation, resources/message and
/// components/reference).
pub mod limit {
    /// The text of a message.
    pub const CONTENT: usize = 2_000;
    /// All texts of all embeds of a message together.
    pub const EMBED: usize = 6_000;
    /// The title of an embed.
    pub const TITLE: usize = 256;
    /// The text of an embed.
    pub const TEXT: usize = 4_096;
    /// The name of a thread (resources/channel).
    pub const THREAD: usize = 100;
    /// The boxes of a message besides the first one.
    pub const QUOTES: usize = 9;
    /// The fields of an embed.
    pub const FIELDS: usize = 25;
    /// The name of a field.
    pub const FIELD_NAME: usize = 256;
    /// The text of a field.
    pub const FIELD: usize = 1_024;
    /// The footer of an embed.
    pub const FOOTER: usize = 2_048;
    /// Rows of buttons and menus.
    pub const ROWS: usize = 5;
    /// Buttons in a row.
    pub const BUTTONS: usize = 5;
    /// The label of a button.
    pub const BUTTON: usize = 80;
    /// Lines of a menu.
    pub const LINES: usize = 25;
    /// The label of a menu's line, and what stands below it.
    pub const LINE: usize = 100;
    /// What a menu says while nothing is chosen.
    pub const PROMPT: usize = 150;
    /// What comes back to the bot.
    pub const CUSTOM_ID: usize = 100;
    /// The description of a picture, for those who do not see it.
    pub const DESCRIPTION: usize = 1_024;
}

/// One message, before it becomes a client library's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Plain text above the embed: what a notification shows.
    pub content: String,
    /// The box below.
    pub embed: Option<Embed>,
    /// Below it a box for each quotation, so that none reaches into the other or into the card. At
    /// most [`limit::QUOTES`].
    pub quotes: Vec<Embed>,
    /// Buttons and menus.
    pub rows: Vec<Row>,
    /// The one role that a mention in the text may notify.
    pub role: Option<RoleId>,
    /// A picture of what the text says, still to be drawn.
    pub drawing: Option<Drawing>,
    /// The picture, drawn.
    pub picture: Option<Picture>,
}

/// A picture to be drawn, which is not done here: it takes a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The name of the file, ending in `.png`.
    pub file: &'static str,
    /// What it shows, for those who do not see it, at most 1,024 characters.
    pub description: String,
    /// What is drawn.
    pub shape: Shape,
}

/// What a picture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A member's half year.
    Stats(Sheet),
    /// A board's first rows as bars.
    Board {
        /// The heading.
        title: String,
        /// From the first rank on.
        rows: Vec<BoardRow>,
    },
}

/// A picture. The text of its card is complete without it.
///
/// In a card with a box it is the box's picture, below the text; else it stands below the plain
/// text.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The name of the file, in ASCII letters and digits, ending in `.png`.
    pub file: String,
    /// The file.
    pub png: Vec<u8>,
    /// What it shows, at most 1,024 characters.
    pub description: String,
}

impl std::fmt::Debug for Picture {
    /// Without the bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, png, description } = self;
        write!(f, "Picture({file}, {} bytes, {description:?})", png.len())
    }
}

/// The box of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Embed {
    /// Its first line.
    pub title: String,
    /// Its text, in Discord's Markdown.
    pub text: String,
    /// Headed parts.
    pub fields: Vec<(String, String)>,
    /// Small print.
    pub footer: String,
    /// The stripe at its side.
    pub tone: Tone,
}

/// The colour of an embed's stripe. Meaning never rests on it alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// A question, a board.
    #[default]
    Calm,
    /// A result.
    Gold,
    /// A reference answer; something went well.
    Green,
    /// Over and done.
    Grey,
    /// Something needs an admin.
    Red,
}

/// One row of components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Up to five buttons.
    Buttons(Vec<Button>),
    /// One menu.
    Menu(Menu),
}

/// A button that comes back to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says, at most 80 characters.
    pub label: String,
    /// Comes back to the bot.
    pub custom_id: String,
    /// Whether it stands out.
    pub primary: bool,
}

/// A menu of which one line can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Comes back to the bot.
    pub custom_id: String,
    /// Shown while nothing is chosen.
    pub prompt: String,
    /// At most 25.
    pub lines: Vec<Line>,
}

/// A line of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// At most 100 characters.
    pub label: String,
    /// At most 100 characters below it.
    pub detail: String,
    /// Comes back to the bot.
    pub value: String,
    /// Whether it is the present choice.
    pub chosen: bool,
}

impl Card {
    /// A message of text alone.
    pub fn text(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// A message of one box.
    pub fn boxed(embed: Embed) -> Self {
        Self { embed: Some(embed), ..Self::default() }
    }

    /// The same with a picture to be drawn, if there is one.
    pub fn with_drawing(self, drawing: Option<Drawing>) -> Self {
        Self { drawing, ..self }
    }

    /// The same with a row of buttons.
    pub fn with_buttons(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.rows.push(Row::Buttons(buttons));
        }
        self
    }
}

impl Embed {
    /// How long Discord may find all of its texts together.
    pub fn units(&self) -> usize {
        let fields = self.fields.iter().flat_map(|(name, value)| [name, value]);
        [&self.title, &self.text, &self.footer]
            .into_iter()
            .chain(fields)
            .map(|text| text::units(text))
            .sum()
    }
}

impl Button {
    /// A button like any other.
    pub fn new(label: &str, custom_id: String) -> Self {
        Self { label: label.to_owned(), custom_id, primary: false }
    }

    /// The same, standing out.
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self
    }
}

#[cfg(test)]
pub(super) mod tests;
