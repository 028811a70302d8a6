//! A command's definition: Discord's rules for it, and the shape it gives back.

use crate::sandbox::refused::{Form, Refused};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Checks a command and brings it into the shape Discord gives back.
pub fn read(body: &Value, at: &str) -> Result<Value, Refused> {
    let mut form = Form::default();
    let kind = body["type"].as_u64().unwrap_or(1);
    let name = form.text(&format!("{at}name"), body.get("name"), 1, 32);
    if kind == 1 {
        check_name(&mut form, &format!("{at}name"), name);
        form.text(&format!("{at}description"), body.get("description"), 1, 100);
    } else if body["description"].as_str().is_some_and(|text| !text.is_empty()) {
        form.wrong(
            &format!("{at}description"),
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_CANNOT_BE_SET",
            "Context menu commands cannot have description",
        );
    }
    if !(1..=3).contains(&kind) {
        form.wrong(&format!("{at}type"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3).");
    }
    let options = read_options(&mut form, &format!("{at}options"), body.get("options"), 0);
    let mut size =
        name.chars().count() + body["description"].as_str().map_or(0, |d| d.chars().count());
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
        form.wrong(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

fn option_size(option: &Value) -> usize {
    let own: usize = ["name", "description"]
        .iter()
        .map(|key| option[*key].as_str().map_or(0, |text| text.chars().count()))
        .sum();
    let nested = option["options"].as_array().map_or(0, |list| list.iter().map(option_size).sum());
    let choices: usize = option["choices"].as_array().map_or(0, |list| {
        list.iter()
            .map(|choice| {
                choice["name"].as_str().map_or(0, |text| text.chars().count())
                    + choice["value"].as_str().map_or(0, |text| text.chars().count())
            })
            .sum()
    });
    own + nested + choices
}

fn read_options(form: &mut Form, at: &str, options: Option<&Value>, depth: u8) -> Vec<Value> {
    let options = options.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
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
        form.text(&format!("{at}.description"), option.get("description"), 1, 100);
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
        let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
        if choices.len() > 25 {
            form.wrong(
                &format!("{at}.choices"),
                "BASE_TYPE_MAX_LENGTH",
                "Must be 25 or fewer in length.",
            );
        }
        for (index, choice) in choices.iter().enumerate() {
            form.text(&format!("{at}.choices.{index}.name"), choice.get("name"), 1, 100);
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
            let plain = choices.iter().map(|c| json!({"name": c["name"], "value": c["value"]}));
            one.insert("choices".to_owned(), plain.collect::<Vec<_>>().into());
        }
        // Deeper ones are refused above; reading them all the same would copy them at each level.
        if nests && depth < 2 {
            let nested =
                read_options(form, &format!("{at}.options"), option.get("options"), depth + 1);
            if !nested.is_empty() {
                one.insert("options".to_owned(), nested.into());
            }
        }
        read.push(Value::Object(one));
    }
    read
}
