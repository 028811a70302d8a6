//! Rounds as members see them: card, result, ballot, what is open.

use super::{View, name_in};
use crate::domain::answer;
use crate::domain::ballot;
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, RoleId, RoundId};
use crate::domain::rate::Rate;
use crate::domain::refusal::Refusal;
use crate::domain::round::State;
use crate::domain::schedule::Due;
use crate::engine::Engine;
use crate::engine::intent::Intent;
use crate::store::deliveries::Delivery;
use crate::store::rounds::Round;
use crate::store::{Connection, answers, ballots, channels, deliveries, members, rates, rounds};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// How many due instants ahead may have been skipped by an admin.
const MOST_SKIPPED: usize = 60;

/// All that a question card shows.
#[derive(Debug, Clone)]
pub struct CardView {
    /// The round.
    pub round: Round,
    /// The card's key, for its buttons.
    pub key: String,
    /// The role to mention.
    pub role: Option<RoleId>,
    /// The last closed round before it, for the link.
    pub previous: Option<Round>,
    /// The names of those who were picked.
    pub picks: Vec<String>,
    /// How many answered, once closed.
    pub answers: usize,
    /// How many solve the question in quizzes.
    pub rate: Rate,
    /// Whether the result could not be announced at all.
    pub unannounced: bool,
}

/// An answer as the result shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAnswer {
    /// Its author.
    pub member: MemberId,
    /// The author's name.
    pub name: String,
    /// The merged text, safe to quote.
    pub quote: String,
    /// Where it begins.
    pub first_message: MessageId,
}

/// All that a result card shows.
#[derive(Debug, Clone)]
pub struct ResultView {
    /// The round, closed.
    pub round: Round,
    /// The result's key, for its buttons.
    pub key: String,
    /// The answers of those who were picked.
    pub picks: Vec<ShownAnswer>,
    /// The names of all who answered or voted.
    pub names: HashMap<MemberId, String>,
    /// Whether the message is to go into the channel because there is no thread.
    pub in_channel: bool,
}

/// One answer on a ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotLine {
    /// Whose.
    pub author: MemberId,
    /// The author's name.
    pub name: String,
    /// The merged text.
    pub text: String,
    /// Whether it is the present choice.
    pub chosen: bool,
    /// Whether it was edited since the voter chose it.
    pub edited_since: bool,
}

/// One page of one voter's ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotView {
    /// The card's key.
    pub card: String,
    /// The question's title.
    pub title: String,
    /// The answers of this page.
    pub lines: Vec<BallotLine>,
    /// From 0.
    pub page: usize,
    /// At least 1.
    pub pages: usize,
    /// The name of whom the voter chose, on whatever page.
    pub choice: Option<String>,
    /// Whether the chosen answer was taken back.
    pub choice_gone: bool,
    /// When the vote ends.
    pub closes_at: DateTime<Utc>,
}

/// An open round as a member sees it.
#[derive(Debug, Clone)]
pub struct OpenRound {
    /// The round.
    pub round: Round,
    /// Whether the member has answered.
    pub answered: bool,
    /// Whether the member has a ballot that counts.
    pub voted: bool,
    /// How many have answered.
    pub answers: usize,
}

/// What `/today` shows.
#[derive(Debug, Clone)]
pub struct Today {
    /// Open rounds of the guild, the asker's channel first.
    pub open: Vec<OpenRound>,
    /// The next due instant of each study channel.
    pub next: Vec<(ChannelId, Option<Due>)>,
    /// How many of the asker's reviews are due.
    pub reviews: usize,
}

impl Engine {
    /// What a question card shows now.
    ///
    /// # Errors
    /// When there is no such round, or the store broke.
    pub async fn card(&self, id: RoundId) -> View<CardView> {
        let mut db = self.shared.store.read().await?;
        let round = rounds::find(&mut db, id).await?.ok_or(Refusal::RoundGone)?;
        let role = channels::find(&mut db, round.channel).await?.and_then(|c| c.role);
        let previous = rounds::last_closed(&mut db, round.channel, Some(id)).await?;
        let names = members::names(&mut db, round.guild).await?;
        let picks = round.outcome.as_ref().map_or_else(Vec::new, |outcome| {
            outcome.tally.picks.iter().map(|member| name_in(&names, *member)).collect()
        });
        let answers = answers::of_round(&mut db, id).await?.len();
        let key = key_of(&mut db, id, "card").await?;
        let rate = match &round.question {
            Some(question) => rates::of(&mut db, &question.id).await?,
            None => Rate::default(),
        };
        let unannounced = deliveries::is_dropped(&mut db, &format!("round:{id}:result")).await?;
        Ok(CardView { round, key, role, previous, picks, answers, rate, unannounced })
    }

    /// What a result card shows now.
    ///
    /// # Errors
    /// When there is no such round, or the store broke.
    pub async fn result(&self, id: RoundId) -> View<ResultView> {
        let mut db = self.shared.store.read().await?;
        let round = rounds::find(&mut db, id).await?.ok_or(Refusal::RoundGone)?;
        let names = members::names(&mut db, round.guild).await?;
        let picked = round.outcome.as_ref().map_or(&[][..], |o| o.tally.picks.as_slice());
        let mut picks = Vec::new();
        for answer in answers::of_round(&mut db, id).await? {
            if picked.contains(&answer.member) {
                picks.push(ShownAnswer {
                    member: answer.member,
                    name: name_in(&names, answer.member),
                    quote: answer::quoted(&answer.parts),
                    first_message: answer.first_message,
                });
            }
        }
        let in_channel = round.thread.is_none();
        let key = key_of(&mut db, id, "result").await?;
        Ok(ResultView { round, key, picks, names, in_channel })
    }

    /// The round of that number.
    ///
    /// # Errors
    /// When there is none, or the store broke.
    pub async fn round(&self, id: RoundId) -> View<Round> {
        let mut db = self.shared.store.read().await?;
        Ok(rounds::find(&mut db, id).await?.ok_or(Refusal::RoundGone)?)
    }

    /// The round that a key on a button of a guild leads to, and what the button's message says.
    ///
    /// # Errors
    /// When the key is none of ours or of another guild, or the store broke.
    pub async fn round_of_key(&self, guild: GuildId, key: &str) -> View<Round> {
        let mut db = self.shared.store.read().await?;
        let delivery: Delivery<Intent> = deliveries::by_key(&mut db, key)
            .await?
            .filter(|delivery: &Delivery<Intent>| delivery.guild == guild)
            .ok_or(Refusal::RoundGone)?;
        let id = delivery.round.ok_or(Refusal::RoundGone)?;
        Ok(rounds::find(&mut db, id).await?.ok_or(Refusal::RoundGone)?)
    }

    /// Whether a message in a round's thread is to bear the check mark: an answer begins with it.
    ///
    /// # Errors
    /// When the thread is no round's, or the store broke.
    pub async fn is_marked(&self, thread: ChannelId, message: MessageId) -> View<bool> {
        let mut db = self.shared.store.read().await?;
        let round = rounds::by_thread(&mut db, thread).await?.ok_or(Refusal::RoundGone)?;
        Ok(answers::is_first(&mut db, round.id, message).await?)
    }

    /// The messages of a round that count by what is stored.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn counted(&self, round: RoundId) -> View<Vec<MessageId>> {
        let mut db = self.shared.store.read().await?;
        let kept = answers::messages(&mut db, round).await?;
        Ok(kept.into_iter().filter(|kept| kept.counts).map(|kept| kept.message).collect())
    }

    /// Whether a result was delivered without what members wrote.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn is_plain(&self, round: RoundId) -> View<bool> {
        let mut db = self.shared.store.read().await?;
        let cause = format!("round:{round}:result");
        let delivery: Option<Delivery<Intent>> = deliveries::by_cause(&mut db, &cause).await?;
        let intent = delivery.map(|delivery| delivery.intent);
        Ok(matches!(intent, Some(Intent::Result { plain: true, .. })))
    }

    /// Where a delivery's message is, if it was delivered.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn delivered(
        &self,
        round: RoundId,
        cause: &str,
    ) -> View<Option<(ChannelId, MessageId)>> {
        let mut db = self.shared.store.read().await?;
        let cause = format!("round:{round}:{cause}");
        let delivery: Option<Delivery<Intent>> = deliveries::by_cause(&mut db, &cause).await?;
        Ok(delivery.and_then(|delivery| delivery.result))
    }

    /// One page of a voter's ballot. A page beyond the last is the last.
    ///
    /// # Errors
    /// When the round is over, nobody else has answered, or the store broke.
    pub async fn ballot(
        &self,
        guild: GuildId,
        card: &str,
        voter: MemberId,
        page: usize,
    ) -> View<BallotView> {
        let round = self.round_of_key(guild, card).await?;
        if round.state != State::Open || self.due_by() >= round.closes_at {
            return Err(Refusal::RoundClosed.into());
        }
        let mut db = self.shared.store.read().await?;
        let mut answers: HashMap<MemberId, answers::Answer> = answers::of_round(&mut db, round.id)
            .await?
            .into_iter()
            .map(|answer| (answer.member, answer))
            .collect();
        let names = members::names(&mut db, guild).await?;
        let cast = ballots::find(&mut db, round.id, voter).await?;
        let authors: Vec<MemberId> = answers.keys().copied().collect();
        let order = ballot::ballot_order(round.seed, voter, &authors);
        if order.is_empty() && cast.is_none() {
            return Err(Refusal::NothingToVoteFor.into());
        }
        let pages = ballot::pages(order.len()).max(1);
        let page = page.min(pages - 1);
        let choice = cast.filter(|cast| !cast.ballot.void);
        let lines = order
            .into_iter()
            .skip(page * ballot::PAGE)
            .take(ballot::PAGE)
            .filter_map(|author| {
                let answer = answers.remove(&author)?;
                let chosen = choice.filter(|cast| cast.ballot.author == author);
                Some(BallotLine {
                    author,
                    name: name_in(&names, author),
                    text: answer::merge(&answer.parts),
                    chosen: chosen.is_some(),
                    edited_since: chosen.is_some_and(|cast| cast.revision < answer.revision),
                })
            })
            .collect();
        Ok(BallotView {
            card: card.to_owned(),
            title: round.question.map_or_else(String::new, |question| question.title.clone()),
            lines,
            page,
            pages,
            choice: choice.map(|cast| name_in(&names, cast.ballot.author)),
            choice_gone: cast.is_some_and(|cast| cast.ballot.void),
            closes_at: round.closes_at,
        })
    }

    /// What is open in a guild, and what a member has done about it.
    ///
    /// # Errors
    /// When the guild has no study channel, or the store broke.
    pub async fn today(&self, guild: GuildId, here: ChannelId, member: MemberId) -> View<Today> {
        let mut db = self.shared.store.read().await?;
        let mut channels = channels::in_use(&mut db, Some(guild)).await?;
        if channels.is_empty() {
            return Err(Refusal::NoStudyChannel.into());
        }
        channels.sort_by_key(|channel| channel.id != here);
        let mut open = Vec::new();
        let mut next = Vec::new();
        for channel in &channels {
            for round in rounds::live(&mut db, Some(channel.id)).await? {
                if round.state != State::Open {
                    continue;
                }
                let answers = answers::of_round(&mut db, round.id).await?;
                let cast = ballots::find(&mut db, round.id, member).await?;
                open.push(OpenRound {
                    answered: answers.iter().any(|answer| answer.member == member),
                    voted: cast.is_some_and(|cast| !cast.ballot.void),
                    answers: answers.len(),
                    round,
                });
            }
            let dues = self.dues(&mut db, channel, MOST_SKIPPED).await?;
            next.push((channel.id, dues.into_iter().find(|(_, taken)| !taken).map(|due| due.0)));
        }
        open.sort_by_key(|open| open.round.channel != here && open.round.thread != Some(here));
        let reviews = self.reviews_due(&mut db, guild, member).await?;
        Ok(Today { open, next, reviews })
    }

    /// Whether this is the thread of a round that still takes answers; if so, which guild's.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn is_round_thread(&self, thread: ChannelId) -> View<bool> {
        let mut db = self.shared.store.read().await?;
        Ok(rounds::by_thread(&mut db, thread).await?.is_some())
    }
}

async fn key_of(db: &mut Connection, round: RoundId, cause: &str) -> View<String> {
    let cause = format!("round:{round}:{cause}");
    let delivery: Option<Delivery<Intent>> = deliveries::by_cause(db, &cause).await?;
    Ok(delivery.ok_or(Refusal::RoundGone)?.key)
}
