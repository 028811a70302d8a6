//! A member acts: the request is checked as Discord's server does, and the bot is told.

use super::{Interaction, Progress, kind};
use crate::sandbox::commands::check_call;
use crate::sandbox::commands::overrides::Caller;
use crate::sandbox::refused::{Form, Refused, invalid};
use crate::sandbox::state::messages::as_id;
use crate::sandbox::state::{Audience, State};
use crate::sandbox::wire::{self, Viewer};
use crate::sandbox::world::permissions as may;
use crate::sandbox::world::seed::secret;
use crate::sandbox::world::{Channel, Message, message};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Instant;

/// Characters of a nonce.
const MOST_NONCE: usize = 25;

/// What the checks of one type of interaction found out.
struct Checked {
    data: Value,
    reply_kind: u8,
    message: Option<u64>,
    /// Extra keys of the metadata.
    metadata: Map<String, Value>,
}

impl State {
    /// Takes `POST /interactions` of a member; returns the interaction's id.
    ///
    /// # Errors
    /// What Discord refuses a client: unknown things, missing rights, values that do not fit.
    pub fn begin_interaction(&mut self, user: u64, body: &Value) -> Result<u64, Refused> {
        if user == self.world.bot {
            return Err(Refused::new(403, 20001, "Bots cannot use this endpoint"));
        }
        let nonce = &body["nonce"];
        if nonce.is_array()
            || nonce.is_object()
            || nonce.as_str().is_some_and(|nonce| nonce.len() > MOST_NONCE)
        {
            return Err(invalid("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length."));
        }
        if as_id(&body["application_id"]) != Some(self.world.bot) {
            return Err(Refused::unknown_application());
        }
        let session = body["session_id"].as_str().unwrap_or_default().to_owned();
        if self.hub.session(&session).is_none_or(|s| s.user != user) {
            return Err(invalid(
                "session_id",
                "SESSION_INVALID",
                "Not a gateway session of this member",
            ));
        }
        let channel_id = as_id(&body["channel_id"]).ok_or_else(Refused::unknown_channel)?;
        let channel = self.world.channels.get(&channel_id).ok_or_else(Refused::unknown_channel)?;
        let rights = self.world.permissions(channel, user);
        if rights & may::VIEW_CHANNEL == 0 {
            return Err(Refused::missing_access());
        }
        let guild = channel.guild;
        if as_id(&body["guild_id"]) != guild {
            return Err(invalid("guild_id", "GUILD_MISMATCH", "Not the guild of this channel"));
        }
        if guild.is_some_and(|guild| !self.world.is_member(guild, self.world.bot)) {
            return Err(Refused::unknown_application());
        }
        let thread = channel.thread.as_ref();
        if thread.is_some_and(|thread| thread.locked) {
            // Nobody can use components or commands in a locked thread, not even an administrator.
            return Err(Refused::thread_archived());
        }
        let kind = body["type"].as_u64().unwrap_or(0);
        let data = &body["data"];
        let checked = match kind {
            kind::COMMAND | kind::AUTOCOMPLETE => {
                if thread.is_some_and(|thread| thread.archived) {
                    return Err(Refused::thread_archived());
                }
                self.check_command(user, channel, rights, data, kind == kind::AUTOCOMPLETE)?
            }
            kind::COMPONENT => self.check_component(user, channel, body)?,
            kind::MODAL => self.check_modal(user, channel_id, data)?,
            _ => {
                return Err(invalid(
                    "type",
                    "BASE_TYPE_CHOICES",
                    "Value must be one of (2, 3, 4, 5).",
                ));
            }
        };
        Ok(self.open_interaction(user, session, channel_id, kind, checked, &body["nonce"]))
    }

    fn open_interaction(
        &mut self,
        user: u64,
        session: String,
        channel_id: u64,
        kind: u64,
        checked: Checked,
        nonce: &Value,
    ) -> u64 {
        let id = self.new_id();
        let token = secret::<60>();
        let guild = self.world.channels.get(&channel_id).and_then(|c| c.guild);
        // For a guild its id, for a direct message "0" (Discord documentation,
        // "Authorizing integration owners").
        let owners = json!({"0": wire::id(guild.unwrap_or(0))});
        let mut metadata = json!({
            "id": wire::id(id),
            "type": kind,
            "user": wire::user_by_id(&self.world, user),
            "authorizing_integration_owners": owners,
        });
        for (key, value) in checked.metadata {
            metadata[key] = value;
        }
        let payload =
            self.payload(id, &token, user, channel_id, kind, &checked.data, checked.message);
        self.interactions.remember(Interaction {
            id,
            token,
            kind,
            reply_kind: checked.reply_kind,
            user,
            session: session.clone(),
            nonce: nonce.clone(),
            channel: channel_id,
            guild,
            message: checked.message,
            born: Instant::now(),
            answered_after: None,
            progress: Progress::Waiting,
            original: None,
            followups: BTreeSet::new(),
            metadata,
        });
        self.tell(
            "INTERACTION_CREATE",
            &Audience::Session(&session),
            &json!({"id": wire::id(id), "nonce": nonce}),
        );
        self.tell("INTERACTION_CREATE", &Audience::Bot, &payload);
        if self.faults.twice > 0 {
            self.faults.twice -= 1;
            self.tell("INTERACTION_CREATE", &Audience::Bot, &payload);
        }
        id
    }

    fn check_command(
        &self,
        user: u64,
        channel: &Channel,
        rights: u64,
        data: &Value,
        typing: bool,
    ) -> Result<Checked, Refused> {
        let command = as_id(&data["id"])
            .and_then(|id| self.commands.callable(channel.guild, id))
            .ok_or_else(Refused::unknown_command)?;
        if data["name"] != command["name"] {
            return Err(Refused::unknown_command());
        }
        if rights & may::USE_APPLICATION_COMMANDS == 0 {
            return Err(Refused::missing_permissions());
        }
        if !self.may_call(user, channel, rights, command) {
            return Err(Refused::missing_permissions());
        }
        let context = u64::from(channel.guild.is_none());
        let elsewhere = command["contexts"]
            .as_array()
            .is_some_and(|contexts| !contexts.iter().any(|one| *one == context));
        if elsewhere || (channel.guild.is_none() && command["dm_permission"] == false) {
            return Err(Refused::unknown_command());
        }
        let kind = command["type"].as_u64().unwrap_or(1);
        let mut out = json!({"id": command["id"], "name": command["name"], "type": kind});
        if command.get("guild_id").is_some() {
            out["guild_id"] = command["guild_id"].clone();
        }
        let mut metadata = Map::new();
        let mut resolved = json!({});
        match kind {
            1 => {
                check_call(command, &data["options"], typing)?;
                self.resolve_options(channel, &data["options"], &mut resolved);
                out["options"] = match &data["options"] {
                    Value::Array(options) => json!(with_empty_options(options)),
                    _ => json!([]),
                };
            }
            2 => {
                let target = as_id(&data["target_id"]).ok_or_else(Refused::unknown_user)?;
                self.resolve_user(channel, target, &mut resolved);
                metadata.insert("target_user".to_owned(), wire::user_by_id(&self.world, target));
                out["target_id"] = wire::id(target);
            }
            _ => {
                let target = as_id(&data["target_id"]).ok_or_else(Refused::unknown_message)?;
                if self.world.permissions(channel, user) & may::READ_MESSAGE_HISTORY == 0 {
                    return Err(Refused::missing_access());
                }
                let message =
                    self.world.message(channel.id, target).ok_or_else(Refused::unknown_message)?;
                // What a member hands over through a menu is readable without the content intent.
                let viewer = Viewer { user: self.world.bot, content: true };
                resolved["messages"] =
                    json!({target.to_string(): wire::message(&self.world, message, viewer)});
                metadata.insert("target_message_id".to_owned(), wire::id(target));
                out["target_id"] = wire::id(target);
            }
        }
        if resolved.as_object().is_some_and(|map| !map.is_empty()) {
            out["resolved"] = resolved;
        }
        Ok(Checked {
            data: out,
            reply_kind: if kind == 1 { message::COMMAND } else { message::CONTEXT_COMMAND },
            message: None,
            metadata,
        })
    }

    /// Whether a guild lets a member use a command in a channel.
    fn may_call(&self, user: u64, channel: &Channel, rights: u64, command: &Value) -> bool {
        let needed = command["default_member_permissions"]
            .as_str()
            .and_then(|bits| bits.parse::<u64>().ok());
        // Administrators may use everything.
        let (Some(guild), false) = (channel.guild, rights == may::ALL) else { return true };
        let members = self.world.guilds.get(&guild).map(|guild| &guild.members);
        let caller = Caller {
            guild,
            user,
            roles: members.and_then(|all| all.get(&user)).map_or(&[], |member| &member.roles),
            channel: channel.thread.as_ref().and(channel.parent).unwrap_or(channel.id),
            // "0" hides a command from everybody else.
            by_default: needed.is_none_or(|needed| needed != 0 && rights & needed == needed),
        };
        let command = as_id(&command["id"]).unwrap_or(0);
        self.commands.overrides.allow(&caller, self.world.bot, command)
    }

    fn check_component(
        &self,
        user: u64,
        channel: &Channel,
        body: &Value,
    ) -> Result<Checked, Refused> {
        let message_id = as_id(&body["message_id"]).ok_or_else(Refused::unknown_message)?;
        let source: &Message = match self.world.private.get(&message_id) {
            Some(private) if private.audience.as_ref().is_some_and(|(who, _)| *who == user) => {
                private
            }
            Some(_) => return Err(Refused::unknown_message()),
            None => {
                self.world.message(channel.id, message_id).ok_or_else(Refused::unknown_message)?
            }
        };
        if source.author != self.world.bot || source.channel != channel.id {
            return Err(Refused::unknown_message());
        }
        let data = &body["data"];
        let component = source
            .components
            .iter()
            .filter_map(|row| row["components"].as_array())
            .flatten()
            .find(|one| one["custom_id"].is_string() && one["custom_id"] == data["custom_id"])
            .filter(|one| one["type"] == data["component_type"] && one["disabled"] != true)
            .ok_or_else(|| {
                invalid("data", "COMPONENT_VALIDATION_FAILED", "Component validation failed")
            })?;
        let mut out = json!({
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
        });
        if component["type"] != 2 {
            let values = data["values"].as_array().cloned().unwrap_or_default();
            let between = component["min_values"].as_u64().unwrap_or(1)
                ..=component["max_values"].as_u64().unwrap_or(1);
            let offered = component["options"].as_array();
            let known = values.iter().all(|value| {
                offered.is_none_or(|options| options.iter().any(|o| o["value"] == *value))
            });
            let distinct: BTreeSet<String> = values.iter().map(Value::to_string).collect();
            if !between.contains(&(values.len() as u64)) || !known || distinct.len() != values.len()
            {
                return Err(invalid(
                    "data.values",
                    "COMPONENT_VALIDATION_FAILED",
                    "Component validation failed",
                ));
            }
            if offered.is_none() {
                let mut resolved = json!({});
                for id in values.iter().filter_map(as_id) {
                    self.resolve(channel, id, &mut resolved);
                }
                out["resolved"] = resolved;
            }
            out["values"] = values.into();
        }
        Ok(Checked {
            data: out,
            reply_kind: message::REPLY,
            message: Some(message_id),
            metadata: Map::from_iter([("interacted_message_id".to_owned(), wire::id(message_id))]),
        })
    }

    fn check_modal(&self, user: u64, channel: u64, data: &Value) -> Result<Checked, Refused> {
        let modal = as_id(&data["id"])
            .and_then(|id| self.interactions.modals.get(&id))
            .filter(|modal| {
                modal.user == user
                    && modal.channel == channel
                    && data["custom_id"] == modal.custom_id
            })
            .ok_or_else(Refused::unknown_interaction)?;
        let mut form = Form::default();
        let mut rows = Vec::new();
        let given: Vec<&Value> = data["components"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["components"].as_array())
            .flatten()
            .collect();
        for (index, row) in modal.components.as_array().into_iter().flatten().enumerate() {
            let asked = &row["components"][0];
            let value = given
                .iter()
                .find(|one| one["custom_id"] == asked["custom_id"])
                .and_then(|one| one["value"].as_str())
                .unwrap_or("");
            let path = format!("data.components.{index}.components.0.value");
            let most = asked["max_length"].as_u64().unwrap_or(4000) as usize;
            let least = asked["min_length"].as_u64().unwrap_or(0) as usize;
            let least = if asked["required"] != false { least.max(1) } else { least };
            if !value.is_empty() || asked["required"] != false {
                form.length(&path, value, least, most);
            }
            rows.push(json!({
                "type": 1,
                "id": 2 * index + 1,
                "components": [{"type": 4, "id": 2 * index + 2, "custom_id": asked["custom_id"], "value": value}],
            }));
        }
        form.finish()?;
        Ok(Checked {
            data: json!({"custom_id": modal.custom_id, "components": rows}),
            reply_kind: message::DEFAULT,
            message: modal.message,
            metadata: Map::from_iter([(
                "triggering_interaction_metadata".to_owned(),
                modal.metadata.clone(),
            )]),
        })
    }
}

/// Sub-commands and their groups always carry a list of options on the wire, also an empty one.
fn with_empty_options(options: &[Value]) -> Vec<Value> {
    let mut options = options.to_vec();
    for option in &mut options {
        if matches!(option["type"].as_u64(), Some(1 | 2)) {
            let below = option["options"].as_array().cloned().unwrap_or_default();
            option["options"] = json!(with_empty_options(&below));
        }
    }
    options
}
