//! Interactions over REST: members begin them, the bot answers, edits and follows up.

use super::{Answer, Call, Reply};
use crate::sandbox::refused::Refused;
use crate::sandbox::state::State;
use crate::sandbox::validate;

/// `POST /interactions`, by members.
pub fn interact(state: &mut State, call: Call) -> Answer {
    let id = state.begin_interaction(call.user()?, &call.body)?;
    Ok(Reply { deadline: Some(id), ..Reply::nothing() })
}

/// `POST /interactions/{interaction_id}/{interaction_token}/callback`.
pub fn callback(state: &mut State, mut call: Call) -> Answer {
    let id = call.id("interaction_id")?;
    let uploads = std::mem::take(&mut call.uploads);
    let response =
        state.answer_interaction(id, call.text("interaction_token"), &call.body, uploads)?;
    if call.query_flag("with_response") {
        return Ok(Reply::ok(response));
    }
    Ok(Reply::nothing())
}

/// `POST /webhooks/{webhook_id}/{webhook_token}`.
pub fn follow_up(state: &mut State, mut call: Call) -> Answer {
    let uploads = std::mem::take(&mut call.uploads);
    let application = call.id("webhook_id")?;
    let message = state.follow_up(application, call.text("webhook_token"), &call.body, uploads)?;
    Ok(Reply::ok(state.show(message)))
}

fn target(state: &State, call: &Call) -> Result<(u64, u64), Refused> {
    let message = match call.text("message_id") {
        "" => None,
        _ => Some(call.id("message_id")?),
    };
    state.answer_target(call.id("webhook_id")?, call.text("webhook_token"), message)
}

/// `GET …/messages/@original` or a follow-up.
pub fn get(state: &mut State, call: Call) -> Answer {
    let (_, message) = target(state, &call)?;
    Ok(Reply::ok(state.show(message)))
}

/// `PATCH …/messages/@original` or a follow-up.
pub fn edit(state: &mut State, mut call: Call) -> Answer {
    let (channel, message) = target(state, &call)?;
    let draft = validate::draft(&call.body)?;
    let uploads = std::mem::take(&mut call.uploads);
    state.edit_answer(channel, message, draft, uploads)?;
    Ok(Reply::ok(state.show(message)))
}

/// `DELETE …/messages/@original` or a follow-up.
pub fn delete(state: &mut State, call: Call) -> Answer {
    let (channel, message) = target(state, &call)?;
    state.erase(channel, message)?;
    Ok(Reply::nothing())
}
