//! The guild everybody starts with: a few channels, one organiser, a study team and the bot.

use super::permissions as may;
use super::{Channel, Guild, Member, Overwrite, Role, User, World, kind};
use crate::sandbox::snowflake::Snowflakes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// What a human member may do. @everyone has no rights at all, so that the bot has exactly what
/// its own role and the channels give it.
const MEMBER: u64 = may::VIEW_CHANNEL
    | may::SEND_MESSAGES
    | may::SEND_MESSAGES_IN_THREADS
    | may::CREATE_PUBLIC_THREADS
    | may::ADD_REACTIONS
    | may::EMBED_LINKS
    | may::ATTACH_FILES
    | may::READ_MESSAGE_HISTORY
    | may::USE_EXTERNAL_EMOJIS
    | may::USE_APPLICATION_COMMANDS;

/// What the bot was invited with.
const BOT: u64 =
    MEMBER | may::MANAGE_THREADS | may::MANAGE_MESSAGES | may::MENTION_EVERYONE | may::PIN_MESSAGES;

/// Random text for tokens and keys: `BYTES` bytes of the system's randomness.
#[expect(clippy::disallowed_methods, reason = "secrets must not follow from the seed")]
pub fn secret<const BYTES: usize>() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES]>())
}

/// A token of Discord's shape: the id, a time, a secret.
fn token(id: u64) -> String {
    format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(id.to_string()), secret::<4>(), secret::<27>())
}

impl World {
    /// The bot and the default guild, made shortly before `start` so that everything after is newer.
    /// Returns the world, the guild and the channel meant for studying.
    pub fn seeded(seed: u64, start: DateTime<Utc>) -> (Self, u64, u64) {
        let mut world = Self {
            ids: Snowflakes::new(seed),
            bot: 0,
            users: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            private: BTreeMap::new(),
            files: BTreeMap::new(),
            nonces: BTreeMap::new(),
        };
        let before = start - TimeDelta::days(30);
        world.bot = world.new_user("Studyhall", true, before);
        for name in ["Maya", "Ana", "Ben", "Chidi", "Dana"] {
            world.new_user(name, false, before);
        }
        let people: Vec<u64> =
            world.users.keys().copied().filter(|user| *user != world.bot).collect();
        let guild = world.new_guild("Study Hall", before);
        for (index, user) in people.into_iter().enumerate() {
            world.join(guild, user, index == 0, before + TimeDelta::minutes(1));
        }
        world.join_bot(guild, before + TimeDelta::hours(1));
        world.new_channel(guild, "general", kind::TEXT, before);
        let study = world.new_channel(guild, "python", kind::TEXT, before);
        let notes = world.new_channel(guild, "admin-notes", kind::TEXT, before);
        world.new_channel(guild, "Study room", kind::VOICE, before);
        world.new_channel(guild, "topic-ideas", kind::FORUM, before);
        let team = world.guilds.get(&guild).map_or(0, |guild| guild.team_role);
        if let Some(channel) = world.channels.get_mut(&study) {
            channel.topic = Some("One question a study day".to_owned());
        }
        if let Some(channel) = world.channels.get_mut(&notes) {
            channel.overwrites.push(Overwrite {
                id: team,
                member: false,
                allow: 0,
                deny: may::VIEW_CHANNEL,
            });
        }
        (world, guild, study)
    }

    /// A new user, not yet in any guild.
    pub fn new_user(&mut self, name: &str, bot: bool, now: DateTime<Utc>) -> u64 {
        let id = self.ids.next(now);
        let user = User {
            id,
            username: name.to_lowercase().replace(' ', "."),
            display: (!bot).then(|| name.to_owned()),
            bot,
            token: token(id),
            dms_open: true,
        };
        let user = if bot { User { username: name.to_owned(), ..user } } else { user };
        self.users.insert(id, user);
        id
    }

    /// A guild with @everyone and the team's role, without members yet.
    pub fn new_guild(&mut self, name: &str, now: DateTime<Utc>) -> u64 {
        let id = self.ids.next(now);
        let (organisers, team) = (self.ids.next(now), self.ids.next(now));
        let role = |id, name: &str, permissions, position, color, mentionable| Role {
            id,
            name: name.to_owned(),
            permissions,
            position,
            color,
            mentionable,
            bot: None,
        };
        let roles = [
            role(id, "@everyone", 0, 0, 0, false),
            role(organisers, "Organisers", may::ADMINISTRATOR, 3, 0xE6_7E_22, false),
            role(team, "Study team", MEMBER, 1, 0x34_98_DB, true),
        ];
        let guild = Guild {
            id,
            name: name.to_owned(),
            owner: 0,
            roles: roles.into_iter().map(|role| (role.id, role)).collect(),
            members: BTreeMap::new(),
            team_role: team,
        };
        self.guilds.insert(id, guild);
        id
    }

    /// Takes a user into a guild; an admin gets the organisers' role, the first one owns the guild.
    pub fn join(&mut self, guild: u64, user: u64, admin: bool, now: DateTime<Utc>) {
        let Some(guild) = self.guilds.get_mut(&guild) else {
            return;
        };
        let mut roles = vec![guild.team_role];
        if admin {
            if guild.owner == 0 {
                guild.owner = user;
            }
            roles.extend(
                guild
                    .roles
                    .values()
                    .filter(|role| role.permissions & may::ADMINISTRATOR != 0)
                    .map(|role| role.id),
            );
        }
        let member = Member { user, nick: None, roles, joined: now };
        guild.members.insert(user, member);
    }

    /// Takes the bot into a guild, with a role of its own.
    pub fn join_bot(&mut self, guild: u64, now: DateTime<Utc>) {
        let (bot, role) = (self.bot, self.ids.next(now));
        let Some(guild) = self.guilds.get_mut(&guild) else {
            return;
        };
        guild.roles.insert(
            role,
            Role {
                id: role,
                name: "Studyhall".to_owned(),
                permissions: BOT,
                position: 2,
                color: 0,
                mentionable: false,
                bot: Some(bot),
            },
        );
        let member = Member { user: bot, nick: None, roles: vec![role], joined: now };
        guild.members.insert(bot, member);
    }

    /// A new channel at the end of a guild's list.
    pub fn new_channel(&mut self, guild: u64, name: &str, kind: u8, now: DateTime<Utc>) -> u64 {
        let id = self.ids.next(now);
        let position = self
            .channels
            .values()
            .filter(|channel| channel.guild == Some(guild) && channel.thread.is_none())
            .count();
        let channel = Channel {
            id,
            kind,
            guild: Some(guild),
            name: name.to_owned(),
            topic: None,
            parent: None,
            position: u32::try_from(position).unwrap_or(0),
            overwrites: Vec::new(),
            last_message: None,
            last_pin: None,
            recipients: Vec::new(),
            slowmode: 0,
            thread: None,
        };
        self.channels.insert(id, channel);
        id
    }
}
