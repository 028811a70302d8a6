//! `studyhall check --stats`: the labels that the answers contradict. Advice: what to do about one is
//! for whoever looks after the pack to decide, so it never fails a check.

use super::Failed;
use crate::bank::Bank;
use crate::config::Config;
use crate::domain::rate::{Contradiction, ENOUGH, Rate, expected};
use crate::domain::text::printable;
use crate::engine::rates::{Contradicted, contradicted};
use crate::store::{Store, rates};
use std::io::{self, Write as _};
use std::path::Path;

/// Prints every contradicted label with its file and line, the farthest off first, and a summary.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn labels(config: Option<&Path>, database: Option<&Path>) -> Result<(), Failed> {
    // What is wrong with configuration and packs was printed before.
    let (config, _) = Config::read(config);
    let (bank, _) = Bank::load(config.questions.embedded, &config.questions.folders);
    let mut db = Store::look(database.unwrap_or(&config.database.path)).await?;
    let rates = rates::all(&mut db).await?;
    let found = contradicted(&bank, &rates);
    let mut out = io::stdout().lock();
    for one in &found {
        // Whoever closed the pipe has read enough.
        if writeln!(out, "{}", printable(&line(&bank, one))).is_err() {
            return Ok(());
        }
    }
    let known: Vec<&Rate> = bank.iter().filter_map(|question| rates.get(&question.id)).collect();
    let judged = known.iter().filter(|rate| rate.is_enough()).count();
    let _ = writeln!(
        out,
        "{} of {judged} labels contradicted ({} questions answered, {judged} of them at least \
         {ENOUGH} times)",
        found.len(),
        known.len()
    );
    Ok(())
}

fn line(bank: &Bank, of: &Contradicted) -> String {
    let question = &of.question;
    let place = match bank.label_place(&question.id) {
        Some((path, line)) => format!("{path}:{line}"),
        None => question.id.to_string(),
    };
    let than = match of.contradiction {
        Contradiction::Easier => "easier",
        Contradiction::Harder => "harder",
    };
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let ((low, high), (least, most)) = (of.rate.interval(), expected(question.difficulty));
    format!(
        "{place}: {than} than its label `{}` says: {} of {} first attempts were right, so {} to {} % \
         solve it; the label stands for {} to {} %",
        question.difficulty,
        of.rate.right,
        of.rate.answers,
        percent(low),
        percent(high),
        percent(least),
        percent(most)
    )
}
