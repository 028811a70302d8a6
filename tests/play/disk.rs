//! A full disk, for a moment and for longer. The disk is SQLite's idea of one, on every machine, and a
//! real one where a small file system can be mounted.

use crate::stage::Stage;
use serde_json::json;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How soon the bot must write again once there is room.
const RECOVERY: Duration = Duration::from_secs(15);
/// Names the mounted file system, for the process that runs inside its namespace.
const MOUNTED: &str = "STUDYHALL_TEST_DISK";

/// What is full in a story.
enum Disk {
    /// SQLite is not allowed another page.
    Injected,
    /// A file takes all the room there is.
    Real(PathBuf),
}

impl Disk {
    fn fill(&self, stage: &Stage) {
        match self {
            Self::Injected => stage.bot().store().fill_disk(true),
            Self::Real(folder) => {
                let mut file = File::create(folder.join("filler")).unwrap();
                while file.write_all(&[1; 4_096]).is_ok() {}
                assert!(stage.bot().store().free_bytes().unwrap() < 4_096);
            }
        }
    }

    fn make_room(&self, stage: &Stage) {
        match self {
            Self::Injected => stage.bot().store().fill_disk(false),
            Self::Real(folder) => fs::remove_file(folder.join("filler")).unwrap(),
        }
    }
}

async fn set_up() -> Stage {
    let mut stage = Stage::open().await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    for fault in ["the database can't be written", "doing=\"reply\"", "tick"] {
        stage.expect_error(fault);
    }
    stage.advance(1).await;
    stage
}

/// The disk is full from a minute before Tuesday's round until so many minutes after it.
async fn is_full_at_the_due_instant(disk: &Disk, minutes: i64) -> Stage {
    let stage = set_up().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    ana.answers("Ana's answer, confirmed before the disk is full.").await;
    assert!(ben.votes_for(&ana).await.says("goes to **Ana**"));
    let ballot = chidi.ballot().await;
    stage.advance_to("2026-11-24T07:59:00Z").await;

    disk.fill(&stage);
    let unwritable = || stage.bot().engine().vitals().snapshot().unwritable;
    let refused = chidi.chooses(&ballot, &ana).await;
    assert!(!refused.says("goes to **Ana**"), "confirmed without room: {}", refused.text());
    stage.until("the failure's being noted", || unwritable().is_some()).await;
    assert_eq!(unwritable().unwrap().why, "the disk is full");
    dana.says("Dana's answer, written while the disk is full.").await;
    stage.advance_without_waiting(1 + minutes).await;
    let began = unwritable().unwrap().since;
    let due = || stage.bot().engine().vitals().snapshot();
    stage.until("a tick that fails", || due().unwritable.is_some()).await;
    assert_eq!(unwritable().unwrap().since, began, "it is one failure");
    assert_eq!((stage.cards().len(), stage.results().len()), (1, 0));

    let room = Instant::now();
    disk.make_room(&stage);
    stage.until("the close of the round", || stage.results().len() == 1).await;
    assert!(room.elapsed() < RECOVERY, "{:?}", room.elapsed());
    stage.settle().await;
    assert_eq!(unwritable(), None);
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +2, Dana +2, Ben +1");
    stage
}

#[tokio::test]
async fn a_disk_that_is_full_for_a_moment_stops_nothing() {
    let stage = set_up().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    ana.answers("Ana's answer, which gets both votes.").await;
    for voter in [&ben, &chidi] {
        let ballot = voter.ballot().await;
        stage.bot().store().fill_disk(true);
        let refused = voter.chooses(&ballot, &ana).await;
        assert!(!refused.says("goes to **Ana**"), "{}", refused.text());
        stage.bot().store().fill_disk(false);
        // At once, not after half an hour.
        assert!(voter.votes_for(&ana).await.says("goes to **Ana**"));
    }
    stage.advance_days(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +1, Chidi +1");
    stage.finish().await;
}

#[tokio::test]
async fn a_round_that_fell_due_while_the_disk_was_full_comes_as_soon_as_there_is_room() {
    let stage = is_full_at_the_due_instant(&Disk::Injected, 10).await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (2, 0));
    stage.finish().await;
}

#[tokio::test]
async fn a_round_is_skipped_and_told_if_the_disk_was_full_for_longer_than_it_may_be_late() {
    let stage = is_full_at_the_due_instant(&Disk::Injected, 3 * 60).await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (1, 1));
    stage.finish().await;
}

#[tokio::test]
async fn the_same_on_a_file_system_that_is_really_full() {
    const NAME: &str = "disk::the_same_on_a_file_system_that_is_really_full";
    if let Some(folder) = std::env::var_os(MOUNTED) {
        let stage = is_full_at_the_due_instant(&Disk::Real(folder.into()), 10).await;
        assert_eq!((stage.cards().len(), stage.notices().len()), (2, 0));
        stage.finish().await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(mut inside) = mounted(folder.path()) else {
        eprintln!("no small file system can be mounted here, so none is filled");
        return;
    };
    let program = std::env::current_exe().unwrap();
    let inside = inside.arg(program).args(["--exact", NAME, "--nocapture"]);
    let told = inside.env(MOUNTED, folder.path()).env("TMPDIR", folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout) + String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success() && said.contains("1 passed"), "{said}");
}

/// A command that runs another one with a file system of 16 MiB mounted at `folder`, which nobody else
/// sees. `None` where this user may not mount any.
fn mounted(folder: &Path) -> Option<Command> {
    let command = |own_user: bool| {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if own_user {
            command.arg("--map-root-user");
        }
        let script = "mount -t tmpfs -o size=16m tmpfs \"$0\" && exec \"$@\"";
        command.args(["sh", "-c", script]).arg(folder);
        command
    };
    let works = |own_user: &bool| {
        let tried = command(*own_user).arg("true").output();
        tried.is_ok_and(|done| done.status.success())
    };
    [false, true].into_iter().find(works).map(command)
}
