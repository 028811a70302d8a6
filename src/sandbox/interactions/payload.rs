//! What the bot is told about an interaction.

use crate::sandbox::state::State;
use crate::sandbox::state::messages::as_id;
use crate::sandbox::wire::{self, Viewer};
use crate::sandbox::world::Channel;
use serde_json::{Value, json};

impl State {
    /// What the bot is told.
    #[expect(clippy::too_many_arguments, reason = "a struct would only repeat the parts")]
    pub(super) fn payload(
        &self,
        id: u64,
        token: &str,
        user: u64,
        channel_id: u64,
        kind: u64,
        data: &Value,
        message: Option<u64>,
    ) -> Value {
        let world = &self.world;
        let viewer = Viewer { user: world.bot, content: true };
        let mut payload = json!({
            "id": wire::id(id),
            "application_id": wire::id(world.bot),
            "type": kind,
            "data": data,
            "channel_id": wire::id(channel_id),
            "token": token,
            "version": 1,
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
        });
        if let Some(channel) = world.channels.get(&channel_id) {
            payload["app_permissions"] = world.permissions(channel, world.bot).to_string().into();
            payload["channel"] = wire::channel(world, channel, viewer);
            let rights = world.permissions(channel, user);
            payload["channel"]["permissions"] = rights.to_string().into();
            payload["context"] = u8::from(channel.guild.is_none()).into();
            payload["authorizing_integration_owners"] =
                json!({"0": wire::id(channel.guild.unwrap_or(0))});
            let guild = channel.guild.and_then(|guild| world.guilds.get(&guild));
            match guild.and_then(|guild| Some((guild, guild.members.get(&user)?))) {
                Some((guild, member)) => {
                    payload["guild_id"] = wire::id(guild.id);
                    payload["guild_locale"] = "en-US".into();
                    payload["guild"] = json!({"id": wire::id(guild.id), "locale": "en-US", "features": ["COMMUNITY"]});
                    payload["member"] = wire::member(world, member);
                    payload["member"]["permissions"] = rights.to_string().into();
                }
                None => payload["user"] = wire::user_by_id(world, user),
            }
        }
        let source = message.and_then(|message| {
            world.private.get(&message).or_else(|| world.message(channel_id, message))
        });
        if let Some(source) = source {
            payload["message"] = wire::message(world, source, viewer);
        }
        payload
    }

    pub(super) fn resolve_options(&self, channel: &Channel, options: &Value, resolved: &mut Value) {
        for option in options.as_array().into_iter().flatten() {
            let kind = option["type"].as_u64();
            match (kind, as_id(&option["value"])) {
                (Some(1 | 2), _) => self.resolve_options(channel, &option["options"], resolved),
                (Some(6..=9), Some(id)) => self.resolve(channel, id, resolved),
                _ => {}
            }
        }
    }

    /// Adds whatever has this id: user, channel or role.
    pub(super) fn resolve(&self, channel: &Channel, id: u64, resolved: &mut Value) {
        if self.world.users.contains_key(&id) {
            self.resolve_user(channel, id, resolved);
        }
        if let Some(target) = self.world.channels.get(&id) {
            let viewer = Viewer::ALL;
            let mut json = wire::channel(&self.world, target, viewer);
            // Since July 2026 these are the rights of the bot.
            json["permissions"] = self.world.permissions(target, self.world.bot).to_string().into();
            resolved["channels"][id.to_string()] = json;
        }
        let guild = channel.guild.and_then(|guild| self.world.guilds.get(&guild));
        if let Some(role) = guild.and_then(|guild| guild.roles.get(&id)) {
            resolved["roles"][id.to_string()] = wire::role(role);
        }
    }

    pub(super) fn resolve_user(&self, channel: &Channel, id: u64, resolved: &mut Value) {
        resolved["users"][id.to_string()] = wire::user_by_id(&self.world, id);
        let guild = channel.guild.and_then(|guild| self.world.guilds.get(&guild));
        if let Some(member) = guild.and_then(|guild| guild.members.get(&id)) {
            let mut json = wire::partial_member(member);
            json["permissions"] = self.world.permissions(channel, id).to_string().into();
            resolved["members"][id.to_string()] = json;
        }
    }
}
