//! What a guild's admins set for commands under Server Settings, Integrations (Discord documentation,
//! interactions/application-commands, "Permissions"; support article "Updates to Command Permissions").

use crate::sandbox::refused::{Form, Refused};
use crate::sandbox::state::messages::as_id;
use crate::sandbox::wire;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Overrides that one command may have in a guild.
const MOST: usize = 100;

/// Whom an override is for.
mod kind {
    pub const ROLE: u64 = 1;
    pub const USER: u64 = 2;
    pub const CHANNEL: u64 = 3;
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    pub id: u64,
    pub kind: u64,
    pub allowed: bool,
}

/// Who uses a command where.
pub struct Caller<'a> {
    pub guild: u64,
    pub user: u64,
    pub roles: &'a [u64],
    /// For a thread its parent.
    pub channel: u64,
    /// Whether the caller has the command's default permissions.
    pub by_default: bool,
}

/// All overrides, by guild and by the id of a command, or of the application for all its commands.
#[derive(Default)]
pub struct Overrides {
    by_guild: BTreeMap<u64, BTreeMap<u64, Vec<Override>>>,
}

impl Overrides {
    /// Those of a command or the application.
    pub fn get(&self, guild: u64, id: u64) -> &[Override] {
        self.by_guild.get(&guild).and_then(|of| of.get(&id)).map_or(&[], Vec::as_slice)
    }

    /// The ids that have any in a guild.
    pub fn ids(&self, guild: u64) -> Vec<u64> {
        self.by_guild.get(&guild).map(|of| of.keys().copied().collect()).unwrap_or_default()
    }

    /// Replaces those of a command or the application.
    pub fn replace(&mut self, guild: u64, id: u64, overrides: Vec<Override>) {
        let of = self.by_guild.entry(guild).or_default();
        if overrides.is_empty() {
            of.remove(&id);
        } else {
            of.insert(id, overrides);
        }
    }

    /// The application has left a guild.
    pub fn forget(&mut self, guild: u64) {
        self.by_guild.remove(&guild);
    }

    /// Whether somebody who is no administrator may use a command. A command's own overrides come
    /// before the application's; an application's cannot give what the default permissions withhold.
    pub fn allow(&self, caller: &Caller<'_>, application: u64, command: u64) -> bool {
        let levels = [self.get(caller.guild, command), self.get(caller.guild, application)];
        let [own, all] = levels.map(|level| of_member(level, caller));
        let channel = levels.iter().find_map(|level| of_channel(level, caller));
        channel != Some(false) && own.unwrap_or(all != Some(false) && caller.by_default)
    }
}

fn found(level: &[Override], kind: u64, id: u64) -> Option<bool> {
    level.iter().find(|one| one.kind == kind && one.id == id).map(|one| one.allowed)
}

/// The guild's id less one stands for all channels.
fn of_channel(level: &[Override], caller: &Caller<'_>) -> Option<bool> {
    found(level, kind::CHANNEL, caller.channel)
        .or_else(|| found(level, kind::CHANNEL, caller.guild.wrapping_sub(1)))
}

/// The guild's id stands for @everyone. Of several roles one that allows is enough.
fn of_member(level: &[Override], caller: &Caller<'_>) -> Option<bool> {
    let roles = caller.roles.iter().filter_map(|role| found(level, kind::ROLE, *role));
    found(level, kind::USER, caller.user)
        .or_else(|| roles.reduce(|one, other| one || other))
        .or_else(|| found(level, kind::ROLE, caller.guild))
}

/// Reads what an admin sets.
///
/// # Errors
/// 50035 for what is no override, or too many of them.
pub fn read(body: &Value) -> Result<Vec<Override>, Refused> {
    let mut form = Form::default();
    let given = body["permissions"].as_array().map_or(&[][..], Vec::as_slice);
    if !body["permissions"].is_array() {
        form.wrong("permissions", "BASE_TYPE_REQUIRED", "This field is required");
    }
    if given.len() > MOST {
        form.wrong("permissions", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
    }
    let mut overrides = Vec::new();
    for (index, one) in given.iter().take(MOST).enumerate() {
        match (as_id(&one["id"]), one["type"].as_u64(), one["permission"].as_bool()) {
            (Some(id), Some(kind @ kind::ROLE..=kind::CHANNEL), Some(allowed)) => {
                overrides.push(Override { id, kind, allowed });
            }
            _ => form.wrong(
                &format!("permissions.{index}"),
                "BASE_TYPE_REQUIRED",
                "An override has an id, a type from 1 to 3 and a permission",
            ),
        }
    }
    form.finish()?;
    Ok(overrides)
}

/// The overrides of a command as Discord shows them.
pub fn shown(application: u64, guild: u64, id: u64, overrides: &[Override]) -> Value {
    let listed: Vec<Value> = overrides
        .iter()
        .map(|one| json!({"id": wire::id(one.id), "type": one.kind, "permission": one.allowed}))
        .collect();
    json!({
        "id": wire::id(id),
        "application_id": wire::id(application),
        "guild_id": wire::id(guild),
        "permissions": listed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commands_own_overrides_come_first_and_defaults_last() {
        const GUILD: u64 = 100;
        const APP: u64 = 1;
        const COMMAND: u64 = 2;
        let role = |id, allowed| Override { id, kind: kind::ROLE, allowed };
        let user = |allowed| Override { id: 5, kind: kind::USER, allowed };
        let channel = |id, allowed| Override { id, kind: kind::CHANNEL, allowed };
        let cases = [
            (vec![], vec![], false, true),
            (vec![user(true)], vec![], true, true),
            (vec![user(false), role(7, true)], vec![], false, false),
            (vec![role(7, true), role(8, false), role(GUILD, false)], vec![], true, true),
            (vec![role(GUILD, false)], vec![], false, false),
            (vec![], vec![role(GUILD, true)], false, true),
            (vec![], vec![role(7, false)], false, false),
            (vec![role(7, true)], vec![user(false)], true, true),
            (vec![channel(9, false)], vec![], false, false),
            (vec![channel(GUILD - 1, false), channel(9, true)], vec![], false, true),
            (vec![], vec![channel(GUILD - 1, false)], false, false),
            (vec![channel(9, true)], vec![channel(GUILD - 1, false)], false, true),
        ];
        for (own, all, without, with) in cases {
            let mut overrides = Overrides::default();
            overrides.replace(GUILD, COMMAND, own.clone());
            overrides.replace(GUILD, APP, all.clone());
            for (by_default, expected) in [(false, without), (true, with)] {
                let caller =
                    Caller { guild: GUILD, user: 5, roles: &[7, 8], channel: 9, by_default };
                let allowed = overrides.allow(&caller, APP, COMMAND);
                assert_eq!(allowed, expected, "{own:?} {all:?} {by_default}");
            }
        }
    }
}
