//! The buttons of reviews, and that of the daily reminder.

use super::{Answer, Press};
use crate::discord::say::{self, no};
use crate::domain::ids::GuildId;
use crate::domain::refusal::Refusal;
use crate::domain::review::Grade;
use crate::engine::input::{self, Click, Input, No, Reply};
use crate::engine::views::{View, ViewError};

/// *Show answer* and the grades.
pub(super) async fn pressed(press: &Press<'_>, guild: GuildId) -> View<Answer> {
    let (engine, member) = (&press.data.engine, press.member());
    // The third part of the custom id counts reviews here.
    let reviews = u32::try_from(press.page).unwrap_or(u32::MAX);
    let what = press.what.strip_prefix("review-").unwrap_or_default();
    if what == "show" {
        return match engine.review_answer(guild, member, press.key, reviews).await {
            Ok(view) => Ok(Answer::Update(say::review::answer(&view))),
            Err(ViewError::Refused(refusal)) => moved_on(press, guild, refusal).await,
            Err(broken) => Err(broken),
        };
    }
    let grade = Grade::from_word(what).ok_or(Refusal::RoundGone)?;
    let click = Click::Grade { key: press.key.to_owned(), reviews, grade };
    let note = match engine.ask(Input::Click(press.asker(guild), click)).await {
        Ok(Reply::Graded { grade, days }) => say::review::graded(grade, days),
        Ok(_) => return Err(Refusal::RoundGone.into()),
        Err(No::Refused(refusal)) => return moved_on(press, guild, refusal).await,
        Err(fault) => return Err(fault.into()),
    };
    let view = engine.review(guild, member).await?;
    Ok(Answer::Update(say::review::review(&view, Some(&note))))
}

/// A button that does not fit any more: says why, and shows what is due now.
async fn moved_on(press: &Press<'_>, guild: GuildId, refusal: Refusal) -> View<Answer> {
    match refusal {
        Refusal::ReviewOutdated | Refusal::QuestionOpen | Refusal::NoSuchQuestion => {
            let view = press.data.engine.review(guild, press.member()).await?;
            let note = no::refusal(&refusal).content;
            Ok(Answer::Update(say::review::review(&view, Some(&note))))
        }
        other => Err(other.into()),
    }
}

/// *Stop reminding me*, in a direct message.
pub(super) async fn stop(press: &Press<'_>) -> View<Answer> {
    let input = Input::Pressed {
        key: press.key.to_owned(),
        by: press.member(),
        name: None,
        press: input::Press::StopReminder,
    };
    press.data.engine.ask(input).await?;
    Ok(Answer::Private(say::review::stopped()))
}
