//! Messages, threads, marks and pins.

use super::thread::id_of;
use super::{Outbound, Stop, gone, id, message_id, moot};
use crate::discord::fault::{Failure, code};
use crate::discord::pictures::drawn;
use crate::discord::render;
use crate::discord::say::{self, Card};
use crate::domain::ids::{ChannelId, MessageId, RoundId};
use crate::domain::notice::Trouble;
use crate::engine::Delivery;
use crate::engine::courier::Outcome;
use crate::engine::intent::Intent;
use crate::engine::milestone::Moment;
use chrono::TimeDelta;
use serde_json::Value;
use serenity::all::{self as discord, AutoArchiveDuration, CreateThread, ReactionType};

/// Messages on a page of history, the most Discord gives.
const PAGE: usize = 100;
/// Pages of history read at most when looking for a message of our own.
const MOST_PAGES: usize = 100;
/// How far back before a delivery was recorded its message is looked for: our clock and Discord's
/// may differ.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(10);
/// What a message that counts is marked with.
const MARK: &str = "✅";

impl Outbound {
    /// Says a card in a channel, once: looks first if it may have been said before.
    pub(super) async fn say(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        if delivery.attempts > 1
            && let Some(found) = self.find(delivery, place, card).await?
        {
            return Ok(Outcome::Said(Some((place, found))));
        }
        if expired {
            return Ok(Outcome::Expired);
        }
        self.engine.milestones().pass(Moment::BeforeSending, delivery.intent.name()).await;
        let card = &drawn(card.clone()).await;
        let sent = match self.send(delivery, place, card).await {
            // A picture takes a right of its own, Attach Files. The text is complete without it.
            Err(failure)
                if card.picture.is_some() && failure.code() == Some(code::MISSING_PERMISSIONS) =>
            {
                let plain = Card { picture: None, ..card.clone() };
                self.send(delivery, place, &plain).await?
            }
            sent => sent?,
        };
        Ok(Outcome::Said(Some((place, MessageId(sent.id.get())))))
    }

    async fn send(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
    ) -> Result<discord::Message, Failure> {
        let message = render::message(card)
            .nonce(discord::Nonce::String(delivery.key.clone()))
            .enforce_nonce(true);
        let http = self.paced().await;
        self.within(id(place).send_message(http, message)).await
    }

    /// The same in a channel that is expected to come back: it may only be hidden.
    pub(super) async fn say_in_channel(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        match self.say(delivery, place, card, expired).await {
            Err(Stop::Discord(failure)) if failure.is_missing() => {
                let error = failure.clone().text();
                let trouble = match failure.code() {
                    Some(code::UNKNOWN_GUILD) => Trouble::NotInGuild,
                    _ => Trouble::ChannelGone,
                };
                match self.missing(failure, place, None).await? {
                    Outcome::Gone { .. } => Ok(Outcome::Trouble { trouble, error }),
                    other => Ok(other),
                }
            }
            said => said,
        }
    }

    /// The same where there is no second place to say it: a thread or channel that is gone does
    /// not come back, unlike one that is only hidden.
    pub(super) async fn say_for_good(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        match self.say(delivery, place, card, expired).await {
            Err(Stop::Discord(failure)) if failure.is_missing() => {
                self.missing(failure, place, None).await
            }
            said => said,
        }
    }

    /// Looks in a channel's history for the message of a delivery, by its key in a custom id; a
    /// card without buttons, by its text.
    async fn find(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
    ) -> Result<Option<MessageId>, Stop> {
        let oldest = (delivery.created_at - LOOK_BACK).timestamp_millis();
        let mut before = None;
        for _ in 0..MOST_PAGES {
            let page = match self.history(place, before, PAGE).await {
                Ok(page) => page,
                Err(failure) if failure.is_missing() => {
                    return match self.missing(failure, place, None).await? {
                        // Where there is no channel there is no message.
                        Outcome::Gone { .. } => Ok(None),
                        other => Err(Stop::Known(other)),
                    };
                }
                Err(failure) => return Err(failure.into()),
            };
            let bot = self.bot.to_string();
            let ours = page.iter().find(|message| {
                let is_it = bears(message, &delivery.key) || says(message, card, oldest);
                message["author"]["id"].as_str() == Some(&bot) && is_it
            });
            if let Some(message) = ours.and_then(id_of) {
                return Ok(Some(MessageId(message)));
            }
            let Some(last) = page.iter().filter_map(id_of).min().map(MessageId) else {
                self.check_history(place).await?;
                return Ok(None);
            };
            if page.len() < PAGE || last.created_ms() < oldest {
                return Ok(None);
            }
            before = Some(last);
        }
        Ok(None)
    }

    /// Starts the thread of a card.
    pub(super) async fn thread(&self, round: RoundId) -> Result<Outcome, Stop> {
        let round = self.engine.round(round).await?;
        let (Some(message), Some(question)) = (round.message, &round.question) else {
            return Ok(moot("the card is not there"));
        };
        let mut made =
            self.start_thread(round.channel, message, &say::round::thread_name(question)).await;
        if made.as_ref().is_err_and(Failure::is_rejected) {
            made = self.start_thread(round.channel, message, say::round::PLAIN_THREAD).await;
        }
        // A thread has the number of the message it was started from, and a message has at most
        // one: starting it twice is refused, and that refusal is as good as a yes.
        let thread = ChannelId(message.0);
        match made {
            Ok(()) => Ok(Outcome::Threaded(thread)),
            Err(failure) if failure.code() == Some(code::THREAD_EXISTS) => {
                Ok(Outcome::Threaded(thread))
            }
            Err(failure) if failure.is_missing() => {
                self.missing(failure, round.channel, Some(message)).await
            }
            Err(failure) => Err(failure.into()),
        }
    }

    async fn start_thread(
        &self,
        channel: ChannelId,
        message: MessageId,
        name: &str,
    ) -> Result<(), Failure> {
        let builder = CreateThread::new(name).auto_archive_duration(AutoArchiveDuration::OneWeek);
        let http = self.paced().await;
        let (channel, message) = (id(channel), message_id(message));
        let made = http.create_thread_from_message(channel, message, &builder, None);
        self.within(made).await.map(|_| ())
    }

    /// Sets the check mark or takes it off. Tried late, the one would undo the other that came after
    /// it, and so only what is right by now is done.
    pub(super) async fn mark(
        &self,
        thread: ChannelId,
        message: MessageId,
        set: bool,
    ) -> Result<Outcome, Stop> {
        if self.engine.is_marked(thread, message).await? != set {
            return Ok(moot("the answer has changed since"));
        }
        let mark = ReactionType::Unicode(MARK.to_owned());
        self.let_others_first().await;
        let http = self.paced().await;
        let (place, target) = (id(thread), message_id(message));
        let done = if set {
            self.within(http.create_reaction(place, target, &mark)).await
        } else {
            self.within(http.delete_reaction_me(place, target, &mark)).await
        };
        self.courtesy(done, thread, message).await
    }

    /// Pins a card or unpins it.
    pub(super) async fn pin(
        &self,
        channel: ChannelId,
        message: MessageId,
        set: bool,
    ) -> Result<Outcome, Stop> {
        self.let_others_first().await;
        let http = self.paced().await;
        let (place, target) = (id(channel), message_id(message));
        let done = if set {
            self.within(http.pin_message(place, target, None)).await
        } else {
            self.within(http.unpin_message(place, target, None)).await
        };
        self.courtesy(done, channel, message).await
    }

    /// Check marks and pins are a courtesy: where one is refused for good (the channel has all the
    /// pins it may have, the member blocks the bot), it is left out.
    async fn courtesy(
        &self,
        done: Result<(), Failure>,
        place: ChannelId,
        message: MessageId,
    ) -> Result<Outcome, Stop> {
        match done {
            Ok(()) => Ok(Outcome::Said(None)),
            Err(failure) if failure.is_missing() => {
                self.missing(failure, place, Some(message)).await
            }
            Err(failure) => match (failure.code(), failure.clone().outcome()) {
                (Some(code::REACTION_BLOCKED), _) => Ok(moot("the member blocks the bot")),
                (_, Outcome::Trouble { trouble: Trouble::Refused, error })
                | (_, Outcome::Rejected { error }) => Ok(gone(&error)),
                (_, Outcome::Trouble { trouble, error }) => Ok(Outcome::Trouble { trouble, error }),
                _ => Err(failure.into()),
            },
        }
    }

    /// Brings a message up to date.
    pub(super) async fn edit(
        &self,
        place: ChannelId,
        message: MessageId,
        card: &Card,
    ) -> Result<Outcome, Stop> {
        self.let_others_first().await;
        self.edit_soon(place, message, card).await
    }

    /// The same where members wait for it.
    pub(super) async fn edit_soon(
        &self,
        place: ChannelId,
        message: MessageId,
        card: &Card,
    ) -> Result<Outcome, Stop> {
        let edit = render::edit(&drawn(card.clone()).await);
        let http = self.paced().await;
        let edited = id(place).edit_message(http, message_id(message), edit);
        match self.within(edited).await {
            Ok(_) => Ok(Outcome::Said(None)),
            Err(failure) if failure.is_missing() => {
                self.missing(failure, place, Some(message)).await
            }
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Whether one of a message's buttons has the key.
fn bears(message: &Value, key: &str) -> bool {
    let rows = message["components"].as_array().into_iter().flatten();
    let mut parts = rows.filter_map(|row| row["components"].as_array()).flatten();
    parts.any(|part| {
        let custom_id = part["custom_id"].as_str();
        custom_id.is_some_and(|custom_id| custom_id.split(':').nth(1) == Some(key))
    })
}

/// Whether it is the text of a card that has no buttons to hold a key, and not one said long before.
fn says(message: &Value, card: &Card, oldest_ms: i64) -> bool {
    card.rows.is_empty()
        && !card.content.is_empty()
        && message["content"].as_str() == Some(&card.content)
        && id_of(message).is_some_and(|id| MessageId(id).created_ms() >= oldest_ms)
}
