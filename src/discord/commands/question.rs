//! `/question …`: look one up, or tell the admins that one is wrong.

use super::{Context, Error, answer, asker, command};
use crate::discord::say;
use crate::discord::say::limit;
use crate::domain::ids::{GuildId, QuestionId};
use crate::domain::refusal::Refusal;
use crate::engine::input::Command;
use serenity::all::{self as discord, CreateAutocompleteResponse};

/// Questions that a list suggests: Discord shows at most 25 (documentation, receiving-and-responding).
const SUGGESTED: usize = 25;

/// Looks up questions and reports mistakes in them
#[poise::command(slash_command, guild_only, subcommand_required, subcommands("show", "report"))]
#[expect(clippy::unused_async, reason = "the framework wants an async function")]
pub(super) async fn question(_context: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Shows a question, with its answer behind a button; only you see it
#[poise::command(slash_command, guild_only)]
async fn show(
    context: Context<'_>,
    #[description = "Start typing a word of its title"]
    #[autocomplete = "showable"]
    id: String,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let view = context.data().engine.question(asker.guild, &named(&id)).await?;
        Ok(say::question::question(&view))
    })
    .await
}

/// Tells the admins what is wrong with a question
#[poise::command(slash_command, guild_only)]
async fn report(
    context: Context<'_>,
    #[description = "Start typing a word of its title"]
    #[autocomplete = "reportable"]
    id: String,
    #[description = "What is wrong with it"]
    #[max_length = 500]
    reason: String,
) -> Result<(), Error> {
    command(context, Command::Report { question: named(&id), reason }).await
}

fn named(id: &str) -> QuestionId {
    QuestionId(id.trim().to_owned())
}

/// Those that may be shown now.
async fn showable(context: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    suggestions(context, typed, false).await
}

/// All of them: a mistake is found most often while a question is being asked.
async fn reportable(context: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    suggestions(context, typed, true).await
}

async fn suggestions(
    context: Context<'_>,
    typed: &str,
    secret: bool,
) -> CreateAutocompleteResponse {
    let none = CreateAutocompleteResponse::new();
    let Some(guild) = context.guild_id().map(|guild| GuildId(guild.get())) else { return none };
    let engine = &context.data().engine;
    // Whoever sees no suggestions can still type; the command itself tells what is the matter.
    let found = engine.suggest_questions(guild, typed, SUGGESTED, secret).await.unwrap_or_default();
    let choices =
        found.iter().filter(|question| question.id.0.chars().count() <= limit::LINE).map(|found| {
            discord::AutocompleteChoice::new(say::question::suggestion(found), &*found.id.0)
        });
    none.set_choices(choices.collect())
}
