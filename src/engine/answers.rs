//! Answers and ballots while a round is open.

use super::courier::ThreadReading;
use super::desk::{Decision, Desk};
use super::input::{Asker, Reply};
use super::intent::Intent;
use crate::domain::answer::{self, Part, Reread, ThreadMessage, Verdict, Wish};
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId};
use crate::domain::member::Facts;
use crate::domain::refusal::Refusal;
use crate::domain::round::State;
use crate::store::answers::Kept;
use crate::store::rounds::Round;
use crate::store::{answers, ballots, deliveries, members, rounds};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};

impl Desk<'_> {
    /// A message was written or edited.
    pub(super) async fn message(
        &mut self,
        guild: GuildId,
        thread: ChannelId,
        message: &ThreadMessage,
        facts: &Facts,
    ) -> Decision<Reply> {
        let Some(round) = rounds::by_thread(self.db, thread).await? else {
            return Ok(Reply::Noted);
        };
        if !takes_answers(&round) || message.bot {
            return Ok(Reply::Noted);
        }
        let name = &message.author_name;
        members::seen(self.db, guild, message.author, name, facts, self.now).await?;
        let stored = answers::message(self.db, message.id).await?;
        let closes_ms = round.closes_at.timestamp_millis();
        let edited_late = message.edited_ms.is_some_and(|at| at >= closes_ms);
        let edited_at = message.edited_ms.and_then(DateTime::from_timestamp_millis);
        let is_older = stored.as_ref().is_some_and(|kept| edited_at < kept.edited_at);
        if is_older || (edited_late && stored.is_some()) {
            return Ok(Reply::Noted);
        }
        let wish = stored.as_ref().and_then(|kept| kept.wish);
        let counted = stored.as_ref().is_some_and(|kept| kept.counts);
        let bot = self.shared.settings.bot;
        let counts = answer::judge(message, bot, wish, counted, closes_ms) == Verdict::Counts;
        self.keep(&round, message, stored, counts, wish).await?;
        Ok(Reply::Noted)
    }

    /// A message was deleted.
    pub(super) async fn message_gone(&mut self, message: MessageId) -> Decision<Reply> {
        self.quiz_card_gone(message).await?;
        let Some(kept) = answers::message(self.db, message).await? else {
            return Ok(Reply::Noted);
        };
        let Some(round) = rounds::find(self.db, kept.round).await? else {
            return Ok(Reply::Noted);
        };
        // What is deleted after the closing instant was there when it counted.
        if round.state == State::Open && self.shared.due_by(self.now) < round.closes_at {
            self.drop_message(&round, &kept).await?;
        }
        Ok(Reply::Noted)
    }

    /// *Not my answer*: takes an own message out, or back in.
    pub(super) async fn not_my_answer(
        &mut self,
        asker: &Asker,
        message: &ThreadMessage,
    ) -> Decision<Reply> {
        let round = self.open_round_of_thread(asker).await?;
        if message.author != asker.member {
            return Err(Refusal::NotYourMessage.into());
        }
        let stored = answers::message(self.db, message.id).await?;
        let counted = stored.as_ref().is_some_and(|kept| kept.counts);
        let wish = if counted { Wish::NotCounted } else { Wish::Counted };
        let closes_ms = round.closes_at.timestamp_millis();
        let verdict =
            answer::judge(message, self.shared.settings.bot, Some(wish), counted, closes_ms);
        let counts = verdict == Verdict::Counts;
        if !counted && !counts {
            return Err(Refusal::CannotCount.into());
        }
        self.keep(&round, message, stored, counts, Some(wish)).await?;
        Ok(Reply::Answer { counts })
    }

    /// A choice on a ballot.
    pub(super) async fn vote(
        &mut self,
        asker: &Asker,
        card: &str,
        author: MemberId,
    ) -> Decision<Reply> {
        let round = self.open_round_of_card(asker, card).await?;
        self.cast(asker, &round, card.to_owned(), author).await
    }

    /// *Vote for this answer* in a message's menu.
    pub(super) async fn vote_for_message(
        &mut self,
        asker: &Asker,
        message: &ThreadMessage,
    ) -> Decision<Reply> {
        let round = self.open_round_of_thread(asker).await?;
        let counts = answers::message(self.db, message.id).await?.is_some_and(|kept| kept.counts);
        if !counts {
            return Err(Refusal::NotAnAnswer.into());
        }
        let cause = format!("round:{}:card", round.id);
        let card = deliveries::by_cause::<Intent>(self.db, &cause)
            .await?
            .map(|delivery| delivery.key)
            .ok_or(Refusal::RoundGone)?;
        self.cast(asker, &round, card, message.author).await
    }

    async fn cast(
        &mut self,
        asker: &Asker,
        round: &Round,
        card: String,
        author: MemberId,
    ) -> Decision<Reply> {
        if author == asker.member {
            return Err(Refusal::OwnAnswer.into());
        }
        let answer = answers::find(self.db, round.id, author).await?.ok_or(Refusal::AnswerGone)?;
        let at = clicked_at(asker, self.now);
        ballots::cast(self.db, round.id, asker.member, author, answer.revision, at).await?;
        Ok(Reply::Voted { round: round.id, card, author })
    }

    /// *Withdraw* on a ballot.
    pub(super) async fn withdraw(&mut self, asker: &Asker, card: &str) -> Decision<Reply> {
        let round = self.open_round_of_card(asker, card).await?;
        if !ballots::withdraw(self.db, round.id, asker.member).await? {
            return Err(Refusal::NoBallot.into());
        }
        Ok(Reply::Withdrawn { round: round.id, card: card.to_owned() })
    }

    async fn open_round_of_card(&mut self, asker: &Asker, card: &str) -> Decision<Round> {
        let round = match deliveries::by_key::<Intent>(self.db, card).await? {
            Some(delivery) if delivery.guild == asker.guild => match delivery.intent {
                Intent::Card { round } => rounds::find(self.db, round).await?,
                _ => None,
            },
            _ => None,
        };
        self.still_open(asker, round.ok_or(Refusal::RoundGone)?)
    }

    async fn open_round_of_thread(&mut self, asker: &Asker) -> Decision<Round> {
        let round = rounds::by_thread(self.db, asker.channel).await?;
        let round = round.filter(|round| round.guild == asker.guild);
        self.still_open(asker, round.ok_or(Refusal::NotInRound)?)
    }

    /// A click counts if it was made before the closing instant, even where it is taken up a
    /// moment later.
    fn still_open(&self, asker: &Asker, round: Round) -> Decision<Round> {
        if takes_answers(&round) && clicked_at(asker, self.now) < round.closes_at {
            Ok(round)
        } else {
            Err(Refusal::RoundClosed.into())
        }
    }

    /// Compares what is stored with what was read of the thread, and applies what changed. Gives the
    /// members whose answer could only be read as it was edited after the close.
    pub(super) async fn read_back(
        &mut self,
        round: &Round,
        read: &ThreadReading,
    ) -> Decision<Vec<MemberId>> {
        let thread = &read.messages;
        let kept = answers::messages(self.db, round.id).await?;
        let kept_by_id: HashMap<MessageId, &Kept> = kept.iter().map(|k| (k.message, k)).collect();
        let wishes: HashMap<MessageId, Wish> =
            kept.iter().filter_map(|k| Some((k.message, k.wish?))).collect();
        let stored: Vec<Part> = kept
            .iter()
            .filter(|k| k.counts)
            .map(|k| Part {
                message: k.message,
                content: k.content.clone(),
                attachments: k.attachments.clone(),
            })
            .collect();
        let closes_ms = round.closes_at.timestamp_millis();
        let wish = |id: MessageId| wishes.get(&id).copied();
        let bot = self.shared.settings.bot;
        let Reread { put, gone } =
            answer::reread(&stored, thread, &read.deleted, bot, wish, closes_ms);
        let by_id: HashMap<MessageId, &ThreadMessage> =
            thread.iter().map(|message| (message.id, message)).collect();
        let mut late = BTreeSet::new();
        for found in put {
            let Some(message) = by_id.get(&found.part.message) else { continue };
            let before = kept_by_id.get(&message.id).copied().cloned();
            // An event may have brought a newer text than the reading saw.
            let seen = message.edited_ms.and_then(DateTime::from_timestamp_millis);
            if before.as_ref().is_some_and(|k| k.counts && k.edited_at > seen) {
                continue;
            }
            if found.edited_late {
                late.insert(found.author);
            }
            let (guild, name) = (round.guild, &found.author_name);
            // A channel's history does not tell its authors' roles.
            let facts = Facts::default();
            members::seen(self.db, guild, found.author, name, &facts, self.now).await?;
            let wish = wish(message.id);
            self.keep(round, message, before, true, wish).await?;
        }
        for id in gone {
            let Some(before) = kept_by_id.get(&id).copied() else { continue };
            match by_id.get(&id) {
                Some(message) => {
                    let wish = before.wish;
                    self.keep(round, message, Some(before.clone()), false, wish).await?;
                }
                None => self.drop_message(round, before).await?,
            }
        }
        Ok(late.into_iter().collect())
    }

    /// Stores what a message is now, and what follows for its author's answer.
    async fn keep(
        &mut self,
        round: &Round,
        message: &ThreadMessage,
        before: Option<Kept>,
        counts: bool,
        wish: Option<Wish>,
    ) -> Decision<()> {
        let counted = before.as_ref().is_some_and(|kept| kept.counts);
        if !counts && !counted && wish.is_none() {
            return Ok(());
        }
        let now = Kept {
            message: message.id,
            round: round.id,
            member: message.author,
            counts,
            content: if counts { message.content.clone() } else { String::new() },
            attachments: if counts { message.attachments.clone() } else { Vec::new() },
            edited_at: message.edited_ms.and_then(DateTime::from_timestamp_millis),
            wish,
        };
        if counts || wish.is_some() {
            answers::keep(self.db, &now).await?;
        } else {
            answers::forget(self.db, message.id).await?;
        }
        let reads_alike = before
            .as_ref()
            .is_some_and(|before| before.counts == counts && part(before).reads_like(&part(&now)));
        if !reads_alike {
            self.refresh(round, message.author, &[]).await?;
        }
        Ok(())
    }

    async fn drop_message(&mut self, round: &Round, kept: &Kept) -> Decision<()> {
        answers::forget(self.db, kept.message).await?;
        if kept.counts {
            self.refresh(round, kept.member, &[kept.message]).await?;
        }
        Ok(())
    }

    /// Works out a member's answer anew from its messages: its head, its check mark, its ballots.
    /// `deleted` are messages that are not there any more and bear no mark to take off.
    async fn refresh(
        &mut self,
        round: &Round,
        member: MemberId,
        deleted: &[MessageId],
    ) -> Decision<()> {
        let before = answers::find(self.db, round.id, member).await?;
        let first = before.as_ref().map(|answer| answer.first_message);
        let now = answers::first_counted(self.db, round.id, member).await?;
        match now {
            Some(message) => {
                answers::touch(self.db, round.id, member, message).await?;
                // A message may be heard of only after an older one was deleted.
                if let Some(written) = DateTime::from_timestamp_millis(message.created_ms()) {
                    ballots::revive(self.db, round.id, member, written).await?;
                }
            }
            None => {
                answers::remove(self.db, round.id, member).await?;
                ballots::void(self.db, round.id, member, self.now).await?;
            }
        }
        let Some(thread) = round.thread.filter(|_| first != now) else { return Ok(()) };
        let turn = self.turn().await?;
        if let Some(message) = first.filter(|old| !deleted.contains(old)) {
            let intent = Intent::Unmark { thread, message };
            self.owe_for(round, &format!("unmark:{message}:{turn}"), intent, None).await?;
        }
        if let Some(message) = now {
            let intent = Intent::Mark { thread, message };
            self.owe_for(round, &format!("mark:{message}:{turn}"), intent, None).await?;
        }
        Ok(())
    }
}

fn part(kept: &Kept) -> Part {
    Part {
        message: kept.message,
        content: kept.content.clone(),
        attachments: kept.attachments.clone(),
    }
}

/// Also while closing: what was written before the closing instant may arrive after it.
fn takes_answers(round: &Round) -> bool {
    matches!(round.state, State::Open | State::Closing)
}

/// When a click was made, by its snowflake. Never later than now: a snowflake from the future
/// would be a clock's fault, not the member's.
fn clicked_at(asker: &Asker, now: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(asker.interaction.created_ms()).map_or(now, |at| at.min(now))
}
