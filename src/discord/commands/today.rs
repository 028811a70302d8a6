//! `/today`: what is open, and what the asker has done about it.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::refusal::Refusal;

/// What is open today, and what is left for you to do
#[poise::command(slash_command, guild_only)]
pub(super) async fn today(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let engine = &context.data().engine;
        let today = engine.today(asker.guild, asker.channel, asker.member).await?;
        Ok(say::boards::today(&today))
    })
    .await
}
