//! What decisions the boards need: periods that begin and are over, seasons, the weekly post, who
//! is kept off.

use super::desk::{Decision, Desk, Owed};
use super::input::{Asker, Reply};
use super::intent::Intent;
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::ranking::period::{self, Kind, Period};
use crate::domain::ranking::weekly;
use crate::domain::refusal::Refusal;
use crate::domain::schedule;
use crate::domain::season::{self, Season};
use crate::domain::text;
use crate::store::deliveries::Delivery;
use crate::store::guilds::Guild;
use crate::store::standings::Filter;
use crate::store::{self, guilds, members, seasons, standings};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Seasons a guild may have. Far above any team's need; it bounds what one guild can cost.
const MOST_SEASONS: usize = 200;
/// Roles a guild may keep off its boards.
const MOST_ROLES: usize = 25;
/// Everybody, and all topics.
const EVERYTHING: Filter<'static> = Filter { topic: "", joined: None };

/// A command about boards that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardCommand {
    /// `/season start`
    StartSeason {
        /// What it is called.
        name: String,
        /// Its first date, as typed; `None` for now.
        date: Option<String>,
    },
    /// `/season end`
    EndSeason,
    /// `/study board weekly`
    Weekly {
        /// Where; `None` for nowhere.
        channel: Option<ChannelId>,
    },
    /// `/study board exclude`
    Exclude {
        /// Which role.
        role: RoleId,
    },
    /// `/study board include`
    Include {
        /// Which role.
        role: RoleId,
    },
    /// `/study board zone`
    Zone {
        /// IANA zone, as typed.
        zone: String,
    },
    /// `/study recount`, where the boards differ from the ledger.
    Recount,
}

/// What a command about boards came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardReply {
    /// A season has begun.
    SeasonStarted {
        /// Which.
        season: Season,
        /// The one that was running and is over now.
        ended: Option<Season>,
    },
    /// The season is over.
    SeasonEnded {
        /// Which.
        season: Season,
    },
    /// The weekly post is on or off.
    Weekly {
        /// Where.
        channel: Option<ChannelId>,
        /// The next one.
        next: Option<DateTime<Utc>>,
    },
    /// A role is kept off the boards.
    Excluded {
        /// Which.
        role: RoleId,
        /// How many members left the boards by that.
        members: u32,
    },
    /// A role is back on the boards.
    Included {
        /// Which.
        role: RoleId,
        /// How many members came back by that.
        members: u32,
    },
    /// The zone of the boards.
    Zone {
        /// As it is now.
        zone: chrono_tz::Tz,
    },
    /// The standings were made anew.
    Rebuilt,
}

impl Desk<'_> {
    pub(super) async fn boards(&mut self, asker: &Asker, command: BoardCommand) -> Decision<Reply> {
        let guild = guilds::find(self.db, asker.guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let reply = match command {
            BoardCommand::StartSeason { name, date } => {
                self.start_season(&guild, &name, date.as_deref()).await?
            }
            BoardCommand::EndSeason => self.end_season(&guild).await?,
            BoardCommand::Weekly { channel } => {
                guilds::set_weekly(self.db, guild.id, channel, self.now).await?;
                // What waits out a refusal of another channel is dropped when it is looked at.
                self.shared.errands.retry(guild.id);
                let next = weekly::next_due(self.now, guild.zone).map(|due| due.at);
                BoardReply::Weekly { channel, next: channel.and(next) }
            }
            BoardCommand::Exclude { role } => self.exclude(&guild, role).await?,
            BoardCommand::Include { role } => {
                if !members::excluded_roles(self.db, guild.id).await?.contains(&role) {
                    return Err(Refusal::RoleNotExcluded.into());
                }
                let members = members::include_role(self.db, guild.id, role).await?;
                BoardReply::Included { role, members }
            }
            BoardCommand::Zone { zone } => {
                let zone = schedule::zone_named(&zone)?;
                let guild = Guild { zone, ..guild };
                guilds::save(self.db, &guild).await?;
                self.keep_periods(&guild).await?;
                BoardReply::Zone { zone }
            }
            BoardCommand::Recount => {
                standings::rebuild(self.db, guild.id).await?;
                BoardReply::Rebuilt
            }
        };
        Ok(Reply::Boards(reply))
    }

    async fn start_season(
        &mut self,
        guild: &Guild,
        name: &str,
        date: Option<&str>,
    ) -> Decision<BoardReply> {
        let name = text::label(name, season::LONGEST_NAME).ok_or(Refusal::SeasonWithoutName)?;
        let at = match date {
            None => self.now,
            Some(text) => {
                let bad = || Refusal::BadDate(text.to_owned());
                let date: NaiveDate = text.trim().parse().map_err(|_| bad())?;
                schedule::local_instant(guild.zone, date, NaiveTime::MIN).ok_or_else(bad)?
            }
        };
        let all = seasons::all(self.db, guild.id).await?;
        season::may_start(at, self.now, all.first())?;
        if all.len() >= MOST_SEASONS {
            return Err(Refusal::TooManySeasons.into());
        }
        let mut ended = all.into_iter().next().filter(|last| last.ended_at.is_none());
        if let Some(running) = &mut ended {
            seasons::end(self.db, running.id, at).await?;
            running.ended_at = Some(at);
        }
        let id = seasons::start(self.db, guild.id, &name, at).await?;
        self.keep_periods(guild).await?;
        let season = Season { id, name, started_at: at, ended_at: None };
        Ok(BoardReply::SeasonStarted { season, ended })
    }

    async fn end_season(&mut self, guild: &Guild) -> Decision<BoardReply> {
        let last = seasons::last(self.db, guild.id).await?;
        let mut season =
            last.filter(|last| last.ended_at.is_none()).ok_or(Refusal::NoRunningSeason)?;
        // A clock that was set back must not end it before it began.
        let end = self.now.max(season.started_at);
        seasons::end(self.db, season.id, end).await?;
        self.keep_periods(guild).await?;
        season.ended_at = Some(end);
        Ok(BoardReply::SeasonEnded { season })
    }

    async fn exclude(&mut self, guild: &Guild, role: RoleId) -> Decision<BoardReply> {
        // The role of everybody has the guild's own number (Discord documentation, topics/
        // permissions); without anybody there is no board.
        if role.0 == guild.id.0 {
            return Err(Refusal::RoleOfEverybody.into());
        }
        let excluded = members::excluded_roles(self.db, guild.id).await?;
        if excluded.len() >= MOST_ROLES && !excluded.contains(&role) {
            return Err(Refusal::TooManyRoles.into());
        }
        let members = members::exclude_role(self.db, guild.id, role).await?;
        Ok(BoardReply::Excluded { role, members })
    }

    /// Keeps the periods that boards can show now: opens those that are missing, with what the
    /// ledger already has of them, and closes those that are over for long. After a change of zone
    /// or of the seasons this is all there is to do.
    pub(super) async fn keep_periods(&mut self, guild: &Guild) -> store::Result<()> {
        let mut wanted = period::kept(self.now, guild.zone);
        for season in seasons::all(self.db, guild.id).await? {
            wanted.push(Period {
                kind: Kind::Season,
                from: Some(season.started_at),
                until: season.ended_at,
            });
        }
        for (id, kept) in standings::periods(self.db, guild.id).await? {
            let same = |one: &Period| one.kind == kept.kind && one.from == kept.from;
            match wanted.iter().position(same) {
                Some(index) => {
                    let now = wanted.swap_remove(index);
                    if now.until != kept.until {
                        standings::move_end(self.db, id, now.until).await?;
                    }
                }
                None => standings::close(self.db, id).await?,
            }
        }
        for period in wanted {
            if period.kind == Kind::All {
                tracing::info!(guild = %guild.id, "summing up the ledger for the boards");
            }
            standings::open(self.db, guild.id, period).await?;
        }
        Ok(())
    }

    /// Looks after a guild's boards; says when they have something to do next.
    pub(super) async fn tend_boards(&mut self, guild: &Guild) -> Decision<Option<DateTime<Utc>>> {
        self.keep_periods(guild).await?;
        self.owe_weekly(guild).await?;
        let posts = guilds::weekly(self.db, guild.id).await?.is_some();
        let due = posts.then(|| weekly::next_due(self.now, guild.zone)).flatten();
        Ok(due.map(|due| due.at))
    }

    /// Owes the board of the last week, if it is Monday's time and anybody stands on it.
    async fn owe_weekly(&mut self, guild: &Guild) -> Decision<()> {
        let Some((place, since)) = guilds::weekly(self.db, guild.id).await? else { return Ok(()) };
        let Some(due) = weekly::last_due(self.now, guild.zone) else { return Ok(()) };
        let lateness = self.shared.settings.lateness;
        if due.at <= since || self.now - due.at > lateness {
            return Ok(());
        }
        let (Some(from), _) = due.week else { return Ok(()) };
        let period = standings::period(self.db, guild.id, Kind::Week, Some(from)).await?;
        let Some(period) = period else { return Ok(()) };
        if standings::count(self.db, period, EVERYTHING).await? == 0 {
            return Ok(());
        }
        let cause = format!("weekly:{}:{}", guild.id, due.monday);
        let owed = Owed {
            cause: &cause,
            intent: Intent::WeeklyBoard { from, place },
            after: None,
            // At exactly the lateness it may still be said.
            expires_at: Some(due.at + lateness + TimeDelta::milliseconds(1)),
        };
        self.owe(guild.id, None, None, owed).await?;
        Ok(())
    }

    /// The weekly post cannot be said where it is to be: the admins are told once for each.
    pub(super) async fn weekly_trouble(
        &mut self,
        delivery: &Delivery<Intent>,
        trouble: Trouble,
    ) -> Decision<()> {
        let Intent::WeeklyBoard { place, .. } = delivery.intent else { return Ok(()) };
        let cause = format!("notice:{}", delivery.cause);
        let intent = Intent::Notice { notice: Notice::WeeklyInTrouble { channel: place, trouble } };
        let owed = Owed { cause: &cause, intent, after: None, expires_at: None };
        self.owe(delivery.guild, None, None, owed).await?;
        Ok(())
    }
}
