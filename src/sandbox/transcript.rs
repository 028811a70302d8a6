//! The whole world as text, for the output of a failed test.

use super::wire;
use super::world::{Channel, Message, World, message};
use serde_json::Value;
use std::fmt::Write as _;

/// Every channel and thread with its messages, then the ephemeral ones.
pub fn transcript(world: &World) -> String {
    let mut text = String::new();
    for channel in world.channels.values().filter(|c| c.thread.is_none()) {
        write_channel(&mut text, world, channel, "");
        let threads = world
            .channels
            .values()
            .filter(|thread| thread.thread.is_some() && thread.parent == Some(channel.id));
        for thread in threads {
            write_channel(&mut text, world, thread, "    ");
        }
    }
    if !world.private.is_empty() {
        text.push_str("== seen by one member only\n");
        for message in world.private.values() {
            let reader = message.audience.as_ref().map_or(0, |(user, _)| *user);
            let _ = writeln!(text, "  (for {} in {})", world.name(reader), message.channel);
            write_message(&mut text, world, message, "  ");
        }
    }
    text
}

// Writing to a string cannot fail, here and below.
fn write_channel(text: &mut String, world: &World, channel: &Channel, indent: &str) {
    let title = match &channel.thread {
        Some(thread) => format!(
            "-- thread {:?}{}{} ({} messages)",
            channel.name,
            if thread.archived { ", archived" } else { "" },
            if thread.locked { ", locked" } else { "" },
            thread.message_count
        ),
        None if channel.guild.is_none() => {
            let names: Vec<&str> = channel.recipients.iter().map(|id| world.name(*id)).collect();
            format!("== direct messages of {}", names.join(" and "))
        }
        None => format!("== #{} (type {})", channel.name, channel.kind),
    };
    let _ = writeln!(text, "{indent}{title} {}", channel.id);
    for message in world.messages.get(&channel.id).into_iter().flat_map(|m| m.values()) {
        write_message(text, world, message, &format!("{indent}  "));
    }
}

fn write_message(text: &mut String, world: &World, of: &Message, indent: &str) {
    let at = super::snowflake::created(of.id).format("%Y-%m-%d %H:%M:%S");
    let mut marks = Vec::new();
    if of.kind != message::DEFAULT {
        marks.push(format!("type {}", of.kind));
    }
    if of.edited.is_some() {
        marks.push("edited".to_owned());
    }
    if of.pinned.is_some() {
        marks.push("pinned".to_owned());
    }
    if of.flags & message::LOADING != 0 {
        marks.push("thinking".to_owned());
    }
    if let Some(target) = of.reference.and_then(|reference| reference.message) {
        marks.push(format!("to {target}"));
    }
    let marks = if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(", ")) };
    let content = of.content.replace('\n', &format!("\n{indent}    "));
    let _ = writeln!(text, "{indent}{at} {} {}{marks}: {content}", of.id, world.name(of.author));
    for embed in &of.embeds {
        write_embed(text, embed, indent);
    }
    for row in &of.components {
        let parts: Vec<String> =
            row["components"].as_array().into_iter().flatten().map(show_component).collect();
        let _ = writeln!(text, "{indent}    {}", parts.join(" "));
    }
    for attachment in &of.attachments {
        let _ = writeln!(text, "{indent}    file {}", attachment["filename"]);
        if let Some(description) = attachment["description"].as_str() {
            let _ = writeln!(text, "{indent}    | {}", description.replace('\n', " "));
        }
    }
    if !of.reactions.is_empty() {
        let reactions: Vec<String> = of
            .reactions
            .iter()
            .map(|reaction| {
                let names: Vec<&str> = reaction.users.iter().map(|id| world.name(*id)).collect();
                format!("{} {}", reaction.emoji, names.join(", "))
            })
            .collect();
        let _ = writeln!(text, "{indent}    {}", reactions.join("; "));
    }
}

fn write_embed(text: &mut String, embed: &Value, indent: &str) {
    let mut line = |name: &str, value: &Value| {
        if let Some(value) = value.as_str() {
            let value = value.replace('\n', &format!("\n{indent}    |   "));
            let _ = writeln!(text, "{indent}    | {name}{value}");
        }
    };
    line("", &embed["author"]["name"]);
    line("# ", &embed["title"]);
    line("", &embed["description"]);
    for field in embed["fields"].as_array().into_iter().flatten() {
        line("## ", &field["name"]);
        line("", &field["value"]);
    }
    line("_ ", &embed["footer"]["text"]);
}

fn show_component(component: &Value) -> String {
    let text = |key: &str| component[key].as_str().unwrap_or_default().to_owned();
    let off = if component["disabled"] == true { " off" } else { "" };
    if component["type"] == 2 {
        let face = if component["label"].is_string() {
            text("label")
        } else {
            component["emoji"]["name"].to_string()
        };
        return format!("[{face}{off} <{}{}>]", text("custom_id"), text("url"));
    }
    let options: Vec<String> = component["options"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| {
            let mark = if option["default"] == true { "*" } else { "" };
            format!(
                "{mark}{}={}",
                option["label"].as_str().unwrap_or(""),
                option["value"].as_str().unwrap_or("")
            )
        })
        .collect();
    format!("<{}{off} <{}>: {}>", text("placeholder"), text("custom_id"), options.join(" | "))
}

/// A channel's messages as JSON, oldest first, as somebody who may read everything gets them.
pub fn messages(world: &World, channel: u64) -> Vec<Value> {
    world
        .messages
        .get(&channel)
        .into_iter()
        .flat_map(|messages| messages.values())
        .map(|message| wire::message(world, message, wire::Viewer::ALL))
        .collect()
}
