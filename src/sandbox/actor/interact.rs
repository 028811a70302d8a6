//! Commands, buttons, menus and forms, as a member uses them.

use super::{Actor, PATIENCE, Response};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

impl Actor {
    /// Calls a slash command. `options` is Discord's array (`[{"name", "type", "value"}]`, nested for
    /// sub-commands); types may be left out, they are looked up.
    ///
    /// # Errors
    /// When there is no such command, or Discord refuses the call.
    pub async fn command(
        &self,
        channel: u64,
        name: &str,
        options: Value,
    ) -> anyhow::Result<Response> {
        let command = self.find_command(channel, name, 1).await?;
        let options = with_types(&command["options"], options);
        let data = json!({"id": command["id"], "name": name, "type": 1, "options": options});
        self.interact(2, channel, data, None).await
    }

    /// Types into an option with `"focused": true`; returns the choices offered.
    ///
    /// # Errors
    /// When there is no such command, Discord refuses the call, or the bot does not answer.
    pub async fn autocomplete(
        &self,
        channel: u64,
        name: &str,
        options: Value,
    ) -> anyhow::Result<Vec<Value>> {
        let command = self.find_command(channel, name, 1).await?;
        let options = with_types(&command["options"], options);
        let data = json!({"id": command["id"], "name": name, "type": 1, "options": options});
        let mark = self.mark();
        let nonce = self.send_interaction(4, channel, data, None).await?;
        let answer = self
            .wait_for_since(mark, "autocomplete choices", PATIENCE, |kind, data| {
                data["nonce"] == nonce
                    && matches!(
                        kind,
                        "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" | "INTERACTION_FAILURE"
                    )
            })
            .await?;
        match &answer["choices"] {
            Value::Array(choices) => Ok(choices.clone()),
            _ => bail!("{}: /{name} offered no choices in time", self.name()),
        }
    }

    /// Presses a button of a message.
    ///
    /// # Errors
    /// When Discord refuses it: no such button, or it is disabled.
    pub async fn press(&self, message: &Value, custom_id: &str) -> anyhow::Result<Response> {
        let data = json!({"component_type": 2, "custom_id": custom_id});
        self.component(message, data).await
    }

    /// Chooses in a select menu of a message.
    ///
    /// # Errors
    /// When Discord refuses it: no such menu, or values it does not offer.
    pub async fn choose(
        &self,
        message: &Value,
        custom_id: &str,
        values: &[&str],
    ) -> anyhow::Result<Response> {
        let kind = message["components"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["components"].as_array())
            .flatten()
            .find(|one| one["custom_id"] == custom_id)
            .map_or(json!(3), |one| one["type"].clone());
        let data = json!({"component_type": kind, "custom_id": custom_id, "values": values});
        self.component(message, data).await
    }

    /// Uses a command of a message's Apps menu.
    ///
    /// # Errors
    /// When there is no such command, or Discord refuses the call.
    pub async fn message_menu(
        &self,
        name: &str,
        channel: u64,
        message: u64,
    ) -> anyhow::Result<Response> {
        let command = self.find_command(channel, name, 3).await?;
        let data = json!({
            "id": command["id"], "name": name, "type": 3, "target_id": message.to_string(),
        });
        self.interact(2, channel, data, None).await
    }

    /// Sends a form that a response opened, with (custom id, text) for its inputs.
    ///
    /// # Errors
    /// When the response opened none, or Discord refuses the texts.
    pub async fn submit_modal(
        &self,
        opened: &Response,
        inputs: &[(&str, &str)],
    ) -> anyhow::Result<Response> {
        let modal = opened.modal.as_ref().context("no form was opened")?;
        let rows: Vec<Value> = inputs
            .iter()
            .map(|(id, text)| json!({"type": 1, "components": [{"type": 4, "custom_id": id, "value": text}]}))
            .collect();
        let data = json!({"id": modal["id"], "custom_id": modal["custom_id"], "components": rows});
        let channel = id_of(&modal["channel_id"])?;
        self.interact(5, channel, data, opened.target.clone()).await
    }

    async fn component(&self, message: &Value, data: Value) -> anyhow::Result<Response> {
        let channel = id_of(&message["channel_id"])?;
        let target = message["id"].as_str().context("the message has no id")?;
        self.interact(3, channel, data, Some(target.to_owned())).await
    }

    /// Begins an interaction and waits for the first answer to it.
    async fn interact(
        &self,
        kind: u64,
        channel: u64,
        data: Value,
        target: Option<String>,
    ) -> anyhow::Result<Response> {
        let from = self.mark();
        let nonce = self.send_interaction(kind, channel, data, target.as_deref()).await?;
        let ended = |kind: &str, data: &Value| {
            data["nonce"] == nonce && matches!(kind, "INTERACTION_SUCCESS" | "INTERACTION_FAILURE")
        };
        let end = self.wait_for_since(from, "an end of the interaction", PATIENCE, ended).await?;
        let events: Vec<(String, Value)> = self.events_since(from);
        let place =
            events.iter().position(|(kind, data)| ended(kind, data)).unwrap_or(events.len());
        let (before, id) = (&events[..place], end["id"].clone());
        let failed = events.get(place).is_some_and(|(kind, _)| kind == "INTERACTION_FAILURE");
        let last = |wanted: &str, fits: &dyn Fn(&Value) -> bool| {
            before
                .iter()
                .rev()
                .find(|(kind, data)| kind == wanted && fits(data))
                .map(|(_, data)| data.clone())
        };
        // A private message keeps the metadata of the interaction that made it, so an update of the
        // message acted on is told by its id.
        let answer = last("MESSAGE_CREATE", &|data| data["interaction_metadata"]["id"] == id);
        let update = target
            .as_ref()
            .and_then(|target| last("MESSAGE_UPDATE", &|data| data["id"] == target.as_str()));
        let updated = answer.is_none() && update.is_some();
        Ok(Response {
            failed,
            modal: last("INTERACTION_MODAL_CREATE", &|data| data["id"] == id),
            message: answer.or(update),
            updated,
            id: id.as_str().unwrap_or_default().to_owned(),
            actor: self.clone(),
            target,
            from,
        })
    }

    /// Sends `POST /interactions`; returns its nonce.
    async fn send_interaction(
        &self,
        kind: u64,
        channel: u64,
        data: Value,
        target: Option<&str>,
    ) -> anyhow::Result<String> {
        let session = self.session().await?;
        let guild = self.guild_of(channel).await?;
        let number = self.inner.nonces.fetch_add(1, Ordering::Relaxed);
        let nonce = format!("{}-{number}", self.id() % 1_000_000_007);
        let mut body = json!({
            "type": kind,
            "application_id": self.inner.application.to_string(),
            "channel_id": channel.to_string(),
            "session_id": session,
            "nonce": nonce,
            "data": data,
        });
        if guild.is_string() {
            body["guild_id"] = guild;
        }
        if let Some(target) = target {
            body["message_id"] = target.into();
            body["message_flags"] = 0.into();
        }
        self.request("POST", "/interactions", Some(body)).await?;
        Ok(nonce)
    }

    /// A channel's guild; null for direct messages.
    async fn guild_of(&self, channel: u64) -> anyhow::Result<Value> {
        let known = |actor: &Self| actor.inner.guilds().get(&channel).cloned();
        if let Some(guild) = known(self) {
            return Ok(guild);
        }
        let found = self.request("GET", &format!("/channels/{channel}"), None).await?;
        let guild = found["guild_id"].clone();
        self.inner.guilds().insert(channel, guild.clone());
        Ok(guild)
    }

    /// The session's id, once it is ready; interactions name it.
    ///
    /// # Errors
    /// When the session does not get ready in time.
    pub async fn session(&self) -> anyhow::Result<Value> {
        if let Some(session) = self.inner.heard().session() {
            return Ok(session);
        }
        let ready = self.wait_for("READY", PATIENCE, |kind, _| kind == "READY").await?;
        Ok(ready["session_id"].clone())
    }

    /// Looks a command up by name and type, first among those registered everywhere.
    async fn find_command(&self, channel: u64, name: &str, kind: u64) -> anyhow::Result<Value> {
        let base = format!("/applications/{}", self.inner.application);
        let mut places = vec![format!("{base}/commands")];
        let guild = self.guild_of(channel).await?;
        if let Some(guild) = guild.as_str() {
            places.push(format!("{base}/guilds/{guild}/commands"));
        }
        for place in places {
            let list = self.request("GET", &place, None).await?;
            let found = list
                .as_array()
                .into_iter()
                .flatten()
                .find(|one| one["name"] == name && one["type"] == kind);
            if let Some(found) = found {
                return Ok(found.clone());
            }
        }
        bail!("there is no command {name:?} of type {kind}")
    }
}

/// Adds the types of options from the command's definition where they are missing.
fn with_types(defined: &Value, options: Value) -> Value {
    let Value::Array(options) = options else {
        return json!([]);
    };
    options
        .into_iter()
        .map(|mut option| {
            let definition =
                defined.as_array().into_iter().flatten().find(|one| one["name"] == option["name"]);
            if let Some(definition) = definition {
                if option["type"].is_null() {
                    option["type"] = definition["type"].clone();
                }
                if option["options"].is_array() {
                    option["options"] =
                        with_types(&definition["options"], option["options"].take());
                }
            }
            option
        })
        .collect()
}

fn id_of(value: &Value) -> anyhow::Result<u64> {
    value.as_str().and_then(|text| text.parse().ok()).with_context(|| format!("{value} is no id"))
}
