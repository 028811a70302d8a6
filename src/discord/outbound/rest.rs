//! Requests: paced, within a time limit, and with their failures sorted.

use super::Outbound;
use crate::discord::fault::{Failure, failure};
use crate::domain::ids::{ChannelId, MessageId};
use serde_json::Value;
use serenity::all::Http;
use serenity::http::{LightMethod, Request, Route};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The longest that a courtesy waits while there is something that members wait for.
const LONGEST_COURTESY: Duration = Duration::from_secs(5);
/// The time between two looks at whether there is.
const GLANCE: Duration = Duration::from_millis(20);
/// The longest wait that an answer may ask for; what is longer is a mistake of somebody's.
const LONGEST_RETRY: f64 = 3_600.0;

/// A place in the line before the pacer, left when it is dropped.
struct InLine<'a>(&'a AtomicUsize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Outbound {
    /// The client, once the pacer lets another request through.
    pub(in crate::discord) async fn paced(&self) -> &Http {
        if let Some(pacer) = &self.pacer {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let _in_line = InLine(&self.waiting);
            pacer.until_ready().await;
        }
        &self.http
    }

    /// For a courtesy: lets go first what members wait for.
    pub(super) async fn let_others_first(&self) {
        let began = Instant::now();
        while self.waiting.load(Ordering::SeqCst) > 0 && began.elapsed() < LONGEST_COURTESY {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Carries out a request within the time limit. The client has one too, but not for its waiting
    /// for rate limits.
    pub(in crate::discord) async fn within<T>(
        &self,
        request: impl Future<Output = Result<T, serenity::Error>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.limits().outbox.request, request).await {
            Ok(done) => done.map_err(|error| failure(&error)),
            Err(_) => Err(Failure::unclear("no answer in time")),
        }
    }

    /// A page of a channel's history, newest first.
    pub(super) async fn history(
        &self,
        place: ChannelId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Value>, Failure> {
        let mut params = vec![("limit", limit.to_string())];
        params.extend(before.map(|message| ("before", message.to_string())));
        let route = Route::ChannelMessages { channel_id: super::id(place) };
        match self.get(Request::new(route, LightMethod::Get).params(Some(params))).await? {
            Value::Array(messages) => Ok(messages),
            _ => Err(Failure::unclear("unreadable answer: no list of messages")),
        }
    }

    /// One message of a channel.
    pub(super) async fn message(
        &self,
        place: ChannelId,
        message: MessageId,
    ) -> Result<Value, Failure> {
        let (channel_id, message_id) = (super::id(place), super::message_id(message));
        let route = Route::ChannelMessage { channel_id, message_id };
        self.get(Request::new(route, LightMethod::Get)).await
    }

    /// A channel or thread.
    pub(super) async fn channel(&self, place: ChannelId) -> Result<Value, Failure> {
        let route = Route::Channel { channel_id: super::id(place) };
        self.get(Request::new(route, LightMethod::Get)).await
    }

    /// Asks for JSON as it is: the library reads a list of messages as a whole or not at all, and does
    /// not tell how long a refusal asks to wait.
    async fn get(&self, request: Request<'_>) -> Result<Value, Failure> {
        let http = self.paced().await;
        let limit = self.limits().outbox.request;
        let asked = async {
            let response = match (&http.ratelimiter, &self.bare) {
                (Some(limiter), _) => limiter.perform(request).await?,
                (None, Some(client)) => {
                    let built = request.build(client, http.token(), http.proxy.as_deref())?;
                    built.send().await.map_err(serenity::http::HttpError::from)?
                }
                (None, None) => http.request(request).await?,
            };
            let status = response.status();
            let header = response.headers().get("retry-after");
            let header = header.and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
            let body = response.bytes().await.map_err(serenity::http::HttpError::from)?;
            Ok::<_, serenity::Error>((status, header, body))
        };
        let (status, header, body) = match tokio::time::timeout(limit, asked).await {
            Ok(asked) => asked.map_err(|error| failure(&error))?,
            Err(_) => return Err(Failure::unclear("no answer in time")),
        };
        let json: Option<Value> = serde_json::from_slice(&body).ok();
        if status.is_success() {
            return json.ok_or_else(|| Failure::unclear("unreadable answer: not JSON"));
        }
        let json = json.unwrap_or_default();
        let retry_after = json["retry_after"].as_f64().or(header);
        let code = json["code"].as_i64().and_then(|code| isize::try_from(code).ok());
        let message = json["message"].as_str();
        Err(Failure::answered(status.as_u16(), code.unwrap_or(0), message, retry(retry_after)))
    }
}

/// How long to wait, from seconds that somebody else wrote.
fn retry(seconds: Option<f64>) -> Option<Duration> {
    let seconds = seconds.filter(|seconds| *seconds >= 0.0)?;
    Duration::try_from_secs_f64(seconds.min(LONGEST_RETRY)).ok()
}

#[cfg(test)]
mod tests {
    use super::retry;
    use std::time::Duration;

    #[test]
    fn waits_that_others_ask_for() {
        for (asked, wait) in [
            (None, None),
            (Some(1.5), Some(1_500)),
            (Some(0.0), Some(0)),
            (Some(-1.0), None),
            (Some(f64::NAN), None),
            (Some(f64::INFINITY), Some(3_600_000)),
            (Some(1e300), Some(3_600_000)),
        ] {
            assert_eq!(retry(asked), wait.map(Duration::from_millis), "{asked:?}");
        }
    }
}
