//! `/help`: the rules in force.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::refusal::Refusal;

/// How rounds, answers, votes and points work here
#[poise::command(slash_command, guild_only)]
pub(super) async fn help(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        Ok(say::boards::help(&context.data().engine.help(asker.guild).await?))
    })
    .await
}
