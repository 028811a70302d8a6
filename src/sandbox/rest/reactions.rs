//! Reactions.

use super::channels::{channel, need};
use super::{Answer, Call, Reply};
use crate::sandbox::refused::Refused;
use crate::sandbox::state::State;
use crate::sandbox::wire;
use crate::sandbox::world::permissions as may;
use serde_json::Value;

/// Bytes of an emoji: families of seven code points, or 32 characters and an id.
const MOST_EMOJI: usize = 160;

struct Target {
    channel: u64,
    message: u64,
    emoji: String,
    rights: u64,
}

fn target(state: &State, call: &Call, write: bool) -> Result<Target, Refused> {
    let (channel, rights) = channel(state, call)?;
    if rights & may::READ_MESSAGE_HISTORY == 0 {
        return Err(Refused::missing_access());
    }
    let archived = channel.thread.as_ref().is_some_and(|thread| thread.archived);
    if write && archived {
        return Err(Refused::thread_archived());
    }
    let emoji = call.text("emoji_name").to_owned();
    // Either a Unicode emoji or `name:id`; plain words are no emoji.
    let custom = emoji
        .split_once(':')
        .is_some_and(|(name, id)| !name.is_empty() && id.parse::<u64>().is_ok());
    if emoji.is_empty() || emoji.len() > MOST_EMOJI || (emoji.is_ascii() && !custom) {
        return Err(Refused::unknown_emoji());
    }
    let message = call.id("message_id")?;
    if state.world.message(channel.id, message).is_none() {
        return Err(Refused::unknown_message());
    }
    Ok(Target { channel: channel.id, message, emoji, rights })
}

/// `PUT …/reactions/{emoji_name}/@me`.
pub fn add(state: &mut State, call: Call) -> Answer {
    let to = target(state, &call, true)?;
    let present = state
        .world
        .message(to.channel, to.message)
        .is_some_and(|message| message.reactions.iter().any(|r| r.emoji == to.emoji));
    // Joining a reaction that is there already needs no right to add one.
    if !present {
        need(to.rights, may::ADD_REACTIONS)?;
    }
    state.react(to.channel, to.message, call.user()?, &to.emoji)?;
    Ok(Reply::nothing())
}

/// `DELETE …/reactions/{emoji_name}/@me`.
pub fn remove_own(state: &mut State, call: Call) -> Answer {
    let to = target(state, &call, true)?;
    state.unreact(to.channel, to.message, call.user()?, &to.emoji)?;
    Ok(Reply::nothing())
}

/// `DELETE …/reactions/{emoji_name}/{user_id}`.
pub fn remove(state: &mut State, call: Call) -> Answer {
    let to = target(state, &call, true)?;
    let user = call.id("user_id")?;
    if user != call.user()? {
        need(to.rights, may::MANAGE_MESSAGES)?;
    }
    state.unreact(to.channel, to.message, user, &to.emoji)?;
    Ok(Reply::nothing())
}

/// `GET …/reactions/{emoji_name}`: who reacted, by id, at most 100.
pub fn list(state: &mut State, call: Call) -> Answer {
    let to = target(state, &call, false)?;
    let limit = call.query_id("limit").unwrap_or(25).clamp(1, 100);
    let after = call.query_id("after").unwrap_or(0);
    let mut users: Vec<u64> = state
        .world
        .message(to.channel, to.message)
        .and_then(|message| message.reactions.iter().find(|r| r.emoji == to.emoji))
        .map(|reaction| reaction.users.clone())
        .unwrap_or_default();
    users.sort_unstable();
    let listed: Vec<Value> = users
        .into_iter()
        .filter(|user| *user > after)
        .take(usize::try_from(limit).unwrap_or(25))
        .map(|user| wire::user_by_id(&state.world, user))
        .collect();
    Ok(Reply::ok(listed.into()))
}
