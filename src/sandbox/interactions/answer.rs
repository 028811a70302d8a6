//! The bot answers: the first callback, then edits and follow-ups by the interaction's token.

use super::{DEADLINE, Interaction, Modal, Progress, TOKEN_LIFE, kind};
use crate::sandbox::refused::{Refused, invalid};
use crate::sandbox::rest::Upload;
use crate::sandbox::state::messages::{Changes, New};
use crate::sandbox::state::{Audience, State};
use crate::sandbox::validate::{self, Draft};
use crate::sandbox::wire;
use crate::sandbox::world::{Reference, message};
use serde_json::{Value, json};
use std::time::Instant;

/// Callback types (Discord documentation, interactions, "Receiving and responding").
mod callback {
    pub const REPLY: u64 = 4;
    pub const DEFERRED_REPLY: u64 = 5;
    pub const DEFERRED_UPDATE: u64 = 6;
    pub const UPDATE: u64 = 7;
    pub const CHOICES: u64 = 8;
    pub const MODAL: u64 = 9;
}

/// The flags a bot may set on an answer.
const SETTABLE: u64 =
    message::SUPPRESS_EMBEDS | message::EPHEMERAL | message::SUPPRESS_NOTIFICATIONS;

impl State {
    /// Takes the first answer. Returns what `with_response` shows.
    ///
    /// # Errors
    /// 10062 for an unknown or too old interaction, 40060 for a second answer, 50035 for an invalid one.
    pub fn answer_interaction(
        &mut self,
        id: u64,
        token: &str,
        body: &Value,
        uploads: Vec<Upload>,
    ) -> Result<Value, Refused> {
        let interaction = self
            .interactions
            .by_id
            .get(&id)
            .filter(|one| one.token == token)
            .ok_or_else(Refused::unknown_interaction)?;
        match interaction.progress {
            Progress::Answered => return Err(Refused::already_acknowledged()),
            Progress::Expired => return Err(Refused::unknown_interaction()),
            Progress::Waiting if interaction.born.elapsed() > DEADLINE => {
                return Err(Refused::unknown_interaction());
            }
            Progress::Waiting => {}
        }
        let answer = body["type"].as_u64().unwrap_or(0);
        let from_component = interaction.kind == kind::COMPONENT
            || (interaction.kind == kind::MODAL && interaction.message.is_some());
        let fits = match answer {
            callback::REPLY | callback::DEFERRED_REPLY => interaction.kind != kind::AUTOCOMPLETE,
            callback::DEFERRED_UPDATE | callback::UPDATE => from_component,
            callback::CHOICES => interaction.kind == kind::AUTOCOMPLETE,
            callback::MODAL => matches!(interaction.kind, kind::COMMAND | kind::COMPONENT),
            _ => false,
        };
        if !fits {
            return Err(invalid(
                "type",
                "INTERACTION_RESPONSE_TYPE_INVALID",
                "This answer does not fit the interaction",
            ));
        }
        let (session, nonce) = (interaction.session.clone(), interaction.nonce.clone());
        let data = &body["data"];
        let mut resource = json!({"type": answer});
        let mut original = None;
        match answer {
            callback::REPLY | callback::DEFERRED_REPLY => {
                let draft = validate::draft(data)?;
                let deferred = answer == callback::DEFERRED_REPLY;
                let message = self.write_answer(id, draft, uploads, deferred, None)?;
                // A deferred reply is not shown: there is nothing to show yet (Discord's
                // documentation, receiving-and-responding, Interaction Callback Resource Object).
                if !deferred {
                    resource["message"] = self.show(message);
                }
                original = Some(message);
            }
            callback::DEFERRED_UPDATE => original = interaction.message,
            callback::UPDATE => {
                original = interaction.message;
                let (channel, target) = (interaction.channel, interaction.message.unwrap_or(0));
                let draft = validate::draft(data)?;
                self.edit_answer(channel, target, draft, uploads)?;
                resource["message"] = self.show(target);
            }
            callback::CHOICES => {
                let choices = data["choices"].as_array().cloned().unwrap_or_default();
                if choices.len() > 25 {
                    return Err(invalid(
                        "data.choices",
                        "BASE_TYPE_MAX_LENGTH",
                        "Must be 25 or fewer in length.",
                    ));
                }
                self.tell(
                    "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE",
                    &Audience::Session(&session),
                    &json!({"nonce": nonce, "choices": choices}),
                );
            }
            _ => {
                validate::modal(data)?;
                let modal = Modal {
                    user: interaction.user,
                    custom_id: data["custom_id"].as_str().unwrap_or_default().to_owned(),
                    components: data["components"].clone(),
                    channel: interaction.channel,
                    message: interaction.message,
                    metadata: interaction.metadata.clone(),
                };
                self.interactions.modals.insert(id, modal);
                let event = json!({
                    "id": wire::id(id),
                    "nonce": nonce,
                    "channel_id": wire::id(self.interactions.by_id.get(&id).map_or(0, |one| one.channel)),
                    "custom_id": data["custom_id"],
                    "title": data["title"],
                    "components": data["components"],
                    "application": wire::application(&self.world, self.content_intent),
                });
                self.tell("INTERACTION_MODAL_CREATE", &Audience::Session(&session), &event);
            }
        }
        let Some(interaction) = self.interactions.by_id.get_mut(&id) else {
            return Err(Refused::unknown_interaction());
        };
        interaction.progress = Progress::Answered;
        interaction.answered_after = Some(interaction.born.elapsed());
        interaction.original = original;
        let mut shown = json!({
            "id": wire::id(id),
            "type": interaction.kind,
            "channel_id": wire::id(interaction.channel),
        });
        if let Some(guild) = interaction.guild {
            shown["guild_id"] = wire::id(guild);
        }
        if let Some(message) = original {
            shown["response_message_id"] = wire::id(message);
            shown["response_message_loading"] = (answer == callback::DEFERRED_REPLY).into();
            shown["response_message_ephemeral"] = self.world.private.contains_key(&message).into();
        }
        self.tell(
            "INTERACTION_SUCCESS",
            &Audience::Session(&session),
            &json!({"id": wire::id(id), "nonce": nonce}),
        );
        let mut response = json!({"interaction": shown});
        if resource["message"].is_object() {
            response["resource"] = resource;
        }
        Ok(response)
    }

    /// Sends a further message. The first one after a deferred reply takes its place.
    ///
    /// # Errors
    /// 10015 or 50027 for a wrong or dead token, 50006 and 50035 for the message.
    pub fn follow_up(
        &mut self,
        application: u64,
        token: &str,
        body: &Value,
        uploads: Vec<Upload>,
    ) -> Result<u64, Refused> {
        let (id, original) = {
            let interaction = self.by_token(application, token)?;
            (interaction.id, interaction.original)
        };
        let draft = validate::draft(body)?;
        let waiting = original.filter(|original| {
            self.answer_message(*original).is_some_and(|(_, flags)| flags & message::LOADING != 0)
        });
        if let Some(original) = waiting {
            let channel = self.answer_message(original).map_or(0, |(channel, _)| channel);
            self.edit_answer(channel, original, draft, uploads)?;
            return Ok(original);
        }
        let message = self.write_answer(id, draft, uploads, false, original)?;
        if let Some(interaction) = self.interactions.by_id.get_mut(&id) {
            interaction.followups.insert(message);
        }
        Ok(message)
    }

    /// The message a token may read and change: `@original` (None) or one of its follow-ups.
    /// Returns channel and message.
    ///
    /// # Errors
    /// 10015 or 50027 for the token, 10008 for the message.
    pub fn answer_target(
        &self,
        application: u64,
        token: &str,
        message: Option<u64>,
    ) -> Result<(u64, u64), Refused> {
        let interaction = self.by_token(application, token)?;
        let target = match message {
            None => interaction.original,
            Some(id) => (interaction.followups.contains(&id) || interaction.original == Some(id))
                .then_some(id),
        };
        let target = target.ok_or_else(Refused::unknown_message)?;
        let (channel, _) = self.answer_message(target).ok_or_else(Refused::unknown_message)?;
        Ok((channel, target))
    }

    /// Edits an answer; the loading state of a deferred one ends.
    ///
    /// # Errors
    /// Unknown message; 50006 when nothing would remain.
    pub fn edit_answer(
        &mut self,
        channel: u64,
        target: u64,
        draft: Draft,
        uploads: Vec<Upload>,
    ) -> Result<(), Refused> {
        let (_, flags) = self.answer_message(target).ok_or_else(Refused::unknown_message)?;
        let loading = flags & message::LOADING != 0;
        let kept = self.attachments_of(channel, target);
        let attachments = self.attach(channel, draft.attachments.as_deref(), uploads, Some(kept));
        let suppressed = draft.flags.map(|bits| bits & message::SUPPRESS_EMBEDS);
        let flags = suppressed.map_or(flags, |bits| flags & !message::SUPPRESS_EMBEDS | bits);
        let changes = Changes {
            content: draft.content,
            embeds: draft.embeds,
            components: draft.components,
            attachments,
            flags: Some(flags & !message::LOADING),
            allowed_mentions: draft.allowed_mentions,
        };
        self.refuse_emptied(channel, target, &changes)?;
        self.change(channel, target, changes, !loading)
    }

    /// A message as the bot reads it.
    pub fn show(&self, id: u64) -> Value {
        let channel = self.answer_message(id).map_or(0, |(channel, _)| channel);
        self.world
            .private
            .get(&id)
            .or_else(|| self.world.message(channel, id))
            .map_or(Value::Null, |message| {
                wire::message(&self.world, message, self.viewer(self.world.bot))
            })
    }

    /// Channel and flags of a message, private or not.
    fn answer_message(&self, id: u64) -> Option<(u64, u64)> {
        let found = self
            .world
            .private
            .get(&id)
            .or_else(|| self.world.messages.values().find_map(|messages| messages.get(&id)))?;
        Some((found.channel, found.flags))
    }

    fn by_token(&self, application: u64, token: &str) -> Result<&Interaction, Refused> {
        if application != self.world.bot {
            return Err(Refused::unknown_webhook());
        }
        let interaction = self
            .interactions
            .by_id
            .values()
            .find(|one| one.token == token)
            .ok_or_else(Refused::invalid_webhook_token)?;
        if interaction.born.elapsed() > TOKEN_LIFE {
            return Err(Refused::invalid_webhook_token());
        }
        // Before the first answer there is nothing to edit or follow up.
        if interaction.progress != Progress::Answered {
            return Err(Refused::unknown_webhook());
        }
        Ok(interaction)
    }

    fn write_answer(
        &mut self,
        id: u64,
        draft: Draft,
        uploads: Vec<Upload>,
        deferred: bool,
        follows: Option<u64>,
    ) -> Result<u64, Refused> {
        let Some(interaction) = self.interactions.by_id.get(&id) else {
            return Err(Refused::unknown_interaction());
        };
        let mut flags = draft.flags.unwrap_or(0) & SETTABLE;
        if deferred {
            flags = flags & message::EPHEMERAL | message::LOADING;
        }
        let private = flags & message::EPHEMERAL != 0;
        let audience = private.then(|| (interaction.user, interaction.session.clone()));
        let (channel, guild) = (interaction.channel, interaction.guild);
        let mut metadata = interaction.metadata.clone();
        if let Some(original) = follows {
            metadata["original_response_message_id"] = wire::id(original);
        }
        // Answers to components point to the message with the component, follow-ups to the answer.
        let points_to =
            follows.or(interaction.message.filter(|_| interaction.kind == kind::COMPONENT));
        let kind = if follows.is_some() { message::REPLY } else { interaction.reply_kind };
        if !self.world.channels.contains_key(&channel) {
            return Err(Refused::unknown_channel());
        }
        let attachments =
            self.attach(channel, draft.attachments.as_deref(), uploads, None).unwrap_or_default();
        let new = New {
            channel,
            author: self.world.bot,
            kind,
            flags,
            content: draft.content.unwrap_or_default(),
            embeds: draft.embeds.unwrap_or_default(),
            components: draft.components.unwrap_or_default(),
            attachments,
            reference: points_to.map(|message| Reference {
                message: Some(message),
                channel,
                guild,
            }),
            allowed_mentions: draft.allowed_mentions,
            interaction: Some(metadata),
            audience,
            tts: draft.tts,
            nonce: None,
        };
        if !deferred && new.is_empty() {
            return Err(Refused::empty_message());
        }
        Ok(self.write(new))
    }

    /// Remembers how old an interaction is; used by tests to reach the end of a token's life.
    pub fn age_interactions(&mut self, by: std::time::Duration) {
        for interaction in self.interactions.by_id.values_mut() {
            interaction.born = interaction.born.checked_sub(by).unwrap_or_else(Instant::now);
        }
    }
}
