//! Single questions, and what was reported about them.

use super::{View, name_in};
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::question::Question;
use crate::domain::rate::Rate;
use crate::domain::refusal::Refusal;
use crate::engine::chance::Chance;
use crate::engine::intent::Intent;
use crate::engine::{Engine, reports as desk, secrets};
use crate::store::deliveries::{self, Delivery};
use crate::store::reports::{self, Report};
use crate::store::{Connection, members, rates};
use std::fmt;
use std::sync::Arc;

/// Where the keys of questions come from: the same in every process, unlike other chance, because
/// nothing in the store remembers them.
const KEYS: u64 = 0x7175_6573_7469_6f6e;
/// Reports that `/study status` lists.
const REPORTS_SHOWN: u32 = 3;

/// A question as `/question show` shows it.
#[derive(Clone)]
pub struct QuestionView {
    /// For its buttons.
    pub key: String,
    /// The question.
    pub question: Arc<Question>,
    /// How many solve it.
    pub rate: Rate,
}

impl fmt::Debug for QuestionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QuestionView({})", self.question.id)
    }
}

/// A report with the names of those it is about.
#[derive(Debug, Clone)]
pub struct ReportView {
    /// The report.
    pub report: Report,
    /// Who reported it.
    pub reporter: String,
    /// Who decided last.
    pub decider: Option<String>,
}

/// The reports of a guild that wait for something.
#[derive(Debug, Clone, Default)]
pub struct ReportsView {
    /// How many nobody has looked at.
    pub open: u32,
    /// How many are to be mended.
    pub later: u32,
    /// The newest of both.
    pub newest: Vec<ReportView>,
}

fn key(question: &Question) -> String {
    Chance::new(KEYS).key(&question.id.0)
}

impl Engine {
    /// The question of that id, if it may be shown in a guild now.
    ///
    /// # Errors
    /// When there is none or it is a secret for now, or the store broke.
    pub async fn question(&self, guild: GuildId, id: &QuestionId) -> View<QuestionView> {
        let question = self.shared.bank().get(id).cloned().ok_or(Refusal::NoSuchQuestion)?;
        let mut db = self.shared.store.read().await?;
        if secrets::open_questions(&mut db, guild).await?.contains(&question.id) {
            return Err(Refusal::QuestionOpen.into());
        }
        let rate = rates::of(&mut db, &question.id).await?;
        Ok(QuestionView { key: key(&question), question, rate })
    }

    /// The question that a key on a button leads to, if it may be shown in a guild now.
    ///
    /// # Errors
    /// As for [`question`](Self::question).
    pub async fn question_of_key(&self, guild: GuildId, wanted: &str) -> View<QuestionView> {
        let bank = self.shared.bank();
        let found = bank.iter().find(|question| key(question) == wanted);
        let id = found.map(|question| question.id.clone()).ok_or(Refusal::NoSuchQuestion)?;
        self.question(guild, &id).await
    }

    /// At most `most` questions that hold what was typed. `secrets`: also those that may not be
    /// shown now.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn suggest_questions(
        &self,
        guild: GuildId,
        typed: &str,
        most: usize,
        secret: bool,
    ) -> View<Vec<Arc<Question>>> {
        let bank = self.shared.bank();
        if secret {
            return Ok(bank.search(typed, most).into_iter().cloned().collect());
        }
        let mut db = self.shared.store.read().await?;
        let open = secrets::open_questions(&mut db, guild).await?;
        let found = bank.search(typed, most + open.len());
        let shown = found.into_iter().filter(|question| !open.contains(&question.id));
        Ok(shown.take(most).cloned().collect())
    }

    /// A report, for the admins.
    ///
    /// # Errors
    /// When there is none of that number, or the store broke.
    pub async fn report(&self, id: i64) -> View<ReportView> {
        let mut db = self.shared.store.read().await?;
        let report = reports::find(&mut db, id).await?.ok_or(Refusal::RoundGone)?;
        Ok(with_names(&mut db, vec![report]).await?.pop().ok_or(Refusal::RoundGone)?)
    }

    /// The notice of a report, as it was delivered.
    ///
    /// # Errors
    /// When the store broke.
    pub async fn report_notice(&self, id: i64) -> View<Option<Delivery<Intent>>> {
        let mut db = self.shared.store.read().await?;
        Ok(deliveries::by_cause(&mut db, &desk::cause(id)).await?)
    }

    /// The reports of a guild that wait for something.
    pub(super) async fn reports(&self, db: &mut Connection, guild: GuildId) -> View<ReportsView> {
        use crate::domain::report::Standing;
        let newest = reports::waiting(db, guild, REPORTS_SHOWN).await?;
        Ok(ReportsView {
            open: reports::count(db, guild, Standing::Open).await?,
            later: reports::count(db, guild, Standing::FixLater).await?,
            newest: with_names(db, newest).await?,
        })
    }
}

async fn with_names(db: &mut Connection, reports: Vec<Report>) -> View<Vec<ReportView>> {
    let Some(first) = reports.first() else { return Ok(Vec::new()) };
    let names = members::names(db, first.guild).await?;
    let name = |member: MemberId| name_in(&names, member);
    let view = |report: Report| ReportView {
        reporter: name(report.member),
        decider: report.decided.map(|(by, _)| name(by)),
        report,
    };
    Ok(reports.into_iter().map(view).collect())
}
