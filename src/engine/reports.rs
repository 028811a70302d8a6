//! Reports about questions: made by members, decided by admins.

use super::desk::{Decision, Desk, Owed};
use super::input::{Asker, Reply};
use super::intent::Intent;
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::member::Facts;
use crate::domain::notice::Notice;
use crate::domain::refusal::Refusal;
use crate::domain::report::{self, Standing};
use crate::store::reports::{self, Report};
use crate::store::{deliveries, guilds, members};

impl Desk<'_> {
    /// `/question report`.
    pub(super) async fn report(
        &mut self,
        asker: &Asker,
        question: &QuestionId,
        reason: &str,
    ) -> Decision<Reply> {
        let (guild, member) = (asker.guild, asker.member);
        guilds::find(self.db, guild).await?.ok_or(Refusal::NoStudyChannel)?;
        let question = self.shared.bank().get(question).cloned().ok_or(Refusal::NoSuchQuestion)?;
        let reason = report::reason(reason).ok_or(Refusal::NoReason)?;
        let open = reports::open_of(self.db, guild, member).await?;
        let report = Report {
            id: reports::next_id(self.db).await?,
            guild,
            question: question.id.clone(),
            title: question.title.clone(),
            member,
            reason,
            at: self.now,
            standing: Standing::Open,
            decided: None,
        };
        if !reports::add(self.db, &report).await? {
            return Err(Refusal::ReportedAlready.into());
        }
        if open >= report::MOST_OPEN {
            // Taken back with the whole input.
            return Err(Refusal::TooManyReports.into());
        }
        let title = question.title.clone();
        let cause = cause(report.id);
        let notice = Notice::Reported { report: report.id, title: title.clone() };
        let intent = Intent::Notice { notice };
        let owed = Owed { cause: &cause, intent, after: None, expires_at: None };
        self.owe(guild, None, None, owed).await?;
        Ok(Reply::Reported { title })
    }

    /// *Fix later* or *Dismiss* on the notice of a report, pressed by an admin. `name`: as shown in
    /// the guild, where it was pressed there.
    pub(super) async fn decide_report(
        &mut self,
        key: &str,
        by: MemberId,
        name: Option<&str>,
        standing: Standing,
    ) -> Decision<Reply> {
        let delivery = deliveries::by_key::<Intent>(self.db, key).await?;
        let Some(Intent::Notice { notice: Notice::Reported { report: id, .. } }) =
            delivery.map(|delivery| delivery.intent)
        else {
            return Err(Refusal::RoundGone.into());
        };
        let report = reports::find(self.db, id).await?.ok_or(Refusal::RoundGone)?;
        if let Some(name) = name {
            members::seen(self.db, report.guild, by, name, &Facts::default(), self.now).await?;
        }
        let changed = report.standing.allows(standing);
        if changed {
            reports::decide(self.db, id, standing, by, self.now).await?;
            self.owe_report_edit(report.guild, id).await?;
        }
        Ok(Reply::Decided { report: id, changed })
    }

    async fn owe_report_edit(&mut self, guild: GuildId, report: i64) -> Decision<()> {
        // The button may be pressed before it is known here that the notice was said.
        let notice = deliveries::by_cause::<Intent>(self.db, &cause(report)).await?;
        let after = notice.map(|notice| notice.id);
        let cause = format!("report:{report}:edit:{}", self.turn().await?);
        let owed =
            Owed { cause: &cause, intent: Intent::EditReport { report }, after, expires_at: None };
        self.owe(guild, None, None, owed).await?;
        Ok(())
    }
}

/// The cause of the notice of a report.
pub(super) fn cause(report: i64) -> String {
    format!("notice:report:{report}")
}
