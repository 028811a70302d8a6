//! `/privacy`: what others see of a member.

use super::{Context, Error, command};
use crate::engine::input::Command;

/// On or off.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Switch {
    /// Others see it.
    #[name = "on"]
    On,
    /// Only the member does.
    #[name = "off"]
    Off,
}

/// What others see of you
#[poise::command(slash_command, guild_only)]
pub(super) async fn privacy(
    context: Context<'_>,
    #[description = "Whether you stand on the leaderboard"] board: Switch,
) -> Result<(), Error> {
    command(context, Command::Board { shown: matches!(board, Switch::On) }).await
}
