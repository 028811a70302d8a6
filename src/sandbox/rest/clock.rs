//! `/clock`: study time over HTTP, for the page, for tests and for a bot in a process of its own.

use super::Reply;
use super::entry::{Outcome, respond};
use crate::sandbox::refused::Refused;
use crate::sandbox::security::{Content, content, same_key};
use crate::sandbox::server::Server;
use crate::sandbox::snowflake::iso;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long `GET /clock?until=` waits at most.
const LONG_POLL: Duration = Duration::from_secs(20);

/// `GET /clock`, with `until=` answered when that instant came, when the clock was changed, or
/// after 20 seconds.
pub async fn clock_get(
    State(server): State<Arc<Server>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    if let Some(until) = query.get("until") {
        let Ok(until) = DateTime::parse_from_rfc3339(&until.replace(' ', "+")) else {
            return respond(Outcome::of(Err(Refused::new(
                400,
                0,
                "until is not an RFC 3339 instant",
            ))));
        };
        let waited = server.clock.wait_until(until.with_timezone(&Utc));
        tokio::select! {
            () = waited => {}
            () = tokio::time::sleep(LONG_POLL) => {}
            () = server.stopping.cancelled() => {}
        }
    }
    clock_answer(&server)
}

/// `POST /clock` with `advance_s` or `jump_s`. Needs the key where other computers may ask.
pub async fn clock_post(State(server): State<Arc<Server>>, request: Request) -> Response {
    let refuse =
        |status, message: &str| respond(Outcome::of(Err(Refused::new(status, 0, message))));
    let headers = request.headers().clone();
    if !may_move(&server, &headers) {
        let mut refused = refuse(401, "moving the clock needs Authorization: Bearer KEY");
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return refused;
    }
    let Ok(body) = Bytes::from_request(request, &()).await else {
        return refuse(413, "the body is too long");
    };
    if content(&Method::POST, &headers, body.is_empty()) != Some(Content::Json) {
        return refuse(415, "the body must be JSON");
    }
    if server.clock.is_system() {
        return refuse(409, "this is the system's clock; start with --clock to move time");
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let seconds = |name: &str| {
        body[name]
            .as_f64()
            .filter(|seconds| seconds.abs() <= 1e10)
            .map(|seconds| TimeDelta::milliseconds((seconds * 1000.0) as i64))
    };
    let (advance, jump) = (seconds("advance_s"), seconds("jump_s"));
    if let Some(by) = advance.or(jump)
        && !server.clock.reaches(by)
    {
        return refuse(400, "that is outside of the years 2015 to 2149, for which ids exist");
    }
    let settle = server.settler();
    match (advance, jump) {
        (Some(by), None) if by >= TimeDelta::zero() => {
            // A bot that has just been told something may not have said yet what it waits for, and time
            // would leap over that.
            server.come_to_rest().await;
            server.clock.advance(by, &*settle).await;
        }
        (None, Some(by)) => server.clock.jump(by, &*settle).await,
        _ => {
            return refuse(400, "give either advance_s (0 or more) or jump_s, in seconds");
        }
    }
    clock_answer(&server)
}

/// Whether this request may move time: with the key, or where only this computer can ask.
fn may_move(server: &Server, headers: &HeaderMap) -> bool {
    server.is_private()
        || headers
            .get(header::AUTHORIZATION)
            .and_then(|given| given.to_str().ok())
            .and_then(|given| given.strip_prefix("Bearer "))
            .is_some_and(|key| same_key(key, &server.key))
}

fn clock_answer(server: &Server) -> Response {
    respond(Outcome::of(Ok(Reply::ok(json!({"now": iso(server.clock.now())})))))
}
