//! A gateway session, which outlives its connections: what the relay says on a new one, and where in
//! the stream of events it is.

use super::frame::{self, Identify, Ready};
use secrecy::{ExposeSecret as _, SecretString};

/// After so many RESUMEs in a row that brought no RESUMED, the session is given up.
const MOST_FAILED_RESUMES: u32 = 5;

/// What is known of a session. There is no `Debug`: it holds the token.
pub(super) struct Session {
    identify: Identify,
    known: Option<Known>,
    failed_resumes: u32,
}

/// A session that READY has begun.
struct Known {
    id: String,
    /// Where Discord wants it to be resumed.
    url: Option<String>,
    /// The last event that was passed on.
    sequence: u64,
}

/// What to say on a new connection.
pub(super) enum Opening {
    Identify,
    Resume,
}

/// How an event's sequence number fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Next,
    /// Events before it are missing.
    Gap,
}

impl Session {
    pub(super) fn new(identify: Identify) -> Self {
        Self { identify, known: None, failed_resumes: 0 }
    }

    pub(super) fn opening(&self) -> Opening {
        if self.known.is_some() { Opening::Resume } else { Opening::Identify }
    }

    /// The payload that opens a connection. Holds the token.
    pub(super) fn payload(&self) -> SecretString {
        match &self.known {
            Some(known) => {
                frame::resume(self.identify.token.expose_secret(), &known.id, known.sequence)
            }
            None => self.identify.payload.clone(),
        }
    }

    /// Where Discord wants this session to be resumed. A plain address is left out: what stands there
    /// in the place of Discord is reached the way it was given.
    pub(super) fn resume_url(&self) -> Option<&str> {
        let url = self.known.as_ref()?.url.as_deref()?;
        url.starts_with("wss://").then_some(url)
    }

    /// READY has come.
    pub(super) fn begun(&mut self, ready: Ready, sequence: u64) {
        let known = Known { id: ready.session_id, url: ready.resume_gateway_url, sequence };
        self.known = Some(known);
        self.failed_resumes = 0;
    }

    /// RESUMED has come.
    pub(super) fn resumed(&mut self) {
        self.failed_resumes = 0;
    }

    /// A connection on which RESUME was said has ended without RESUMED.
    pub(super) fn resume_failed(&mut self) {
        self.failed_resumes += 1;
        if self.failed_resumes >= MOST_FAILED_RESUMES {
            self.forget();
        }
    }

    /// The session is invalid: the next one begins with IDENTIFY.
    pub(super) fn forget(&mut self) {
        self.known = None;
        self.failed_resumes = 0;
    }

    /// The last sequence number, for heartbeats.
    pub(super) fn sequence(&self) -> Option<u64> {
        self.known.as_ref().map(|known| known.sequence)
    }

    /// Takes note of an event of a session that has begun.
    pub(super) fn passes(&mut self, sequence: u64) -> Order {
        let Some(known) = &mut self.known else { return Order::Next };
        let gap = sequence > known.sequence + 1;
        known.sequence = known.sequence.max(sequence);
        if gap { Order::Gap } else { Order::Next }
    }

    /// The client library lost its connection to the relay, and goes on after `sequence`: what it
    /// didn't read is asked for again. False if this is another session.
    pub(super) fn rewind(&mut self, id: &str, sequence: u64) -> bool {
        let Some(known) = self.known.as_mut().filter(|known| known.id == id) else {
            return false;
        };
        known.sequence = known.sequence.min(sequence);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> Session {
        let identify =
            Identify { payload: "the identify".to_owned().into(), token: "t".to_owned().into() };
        let mut session = Session::new(identify);
        assert_eq!(session.payload().expose_secret(), "the identify");
        assert_eq!(session.sequence(), None);
        let url = Some("wss://example.org".to_owned());
        session.begun(Ready { session_id: "s".to_owned(), resume_gateway_url: url }, 1);
        session
    }

    #[test]
    fn a_session_is_resumed_after_its_last_event() {
        let mut session = begun();
        assert_eq!(session.passes(2), Order::Next);
        assert_eq!(session.passes(5), Order::Gap);
        assert_eq!(session.passes(6), Order::Next);
        // Told again: nothing is missing, and nothing goes back.
        assert_eq!(session.passes(4), Order::Next);
        assert_eq!(session.sequence(), Some(6));
        let payload = session.payload();
        assert!(payload.expose_secret().contains("\"seq\":6"));
        assert!(matches!(session.opening(), Opening::Resume));
        assert_eq!(session.resume_url(), Some("wss://example.org"));
    }

    #[test]
    fn five_failed_resumes_end_it() {
        let mut session = begun();
        for _ in 0..4 {
            session.resume_failed();
        }
        session.resumed();
        for _ in 0..4 {
            session.resume_failed();
            assert!(matches!(session.opening(), Opening::Resume));
        }
        session.resume_failed();
        assert!(matches!(session.opening(), Opening::Identify));
        assert_eq!(session.payload().expose_secret(), "the identify");
    }

    #[test]
    fn the_library_goes_on_where_it_was() {
        let mut session = begun();
        session.passes(2);
        session.passes(3);
        assert!(!session.rewind("another", 2));
        assert!(session.rewind("s", 2));
        assert_eq!(session.sequence(), Some(2));
        assert!(session.rewind("s", 9), "it can't have read more than there was");
        assert_eq!(session.sequence(), Some(2));
        session.forget();
        assert!(!session.rewind("s", 2));
    }

    #[test]
    fn only_an_encrypted_address_is_taken_from_ready() {
        let mut session = begun();
        for url in [None, Some("ws://example.org"), Some("http://example.org")] {
            let url = url.map(str::to_owned);
            session.begun(Ready { session_id: "s".to_owned(), resume_gateway_url: url }, 1);
            assert_eq!(session.resume_url(), None);
        }
    }
}
