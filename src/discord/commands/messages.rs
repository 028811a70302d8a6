//! The Apps menu of messages: *Vote for this answer* and *Not my answer*.

use super::{ApplicationContext, Context, Error, answer, asker};
use crate::discord::inbound::thread_message;
use crate::discord::say::{self, Card};
use crate::domain::refusal::Refusal;
use crate::engine::input::{Click, Input, Reply};
use crate::engine::views::ViewError;
use serenity::all::Message;

/// Votes for the answer that the message belongs to.
#[poise::command(context_menu_command = "Vote for this answer", guild_only)]
pub(super) async fn vote_for_this_answer(
    context: ApplicationContext<'_>,
    message: Message,
) -> Result<(), Error> {
    let click = Click::VoteForMessage { message: thread_message(&message) };
    let context = Context::Application(context);
    answer(context, async {
        clicked(context, click).await?;
        Ok(say::ballot::voted_for(&thread_message(&message).author_name))
    })
    .await
}

/// Takes an own message out of one's answer, or back in.
#[poise::command(context_menu_command = "Not my answer", guild_only)]
pub(super) async fn not_my_answer(
    context: ApplicationContext<'_>,
    message: Message,
) -> Result<(), Error> {
    let click = Click::NotMyAnswer { message: thread_message(&message) };
    let context = Context::Application(context);
    answer(context, async {
        Ok(match clicked(context, click).await? {
            Reply::Answer { counts } => say::ballot::counts(counts),
            _ => Card::default(),
        })
    })
    .await
}

async fn clicked(context: Context<'_>, click: Click) -> Result<Reply, ViewError> {
    let asker = asker(context).ok_or(Refusal::GuildOnly)?;
    Ok(context.data().engine.ask(Input::Click(asker, click)).await?)
}
