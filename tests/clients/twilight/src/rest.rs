//! Steps that ask for things by name, tidy up, and manage commands and answers.

use crate::{Bot, Done, place, tell};
use serde_json::{Value, json};
use std::fmt::Display;
use twilight_http::request::channel::reaction::RequestReactionType;
use twilight_model::channel::ChannelType;
use twilight_model::channel::message::{EmojiReactionType, MessageFlags};
use twilight_model::id::Id;
use twilight_model::id::marker::ChannelMarker;

const THUMB: RequestReactionType<'static> = RequestReactionType::Unicode { name: "👍" };

fn texts<T: Display>(found: impl IntoIterator<Item = T>) -> Vec<String> {
    found.into_iter().map(|one| one.to_string()).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

impl Bot {
    pub(crate) async fn look(&self, channel: Id<ChannelMarker>) -> Done {
        let http = &self.http;
        let (guild, friend) = (place("guild_id").parse()?, place("friend").parse()?);
        let guilds = http.current_user_guilds().await?.models().await?;
        let whole = http.guild(guild).with_counts(true).await?.model().await?;
        let channels = http.guild_channels(guild).await?.models().await?;
        let roles = http.roles(guild).await?.models().await?;
        let members = http.guild_members(guild).limit(1_000).await?.models().await?;
        let member = http.guild_member(guild, friend).await?.model().await?;
        let same = http.channel(channel).await?.model().await?;
        let message = http.message(channel, self.message).await?.model().await?;
        let threads = http.active_threads(guild).await?.model().await?;
        let has_thumb = message
            .reactions
            .iter()
            .any(|one| matches!(&one.emoji, EmojiReactionType::Unicode { name } if name == "👍"));
        let reactors = http.reactions(channel, self.message, &THUMB).await?.models().await?;
        if !has_thumb || whole.approximate_member_count != Some(members.len().try_into()?) {
            return Err("the message or the guild is not whole".into());
        }
        let name = member.nick.or(member.user.global_name).unwrap_or(member.user.name);
        tell(
            "look",
            json!({
                "guilds": texts(guilds.iter().map(|one| one.id)),
                "channels": texts(channels.iter().map(|one| one.id)),
                "roles": texts(roles.iter().map(|one| &one.name)),
                "members": texts(members.iter().map(|one| one.user.id)),
                "member": name,
                "channel": same.id.to_string(),
                "message": message.content,
                "threads": texts(threads.threads.iter().map(|one| one.id)),
                "reactors": texts(reactors.iter().map(|one| one.id)),
            }),
        );
        Ok(())
    }

    pub(crate) async fn chores(&self, channel: Id<ChannelMarker>) -> Done {
        let http = &self.http;
        let (guild, friend) = (place("guild_id").parse()?, place("friend").parse()?);
        http.create_typing_trigger(channel).await?;
        http.update_current_member(guild).nick(Some("Guide")).await?;
        let thread = http.create_thread(channel, "Aside", ChannelType::PublicThread).await?;
        let thread = thread.model().await?.id;
        http.leave_thread(thread).await?;
        http.join_thread(thread).await?;
        http.update_thread(thread).name("Apart").archived(true).await?;
        let archived = http.public_archived_threads(channel).await?.model().await?;
        http.delete_channel(thread).await?;
        let gone = http.create_message(channel).content("Soon gone").await?.model().await?.id;
        http.delete_message(channel, gone).await?;
        http.delete_reaction(channel, self.message, &THUMB, friend).await?;
        http.delete_pin(channel, self.message).await?;
        let pins = http.pins(channel).await?.model().await?;
        tell(
            "chores",
            json!({
                "thread": thread.to_string(),
                "archived": texts(archived.threads.iter().map(|one| one.id)),
                "gone": gone.to_string(),
                "pinned": texts(pins.items.iter().map(|pin| pin.message.id)),
            }),
        );
        Ok(())
    }

    pub(crate) async fn commands(&self) -> Done {
        let (answers, guild) = (self.answers(), place("guild_id").parse()?);
        let made = answers.create_global_command().chat_input("wide", "Before").await?;
        let id = made.model().await?.id.ok_or("a command has a number")?;
        let read = answers.global_command(id).await?.model().await?;
        let changed = answers.update_global_command(id).description("After").await?;
        let wide = [read.description, changed.model().await?.description];
        answers.delete_global_command(id).await?;
        let everywhere = answers.global_commands().await?.models().await?;

        let made = answers.create_guild_command(guild).chat_input("near", "Before").await?;
        let id = made.model().await?.id.ok_or("a command has a number")?;
        let read = answers.guild_command(guild, id).await?.model().await?;
        let changed = answers.update_guild_command(guild, id).description("After").await?;
        let near = [read.description, changed.model().await?.description];
        answers.delete_guild_command(guild, id).await?;
        let here = answers.guild_commands(guild).await?.models().await?;
        let left = [everywhere, here].map(|found| sorted(texts(found.iter().map(|one| &one.name))));
        tell("commands", json!({"wide": wide, "near": near, "left": left}));
        Ok(())
    }

    /// After the answer was put off.
    pub(crate) async fn errands(&self, token: &str) -> Done {
        let answers = self.answers();
        answers.update_response(token).content(Some("First")).await?;
        let original = answers.response(token).await?.model().await?;
        let second =
            answers.create_followup(token).content("Second").flags(MessageFlags::EPHEMERAL);
        let second = second.await?.model().await?.id;
        answers.update_followup(token, second).content(Some("Second, mended")).await?;
        let followup = answers.followup(token, second).await?.model().await?;
        answers.delete_followup(token, second).await?;
        answers.delete_response(token).await?;
        let told: Value = json!({"original": original.content, "followup": followup.content});
        tell("errands", told);
        Ok(())
    }
}
