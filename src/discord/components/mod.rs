//! Presses on buttons and choices in menus. Custom ids are `what:key` or `what:key:page`; each is
//! checked against the store on every use, and works after a restart. One file for each family of
//! buttons.

mod admin;
mod boards;
mod question;
mod quiz;
mod review;
mod rounds;

use super::commands::Data;
use super::fault::view_card;
use super::inbound::{member_facts, shown_name};
use super::pictures::drawn;
use super::say::Card;
use super::{ACKNOWLEDGE_AFTER, render, reply_in_time};
use crate::domain::ids::{ChannelId, GuildId, InteractionId, MemberId};
use crate::domain::refusal::Refusal;
use crate::engine::input::Asker;
use crate::engine::views::View;
use serenity::all::{
    self as discord, ComponentInteraction, CreateInteractionResponse,
    CreateInteractionResponseMessage,
};

use std::time::Duration;

/// How a press is answered.
enum Answer {
    /// A new message that only the presser sees.
    Private(Card),
    /// The message with the button changes.
    Update(Card),
    /// A new message that everybody sees.
    Public(Card),
    /// Taken note of: the message will change by itself.
    Silent,
}

/// One press on a button, or one choice in a menu.
struct Press<'a> {
    context: &'a discord::Context,
    interaction: &'a ComponentInteraction,
    data: &'a Data,
    /// What the button is for.
    what: &'a str,
    /// What it is about.
    key: &'a str,
    /// From 0.
    page: usize,
}

impl Press<'_> {
    fn member(&self) -> MemberId {
        MemberId(self.interaction.user.id.get())
    }

    /// How long the answer may take before the press is acknowledged without it. A whole class
    /// chooses within the same second: those presses never wait for the commit that they share.
    fn patience(&self) -> Duration {
        if self.what == "quiz-choose" { Duration::ZERO } else { ACKNOWLEDGE_AFTER }
    }

    /// Who pressed, and where.
    fn asker(&self, guild: GuildId) -> Asker {
        let (context, interaction) = (self.context, self.interaction);
        let member = self.member();
        let (guild_name, owner) = super::guild_facts(&context.cache, guild, member);
        Asker {
            guild,
            guild_name,
            owner,
            channel: ChannelId(interaction.channel_id.get()),
            member,
            name: interaction
                .member
                .as_ref()
                .map_or_else(|| shown_name(&interaction.user), |m| m.display_name().to_owned()),
            facts: interaction.member.as_ref().map(member_facts).unwrap_or_default(),
            interaction: InteractionId(interaction.id.get()),
        }
    }
}

/// Answers a press.
pub(super) async fn pressed(
    context: &discord::Context,
    interaction: &ComponentInteraction,
    data: &Data,
) {
    let custom_id = interaction.data.custom_id.as_str();
    let mut parts = custom_id.split(':');
    let press = Press {
        context,
        interaction,
        data,
        what: parts.next().unwrap_or(""),
        key: parts.next().unwrap_or(""),
        page: parts.next().and_then(|page| page.parse().ok()).unwrap_or(0),
    };
    let work = async { answer(&press).await.unwrap_or_else(|e| Answer::Private(view_card(e))) };
    let acknowledge = async {
        let defer = CreateInteractionResponse::Defer(
            CreateInteractionResponseMessage::new().ephemeral(true),
        );
        interaction.create_response(&context.http, defer).await
    };
    let (answer, deferred) = reply_in_time(&data.gauge, press.patience(), work, acknowledge).await;
    // The text comes at once, and the picture when it is drawn.
    let to_draw = match &answer {
        Answer::Private(card) | Answer::Update(card) | Answer::Public(card) if !deferred => {
            card.drawing.is_some().then(|| card.clone())
        }
        _ => None,
    };
    let said = match (answer, deferred) {
        (Answer::Silent, false) => {
            interaction.create_response(&context.http, CreateInteractionResponse::Acknowledge).await
        }
        (Answer::Silent, true) => interaction.delete_response(&context.http).await,
        (Answer::Private(card) | Answer::Update(card) | Answer::Public(card), true) => {
            let edit = render::edited_response(&drawn(card).await);
            interaction.edit_response(&context.http, edit).await.map(|_| ())
        }
        (Answer::Private(card), false) => {
            let message = CreateInteractionResponse::Message(render::response(&card, true));
            interaction.create_response(&context.http, message).await
        }
        (Answer::Public(card), false) => {
            let message = CreateInteractionResponse::Message(render::response(&card, false));
            interaction.create_response(&context.http, message).await
        }
        (Answer::Update(card), false) => {
            let message = CreateInteractionResponse::UpdateMessage(render::response(&card, true));
            interaction.create_response(&context.http, message).await
        }
    };
    let said = match (said, to_draw) {
        (Ok(()), Some(card)) => {
            let edit = render::edited_response(&drawn(card).await);
            interaction.edit_response(&context.http, edit).await.map(|_| ())
        }
        (said, _) => said,
    };
    if let Err(error) = said {
        let failure = super::fault::failure(&error).text();
        tracing::warn!(what = press.what, failure, "could not answer a press");
    }
}

/// Which family a button belongs to.
async fn answer(press: &Press<'_>) -> View<Answer> {
    // Also pressed in direct messages.
    match press.what {
        "status" => return admin::status(press).await,
        "review-stop" => return review::stop(press).await,
        what if what.starts_with("report-") => return question::decided(press).await,
        _ => {}
    }
    let guild = press.interaction.guild_id.ok_or(Refusal::GuildOnly)?;
    let guild = GuildId(guild.get());
    let Asker { member, name, facts, .. } = press.asker(guild);
    press.data.engine.welcome_back(guild, member, &name, &facts).await;
    match press.what {
        "board" | "share" | "weekly" => boards::pressed(press, guild).await,
        what if what.starts_with("quiz-") => quiz::pressed(press, guild).await,
        what if what.starts_with("review-") => review::pressed(press, guild).await,
        what if what.starts_with("question-") => question::pressed(press, guild).await,
        _ => rounds::pressed(press, guild).await,
    }
}
