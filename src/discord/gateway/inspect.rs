//! Looks at each event before the client library does: one that the library can't read would vanish
//! without a word.

use crate::domain::ids::ChannelId;
use secrecy::SecretString;
use serde::Deserialize;
use serenity::all::{Event, GatewayEvent};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often the log hears of unreadable events of one kind.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// The kinds of events that the bot or its cache of guilds lives on. Others may be new to the library,
/// and are none of our business.
const NEEDED: [&str; 21] = [
    "READY",
    "RESUMED",
    "INTERACTION_CREATE",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_MEMBER_UPDATE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
];

/// What follows from an event that the library can't read.
pub(super) enum Unreadable {
    /// Somebody waits for an answer, which these lead to if they are readable.
    Interaction(Option<Asker>),
    /// Something happened to a message of this channel, if that is readable.
    Message(Option<ChannelId>),
    /// The guilds are known less well.
    Other,
}

/// Where the answer to an interaction goes.
pub(super) struct Asker {
    pub(super) id: u64,
    pub(super) token: SecretString,
}

/// What becomes of an event that can't be read; `None` if the library will read it, or needn't.
pub(super) fn unreadable(kind: &str, text: &str) -> Option<Unreadable> {
    #[derive(Deserialize)]
    struct Payload {
        d: Data,
    }
    /// What is read one by one, so that one bad field doesn't hide the others.
    #[derive(Deserialize)]
    struct Data {
        id: Option<serde_json::Value>,
        token: Option<serde_json::Value>,
        #[serde(rename = "type")]
        kind: Option<serde_json::Value>,
        channel_id: Option<serde_json::Value>,
    }
    if !NEEDED.contains(&kind) {
        return None;
    }
    match serde_json::from_str::<GatewayEvent>(text) {
        Ok(GatewayEvent::Dispatch(_, Event::Unknown(_))) | Err(_) => {}
        Ok(_) => return None,
    }
    let data = serde_json::from_str::<Payload>(text).ok().map(|payload| payload.d);
    let number = |value: Option<serde_json::Value>| {
        value?.as_str()?.parse::<u64>().ok().filter(|id| *id > 0)
    };
    Some(match kind {
        "INTERACTION_CREATE" => Unreadable::Interaction(data.and_then(|data| {
            // Commands, components and forms take a message; autocompletion doesn't.
            matches!(data.kind?.as_u64()?, 2 | 3 | 5).then_some(())?;
            Some(Asker { id: number(data.id)?, token: data.token?.as_str()?.to_owned().into() })
        })),
        kind if kind.starts_with("MESSAGE_") => {
            Unreadable::Message(data.and_then(|data| number(data.channel_id)).map(ChannelId))
        }
        _ => Unreadable::Other,
    })
}

/// Says each kind's unreadable events at most once a minute.
#[derive(Default)]
pub(super) struct Warnings {
    said: HashMap<String, (Instant, u64)>,
}

impl Warnings {
    /// Whether to warn now, and how many there were since the last warning.
    pub(super) fn note(&mut self, kind: &str, now: Instant) -> Option<u64> {
        // Only kinds of `NEEDED` and the relay's own get here, so this stays small.
        match self.said.get_mut(kind) {
            Some((said, silent)) if now.duration_since(*said) < WARN_EVERY => {
                *silent += 1;
                None
            }
            Some((said, silent)) => {
                *said = now;
                Some(std::mem::take(silent) + 1)
            }
            None => {
                self.said.insert(kind.to_owned(), (now, 0));
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    fn event(kind: &str, data: &Value) -> String {
        json!({"op": 0, "s": 5, "t": kind, "d": data}).to_string()
    }

    #[test]
    fn what_the_library_reads_passes() {
        let gone = json!({"id": "1", "channel_id": "2", "guild_id": "3"});
        assert!(unreadable("MESSAGE_DELETE", &event("MESSAGE_DELETE", &gone)).is_none());
        // A kind that Discord may invent tomorrow.
        assert!(unreadable("TEAPOT_CREATE", &event("TEAPOT_CREATE", &json!({}))).is_none());
    }

    #[test]
    fn whoever_waits_for_an_answer_is_found() {
        let asked = |data: Value| {
            let text = event("INTERACTION_CREATE", &data);
            match unreadable("INTERACTION_CREATE", &text) {
                Some(Unreadable::Interaction(asker)) => {
                    asker.map(|asker| (asker.id, asker.token.expose_secret().to_owned()))
                }
                _ => panic!("{data}"),
            }
        };
        let found = Some((7, "secret".to_owned()));
        for kind in [2, 3, 5] {
            assert_eq!(asked(json!({"id": "7", "token": "secret", "type": kind})), found);
        }
        for nobody in [
            json!({"id": "7", "token": "secret", "type": 4}),
            json!({"id": "7", "token": "secret", "type": "press"}),
            json!({"id": "0", "token": "secret", "type": 2}),
            json!({"id": 7, "token": "secret", "type": 2}),
            json!({"id": "7", "type": 2}),
            json!([]),
        ] {
            assert_eq!(asked(nobody.clone()), None, "{nobody}");
        }
    }

    #[test]
    fn a_message_names_its_channel_if_it_can() {
        for (data, channel) in [
            (json!({"id": "1", "channel_id": "42", "author": 5}), Some(ChannelId(42))),
            (json!({"id": {}, "channel_id": "42"}), Some(ChannelId(42))),
            (json!({"id": "1", "channel_id": 42}), None),
            (json!("gone"), None),
        ] {
            for kind in ["MESSAGE_CREATE", "MESSAGE_UPDATE"] {
                match unreadable(kind, &event(kind, &data)) {
                    Some(Unreadable::Message(found)) => assert_eq!(found, channel, "{data}"),
                    // An update may leave out nearly everything.
                    None => assert_eq!(kind, "MESSAGE_UPDATE", "{data}"),
                    _ => panic!("{data}"),
                }
            }
        }
        let guild = event("GUILD_CREATE", &json!({"id": "1", "roles": 5}));
        assert!(matches!(unreadable("GUILD_CREATE", &guild), Some(Unreadable::Other)));
    }

    #[test]
    fn a_warning_a_minute_for_each_kind() {
        let mut warnings = Warnings::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(warnings.note("A", at(0)), Some(1));
        assert_eq!(warnings.note("A", at(1)), None);
        assert_eq!(warnings.note("B", at(1)), Some(1));
        assert_eq!(warnings.note("A", at(59)), None);
        assert_eq!(warnings.note("A", at(60)), Some(3));
        assert_eq!(warnings.note("A", at(61)), None);
    }
}
