//! Rows of buttons and menus, and forms.

use super::kept;
use crate::sandbox::refused::{Form, Refused};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The rows of a message.
pub fn read_components(form: &mut Form, components: &Value) -> Vec<Value> {
    let rows = match components {
        Value::Null => return Vec::new(),
        Value::Array(rows) => rows,
        _ => {
            form.wrong(
                "components",
                "LIST_TYPE_CONVERT",
                "Only iterables may be used in a ListType.",
            );
            return Vec::new();
        }
    };
    if rows.len() > 5 {
        form.wrong("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    let mut seen = BTreeSet::new();
    // Discord numbers components that bring no `id`, from 1 in reading order.
    let mut number = 0;
    rows.iter()
        .enumerate()
        .map(|(index, row)| {
            let path = format!("components.{index}");
            number += 1;
            let row_number = number;
            if row["type"] != 1 {
                form.wrong(
                    &format!("{path}.type"),
                    "UNION_TYPE_CHOICES",
                    "Value of field \"type\" must be one of (1,).",
                );
            }
            let parts = row["components"].as_array().cloned().unwrap_or_default();
            let buttons = parts.iter().filter(|part| part["type"] == 2).count();
            if parts.is_empty() || parts.len() > 5 {
                form.wrong(
                    &format!("{path}.components"),
                    "BASE_TYPE_BAD_LENGTH",
                    "Must be between 1 and 5 in length.",
                );
            } else if buttons != parts.len() && parts.len() > 1 {
                form.wrong(
                    &format!("{path}.components"),
                    "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                    "The specified component exceeds the maximum width",
                );
            }
            let parts: Vec<Value> = parts
                .iter()
                .enumerate()
                .map(|(index, part)| {
                    let path = format!("{path}.components.{index}");
                    let custom_id = part["custom_id"].as_str();
                    if custom_id.is_some_and(|id| !seen.insert(id.to_owned())) {
                        form.wrong(
                            &format!("{path}.custom_id"),
                            "COMPONENT_CUSTOM_ID_DUPLICATED",
                            "Component custom id cannot be duplicated",
                        );
                    }
                    number += 1;
                    let mut part = match part["type"].as_u64() {
                        Some(2) => read_button(form, &path, part),
                        Some(3 | 5..=8) => read_select(form, &path, part),
                        _ => {
                            form.wrong(
                                &format!("{path}.type"),
                                "UNION_TYPE_CHOICES",
                                "Value of field \"type\" must be one of (2, 3, 5, 6, 7, 8).",
                            );
                            Map::new()
                        }
                    };
                    part.insert("id".to_owned(), number.into());
                    part.into()
                })
                .collect();
            json!({"type": 1, "id": row_number, "components": parts})
        })
        .collect()
}

fn read_button(form: &mut Form, path: &str, button: &Value) -> Map<String, Value> {
    let style = button["style"].as_u64().unwrap_or(0);
    match style {
        1..=4 => {
            form.text(&format!("{path}.custom_id"), button.get("custom_id"), 1, 100);
            if button.get("url").is_some_and(|url| !url.is_null()) {
                form.wrong(
                    path,
                    "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                    "A custom id and url cannot both be specified",
                );
            }
        }
        5 => {
            form.text(&format!("{path}.url"), button.get("url"), 1, 512);
            if button.get("custom_id").is_some_and(|id| !id.is_null()) {
                form.wrong(
                    path,
                    "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                    "A custom id and url cannot both be specified",
                );
            }
        }
        _ => form.wrong(
            &format!("{path}.style"),
            "BASE_TYPE_CHOICES",
            "Value must be one of (1, 2, 3, 4, 5).",
        ),
    }
    let label = form.text(&format!("{path}.label"), button.get("label"), 0, 80);
    if label.is_empty() && button["emoji"].is_null() {
        form.wrong(
            &format!("{path}.label"),
            "BUTTON_COMPONENT_INVALID_EMPTY",
            "A button must have a label or emoji",
        );
    }
    let mut read = kept(button, &["type", "style", "label", "emoji", "custom_id", "url"]);
    if button["disabled"] == true {
        read.insert("disabled".to_owned(), true.into());
    }
    read
}

fn read_select(form: &mut Form, path: &str, select: &Value) -> Map<String, Value> {
    form.text(&format!("{path}.custom_id"), select.get("custom_id"), 1, 100);
    form.text(&format!("{path}.placeholder"), select.get("placeholder"), 0, 150);
    let least = select["min_values"].as_u64().unwrap_or(1);
    let most = select["max_values"].as_u64().unwrap_or(1);
    if least > 25 {
        form.wrong(
            &format!("{path}.min_values"),
            "NUMBER_TYPE_MAX",
            "int value should be less than or equal to 25.",
        );
    }
    if most == 0 || most > 25 || most < least {
        form.wrong(
            &format!("{path}.max_values"),
            "NUMBER_TYPE_RANGE",
            "max_values must be between min_values and 25.",
        );
    }
    let mut read =
        kept(select, &["type", "custom_id", "placeholder", "channel_types", "default_values"]);
    read.insert("min_values".to_owned(), least.into());
    read.insert("max_values".to_owned(), most.into());
    if select["disabled"] == true {
        read.insert("disabled".to_owned(), true.into());
    }
    if select["type"] != 3 {
        return read;
    }
    let options = select["options"].as_array().cloned().unwrap_or_default();
    if options.is_empty() || options.len() > 25 {
        form.wrong(
            &format!("{path}.options"),
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 25 in length.",
        );
    } else if most as usize > options.len() {
        form.wrong(
            &format!("{path}.options"),
            "SELECT_COMPONENT_TOO_FEW_OPTIONS",
            "max_values is above the number of options",
        );
    }
    let mut values = BTreeSet::new();
    let mut read_options = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let path = format!("{path}.options.{index}");
        form.text(&format!("{path}.label"), option.get("label"), 1, 100);
        let value = form.text(&format!("{path}.value"), option.get("value"), 1, 100);
        form.text(&format!("{path}.description"), option.get("description"), 0, 100);
        if !value.is_empty() && !values.insert(value.to_owned()) {
            form.wrong(
                &format!("{path}.value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
        let mut option_read = kept(option, &["label", "value", "description", "emoji"]);
        if option["default"] == true {
            option_read.insert("default".to_owned(), true.into());
        }
        read_options.push(Value::Object(option_read));
    }
    let defaults = read_options.iter().filter(|o| o["default"] == true).count();
    if defaults as u64 > most {
        form.wrong(
            &format!("{path}.options"),
            "SELECT_COMPONENT_TOO_MANY_DEFAULTS",
            "More defaults than max_values",
        );
    }
    read.insert("options".to_owned(), read_options.into());
    read
}

/// A modal's `data`: title, custom id and rows of one text input each.
///
/// # Errors
/// 50035 naming everything that is wrong.
pub fn modal(data: &Value) -> Result<(), Refused> {
    let mut form = Form::default();
    form.text("data.custom_id", data.get("custom_id"), 1, 100);
    form.text("data.title", data.get("title"), 1, 45);
    let rows = data["components"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() || rows.len() > 5 {
        form.wrong("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    let mut seen = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let path = format!("data.components.{index}.components");
        let inputs = row["components"].as_array().cloned().unwrap_or_default();
        if row["type"] != 1 || inputs.len() != 1 || inputs[0]["type"] != 4 {
            form.wrong(&path, "BASE_TYPE_BAD_LENGTH", "A row of a modal holds one text input.");
            continue;
        }
        let (path, input) = (format!("{path}.0"), &inputs[0]);
        let id = form.text(&format!("{path}.custom_id"), input.get("custom_id"), 1, 100);
        if !id.is_empty() && !seen.insert(id.to_owned()) {
            form.wrong(
                &format!("{path}.custom_id"),
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            );
        }
        form.text(&format!("{path}.label"), input.get("label"), 1, 45);
        form.text(&format!("{path}.placeholder"), input.get("placeholder"), 0, 100);
        form.text(&format!("{path}.value"), input.get("value"), 0, 4000);
        if !matches!(input["style"].as_u64(), Some(1 | 2)) {
            form.wrong(
                &format!("{path}.style"),
                "BASE_TYPE_CHOICES",
                "Value must be one of (1, 2).",
            );
        }
        if input["max_length"].as_u64().is_some_and(|max| max == 0 || max > 4000) {
            form.wrong(
                &format!("{path}.max_length"),
                "NUMBER_TYPE_MAX",
                "int value should be less than or equal to 4000.",
            );
        }
    }
    form.finish()
}
