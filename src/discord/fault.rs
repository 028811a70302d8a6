//! What Discord's answers mean, and how a no reaches the asker.

use super::say::{Card, no};
use crate::domain::notice::Trouble;
use crate::engine::courier::Outcome;
use crate::engine::views::ViewError;
use serenity::http::HttpError;
use std::time::Duration;

/// Discord's error codes that we tell apart (Discord documentation, topics/opcodes-and-status-codes).
pub(super) mod code {
    pub(crate) const UNKNOWN_CHANNEL: isize = 10_003;
    pub(crate) const UNKNOWN_GUILD: isize = 10_004;
    pub(crate) const UNKNOWN_MEMBER: isize = 10_007;
    pub(crate) const UNKNOWN_MESSAGE: isize = 10_008;
    pub(crate) const UNKNOWN_USER: isize = 10_013;
    pub(crate) const ALREADY_ACKNOWLEDGED: isize = 40_060;
    pub(crate) const MISSING_ACCESS: isize = 50_001;
    pub(crate) const MISSING_PERMISSIONS: isize = 50_013;
    pub(crate) const THREAD_ARCHIVED: isize = 50_083;
    pub(crate) const REACTION_BLOCKED: isize = 90_001;
    pub(crate) const THREAD_EXISTS: isize = 160_004;
    /// What serenity gives where the answer is not Discord's JSON.
    pub(super) const UNREADABLE: isize = -1;
}

/// What kind of failure a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not answered, busy, or answered by something that is not Discord: try again. It may have taken
    /// effect.
    Unclear {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// How long Discord asks to wait, as far as that is known.
        retry_after: Option<Duration>,
        text: String,
    },
    /// Refused with one of Discord's error codes. It took no effect.
    Refused { status: u16, code: isize, text: String },
}

/// Sorts an error of the client library. Never holds an address: those of interactions contain
/// their tokens.
pub(super) fn failure(error: &serenity::Error) -> Failure {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            let (status, code) = (response.status_code.as_u16(), response.error.code);
            let message = (code != code::UNREADABLE).then_some(response.error.message.as_str());
            Failure::answered(status, code, message, None)
        }
        serenity::Error::Http(HttpError::Request(error)) => {
            let what = if error.is_timeout() {
                "no answer in time"
            } else if error.is_connect() {
                "no connection"
            } else {
                "the connection broke"
            };
            Failure::unclear(what)
        }
        serenity::Error::Http(_) => Failure::unclear("the request could not be made"),
        serenity::Error::Json(error) => Failure::unclear(format!("unreadable answer: {error}")),
        other => Failure::unclear(other.to_string()),
    }
}

impl Failure {
    /// There is no answer that says anything.
    pub(super) fn unclear(text: impl Into<String>) -> Self {
        Self::Unclear { status: None, retry_after: None, text: text.into() }
    }

    /// An answer that is no success. `message` is what Discord's JSON says; `None` if the answer is
    /// not Discord's JSON, as where a proxy stands in the way.
    pub(super) fn answered(
        status: u16,
        code: isize,
        message: Option<&str>,
        retry_after: Option<Duration>,
    ) -> Self {
        let text = match message {
            Some(message) => format!("{status}, code {code}: {message}"),
            None => format!("{status}, and not in Discord's words"),
        };
        if message.is_none() || status == 429 || status == 401 || status >= 500 {
            Self::Unclear { status: Some(status), retry_after, text }
        } else {
            Self::Refused { status, code, text }
        }
    }

    /// The error code, if Discord gave one.
    pub(super) fn code(&self) -> Option<isize> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Unclear { .. } => None,
        }
    }

    /// The HTTP status, if there was an answer.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unclear { status, .. } => *status,
        }
    }

    /// Whether the token was refused.
    pub(super) fn is_unauthorised(&self) -> bool {
        self.status() == Some(401)
    }

    /// Whether requests come too fast.
    pub(super) fn is_too_fast(&self) -> bool {
        self.status() == Some(429)
    }

    /// Whether Discord says that what was asked for is not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether Discord does not accept the content, however often it is sent: its form, its length, a
    /// filter. What depends on a state that can change (an archived thread, a limit that is reached,
    /// a thread that exists) is not of that kind.
    pub(super) fn is_rejected(&self) -> bool {
        matches!(self, Self::Refused { status: 400, code, .. }
            if !matches!(*code, code::THREAD_ARCHIVED | 30_000..=39_999 | 160_000..=169_999))
    }

    /// For logs.
    pub(super) fn text(self) -> String {
        match self {
            Self::Unclear { text, .. } | Self::Refused { text, .. } => text,
        }
    }

    /// What it means for a delivery into a study channel.
    pub(super) fn outcome(self) -> Outcome {
        if self.is_rejected() {
            return Outcome::Rejected { error: self.text() };
        }
        match self {
            Self::Unclear { retry_after, text: error, .. } => {
                Outcome::Later { wait: retry_after, error }
            }
            Self::Refused { code, text: error, .. } => Outcome::Trouble {
                trouble: match code {
                    code::UNKNOWN_CHANNEL => Trouble::ChannelGone,
                    code::UNKNOWN_GUILD => Trouble::NotInGuild,
                    code::MISSING_ACCESS | code::MISSING_PERMISSIONS => Trouble::MissingRight,
                    _ => Trouble::Refused,
                },
                error,
            },
        }
    }
}

/// A refusal's sentence, or the apology for a fault, which is logged once: here, or before by
/// whoever gave it its id.
pub(super) fn view_card(error: ViewError) -> Card {
    match error {
        ViewError::Refused(refusal) => no::refusal(&refusal),
        ViewError::Broken(error) => {
            no::fault(&crate::engine::fault("answering a question", &error.into()))
        }
        ViewError::Fault(id) => no::fault(&id),
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use crate::domain::notice::Trouble;
    use crate::engine::courier::Outcome;
    use std::time::Duration;

    #[test]
    fn what_answers_mean() {
        let error = String::from("e");
        let trouble = |trouble| Outcome::Trouble { trouble, error: error.clone() };
        let later = |wait| Outcome::Later { wait, error: error.clone() };
        let rejected = Outcome::Rejected { error: error.clone() };
        let moment = Duration::from_millis(700);
        for (status, code, is_json, retry_after, expected) in [
            (403, 50_001, true, None, trouble(Trouble::MissingRight)),
            (403, 50_013, true, None, trouble(Trouble::MissingRight)),
            // Whoever blocks the bot, an age gate, a server that is locked: nobody lacks a right.
            (403, 90_001, true, None, trouble(Trouble::Refused)),
            (403, 40_333, true, None, trouble(Trouble::Refused)),
            (403, 0, true, None, trouble(Trouble::Refused)),
            // A page of a proxy's says nothing about Discord, whatever its status.
            (403, -1, false, None, later(None)),
            (404, -1, false, None, later(None)),
            (400, -1, false, None, later(None)),
            (404, 10_003, true, None, trouble(Trouble::ChannelGone)),
            (404, 10_004, true, None, trouble(Trouble::NotInGuild)),
            (404, 10_008, true, None, trouble(Trouble::Refused)),
            (400, 50_035, true, None, rejected.clone()),
            (400, 240_000, true, None, rejected.clone()),
            (400, 200_000, true, None, rejected),
            (400, 50_083, true, None, trouble(Trouble::Refused)),
            (400, 30_010, true, None, trouble(Trouble::Refused)),
            (429, 0, true, Some(moment), later(Some(moment))),
            (401, 0, true, None, later(None)),
            (500, 0, true, None, later(None)),
            (502, -1, false, None, later(None)),
        ] {
            let failure = Failure::answered(status, code, is_json.then_some("m"), retry_after);
            let outcome = match failure.outcome() {
                Outcome::Later { wait, .. } => later(wait),
                Outcome::Trouble { trouble: which, .. } => trouble(which),
                Outcome::Rejected { .. } => Outcome::Rejected { error: error.clone() },
                other => other,
            };
            assert_eq!(outcome, expected, "{status} {code}");
        }
    }

    #[test]
    fn what_is_missing_and_what_comes_too_fast() {
        let answered = |status, json: bool| Failure::answered(status, 0, json.then_some("m"), None);
        for (failure, missing, too_fast, unauthorised) in [
            (answered(404, true), true, false, false),
            (answered(404, false), false, false, false),
            (answered(429, false), false, true, false),
            (answered(401, true), false, false, true),
            (Failure::unclear("no connection"), false, false, false),
        ] {
            assert_eq!(failure.is_missing(), missing, "{failure:?}");
            assert_eq!(failure.is_too_fast(), too_fast, "{failure:?}");
            assert_eq!(failure.is_unauthorised(), unauthorised, "{failure:?}");
        }
    }
}
