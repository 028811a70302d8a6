//! Which rights the bot has where, and which it needs.

use super::say::admin::Missing;
use crate::domain::ids::ChannelId;
use serenity::all::{self as discord, Cache, Permissions};

/// `PIN_MESSAGES`, since 2026-02-23 apart from Manage Messages (Discord documentation, change log);
/// serenity 0.12 does not name it.
const PIN_MESSAGES: Permissions = Permissions::from_bits_retain(1 << 51);

/// What a study channel needs, in the words of Discord's settings.
const NEEDED: [(Permissions, &str); 7] = [
    (Permissions::VIEW_CHANNEL, "View Channel"),
    (Permissions::SEND_MESSAGES, "Send Messages"),
    (Permissions::EMBED_LINKS, "Embed Links"),
    (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
    (Permissions::ADD_REACTIONS, "Add Reactions"),
    (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
];

/// What is missing for rounds in a study channel, and for notices in another one. Channels that
/// the cache does not know count as not visible.
pub(super) fn missing(
    cache: &Cache,
    guild: discord::GuildId,
    study: ChannelId,
    pin: bool,
    role: Option<discord::RoleId>,
    notices: Option<ChannelId>,
) -> Vec<Missing> {
    let mut all = Vec::new();
    let mut needed: Vec<(Permissions, &str)> = NEEDED.to_vec();
    if pin {
        needed.push((PIN_MESSAGES, "Pin Messages"));
    }
    if !role_can_be_mentioned(cache, guild, role) {
        needed.push((Permissions::MENTION_EVERYONE, "Mention All Roles"));
    }
    let lacking = lacking(cache, guild, study, &needed);
    if !lacking.is_empty() {
        all.push(Missing { channel: study, rights: lacking, purpose: "where the rounds happen" });
    }
    if let Some(notices) = notices {
        let lacking = self::lacking(cache, guild, notices, &NEEDED[..3]);
        if !lacking.is_empty() {
            all.push(Missing { channel: notices, rights: lacking, purpose: "where notices go" });
        }
    }
    all
}

fn lacking(
    cache: &Cache,
    guild: discord::GuildId,
    channel: ChannelId,
    needed: &[(Permissions, &'static str)],
) -> Vec<&'static str> {
    let held = held(cache, guild, channel).unwrap_or(Permissions::empty());
    if held.administrator() {
        return Vec::new();
    }
    needed.iter().filter(|(right, _)| !held.contains(*right)).map(|(_, name)| *name).collect()
}

fn held(cache: &Cache, guild: discord::GuildId, channel: ChannelId) -> Option<Permissions> {
    let bot = cache.current_user().id;
    let guild = cache.guild(guild)?;
    let channel = guild.channels.get(&discord::ChannelId::new(channel.0))?;
    let member = guild.members.get(&bot)?;
    Some(guild.user_permissions_in(channel, member))
}

fn role_can_be_mentioned(
    cache: &Cache,
    guild: discord::GuildId,
    role: Option<discord::RoleId>,
) -> bool {
    let Some(role) = role else { return true };
    cache.guild(guild).is_none_or(|guild| guild.roles.get(&role).is_none_or(|r| r.mentionable))
}
