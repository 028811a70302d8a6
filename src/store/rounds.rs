//! Rounds, from due to closed.

use super::types::{get, get_json_opt, get_opt, json, ms};
use super::{Connection, Result};
use crate::domain::draw::Reason;
use crate::domain::ids::{ChannelId, GuildId, InteractionId, MessageId, QuestionId, RoundId};
use crate::domain::outcome::Outcome;
use crate::domain::question::Question;
use crate::domain::round::{SkipReason, State};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What made a round: the schedule, for a date, or a member, by an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The scheduled round of this local date.
    Date(NaiveDate),
    /// An extra round that this interaction asked for.
    Interaction(InteractionId),
}

/// One round.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Its number.
    pub id: RoundId,
    /// The guild it is in.
    pub guild: GuildId,
    /// The study channel it is in.
    pub channel: ChannelId,
    /// What made it.
    pub origin: Origin,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
    /// Why it was skipped, if it was.
    pub skip_reason: Option<SkipReason>,
    /// The question as drawn; `None` only on a round skipped before a draw.
    pub question: Option<Arc<Question>>,
    /// Decides the draw and the order on ballots.
    pub seed: u64,
    /// Why this question was drawn.
    pub reason: Option<Reason>,
    /// The card.
    pub message: Option<MessageId>,
    /// The card's thread.
    pub thread: Option<ChannelId>,
    /// What was written earlier than this counts.
    pub closes_at: DateTime<Utc>,
    /// When Discord took the card.
    pub opened_at: Option<DateTime<Utc>>,
    /// When the result was decided.
    pub closed_at: Option<DateTime<Utc>>,
    /// The result.
    pub outcome: Option<Outcome>,
    /// When its points were reversed.
    pub voided_at: Option<DateTime<Utc>>,
}

fn round(row: &SqliteRow) -> Result<Round> {
    let date: Option<NaiveDate> = get_opt(row, "local_date")?;
    let origin = match date {
        Some(date) => Origin::Date(date),
        None => Origin::Interaction(get(row, "interaction_id")?),
    };
    Ok(Round {
        id: get(row, "round_id")?,
        guild: get(row, "guild_id")?,
        channel: get(row, "channel_id")?,
        origin,
        due_at: get(row, "due_at")?,
        state: get(row, "state")?,
        skip_reason: get_opt(row, "skip_reason")?,
        question: get_json_opt::<Question>(row, "question")?.map(Arc::new),
        // The seed's 64 bits lie in the column as they are.
        seed: get::<i64>(row, "seed")?.cast_unsigned(),
        reason: get_json_opt(row, "reason")?,
        message: get_opt(row, "message_id")?,
        thread: get_opt(row, "thread_id")?,
        closes_at: get(row, "closes_at")?,
        opened_at: get_opt(row, "opened_at")?,
        closed_at: get_opt(row, "closed_at")?,
        outcome: get_json_opt(row, "outcome")?,
        voided_at: get_opt(row, "voided_at")?,
    })
}

/// The number for the next round.
pub async fn next_id(db: &mut Connection) -> Result<RoundId> {
    let row = sqlx::query("SELECT COALESCE(MAX(round_id), 0) + 1 AS next FROM rounds")
        .fetch_one(db)
        .await?;
    get(&row, "next")
}

/// Writes a new round. `false`: one for this date or by this interaction is already there, and
/// nothing was written.
pub async fn insert(db: &mut Connection, round: &Round) -> Result<bool> {
    let (date, interaction) = match round.origin {
        Origin::Date(date) => (Some(date.to_string()), None),
        Origin::Interaction(id) => (None, Some(id.to_db())),
    };
    let done = sqlx::query(
        "INSERT INTO rounds (round_id, guild_id, channel_id, local_date, interaction_id, due_at,
             state, skip_reason, question_id, question, seed, reason, closes_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT DO NOTHING",
    )
    .bind(round.id.0)
    .bind(round.guild.to_db())
    .bind(round.channel.to_db())
    .bind(date)
    .bind(interaction)
    .bind(ms(round.due_at))
    .bind(round.state.word())
    .bind(round.skip_reason.map(SkipReason::word))
    .bind(round.question.as_ref().map(|q| q.id.0.as_str()))
    .bind(round.question.as_ref().map(json).transpose()?)
    .bind(round.seed.cast_signed())
    .bind(round.reason.as_ref().map(json).transpose()?)
    .bind(ms(round.closes_at))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what changes in a round's life; question, seed and origin never do.
pub async fn update(db: &mut Connection, round: &Round) -> Result<()> {
    sqlx::query(
        "UPDATE rounds SET state = $2, skip_reason = $3, message_id = $4, thread_id = $5,
             closes_at = $6, opened_at = $7, closed_at = $8, outcome = $9, voided_at = $10
         WHERE round_id = $1",
    )
    .bind(round.id.0)
    .bind(round.state.word())
    .bind(round.skip_reason.map(SkipReason::word))
    .bind(round.message.map(MessageId::to_db))
    .bind(round.thread.map(ChannelId::to_db))
    .bind(ms(round.closes_at))
    .bind(round.opened_at.map(ms))
    .bind(round.closed_at.map(ms))
    .bind(round.outcome.as_ref().map(json).transpose()?)
    .bind(round.voided_at.map(ms))
    .execute(db)
    .await?;
    Ok(())
}

/// The round of that number.
pub async fn find(db: &mut Connection, id: RoundId) -> Result<Option<Round>> {
    sqlx::query("SELECT * FROM rounds WHERE round_id = $1")
        .bind(id.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(round)
        .transpose()
}

/// The round whose thread this is. A thread started from a message has that message's number
/// (Discord documentation, resources/channel), so it is known as soon as the card is: what is
/// written in the moment before the thread itself is recorded is not missed.
pub async fn by_thread(db: &mut Connection, thread: ChannelId) -> Result<Option<Round>> {
    let row = sqlx::query("SELECT * FROM rounds WHERE message_id = $1")
        .bind(thread.to_db())
        .fetch_optional(db)
        .await?;
    let mut found = row.as_ref().map(round).transpose()?;
    if let Some(round) = &mut found {
        round.thread = Some(thread);
    }
    Ok(found)
}

/// Rounds that are due, open or closing; of one study channel or of all, oldest first.
pub async fn live(db: &mut Connection, channel: Option<ChannelId>) -> Result<Vec<Round>> {
    let rows =
        match channel {
            Some(channel) => {
                sqlx::query(
                    "SELECT * FROM rounds WHERE state IN ('due', 'open', 'closing')
                 AND channel_id = $1 ORDER BY round_id",
                )
                .bind(channel.to_db())
                .fetch_all(db)
                .await?
            }
            None => sqlx::query(
                "SELECT * FROM rounds WHERE state IN ('due', 'open', 'closing') ORDER BY round_id",
            )
            .fetch_all(db)
            .await?,
        };
    rows.iter().map(round).collect()
}

/// Open rounds whose closing instant has come, oldest first: of one study channel or of all, at most
/// `most` of them.
pub async fn to_close(
    db: &mut Connection,
    now: DateTime<Utc>,
    channel: Option<ChannelId>,
    most: usize,
) -> Result<Vec<Round>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let query = match channel {
        Some(channel) => sqlx::query(
            "SELECT * FROM rounds WHERE state = 'open' AND closes_at <= $1 AND channel_id = $2
             ORDER BY closes_at, round_id LIMIT $3",
        )
        .bind(ms(now))
        .bind(channel.to_db()),
        None => sqlx::query(
            "SELECT * FROM rounds WHERE state = 'open' AND closes_at <= $1
             ORDER BY closes_at, round_id LIMIT $2",
        )
        .bind(ms(now)),
    };
    query.bind(most).fetch_all(db).await?.iter().map(round).collect()
}

/// The earliest closing instant of an open round.
pub async fn next_close(db: &mut Connection) -> Result<Option<DateTime<Utc>>> {
    let row = sqlx::query("SELECT MIN(closes_at) AS at FROM rounds WHERE state = 'open'")
        .fetch_one(db)
        .await?;
    get_opt(&row, "at")
}

/// The question ids that are open in a guild, and so secret there.
pub async fn open_questions(db: &mut Connection, guild: GuildId) -> Result<BTreeSet<QuestionId>> {
    sqlx::query(
        "SELECT question_id FROM rounds
         WHERE state IN ('due', 'open', 'closing') AND guild_id = $1",
    )
    .bind(guild.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "question_id"))
    .collect()
}

/// When each question was last asked in a study channel. A question that was never shown there,
/// because its round was skipped, is not among them.
pub async fn last_asked(
    db: &mut Connection,
    channel: ChannelId,
) -> Result<HashMap<QuestionId, DateTime<Utc>>> {
    sqlx::query(
        "SELECT question_id, MAX(due_at) AS at FROM rounds
         WHERE channel_id = $1 AND question_id IS NOT NULL AND state <> 'skipped'
         GROUP BY question_id",
    )
    .bind(channel.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok((get(row, "question_id")?, get(row, "at")?)))
    .collect()
}

/// The local dates from `from` on that have a scheduled round, in whatever state.
pub async fn dates_taken(
    db: &mut Connection,
    channel: ChannelId,
    from: NaiveDate,
) -> Result<BTreeSet<NaiveDate>> {
    sqlx::query("SELECT local_date FROM rounds WHERE channel_id = $1 AND local_date >= $2")
        .bind(channel.to_db())
        .bind(from.to_string())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| get(row, "local_date"))
        .collect()
}

/// The same without the skipped ones: those whose due instant was used for a question.
pub async fn dates_posted(
    db: &mut Connection,
    channel: ChannelId,
    from: NaiveDate,
) -> Result<BTreeSet<NaiveDate>> {
    sqlx::query(
        "SELECT local_date FROM rounds
         WHERE channel_id = $1 AND local_date >= $2 AND state <> 'skipped'",
    )
    .bind(channel.to_db())
    .bind(from.to_string())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "local_date"))
    .collect()
}

/// The round whose result came last in a study channel, before `before` if given.
pub async fn last_closed(
    db: &mut Connection,
    channel: ChannelId,
    before: Option<RoundId>,
) -> Result<Option<Round>> {
    sqlx::query(
        "SELECT * FROM rounds WHERE channel_id = $1 AND state = 'closed' AND round_id < $2
         ORDER BY closed_at DESC, round_id DESC LIMIT 1",
    )
    .bind(channel.to_db())
    .bind(before.map_or(i64::MAX, |id| id.0))
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(round)
    .transpose()
}

/// The card pinned before this one: that of the last posted round with a smaller number.
pub async fn card_before(
    db: &mut Connection,
    channel: ChannelId,
    before: RoundId,
) -> Result<Option<MessageId>> {
    let row = sqlx::query(
        "SELECT message_id FROM rounds
         WHERE channel_id = $1 AND round_id < $2 AND message_id IS NOT NULL
         ORDER BY round_id DESC LIMIT 1",
    )
    .bind(channel.to_db())
    .bind(before.0)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(|row| get(row, "message_id")).transpose()
}

/// How often each state occurred in a study channel.
pub async fn count(db: &mut Connection, channel: ChannelId) -> Result<HashMap<State, u32>> {
    sqlx::query("SELECT state, COUNT(*) AS n FROM rounds WHERE channel_id = $1 GROUP BY state")
        .bind(channel.to_db())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| Ok((get(row, "state")?, get(row, "n")?)))
        .collect()
}
