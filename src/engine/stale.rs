//! Which threads must be read again, because something that members wrote there couldn't be taken in.
//!
//! Whatever is missed (the inbox was full, the database couldn't be written, a decision failed, the
//! gateway skipped an event) only leaves a mark here. The inbox turns marks into readings as soon as
//! it has room and writing works, so a missed message needs neither a reconnect nor the close of its
//! round. Marks are kept in memory: after a start, every open thread is read anyway.

use super::desk::{Decision, Desk};
use super::input::Reply;
use super::intent::Reading;
use crate::domain::ids::ChannelId;
use crate::domain::round::State;
use crate::store::rounds;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The most threads that are marked one by one. Beyond it, all open threads are read again.
const MOST: usize = 1_000;
/// A thread in which nothing was missed for this long gets a warning again.
const EPISODE: Duration = Duration::from_mins(10);

/// Threads that must be read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Every thread of an open round.
    pub all: bool,
    /// These threads. They needn't belong to rounds.
    pub threads: BTreeSet<ChannelId>,
}

impl Marks {
    fn is_empty(&self) -> bool {
        !self.all && self.threads.is_empty()
    }

    fn add(&mut self, other: Self) {
        self.all |= other.all;
        if !self.all {
            self.threads.extend(other.threads);
            self.all = self.threads.len() > MOST;
        }
        if self.all {
            self.threads.clear();
        }
    }
}

/// The marks of one bot.
#[derive(Debug, Default)]
pub(super) struct Stale {
    state: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    marks: Marks,
    /// After a decision about them failed: when to try again.
    not_before: Option<Instant>,
    /// When something was last missed in a thread.
    missed: BTreeMap<ChannelId, Instant>,
}

impl Stale {
    /// Marks a thread.
    pub(super) fn mark(&self, thread: ChannelId) {
        self.add(Marks { all: false, threads: BTreeSet::from([thread]) });
    }

    /// Marks every open thread.
    pub(super) fn mark_all(&self) {
        self.add(Marks { all: true, ..Marks::default() });
    }

    /// Marks a thread in which something was missed. Returns whether it's the first time in a while,
    /// so that whole floods get one warning.
    pub(super) fn missed(&self, thread: ChannelId, now: Instant) -> bool {
        self.mark(thread);
        let mut state = self.state();
        if state.missed.len() >= MOST {
            state.missed.retain(|_, at| now.duration_since(*at) < EPISODE);
        }
        if state.missed.len() >= MOST && !state.missed.contains_key(&thread) {
            return false;
        }
        let before = state.missed.insert(thread, now);
        before.is_none_or(|at| now.duration_since(at) >= EPISODE)
    }

    /// Waits until there are marks to be taken.
    pub(super) async fn ready(&self) {
        loop {
            let changed = self.changed.notified();
            let not_before = {
                let state = self.state();
                (!state.marks.is_empty()).then_some(state.not_before)
            };
            match not_before {
                Some(None) => return,
                Some(Some(at)) if at <= Instant::now() => return,
                Some(Some(at)) => tokio::time::sleep_until(at).await,
                None => changed.await,
            }
        }
    }

    /// Takes all marks. What is missed from now on leaves new ones.
    pub(super) fn take(&self) -> Marks {
        std::mem::take(&mut self.state().marks)
    }

    /// Puts marks back about which nothing could be decided, for another try at `not_before`.
    pub(super) fn put_back(&self, marks: Marks, not_before: Instant) {
        self.state().not_before = Some(not_before);
        self.add(marks);
    }

    /// Readings were recorded for the marks taken last.
    pub(super) fn done(&self) {
        self.state().not_before = None;
    }

    /// Whether nothing can be done about marks right now.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.marks.is_empty() || state.not_before.is_some_and(|at| at > Instant::now())
    }

    fn add(&self, marks: Marks) {
        self.state().marks.add(marks);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk<'_> {
    /// Queues a reading of each marked thread whose round takes answers.
    pub(super) async fn read_again(&mut self, marks: &Marks) -> Decision<Reply> {
        let mut live = Vec::new();
        if marks.all {
            // Clicks may have been missed too.
            self.groups_resume().await?;
            live = rounds::live(self.db, None).await?;
        }
        for thread in &marks.threads {
            live.extend(rounds::by_thread(self.db, *thread).await?);
        }
        for round in live {
            // A round that closes is read for its close.
            if round.state == State::Open && round.thread.is_some() {
                self.owe_reading(&round, Reading::CatchUp).await?;
            }
        }
        Ok(Reply::Noted)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Marks, Stale};
    use crate::domain::ids::ChannelId;
    use futures::FutureExt as _;
    use std::collections::BTreeSet;
    use std::time::Duration;
    use tokio::time::Instant;

    fn is_ready(stale: &Stale) -> bool {
        stale.ready().now_or_never().is_some()
    }

    #[tokio::test]
    async fn marks_are_taken_once_and_new_ones_come_on_top() {
        let stale = Stale::default();
        assert!(!is_ready(&stale) && stale.is_idle());
        stale.mark(ChannelId(1));
        stale.mark(ChannelId(2));
        stale.mark(ChannelId(1));
        assert!(is_ready(&stale) && !stale.is_idle());
        let taken = stale.take();
        assert_eq!(taken.threads, BTreeSet::from([ChannelId(1), ChannelId(2)]));
        assert!(!is_ready(&stale));
        // Missed while it was being read: it's read once more.
        stale.mark(ChannelId(2));
        stale.done();
        assert_eq!(stale.take().threads, BTreeSet::from([ChannelId(2)]));
    }

    #[tokio::test]
    async fn what_could_not_be_decided_is_tried_again_later() {
        let stale = Stale::default();
        stale.mark(ChannelId(1));
        let marks = stale.take();
        stale.mark(ChannelId(2));
        stale.put_back(marks, Instant::now() + Duration::from_secs(3600));
        assert!(!is_ready(&stale) && stale.is_idle(), "it waits");
        let marks = stale.take();
        assert_eq!(marks.threads.len(), 2);
        let soon = Instant::now() + Duration::from_millis(5);
        stale.put_back(marks.clone(), soon);
        stale.ready().await;
        assert!(Instant::now() >= soon);
        assert_eq!(stale.take(), marks);
        stale.done();
        stale.mark_all();
        assert!(is_ready(&stale), "no wait after success");
    }

    #[test]
    fn beyond_the_bound_all_threads_are_meant() {
        let stale = Stale::default();
        let most = u64::try_from(MOST).unwrap();
        (1..=most).for_each(|thread| stale.mark(ChannelId(thread)));
        assert_eq!(stale.state().marks.threads.len(), MOST);
        stale.mark(ChannelId(most + 1));
        assert_eq!(stale.take(), Marks { all: true, ..Marks::default() });
        stale.mark_all();
        stale.mark(ChannelId(1));
        assert_eq!(stale.take(), Marks { all: true, ..Marks::default() });
    }

    #[test]
    fn one_warning_for_a_thread_until_it_was_quiet_for_a_while() {
        let (stale, start) = (Stale::default(), Instant::now());
        let after = |minutes: u64| start + Duration::from_mins(minutes);
        assert!(stale.missed(ChannelId(1), start));
        assert!(!stale.missed(ChannelId(1), start));
        assert!(stale.missed(ChannelId(2), start), "another thread");
        for minutes in [9, 18, 27] {
            assert!(!stale.missed(ChannelId(1), after(minutes)), "it goes on");
        }
        assert!(stale.missed(ChannelId(1), after(37)));
        // A flood over many threads doesn't grow the memory.
        for thread in 0..3 * u64::try_from(MOST).unwrap() {
            stale.missed(ChannelId(thread), after(37));
        }
        assert_eq!(stale.state().missed.len(), MOST);
    }
}
