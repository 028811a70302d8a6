//! Who may do what where (Discord documentation, topics, "Permissions").

use super::{Channel, World, kind};

pub const ADD_REACTIONS: u64 = 1 << 6;
pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const MANAGE_GUILD: u64 = 1 << 5;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MENTION_EVERYONE: u64 = 1 << 17;
pub const USE_EXTERNAL_EMOJIS: u64 = 1 << 18;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
pub const MANAGE_THREADS: u64 = 1 << 34;
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub const PIN_MESSAGES: u64 = 1 << 51;

/// Every bit Discord has named so far.
pub const ALL: u64 = (1 << 53) - 1;

/// The names of the bits, from the lowest; a dash for one without a name.
const NAMES: [&str; 53] = [
    "CREATE_INSTANT_INVITE",
    "KICK_MEMBERS",
    "BAN_MEMBERS",
    "ADMINISTRATOR",
    "MANAGE_CHANNELS",
    "MANAGE_GUILD",
    "ADD_REACTIONS",
    "VIEW_AUDIT_LOG",
    "PRIORITY_SPEAKER",
    "STREAM",
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "SEND_TTS_MESSAGES",
    "MANAGE_MESSAGES",
    "EMBED_LINKS",
    "ATTACH_FILES",
    "READ_MESSAGE_HISTORY",
    "MENTION_EVERYONE",
    "USE_EXTERNAL_EMOJIS",
    "VIEW_GUILD_INSIGHTS",
    "CONNECT",
    "SPEAK",
    "MUTE_MEMBERS",
    "DEAFEN_MEMBERS",
    "MOVE_MEMBERS",
    "USE_VAD",
    "CHANGE_NICKNAME",
    "MANAGE_NICKNAMES",
    "MANAGE_ROLES",
    "MANAGE_WEBHOOKS",
    "MANAGE_GUILD_EXPRESSIONS",
    "USE_APPLICATION_COMMANDS",
    "REQUEST_TO_SPEAK",
    "MANAGE_EVENTS",
    "MANAGE_THREADS",
    "CREATE_PUBLIC_THREADS",
    "CREATE_PRIVATE_THREADS",
    "USE_EXTERNAL_STICKERS",
    "SEND_MESSAGES_IN_THREADS",
    "USE_EMBEDDED_ACTIVITIES",
    "MODERATE_MEMBERS",
    "VIEW_CREATOR_MONETIZATION_ANALYTICS",
    "USE_SOUNDBOARD",
    "CREATE_GUILD_EXPRESSIONS",
    "CREATE_EVENTS",
    "USE_EXTERNAL_SOUNDS",
    "SEND_VOICE_MESSAGES",
    "-",
    "SET_VOICE_CHANNEL_STATUS",
    "SEND_POLLS",
    "USE_EXTERNAL_APPS",
    "PIN_MESSAGES",
    "BYPASS_SLOWMODE",
];

/// The bit with this name.
pub fn named(name: &str) -> Option<u64> {
    NAMES.iter().position(|known| *known == name && name != "-").map(|place| 1 << place)
}

/// What both sides may do in a direct message.
const DIRECT: u64 = ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | USE_EXTERNAL_EMOJIS
    | PIN_MESSAGES;

impl World {
    /// A member's rights in the guild as a whole; 0 for somebody who is not in it.
    pub fn guild_permissions(&self, guild: u64, user: u64) -> u64 {
        let Some(guild) = self.guilds.get(&guild) else {
            return 0;
        };
        let Some(member) = guild.members.get(&user) else {
            return 0;
        };
        if guild.owner == user {
            return ALL;
        }
        let everyone = guild.roles.get(&guild.id).map_or(0, |role| role.permissions);
        let rights = member
            .roles
            .iter()
            .filter_map(|role| guild.roles.get(role))
            .fold(everyone, |rights, role| rights | role.permissions);
        if rights & ADMINISTRATOR != 0 { ALL } else { rights }
    }

    /// A user's rights in a channel; threads follow their parent. Without the right to see the
    /// channel nothing else remains.
    pub fn permissions(&self, channel: &Channel, user: u64) -> u64 {
        let Some(guild_id) = channel.guild else {
            return if channel.recipients.contains(&user) { DIRECT } else { 0 };
        };
        let rights = self.guild_permissions(guild_id, user);
        if rights == ALL || rights == 0 {
            return rights;
        }
        let overwrites = match (channel.thread.is_some(), channel.parent) {
            (true, Some(parent)) => match self.channels.get(&parent) {
                Some(parent) => &parent.overwrites,
                None => return 0,
            },
            _ => &channel.overwrites,
        };
        let mut rights = rights;
        let roles = self
            .guilds
            .get(&guild_id)
            .and_then(|guild| guild.members.get(&user))
            .map_or(&[][..], |member| &member.roles);
        for overwrite in overwrites.iter().filter(|o| !o.member && o.id == guild_id) {
            rights = rights & !overwrite.deny | overwrite.allow;
        }
        let (mut allow, mut deny) = (0, 0);
        for overwrite in overwrites.iter().filter(|o| !o.member && roles.contains(&o.id)) {
            allow |= overwrite.allow;
            deny |= overwrite.deny;
        }
        rights = rights & !deny | allow;
        for overwrite in overwrites.iter().filter(|o| o.member && o.id == user) {
            rights = rights & !overwrite.deny | overwrite.allow;
        }
        if rights & VIEW_CHANNEL == 0 {
            return 0;
        }
        rights
    }

    /// Whether a user sees a channel.
    pub fn sees(&self, channel: &Channel, user: u64) -> bool {
        self.permissions(channel, user) & VIEW_CHANNEL != 0
    }

    /// The right that lets somebody write in a channel of this kind.
    pub fn send_right(channel: &Channel) -> u64 {
        if channel.kind == kind::PUBLIC_THREAD { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_bits() {
        for (name, bit) in [
            ("ADMINISTRATOR", ADMINISTRATOR),
            ("MENTION_EVERYONE", MENTION_EVERYONE),
            ("MANAGE_GUILD", MANAGE_GUILD),
            ("MANAGE_ROLES", MANAGE_ROLES),
            ("USE_APPLICATION_COMMANDS", USE_APPLICATION_COMMANDS),
            ("SEND_MESSAGES_IN_THREADS", SEND_MESSAGES_IN_THREADS),
            ("PIN_MESSAGES", PIN_MESSAGES),
        ] {
            assert_eq!(named(name), Some(bit), "{name}");
        }
        assert_eq!((named("-"), named("FLY")), (None, None));
        assert_eq!(ALL.count_ones() as usize, NAMES.len());
    }
}
