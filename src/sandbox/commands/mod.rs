//! Application commands as they are registered, and the checks of what a member calls.

mod call;
mod definition;
pub mod overrides;

pub use call::check_call;

use crate::sandbox::refused::{Refused, invalid};
use crate::sandbox::wire;
use definition::read;
use overrides::Overrides;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where commands are registered: None for everywhere, else the guild.
pub type Scope = Option<u64>;

/// All registered commands, by scope and id.
#[derive(Default)]
pub struct Commands {
    registered: BTreeMap<Scope, BTreeMap<u64, Value>>,
    /// Who may use them in which guild.
    pub overrides: Overrides,
}

impl Commands {
    /// The commands of a scope, oldest first.
    pub fn list(&self, scope: Scope) -> Vec<Value> {
        self.registered
            .get(&scope)
            .map(|commands| commands.values().cloned().collect())
            .unwrap_or_default()
    }

    /// One command.
    pub fn get(&self, scope: Scope, id: u64) -> Option<&Value> {
        self.registered.get(&scope)?.get(&id)
    }

    /// A command a guild's members can call, registered there or everywhere.
    pub fn callable(&self, guild: Scope, id: u64) -> Option<&Value> {
        self.get(None, id).or_else(|| self.get(guild, id))
    }

    /// Replaces all commands of a scope; those that stay keep their ids.
    ///
    /// # Errors
    /// 50035 when one of them is invalid or two share type and name; then nothing changes.
    pub fn replace(
        &mut self,
        application: u64,
        scope: Scope,
        bodies: &[Value],
        mut new_id: impl FnMut() -> u64,
    ) -> Result<Vec<Value>, Refused> {
        let old = self.list(scope);
        let mut names = BTreeSet::new();
        let mut fresh = BTreeMap::new();
        for (index, body) in bodies.iter().enumerate() {
            let mut command = read(body, &format!("{index}."))?;
            let key = (command["type"].to_string(), command["name"].to_string());
            if !names.insert(key) {
                return Err(invalid(
                    &format!("{index}.name"),
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                ));
            }
            let id = settle(application, scope, &mut command, &old, &mut new_id);
            fresh.insert(id, command);
        }
        self.registered.insert(scope, fresh);
        Ok(self.list(scope))
    }

    /// Adds a command, or replaces the one of the same type and name. Returns it and whether it is new.
    ///
    /// # Errors
    /// 50035 when it is invalid.
    pub fn upsert(
        &mut self,
        application: u64,
        scope: Scope,
        body: &Value,
        mut new_id: impl FnMut() -> u64,
    ) -> Result<(Value, bool), Refused> {
        let mut command = read(body, "")?;
        let old = self.list(scope);
        let commands = self.registered.entry(scope).or_default();
        let before = commands.len();
        let id = settle(application, scope, &mut command, &old, &mut new_id);
        commands.insert(id, command.clone());
        Ok((command, commands.len() > before))
    }

    /// Changes parts of a command.
    ///
    /// # Errors
    /// Unknown command; 50035 when the result is invalid.
    pub fn patch(
        &mut self,
        application: u64,
        scope: Scope,
        id: u64,
        body: &Value,
        mut new_id: impl FnMut() -> u64,
    ) -> Result<Value, Refused> {
        let mut whole = self.get(scope, id).ok_or_else(Refused::unknown_command)?.clone();
        for (key, value) in body.as_object().into_iter().flatten() {
            whole[key] = value.clone();
        }
        let mut command = read(&whole, "")?;
        finish(application, scope, &mut command, id, new_id());
        if let Some(commands) = self.registered.get_mut(&scope) {
            commands.insert(id, command.clone());
        }
        Ok(command)
    }

    /// Removes a command.
    ///
    /// # Errors
    /// Unknown command.
    pub fn remove(&mut self, scope: Scope, id: u64) -> Result<(), Refused> {
        self.registered
            .get_mut(&scope)
            .and_then(|commands| commands.remove(&id))
            .map(|_| ())
            .ok_or_else(Refused::unknown_command)
    }
}

/// Gives a command the id and, if nothing changed, the version of the one it replaces.
fn settle(
    application: u64,
    scope: Scope,
    command: &mut Value,
    old: &[Value],
    new_id: &mut impl FnMut() -> u64,
) -> u64 {
    let same =
        old.iter().find(|one| one["type"] == command["type"] && one["name"] == command["name"]);
    let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    match same.and_then(|one| Some((one, number(&one["id"])?, number(&one["version"])?))) {
        Some((one, id, version)) => {
            finish(application, scope, command, id, version);
            if command != one {
                command["version"] = wire::id(new_id());
            }
            id
        }
        None => {
            let id = new_id();
            finish(application, scope, command, id, new_id());
            id
        }
    }
}

fn finish(application: u64, scope: Scope, command: &mut Value, id: u64, version: u64) {
    command["id"] = wire::id(id);
    command["application_id"] = wire::id(application);
    command["version"] = wire::id(version);
    if let Some(guild) = scope {
        command["guild_id"] = wire::id(guild);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn counter() -> impl FnMut() -> u64 {
        let mut last = 100;
        move || {
            last += 1;
            last
        }
    }

    #[test]
    fn a_command_written_again_keeps_its_id_and_if_unchanged_its_version() {
        let mut commands = Commands::default();
        let mut ids = counter();
        let ping = json!({"name": "ping", "description": "Say pong"});
        let first = commands.replace(1, None, std::slice::from_ref(&ping), &mut ids).unwrap();
        let again = commands.replace(1, None, &[ping], &mut ids).unwrap();
        assert_eq!(first, again);
        let other = json!({"name": "ping", "description": "Say something else"});
        let changed = commands.replace(1, None, &[other], &mut ids).unwrap();
        assert_eq!(changed[0]["id"], first[0]["id"]);
        assert_ne!(changed[0]["version"], first[0]["version"]);
    }

    #[test]
    fn invalid_commands_change_nothing() {
        let mut commands = Commands::default();
        let mut ids = counter();
        let good = json!({"name": "ping", "description": "Say pong"});
        commands.replace(1, None, std::slice::from_ref(&good), &mut ids).unwrap();
        for bad in [
            json!({"name": "Ping", "description": "upper case"}),
            json!({"name": "two words", "description": "x"}),
            json!({"name": "x", "description": ""}),
            json!({"name": "x", "description": "d".repeat(101)}),
            json!({"name": "x", "description": "d", "options": [
                {"type": 3, "name": "a", "description": "optional"},
                {"type": 3, "name": "b", "description": "required", "required": true}]}),
        ] {
            let refused = commands.replace(1, None, &[good.clone(), bad.clone()], &mut ids);
            assert_eq!(refused.unwrap_err().code, 50035, "{bad}");
            assert_eq!(commands.list(None).len(), 1);
        }
    }

    #[test]
    fn calls_are_checked_against_the_definition() {
        let defined = json!({"options": [{"type": 1, "name": "show", "description": "d", "options": [
            {"type": 3, "name": "topic", "description": "d", "required": true},
            {"type": 4, "name": "n", "description": "d", "min_value": 1, "max_value": 5}]}]});
        let call = |options: Value| json!([{"type": 1, "name": "show", "options": options}]);
        let topic = json!({"type": 3, "name": "topic", "value": "x"});
        assert!(check_call(&defined, &call(json!([topic])), false).is_ok());
        for wrong in [
            call(json!([])),
            call(json!([topic, {"type": 4, "name": "n", "value": 6}])),
            call(json!([topic, {"type": 4, "name": "n", "value": "3"}])),
            call(json!([topic, {"type": 3, "name": "other", "value": "3"}])),
            json!([]),
        ] {
            assert!(check_call(&defined, &wrong, false).is_err(), "{wrong}");
        }
        let half = call(json!([{"type": 4, "name": "n", "value": "3x", "focused": true}]));
        assert!(check_call(&defined, &half, true).is_ok());
    }
}
