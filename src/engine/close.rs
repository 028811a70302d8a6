//! The close of a round: first the thread is read, then it is decided, once.

use super::courier::ThreadReading;
use super::desk::{Decision, Desk};
use super::intent::{Intent, Reading};
use crate::domain::ballot::{self, Ballot};
use crate::domain::ids::{ChannelId, MemberId, QuestionId};
use crate::domain::outcome::Outcome;
use crate::domain::points::{self, Award};
use crate::domain::round::Event;
use crate::domain::streak::Streak;
use crate::store::ledger::{self, Entry, Source};
use crate::store::rounds::{Origin, Round};
use crate::store::{answers, ballots, rounds};
use std::collections::BTreeMap;

/// What a round is decided from.
pub(super) enum Ending<'a> {
    /// All that its thread holds.
    Read(&'a ThreadReading),
    /// There is no thread, or none that anybody can reach.
    NoThread,
    /// The thread may not be read; what was seen before is what counts.
    Unread,
}

impl Desk<'_> {
    /// The closing instant has come. Nothing is decided before the thread was read; an
    /// unreachable Discord only delays the result.
    pub(super) async fn begin_close(&mut self, mut round: Round) -> Decision<()> {
        let Some(closing) = round.state.after(Event::ClosingInstant) else { return Ok(()) };
        round.state = closing;
        rounds::update(self.db, &round).await?;
        self.owe_reading(&round, Reading::Close).await
    }

    /// Decides a closing round.
    pub(super) async fn finish_close(
        &mut self,
        mut round: Round,
        ending: Ending<'_>,
    ) -> Decision<()> {
        let Some(closed) = round.state.after(Event::ThreadRead) else { return Ok(()) };
        let unread = match ending {
            Ending::Read(_) => false,
            // Where there never was a thread, nobody can have answered.
            Ending::NoThread => round.thread.is_some(),
            Ending::Unread => true,
        };
        round.thread = match ending {
            // A thread that could be read is there, also where its making was never recorded.
            Ending::Read(_) => round.message.map(|card| ChannelId(card.0)),
            Ending::NoThread => None,
            Ending::Unread => round.thread,
        };
        let edited_late = match ending {
            Ending::Read(read) => self.read_back(&round, read).await?,
            Ending::NoThread | Ending::Unread => Vec::new(),
        };
        let answered: Vec<MemberId> =
            answers::of_round(self.db, round.id).await?.iter().map(|a| a.member).collect();
        let cast: Vec<Ballot> =
            ballots::of_round(self.db, round.id).await?.iter().map(|c| c.ballot).collect();
        let tally = ballot::tally(&answered, &cast);
        let awards = points::awards(&self.shared.settings.rules, &answered, &cast, &tally.picks);
        for award in &awards {
            self.book(&round, award).await?;
        }
        self.count_streaks(&round, &answered).await?;
        round.state = closed;
        round.closed_at = Some(self.now);
        round.outcome = Some(Outcome { tally, awards, edited_late, unread });
        rounds::update(self.db, &round).await?;
        self.round_to_review(&round).await?;
        let id = round.id;
        let place = round.thread.unwrap_or(round.channel);
        let intent = Intent::Result { round: id, place, plain: false };
        let result = self.owe_for(&round, "result", intent, None).await?;
        let intent = Intent::Reference { round: id, place };
        self.owe_for(&round, "reference", intent, result).await?;
        self.owe_for(&round, "edit:closed", Intent::EditCard { round: id }, None).await?;
        Ok(())
    }

    async fn book(&mut self, round: &Round, award: &Award) -> Decision<()> {
        let entry = Entry {
            guild: round.guild,
            member: award.member,
            source: Source::Round { round: round.id, channel: round.channel },
            question: round
                .question
                .as_ref()
                .map_or_else(|| QuestionId(String::new()), |question| question.id.clone()),
            kind: award.cause,
            cause: format!("round:{}:{}:{}", round.id, award.cause.word(), award.member),
            points: award.points,
            // Points belong to the week the round ended in, also when Discord delayed the result.
            at: round.closes_at,
        };
        ledger::add(self.db, &entry).await?;
        Ok(())
    }

    /// Lengthens and breaks streaks. An extra round comes unannounced: answering it counts,
    /// missing it does not.
    async fn count_streaks(&mut self, round: &Round, answered: &[MemberId]) -> Decision<()> {
        let mut streaks: BTreeMap<MemberId, Streak> =
            ledger::streaks(self.db, round.channel).await?.into_iter().collect();
        for member in answered {
            streaks.entry(*member).or_default();
        }
        for (member, streak) in streaks {
            let now = if answered.contains(&member) {
                streak.answered()
            } else if matches!(round.origin, Origin::Date(_)) {
                streak.missed()
            } else {
                streak
            };
            if now != streak || answered.contains(&member) {
                ledger::save_streak(self.db, round.channel, member, now).await?;
            }
        }
        Ok(())
    }
}
