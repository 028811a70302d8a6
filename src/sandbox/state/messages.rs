//! Messages: written, edited, deleted, pinned, reacted to; each change told to those it concerns.

use super::{Audience, State};
use crate::sandbox::gateway::hub::intent;
use crate::sandbox::refused::Refused;
use crate::sandbox::rest::Upload;
use crate::sandbox::wire;
use crate::sandbox::world::permissions as may;
use crate::sandbox::world::{Message, Reaction, Reference, World, message};
use serde_json::{Value, json};

/// What a new message is made of, after validation.
#[derive(Default)]
pub struct New {
    pub channel: u64,
    pub author: u64,
    pub kind: u8,
    pub flags: u64,
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Value>,
    pub reference: Option<Reference>,
    pub allowed_mentions: Option<Value>,
    pub interaction: Option<Value>,
    pub audience: Option<(u64, String)>,
    pub tts: bool,
    /// Echoed in the answer and the event, not kept.
    pub nonce: Option<Value>,
}

impl New {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
            && self.embeds.is_empty()
            && self.components.is_empty()
            && self.attachments.is_empty()
    }
}

/// What an edit changes; None leaves a part as it is.
#[derive(Default)]
pub struct Changes {
    pub content: Option<String>,
    pub embeds: Option<Vec<Value>>,
    pub components: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub flags: Option<u64>,
    pub allowed_mentions: Option<Value>,
}

impl State {
    /// Writes a message and tells everybody; returns its id. An ephemeral one goes to its session only.
    pub fn write(&mut self, new: New) -> u64 {
        let id = self.new_id();
        let mut written = Message {
            id,
            channel: new.channel,
            author: new.author,
            kind: new.kind,
            flags: new.flags,
            content: new.content,
            edited: None,
            embeds: new.embeds,
            components: new.components,
            attachments: new.attachments,
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            addresses_bot: false,
            pinned: None,
            reference: new.reference,
            reactions: Vec::new(),
            interaction: new.interaction,
            audience: new.audience,
            tts: new.tts,
        };
        fill_mentions(&self.world, &mut written, new.allowed_mentions.as_ref());
        if let Some((_, session)) = written.audience.clone() {
            let event = wire::message_event(&self.world, &written, wire::Viewer::ALL);
            self.world.private.insert(id, written);
            self.tell("MESSAGE_CREATE", &Audience::Session(&session), &event);
            return id;
        }
        let (channel, author, counted) = (
            written.channel,
            written.author,
            written.kind != message::THREAD_STARTER,
        );
        self.world
            .messages
            .entry(channel)
            .or_default()
            .insert(id, written);
        self.wake_thread(channel, author, counted);
        if let Some(channel) = self.world.channels.get_mut(&channel) {
            channel.last_message = Some(id);
        }
        let nonce = new.nonce;
        self.tell_channel(
            "MESSAGE_CREATE",
            channel,
            self.message_intents(channel),
            |world, viewer| {
                let mut json = world.message(channel, id).map_or(Value::Null, |message| {
                    wire::message_event(world, message, viewer)
                });
                if let Some(nonce) = &nonce {
                    json["nonce"] = nonce.clone();
                }
                json
            },
        );
        id
    }

    /// Changes a message, private or not, and tells everybody. `stamp` sets the time of the edit.
    ///
    /// # Errors
    /// Unknown message.
    pub fn change(
        &mut self,
        channel: u64,
        id: u64,
        changes: Changes,
        stamp: bool,
    ) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut changed = match self.world.private.get(&id) {
            Some(private) => private.clone(),
            None => self
                .world
                .message(channel, id)
                .ok_or_else(Refused::unknown_message)?
                .clone(),
        };
        if let Some(content) = changes.content {
            changed.content = content;
            fill_mentions(&self.world, &mut changed, changes.allowed_mentions.as_ref());
        }
        if let Some(embeds) = changes.embeds {
            changed.embeds = embeds;
        }
        if let Some(components) = changes.components {
            changed.components = components;
        }
        if let Some(attachments) = changes.attachments {
            changed.attachments = attachments;
        }
        if let Some(flags) = changes.flags {
            changed.flags = flags;
        }
        if stamp {
            changed.edited = Some(now);
        }
        if let Some((_, session)) = changed.audience.clone() {
            let event = wire::message_event(&self.world, &changed, wire::Viewer::ALL);
            self.world.private.insert(id, changed);
            self.tell("MESSAGE_UPDATE", &Audience::Session(&session), &event);
            return Ok(());
        }
        if let Some(stored) = self.world.message_mut(channel, id) {
            *stored = changed;
        }
        self.tell_update(channel, id);
        Ok(())
    }

    /// Tells everybody what a message looks like now.
    pub fn tell_update(&mut self, channel: u64, id: u64) {
        if self.world.message(channel, id).is_none() {
            return;
        }
        self.tell_channel(
            "MESSAGE_UPDATE",
            channel,
            self.message_intents(channel),
            |world, viewer| {
                world.message(channel, id).map_or(Value::Null, |message| {
                    wire::message_event(world, message, viewer)
                })
            },
        );
    }

    /// Deletes a message, private or not.
    ///
    /// # Errors
    /// Unknown message.
    pub fn erase(&mut self, channel: u64, id: u64) -> Result<(), Refused> {
        let guild = self.world.channels.get(&channel).and_then(|c| c.guild);
        let mut event = json!({"id": wire::id(id), "channel_id": wire::id(channel)});
        if let Some(guild) = guild {
            event["guild_id"] = wire::id(guild);
        }
        if let Some(private) = self.world.private.remove(&id) {
            if let Some((_, session)) = private.audience {
                self.tell("MESSAGE_DELETE", &Audience::Session(&session), &event);
            }
            return Ok(());
        }
        let gone = self
            .world
            .messages
            .get_mut(&channel)
            .and_then(|messages| messages.remove(&id))
            .ok_or_else(Refused::unknown_message)?;
        if let Some(thread) = self
            .world
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.thread.as_mut())
            && gone.kind != message::THREAD_STARTER
        {
            thread.message_count = thread.message_count.saturating_sub(1);
        }
        let intents = self.message_intents(channel);
        self.tell_channel("MESSAGE_DELETE", channel, intents, |_, _| event.clone());
        Ok(())
    }

    /// Pins a message: the notice in the channel, the update and the event Discord sends.
    ///
    /// # Errors
    /// Unknown message; 30003 at 250 pins.
    pub fn pin(&mut self, channel: u64, id: u64, by: u64) -> Result<(), Refused> {
        let now = self.clock.now();
        let messages = self.world.messages.entry(channel).or_default();
        let pins = messages.values().filter(|m| m.pinned.is_some()).count();
        let pinned = messages.get_mut(&id).ok_or_else(Refused::unknown_message)?;
        if pinned.pinned.is_some() {
            return Ok(());
        }
        if pins >= 250 {
            return Err(Refused::too_many_pins());
        }
        pinned.pinned = Some(now);
        if let Some(channel) = self.world.channels.get_mut(&channel) {
            channel.last_pin = Some(now);
        }
        self.tell_update(channel, id);
        self.tell_pins(channel);
        let guild = self.world.channels.get(&channel).and_then(|c| c.guild);
        self.write(New {
            channel,
            author: by,
            kind: message::PINNED,
            reference: Some(Reference {
                message: Some(id),
                channel,
                guild,
            }),
            ..New::default()
        });
        Ok(())
    }

    /// Takes a pin off.
    ///
    /// # Errors
    /// Unknown message.
    pub fn unpin(&mut self, channel: u64, id: u64) -> Result<(), Refused> {
        let pinned = self
            .world
            .message_mut(channel, id)
            .ok_or_else(Refused::unknown_message)?;
        if pinned.pinned.take().is_some() {
            self.tell_update(channel, id);
            self.tell_pins(channel);
        }
        Ok(())
    }

    /// Refuses an edit that would leave nothing.
    ///
    /// # Errors
    /// 50006; unknown message.
    pub fn refuse_emptied(&self, channel: u64, id: u64, changes: &Changes) -> Result<(), Refused> {
        let old = self
            .world
            .private
            .get(&id)
            .or_else(|| self.world.message(channel, id))
            .ok_or_else(Refused::unknown_message)?;
        let remains = !changes.content.as_ref().unwrap_or(&old.content).is_empty()
            || !changes.embeds.as_ref().unwrap_or(&old.embeds).is_empty()
            || !changes
                .components
                .as_ref()
                .unwrap_or(&old.components)
                .is_empty()
            || !changes
                .attachments
                .as_ref()
                .unwrap_or(&old.attachments)
                .is_empty();
        if remains {
            Ok(())
        } else {
            Err(Refused::empty_message())
        }
    }

    /// The attachments a message has now.
    pub fn attachments_of(&self, channel: u64, id: u64) -> Vec<Value> {
        self.world
            .private
            .get(&id)
            .or_else(|| self.world.message(channel, id))
            .map(|message| message.attachments.clone())
            .unwrap_or_default()
    }

    /// Stores uploads and lists a message's attachments: kept ones and new ones. `listed` is the
    /// body's `attachments`, which names kept ones by id and describes new ones by index. None when
    /// neither says anything.
    pub fn attach(
        &mut self,
        channel: u64,
        listed: Option<&[Value]>,
        uploads: Vec<Upload>,
        old: Option<Vec<Value>>,
    ) -> Option<Vec<Value>> {
        if listed.is_none() && uploads.is_empty() {
            return None;
        }
        let mut attachments = old.unwrap_or_default();
        if let Some(listed) = listed {
            attachments.retain(|one| listed.iter().any(|kept| kept["id"] == one["id"]));
        }
        for upload in uploads {
            let id = self.new_id();
            let described = listed
                .into_iter()
                .flatten()
                .find(|one| as_id(&one["id"]).is_some_and(|index| index == upload.index));
            let filename = described
                .and_then(|one| one["filename"].as_str())
                .unwrap_or(&upload.filename);
            let filename: String = filename
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || "._-".contains(c) {
                        c
                    } else {
                        '_'
                    }
                })
                .collect();
            let url = format!("{}/attachments/{channel}/{id}/{filename}", self.origin);
            let mut attachment = json!({
                "id": wire::id(id),
                "filename": filename,
                "size": upload.bytes.len(),
                "url": url,
                "proxy_url": url,
                "content_type": upload.content_type,
            });
            if let Some(text) = described.and_then(|one| one["description"].as_str()) {
                attachment["description"] = text.into();
            }
            attachments.push(attachment);
            self.world
                .files
                .insert(id, (upload.content_type, upload.bytes));
        }
        Some(attachments)
    }

    fn tell_pins(&mut self, channel: u64) {
        self.tell_channel("CHANNEL_PINS_UPDATE", channel, intent::GUILDS, |world, _| {
            let target = world.channels.get(&channel);
            json!({
                "channel_id": wire::id(channel),
                "guild_id": target.and_then(|c| c.guild).map(wire::id),
                "last_pin_timestamp": target.and_then(|c| c.last_pin).map(crate::sandbox::snowflake::iso),
            })
        });
    }

    /// Adds a reaction.
    ///
    /// # Errors
    /// Unknown message; 30010 at 20 different emojis.
    pub fn react(&mut self, channel: u64, id: u64, user: u64, emoji: &str) -> Result<(), Refused> {
        let reacted = self
            .world
            .message_mut(channel, id)
            .ok_or_else(Refused::unknown_message)?;
        let author = reacted.author;
        let full = reacted.reactions.len() >= 20;
        match reacted.reactions.iter_mut().find(|r| r.emoji == emoji) {
            Some(reaction) if reaction.users.contains(&user) => return Ok(()),
            Some(reaction) => reaction.users.push(user),
            None if full => return Err(Refused::too_many_reactions()),
            None => reacted.reactions.push(Reaction {
                emoji: emoji.to_owned(),
                users: vec![user],
            }),
        }
        let mut event = self.reaction_event(channel, id, user, emoji);
        event["message_author_id"] = wire::id(author);
        event["burst_colors"] = json!([]);
        let member = self
            .world
            .channels
            .get(&channel)
            .and_then(|channel| self.world.guilds.get(&channel.guild?)?.members.get(&user));
        if let Some(member) = member {
            event["member"] = wire::member(&self.world, member);
        }
        let intents = self.reaction_intents(channel);
        self.tell_channel("MESSAGE_REACTION_ADD", channel, intents, |_, _| {
            event.clone()
        });
        Ok(())
    }

    /// Takes a reaction off; nothing happens when there is none.
    ///
    /// # Errors
    /// Unknown message.
    pub fn unreact(
        &mut self,
        channel: u64,
        id: u64,
        user: u64,
        emoji: &str,
    ) -> Result<(), Refused> {
        let reacted = self
            .world
            .message_mut(channel, id)
            .ok_or_else(Refused::unknown_message)?;
        let Some(reaction) = reacted.reactions.iter_mut().find(|r| r.emoji == emoji) else {
            return Ok(());
        };
        let before = reaction.users.len();
        reaction.users.retain(|one| *one != user);
        if reaction.users.len() == before {
            return Ok(());
        }
        reacted.reactions.retain(|r| !r.users.is_empty());
        let event = self.reaction_event(channel, id, user, emoji);
        let intents = self.reaction_intents(channel);
        self.tell_channel("MESSAGE_REACTION_REMOVE", channel, intents, |_, _| {
            event.clone()
        });
        Ok(())
    }

    fn reaction_event(&self, channel: u64, id: u64, user: u64, emoji: &str) -> Value {
        let mut event = json!({
            "user_id": wire::id(user),
            "channel_id": wire::id(channel),
            "message_id": wire::id(id),
            "emoji": wire::emoji(emoji),
            "burst": false,
            "type": 0,
        });
        if let Some(guild) = self.world.channels.get(&channel).and_then(|c| c.guild) {
            event["guild_id"] = wire::id(guild);
        }
        event
    }
}

/// Finds whom a message mentions, as far as `allowed` lets it.
fn fill_mentions(world: &World, of: &mut Message, allowed: Option<&Value>) {
    let channel = world.channels.get(&of.channel);
    let guild = channel.and_then(|channel| channel.guild);
    let rights = channel.map_or(0, |channel| world.permissions(channel, of.author));
    let parses = |what: &str| {
        allowed.is_none_or(|allowed| {
            allowed["parse"]
                .as_array()
                .is_some_and(|list| list.iter().any(|one| one == what))
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
        let target = of
            .reference
            .and_then(|reference| world.message(reference.channel, reference.message?));
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

/// An id given as text or number.
pub fn as_id(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
