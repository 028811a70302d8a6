//! The little that the relay reads and writes of the gateway's payloads; everything else passes
//! through as it came.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// A payload from Discord, without its data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Op 0: an event.
    Dispatch { sequence: u64, kind: String },
    /// Op 1: a heartbeat is wanted at once.
    HeartbeatWanted,
    /// Op 7: connect again and resume.
    Reconnect,
    /// Op 9: the session is invalid.
    Invalid { resumable: bool },
    /// Op 10, with the time between two heartbeats.
    Hello(Duration),
    /// Op 11: a heartbeat was acknowledged.
    Acknowledged,
    /// An opcode that nobody needs.
    Other,
}

/// What READY says of its session.
#[derive(Deserialize)]
pub(super) struct Ready {
    pub(super) session_id: String,
    #[serde(default)]
    pub(super) resume_gateway_url: Option<String>,
}

/// A payload from the client library.
pub(super) enum Said {
    Heartbeat,
    Identify(Identify),
    Resume { session: String, sequence: u64 },
    Other,
}

/// IDENTIFY, as it goes to Discord.
pub(super) struct Identify {
    pub(super) payload: SecretString,
    pub(super) token: SecretString,
}

/// Skips whatever is in `d`.
#[derive(Deserialize)]
struct Head {
    op: u8,
    s: Option<u64>,
    t: Option<String>,
}

#[derive(Deserialize)]
struct Data<T> {
    d: T,
}

fn data<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_str::<Data<T>>(text).ok().map(|payload| payload.d)
}

/// Reads a payload from Discord. `None` if it can't be read.
pub(super) fn received(text: &str) -> Option<Received> {
    #[derive(Deserialize)]
    struct Hello {
        heartbeat_interval: u64,
    }
    let head: Head = serde_json::from_str(text).ok()?;
    Some(match head.op {
        0 => Received::Dispatch { sequence: head.s?, kind: head.t? },
        1 => Received::HeartbeatWanted,
        7 => Received::Reconnect,
        9 => Received::Invalid { resumable: data(text).unwrap_or(false) },
        10 => {
            let interval = data::<Hello>(text)?.heartbeat_interval;
            // Zero would mean heartbeats without a pause.
            (interval > 0).then(|| Received::Hello(Duration::from_millis(interval)))?
        }
        11 => Received::Acknowledged,
        _ => Received::Other,
    })
}

/// Reads READY's data.
pub(super) fn ready(text: &str) -> Option<Ready> {
    data(text)
}

/// Reads a payload from the client library. `None` if it can't be read.
pub(super) fn said(text: &str) -> Option<Said> {
    #[derive(Deserialize)]
    struct Resume {
        session_id: String,
        seq: u64,
    }
    let head: Head = serde_json::from_str(text).ok()?;
    Some(match head.op {
        1 => Said::Heartbeat,
        2 => Said::Identify(identify(text)?),
        6 => {
            let resume: Resume = data(text)?;
            Said::Resume { session: resume.session_id, sequence: resume.seq }
        }
        _ => Said::Other,
    })
}

/// Asks for uncompressed payloads: the relay looks at each of them, and the connection is TLS to a
/// server that counts no bytes.
fn identify(text: &str) -> Option<Identify> {
    let mut payload: Value = serde_json::from_str(text).ok()?;
    let data = payload.get_mut("d")?.as_object_mut()?;
    let token = data.get("token")?.as_str()?.to_owned().into();
    data.insert("compress".to_owned(), false.into());
    Some(Identify { payload: payload.to_string().into(), token })
}

/// RESUME, with the token.
pub(super) fn resume(token: &str, session: &str, sequence: u64) -> SecretString {
    let data = json!({"token": token, "session_id": session, "seq": sequence});
    json!({"op": 6, "d": data}).to_string().into()
}

/// A heartbeat with the last sequence number; `None` before the first event.
pub(super) fn heartbeat(sequence: Option<u64>) -> String {
    json!({"op": 1, "d": sequence}).to_string()
}

/// HELLO, for the client library.
pub(super) fn hello(interval: Duration) -> String {
    let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": interval}}).to_string()
}

/// The acknowledgement of a heartbeat.
pub(super) const ACKNOWLEDGED: &str = r#"{"op":11,"s":null,"t":null,"d":null}"#;

/// Tells the client library that its session can't be resumed.
pub(super) const INVALID: &str = r#"{"op":9,"s":null,"t":null,"d":false}"#;

/// An event without content, in the place of one that the client library couldn't read: its log would
/// show what was in it.
pub(super) fn placeholder(sequence: u64) -> String {
    json!({"op": 0, "s": sequence, "t": "UNREADABLE", "d": null}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn what_discord_sends() {
        for (text, read) in [
            (
                r#"{"t":"READY","s":1,"op":0,"d":{"x":[1,{"op":7}]}}"#,
                Some(Received::Dispatch { sequence: 1, kind: "READY".to_owned() }),
            ),
            (r#"{"op":1,"d":null}"#, Some(Received::HeartbeatWanted)),
            (r#"{"op":7,"d":null,"s":null,"t":null}"#, Some(Received::Reconnect)),
            (r#"{"op":9,"d":true}"#, Some(Received::Invalid { resumable: true })),
            (r#"{"op":9,"d":"perhaps"}"#, Some(Received::Invalid { resumable: false })),
            (
                r#"{"op":10,"d":{"heartbeat_interval":41250,"_trace":[]}}"#,
                Some(Received::Hello(Duration::from_millis(41_250))),
            ),
            (r#"{"op":11}"#, Some(Received::Acknowledged)),
            (r#"{"op":31,"d":{}}"#, Some(Received::Other)),
            (r#"{"op":10,"d":{"heartbeat_interval":0}}"#, None),
            (r#"{"op":10,"d":{"heartbeat_interval":-5}}"#, None),
            (r#"{"op":0,"d":{}}"#, None),
            (r#"{"op":0,"s":"one","t":"READY","d":{}}"#, None),
            (r#"{"op":0,"s":1,"t":"READY","d":{"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(received(text), read, "{text}");
        }
    }

    #[test]
    fn identify_asks_for_no_compression_and_keeps_everything_else() {
        let text =
            r#"{"op":2,"d":{"token":"Bot abc","compress":true,"intents":33281,"shard":[0,1]}}"#;
        let Some(Said::Identify(identify)) = said(text) else { panic!("not an IDENTIFY") };
        assert_eq!(identify.token.expose_secret(), "Bot abc");
        let payload: Value = serde_json::from_str(identify.payload.expose_secret()).unwrap();
        let expected = json!({"op": 2, "d": {
            "token": "Bot abc", "compress": false, "intents": 33281, "shard": [0, 1],
        }});
        assert_eq!(payload, expected);
        assert!(said(r#"{"op":2,"d":{}}"#).is_none());
    }

    #[test]
    fn what_the_library_says_otherwise() {
        assert!(matches!(said(r#"{"op":1,"d":5}"#), Some(Said::Heartbeat)));
        let resumes = said(r#"{"op":6,"d":{"session_id":"x","token":"t","seq":7}}"#);
        let Some(Said::Resume { session, sequence }) = resumes else { panic!("not a RESUME") };
        assert_eq!((session.as_str(), sequence), ("x", 7));
        assert!(matches!(said(r#"{"op":3,"d":{}}"#), Some(Said::Other)));
        assert!(said("hello").is_none());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let interval = Duration::from_millis(7_500);
        assert_eq!(received(&hello(interval)), Some(Received::Hello(interval)));
        assert_eq!(received(ACKNOWLEDGED), Some(Received::Acknowledged));
        assert_eq!(received(INVALID), Some(Received::Invalid { resumable: false }));
        let kind = "UNREADABLE".to_owned();
        assert_eq!(received(&placeholder(3)), Some(Received::Dispatch { sequence: 3, kind }));
        assert_eq!(heartbeat(None), r#"{"d":null,"op":1}"#);
        let resumes = said(resume("t", "x", 9).expose_secret());
        assert!(matches!(resumes, Some(Said::Resume { sequence: 9, .. })));
    }
}
