//! A 404 is looked into before it is believed.

use super::{Outbound, Stop};
use crate::discord::fault::{Failure, code};
use crate::domain::ids::{ChannelId, MessageId};
use crate::engine::courier::Outcome;

/// What a look found after Discord said that something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is there all the same.
    There,
    /// The message is not there, but its channel is.
    NoMessage,
    /// The channel is not there.
    NoChannel,
}

impl Outbound {
    /// Looks whether a channel, and a message in it, are there. What is not is looked for once more
    /// some seconds later.
    pub(super) async fn look(
        &self,
        place: ChannelId,
        message: Option<MessageId>,
    ) -> Result<Presence, Stop> {
        let mut found = self.look_once(place, message).await?;
        if found != Presence::There {
            tokio::time::sleep(self.limits().outbox.second_look).await;
            found = self.look_once(place, message).await?;
        }
        Ok(found)
    }

    async fn look_once(
        &self,
        place: ChannelId,
        message: Option<MessageId>,
    ) -> Result<Presence, Stop> {
        match self.channel(place).await {
            Ok(_) => {}
            Err(failure) if failure.is_missing() => return Ok(Presence::NoChannel),
            Err(failure) => return Err(failure.into()),
        }
        let Some(message) = message else { return Ok(Presence::There) };
        match self.message(place, message).await {
            Ok(_) => Ok(Presence::There),
            Err(failure) if failure.is_missing() => Ok(Presence::NoMessage),
            Err(failure) => Err(failure.into()),
        }
    }

    /// What a 404 means for a delivery that concerns this channel, and perhaps a message in it.
    pub(super) async fn missing(
        &self,
        failure: Failure,
        place: ChannelId,
        message: Option<MessageId>,
    ) -> Result<Outcome, Stop> {
        Ok(match self.look(place, message).await? {
            Presence::There => Outcome::Doubtful { error: failure.text() },
            Presence::NoMessage => super::gone("the message is not there any more"),
            Presence::NoChannel => super::gone("the channel or thread is not there any more"),
        })
    }

    /// Fails if the history of a channel may not be read. Discord then gives an empty one instead
    /// of a refusal (documentation, resources/message), and everything would seem deleted or never
    /// said; a single message, there or not, it does refuse.
    pub(super) async fn check_history(&self, place: ChannelId) -> Result<(), Stop> {
        match self.message(place, MessageId(place.0)).await {
            Err(failure) if failure.code() != Some(code::UNKNOWN_MESSAGE) => Err(failure.into()),
            _ => Ok(()),
        }
    }
}
