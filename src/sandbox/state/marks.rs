//! Pins and reactions.

use super::State;
use super::messages::New;
use crate::sandbox::gateway::hub::intent;
use crate::sandbox::refused::Refused;
use crate::sandbox::snowflake::iso;
use crate::sandbox::wire;
use crate::sandbox::world::{Reaction, Reference, message};
use serde_json::{Value, json};

impl State {
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
            reference: Some(Reference { message: Some(id), channel, guild }),
            ..New::default()
        });
        Ok(())
    }

    /// Takes a pin off.
    ///
    /// # Errors
    /// Unknown message.
    pub fn unpin(&mut self, channel: u64, id: u64) -> Result<(), Refused> {
        let pinned = self.world.message_mut(channel, id).ok_or_else(Refused::unknown_message)?;
        if pinned.pinned.take().is_some() {
            self.tell_update(channel, id);
            self.tell_pins(channel);
        }
        Ok(())
    }

    fn tell_pins(&mut self, channel: u64) {
        self.tell_channel("CHANNEL_PINS_UPDATE", channel, intent::GUILDS, |world, _| {
            let target = world.channels.get(&channel);
            json!({
                "channel_id": wire::id(channel),
                "guild_id": target.and_then(|c| c.guild).map(wire::id),
                "last_pin_timestamp": target.and_then(|c| c.last_pin).map(iso),
            })
        });
    }

    /// Adds a reaction.
    ///
    /// # Errors
    /// Unknown message; 30010 at 20 different emojis.
    pub fn react(&mut self, channel: u64, id: u64, user: u64, emoji: &str) -> Result<(), Refused> {
        let reacted = self.world.message_mut(channel, id).ok_or_else(Refused::unknown_message)?;
        let author = reacted.author;
        let full = reacted.reactions.len() >= 20;
        match reacted.reactions.iter_mut().find(|r| r.emoji == emoji) {
            Some(reaction) if reaction.users.contains(&user) => return Ok(()),
            Some(reaction) => reaction.users.push(user),
            None if full => return Err(Refused::too_many_reactions()),
            None => reacted.reactions.push(Reaction { emoji: emoji.to_owned(), users: vec![user] }),
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
        self.tell_channel("MESSAGE_REACTION_ADD", channel, intents, |_, _| event.clone());
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
        let reacted = self.world.message_mut(channel, id).ok_or_else(Refused::unknown_message)?;
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
        self.tell_channel("MESSAGE_REACTION_REMOVE", channel, intents, |_, _| event.clone());
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
