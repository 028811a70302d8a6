//! Application commands as they are registered, and the checks of what a member calls.

use super::refused::{Form, Refused, invalid};
use super::wire;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where commands are registered: None for everywhere, else the guild.
pub type Scope = Option<u64>;

/// All registered commands, by scope and id.
#[derive(Default)]
pub struct Commands {
    registered: BTreeMap<Scope, BTreeMap<u64, Value>>,
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
        let mut whole = self
            .get(scope, id)
            .ok_or_else(Refused::unknown_command)?
            .clone();
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
    let same = old
        .iter()
        .find(|one| one["type"] == command["type"] && one["name"] == command["name"]);
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

/// Checks a command and brings it into the shape Discord gives back.
fn read(body: &Value, at: &str) -> Result<Value, Refused> {
    let mut form = Form::default();
    let kind = body["type"].as_u64().unwrap_or(1);
    let name = form.text(&format!("{at}name"), body.get("name"), 1, 32);
    if kind == 1 {
        check_name(&mut form, &format!("{at}name"), name);
        form.text(&format!("{at}description"), body.get("description"), 1, 100);
    } else if body["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty())
    {
        form.wrong(
            &format!("{at}description"),
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_CANNOT_BE_SET",
            "Context menu commands cannot have description",
        );
    }
    if !(1..=3).contains(&kind) {
        form.wrong(
            &format!("{at}type"),
            "BASE_TYPE_CHOICES",
            "Value must be one of (1, 2, 3).",
        );
    }
    let options = read_options(&mut form, &format!("{at}options"), body.get("options"), 0);
    let mut size = name.chars().count()
        + body["description"]
            .as_str()
            .map_or(0, |d| d.chars().count());
    size += options.iter().map(option_size).sum::<usize>();
    if size > 8000 {
        form.wrong(
            &format!("{at}options"),
            "APPLICATION_COMMAND_TOO_LARGE",
            "Command exceeds maximum size (8000)",
        );
    }
    form.finish()?;
    let rights = match &body["default_member_permissions"] {
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    };
    let mut command = json!({
        "type": kind,
        "name": name,
        "name_localizations": body["name_localizations"],
        "description": body["description"].as_str().unwrap_or(""),
        "description_localizations": body["description_localizations"],
        "default_member_permissions": rights,
        "dm_permission": body["dm_permission"] != false,
        "contexts": body["contexts"],
        "integration_types": match &body["integration_types"] { Value::Array(list) => json!(list), _ => json!([0]) },
        "nsfw": body["nsfw"] == true,
    });
    if kind == 1 {
        command["options"] = options.into();
    }
    Ok(command)
}

fn check_name(form: &mut Form, path: &str, name: &str) {
    let fits = |c: char| c == '-' || c == '_' || c == '\'' || c.is_alphanumeric();
    if !name.is_empty() && (!name.chars().all(fits) || name.to_lowercase() != name) {
        form.wrong(
            path,
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        );
    }
}

fn option_size(option: &Value) -> usize {
    let own: usize = ["name", "description"]
        .iter()
        .map(|key| option[*key].as_str().map_or(0, |text| text.chars().count()))
        .sum();
    let nested = option["options"]
        .as_array()
        .map_or(0, |list| list.iter().map(option_size).sum());
    let choices: usize = option["choices"].as_array().map_or(0, |list| {
        list.iter()
            .map(|choice| {
                choice["name"]
                    .as_str()
                    .map_or(0, |text| text.chars().count())
                    + choice["value"]
                        .as_str()
                        .map_or(0, |text| text.chars().count())
            })
            .sum()
    });
    own + nested + choices
}

fn read_options(form: &mut Form, at: &str, options: Option<&Value>, depth: u8) -> Vec<Value> {
    let options = options
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if options.len() > 25 {
        form.wrong(at, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    let mut names = BTreeSet::new();
    let mut optional_seen = false;
    let mut read = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.{index}");
        let name = form.text(&format!("{at}.name"), option.get("name"), 1, 32);
        check_name(form, &format!("{at}.name"), name);
        form.text(
            &format!("{at}.description"),
            option.get("description"),
            1,
            100,
        );
        if !names.insert(name.to_owned()) {
            form.wrong(
                &format!("{at}.name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_INVALID",
                "Option name already in use",
            );
        }
        let kind = option["type"].as_u64().unwrap_or(0);
        let nests = matches!(kind, 1 | 2);
        if !(1..=11).contains(&kind) || (kind == 2 && depth > 0) || (kind == 1 && depth > 1) {
            form.wrong(&format!("{at}.type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and sub-command group option types are mutually exclusive to all other types");
        }
        let required = option["required"] == true;
        if required && optional_seen {
            form.wrong(
                &at,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            );
        }
        optional_seen |= !required && !nests;
        let mut one = Map::new();
        for key in [
            "type",
            "name",
            "description",
            "min_value",
            "max_value",
            "min_length",
            "max_length",
            "channel_types",
            "name_localizations",
            "description_localizations",
        ] {
            if let Some(value) = option.get(key) {
                let empty = value.is_null()
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(Map::is_empty);
                if !empty {
                    one.insert(key.to_owned(), value.clone());
                }
            }
        }
        for key in ["required", "autocomplete"] {
            if option[key] == true {
                one.insert(key.to_owned(), true.into());
            }
        }
        let choices = option["choices"].as_array().cloned().unwrap_or_default();
        if choices.len() > 25 {
            form.wrong(
                &format!("{at}.choices"),
                "BASE_TYPE_MAX_LENGTH",
                "Must be 25 or fewer in length.",
            );
        }
        for (index, choice) in choices.iter().enumerate() {
            form.text(
                &format!("{at}.choices.{index}.name"),
                choice.get("name"),
                1,
                100,
            );
            if let Some(value) = choice["value"].as_str() {
                form.length(&format!("{at}.choices.{index}.value"), value, 0, 100);
            }
        }
        if !choices.is_empty() {
            if option["autocomplete"] == true {
                form.wrong(
                    &at,
                    "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
                    "Autocomplete options cannot have choices",
                );
            }
            let plain = choices
                .iter()
                .map(|c| json!({"name": c["name"], "value": c["value"]}));
            one.insert("choices".to_owned(), plain.collect::<Vec<_>>().into());
        }
        if nests {
            let nested = read_options(
                form,
                &format!("{at}.options"),
                option.get("options"),
                depth + 1,
            );
            if !nested.is_empty() {
                one.insert("options".to_owned(), nested.into());
            }
        }
        read.push(Value::Object(one));
    }
    read
}

/// Checks the options a member gave against the command's definition. While `typing` (autocomplete),
/// what is still missing or half typed is fine.
///
/// # Errors
/// 50035 naming what does not fit.
pub fn check_call(defined: &Value, given: &Value, typing: bool) -> Result<(), Refused> {
    let mut form = Form::default();
    check_level(
        &mut form,
        "data.options",
        defined.get("options"),
        given,
        typing,
    );
    form.finish()
}

fn check_level(form: &mut Form, at: &str, defined: Option<&Value>, given: &Value, typing: bool) {
    let empty = Vec::new();
    let defined = defined.and_then(Value::as_array).unwrap_or(&empty);
    let given = given.as_array().unwrap_or(&empty);
    for (index, one) in given.iter().enumerate() {
        let at = format!("{at}.{index}");
        let Some(definition) = defined
            .iter()
            .find(|d| d["name"] == one["name"] && d["type"] == one["type"])
        else {
            form.wrong(
                &format!("{at}.name"),
                "APPLICATION_COMMAND_OPTION_UNKNOWN",
                "The command has no such option of this type",
            );
            continue;
        };
        match one["type"].as_u64() {
            Some(1 | 2) => {
                check_level(
                    form,
                    &format!("{at}.options"),
                    definition.get("options"),
                    &one["options"],
                    typing,
                );
            }
            kind => check_value(form, &at, kind.unwrap_or(0), definition, one, typing),
        }
    }
    let nests = defined
        .iter()
        .any(|d| matches!(d["type"].as_u64(), Some(1 | 2)));
    if nests && given.len() != 1 {
        form.wrong(at, "BASE_TYPE_REQUIRED", "One sub-command is required");
    }
    for definition in defined.iter().filter(|d| d["required"] == true) {
        if !typing && !given.iter().any(|one| one["name"] == definition["name"]) {
            form.wrong(
                at,
                "BASE_TYPE_REQUIRED",
                format!("Option {} is required", definition["name"]),
            );
        }
    }
}

fn check_value(
    form: &mut Form,
    at: &str,
    kind: u64,
    definition: &Value,
    one: &Value,
    typing: bool,
) {
    let value = &one["value"];
    if typing && one["focused"] == true {
        return;
    }
    let fits = match kind {
        4 => value.is_i64() || value.is_u64(),
        5 => value.is_boolean(),
        10 => value.is_number(),
        _ => value.is_string(),
    };
    if !fits {
        form.wrong(
            &format!("{at}.value"),
            "APPLICATION_COMMAND_OPTION_TYPE",
            "The value has not the option's type",
        );
        return;
    }
    let choices = definition["choices"].as_array();
    if choices.is_some_and(|choices| !choices.iter().any(|choice| choice["value"] == *value)) {
        form.wrong(
            &format!("{at}.value"),
            "APPLICATION_COMMAND_OPTION_CHOICE",
            "The value is none of the choices",
        );
    }
    if let Some(number) = value.as_f64() {
        let low = definition["min_value"]
            .as_f64()
            .is_some_and(|min| number < min);
        let high = definition["max_value"]
            .as_f64()
            .is_some_and(|max| number > max);
        if low || high {
            form.wrong(
                &format!("{at}.value"),
                "NUMBER_TYPE_RANGE",
                "The number is out of range",
            );
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        let low = definition["min_length"]
            .as_u64()
            .is_some_and(|min| length < min);
        let high = definition["max_length"].as_u64().unwrap_or(6000) < length;
        if low || high {
            form.wrong(
                &format!("{at}.value"),
                "BASE_TYPE_BAD_LENGTH",
                "The text is too short or too long",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let first = commands
            .replace(1, None, std::slice::from_ref(&ping), &mut ids)
            .unwrap();
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
        commands
            .replace(1, None, std::slice::from_ref(&good), &mut ids)
            .unwrap();
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
