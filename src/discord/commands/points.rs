//! `/points`: the asker's own points, each with its cause.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::refusal::Refusal;

/// Your points, and what each was for
#[poise::command(slash_command, guild_only)]
pub(super) async fn points(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let points = context.data().engine.points(asker.guild, asker.member).await?;
        Ok(say::boards::points(&points))
    })
    .await
}
