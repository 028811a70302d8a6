//! What keeps other web pages and other hosts out: the Host and Origin headers and the content type.

use axum::http::{HeaderMap, Method, header};
use std::net::SocketAddr;

/// Whether the Host header names this server: loopback with the right port, or an allowed name
/// (with any port or none, since such a name comes through a proxy). Guards against DNS rebinding.
pub fn host_allowed(headers: &HeaderMap, addr: SocketAddr, extra: &[String]) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    authority_allowed(host, addr, extra)
}

fn authority_allowed(host: &str, addr: SocketAddr, extra: &[String]) -> bool {
    let port = addr.port();
    let own = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        addr.to_string(),
    ];
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    own.iter().any(|one| one.eq_ignore_ascii_case(host))
        || extra.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Whether the Origin header, if there is one, is this very server's.
pub fn origin_allowed(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (origin.to_str().ok(), host) {
        (Some(origin), Some(host)) => ["http://", "https://"]
            .iter()
            .filter_map(|scheme| origin.strip_prefix(scheme))
            .any(|authority| authority.eq_ignore_ascii_case(host)),
        _ => false,
    }
}

/// How a request's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// There is no body.
    Empty,
    /// `application/json`.
    Json,
    /// `multipart/form-data`.
    Multipart,
}

/// The content type of a request that may change something; None for one that a web form could
/// send without asking (text, form fields).
pub fn content(method: &Method, headers: &HeaderMap, empty: bool) -> Option<Content> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Some(Content::Empty);
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .map(|kind| kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase());
    match kind.as_deref() {
        // What a page of another origin may send without being asked first (Fetch standard,
        // "CORS-safelisted request-header").
        Some("text/plain" | "application/x-www-form-urlencoded" | "") => None,
        Some("multipart/form-data") => Some(Content::Multipart),
        // Some clients name a type (application/octet-stream) where they send nothing.
        _ if empty => Some(Content::Empty),
        Some("application/json") => Some(Content::Json),
        _ => None,
    }
}

/// Whether two keys are equal, in a time that does not tell where they differ.
pub fn same_key(given: &str, right: &str) -> bool {
    given.len() == right.len()
        && given.bytes().zip(right.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_loopback_and_allowed_names_are_this_server() {
        let addr = "127.0.0.1:4000".parse().unwrap();
        let extra = ["discord.com".to_owned()];
        for (host, allowed) in [
            ("127.0.0.1:4000", true),
            ("localhost:4000", true),
            ("LocalHost:4000", true),
            ("[::1]:4000", true),
            ("discord.com", true),
            ("discord.com:443", true),
            ("127.0.0.1:4001", false),
            ("127.0.0.1", false),
            ("evil.example:4000", false),
            ("discord.com.evil.example", false),
        ] {
            let headers = headers(&[("host", host)]);
            assert_eq!(host_allowed(&headers, addr, &extra), allowed, "{host}");
        }
        assert!(!host_allowed(&HeaderMap::new(), addr, &extra));
    }

    #[test]
    fn another_origin_is_refused() {
        let own = headers(&[("host", "localhost:4000"), ("origin", "http://localhost:4000")]);
        assert!(origin_allowed(&own));
        for origin in ["http://evil.example", "null", "http://127.0.0.1:4000"] {
            let other = headers(&[("host", "localhost:4000"), ("origin", origin)]);
            assert!(!origin_allowed(&other), "{origin}");
        }
        assert!(origin_allowed(&headers(&[("host", "localhost:4000")])));
    }

    #[test]
    fn forms_cannot_change_anything() {
        let json = headers(&[("content-type", "application/json; charset=utf-8")]);
        assert_eq!(content(&Method::POST, &json, false), Some(Content::Json));
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let form = headers(&[("content-type", kind)]);
            assert_eq!(content(&Method::POST, &form, false), None, "{kind}");
        }
        let named = headers(&[("content-type", "application/octet-stream")]);
        assert_eq!(content(&Method::PUT, &named, true), Some(Content::Empty));
        assert_eq!(content(&Method::PUT, &named, false), None);
        assert_eq!(content(&Method::PUT, &HeaderMap::new(), true), Some(Content::Empty));
        assert_eq!(content(&Method::PUT, &HeaderMap::new(), false), None);
    }
}
