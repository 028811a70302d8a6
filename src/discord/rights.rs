//! Which rights the bot has where, and which it needs.

use super::say::admin::Missing;
use crate::domain::ids::{ChannelId, GuildId, RoleId};
use serenity::all::{
    self as discord, Cache, ChannelType, GuildChannel, Member, PartialGuild, Permissions,
};

/// What a study channel needs, in the words of Discord's settings. *Pin Messages* (bit 51, since
/// 2026-02-23 apart from Manage Messages; Discord documentation, change log) is not looked at:
/// serenity 0.12 leaves out bits that it does not know as it reads rights, so nobody here can tell.
const NEEDED: [(Permissions, &str); 7] = [
    (Permissions::VIEW_CHANNEL, "View Channel"),
    (Permissions::SEND_MESSAGES, "Send Messages"),
    (Permissions::EMBED_LINKS, "Embed Links"),
    (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
    (Permissions::ADD_REACTIONS, "Add Reactions"),
    (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
];

/// What is known of a guild.
pub(super) trait Ground {
    /// Whether anything is known of it at all. During an outage of Discord's nothing is, and nothing
    /// may be taken for gone.
    fn is_known(&self) -> bool;
    /// The bot's rights in a channel; `None` if there is no such channel.
    fn held(&self, channel: ChannelId) -> Option<Permissions>;
    /// What kind of channel it is; `None` if there is no such channel or thread.
    fn kind(&self, channel: ChannelId) -> Option<ChannelType>;
    /// Whether there is such a role.
    fn has_role(&self, role: RoleId) -> bool;
    /// Whether everybody may mention a role; also of one that is unknown.
    fn is_mentionable(&self, role: RoleId) -> bool;
}

/// Whether messages can be sent in a channel of this kind (Discord documentation, resources/channel,
/// "Channel Types"): not in forums and media channels, which hold threads alone, nor in categories.
pub(super) fn takes_messages(kind: ChannelType) -> bool {
    matches!(
        kind,
        ChannelType::Text
            | ChannelType::News
            | ChannelType::Voice
            | ChannelType::Stage
            | ChannelType::NewsThread
            | ChannelType::PublicThread
            | ChannelType::PrivateThread
    )
}

/// The guild as a running bot knows it.
pub(super) struct Cached<'a> {
    cache: &'a Cache,
    guild: discord::GuildId,
    /// A thread that the cache doesn't hold because it is archived, and its kind.
    archived: Option<(ChannelId, ChannelType)>,
}

impl<'a> Cached<'a> {
    pub(super) fn new(cache: &'a Cache, guild: GuildId) -> Self {
        Self { cache, guild: discord::GuildId::new(guild.0), archived: None }
    }

    /// The same, with a channel that is there although the cache doesn't hold it.
    pub(super) fn with_archived(mut self, channel: ChannelId, kind: ChannelType) -> Self {
        self.archived = Some((channel, kind));
        self
    }

    /// Whether Discord has an outage that concerns the guild. Otherwise a guild that isn't known is
    /// one that the bot is not in.
    pub(super) fn is_unavailable(&self) -> bool {
        self.cache.unavailable_guilds().iter().any(|guild| *guild.key() == self.guild)
    }
}

impl Ground for Cached<'_> {
    fn is_known(&self) -> bool {
        self.cache.guild(self.guild).is_some()
    }

    fn held(&self, channel: ChannelId) -> Option<Permissions> {
        let bot = self.cache.current_user().id;
        let guild = self.cache.guild(self.guild)?;
        let channel = guild.channels.get(&discord::ChannelId::new(channel.0))?;
        let member = guild.members.get(&bot)?;
        Some(guild.user_permissions_in(channel, member))
    }

    fn kind(&self, channel: ChannelId) -> Option<ChannelType> {
        let id = discord::ChannelId::new(channel.0);
        let guild = self.cache.guild(self.guild)?;
        let thread = || guild.threads.iter().find(|thread| thread.id == id);
        let found = guild.channels.get(&id).or_else(thread).map(|channel| channel.kind);
        let archived =
            || self.archived.filter(|(known, _)| *known == channel).map(|(_, kind)| kind);
        found.or_else(archived)
    }

    fn has_role(&self, role: RoleId) -> bool {
        let guild = self.cache.guild(self.guild);
        guild.is_some_and(|guild| guild.roles.contains_key(&role_id(role)))
    }

    fn is_mentionable(&self, role: RoleId) -> bool {
        let guild = self.cache.guild(self.guild);
        guild.is_none_or(|guild| guild.roles.get(&role_id(role)).is_none_or(|r| r.mentionable))
    }
}

/// The guild as Discord told it when asked.
pub(super) struct Asked {
    pub(super) guild: PartialGuild,
    pub(super) channels: Vec<GuildChannel>,
    /// The bot itself.
    pub(super) member: Member,
}

impl Asked {
    fn channel(&self, channel: ChannelId) -> Option<&GuildChannel> {
        self.channels.iter().find(|one| one.id.get() == channel.0)
    }
}

impl Ground for Asked {
    fn is_known(&self) -> bool {
        true
    }

    fn held(&self, channel: ChannelId) -> Option<Permissions> {
        Some(self.guild.user_permissions_in(self.channel(channel)?, &self.member))
    }

    fn kind(&self, channel: ChannelId) -> Option<ChannelType> {
        self.channel(channel).map(|channel| channel.kind)
    }

    fn has_role(&self, role: RoleId) -> bool {
        self.guild.roles.contains_key(&role_id(role))
    }

    fn is_mentionable(&self, role: RoleId) -> bool {
        self.guild.roles.get(&role_id(role)).is_none_or(|role| role.mentionable)
    }
}

fn role_id(role: RoleId) -> discord::RoleId {
    discord::RoleId::new(role.0)
}

/// What is missing for rounds in a study channel, and for notices in another one. A study channel
/// that is not there counts as not visible; a channel for notices that can't be used is not looked at.
pub(super) fn missing(
    ground: &impl Ground,
    study: ChannelId,
    role: Option<RoleId>,
    notices: Option<ChannelId>,
) -> Vec<Missing> {
    let mut all = Vec::new();
    let mut needed: Vec<(Permissions, &str)> = NEEDED.to_vec();
    if role.is_some_and(|role| !ground.is_mentionable(role)) {
        needed.push((Permissions::MENTION_EVERYONE, "Mention All Roles"));
    }
    let lacking = lacking(ground, study, &needed);
    if !lacking.is_empty() {
        all.push(Missing { channel: study, rights: lacking, purpose: "where the rounds happen" });
    }
    if let Some(notices) = notices {
        let rights = missing_for_messages(ground, notices);
        if !rights.is_empty() {
            all.push(Missing { channel: notices, rights, purpose: "where notices go" });
        }
    }
    all
}

/// What is missing for plain messages in a channel that takes some.
pub(super) fn missing_for_messages(ground: &impl Ground, channel: ChannelId) -> Vec<&'static str> {
    match ground.kind(channel) {
        Some(kind) if takes_messages(kind) && ground.held(channel).is_some() => {
            lacking(ground, channel, &NEEDED[..3])
        }
        _ => Vec::new(),
    }
}

fn lacking(
    ground: &impl Ground,
    channel: ChannelId,
    needed: &[(Permissions, &'static str)],
) -> Vec<&'static str> {
    let held = ground.held(channel).unwrap_or(Permissions::empty());
    if held.administrator() {
        return Vec::new();
    }
    needed.iter().filter(|(right, _)| !held.contains(*right)).map(|(_, name)| *name).collect()
}
