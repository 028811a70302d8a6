//! Guilds, roles and members as an organiser would change them; used by tests and faults.

use super::{Audience, State};
use crate::sandbox::gateway::hub::{Written, intent};
use crate::sandbox::wire::{self, Viewer};
use crate::sandbox::world::{Member, Overwrite, Role};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

impl State {
    /// Tells everybody what a channel looks like now.
    pub fn tell_channel_update(&mut self, channel: u64) {
        self.tell_channel("CHANNEL_UPDATE", channel, intent::GUILDS, |world, viewer| {
            world
                .channels
                .get(&channel)
                .map_or(Value::Null, |channel| wire::channel(world, channel, viewer))
        });
    }

    /// Sets a role's or member's overwrite in a channel; one without effect is removed.
    pub fn set_overwrite(&mut self, channel: u64, overwrite: Overwrite) {
        let Some(target) = self.world.channels.get_mut(&channel) else {
            return;
        };
        target.overwrites.retain(|one| one.id != overwrite.id || one.member != overwrite.member);
        if overwrite.allow | overwrite.deny != 0 {
            target.overwrites.push(overwrite);
        }
        // Those who lose sight of the channel get no update, as on Discord.
        self.tell_channel_update(channel);
    }

    /// Sets the rights of a role.
    pub fn set_role(&mut self, guild: u64, role: u64, permissions: u64) {
        let Some(changed) =
            self.world.guilds.get_mut(&guild).and_then(|guild| guild.roles.get_mut(&role))
        else {
            return;
        };
        changed.permissions = permissions;
        let event = json!({"guild_id": wire::id(guild), "role": wire::role(changed)});
        self.tell("GUILD_ROLE_UPDATE", &Audience::Guild(guild, intent::GUILDS), &event);
    }

    /// Adds a role above @everyone, without rights.
    pub fn new_role(&mut self, guild: u64, name: &str, now: DateTime<Utc>) -> u64 {
        let id = self.world.ids.next(now);
        let Some(of) = self.world.guilds.get_mut(&guild) else {
            return id;
        };
        let role = Role {
            id,
            name: name.to_owned(),
            permissions: 0,
            position: 1,
            color: 0,
            mentionable: false,
            bot: None,
        };
        let event = json!({"guild_id": wire::id(guild), "role": wire::role(&role)});
        of.roles.insert(id, role);
        self.tell("GUILD_ROLE_CREATE", &Audience::Guild(guild, intent::GUILDS), &event);
        id
    }

    /// Gives a member a role, or takes it away.
    pub fn set_member_role(&mut self, guild: u64, user: u64, role: u64, has: bool) {
        self.change_member(guild, user, |member| {
            member.roles.retain(|one| *one != role);
            if has {
                member.roles.push(role);
            }
        });
    }

    /// Changes a member and tells of it.
    pub fn change_member(&mut self, guild: u64, user: u64, change: impl FnOnce(&mut Member)) {
        let found = self.world.guilds.get_mut(&guild).and_then(|of| of.members.get_mut(&user));
        let Some(member) = found else {
            return;
        };
        change(member);
        let Some(member) = self.world.guilds.get(&guild).and_then(|of| of.members.get(&user))
        else {
            return;
        };
        let mut event = wire::member(&self.world, member);
        event["guild_id"] = wire::id(guild);
        self.tell("GUILD_MEMBER_UPDATE", &Audience::Member(guild, user), &event);
    }

    /// Takes a member, or the bot with its role, out of a guild.
    pub fn remove_member(&mut self, guild: u64, user: u64) {
        let (bot, role) = (user == self.world.bot, self.world.bot_role(guild));
        let Some(of) = self.world.guilds.get_mut(&guild) else {
            return;
        };
        if of.members.remove(&user).is_none() {
            return;
        }
        if bot {
            self.commands.overrides.forget(guild);
            // The bot's sessions are told that the guild is gone; `unavailable` would mean an outage.
            self.tell("GUILD_DELETE", &Audience::Bot, &json!({"id": wire::id(guild)}));
        }
        let event = json!({
            "guild_id": wire::id(guild),
            "user": wire::user_by_id(&self.world, user),
        });
        self.tell("GUILD_MEMBER_REMOVE", &Audience::Guild(guild, intent::GUILD_MEMBERS), &event);
        if let Some(role) = role.filter(|_| bot) {
            if let Some(of) = self.world.guilds.get_mut(&guild) {
                of.roles.remove(&role);
            }
            let event = json!({"guild_id": wire::id(guild), "role_id": wire::id(role)});
            self.tell("GUILD_ROLE_DELETE", &Audience::Guild(guild, intent::GUILDS), &event);
        }
    }

    /// Tells a guild's sessions about a new member; the new member's own get the guild.
    pub fn welcome(&mut self, guild: u64, user: u64) {
        let Some(of) = self.world.guilds.get(&guild) else {
            return;
        };
        let Some(member) = of.members.get(&user) else {
            return;
        };
        let mut event = wire::member(&self.world, member);
        event["guild_id"] = wire::id(guild);
        if user == self.world.bot {
            self.tell_guild(guild);
        }
        self.tell("GUILD_MEMBER_ADD", &Audience::Guild(guild, intent::GUILD_MEMBERS), &event);
    }

    /// Tells the bot all about a guild.
    fn tell_guild(&mut self, guild: u64) {
        let (world, user) = (&self.world, self.world.bot);
        let Some(guild) = world.guilds.get(&guild) else { return };
        for session in self.hub.sessions_mut().filter(|s| s.user == user) {
            let everybody = session.intents & intent::GUILD_PRESENCES != 0;
            let viewer = Viewer { user, content: true };
            let event = wire::guild_create(world, guild, viewer, everybody);
            session.dispatch(&Written::new("GUILD_CREATE", event));
        }
    }

    /// Begins or ends an outage of one guild, for the bot's sessions.
    pub fn set_guild_outage(&mut self, guild: u64, on: bool) {
        if on && self.faults.unavailable.insert(guild) {
            let event = json!({"id": wire::id(guild), "unavailable": true});
            self.tell("GUILD_DELETE", &Audience::Bot, &event);
        } else if !on && self.faults.unavailable.remove(&guild) {
            self.tell_guild(guild);
        }
    }

    /// Deletes a role; those who had it lose it.
    pub fn remove_role(&mut self, guild: u64, role: u64) {
        let Some(of) = self.world.guilds.get_mut(&guild) else { return };
        if of.roles.remove(&role).is_none() {
            return;
        }
        for member in of.members.values_mut() {
            member.roles.retain(|one| *one != role);
        }
        let event = json!({"guild_id": wire::id(guild), "role_id": wire::id(role)});
        self.tell("GUILD_ROLE_DELETE", &Audience::Guild(guild, intent::GUILDS), &event);
    }

    /// Tells everybody about a new channel.
    pub fn tell_new_channel(&mut self, channel: u64) {
        self.tell_channel("CHANNEL_CREATE", channel, intent::GUILDS, |world, viewer| {
            world
                .channels
                .get(&channel)
                .map_or(Value::Null, |channel| wire::channel(world, channel, viewer))
        });
    }
}
