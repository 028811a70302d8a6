//! The one consumer of inputs: takes what waits, decides each in a savepoint, commits all at once,
//! and only then replies.

use super::desk::{Desk, Stop};
use super::input::{Input, No};
use super::{Inbox, Letter};
use crate::store::savepoint;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_util::sync::CancellationToken;

/// How many inputs share a commit. A commit costs a flush to disk; sharing it is what lets a
/// whole class vote in the same second.
const GROUP: usize = 64;

impl Inbox {
    /// Runs until cancelled; then answers what already waits, and stops.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut letters = Vec::with_capacity(GROUP);
        loop {
            tokio::select! {
                biased;
                taken = self.letters.recv_many(&mut letters, GROUP) => {
                    if taken == 0 { return; }
                }
                () = stop.cancelled() => return,
            }
            self.handle(&mut letters).await;
        }
    }

    async fn handle(&self, letters: &mut Vec<Letter>) {
        let shared = &self.engine.shared;
        let mut replies = Vec::with_capacity(letters.len());
        let mut new_deliveries = false;
        let mut agenda = None;
        let committed = async {
            let mut group = shared.store.begin().await?;
            let mut planned = false;
            for Letter { input, reply } in letters.drain(..) {
                let told = input.name();
                let mut savepoint = savepoint(&mut group).await?;
                let mut desk = Desk::new(shared, &mut savepoint);
                match desk.decide(input).await {
                    Ok(answer) => {
                        new_deliveries |= desk.owes;
                        planned |= desk.replan;
                        savepoint.commit().await?;
                        replies.push((reply, Ok(answer)));
                    }
                    Err(Stop::Refused(refusal)) => {
                        savepoint.rollback().await?;
                        replies.push((reply, Err(No::Refused(refusal))));
                    }
                    Err(Stop::Broken(error)) => {
                        savepoint.rollback().await?;
                        replies.push((reply, Err(No::Fault(fault(told, &error)))));
                    }
                }
            }
            if planned {
                agenda = Some(Desk::new(shared, &mut group).agenda().await?);
            }
            group.commit().await?;
            anyhow::Ok(())
        }
        .await;
        if let Err(error) = committed {
            // Nothing of the group was saved, whatever its parts came to.
            let id = fault("commit", &error);
            for (_, answer) in &mut replies {
                *answer = Err(No::Fault(id.clone()));
            }
            // Letters that were not reached are dropped with the drain: their senders are told to
            // try again.
            for _ in 0..letters.drain(..).count() {
                shared.answered();
            }
        } else {
            if let Some(next) = agenda {
                shared.set_agenda(next);
            }
            if new_deliveries {
                shared.errands.wake();
            }
        }
        for (reply, answer) in replies {
            if let Some(reply) = reply {
                // Whoever asked may have gone; the decision stands all the same.
                let _gone = reply.send(answer);
            }
            shared.answered();
        }
    }
}

/// Logs a fault once, with its chain, and gives the short id that the member is told.
pub(crate) fn fault(doing: &str, error: &anyhow::Error) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let id = format!("{:04}", NUMBER.fetch_add(1, Ordering::Relaxed));
    tracing::error!(fault = %id, doing, "{error:#}");
    id
}

impl Input {
    /// A word for logs.
    fn name(&self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::Connected => "connected",
            Self::Message { .. } => "message",
            Self::MessageGone { .. } => "message gone",
            Self::ThreadStale { .. } => "thread stale",
            Self::Command(..) => "command",
            Self::Click(..) => "click",
            Self::Attempt { .. } => "attempt",
            Self::Attempted { .. } => "attempted",
            Self::LookedUp { .. } => "looked up",
        }
    }
}
