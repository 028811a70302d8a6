//! `/stats`: a member's half year, in words and as a picture; seen by the asker alone.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::ids::MemberId;
use crate::domain::refusal::Refusal;
use crate::picture;
use serenity::all as discord;

/// What you did in the last half year; of others: rounds, picks and streaks
#[poise::command(slash_command, guild_only)]
pub(super) async fn stats(
    context: Context<'_>,
    #[description = "Whose; your own if you do not say"] member: Option<discord::User>,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let member = member.map_or(asker.member, |user| MemberId(user.id.get()));
        let engine = &context.data().engine;
        let stats = engine.stats(asker.guild, member, asker.member, picture::first_day).await?;
        Ok(say::stats::stats(&stats))
    })
    .await
}
