//! Gateway events become inputs of the engine. Discord's types end here.

use super::commands::Data;
use super::components;
use crate::domain::answer::{Attachment, ThreadMessage};
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, RoleId};
use crate::domain::member::Facts;
use crate::engine::input::Input;
use chrono::DateTime;
use serenity::all::{self as discord, FullEvent};

/// Takes up one event.
pub(super) async fn event(context: &discord::Context, event: &FullEvent, data: &Data) {
    match event {
        FullEvent::Ready { data_about_bot } => {
            tracing::info!(bot = %data_about_bot.user.name, "connected");
            // A new session: whatever happened since the last one must be read back.
            data.engine.events_missed();
        }
        FullEvent::Resume { .. } => tracing::info!("resumed"),
        FullEvent::Message { new_message } => {
            let Some(guild) = new_message.guild_id else { return };
            let facts = new_message.member.as_deref().map(partial_facts).unwrap_or_default();
            told(data, guild, new_message.channel_id, facts, || thread_message(new_message)).await;
        }
        FullEvent::MessageUpdate { event, .. } => updated(data, event).await,
        FullEvent::MessageDelete { deleted_message_id, guild_id: Some(_), .. } => {
            let message = MessageId(deleted_message_id.get());
            data.engine.tell(Input::MessageGone { message });
        }
        FullEvent::MessageDeleteBulk {
            multiple_deleted_messages_ids, guild_id: Some(_), ..
        } => {
            for id in multiple_deleted_messages_ids {
                data.engine.tell(Input::MessageGone { message: MessageId(id.get()) });
            }
        }
        // Rights may have come back: what waits out a refusal is tried at once.
        FullEvent::GuildCreate { guild, .. } => data.engine.retry(GuildId(guild.id.get())),
        FullEvent::ChannelUpdate { new, .. } => {
            data.engine.retry(GuildId(new.guild_id.get()));
        }
        FullEvent::GuildRoleUpdate { new, .. } => {
            data.engine.retry(GuildId(new.guild_id.get()));
        }
        // Of its own changes the bot hears without the members' intent (Discord documentation,
        // events/gateway-events, "Guild Member Update").
        FullEvent::GuildMemberUpdate { event, .. }
            if event.user.id.get() == data.engine.settings().bot.0 =>
        {
            data.engine.retry(GuildId(event.guild_id.get()));
        }
        // It was unlocked or taken out of the archive, perhaps.
        FullEvent::ThreadUpdate { new, .. } => {
            let thread = ChannelId(new.id.get());
            if data.engine.is_round_thread(thread).await.unwrap_or(false) {
                data.engine.retry(GuildId(new.guild_id.get()));
            }
        }
        FullEvent::InteractionCreate {
            interaction: discord::Interaction::Component(interaction),
        } => components::pressed(context, interaction, data).await,
        _ => {}
    }
}

async fn updated(data: &Data, event: &discord::MessageUpdateEvent) {
    let Some(guild) = event.guild_id else { return };
    let (Some(author), Some(content), Some(kind)) = (&event.author, &event.content, event.kind)
    else {
        // An update that does not tell the text, such as an embed that appeared: only a change of
        // the text or the files concerns us, and those come whole.
        if event.content.is_some() || event.attachments.is_some() {
            let thread = ChannelId(event.channel_id.get());
            if data.engine.is_round_thread(thread).await.unwrap_or(false) {
                data.engine.thread_stale(thread);
            }
        }
        return;
    };
    let member = event.member.as_ref().and_then(|m| m.as_ref());
    let nick = member.and_then(|m| m.nick.clone());
    let facts = member.map(|m| partial_facts(m)).unwrap_or_default();
    let replied = event.referenced_message.as_ref().and_then(|m| m.as_ref());
    told(data, guild, event.channel_id, facts, || ThreadMessage {
        id: MessageId(event.id.get()),
        author: MemberId(author.id.get()),
        author_name: nick.unwrap_or_else(|| shown_name(author)),
        bot: author.bot || matches!(event.webhook_id, Some(Some(_))),
        kind: u8::from(kind),
        reply_to: replied.map(|message| MemberId(message.author.id.get())),
        content: content.clone(),
        attachments: event.attachments.as_deref().map(attachments).unwrap_or_default(),
        edited_ms: event.edited_timestamp.map(|at| at.timestamp_millis()),
    })
    .await;
}

/// Tells the engine of a message, if it is in the thread of a round.
async fn told(
    data: &Data,
    guild: discord::GuildId,
    channel: discord::ChannelId,
    facts: Facts,
    message: impl FnOnce() -> ThreadMessage,
) {
    let thread = ChannelId(channel.get());
    // Asked of the read connections, so that the talk of a busy guild does not fill the inbox.
    match data.engine.is_round_thread(thread).await {
        Ok(true) => data.engine.tell(Input::Message {
            guild: GuildId(guild.get()),
            thread,
            message: message(),
            facts,
        }),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "cannot tell whether a message is an answer"),
    }
}

/// A message as the rules see it.
pub(super) fn thread_message(message: &discord::Message) -> ThreadMessage {
    let nick = message.member.as_ref().and_then(|member| member.nick.clone());
    ThreadMessage {
        id: MessageId(message.id.get()),
        author: MemberId(message.author.id.get()),
        author_name: nick.unwrap_or_else(|| shown_name(&message.author)),
        bot: message.author.bot || message.webhook_id.is_some(),
        kind: u8::from(message.kind),
        reply_to: message.referenced_message.as_ref().map(|m| MemberId(m.author.id.get())),
        content: message.content.clone(),
        attachments: attachments(&message.attachments),
        edited_ms: message.edited_timestamp.map(|at| at.timestamp_millis()),
    }
}

fn attachments(from: &[discord::Attachment]) -> Vec<Attachment> {
    from.iter().map(|a| Attachment { name: a.filename.clone(), url: a.url.clone() }).collect()
}

/// What a member object tells besides the name.
pub(super) fn member_facts(member: &discord::Member) -> Facts {
    facts(&member.roles, member.joined_at)
}

/// The same of the part of it that comes with messages.
fn partial_facts(member: &discord::PartialMember) -> Facts {
    facts(&member.roles, member.joined_at)
}

fn facts(roles: &[discord::RoleId], joined: Option<discord::Timestamp>) -> Facts {
    Facts {
        roles: Some(roles.iter().map(|role| RoleId(role.get())).collect()),
        joined: joined.and_then(|at| DateTime::from_timestamp_millis(at.timestamp_millis())),
    }
}

/// The name a user chose to be shown with.
pub(super) fn shown_name(user: &discord::User) -> String {
    user.global_name.clone().unwrap_or_else(|| user.name.clone())
}
