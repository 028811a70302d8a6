//! Threads: started, woken by messages, archived after their silence.

use super::State;
use super::messages::New;
use crate::sandbox::gateway::hub::intent;
use crate::sandbox::refused::Refused;
use crate::sandbox::wire;
use crate::sandbox::world::{Channel, Reference, Thread, kind, message};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl State {
    /// Starts a public thread, from a message (then it has the message's id) or without one.
    /// Returns its id.
    ///
    /// # Errors
    /// Unknown message; 160004 when the message has a thread.
    pub fn start_thread(
        &mut self,
        parent: u64,
        from: Option<u64>,
        name: &str,
        auto_archive: i64,
        by: u64,
    ) -> Result<u64, Refused> {
        let now = self.clock.now();
        let guild = self.world.channels.get(&parent).ok_or_else(Refused::unknown_channel)?.guild;
        if let Some(from) = from {
            if self.world.channels.contains_key(&from) {
                return Err(Refused::thread_exists());
            }
            self.world.message_mut(parent, from).ok_or_else(Refused::unknown_message)?.flags |=
                message::HAS_THREAD;
        }
        let id = from.unwrap_or_else(|| self.new_id());
        let thread = Channel {
            id,
            kind: kind::PUBLIC_THREAD,
            guild,
            name: name.to_owned(),
            topic: None,
            parent: Some(parent),
            position: 0,
            overwrites: Vec::new(),
            last_message: None,
            last_pin: None,
            recipients: Vec::new(),
            slowmode: 0,
            thread: Some(Thread {
                owner: by,
                archived: false,
                locked: false,
                auto_archive,
                archive_changed: now,
                created: now,
                message_count: 0,
                total_sent: 0,
                active: now,
                members: BTreeMap::from([(by, now)]),
            }),
        };
        self.world.channels.insert(id, thread);
        self.archive_at = self.archive_at.min(now + TimeDelta::minutes(auto_archive));
        self.tell_channel("THREAD_CREATE", id, intent::GUILDS, |world, viewer| {
            let mut json = world
                .channels
                .get(&id)
                .map_or(Value::Null, |thread| wire::channel(world, thread, viewer));
            json["newly_created"] = true.into();
            json
        });
        let reference = |message, channel| Some(Reference { message, channel, guild });
        match from {
            Some(from) => {
                self.tell_update(parent, from);
                self.write(New {
                    channel: id,
                    author: by,
                    kind: message::THREAD_STARTER,
                    reference: reference(Some(from), parent),
                    ..New::default()
                });
            }
            None => {
                self.write(New {
                    channel: parent,
                    author: by,
                    kind: message::THREAD_CREATED,
                    content: name.to_owned(),
                    reference: reference(None, id),
                    ..New::default()
                });
            }
        }
        Ok(id)
    }

    /// A message arrived: if the channel is a thread it counts, the author joins, and an archived
    /// one opens again.
    pub fn wake_thread(&mut self, channel: u64, author: u64, counted: bool) {
        let now = self.clock.now();
        let Some(thread) =
            self.world.channels.get_mut(&channel).and_then(|channel| channel.thread.as_mut())
        else {
            return;
        };
        thread.active = now;
        thread.members.entry(author).or_insert(now);
        if counted {
            thread.message_count += 1;
            thread.total_sent += 1;
        }
        if std::mem::take(&mut thread.archived) {
            thread.archive_changed = now;
            let due = now + TimeDelta::minutes(thread.auto_archive);
            self.archive_at = self.archive_at.min(due);
            self.tell_thread(channel);
        }
    }

    /// Tells everybody what a thread looks like now.
    pub fn tell_thread(&mut self, thread: u64) {
        self.tell_channel("THREAD_UPDATE", thread, intent::GUILDS, |world, viewer| {
            world
                .channels
                .get(&thread)
                .map_or(Value::Null, |thread| wire::channel(world, thread, viewer))
        });
    }

    /// Archives every thread whose silence is over. Called before each request, so that nobody
    /// sees one open too long.
    pub fn archive_silent_threads(&mut self) {
        let now = self.clock.now();
        if now < self.archive_at {
            return;
        }
        let mut next = DateTime::<Utc>::MAX_UTC;
        let mut silent = Vec::new();
        for channel in self.world.channels.values_mut() {
            let Some(thread) = channel.thread.as_mut().filter(|thread| !thread.archived) else {
                continue;
            };
            let due = thread.active + TimeDelta::minutes(thread.auto_archive);
            if due <= now {
                thread.archived = true;
                thread.archive_changed = due;
                silent.push(channel.id);
            } else {
                next = next.min(due);
            }
        }
        self.archive_at = next;
        for thread in silent {
            self.tell_thread(thread);
        }
    }

    /// Removes a channel with its threads, or a thread.
    pub fn remove_channel(&mut self, id: u64) {
        let threads: Vec<u64> = self
            .world
            .channels
            .values()
            .filter(|channel| channel.thread.is_some() && channel.parent == Some(id))
            .map(|channel| channel.id)
            .collect();
        let is_thread =
            self.world.channels.get(&id).is_some_and(|channel| channel.thread.is_some());
        if is_thread {
            self.tell_channel("THREAD_DELETE", id, intent::GUILDS, |world, _| {
                let thread = world.channels.get(&id);
                json!({
                    "id": wire::id(id),
                    "type": kind::PUBLIC_THREAD,
                    "guild_id": thread.and_then(|thread| thread.guild).map(wire::id),
                    "parent_id": thread.and_then(|thread| thread.parent).map(wire::id),
                })
            });
        } else {
            self.tell_channel("CHANNEL_DELETE", id, intent::GUILDS, |world, viewer| {
                world
                    .channels
                    .get(&id)
                    .map_or(Value::Null, |channel| wire::channel(world, channel, viewer))
            });
        }
        // Discord sends no THREAD_DELETE for the threads that go with their channel.
        for gone in threads.into_iter().chain([id]) {
            self.world.channels.remove(&gone);
            self.world.messages.remove(&gone);
        }
    }
}
