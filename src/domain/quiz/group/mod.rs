//! The rules of a group's run: who is in, who leads, when a question closes. A machine of events
//! and decisions; instants and clicks are arguments.

use super::State;
use crate::domain::ids::{InteractionId, MemberId};
use crate::domain::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How long a lobby is open, from when the card is there.
pub const LOBBY: TimeDelta = TimeDelta::seconds(30);
/// A question closes early when everybody has chosen and nobody changed for this long.
pub const CALM: TimeDelta = TimeDelta::seconds(5);
/// How long a click made in time may be under way.
pub const GRACE: TimeDelta = TimeDelta::seconds(1);
/// How long an answer is shown before the next question comes by itself.
pub const REVEAL: TimeDelta = TimeDelta::seconds(20);
/// A host who misses so many questions in a row is replaced.
pub const MISSES: u32 = 2;
/// After an absence of the bot that is longer than this, what is at hand has all of its time again.
pub const AWAY: TimeDelta = TimeDelta::seconds(5);
/// How many must be in for a question to close early.
const COMPANY: usize = 2;

/// Somebody who is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Who.
    pub member: MemberId,
    /// The click that joined: gives the order of joining.
    pub joined_by: InteractionId,
    /// Questions in a row without a choice.
    pub missed: u32,
}

/// A choice at the question at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Which button, from 0.
    pub choice: usize,
    /// The click; the newest by its number counts.
    pub click: InteractionId,
}

/// A run as far as its rules go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Where it stands.
    pub state: State,
    /// The question at hand, from 0.
    pub position: usize,
    /// How many questions it has.
    pub total: usize,
    /// Who leads; somebody exactly while somebody is in and it is not over.
    pub host: Option<MemberId>,
    /// Who led before, until the next question.
    pub former_host: Option<MemberId>,
    /// Who is in, in the order of joining.
    pub seats: Vec<Seat>,
    /// Choices at the question at hand.
    pub given: BTreeMap<MemberId, Given>,
    /// How long a question takes choices.
    pub limit: TimeDelta,
    /// When the question at hand closes at the latest: by its time, or by the host's *Next*.
    pub limit_at: Option<DateTime<Utc>>,
    /// When what is at hand ends by itself, as things stand.
    pub closes_at: Option<DateTime<Utc>>,
}

/// What can happen to a run. Clicks are known by their interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Discord has taken the card.
    Accepted,
    /// *Join*.
    Join(MemberId, InteractionId),
    /// *Leave*.
    Leave(MemberId),
    /// *Start*.
    Start(MemberId),
    /// A choice at a question.
    Choose(MemberId, InteractionId, usize, usize),
    /// *Next* while a question is open.
    Close(MemberId, InteractionId, usize),
    /// *Next* behind a reveal.
    Go(MemberId, usize),
    /// Time has passed.
    Tick,
    /// The bot was away: nobody could press anything for a while.
    Back,
    /// The card is gone, or can never be there.
    CardGone,
}

/// What came of an event, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// A question was asked.
    Opened(usize),
    /// A question closed: its choices are to be judged.
    Closed(usize),
    /// Somebody else leads.
    Host(MemberId),
    /// The run is over.
    Ended,
}

/// The instant of a click.
pub fn instant(click: InteractionId) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(click.created_ms()).unwrap_or_default()
}

/// When a question closes: at `limit_at`, or [`CALM`] after now if all of at least two have
/// chosen.
pub fn closing(
    limit_at: DateTime<Utc>,
    joined: usize,
    missing: usize,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if joined >= COMPANY && missing == 0 { limit_at.min(now + CALM) } else { limit_at }
}

/// Whether a choice counts: it was made before the question closed.
pub fn in_time(closes_at: Option<DateTime<Utc>>, click: InteractionId) -> bool {
    closes_at.is_some_and(|closes| instant(click) < closes)
}

/// When the clock must look at a run that ends what is at hand at `closes_at`.
pub fn wakes_at(state: State, closes_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match state {
        State::Asking => closes_at.map(|at| at + GRACE),
        State::Ended => None,
        _ => closes_at,
    }
}

impl Group {
    /// A lobby whose host is in, and whose card is on its way.
    pub fn new(host: MemberId, by: InteractionId, total: usize, limit: TimeDelta) -> Self {
        Self {
            state: State::Lobby,
            position: 0,
            total,
            host: Some(host),
            former_host: None,
            seats: vec![Seat { member: host, joined_by: by, missed: 0 }],
            given: BTreeMap::new(),
            limit,
            limit_at: None,
            closes_at: None,
        }
    }

    /// Decides an event.
    ///
    /// # Errors
    /// Why nothing came of it, for whoever pressed.
    pub fn apply(&mut self, event: Event, now: DateTime<Utc>) -> Result<Vec<Happened>, Refusal> {
        let mut happened = Vec::new();
        if self.state == State::Ended {
            return match event {
                Event::Accepted | Event::Tick | Event::Back | Event::CardGone => Ok(happened),
                _ => Err(Refusal::QuizOver),
            };
        }
        match event {
            Event::Accepted => {
                if self.state == State::Lobby && self.closes_at.is_none() {
                    self.closes_at = Some(now + LOBBY);
                }
            }
            Event::Join(member, by) => self.join(member, by, now),
            Event::Leave(member) => self.leave(member, now, &mut happened)?,
            Event::Start(member) => {
                self.host_only(member)?;
                if self.state == State::Lobby {
                    self.open(0, now, &mut happened);
                }
            }
            Event::Choose(member, click, position, choice) => {
                self.choose(member, click, position, choice, now)?;
            }
            Event::Close(member, click, position) => {
                self.host_only(member)?;
                if self.state == State::Asking && self.position == position {
                    let at = instant(click);
                    self.limit_at = self.limit_at.map(|limit| limit.min(at));
                    self.closes_at = self.closes_at.map(|closes| closes.min(at));
                }
            }
            Event::Go(member, position) => {
                self.host_only(member)?;
                if self.state == State::Revealed && self.position == position {
                    self.go_on(now, &mut happened);
                }
            }
            Event::Tick => {
                let due = wakes_at(self.state, self.closes_at).is_some_and(|at| at <= now);
                match self.state {
                    State::Lobby if due => self.open(0, now, &mut happened),
                    State::Asking if due => self.reveal(now, &mut happened),
                    State::Revealed if due => self.go_on(now, &mut happened),
                    _ => {}
                }
            }
            Event::Back => self.restart_time(now),
            Event::CardGone => self.end(&mut happened),
        }
        Ok(happened)
    }

    /// Gives what is at hand all of its time again. What was chosen stays chosen.
    fn restart_time(&mut self, now: DateTime<Utc>) {
        match self.state {
            // Without a card the lobby has not begun yet.
            State::Lobby => self.closes_at = self.closes_at.map(|_| now + LOBBY),
            State::Asking => {
                self.limit_at = Some(now + self.limit);
                self.closes_at = self.limit_at;
                self.reconsider(now);
            }
            State::Revealed => self.closes_at = Some(now + REVEAL),
            _ => {}
        }
    }

    fn host_only(&self, member: MemberId) -> Result<(), Refusal> {
        if self.host == Some(member) { Ok(()) } else { Err(Refusal::NotTheHost) }
    }

    fn join(&mut self, member: MemberId, by: InteractionId, now: DateTime<Utc>) {
        if self.seats.iter().any(|seat| seat.member == member) {
            return;
        }
        self.seats.push(Seat { member, joined_by: by, missed: 0 });
        self.seats.sort_by_key(|seat| (seat.joined_by, seat.member));
        self.reconsider(now);
    }

    fn leave(
        &mut self,
        member: MemberId,
        now: DateTime<Utc>,
        happened: &mut Vec<Happened>,
    ) -> Result<(), Refusal> {
        if !self.seats.iter().any(|seat| seat.member == member) {
            return Err(Refusal::NotInQuiz);
        }
        if self.host == Some(member) {
            let next = self.after(member, |_| true);
            self.hand_over(next, happened);
        }
        self.seats.retain(|seat| seat.member != member);
        if self.seats.is_empty() {
            self.end(happened);
        } else {
            self.reconsider(now);
        }
        Ok(())
    }

    /// The next behind `member` in the order of joining, and around, who is `fit`.
    fn after(&self, member: MemberId, fit: impl Fn(&Seat) -> bool) -> Option<MemberId> {
        let at = self.seats.iter().position(|seat| seat.member == member)?;
        let (before, from) = self.seats.split_at(at);
        let around = from.iter().skip(1).chain(before);
        around.into_iter().find(|seat| fit(seat)).map(|seat| seat.member)
    }

    fn hand_over(&mut self, next: Option<MemberId>, happened: &mut Vec<Happened>) {
        self.former_host = self.host;
        self.host = next;
        happened.extend(next.map(Happened::Host));
    }

    fn choose(
        &mut self,
        member: MemberId,
        click: InteractionId,
        position: usize,
        choice: usize,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let open = self.state == State::Asking && self.position == position;
        if !open || !in_time(self.closes_at, click) {
            return Err(Refusal::QuizQuestionClosed);
        }
        let newest = self.given.get(&member).is_none_or(|given| given.click < click);
        if newest {
            self.given.insert(member, Given { choice, click });
        }
        self.join(member, click, now);
        self.reconsider(now);
        Ok(())
    }

    /// After somebody came, went or chose: when the question closes. One that has closed stays so.
    fn reconsider(&mut self, now: DateTime<Utc>) {
        let (State::Asking, Some(limit_at)) = (self.state, self.limit_at) else { return };
        if self.closes_at.is_some_and(|closes| closes <= now) {
            return;
        }
        let missing =
            self.seats.iter().filter(|seat| !self.given.contains_key(&seat.member)).count();
        self.closes_at = Some(closing(limit_at, self.seats.len(), missing, now));
    }

    fn open(&mut self, position: usize, now: DateTime<Utc>, happened: &mut Vec<Happened>) {
        self.state = State::Asking;
        self.position = position;
        self.former_host = None;
        self.given.clear();
        self.limit_at = Some(now + self.limit);
        self.closes_at = self.limit_at;
        happened.push(Happened::Opened(position));
    }

    fn reveal(&mut self, now: DateTime<Utc>, happened: &mut Vec<Happened>) {
        self.close(happened);
        self.state = State::Revealed;
        self.closes_at = Some(now + REVEAL);
        let absent = |seat: &Seat| seat.missed >= MISSES;
        if let Some(host) = self.host
            && self.seats.iter().any(|seat| seat.member == host && absent(seat))
            && let Some(next) = self.after(host, |seat| !absent(seat))
        {
            self.hand_over(Some(next), happened);
        }
    }

    /// Closes the question at hand for good.
    fn close(&mut self, happened: &mut Vec<Happened>) {
        for seat in &mut self.seats {
            let chose = self.given.contains_key(&seat.member);
            seat.missed = if chose { 0 } else { seat.missed + 1 };
        }
        happened.push(Happened::Closed(self.position));
    }

    fn go_on(&mut self, now: DateTime<Utc>, happened: &mut Vec<Happened>) {
        if self.position + 1 < self.total {
            self.open(self.position + 1, now, happened);
        } else {
            self.end(happened);
        }
    }

    fn end(&mut self, happened: &mut Vec<Happened>) {
        if self.state == State::Asking {
            // What was chosen counts, whatever ended the run.
            self.close(happened);
        }
        self.state = State::Ended;
        self.closes_at = None;
        happened.push(Happened::Ended);
    }
}

/// What a member came to in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// Who.
    pub member: MemberId,
    /// Right choices.
    pub right: u32,
    /// The time that the right choices took together.
    pub took_ms: i64,
    /// Points earned.
    pub points: i64,
}

/// The ranks, best first: by right choices and, in a race, by the time they took. Equals share a
/// rank (1, 2, 2, 4) and stand in the order given.
pub fn podium(scores: &[Score], race: bool) -> Vec<(usize, Score)> {
    let worth = |score: &Score| (u32::MAX - score.right, if race { score.took_ms } else { 0 });
    let mut sorted = scores.to_vec();
    sorted.sort_by_key(worth);
    let ranks: Vec<usize> = sorted
        .iter()
        .map(|score| 1 + sorted.iter().filter(|other| worth(other) < worth(score)).count())
        .collect();
    ranks.into_iter().zip(sorted).collect()
}

#[cfg(test)]
mod tests;
