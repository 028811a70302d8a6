//! Message bodies: what Discord refuses, and the shape it stores (Discord documentation, resources,
//! "Message", and components, "Reference").

mod components;
mod embeds;

pub use components::modal;

use crate::sandbox::refused::{Form, Refused};
use crate::sandbox::state::messages::as_id;
use components::read_components;
use embeds::read_embeds;
use serde_json::{Map, Value};

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
        _ => form.wrong("nonce", "NONCE_TYPE_TOO_LONG", "Nonce must be a string or a number."),
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
            form.wrong("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
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
            form.wrong(unsupported, "SANDBOX_UNSUPPORTED", "Not part of the sandbox.");
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        type Case = (fn(usize) -> Value, usize, &'static str);
        let cases: [Case; 8] = [
            (|n| json!({"content": "ä".repeat(n)}), 2000, "content"),
            (|n| json!({"nonce": "x".repeat(n)}), 25, "nonce"),
            (|n| json!({"embeds": [{"title": "x".repeat(n)}]}), 256, "embeds.0.title"),
            (|n| json!({"embeds": [{"description": "x".repeat(n)}]}), 4096, "embeds.0.description"),
            (
                |n| json!({"embeds": [{"fields": vec![json!({"name": "a", "value": "b"}); n]}]}),
                25,
                "embeds.0.fields",
            ),
            (|n| json!({"embeds": vec![json!({"title": "a"}); n]}), 10, "embeds"),
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
            let options: Vec<_> =
                (0..n).map(|i| json!({"label": "a", "value": i.to_string()})).collect();
            json!({"type": 3, "custom_id": "s", "options": options})
        };
        assert_eq!(places(&rows(json!([button("a"), button("b")]))), []);
        assert_eq!(places(&rows(json!([select(25)]))), []);
        assert_eq!(
            places(&rows(json!([button("a"), button("a")])))[0].1,
            "COMPONENT_CUSTOM_ID_DUPLICATED"
        );
        assert_eq!(places(&rows(json!([select(26)])))[0].0, "components.0.components.0.options");
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
