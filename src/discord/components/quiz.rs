//! The buttons of quizzes. Custom ids are `what:key`, then the question's place, and on private
//! messages the number of the message, and the choice.

use super::{Answer, Press};
use crate::discord::say;
use crate::domain::ids::GuildId;
use crate::domain::refusal::Refusal;
use crate::engine::input::{Click, Input, Reply};
use crate::engine::quiz::{self, Said};
use crate::engine::views::View;

/// A press on a quiz.
pub(super) async fn pressed(press: &Press<'_>, guild: GuildId) -> View<Answer> {
    let engine = &press.data.engine;
    let parts: Vec<usize> = press
        .interaction
        .data
        .custom_id
        .split(':')
        .skip(2)
        .map(|part| part.parse().unwrap_or(usize::MAX))
        .collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or(usize::MAX);
    let key = press.key.to_owned();
    let screen = u32::try_from(part(1)).unwrap_or(u32::MAX);
    let position = part(0);
    let pressed = match press.what {
        "quiz-a" => quiz::Press::Answer { key, position, screen, choice: part(2) },
        "quiz-next" => quiz::Press::Next { key, position, screen },
        "quiz-continue" => quiz::Press::Continue { key },
        "quiz-anew" => quiz::Press::Anew { key },
        "quiz-repeat" => quiz::Press::Repeat { key },
        "quiz-join" => quiz::Press::Join { key },
        "quiz-leave" => quiz::Press::Leave { key },
        "quiz-start" => quiz::Press::Start { key },
        "quiz-choose" => quiz::Press::Choose { key, position, choice: part(1) },
        "quiz-close" => quiz::Press::Close { key, position },
        "quiz-go" => quiz::Press::Go { key, position },
        "quiz-ref" => {
            let question = engine.quiz_question(guild, press.member(), &key, position).await?;
            return Ok(Answer::Private(say::quiz::reference(&question, &key, position)));
        }
        "quiz-think" => {
            let question = engine.quiz_question(guild, press.member(), &key, position).await?;
            return Ok(Answer::Private(say::round::follow_ups(&question)));
        }
        _ => return Err(Refusal::QuizGone.into()),
    };
    match engine.ask(Input::Click(press.asker(guild), Click::Quiz(pressed))).await? {
        Reply::Quiz(Said::Silent) => Ok(Answer::Silent),
        Reply::Quiz(said @ (Said::Solo(_) | Said::Offer(_))) => {
            Ok(Answer::Update(say::quiz::said(&said)))
        }
        Reply::Quiz(said) => Ok(Answer::Private(say::quiz::said(&said))),
        _ => Err(Refusal::QuizGone.into()),
    }
}
