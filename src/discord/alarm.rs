//! Alarms: what concerns the bot as a whole and cannot wait for the database or the gateway. Admins
//! are told directly over REST, without a recorded delivery.

use super::fault::Failure;
use super::health::Place;
use super::outbound::{Outbound, Stop};
use super::say::{self, Card};
use super::{render, rights};
use crate::domain::ids::{ChannelId, MemberId};
use crate::engine::Guild;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use rights::Ground as _;
use serenity::all as discord;
use siphasher::sip::SipHasher13;
use std::collections::HashSet;
use std::hash::Hasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Servers that are told at the same time.
const AT_ONCE: usize = 8;
/// How often Discord is asked to take one message.
const TRIES: u32 = 3;
/// The wait before it is asked again.
const BEFORE_THE_NEXT: Duration = Duration::from_secs(1);
/// How long reading who is to be told may take.
const READING: Duration = Duration::from_secs(5);
/// How long the last words of a bot that ends may take.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// Trouble of the whole bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// There is no gateway session since then: no click and no answer arrives.
    Deaf(DateTime<Utc>),
    /// The database cannot be written since then.
    Unwritable(DateTime<Utc>),
    /// Discord refuses the intents; the process ends.
    Intents,
    /// All of the above is over.
    Over,
}

/// Who was told of one alarm.
#[derive(Debug, Default)]
struct Told {
    /// Servers where Discord took or refused the message.
    settled: usize,
    /// Servers for which Discord gave no clear answer.
    unclear: usize,
}

impl Outbound {
    /// Remembers who is to be told, for the time when the database can't be read.
    pub async fn note_who_to_tell(&self) {
        if let Ok(Ok(guilds)) = tokio::time::timeout(READING, self.engine.studying()).await {
            *self.to_tell.lock().unwrap_or_else(PoisonError::into_inner) = guilds;
        }
    }

    /// Tells the admins of every server with a study channel, as far as Discord lets it: in the
    /// channel for notices, else whoever ran the setup, else the owner. Nothing is recorded, so a
    /// restart may repeat it. Says whether it got through to Discord at all.
    pub async fn alarm(&self, alarm: &Alarm) -> bool {
        self.note_who_to_tell().await;
        let guilds = self.to_tell.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let members = Mutex::default();
        let tell = async {
            let tell = |guild| self.tell(guild, alarm, &members);
            let outcomes = futures::stream::iter(guilds).map(tell).buffer_unordered(AT_ONCE);
            outcomes.fold(Told::default(), count).await
        };
        let told = match alarm {
            Alarm::Intents => tokio::time::timeout(LAST_WORDS, tell).await.unwrap_or_default(),
            _ => tell.await,
        };
        let Told { settled, unclear } = told;
        tracing::warn!(?alarm, settled, unclear, "told the admins what concerns the whole bot");
        settled > 0 || unclear == 0
    }

    /// Tells one server's admins; whether Discord gave a clear answer, if it was asked.
    async fn tell(
        &self,
        guild: Guild,
        alarm: &Alarm,
        members: &Mutex<HashSet<MemberId>>,
    ) -> Option<bool> {
        if self.has_left(&guild) {
            return None;
        }
        let card = say::notice::alarm(alarm);
        for place in self.places(&guild) {
            if let Place::Member(member) = place {
                // Whoever runs several servers is told once: it's about the bot, not the server.
                let mut members = members.lock().unwrap_or_else(PoisonError::into_inner);
                if !members.insert(member) {
                    return None;
                }
            }
            match self.try_to_tell(place, &card, &key(alarm, place)).await {
                Ok(()) => return Some(true),
                Err(Failure::Refused { .. }) => {}
                Err(Failure::Unclear { text: why, .. }) => {
                    tracing::debug!(guild = %guild.id, why, "an alarm did not get through");
                    return Some(false);
                }
            }
        }
        tracing::warn!(guild = %guild.id, "nobody of a server can be told what concerns the bot");
        Some(true)
    }

    /// Sends a message, a few times if need be. Discord enforces the key, so that it stands there
    /// once.
    async fn try_to_tell(&self, place: Place, card: &Card, key: &str) -> Result<(), Failure> {
        let mut tries = 0;
        loop {
            let sent = async {
                let channel = match place {
                    Place::Channel(channel) => channel,
                    Place::Member(member) => self.direct_channel(member).await?,
                };
                self.send_now(channel, card, key).await.map_err(Stop::from)
            };
            tries += 1;
            match sent.await {
                Ok(()) => return Ok(()),
                Err(Stop::Discord(Failure::Unclear { .. })) if tries < TRIES => {
                    tokio::time::sleep(BEFORE_THE_NEXT).await;
                }
                Err(Stop::Discord(failure)) => return Err(failure),
                Err(Stop::View(_) | Stop::Known(_)) => {
                    return Err(Failure::unclear("the store broke"));
                }
            }
        }
    }

    async fn send_now(&self, to: ChannelId, card: &Card, key: &str) -> Result<(), Failure> {
        let message =
            render::message(card).nonce(discord::Nonce::String(key.to_owned())).enforce_nonce(true);
        let http = self.paced().await;
        let sent = discord::ChannelId::new(to.0).send_message(http, message);
        self.within(sent).await.map(|_| ())
    }

    /// Whether the bot is known not to be in a guild any more.
    fn has_left(&self, guild: &Guild) -> bool {
        self.cache().is_some_and(|cache| {
            let ground = rights::Cached::new(&cache, guild.id);
            !ground.is_known() && !ground.is_unavailable()
        })
    }
}

async fn count(mut told: Told, settled: Option<bool>) -> Told {
    match settled {
        Some(true) => told.settled += 1,
        Some(false) => told.unclear += 1,
        None => {}
    }
    told
}

/// What Discord knows one message of one episode by.
fn key(alarm: &Alarm, place: Place) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(format!("{alarm:?} {place:?}").as_bytes());
    format!("alarm-{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::{Alarm, Place, key};
    use crate::domain::ids::{ChannelId, MemberId};
    use chrono::DateTime;

    #[test]
    fn keys_are_short_and_differ() {
        let since = DateTime::UNIX_EPOCH;
        let channel = Place::Channel(ChannelId(1));
        let keys = [
            key(&Alarm::Deaf(since), channel),
            key(&Alarm::Unwritable(since), channel),
            key(&Alarm::Deaf(since), Place::Member(MemberId(1))),
            key(&Alarm::Intents, channel),
        ];
        assert!(keys.iter().all(|key| key.len() <= 25), "{keys:?}");
        assert!((1..keys.len()).all(|n| !keys[..n].contains(&keys[n])), "{keys:?}");
        assert_eq!(key(&Alarm::Deaf(since), channel), keys[0]);
    }
}
