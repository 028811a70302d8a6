//! Keys that Discord does not know. It ignores them, so a misspelled one does nothing, silently;
//! the description's schemas allow them too.

use super::description::{Wrong, follow};
use serde_json::Value;

/// Finds the keys of a body that its schema does not name.
pub fn unknown(root: &Value, schema: &Value, body: &Value, wrong: &mut Vec<Wrong>) {
    walk(root, &[schema], body, "", wrong);
}

fn walk(root: &Value, schemas: &[&Value], value: &Value, at: &str, wrong: &mut Vec<Wrong>) {
    let mut leaves = Vec::new();
    for schema in schemas {
        flatten(root, schema, value, &mut leaves);
    }
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                let known: Vec<&Value> = leaves
                    .iter()
                    .filter_map(|leaf| {
                        leaf["properties"].get(key).or_else(|| {
                            leaf.get("additionalProperties").filter(|more| !more.is_boolean())
                        })
                    })
                    .collect();
                let at = format!("{at}/{key}");
                if known.is_empty() && says_something(inner) {
                    wrong.push((at, "Discord does not know this key".to_owned()));
                } else {
                    walk(root, &known, inner, &at, wrong);
                }
            }
        }
        Value::Array(list) => {
            let items: Vec<&Value> = leaves.iter().filter_map(|leaf| leaf.get("items")).collect();
            for (index, inner) in list.iter().enumerate() {
                walk(root, &items, inner, &format!("{at}/{index}"), wrong);
            }
        }
        _ => {}
    }
}

/// Whether a value could change anything. serenity tells every command option with all the fields
/// that some kind of option has, empty; Discord takes that for what it is.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

/// The plain schemas that a schema is made of, but for alternatives that are about something else.
fn flatten<'a>(root: &'a Value, schema: &'a Value, value: &Value, leaves: &mut Vec<&'a Value>) {
    let schema = follow(root, schema);
    for combined in ["allOf", "anyOf", "oneOf"] {
        for part in schema[combined].as_array().into_iter().flatten() {
            flatten(root, part, value, leaves);
        }
    }
    let about_this = schema["properties"].as_object().into_iter().flatten().all(|(key, of)| {
        let choices = of.get("enum").and_then(Value::as_array);
        match (choices, value.get(key)) {
            (Some(choices), Some(given)) => choices.contains(given),
            _ => true,
        }
    });
    if about_this {
        leaves.push(schema);
    }
}
