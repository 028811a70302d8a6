//! Rules of Discord that its OpenAPI description leaves out.

use super::description::Wrong;
use serde_json::Value;

/// Characters of content from a bot (documentation, resources/message; the description says 4,000,
/// which only paying members have).
const CONTENT: usize = 2_000;
/// Characters of all embeds of a message together (same page).
const EMBEDS: usize = 6_000;
/// Rows of components (documentation, components/reference).
const ROWS: usize = 5;
/// Characters of a whole command: names, descriptions and values (interactions/application-commands).
const COMMAND: usize = 8_000;
/// The flag of the newer component layout, which has other limits.
const COMPONENTS_V2: u64 = 1 << 15;

/// Finds what breaks a rule in the bot's request.
pub fn broken(method: &str, template: &str, body: &Value, wrong: &mut Vec<Wrong>) {
    match (method, template) {
        ("POST", "/channels/{channel_id}/messages" | "/webhooks/{webhook_id}/{webhook_token}") => {
            message(body, "", true, wrong);
        }
        ("PATCH", "/channels/{channel_id}/messages/{message_id}") => {
            message(body, "", false, wrong);
        }
        ("PATCH", path) if path.starts_with("/webhooks/") => message(body, "", false, wrong),
        ("POST", path) if path.ends_with("/callback") => {
            // 4 says something new, 7 edits the message of the button.
            if matches!(body["type"].as_u64(), Some(4 | 7)) {
                message(&body["data"], "/data", body["type"] == 4, wrong);
            }
        }
        ("PUT", path) if path.ends_with("/commands") => {
            for (index, one) in body.as_array().into_iter().flatten().enumerate() {
                command(one, &format!("/{index}"), wrong);
            }
        }
        ("POST" | "PATCH", path) if path.contains("/commands") => command(body, "", wrong),
        _ => {}
    }
}

fn message(body: &Value, at: &str, new: bool, wrong: &mut Vec<Wrong>) {
    let content = length(&body["content"]);
    if content > CONTENT {
        wrong.push((format!("{at}/content"), format!("{content} characters; a bot has {CONTENT}")));
    }
    let total: usize = list(&body["embeds"]).map(embed_length).sum();
    if total > EMBEDS {
        wrong.push((format!("{at}/embeds"), format!("{total} characters together; {EMBEDS} fit")));
    }
    let new_layout = body["flags"].as_u64().is_some_and(|flags| flags & COMPONENTS_V2 != 0);
    let rows = list(&body["components"]).count();
    if rows > ROWS && !new_layout {
        wrong.push((format!("{at}/components"), format!("{rows} rows; {ROWS} fit")));
    }
    let holds = |key: &str| match &body[key] {
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        Value::Object(_) => true,
        _ => false,
    };
    let filled = ["content", "embeds", "components", "sticker_ids", "poll", "attachments"];
    if new && !filled.into_iter().any(holds) {
        wrong.push((at.to_owned(), "an empty message".to_owned()));
    }
}

/// What of an embed counts: title, description, fields, footer and author (resources/message).
fn embed_length(embed: &Value) -> usize {
    let fields: usize =
        list(&embed["fields"]).map(|field| length(&field["name"]) + length(&field["value"])).sum();
    fields
        + length(&embed["title"])
        + length(&embed["description"])
        + length(&embed["footer"]["text"])
        + length(&embed["author"]["name"])
}

fn command(body: &Value, at: &str, wrong: &mut Vec<Wrong>) {
    // Commands of the Apps menu may hold spaces and capital letters.
    let typed = body["type"].as_u64().unwrap_or(1) == 1;
    if let Some(name) = body["name"].as_str()
        && typed
        && !typable(name)
    {
        wrong.push((format!("{at}/name"), format!("{name:?} is no name that can be typed")));
    }
    let size = command_length(body);
    if size > COMMAND {
        wrong.push((at.to_owned(), format!("a command of {size} characters; {COMMAND} fit")));
    }
    options(body, at, wrong);
}

fn options(holder: &Value, at: &str, wrong: &mut Vec<Wrong>) {
    let mut optional = false;
    for (index, option) in list(&holder["options"]).enumerate() {
        let at = format!("{at}/options/{index}");
        let name = option["name"].as_str().unwrap_or_default();
        if !typable(name) {
            wrong.push((format!("{at}/name"), format!("{name:?} is no name that can be typed")));
        }
        // Interactions/application-commands: required options come first.
        if option["required"] == true && optional {
            wrong.push((at.clone(), "a required option after an optional one".to_owned()));
        }
        optional |= option["required"] != true;
        options(option, &at, wrong);
    }
}

/// `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$` in lower case (interactions/application-commands,
/// Application Command Naming).
fn typable(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'');
    (1..=32).contains(&name.chars().count())
        && name.chars().all(fits)
        && name.to_lowercase() == name
}

/// Names, descriptions and the values of choices, of the command and all its options.
fn command_length(part: &Value) -> usize {
    let choices: usize = list(&part["choices"])
        .map(|choice| length(&choice["name"]) + length(&choice["value"]))
        .sum();
    let options: usize = list(&part["options"]).map(command_length).sum();
    length(&part["name"]) + length(&part["description"]) + choices + options
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}
