//! `studyhall backup` and `studyhall restore`: whole copies of the database.

use super::run::config_of;
use super::{BackupArgs, Failed, RestoreArgs};
use crate::discord::say::text::size;
use crate::engine::clock::{StudyClock as _, SystemClock};
use crate::store::Store;

/// Copies the database, also while a bot works on it.
pub(super) async fn backup(args: BackupArgs) -> Result<(), Failed> {
    let path = config_of(args.config.as_deref())?.database.path;
    let done = Store::back_up(&path, &args.file, args.force, SystemClock.now()).await?;
    println!(
        "{} is copied to {} ({}), whole and checked.",
        path.display(),
        args.file.display(),
        size(done.bytes)
    );
    if let Some(why) = done.unnoted {
        eprintln!(
            "WARNING: when that was could not be noted beside the database ({why}), so `studyhall \
             doctor` does not know of this backup."
        );
    }
    Ok(())
}

/// Puts a backup in the database's place.
pub(super) async fn restore(args: RestoreArgs) -> Result<(), Failed> {
    let path = config_of(args.config.as_deref())?.database.path;
    let done = Store::restore(&args.file, &path, SystemClock.now()).await?;
    println!("{} is now what {} holds, checked.", path.display(), args.file.display());
    match done.kept {
        Some(kept) => println!("The database from before is kept: {}", kept.display()),
        None => println!("There was no database before."),
    }
    if done.plain_copy {
        println!(
            "Note: {} was not made by `studyhall backup`, but is a plain copy of a database. If it \
             was copied while the bot ran, without the file ending in -wal beside it, it lacks \
             what the bot wrote last.",
            args.file.display()
        );
    }
    if done.older {
        println!("An older Studyhall wrote it; the next start brings its tables up to date.");
    }
    println!("Start the bot again. It does not know of rounds posted after the backup was made.");
    Ok(())
}
