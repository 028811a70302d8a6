//! Quiz runs, their questions, players and answers.

use super::types::{get, get_json, get_opt, json, ms};
use super::{Connection, Result};
use crate::domain::ids::{ChannelId, GuildId, InteractionId, MemberId, MessageId, QuestionId};
use crate::domain::question::Question;
use crate::domain::quiz::{Asked, Mode, Options, RunId, State};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// What its buttons carry.
    pub key: String,
    /// What made it.
    pub interaction: InteractionId,
    /// The guild it is in.
    pub guild: GuildId,
    /// Where it was asked for; a group's card stands there.
    pub channel: ChannelId,
    /// Who takes part.
    pub mode: Mode,
    /// Where it stands.
    pub state: State,
    /// Solo: whose it is. Group: who leads it; `None` when everybody has left.
    pub host: Option<MemberId>,
    /// Who led a group before, while the card says so.
    pub former_host: Option<MemberId>,
    /// What was wished for.
    pub options: Options,
    /// Decides questions and the order of their choices.
    pub seed: u64,
    /// The question at hand, from 0.
    pub position: usize,
    /// The number of the private message a solo run is shown in.
    pub screen: u32,
    /// A group's card.
    pub message: Option<MessageId>,
    /// When what is at hand ends by itself.
    pub closes_at: Option<DateTime<Utc>>,
    /// When the clock must look at it.
    pub wakes_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub started_at: DateTime<Utc>,
    /// When its member last did something in it.
    pub touched_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Ended by itself, and its member was not shown the result yet.
    pub result_due: bool,
    /// The newest delivery that brings the card up to date.
    pub edit: Option<i64>,
}

fn word<T>(row: &SqliteRow, column: &str, from_word: impl Fn(&str) -> Option<T>) -> Result<T> {
    let word: String = get(row, column)?;
    from_word(&word).ok_or_else(|| sqlx::Error::Decode(format!("unknown {column} {word}").into()))
}

fn index(row: &SqliteRow, column: &str) -> Result<usize> {
    // Stored from a usize, and small.
    Ok(usize::try_from(get::<u32>(row, column)?).unwrap_or(usize::MAX))
}

fn stored(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

fn run(row: &SqliteRow) -> Result<Run> {
    Ok(Run {
        id: RunId(get(row, "run_id")?),
        key: get(row, "key")?,
        interaction: get(row, "interaction_id")?,
        guild: get(row, "guild_id")?,
        channel: get(row, "channel_id")?,
        mode: word(row, "mode", Mode::from_word)?,
        state: word(row, "state", State::from_word)?,
        host: get_opt(row, "host_id")?,
        former_host: get_opt(row, "former_host")?,
        options: get_json(row, "options")?,
        seed: get::<i64>(row, "seed")?.cast_unsigned(),
        position: index(row, "position")?,
        screen: get(row, "screen")?,
        message: get_opt(row, "message_id")?,
        closes_at: get_opt(row, "closes_at")?,
        wakes_at: get_opt(row, "wakes_at")?,
        started_at: get(row, "started_at")?,
        touched_at: get(row, "touched_at")?,
        ended_at: get_opt(row, "ended_at")?,
        result_due: get(row, "result_due")?,
        edit: get_opt(row, "edit_id")?,
    })
}

fn one(row: Option<SqliteRow>) -> Result<Option<Run>> {
    row.as_ref().map(run).transpose()
}

/// The number for the next run.
pub async fn next_id(db: &mut Connection) -> Result<RunId> {
    let row = sqlx::query("SELECT COALESCE(MAX(run_id), 0) + 1 AS next FROM quiz_runs")
        .fetch_one(db)
        .await?;
    Ok(RunId(get(&row, "next")?))
}

/// Writes a new run. `false`: its interaction has already made one, and nothing was written.
pub async fn insert(db: &mut Connection, run: &Run) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO quiz_runs (run_id, key, interaction_id, guild_id, channel_id, mode, state,
             host_id, former_host, options, seed, position, screen, message_id, closes_at,
             wakes_at, started_at, touched_at, ended_at, result_due, edit_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21)
         ON CONFLICT DO NOTHING",
    )
    .bind(run.id.0)
    .bind(&run.key)
    .bind(run.interaction.to_db())
    .bind(run.guild.to_db())
    .bind(run.channel.to_db())
    .bind(run.mode.word())
    .bind(run.state.word())
    .bind(run.host.map(MemberId::to_db))
    .bind(run.former_host.map(MemberId::to_db))
    .bind(json(&run.options)?)
    .bind(run.seed.cast_signed())
    .bind(stored(run.position))
    .bind(i64::from(run.screen))
    .bind(run.message.map(MessageId::to_db))
    .bind(run.closes_at.map(ms))
    .bind(run.wakes_at.map(ms))
    .bind(ms(run.started_at))
    .bind(ms(run.touched_at))
    .bind(run.ended_at.map(ms))
    .bind(i64::from(run.result_due))
    .bind(run.edit)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what changes in a run's life; its options, seed and origin never do.
pub async fn update(db: &mut Connection, run: &Run) -> Result<()> {
    sqlx::query(
        "UPDATE quiz_runs SET state = $2, host_id = $3, former_host = $4, position = $5,
             screen = $6, message_id = $7, closes_at = $8, wakes_at = $9, touched_at = $10,
             ended_at = $11, result_due = $12, edit_id = $13
         WHERE run_id = $1",
    )
    .bind(run.id.0)
    .bind(run.state.word())
    .bind(run.host.map(MemberId::to_db))
    .bind(run.former_host.map(MemberId::to_db))
    .bind(stored(run.position))
    .bind(i64::from(run.screen))
    .bind(run.message.map(MessageId::to_db))
    .bind(run.closes_at.map(ms))
    .bind(run.wakes_at.map(ms))
    .bind(ms(run.touched_at))
    .bind(run.ended_at.map(ms))
    .bind(i64::from(run.result_due))
    .bind(run.edit)
    .execute(db)
    .await?;
    Ok(())
}

/// The run of that number.
pub async fn find(db: &mut Connection, id: RunId) -> Result<Option<Run>> {
    one(sqlx::query("SELECT * FROM quiz_runs WHERE run_id = $1")
        .bind(id.0)
        .fetch_optional(db)
        .await?)
}

/// The run of that key: what a button leads to.
pub async fn by_key(db: &mut Connection, key: &str) -> Result<Option<Run>> {
    one(sqlx::query("SELECT * FROM quiz_runs WHERE key = $1").bind(key).fetch_optional(db).await?)
}

/// The run that an interaction has made.
pub async fn by_interaction(db: &mut Connection, id: InteractionId) -> Result<Option<Run>> {
    one(sqlx::query("SELECT * FROM quiz_runs WHERE interaction_id = $1")
        .bind(id.to_db())
        .fetch_optional(db)
        .await?)
}

/// The run whose card that is.
pub async fn by_message(db: &mut Connection, message: MessageId) -> Result<Option<Run>> {
    one(sqlx::query("SELECT * FROM quiz_runs WHERE message_id = $1")
        .bind(message.to_db())
        .fetch_optional(db)
        .await?)
}

/// A member's solo runs in one state, newest first.
pub async fn solo(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    state: State,
) -> Result<Vec<Run>> {
    sqlx::query(
        "SELECT * FROM quiz_runs
         WHERE guild_id = $1 AND host_id = $2 AND mode = 'solo' AND state = $3
         ORDER BY run_id DESC",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(state.word())
    .fetch_all(db)
    .await?
    .iter()
    .map(run)
    .collect()
}

/// The newest run that ended by itself and whose member was not shown the result.
pub async fn result_due(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
) -> Result<Option<Run>> {
    one(sqlx::query(
        "SELECT * FROM quiz_runs
         WHERE guild_id = $1 AND host_id = $2 AND mode = 'solo' AND result_due = 1
         ORDER BY run_id DESC LIMIT 1",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_optional(db)
    .await?)
}

/// A channel's unfinished group run.
pub async fn group_in(db: &mut Connection, channel: ChannelId) -> Result<Option<Run>> {
    one(sqlx::query(
        "SELECT * FROM quiz_runs
         WHERE channel_id = $1 AND mode = 'group' AND state <> 'ended'
         ORDER BY run_id LIMIT 1",
    )
    .bind(channel.to_db())
    .fetch_optional(db)
    .await?)
}

/// Unfinished runs that the clock must look at by now.
pub async fn due(db: &mut Connection, now: DateTime<Utc>) -> Result<Vec<Run>> {
    sqlx::query(
        "SELECT * FROM quiz_runs
         WHERE state IN ('offered', 'running', 'lobby', 'asking', 'revealed') AND wakes_at <= $1
         ORDER BY wakes_at, run_id",
    )
    .bind(ms(now))
    .fetch_all(db)
    .await?
    .iter()
    .map(run)
    .collect()
}

/// The groups' runs that are under way.
pub async fn groups(db: &mut Connection) -> Result<Vec<Run>> {
    sqlx::query(
        "SELECT * FROM quiz_runs WHERE state IN ('lobby', 'asking', 'revealed') ORDER BY run_id",
    )
    .fetch_all(db)
    .await?
    .iter()
    .map(run)
    .collect()
}

/// When the clock must look next at an unfinished run.
pub async fn next_wake(db: &mut Connection) -> Result<Option<DateTime<Utc>>> {
    let row = sqlx::query(
        "SELECT MIN(wakes_at) AS at FROM quiz_runs
         WHERE state IN ('offered', 'running', 'lobby', 'asking', 'revealed')",
    )
    .fetch_one(db)
    .await?;
    get_opt(&row, "at")
}

/// A question of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunQuestion {
    /// Its place in the run, from 0.
    pub position: usize,
    /// The question with its choices in the run's order.
    pub asked: Asked,
    /// When it was shown.
    pub opened_at: Option<DateTime<Utc>>,
    /// When its time is over, if it has a limit.
    pub closes_at: Option<DateTime<Utc>>,
    /// When it was decided or left out.
    pub closed_at: Option<DateTime<Utc>>,
}

fn run_question(row: &SqliteRow) -> Result<RunQuestion> {
    Ok(RunQuestion {
        position: index(row, "position")?,
        asked: Asked {
            question: Arc::new(get_json::<Question>(row, "question")?),
            order: get_json(row, "choices")?,
        },
        opened_at: get_opt(row, "opened_at")?,
        closes_at: get_opt(row, "closes_at")?,
        closed_at: get_opt(row, "closed_at")?,
    })
}

/// Writes a question of a new run.
pub async fn add_question(
    db: &mut Connection,
    run: &Run,
    position: usize,
    asked: &Asked,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO quiz_questions (run_id, position, guild_id, question_id, question, choices)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(run.id.0)
    .bind(stored(position))
    .bind(run.guild.to_db())
    .bind(&asked.question.id.0)
    .bind(json(&asked.question)?)
    .bind(json(&asked.order)?)
    .execute(db)
    .await?;
    Ok(())
}

/// One question of a run.
pub async fn question(
    db: &mut Connection,
    run: RunId,
    position: usize,
) -> Result<Option<RunQuestion>> {
    sqlx::query("SELECT * FROM quiz_questions WHERE run_id = $1 AND position = $2")
        .bind(run.0)
        .bind(stored(position))
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(run_question)
        .transpose()
}

/// All questions of a run, in order.
pub async fn questions(db: &mut Connection, run: RunId) -> Result<Vec<RunQuestion>> {
    sqlx::query("SELECT * FROM quiz_questions WHERE run_id = $1 ORDER BY position")
        .bind(run.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(run_question)
        .collect()
}

/// How many questions a run has.
pub async fn count(db: &mut Connection, run: RunId) -> Result<usize> {
    let row = sqlx::query("SELECT COUNT(*) AS n FROM quiz_questions WHERE run_id = $1")
        .bind(run.0)
        .fetch_one(db)
        .await?;
    index(&row, "n")
}

/// Writes when a question was shown, when its time is over, and when it was decided.
pub async fn update_question(
    db: &mut Connection,
    run: RunId,
    question: &RunQuestion,
) -> Result<()> {
    sqlx::query(
        "UPDATE quiz_questions SET opened_at = $3, closes_at = $4, closed_at = $5
         WHERE run_id = $1 AND position = $2",
    )
    .bind(run.0)
    .bind(stored(question.position))
    .bind(question.opened_at.map(ms))
    .bind(question.closes_at.map(ms))
    .bind(question.closed_at.map(ms))
    .execute(db)
    .await?;
    Ok(())
}

/// What a choice must know of its question: all but the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its name.
    pub question: QuestionId,
    /// How many choices it has.
    pub choices: usize,
    /// When it was shown.
    pub opened_at: Option<DateTime<Utc>>,
    /// When its time is over.
    pub closes_at: Option<DateTime<Utc>>,
}

/// A question without its texts, which are long.
pub async fn frame(db: &mut Connection, run: RunId, position: usize) -> Result<Option<Frame>> {
    sqlx::query(
        "SELECT question_id, choices, opened_at, closes_at FROM quiz_questions
         WHERE run_id = $1 AND position = $2",
    )
    .bind(run.0)
    .bind(stored(position))
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(|row| {
        Ok(Frame {
            question: get(row, "question_id")?,
            choices: get_json::<Vec<usize>>(row, "choices")?.len(),
            opened_at: get_opt(row, "opened_at")?,
            closes_at: get_opt(row, "closes_at")?,
        })
    })
    .transpose()
}

/// The questions of a guild's unfinished group runs that are not decided yet, and so secret there.
pub async fn open_questions(db: &mut Connection, guild: GuildId) -> Result<BTreeSet<QuestionId>> {
    sqlx::query(
        "SELECT q.question_id FROM quiz_runs r
         JOIN quiz_questions q ON q.run_id = r.run_id
         WHERE r.state IN ('lobby', 'asking', 'revealed') AND r.guild_id = $1
             AND q.closed_at IS NULL",
    )
    .bind(guild.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| get(row, "question_id"))
    .collect()
}

/// When a member last answered each question in a guild's quizzes.
pub async fn last_had(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
) -> Result<HashMap<QuestionId, DateTime<Utc>>> {
    sqlx::query(
        "SELECT question_id, MAX(answered_at) AS at FROM quiz_answers
         WHERE guild_id = $1 AND member_id = $2 GROUP BY question_id",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok((get(row, "question_id")?, get(row, "at")?)))
    .collect()
}

/// When each question was last asked in a guild's group quizzes.
pub async fn last_asked(
    db: &mut Connection,
    guild: GuildId,
) -> Result<HashMap<QuestionId, DateTime<Utc>>> {
    sqlx::query(
        "SELECT q.question_id AS question_id, MAX(q.opened_at) AS at
         FROM quiz_questions q JOIN quiz_runs r ON r.run_id = q.run_id
         WHERE q.guild_id = $1 AND r.mode = 'group' AND q.opened_at IS NOT NULL
         GROUP BY q.question_id",
    )
    .bind(guild.to_db())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok((get(row, "question_id")?, get(row, "at")?)))
    .collect()
}

/// What a member chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question's place in the run.
    pub position: usize,
    /// Who.
    pub member: MemberId,
    /// Which button, from 0.
    pub choice: usize,
    /// The click.
    pub click: InteractionId,
    /// The click's instant.
    pub at: DateTime<Utc>,
    /// From the showing of the question to the click.
    pub took_ms: i64,
    /// When an earlier choice was changed.
    pub changed_at: Option<DateTime<Utc>>,
    /// Whether it came after the question's time.
    pub late: bool,
    /// What it came to; `None` while a group's question is open.
    pub outcome: Option<Judged>,
}

/// What an answer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Right, and in time.
    pub right: bool,
    /// The member's first attempt at the question in 30 days.
    pub first: bool,
    /// What it earned.
    pub points: i64,
}

fn answer_of(row: &SqliteRow) -> Result<Answer> {
    let judged: (Option<bool>, Option<bool>) = (get_opt(row, "is_right")?, get_opt(row, "first")?);
    let points = get(row, "points")?;
    Ok(Answer {
        position: index(row, "position")?,
        member: get(row, "member_id")?,
        choice: index(row, "choice")?,
        click: get(row, "click_id")?,
        at: get(row, "answered_at")?,
        took_ms: get(row, "took_ms")?,
        changed_at: get_opt(row, "changed_at")?,
        late: get(row, "late")?,
        outcome: judged.0.zip(judged.1).map(|(right, first)| Judged { right, first, points }),
    })
}

/// Keeps a choice that is not judged yet. Of several clicks the newest by its number stands, in
/// whatever order they come; `false` if this is not the newest, or the answer is judged.
pub async fn choose(
    db: &mut Connection,
    run: &Run,
    question: &QuestionId,
    answer: &Answer,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO quiz_answers (run_id, position, member_id, guild_id, question_id, choice,
             click_id, answered_at, took_ms, changed_at, is_right, late, first, points)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, NULL, $10, NULL, 0)
         ON CONFLICT (run_id, position, member_id) DO UPDATE SET choice = $6, click_id = $7,
             answered_at = $8, took_ms = $9, changed_at = $8, late = $10
         WHERE quiz_answers.click_id < $7 AND quiz_answers.is_right IS NULL",
    )
    .bind(run.id.0)
    .bind(stored(answer.position))
    .bind(answer.member.to_db())
    .bind(run.guild.to_db())
    .bind(&question.0)
    .bind(stored(answer.choice))
    .bind(answer.click.to_db())
    .bind(ms(answer.at))
    .bind(answer.took_ms)
    .bind(i64::from(answer.late))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what an answer came to, once; `false` if it was judged before.
pub async fn judge(
    db: &mut Connection,
    run: RunId,
    position: usize,
    member: MemberId,
    judged: Judged,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE quiz_answers SET is_right = $4, first = $5, points = $6
         WHERE run_id = $1 AND position = $2 AND member_id = $3 AND is_right IS NULL",
    )
    .bind(run.0)
    .bind(stored(position))
    .bind(member.to_db())
    .bind(i64::from(judged.right))
    .bind(i64::from(judged.first))
    .bind(judged.points)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a member chose at a question.
pub async fn answer(
    db: &mut Connection,
    run: RunId,
    position: usize,
    member: MemberId,
) -> Result<Option<Answer>> {
    sqlx::query("SELECT * FROM quiz_answers WHERE run_id = $1 AND position = $2 AND member_id = $3")
        .bind(run.0)
        .bind(stored(position))
        .bind(member.to_db())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(answer_of)
        .transpose()
}

/// All choices of a run, by position and then by member.
pub async fn answers(db: &mut Connection, run: RunId) -> Result<Vec<Answer>> {
    sqlx::query("SELECT * FROM quiz_answers WHERE run_id = $1 ORDER BY position, member_id")
        .bind(run.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(answer_of)
        .collect()
}

/// All choices at one question, by member.
pub async fn answers_at(db: &mut Connection, run: RunId, position: usize) -> Result<Vec<Answer>> {
    sqlx::query("SELECT * FROM quiz_answers WHERE run_id = $1 AND position = $2 ORDER BY member_id")
        .bind(run.0)
        .bind(stored(position))
        .fetch_all(db)
        .await?
        .iter()
        .map(answer_of)
        .collect()
}

/// Whether a member has no other attempt at a question in `(since, until]`: any choice in any quiz
/// of the guild counts as one, but for that in `except`.
pub async fn is_first(
    db: &mut Connection,
    guild: GuildId,
    member: MemberId,
    question: &QuestionId,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    except: RunId,
) -> Result<bool> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM quiz_answers
         WHERE guild_id = $1 AND member_id = $2 AND question_id = $3
             AND answered_at > $4 AND answered_at <= $5 AND run_id <> $6",
    )
    .bind(guild.to_db())
    .bind(member.to_db())
    .bind(&question.0)
    .bind(ms(since))
    .bind(ms(until))
    .bind(except.0)
    .fetch_one(db)
    .await?;
    Ok(get::<i64>(&row, "n")? == 0)
}

/// Somebody who is, or was, in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Player {
    /// Who.
    pub member: MemberId,
    /// The click that joined.
    pub joined_by: InteractionId,
    /// When the member left.
    pub left_at: Option<DateTime<Utc>>,
    /// Questions in a row without a choice.
    pub missed: u32,
}

/// Lets a member in, or in again after having left; `false` if the member is in, or left after
/// this click was made.
pub async fn join(
    db: &mut Connection,
    run: RunId,
    member: MemberId,
    by: InteractionId,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO quiz_players (run_id, member_id, joined_by, left_at, missed)
         VALUES ($1, $2, $3, NULL, 0)
         ON CONFLICT (run_id, member_id) DO UPDATE SET joined_by = $3, left_at = NULL, missed = 0
         WHERE quiz_players.left_at < $4",
    )
    .bind(run.0)
    .bind(member.to_db())
    .bind(by.to_db())
    .bind(by.created_ms())
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a member has left.
pub async fn leave(
    db: &mut Connection,
    run: RunId,
    member: MemberId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE quiz_players SET left_at = $3
         WHERE run_id = $1 AND member_id = $2 AND left_at IS NULL",
    )
    .bind(run.0)
    .bind(member.to_db())
    .bind(ms(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Counts a question for everybody who is in: missed without a choice, else the row begins anew.
pub async fn count_missed(db: &mut Connection, run: RunId, position: usize) -> Result<()> {
    sqlx::query(
        "UPDATE quiz_players SET missed = CASE WHEN EXISTS (
                 SELECT 1 FROM quiz_answers a
                 WHERE a.run_id = $1 AND a.position = $2 AND a.member_id = quiz_players.member_id)
             THEN 0 ELSE missed + 1 END
         WHERE run_id = $1 AND left_at IS NULL",
    )
    .bind(run.0)
    .bind(stored(position))
    .execute(db)
    .await?;
    Ok(())
}

/// Everybody who is or was in, in the order of joining.
pub async fn players(db: &mut Connection, run: RunId) -> Result<Vec<Player>> {
    sqlx::query("SELECT * FROM quiz_players WHERE run_id = $1 ORDER BY joined_by, member_id")
        .bind(run.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            Ok(Player {
                member: get(row, "member_id")?,
                joined_by: get(row, "joined_by")?,
                left_at: get_opt(row, "left_at")?,
                missed: get(row, "missed")?,
            })
        })
        .collect()
}

/// How many are in, and how many of them have not chosen at a question yet.
pub async fn presence(db: &mut Connection, run: RunId, position: usize) -> Result<(usize, usize)> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS joined, COUNT(*) - COUNT(a.member_id) AS missing
         FROM quiz_players p
         LEFT JOIN quiz_answers a ON a.run_id = p.run_id AND a.position = $2
             AND a.member_id = p.member_id
         WHERE p.run_id = $1 AND p.left_at IS NULL",
    )
    .bind(run.0)
    .bind(stored(position))
    .fetch_one(db)
    .await?;
    Ok((index(&row, "joined")?, index(&row, "missing")?))
}
