//! What a closed round came to.

use crate::domain::ballot::Tally;
use crate::domain::ids::MemberId;
use crate::domain::points::Award;
use serde::{Deserialize, Serialize};

/// The result of a round, as decided at its close and never recomputed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Votes and the members' pick.
    pub tally: Tally,
    /// Who gets which points.
    pub awards: Vec<Award>,
    /// Whose answer could only be read as it was edited after the close.
    pub edited_late: Vec<MemberId>,
    /// Whether the thread could not be read at the close, so that only what the bot had seen before
    /// counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
}
