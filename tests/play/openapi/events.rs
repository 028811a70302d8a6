//! The objects inside the gateway's events. The description is of REST alone; what an event carries is
//! the same objects, with a few keys more or less, which Discord's documentation tells (events, "Gateway
//! events"; interactions, "Receiving and responding").

use super::description::{Description, Wrong};
use serde_json::{Map, Value, json};

/// What an event has besides an object of the description, or in place of one: keys that must be
/// there, and keys that may.
type Keys = (&'static str, &'static [&'static str], &'static [&'static str]);

const KEYS: &[Keys] = &[
    (
        "READY",
        &["v", "user", "guilds", "session_id", "resume_gateway_url", "application"],
        &[
            "shard",
            "_trace",
            "private_channels",
            "relationships",
            "user_settings",
            "presences",
            "session_type",
            "geo_ordered_rtc_regions",
            "auth",
            "guild_join_requests",
            "game_relationships",
        ],
    ),
    ("RESUMED", &[], &["_trace"]),
    ("GUILD_DELETE", &["id"], &["unavailable"]),
    ("GUILD_MEMBER_REMOVE", &["guild_id", "user"], &[]),
    ("GUILD_ROLE_CREATE", &["guild_id", "role"], &[]),
    ("GUILD_ROLE_UPDATE", &["guild_id", "role"], &[]),
    ("GUILD_ROLE_DELETE", &["guild_id", "role_id"], &[]),
    ("CHANNEL_PINS_UPDATE", &["channel_id"], &["guild_id", "last_pin_timestamp"]),
    ("THREAD_DELETE", &["id", "guild_id", "parent_id", "type"], &[]),
    ("MESSAGE_DELETE", &["id", "channel_id"], &["guild_id"]),
    (
        "MESSAGE_REACTION_ADD",
        &["user_id", "channel_id", "message_id", "emoji", "burst", "type"],
        &["guild_id", "member", "message_author_id", "burst_colors"],
    ),
    (
        "MESSAGE_REACTION_REMOVE",
        &["user_id", "channel_id", "message_id", "emoji", "burst", "type"],
        &["guild_id"],
    ),
    ("TYPING_START", &["channel_id", "user_id", "timestamp"], &["guild_id", "member"]),
    (
        "INTERACTION_CREATE",
        &[
            "id",
            "application_id",
            "type",
            "data",
            "token",
            "version",
            "entitlements",
            "authorizing_integration_owners",
            "context",
            "app_permissions",
            "channel_id",
            "channel",
        ],
        &[
            "guild",
            "guild_id",
            "member",
            "user",
            "message",
            "locale",
            "guild_locale",
            "attachment_size_limit",
        ],
    ),
];

/// What is wrong with an event, and the schemas that its parts were compared with.
pub fn check(
    description: &Description,
    kind: &str,
    data: &Value,
) -> (Vec<Wrong>, Vec<&'static str>) {
    let mut look = Look { description, wrong: Vec::new(), schemas: Vec::new() };
    look.event(kind, data);
    (look.wrong, look.schemas)
}

struct Look<'a> {
    description: &'a Description,
    wrong: Vec<Wrong>,
    schemas: Vec<&'static str>,
}

impl Look<'_> {
    fn event(&mut self, kind: &str, data: &Value) {
        let guild = data["guild_id"].clone();
        match kind {
            "MESSAGE_CREATE" | "MESSAGE_UPDATE" => self.message("", data),
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE" => self.channel("", data),
            "THREAD_CREATE" | "THREAD_UPDATE" => {
                // Besides: whether it was made just now.
                self.object("", "ThreadResponse", without(data, &["newly_created"]));
            }
            "GUILD_CREATE" => self.guild(data),
            "APPLICATION_COMMAND_PERMISSIONS_UPDATE" => {
                self.object("", "CommandPermissionsResponse", data.clone());
            }
            "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => {
                self.id("/guild_id", &guild);
                self.object("", "GuildMemberResponse", without(data, &["guild_id"]));
            }
            _ => self.keys(kind, data),
        }
        for (key, schema) in
            [("role", "GuildRoleResponse"), ("emoji", "MessageReactionEmojiResponse")]
        {
            if data[key].is_object() {
                self.object(&format!("/{key}"), schema, data[key].clone());
            }
        }
        match kind {
            "GUILD_MEMBER_REMOVE" => self.object("/user", "UserResponse", data["user"].clone()),
            "READY" => {
                // Besides, as the bot's own: what `GET /users/@me` tells.
                let own = ["verified", "mfa_enabled", "email", "locale", "premium_type", "bio"];
                self.object("/user", "UserResponse", without(&data["user"], &own));
            }
            "MESSAGE_REACTION_ADD" | "TYPING_START" if data["member"].is_object() => {
                self.object("/member", "GuildMemberResponse", data["member"].clone());
            }
            "INTERACTION_CREATE" => self.interaction(data),
            _ => {}
        }
    }

    fn object(&mut self, at: &str, schema: &'static str, object: Value) {
        self.schemas.push(schema);
        let found = self.description.object_violations(schema, &object);
        self.wrong.extend(found.into_iter().map(|(place, told)| (format!("{at}{place}"), told)));
    }

    fn id(&mut self, at: &str, value: &Value) {
        if value.as_str().is_none_or(|text| text.parse::<u64>().is_err()) {
            self.wrong.push((at.to_owned(), format!("{value} is no id")));
        }
    }

    fn keys(&mut self, kind: &str, data: &Value) {
        let Some((_, needed, allowed)) = KEYS.iter().find(|(name, _, _)| *name == kind) else {
            self.wrong.push((String::new(), "nothing tells what this event has".to_owned()));
            return;
        };
        for key in needed.iter().filter(|key| data.get(**key).is_none()) {
            self.wrong.push((format!("/{key}"), "is missing".to_owned()));
        }
        for key in data.as_object().into_iter().flat_map(Map::keys) {
            if !needed.contains(&key.as_str()) && !allowed.contains(&key.as_str()) {
                self.wrong.push((format!("/{key}"), "Discord does not know this key".to_owned()));
            }
            if key == "id" || key.ends_with("_id") && !data[key].is_null() {
                let is_session = key == "session_id";
                if !is_session {
                    self.id(&format!("/{key}"), &data[key]);
                }
            }
        }
    }

    /// Besides what REST has: the guild, and the author's membership without the user.
    fn message(&mut self, at: &str, data: &Value) {
        if let Some(guild) = data.get("guild_id") {
            self.id(&format!("{at}/guild_id"), guild);
        }
        if data["member"].is_object() {
            let mut member = data["member"].clone();
            member["user"] = data["author"].clone();
            self.object(&format!("{at}/member"), "GuildMemberResponse", member);
        }
        let mut message = without(data, &["guild_id", "member"]);
        for mentioned in message["mentions"].as_array_mut().into_iter().flatten() {
            *mentioned = without(mentioned, &["member"]);
        }
        self.object(at, "MessageResponse", message);
    }

    fn channel(&mut self, at: &str, data: &Value) {
        let schema = match data["type"].as_u64() {
            Some(1) => "PrivateChannelResponse",
            Some(10..=12) => "ThreadResponse",
            _ => "GuildChannelResponse",
        };
        self.object(at, schema, data.clone());
    }

    fn guild(&mut self, data: &Value) {
        let more = [
            "joined_at",
            "large",
            "unavailable",
            "member_count",
            "voice_states",
            "members",
            "channels",
            "threads",
            "presences",
            "stage_instances",
            "guild_scheduled_events",
            "soundboard_sounds",
        ];
        for key in more {
            if data.get(key).is_none() && key != "unavailable" {
                self.wrong.push((format!("/{key}"), "is missing".to_owned()));
            }
        }
        self.object("", "GuildResponse", without(data, &more));
        let list = |key: &str| data[key].as_array().cloned().unwrap_or_default();
        for (place, member) in list("members").into_iter().enumerate() {
            self.object(&format!("/members/{place}"), "GuildMemberResponse", member);
        }
        for key in ["channels", "threads"] {
            for (place, mut channel) in list(key).into_iter().enumerate() {
                // Inside of its guild a channel need not name it.
                channel["guild_id"] = data["id"].clone();
                self.channel(&format!("/{key}/{place}"), &channel);
            }
        }
    }

    fn interaction(&mut self, data: &Value) {
        if data["message"].is_object() {
            self.message("/message", &data["message"]);
        }
        if data["member"].is_object() {
            let member = without(&data["member"], &["permissions"]);
            self.object("/member", "GuildMemberResponse", member);
            if !data["member"]["permissions"].is_string() {
                self.wrong.push(("/member/permissions".to_owned(), "is missing".to_owned()));
            }
        }
        if data["user"].is_object() {
            self.object("/user", "UserResponse", data["user"].clone());
        }
        let known: &[&str] = match data["type"].as_u64() {
            Some(2 | 4) => &["id", "name", "type", "resolved", "options", "guild_id", "target_id"],
            Some(3) => &["custom_id", "component_type", "values", "resolved", "id"],
            _ => &["custom_id", "components", "resolved", "id"],
        };
        for key in data["data"].as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                let at = format!("/data/{key}");
                self.wrong.push((at, "Discord does not know this key".to_owned()));
            }
        }
        let resolved = &data["data"]["resolved"];
        for (key, each) in resolved.as_object().into_iter().flatten() {
            for (id, found) in each.as_object().into_iter().flatten() {
                let at = format!("/data/resolved/{key}/{id}");
                match key.as_str() {
                    "users" => self.object(&at, "UserResponse", found.clone()),
                    "roles" => self.object(&at, "GuildRoleResponse", found.clone()),
                    "messages" => self.message(&at, found),
                    "members" => {
                        // Partial: the user stands under `users`; `deaf` and `mute` are left out.
                        let mut member = without(found, &["permissions"]);
                        member["user"] = resolved["users"][id].clone();
                        (member["deaf"], member["mute"]) = (json!(false), json!(false));
                        self.object(&at, "GuildMemberResponse", member);
                    }
                    "channels" => {
                        for needed in ["id", "name", "type", "permissions"] {
                            if found.get(needed).is_none() {
                                self.wrong
                                    .push((format!("{at}/{needed}"), "is missing".to_owned()));
                            }
                        }
                    }
                    "attachments" => self.object(&at, "MessageAttachmentResponse", found.clone()),
                    _ => self.wrong.push((at, "Discord does not know this key".to_owned())),
                }
            }
        }
    }
}

fn without(object: &Value, keys: &[&str]) -> Value {
    let mut object = object.clone();
    if let Some(object) = object.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
    object
}
