//! Commands are registered globally: compared first, written only where they differ. Commands
//! that are not ours are left alone.

use super::commands;
use super::fault::{Failure, failure};
use serde_json::{Map, Value};
use serenity::all::Http;
use std::time::Duration;

/// Tries of one request, when Discord is busy.
const TRIES: u32 = 5;

/// Registers what is new or differs.
pub(super) async fn register(http: &Http) -> Result<(), serenity::Error> {
    let known: Vec<Value> = http
        .get_global_commands()
        .await?
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()?;
    let wanted: Vec<Value> = poise::builtins::create_application_commands(&commands::all())
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()?;
    let same = |a: &Value, b: &Value| a["name"] == b["name"] && kind(a) == kind(b);
    let ours = |k: &Value| wanted.iter().any(|w| same(k, w));
    let changed: Vec<&Value> = wanted
        .iter()
        .filter(|w| known.iter().find(|k| same(k, w)).is_none_or(|k| essence(k) != essence(w)))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    tracing::info!(commands = changed.len(), "registering commands");
    if known.iter().all(ours) {
        // One request replaces the whole list, which holds nothing but ours.
        return patiently(|| http.create_global_commands(&wanted)).await.map(|_| ());
    }
    for command in changed {
        patiently(|| http.create_global_command(command)).await?;
    }
    Ok(())
}

/// Repeats a request that is harmless to repeat while Discord is busy.
async fn patiently<T, F>(request: impl Fn() -> F) -> Result<T, serenity::Error>
where
    F: Future<Output = Result<T, serenity::Error>>,
{
    let mut wait = Duration::from_secs(2);
    for _ in 1..TRIES {
        match request().await {
            Err(error) if matches!(failure(&error), Failure::Unclear(_)) => {
                tracing::warn!(error = failure(&error).text(), "registering again in a moment");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            done => return done,
        }
    }
    request().await
}

/// A command's type: 1, a slash command, where it is not given.
fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

/// What of a command matters for comparing: Discord adds ids, versions and defaults. Its type is
/// compared by [`kind`].
fn essence(command: &Value) -> Value {
    let mut kept = kept(command);
    if let Value::Object(kept) = &mut kept {
        kept.remove("type");
    }
    kept
}

/// A command, an option or a choice without what Discord adds.
fn kept(part: &Value) -> Value {
    const KEPT: [&str; 14] = [
        "type",
        "name",
        "description",
        "options",
        "choices",
        "required",
        "autocomplete",
        "channel_types",
        "min_value",
        "max_value",
        "min_length",
        "max_length",
        "default_member_permissions",
        "value",
    ];
    match part {
        Value::Object(object) => {
            let mut essential = Map::new();
            for (key, value) in object {
                let is_default = value.is_null()
                    || *value == Value::Bool(false)
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_str().is_some_and(str::is_empty);
                if !is_default && KEPT.contains(&key.as_str()) {
                    essential.insert(key.clone(), kept(value));
                }
            }
            Value::Object(essential)
        }
        Value::Array(list) => Value::Array(list.iter().map(kept).collect()),
        // Whole numbers and the same with a decimal point are one to Discord.
        Value::Number(n) => n.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::essence;
    use serde_json::json;

    #[test]
    fn what_discord_adds_makes_no_difference() {
        let ours = json!({"name": "today", "description": "d", "options": [
            {"type": 4, "name": "n", "description": "x", "required": false, "max_value": 20.0}]});
        let theirs = json!({"id": "1", "version": "2", "type": 1, "name": "today",
            "description": "d", "nsfw": false, "default_member_permissions": null, "options": [
            {"type": 4, "name": "n", "description": "x", "max_value": 20, "choices": []}]});
        assert_eq!(essence(&ours), essence(&theirs));
        let menu = json!({"name": "Vote", "type": 3, "description": ""});
        let known = json!({"name": "Vote", "type": 3, "id": "1", "options": []});
        assert_eq!(essence(&menu), essence(&known));
        let other = json!({"name": "today", "description": "d", "options": [
            {"type": 3, "name": "n", "description": "x"}]});
        assert_ne!(essence(&ours), essence(&other));
    }
}
