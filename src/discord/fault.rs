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
    pub(crate) const UNKNOWN_MESSAGE: isize = 10_008;
    pub(crate) const ALREADY_ACKNOWLEDGED: isize = 40_060;
    pub(crate) const MISSING_ACCESS: isize = 50_001;
    pub(crate) const MISSING_PERMISSIONS: isize = 50_013;
    pub(crate) const THREAD_EXISTS: isize = 160_004;
}

/// How long to wait where requests come too fast: serenity does not tell how long Discord asks for,
/// and most limits are over within seconds.
const TOO_FAST: Duration = Duration::from_millis(500);

/// What kind of failure a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not answered, or busy: try again. It may have taken effect.
    Unclear(String),
    /// Refused with one of Discord's error codes. It took no effect.
    Refused { status: u16, code: isize, text: String },
}

/// Sorts an error of the client library. Never holds an address: those of interactions contain
/// their tokens.
pub(super) fn failure(error: &serenity::Error) -> Failure {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            let status = response.status_code.as_u16();
            let code = response.error.code;
            let text = format!("{status}, code {code}: {}", response.error.message);
            if status == 429 || status == 401 || status >= 500 {
                Failure::Unclear(text)
            } else {
                Failure::Refused { status, code, text }
            }
        }
        serenity::Error::Http(HttpError::Request(error)) => {
            let what = if error.is_timeout() {
                "no answer in time"
            } else if error.is_connect() {
                "no connection"
            } else {
                "the connection broke"
            };
            Failure::Unclear(what.to_owned())
        }
        serenity::Error::Http(_) => Failure::Unclear("the request could not be made".to_owned()),
        serenity::Error::Json(error) => Failure::Unclear(format!("unreadable answer: {error}")),
        other => Failure::Unclear(other.to_string()),
    }
}

impl Failure {
    /// The error code, if Discord gave one.
    pub(super) fn code(&self) -> Option<isize> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Unclear(_) => None,
        }
    }

    /// For logs.
    pub(super) fn text(self) -> String {
        match self {
            Self::Unclear(text) | Self::Refused { text, .. } => text,
        }
    }

    /// What it means for a delivery into a study channel.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Unclear(error) => {
                let wait = error.starts_with("429").then_some(TOO_FAST);
                Outcome::Later { wait, error }
            }
            Self::Refused { status, code, text: error } => Outcome::Trouble {
                trouble: match code {
                    code::UNKNOWN_CHANNEL => Trouble::ChannelGone,
                    code::UNKNOWN_GUILD => Trouble::NotInGuild,
                    code::MISSING_ACCESS | code::MISSING_PERMISSIONS => Trouble::MissingRight,
                    _ if status == 403 => Trouble::MissingRight,
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
