//! The buttons of a round's card and result, and the ballot.

use super::{Answer, Press};
use crate::discord::say::{self, Card};
use crate::domain::ids::{GuildId, MemberId};
use crate::domain::refusal::Refusal;
use crate::engine::Round;
use crate::engine::input::{Click, Input, Reply};
use crate::engine::views::{View, ViewError};
use serenity::all::ComponentInteractionDataKind;

/// A press on a round's card, result or ballot.
pub(super) async fn pressed(press: &Press<'_>, guild: GuildId) -> View<Answer> {
    let Press { key, page, .. } = *press;
    let member = press.member();
    let engine = &press.data.engine;
    Ok(match press.what {
        "vote" => {
            let view = engine.ballot(guild, key, member, 0).await?;
            Answer::Private(say::ballot::ballot(&view, None))
        }
        "page" => {
            let view = engine.ballot(guild, key, member, page).await?;
            Answer::Update(say::ballot::ballot(&view, None))
        }
        "ballot" => {
            let ComponentInteractionDataKind::StringSelect { values } =
                &press.interaction.data.kind
            else {
                return Err(Refusal::RoundGone.into());
            };
            let author = values.first().and_then(|value| value.parse().ok()).map(MemberId);
            let author = author.ok_or(Refusal::AnswerGone)?;
            let click = Click::Vote { card: key.to_owned(), author };
            changed(press, guild, click).await?
        }
        "withdraw" => {
            let click = Click::Withdraw { card: key.to_owned() };
            changed(press, guild, click).await?
        }
        "rules" => {
            engine.round_of_key(guild, key).await?;
            Answer::Private(say::boards::help(&engine.help(guild).await?))
        }
        "points" => {
            let round = engine.round_of_key(guild, key).await?;
            Answer::Private(say::round::how_points(&engine.result(round.id).await?))
        }
        "followup" => {
            let round = closed(engine.round_of_key(guild, key).await?)?;
            let question = round.question.ok_or(Refusal::RoundGone)?;
            Answer::Private(say::round::follow_ups(&question))
        }
        "why" => {
            let round = closed(engine.round_of_key(guild, key).await?)?;
            let (question, reason) = round.question.zip(round.reason).ok_or(Refusal::RoundGone)?;
            Answer::Private(say::round::why(&question, &reason, round.seed))
        }
        _ => return Err(Refusal::RoundGone.into()),
    })
}

/// What a round's question hides stays hidden until the close.
fn closed(round: Round) -> Result<Round, Refusal> {
    if round.state.is_live() { Err(Refusal::RoundGone) } else { Ok(round) }
}

/// Changes a ballot, and shows it as it is then.
async fn changed(press: &Press<'_>, guild: GuildId, click: Click) -> View<Answer> {
    let engine = &press.data.engine;
    let said = match engine.ask(Input::Click(press.asker(guild), click)).await? {
        Reply::Voted { .. } => "Your vote is counted.",
        _ => "Your vote is withdrawn.",
    };
    match engine.ballot(guild, press.key, press.member(), press.page).await {
        Ok(view) => Ok(Answer::Update(say::ballot::ballot(&view, Some(said)))),
        // The vote stands, even if the round closed in this very moment.
        Err(ViewError::Refused(_)) => Ok(Answer::Update(Card::text(said))),
        Err(broken) => Err(broken),
    }
}
