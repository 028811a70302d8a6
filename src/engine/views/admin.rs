//! What admins and the bot itself look up: status, plans, schedules, who is told.

use super::View;
use super::questions::ReportsView;
use crate::domain::draw::Plan;
use crate::domain::ids::{ChannelId, GuildId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::refusal::Refusal;
use crate::domain::round::State;
use crate::domain::schedule::{self, Due, Schedule};
use crate::engine::Engine;
use crate::engine::Settings;
use crate::engine::checkup;
use crate::engine::intent::Intent;
use crate::engine::rates::{self as learnt, Contradicted};
use crate::store::channels::StudyChannel;
use crate::store::deliveries::Delivery;
use crate::store::guilds::Guild;
use crate::store::rounds::Round;
use crate::store::{self, Connection, channels, deliveries, guilds, rates, rounds};
use chrono::{DateTime, TimeDelta, Utc};

/// Due instants that `/study status` shows.
const DUES_SHOWN: usize = 5;
/// Notices that nobody could be given that it shows.
const UNSAID_SHOWN: u32 = 5;

/// How long `/study status` shows what was given up.
const GIVEN_UP_SHOWN: TimeDelta = TimeDelta::days(7);

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
    /// Notices that nobody could be given since the last one that arrived, newest first.
    pub unsaid: Vec<(Notice, DateTime<Utc>)>,
    /// What was given up in the last week: what the bot was doing, in which study channel, and when
    /// that was to be done.
    pub given_up: Vec<(&'static str, ChannelId, DateTime<Utc>)>,
    /// What members reported about questions.
    pub reports: ReportsView,
    /// Questions whose label the answers contradict, the farthest off first.
    pub contradicted: Vec<Contradicted>,
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
                left: crate::engine::rounds::stock(&mut db, &self.bank(), &channel).await?,
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
        let unsaid = checkup::unsaid(&mut db, guild, UNSAID_SHOWN).await?;
        let since = self.now() - GIVEN_UP_SHOWN;
        let given_up = deliveries::given_up::<Intent>(&mut db, guild, since, 5)
            .await?
            .into_iter()
            .filter_map(|one| Some((one.intent.doing(), one.channel?, one.created_at)))
            .filter(|(_, channel, _)| named.is_none_or(|named| named == *channel))
            .collect();
        let reports = self.reports(&mut db, guild).await?;
        let rates = rates::all(&mut db).await?;
        let contradicted = learnt::contradicted(&self.shared.bank(), &rates);
        Ok(Status { guild: found, channels: all, unsaid, given_up, reports, contradicted })
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

    /// The guilds with a study channel, whose admins are told what concerns the whole bot.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn studying(&self) -> View<Vec<Guild>> {
        let mut db = self.shared.store.read().await?;
        Ok(guilds::studying(&mut db).await?)
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

    pub(super) async fn dues(
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
