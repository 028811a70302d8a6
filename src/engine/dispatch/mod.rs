//! Which delivery is tried next: what of the outbox the courier keeps in memory, and the rules of its
//! turns. It awaits nothing and touches neither the store nor Discord.
//!
//! Deliveries are of four classes, each with places of its own, so that a check mark that Discord
//! never answers holds up no question, and no crowd of reminders a result. Within a class one
//! delivery a *lane* is under way at a time; a lane is a study channel, or what of a guild belongs to
//! no study channel. What was never tried goes before what is tried again, and of the latter what has
//! waited longest; it may take half of the places at most. A request that takes long gives up its
//! place to others, up to a bound.

use super::intent::{Intent, Reading};
use super::limits::{Limits, Outbox};
use crate::domain::ids::{ChannelId, GuildId};
use crate::store::deliveries::Errand;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// The distance in time between deliveries of the same pace: a card that changes with every click is
/// not edited more often than this.
const PACE: Duration = Duration::from_secs(2);

/// How often a class may have its places taken by requests that take long, besides those that do not.
const SLOW_TIMES: usize = 4;

/// What deliveries share their places with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Class {
    /// Questions, threads, results, quizzes, boards: what members wait for.
    Post,
    /// Threads that are read.
    Reading,
    /// Notices, reminders, checks.
    Notice,
    /// Check marks, pins, cards brought up to date: pleasant, but nobody waits for them.
    Courtesy,
}

impl Class {
    const ALL: [Self; 4] = [Self::Post, Self::Reading, Self::Notice, Self::Courtesy];

    /// The class of what is to be said.
    pub(super) fn of(intent: &Intent) -> Self {
        match intent {
            Intent::Card { .. }
            | Intent::Thread { .. }
            | Intent::Result { .. }
            | Intent::Reference { .. }
            | Intent::WeeklyBoard { .. }
            | Intent::QuizCard { .. }
            | Intent::QuizEdit { .. }
            | Intent::QuizOver { .. } => Self::Post,
            Intent::ReadThread { .. } => Self::Reading,
            Intent::Notice { .. }
            | Intent::EditReport { .. }
            | Intent::QuizFailed { .. }
            | Intent::CheckUp { .. }
            | Intent::ReviewReminder { .. } => Self::Notice,
            Intent::Pin { .. }
            | Intent::Unpin { .. }
            | Intent::Mark { .. }
            | Intent::Unmark { .. }
            | Intent::EditCard { .. }
            | Intent::EditResult { .. } => Self::Courtesy,
        }
    }

    /// How many deliveries of the class are under way at once, over all guilds.
    fn places(self) -> usize {
        match self {
            Self::Post => 16,
            Self::Reading | Self::Courtesy => 8,
            Self::Notice => 4,
        }
    }
}

/// What one delivery is to another of its study channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The reading of a thread that closes its round.
    Close,
    /// A question. It waits a moment for a close that is under way, whose result it names.
    Card,
    Other,
}

impl Role {
    pub(super) fn of(intent: &Intent) -> Self {
        match intent {
            Intent::ReadThread { reading: Reading::Close, .. } => Self::Close,
            Intent::Card { .. } => Self::Card,
            _ => Self::Other,
        }
    }
}

/// What is delivered one after the other.
type Lane = (Class, GuildId, Option<ChannelId>);

/// Where an entry is in the order of turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Never tried, and before the others that were not.
    First,
    /// Never tried.
    Fresh,
    /// Tried, the last time at this instant.
    Tried(Instant),
}

/// One pending delivery.
struct Entry {
    errand: Errand<Class>,
    /// Until when it waits for a close of its study channel.
    head_start: Option<Instant>,
    turn: Turn,
    not_before: Instant,
    /// Failed attempts in a row, for the back-off.
    failures: u32,
    /// When the present attempt began.
    under_way: Option<Instant>,
    /// Whether that attempt is not the first.
    again: bool,
    /// The back-off was cut short once because its time ran out.
    seen_expired: bool,
    /// Since when Discord has said that what it is about is not there, though it is.
    doubted: Option<Instant>,
}

impl Entry {
    fn lane(&self) -> Lane {
        (self.errand.what, self.errand.guild, self.errand.channel)
    }
}

/// The entries of one class in the order of their turns.
#[derive(Default)]
struct Line {
    first: BTreeSet<i64>,
    fresh: BTreeSet<i64>,
    tried: BTreeSet<(Instant, i64)>,
    under_way: BTreeSet<i64>,
}

impl Line {
    fn insert(&mut self, id: i64, turn: Turn) {
        match turn {
            Turn::First => self.first.insert(id),
            Turn::Fresh => self.fresh.insert(id),
            Turn::Tried(at) => self.tried.insert((at, id)),
        };
    }

    fn remove(&mut self, id: i64, turn: Turn) {
        match turn {
            Turn::First => self.first.remove(&id),
            Turn::Fresh => self.fresh.remove(&id),
            Turn::Tried(at) => self.tried.remove(&(at, id)),
        };
        self.under_way.remove(&id);
    }
}

/// A delivery whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) id: i64,
    /// It must not be said any more, only looked for.
    pub(super) expired: bool,
}

/// What follows from a failed attempt for the next one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wait {
    /// Doubling between these two.
    Doubling(Duration, Duration),
    /// As long as Discord asks.
    Asked(Duration),
    /// At once: it was changed, and is another one now.
    Changed,
}

/// All pending deliveries.
pub(super) struct Queue {
    limits: Outbox,
    /// How long a card waits for a close.
    head_start: Duration,
    /// Study channels with a close that has not failed.
    closing: HashMap<ChannelId, BTreeSet<i64>>,
    entries: BTreeMap<i64, Entry>,
    lines: HashMap<Class, Line>,
    /// The lanes in which a delivery is under way.
    busy: HashSet<Lane>,
    /// When a delivery of each pace may be tried next; those in the past are forgotten.
    paces: HashMap<String, Instant>,
    /// What members wait for, by when it becomes a trouble that it has not come.
    awaited: BTreeSet<(Instant, i64)>,
    /// When a delivery of each class last succeeded, or there was none to try.
    progress: HashMap<Class, Instant>,
}

impl Queue {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.outbox,
            head_start: limits.close.head_start,
            closing: HashMap::new(),
            entries: BTreeMap::new(),
            lines: Class::ALL.into_iter().map(|class| (class, Line::default())).collect(),
            busy: HashSet::new(),
            paces: HashMap::new(),
            awaited: BTreeSet::new(),
            progress: HashMap::new(),
        }
    }

    /// Takes up a delivery. `left_over`: it is from before the start. `awaited`: how long it may take
    /// before that is a trouble.
    pub(super) fn add(
        &mut self,
        errand: Errand<Class>,
        role: Role,
        left_over: bool,
        awaited: Option<Duration>,
        now: Instant,
    ) {
        let (id, class) = (errand.id, errand.what);
        let turn = if errand.first { Turn::First } else { Turn::Fresh };
        if let Some(line) = self.lines.get_mut(&class) {
            if line.first.is_empty() && line.fresh.is_empty() && line.tried.is_empty() {
                self.progress.insert(class, now);
            }
            line.insert(id, turn);
        }
        if let Some(within) = awaited {
            self.awaited.insert((now + within, id));
        }
        let channel = errand.channel.filter(|_| role == Role::Close);
        if let Some(channel) = channel {
            self.closing.entry(channel).or_default().insert(id);
        }
        // What was left over from before the start may follow one just sent.
        let wait = if left_over && errand.pace.is_some() { PACE } else { Duration::ZERO };
        let entry = Entry {
            head_start: (role == Role::Card).then_some(now + self.head_start),
            errand,
            turn,
            not_before: now + wait,
            failures: 0,
            under_way: None,
            again: false,
            seen_expired: false,
            doubted: None,
        };
        self.entries.insert(id, entry);
    }

    /// Lets everything of a guild be tried now.
    pub(super) fn retry(&mut self, guild: GuildId, now: Instant) {
        for entry in self.entries.values_mut().filter(|entry| entry.errand.guild == guild) {
            entry.not_before = now;
        }
    }

    /// Marks whatever can be tried as under way; says when the next one can.
    pub(super) fn start(
        &mut self,
        now: Instant,
        study_now: DateTime<Utc>,
    ) -> (Vec<Start>, Option<Instant>) {
        self.paces.retain(|_, at| *at > now);
        let mut started = Vec::new();
        let mut next = None;
        for class in Class::ALL {
            self.start_of(class, now, study_now, &mut started, &mut next);
        }
        (started, next)
    }

    fn start_of(
        &mut self,
        class: Class,
        now: Instant,
        study_now: DateTime<Utc>,
        started: &mut Vec<Start>,
        next: &mut Option<Instant>,
    ) {
        let Self { lines, entries, busy, paces, limits, closing, .. } = self;
        let Some(line) = lines.get(&class) else { return };
        let mut sooner = |at: Instant| *next = Some(next.map_or(at, |n: Instant| n.min(at)));
        let places = class.places();
        let bound = places * (1 + SLOW_TIMES);
        let (mut quick, mut retried, mut all) = (0, 0, line.under_way.len());
        let mut first_slow = None;
        for entry in line.under_way.iter().filter_map(|id| entries.get(id)) {
            let slow_at = entry.under_way.map_or(now, |at| at + limits.slow_after);
            if slow_at > now {
                quick += 1;
                retried += usize::from(entry.again);
                first_slow = Some(first_slow.map_or(slow_at, |at: Instant| at.min(slow_at)));
            }
        }
        let mut picked: Vec<Start> = Vec::new();
        // Whether it was started.
        let mut try_one = |id: i64| {
            let Some(entry) = entries.get(&id) else { return false };
            let errand = &entry.errand;
            if errand.after.is_some_and(|before| entries.contains_key(&before)) {
                return false;
            }
            let closes = errand.channel.is_some_and(|channel| closing.contains_key(&channel));
            if let Some(until) = entry.head_start.filter(|until| closes && *until > now) {
                sooner(until);
                return false;
            }
            let expired = errand.expires_at.is_some_and(|at| at <= study_now);
            let paced = errand.pace.as_ref().and_then(|pace| paces.get(pace)).copied();
            let backs_off = entry.not_before > now && (!expired || entry.seen_expired);
            if let Some(until) = paced.max(backs_off.then_some(entry.not_before)) {
                sooner(until);
                return false;
            }
            let free = busy.insert(entry.lane());
            if free {
                picked.push(Start { id, expired });
            }
            free
        };
        // One place is kept for what is tried again: otherwise a long rush would keep it waiting.
        let kept = usize::from(retried == 0 && !line.tried.is_empty());
        let mut full = false;
        for id in line.first.iter().chain(&line.fresh) {
            // Looked at again when one of those under way has come to its end, or takes long: with
            // ten thousand waiting, most looks end here.
            if quick + kept >= places || all >= bound {
                full = true;
                break;
            }
            if try_one(*id) {
                quick += 1;
                all += 1;
            }
        }
        for (_, id) in &line.tried {
            if quick >= places || retried >= places / 2 || all >= bound {
                full = true;
                break;
            }
            if try_one(*id) {
                quick += 1;
                retried += 1;
                all += 1;
            }
        }
        if full && all < bound {
            let new = picked.first().map(|_| now + limits.slow_after);
            if let Some(at) = first_slow.into_iter().chain(new).min() {
                sooner(at);
            }
        }
        for start in &picked {
            let Some(entry) = self.entries.get_mut(&start.id) else { continue };
            entry.under_way = Some(now);
            entry.again = matches!(entry.turn, Turn::Tried(_));
            entry.seen_expired |= start.expired;
            if let Some(line) = self.lines.get_mut(&class) {
                line.remove(start.id, entry.turn);
                line.under_way.insert(start.id);
            }
        }
        started.extend(picked);
    }

    /// An attempt has ended, and with it the delivery.
    pub(super) fn over(&mut self, id: i64, succeeded: bool, now: Instant) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.busy.remove(&entry.lane());
        if let Some(line) = self.lines.get_mut(&entry.errand.what) {
            line.remove(id, entry.turn);
        }
        self.attempted(&entry.errand, now);
        self.closed(&entry.errand);
        if succeeded {
            self.progress.insert(entry.errand.what, now);
        }
    }

    /// An attempt has ended, and there will be another. `expires_at`: when its time ends, if the
    /// store said. Gives how many have failed in a row.
    pub(super) fn failed(
        &mut self,
        id: i64,
        wait: Wait,
        expires_at: Option<Option<DateTime<Utc>>>,
        now: Instant,
    ) -> u32 {
        let Some(entry) = self.entries.get_mut(&id) else { return 0 };
        let wait = match wait {
            Wait::Doubling(first, longest) => back_off(first, longest, entry.failures),
            Wait::Asked(wait) => wait,
            Wait::Changed => {
                entry.doubted = None;
                Duration::ZERO
            }
        };
        entry.not_before = now + wait;
        entry.failures += 1;
        entry.under_way = None;
        entry.turn = Turn::Tried(now);
        if let Some(expires_at) = expires_at.filter(|at| *at != entry.errand.expires_at) {
            entry.errand.expires_at = expires_at;
            entry.seen_expired = false;
        }
        let (lane, turn, class, failures) =
            (entry.lane(), entry.turn, entry.errand.what, entry.failures);
        let errand = entry.errand.clone();
        self.busy.remove(&lane);
        if let Some(line) = self.lines.get_mut(&class) {
            line.under_way.remove(&id);
            line.insert(id, turn);
        }
        self.attempted(&errand, now);
        self.closed(&errand);
        failures
    }

    /// Nobody waits any more for a close that has been tried.
    fn closed(&mut self, errand: &Errand<Class>) {
        let Some(channel) = errand.channel else { return };
        if let Some(closing) = self.closing.get_mut(&channel) {
            closing.remove(&errand.id);
            if closing.is_empty() {
                self.closing.remove(&channel);
            }
        }
    }

    fn attempted(&mut self, errand: &Errand<Class>, now: Instant) {
        if let Some(pace) = &errand.pace {
            self.paces.insert(pace.clone(), now + PACE);
        }
    }

    /// Notes that Discord said that what a delivery is about is not there, though it is. `true` once
    /// it has said so for too long. What has an end to its time is doubted until then.
    pub(super) fn doubted(&mut self, id: i64, now: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let since = *entry.doubted.get_or_insert(now);
        entry.errand.expires_at.is_none() && now.duration_since(since) >= self.limits.doubt
    }

    /// What members have waited for too long, each once; and when the next one will be.
    pub(super) fn overdue(&mut self, now: Instant) -> (Vec<i64>, Option<Instant>) {
        let mut late = Vec::new();
        while let Some((at, id)) = self.awaited.first().copied()
            && at <= now
        {
            self.awaited.pop_first();
            let Some(entry) = self.entries.get(&id) else { continue };
            // In a rush that moves on, what waits its turn is no trouble.
            let progress = self.progress.get(&entry.errand.what).copied();
            let patience = self.limits.trouble_after;
            let stands_still = progress.is_none_or(|at| now.duration_since(at) >= patience);
            if entry.failures > 0 || entry.under_way.is_some() || stands_still {
                late.push(id);
            } else {
                self.awaited.insert((now + patience, id));
            }
        }
        (late, self.awaited.first().map(|(at, _)| *at))
    }
}

/// How long an intent may wait before that is a trouble; `None` where nobody waits for it.
pub(super) fn awaited(intent: &Intent, limits: &Limits) -> Option<Duration> {
    match intent {
        Intent::Card { .. } | Intent::Thread { .. } | Intent::Result { .. } => {
            Some(limits.outbox.trouble_after)
        }
        Intent::ReadThread { reading: Reading::Close, .. } => Some(limits.close.trouble_after),
        _ => None,
    }
}

/// The wait after so many failures before: doubling, up to a bound.
pub(super) fn back_off(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(16)).min(longest)
}

#[cfg(test)]
mod tests;
