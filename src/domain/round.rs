//! A round's life, as a table of states and events. (design, section 3)

use std::fmt;

/// Where a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Drawn and recorded; Discord has not accepted its card yet.
    Due,
    /// The card is out; answers and ballots count.
    Open,
    /// The closing instant has passed; the thread is still to be read for the last time.
    Closing,
    /// Decided: result and points stand.
    Closed,
    /// Its date passes without a round.
    Skipped,
    /// Taken back by an admin after it was posted.
    Withdrawn,
}

/// What can happen to a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Discord accepted the question card.
    CardAccepted,
    /// Discord did not accept the card in time, and reading back found none.
    CardExpired,
    /// `/study skip`.
    SkippedByAdmin,
    /// The closing instant has come.
    ClosingInstant,
    /// The whole thread has been read after the closing instant.
    ThreadRead,
    /// `/study replace`: another question takes its place.
    Replaced,
}

impl State {
    /// All states, in the order of a round's life.
    pub const ALL: [Self; 6] =
        [Self::Due, Self::Open, Self::Closing, Self::Closed, Self::Skipped, Self::Withdrawn];

    /// The state after `event`; `None` if the event changes nothing or is not possible here.
    pub fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Due, Event::CardAccepted) => Some(Self::Open),
            (Self::Due, Event::CardExpired | Event::SkippedByAdmin) => Some(Self::Skipped),
            (Self::Open, Event::ClosingInstant) => Some(Self::Closing),
            (Self::Open, Event::Replaced) => Some(Self::Withdrawn),
            (Self::Closing, Event::ThreadRead) => Some(Self::Closed),
            _ => None,
        }
    }

    /// Whether the round is still to be decided, so that its question is secret in its guild.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Due | Self::Open | Self::Closing)
    }

    /// The word used in the database and in the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Skipped => "skipped",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a date passed without a round. None of them breaks a streak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The bot was away for too long.
    Missed,
    /// Discord did not take the card in time.
    NotAccepted,
    /// An admin asked for it.
    ByAdmin,
    /// No question fits the plan.
    NoQuestion,
}

impl SkipReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Missed, Self::NotAccepted, Self::ByAdmin, Self::NoQuestion];

    /// The word used in the database and in the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::NotAccepted => "not_accepted",
            Self::ByAdmin => "by_admin",
            Self::NoQuestion => "no_question",
        }
    }

    /// The reason of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, SkipReason, State};

    const EVENTS: [Event; 6] = [
        Event::CardAccepted,
        Event::CardExpired,
        Event::SkippedByAdmin,
        Event::ClosingInstant,
        Event::ThreadRead,
        Event::Replaced,
    ];

    #[test]
    fn every_state_meets_every_event() {
        let open = Some(State::Open);
        let closing = Some(State::Closing);
        let closed = Some(State::Closed);
        let skipped = Some(State::Skipped);
        let withdrawn = Some(State::Withdrawn);
        // Columns as in EVENTS: accepted, expired, skipped, closing instant, thread read, replaced.
        let table = [
            (State::Due, [open, skipped, skipped, None, None, None]),
            (State::Open, [None, None, None, closing, None, withdrawn]),
            (State::Closing, [None, None, None, None, closed, None]),
            (State::Closed, [None; 6]),
            (State::Skipped, [None; 6]),
            (State::Withdrawn, [None; 6]),
        ];
        assert_eq!(table.map(|(state, _)| state), State::ALL);
        for (state, row) in table {
            assert_eq!(EVENTS.map(|event| state.after(event)), row, "{state}");
        }
    }

    #[test]
    fn what_is_decided_never_changes_again() {
        for state in State::ALL {
            let goes_on = EVENTS.iter().any(|event| state.after(*event).is_some());
            assert_eq!(goes_on, state.is_live(), "{state}");
        }
    }

    #[test]
    fn words_lead_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        for reason in SkipReason::ALL {
            assert_eq!(SkipReason::from_word(reason.word()), Some(reason));
        }
        assert_eq!(State::from_word("Due"), None);
        assert_eq!(SkipReason::from_word(""), None);
    }
}
