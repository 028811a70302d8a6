//! The addresses of the server, behind the checks of Host and Origin.

use super::gateway::socket;
use super::listener::Breaker;
use super::security::{host_allowed, origin_allowed};
use super::server::Server;
use super::state::attachments::png_size;
use super::{page, rest};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything the server answers.
pub fn router(server: &Arc<Server>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/page/{name}", get(page::file))
        .route("/traffic", get(page::traffic))
        .route("/clock", get(rest::clock_get).post(rest::clock_post).layer(small()))
        .route("/faults", post(rest::faults_post).layer(small()))
        .route("/gateway", get(gateway))
        .route("/gateway/", get(gateway))
        .route("/gateway/resume", get(gateway))
        .route("/gateway/resume/", get(gateway))
        .route("/attachments/{channel}/{id}/{name}", get(attachment))
        .route("/api/{*path}", any(rest::api))
        .fallback(rest::unknown)
        .layer(middleware::from_fn_with_state(server.clone(), guard))
        .layer(DefaultBodyLimit::max(rest::BODY_LIMIT))
        .with_state(server.clone())
}

/// What may be asked of the sandbox itself is a few lines of JSON.
fn small() -> DefaultBodyLimit {
    DefaultBodyLimit::max(64 * 1024)
}

/// Refuses foreign hosts and origins before anything else.
async fn guard(Shared(server): Shared<Arc<Server>>, request: Request, next: Next) -> Response {
    if !host_allowed(request.headers(), server.addr, &server.extra_hosts) {
        return (StatusCode::MISDIRECTED_REQUEST, "This is not the host you asked for.\n")
            .into_response();
    }
    if !origin_allowed(request.headers()) {
        return (StatusCode::FORBIDDEN, "Requests from other origins are refused.\n")
            .into_response();
    }
    next.run(request).await
}

async fn gateway(
    Shared(server): Shared<Arc<Server>>,
    ConnectInfo(breaker): ConnectInfo<Breaker>,
    Query(query): Query<BTreeMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if server.state().faults.outage {
        server.state().hub.faults().refused += 1;
        breaker.pull();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let released = {
        let state = server.state();
        let mut faults = state.hub.faults();
        faults.hangs().then(|| std::sync::Arc::clone(&faults.release).notified_owned())
    };
    if let Some(released) = released {
        released.await;
    }
    let known = |name: &str, values: &[&str]| {
        query.get(name).is_none_or(|given| values.contains(&given.as_str()))
    };
    if !known("v", &["10"]) || !known("encoding", &["json"]) || !known("compress", &["zlib-stream"])
    {
        return (StatusCode::BAD_REQUEST, "Only v=10, json and zlib-stream are spoken here.\n")
            .into_response();
    }
    let zlib_stream = query.contains_key("compress");
    // What a client sends is short. The buffer for it is there from the beginning, and everybody may
    // connect.
    upgrade
        .read_buffer_size(4 * 1024)
        .max_message_size(16 * 1024)
        .max_frame_size(16 * 1024)
        .on_upgrade(move |socket| socket::serve(server, socket, zlib_stream))
}

async fn attachment(
    Shared(server): Shared<Arc<Server>>,
    Path((_, id, _)): Path<(u64, u64, String)>,
) -> Response {
    let state = server.state();
    let Some(bytes) = state.world.files.get(id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Never shown as a page: what members upload must not run in the sandbox's origin. A picture
    // cannot run, and is there to be looked at.
    let (kind, disposition) = match png_size(bytes) {
        Some(_) => ("image/png", "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        bytes.clone(),
    )
        .into_response()
}
