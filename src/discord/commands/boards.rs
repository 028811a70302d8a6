//! `/study board …` and `/study recount`: how the boards of a guild are set up.

use super::{Context, Error, Switch, answer, asker, changed, command};
use crate::discord::rights::{Cached, Ground as _, takes_messages};
use crate::discord::say;
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::refusal::Refusal;
use crate::domain::schedule;
use crate::engine::BoardCommand;
use crate::engine::input::Command;
use serenity::all::{self as discord, CreateAutocompleteResponse};

/// The leaderboards of this server
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    subcommands("show", "weekly", "exclude", "include", "zone")
)]
#[expect(clippy::unused_async, reason = "the framework wants an async function")]
pub(super) async fn board(_context: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Shows how the leaderboards are set up
#[poise::command(slash_command, guild_only)]
async fn show(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        Ok(say::season::settings(&context.data().engine.board_settings(asker.guild).await?))
    })
    .await
}

/// Posts the board of the last week every Monday at 09:00, or stops that
#[poise::command(slash_command, guild_only)]
async fn weekly(
    context: Context<'_>,
    #[description = "Whether to post it"] post: Switch,
    #[description = "Where; in this channel if you do not say"]
    #[channel_types("Text")]
    channel: Option<discord::PartialChannel>,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        if channel.as_ref().is_some_and(|channel| !takes_messages(channel.kind)) {
            return Err(Refusal::TakesNoMessages.into());
        }
        let channel = match post {
            Switch::Off => None,
            Switch::On => {
                Some(channel.map_or(asker.channel, |channel| ChannelId(channel.id.get())))
            }
        };
        changed(context, Command::Boards(BoardCommand::Weekly { channel })).await
    })
    .await
}

/// Keeps the members of a role off the leaderboards; they keep their points
#[poise::command(slash_command, guild_only)]
async fn exclude(
    context: Context<'_>,
    #[description = "The role"] role: discord::Role,
) -> Result<(), Error> {
    forget_deleted_roles(context).await;
    let role = RoleId(role.id.get());
    command(context, Command::Boards(BoardCommand::Exclude { role })).await
}

/// Forgets the roles kept off the boards that were deleted: nobody has them, and nobody can choose
/// them to bring them back.
async fn forget_deleted_roles(context: Context<'_>) {
    let Some(asker) = asker(context) else { return };
    let ground = Cached::new(&context.serenity_context().cache, asker.guild);
    let engine = &context.data().engine;
    let (true, Ok(settings)) = (ground.is_known(), engine.board_settings(asker.guild).await) else {
        return;
    };
    for role in settings.excluded {
        if !ground.has_role(role) {
            // Where it fails, the role stays, and the health check goes on naming it.
            let _kept = changed(context, Command::Boards(BoardCommand::Include { role })).await;
        }
    }
}

/// Lets the members of an excluded role back on the leaderboards
#[poise::command(slash_command, guild_only)]
async fn include(
    context: Context<'_>,
    #[description = "The role"] role: discord::Role,
) -> Result<(), Error> {
    forget_deleted_roles(context).await;
    let role = RoleId(role.id.get());
    command(context, Command::Boards(BoardCommand::Include { role })).await
}

/// Sets the time zone in which weeks and months of the leaderboards begin
#[poise::command(slash_command, guild_only)]
async fn zone(
    context: Context<'_>,
    #[description = "Time zone: start typing a city"]
    #[autocomplete = "zones"]
    zone: String,
) -> Result<(), Error> {
    command(context, Command::Boards(BoardCommand::Zone { zone })).await
}

#[expect(clippy::unused_async, reason = "the framework wants an async function")]
async fn zones(_context: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    // Discord shows at most 25 (documentation, receiving-and-responding).
    let found = schedule::zones_matching(typed, 25);
    let choice = |zone: &str| discord::AutocompleteChoice::new(zone, zone);
    let choices = found.into_iter().map(|zone| choice(zone.name()));
    CreateAutocompleteResponse::new().set_choices(choices.collect())
}

/// Compares the leaderboards with every point ever booked, and puts right what differs
#[poise::command(slash_command, guild_only)]
pub(super) async fn recount(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let found = context.data().engine.compare_standings(asker.guild).await?;
        if found.different > 0 {
            changed(context, Command::Boards(BoardCommand::Recount)).await?;
        }
        Ok(say::season::recounted(&found))
    })
    .await
}
