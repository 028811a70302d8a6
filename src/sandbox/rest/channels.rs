//! Channels and threads.

use super::{Answer, Call, Reply};
use crate::sandbox::gateway::hub::intent;
use crate::sandbox::refused::{Form, Refused};
use crate::sandbox::state::State;
use crate::sandbox::state::messages::as_id;
use crate::sandbox::wire;
use crate::sandbox::world::permissions as may;
use crate::sandbox::world::{Channel, kind};
use serde_json::{Value, json};

/// The channel of the path with the asker's rights in it.
///
/// # Errors
/// 10003 for none, 50001 for one the asker does not see.
pub fn channel<'a>(state: &'a State, call: &Call) -> Result<(&'a Channel, u64), Refused> {
    let channel =
        state.world.channels.get(&call.id("channel_id")?).ok_or_else(Refused::unknown_channel)?;
    let rights = state.world.permissions(channel, call.user()?);
    if rights & may::VIEW_CHANNEL == 0 {
        return Err(Refused::missing_access());
    }
    Ok((channel, rights))
}

/// Refuses without all of these rights.
///
/// # Errors
/// 50013.
pub fn need(rights: u64, needed: u64) -> Result<(), Refused> {
    if rights & needed == needed { Ok(()) } else { Err(Refused::missing_permissions()) }
}

fn shown(state: &State, id: u64, call: &Call) -> Answer {
    let channel = state.world.channels.get(&id).ok_or_else(Refused::unknown_channel)?;
    let viewer = state.viewer(call.user()?);
    Ok(Reply::ok(wire::channel(&state.world, channel, viewer)))
}

/// `GET /channels/{channel_id}`.
pub fn get(state: &mut State, call: Call) -> Answer {
    let id = channel(state, &call)?.0.id;
    shown(state, id, &call)
}

/// `PATCH /channels/{channel_id}`, a channel or a thread.
pub fn edit(state: &mut State, call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    let (id, is_thread) = (target.id, target.thread.is_some());
    let body = &call.body;
    let mut form = Form::default();
    if let Some(name) = body.get("name") {
        form.text("name", Some(name), 1, 100);
    }
    if let Some(topic) = body.get("topic") {
        form.text("topic", Some(topic), 0, 1024);
    }
    check_duration(&mut form, body);
    if !is_thread {
        need(rights, may::MANAGE_CHANNELS)?;
        form.finish()?;
        let Some(target) = state.world.channels.get_mut(&id) else {
            return Err(Refused::unknown_channel());
        };
        apply_common(target, body);
        state.tell_channel_update(id);
        return shown(state, id, &call);
    }
    check_thread_edit(target, rights, call.user()?, body)?;
    form.finish()?;
    let now = state.clock.now();
    let Some(target) = state.world.channels.get_mut(&id) else {
        return Err(Refused::unknown_channel());
    };
    apply_common(target, body);
    if let Some(thread) = &mut target.thread {
        if let Some(archived) = body["archived"].as_bool()
            && thread.archived != archived
        {
            thread.archived = archived;
            thread.archive_changed = now;
            thread.active = now;
        }
        if let Some(locked) = body["locked"].as_bool() {
            thread.locked = locked;
        }
        if let Some(minutes) = body["auto_archive_duration"].as_i64() {
            thread.auto_archive = minutes;
        }
    }
    // It may be open again, or for less long.
    state.archive_at = now;
    state.tell_thread(id);
    shown(state, id, &call)
}

fn apply_common(target: &mut Channel, body: &Value) {
    if let Some(name) = body["name"].as_str() {
        target.name = name.to_owned();
    }
    if let Some(topic) = body.get("topic") {
        target.topic = topic.as_str().map(str::to_owned);
    }
    if let Some(slowmode) = body["rate_limit_per_user"].as_u64() {
        target.slowmode = slowmode;
    }
}

/// Who may change what of a thread (Discord documentation, topics, "Threads").
fn check_thread_edit(
    target: &Channel,
    rights: u64,
    user: u64,
    body: &Value,
) -> Result<(), Refused> {
    let Some(thread) = &target.thread else {
        return Ok(());
    };
    let manages = rights & may::MANAGE_THREADS != 0;
    let opens = body["archived"] == false;
    if thread.archived && !opens {
        return Err(Refused::thread_archived());
    }
    let keys: Vec<&str> =
        body.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let only_opens = opens && keys == ["archived"];
    if only_opens && !thread.locked {
        return need(rights, may::SEND_MESSAGES_IN_THREADS).or(need(rights, may::MANAGE_THREADS));
    }
    let owner_may = thread.owner == user
        && !thread.locked
        && keys.iter().all(|key| matches!(*key, "name" | "archived" | "auto_archive_duration"));
    if manages || owner_may { Ok(()) } else { Err(Refused::missing_permissions()) }
}

/// `DELETE /channels/{channel_id}`.
pub fn delete(state: &mut State, call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    let id = target.id;
    need(rights, if target.thread.is_some() { may::MANAGE_THREADS } else { may::MANAGE_CHANNELS })?;
    let answer = shown(state, id, &call);
    state.remove_channel(id);
    answer
}

/// `POST /channels/{channel_id}/typing`.
pub fn typing(state: &mut State, call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    let (id, user, guild) = (target.id, call.user()?, target.guild);
    need(rights, crate::sandbox::world::World::send_right(target))?;
    let now = state.clock.now().timestamp();
    let intents = match guild {
        Some(_) => intent::GUILD_MESSAGE_TYPING,
        None => intent::DIRECT_MESSAGE_TYPING,
    };
    state.tell_channel("TYPING_START", id, intents, |world, _| {
        let mut event = json!({
            "channel_id": wire::id(id),
            "user_id": wire::id(user),
            "timestamp": now,
        });
        if let Some(guild) = guild.and_then(|guild| world.guilds.get(&guild)) {
            event["guild_id"] = wire::id(guild.id);
            if let Some(member) = guild.members.get(&user) {
                event["member"] = wire::member(world, member);
            }
        }
        event
    });
    Ok(Reply::nothing())
}

fn check_duration(form: &mut Form, body: &Value) {
    let given = &body["auto_archive_duration"];
    if !given.is_null() && !matches!(given.as_i64(), Some(60 | 1440 | 4320 | 10_080)) {
        form.wrong(
            "auto_archive_duration",
            "BASE_TYPE_CHOICES",
            "Value must be one of (60, 1440, 4320, 10080).",
        );
    }
}

/// `POST /channels/{channel_id}/messages/{message_id}/threads`.
pub fn start_thread_from(state: &mut State, call: Call) -> Answer {
    let message = call.id("message_id")?;
    start(state, &call, Some(message))
}

/// `POST /channels/{channel_id}/threads`, without a message.
pub fn start_thread(state: &mut State, call: Call) -> Answer {
    if !matches!(call.body["type"].as_u64(), Some(11)) {
        // Without a type Discord makes a private thread, which the sandbox has none of.
        return Err(crate::sandbox::refused::invalid(
            "type",
            "BASE_TYPE_CHOICES",
            "Only public threads (11) are part of the sandbox.",
        ));
    }
    start(state, &call, None)
}

fn start(state: &mut State, call: &Call, from: Option<u64>) -> Answer {
    let (parent, rights) = channel(state, call)?;
    let (id, user) = (parent.id, call.user()?);
    if parent.kind != kind::TEXT {
        return Err(Refused::wrong_channel_type());
    }
    need(rights, may::CREATE_PUBLIC_THREADS)?;
    if from.is_some() && rights & may::READ_MESSAGE_HISTORY == 0 {
        return Err(Refused::missing_access());
    }
    let mut form = Form::default();
    let name = form.text("name", call.body.get("name"), 1, 100).to_owned();
    check_duration(&mut form, &call.body);
    form.finish()?;
    // A day is what Discord takes when neither request nor channel says otherwise.
    let minutes = call.body["auto_archive_duration"].as_i64().unwrap_or(1440);
    let thread = state.start_thread(id, from, &name, minutes, user)?;
    let reply = shown(state, thread, call)?;
    Ok(Reply { status: 201, ..reply })
}

/// `PUT /channels/{channel_id}/thread-members/@me`.
pub fn join_thread(state: &mut State, call: Call) -> Answer {
    let (id, user, now) = (channel(state, &call)?.0.id, call.user()?, state.clock.now());
    let thread = thread_mut(state, id)?;
    if thread.archived {
        return Err(Refused::thread_archived());
    }
    thread.members.entry(user).or_insert(now);
    Ok(Reply::nothing())
}

/// `DELETE /channels/{channel_id}/thread-members/@me`.
pub fn leave_thread(state: &mut State, call: Call) -> Answer {
    let (id, user) = (channel(state, &call)?.0.id, call.user()?);
    let thread = thread_mut(state, id)?;
    if thread.archived {
        return Err(Refused::thread_archived());
    }
    thread.members.remove(&user);
    Ok(Reply::nothing())
}

fn thread_mut(state: &mut State, id: u64) -> Result<&mut crate::sandbox::world::Thread, Refused> {
    state
        .world
        .channels
        .get_mut(&id)
        .and_then(|channel| channel.thread.as_mut())
        .ok_or_else(Refused::wrong_channel_type)
}

/// `GET /channels/{channel_id}/threads/archived/public`: newest archived first.
pub fn archived_threads(state: &mut State, call: Call) -> Answer {
    let (parent, rights) = channel(state, &call)?;
    let parent = parent.id;
    if rights & may::READ_MESSAGE_HISTORY == 0 {
        return Err(Refused::missing_access());
    }
    let viewer = state.viewer(call.user()?);
    let before = call
        .query
        .get("before")
        .and_then(|text| chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok());
    let limit = call.query_id("limit").unwrap_or(50).clamp(1, 100);
    let mut threads: Vec<&Channel> = state
        .world
        .channels
        .values()
        .filter(|channel| channel.parent == Some(parent))
        .filter(|channel| {
            channel.thread.as_ref().is_some_and(|thread| {
                thread.archived && before.is_none_or(|before| thread.archive_changed < before)
            })
        })
        .collect();
    threads.sort_by_key(|channel| {
        std::cmp::Reverse(channel.thread.as_ref().map(|thread| thread.archive_changed))
    });
    let has_more = threads.len() as u64 > limit;
    let listed: Vec<Value> = threads
        .into_iter()
        .take(usize::try_from(limit).unwrap_or(50))
        .map(|channel| wire::channel(&state.world, channel, viewer))
        .collect();
    let members: Vec<Value> = listed
        .iter()
        .filter_map(|thread| thread.get("member").cloned())
        .filter(|member| as_id(&member["user_id"]).is_some())
        .collect();
    Ok(Reply::ok(json!({"threads": listed, "members": members, "has_more": has_more})))
}
