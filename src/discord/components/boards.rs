//! The buttons of the leaderboard and of its weekly post.

use super::{Answer, Press};
use crate::discord::say;
use crate::domain::ids::GuildId;
use crate::domain::ranking::which::Which;
use crate::domain::refusal::Refusal;
use crate::engine::views::View;

/// *Back*, *More*, *Share*; *My place* on the weekly post.
pub(super) async fn pressed(press: &Press<'_>, guild: GuildId) -> View<Answer> {
    let engine = &press.data.engine;
    if press.what == "weekly" {
        let board = engine.posted_week(guild, press.key, press.member()).await?;
        press.data.look_up(guild, &board.stale);
        return Ok(Answer::Private(say::boards::board(&board, false)));
    }
    let topics = engine.board_topics().await?;
    let which = Which::from_key(press.key, &topics).ok_or(Refusal::RoundGone)?;
    let page = u32::try_from(press.page).unwrap_or(u32::MAX);
    let board = engine.board(guild, &which, page, press.member()).await?;
    press.data.look_up(guild, &board.stale);
    Ok(if press.what == "share" {
        Answer::Public(say::boards::board(&board, true))
    } else {
        Answer::Update(say::boards::board(&board, false))
    })
}
