//! The application and its commands. Members may read the commands, only the bot may write them, and
//! only admins say who may use them.

use super::channels::need;
use super::{Answer, Call, Reply};
use crate::sandbox::commands::{Scope, overrides};
use crate::sandbox::refused::Refused;
use crate::sandbox::state::{Audience, State};
use crate::sandbox::wire;
use crate::sandbox::world::permissions as may;
use serde_json::Value;

/// `GET /applications/@me` and `GET /oauth2/applications/@me`.
pub fn me(state: &mut State, call: Call) -> Answer {
    if call.user()? != state.world.bot {
        return Err(Refused::unauthorized());
    }
    Ok(Reply::ok(wire::application(&state.world, state.content_intent)))
}

/// Checks application and guild of the path and returns the scope.
fn scope(state: &State, call: &Call, write: bool) -> Result<Scope, Refused> {
    if call.id("application_id")? != state.world.bot {
        return Err(Refused::unknown_application());
    }
    let user = call.user()?;
    if write && user != state.world.bot {
        return Err(Refused::missing_access());
    }
    if call.text("guild_id").is_empty() {
        return Ok(None);
    }
    let guild = call.id("guild_id")?;
    if !state.world.is_member(guild, user) {
        return Err(Refused::missing_access());
    }
    Ok(Some(guild))
}

/// The list.
pub fn list(state: &mut State, call: Call) -> Answer {
    let scope = scope(state, &call, false)?;
    Ok(Reply::ok(state.commands.list(scope).into()))
}

/// One command.
pub fn get(state: &mut State, call: Call) -> Answer {
    let scope = scope(state, &call, false)?;
    let command =
        state.commands.get(scope, call.id("command_id")?).ok_or_else(Refused::unknown_command)?;
    Ok(Reply::ok(command.clone()))
}

/// Adds or replaces one: 201 when it is new.
pub fn create(state: &mut State, call: Call) -> Answer {
    let scope = scope(state, &call, true)?;
    let now = state.clock.now();
    let (ids, bot) = (&mut state.world.ids, state.world.bot);
    let (command, new) = state.commands.upsert(bot, scope, &call.body, || ids.next(now))?;
    Ok(Reply::with(if new { 201 } else { 200 }, command))
}

/// Replaces all.
pub fn replace(state: &mut State, call: Call) -> Answer {
    let scope = scope(state, &call, true)?;
    let bodies = call.body.as_array().ok_or_else(|| {
        crate::sandbox::refused::invalid(
            "",
            "LIST_TYPE_CONVERT",
            "Only iterables may be used in a ListType.",
        )
    })?;
    let now = state.clock.now();
    let (ids, bot) = (&mut state.world.ids, state.world.bot);
    let commands = state.commands.replace(bot, scope, bodies, || ids.next(now))?;
    Ok(Reply::ok(commands.into()))
}

/// Changes one.
pub fn edit(state: &mut State, call: Call) -> Answer {
    let scope = scope(state, &call, true)?;
    let id = call.id("command_id")?;
    let now = state.clock.now();
    let (ids, bot) = (&mut state.world.ids, state.world.bot);
    let command = state.commands.patch(bot, scope, id, &call.body, || ids.next(now))?;
    Ok(Reply::ok(command))
}

/// Removes one.
pub fn delete(state: &mut State, call: Call) -> Answer {
    let scope = scope(state, &call, true)?;
    state.commands.remove(scope, call.id("command_id")?)?;
    Ok(Reply::nothing())
}

/// `GET …/commands/permissions`: every command, or the application, for which the guild set something.
pub fn all_permissions(state: &mut State, call: Call) -> Answer {
    let guild = scope(state, &call, false)?.ok_or_else(Refused::unknown_guild)?;
    let overrides = &state.commands.overrides;
    let listed: Vec<Value> = overrides
        .ids(guild)
        .into_iter()
        .map(|id| overrides::shown(state.world.bot, guild, id, overrides.get(guild, id)))
        .collect();
    Ok(Reply::ok(listed.into()))
}

/// `GET …/commands/{command_id}/permissions`.
pub fn permissions(state: &mut State, call: Call) -> Answer {
    let guild = scope(state, &call, false)?.ok_or_else(Refused::unknown_guild)?;
    let id = call.id("command_id")?;
    match state.commands.overrides.get(guild, id) {
        [] => Err(Refused::unknown_command_permissions()),
        found => Ok(Reply::ok(overrides::shown(state.world.bot, guild, id, found))),
    }
}

/// `PUT …/commands/{command_id}/permissions`: for members who manage the guild and its roles, as the
/// settings of Discord's own client do it; never for the bot.
pub fn set_permissions(state: &mut State, call: Call) -> Answer {
    let guild = scope(state, &call, false)?.ok_or_else(Refused::unknown_guild)?;
    let user = call.user()?;
    if user == state.world.bot {
        return Err(Refused::new(403, 20001, "Bots cannot use this endpoint"));
    }
    need(state.world.guild_permissions(guild, user), may::MANAGE_GUILD | may::MANAGE_ROLES)?;
    let (id, bot) = (call.id("command_id")?, state.world.bot);
    if id != bot && state.commands.callable(Some(guild), id).is_none() {
        return Err(Refused::unknown_command());
    }
    let set = overrides::read(&call.body)?;
    let shown = overrides::shown(bot, guild, id, &set);
    state.commands.overrides.replace(guild, id, set);
    // No intent is asked for: it is not in the documentation's list of intents.
    if state.world.is_member(guild, bot) {
        state.tell("APPLICATION_COMMAND_PERMISSIONS_UPDATE", &Audience::Bot, &shown);
    }
    Ok(Reply::ok(shown))
}
