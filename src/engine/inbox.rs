//! The one consumer of inputs: takes what waits, decides each in a savepoint, commits all at once,
//! and only then replies.

use super::desk::{Desk, Stop};
use super::input::{Input, No, Reply};
use super::milestone::Moment;
use super::rota::Look;
use super::{Inbox, Letter};
use crate::store::savepoint;
use chrono::{DateTime, Utc};
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
        let (inputs, senders): (Vec<_>, Vec<_>) =
            letters.drain(..).map(|letter| (letter.input, letter.reply)).unzip();
        let answers = match self.decide_all(inputs).await {
            Ok(done) => {
                if done.written {
                    shared.vitals.committed();
                }
                let rota = {
                    let mut rota = shared.rota();
                    rota.take(done.looks, done.filled);
                    rota.next()
                };
                if let Some(next) = done.agenda {
                    shared.set_agenda([next, rota].into_iter().flatten().min());
                }
                if done.owes {
                    shared.errands.wake();
                }
                done.answers
            }
            Err(error) => {
                // Nothing of the group was saved, whatever its parts came to.
                let cause = shared.cause(&error);
                shared.vitals.commit_failed(
                    &cause.map_or_else(|| error.to_string(), |cause| cause.to_string()),
                );
                let no = No::Fault(fault("commit", &error));
                senders.iter().map(|_| Err(no.clone())).collect()
            }
        };
        for (sender, answer) in senders.into_iter().zip(answers) {
            if let Some(sender) = sender {
                // Whoever asked may have gone; the decision stands all the same.
                let _gone = sender.send(answer);
            }
            shared.answered();
        }
    }

    /// Decides the inputs of one commit, each in a savepoint of its own.
    async fn decide_all(&self, inputs: Vec<Input>) -> anyhow::Result<Decided> {
        let shared = &self.engine.shared;
        let mut group = shared.store.begin().await?;
        let mut decided = Decided::default();
        let mut replan = false;
        let names: Vec<&'static str> = inputs.iter().map(Input::name).collect();
        for (input, doing) in inputs.into_iter().zip(&names) {
            let mut savepoint = savepoint(&mut group).await?;
            let mut desk = Desk::new(shared, &mut savepoint);
            let decision = desk.decide(input).await;
            let Desk { owes, replan: plans, looks, filled, .. } = desk;
            decided.answers.push(match decision {
                Ok(reply) => {
                    savepoint.commit().await?;
                    decided.owes |= owes;
                    decided.looks.extend(looks);
                    decided.filled |= filled;
                    replan |= plans;
                    Ok(reply)
                }
                Err(Stop::Refused(refusal)) => {
                    savepoint.rollback().await?;
                    Err(No::Refused(refusal))
                }
                // SQLite may have rolled back the whole group, and the others would fail too.
                Err(Stop::Broken(error)) if shared.cause(&error).is_some() => return Err(error),
                Err(Stop::Broken(error)) => {
                    savepoint.rollback().await?;
                    Err(No::Fault(fault(doing, &error)))
                }
            });
        }
        if replan {
            decided.agenda = Some(Desk::new(shared, &mut group).agenda().await?);
        }
        for name in &names {
            shared.milestones.pass(Moment::BeforeCommit, name).await;
        }
        decided.written = group.commit().await?;
        for name in &names {
            shared.milestones.pass(Moment::AfterCommit, name).await;
        }
        Ok(decided)
    }
}

/// What a group of inputs came to, once committed.
#[derive(Default)]
struct Decided {
    /// One for each input, in order.
    answers: Vec<Result<Reply, No>>,
    /// Whether anything was written.
    written: bool,
    /// Whether a delivery was recorded.
    owes: bool,
    /// Who is to be looked at when.
    looks: Vec<Look>,
    /// Whether those are all there are.
    filled: bool,
    /// The new agenda but for the rota, if it was made anew.
    agenda: Option<Option<DateTime<Utc>>>,
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
            Self::Pressed { .. } => "press",
            Self::Attempt { .. } => "attempt",
            Self::Attempted { .. } => "attempted",
            Self::Overdue { .. } => "overdue",
            Self::LookedUp { .. } => "looked up",
        }
    }
}
