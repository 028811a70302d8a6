//! Everything behind the one lock, and who is told what.

pub mod attachments;
mod guilds;
mod marks;
mod mentions;
pub mod messages;
mod threads;

use super::clock::SimClock;
use super::commands::Commands;
use super::faults::Faults;
use super::gateway::hub::{Hub, Written, intent};
use super::interactions::Interactions;
use super::limits::Limits;
use super::traffic::Log;
use super::wire::Viewer;
use super::world::{Channel, World};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;

/// The state of one sandbox.
pub struct State {
    pub clock: SimClock,
    pub world: World,
    pub hub: Hub,
    pub commands: Commands,
    pub interactions: Interactions,
    pub limits: Limits,
    pub faults: Faults,
    pub log: Log,
    /// No thread is to be archived before this instant.
    pub archive_at: DateTime<Utc>,
    /// Whether the application was granted the message-content intent.
    pub content_intent: bool,
    /// `http://host:port`, for the addresses of attachments.
    pub origin: String,
}

/// Who gets an event, and which intents let a session have it (any of them; 0 for always).
pub enum Audience<'a> {
    /// Everybody who sees the channel.
    Channel(&'a Channel, u64),
    /// Everybody in the guild.
    Guild(u64, u64),
    /// In this guild, those with the members' intent, and this member without it too (Discord
    /// documentation, topics/gateway, "List of Intents").
    Member(u64, u64),
    /// One session alone.
    Session(&'a str),
    /// The bot.
    Bot,
}

impl State {
    /// A new id for now.
    pub fn new_id(&mut self) -> u64 {
        let now = self.clock.now();
        self.world.ids.next(now)
    }

    /// How a user reads over REST: an application without the content intent reads no text there either.
    pub fn viewer(&self, user: u64) -> Viewer {
        Viewer { user, content: user != self.world.bot || self.content_intent }
    }

    /// Sends an event to every session it concerns, written for each one's eyes. It is written once for
    /// all those to whom it is not `personal`.
    fn announce(
        hub: &mut Hub,
        world: &World,
        content_intent: bool,
        event: &str,
        audience: &Audience<'_>,
        personal: impl Fn(u64) -> bool,
        write: impl Fn(Viewer) -> Value,
    ) {
        let mut common: [Option<Arc<Written>>; 2] = [None, None];
        for session in hub.sessions_mut() {
            let bot = session.user == world.bot;
            let wanted = |intents: u64| intents == 0 || session.intents & intents != 0;
            let concerned = match audience {
                Audience::Channel(channel, intents) => {
                    wanted(*intents) && world.sees(channel, session.user)
                }
                Audience::Guild(guild, intents) => {
                    wanted(*intents) && world.is_member(*guild, session.user)
                }
                Audience::Member(guild, user) => {
                    (session.user == *user || wanted(intent::GUILD_MEMBERS))
                        && world.is_member(*guild, session.user)
                }
                Audience::Session(id) => session.id == *id,
                Audience::Bot => bot,
            };
            if !concerned {
                continue;
            }
            let viewer = Viewer {
                user: session.user,
                content: !bot || (content_intent && session.intents & intent::MESSAGE_CONTENT != 0),
            };
            if personal(session.user) || (bot && !viewer.content) {
                session.dispatch(&Written::new(event, write(viewer)));
            } else {
                let common = &mut common[usize::from(bot)];
                let written = common.get_or_insert_with(|| Written::new(event, write(viewer)));
                session.dispatch(written);
            }
        }
    }

    /// The same for an event that reads alike for everybody.
    pub fn tell(&mut self, event: &str, audience: &Audience<'_>, data: &Value) {
        let (world, content) = (&self.world, self.content_intent);
        let write = |_| data.clone();
        Self::announce(&mut self.hub, world, content, event, audience, |_| false, write);
    }

    /// The same for everybody who sees a channel, by its id.
    pub fn tell_channel(
        &mut self,
        event: &str,
        channel: u64,
        intents: u64,
        write: impl Fn(&World, Viewer) -> Value,
    ) {
        self.tell_seers(event, channel, intents, |_, _| true, write);
    }

    /// The same for a message of the channel's history.
    pub fn tell_of_message(
        &mut self,
        event: &str,
        channel: u64,
        id: u64,
        write: impl Fn(&World, Viewer) -> Value,
    ) {
        let intents = self.message_intents(channel);
        let personal = |world: &World, user| world.is_personal(channel, id, user);
        self.tell_seers(event, channel, intents, personal, write);
    }

    fn tell_seers(
        &mut self,
        event: &str,
        channel: u64,
        intents: u64,
        personal: impl Fn(&World, u64) -> bool,
        write: impl Fn(&World, Viewer) -> Value,
    ) {
        let Some(target) = self.world.channels.get(&channel) else {
            return;
        };
        let (world, content) = (&self.world, self.content_intent);
        let audience = Audience::Channel(target, intents);
        let personal = |user| personal(world, user);
        Self::announce(&mut self.hub, world, content, event, &audience, personal, |viewer| {
            write(world, viewer)
        });
    }

    /// The intents that bring message events of a channel.
    pub fn message_intents(&self, channel: u64) -> u64 {
        match self.world.channels.get(&channel) {
            Some(channel) if channel.guild.is_none() => intent::DIRECT_MESSAGES,
            _ => intent::GUILD_MESSAGES,
        }
    }

    /// The intents that bring reaction events of a channel.
    pub fn reaction_intents(&self, channel: u64) -> u64 {
        match self.world.channels.get(&channel) {
            Some(channel) if channel.guild.is_none() => intent::DIRECT_MESSAGE_REACTIONS,
            _ => intent::GUILD_MESSAGE_REACTIONS,
        }
    }
}
