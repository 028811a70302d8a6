//! One static page that says where everything is. Behind the key, because it shows tokens.

use super::security::same_key;
use super::server::Server;
use super::snowflake::iso;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

const STYLE: &str = include_str!("page.css");

/// `GET /?key=…`.
pub async fn page(
    State(server): State<Arc<Server>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let right = query.get("key").is_some_and(|key| same_key(key, &server.key));
    let (status, body) = if right {
        (StatusCode::OK, overview(&server))
    } else {
        let text = "<h1>Studyhall sandbox</h1><p>This address needs the key that was printed at the start.</p>";
        (StatusCode::FORBIDDEN, text.to_owned())
    };
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>Studyhall sandbox</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The key must not travel to other pages, nor stay in a cache.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn overview(server: &Server) -> String {
    let state = server.state();
    let world = &state.world;
    let api = format!("{}/api/v10", server.origin);
    let mut html = String::from("<h1>Studyhall sandbox</h1>");
    html.push_str(
        "<p class=\"lead\">A small Discord on this machine. Everything lives in memory and is gone when it stops.</p>",
    );
    let clock = if server.clock.is_system() { "the system's clock" } else { "a simulated clock" };
    let facts = [
        ("REST", api.clone()),
        ("Gateway", server.gateway.clone()),
        ("Study time", format!("{} ({clock})", iso(server.clock.now()))),
    ];
    html.push_str("<dl>");
    for (name, value) in facts {
        row(&mut html, name, &value);
    }
    html.push_str("</dl>");
    for guild in world.guilds.values() {
        section(&mut html, &guild.name);
        html.push_str("<table><tr><th>Channel</th><th>Id</th></tr>");
        let channels = world
            .channels
            .values()
            .filter(|channel| channel.guild == Some(guild.id) && channel.thread.is_none());
        for channel in channels {
            let mark =
                if channel.id == server.study_channel { " (meant for studying)" } else { "" };
            cells(&mut html, &[&format!("#{}{mark}", channel.name), &channel.id.to_string()]);
        }
        html.push_str("</table><table><tr><th>Member</th><th>Id</th><th>Token</th></tr>");
        for member in guild.members.keys().filter_map(|id| world.users.get(id)) {
            let role = match member {
                member if member.bot => " (bot)",
                member if member.id == guild.owner => " (admin)",
                _ => "",
            };
            cells(
                &mut html,
                &[
                    &format!("{}{role}", world.name(member.id)),
                    &member.id.to_string(),
                    &member.token,
                ],
            );
        }
        html.push_str("</table>");
    }
    let speaker = world.users.values().find(|user| !user.bot);
    if let Some(speaker) = speaker {
        section(&mut html, "Say something");
        let example = format!(
            "curl {api}/channels/{}/messages \\\n  -H 'Authorization: {}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"content\": \"Hello\"}}'",
            server.study_channel, speaker.token
        );
        let _ = write!(html, "<pre>{}</pre>", escaped(&example));
    }
    html
}

fn section(html: &mut String, title: &str) {
    // Writing to a string cannot fail, here and below.
    let _ = write!(html, "<h2>{}</h2>", escaped(title));
}

fn row(html: &mut String, name: &str, value: &str) {
    let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
}

fn cells(html: &mut String, values: &[&str]) {
    html.push_str("<tr>");
    for value in values {
        let _ = write!(html, "<td>{}</td>", escaped(value));
    }
    html.push_str("</tr>");
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(
            super::escaped("<b title=\"x\">'&'</b>"),
            "&lt;b title=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;"
        );
    }
}
