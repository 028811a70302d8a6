//! When admins are alarmed: told at once, past the database and the gateway, that the whole bot is in
//! trouble, and that the trouble is over.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Trouble of the whole bot that passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// There is no gateway session.
    Deaf,
    /// The database cannot be written.
    Unwritable,
}

/// How the whole bot is right now, in spans of a clock that nobody sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// How long there has been no gateway session.
    pub deaf: Option<TimeDelta>,
    /// How long the database has been impossible to write.
    pub unwritable: Option<TimeDelta>,
    /// How long neither has been the case.
    pub well: Option<TimeDelta>,
}

/// How long each must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Without a session, before admins are told.
    pub deaf: TimeDelta,
    /// Without writing, before admins are told.
    pub unwritable: TimeDelta,
    /// Well again, before they are told that it is over.
    pub well: TimeDelta,
}

/// What to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// This trouble.
    Trouble(Kind),
    /// All that was told is over.
    Over,
}

/// What the admins are to be told next, given what they were told since all was last well. Each
/// trouble is told once in an episode, and the end of the episode once.
pub fn call(told: &BTreeSet<Kind>, health: Health, patience: Patience) -> Option<Call> {
    let lasts = |span: Option<TimeDelta>, least| span.is_some_and(|span| span >= least);
    let new = |kind, span, least| lasts(span, least) && !told.contains(&kind);
    if new(Kind::Unwritable, health.unwritable, patience.unwritable) {
        return Some(Call::Trouble(Kind::Unwritable));
    }
    if new(Kind::Deaf, health.deaf, patience.deaf) {
        return Some(Call::Trouble(Kind::Deaf));
    }
    (!told.is_empty() && lasts(health.well, patience.well)).then_some(Call::Over)
}

#[cfg(test)]
mod tests {
    use super::{Call, Health, Kind, Patience, call};
    use chrono::TimeDelta;

    #[test]
    fn each_trouble_is_told_once_and_its_end_once() {
        let seconds = TimeDelta::seconds;
        let patience = Patience { deaf: seconds(300), unwritable: seconds(60), well: seconds(60) };
        let (deaf, full) = (Kind::Deaf, Kind::Unwritable);
        let of = |deaf: Option<i64>, unwritable: Option<i64>, well: Option<i64>| Health {
            deaf: deaf.map(seconds),
            unwritable: unwritable.map(seconds),
            well: well.map(seconds),
        };
        for (told, health, wanted) in [
            (&[][..], of(None, None, Some(9_999)), None),
            (&[], of(Some(299), None, None), None),
            (&[], of(Some(300), None, None), Some(Call::Trouble(deaf))),
            (&[deaf], of(Some(9_999), None, None), None),
            (&[], of(None, Some(59), None), None),
            (&[], of(None, Some(60), None), Some(Call::Trouble(full))),
            // Both: one after the other.
            (&[], of(Some(300), Some(60), None), Some(Call::Trouble(full))),
            (&[full], of(Some(300), Some(99), None), Some(Call::Trouble(deaf))),
            // One is over, the other is not.
            (&[full, deaf], of(Some(999), None, None), None),
            // Over, but perhaps for a moment only.
            (&[full, deaf], of(None, None, Some(59)), None),
            (&[deaf], of(None, Some(1), None), None),
            (&[full, deaf], of(None, None, Some(60)), Some(Call::Over)),
        ] {
            let told = told.iter().copied().collect();
            assert_eq!(call(&told, health, patience), wanted, "{told:?} {health:?}");
        }
    }
}
