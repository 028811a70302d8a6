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
            data.steering.forget();
        }
        FullEvent::CommandPermissionsUpdate { permission } => data.steering.changed(permission),
        FullEvent::Resume { .. } => tracing::info!("resumed"),
        FullEvent::Message { new_message } => {
            let Some(guild) = new_message.guild_id else { return };
            let facts = new_message.member.as_deref().map(partial_facts).unwrap_or_default();
            told(data, guild, new_message.channel_id, facts, thread_message(new_message)).await;
        }
        FullEvent::MessageUpdate { event, .. } => updated(data, event).await,
        FullEvent::MessageDelete { deleted_message_id, channel_id, guild_id: Some(_) } => {
            let thread = ChannelId(channel_id.get());
            let message = MessageId(deleted_message_id.get());
            data.engine.tell(Input::MessageGone { thread, message });
        }
        FullEvent::MessageDeleteBulk {
            multiple_deleted_messages_ids,
            channel_id,
            guild_id: Some(_),
        } => {
            let thread = ChannelId(channel_id.get());
            for id in multiple_deleted_messages_ids {
                data.engine.tell(Input::MessageGone { thread, message: MessageId(id.get()) });
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
    let reference = event.message_reference.as_ref().and_then(|reference| reference.as_ref());
    if reference.is_some_and(|to| to.kind == discord::MessageReferenceKind::Forward) {
        // The library leaves out what the forwarded message said.
        stale(data, ChannelId(event.channel_id.get())).await;
        return;
    }
    let (Some(author), Some(content), Some(kind)) = (&event.author, &event.content, event.kind)
    else {
        // An update that does not tell the text, such as an embed that appeared: only a change of
        // the text or the files concerns us, and those come whole.
        if event.content.is_some() || event.attachments.is_some() {
            stale(data, ChannelId(event.channel_id.get())).await;
        }
        return;
    };
    let member = event.member.as_ref().and_then(|m| m.as_ref());
    let nick = member.and_then(|m| m.nick.clone());
    let facts = member.map(|m| partial_facts(m)).unwrap_or_default();
    let replied = event.referenced_message.as_ref().and_then(|m| m.as_ref());
    let message = ThreadMessage {
        id: MessageId(event.id.get()),
        author: MemberId(author.id.get()),
        author_name: nick.unwrap_or_else(|| shown_name(author)),
        bot: author.bot || matches!(event.webhook_id, Some(Some(_))),
        kind: u8::from(kind),
        reply_to: replied.map(|message| MemberId(message.author.id.get())),
        content: content.clone(),
        attachments: event.attachments.as_deref().map(attachments).unwrap_or_default(),
        edited_ms: event.edited_timestamp.map(|at| at.timestamp_millis()),
    };
    told(data, guild, event.channel_id, facts, message).await;
}

/// Has a thread read again, if it is that of a round.
async fn stale(data: &Data, thread: ChannelId) {
    match data.engine.is_round_thread(thread).await {
        Ok(true) => data.engine.thread_stale(thread),
        Ok(false) => {}
        Err(error) => data.engine.message_missed(thread, &error.to_string()),
    }
}

/// Tells the engine of a message, if it is in the thread of a round or shows that its author is back.
async fn told(
    data: &Data,
    guild: discord::GuildId,
    channel: discord::ChannelId,
    facts: Facts,
    message: ThreadMessage,
) {
    let (guild, thread) = (GuildId(guild.get()), ChannelId(channel.get()));
    if !message.bot {
        data.engine.welcome_back(guild, message.author, &message.author_name, &facts).await;
    }
    // Asked of the read connections, so that the talk of a busy guild does not fill the inbox.
    match data.engine.is_round_thread(thread).await {
        Ok(true) => data.engine.tell(Input::Message { guild, thread, message, facts }),
        Ok(false) => {}
        Err(error) => data.engine.message_missed(thread, &error.to_string()),
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
        content: content(message),
        attachments: attachments(
            message.attachments.iter().chain(forwarded(message).flat_map(|one| &one.attachments)),
        ),
        edited_ms: message.edited_timestamp.map(|at| at.timestamp_millis()),
    }
}

/// What a message says; of a forward, what the forwarded message says.
fn content(message: &discord::Message) -> String {
    let forwarded = forwarded(message).map(|one| one.content.as_str());
    let texts = std::iter::once(message.content.as_str()).chain(forwarded);
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The messages that a message forwards.
fn forwarded(message: &discord::Message) -> impl Iterator<Item = &discord::MessageSnapshot> {
    message.message_snapshots.iter()
}

fn attachments<'a>(from: impl IntoIterator<Item = &'a discord::Attachment>) -> Vec<Attachment> {
    from.into_iter().map(|a| Attachment { name: a.filename.clone(), url: a.url.clone() }).collect()
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

#[cfg(test)]
mod tests {
    use super::thread_message;
    use crate::domain::answer::{Verdict, judge};
    use crate::domain::ids::MemberId;
    use serde_json::{Value, json};
    use serenity::all::Message;

    fn message(change: &Value) -> Message {
        let author = json!({"id": "5", "username": "ana", "discriminator": "0", "avatar": null});
        let mut message = json!({
            "id": "900000000000000000", "channel_id": "7", "author": author, "content": "",
            "timestamp": "2026-11-23T08:00:00Z", "edited_timestamp": null, "tts": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [],
            "embeds": [], "pinned": false, "type": 0, "components": [],
        });
        for (key, value) in change.as_object().unwrap() {
            message[key] = value.clone();
        }
        serde_json::from_value(message).unwrap()
    }

    fn file(name: &str) -> Value {
        json!({"id": "8", "filename": name, "size": 9, "url": format!("https://cdn.example/{name}"),
            "proxy_url": "https://cdn.example/x"})
    }

    #[test]
    fn what_a_forward_brings_counts_like_what_its_author_writes() {
        let text = "A generator is lazy, a list is not.";
        let forward = |text: &str, files: Vec<Value>| {
            message(&json!({
                "message_reference": {"type": 1, "channel_id": "7", "message_id": "3"},
                "message_snapshots": [{"message": {
                    "content": text, "timestamp": "2026-11-23T07:00:00Z", "edited_timestamp": null,
                    "mentions": [], "mention_roles": [], "attachments": files, "embeds": [],
                    "type": 0, "flags": 0,
                }}],
            }))
        };
        let verdict =
            |message: &Message| judge(&thread_message(message), MemberId(1), None, false, i64::MAX);
        let seen = thread_message(&forward(text, vec![]));
        assert_eq!((seen.content.as_str(), seen.reply_to), (text, None));
        assert_eq!(verdict(&forward(text, vec![])), Verdict::Counts);
        assert_eq!(verdict(&forward("short", vec![])), Verdict::TooShort);
        assert_eq!(verdict(&forward("", vec![])), Verdict::TooShort);
        let with_file = forward("", vec![file("a.py")]);
        assert_eq!(thread_message(&with_file).attachments[0].name, "a.py");
        assert_eq!(verdict(&with_file), Verdict::Counts);
    }

    #[test]
    fn a_voice_message_is_a_file_and_a_webhooks_message_is_nobodys() {
        let voice = message(&json!({"flags": 8192, "attachments": [file("voice-message.ogg")]}));
        let proxied =
            message(&json!({"webhook_id": "77", "content": "A generator is lazy, a list is not."}));
        let verdict =
            |message: &Message| judge(&thread_message(message), MemberId(1), None, false, i64::MAX);
        assert_eq!(verdict(&voice), Verdict::Counts);
        assert_eq!(verdict(&proxied), Verdict::NotHuman);
    }
}
