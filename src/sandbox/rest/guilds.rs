//! Guilds, their channels, roles and members.

use super::{Answer, Call, Reply};
use crate::sandbox::refused::{Form, Refused};
use crate::sandbox::state::State;
use crate::sandbox::wire;
use crate::sandbox::world::Guild;
use serde_json::{Value, json};

/// Characters of a nickname (Discord's OpenAPI description, `update_my_guild_member`).
const MAX_NICKNAME: usize = 32;

/// The guild of the path, if the asker is in it.
fn guild<'a>(state: &'a State, call: &Call) -> Result<&'a Guild, Refused> {
    let user = call.user()?;
    state
        .world
        .guilds
        .get(&call.id("guild_id")?)
        .filter(|guild| guild.members.contains_key(&user))
        .ok_or_else(Refused::unknown_guild)
}

/// `GET /guilds/{guild_id}`.
pub fn get(state: &mut State, call: Call) -> Answer {
    let guild = guild(state, &call)?;
    let mut json = wire::guild(guild);
    if call.query_flag("with_counts") {
        json["approximate_member_count"] = guild.members.len().into();
        json["approximate_presence_count"] = guild.members.len().into();
    }
    Ok(Reply::ok(json))
}

/// `GET /guilds/{guild_id}/channels`, without threads.
pub fn channels(state: &mut State, call: Call) -> Answer {
    let (guild, viewer) = (guild(state, &call)?.id, state.viewer(call.user()?));
    let channels: Vec<Value> = state
        .world
        .channels
        .values()
        .filter(|channel| channel.guild == Some(guild) && channel.thread.is_none())
        .map(|channel| wire::channel(&state.world, channel, viewer))
        .collect();
    Ok(Reply::ok(channels.into()))
}

/// `GET /guilds/{guild_id}/roles`.
pub fn roles(state: &mut State, call: Call) -> Answer {
    let roles: Vec<Value> = guild(state, &call)?.roles.values().map(wire::role).collect();
    Ok(Reply::ok(roles.into()))
}

/// `GET /guilds/{guild_id}/members`: by id, after one, at most 1,000.
pub fn members(state: &mut State, call: Call) -> Answer {
    let limit = call.query_id("limit").unwrap_or(1).clamp(1, 1000);
    let after = call.query_id("after").unwrap_or(0);
    let members: Vec<Value> = guild(state, &call)?
        .members
        .values()
        .filter(|member| member.user > after)
        .take(usize::try_from(limit).unwrap_or(1))
        .map(|member| wire::member(&state.world, member))
        .collect();
    Ok(Reply::ok(members.into()))
}

/// `GET /guilds/{guild_id}/members/{user_id}`.
pub fn member(state: &mut State, call: Call) -> Answer {
    let user = call.id("user_id")?;
    if !state.world.users.contains_key(&user) {
        return Err(Refused::unknown_user());
    }
    let member = guild(state, &call)?.members.get(&user).ok_or_else(Refused::unknown_member)?;
    Ok(Reply::ok(wire::member(&state.world, member)))
}

/// `PATCH /guilds/{guild_id}/members/@me`: one's own nickname. An empty one is none.
pub fn edit_me(state: &mut State, call: Call) -> Answer {
    let (id, me) = (guild(state, &call)?.id, call.user()?);
    if let Some(nick) = call.body.get("nick") {
        let mut form = Form::default();
        let nick = form.text("nick", Some(nick), 0, MAX_NICKNAME).to_owned();
        form.finish()?;
        state.change_member(id, me, |member| {
            member.nick = Some(nick).filter(|nick| !nick.is_empty())
        });
    }
    let member = guild(state, &call)?.members.get(&me).ok_or_else(Refused::unknown_member)?;
    Ok(Reply::ok(wire::member(&state.world, member)))
}

/// `GET /guilds/{guild_id}/threads/active`.
pub fn active_threads(state: &mut State, call: Call) -> Answer {
    let (guild, me) = (guild(state, &call)?.id, call.user()?);
    let viewer = state.viewer(me);
    let threads: Vec<Value> = state
        .world
        .channels
        .values()
        .filter(|channel| channel.guild == Some(guild) && state.world.sees(channel, me))
        .filter(|channel| channel.thread.as_ref().is_some_and(|thread| !thread.archived))
        .map(|channel| wire::channel(&state.world, channel, viewer))
        .collect();
    let members: Vec<Value> =
        threads.iter().filter_map(|thread| thread.get("member").cloned()).collect();
    Ok(Reply::ok(json!({"threads": threads, "members": members, "has_more": false})))
}
