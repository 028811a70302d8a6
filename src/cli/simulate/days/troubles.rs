//! Troubles as they begin and end.

use super::{Event, NAMES, Simulation};
use crate::cli::simulate::audit::is_marked;
use crate::cli::simulate::guild::{Guild, Span, id_of};
use crate::cli::simulate::record::Lock;
use crate::cli::simulate::weather::Trouble;
use crate::sandbox::{GatewayFault, Unreadable};
use chrono::{DateTime, Utc};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The right to write, and the right to write in threads (Discord documentation, topics,
/// "Permissions").
const TO_WRITE: u64 = (1 << 11) | (1 << 38);

impl Simulation {
    /// Begins a trouble somewhere.
    pub(super) async fn brew(&mut self, trouble: Trouble, rng: &mut ChaCha8Rng) {
        self.troubles += 1;
        let now = self.sandbox.clock().now();
        let guild = rng.random_range(0..self.guilds.len());
        match trouble {
            Trouble::Requests { matcher, fault, times } => {
                self.sandbox.fail_next(matcher, fault, times);
            }
            Trouble::Drop => self.sandbox.drop_gateways(),
            Trouble::Close(code) => self.sandbox.close_gateways(code),
            Trouble::Reconnect => self.sandbox.ask_reconnect(),
            Trouble::Invalid(resumable) => self.sandbox.invalidate_sessions(resumable),
            Trouble::Twice(times) => self.sandbox.tell_twice(times),
            Trouble::Aged(by) => self.sandbox.age_interactions(by),
            Trouble::Outage(span) if !self.outage => {
                self.outage = true;
                self.sandbox.set_outage(true);
                for guild in &mut self.guilds {
                    guild.disturbed.push(Span { from: now, to: Some(now + span) });
                }
                self.put(now + span, Event::OutageEnds);
            }
            Trouble::Muted(span) if !self.is_disturbed(guild) => {
                let Some(muted) = self.guilds.get_mut(guild) else { return };
                muted.disturbed.push(Span { from: now, to: None });
                self.sandbox.set_bot_permissions(Some(muted.channel), 0, TO_WRITE);
                self.put(now + span, Event::Unmuted(guild));
            }
            Trouble::Kicked(span) if !self.is_disturbed(guild) => {
                let Some(left) = self.guilds.get_mut(guild) else { return };
                left.disturbed.push(Span { from: now, to: None });
                self.sandbox.kick_bot_from(left.id);
                self.put(now + span, Event::Invited(guild));
            }
            Trouble::Changed => self.change_member(guild),
            Trouble::Leap(by) if self.bot.is_some() && !self.outage => {
                self.sandbox.clock().jump(by, &*self.settler).await;
            }
            Trouble::Swallowed => {
                // Those that were taken before are answered now, when nobody waits for them any more.
                self.sandbox.release_handshakes();
                self.sandbox.fail_gateway(GatewayFault::HangHandshake, 1);
                self.sandbox.drop_gateways();
            }
            Trouble::Lost(event) => {
                self.sandbox.fail_gateway(GatewayFault::Lose(event.to_owned()), 1);
                if event == "READY" {
                    self.sandbox.invalidate_sessions(false);
                } else {
                    self.sandbox.drop_gateways();
                }
            }
            Trouble::Full(span) if !self.full && !self.outage => {
                let Some(bot) = &self.bot else { return };
                bot.bot().store().fill_disk(true);
                self.full = true;
                for guild in &mut self.guilds {
                    guild.disturbed.push(Span { from: now, to: Some(now + span) });
                }
                self.put(now + span, Event::Room);
            }
            Trouble::Locked(span) => self.lock_database(span).await,
            Trouble::Unreadable(shape) => self.spoil(guild, shape, rng),
            Trouble::Outage(_)
            | Trouble::Muted(_)
            | Trouble::Kicked(_)
            | Trouble::Leap(_)
            | Trouble::Full(_) => {}
        }
    }

    /// Holds the lock of the bot's database, as a careless program would.
    async fn lock_database(&self, span: Duration) {
        let database = self.database();
        let mut lock = match Lock::take(&database).await {
            Ok(lock) => lock,
            // The bot is writing at this very moment, or there is no file yet.
            Err(error) => return tracing::info!(%error, "the database could not be locked"),
        };
        // Members go on meanwhile.
        tokio::spawn(async move {
            tokio::time::sleep(span).await;
            lock.release().await;
        });
    }

    /// Makes a message of the newest thread unreadable for the bot: one that counts, and that the bot
    /// has said it knows.
    fn spoil(&mut self, guild: usize, shape: Unreadable, rng: &mut ChaCha8Rng) {
        let Some(guild) = self.guilds.get_mut(guild) else { return };
        let Some(card) = guild.cards.last() else { return };
        let messages = self.sandbox.messages(card.id);
        let marked: Vec<u64> =
            messages.iter().filter(|one| is_marked(one)).map(|one| id_of(&one["id"])).collect();
        if let Some(message) = marked.choose(rng) {
            self.sandbox.spoil_message(*message, shape);
            guild.spoiled.insert(*message);
        }
    }

    fn is_disturbed(&self, guild: usize) -> bool {
        self.guilds.get(guild).is_none_or(Guild::is_disturbed)
    }

    /// The member who is there longest, the admin apart, leaves; somebody new comes.
    fn change_member(&mut self, guild: usize) {
        let Some(guild) = self.guilds.get_mut(guild) else { return };
        let next = NAMES.iter().cycle().nth(guild.names.len()).copied().unwrap_or("Noor");
        let name = format!("{next} {}", guild.names.len());
        let gone = guild.members.remove(1);
        self.sandbox.remove_member_of(guild.id, gone.id());
        let new = self.sandbox.add_member_to(guild.id, &name, false);
        guild.names.insert(new.id, new.name.clone());
        guild.members.push(self.sandbox.act_as(new));
    }

    /// There is room on the bot's disk again.
    pub(super) async fn make_room(&mut self) -> anyhow::Result<()> {
        self.full = false;
        if let Some(bot) = &self.bot {
            bot.bot().store().fill_disk(false);
        }
        self.come_to_rest().await
    }

    /// The bot may write again in a guild.
    pub(super) fn unmute(&mut self, guild: usize) {
        let now = self.sandbox.clock().now();
        if let Some(guild) = self.guilds.get_mut(guild) {
            self.sandbox.set_bot_permissions(Some(guild.channel), 0, 0);
            end_of(guild, now);
        }
    }

    /// The bot is invited back to a guild.
    pub(super) fn invite(&mut self, guild: usize) {
        let now = self.sandbox.clock().now();
        if let Some(guild) = self.guilds.get_mut(guild) {
            self.sandbox.invite_bot_to(guild.id);
            end_of(guild, now);
        }
    }
}

fn end_of(guild: &mut Guild, now: DateTime<Utc>) {
    for span in &mut guild.disturbed {
        span.to.get_or_insert(now);
    }
}
