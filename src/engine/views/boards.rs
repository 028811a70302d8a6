//! Boards, points, seasons.

use super::View;
use crate::domain::ids::{ChannelId, GuildId, MemberId, RoleId, RoundId};
use crate::domain::ranking::period::Kind;
use crate::domain::ranking::which::Which;
use crate::domain::ranking::{self, Ranked, Standing, Stretch, Window, weekly};
use crate::domain::refusal::Refusal;
use crate::domain::season::Season;
use crate::domain::streak::Streak;
use crate::engine::Engine;
use crate::engine::intent::Intent;
use crate::store::guilds::Guild;
use crate::store::ledger::{self, Entry, Source};
use crate::store::standings::{self, Comparison, Filter, Placed};
use crate::store::{Connection, channels, deliveries, guilds, members, rounds, seasons};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Members on one page of a board.
pub const BOARD_PAGE: u32 = 10;
/// Ledger rows that `/points` shows.
const POINTS_SHOWN: u32 = 15;

/// One page of a board.
#[derive(Debug, Clone)]
pub struct Board {
    /// What it counts.
    pub which: Which,
    /// From 0.
    pub page: u32,
    /// At least 1.
    pub pages: u32,
    /// The members of this page.
    pub rows: Vec<BoardRow>,
    /// The asker's own place, also where it is not on this page.
    pub own: Option<BoardRow>,
    /// Why the asker does not stand on boards.
    pub off: Option<Off>,
    /// How many stand on the board.
    pub members: u32,
    /// When the window began and ends.
    pub stretch: Stretch,
    /// The season that is running; on the board of the season that one, over or not.
    pub season: Option<Season>,
    /// Since when those must have joined who count as newcomers.
    pub newcomers_since: Option<DateTime<Utc>>,
    /// Those of this page whom Discord was not asked about for a day.
    pub stale: Vec<MemberId>,
}

/// One member on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// Place and sums.
    pub ranked: Ranked,
    /// As last seen.
    pub name: Option<String>,
    /// The longest of the member's streaks that go on, of all time.
    pub streak: u32,
}

/// Why somebody does not stand on boards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// By the member's own wish.
    OptedOut,
    /// By a role.
    Role,
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
    /// What of them is from quizzes.
    pub quiz: i64,
    /// Place of all time.
    pub rank: Option<u32>,
    /// Newest first.
    pub rows: Vec<PointsRow>,
    /// Streaks by study channel.
    pub streaks: Vec<(ChannelId, Streak)>,
}

/// One season in `/season list`.
#[derive(Debug, Clone)]
pub struct SeasonRow {
    /// The season.
    pub season: Season,
    /// The names of those on rank 1, the first few, and their points.
    pub best: Option<(Vec<String>, i64)>,
    /// How many stand on its board.
    pub members: u32,
}

/// How the boards of a guild are set up.
#[derive(Debug, Clone)]
pub struct BoardSettings {
    /// In which weeks and months begin.
    pub zone: chrono_tz::Tz,
    /// Where the board of the last week is posted, and the next time.
    pub weekly: Option<(ChannelId, Option<DateTime<Utc>>)>,
    /// Roles whose members do not stand on boards.
    pub excluded: BTreeSet<RoleId>,
    /// The season that is running.
    pub season: Option<Season>,
}

impl Engine {
    /// One page of a board. A page beyond the last is the last.
    ///
    /// # Errors
    /// When the guild was never set up, there is no such topic, no season, or the store broke.
    pub async fn board(
        &self,
        guild: GuildId,
        which: &Which,
        page: u32,
        member: MemberId,
    ) -> View<Board> {
        let mut db = self.shared.store.read().await?;
        let guild = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let last = seasons::last(&mut db, guild.id).await?;
        let now = self.now();
        let (kind, stretch) = match which.window {
            Window::Week => (Kind::Week, ranking::week(now, guild.zone)),
            Window::LastWeek => {
                let this = ranking::week(now, guild.zone).0.unwrap_or(now);
                (Kind::Week, ranking::week(this - TimeDelta::milliseconds(1), guild.zone))
            }
            Window::Month => (Kind::Month, ranking::month(now, guild.zone)),
            Window::AllTime => (Kind::All, (None, None)),
            Window::Season => {
                let season = last.as_ref().ok_or(Refusal::NoSeason)?;
                (Kind::Season, (Some(season.started_at), season.ended_at))
            }
        };
        // The season of its own board, over or not; beside others only one that is running.
        let season = last.filter(|last| which.window == Window::Season || last.ended_at.is_none());
        self.board_of(&mut db, &guild, which, (kind, stretch), season, page, member).await
    }

    #[expect(clippy::too_many_arguments, reason = "private, and each is one plain thing")]
    async fn board_of(
        &self,
        db: &mut Connection,
        guild: &Guild,
        which: &Which,
        (kind, stretch): (Kind, Stretch),
        season: Option<Season>,
        page: u32,
        member: MemberId,
    ) -> View<Board> {
        let now = self.now();
        let newcomers = which.newcomers.then(|| match &season {
            Some(season) => (Some(season.started_at), season.ended_at),
            None => (ranking::month(now, guild.zone).0, None),
        });
        let filter = Filter { topic: which.topic.as_deref().unwrap_or(""), joined: newcomers };
        let mut board = Board {
            which: which.clone(),
            page: 0,
            pages: 1,
            rows: Vec::new(),
            own: None,
            off: off(db, guild.id, member).await?,
            members: 0,
            stretch,
            season,
            newcomers_since: newcomers.and_then(|(from, _)| from),
            stale: Vec::new(),
        };
        let Some(period) = standings::period(db, guild.id, kind, stretch.0).await? else {
            // Nothing was booked since it began, or the first tick has yet to come.
            return Ok(board);
        };
        board.members = standings::count(db, period, filter).await?;
        board.pages = board.members.div_ceil(BOARD_PAGE).max(1);
        board.page = page.min(board.pages - 1);
        let skip = board.page * BOARD_PAGE;
        let placed = standings::page(db, guild.id, period, filter, skip, BOARD_PAGE).await?;
        let cutoff = now - TimeDelta::days(1);
        board.stale = placed
            .iter()
            .filter(|row| row.seen_at.is_some_and(|seen| seen < cutoff))
            .map(|row| row.standing.member)
            .collect();
        board.rows = ranked(db, period, filter, placed, skip).await?;
        board.own = match board.rows.iter().find(|row| row.ranked.standing.member == member) {
            Some(row) => Some(row.clone()),
            None => {
                let own = standings::of_member(db, guild.id, period, filter, member).await?;
                ranked(db, period, filter, own.into_iter().collect(), 0).await?.pop()
            }
        };
        Ok(board)
    }

    /// The board that the weekly post shows: of the week that began at `from`.
    ///
    /// # Errors
    /// When that week is not kept any more, or the post was switched off or moved; or the store
    /// broke.
    pub async fn weekly_board(
        &self,
        guild: GuildId,
        from: DateTime<Utc>,
        place: ChannelId,
    ) -> View<Board> {
        let mut db = self.shared.store.read().await?;
        if guilds::weekly(&mut db, guild).await?.is_none_or(|(channel, _)| channel != place) {
            return Err(Refusal::BoardGone.into());
        }
        drop(db);
        self.week_from(guild, from, MemberId(0)).await
    }

    /// The board of the week behind a weekly post, by the key of its delivery, for a member.
    ///
    /// # Errors
    /// When there is no such post, its week is not kept any more, or the store broke.
    pub async fn posted_week(&self, guild: GuildId, key: &str, member: MemberId) -> View<Board> {
        let mut db = self.shared.store.read().await?;
        let delivery = deliveries::by_key::<Intent>(&mut db, key).await?;
        drop(db);
        match delivery.filter(|delivery| delivery.guild == guild).map(|found| found.intent) {
            Some(Intent::WeeklyBoard { from, .. }) => self.week_from(guild, from, member).await,
            _ => Err(Refusal::BoardGone.into()),
        }
    }

    async fn week_from(
        &self,
        guild: GuildId,
        from: DateTime<Utc>,
        member: MemberId,
    ) -> View<Board> {
        let board = self.board(guild, &Which::of(Window::LastWeek), 0, member).await?;
        // Another week has gone by, or the weeks begin elsewhere since the zone was changed.
        if board.stretch.0 != Some(from) {
            return Err(Refusal::BoardGone.into());
        }
        Ok(board)
    }

    /// A member's points, each with its cause.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn points(&self, guild: GuildId, member: MemberId) -> View<Points> {
        let all_time = Which::of(Window::AllTime);
        let own = self.board(guild, &all_time, 0, member).await?.own;
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
        let quiz = ledger::quiz_total(&mut db, guild, member).await?;
        Ok(Points { total, quiz, rank: own.map(|own| own.ranked.rank), rows, streaks })
    }

    /// The seasons of a guild, newest first, each with who was best.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn seasons(&self, guild: GuildId) -> View<Vec<SeasonRow>> {
        let mut db = self.shared.store.read().await?;
        if guilds::find(&mut db, guild).await?.is_none() {
            return Err(Refusal::NoStudyChannel.into());
        }
        let filter = Filter { topic: "", joined: None };
        let mut rows = Vec::new();
        for season in seasons::all(&mut db, guild).await? {
            let from = Some(season.started_at);
            let mut row = SeasonRow { season, best: None, members: 0 };
            if let Some(period) = standings::period(&mut db, guild, Kind::Season, from).await? {
                row.members = standings::count(&mut db, period, filter).await?;
                let top = standings::page(&mut db, guild, period, filter, 0, BOARD_PAGE).await?;
                let top = ranked(&mut db, period, filter, top, 0).await?;
                if let Some(points) = top.first().map(|first| first.ranked.standing.points) {
                    let first = top.into_iter().filter(|row| row.ranked.rank == 1);
                    row.best = Some((first.map(|row| row.shown_name()).collect(), points));
                }
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// How the boards of a guild are set up.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn board_settings(&self, guild: GuildId) -> View<BoardSettings> {
        let mut db = self.shared.store.read().await?;
        let zone = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?.zone;
        let next = weekly::next_due(self.now(), zone).map(|due| due.at);
        let weekly = guilds::weekly(&mut db, guild).await?;
        let season = seasons::last(&mut db, guild).await?;
        Ok(BoardSettings {
            zone,
            weekly: weekly.map(|(channel, _)| (channel, next)),
            excluded: members::excluded_roles(&mut db, guild).await?,
            season: season.filter(|season| season.ended_at.is_none()),
        })
    }

    /// Sums the ledger of a guild up anew and compares. Asked past the inbox, because it takes
    /// seconds with a million rows.
    ///
    /// # Errors
    /// When the guild was never set up, or the store broke.
    pub async fn compare_standings(&self, guild: GuildId) -> View<Comparison> {
        let mut db = self.shared.store.read().await?;
        if guilds::find(&mut db, guild).await?.is_none() {
            return Err(Refusal::NoStudyChannel.into());
        }
        Ok(standings::compare(&mut db, guild).await?)
    }

    /// The topics that a board can be about: those of the packs, and those that earned points once.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn board_topics(&self) -> View<BTreeSet<String>> {
        let mut db = self.shared.store.read().await?;
        let mut topics = self.shared.bank().topics();
        topics.extend(standings::topics(&mut db).await?);
        Ok(topics)
    }
}

impl BoardRow {
    /// The name, or what stands in for one that was never seen.
    pub fn shown_name(&self) -> String {
        let member = self.ranked.standing.member;
        self.name.clone().unwrap_or_else(|| format!("member {member}"))
    }
}

/// Gives rows of a board their ranks; `before` stand on the pages before.
async fn ranked(
    db: &mut Connection,
    period: i64,
    filter: Filter<'_>,
    placed: Vec<Placed>,
    before: u32,
) -> View<Vec<BoardRow>> {
    let Some(first) = placed.first() else { return Ok(Vec::new()) };
    let better = standings::better(db, period, filter, &first.standing).await?;
    let sums: Vec<Standing> = placed.iter().map(|row| row.standing).collect();
    let ranked = ranking::rank(sums, before, better);
    let rows = ranked.into_iter().zip(placed);
    Ok(rows.map(|(ranked, row)| BoardRow { ranked, name: row.name, streak: row.streak }).collect())
}

async fn off(db: &mut Connection, guild: GuildId, member: MemberId) -> View<Option<Off>> {
    Ok(if members::is_hidden(db, guild, member).await? {
        Some(Off::OptedOut)
    } else if members::is_excluded(db, guild, member).await? {
        Some(Off::Role)
    } else {
        None
    })
}
