//! What the courier brings back from an attempt, and what follows from it: rounds open, threads are
//! known, closes are decided, trouble begins and ends.

use super::close::Ending;
use super::courier::{Outcome, ThreadReading};
use super::desk::{Decision, Desk};
use super::input::Reply;
use super::intent::{Intent, Reading};
use crate::domain::ids::{ChannelId, MessageId, RoundId};
use crate::domain::notice::{GaveUp, Notice, Trouble};
use crate::domain::round::{Event, SkipReason, State};
use crate::store::deliveries::{Delivery, End};
use crate::store::rounds::Origin;
use crate::store::{channels, checkups, deliveries, rounds};
use chrono::TimeDelta;

impl Desk<'_> {
    /// The courier tried a delivery: notes what came of it, and what follows.
    pub(super) async fn attempted(&mut self, id: i64, outcome: Outcome) -> Decision<Reply> {
        let Some(delivery) = deliveries::find::<Intent>(self.db, id).await? else {
            return Ok(Reply::Attempted { pending: false, changed: false, expires_at: None });
        };
        let changed = self.take_outcome(&delivery, outcome).await?;
        let expiry = deliveries::expiry(self.db, id).await?;
        let pending = expiry.is_some();
        Ok(Reply::Attempted { pending, changed, expires_at: expiry.flatten() })
    }

    /// Gives whether the delivery was changed, so that it is another one now.
    async fn take_outcome(
        &mut self,
        delivery: &Delivery<Intent>,
        outcome: Outcome,
    ) -> Decision<bool> {
        let id = delivery.id;
        match outcome {
            Outcome::Later { error, .. } | Outcome::Doubtful { error } => {
                deliveries::note_error(self.db, id, &error).await?;
            }
            Outcome::Trouble { trouble, error } => {
                self.refused(delivery, trouble, &error).await?;
            }
            Outcome::Said(result) => {
                if deliveries::end(self.db, id, End::Done(result), None).await? {
                    self.said(delivery, result).await?;
                    self.recovered(delivery).await?;
                }
            }
            Outcome::Threaded(thread) => {
                if deliveries::end(self.db, id, End::Done(None), None).await? {
                    self.threaded(delivery, thread).await?;
                    self.recovered(delivery).await?;
                }
            }
            Outcome::Read(read) => {
                if deliveries::end(self.db, id, End::Done(None), None).await?
                    && let Intent::ReadThread { round, reading } = delivery.intent
                {
                    self.thread_read(round, reading, &read).await?;
                    self.recovered(delivery).await?;
                }
            }
            Outcome::Looked(found) => {
                if deliveries::end(self.db, id, End::Done(None), None).await? {
                    self.looked(&found).await?;
                }
            }
            Outcome::Moot { error } => {
                if deliveries::end(self.db, id, End::Dropped, Some(&error)).await? {
                    self.quiz_delivery_gone(delivery).await?;
                }
            }
            Outcome::Gone { error } => return self.gone(delivery, &error).await,
            Outcome::Lost { error } => return self.lost(delivery, &error).await,
            Outcome::Rejected { error } => return self.rejected(delivery, &error).await,
            Outcome::Expired => {
                if deliveries::end(self.db, id, End::Dropped, Some("too late")).await? {
                    self.expired(delivery).await?;
                }
            }
        }
        Ok(false)
    }

    /// Discord refuses for a reason that an admin can remove.
    async fn refused(
        &mut self,
        delivery: &Delivery<Intent>,
        trouble: Trouble,
        error: &str,
    ) -> Decision<()> {
        let id = delivery.id;
        deliveries::note_error(self.db, id, error).await?;
        match delivery.intent {
            // A quiz is no study channel's trouble.
            _ if self.quiz_delivery_failed(delivery, error).await? => Ok(()),
            // Nobody can be told; `/study status` shows it.
            Intent::Notice { .. } | Intent::EditReport { .. } => {
                deliveries::end(self.db, id, End::Dropped, Some(error)).await?;
                Ok(())
            }
            Intent::ReviewReminder { guild, member, .. } => {
                deliveries::end(self.db, id, End::Dropped, Some(error)).await?;
                self.reminder_refused(guild, member).await
            }
            Intent::ReadThread { round, reading: Reading::Close } => {
                self.trouble(delivery, trouble).await?;
                self.close_refused(delivery, round, error).await
            }
            _ => self.trouble(delivery, trouble).await,
        }
    }

    /// Discord refuses to let a thread be read at the close. That is waited out for a day, from when
    /// the trouble began; then the round is decided from what is stored.
    async fn close_refused(
        &mut self,
        delivery: &Delivery<Intent>,
        round: RoundId,
        error: &str,
    ) -> Decision<()> {
        let Some(round) = rounds::find(self.db, round).await? else { return Ok(()) };
        let channel = channels::find(self.db, round.channel).await?;
        let since = channel.and_then(|channel| channel.trouble).map(|(_, since)| since);
        let patience = TimeDelta::from_std(self.shared.settings.limits.close.refused)
            .unwrap_or(TimeDelta::days(1));
        let until = since.map_or(round.closes_at, |since| since.max(round.closes_at)) + patience;
        if self.shared.due_by(self.now) < until {
            self.replan = true;
            deliveries::expire_at(self.db, delivery.id, until).await?;
            return Ok(());
        }
        tracing::warn!(round = %round.id, error, "closing a round without having read its thread");
        if deliveries::give_up(self.db, delivery.id, error).await? {
            self.finish_close(round, Ending::Unread).await?;
        }
        Ok(())
    }

    async fn said(
        &mut self,
        delivery: &Delivery<Intent>,
        result: Option<(ChannelId, MessageId)>,
    ) -> Decision<()> {
        if let (Intent::QuizCard { run }, Some((_, message))) = (&delivery.intent, result) {
            return self.quiz_card_accepted(*run, message).await;
        }
        let (Intent::Card { round }, Some((_, message))) = (&delivery.intent, result) else {
            return Ok(());
        };
        let Some(mut round) = rounds::find(self.db, *round).await? else { return Ok(()) };
        round.message = Some(message);
        self.replan = true;
        let Some(open) = round.state.after(Event::CardAccepted) else {
            // Withdrawn while the card was on its way: it must not stand there as open.
            rounds::update(self.db, &round).await?;
            let intent = Intent::EditCard { round: round.id };
            self.owe_for(&round, "edit:late", intent, None).await?;
            return Ok(());
        };
        round.state = open;
        round.opened_at = Some(self.now);
        rounds::update(self.db, &round).await?;
        self.owe_for(&round, "thread", Intent::Thread { round: round.id }, None).await?;
        let pin = channels::find(self.db, round.channel).await?.is_some_and(|c| c.pin);
        if pin {
            if let Some(message) = rounds::card_before(self.db, round.channel, round.id).await? {
                let intent = Intent::Unpin { channel: round.channel, message };
                self.owe_for(&round, "unpin", intent, None).await?;
            }
            self.owe_for(&round, "pin", Intent::Pin { round: round.id }, None).await?;
        }
        Ok(())
    }

    async fn threaded(&mut self, delivery: &Delivery<Intent>, thread: ChannelId) -> Decision<()> {
        let Some(id) = delivery.round else { return Ok(()) };
        let Some(mut round) = rounds::find(self.db, id).await? else { return Ok(()) };
        if !matches!(round.state, State::Open | State::Closing) {
            // Decided meanwhile, and told elsewhere.
            return Ok(());
        }
        round.thread = Some(thread);
        rounds::update(self.db, &round).await?;
        // Answers may have been written between Discord's making the thread and this line.
        if round.state == State::Open && delivery.attempts > 1 {
            self.owe_reading(&round, Reading::CatchUp).await?;
        }
        Ok(())
    }

    async fn thread_read(
        &mut self,
        id: RoundId,
        reading: Reading,
        read: &ThreadReading,
    ) -> Decision<()> {
        let Some(round) = rounds::find(self.db, id).await? else { return Ok(()) };
        match reading {
            Reading::CatchUp if round.state == State::Open => {
                self.read_back(&round, read).await?;
                Ok(())
            }
            Reading::CatchUp => Ok(()),
            Reading::Close => self.finish_close(round, Ending::Read(read)).await,
        }
    }

    /// What a delivery is about was deleted.
    async fn gone(&mut self, delivery: &Delivery<Intent>, error: &str) -> Decision<bool> {
        let id = delivery.id;
        match &delivery.intent {
            // Without a thread, what was seen while it existed is what counts.
            Intent::ReadThread { round, reading } => {
                if deliveries::end(self.db, id, End::Dropped, Some(error)).await?
                    && *reading == Reading::Close
                    && let Some(round) = rounds::find(self.db, *round).await?
                {
                    self.finish_close(round, Ending::NoThread).await?;
                }
            }
            Intent::Result { .. } | Intent::Reference { .. } => {
                if let Some(moved) = self.moved_to_channel(delivery).await? {
                    return Ok(deliveries::change(self.db, id, &moved).await?);
                }
                self.give_up(delivery, GaveUp::Gone, error).await?;
            }
            Intent::Card { .. } | Intent::Thread { .. } => {
                self.give_up(delivery, GaveUp::Gone, error).await?;
            }
            // A card that was deleted need not be brought up to date, nor an answer be marked.
            _ => {
                tracing::info!(delivery = id, what = delivery.intent.name(), error, "dropped");
                if deliveries::end(self.db, id, End::Dropped, Some(error)).await? {
                    self.quiz_delivery_gone(delivery).await?;
                }
            }
        }
        Ok(false)
    }

    /// Discord went on saying that what a delivery is about is not there, though it is.
    async fn lost(&mut self, delivery: &Delivery<Intent>, error: &str) -> Decision<bool> {
        match &delivery.intent {
            Intent::ReadThread { round, reading: Reading::Close } => {
                let round = rounds::find(self.db, *round).await?;
                self.give_up(delivery, GaveUp::NotFound, error).await?;
                if let Some(round) = round {
                    self.finish_close(round, Ending::NoThread).await?;
                }
            }
            Intent::Result { .. } => {
                if let Some(moved) = self.moved_to_channel(delivery).await? {
                    let channel = moved.1;
                    let what = format!("moved:{}", delivery.id);
                    self.notify(delivery.guild, channel, &what, Notice::Moved { channel }).await?;
                    return Ok(deliveries::change(self.db, delivery.id, &moved.0).await?);
                }
                self.give_up(delivery, GaveUp::NotFound, error).await?;
            }
            Intent::Reference { .. } => {
                if let Some((moved, _)) = self.moved_to_channel(delivery).await? {
                    return Ok(deliveries::change(self.db, delivery.id, &moved).await?);
                }
                self.give_up(delivery, GaveUp::NotFound, error).await?;
            }
            _ if self.quiz_delivery_failed(delivery, error).await? => {}
            _ => self.give_up(delivery, GaveUp::NotFound, error).await?,
        }
        Ok(false)
    }

    /// Discord does not accept what was to be said.
    async fn rejected(&mut self, delivery: &Delivery<Intent>, error: &str) -> Decision<bool> {
        match delivery.intent {
            Intent::Result { round, place, plain: false } => {
                tracing::warn!(%round, error, "Discord rejects a result; saying it without quotes");
                let plain = Intent::Result { round, place, plain: true };
                return Ok(deliveries::change(self.db, delivery.id, &plain).await?);
            }
            Intent::Result { .. }
            | Intent::Reference { .. }
            | Intent::EditCard { .. }
            | Intent::EditResult { .. } => {
                self.give_up(delivery, GaveUp::Rejected, error).await?;
            }
            _ => self.refused(delivery, Trouble::Refused, error).await?,
        }
        Ok(false)
    }

    /// A result or reference answer whose thread is out of reach, as it is said in the study channel;
    /// `None` if it was to be said there already.
    async fn moved_to_channel(
        &mut self,
        delivery: &Delivery<Intent>,
    ) -> Decision<Option<(Intent, ChannelId)>> {
        let (id, place) = match delivery.intent {
            Intent::Result { round, place, .. } | Intent::Reference { round, place } => {
                (round, place)
            }
            _ => return Ok(None),
        };
        let Some(mut round) = rounds::find(self.db, id).await? else { return Ok(None) };
        let channel = round.channel;
        if place == channel {
            return Ok(None);
        }
        let moved = match delivery.intent {
            Intent::Result { plain, .. } => Intent::Result { round: id, place: channel, plain },
            _ => Intent::Reference { round: id, place: channel },
        };
        if round.thread.take().is_some() {
            // The card must not send members where the result is not.
            rounds::update(self.db, &round).await?;
            self.owe_for(&round, "edit:moved", Intent::EditCard { round: id }, None).await?;
        }
        Ok(Some((moved, channel)))
    }

    /// Drops a delivery that should have been made. Says so in the log and in `/study status`; and to
    /// the admins, if members miss it.
    async fn give_up(
        &mut self,
        delivery: &Delivery<Intent>,
        why: GaveUp,
        error: &str,
    ) -> Decision<()> {
        let what = delivery.intent.name();
        tracing::warn!(delivery = delivery.id, what, error, "a delivery is given up");
        if !deliveries::give_up(self.db, delivery.id, error).await? {
            return Ok(());
        }
        if let Intent::Result { round, .. } = delivery.intent
            && let Some(round) = rounds::find(self.db, round).await?
        {
            // The card says that there is none.
            let edit = Intent::EditCard { round: round.id };
            self.owe_for(&round, "edit:unannounced", edit, None).await?;
        }
        if let Some(id) = delivery.channel
            && delivery.intent.is_missed()
        {
            let in_its_channel = matches!(delivery.intent,
                Intent::Result { place, .. } | Intent::Reference { place, .. } if place == id);
            if why == GaveUp::Gone && in_its_channel {
                self.trouble(delivery, Trouble::ChannelGone).await?;
            } else {
                let doing = delivery.intent.doing().to_owned();
                let notice = Notice::GivenUp { channel: id, doing, why };
                let what = format!("given-up:{}", delivery.id);
                self.notify(delivery.guild, id, &what, notice).await?;
            }
        }
        Ok(())
    }

    /// A card was not taken in time: the round is recorded as skipped, its question goes back.
    async fn expired(&mut self, delivery: &Delivery<Intent>) -> Decision<()> {
        self.quiz_delivery_gone(delivery).await?;
        let Intent::Card { round } = delivery.intent else { return Ok(()) };
        let Some(mut round) = rounds::find(self.db, round).await? else { return Ok(()) };
        let Some(state) = round.state.after(Event::CardExpired) else { return Ok(()) };
        round.state = state;
        round.skip_reason = Some(SkipReason::NotAccepted);
        rounds::update(self.db, &round).await?;
        self.replan = true;
        let date = match round.origin {
            Origin::Date(date) => Some(date),
            Origin::Interaction(_) => None,
        };
        let notice = Notice::NotAccepted { channel: round.channel, date };
        let what = format!("not-accepted:{}", round.id);
        self.notify(round.guild, round.channel, &what, notice).await
    }

    /// What members wait for has not come for minutes.
    pub(super) async fn overdue(&mut self, id: i64) -> Decision<Reply> {
        if deliveries::note_overdue(self.db, id).await?
            && let Some(delivery) = deliveries::find::<Intent>(self.db, id).await?
        {
            self.trouble(&delivery, Trouble::NoAnswer).await?;
        }
        Ok(Reply::Noted)
    }

    /// Something is wrong in a study channel: marks it, and tells the admins once. A refusal takes the
    /// place of a missing answer, since somebody can do something about it.
    async fn trouble(&mut self, delivery: &Delivery<Intent>, trouble: Trouble) -> Decision<()> {
        let Some(id) = delivery.channel else {
            return self.weekly_trouble(delivery, trouble).await;
        };
        let Some(mut channel) = channels::find(self.db, id).await? else { return Ok(()) };
        let present = channel.trouble.as_ref().map(|(word, _)| Trouble::from_word(word));
        let is_worse = present == Some(Some(Trouble::NoAnswer)) && trouble != Trouble::NoAnswer;
        if present.is_some() && !is_worse {
            return Ok(());
        }
        channel.trouble = Some((trouble.word().to_owned(), self.now));
        channels::save(self.db, &channel, self.now).await?;
        if self.was_foreseen(id, trouble).await? {
            return Ok(());
        }
        let doing = delivery.intent.doing().to_owned();
        let notice = Notice::InTrouble { channel: id, trouble, doing };
        let what = format!("trouble:{}", self.turn().await?);
        self.notify(channel.guild, id, &what, notice).await
    }

    /// A delivery has ended: if it was the last one in trouble, the trouble is over.
    async fn recovered(&mut self, delivery: &Delivery<Intent>) -> Decision<()> {
        let Some(id) = delivery.channel else { return Ok(()) };
        if let Intent::Notice { .. } = delivery.intent {
            return Ok(());
        }
        let Some(mut channel) = channels::find(self.db, id).await? else { return Ok(()) };
        let Some((word, _)) = &channel.trouble else { return Ok(()) };
        // Nobody waits for a check mark: while those alone get no answer, all else is well.
        let courtesies = Trouble::from_word(word) != Some(Trouble::NoAnswer);
        if deliveries::stuck(self.db, id, courtesies).await? {
            return Ok(());
        }
        channel.trouble = None;
        channels::save(self.db, &channel, self.now).await?;
        // Whatever the daily look had told of is over with it, or is told again.
        checkups::forget_all(self.db, id).await?;
        let what = format!("recovered:{}", self.turn().await?);
        let notice = Notice::Recovered { channel: id };
        self.notify(channel.guild, id, &what, notice).await
    }
}
