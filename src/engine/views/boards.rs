//! Boards and points.

use super::View;
use crate::domain::ids::{ChannelId, GuildId, MemberId, RoundId};
use crate::domain::ranking::{self, Ranked, Window};
use crate::domain::refusal::Refusal;
use crate::domain::streak::Streak;
use crate::engine::Engine;
use crate::store::ledger::{self, Entry, Source};
use crate::store::{channels, guilds, members, rounds};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Members on one page of a board.
pub const BOARD_PAGE: usize = 10;
/// Ledger rows that `/points` shows.
const POINTS_SHOWN: u32 = 15;

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
    /// The question's title; empty where the pack no longer has it.
    pub title: String,
    /// The round's thread or channel, for a link; `None` for a quiz.
    pub place: Option<ChannelId>,
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

impl Engine {
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
        let bank = self.bank();
        let mut rows = Vec::new();
        let mut places: BTreeMap<RoundId, (String, ChannelId)> = BTreeMap::new();
        for entry in ledger::of_member(&mut db, guild, member, POINTS_SHOWN).await? {
            let (title, place) = match entry.source {
                Source::Quiz => {
                    let question = bank.get(&entry.question);
                    (question.map_or_else(String::new, |question| question.title.clone()), None)
                }
                Source::Round { round: id, channel } => {
                    if !places.contains_key(&id)
                        && let Some(round) = rounds::find(&mut db, id).await?
                    {
                        let title = round.question.map_or_else(String::new, |q| q.title.clone());
                        places.insert(id, (title, round.thread.unwrap_or(round.channel)));
                    }
                    let (title, place) =
                        places.get(&id).cloned().unwrap_or_else(|| (String::new(), channel));
                    (title, Some(place))
                }
            };
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
}
