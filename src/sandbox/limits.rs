//! Rate limits: 50 requests a second for the bot as a whole, and a bucket per route and channel,
//! guild or webhook (Discord documentation, topics, "Rate limits"). They run on wire time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Requests a second over all routes.
const GLOBAL: f64 = 50.0;

/// How many requests a route takes in how many milliseconds. Discord publishes no such list; these
/// are of the size its headers have been seen to name.
fn rule(method: &str, template: &str) -> (&'static str, u32, u64) {
    match (method, template) {
        ("POST", "/channels/{channel_id}/messages") => ("write", 5, 5_000),
        ("GET", "/channels/{channel_id}/messages") => ("read", 10, 5_000),
        ("PATCH", "/channels/{channel_id}/messages/{message_id}") => ("edit", 5, 5_000),
        ("DELETE", "/channels/{channel_id}/messages/{message_id}") => ("delete", 5, 1_000),
        ("PUT" | "DELETE", template) if template.contains("/reactions/") => ("react", 1, 250),
        ("PUT" | "DELETE", template) if template.contains("/pins/") => ("pin", 5, 4_000),
        ("POST", template) if template.ends_with("/threads") => ("thread", 10, 10_000),
        ("POST", "/channels/{channel_id}/typing") => ("typing", 5, 5_000),
        ("PATCH", "/channels/{channel_id}") => ("channel", 5, 15_000),
        ("POST" | "PATCH" | "DELETE", template) if template.starts_with("/webhooks/") => {
            ("webhook", 5, 2_000)
        }
        ("PUT" | "POST", template) if template.ends_with("/commands") => ("commands", 5, 20_000),
        ("POST", "/users/@me/channels") => ("dm", 10, 10_000),
        _ => ("other", 50, 1_000),
    }
}

/// What the headers of an answer say.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until the bucket is full again.
    pub reset_after: f64,
    pub bucket: String,
}

impl Headers {
    /// Name and value of each.
    #[expect(clippy::disallowed_methods, reason = "limits are counted in real time")]
    pub fn pairs(&self) -> [(&'static str, String); 5] {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        [
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-reset", format!("{:.3}", now.as_secs_f64() + self.reset_after)),
            ("x-ratelimit-reset-after", format!("{:.3}", self.reset_after)),
            ("x-ratelimit-bucket", self.bucket.clone()),
        ]
    }
}

/// Whether a request may pass.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// Yes; what to say about the bucket.
    Pass(Headers),
    /// No: 429.
    Wait {
        /// Seconds.
        retry_after: f64,
        /// Whether the limit over all routes is the reason.
        global: bool,
        /// What to say about the bucket, if a bucket is the reason.
        headers: Option<Headers>,
    },
}

/// The bot's buckets.
pub struct Limits {
    /// False lets everything pass and says nothing.
    pub on: bool,
    tokens: f64,
    filled: Instant,
    buckets: BTreeMap<String, (Instant, u32)>,
}

impl Limits {
    /// Full buckets.
    pub fn new(on: bool) -> Self {
        Self { on, tokens: GLOBAL, filled: Instant::now(), buckets: BTreeMap::new() }
    }

    /// Counts a request. `major` is the channel, guild or webhook of the path; interactions' own
    /// routes do not count against the global limit.
    pub fn take(
        &mut self,
        method: &str,
        template: &str,
        major: &str,
        global: bool,
        now: Instant,
    ) -> Verdict {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * GLOBAL).min(GLOBAL);
        self.filled = now;
        if global {
            if self.tokens < 1.0 {
                return Verdict::Wait {
                    retry_after: (1.0 - self.tokens) / GLOBAL,
                    global: true,
                    headers: None,
                };
            }
            self.tokens -= 1.0;
        }
        let (name, limit, period) = rule(method, template);
        let period = Duration::from_millis(period);
        let bucket = format!("{name}:{limit}:{}", period.as_millis());
        let key = if name == "other" {
            format!("{bucket}:{method}{template}:{major}")
        } else {
            format!("{bucket}:{major}")
        };
        // A bucket whose time is over is full again and need not be remembered.
        self.buckets.retain(|_, (reset, _)| *reset > now);
        let (reset, used) = self.buckets.entry(key).or_insert((now + period, 0));
        let reset_after = reset.saturating_duration_since(now).as_secs_f64();
        let spent = *used >= limit;
        if !spent {
            *used += 1;
        }
        let headers =
            Headers { limit, remaining: limit.saturating_sub(*used), reset_after, bucket };
        if spent {
            return Verdict::Wait {
                retry_after: reset_after,
                global: false,
                headers: Some(headers),
            };
        }
        Verdict::Pass(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str = "/channels/{channel_id}/messages";

    #[test]
    fn the_sixth_message_in_five_seconds_waits_in_its_channel_only() {
        let mut limits = Limits::new(true);
        let start = Instant::now();
        for left in (0..5).rev() {
            let Verdict::Pass(headers) = limits.take("POST", WRITE, "1", true, start) else {
                panic!("refused with {left} left");
            };
            assert_eq!((headers.limit, headers.remaining), (5, left));
        }
        let later = start + Duration::from_secs(2);
        let Verdict::Wait { retry_after, global: false, headers: Some(_) } =
            limits.take("POST", WRITE, "1", true, later)
        else {
            panic!("not refused");
        };
        assert!((retry_after - 3.0).abs() < 1e-6);
        assert!(matches!(limits.take("POST", WRITE, "2", true, later), Verdict::Pass(_)));
        let after = start + Duration::from_secs(5);
        assert!(matches!(limits.take("POST", WRITE, "1", true, after), Verdict::Pass(_)));
    }

    #[test]
    fn fifty_a_second_over_all_channels_and_not_for_interactions() {
        let mut limits = Limits::new(true);
        let now = Instant::now();
        for channel in 0..50 {
            let verdict = limits.take("POST", WRITE, &channel.to_string(), true, now);
            assert!(matches!(verdict, Verdict::Pass(_)));
        }
        let verdict = limits.take("POST", WRITE, "60", true, now);
        assert!(matches!(verdict, Verdict::Wait { global: true, .. }), "{verdict:?}");
        let verdict =
            limits.take("POST", "/webhooks/{webhook_id}/{webhook_token}", "60", false, now);
        assert!(matches!(verdict, Verdict::Pass(_)));
        let soon = now + Duration::from_millis(25);
        assert!(matches!(limits.take("POST", WRITE, "61", true, soon), Verdict::Pass(_)));
    }
}
