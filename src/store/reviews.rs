//! What members come back to: their cards, what they wished for, whose reminders were seen to.

use super::types::{get, get_opt, ms};
use super::{Connection, Result};
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::review::{Learning, Memory, Why};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::sqlite::SqliteRow;

/// One question that one member is learning.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The guild.
    pub guild: GuildId,
    /// Whose card it is.
    pub member: MemberId,
    /// The question.
    pub question: QuestionId,
    /// What the buttons of a review bear.
    pub key: String,
    /// The question's title as last seen.
    pub title: String,
    /// Where the card came from.
    pub source: Why,
    /// How far the member is.
    pub learning: Learning,
    /// When it comes back.
    pub due_at: DateTime<Utc>,
    /// When it was made.
    pub added_at: DateTime<Utc>,
    /// Rises with every grade and every miss.
    pub reviews: u32,
    /// How often it was forgotten.
    pub lapses: u32,
}

/// What a member set with `/review`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Since when the daily reminder is on; `None`: it is off.
    pub remind_since: Option<DateTime<Utc>>,
    /// Whether questions of closed rounds become cards.
    pub rounds: bool,
    /// When Discord refused the reminder, if the member has not decided anew since.
    pub refused_at: Option<DateTime<Utc>>,
}

fn card(row: &SqliteRow) -> Result<Card> {
    let stability: Option<f32> = get_opt(row, "stability")?;
    let difficulty: Option<f32> = get_opt(row, "difficulty")?;
    let memory = stability.zip(difficulty);
    Ok(Card {
        guild: get(row, "guild_id")?,
        member: get(row, "member_id")?,
        question: get(row, "question_id")?,
        key: get(row, "key")?,
        title: get(row, "title")?,
        source: get(row, "source")?,
        learning: Learning {
            memory: memory.map(|(stability, difficulty)| Memory { stability, difficulty }),
            days: get(row, "interval_days")?,
            last_at: get_opt(row, "last_at")?,
        },
        due_at: get(row, "due_at")?,
        added_at: get(row, "added_at")?,
        reviews: get(row, "reviews")?,
        lapses: get(row, "lapses")?,
    })
}

/// Makes a card; `false` if the member has one of that question already, which stays as it is.
pub async fn add(db: &mut Connection, card: &Card) -> Result<bool> {
    let memory = card.learning.memory;
    let done = sqlx::query(
        "INSERT INTO review_cards (guild_id, member_id, question_id, key, title, source, stability,
             difficulty, interval_days, due_at, added_at, last_at, reviews, lapses)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (guild_id, member_id, question_id) DO NOTHING",
    )
    .bind(card.guild.to_db())
    .bind(card.member.to_db())
    .bind(&card.question.0)
    .bind(&card.key)
    .bind(&card.title)
    .bind(card.source.word())
    .bind(memory.map(|memory| f64::from(memory.stability)))
    .bind(memory.map(|memory| f64::from(memory.difficulty)))
    .bind(i64::from(card.learning.days))
    .bind(ms(card.due_at))
    .bind(ms(card.added_at))
    .bind(card.learning.last_at.map(ms))
    .bind(i64::from(card.reviews))
    .bind(i64::from(card.lapses))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what changes in a card's life.
pub async fn update(db: &mut Connection, card: &Card) -> Result<()> {
    let memory = card.learning.memory;
    sqlx::query(
        "UPDATE review_cards SET title = $2, source = $3, stability = $4, difficulty = $5,
             interval_days = $6, due_at = $7, last_at = $8, reviews = $9, lapses = $10
         WHERE key = $1",
    )
    .bind(&card.key)
    .bind(&card.title)
    .bind(card.source.word())
    .bind(memory.map(|memory| f64::from(memory.stability)))
    .bind(memory.map(|memory| f64::from(memory.difficulty)))
    .bind(i64::from(card.learning.days))
    .bind(ms(card.due_at))
    .bind(card.learning.last_at.map(ms))
    .bind(i64::from(card.reviews))
    .bind(i64::from(card.lapses))
    .execute(db)
    .await?;
    Ok(())
}

/// A member's card of a question.
pub async fn find(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    question: &QuestionId,
) -> Result<Option<Card>> {
    sqlx::query(
        "SELECT * FROM review_cards WHERE guild_id = $1 AND member_id = $2 AND question_id = $3",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(&question.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(card)
    .transpose()
}

/// The card of that key: what a button's custom id leads to.
pub async fn by_key(db: &mut Connection, key: &str) -> Result<Option<Card>> {
    sqlx::query("SELECT * FROM review_cards WHERE key = $1")
        .bind(key)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(card)
        .transpose()
}

/// All cards of a member, those due longest first. At most as many as there are questions.
pub async fn of_member(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<Vec<Card>> {
    sqlx::query(
        "SELECT * FROM review_cards WHERE guild_id = $1 AND member_id = $2
         ORDER BY due_at, question_id",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(card)
    .collect()
}

/// What a member set; nothing is on before that.
pub async fn wishes(db: &mut Connection, guild: GuildId, member: MemberId) -> Result<Wishes> {
    let row = sqlx::query("SELECT * FROM review_wishes WHERE guild_id = $1 AND member_id = $2")
        .bind(guild.to_db())
        .bind(member.to_db())
        .fetch_optional(db)
        .await?;
    let Some(row) = &row else { return Ok(Wishes::default()) };
    Ok(Wishes {
        remind_since: get_opt(row, "remind_since")?,
        rounds: get(row, "rounds")?,
        refused_at: get_opt(row, "refused_at")?,
    })
}

/// Writes what a member set.
pub async fn wish(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    wishes: &Wishes,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO review_wishes (guild_id, member_id, remind_since, rounds, refused_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (guild_id, member_id) DO UPDATE SET remind_since = $3, rounds = $4,
             refused_at = $5",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(wishes.remind_since.map(ms))
    .bind(i64::from(wishes.rounds))
    .bind(wishes.refused_at.map(ms))
    .execute(db)
    .await?;
    Ok(())
}

/// The members, not known to have left, who want closed rounds among their reviews.
pub async fn want_rounds(db: &mut Connection, guild: GuildId) -> Result<Vec<MemberId>> {
    sqlx::query(
        "SELECT w.member_id FROM review_wishes w
         JOIN members m ON m.guild_id = w.guild_id AND m.member_id = w.member_id
         WHERE w.guild_id = $1 AND w.rounds = 1 AND m.present = 1 ORDER BY w.member_id",
    )
    .bind(guild.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "member_id"))
    .collect()
}

/// The members, not known to have left, whose daily reminder was on by `at`.
pub async fn want_reminders(
    db: &mut Connection,
    guild: GuildId,
    at: DateTime<Utc>,
) -> Result<Vec<MemberId>> {
    sqlx::query(
        "SELECT w.member_id FROM review_wishes w
         JOIN members m ON m.guild_id = w.guild_id AND m.member_id = w.member_id
         WHERE w.guild_id = $1 AND w.remind_since <= $2 AND m.present = 1 ORDER BY w.member_id",
    )
    .bind(guild.to_db())
    .bind(ms(at))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "member_id"))
    .collect()
}

/// The guilds where somebody wants reminders, each with the last date seen to.
pub async fn reminder_guilds(db: &mut Connection) -> Result<Vec<(GuildId, Option<NaiveDate>)>> {
    sqlx::query(
        "SELECT w.guild_id AS guild_id, MAX(r.last_date) AS last_date FROM review_wishes w
         LEFT JOIN review_reminders r ON r.guild_id = w.guild_id
         WHERE w.remind_since IS NOT NULL GROUP BY w.guild_id ORDER BY w.guild_id",
    )
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok((get(row, "guild_id")?, get_opt(row, "last_date")?)))
    .collect()
}

/// Notes that a date's reminders were seen to, sent or not.
pub async fn reminded(db: &mut Connection, guild: GuildId, date: NaiveDate) -> Result<()> {
    sqlx::query(
        "INSERT INTO review_reminders (guild_id, last_date) VALUES ($1, $2)
         ON CONFLICT (guild_id) DO UPDATE SET last_date = $2",
    )
    .bind(guild.to_db())
    .bind(date.to_string())
    .execute(db)
    .await?;
    Ok(())
}
