//! Who one is, whom one can write to, and where the gateway is.

use super::{Answer, Call, Reply};
use crate::sandbox::refused::Refused;
use crate::sandbox::state::State;
use crate::sandbox::wire;
use crate::sandbox::world::{Channel, kind};
use serde_json::{Value, json};

fn gateway_address(state: &State) -> String {
    format!("{}/gateway", state.origin.replacen("http", "ws", 1))
}

/// `GET /gateway`.
pub fn gateway(state: &mut State, _: Call) -> Answer {
    Ok(Reply::ok(json!({"url": gateway_address(state)})))
}

/// `GET /gateway/bot`.
pub fn gateway_bot(state: &mut State, _: Call) -> Answer {
    let remaining = state.hub.faults().starts_left.unwrap_or(1000);
    Ok(Reply::ok(json!({
        "url": gateway_address(state),
        "shards": 1,
        "session_start_limit": {
            "total": 1000, "remaining": remaining, "reset_after": 86_400_000, "max_concurrency": 1,
        },
    })))
}

/// `GET /users/@me`.
pub fn me(state: &mut State, call: Call) -> Answer {
    let me = call.user()?;
    let user = state.world.users.get(&me).ok_or_else(Refused::unauthorized)?;
    Ok(Reply::ok(wire::own_user(user)))
}

/// `GET /users/{user_id}`.
pub fn get(state: &mut State, call: Call) -> Answer {
    let user = state.world.users.get(&call.id("user_id")?).ok_or_else(Refused::unknown_user)?;
    Ok(Reply::ok(wire::user(user)))
}

/// `GET /users/@me/guilds`.
pub fn my_guilds(state: &mut State, call: Call) -> Answer {
    let me = call.user()?;
    let guilds: Vec<Value> = state
        .world
        .guilds
        .values()
        .filter(|guild| guild.members.contains_key(&me))
        .map(|guild| {
            json!({
                "id": wire::id(guild.id),
                "name": guild.name,
                "icon": null,
                "banner": null,
                "owner": guild.owner == me,
                "permissions": state.world.guild_permissions(guild.id, me).to_string(),
                "features": ["COMMUNITY"],
            })
        })
        .collect();
    Ok(Reply::ok(guilds.into()))
}

/// `POST /users/@me/channels`: the direct messages with somebody.
pub fn open_dm(state: &mut State, call: Call) -> Answer {
    let me = call.user()?;
    let other = call
        .body_id("recipient_id")
        .filter(|other| *other != me && state.world.users.contains_key(other))
        .ok_or_else(|| {
            crate::sandbox::refused::invalid(
                "recipient_id",
                "BASE_TYPE_REQUIRED",
                "This field is required",
            )
        })?;
    let id = match state.world.dm_between(me, other) {
        Some(id) => id,
        None => {
            let id = state.new_id();
            let channel = Channel {
                id,
                kind: kind::DM,
                guild: None,
                name: String::new(),
                topic: None,
                parent: None,
                position: 0,
                overwrites: Vec::new(),
                last_message: None,
                last_pin: None,
                recipients: vec![me, other],
                slowmode: 0,
                thread: None,
            };
            state.world.channels.insert(id, channel);
            id
        }
    };
    let channel = state.world.channels.get(&id).ok_or_else(Refused::unknown_channel)?;
    Ok(Reply::ok(wire::channel(&state.world, channel, state.viewer(me))))
}
