//! `/season …`: offered to everybody for the list; beginning and ending one takes Manage Server.

use super::{Context, Error, answer, asker, command};
use crate::discord::say;
use crate::domain::ranking::Window;
use crate::domain::ranking::which::Which;
use crate::domain::refusal::Refusal;
use crate::engine::BoardCommand;
use crate::engine::BoardReply;
use crate::engine::input::{Command, Input, Reply};
use serenity::all::Permissions;

/// Seasons of the leaderboard
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    subcommands("start", "end", "list")
)]
#[expect(clippy::unused_async, reason = "the framework wants an async function")]
pub(super) async fn season(_context: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Starts a season and ends the one that is running; for admins
#[poise::command(slash_command, guild_only)]
async fn start(
    context: Context<'_>,
    #[description = "What it is called, for example Autumn 2026"]
    #[max_length = 60]
    name: String,
    #[description = "Its first date, for example 2026-11-01; now if you do not say"] date: Option<
        String,
    >,
) -> Result<(), Error> {
    if !is_admin(context) {
        return answer(context, async { Err(Refusal::NotAnAdmin.into()) }).await;
    }
    command(context, Command::Boards(BoardCommand::StartSeason { name, date })).await
}

/// Ends the running season and shows its final board; for admins
#[poise::command(slash_command, guild_only)]
async fn end(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        if !is_admin(context) {
            return Err(Refusal::NotAnAdmin.into());
        }
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let (guild, member) = (asker.guild, asker.member);
        let engine = &context.data().engine;
        let input = Input::Command(asker, Command::Boards(BoardCommand::EndSeason));
        match engine.ask(input).await? {
            Reply::Boards(BoardReply::SeasonEnded { season }) => {
                // It is the last one, so this is its board.
                let which = Which::of(Window::Season);
                let board = engine.board(guild, &which, 0, member).await?;
                Ok(say::season::ended(&season, &board))
            }
            _ => Ok(say::Card::default()),
        }
    })
    .await
}

/// Lists the seasons and who was best
#[poise::command(slash_command, guild_only)]
async fn list(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        Ok(say::season::list(&context.data().engine.seasons(asker.guild).await?))
    })
    .await
}

/// Whether the asker may manage the server. Discord tells with each interaction what the asker may
/// do in its channel.
fn is_admin(context: Context<'_>) -> bool {
    let poise::Context::Application(app) = context else { return false };
    let member = app.interaction.member.as_deref();
    member.and_then(|member| member.permissions).is_some_and(Permissions::manage_guild)
}
