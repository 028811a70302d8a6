//! A session as JSON lines: what was asked, answered and told, without what must stay secret.

use super::handle::Sandbox;
use super::traffic::{Exchange, Heard, Who};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Stands where a secret was.
const SECRET: &str = "…";

/// One line of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// The first: where it happened, as `--json` describes it, without tokens.
    Place {
        /// The description.
        place: Value,
    },
    /// A request and its answer.
    Asked {
        /// Study time.
        study: DateTime<Utc>,
        /// Milliseconds of real time since the record began.
        wire_ms: u64,
        /// `bot`, a member's id, or nothing for somebody unknown.
        who: String,
        /// `GET`, `POST`, …
        method: String,
        /// The path as Discord's description names it; nothing for a route that is unknown.
        route: Option<String>,
        /// The path itself.
        path: String,
        /// The query, without the question mark.
        query: String,
        /// The JSON body. Files are left out.
        request: Option<Value>,
        /// HTTP status; 0 for a connection that was broken on purpose.
        status: u16,
        /// The JSON answer.
        response: Option<Value>,
    },
    /// An event that the bot was told.
    Told {
        /// Study time.
        study: DateTime<Utc>,
        /// Milliseconds of real time since the record began.
        wire_ms: u64,
        /// Its type.
        event: String,
        /// Its data.
        data: Value,
    },
}

/// Writes everything that happens from now on to a file, each line as it happens.
///
/// # Errors
/// When the file cannot be written to.
pub fn record(sandbox: &Sandbox, mut file: File) -> io::Result<()> {
    let mut place = sandbox.description();
    hide(&mut place);
    // The key is in the page's address.
    if let Some(place) = place.as_object_mut() {
        place.remove("page");
        place.remove("key");
    }
    write(&mut file, &Line::Place { place })?;
    let (clock, began) = (sandbox.clock(), Instant::now());
    let file = Mutex::new(Some(file));
    sandbox.read_along(Arc::new(move |heard| {
        let study = clock.now();
        let wire_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let line = match heard {
            Heard::Asked(exchange) => asked(exchange, study, wire_ms),
            Heard::Told { event, data } => {
                let mut data = data.clone();
                hide(&mut data);
                Line::Told { study, wire_ms, event: event.to_owned(), data }
            }
        };
        let mut held = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = held.as_mut()
            && let Err(error) = write(file, &line)
        {
            tracing::error!(%error, "the record cannot be written any more; it ends here");
            *held = None;
        }
    }));
    Ok(())
}

fn write(file: &mut File, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

fn asked(exchange: &Exchange, study: DateTime<Utc>, wire_ms: u64) -> Line {
    let hidden = |json: &Option<Value>| {
        let mut json = json.clone();
        if let Some(json) = &mut json {
            hide(json);
        }
        json
    };
    Line::Asked {
        study,
        wire_ms,
        who: match exchange.who {
            Who::Bot => "bot".to_owned(),
            Who::Member(id) => id.to_string(),
            Who::Nobody => String::new(),
        },
        method: exchange.method.clone(),
        route: exchange.template.map(str::to_owned),
        path: open_path(exchange.template, &exchange.path),
        query: exchange.query.clone(),
        request: hidden(&exchange.request),
        status: exchange.status,
        response: hidden(&exchange.response),
    }
}

/// The path without the token of an interaction.
pub fn open_path(template: Option<&str>, path: &str) -> String {
    let Some(template) = template else { return path.to_owned() };
    let parts = template.split('/').zip(path.split('/'));
    let open: Vec<&str> =
        parts.map(|(name, part)| if name.ends_with("_token}") { SECRET } else { part }).collect();
    open.join("/")
}

/// Takes tokens out, wherever they are.
fn hide(json: &mut Value) {
    match json {
        Value::Object(object) => {
            for (key, value) in object {
                if key == "token" || key == "session_id" {
                    *value = SECRET.into();
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(hide),
        _ => {}
    }
}

/// Reads a record.
///
/// # Errors
/// Which line cannot be read, and why.
pub fn read(text: &str) -> Result<Vec<Line>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<Line> = lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))
        })
        .collect::<Result<_, _>>()?;
    match lines.first() {
        Some(Line::Place { .. }) => Ok(lines),
        _ => Err("it does not begin with the place: it is no record of a sandbox".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let exchange = Exchange {
            seq: 1,
            method: "POST".to_owned(),
            template: Some("/interactions/{interaction_id}/{interaction_token}/callback"),
            path: "/interactions/5/a-secret/callback".to_owned(),
            query: String::new(),
            who: Who::Member(7),
            request: Some(json!({"type": 4, "data": [{"token": "a-secret"}]})),
            status: 200,
            response: Some(json!({"session_id": "a-secret"})),
        };
        let line = asked(&exchange, DateTime::UNIX_EPOCH, 12);
        let text = serde_json::to_string(&line).unwrap();
        assert!(!text.contains("a-secret"), "{text}");
        assert!(
            text.contains("/interactions/5/…/callback") && text.contains("\"who\":\"7\""),
            "{text}"
        );
        let first = "{\"kind\":\"place\",\"place\":{}}";
        let read = read(&format!("{first}\n{text}\n\n")).unwrap();
        assert_eq!(read[1], line);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for (text, told) in [
            ("", "it is no record"),
            ("{\"kind\":\"told\"}", "line 1: missing field"),
            ("nonsense", "line 1: expected"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
