//! What members ask of quizzes without changing anything.

use super::{View, name_in};
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId};
use crate::domain::question::Question;
use crate::domain::quiz::group::{Score, podium};
use crate::domain::quiz::{Asked, Mode, Options, RunId, State};
use crate::domain::rate::Rate;
use crate::domain::refusal::Refusal;
use crate::engine::intent::Intent;
use crate::engine::{Engine, secrets};
use crate::store::deliveries::Delivery;
use crate::store::quizzes::{self, Answer, Player, Run, RunQuestion};
use crate::store::{Connection, deliveries, members, rates};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that the public card of a group's run shows.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The run's key, for the buttons.
    pub key: String,
    /// Where the card stands.
    pub channel: ChannelId,
    /// The card, once it is there.
    pub message: Option<MessageId>,
    /// Where the run stands.
    pub state: State,
    /// The question at hand, from 0.
    pub position: usize,
    /// How many questions it has.
    pub total: usize,
    /// What was wished for.
    pub options: Options,
    /// When what is at hand ends by itself.
    pub closes_at: Option<DateTime<Utc>>,
    /// Whether the question at hand got all of its time again, because the bot was away.
    pub resumed: bool,
    /// Who leads.
    pub host: Option<String>,
    /// Who led before, if that changed just now.
    pub former_host: Option<String>,
    /// Who is in, in the order of joining.
    pub players: Vec<String>,
    /// The question at hand.
    pub asked: Option<Asked>,
    /// How many chose each button.
    pub split: Vec<usize>,
    /// How many solve it, those in the quiz among them.
    pub rate: Rate,
    /// How many questions were asked and closed.
    pub closed: usize,
    /// Who came where, best first.
    pub podium: Vec<Place>,
    /// Questions that nobody got right: title and right choice, which is `None` while the question
    /// is open elsewhere in the guild.
    pub missed_by_all: Vec<(String, Option<String>)>,
}

/// One line of the podium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From 1; equals share one.
    pub rank: usize,
    /// The member's name.
    pub name: String,
    /// What it came to.
    pub score: Score,
}

impl Engine {
    /// The card of a group's run, whatever it is at.
    ///
    /// # Errors
    /// When the run ended without a card, or the store broke.
    pub async fn quiz_card(&self, id: RunId) -> View<GroupView> {
        let mut db = self.shared.store.read().await?;
        let run = quizzes::find(&mut db, id).await?.ok_or(Refusal::QuizGone)?;
        if run.state == State::Ended && run.message.is_none() {
            return Err(Refusal::QuizGone.into());
        }
        group_view(&mut db, run).await
    }

    /// How a group's run came out, also without its card.
    ///
    /// # Errors
    /// When there is no such run, or the store broke.
    pub async fn quiz_result(&self, id: RunId) -> View<GroupView> {
        let mut db = self.shared.store.read().await?;
        let run = quizzes::find(&mut db, id).await?.ok_or(Refusal::QuizGone)?;
        group_view(&mut db, run).await
    }

    /// Who asked for a group's run, where, and whether its card was ever there.
    ///
    /// # Errors
    /// When there is nobody, or the store broke.
    pub async fn quiz_host(&self, id: RunId) -> View<(MemberId, ChannelId, bool)> {
        let mut db = self.shared.store.read().await?;
        let run = quizzes::find(&mut db, id).await?.ok_or(Refusal::QuizGone)?;
        let over: Option<Delivery<Intent>> =
            deliveries::by_cause(&mut db, &format!("quiz:{id}:over")).await?;
        Ok((run.host.ok_or(Refusal::QuizGone)?, run.channel, over.is_some()))
    }

    /// The question behind *Reference answer*: only once it is decided, in the solo run of whoever
    /// asks or in any group's, and not while it is open elsewhere in the guild.
    ///
    /// # Errors
    /// When it may not be shown, or the store broke.
    pub async fn quiz_question(
        &self,
        guild: GuildId,
        member: MemberId,
        key: &str,
        position: usize,
    ) -> View<Arc<Question>> {
        let mut db = self.shared.store.read().await?;
        let run = quizzes::by_key(&mut db, key).await?.filter(|run| run.guild == guild);
        let run = run.ok_or(Refusal::QuizGone)?;
        if run.mode == Mode::Solo && run.host != Some(member) {
            return Err(Refusal::NotYourQuiz.into());
        }
        let question = quizzes::question(&mut db, run.id, position).await?;
        let question = question.ok_or(Refusal::QuizGone)?;
        let decided = match run.mode {
            Mode::Solo => {
                let answer = quizzes::answer(&mut db, run.id, position, member).await?;
                answer.is_some_and(|answer| answer.outcome.is_some())
            }
            Mode::Group => question.closed_at.is_some(),
        };
        let id = &question.asked.question.id;
        if !decided || secrets::open_questions(&mut db, guild).await?.contains(id) {
            return Err(Refusal::QuestionOpen.into());
        }
        Ok(question.asked.question)
    }
}

async fn group_view(db: &mut Connection, run: Run) -> View<GroupView> {
    let questions = quizzes::questions(db, run.id).await?;
    let players = quizzes::players(db, run.id).await?;
    let answers = quizzes::answers(db, run.id).await?;
    let names = members::names(db, run.guild).await?;
    let secret = secrets::open_questions(db, run.guild).await?;
    let asked = questions.get(run.position).map(|question| question.asked.clone());
    let buttons = asked.as_ref().map_or(0, |asked| asked.order.len());
    let mut split = vec![0; buttons];
    for answer in answers.iter().filter(|answer| answer.position == run.position) {
        if let Some(count) = split.get_mut(answer.choice) {
            *count += 1;
        }
    }
    let missed_by_all = questions
        .iter()
        .filter(|question| question.closed_at.is_some() && !anybody_right(&answers, question))
        .map(|question| {
            let asked = &question.asked;
            let right = asked.choice(asked.right()).map(|choice| choice.text.clone());
            let right = right.filter(|_| !secret.contains(&asked.question.id));
            (asked.question.title.clone(), right)
        })
        .collect();
    let podium = podium(&scores(&players, &answers), run.options.race)
        .into_iter()
        .map(|(rank, score)| Place { rank, name: name_in(&names, score.member), score })
        .collect();
    let rate = match &asked {
        Some(asked) => rates::of(db, &asked.question.id).await?,
        None => Rate::default(),
    };
    let limit = run.options.group_limit();
    let resumed = questions.get(run.position).is_some_and(|question| {
        let times = question.opened_at.zip(question.closes_at);
        times.is_some_and(|(opened, closes)| closes > opened + limit)
    });
    Ok(GroupView {
        rate,
        resumed,
        total: questions.len(),
        closed: questions.iter().filter(|question| question.closed_at.is_some()).count(),
        host: run.host.map(|host| name_in(&names, host)),
        former_host: run.former_host.map(|host| name_in(&names, host)),
        players: players
            .iter()
            .filter(|player| player.left_at.is_none())
            .map(|player| name_in(&names, player.member))
            .collect(),
        key: run.key,
        channel: run.channel,
        message: run.message,
        state: run.state,
        position: run.position,
        options: run.options,
        closes_at: run.closes_at,
        asked,
        split,
        podium,
        missed_by_all,
    })
}

fn anybody_right(answers: &[Answer], question: &RunQuestion) -> bool {
    answers.iter().any(|answer| {
        answer.position == question.position && answer.outcome.is_some_and(|judged| judged.right)
    })
}

/// What everybody who was ever in came to, in the order of joining.
fn scores(players: &[Player], answers: &[Answer]) -> Vec<Score> {
    let mut scores: BTreeMap<MemberId, Score> = BTreeMap::new();
    for answer in answers {
        let Some(judged) = answer.outcome else { continue };
        let member = answer.member;
        let score =
            scores.entry(member).or_insert(Score { member, right: 0, took_ms: 0, points: 0 });
        score.points += judged.points;
        if judged.right {
            score.right += 1;
            score.took_ms += answer.took_ms;
        }
    }
    let none = |member| Score { member, right: 0, took_ms: 0, points: 0 };
    players
        .iter()
        .filter(|player| player.left_at.is_none() || scores.contains_key(&player.member))
        .map(|player| scores.get(&player.member).copied().unwrap_or_else(|| none(player.member)))
        .collect()
}
