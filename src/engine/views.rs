//! Questions that change nothing: asked of the read connections, past the inbox.

use super::intent::Intent;
use super::{Engine, Settings};
use crate::domain::answer::{self};
use crate::domain::ballot;
use crate::domain::draw::Plan;
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, RoleId, RoundId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::ranking::{self, Ranked, Window};
use crate::domain::refusal::Refusal;
use crate::domain::round::State;
use crate::domain::schedule::{self, Due, Schedule};
use crate::domain::streak::Streak;
use crate::store::channels::StudyChannel;
use crate::store::deliveries::Delivery;
use crate::store::guilds::Guild;
use crate::store::ledger::{self, Entry};
use crate::store::rounds::Round;
use crate::store::{
    self, Connection, answers, ballots, channels, deliveries, guilds, members, rounds,
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Members on one page of a board.
pub const BOARD_PAGE: usize = 10;
/// Ledger rows that `/points` shows.
const POINTS_SHOWN: u32 = 15;
/// How many due instants ahead may have been skipped by an admin.
const MOST_SKIPPED: usize = 60;
/// Due instants that `/study status` shows.
const DUES_SHOWN: usize = 5;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The asker is told why.
    #[error("refused")]
    Refused(Refusal),
    /// The store broke.
    #[error(transparent)]
    Broken(#[from] store::Error),
}

impl From<Refusal> for ViewError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a question comes to.
pub type View<T> = Result<T, ViewError>;

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
}

/// An answer as the result shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAnswer {
    /// Its author.
    pub member: MemberId,
    /// The author's name.
    pub name: String,
    /// The merged text.
    pub text: String,
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
}

/// One page of a board.
#[derive(Debug, Clone)]
pub struct Board {
    /// What it counts.
    pub window: Window,
    /// From 0.
    pub page: usize,
    /// At least 1.
    pub pages: usize,
    /// The members of this page.
    pub rows: Vec<Ranked>,
    /// The asker's own place, also where it is not on this page.
    pub own: Option<Ranked>,
    /// Whether the asker has opted out.
    pub hidden: bool,
    /// How many stand on the board.
    pub members: usize,
    /// Names by id.
    pub names: HashMap<MemberId, String>,
    /// When the window began.
    pub from: Option<DateTime<Utc>>,
    /// Those of this page whom Discord was not asked about for a day.
    pub stale: Vec<MemberId>,
}

/// One row of the ledger with the question it belongs to.
#[derive(Debug, Clone)]
pub struct PointsRow {
    /// The row.
    pub entry: Entry,
    /// The question's title.
    pub title: String,
    /// The round's thread or channel, for a link.
    pub place: ChannelId,
}

/// What `/points` shows.
#[derive(Debug, Clone)]
pub struct Points {
    /// All points.
    pub total: i64,
    /// Place of all time.
    pub rank: Option<u32>,
    /// Newest first.
    pub rows: Vec<PointsRow>,
    /// Streaks by study channel.
    pub streaks: Vec<(ChannelId, Streak)>,
}

/// One study channel in `/study status`.
#[derive(Debug, Clone)]
pub struct ChannelStatus {
    /// As set up.
    pub channel: StudyChannel,
    /// The next due instants; those on dates an admin has skipped are marked.
    pub dues: Vec<(Due, bool)>,
    /// Questions that fit the plan and were not asked yet.
    pub left: u32,
    /// The open round.
    pub open: Option<Round>,
    /// What is wrong, and since when.
    pub trouble: Option<(Trouble, DateTime<Utc>)>,
    /// Closed rounds so far.
    pub closed: u32,
}

/// What `/study status` shows.
#[derive(Debug, Clone)]
pub struct Status {
    /// The guild.
    pub guild: Guild,
    /// Its study channels.
    pub channels: Vec<ChannelStatus>,
    /// Notices that nobody could be given.
    pub unsaid: Vec<(Notice, DateTime<Utc>)>,
}

/// What `/help` shows.
#[derive(Debug, Clone)]
pub struct Help {
    /// The rules' settings.
    pub settings: Settings,
    /// The study channels with their schedules and hours.
    pub channels: Vec<(ChannelId, Schedule, Option<u32>)>,
    /// The zone of the boards.
    pub zone: Option<chrono_tz::Tz>,
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
        Ok(CardView { round, key, role, previous, picks, answers })
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
                    text: answer::merge(&answer.parts),
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
        if round.state != State::Open || self.now() >= round.closes_at {
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
        Ok(Today { open, next })
    }

    /// One page of a board. A page beyond the last is the last.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn board(
        &self,
        guild: GuildId,
        window: Window,
        page: usize,
        member: MemberId,
    ) -> View<Board> {
        let mut db = self.shared.store.read().await?;
        let zone = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?.zone;
        let (from, until) = ranking::bounds(window, self.now(), zone, None);
        let ranked = ranking::rank(ledger::standings(&mut db, guild, from, until).await?);
        let pages = ranked.len().div_ceil(BOARD_PAGE).max(1);
        let page = page.min(pages - 1);
        let own = ranked.iter().find(|row| row.standing.member == member).cloned();
        let total = ranked.len();
        let rows: Vec<Ranked> =
            ranked.into_iter().skip(page * BOARD_PAGE).take(BOARD_PAGE).collect();
        let names = members::names(&mut db, guild).await?;
        let stale: BTreeSet<MemberId> =
            members::unseen_since(&mut db, guild, self.now() - chrono::TimeDelta::days(1)).await?;
        Ok(Board {
            window,
            page,
            pages,
            own,
            hidden: members::is_hidden(&mut db, guild, member).await?,
            members: total,
            stale: rows
                .iter()
                .map(|row| row.standing.member)
                .filter(|member| stale.contains(member))
                .collect(),
            rows,
            names,
            from,
        })
    }

    /// A member's points, each with its cause.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn points(&self, guild: GuildId, member: MemberId) -> View<Points> {
        let rank = self.board(guild, Window::AllTime, 0, member).await?.own.map(|own| own.rank);
        let mut db = self.shared.store.read().await?;
        let mut rows = Vec::new();
        let mut places: BTreeMap<RoundId, (String, ChannelId)> = BTreeMap::new();
        for entry in ledger::of_member(&mut db, guild, member, POINTS_SHOWN).await? {
            if !places.contains_key(&entry.round)
                && let Some(round) = rounds::find(&mut db, entry.round).await?
            {
                let title = round.question.map_or_else(String::new, |q| q.title.clone());
                places.insert(entry.round, (title, round.thread.unwrap_or(round.channel)));
            }
            let (title, place) =
                places.get(&entry.round).cloned().unwrap_or_else(|| (String::new(), entry.channel));
            rows.push(PointsRow { entry, title, place });
        }
        let mut streaks = Vec::new();
        for channel in channels::in_use(&mut db, Some(guild)).await? {
            let all = ledger::streaks(&mut db, channel.id).await?;
            if let Some((_, streak)) = all.into_iter().find(|(who, _)| *who == member) {
                streaks.push((channel.id, streak));
            }
        }
        let total = ledger::total(&mut db, guild, member).await?;
        Ok(Points { total, rank, rows, streaks })
    }

    /// How the study channels of a guild are doing; of one, if named.
    ///
    /// # Errors
    /// When there is none, or the store broke.
    pub async fn status(&self, guild: GuildId, named: Option<ChannelId>) -> View<Status> {
        let mut db = self.shared.store.read().await?;
        let Some(found) = guilds::find(&mut db, guild).await? else {
            return Err(Refusal::NoStudyChannel.into());
        };
        let mut all = Vec::new();
        for channel in channels::in_use(&mut db, Some(guild)).await? {
            if named.is_some_and(|named| named != channel.id) {
                continue;
            }
            let live = rounds::live(&mut db, Some(channel.id)).await?;
            let counts = rounds::count(&mut db, channel.id).await?;
            all.push(ChannelStatus {
                dues: self.dues(&mut db, &channel, DUES_SHOWN).await?,
                left: super::rounds::stock(&mut db, &self.shared.bank, &channel).await?,
                open: live.into_iter().rfind(|round| round.state == State::Open),
                trouble: channel.trouble.as_ref().map(|(word, since)| {
                    (Trouble::from_word(word).unwrap_or(Trouble::Refused), *since)
                }),
                closed: counts.get(&State::Closed).copied().unwrap_or(0),
                channel,
            });
        }
        if all.is_empty() {
            return Err(match named {
                Some(_) => Refusal::NotAStudyChannel.into(),
                None => Refusal::NoStudyChannel.into(),
            });
        }
        let unsaid = deliveries::dropped_notices::<Intent>(&mut db, guild, 5)
            .await?
            .into_iter()
            .filter_map(|delivery| match delivery.intent {
                Intent::Notice { notice } => Some((notice, delivery.created_at)),
                _ => None,
            })
            .collect();
        Ok(Status { guild: found, channels: all, unsaid })
    }

    /// The plan of a study channel as it is, for showing it.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn plans(&self, guild: GuildId) -> View<Vec<(ChannelId, Plan)>> {
        let mut db = self.shared.store.read().await?;
        let channels = channels::in_use(&mut db, Some(guild)).await?;
        Ok(channels.into_iter().map(|channel| (channel.id, channel.plan)).collect())
    }

    /// The holidays of a guild's study channels.
    ///
    /// # Errors
    /// When the guild has no study channel, or the store broke.
    pub async fn schedules(&self, guild: GuildId) -> View<Vec<(ChannelId, Schedule)>> {
        let mut db = self.shared.store.read().await?;
        let channels = channels::in_use(&mut db, Some(guild)).await?;
        if channels.is_empty() {
            return Err(Refusal::NoStudyChannel.into());
        }
        Ok(channels.into_iter().map(|channel| (channel.id, channel.schedule)).collect())
    }

    /// The rules in force.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn help(&self, guild: GuildId) -> View<Help> {
        let mut db = self.shared.store.read().await?;
        let zone = guilds::find(&mut db, guild).await?.map(|guild| guild.zone);
        let channels = channels::in_use(&mut db, Some(guild)).await?;
        Ok(Help {
            settings: self.shared.settings,
            channels: channels
                .into_iter()
                .map(|channel| (channel.id, channel.schedule, channel.close_after_h))
                .collect(),
            zone,
        })
    }

    /// Who is to be told a notice: the channel named at setup, whoever ran the setup, the owner.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn notice_targets(&self, guild: GuildId) -> View<Guild> {
        let mut db = self.shared.store.read().await?;
        Ok(guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?)
    }

    /// The guild that a notice's button belongs to.
    ///
    /// # Errors
    /// When the key is no notice's, or the store broke.
    pub async fn notice_of_key(&self, key: &str) -> View<Guild> {
        let mut db = self.shared.store.read().await?;
        let delivery: Option<Delivery<Intent>> = deliveries::by_key(&mut db, key).await?;
        match delivery {
            Some(Delivery { intent: Intent::Notice { .. }, guild, .. }) => {
                Ok(guilds::find(&mut db, guild).await?.ok_or(Refusal::RoundGone)?)
            }
            _ => Err(Refusal::RoundGone.into()),
        }
    }

    /// Whether this is the thread of a round that still takes answers; if so, which guild's.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn is_round_thread(&self, thread: ChannelId) -> View<bool> {
        let mut db = self.shared.store.read().await?;
        Ok(rounds::by_thread(&mut db, thread).await?.is_some())
    }

    async fn dues(
        &self,
        db: &mut Connection,
        channel: &StudyChannel,
        most: usize,
    ) -> store::Result<Vec<(Due, bool)>> {
        let now = self.now();
        let today = schedule::local_date(channel.schedule.zone, now);
        let taken = rounds::dates_taken(db, channel.id, today).await?;
        // A date that has its round already is only listed if that round was skipped ahead.
        Ok(channel
            .schedule
            .dues(now)
            .map(|due| (due, taken.contains(&due.date)))
            .filter(|(due, taken)| !taken || due.date > today)
            .take(most)
            .collect())
    }
}

async fn key_of(db: &mut Connection, round: RoundId, cause: &str) -> View<String> {
    let cause = format!("round:{round}:{cause}");
    let delivery: Option<Delivery<Intent>> = deliveries::by_cause(db, &cause).await?;
    Ok(delivery.ok_or(Refusal::RoundGone)?.key)
}

/// A member's name as last seen; members whose name was never seen are few, and shown as such.
pub fn name_in(names: &HashMap<MemberId, String>, member: MemberId) -> String {
    names.get(&member).cloned().unwrap_or_else(|| format!("member {member}"))
}
