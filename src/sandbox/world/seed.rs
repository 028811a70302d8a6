//! The making of guilds, users and channels: those that a sandbox begins with, and those of later.

use super::permissions as may;
use super::place::{GuildSeed, Place, RoleSeed, bits};
use super::{Channel, Guild, Member, Overwrite, Role, User, World, kind};
use crate::sandbox::snowflake::Snowflakes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

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
    /// A place, made shortly before `start` so that everything after is newer. Returns the world, the
    /// first guild and the channel meant for studying.
    pub fn seeded(place: &Place, seed: u64, start: DateTime<Utc>) -> (Self, u64, u64) {
        let mut world = Self {
            ids: Snowflakes::new(seed),
            bot: 0,
            bot_rights: bits(&place.bot.permissions),
            users: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            private: BTreeMap::new(),
            files: super::Files::default(),
            nonces: BTreeMap::new(),
        };
        let before = start - TimeDelta::days(30);
        world.bot = world.new_user(&place.bot.name, true, None, before);
        let guilds: Vec<u64> =
            place.guilds.iter().map(|guild| world.found(guild, before)).collect();
        let texts = |world: &Self, wanted: &dyn Fn(&Channel) -> bool| {
            let found = world.channels.values().filter(|channel| channel.kind == kind::TEXT);
            found.filter(|channel| wanted(channel)).map(|channel| channel.id).next()
        };
        let mut studied = place.guilds.iter().zip(&guilds).flat_map(|(guild, id)| {
            let study = guild.channels.iter().filter(|channel| channel.study);
            study.map(move |channel| (*id, channel.name.as_str()))
        });
        let study = match studied.next() {
            Some((guild, name)) => {
                texts(&world, &|channel| channel.guild == Some(guild) && channel.name == name)
            }
            None => texts(&world, &|_| true),
        };
        let study = study.unwrap_or(0);
        let first = guilds.first().copied().unwrap_or(0);
        let guild = world.channels.get(&study).and_then(|channel| channel.guild).unwrap_or(first);
        (world, guild, study)
    }

    /// A guild as it is described, the bot in it.
    fn found(&mut self, of: &GuildSeed, now: DateTime<Utc>) -> u64 {
        let guild = self.new_guild(of, now);
        for member in &of.members {
            let known = self
                .users
                .values()
                .find(|user| user.display.as_deref() == Some(member.name.as_str()));
            let user = match known {
                Some(user) => user.id,
                None => self.new_user(&member.name, false, member.id, now),
            };
            let roles =
                member.roles.iter().filter_map(|name| self.role_named(guild, name)).collect();
            if let Some(guild) = self.guilds.get_mut(&guild) {
                if guild.owner == 0 {
                    guild.owner = user;
                }
                let joined = now + TimeDelta::minutes(1);
                guild.members.insert(user, Member { user, nick: None, roles, joined });
            }
        }
        self.join_bot(guild, now + TimeDelta::hours(1));
        for channel in &of.channels {
            let id = self.new_channel(guild, &channel.name, channel.kind.number(), channel.id, now);
            let overwrites: Vec<Overwrite> = channel
                .overwrites
                .iter()
                .filter_map(|overwrite| {
                    let id = match (&overwrite.role, &overwrite.member) {
                        (Some(name), _) if name == "@everyone" => Some(guild),
                        (Some(name), _) => self.role_named(guild, name),
                        (None, name) => self.member_named(guild, name.as_deref()?),
                    };
                    Some(Overwrite {
                        id: id?,
                        member: overwrite.role.is_none(),
                        allow: bits(&overwrite.allow),
                        deny: bits(&overwrite.deny),
                    })
                })
                .collect();
            if let Some(made) = self.channels.get_mut(&id) {
                made.topic.clone_from(&channel.topic);
                made.overwrites = overwrites;
            }
        }
        guild
    }

    fn role_named(&self, guild: u64, name: &str) -> Option<u64> {
        let roles = &self.guilds.get(&guild)?.roles;
        roles.values().find(|role| role.name == name && role.bot.is_none()).map(|role| role.id)
    }

    fn member_named(&self, guild: u64, name: &str) -> Option<u64> {
        let members = &self.guilds.get(&guild)?.members;
        members.keys().copied().find(|user| self.name(*user) == name)
    }

    /// A new user, not yet in any guild.
    pub fn new_user(&mut self, name: &str, bot: bool, id: Option<u64>, now: DateTime<Utc>) -> u64 {
        let id = id.unwrap_or_else(|| self.ids.next(now));
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

    /// A guild with its roles, without members yet. The bot's role will stand below those of
    /// administrators and above all others.
    pub fn new_guild(&mut self, of: &GuildSeed, now: DateTime<Utc>) -> u64 {
        let id = of.id.unwrap_or_else(|| self.ids.next(now));
        let everyone = Role {
            id,
            name: "@everyone".to_owned(),
            permissions: bits(&of.everyone),
            position: 0,
            color: 0,
            mentionable: false,
            bot: None,
        };
        let mut roles = BTreeMap::from([(id, everyone)]);
        let mut team_role = None;
        let rules = |role: &RoleSeed| bits(&role.permissions) & may::ADMINISTRATOR != 0;
        let (above, below): (Vec<_>, Vec<_>) = of.roles.iter().partition(|role| rules(role));
        let bot_position = u32::try_from(below.len()).unwrap_or(u32::MAX) + 1;
        let below = (1..).zip(below.into_iter().rev());
        let above = (bot_position + 1..).zip(above.into_iter().rev());
        for (position, role) in above.chain(below) {
            let own = role.id.unwrap_or_else(|| self.ids.next(now));
            if role.joins && team_role.is_none() {
                team_role = Some(own);
            }
            let made = Role {
                id: own,
                name: role.name.clone(),
                permissions: bits(&role.permissions),
                position,
                color: role.color,
                mentionable: role.mentionable,
                bot: None,
            };
            roles.insert(own, made);
        }
        let guild = Guild {
            id,
            name: of.name.clone(),
            owner: 0,
            roles,
            members: BTreeMap::new(),
            team_role,
            bot_position,
        };
        self.guilds.insert(id, guild);
        id
    }

    /// Takes a user into a guild; an admin gets the organisers' role, the first one owns the guild.
    pub fn join(&mut self, guild: u64, user: u64, admin: bool, now: DateTime<Utc>) {
        let Some(guild) = self.guilds.get_mut(&guild) else {
            return;
        };
        let mut roles: Vec<u64> = guild.team_role.into_iter().collect();
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
        let (name, permissions) = (self.name(bot).to_owned(), self.bot_rights);
        let Some(guild) = self.guilds.get_mut(&guild) else {
            return;
        };
        guild.roles.insert(
            role,
            Role {
                id: role,
                name,
                permissions,
                position: guild.bot_position,
                color: 0,
                mentionable: false,
                bot: Some(bot),
            },
        );
        let member = Member { user: bot, nick: None, roles: vec![role], joined: now };
        guild.members.insert(bot, member);
    }

    /// A new channel at the end of a guild's list.
    pub fn new_channel(
        &mut self,
        guild: u64,
        name: &str,
        kind: u8,
        id: Option<u64>,
        now: DateTime<Utc>,
    ) -> u64 {
        let id = id.unwrap_or_else(|| self.ids.next(now));
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
