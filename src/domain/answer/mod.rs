//! Answers: which messages of a round's thread count, and what they add up to. (design, section 3)

#[cfg(test)]
mod tests;
mod text;

pub use text::{merge, quoted};

use crate::domain::ids::{MemberId, MessageId};
use crate::domain::text::is_blank;
use std::collections::{BTreeMap, BTreeSet};

/// Characters that a message needs to count without a code block or an attachment. What nobody can
/// see does not count, and what Discord shows as one thing (a mention, a custom emoji) counts as one.
pub const SHORTEST_ANSWER: usize = 20;

/// Discord's message types of a plain message and of a reply (documentation, message resource,
/// "Message Types"). All others are its own words: pins, joins, commands, polls' results.
const PLAIN: u8 = 0;
const REPLY: u8 = 19;

/// A file that came with a message; kept as a link.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Where Discord keeps it.
    pub url: String,
}

/// One message of a round's thread, as Discord has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadMessage {
    /// Its id, which tells when it was written.
    pub id: MessageId,
    /// Who wrote it.
    pub author: MemberId,
    /// The name that its author is shown with.
    pub author_name: String,
    /// Whether a bot or a webhook wrote it.
    pub bot: bool,
    /// Discord's message type.
    pub kind: u8,
    /// Who wrote the message that this one replies to; None for a reply whose target is gone.
    pub reply_to: Option<MemberId>,
    /// Its text.
    pub content: String,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// When it was last edited, in milliseconds since 1970.
    pub edited_ms: Option<i64>,
}

/// What the author of a message said with *Not my answer*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It is to count.
    Counted,
    /// It is not to count.
    NotCounted,
}

/// Whether a message is part of its author's answer, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Counts,
    /// A reply to somebody else.
    Discussion,
    /// Too few characters, and neither a code block nor an attachment.
    TooShort,
    /// Written by a bot or a webhook.
    NotHuman,
    /// Neither a plain message nor a reply.
    OtherKind,
    /// Its author took it out.
    TakenOut,
    /// Written at the closing instant or later.
    TooLate,
}

/// Judges one message. `bot` is the bot's own user id: a reply to it counts like a message that
/// replies to nobody. `closes_ms` is the closing instant in milliseconds since 1970; by its
/// snowflake, a message must be older.
///
/// Of a reply whose target was deleted nobody can tell any more to whom it was: it stays what it
/// was, which `counted` says, and what was never seen before is taken for discussion.
///
/// The author's wish decides over discussion, length and what would count anyway, but never over
/// who wrote the message, its kind and its time; and a message that shows nothing at all, such as
/// a sticker alone, stays too short, since nobody could vote for it.
pub fn judge(
    message: &ThreadMessage,
    bot: MemberId,
    wish: Option<Wish>,
    counted: bool,
    closes_ms: i64,
) -> Verdict {
    if message.bot || message.author == bot {
        return Verdict::NotHuman;
    }
    if message.kind != PLAIN && message.kind != REPLY {
        return Verdict::OtherKind;
    }
    if message.id.created_ms() >= closes_ms {
        return Verdict::TooLate;
    }
    if is_blank(&message.content) && message.attachments.is_empty() {
        return Verdict::TooShort;
    }
    let to_another = match message.reply_to {
        Some(to) => to != bot && to != message.author,
        None => message.kind == REPLY && !counted,
    };
    let by_rule = if to_another {
        Verdict::Discussion
    } else if is_substantial(message) {
        Verdict::Counts
    } else {
        Verdict::TooShort
    };
    match (wish, by_rule) {
        (Some(Wish::Counted), _) => Verdict::Counts,
        (Some(Wish::NotCounted), Verdict::Counts) => Verdict::TakenOut,
        _ => by_rule,
    }
}

fn is_substantial(message: &ThreadMessage) -> bool {
    !message.attachments.is_empty()
        || text::shown_length(&message.content) >= SHORTEST_ANSWER
        || text::has_code_block(&message.content)
}

/// One counted message as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The message.
    pub message: MessageId,
    /// Its text, as last seen before the close.
    pub content: String,
    /// Its files.
    pub attachments: Vec<Attachment>,
}

impl Part {
    /// Whether a reader would see the same: the same text and the same files. Discord signs the
    /// address of a file anew each time it is asked, so what stands after its `?` does not count.
    pub fn reads_like(&self, other: &Self) -> bool {
        let files = |part: &Self| -> Vec<(String, String)> {
            let address = |url: &str| url.split('?').next().unwrap_or(url).to_owned();
            let file = |file: &Attachment| (file.name.clone(), address(&file.url));
            part.attachments.iter().map(file).collect()
        };
        self.content == other.content && files(self) == files(other)
    }
}

/// A counted message as it was found in the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who wrote it.
    pub author: MemberId,
    /// The name that its author is shown with.
    pub author_name: String,
    /// What of it counts.
    pub part: Part,
    /// Whether it was edited at the closing instant or later and no earlier text is known, so
    /// that the later one had to be taken. The result says so.
    pub edited_late: bool,
}

/// What changes when the whole thread is read anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reread {
    /// Counted messages that are new or differ from what is stored, oldest first.
    pub put: Vec<Found>,
    /// Stored messages that are gone or count no longer, oldest first.
    pub gone: Vec<MessageId>,
}

/// Compares what is stored of a round with its whole thread, for catching up and for the close.
///
/// `deleted` holds the stored messages that are certainly not there any more. One that is merely
/// missing from `thread` stays as it is: it may be unreadable, or the history may lag.
///
/// `wish` tells what a message's author said about it, if anything. An edit made at the closing
/// instant or later is passed over where an earlier text is stored, and else taken and marked.
/// Applying the changes and comparing again gives none.
pub fn reread(
    stored: &[Part],
    thread: &[ThreadMessage],
    deleted: &BTreeSet<MessageId>,
    bot: MemberId,
    wish: impl Fn(MessageId) -> Option<Wish>,
    closes_ms: i64,
) -> Reread {
    let known: BTreeMap<MessageId, &Part> = stored.iter().map(|p| (p.message, p)).collect();
    let read: BTreeSet<MessageId> = thread.iter().map(|message| message.id).collect();
    let mut put = Vec::new();
    let mut still: BTreeSet<MessageId> = BTreeSet::new();
    for message in thread {
        let before = known.get(&message.id).copied();
        let edited_late = message.edited_ms.is_some_and(|at| at >= closes_ms);
        if edited_late && before.is_some() {
            // What it says now may be judged differently, but what it said then did count; only
            // its author's wish, which is not taken after the close either, can have changed it.
            if wish(message.id) != Some(Wish::NotCounted) {
                still.insert(message.id);
            }
            continue;
        }
        let counted = before.is_some();
        if judge(message, bot, wish(message.id), counted, closes_ms) != Verdict::Counts {
            continue;
        }
        still.insert(message.id);
        let part = Part {
            message: message.id,
            content: message.content.clone(),
            attachments: message.attachments.clone(),
        };
        if !before.is_some_and(|before| before.reads_like(&part)) {
            put.push(Found {
                author: message.author,
                author_name: message.author_name.clone(),
                part,
                edited_late,
            });
        }
    }
    put.sort_by_key(|found| found.part.message);
    let is_gone =
        |id: &MessageId| !still.contains(id) && (read.contains(id) || deleted.contains(id));
    let gone = known.into_keys().filter(is_gone).collect();
    Reread { put, gone }
}
