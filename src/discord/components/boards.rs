//! The buttons of the leaderboard.

use super::{Answer, Press};
use crate::discord::say;
use crate::domain::ids::GuildId;
use crate::domain::ranking::Window;
use crate::domain::refusal::Refusal;
use crate::engine::views::View;

/// *Back*, *More*, *Share*.
pub(super) async fn pressed(press: &Press<'_>, guild: GuildId) -> View<Answer> {
    let window = Window::from_word(press.key).ok_or(Refusal::RoundGone)?;
    let board = press.data.engine.board(guild, window, press.page, press.member()).await?;
    Ok(if press.what == "share" {
        Answer::Public(say::boards::board(&board, true))
    } else {
        Answer::Update(say::boards::board(&board, false))
    })
}
