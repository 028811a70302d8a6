//! Messages: written, edited, deleted, pinned, reacted to; each change told to those it concerns.

use super::attachments::show_in_embeds;
use super::mentions::fill_mentions;
use super::{Audience, State};
use crate::sandbox::refused::Refused;
use crate::sandbox::wire;
use crate::sandbox::world::{Message, Reference, message};
use serde_json::{Value, json};

/// Ephemeral messages that are kept: their buttons outlive no interaction token for long.
const MOST_PRIVATE: usize = 50_000;

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
        show_in_embeds(&mut written.embeds, &written.attachments);
        fill_mentions(&self.world, &mut written, new.allowed_mentions.as_ref());
        if let Some((_, session)) = written.audience.clone() {
            let event = wire::message_event(&self.world, &written, wire::Viewer::ALL);
            self.world.private.insert(id, written);
            while self.world.private.len() > MOST_PRIVATE {
                self.world.private.pop_first();
            }
            self.tell("MESSAGE_CREATE", &Audience::Session(&session), &event);
            return id;
        }
        let (channel, author, counted) =
            (written.channel, written.author, written.kind != message::THREAD_STARTER);
        self.world.messages.entry(channel).or_default().insert(id, written);
        self.wake_thread(channel, author, counted);
        if let Some(channel) = self.world.channels.get_mut(&channel) {
            channel.last_message = Some(id);
        }
        let nonce = new.nonce;
        self.tell_of_message("MESSAGE_CREATE", channel, id, |world, viewer| {
            let mut json = world
                .message(channel, id)
                .map_or(Value::Null, |message| wire::message_event(world, message, viewer));
            if let Some(nonce) = &nonce {
                json["nonce"] = nonce.clone();
            }
            json
        });
        id
    }

    /// Writes a plain message of a member that nobody is told of.
    pub fn write_silently(&mut self, channel: u64, author: u64, content: String) -> u64 {
        let id = self.new_id();
        let written = Message {
            id,
            channel,
            author,
            kind: message::DEFAULT,
            flags: 0,
            content,
            edited: None,
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            addresses_bot: false,
            pinned: None,
            reference: None,
            reactions: Vec::new(),
            interaction: None,
            audience: None,
            tts: false,
        };
        self.world.messages.entry(channel).or_default().insert(id, written);
        if let Some(channel) = self.world.channels.get_mut(&channel) {
            channel.last_message = Some(id);
        }
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
            None => self.world.message(channel, id).ok_or_else(Refused::unknown_message)?.clone(),
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
        show_in_embeds(&mut changed.embeds, &changed.attachments);
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
        self.tell_of_message("MESSAGE_UPDATE", channel, id, |world, viewer| {
            world
                .message(channel, id)
                .map_or(Value::Null, |message| wire::message_event(world, message, viewer))
        });
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
        if let Some(thread) =
            self.world.channels.get_mut(&channel).and_then(|channel| channel.thread.as_mut())
            && gone.kind != message::THREAD_STARTER
        {
            thread.message_count = thread.message_count.saturating_sub(1);
        }
        let intents = self.message_intents(channel);
        self.tell_channel("MESSAGE_DELETE", channel, intents, |_, _| event.clone());
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
            || !changes.components.as_ref().unwrap_or(&old.components).is_empty()
            || !changes.attachments.as_ref().unwrap_or(&old.attachments).is_empty();
        if remains { Ok(()) } else { Err(Refused::empty_message()) }
    }
}

/// An id given as text or number.
pub fn as_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
