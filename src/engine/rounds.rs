//! Rounds come due, are drawn and recorded; `attempts` has what follows once Discord has them.

use super::desk::{Decision, Desk, Owed, Stop};
use super::input::Reply;
use super::intent::Intent;
use super::rota::{self, Who};
use super::{fault, secrets};
use crate::domain::draw::{self, Candidate, Drawn};
use crate::domain::ids::{ChannelId, GuildId, QuestionId};
use crate::domain::notice::Notice;
use crate::domain::rate::Rate;
use crate::domain::refusal::Refusal;
use crate::domain::round::{SkipReason, State};
use crate::domain::schedule::{self, Due};
use crate::store::channels::StudyChannel;
use crate::store::rounds::{Origin, Round};
use crate::store::{channels, guilds, rates, rounds, savepoint};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use std::collections::HashMap;

/// The step of study time.
const ONE_MS: TimeDelta = TimeDelta::milliseconds(1);
/// What broke once is looked at again after this.
const AFTER_A_FAULT: TimeDelta = TimeDelta::minutes(10);
/// How long the admins are left alone after a warning that the questions run out.
const STOCK_WARNING_EVERY: TimeDelta = TimeDelta::days(7);

impl Desk<'_> {
    /// Does everything that is due: ends pauses, closes rounds, makes new ones.
    pub(super) async fn tick(&mut self) -> Decision<Reply> {
        if self.shared.due_by(self.now) < self.now {
            // The clock has moved since this tick was sent. The next one waits until it's believed.
            return Ok(Reply::Noted);
        }
        self.replan = true;
        // The time of a waiting card may be over: the courier looks at its errands again.
        self.owes = true;
        let (filled, due) = {
            let rota = self.shared.rota();
            (rota.is_filled(), rota.due(self.now))
        };
        if !filled {
            self.fill_rota().await?;
            return Ok(Reply::Noted);
        }
        for who in due {
            self.tend(who).await?;
        }
        // Those whose study channel has no round at the same instant.
        for round in rounds::to_close(self.db, self.now, None, rota::BATCH).await? {
            self.begin_close(round).await?;
        }
        self.quiz_tick().await?;
        // Behind the rounds: cards come first.
        self.remind().await?;
        Ok(Reply::Noted)
    }

    /// Puts everybody on the rota, to be looked at now.
    async fn fill_rota(&mut self) -> Decision<()> {
        let channels = channels::ids_in_use(self.db, None).await?;
        let guilds = guilds::ids(self.db).await?;
        let all = channels.into_iter().map(Who::Channel).chain(guilds.into_iter().map(Who::Guild));
        self.looks.extend(all.map(|who| (who, Some(self.now))));
        self.filled = true;
        Ok(())
    }

    /// Looks at one study channel or guild. What breaks there breaks nothing elsewhere.
    async fn tend(&mut self, who: Who) -> Decision<()> {
        let mut part = savepoint(self.db).await?;
        let mut desk = Desk::new(self.shared, &mut part);
        desk.now = self.now;
        let tended = match who {
            Who::Channel(channel) => desk.tend_channel(channel).await,
            Who::Guild(guild) => desk.tend_guild(guild).await,
        };
        let next = match tended {
            Ok(next) => {
                part.commit().await?;
                next
            }
            // Not this channel's or guild's fault: the whole tick is tried again, and soon.
            Err(Stop::Broken(error)) if self.shared.cause(&error).is_some() => {
                return Err(Stop::Broken(error));
            }
            Err(stop) => {
                part.rollback().await?;
                if let Stop::Broken(error) = stop {
                    fault("tick", &error);
                }
                Some(self.now + AFTER_A_FAULT)
            }
        };
        self.looks.push((who, next));
        Ok(())
    }

    /// Ends a pause, closes and makes rounds; says when to look again.
    async fn tend_channel(&mut self, id: ChannelId) -> Decision<Option<DateTime<Utc>>> {
        let Some(mut channel) = channels::find(self.db, id).await?.filter(|one| !one.removed)
        else {
            return Ok(None);
        };
        for round in rounds::to_close(self.db, self.now, Some(id), rota::BATCH).await? {
            self.begin_close(round).await?;
        }
        if let Some(until) = channel.schedule.pause.and_then(|pause| pause.until)
            && until <= self.now
        {
            // What was due inside the pause stays unasked; what is due at its end does not.
            channel.since = channel.since.max(until - ONE_MS);
            channel.schedule.pause = None;
            channels::save(self.db, &channel, self.now).await?;
        }
        self.make_due_rounds(&channel).await?;
        let due = channel.schedule.next_due(self.now.max(channel.since)).map(|due| due.at);
        let back = channel.schedule.pause.and_then(|pause| pause.until);
        Ok([due, back, Some(rota::latest(self.now))].into_iter().flatten().min())
    }

    /// Looks after a guild's boards and the daily look; says when to look again.
    async fn tend_guild(&mut self, id: GuildId) -> Decision<Option<DateTime<Utc>>> {
        let Some(guild) = guilds::find(self.db, id).await? else { return Ok(None) };
        let boards = self.tend_boards(&guild).await?;
        let look = self.check_up(&guild).await?;
        Ok([boards, look, Some(rota::latest(self.now))].into_iter().flatten().min())
    }

    async fn make_due_rounds(&mut self, channel: &StudyChannel) -> Decision<()> {
        let zone = channel.schedule.zone;
        let from = schedule::local_date(zone, channel.since);
        let taken = rounds::dates_taken(self.db, channel.id, from).await?;
        let missed = schedule::catch_up(
            &channel.schedule,
            channel.since,
            self.now,
            self.shared.settings.lateness,
            |date| taken.contains(&date),
        );
        let mut dates = Vec::new();
        for due in missed.skip {
            if self.skip(channel, due, SkipReason::Missed).await? {
                dates.push(due.date);
            }
        }
        if let (Some(first), Some(last)) = (dates.first(), dates.last()) {
            let what = format!("missed:{first}:{last}");
            let notice = Notice::Missed { channel: channel.id, dates: dates.clone() };
            self.notify(channel.guild, channel.id, &what, notice).await?;
        }
        let Some(due) = missed.post else { return Ok(()) };
        match self.draw(channel, Origin::Date(due.date), due.at, None).await {
            Ok(round) => self.post(channel, round).await?,
            Err(Stop::Refused(Refusal::EmptyPool)) => {
                if self.skip(channel, due, SkipReason::NoQuestion).await? {
                    let notice = Notice::EmptyPool { channel: channel.id, date: due.date };
                    let what = format!("empty:{}", due.date);
                    self.notify(channel.guild, channel.id, &what, notice).await?;
                }
            }
            Err(stop) => return Err(stop),
        }
        Ok(())
    }

    /// Records that there is no round for a date; `false` if there is one already.
    pub(super) async fn skip(
        &mut self,
        channel: &StudyChannel,
        due: Due,
        reason: SkipReason,
    ) -> Decision<bool> {
        let round = Round {
            id: rounds::next_id(self.db).await?,
            guild: channel.guild,
            channel: channel.id,
            origin: Origin::Date(due.date),
            due_at: due.at,
            state: State::Skipped,
            skip_reason: Some(reason),
            question: None,
            seed: 0,
            reason: None,
            message: None,
            thread: None,
            closes_at: due.at,
            opened_at: None,
            closed_at: None,
            outcome: None,
            voided_at: None,
        };
        Ok(rounds::insert(self.db, &round).await?)
    }

    /// Draws a question and makes the round, not yet saved. `closes_at`: `None` for the rule.
    pub(super) async fn draw(
        &mut self,
        channel: &StudyChannel,
        origin: Origin,
        due_at: DateTime<Utc>,
        closes_at: Option<DateTime<Utc>>,
    ) -> Decision<Round> {
        let asked = rounds::last_asked(self.db, channel.id).await?;
        let open = secrets::open_questions(self.db, channel.guild).await?;
        let rates = match channel.plan.aim {
            Some(_) => rates::all(self.db).await?,
            None => HashMap::new(),
        };
        let bank = self.shared.bank();
        let candidates: Vec<Candidate<'_>> = bank
            .iter()
            .map(|question| Candidate {
                id: &question.id,
                topic: &question.topic,
                difficulty: question.difficulty,
                last_asked: asked.get(&question.id).copied(),
                open: open.contains(&question.id),
                rate: rates.get(&question.id).copied().unwrap_or_default(),
            })
            .collect();
        let purpose = match origin {
            Origin::Date(date) => format!("round:{}:{date}", channel.id),
            Origin::Interaction(id) => format!("round:{}:{id}", channel.id),
        };
        let seed = self.shared.chance.number(&purpose);
        let weekday = schedule::local_date(channel.schedule.zone, due_at).weekday();
        let Drawn { question, reason } =
            draw::draw(&channel.plan, weekday, &candidates, seed).ok_or(Refusal::EmptyPool)?;
        let question = bank.get(&question).cloned().ok_or(Refusal::EmptyPool)?;
        self.warn_of_low_stock(channel, draw::stock(&channel.plan, &candidates)).await?;
        Ok(Round {
            id: rounds::next_id(self.db).await?,
            guild: channel.guild,
            channel: channel.id,
            origin,
            due_at,
            state: State::Due,
            skip_reason: None,
            question: Some(question),
            seed,
            reason: Some(reason),
            message: None,
            thread: None,
            closes_at: match closes_at {
                Some(closes_at) => closes_at,
                None => self.closing_instant(channel, due_at, due_at).await?,
            },
            opened_at: None,
            closed_at: None,
            outcome: None,
            voided_at: None,
        })
    }

    /// When a round closes that became due (or, as an extra one, was posted) at `from`: after the
    /// hours that are set, else at the next due instant after `after`. A date that had its
    /// question already has no due instant any more, even if a new schedule names a later time.
    pub(super) async fn closing_instant(
        &mut self,
        channel: &StudyChannel,
        from: DateTime<Utc>,
        after: DateTime<Utc>,
    ) -> Decision<DateTime<Utc>> {
        let at = &channel.schedule;
        if channel.close_after_h.is_some() {
            return Ok(schedule::closing_instant(at, from, channel.close_after_h));
        }
        let after = after.max(from);
        let today = schedule::local_date(at.zone, after);
        let posted = rounds::dates_posted(self.db, channel.id, today).await?;
        let latest = from + schedule::LONGEST_ROUND;
        let next = at.dues(after).find(|due| !posted.contains(&due.date));
        Ok(next.map_or(latest, |due| due.at.min(latest)))
    }

    /// Saves a drawn round together with the delivery of its card.
    pub(super) async fn post(&mut self, channel: &StudyChannel, round: Round) -> Decision<()> {
        if !rounds::insert(self.db, &round).await? {
            return Ok(());
        }
        let cause = format!("round:{}:card", round.id);
        let owed = Owed {
            cause: &cause,
            intent: Intent::Card { round: round.id },
            after: None,
            // At exactly the lateness it may still be said.
            expires_at: Some(round.due_at + self.shared.settings.lateness + ONE_MS),
        };
        self.owe(channel.guild, Some(channel.id), Some(round.id), owed).await?;
        Ok(())
    }

    async fn warn_of_low_stock(&mut self, channel: &StudyChannel, left: usize) -> Decision<()> {
        // The question being drawn is still among the fresh ones.
        let left = u32::try_from(left.saturating_sub(1)).unwrap_or(u32::MAX);
        let enough = left >= self.shared.settings.stock_warning_days;
        let warned_lately =
            channel.stock_warned.is_some_and(|at| self.now - at < STOCK_WARNING_EVERY);
        if enough || warned_lately {
            return Ok(());
        }
        let mut channel = channel.clone();
        channel.stock_warned = Some(self.now);
        channels::save(self.db, &channel, self.now).await?;
        let notice = Notice::StockLow { channel: channel.id, left };
        let what = format!("stock:{}", self.turn().await?);
        self.notify(channel.guild, channel.id, &what, notice).await
    }
}

/// Questions that fit a study channel's plan and were not asked there yet; one that is open right
/// now counts by whether it was asked.
pub(super) async fn stock(
    db: &mut crate::store::Connection,
    bank: &crate::bank::Bank,
    channel: &StudyChannel,
) -> crate::store::Result<u32> {
    let asked = rounds::last_asked(db, channel.id).await?;
    Ok(fresh(bank, channel, &asked))
}

/// Questions that fit a study channel's plan, asked before or not.
pub(super) fn fitting(bank: &crate::bank::Bank, channel: &StudyChannel) -> u32 {
    fresh(bank, channel, &HashMap::new())
}

fn fresh(
    bank: &crate::bank::Bank,
    channel: &StudyChannel,
    asked: &HashMap<QuestionId, DateTime<Utc>>,
) -> u32 {
    let candidates: Vec<Candidate<'_>> = bank
        .iter()
        .map(|question| Candidate {
            id: &question.id,
            topic: &question.topic,
            difficulty: question.difficulty,
            last_asked: asked.get(&question.id).copied(),
            open: false,
            rate: Rate::default(),
        })
        .collect();
    u32::try_from(draw::stock(&channel.plan, &candidates)).unwrap_or(u32::MAX)
}
