//! Embeds: their lengths, and the shape Discord gives back.

use super::kept;
use crate::sandbox::refused::Form;
use serde_json::{Value, json};

/// The embeds of a message.
pub fn read_embeds(form: &mut Form, embeds: &Value) -> Vec<Value> {
    let list = match embeds {
        Value::Null => return Vec::new(),
        Value::Array(list) => list,
        _ => {
            form.wrong("embeds", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.");
            return Vec::new();
        }
    };
    if list.len() > 10 {
        form.wrong("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    let mut total = 0;
    let read = list
        .iter()
        .enumerate()
        .map(|(index, embed)| read_embed(form, &format!("embeds.{index}"), embed, &mut total))
        .collect();
    if total > 6000 {
        form.wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
    }
    read
}

fn read_embed(form: &mut Form, path: &str, embed: &Value, total: &mut usize) -> Value {
    let mut read = kept(embed, &["title", "description", "url", "timestamp", "color"]);
    read.insert("type".to_owned(), "rich".into());
    let mut text = |form: &mut Form, path: String, value: Option<&Value>, min, max| {
        *total += form.text(&path, value, min, max).chars().count();
    };
    text(form, format!("{path}.title"), embed.get("title"), 0, 256);
    text(form, format!("{path}.description"), embed.get("description"), 0, 4096);
    if let Some(footer) = embed.get("footer").filter(|footer| footer.is_object()) {
        text(form, format!("{path}.footer.text"), footer.get("text"), 1, 2048);
        read.insert("footer".to_owned(), kept(footer, &["text", "icon_url"]).into());
    }
    if let Some(author) = embed.get("author").filter(|author| author.is_object()) {
        text(form, format!("{path}.author.name"), author.get("name"), 1, 256);
        read.insert("author".to_owned(), kept(author, &["name", "url", "icon_url"]).into());
    }
    for image in ["image", "thumbnail"] {
        if let Some(url) = embed[image].get("url").and_then(Value::as_str) {
            if !["http://", "https://", "attachment://"].iter().any(|s| url.starts_with(s)) {
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
    if embed.get("color").is_some_and(|c| !c.is_null() && c.as_u64().is_none_or(|c| c > 0xff_ff_ff))
    {
        form.wrong(
            &format!("{path}.color"),
            "NUMBER_TYPE_MAX",
            "int value should be less than or equal to 16777215.",
        );
    }
    let visible = ["title", "description", "footer", "author", "image", "thumbnail", "fields"];
    if !visible.iter().any(|key| read.get(*key).is_some_and(|value| *value != "")) {
        form.wrong(&format!("{path}.description"), "BASE_TYPE_REQUIRED", "This field is required");
    }
    read.into()
}
