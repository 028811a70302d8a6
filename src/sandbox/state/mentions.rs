//! Whom a message mentions.

use super::messages::as_id;
use crate::sandbox::world::permissions as may;
use crate::sandbox::world::{Message, World, message};
use serde_json::Value;

/// Finds whom a message mentions, as far as `allowed` lets it.
pub fn fill_mentions(world: &World, of: &mut Message, allowed: Option<&Value>) {
    let channel = world.channels.get(&of.channel);
    let guild = channel.and_then(|channel| channel.guild);
    let rights = channel.map_or(0, |channel| world.permissions(channel, of.author));
    let parses = |what: &str| {
        allowed.is_none_or(|allowed| {
            allowed["parse"].as_array().is_some_and(|list| list.iter().any(|one| one == what))
        })
    };
    let listed = |what: &str, id: u64| {
        allowed.is_some_and(|allowed| {
            allowed[what]
                .as_array()
                .is_some_and(|list| list.iter().any(|one| as_id(one) == Some(id)))
        })
    };
    of.mentions.clear();
    of.mention_roles.clear();
    of.addresses_bot = false;
    for (prefix, id) in mention_tokens(&of.content) {
        if prefix == "@&" {
            let role = guild.and_then(|guild| world.guilds.get(&guild)?.roles.get(&id));
            let may_ping =
                role.is_some_and(|role| role.mentionable || rights & may::MENTION_EVERYONE != 0);
            if may_ping
                && (parses("roles") || listed("roles", id))
                && !of.mention_roles.contains(&id)
            {
                of.mention_roles.push(id);
            }
        } else if world.users.contains_key(&id)
            && (parses("users") || listed("users", id))
            && !of.mentions.contains(&id)
        {
            of.mentions.push(id);
            of.addresses_bot |= id == world.bot;
        }
    }
    let everyone = of.content.contains("@everyone") || of.content.contains("@here");
    of.mention_everyone = everyone && rights & may::MENTION_EVERYONE != 0 && parses("everyone");
    // Answers to interactions point to a message without pinging its author.
    if of.kind == message::REPLY && of.interaction.is_none() {
        let target =
            of.reference.and_then(|reference| world.message(reference.channel, reference.message?));
        let pings = allowed.is_none_or(|allowed| allowed["replied_user"] == true);
        if let Some(target) = target
            && pings
        {
            if !of.mentions.contains(&target.author) {
                of.mentions.push(target.author);
            }
            // A reply to an answer of a command does not count as addressing the application
            // (discord-api-docs, "You might not need a privileged intent").
            of.addresses_bot |= target.author == world.bot && target.interaction.is_none();
        }
    }
}

/// `<@1>`, `<@!1>` and `<@&1>` in a text, as prefix and id.
fn mention_tokens(text: &str) -> Vec<(&'static str, u64)> {
    text.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .filter_map(|(inner, _)| {
            for prefix in ["@&", "@!", "@"] {
                if let Some(id) = inner.strip_prefix(prefix) {
                    return Some((prefix, id.parse().ok()?));
                }
            }
            None
        })
        .collect()
}
