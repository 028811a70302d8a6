//! What the bot finds out about its servers from the cache and over REST, for the health check, and
//! where it tells their admins.

use super::doctor;
use super::fault::Failure;
use super::outbound::{Outbound, Stop};
use super::rights::{Cached, Ground as _, takes_messages};
use crate::domain::checkup::Finding;
use crate::domain::ids::{ChannelId, GuildId, MemberId, RoleId, RoundId};
use crate::engine::Guild;
use crate::engine::courier::Outcome;
use crate::engine::views::ViewError;
use crate::engine::views::rounds::CardView;
use serenity::all as discord;
use std::time::Duration;

/// How long the first session may take to tell all guilds, before it is asked for again.
const UNTIL_KNOWN: Duration = Duration::from_secs(1);

/// Where admins are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// In a channel.
    Channel(ChannelId),
    /// By direct message.
    Member(MemberId),
}

impl Outbound {
    /// What the doctor finds of the bot as a whole.
    pub(super) async fn examine(&self) -> Result<Vec<Finding>, ViewError> {
        let content = doctor::content(self.paced().await).await;
        let commands = doctor::commands(self.paced().await, true).await;
        let clock = doctor::clock(self.paced().await, || self.engine.now()).await;
        let own = self.engine.examine_bot().await?;
        Ok([content, commands, clock].into_iter().chain(own).collect())
    }

    /// What is known of a guild. Where its weekly board goes may be a thread: one that is archived is
    /// not in the cache, so Discord is asked before it is taken for gone.
    pub(super) async fn ground<'a>(
        &self,
        cache: &'a discord::Cache,
        guild: GuildId,
        weekly: Option<ChannelId>,
    ) -> Cached<'a> {
        let ground = Cached::new(cache, guild);
        let absent = |channel: &ChannelId| ground.is_known() && ground.kind(*channel).is_none();
        let Some(weekly) = weekly.filter(absent) else { return ground };
        let http = self.paced().await;
        match self.within(http.get_channel(discord::ChannelId::new(weekly.0))).await {
            Ok(discord::Channel::Guild(channel)) => ground.with_archived(weekly, channel.kind),
            Ok(_) => ground,
            Err(Failure::Refused { .. }) => ground,
            // Not known is not gone.
            Err(Failure::Unclear { .. }) => {
                ground.with_archived(weekly, discord::ChannelType::Text)
            }
        }
    }

    /// The daily look at a guild's study channels, from the cache.
    pub(super) async fn check_up(&self, guild: GuildId, expired: bool) -> Result<Outcome, Stop> {
        let Some(cache) = self.cache() else {
            // After a start: a moment later the guilds are known.
            let wait = (!expired).then_some(UNTIL_KNOWN);
            let error = "no session yet".to_owned();
            return Ok(wait.map_or(Outcome::Expired, |_| Outcome::Later { wait, error }));
        };
        let ground = Cached::new(&cache, guild);
        if ground.is_unavailable() {
            // Its end is told, and the look is then made at once.
            let error = "the server is not known yet, or Discord has an outage there".to_owned();
            let waits = Outcome::Later { wait: None, error };
            return Ok(if expired { Outcome::Expired } else { waits });
        }
        if !ground.is_known() {
            // The bot was told to leave.
            return Ok(Outcome::Looked(Vec::new()));
        }
        let (of, channels, weekly) = self.engine.to_check_up(guild).await?;
        let ground = self.ground(&cache, guild, weekly).await;
        Ok(Outcome::Looked(doctor::ills(&ground, &of, &channels, weekly)))
    }

    /// Whether a role is known to have been deleted.
    fn is_role_gone(&self, guild: GuildId, role: RoleId) -> bool {
        self.cache().is_some_and(|cache| {
            let ground = Cached::new(&cache, guild);
            ground.is_known() && !ground.has_role(role)
        })
    }

    /// What the question card shows, without a role that is gone.
    pub(super) async fn card(&self, round: RoundId) -> Result<CardView, ViewError> {
        let mut view = self.engine.card(round).await?;
        view.role = view.role.filter(|role| !self.is_role_gone(view.round.guild, *role));
        Ok(view)
    }

    /// Where a guild's admins are told, the best place first. A channel that is known to take no
    /// messages is left out.
    pub(super) fn places(&self, guild: &Guild) -> Vec<Place> {
        let takes_none = |channel: &ChannelId| {
            let kind = self.cache().and_then(|cache| Cached::new(&cache, guild.id).kind(*channel));
            kind.is_some_and(|kind| !takes_messages(kind))
        };
        let channel = guild.notices.filter(|channel| !takes_none(channel)).map(Place::Channel);
        let owner = Some(guild.owner).filter(|owner| *owner != guild.setup_by);
        let members = [Some(guild.setup_by), owner].into_iter().flatten().map(Place::Member);
        channel.into_iter().chain(members).collect()
    }
}
