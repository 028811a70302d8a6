//! Reviews, as their member sees them. What is printed of these for debugging never holds an
//! answer.

use super::View;
use crate::domain::ids::{GuildId, MemberId};
use crate::domain::question::Question;
use crate::domain::refusal::Refusal;
use crate::domain::review::{self, Grade};
use crate::engine::Engine;
use crate::engine::review::{card_of_key, pile};
use crate::engine::secrets;
use crate::store::reviews::{self, Wishes};
use crate::store::{Connection, guilds};
use chrono::{DateTime, Utc};
use std::fmt;
use std::sync::Arc;

/// A card that is due.
#[derive(Clone)]
pub struct DueCard {
    /// For its buttons.
    pub key: String,
    /// How often it was graded or missed; buttons that say otherwise are outdated.
    pub reviews: u32,
    /// The question.
    pub question: Arc<Question>,
}

impl fmt::Debug for DueCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DueCard({}, {})", self.question.id, self.reviews)
    }
}

/// What `/review` shows.
#[derive(Debug, Clone)]
pub struct ReviewView {
    /// The card due longest.
    pub card: Option<DueCard>,
    /// How many are due, this one among them.
    pub due: usize,
    /// Due as well, but their questions are a secret for now.
    pub held_back: usize,
    /// When the next one of the others comes back.
    pub next: Option<DateTime<Utc>>,
    /// All cards of the member.
    pub total: usize,
    /// What the member set.
    pub wishes: Wishes,
}

/// What *Show answer* shows.
#[derive(Debug, Clone)]
pub struct AnswerView {
    /// The card.
    pub card: DueCard,
    /// What each grade comes to, in days.
    pub grades: [(Grade, u32); 4],
    /// How many are due, this one among them.
    pub due: usize,
}

/// What a reminder shows.
#[derive(Debug, Clone)]
pub struct ReminderView {
    /// The guild's name.
    pub guild: String,
    /// How many are due now.
    pub due: usize,
}

impl Engine {
    /// What a member has to review.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn review(&self, guild: GuildId, member: MemberId) -> View<ReviewView> {
        let mut db = self.shared.store.read().await?;
        guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let pile = pile(&mut db, &self.shared, guild, member, self.now()).await?;
        let due = pile.due.len();
        let card = pile.due.into_iter().next().map(|(card, question)| DueCard {
            key: card.key,
            reviews: card.reviews,
            question,
        });
        Ok(ReviewView {
            card,
            due,
            held_back: pile.held_back,
            next: pile.next,
            total: pile.total,
            wishes: reviews::wishes(&mut db, guild, member).await?,
        })
    }

    /// The answer of a member's card, with what each grade comes to.
    ///
    /// # Errors
    /// When the card is somebody else's, was graded since, is a secret for now or not in a pack any
    /// more, or the store broke.
    pub async fn review_answer(
        &self,
        guild: GuildId,
        member: MemberId,
        key: &str,
        reviews: u32,
    ) -> View<AnswerView> {
        let mut db = self.shared.store.read().await?;
        let of = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let card = card_of_key(&mut db, guild, member, key, reviews).await??;
        let question =
            self.shared.bank().get(&card.question).cloned().ok_or(Refusal::NoSuchQuestion)?;
        if secrets::open_questions(&mut db, guild).await?.contains(&question.id) {
            return Err(Refusal::QuestionOpen.into());
        }
        let now = self.now();
        let grades =
            review::next(&card.learning, now, of.zone).map(|next| (next.grade, next.learning.days));
        let due = pile(&mut db, &self.shared, guild, member, now).await?.due.len();
        let card = DueCard { key: card.key, reviews: card.reviews, question };
        Ok(AnswerView { card, grades, due })
    }

    /// What a reminder is to say.
    ///
    /// # Errors
    /// When the guild is not known, or the store broke.
    pub async fn reminder(&self, guild: GuildId, member: MemberId) -> View<ReminderView> {
        let mut db = self.shared.store.read().await?;
        let of = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let pile = pile(&mut db, &self.shared, guild, member, self.now()).await?;
        Ok(ReminderView { guild: of.name, due: pile.due.len() })
    }

    /// How many reviews are due for a member.
    pub(super) async fn reviews_due(
        &self,
        db: &mut Connection,
        guild: GuildId,
        member: MemberId,
    ) -> View<usize> {
        Ok(pile(db, &self.shared, guild, member, self.now()).await?.due.len())
    }
}
