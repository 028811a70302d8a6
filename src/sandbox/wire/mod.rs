//! The JSON Discord's clients read, written from what the world remembers.
//!
//! Ids are strings, instants ISO 8601, permissions decimal strings, flags numbers.

mod messages;

pub use messages::{emoji, message, message_event};

use super::snowflake::iso;
use super::world::{Channel, Guild, Member, Role, User, World, kind};
use serde_json::{Value, json};

/// For whom JSON is written.
#[derive(Clone, Copy)]
pub struct Viewer {
    /// 0 for the sandbox itself.
    pub user: u64,
    /// Whether it may read the text of messages that don't concern it.
    pub content: bool,
}

impl Viewer {
    /// Sees everything: for assertions and transcripts.
    pub const ALL: Self = Self { user: 0, content: true };
}

/// An id as JSON.
pub fn id(id: u64) -> Value {
    Value::String(id.to_string())
}

/// A list of ids as JSON.
pub fn ids(list: &[u64]) -> Value {
    list.iter().map(|one| id(*one)).collect()
}

/// A user as everybody sees it.
pub fn user(user: &User) -> Value {
    json!({
        "id": id(user.id),
        "username": user.username,
        "global_name": user.display,
        "discriminator": if user.bot { "4071" } else { "0" },
        "avatar": null,
        "banner": null,
        "accent_color": null,
        "avatar_decoration_data": null,
        "collectibles": null,
        "primary_guild": null,
        "bot": user.bot,
        "system": false,
        "flags": 0,
        "public_flags": 0,
    })
}

/// A user as itself sees it.
pub fn own_user(me: &User) -> Value {
    let mut json = user(me);
    json["mfa_enabled"] = true.into();
    json["verified"] = true.into();
    json["email"] = Value::Null;
    json["locale"] = "en-US".into();
    json["premium_type"] = 0.into();
    json
}

/// The user with this id, or a placeholder as for a deleted account.
pub fn user_by_id(world: &World, user_id: u64) -> Value {
    world.users.get(&user_id).map_or_else(
        || json!({"id": id(user_id), "username": "Deleted User", "global_name": null, "discriminator": "0",
                  "avatar": null, "flags": 0, "public_flags": 0, "primary_guild": null}),
        user,
    )
}

/// A member without its user, as messages carry it.
pub fn partial_member(member: &Member) -> Value {
    json!({
        "roles": ids(&member.roles),
        "nick": member.nick,
        "joined_at": iso(member.joined),
        "avatar": null,
        "banner": null,
        "premium_since": null,
        "communication_disabled_until": null,
        "flags": 0,
        "pending": false,
        "mute": false,
        "deaf": false,
    })
}

/// A member with its user.
pub fn member(world: &World, member: &Member) -> Value {
    let mut json = partial_member(member);
    json["user"] = user_by_id(world, member.user);
    json
}

/// A role.
pub fn role(role: &Role) -> Value {
    let mut json = json!({
        "id": id(role.id),
        "name": role.name,
        "description": null,
        "permissions": role.permissions.to_string(),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": null, "tertiary_color": null},
        "hoist": false,
        "managed": role.bot.is_some(),
        "mentionable": role.mentionable,
        "icon": null,
        "unicode_emoji": null,
        "flags": 0,
    });
    if let Some(bot) = role.bot {
        json["tags"] = json!({"bot_id": id(bot)});
    }
    json
}

/// A channel, thread or direct message.
pub fn channel(world: &World, channel: &Channel, viewer: Viewer) -> Value {
    let Some(guild) = channel.guild else {
        let others: Vec<Value> = channel
            .recipients
            .iter()
            .filter(|user| **user != viewer.user)
            .map(|user| user_by_id(world, *user))
            .collect();
        return json!({
            "id": id(channel.id),
            "type": channel.kind,
            "flags": 0,
            "last_message_id": channel.last_message.map(id),
            "last_pin_timestamp": channel.last_pin.map(iso),
            "recipients": others,
        });
    };
    let mut json = json!({
        "id": id(channel.id),
        "type": channel.kind,
        "guild_id": id(guild),
        "name": channel.name,
        "parent_id": channel.parent.map(id),
        "flags": 0,
        "last_message_id": channel.last_message.map(id),
        "last_pin_timestamp": channel.last_pin.map(iso),
        "rate_limit_per_user": channel.slowmode,
    });
    if let Some(thread) = &channel.thread {
        json["owner_id"] = id(thread.owner);
        json["message_count"] = thread.message_count.into();
        json["total_message_sent"] = thread.total_sent.into();
        // Discord stops counting members at 50.
        json["member_count"] = thread.members.len().min(50).into();
        json["thread_metadata"] = json!({
            "archived": thread.archived,
            "locked": thread.locked,
            "auto_archive_duration": thread.auto_archive,
            "archive_timestamp": iso(thread.archive_changed),
            "create_timestamp": iso(thread.created),
        });
        if let Some(joined) = thread.members.get(&viewer.user) {
            json["member"] = json!({
                "id": id(channel.id),
                "user_id": id(viewer.user),
                "join_timestamp": iso(*joined),
                "flags": 1,
            });
        }
        return json;
    }
    json["position"] = channel.position.into();
    json["nsfw"] = false.into();
    json["topic"] = channel.topic.clone().into();
    json["permission_overwrites"] = channel
        .overwrites
        .iter()
        .map(|overwrite| {
            json!({
                "id": id(overwrite.id),
                "type": u8::from(overwrite.member),
                "allow": overwrite.allow.to_string(),
                "deny": overwrite.deny.to_string(),
            })
        })
        .collect();
    match channel.kind {
        kind::VOICE => {
            json["bitrate"] = 64_000.into();
            json["user_limit"] = 0.into();
            json["rtc_region"] = Value::Null;
        }
        kind::FORUM => {
            json["available_tags"] = json!([]);
            json["default_reaction_emoji"] = Value::Null;
            json["default_sort_order"] = Value::Null;
            json["default_forum_layout"] = 0.into();
        }
        _ => {}
    }
    json
}

/// A guild as REST gives it.
pub fn guild(guild: &Guild) -> Value {
    json!({
        "id": id(guild.id),
        "name": guild.name,
        "icon": null,
        "description": null,
        "home_header": null,
        "splash": null,
        "discovery_splash": null,
        "features": ["COMMUNITY"],
        "banner": null,
        "owner_id": id(guild.owner),
        "application_id": null,
        "region": "us-east",
        "afk_channel_id": null,
        "afk_timeout": 300,
        "system_channel_id": null,
        "system_channel_flags": 0,
        "widget_enabled": false,
        "widget_channel_id": null,
        "verification_level": 1,
        "roles": guild.roles.values().map(role).collect::<Vec<_>>(),
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 2,
        "max_presences": null,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": null,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": null,
        "safety_alerts_channel_id": null,
        "public_updates_channel_id": null,
        "premium_progress_bar_enabled": false,
        "nsfw": false,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": null,
    })
}

/// A guild as GUILD_CREATE gives it to one session. A bot without the presence intent is told of no
/// member but itself (Discord documentation, events, "Gateway events", Guild Create).
pub fn guild_create(world: &World, of: &Guild, viewer: Viewer, everybody: bool) -> Value {
    let mut json = guild(of);
    let mine = |c: &&Channel| c.guild == Some(of.id);
    let channels = world.channels.values().filter(mine);
    let threads = world.channels.values().filter(mine);
    json["joined_at"] = of.members.get(&viewer.user).map(|member| iso(member.joined)).into();
    json["large"] = false.into();
    json["unavailable"] = false.into();
    json["member_count"] = of.members.len().into();
    json["members"] = of
        .members
        .values()
        .filter(|one| everybody || one.user == viewer.user)
        .map(|one| member(world, one))
        .collect();
    json["channels"] =
        channels.filter(|c| c.thread.is_none()).map(|c| channel(world, c, viewer)).collect();
    json["threads"] = threads
        .filter(|c| c.thread.as_ref().is_some_and(|thread| !thread.archived))
        .filter(|c| world.sees(c, viewer.user))
        .map(|c| channel(world, c, viewer))
        .collect();
    for empty in [
        "voice_states",
        "presences",
        "stage_instances",
        "guild_scheduled_events",
        "soundboard_sounds",
    ] {
        json[empty] = json!([]);
    }
    json
}

/// The application, as its bot sees it.
pub fn application(world: &World, content_intent: bool) -> Value {
    let owner =
        world.guilds.values().next().map_or(Value::Null, |guild| user_by_id(world, guild.owner));
    json!({
        "id": id(world.bot),
        "name": "Studyhall",
        "icon": null,
        "description": "",
        "type": null,
        "bot": user_by_id(world, world.bot),
        "bot_public": false,
        "bot_require_code_grant": false,
        "verify_key": "0".repeat(64),
        "flags": application_flags(content_intent),
        "flags_new": application_flags(content_intent).to_string(),
        "redirect_uris": [],
        "interactions_endpoint_url": null,
        "role_connections_verification_url": null,
        "owner": owner,
        "team": null,
        "approximate_guild_count": world.guilds.len(),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}},
        "rpc_origins": [],
    })
}

/// The application's flags: presence and members always granted (limited), content if allowed.
pub fn application_flags(content_intent: bool) -> u64 {
    (1 << 13) | (1 << 15) | if content_intent { 1 << 19 } else { 0 }
}
