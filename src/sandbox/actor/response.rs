//! What came of something a member did with the bot.

use super::{Actor, PATIENCE};
use anyhow::Context as _;
use serde_json::Value;

/// What came of a command, a click, a choice or a form.
#[derive(Clone)]
pub struct Response {
    /// Whether the bot gave no answer within three seconds.
    pub failed: bool,
    /// The answer, or the message the bot updated.
    pub message: Option<Value>,
    /// The form the bot opened (`custom_id`, `title`, `components`).
    pub modal: Option<Value>,
    /// Whether the bot updated the message that was acted on instead of answering.
    pub updated: bool,
    /// The interaction's id.
    pub id: String,
    pub(super) actor: Actor,
    /// The message that was acted on.
    pub(super) target: Option<String>,
    pub(super) from: usize,
}

impl Response {
    /// The answer once the bot has finished it: waits until a deferred reply has its content, or
    /// until the bot has edited the message it only promised to update.
    ///
    /// # Errors
    /// When nothing came in time.
    pub async fn settled_message(&self) -> anyhow::Result<Value> {
        let loading = |message: &Value| message["flags"].as_u64().unwrap_or(0) & (1 << 7) != 0;
        let wanted = match &self.message {
            Some(message) if !loading(message) => return Ok(message.clone()),
            Some(message) => message["id"].as_str().map(str::to_owned),
            None => self.target.clone(),
        };
        let wanted = wanted.context("the interaction has no message")?;
        self.actor
            .wait_for_since(self.from, "the finished message", PATIENCE, |kind, data| {
                kind == "MESSAGE_UPDATE" && data["id"] == wanted.as_str() && !loading(data)
            })
            .await
    }

    /// Further messages the bot has sent to this interaction so far, oldest first.
    pub fn follow_ups(&self) -> Vec<Value> {
        let first = self.message.as_ref().map(|message| message["id"].clone());
        let events = self.actor.events_since(self.from);
        events
            .into_iter()
            .filter(|(kind, data)| {
                kind == "MESSAGE_CREATE"
                    && data["interaction_metadata"]["id"] == self.id.as_str()
                    && Some(&data["id"]) != first.as_ref()
            })
            .map(|(_, data)| data)
            .collect()
    }
}
