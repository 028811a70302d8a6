//! Which rights the bot has where, and which it needs.

use super::say::admin::Missing;
use crate::domain::ids::ChannelId;
use serenity::all::{self as discord, Cache, GuildChannel, Member, PartialGuild, Permissions};

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
    /// The bot's rights in a channel; `None` if there is no such channel.
    fn held(&self, channel: ChannelId) -> Option<Permissions>;
    /// Whether everybody may mention a role; also of one that is unknown.
    fn is_mentionable(&self, role: discord::RoleId) -> bool;
}

/// The guild as a running bot knows it.
pub(super) struct Cached<'a> {
    pub(super) cache: &'a Cache,
    pub(super) guild: discord::GuildId,
}

impl Ground for Cached<'_> {
    fn held(&self, channel: ChannelId) -> Option<Permissions> {
        let bot = self.cache.current_user().id;
        let guild = self.cache.guild(self.guild)?;
        let channel = guild.channels.get(&discord::ChannelId::new(channel.0))?;
        let member = guild.members.get(&bot)?;
        Some(guild.user_permissions_in(channel, member))
    }

    fn is_mentionable(&self, role: discord::RoleId) -> bool {
        let guild = self.cache.guild(self.guild);
        guild.is_none_or(|guild| guild.roles.get(&role).is_none_or(|role| role.mentionable))
    }
}

/// The guild as Discord told it when asked.
pub(super) struct Asked {
    pub(super) guild: PartialGuild,
    pub(super) channels: Vec<GuildChannel>,
    /// The bot itself.
    pub(super) member: Member,
}

impl Ground for Asked {
    fn held(&self, channel: ChannelId) -> Option<Permissions> {
        let channel = self.channels.iter().find(|one| one.id.get() == channel.0)?;
        Some(self.guild.user_permissions_in(channel, &self.member))
    }

    fn is_mentionable(&self, role: discord::RoleId) -> bool {
        self.guild.roles.get(&role).is_none_or(|role| role.mentionable)
    }
}

/// What is missing for rounds in a study channel, and for notices in another one. Channels that
/// are not there count as not visible.
pub(super) fn missing(
    ground: &impl Ground,
    study: ChannelId,
    role: Option<discord::RoleId>,
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
        let lacking = self::lacking(ground, notices, &NEEDED[..3]);
        if !lacking.is_empty() {
            all.push(Missing { channel: notices, rights: lacking, purpose: "where notices go" });
        }
    }
    all
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
