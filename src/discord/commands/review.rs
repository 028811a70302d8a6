//! `/review`: what the asker comes back to, and how the asker wants it.

use super::{Context, Error, Switch, answer, asker, command};
use crate::discord::say;
use crate::domain::refusal::Refusal;
use crate::engine::input::Command;

/// Come back to what you got wrong; only you see it
#[poise::command(slash_command, guild_only)]
pub(super) async fn review(
    context: Context<'_>,
    #[description = "A direct message once a day when something is due"] remind: Option<Switch>,
    #[description = "Whether the questions of closed rounds come into your reviews"] rounds: Option<
        Switch,
    >,
) -> Result<(), Error> {
    if remind.is_some() || rounds.is_some() {
        let (remind, rounds) = (remind.map(Switch::is_on), rounds.map(Switch::is_on));
        return command(context, Command::Review { remind, rounds }).await;
    }
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let view = context.data().engine.review(asker.guild, asker.member).await?;
        Ok(say::review::review(&view, None))
    })
    .await
}
