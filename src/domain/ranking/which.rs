//! Which board is meant, and the short form of that in a button.

use super::Window;
use siphasher::sip::SipHasher24;
use std::hash::Hasher as _;

/// One of a guild's boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// The stretch of time.
    pub window: Window,
    /// Only points for questions of this topic.
    pub topic: Option<String>,
    /// Only those who are new.
    pub newcomers: bool,
}

impl Which {
    /// The board of everybody and everything in a window.
    pub fn of(window: Window) -> Self {
        Self { window, topic: None, newcomers: false }
    }

    /// A short form without a colon: `week`, `week-n` for newcomers, `week-e-0123456789abcdef`
    /// with a topic, which stands there as its hash because its name may be long.
    pub fn key(&self) -> String {
        let window = self.window.word();
        let who = if self.newcomers { "n" } else { "e" };
        match &self.topic {
            Some(topic) => format!("{window}-{who}-{:016x}", hash(topic)),
            None if self.newcomers => format!("{window}-{who}"),
            None => window.to_owned(),
        }
    }

    /// The board of a short form; `None` if there is no such board, or no topic of that hash among
    /// `topics`.
    pub fn from_key<'a>(key: &str, topics: impl IntoIterator<Item = &'a String>) -> Option<Self> {
        let mut parts = key.split('-');
        let window = Window::from_word(parts.next()?)?;
        let newcomers = match parts.next() {
            None | Some("e") => false,
            Some("n") => true,
            Some(_) => return None,
        };
        let topic = match parts.next() {
            None => None,
            Some(text) => {
                let wanted = u64::from_str_radix(text, 16).ok()?;
                Some(topics.into_iter().find(|topic| hash(topic) == wanted)?.clone())
            }
        };
        Some(Self { window, topic, newcomers })
    }
}

/// The same in every release: it stands in messages that are already sent.
fn hash(topic: &str) -> u64 {
    let mut hasher = SipHasher24::new();
    hasher.write(topic.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Which;
    use crate::domain::ranking::Window;

    #[test]
    fn keys_lead_back() {
        let topics = ["asyncio".to_owned(), "x".repeat(500)];
        for window in Window::ALL {
            for newcomers in [false, true] {
                for topic in [None, Some(&topics[0]), Some(&topics[1])] {
                    let which = Which { window, topic: topic.cloned(), newcomers };
                    let key = which.key();
                    assert!(key.len() < 40 && !key.contains(':'), "{key}");
                    assert_eq!(Which::from_key(&key, &topics), Some(which), "{key}");
                }
            }
        }
        // As in messages of the first release.
        assert_eq!(Which::of(Window::Month).key(), "month");
        for bad in ["", "year", "week-x", "week-e-zz", "week-e-0000000000000000"] {
            assert_eq!(Which::from_key(bad, &topics), None, "{bad}");
        }
    }
}
