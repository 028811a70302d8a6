//! One connection to Discord, from the opening payload to its end: events to the client library,
//! heartbeats to Discord, and a time limit for everything.

use super::backoff::{Began, chance};
use super::close::{self, Meaning};
use super::frame::{self, Received};
use super::inspect::{self, Unreadable, Warnings};
use super::loopback::{Library, Lost};
use super::session::{Order, Session};
use super::shared::Shared;
use super::upstream::{Failure, Incoming, Upstream, closed};
use crate::discord::ConnectError;
use futures::FutureExt as _;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

/// Payloads passed on together before they are flushed and the library is listened to.
const TOGETHER: usize = 64;
/// How long a payload to Discord may take.
const SEND: Duration = Duration::from_secs(10);
/// Heartbeats that are asked for more often than this aren't sent: 120 payloads a minute are allowed
/// (Discord documentation, events/gateway, "Rate Limiting").
const ASKED_HEARTBEATS: Duration = Duration::from_millis(600);
/// Why a connection ends that brings events and no acknowledgements.
const UNACKNOWLEDGED: &str = "two heartbeats were not acknowledged";

/// How a connection ended.
pub(super) enum End {
    /// The bot is stopping.
    Left,
    /// The client library's connection ended.
    Library(Lost),
    /// Discord's connection ended; the session may go on.
    Resume(Failure),
    /// The session is over.
    Forget(Failure),
    Fatal(ConnectError),
}

pub(super) struct Pump<'a> {
    shared: &'a Shared,
    session: &'a mut Session,
    library: &'a mut Library,
    warnings: &'a mut Warnings,
    upstream: Upstream,
    /// Until when READY or RESUMED must have come.
    deadline: Instant,
    /// How and when a session began on this connection.
    pub(super) began: Option<(Began, Instant)>,
    beats: Heartbeats,
}

/// Heartbeats to Discord.
struct Heartbeats {
    interval: Duration,
    next: Instant,
    last: Option<Instant>,
    unacknowledged: u32,
}

impl Heartbeats {
    fn new(interval: Duration) -> Self {
        // The first one comes at a random moment (Discord documentation, events/gateway,
        // "Heartbeat Interval"): bots that lost Discord together don't return in step.
        let next = Instant::now() + interval.mul_f64(chance());
        Self { interval, next, last: None, unacknowledged: 0 }
    }

    fn sent(&mut self) {
        let now = Instant::now();
        self.last = Some(now);
        self.unacknowledged += 1;
        // After the second one without an answer the third is not waited for.
        let share = if self.unacknowledged >= 2 { self.interval / 4 } else { self.interval };
        self.next = now + share;
    }

    fn acknowledged(&mut self) {
        self.unacknowledged = 0;
        if let Some(last) = self.last {
            self.next = last + self.interval;
        }
    }

    fn are_lost(&self) -> bool {
        self.unacknowledged >= 2
    }
}

impl<'a> Pump<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        session: &'a mut Session,
        library: &'a mut Library,
        warnings: &'a mut Warnings,
        upstream: Upstream,
        deadline: Instant,
    ) -> Self {
        let beats = Heartbeats::new(upstream.interval);
        Self { shared, session, library, warnings, upstream, deadline, began: None, beats }
    }

    /// Runs until the connection ends.
    pub(super) async fn run(&mut self, leave: &CancellationToken) -> End {
        loop {
            let turn = tokio::select! {
                () = leave.cancelled() => return End::Left,
                incoming = self.upstream.next() => self.several(incoming).await,
                said = self.library.next() => match said {
                    Ok(frame::Said::Identify(_) | frame::Said::Resume { .. }) => Err(End::Library(Lost::Gone)),
                    // The bot asks for nothing else.
                    Ok(_) => Ok(()),
                    Err(lost) => Err(End::Library(lost)),
                },
                () = sleep_until(self.beats.next) => self.beat().await,
                () = sleep_until(self.deadline), if self.began.is_none() => {
                    let missing = match self.session.sequence() {
                        Some(_) => "RESUMED did not come",
                        None => "READY did not come",
                    };
                    Err(End::Resume(Failure::Hung(missing)))
                }
            };
            if let Err(end) = turn {
                return end;
            }
        }
    }

    /// Closes the connection.
    pub(super) async fn close(self, code: u16) {
        self.upstream.close(code).await;
    }

    /// Takes a payload and those that are there with it.
    async fn several(&mut self, first: Incoming) -> Result<(), End> {
        let mut next = Some(first);
        let mut taken = 0;
        let mut ended = Ok(());
        while let Some(incoming) = next.take() {
            ended = self.take(incoming).await;
            taken += 1;
            if ended.is_err() || taken >= TOGETHER {
                break;
            }
            next = self.upstream.next().now_or_never();
        }
        self.library.flush().await.map_err(End::Library)?;
        ended
    }

    async fn take(&mut self, incoming: Incoming) -> Result<(), End> {
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Broken(why) => return Err(End::Resume(Failure::Fast(why))),
            Incoming::Closed(code) => {
                let failure = Failure::Fast(closed(code));
                return Err(match code.map_or(Meaning::Resume, close::meaning) {
                    Meaning::Resume => End::Resume(failure),
                    Meaning::Forget => End::Forget(failure),
                    Meaning::Fatal(error) => End::Fatal(error),
                });
            }
        };
        match frame::received(&text) {
            Some(Received::Dispatch { sequence, kind }) => {
                self.shared.engine.vitals().heard();
                self.event(sequence, &kind, text).await
            }
            Some(Received::HeartbeatWanted) => {
                let often = self.beats.last.is_some_and(|at| at.elapsed() < ASKED_HEARTBEATS);
                if often { Ok(()) } else { self.send_heartbeat().await }
            }
            Some(Received::Reconnect) => {
                Err(End::Resume(Failure::Fast("Discord asked to connect again".to_owned())))
            }
            Some(Received::Invalid { resumable }) => {
                let failure = Failure::Fast("Discord called the session invalid".to_owned());
                Err(if resumable { End::Resume(failure) } else { End::Forget(failure) })
            }
            Some(Received::Acknowledged) => {
                self.beats.acknowledged();
                self.shared.engine.vitals().heartbeat();
                Ok(())
            }
            Some(Received::Hello(_) | Received::Other) => Ok(()),
            None => {
                self.warn("a payload");
                self.shared.engine.events_missed();
                Ok(())
            }
        }
    }

    async fn event(&mut self, sequence: u64, kind: &str, text: Utf8Bytes) -> Result<(), End> {
        let unreadable = inspect::unreadable(kind, &text);
        if kind == "READY" {
            let ready = frame::ready(&text).filter(|_| unreadable.is_none());
            let Some(ready) = ready else {
                self.warn(kind);
                return Err(End::Forget(Failure::Fast("READY could not be read".to_owned())));
            };
            self.session.begun(ready, sequence);
            self.begins(Began::Identified);
        } else if self.session.sequence().is_none() {
            // Nothing comes before READY. Whatever does must not pile up in the library, which can't
            // handle it yet; after READY the threads are read again.
            return Ok(());
        }
        if self.session.passes(sequence) == Order::Gap {
            self.warn_of_gap();
            self.shared.engine.events_missed();
        }
        if kind == "RESUMED" && self.began.is_none() {
            self.session.resumed();
            self.begins(Began::Resumed);
        }
        let Some(unreadable) = unreadable else {
            return self.library.pass(text).await.map_err(End::Library);
        };
        self.warn(kind);
        match unreadable {
            Unreadable::Interaction(asker) => {
                self.shared.engine.vitals().unreadable();
                if let Some(asker) = asker {
                    self.shared.apologise(asker);
                }
            }
            Unreadable::Message(Some(channel)) => self.shared.engine.thread_stale(channel),
            Unreadable::Message(None) => self.shared.engine.events_missed(),
            Unreadable::Other => {}
        }
        self.library.tell(&frame::placeholder(sequence)).await.map_err(End::Library)
    }

    fn begins(&mut self, how: Began) {
        self.began = Some((how, Instant::now()));
        self.shared.session_began();
    }

    async fn beat(&mut self) -> Result<(), End> {
        if self.beats.are_lost() {
            return Err(End::Resume(Failure::Fast(UNACKNOWLEDGED.to_owned())));
        }
        self.send_heartbeat().await
    }

    async fn send_heartbeat(&mut self) -> Result<(), End> {
        let text = frame::heartbeat(self.session.sequence());
        let deadline = Instant::now() + SEND;
        self.upstream.send(&text, deadline).await.map_err(End::Resume)?;
        self.beats.sent();
        Ok(())
    }

    fn warn(&mut self, kind: &str) {
        if let Some(count) = self.warnings.note(kind, std::time::Instant::now()) {
            tracing::warn!(count, "Discord sent {kind} in a form that can't be read");
        }
    }

    fn warn_of_gap(&mut self) {
        if let Some(count) = self.warnings.note("a gap", std::time::Instant::now()) {
            tracing::warn!(count, "events are missing; the open threads are read again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn heartbeats_that_are_not_acknowledged_are_noticed_before_the_third() {
        let mut beats = Heartbeats::new(Duration::from_secs(40));
        assert!(beats.next <= Instant::now() + Duration::from_secs(40));
        beats.sent();
        assert!(!beats.are_lost());
        let regular = beats.next;
        beats.sent();
        assert!(beats.are_lost());
        assert!(beats.next < regular, "a quarter of the interval is enough");
        beats.acknowledged();
        assert!(!beats.are_lost());
        assert!(beats.next > regular - Duration::from_secs(1));
    }
}
