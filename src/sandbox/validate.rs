//! Message bodies: what Discord refuses, and the shape it stores (Discord documentation, resources,
//! "Message", and components, "Reference").

use super::refused::{Form, Refused};
use super::state::messages::as_id;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A message body after validation; None where the body says nothing.
#[derive(Default)]
pub struct Draft {
    pub content: Option<String>,
    pub embeds: Option<Vec<Value>>,
    pub components: Option<Vec<Value>>,
    pub flags: Option<u64>,
    pub allowed_mentions: Option<Value>,
    /// What the body says about attachments: kept ones by id, new ones by index of the upload.
    pub attachments: Option<Vec<Value>>,
    /// The message it replies to, and whether a missing one is an error.
    pub reply_to: Option<(u64, bool)>,
    pub nonce: Option<Value>,
    pub enforce_nonce: bool,
    pub tts: bool,
}

/// Reads a message body.
///
/// # Errors
/// 50035 naming everything that is wrong.
pub fn draft(body: &Value) -> Result<Draft, Refused> {
    let mut form = Form::default();
    let mut draft = Draft::default();
    if let Some(content) = body.get("content") {
        let text = form.text("content", Some(content), 0, 2000);
        draft.content = Some(text.trim().to_owned());
    }
    if let Some(embeds) = body.get("embeds") {
        draft.embeds = Some(read_embeds(&mut form, embeds));
    }
    if let Some(components) = body.get("components") {
        draft.components = Some(read_components(&mut form, components));
    }
    match &body["flags"] {
        Value::Null => {}
        flags => match flags.as_u64() {
            Some(bits) => draft.flags = Some(bits),
            None => form.wrong("flags", "NUMBER_TYPE_COERCE", "Value is not int."),
        },
    }
    let nonce = &body["nonce"];
    match nonce {
        Value::Null => {}
        Value::String(text) => {
            form.length("nonce", text, 0, 25);
            draft.nonce = Some(nonce.clone());
        }
        Value::Number(_) => draft.nonce = Some(nonce.clone()),
        _ => form.wrong(
            "nonce",
            "NONCE_TYPE_TOO_LONG",
            "Nonce must be a string or a number.",
        ),
    }
    draft.enforce_nonce = body["enforce_nonce"] == true;
    draft.tts = body["tts"] == true;
    if body["allowed_mentions"].is_object() {
        let allowed = &body["allowed_mentions"];
        for (kind, listed) in [("users", "users"), ("roles", "roles")] {
            let parsed = allowed["parse"]
                .as_array()
                .is_some_and(|parse| parse.iter().any(|one| one == kind));
            let some = allowed[listed].as_array().map_or(0, Vec::len);
            if parsed && some > 0 {
                form.wrong(
                    "allowed_mentions",
                    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                    format!("parse:[\"{kind}\"] and {listed}: [ids...] are mutually exclusive."),
                );
            }
            if some > 100 {
                form.wrong(
                    &format!("allowed_mentions.{listed}"),
                    "BASE_TYPE_MAX_LENGTH",
                    "Must be 100 or fewer in length.",
                );
            }
        }
        draft.allowed_mentions = Some(allowed.clone());
    }
    let reference = &body["message_reference"];
    if reference.is_object() {
        match (as_id(&reference["message_id"]), reference["type"].as_u64()) {
            (Some(id), None | Some(0)) => {
                draft.reply_to = Some((id, reference["fail_if_not_exists"] != false));
            }
            _ => form.wrong(
                "message_reference",
                "BASE_TYPE_REQUIRED",
                "A reply needs a message id; forwards are not part of the sandbox.",
            ),
        }
    }
    if let Some(attachments) = body.get("attachments") {
        let list = attachments.as_array().cloned().unwrap_or_default();
        if list.len() > 10 {
            form.wrong(
                "attachments",
                "BASE_TYPE_MAX_LENGTH",
                "Must be 10 or fewer in length.",
            );
        }
        for (index, one) in list.iter().enumerate() {
            let path = format!("attachments.{index}.description");
            form.text(&path, one.get("description"), 0, 1024);
        }
        draft.attachments = Some(list);
    }
    for unsupported in ["poll", "sticker_ids"] {
        let used = match &body[unsupported] {
            Value::Null => false,
            Value::Array(list) => !list.is_empty(),
            _ => true,
        };
        if used {
            form.wrong(
                unsupported,
                "SANDBOX_UNSUPPORTED",
                "Not part of the sandbox.",
            );
        }
    }
    form.finish()?;
    Ok(draft)
}

/// A copy of the named keys that are there and not null.
fn kept(from: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), from.get(*key)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .collect()
}

fn read_embeds(form: &mut Form, embeds: &Value) -> Vec<Value> {
    let list = match embeds {
        Value::Null => return Vec::new(),
        Value::Array(list) => list,
        _ => {
            form.wrong(
                "embeds",
                "LIST_TYPE_CONVERT",
                "Only iterables may be used in a ListType.",
            );
            return Vec::new();
        }
    };
    if list.len() > 10 {
        form.wrong(
            "embeds",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 10 or fewer in length.",
        );
    }
    let mut total = 0;
    let read = list
        .iter()
        .enumerate()
        .map(|(index, embed)| read_embed(form, &format!("embeds.{index}"), embed, &mut total))
        .collect();
    if total > 6000 {
        form.wrong(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            "Embed size exceeds maximum size of 6000",
        );
    }
    read
}

fn read_embed(form: &mut Form, path: &str, embed: &Value, total: &mut usize) -> Value {
    let mut read = kept(
        embed,
        &["title", "description", "url", "timestamp", "color"],
    );
    read.insert("type".to_owned(), "rich".into());
    let mut text = |form: &mut Form, path: String, value: Option<&Value>, min, max| {
        *total += form.text(&path, value, min, max).chars().count();
    };
    text(form, format!("{path}.title"), embed.get("title"), 0, 256);
    text(
        form,
        format!("{path}.description"),
        embed.get("description"),
        0,
        4096,
    );
    if let Some(footer) = embed.get("footer").filter(|footer| footer.is_object()) {
        text(
            form,
            format!("{path}.footer.text"),
            footer.get("text"),
            1,
            2048,
        );
        read.insert(
            "footer".to_owned(),
            kept(footer, &["text", "icon_url"]).into(),
        );
    }
    if let Some(author) = embed.get("author").filter(|author| author.is_object()) {
        text(
            form,
            format!("{path}.author.name"),
            author.get("name"),
            1,
            256,
        );
        read.insert(
            "author".to_owned(),
            kept(author, &["name", "url", "icon_url"]).into(),
        );
    }
    for image in ["image", "thumbnail"] {
        if let Some(url) = embed[image].get("url").and_then(Value::as_str) {
            if !["http://", "https://", "attachment://"]
                .iter()
                .any(|s| url.starts_with(s))
            {
                form.wrong(
                    &format!("{path}.{image}.url"),
                    "URL_TYPE_INVALID_SCHEME",
                    format!("Scheme \"{url}\" is not supported. Scheme must be one of ('http', 'https', 'attachment')."),
                );
            }
            read.insert(
                image.to_owned(),
                json!({"url": url, "proxy_url": url, "width": 0, "height": 0, "flags": 0}),
            );
        }
    }
    let fields = embed["fields"].as_array().cloned().unwrap_or_default();
    if fields.len() > 25 {
        form.wrong(
            &format!("{path}.fields"),
            "BASE_TYPE_MAX_LENGTH",
            "Must be 25 or fewer in length.",
        );
    }
    let mut read_fields = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let path = format!("{path}.fields.{index}");
        text(form, format!("{path}.name"), field.get("name"), 1, 256);
        text(form, format!("{path}.value"), field.get("value"), 1, 1024);
        read_fields.push(json!({
            "name": field["name"], "value": field["value"], "inline": field["inline"] == true,
        }));
    }
    if !read_fields.is_empty() {
        read.insert("fields".to_owned(), read_fields.into());
    }
    if embed
        .get("color")
        .is_some_and(|c| !c.is_null() && c.as_u64().is_none_or(|c| c > 0xff_ff_ff))
    {
        form.wrong(
            &format!("{path}.color"),
            "NUMBER_TYPE_MAX",
            "int value should be less than or equal to 16777215.",
        );
    }
    let visible = [
        "title",
        "description",
        "footer",
        "author",
        "image",
        "thumbnail",
        "fields",
    ];
    if !visible
        .iter()
        .any(|key| read.get(*key).is_some_and(|value| *value != ""))
    {
        form.wrong(
            &format!("{path}.description"),
            "BASE_TYPE_REQUIRED",
            "This field is required",
        );
    }
    read.into()
}

/// The rows of a message.
fn read_components(form: &mut Form, components: &Value) -> Vec<Value> {
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
        form.wrong(
            "components",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 5 in length.",
        );
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
            form.text(
                &format!("{path}.custom_id"),
                button.get("custom_id"),
                1,
                100,
            );
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
    let mut read = kept(
        button,
        &["type", "style", "label", "emoji", "custom_id", "url"],
    );
    if button["disabled"] == true {
        read.insert("disabled".to_owned(), true.into());
    }
    read
}

fn read_select(form: &mut Form, path: &str, select: &Value) -> Map<String, Value> {
    form.text(
        &format!("{path}.custom_id"),
        select.get("custom_id"),
        1,
        100,
    );
    form.text(
        &format!("{path}.placeholder"),
        select.get("placeholder"),
        0,
        150,
    );
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
    let mut read = kept(
        select,
        &[
            "type",
            "custom_id",
            "placeholder",
            "channel_types",
            "default_values",
        ],
    );
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
        form.text(
            &format!("{path}.description"),
            option.get("description"),
            0,
            100,
        );
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
        form.wrong(
            "data.components",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 5 in length.",
        );
    }
    let mut seen = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let path = format!("data.components.{index}.components");
        let inputs = row["components"].as_array().cloned().unwrap_or_default();
        if row["type"] != 1 || inputs.len() != 1 || inputs[0]["type"] != 4 {
            form.wrong(
                &path,
                "BASE_TYPE_BAD_LENGTH",
                "A row of a modal holds one text input.",
            );
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
        form.text(
            &format!("{path}.placeholder"),
            input.get("placeholder"),
            0,
            100,
        );
        form.text(&format!("{path}.value"), input.get("value"), 0, 4000);
        if !matches!(input["style"].as_u64(), Some(1 | 2)) {
            form.wrong(
                &format!("{path}.style"),
                "BASE_TYPE_CHOICES",
                "Value must be one of (1, 2).",
            );
        }
        if input["max_length"]
            .as_u64()
            .is_some_and(|max| max == 0 || max > 4000)
        {
            form.wrong(
                &format!("{path}.max_length"),
                "NUMBER_TYPE_MAX",
                "int value should be less than or equal to 4000.",
            );
        }
    }
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(body: &Value) -> Vec<(String, &'static str)> {
        draft(body)
            .err()
            .map(|refused| refused.errors)
            .unwrap_or_default()
            .into_iter()
            .map(|(path, code, _)| (path, code))
            .collect()
    }

    fn rows(parts: Value) -> Value {
        json!({"components": [{"type": 1, "components": parts}]})
    }

    #[test]
    fn lengths_are_refused_one_above_the_limit_and_not_at_it() {
        let cases: [(fn(usize) -> Value, usize, &str); 8] = [
            (|n| json!({"content": "ä".repeat(n)}), 2000, "content"),
            (|n| json!({"nonce": "x".repeat(n)}), 25, "nonce"),
            (
                |n| json!({"embeds": [{"title": "x".repeat(n)}]}),
                256,
                "embeds.0.title",
            ),
            (
                |n| json!({"embeds": [{"description": "x".repeat(n)}]}),
                4096,
                "embeds.0.description",
            ),
            (
                |n| json!({"embeds": [{"fields": vec![json!({"name": "a", "value": "b"}); n]}]}),
                25,
                "embeds.0.fields",
            ),
            (
                |n| json!({"embeds": vec![json!({"title": "a"}); n]}),
                10,
                "embeds",
            ),
            (
                |n| json!({"embeds": [{"description": "x".repeat(4000)}, {"description": "x".repeat(n - 4000)}]}),
                6000,
                "embeds",
            ),
            (
                |n| {
                    rows(json!([{"type": 2, "style": 1, "label": "x".repeat(n), "custom_id": "a"}]))
                },
                80,
                "components.0.components.0.label",
            ),
        ];
        for (make, limit, path) in cases {
            assert_eq!(places(&make(limit)), [], "{path} at {limit}");
            let wrong = places(&make(limit + 1));
            assert_eq!(wrong.len(), 1, "{path}");
            assert_eq!(wrong[0].0, path);
        }
    }

    #[test]
    fn rows_and_custom_ids() {
        let button = |id: &str| json!({"type": 2, "style": 1, "label": "a", "custom_id": id});
        let select = |n: usize| {
            let options: Vec<_> = (0..n)
                .map(|i| json!({"label": "a", "value": i.to_string()}))
                .collect();
            json!({"type": 3, "custom_id": "s", "options": options})
        };
        assert_eq!(places(&rows(json!([button("a"), button("b")]))), []);
        assert_eq!(places(&rows(json!([select(25)]))), []);
        assert_eq!(
            places(&rows(json!([button("a"), button("a")])))[0].1,
            "COMPONENT_CUSTOM_ID_DUPLICATED"
        );
        assert_eq!(
            places(&rows(json!([select(26)])))[0].0,
            "components.0.components.0.options"
        );
        assert_eq!(
            places(&rows(json!([select(2), button("a")])))[0].1,
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED"
        );
        assert_eq!(
            places(&rows(json!([button(&"x".repeat(101))])))[0].0,
            "components.0.components.0.custom_id"
        );
        let six: Vec<_> = (0..6).map(|_| json!({"type": 1, "components": [{"type": 2, "style": 5, "label": "a", "url": "https://a"}]})).collect();
        assert_eq!(places(&json!({"components": six}))[0].0, "components");
    }

    #[test]
    fn what_is_stored_is_what_discord_would_give_back() {
        let read = draft(&json!({
            "content": "  hello \n",
            "embeds": [{"title": "t", "fields": [{"name": "n", "value": "v"}]}],
            "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "x", "disabled": false}]}],
        }))
        .unwrap();
        assert_eq!(read.content.as_deref(), Some("hello"));
        assert_eq!(
            read.embeds.unwrap()[0],
            json!({"type": "rich", "title": "t", "fields": [{"name": "n", "value": "v", "inline": false}]})
        );
        assert_eq!(
            read.components.unwrap()[0],
            json!({"type": 1, "id": 1, "components": [{"type": 2, "id": 2, "style": 1, "label": "a", "custom_id": "x"}]})
        );
    }
}
