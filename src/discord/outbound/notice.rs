//! Notices to the admins, and what goes to one member.

use super::{Outbound, Stop, moot};
use crate::discord::fault::Failure;
use crate::discord::health::Place;
use crate::discord::say;
use crate::domain::ids::{ChannelId, GuildId, MemberId};
use crate::domain::notice::{Notice, Trouble};
use crate::engine::Delivery;
use crate::engine::courier::Outcome;
use crate::engine::intent::Intent;

impl Outbound {
    /// Tries the channel named at setup, then whoever ran the setup, then the owner.
    pub(super) async fn notice(
        &self,
        delivery: &Delivery<Intent>,
        notice: &Notice,
    ) -> Result<Outcome, Stop> {
        let guild = self.engine.notice_targets(delivery.guild).await?;
        let card = match notice {
            Notice::Reported { report, .. } => {
                let view = self.engine.report(*report).await?;
                say::question::report(&view, &guild.name, &delivery.key)
            }
            notice => say::notice::notice(notice, &guild.name, &delivery.key),
        };
        let mut refused = "nobody can be told".to_owned();
        for place in self.places(&guild) {
            let channel = match place {
                Place::Channel(channel) => Ok(channel),
                Place::Member(member) => self.direct_channel(member).await,
            };
            let said = match channel {
                Ok(channel) => self.say_for_good(delivery, channel, &card, false).await,
                Err(stop) => Err(stop),
            };
            match said {
                Err(Stop::Discord(Failure::Refused { text, .. })) => refused = text,
                Ok(Outcome::Gone { error }) => refused = error,
                other => return other,
            }
        }
        Ok(Outcome::Trouble { trouble: Trouble::Refused, error: refused })
    }

    /// Shows on the notice of a report what was decided.
    pub(super) async fn edit_report(&self, report: i64) -> Result<Outcome, Stop> {
        let view = self.engine.report(report).await?;
        let Some(notice) = self.engine.report_notice(report).await? else {
            return Ok(moot("the notice is not there"));
        };
        let Some((place, message)) = notice.result else {
            return Ok(moot("the notice is not there"));
        };
        let guild = self.engine.notice_targets(view.report.guild).await?;
        self.edit(place, message, &say::question::report(&view, &guild.name, &notice.key)).await
    }

    /// Reminds a member of reviews. Whatever Discord refuses here, only the member can change.
    pub(super) async fn remind(
        &self,
        delivery: &Delivery<Intent>,
        guild: GuildId,
        member: MemberId,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        let view = self.engine.reminder(guild, member).await?;
        if view.due == 0 {
            return Ok(moot("nothing is due any more"));
        }
        let card = say::review::reminder(&view, &delivery.key);
        let place = self.direct_channel(member).await?;
        self.say_in_channel(delivery, place, &card, expired).await
    }

    pub(in crate::discord) async fn direct_channel(
        &self,
        member: MemberId,
    ) -> Result<ChannelId, Stop> {
        match self.ask_for_channel(member).await {
            // There is nothing to look at: asked once more, it says the same if it is so.
            Err(failure) if failure.is_missing() => {
                tokio::time::sleep(self.limits().outbox.second_look).await;
                Ok(self.ask_for_channel(member).await?)
            }
            asked => Ok(asked?),
        }
    }

    async fn ask_for_channel(&self, member: MemberId) -> Result<ChannelId, Failure> {
        let to = serde_json::json!({ "recipient_id": member.to_string() });
        let http = self.paced().await;
        let channel = self.within(http.create_private_channel(&to)).await?;
        Ok(ChannelId(channel.id.get()))
    }
}
