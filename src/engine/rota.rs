//! When each study channel and each guild is to be looked at next.
//!
//! Worked out from the store as looks are taken, and kept in memory alone: neither a tick nor a plan
//! has to read ten thousand study channels to find the few that are due. Empty after a start, which
//! means that all are due.

use crate::domain::ids::{ChannelId, GuildId};
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap};

/// How many are looked at in one tick. Together they take a few milliseconds, so that a click never
/// waits for the rounds of a whole morning.
pub(super) const BATCH: usize = 8;

/// Whatever is planned, nobody is left alone for longer; all at the same instants, so that a
/// simulated clock has few stops.
const AT_LEAST_EVERY: TimeDelta = TimeDelta::hours(6);

/// Who is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Who {
    /// A study channel: the ends of pauses, rounds that are due. Before guilds at the same instant.
    Channel(ChannelId),
    /// A guild: its boards and the daily look.
    Guild(GuildId),
}

/// What a decision found out about the next look; `None`: there need be none.
pub(crate) type Look = (Who, Option<DateTime<Utc>>);

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Rota {
    /// False until everybody was put on it once.
    filled: bool,
    order: BTreeSet<(DateTime<Utc>, Who)>,
    at: HashMap<Who, DateTime<Utc>>,
}

impl Rota {
    /// Whether everybody is on it.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled
    }

    /// Forgets everything, as after a start: the clock was set back, and plans mean nothing.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes what was decided, once that is committed.
    pub(crate) fn take(&mut self, looks: Vec<Look>, filled: bool) {
        self.filled |= filled;
        for (who, next) in looks {
            if let Some(before) = self.at.remove(&who) {
                self.order.remove(&(before, who));
            }
            if let Some(next) = next {
                self.at.insert(who, next);
                self.order.insert((next, who));
            }
        }
    }

    /// The next look.
    pub(crate) fn next(&self) -> Option<DateTime<Utc>> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Whose look is due, at most [`BATCH`] of them, those that wait longest first.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Vec<Who> {
        let due = self.order.iter().take_while(|(at, _)| *at <= now);
        due.take(BATCH).map(|(_, who)| *who).collect()
    }
}

/// The latest instant at which somebody looked at now is looked at again.
pub(super) fn latest(now: DateTime<Utc>) -> DateTime<Utc> {
    let next = now + AT_LEAST_EVERY;
    next.duration_trunc(AT_LEAST_EVERY).unwrap_or(next).max(now + TimeDelta::milliseconds(1))
}

#[cfg(test)]
mod tests {
    use super::{BATCH, Rota, Who, latest};
    use crate::domain::ids::{ChannelId, GuildId};
    use chrono::{DateTime, TimeDelta, Utc};

    fn noon() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn channel(id: u64) -> Who {
        Who::Channel(ChannelId(id))
    }

    #[test]
    fn the_longest_wait_first_and_a_batch_at_a_time() {
        let mut rota = Rota::default();
        assert!(!rota.is_filled());
        let after = |minutes| Some(noon() + TimeDelta::minutes(minutes));
        let looks = (0..20).map(|id| (channel(id), after(20 - id.cast_signed()))).collect();
        rota.take(looks, true);
        assert!(rota.is_filled());
        assert_eq!(rota.next(), after(1));
        assert!(rota.due(noon()).is_empty());
        assert_eq!(rota.due(noon() + TimeDelta::minutes(2)), [channel(19), channel(18)]);
        assert_eq!(rota.due(noon() + TimeDelta::hours(1)).len(), BATCH);
    }

    #[test]
    fn a_new_look_replaces_the_one_before_and_none_ends_it() {
        let mut rota = Rota::default();
        let guild = Who::Guild(GuildId(1));
        rota.take(vec![(channel(1), Some(noon())), (guild, Some(noon()))], true);
        assert_eq!(rota.due(noon()), [channel(1), guild], "rounds before boards");
        let later = noon() + TimeDelta::hours(1);
        rota.take(vec![(channel(1), Some(later)), (guild, None)], false);
        assert!(rota.due(noon()).is_empty());
        assert_eq!(rota.next(), Some(later));
        rota.forget();
        assert_eq!((rota.next(), rota.is_filled()), (None, false));
    }

    #[test]
    fn all_are_looked_at_again_at_the_same_instants() {
        for (now, next) in [
            ("2026-11-23T12:00:00Z", "2026-11-23T18:00:00Z"),
            ("2026-11-23T12:00:00.001Z", "2026-11-23T18:00:00Z"),
            ("2026-11-23T17:59:59.999Z", "2026-11-23T18:00:00Z"),
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            assert_eq!(latest(now), next.parse::<DateTime<Utc>>().unwrap(), "{now}");
        }
    }
}
