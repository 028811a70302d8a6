//! The page to play on: its document, its modules and what it is told at the start.
//!
//! The document is behind the key because it carries the members' tokens, in a block of JSON that no
//! browser runs. The modules hold no secret. From there on the page is a client like any other: REST,
//! the gateway and `/clock`.

use super::security::same_key;
use super::server::Server;
use super::traffic::Who;
use super::wire;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const HTML: &str = include_str!("page/page.html");
const JS: &str = "text/javascript; charset=utf-8";
/// The bot's requests that `GET /traffic` tells at most at once.
const TRAFFIC: usize = 100;

macro_rules! modules {
    ($($name:literal as $kind:expr;)*) => {
        &[$(($name, $kind, include_str!(concat!("page/", $name)))),*]
    };
}

/// Everything the document loads: name, content type, text.
const FILES: &[(&str, &str, &str)] = modules! {
    "page.css" as "text/css; charset=utf-8";
    "icon.svg" as "image/svg+xml";
    "main.js" as JS;
    "rest.js" as JS;
    "gateway.js" as JS;
    "state.js" as JS;
    "dom.js" as JS;
    "markdown.js" as JS;
    "messages.js" as JS;
    "components.js" as JS;
    "interactions.js" as JS;
    "composer.js" as JS;
    "command.js" as JS;
    "modal.js" as JS;
    "clock.js" as JS;
    "traffic.js" as JS;
    "guide.js" as JS;
};

fn keyed(server: &Server, query: &BTreeMap<String, String>) -> bool {
    query.get("key").is_some_and(|key| same_key(key, &server.key))
}

/// `GET /?key=…`.
pub async fn page(
    State(server): State<Arc<Server>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    // The guard has checked it, so it can name this server in the policy.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (status, html) = if keyed(&server, &query) {
        (StatusCode::OK, document(&place(&server)))
    } else {
        let text = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
            <title>Studyhall sandbox</title><link rel=\"icon\" href=\"/page/icon.svg\">\
            <link rel=\"stylesheet\" href=\"/page/page.css\"></head>\
            <body><main class=\"refused\"><h1>Studyhall sandbox</h1><p>This address needs the key \
            that was printed at the start.</p></main></body></html>\n";
        (StatusCode::FORBIDDEN, text.to_owned())
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self' ws://{host} wss://{host}; require-trusted-types-for 'script'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The key must not travel to other pages, nor stay in a cache.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        // A page of another origin that opens this one gets no hold of its window.
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let strict = HeaderValue::from_static("default-src 'none'");
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).unwrap_or(strict));
    response
}

/// `GET /page/{name}`: modules, style and icon.
pub async fn file(Path(name): Path<String>) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return (StatusCode::NOT_FOUND, "The page has no such file.\n").into_response();
    };
    (
        [
            (header::CONTENT_TYPE, *kind),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-cache"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ],
        *text,
    )
        .into_response()
}

/// `GET /traffic?key=…&after=N`: the bot's newest REST requests after the one with this number,
/// without bodies and, by naming the route and not the path, without interaction tokens.
pub async fn traffic(
    State(server): State<Arc<Server>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    if !keyed(&server, &query) {
        return (StatusCode::FORBIDDEN, "This address needs the key.\n").into_response();
    }
    let after = query.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let (seq, exchanges) = server.state().log.newest(after, TRAFFIC);
    let told: Vec<Value> = exchanges
        .iter()
        .filter(|one| one.who == Who::Bot)
        .map(|one| {
            let route = one.template.unwrap_or("(unknown route)");
            json!({"method": one.method, "route": route, "status": one.status})
        })
        .collect();
    Json(json!({"seq": seq, "requests": told})).into_response()
}

/// What the page has to know before it can ask.
fn place(server: &Server) -> Value {
    let state = server.state();
    let world = &state.world;
    let guild = world.guilds.get(&server.guild);
    let members: Vec<Value> = guild
        .into_iter()
        .flat_map(|guild| guild.members.keys().map(move |id| (guild, id)))
        .filter_map(|(guild, id)| world.users.get(id).map(|user| (guild, user)))
        .filter(|(_, user)| !user.bot)
        .map(|(guild, user)| {
            json!({
                "id": wire::id(user.id),
                "name": world.name(user.id),
                "admin": user.id == guild.owner,
                "token": user.token,
            })
        })
        .collect();
    json!({
        "application_id": wire::id(server.bot),
        "guild_id": wire::id(server.guild),
        "study_channel_id": wire::id(server.study_channel),
        "clock_moves": !server.clock.is_system(),
        "key": server.key,
        "members": members,
    })
}

fn document(place: &Value) -> String {
    use std::fmt::Write as _;
    let mut preloads = String::new();
    for (name, _, _) in FILES.iter().filter(|(_, kind, _)| *kind == JS) {
        // Writing to a string cannot fail.
        let _ = writeln!(preloads, "<link rel=\"modulepreload\" href=\"/page/{name}\">");
    }
    HTML.replace("<!-- preloads -->", &preloads).replace("{{place}}", &inert(place))
}

/// JSON that cannot end the element it stands in, whatever its texts say.
fn inert(json: &Value) -> String {
    json.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        let name = json!({"name": "</script><!--<b title='x'>&"});
        let text = inert(&name);
        assert!(!text.contains(['<', '>', '&']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), name);
    }

    #[test]
    fn the_page_is_light_and_loads_only_what_is_there() {
        let bytes: usize = FILES.iter().map(|(_, _, text)| text.len()).sum();
        assert!(bytes + HTML.len() < 150 * 1024, "{bytes} bytes");
        for (name, _, text) in FILES {
            for part in text.split("from \"./").skip(1) {
                let imported = part.split('"').next().unwrap_or_default();
                assert!(FILES.iter().any(|(known, _, _)| *known == imported), "{name}: {imported}");
            }
            for banned in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!text.contains(banned), "{name} uses {banned}");
            }
        }
    }
}
