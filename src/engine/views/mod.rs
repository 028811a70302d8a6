//! Questions that change nothing: asked of the read connections, past the inbox.

pub mod admin;
pub mod boards;
pub mod questions;
pub mod quiz;
pub mod review;
pub mod rounds;
pub mod stats;

use crate::domain::ids::MemberId;
use crate::domain::refusal::Refusal;
use crate::engine::input::No;
use crate::store;
use std::collections::HashMap;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The asker is told why.
    #[error("refused")]
    Refused(Refusal),
    /// The store broke.
    #[error(transparent)]
    Broken(#[from] store::Error),
    /// A change before it broke. It was logged under this id, which the asker is told.
    #[error("fault {0}")]
    Fault(String),
}

impl From<No> for ViewError {
    fn from(no: No) -> Self {
        match no {
            No::Refused(refusal) => Self::Refused(refusal),
            No::Fault(id) => Self::Fault(id),
            No::NotSaved => Self::Refused(Refusal::NotSaved),
        }
    }
}

impl From<Refusal> for ViewError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a question comes to.
pub type View<T> = Result<T, ViewError>;

/// A member's name as last seen; members whose name was never seen are few, and shown as such.
pub fn name_in(names: &HashMap<MemberId, String>, member: MemberId) -> String {
    names.get(&member).cloned().unwrap_or_else(|| format!("member {member}"))
}
