//! `/leaderboard`: shown to the asker alone, with *Share*; the asker's own place always.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::ranking;
use crate::domain::refusal::Refusal;

/// What a board counts.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Window {
    /// From Monday on.
    #[name = "this week"]
    Week,
    /// From the first on.
    #[name = "this month"]
    Month,
    /// Everything.
    #[name = "all time"]
    AllTime,
}

/// Who has the most points
#[poise::command(slash_command, guild_only)]
pub(super) async fn leaderboard(
    context: Context<'_>,
    #[description = "What to count; this week if you do not say"] window: Option<Window>,
    #[description = "Page, from 1"]
    #[min = 1]
    page: Option<u32>,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let window = match window.unwrap_or(Window::Week) {
            Window::Week => ranking::Window::Week,
            Window::Month => ranking::Window::Month,
            Window::AllTime => ranking::Window::AllTime,
        };
        let page = usize::try_from(page.unwrap_or(1).saturating_sub(1)).unwrap_or(0);
        let data = context.data();
        let board = data.engine.board(asker.guild, window, page, asker.member).await?;
        // Who has left is found out in the background, for the next look.
        for member in board.stale.clone() {
            let outbound = std::sync::Arc::clone(&data.outbound);
            tokio::spawn(async move { outbound.look_up(asker.guild, member).await });
        }
        Ok(say::boards::board(&board, false))
    })
    .await
}
