//! Moments by name, between any two steps of a commit or a delivery: where a process may die, and
//! what is on either side of its death differs.
//!
//! A running bot passes them without a thought. The crash stories put a [`Witness`] there, who
//! writes down the names, and who can hold up whoever comes by until the bot is killed.

use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;

/// Which moment of a step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// A group of inputs is decided, and not committed.
    BeforeCommit,
    /// It is committed, and nobody was told.
    AfterCommit,
    /// The store knows of the attempt; Discord does not.
    BeforeDelivery,
    /// It was looked for in the history and is not there; it is about to be sent.
    BeforeSending,
    /// Discord has taken it, and nobody here knows what came of it.
    Said,
    /// What came of it is recorded.
    Recorded,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeCommit => "commit:before",
            Self::AfterCommit => "commit:after",
            Self::BeforeDelivery => "deliver:before",
            Self::BeforeSending => "deliver:sending",
            Self::Said => "deliver:said",
            Self::Recorded => "deliver:recorded",
        })
    }
}

/// Sees every milestone that is passed.
pub trait Witness: Send + Sync + 'static {
    /// The moment is here, for an input or an intent of that name. Whatever passes goes on when
    /// this returns.
    fn passed(&self, moment: Moment, what: &'static str) -> BoxFuture<'_, ()>;
}

/// The milestones of one bot; by default with nobody beside them.
#[derive(Clone, Default)]
pub struct Milestones(Option<Arc<dyn Witness>>);

impl Milestones {
    /// With somebody who sees them passed.
    pub fn seen_by(witness: Arc<dyn Witness>) -> Self {
        Self(Some(witness))
    }

    /// Passes one.
    pub(crate) async fn pass(&self, moment: Moment, what: &'static str) {
        if let Some(witness) = &self.0 {
            witness.passed(moment, what).await;
        }
    }
}

impl fmt::Debug for Milestones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Milestones(seen)" } else { "Milestones" })
    }
}
