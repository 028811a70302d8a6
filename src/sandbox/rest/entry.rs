//! The way of a request: checks, body, table, lock, record, answer.

use super::{Access, Answer, Call, Found, Reply, Route, Upload, find};
use crate::sandbox::faults::Fault;
use crate::sandbox::interactions::DEADLINE;
use crate::sandbox::limits::Verdict;
use crate::sandbox::refused::Refused;
use crate::sandbox::security::{Content, content};
use crate::sandbox::server::{Breaker, InFlight, Server};
use crate::sandbox::snowflake::iso;
use crate::sandbox::traffic::{Exchange, Who};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest as _, Multipart, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Discord takes 25 MiB a request.
pub const BODY_LIMIT: usize = 25 * 1024 * 1024;
/// How long `GET /clock?until=` waits at most.
const LONG_POLL: Duration = Duration::from_secs(20);

/// An answer on its way, with what else it does.
struct Outcome {
    status: u16,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
    /// Break the connection instead of answering.
    broken: bool,
    delay: Option<Duration>,
    deadline: Option<u64>,
}

impl Outcome {
    fn of(answer: Answer) -> Self {
        let (status, body, deadline) = match answer {
            Ok(reply) => (reply.status, reply.body, reply.deadline),
            Err(refused) => (refused.status, Some(refused.body()), None),
        };
        Self {
            status,
            body,
            headers: Vec::new(),
            broken: false,
            delay: None,
            deadline,
        }
    }

    fn too_many(retry_after: f64, global: bool) -> Self {
        let body = json!({
            "message": "You are being rate limited.",
            "retry_after": retry_after,
            "global": global,
        });
        let mut outcome = Self::of(Ok(Reply::with(429, body)));
        // The header counts in whole seconds upwards, the body tells exactly; clients that read the
        // header as a fraction are served too.
        outcome
            .headers
            .push(("retry-after", format!("{retry_after:.3}")));
        let scope = if global { "global" } else { "user" };
        outcome
            .headers
            .push(("x-ratelimit-scope", scope.to_owned()));
        if global {
            outcome
                .headers
                .push(("x-ratelimit-global", "true".to_owned()));
        }
        outcome
    }
}

/// Serves everything under `/api`.
pub async fn api(
    State(server): State<Arc<Server>>,
    ConnectInfo(breaker): ConnectInfo<Breaker>,
    request: Request,
) -> Response {
    let _counted = InFlight::enter(&server);
    let method = request.method().as_str().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let path = unversioned(request.uri().path()).to_owned();
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|token| token.to_str().ok())
        .map(str::to_owned);
    let pairs: BTreeMap<String, String> =
        Query::<Vec<(String, String)>>::try_from_uri(request.uri())
            .map(|Query(pairs)| pairs.into_iter().collect())
            .unwrap_or_default();
    let body = read_body(request).await;
    let asked = Asked {
        method,
        path,
        query,
        token,
        pairs,
    };
    let outcome = pass(&server, asked, body);
    if let Some(id) = outcome.deadline {
        watch_deadline(server.clone(), id);
    }
    if let Some(delay) = outcome.delay {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = server.stopping.cancelled() => {}
        }
    }
    if outcome.broken {
        breaker.pull();
    }
    respond(outcome)
}

/// Answers whatever is neither API nor page: a loud 404.
pub async fn unknown(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut state = server.state();
    state.log.record(Exchange {
        seq: 0,
        method: request.method().as_str().to_owned(),
        template: None,
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        who: Who::Nobody,
        request: None,
        status: 404,
        response: None,
    });
    respond(Outcome::of(Err(Refused::not_found())))
}

struct Asked {
    method: String,
    path: String,
    query: String,
    token: Option<String>,
    pairs: BTreeMap<String, String>,
}

/// Runs a request under the lock and records it.
fn pass(server: &Server, asked: Asked, body: Result<(Value, Vec<Upload>), Refused>) -> Outcome {
    let mut guard = server.state();
    let state = &mut *guard;
    state.archive_silent_threads();
    let found = find(&asked.method, &asked.path);
    let template = match &found {
        Found::Route(route, _) => Some(route.template),
        Found::OtherMethod | Found::Nothing => None,
    };
    let shown = body.as_ref().ok().map(|(json, _)| json.clone());
    let mut who = Who::Nobody;
    let outcome = match found {
        Found::Nothing => Outcome::of(Err(Refused::not_found())),
        Found::OtherMethod => Outcome::of(Err(Refused::method_not_allowed())),
        Found::Route(route, params) => {
            let user = match route.access {
                Access::Interaction => Some(server.bot),
                _ => asked
                    .token
                    .as_deref()
                    .and_then(|token| rest_user(server, &state.world, token)),
            };
            who = match user {
                Some(user) if user == server.bot => Who::Bot,
                Some(user) => Who::Member(user),
                None => Who::Nobody,
            };
            if user.is_none() && route.access == Access::Token {
                Outcome::of(Err(Refused::unauthorized()))
            } else {
                let call = body.map(|(body, uploads)| Call {
                    user,
                    params,
                    query: asked.pairs,
                    body,
                    uploads,
                });
                run(state, route, call, who == Who::Bot)
            }
        }
    };
    state.log.record(Exchange {
        seq: 0,
        method: asked.method,
        template,
        path: asked.path,
        query: asked.query,
        who,
        request: shown.filter(|json| !json.is_null()),
        status: if outcome.broken { 0 } else { outcome.status },
        response: outcome.body.clone(),
    });
    outcome
}

/// Limits, faults, and the route itself.
fn run(
    state: &mut crate::sandbox::state::State,
    route: &Route,
    call: Result<Call, Refused>,
    bot: bool,
) -> Outcome {
    if !bot {
        return Outcome::of(call.and_then(|call| (route.run)(state, call)));
    }
    if state.faults.outage {
        return Outcome {
            broken: true,
            ..Outcome::of(Ok(Reply::nothing()))
        };
    }
    let mut headers = Vec::new();
    let callback = route.template.ends_with("/callback");
    if state.limits.on && !callback {
        let major = call.as_ref().map_or("", major);
        let global = route.access != Access::Interaction;
        match state
            .limits
            .take(route.method, route.template, major, global, Instant::now())
        {
            Verdict::Pass(told) => headers.extend(told.pairs()),
            Verdict::Wait {
                retry_after,
                global,
                headers: told,
            } => {
                let mut outcome = Outcome::too_many(retry_after, global);
                outcome
                    .headers
                    .extend(told.iter().flat_map(|told| told.pairs()));
                return outcome;
            }
        }
    }
    let fault = state.faults.take(route.method, route.template);
    let failed = |status: u16| {
        let message = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        Outcome::of(Err(Refused::new(
            status,
            0,
            &format!("{status}: {message}"),
        )))
    };
    let act = || Outcome::of(call.and_then(|call| (route.run)(state, call)));
    let mut outcome = match fault {
        None => act(),
        Some(Fault::Status(status)) => failed(status),
        Some(Fault::RateLimit {
            retry_after_s,
            global,
        }) => Outcome::too_many(retry_after_s, global),
        Some(Fault::DropBefore) => Outcome {
            broken: true,
            ..failed(500)
        },
        Some(Fault::StatusAfter(status)) => Outcome {
            deadline: act().deadline,
            ..failed(status)
        },
        Some(Fault::DropAfter) => Outcome {
            broken: true,
            ..act()
        },
        Some(Fault::Slow(delay)) => Outcome {
            delay: Some(delay),
            ..act()
        },
    };
    outcome.headers.extend(headers);
    outcome
}

/// The channel, guild or webhook that splits a route's bucket.
fn major(call: &Call) -> &str {
    ["channel_id", "guild_id", "webhook_token"]
        .iter()
        .map(|name| call.text(name))
        .find(|text| !text.is_empty())
        .unwrap_or("")
}

/// REST wants `Bot TOKEN` from the bot and the bare token from a member.
fn rest_user(server: &Server, world: &crate::sandbox::world::World, token: &str) -> Option<u64> {
    let prefixed = token.starts_with("Bot ");
    server
        .user_of_token(world, token)
        .filter(|user| (*user == server.bot) == prefixed)
}

fn watch_deadline(server: Arc<Server>, interaction: u64) {
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(DEADLINE) => server.state().expire_interaction(interaction),
            () = server.stopping.cancelled() => {}
        }
    });
}

/// `/api/v10/x` and `/api/x` as `/x`.
fn unversioned(path: &str) -> &str {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.strip_prefix("/v10")
        .filter(|rest| rest.starts_with('/') || rest.is_empty())
        .unwrap_or(path)
}

async fn read_body(request: Request) -> Result<(Value, Vec<Upload>), Refused> {
    let method = request.method().clone();
    let headers = request.headers().clone();
    let multipart = content(&method, &headers, false) == Some(Content::Multipart);
    if multipart {
        return read_multipart(request).await;
    }
    let bytes = Bytes::from_request(request, &())
        .await
        .map_err(|_| Refused::new(413, 40005, "Request entity too large"))?;
    match content(&method, &headers, bytes.is_empty()) {
        Some(Content::Json) => serde_json::from_slice(&bytes)
            .map(|json| (json, Vec::new()))
            .map_err(|_| Refused::invalid_json()),
        Some(_) => Ok((Value::Null, Vec::new())),
        None => Err(Refused::new(
            415,
            50035,
            "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.",
        )),
    }
}

async fn read_multipart(request: Request) -> Result<(Value, Vec<Upload>), Refused> {
    let malformed = || Refused::new(400, 50035, "Invalid Form Body");
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| malformed())?;
    let mut body = Value::Null;
    let mut uploads = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().unwrap_or("file").to_owned();
        let content_type = field
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        let bytes = field.bytes().await.map_err(|_| malformed())?;
        if name == "payload_json" {
            body = serde_json::from_slice(&bytes).map_err(|_| Refused::invalid_json())?;
            continue;
        }
        let index = name
            .trim_start_matches("files[")
            .trim_start_matches("file")
            .trim_end_matches(']');
        uploads.push(Upload {
            index: index.parse().unwrap_or(uploads.len() as u64),
            filename,
            content_type,
            bytes: bytes.to_vec(),
        });
    }
    Ok((body, uploads))
}

fn respond(outcome: Outcome) -> Response {
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match outcome.body {
        // Exactly this content type: a charset makes one of the common clients refuse the login.
        Some(body) => (
            [(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )],
            body.to_string(),
        )
            .into_response(),
        None => ().into_response(),
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Some clients take a 429 without this header for a proxy's and give up.
    headers.insert(header::VIA, HeaderValue::from_static("1.1 sandbox"));
    for (name, value) in outcome.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

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

/// `POST /clock` with `advance_s` or `jump_s`.
pub async fn clock_post(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse =
        |status, message: &str| respond(Outcome::of(Err(Refused::new(status, 0, message))));
    if content(&axum::http::Method::POST, &headers, body.is_empty()) != Some(Content::Json) {
        return refuse(415, "the body must be JSON");
    }
    if server.clock.is_system() {
        return refuse(
            409,
            "this is the system's clock; start with --clock to move time",
        );
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let seconds = |name: &str| {
        body[name]
            .as_f64()
            .filter(|seconds| seconds.abs() <= 1e10)
            .map(|seconds| TimeDelta::milliseconds((seconds * 1000.0) as i64))
    };
    let settle = server.settler();
    match (seconds("advance_s"), seconds("jump_s")) {
        (Some(by), None) if by >= TimeDelta::zero() => server.clock.advance(by, &*settle).await,
        (None, Some(by)) => server.clock.jump(by, &*settle).await,
        _ => {
            return refuse(
                400,
                "give either advance_s (0 or more) or jump_s, in seconds",
            );
        }
    }
    clock_answer(&server)
}

fn clock_answer(server: &Server) -> Response {
    respond(Outcome::of(Ok(Reply::ok(
        json!({"now": iso(server.clock.now())}),
    ))))
}

/// `%41` as `A`; what is no text afterwards stays as it was.
pub fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}
