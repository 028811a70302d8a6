//! What the doctor asks of the store, and the daily look that tells admins of trouble ahead of it.

use super::desk::{Decision, Desk, Owed};
use super::intent::Intent;
use super::views::View;
use super::vitals::{Snapshot, real_now};
use super::{Engine, rounds};
use crate::bank::Bank;
use crate::domain::checkup::{Database, Finding, Ill, change};
use crate::domain::ids::{ChannelId, GuildId, RoleId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::refusal::Refusal;
use crate::domain::round::State;
use crate::domain::schedule::{local_date, local_instant};
use crate::store::channels::StudyChannel;
use crate::store::guilds::Guild;
use crate::store::rounds::Round;
use crate::store::{
    self, Connection, Store, channels, checkups, deliveries, guilds, health, members,
};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The hour of the daily look, by the clocks of the guild's zone: somebody is awake to mend what it
/// finds, and most rounds are due the next morning.
const HOUR: u32 = 16;
/// How long a look may wait for a session.
const LATEST: TimeDelta = TimeDelta::hours(6);
/// How far ahead a round must be for its study channel to be left alone: a team on a long break
/// need not hear that a right is missing.
const SOON: TimeDelta = TimeDelta::days(8);

/// How long what a check of the database found is good for `/study doctor`.
const CHECK_EVERY: Duration = Duration::from_secs(10 * 60);

/// Notices that nobody could be given are counted up to here.
const MOST_UNSAID: u32 = 100;

/// A study channel with its questions.
#[derive(Debug, Clone)]
pub struct Supply {
    /// As set up.
    pub channel: StudyChannel,
    /// Questions that fit its plan.
    pub fitting: u32,
    /// Those of them that were not asked yet.
    pub left: u32,
    /// In how many days the last of them is asked; `None` while no round is coming up.
    pub days: Option<i64>,
    /// Below how many the admins are told.
    pub warn_below: u32,
    /// Rounds whose closing instant is minutes ago and whose result is not decided.
    pub waiting: Vec<Round>,
}

/// What the store knows of a guild for `studyhall doctor`, `/study doctor` and `/study status`.
#[derive(Debug)]
pub struct Examination {
    /// The guild.
    pub guild: Guild,
    /// Its study channels.
    pub supplies: Vec<Supply>,
    /// Where the leaderboard of the last week goes.
    pub weekly: Option<ChannelId>,
    /// The roles that are kept off its boards.
    pub kept_off: BTreeSet<RoleId>,
    /// Notices that nobody could be given since the last one that arrived, newest first.
    pub unsaid: Vec<(Notice, DateTime<Utc>)>,
}

/// By what an examination judges.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Unasked questions below which the admins are told.
    pub warn_below: u32,
    /// How long a close may wait.
    pub close: TimeDelta,
    /// The present instant of study time.
    pub now: DateTime<Utc>,
}

impl Measure {
    /// With the limit for closes as a span of wire time.
    pub fn new(warn_below: u32, close: Duration, now: DateTime<Utc>) -> Self {
        let close = TimeDelta::from_std(close).unwrap_or(TimeDelta::MAX);
        Self { warn_below, close, now }
    }
}

impl Supply {
    /// What is to be told of it, but for what Discord alone knows.
    pub fn findings(&self, place: &str) -> Vec<Finding> {
        let place = place.to_owned();
        let trouble = self.channel.trouble.as_ref().map(|(word, since)| Finding::Trouble {
            place: place.clone(),
            trouble: Trouble::from_word(word).unwrap_or(Trouble::Refused),
            since: *since,
        });
        let waiting = self.waiting.iter().map(|round| Finding::CloseWaits {
            place: place.clone(),
            title: round.question.as_ref().map_or_else(String::new, |of| of.title.clone()),
            since: round.closes_at,
        });
        let &Self { fitting, left, days, warn_below, .. } = self;
        let stock = Finding::Stock { place: place.clone(), fitting, left, days, warn_below };
        trouble.into_iter().chain(waiting).chain([stock]).collect()
    }
}

impl Examination {
    /// What is to be told of the guild as a whole, but for what Discord alone knows.
    pub fn findings(&self, place: &str) -> Vec<Finding> {
        let first = self.unsaid.last().map(|(_, since)| Finding::Unsaid {
            place: place.to_owned(),
            notices: self.unsaid.len() as u64,
            since: *since,
        });
        first.into_iter().collect()
    }
}

/// What the store knows of a guild.
///
/// # Errors
/// When the store broke.
pub async fn examination(
    db: &mut Connection,
    bank: &Bank,
    guild: Guild,
    measure: Measure,
) -> store::Result<Examination> {
    Ok(Examination {
        supplies: supplies(db, bank, guild.id, measure).await?,
        weekly: guilds::weekly(db, guild.id).await?.map(|(channel, _)| channel),
        kept_off: members::excluded_roles(db, guild.id).await?,
        unsaid: unsaid(db, guild.id, MOST_UNSAID).await?,
        guild,
    })
}

/// Notices that nobody could be given since the last one that arrived, newest first.
pub(super) async fn unsaid(
    db: &mut Connection,
    guild: GuildId,
    most: u32,
) -> store::Result<Vec<(Notice, DateTime<Utc>)>> {
    let dropped = deliveries::dropped_notices::<Intent>(db, guild, most).await?;
    let notices = dropped.into_iter().filter_map(|delivery| match delivery.intent {
        Intent::Notice { notice } => Some((notice, delivery.created_at)),
        _ => None,
    });
    Ok(notices.collect())
}

/// A guild's study channels in use, with their questions and with closes that wait.
async fn supplies(
    db: &mut Connection,
    bank: &Bank,
    guild: GuildId,
    measure: Measure,
) -> store::Result<Vec<Supply>> {
    let Measure { warn_below, close, now } = measure;
    let mut found = Vec::new();
    for channel in channels::in_use(db, Some(guild)).await? {
        let left = rounds::stock(db, bank, &channel).await?;
        let last = match left {
            0 => None,
            left => channel.schedule.dues(now).nth(left as usize - 1),
        };
        let today = local_date(channel.schedule.zone, now);
        let mut waiting = store::rounds::live(db, Some(channel.id)).await?;
        waiting.retain(|one| one.state == State::Closing && now - one.closes_at >= close);
        found.push(Supply {
            fitting: rounds::fitting(bank, &channel),
            left,
            days: last.map(|due| (due.date - today).num_days()),
            warn_below,
            waiting,
            channel,
        });
    }
    Ok(found)
}

/// What a bot knows of its own health: whether it hears and writes, and what it could not read. By
/// the bot itself, or by its health file.
pub fn of_health(health: &Snapshot, now: DateTime<Utc>) -> Vec<Finding> {
    let lasting = health.deaf.as_ref().map_or(TimeDelta::zero(), |away| now - away.since);
    let gateway = Finding::Gateway { away: health.deaf.clone(), lasting };
    let writing = Finding::Writing(health.unwritable.clone());
    let clock = health.clock_doubted.clone().map(Finding::ClockDoubted);
    let unreadable = (health.unreadable > 0).then_some(Finding::Unreadable(health.unreadable));
    [gateway, writing].into_iter().chain(clock).chain(unreadable).collect()
}

/// Free space where the database is, and below how many MiB it is too little.
pub fn space(free: io::Result<u64>, least_mib: u32) -> Finding {
    Finding::Space { free: free.ok(), least: u64::from(least_mib) << 20 }
}

/// The zone database this program was built with.
pub fn zones(now: DateTime<Utc>) -> Finding {
    Finding::Zones { version: chrono_tz::IANA_TZDB_VERSION, year: now.year() }
}

/// The state of a database, by a connection to it. Reads all of it.
pub async fn database(db: &mut Connection) -> Database {
    let faults = health::faults(db).await;
    state(db, faults.into_iter().next()).await
}

async fn state(db: &mut Connection, fault: Option<String>) -> Database {
    if fault.is_some() {
        return Database::Damaged(fault);
    }
    match health::size(db).await {
        Ok(bytes) => Database::Whole { bytes },
        Err(error) => Database::Unusable(error.to_string()),
    }
}

/// What the database's last check found. A check reads all of it, so it is not made as often as
/// somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    last: Mutex<Option<(Instant, Database)>>,
}

impl Checked {
    async fn database(&self, db: &mut Connection) -> Database {
        // Held while it is made: whoever asks meanwhile waits for the same answer.
        let mut last = self.last.lock().await;
        if let Some((at, state)) = &*last
            && at.elapsed() < CHECK_EVERY
        {
            return state.clone();
        }
        // Not as thorough as on the command line: the bot has other things to do.
        let damage = health::damage(db).await;
        let state = state(db, damage).await;
        *last = Some((Instant::now(), state.clone()));
        state
    }
}

impl Engine {
    /// What the store knows of a guild for `/study doctor` and `/study status`.
    ///
    /// # Errors
    /// When the guild has no study channel, or the store broke.
    pub async fn examine(&self, guild: GuildId) -> View<Examination> {
        let mut db = self.shared.store.read().await?;
        let of = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let settings = self.settings();
        let close = settings.limits.close.trouble_after;
        let measure = Measure::new(settings.stock_warning_days, close, self.now());
        let found = examination(&mut db, &self.bank(), of, measure).await?;
        if found.supplies.is_empty() {
            return Err(Refusal::NoStudyChannel.into());
        }
        Ok(found)
    }

    /// What concerns the bot as a whole, as far as it doesn't take Discord to tell.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn examine_bot(&self) -> View<Vec<Finding>> {
        let store = &self.shared.store;
        let mut db = store.read().await?;
        let now = self.now();
        let age = Store::last_backup(store.path()).map(|backup| now - backup.at);
        let database = match self.shared.checked.database(&mut db).await {
            // Which rows it concerns is not for the admins of a server.
            Database::Damaged(_) => Database::Damaged(None),
            other => other,
        };
        let own = [zones(now), Finding::Database(database), Finding::Backup { age, daily: false }];
        Ok(self.own_health().into_iter().chain(own).collect())
    }

    /// What the bot knows of its own health without asking anybody.
    pub fn own_health(&self) -> Vec<Finding> {
        let free = space(self.shared.store.free_bytes(), self.settings().min_free_mib);
        of_health(&self.vitals().snapshot(), real_now()).into_iter().chain([free]).collect()
    }

    /// The study channels of a guild that a daily look is for, and where its weekly board goes.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn to_check_up(
        &self,
        guild: GuildId,
    ) -> View<(Guild, Vec<StudyChannel>, Option<ChannelId>)> {
        let mut db = self.shared.store.read().await?;
        let of = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let mut channels = channels::in_use(&mut db, Some(guild)).await?;
        let now = self.now();
        channels.retain(|channel| {
            channel.schedule.next_due(now).is_some_and(|due| due.at <= now + SOON)
        });
        let weekly = guilds::weekly(&mut db, guild).await?.map(|(channel, _)| channel);
        Ok((of, channels, weekly))
    }
}

/// When a guild is looked after on a date; `None` where its zone left that date out. Not all guilds
/// in the same minute.
fn look_at(guild: GuildId, zone: Tz, date: NaiveDate) -> Option<DateTime<Utc>> {
    // The part of a snowflake that is time, so that the minutes spread evenly.
    let minute = u32::try_from((guild.0 >> 22) % 60).ok()?;
    local_instant(zone, date, NaiveTime::from_hms_opt(HOUR, minute, 0)?)
}

impl Desk<'_> {
    /// Owes the guild's daily look if it has become due; says when the next one is.
    pub(super) async fn check_up(&mut self, guild: &Guild) -> Decision<Option<DateTime<Utc>>> {
        if channels::ids_in_use(self.db, Some(guild.id)).await?.is_empty() {
            return Ok(None);
        }
        let today = local_date(guild.zone, self.now);
        let mut last = checkups::last(self.db, guild.id).await?;
        let due = look_at(guild.id, guild.zone, today).is_some_and(|at| at <= self.now);
        if due && last.is_none_or(|last| last < today) {
            checkups::seen_to(self.db, guild.id, today).await?;
            last = Some(today);
            let cause = format!("check-up:{}:{today}", guild.id);
            let owed = Owed {
                cause: &cause,
                intent: Intent::CheckUp { guild: guild.id },
                after: None,
                expires_at: Some(self.now + LATEST),
            };
            self.owe(guild.id, None, None, owed).await?;
        }
        let dates = (0..=2).filter_map(|days| today.checked_add_days(Days::new(days)));
        let mut ahead = dates.filter(|date| last.is_none_or(|last| last < *date));
        Ok(ahead.find_map(|date| look_at(guild.id, guild.zone, date)))
    }

    /// Takes what a look found: tells what is new, and that all is over.
    pub(super) async fn looked(&mut self, found: &[(ChannelId, BTreeSet<Ill>)]) -> Decision<()> {
        for (id, ills) in found {
            let Some(channel) = channels::find(self.db, *id).await? else { continue };
            // What fails already was told when it failed, and its end will be told too.
            if channel.removed || channel.trouble.is_some() {
                continue;
            }
            let mut ills = ills.clone();
            if rounds::fitting(&self.shared.bank(), &channel) == 0 {
                ills.insert(Ill::NoQuestion);
            }
            let told = checkups::told(self.db, *id).await?;
            let change = change(&told, &ills);
            for ill in &change.over {
                checkups::forget(self.db, *id, ill).await?;
            }
            for ill in &change.new {
                checkups::tell(self.db, *id, ill, self.now).await?;
            }
            let turn = self.turn().await?;
            if !change.new.is_empty() {
                let ills = change.new.into_iter().collect();
                let notice = Notice::Foreseen { channel: *id, ills };
                self.notify(channel.guild, *id, &format!("foreseen:{turn}"), notice).await?;
            } else if change.recovered {
                let notice = Notice::Mended { channel: *id };
                self.notify(channel.guild, *id, &format!("mended:{turn}"), notice).await?;
            }
        }
        Ok(())
    }

    /// Whether the admins were told of a trouble before it came.
    pub(super) async fn was_foreseen(
        &mut self,
        channel: ChannelId,
        trouble: Trouble,
    ) -> Decision<bool> {
        let told = checkups::told(self.db, channel).await?;
        let is_it = |ill: &Ill| match ill {
            Ill::Lacks { .. } => trouble == Trouble::MissingRight,
            // A hidden channel is refused as a missing right, a deleted one as unknown.
            Ill::Gone => matches!(trouble, Trouble::ChannelGone | Trouble::MissingRight),
            // Neither keeps a round from being posted.
            Ill::RoleGone { .. } | Ill::Unusable { .. } | Ill::NoQuestion => false,
        };
        Ok(told.iter().any(is_it))
    }
}

#[cfg(test)]
mod tests {
    use super::look_at;
    use crate::domain::ids::GuildId;
    use chrono_tz::{Europe, Pacific};

    #[test]
    fn looks_are_spread_over_the_hour() {
        let date = "2026-11-23".parse().unwrap();
        for (guild, at) in [
            (0, "2026-11-23T15:00:00Z"),
            (59 << 22, "2026-11-23T15:59:00Z"),
            (60 << 22, "2026-11-23T15:00:00Z"),
            (u64::MAX >> 1, "2026-11-23T15:31:00Z"),
        ] {
            let found = look_at(GuildId(guild), Europe::Berlin, date).unwrap();
            assert_eq!(found, at.parse::<chrono::DateTime<chrono::Utc>>().unwrap(), "{guild}");
        }
    }

    #[test]
    fn a_date_that_does_not_exist_has_no_look() {
        let left_out = "2011-12-30".parse().unwrap();
        assert_eq!(look_at(GuildId(1), Pacific::Apia, left_out), None);
    }
}
