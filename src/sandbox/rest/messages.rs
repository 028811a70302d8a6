//! Messages and pins.

use super::channels::{channel, need};
use super::{Answer, Call, Reply};
use crate::sandbox::refused::{Refused, invalid};
use crate::sandbox::snowflake::iso;
use crate::sandbox::state::State;
use crate::sandbox::state::messages::{Changes, New};
use crate::sandbox::validate;
use crate::sandbox::wire;
use crate::sandbox::world::permissions as may;
use crate::sandbox::world::{Message, Reference, World, kind, message};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long an enforced nonce is remembered (wire time); Discord says "a few minutes".
const NONCE_WINDOW: Duration = Duration::from_secs(5 * 60);

/// `GET /channels/{channel_id}/messages`: newest first.
pub fn list(state: &mut State, call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    let limit = match call.query.get("limit") {
        None => 50,
        Some(text) => {
            text.parse::<usize>().ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(
                || invalid("limit", "NUMBER_TYPE_RANGE", "int value should be between 1 and 100."),
            )?
        }
    };
    // Without the right to read history there is none, and no error either.
    if rights & may::READ_MESSAGE_HISTORY == 0 {
        return Ok(Reply::ok(json!([])));
    }
    let viewer = state.viewer(call.user()?);
    let empty = std::collections::BTreeMap::new();
    let messages = state.world.messages.get(&target.id).unwrap_or(&empty);
    let mut chosen: Vec<&Message> = if let Some(before) = call.query_id("before") {
        messages.range(..before).rev().take(limit).map(|(_, m)| m).collect()
    } else if let Some(after) = call.query_id("after") {
        messages.range(after.saturating_add(1)..).take(limit).map(|(_, m)| m).collect()
    } else if let Some(around) = call.query_id("around") {
        let half = limit / 2;
        let older = messages.range(..around).rev().take(half);
        let newer = messages.range(around..).take(limit - half);
        older.chain(newer).map(|(_, m)| m).collect()
    } else {
        messages.values().rev().take(limit).collect()
    };
    chosen.sort_by_key(|message| std::cmp::Reverse(message.id));
    let listed: Vec<Value> =
        chosen.into_iter().map(|message| wire::message(&state.world, message, viewer)).collect();
    Ok(Reply::ok(listed.into()))
}

fn shown(state: &State, channel: u64, id: u64, call: &Call) -> Result<Value, Refused> {
    let message = state.world.message(channel, id).ok_or_else(Refused::unknown_message)?;
    Ok(wire::message(&state.world, message, state.viewer(call.user()?)))
}

/// `GET /channels/{channel_id}/messages/{message_id}`.
pub fn get(state: &mut State, call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    if rights & may::READ_MESSAGE_HISTORY == 0 {
        return Err(Refused::missing_access());
    }
    let target = target.id;
    Ok(Reply::ok(shown(state, target, call.id("message_id")?, &call)?))
}

/// `POST /channels/{channel_id}/messages`.
pub fn create(state: &mut State, mut call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    let (id, user, guild) = (target.id, call.user()?, target.guild);
    if !matches!(target.kind, kind::TEXT | kind::DM | kind::VOICE | kind::PUBLIC_THREAD) {
        return Err(Refused::not_a_text_channel());
    }
    need(rights, World::send_right(target))?;
    if target
        .thread
        .as_ref()
        .is_some_and(|thread| thread.archived && thread.locked && rights & may::MANAGE_THREADS == 0)
    {
        return Err(Refused::thread_archived());
    }
    let other = target.recipients.iter().find(|one| **one != user);
    if let Some(other) = other
        && !state.reaches(user, *other)
    {
        return Err(Refused::cannot_dm());
    }
    let draft = validate::draft(&call.body)?;
    let uploads = std::mem::take(&mut call.uploads);
    if draft.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty()) {
        if user != state.world.bot {
            return Err(invalid("embeds", "BASE_TYPE_FORBIDDEN", "Members cannot send embeds"));
        }
        need(rights, may::EMBED_LINKS)?;
    }
    if !uploads.is_empty() {
        need(rights, may::ATTACH_FILES)?;
    }
    let nonce_key = draft
        .nonce
        .as_ref()
        .filter(|_| draft.enforce_nonce)
        .map(|nonce| (id, user, nonce.to_string()));
    if let Some(key) = &nonce_key {
        let now = Instant::now();
        state.world.nonces.retain(|_, (_, at)| now.duration_since(*at) < NONCE_WINDOW);
        if let Some((earlier, _)) = state.world.nonces.get(key)
            && let Some(message) = state.world.message(id, *earlier)
        {
            let mut json = wire::message(&state.world, message, state.viewer(user));
            json["nonce"] = call.body["nonce"].clone();
            return Ok(Reply::ok(json));
        }
    }
    let reference = match draft.reply_to {
        None => None,
        Some(_) if rights & may::READ_MESSAGE_HISTORY == 0 => {
            return Err(Refused::reply_needs_history());
        }
        Some((to, must_exist)) => match (state.world.message(id, to), must_exist) {
            (Some(to), _)
                if !matches!(
                    to.kind,
                    message::DEFAULT
                        | message::REPLY
                        | message::COMMAND
                        | message::THREAD_STARTER
                        | message::CONTEXT_COMMAND
                ) =>
            {
                return Err(invalid(
                    "message_reference",
                    "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
                    "Cannot reply to a system message",
                ));
            }
            (Some(to), _) => Some(to.id),
            (None, false) => None,
            (None, true) => {
                return Err(invalid(
                    "message_reference",
                    "REPLIES_UNKNOWN_MESSAGE",
                    "Unknown message",
                ));
            }
        },
    };
    let attachments =
        state.attach(id, draft.attachments.as_deref(), uploads, None).unwrap_or_default();
    let settable = message::SUPPRESS_EMBEDS | message::SUPPRESS_NOTIFICATIONS;
    let new = New {
        channel: id,
        author: user,
        kind: if reference.is_some() { message::REPLY } else { message::DEFAULT },
        flags: draft.flags.unwrap_or(0) & settable,
        content: draft.content.unwrap_or_default(),
        embeds: draft.embeds.unwrap_or_default(),
        components: draft.components.unwrap_or_default(),
        attachments,
        reference: reference.map(|to| Reference { message: Some(to), channel: id, guild }),
        allowed_mentions: draft.allowed_mentions,
        interaction: None,
        audience: None,
        tts: draft.tts,
        nonce: draft.nonce.clone(),
    };
    if new.is_empty() {
        return Err(Refused::empty_message());
    }
    let written = state.write(new);
    if let Some(key) = nonce_key {
        state.world.nonces.insert(key, (written, Instant::now()));
    }
    let mut json = shown(state, id, written, &call)?;
    if let Some(nonce) = draft.nonce {
        json["nonce"] = nonce;
    }
    Ok(Reply::ok(json))
}

impl State {
    /// Whether a direct message reaches somebody: they share a guild and it is wanted.
    fn reaches(&self, from: u64, to: u64) -> bool {
        let shares = self
            .world
            .guilds
            .values()
            .any(|guild| guild.members.contains_key(&from) && guild.members.contains_key(&to));
        shares && self.world.users.get(&to).is_some_and(|user| user.dms_open)
    }
}

/// Refuses what an archived thread no longer takes.
fn not_archived(state: &State, channel: u64) -> Result<(), Refused> {
    let archived = state
        .world
        .channels
        .get(&channel)
        .and_then(|channel| channel.thread.as_ref())
        .is_some_and(|thread| thread.archived);
    if archived {
        return Err(Refused::thread_archived());
    }
    Ok(())
}

/// `PATCH /channels/{channel_id}/messages/{message_id}`.
pub fn edit(state: &mut State, mut call: Call) -> Answer {
    let (target, _) = channel(state, &call)?;
    let (channel, id, user) = (target.id, call.id("message_id")?, call.user()?);
    let old = state.world.message(channel, id).ok_or_else(Refused::unknown_message)?;
    let (author, flags) = (old.author, old.flags);
    not_archived(state, channel)?;
    if author != user {
        return Err(Refused::not_the_author());
    }
    let draft = validate::draft(&call.body)?;
    let uploads = std::mem::take(&mut call.uploads);
    let kept = state.attachments_of(channel, id);
    let attachments = state.attach(channel, draft.attachments.as_deref(), uploads, Some(kept));
    let suppressed = draft.flags.map(|bits| bits & message::SUPPRESS_EMBEDS);
    let changes = Changes {
        content: draft.content,
        embeds: draft.embeds,
        components: draft.components,
        attachments,
        flags: suppressed.map(|bits| flags & !message::SUPPRESS_EMBEDS | bits),
        allowed_mentions: draft.allowed_mentions,
    };
    state.refuse_emptied(channel, id, &changes)?;
    state.change(channel, id, changes, true)?;
    Ok(Reply::ok(shown(state, channel, id, &call)?))
}

/// `DELETE /channels/{channel_id}/messages/{message_id}`.
pub fn delete(state: &mut State, call: Call) -> Answer {
    let (target, rights) = channel(state, &call)?;
    let (channel, id) = (target.id, call.id("message_id")?);
    let old = state.world.message(channel, id).ok_or_else(Refused::unknown_message)?;
    if old.kind == message::THREAD_STARTER {
        return Err(Refused::system_message());
    }
    if old.author != call.user()? {
        need(rights, may::MANAGE_MESSAGES)?;
    }
    state.erase(channel, id)?;
    Ok(Reply::nothing())
}

fn pin_target(state: &State, call: &Call) -> Result<(u64, u64), Refused> {
    let (target, rights) = channel(state, call)?;
    // Since February 2026 managing messages no longer includes pinning.
    need(rights, may::PIN_MESSAGES)?;
    let (channel, id) = (target.id, call.id("message_id")?);
    let pinned = state.world.message(channel, id).ok_or_else(Refused::unknown_message)?;
    if matches!(pinned.kind, message::PINNED | message::THREAD_CREATED | message::THREAD_STARTER) {
        return Err(Refused::system_message());
    }
    not_archived(state, channel)?;
    Ok((channel, id))
}

/// Pins, by the old route and the new one.
pub fn pin(state: &mut State, call: Call) -> Answer {
    let (channel, id) = pin_target(state, &call)?;
    state.pin(channel, id, call.user()?)?;
    Ok(Reply::nothing())
}

/// Unpins, by the old route and the new one.
pub fn unpin(state: &mut State, call: Call) -> Answer {
    let (channel, id) = pin_target(state, &call)?;
    state.unpin(channel, id)?;
    Ok(Reply::nothing())
}

/// Pinned messages, newest pin first.
fn pinned<'a>(state: &'a State, call: &Call) -> Result<Vec<&'a Message>, Refused> {
    let (target, rights) = channel(state, call)?;
    if rights & may::READ_MESSAGE_HISTORY == 0 {
        return Ok(Vec::new());
    }
    let mut pinned: Vec<&Message> = state
        .world
        .messages
        .get(&target.id)
        .into_iter()
        .flat_map(|messages| messages.values())
        .filter(|message| message.pinned.is_some())
        .collect();
    pinned.sort_by_key(|message| std::cmp::Reverse((message.pinned, message.id)));
    Ok(pinned)
}

/// `GET /channels/{channel_id}/pins`, the old route: all of them.
pub fn pins_old(state: &mut State, call: Call) -> Answer {
    let viewer = state.viewer(call.user()?);
    let listed: Vec<Value> = pinned(state, &call)?
        .into_iter()
        .map(|message| wire::message(&state.world, message, viewer))
        .collect();
    Ok(Reply::ok(listed.into()))
}

/// `GET /channels/{channel_id}/messages/pins`: a page before an instant.
pub fn pins(state: &mut State, call: Call) -> Answer {
    let viewer = state.viewer(call.user()?);
    let limit = call.query_id("limit").unwrap_or(50).clamp(1, 50);
    let before = call
        .query
        .get("before")
        .and_then(|text| chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok());
    let all: Vec<&Message> = pinned(state, &call)?
        .into_iter()
        .filter(|message| before.is_none_or(|before| message.pinned.is_some_and(|at| at < before)))
        .collect();
    let has_more = all.len() as u64 > limit;
    let items: Vec<Value> = all
        .into_iter()
        .take(usize::try_from(limit).unwrap_or(50))
        .map(|message| {
            json!({
                "pinned_at": message.pinned.map(iso),
                "message": wire::message(&state.world, message, viewer),
            })
        })
        .collect();
    Ok(Reply::ok(json!({"items": items, "has_more": has_more})))
}
