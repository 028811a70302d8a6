//! The button of notices.

use super::{Answer, Press};
use crate::discord::doctor;
use crate::discord::steering::Asking;
use crate::domain::ids::{GuildId, MemberId};
use crate::domain::refusal::Refusal;
use crate::engine::Guild;
use crate::engine::views::View;

/// The status behind a notice: for admins, also in a direct message.
pub(super) async fn status(press: &Press<'_>) -> View<Answer> {
    let guild = guild_of_notice(press).await?;
    let cache = &press.context.cache;
    Ok(Answer::Private(doctor::status(press.data, cache, guild.id, None).await?))
}

/// The guild of the notice whose button was pressed, if the presser may steer there: the buttons of
/// notices count as `/study`. Where what the server set for it can't be read, it takes Manage Server.
/// In a direct message those are whoever ran the setup and the owner: nobody else is sent notices there.
pub(super) async fn guild_of_notice(press: &Press<'_>) -> View<Guild> {
    let (engine, interaction) = (&press.data.engine, press.interaction);
    let notice = engine.notice_of_key(press.key).await?;
    let allowed = match &interaction.member {
        Some(member) if GuildId(member.guild_id.get()) == notice.id => {
            let asking = Asking {
                guild: notice.id,
                member,
                channel: interaction.channel_id,
                place: interaction.channel.as_ref(),
                command: None,
            };
            let known = press.data.steering.may_steer(&press.context.http, &asking).await;
            known.unwrap_or_else(|| asking.manages())
        }
        Some(_) => false,
        None => {
            let user = MemberId(interaction.user.id.get());
            user == notice.setup_by || user == notice.owner
        }
    };
    if !allowed {
        return Err(Refusal::NotAnAdmin.into());
    }
    Ok(notice)
}
