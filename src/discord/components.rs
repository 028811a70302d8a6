//! Presses on buttons and choices in menus. Custom ids are `what:key` or `what:key:page`; each is
//! checked against the store on every use, and works after a restart.

use super::commands::Data;
use super::fault::{no_card, view_card};
use super::inbound::shown_name;
use super::say::{self, Card};
use super::{render, reply_in_time};
use crate::domain::ids::{ChannelId, GuildId, InteractionId, MemberId};
use crate::domain::ranking::Window;
use crate::domain::refusal::Refusal;
use crate::engine::Round;
use crate::engine::input::{Asker, Click, Input, No, Reply};
use crate::engine::views::{View, ViewError};
use serenity::all::{
    self as discord, ComponentInteraction, ComponentInteractionDataKind, CreateInteractionResponse,
    CreateInteractionResponseMessage,
};

/// How a press is answered.
enum Answer {
    /// A new message that only the presser sees.
    Private(Card),
    /// The message with the button changes.
    Update(Card),
    /// A new message that everybody sees.
    Public(Card),
}

/// Answers a press.
pub(super) async fn pressed(
    context: &discord::Context,
    interaction: &ComponentInteraction,
    data: &Data,
) {
    let custom_id = interaction.data.custom_id.as_str();
    let mut parts = custom_id.split(':');
    let (what, key) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let page: usize = parts.next().and_then(|page| page.parse().ok()).unwrap_or(0);
    let work = answer(context, interaction, data, what, key, page);
    let acknowledge = async {
        let defer = CreateInteractionResponse::Defer(
            CreateInteractionResponseMessage::new().ephemeral(true),
        );
        interaction.create_response(&context.http, defer).await
    };
    let (answer, deferred) = reply_in_time(work, acknowledge).await;
    let said = match (answer, deferred) {
        (Answer::Private(card) | Answer::Update(card) | Answer::Public(card), true) => {
            let edit = render::edited_response(&card);
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
    if let Err(error) = said {
        let failure = super::fault::failure(&error).text();
        tracing::warn!(what, failure, "could not answer a press");
    }
}

async fn answer(
    context: &discord::Context,
    interaction: &ComponentInteraction,
    data: &Data,
    what: &str,
    key: &str,
    page: usize,
) -> Answer {
    let done = match what {
        "status" => status(interaction, data, key).await.map(Answer::Private),
        _ => match interaction.guild_id {
            None => Err(Refusal::GuildOnly.into()),
            Some(guild) => {
                let guild = GuildId(guild.get());
                in_guild(context, interaction, data, guild, what, key, page).await
            }
        },
    };
    done.unwrap_or_else(|error| Answer::Private(view_card(error)))
}

async fn in_guild(
    context: &discord::Context,
    interaction: &ComponentInteraction,
    data: &Data,
    guild: GuildId,
    what: &str,
    key: &str,
    page: usize,
) -> View<Answer> {
    let member = MemberId(interaction.user.id.get());
    let engine = &data.engine;
    Ok(match what {
        "vote" => {
            let view = engine.ballot(guild, key, member, 0).await?;
            Answer::Private(say::ballot::ballot(&view, None))
        }
        "page" => {
            let view = engine.ballot(guild, key, member, page).await?;
            Answer::Update(say::ballot::ballot(&view, None))
        }
        "ballot" => {
            let ComponentInteractionDataKind::StringSelect { values } = &interaction.data.kind
            else {
                return Err(Refusal::RoundGone.into());
            };
            let author = values.first().and_then(|value| value.parse().ok()).map(MemberId);
            let author = author.ok_or(Refusal::AnswerGone)?;
            let click = Click::Vote { card: key.to_owned(), author };
            changed(context, interaction, data, guild, click, key, page).await?
        }
        "withdraw" => {
            let click = Click::Withdraw { card: key.to_owned() };
            changed(context, interaction, data, guild, click, key, page).await?
        }
        "rules" => {
            engine.round_of_key(guild, key).await?;
            Answer::Private(say::boards::help(&engine.help(guild).await?))
        }
        "points" => {
            let round = engine.round_of_key(guild, key).await?;
            Answer::Private(say::round::how_points(&engine.result(round.id).await?))
        }
        "followup" => {
            let round = closed(engine.round_of_key(guild, key).await?)?;
            let question = round.question.ok_or(Refusal::RoundGone)?;
            Answer::Private(say::round::follow_ups(&question))
        }
        "why" => {
            let round = closed(engine.round_of_key(guild, key).await?)?;
            let (question, reason) = round.question.zip(round.reason).ok_or(Refusal::RoundGone)?;
            Answer::Private(say::round::why(&question, &reason, round.seed))
        }
        "board" | "share" => {
            let window = Window::from_word(key).ok_or(Refusal::RoundGone)?;
            let board = engine.board(guild, window, page, member).await?;
            if what == "share" {
                Answer::Public(say::boards::board(&board, true))
            } else {
                Answer::Update(say::boards::board(&board, false))
            }
        }
        _ => return Err(Refusal::RoundGone.into()),
    })
}

/// What a round's question hides stays hidden until the close.
fn closed(round: Round) -> Result<Round, Refusal> {
    if round.state.is_live() { Err(Refusal::RoundGone) } else { Ok(round) }
}

/// Changes a ballot, and shows it as it is then.
async fn changed(
    context: &discord::Context,
    interaction: &ComponentInteraction,
    data: &Data,
    guild: GuildId,
    click: Click,
    key: &str,
    page: usize,
) -> View<Answer> {
    let asker = asker(context, interaction, guild);
    let said = match data.engine.ask(Input::Click(asker, click)).await {
        Ok(Reply::Voted { .. }) => "Your vote is counted.",
        Ok(_) => "Your vote is withdrawn.",
        Err(no @ No::Fault(_)) => return Ok(Answer::Private(no_card(&no))),
        Err(No::Refused(refusal)) => return Err(ViewError::Refused(refusal)),
    };
    let member = MemberId(interaction.user.id.get());
    match data.engine.ballot(guild, key, member, page).await {
        Ok(view) => Ok(Answer::Update(say::ballot::ballot(&view, Some(said)))),
        // The vote stands, even if the round closed in this very moment.
        Err(ViewError::Refused(_)) => Ok(Answer::Update(Card::text(said))),
        Err(broken) => Err(broken),
    }
}

/// The status behind a notice: for admins, also in a direct message.
async fn status(interaction: &ComponentInteraction, data: &Data, key: &str) -> View<Card> {
    let notice = data.engine.notice_of_key(key).await?;
    let allowed = match &interaction.member {
        Some(member) => {
            GuildId(member.guild_id.get()) == notice.id
                && member.permissions.is_some_and(discord::Permissions::manage_guild)
        }
        None => {
            let user = MemberId(interaction.user.id.get());
            user == notice.setup_by || user == notice.owner
        }
    };
    if !allowed {
        return Err(Refusal::NotAnAdmin.into());
    }
    Ok(say::admin::status(&data.engine.status(notice.id, None).await?))
}

fn asker(context: &discord::Context, interaction: &ComponentInteraction, guild: GuildId) -> Asker {
    let member = MemberId(interaction.user.id.get());
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
        interaction: InteractionId(interaction.id.get()),
    }
}
