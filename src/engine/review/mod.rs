//! What members come back to: cards are made, reset and graded, and once a day those who want it
//! are reminded.

use super::Shared;
use super::desk::{Decision, Desk, Owed};
use super::input::{Asker, Reply};
use super::intent::Intent;
use super::secrets;
use crate::domain::ids::{GuildId, MemberId};
use crate::domain::question::Question;
use crate::domain::refusal::Refusal;
use crate::domain::review::{self, Grade, Learning, Why};
use crate::domain::schedule::{local_date, local_instant};
use crate::store::reviews::{self, Card, Wishes};
use crate::store::rounds::Round;
use crate::store::{self, Connection, deliveries, guilds};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::sync::Arc;

/// When reminders are due, by the clocks of the guild's zone.
const REMINDER_HOUR: u32 = 18;
/// How late a reminder may come. After that the day is over for most.
const REMINDER_LATENESS: TimeDelta = TimeDelta::hours(2);
/// The step of study time.
const ONE_MS: TimeDelta = TimeDelta::milliseconds(1);

/// What of a member's cards can be shown now.
pub(super) struct Pile {
    /// Due cards with their questions, those due longest first.
    pub(super) due: Vec<(Card, Arc<Question>)>,
    /// Due cards whose question is a secret for now.
    pub(super) held_back: usize,
    /// When the first of the others comes back.
    pub(super) next: Option<DateTime<Utc>>,
    /// All cards whose question is still in a pack.
    pub(super) total: usize,
}

/// A member's cards, sorted by what can be done with them. A question that no pack has any more
/// is passed over; it is back when the pack is.
pub(super) async fn pile(
    db: &mut Connection,
    shared: &Shared,
    guild: GuildId,
    member: MemberId,
    now: DateTime<Utc>,
) -> store::Result<Pile> {
    let mut pile = Pile { due: Vec::new(), held_back: 0, next: None, total: 0 };
    let cards = reviews::of_member(db, guild, member).await?;
    if cards.is_empty() {
        return Ok(pile);
    }
    let open = secrets::open_questions(db, guild).await?;
    let bank = shared.bank();
    for card in cards {
        let Some(question) = bank.get(&card.question) else { continue };
        pile.total += 1;
        if card.due_at > now {
            pile.next = Some(pile.next.map_or(card.due_at, |next| next.min(card.due_at)));
        } else if open.contains(&card.question) {
            pile.held_back += 1;
        } else {
            pile.due.push((card, Arc::clone(question)));
        }
    }
    Ok(pile)
}

/// A member's card by the key of a button: it must be the member's own, and as often graded as the
/// button says.
pub(super) async fn card_of_key(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    key: &str,
    reviews: u32,
) -> Result<Result<Card, Refusal>, store::Error> {
    let Some(card) = reviews::by_key(db, key).await?.filter(|card| card.guild == guild) else {
        return Ok(Err(Refusal::RoundGone));
    };
    Ok(if card.member != member {
        Err(Refusal::NotYourReview)
    } else if card.reviews != reviews {
        Err(Refusal::ReviewOutdated)
    } else {
        Ok(card)
    })
}

/// When a guild's reminders of a date are due; `None` where its zone left that date out.
fn reminder_at(zone: Tz, date: chrono::NaiveDate) -> Option<DateTime<Utc>> {
    local_instant(zone, date, NaiveTime::from_hms_opt(REMINDER_HOUR, 0, 0)?)
}

impl Desk<'_> {
    /// A member answered a quiz question wrongly, or too late: it is to be learnt (again), from now
    /// on.
    pub(super) async fn missed(
        &mut self,
        guild: GuildId,
        member: MemberId,
        question: &Question,
        at: DateTime<Utc>,
    ) -> Decision<()> {
        let Some(of) = guilds::find(self.db, guild).await? else { return Ok(()) };
        let new = self.new_card(guild, member, question, Why::Quiz, at);
        if reviews::add(self.db, &new).await? {
            return Ok(());
        }
        let Some(before) = reviews::find(self.db, guild, member, &question.id).await? else {
            return Ok(());
        };
        let card = Card {
            title: question.title.clone(),
            source: Why::Quiz,
            learning: review::missed(&before.learning, at, of.zone),
            due_at: before.due_at.min(at),
            reviews: before.reviews + 1,
            lapses: before.lapses + 1,
            ..before
        };
        reviews::update(self.db, &card).await?;
        Ok(())
    }

    /// A round has closed: its question becomes a card of those who want that.
    pub(super) async fn round_to_review(&mut self, round: &Round) -> Decision<()> {
        let Some(question) = &round.question else { return Ok(()) };
        for member in reviews::want_rounds(self.db, round.guild).await? {
            let card = self.new_card(round.guild, member, question, Why::Round, self.now);
            reviews::add(self.db, &card).await?;
        }
        Ok(())
    }

    fn new_card(
        &self,
        guild: GuildId,
        member: MemberId,
        question: &Question,
        source: Why,
        at: DateTime<Utc>,
    ) -> Card {
        let purpose = format!("review:{guild}:{member}:{}", question.id);
        Card {
            guild,
            member,
            question: question.id.clone(),
            key: self.shared.chance.key(&purpose),
            title: question.title.clone(),
            source,
            learning: Learning { last_at: None, ..Learning::default() },
            due_at: at,
            added_at: at,
            reviews: 0,
            lapses: 0,
        }
    }

    /// *Again*, *Hard*, *Good* or *Easy*.
    pub(super) async fn grade(
        &mut self,
        asker: &Asker,
        key: &str,
        reviews: u32,
        grade: Grade,
    ) -> Decision<Reply> {
        let (guild, member) = (asker.guild, asker.member);
        let of = guilds::find(self.db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let before = card_of_key(self.db, guild, member, key, reviews).await??;
        if before.due_at > self.now {
            return Err(Refusal::ReviewOutdated.into());
        }
        let next = review::graded(&before.learning, grade, self.now, of.zone);
        let known = before.learning.memory.is_some();
        let card = Card {
            learning: next.learning,
            due_at: next.due_at,
            reviews: before.reviews + 1,
            lapses: before.lapses + u32::from(known && grade == Grade::Again),
            ..before
        };
        reviews::update(self.db, &card).await?;
        Ok(Reply::Graded { grade, days: next.learning.days })
    }

    /// `/review` with options.
    pub(super) async fn review_wishes(
        &mut self,
        asker: &Asker,
        remind: Option<bool>,
        rounds: Option<bool>,
    ) -> Decision<Reply> {
        let (guild, member) = (asker.guild, asker.member);
        guilds::find(self.db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let mut wishes = reviews::wishes(self.db, guild, member).await?;
        if let Some(remind) = remind {
            wishes.remind_since =
                if remind { wishes.remind_since.or(Some(self.now)) } else { None };
            wishes.refused_at = None;
        }
        wishes.rounds = rounds.unwrap_or(wishes.rounds);
        reviews::wish(self.db, guild, member, &wishes).await?;
        self.replan = true;
        Ok(Reply::ReviewWishes { remind, rounds })
    }

    /// *Stop reminding me* on a reminder; works in a direct message.
    pub(super) async fn stop_reminder(&mut self, key: &str, by: MemberId) -> Decision<Reply> {
        let delivery = deliveries::by_key::<Intent>(self.db, key).await?;
        let Some(Intent::ReviewReminder { guild, member, .. }) = delivery.map(|d| d.intent) else {
            return Err(Refusal::RoundGone.into());
        };
        if member != by {
            return Err(Refusal::NotYourReview.into());
        }
        let mut wishes = reviews::wishes(self.db, guild, member).await?;
        wishes.remind_since = None;
        reviews::wish(self.db, guild, member, &wishes).await?;
        self.replan = true;
        Ok(Reply::ReviewWishes { remind: Some(false), rounds: None })
    }

    /// Discord does not take the reminder: the member takes no direct messages. Silence, and a
    /// note for the next `/review`.
    pub(super) async fn reminder_refused(
        &mut self,
        guild: GuildId,
        member: MemberId,
    ) -> Decision<()> {
        let wishes = reviews::wishes(self.db, guild, member).await?;
        if wishes.remind_since.is_none() {
            return Ok(());
        }
        let wishes = Wishes { remind_since: None, refused_at: Some(self.now), ..wishes };
        reviews::wish(self.db, guild, member, &wishes).await?;
        self.replan = true;
        Ok(())
    }

    /// Owes the reminders that have become due. Each date has its turn once, whatever came of it.
    pub(super) async fn remind(&mut self) -> Decision<()> {
        for (guild, last) in reviews::reminder_guilds(self.db).await? {
            let Some(of) = guilds::find(self.db, guild).await? else { continue };
            let today = local_date(of.zone, self.now);
            let Some(at) = reminder_at(of.zone, today) else { continue };
            if self.now < at || last.is_some_and(|last| last >= today) {
                continue;
            }
            reviews::reminded(self.db, guild, today).await?;
            if self.now > at + REMINDER_LATENESS {
                continue;
            }
            for member in reviews::want_reminders(self.db, guild, at).await? {
                let pile = pile(self.db, self.shared, guild, member, self.now).await?;
                if pile.due.is_empty() {
                    continue;
                }
                let cause = format!("review:remind:{guild}:{member}:{today}");
                let owed = Owed {
                    cause: &cause,
                    intent: Intent::ReviewReminder { guild, member, date: today },
                    after: None,
                    expires_at: Some(at + REMINDER_LATENESS + ONE_MS),
                };
                self.owe(guild, None, None, owed).await?;
            }
        }
        Ok(())
    }

    /// When the next reminders are due; in the past where today's were not seen to yet.
    pub(super) async fn next_reminder(&mut self) -> store::Result<Option<DateTime<Utc>>> {
        let mut next = None;
        for (guild, last) in reviews::reminder_guilds(self.db).await? {
            let Some(of) = guilds::find(self.db, guild).await? else { continue };
            let today = local_date(of.zone, self.now);
            let at = (0..=2)
                .filter_map(|days| today.checked_add_days(Days::new(days)))
                .filter(|date| last.is_none_or(|last| last < *date))
                .find_map(|date| reminder_at(of.zone, date));
            next = [next, at].into_iter().flatten().min();
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests;
