//! The daily copy of the database, where the configuration wants one. It goes by this computer's
//! clock, like everything that is not about studying.

use crate::config::DatabaseConfig;
use crate::engine::clock::{StudyClock as _, SystemClock};
use crate::store::Store;
use anyhow::Context as _;
use chrono::NaiveDate;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Between two looks at whether the present date has its copy.
const GLANCE: Duration = Duration::from_secs(10 * 60);
/// The same after one that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(60 * 60);

/// Makes a copy on every date (in UTC), without end.
pub(super) async fn copies(config: &DatabaseConfig, store: &Store) {
    let Some(folder) = &config.backups else { return std::future::pending().await };
    loop {
        let made = copy_of_today(config, folder, store).await;
        if let Err(error) = &made {
            tracing::error!("the daily copy of the database was not made: {error:#}");
        }
        tokio::time::sleep(if made.is_ok() { GLANCE } else { AFTER_FAILURE }).await;
    }
}

async fn copy_of_today(
    config: &DatabaseConfig,
    folder: &Path,
    store: &Store,
) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let stem = stem(&config.path);
    let file = folder.join(name(&stem, now.date_naive()));
    if file.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let done = store.copy_to(&file, now).await?;
    tracing::info!(file = %file.display(), bytes = done.bytes, "copied the database");
    if let Some(why) = done.unnoted {
        tracing::warn!(why, "the time of the copy could not be noted beside the database");
    }
    let names = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    for old in surplus(names, &stem, config.backups_kept as usize) {
        let old = folder.join(old);
        fs::remove_file(&old).with_context(|| format!("{} cannot be removed", old.display()))?;
        tracing::info!(file = %old.display(), "removed an old copy");
    }
    Ok(())
}

/// The name of the database without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn name(stem: &str, date: NaiveDate) -> String {
    format!("{stem}-{date}.db")
}

/// Which daily copies are too many; whatever else is in the folder is none of ours.
fn surplus(names: Vec<String>, stem: &str, kept: usize) -> Vec<String> {
    let date_of = |file: &str| -> Option<NaiveDate> {
        let date = file.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".db")?.parse().ok()?;
        // Nothing that only reads like a date of ours.
        (name(stem, date) == file).then_some(date)
    };
    let mut copies: Vec<(NaiveDate, String)> =
        names.into_iter().filter_map(|file| Some((date_of(&file)?, file))).collect();
    copies.sort();
    copies.truncate(copies.len().saturating_sub(kept));
    copies.into_iter().map(|(_, file)| file).collect()
}

#[cfg(test)]
mod tests {
    use super::{stem, surplus};
    use std::path::Path;

    #[test]
    fn the_newest_copies_are_kept_and_nothing_else_is_touched() {
        let folder = [
            "study-2026-11-24.db",
            "study-2026-11-22.db",
            "study-2026-11-23.db",
            "study-2026-9-1.db",
            "study-2026-02-30.db",
            "study-2026-11-21.db.bak",
            "study.db",
            "study-.db",
            "other-2020-01-01.db",
            "study-old-2020-01-01.db",
            "notes.txt",
        ];
        let surplus = |kept| surplus(folder.map(str::to_owned).to_vec(), "study", kept);
        assert_eq!(surplus(2), ["study-2026-11-22.db"]);
        assert_eq!(surplus(1), ["study-2026-11-22.db", "study-2026-11-23.db"]);
        assert_eq!(surplus(3), [] as [&str; 0]);
        assert_eq!(surplus(365), [] as [&str; 0]);
    }

    #[test]
    fn copies_are_named_after_the_database() {
        assert_eq!(stem(Path::new("/var/lib/studyhall.db")), "studyhall");
        assert_eq!(stem(Path::new("team")), "team");
    }
}
