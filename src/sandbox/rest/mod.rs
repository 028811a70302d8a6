//! REST, version 10: one table of routes, one way through it.
//!
//! Every request is matched against the table, authenticated, counted against the limits, met by
//! the fault that waits for it, run under the lock, and recorded.

mod applications;
mod body;
mod channels;
mod clock;
mod entry;
mod faults;
mod guilds;
mod messages;
mod reactions;
mod users;
mod webhooks;

pub use body::BODY_LIMIT;
pub use clock::{clock_get, clock_post};
pub use entry::{api, unknown};
pub use faults::faults_post;

use super::refused::Refused;
use super::state::State;
use super::state::messages::as_id;
use axum::body::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;

/// An uploaded file of a multipart request.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// The number in `files[n]`.
    pub index: u64,
    pub filename: String,
    pub content_type: String,
    pub bytes: Bytes,
}

/// A request after authentication.
pub struct Call {
    /// The user who asks; None for routes that need no token and got none.
    pub user: Option<u64>,
    pub params: BTreeMap<&'static str, String>,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    pub uploads: Vec<Upload>,
}

impl Call {
    /// The user who asks.
    ///
    /// # Errors
    /// 401 without one.
    pub fn user(&self) -> Result<u64, Refused> {
        self.user.ok_or_else(Refused::unauthorized)
    }

    /// An id in the path. A text that is no id names nothing Discord knows.
    ///
    /// # Errors
    /// 50035, as Discord answers to a text that is no snowflake.
    pub fn id(&self, name: &str) -> Result<u64, Refused> {
        let text = self.text(name);
        text.parse().map_err(|_| {
            super::refused::invalid(
                name,
                "NUMBER_TYPE_COERCE",
                &format!("Value \"{text}\" is not snowflake."),
            )
        })
    }

    /// A text in the path.
    pub fn text(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// An id in the query.
    pub fn query_id(&self, name: &str) -> Option<u64> {
        self.query.get(name).and_then(|text| text.parse().ok())
    }

    /// A flag in the query, in both spellings clients use.
    pub fn query_flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|text| matches!(text.as_str(), "1" | "true" | "True"))
    }

    /// An id in the body.
    pub fn body_id(&self, name: &str) -> Option<u64> {
        as_id(&self.body[name])
    }
}

/// A granted request's answer.
pub struct Reply {
    pub status: u16,
    pub body: Option<Value>,
    /// An interaction whose deadline begins.
    pub deadline: Option<u64>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self::with(200, body)
    }

    /// A status with a body.
    pub fn with(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), deadline: None }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self { status: 204, body: None, deadline: None }
    }
}

/// What a route answers.
pub type Answer = Result<Reply, Refused>;

/// How a route knows who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Anybody.
    Open,
    /// By `Authorization`.
    Token,
    /// By the interaction's token in the path: the bot.
    Interaction,
}

struct Route {
    method: &'static str,
    /// As Discord's description writes it.
    template: &'static str,
    access: Access,
    run: fn(&mut State, Call) -> Answer,
}

macro_rules! routes {
    ($($access:ident $method:ident $template:literal => $run:path;)*) => {
        &[$(Route {
            method: stringify!($method),
            template: $template,
            access: Access::$access,
            run: $run,
        }),*]
    };
}

/// Every route there is. Where two fit a path, the one with more fixed parts wins.
const ROUTES: &[Route] = routes! {
    Open GET "/gateway" => users::gateway;
    Token GET "/gateway/bot" => users::gateway_bot;
    Token GET "/users/@me" => users::me;
    Token GET "/users/@me/guilds" => users::my_guilds;
    Token POST "/users/@me/channels" => users::open_dm;
    Token GET "/users/{user_id}" => users::get;
    Token GET "/oauth2/applications/@me" => applications::me;
    Token GET "/applications/@me" => applications::me;
    Token GET "/applications/{application_id}/commands" => applications::list;
    Token POST "/applications/{application_id}/commands" => applications::create;
    Token PUT "/applications/{application_id}/commands" => applications::replace;
    Token GET "/applications/{application_id}/commands/{command_id}" => applications::get;
    Token PATCH "/applications/{application_id}/commands/{command_id}" => applications::edit;
    Token DELETE "/applications/{application_id}/commands/{command_id}" => applications::delete;
    Token GET "/applications/{application_id}/guilds/{guild_id}/commands" => applications::list;
    Token POST "/applications/{application_id}/guilds/{guild_id}/commands" => applications::create;
    Token PUT "/applications/{application_id}/guilds/{guild_id}/commands" => applications::replace;
    Token GET "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}" => applications::get;
    Token PATCH "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}" => applications::edit;
    Token DELETE "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}" => applications::delete;
    Token GET "/applications/{application_id}/guilds/{guild_id}/commands/permissions" => applications::all_permissions;
    Token GET "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions" => applications::permissions;
    Token PUT "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions" => applications::set_permissions;
    Token GET "/guilds/{guild_id}" => guilds::get;
    Token GET "/guilds/{guild_id}/channels" => guilds::channels;
    Token GET "/guilds/{guild_id}/roles" => guilds::roles;
    Token GET "/guilds/{guild_id}/members" => guilds::members;
    Token GET "/guilds/{guild_id}/members/{user_id}" => guilds::member;
    Token PATCH "/guilds/{guild_id}/members/@me" => guilds::edit_me;
    Token GET "/guilds/{guild_id}/threads/active" => guilds::active_threads;
    Token GET "/channels/{channel_id}" => channels::get;
    Token PATCH "/channels/{channel_id}" => channels::edit;
    Token DELETE "/channels/{channel_id}" => channels::delete;
    Token POST "/channels/{channel_id}/typing" => channels::typing;
    Token POST "/channels/{channel_id}/threads" => channels::start_thread;
    Token POST "/channels/{channel_id}/messages/{message_id}/threads" => channels::start_thread_from;
    Token PUT "/channels/{channel_id}/thread-members/@me" => channels::join_thread;
    Token DELETE "/channels/{channel_id}/thread-members/@me" => channels::leave_thread;
    Token GET "/channels/{channel_id}/threads/archived/public" => channels::archived_threads;
    Token GET "/channels/{channel_id}/messages" => messages::list;
    Token POST "/channels/{channel_id}/messages" => messages::create;
    Token GET "/channels/{channel_id}/messages/{message_id}" => messages::get;
    Token PATCH "/channels/{channel_id}/messages/{message_id}" => messages::edit;
    Token DELETE "/channels/{channel_id}/messages/{message_id}" => messages::delete;
    Token GET "/channels/{channel_id}/pins" => messages::pins_old;
    Token PUT "/channels/{channel_id}/pins/{message_id}" => messages::pin;
    Token DELETE "/channels/{channel_id}/pins/{message_id}" => messages::unpin;
    Token GET "/channels/{channel_id}/messages/pins" => messages::pins;
    Token PUT "/channels/{channel_id}/messages/pins/{message_id}" => messages::pin;
    Token DELETE "/channels/{channel_id}/messages/pins/{message_id}" => messages::unpin;
    Token GET "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}" => reactions::list;
    Token PUT "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me" => reactions::add;
    Token DELETE "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me" => reactions::remove_own;
    Token DELETE "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}" => reactions::remove;
    Token POST "/interactions" => webhooks::interact;
    Interaction POST "/interactions/{interaction_id}/{interaction_token}/callback" => webhooks::callback;
    Interaction POST "/webhooks/{webhook_id}/{webhook_token}" => webhooks::follow_up;
    Interaction GET "/webhooks/{webhook_id}/{webhook_token}/messages/@original" => webhooks::get;
    Interaction PATCH "/webhooks/{webhook_id}/{webhook_token}/messages/@original" => webhooks::edit;
    Interaction DELETE "/webhooks/{webhook_id}/{webhook_token}/messages/@original" => webhooks::delete;
    Interaction GET "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}" => webhooks::get;
    Interaction PATCH "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}" => webhooks::edit;
    Interaction DELETE "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}" => webhooks::delete;
};

/// What the table says about a request.
enum Found {
    Route(&'static Route, BTreeMap<&'static str, String>),
    /// The path exists, but not with this method.
    OtherMethod,
    Nothing,
}

fn find(method: &str, path: &str) -> Found {
    let parts: Vec<String> = path.split('/').skip(1).map(body::percent_decoded).collect();
    let mut best: Option<(usize, &'static Route, BTreeMap<&'static str, String>)> = None;
    let mut other_method = false;
    for route in ROUTES {
        let Some((fixed, params)) = fit(route.template, &parts) else {
            continue;
        };
        if route.method != method {
            other_method = true;
            continue;
        }
        if best.as_ref().is_none_or(|(most, _, _)| fixed > *most) {
            best = Some((fixed, route, params));
        }
    }
    match best {
        Some((_, route, params)) => Found::Route(route, params),
        None if other_method => Found::OtherMethod,
        None => Found::Nothing,
    }
}

/// The number of fixed parts and the values of the others, if the path fits.
fn fit(
    template: &'static str,
    parts: &[String],
) -> Option<(usize, BTreeMap<&'static str, String>)> {
    let wanted: Vec<&'static str> = template.split('/').skip(1).collect();
    if wanted.len() != parts.len() {
        return None;
    }
    let mut fixed = 0;
    let mut params = BTreeMap::new();
    for (want, part) in wanted.into_iter().zip(parts) {
        match want.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !part.is_empty() => {
                params.insert(name, part.clone());
            }
            None if want == part => fixed += 1,
            _ => return None,
        }
    }
    Some((fixed, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(method: &str, path: &str) -> Option<&'static str> {
        match find(method, path) {
            Found::Route(route, _) => Some(route.template),
            _ => None,
        }
    }

    #[test]
    fn fixed_parts_win_over_parameters() {
        assert_eq!(template("GET", "/users/@me"), Some("/users/@me"));
        assert_eq!(template("GET", "/users/5"), Some("/users/{user_id}"));
        assert_eq!(
            template("GET", "/channels/1/messages/pins"),
            Some("/channels/{channel_id}/messages/pins")
        );
        assert_eq!(
            template("GET", "/channels/1/messages/2"),
            Some("/channels/{channel_id}/messages/{message_id}")
        );
        assert_eq!(template("GET", "/channels/1/webhooks"), None);
        assert!(matches!(find("PUT", "/users/@me"), Found::OtherMethod));
        let Found::Route(_, params) =
            find("PUT", "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me")
        else {
            panic!("not found");
        };
        assert_eq!(params["emoji_name"], "👍");
    }
}
