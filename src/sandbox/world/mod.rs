//! What the sandbox remembers: users, guilds, channels, messages. Plain data; who is told about a
//! change is decided in `state`.

pub mod permissions;
pub mod place;
pub mod seed;

use super::snowflake::Snowflakes;
use axum::body::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// Channel types (Discord documentation, resources, "Channel").
pub mod kind {
    pub const TEXT: u8 = 0;
    pub const DM: u8 = 1;
    pub const VOICE: u8 = 2;
    pub const PUBLIC_THREAD: u8 = 11;
    pub const FORUM: u8 = 15;
}

/// Message types and flags (Discord documentation, resources, "Message").
pub mod message {
    pub const DEFAULT: u8 = 0;
    pub const PINNED: u8 = 6;
    pub const THREAD_CREATED: u8 = 18;
    pub const REPLY: u8 = 19;
    pub const COMMAND: u8 = 20;
    pub const THREAD_STARTER: u8 = 21;
    pub const CONTEXT_COMMAND: u8 = 23;

    pub const SUPPRESS_EMBEDS: u64 = 1 << 2;
    pub const HAS_THREAD: u64 = 1 << 5;
    pub const EPHEMERAL: u64 = 1 << 6;
    pub const LOADING: u64 = 1 << 7;
    pub const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
}

/// Bytes of files that are kept.
const MOST_FILE_BYTES: usize = 256 * 1024 * 1024;
/// What each takes besides.
const FILE_OVERHEAD: usize = 256;

/// Everything there is.
pub struct World {
    pub ids: Snowflakes,
    /// The bot's user id, which is its application's id too.
    pub bot: u64,
    /// What the bot's role in a guild lets it do.
    pub bot_rights: u64,
    pub users: BTreeMap<u64, User>,
    pub guilds: BTreeMap<u64, Guild>,
    /// Guild channels, threads and direct messages.
    pub channels: BTreeMap<u64, Channel>,
    /// Messages by channel; ids rise with time.
    pub messages: BTreeMap<u64, BTreeMap<u64, Message>>,
    /// Ephemeral messages, which are in no channel's history.
    pub private: BTreeMap<u64, Message>,
    pub files: Files,
    /// Enforced nonces: (channel, author, nonce) to message and wire time.
    pub nonces: BTreeMap<(u64, u64, String), (u64, Instant)>,
}

/// The newest uploaded files, by attachment id. Where there are too many bytes, the oldest are gone.
#[derive(Default)]
pub struct Files {
    by_id: BTreeMap<u64, Bytes>,
    bytes: usize,
}

impl Files {
    /// Keeps one.
    pub fn insert(&mut self, id: u64, file: Bytes) {
        self.bytes += file.len() + FILE_OVERHEAD;
        self.by_id.insert(id, file);
        while self.bytes > MOST_FILE_BYTES
            && let Some((_, oldest)) = self.by_id.pop_first()
        {
            self.bytes -= oldest.len() + FILE_OVERHEAD;
        }
    }

    /// One of them.
    pub fn get(&self, id: u64) -> Option<&Bytes> {
        self.by_id.get(&id)
    }
}

/// A person or the bot.
pub struct User {
    pub id: u64,
    pub username: String,
    pub display: Option<String>,
    pub bot: bool,
    pub token: String,
    /// Whether the user takes direct messages.
    pub dms_open: bool,
}

/// A guild.
pub struct Guild {
    pub id: u64,
    pub name: String,
    pub owner: u64,
    pub roles: BTreeMap<u64, Role>,
    pub members: BTreeMap<u64, Member>,
    /// The role that members who join get, if there is one.
    pub team_role: Option<u64>,
    /// Where the bot's role stands.
    pub bot_position: u32,
}

/// A role. The one with the guild's id is @everyone.
pub struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: u64,
    pub position: u32,
    pub color: u32,
    pub mentionable: bool,
    /// The bot a managed role belongs to.
    pub bot: Option<u64>,
}

/// A user in a guild.
pub struct Member {
    pub user: u64,
    pub nick: Option<String>,
    pub roles: Vec<u64>,
    pub joined: DateTime<Utc>,
}

/// A permission overwrite of a channel.
#[derive(Clone)]
pub struct Overwrite {
    /// Role or member.
    pub id: u64,
    /// Whether `id` is a member.
    pub member: bool,
    pub allow: u64,
    pub deny: u64,
}

/// A channel, thread or direct message.
pub struct Channel {
    pub id: u64,
    pub kind: u8,
    /// None for a direct message.
    pub guild: Option<u64>,
    pub name: String,
    pub topic: Option<String>,
    pub parent: Option<u64>,
    pub position: u32,
    pub overwrites: Vec<Overwrite>,
    pub last_message: Option<u64>,
    pub last_pin: Option<DateTime<Utc>>,
    /// The two people of a direct message.
    pub recipients: Vec<u64>,
    pub slowmode: u64,
    pub thread: Option<Thread>,
}

/// What a thread has beyond a channel.
pub struct Thread {
    pub owner: u64,
    pub archived: bool,
    pub locked: bool,
    /// Minutes of silence after which it is archived.
    pub auto_archive: i64,
    pub archive_changed: DateTime<Utc>,
    pub created: DateTime<Utc>,
    pub message_count: u64,
    pub total_sent: u64,
    /// Last sign of life, for the automatic archiving.
    pub active: DateTime<Utc>,
    pub members: BTreeMap<u64, DateTime<Utc>>,
}

/// A message.
#[derive(Clone)]
pub struct Message {
    pub id: u64,
    pub channel: u64,
    pub author: u64,
    pub kind: u8,
    pub flags: u64,
    pub content: String,
    pub edited: Option<DateTime<Utc>>,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Value>,
    pub mentions: Vec<u64>,
    pub mention_roles: Vec<u64>,
    pub mention_everyone: bool,
    /// Whether the bot may read it without the message-content intent because it is addressed.
    pub addresses_bot: bool,
    pub pinned: Option<DateTime<Utc>>,
    pub reference: Option<Reference>,
    pub reactions: Vec<Reaction>,
    /// The object Discord puts into `interaction_metadata`.
    pub interaction: Option<Value>,
    /// The member an ephemeral message is for, and the session that sees it.
    pub audience: Option<(u64, String)>,
    pub tts: bool,
}

/// What a reply, a pin notice or a thread starter points to.
#[derive(Clone, Copy)]
pub struct Reference {
    pub message: Option<u64>,
    pub channel: u64,
    pub guild: Option<u64>,
}

/// One emoji's reactions on a message, in the order they came.
#[derive(Clone)]
pub struct Reaction {
    /// `👍`, or `name:id` for a custom one.
    pub emoji: String,
    pub users: Vec<u64>,
}

impl World {
    /// The bot's role in a guild, if it is a member.
    pub fn bot_role(&self, guild: u64) -> Option<u64> {
        let guild = self.guilds.get(&guild)?;
        guild.roles.values().find(|role| role.bot == Some(self.bot)).map(|role| role.id)
    }

    /// A message of a channel's history.
    pub fn message(&self, channel: u64, id: u64) -> Option<&Message> {
        self.messages.get(&channel)?.get(&id)
    }

    /// The same, to change it.
    pub fn message_mut(&mut self, channel: u64, id: u64) -> Option<&mut Message> {
        self.messages.get_mut(&channel)?.get_mut(&id)
    }

    /// The thread started from a message: it has the same id.
    pub fn thread_of(&self, message: u64) -> Option<&Channel> {
        self.channels.get(&message).filter(|channel| channel.thread.is_some())
    }

    /// Whether a message's JSON tells this user something of his own: a reaction, a membership of its
    /// thread, the other side of a direct message.
    pub fn is_personal(&self, channel: u64, id: u64, user: u64) -> bool {
        let reacted =
            |message: &Message| message.reactions.iter().any(|one| one.users.contains(&user));
        let joined = |thread: &Channel| {
            thread.thread.as_ref().is_some_and(|thread| thread.members.contains_key(&user))
        };
        let is_direct = self.channels.get(&channel).is_none_or(|channel| channel.guild.is_none());
        let Some(message) = self.message(channel, id) else { return true };
        // A reply shows what it replies to, and that has such things too.
        is_direct
            || message.reference.is_some()
            || reacted(message)
            || self.thread_of(id).is_some_and(joined)
    }

    /// The direct-message channel of two users, if they have one.
    pub fn dm_between(&self, one: u64, other: u64) -> Option<u64> {
        self.channels
            .values()
            .find(|channel| {
                channel.kind == kind::DM
                    && channel.recipients.contains(&one)
                    && channel.recipients.contains(&other)
            })
            .map(|channel| channel.id)
    }

    /// Whether a user is in a guild.
    pub fn is_member(&self, guild: u64, user: u64) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| guild.members.contains_key(&user))
    }

    /// How a user is shown: nickname aside, the display name or the user name.
    pub fn name(&self, user: u64) -> &str {
        self.users
            .get(&user)
            .map_or("unknown", |user| user.display.as_deref().unwrap_or(&user.username))
    }
}
