//! The buttons of `/question show`, and of the notices about reports.

use super::admin::guild_of_notice;
use super::{Answer, Press};
use crate::discord::say;
use crate::domain::ids::GuildId;
use crate::domain::refusal::Refusal;
use crate::domain::report::Standing;
use crate::engine::input::{self, Input, Reply};
use crate::engine::views::View;

/// *Hint* and *Show answer*.
pub(super) async fn pressed(press: &Press<'_>, guild: GuildId) -> View<Answer> {
    let view = press.data.engine.question_of_key(guild, press.key).await?;
    Ok(Answer::Private(match press.what {
        "question-hint" => say::question::hint(&view.question),
        "question-answer" => say::question::answer(&view.question),
        _ => return Err(Refusal::RoundGone.into()),
    }))
}

/// *Fix later* and *Dismiss*: for admins, also in a direct message.
pub(super) async fn decided(press: &Press<'_>) -> View<Answer> {
    let standing = match press.what {
        "report-later" => Standing::FixLater,
        "report-dismiss" => Standing::Dismissed,
        _ => return Err(Refusal::RoundGone.into()),
    };
    guild_of_notice(press).await?;
    let engine = &press.data.engine;
    let input = Input::Pressed {
        key: press.key.to_owned(),
        by: press.member(),
        name: press.interaction.member.as_ref().map(|member| member.display_name().to_owned()),
        press: input::Press::Decide(standing),
    };
    match engine.ask(input).await? {
        Reply::Decided { report, changed } => {
            let view = engine.report(report).await?;
            Ok(Answer::Private(say::question::decided(&view, changed)))
        }
        _ => Err(Refusal::RoundGone.into()),
    }
}
