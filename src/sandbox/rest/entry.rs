//! The way of a request: checks, body, table, lock, record, answer.

use super::body::{COMMANDS_LIMIT, JSON_LIMIT, discard_body, read_body, too_large};
use super::{Access, Answer, Call, Found, Reply, Route, Upload, find};
use crate::sandbox::faults::Fault;
use crate::sandbox::interactions::DEADLINE;
use crate::sandbox::limits::Verdict;
use crate::sandbox::listener::Breaker;
use crate::sandbox::refused::Refused;
use crate::sandbox::server::{InFlight, Server};
use crate::sandbox::traffic::{Exchange, Who, weight};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An answer on its way, with what else it does.
pub struct Outcome {
    status: u16,
    body: Option<Value>,
    /// A page of HTML in the place of the body.
    page: bool,
    /// What the record shows, where the answer was spoiled on purpose.
    unspoiled: Option<Value>,
    headers: Vec<(&'static str, String)>,
    /// Never answer.
    hangs: bool,
    /// Break the connection instead of answering.
    broken: bool,
    delay: Option<Duration>,
    deadline: Option<u64>,
}

impl Outcome {
    /// What a route said, as an answer.
    pub fn of(answer: Answer) -> Self {
        let (status, body, deadline) = match answer {
            Ok(reply) => (reply.status, reply.body, reply.deadline),
            Err(refused) => (refused.status, Some(refused.body()), None),
        };
        Self {
            status,
            body,
            page: false,
            unspoiled: None,
            headers: Vec::new(),
            hangs: false,
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
        // The header counts whole seconds, upwards; the body tells exactly.
        outcome.headers.push(("retry-after", format!("{:.0}", retry_after.ceil())));
        let scope = if global { "global" } else { "user" };
        outcome.headers.push(("x-ratelimit-scope", scope.to_owned()));
        if global {
            outcome.headers.push(("x-ratelimit-global", "true".to_owned()));
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
    let mut asked = Asked { method, path, query, pairs, user: None };
    asked.user = asker(&server, &asked, token.as_deref());
    let body = body_of(&server, &asked, request).await;
    let outcome = pass(&server, asked, body);
    // Discord stamps its answers, its messages and its ids by one clock.
    let date = server.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Some(id) = outcome.deadline {
        watch_deadline(server.clone(), id);
    }
    if let Some(delay) = outcome.delay {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = server.stopping.cancelled() => {}
        }
    }
    if outcome.hangs {
        server.stopping.cancelled().await;
    }
    if outcome.broken {
        breaker.pull();
    }
    let mut response = respond(outcome);
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
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
    pairs: BTreeMap<String, String>,
    /// Who asks, if that is known.
    user: Option<u64>,
}

/// Who asks: known by the token of an interaction in the path, else by `Authorization`.
fn asker(server: &Server, asked: &Asked, token: Option<&str>) -> Option<u64> {
    let found = find(&asked.method, &asked.path);
    let state = server.state();
    match found {
        Found::Route(route, params) if route.access == Access::Interaction => {
            let token = params.iter().find(|(name, _)| name.ends_with("_token"));
            token
                .is_some_and(|(_, token)| state.interactions.knows(token))
                .then_some(state.world.bot)
        }
        _ => token.and_then(|token| rest_user(server, &state.world, token)),
    }
}

/// What a request brings. What strangers send is thrown away as it comes: they are refused anyway.
async fn body_of(
    server: &Server,
    asked: &Asked,
    request: Request,
) -> Result<(Value, Vec<Upload>), Refused> {
    let brings_nothing = asked.user.is_none() || matches!(asked.method.as_str(), "GET" | "HEAD");
    let reading = async {
        if brings_nothing {
            discard_body(request).await;
            return Ok((Value::Null, Vec::new()));
        }
        read_body(request).await
    };
    tokio::time::timeout(server.patience().body, reading)
        .await
        .unwrap_or_else(|_| Err(Refused::new(408, 0, "408: Request Timeout")))
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
    let user = asked.user;
    let who = match user {
        Some(user) if user == server.bot => Who::Bot,
        Some(user) => Who::Member(user),
        None => Who::Nobody,
    };
    // A command's texts are counted one by one; any other body has a few thousand characters.
    let most = if template.is_some_and(|template| template.contains("/commands")) {
        COMMANDS_LIMIT
    } else {
        JSON_LIMIT
    };
    let body = body.and_then(|(json, uploads)| match weight(&json) {
        weight if weight > most => Err(too_large()),
        _ => Ok((json, uploads)),
    });
    let shown = body.as_ref().ok().map(|(json, _)| json.clone());
    let outcome = match found {
        Found::Nothing => Outcome::of(Err(Refused::not_found())),
        Found::OtherMethod => Outcome::of(Err(Refused::method_not_allowed())),
        Found::Route(route, _) if user.is_none() && route.access == Access::Token => {
            Outcome::of(Err(Refused::unauthorized()))
        }
        Found::Route(route, params) => {
            let call = body.map(|(body, uploads)| Call {
                user,
                params,
                query: asked.pairs,
                body,
                uploads,
            });
            run(state, route, call, who == Who::Bot)
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
        status: if outcome.broken || outcome.hangs { 0 } else { outcome.status },
        response: outcome.unspoiled.clone().or_else(|| outcome.body.clone()),
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
        return Outcome { broken: true, ..Outcome::of(Ok(Reply::nothing())) };
    }
    let mut passed = None;
    let callback = route.template.ends_with("/callback");
    if state.limits.on && !callback {
        let major = call.as_ref().map_or("", major);
        let global = route.access != Access::Interaction;
        match state.limits.take(route.method, route.template, major, global, Instant::now()) {
            Verdict::Pass(told) => passed = Some(told),
            Verdict::Wait { retry_after, global, headers: told } => {
                let mut outcome = Outcome::too_many(retry_after, global);
                outcome.headers.extend(told.iter().flat_map(|told| told.pairs()));
                return outcome;
            }
        }
    }
    let places = call.as_ref().map_or_else(|_| Vec::new(), |call| places(state, call));
    let fault = state.faults.take(route.method, route.template, &places);
    let failed = |status: u16| {
        let message = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        Outcome::of(Err(Refused::new(status, 0, &format!("{status}: {message}"))))
    };
    let channel = places.first().copied().unwrap_or(0);
    let mut outcome = match fault {
        None => act(state, route, call),
        Some(Fault::Status(status)) => failed(status),
        Some(Fault::RateLimit { retry_after_s, global }) => {
            if let Some(told) = passed.as_mut().filter(|_| !global) {
                // Some clients wait by what is said of the bucket.
                (told.remaining, told.reset_after) = (0, retry_after_s);
            }
            Outcome::too_many(retry_after_s, global)
        }
        Some(Fault::DropBefore) => Outcome { broken: true, ..failed(500) },
        Some(Fault::StatusAfter(status)) => {
            Outcome { deadline: act(state, route, call).deadline, ..failed(status) }
        }
        Some(Fault::DropAfter) => Outcome { broken: true, ..act(state, route, call) },
        Some(Fault::Slow(delay)) => Outcome { delay: Some(delay), ..act(state, route, call) },
        Some(Fault::Hang) => Outcome { hangs: true, ..failed(500) },
        Some(Fault::Refuse { status, code }) => {
            Outcome::of(Err(Refused::new(status, code, "refused on purpose")))
        }
        Some(Fault::Page(status)) => Outcome { page: true, ..failed(status) },
        Some(Fault::Lag { newest }) => {
            let missing = newest_ids(state, channel, newest);
            let mut outcome = act(state, route, call);
            if let Some(Value::Array(listed)) = &mut outcome.body {
                listed.retain(|one| !missing.contains(&one["id"]));
            }
            outcome
        }
    };
    outcome.headers.extend(passed.iter().flat_map(|told| told.pairs()));
    outcome
}

/// Runs the route. Messages that are to be spoiled are, but not in the record.
fn act(
    state: &mut crate::sandbox::state::State,
    route: &Route,
    call: Result<Call, Refused>,
) -> Outcome {
    let mut outcome = Outcome::of(call.and_then(|call| (route.run)(state, call)));
    let spoilable = route.method == "GET" && route.template.contains("/messages");
    if let Some(body) = outcome.body.as_mut().filter(|_| spoilable)
        && state.faults.spoils(body)
    {
        outcome.unspoiled = Some(body.clone());
        state.faults.spoil_all(body);
    }
    outcome
}

/// The channel that a request concerns, its parent if it is a thread, and the guild.
fn places(state: &crate::sandbox::state::State, call: &Call) -> Vec<u64> {
    let id = |name| call.text(name).parse::<u64>().ok();
    let channel = id("channel_id");
    let known = channel.and_then(|id| state.world.channels.get(&id));
    let parent = known.and_then(|channel| channel.parent);
    let guild = known.and_then(|channel| channel.guild);
    [channel, parent, guild, id("guild_id")].into_iter().flatten().collect()
}

/// The ids of a channel's newest messages, as JSON has them.
fn newest_ids(state: &crate::sandbox::state::State, channel: u64, newest: usize) -> Vec<Value> {
    let messages = state.world.messages.get(&channel);
    let ids = messages.into_iter().flat_map(|messages| messages.keys().rev()).take(newest);
    ids.map(|id| id.to_string().into()).collect()
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
    server.user_of_token(world, token).filter(|user| (*user == server.bot) == prefixed)
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

/// Writes an answer.
pub fn respond(outcome: Outcome) -> Response {
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match outcome.body {
        Some(_) if outcome.page => {
            Html("<html><body>Something went wrong.</body></html>").into_response()
        }
        // Exactly this content type: a charset makes one of the common clients refuse the login.
        Some(body) => (
            [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
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
