//! `/privacy`: what others see of a member.

use super::{Context, Error, Switch, command};
use crate::engine::input::Command;

/// What others see of you
#[poise::command(slash_command, guild_only)]
pub(super) async fn privacy(
    context: Context<'_>,
    #[description = "Whether you stand on the leaderboard"] board: Switch,
) -> Result<(), Error> {
    command(context, Command::Board { shown: board.is_on() }).await
}
