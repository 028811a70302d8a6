//! What a member calls, against what the bot registered.

use crate::sandbox::refused::{Form, Refused};
use serde_json::Value;

/// Checks the options a member gave against the command's definition. While `typing` (autocomplete),
/// what is still missing or half typed is fine.
///
/// # Errors
/// 50035 naming what does not fit.
pub fn check_call(defined: &Value, given: &Value, typing: bool) -> Result<(), Refused> {
    let mut form = Form::default();
    check_level(&mut form, "data.options", defined.get("options"), given, typing);
    form.finish()
}

fn check_level(form: &mut Form, at: &str, defined: Option<&Value>, given: &Value, typing: bool) {
    let empty = Vec::new();
    let defined = defined.and_then(Value::as_array).unwrap_or(&empty);
    let given = given.as_array().unwrap_or(&empty);
    for (index, one) in given.iter().enumerate() {
        let at = format!("{at}.{index}");
        let Some(definition) =
            defined.iter().find(|d| d["name"] == one["name"] && d["type"] == one["type"])
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
    let nests = defined.iter().any(|d| matches!(d["type"].as_u64(), Some(1 | 2)));
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
        let low = definition["min_value"].as_f64().is_some_and(|min| number < min);
        let high = definition["max_value"].as_f64().is_some_and(|max| number > max);
        if low || high {
            form.wrong(&format!("{at}.value"), "NUMBER_TYPE_RANGE", "The number is out of range");
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        let low = definition["min_length"].as_u64().is_some_and(|min| length < min);
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
