//! Everything the bot says: pure functions from what is the case to a [`Card`].
//!
//! Friendly and short. Names are shown as text, escaped; nobody is mentioned except the role an
//! admin chose. Instants are Discord timestamps, so that everybody reads them in their own zone.

pub mod admin;
pub mod ballot;
pub mod boards;
pub mod no;
pub mod notice;
pub mod round;

use crate::domain::ids::{ChannelId, GuildId, MessageId, RoleId};
use chrono::{DateTime, Utc};

/// One message, before it becomes a client library's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Plain text above the embed: what a notification shows.
    pub content: String,
    /// The box below.
    pub embed: Option<Embed>,
    /// Buttons and menus.
    pub rows: Vec<Row>,
    /// The one role that a mention in the text may notify.
    pub role: Option<RoleId>,
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

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says, at most 80 characters.
    pub label: String,
    /// What a press does.
    pub does: Press,
    /// Whether it stands out.
    pub primary: bool,
}

/// What a press on a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Comes back to the bot.
    Act(String),
    /// Opens an address.
    Open(String),
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

    /// The same with a row of buttons.
    pub fn with_buttons(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.rows.push(Row::Buttons(buttons));
        }
        self
    }
}

impl Button {
    /// A button that comes back to the bot.
    pub fn act(label: &str, custom_id: String) -> Self {
        Self { label: label.to_owned(), does: Press::Act(custom_id), primary: false }
    }

    /// A button that opens an address.
    pub fn open(label: &str, address: String) -> Self {
        Self { label: label.to_owned(), does: Press::Open(address), primary: false }
    }

    /// The same, standing out.
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self
    }
}

/// An instant in each reader's own zone: `Monday, 23 November 2026 08:00`.
pub fn at(instant: DateTime<Utc>) -> String {
    format!("<t:{}:F>", instant.timestamp())
}

/// An instant as a distance from the reader's now: `in 3 hours`.
pub fn from_now(instant: DateTime<Utc>) -> String {
    format!("<t:{}:R>", instant.timestamp())
}

/// A link to a channel or thread.
pub fn channel(id: ChannelId) -> String {
    format!("<#{id}>")
}

/// The address of a message.
pub fn message_link(guild: GuildId, channel: ChannelId, message: MessageId) -> String {
    format!("https://discord.com/channels/{guild}/{channel}/{message}")
}

/// A name as plain text: nothing in it is taken for Markdown, a mention or a line break.
pub fn plain(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for c in name.chars().filter(|c| !c.is_control()) {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '[' | ']' | '(' | ')' | '<' | '#') {
            safe.push('\\');
        }
        safe.push(c);
        // A zero-width space keeps `@everyone` from reading like a mention.
        if c == '@' {
            safe.push('\u{200b}');
        }
    }
    if safe.trim().is_empty() { "(no name)".to_owned() } else { safe }
}

/// `1 vote`, `2 votes`.
pub fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// Signed points: `+5`, `−5`.
pub fn signed(points: i64) -> String {
    if points < 0 { format!("−{}", points.unsigned_abs()) } else { format!("+{points}") }
}

/// `Ana`, `Ana and Ben`, `Ana, Ben and Chidi`.
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, list, plain, signed};

    #[test]
    fn names_are_plain_text() {
        assert_eq!(plain("Ana_*B*"), "Ana\\_\\*B\\*");
        assert_eq!(plain("@everyone"), "@\u{200b}everyone");
        assert_eq!(plain("<@1> # [x](y)\n> z"), "\\<@\u{200b}1\\> \\# \\[x\\]\\(y\\)\\> z");
        assert_eq!(plain("\u{7}"), "(no name)");
    }

    #[test]
    fn small_words() {
        let names = ["Ana", "Ben", "Chidi"].map(str::to_owned);
        assert_eq!(list(&names[..1]), "Ana");
        assert_eq!(list(&names[..2]), "Ana and Ben");
        assert_eq!(list(&names), "Ana, Ben and Chidi");
        assert_eq!(count(1, "vote"), "1 vote");
        assert_eq!(count(0, "vote"), "0 votes");
        assert_eq!(signed(5), "+5");
        assert_eq!(signed(-5), "−5");
    }
}
