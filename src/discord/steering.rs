//! What servers set for `/study` under *Server Settings, Integrations*: asked of Discord when somebody
//! steers, kept, and kept up to date by APPLICATION_COMMAND_PERMISSIONS_UPDATE, for which a bot needs
//! no intent. It's never asked for inside the inbox.

use super::fault::failure;
use crate::domain::ids::{ChannelId, GuildId, MemberId, RoleId};
use crate::domain::steering::{Override, Steerer, Subject, may_steer};
use serenity::all::{
    self as discord, CommandPermission, CommandPermissionType, CommandPermissions, Http, Member,
    PartialChannel,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Servers whose settings are kept.
const MOST: usize = 5_000;
/// How long they are believed without being asked for again, should an event have been lost.
const KEPT: Duration = Duration::from_hours(1);
/// How long a failed request is not repeated.
const FAILED: Duration = Duration::from_mins(1);
/// How long Discord may take to answer. An interaction has three seconds, and the command itself needs
/// most of them.
const PATIENCE: Duration = Duration::from_millis(800);
/// Requests at the same time.
const AT_ONCE: usize = 4;

/// Overrides by the id of their command, or of the application for all its commands.
type Overrides = HashMap<u64, Vec<Override>>;

/// What is known of all servers.
pub(super) struct Steering {
    known: Mutex<Known>,
    asking: Semaphore,
}

#[derive(Default)]
struct Known {
    servers: HashMap<GuildId, Entry>,
    /// Counts what was heard, so that an answer that crossed with an event is not kept.
    changes: u64,
    /// The id of `/study`.
    study: Option<u64>,
}

struct Entry {
    at: Instant,
    /// None if they could not be read.
    overrides: Option<Arc<Overrides>>,
}

impl Entry {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < if self.overrides.is_some() { KEPT } else { FAILED }
    }
}

/// Somebody who steers, as an interaction names them.
pub(super) struct Asking<'a> {
    pub(super) guild: GuildId,
    pub(super) member: &'a Member,
    pub(super) channel: discord::ChannelId,
    /// What Discord says of the channel.
    pub(super) place: Option<&'a PartialChannel>,
    /// The id of `/study`, where the interaction names it.
    pub(super) command: Option<discord::CommandId>,
}

impl Asking<'_> {
    fn permissions(&self) -> discord::Permissions {
        self.member.permissions.unwrap_or_default()
    }

    /// Whether the member has Manage Server.
    pub(super) fn manages(&self) -> bool {
        self.permissions().manage_guild()
    }
}

impl Default for Steering {
    fn default() -> Self {
        Self { known: Mutex::default(), asking: Semaphore::new(AT_ONCE) }
    }
}

impl Steering {
    /// Whether somebody may steer; None if what the server set could not be read.
    pub(super) async fn may_steer(&self, http: &Http, asking: &Asking<'_>) -> Option<bool> {
        if asking.permissions().administrator() {
            return Some(true);
        }
        let read = async {
            let study = self.study(http, asking.command).await?;
            Some((study, self.overrides(http, asking.guild).await?))
        };
        let (study, overrides) = tokio::time::timeout(PATIENCE, read).await.ok().flatten()?;
        let of = |id: u64| overrides.get(&id).map_or(&[][..], Vec::as_slice);
        let application = http.application_id().map_or(0, discord::ApplicationId::get);
        let roles: Vec<RoleId> =
            asking.member.roles.iter().map(|role| RoleId(role.get())).collect();
        // Only a thread's parent counts for it; other channels name their category there.
        let parent = asking.place.filter(|place| place.thread_metadata.is_some());
        let channel = parent.and_then(|place| place.parent_id).unwrap_or(asking.channel);
        let who = Steerer {
            guild: asking.guild,
            member: MemberId(asking.member.user.id.get()),
            roles: &roles,
            channel: ChannelId(channel.get()),
            administrator: false,
            manages: asking.manages(),
        };
        Some(may_steer(&who, of(study), of(application)))
    }

    /// A server has set something.
    pub(super) fn changed(&self, set: &CommandPermissions) {
        let guild = GuildId(set.guild_id.get());
        let mut known = self.known();
        known.changes += 1;
        let Some(entry) = known.servers.get_mut(&guild) else { return };
        match &mut entry.overrides {
            Some(overrides) => {
                Arc::make_mut(overrides).insert(set.id.get(), of(&set.permissions));
            }
            // The next who asks asks Discord.
            None => {
                known.servers.remove(&guild);
            }
        }
    }

    /// Events may have been missed: everything is asked for again.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.changes += 1;
        known.servers.clear();
    }

    /// What a server set, if it is known or Discord says so. Whoever calls this sets the time limit.
    async fn overrides(&self, http: &Http, guild: GuildId) -> Option<Arc<Overrides>> {
        if let Some(known) = self.kept(guild) {
            return known;
        }
        let _turn = self.asking.acquire().await.ok()?;
        // Somebody else may have asked meanwhile.
        if let Some(known) = self.kept(guild) {
            return known;
        }
        let changes = self.known().changes;
        let answer = http.get_guild_commands_permissions(discord::GuildId::new(guild.0)).await;
        let overrides = match answer {
            Ok(all) => {
                let all = all.iter().map(|one| (one.id.get(), of(&one.permissions)));
                Some(Arc::new(all.collect::<Overrides>()))
            }
            Err(error) => {
                let failure = failure(&error).text();
                tracing::warn!(
                    %guild,
                    failure,
                    "cannot read who may use /study here; Discord's own check counts"
                );
                None
            }
        };
        let mut known = self.known();
        if known.changes == changes {
            known.keep(guild, overrides.clone());
        }
        overrides
    }

    fn kept(&self, guild: GuildId) -> Option<Option<Arc<Overrides>>> {
        let known = self.known();
        let entry = known.servers.get(&guild).filter(|entry| entry.is_fresh())?;
        Some(entry.overrides.clone())
    }

    /// The id of `/study`. A press doesn't name it.
    async fn study(&self, http: &Http, named: Option<discord::CommandId>) -> Option<u64> {
        if let Some(named) = named {
            self.known().study = Some(named.get());
            return Some(named.get());
        }
        if let Some(known) = self.known().study {
            return Some(known);
        }
        let _turn = self.asking.acquire().await.ok()?;
        let commands = http.get_global_commands().await;
        let commands = commands.inspect_err(|error| {
            tracing::warn!(failure = failure(error).text(), "cannot read the commands");
        });
        let study = commands.ok()?.iter().find(|one| one.name == "study")?.id.get();
        self.known().study = Some(study);
        Some(study)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn keep(&mut self, guild: GuildId, overrides: Option<Arc<Overrides>>) {
        self.servers.insert(guild, Entry { at: Instant::now(), overrides });
        if self.servers.len() > MOST {
            let oldest = self.servers.iter().min_by_key(|(_, entry)| entry.at);
            if let Some(oldest) = oldest.map(|(guild, _)| *guild) {
                self.servers.remove(&oldest);
            }
        }
    }
}

/// Overrides as the rules see them. Kinds that are not known yet decide nothing.
fn of(permissions: &[CommandPermission]) -> Vec<Override> {
    let read = |one: &CommandPermission| {
        let id = one.id.get();
        let subject = match one.kind {
            CommandPermissionType::Role => Subject::Role(RoleId(id)),
            CommandPermissionType::User => Subject::Member(MemberId(id)),
            CommandPermissionType::Channel => Subject::Channel(ChannelId(id)),
            _ => return None,
        };
        Some(Override { subject, allowed: one.permission })
    };
    permissions.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_server_makes_room() {
        let mut known = Known::default();
        for guild in 0..=MOST as u64 {
            known.keep(GuildId(guild), None);
        }
        assert_eq!(known.servers.len(), MOST);
        assert!(!known.servers.contains_key(&GuildId(0)));
        assert!(known.servers.contains_key(&GuildId(MOST as u64)));
    }
}
