//! The application and its commands. Members may read the commands, only the bot may write them.

use super::{Answer, Call, Reply};
use crate::sandbox::commands::Scope;
use crate::sandbox::refused::Refused;
use crate::sandbox::state::State;
use crate::sandbox::wire;

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
