//! Messages as JSON.

use super::{Viewer, channel, id, ids, partial_member, user_by_id};
use crate::sandbox::snowflake::{created, iso};
use crate::sandbox::world::{Message, Reaction, World, message};
use serde_json::{Map, Value, json};

/// A message as REST gives it.
pub fn message(world: &World, of: &Message, viewer: Viewer) -> Value {
    let mut json = message_alone(world, of, viewer);
    if let Some(reference) = of.reference {
        let mut pointer = Map::new();
        pointer.insert("type".into(), 0.into());
        pointer.insert("channel_id".into(), id(reference.channel));
        if let Some(message) = reference.message {
            pointer.insert("message_id".into(), id(message));
        }
        if let Some(guild) = reference.guild {
            pointer.insert("guild_id".into(), id(guild));
        }
        json["message_reference"] = Value::Object(pointer);
        if matches!(of.kind, message::REPLY | message::THREAD_STARTER) {
            json["referenced_message"] = reference
                .message
                .and_then(|target| world.message(reference.channel, target))
                .map(|target| {
                    // What it stands for, without what others made of it.
                    let mut target = message_alone(world, target, viewer);
                    target.as_object_mut().map(|target| target.remove("reactions"));
                    target
                })
                .into();
        }
    }
    json
}

/// A message without the one it refers to.
fn message_alone(world: &World, of: &Message, viewer: Viewer) -> Value {
    let direct = world.channels.get(&of.channel).is_some_and(|channel| channel.guild.is_none());
    let readable = viewer.content
        || direct
        || of.author == viewer.user
        || (viewer.user == world.bot && of.addresses_bot);
    let mut json = json!({
        "id": id(of.id),
        "channel_id": id(of.channel),
        "author": user_by_id(world, of.author),
        "type": of.kind,
        "flags": of.flags,
        "content": if readable { of.content.as_str() } else { "" },
        "timestamp": iso(created(of.id)),
        "edited_timestamp": of.edited.map(iso),
        "tts": of.tts,
        "mention_everyone": of.mention_everyone,
        "mentions": of.mentions.iter().map(|user| user_by_id(world, *user)).collect::<Vec<_>>(),
        "mention_roles": ids(&of.mention_roles),
        "attachments": if readable { of.attachments.clone() } else { Vec::new() },
        "embeds": if readable && of.flags & message::SUPPRESS_EMBEDS == 0 { of.embeds.clone() } else { Vec::new() },
        "components": if readable { of.components.clone() } else { Vec::new() },
        "pinned": of.pinned.is_some(),
    });
    if !of.reactions.is_empty() {
        json["reactions"] =
            of.reactions.iter().map(|reaction| reaction_count(reaction, viewer)).collect();
    }
    if let Some(interaction) = &of.interaction {
        // Discord names the application behind an answer; the older `interaction` object is left out
        // because it is deprecated.
        json["interaction_metadata"] = interaction.clone();
        json["application_id"] = id(of.author);
        json["webhook_id"] = id(of.author);
    }
    if matches!(of.kind, message::DEFAULT | message::REPLY)
        && let Some(thread) = world.thread_of(of.id)
    {
        json["thread"] = channel(world, thread, viewer);
    }
    json
}

/// A message as an event carries it: with the guild and the author's membership.
pub fn message_event(world: &World, of: &Message, viewer: Viewer) -> Value {
    let mut json = message(world, of, viewer);
    let guild = world.channels.get(&of.channel).and_then(|channel| channel.guild);
    if let Some(guild) = guild {
        json["guild_id"] = id(guild);
        if let Some(author) =
            world.guilds.get(&guild).and_then(|guild| guild.members.get(&of.author))
        {
            json["member"] = partial_member(author);
        }
    }
    json
}

/// An emoji as reactions carry it.
pub fn emoji(text: &str) -> Value {
    match text.split_once(':') {
        Some((name, custom)) => json!({"id": custom, "name": name}),
        None => json!({"id": null, "name": text}),
    }
}

fn reaction_count(reaction: &Reaction, viewer: Viewer) -> Value {
    json!({
        "emoji": emoji(&reaction.emoji),
        "count": reaction.users.len(),
        "count_details": {"burst": 0, "normal": reaction.users.len()},
        "burst_colors": [],
        "me_burst": false,
        "me": reaction.users.contains(&viewer.user),
    })
}
