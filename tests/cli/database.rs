//! One database, one bot, and the file that it is.

use crate::member::World;
use crate::program::{Place, Running};
use serde_json::json;
use std::fs;
use std::process::{Command, Stdio};
use studyhall::store::Store;

fn start(place: &Place, world: &World, more: &[&str]) -> Running {
    let words = ["run", "--api", world.text("api"), "--clock", "follow", "--seed", "3"];
    let words = [&words, more].concat();
    place.start_with(&words, &[("DISCORD_TOKEN", world.bot_token())])
}

/// Without the numbers of a process and of the time in the name of a saved copy.
fn portable(said: &str) -> String {
    let said = match said.split_once("(process ") {
        Some((before, after)) => format!("{before}(process …){}", after.split_once(')').unwrap().1),
        None => said.to_owned(),
    };
    let lines = said.lines().filter(|line| !line.contains(" WARN ") && !line.contains(" INFO "));
    let lines = lines.filter(|line| !line.contains("ERROR"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The one file of the folder that a lost database was saved in.
fn saved(place: &Place) -> String {
    let names = fs::read_dir(place.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.starts_with("studyhall.db.saved-")).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    names.remove(0)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_vote_after_the_file_was_deleted_is_not_confirmed_and_the_rest_is_put_back() {
    let place = Place::with(&[]);
    let mut sandbox = place.start(&["sandbox", "--json", "--clock", "2026-11-23T07:50:00Z@manual"]);
    let world = World::new(sandbox.described());
    let mut bot = start(&place, &world, &[]);
    bot.logs("connected");
    let (maya, ana) = (world.member("Maya").await, world.member("Ana").await);
    let ben = world.member("Ben").await;
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;
    world.clock(json!({"advance_s": 600})).await;
    let card = maya.until("the card", async || maya.cards().await.pop()).await;
    let thread = card["id"].as_str().unwrap();
    ana.answer(thread, "My answer is the one that everybody votes for.").await;
    let ballot = ben.press(&card, "Vote").await;

    fs::remove_file(place.path("studyhall.db")).unwrap();
    let told = ben.tries_to_choose(&ballot, &ana.id).await;
    let told = told.map(|told| told.to_string()).unwrap_or_default();
    assert!(!told.contains("goes to **Ana**"), "confirmed into nothing: {told}");
    let said = bot.into_words();
    let copy = saved(&place);
    insta::assert_snapshot!(portable(&said).replace(&copy, "COPY"), @r"
    exit 1
    [err]
    studyhall: the database studyhall.db was deleted while the bot was using it, so the bot stops. What it held until then is saved in COPY: put it back with `studyhall restore COPY`, then start the bot again
    ");

    // It doesn't begin again with nothing.
    let said = start(&place, &world, &[]).into_words();
    insta::assert_snapshot!(portable(&said).replace(&copy, "COPY"), @r"
    exit 1
    [err]
    studyhall: there is no database studyhall.db, but there was one: studyhall.db.lock is still there. Put it back with `studyhall restore COPY`, or correct `path` in [database]. To begin with an empty database, start once with `studyhall run --new-database`
    ");
    let said = place.says(&["restore", &copy]);
    assert!(said.starts_with("exit 0"), "{said}");
    let mut bot = start(&place, &world, &[]);
    bot.logs("connected");
    let ballot = ben.press(&card, "Vote").await;
    let told = ben.choose(&ballot, &ana.id).await.to_string();
    assert!(told.contains("goes to **Ana**"), "{told}");
    assert!(bot.terminate().starts_with("exit 0"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_is_made_where_there_was_one_only_if_that_is_asked_for() {
    let place = Place::with(&[]);
    let mut sandbox = place.start(&["sandbox", "--json", "--clock", "2026-11-23T07:50:00Z@manual"]);
    let world = World::new(sandbox.described());
    for (more, starts) in
        [(&[] as &[&str], true), (&[], false), (&["--new-database"], true), (&[], true)]
    {
        let mut bot = start(&place, &world, more);
        if starts {
            bot.logs("connected");
            assert!(bot.terminate().starts_with("exit 0"));
            if more.is_empty() {
                fs::remove_file(place.path("studyhall.db")).unwrap();
            }
        } else {
            let said = bot.into_words();
            assert!(said.starts_with("exit 1"), "{said}");
            assert!(said.contains("`studyhall run --new-database`"), "{said}");
            assert!(!place.path("studyhall.db").exists());
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_bot_does_not_start_through_a_link_or_without_the_lock_file() {
    let place = Place::with(&[("other/config.toml", "[database]\npath = \"link.db\"\n")]);
    let mut sandbox = place.start(&["sandbox", "--json", "--clock", "2026-11-23T07:50:00Z@manual"]);
    let world = World::new(sandbox.described());
    let mut bot = start(&place, &world, &[]);
    bot.logs("connected");
    let (file, link) = (place.path("studyhall.db"), place.path("other/link.db"));
    let other = ["--config", "other/config.toml"];
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let said = start(&place, &world, &other).into_words();
    insta::assert_snapshot!(portable(&said), @r"
    exit 1
    [err]
    studyhall: the database other/link.db is in use by another Studyhall (process …). Stop that one first, or name another file under [database] path
    ");
    fs::remove_file(&link).unwrap();
    fs::hard_link(&file, &link).unwrap();
    let said = start(&place, &world, &other).into_words();
    insta::assert_snapshot!(portable(&said), @r"
    exit 1
    [err]
    studyhall: the database other/link.db is in use by another Studyhall. Stop that one first, or name another file under [database] path
    ");
    fs::remove_file(place.path("studyhall.db.lock")).unwrap();
    let said = start(&place, &world, &[]).into_words();
    assert!(said.starts_with("exit 1") && said.contains("is in use by another"), "{said}");
    assert!(bot.terminate().starts_with("exit 0"));
}

/// What the bot says when it starts on the file `disk/study.db` after `prepare`, a script, in a
/// namespace of its own where it may mount something at `disk`. `None` where that isn't possible.
#[cfg(target_os = "linux")]
fn starts_on(prepare: &str) -> Option<String> {
    const CONFIG: &str = "[database]\npath = \"disk/study.db\"\n";
    let place = Place::with(&[("config.toml", CONFIG), ("disk/file", "")]);
    let run = |own_user: bool, script: &str| {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if own_user {
            command.arg("--map-root-user");
        }
        let script = format!("mount -t tmpfs -o size=8m tmpfs disk && {script}");
        command
            .args(["sh", "-c", &script, env!("CARGO_BIN_EXE_studyhall")])
            .current_dir(place.path("."))
            .env("DISCORD_TOKEN", "not-a-real-token")
            .stdin(Stdio::null())
            .output()
            .ok()
    };
    let works = |own_user: &bool| run(*own_user, "true").is_some_and(|done| done.status.success());
    let own_user = [false, true].into_iter().find(works)?;
    let start = "exec \"$0\" run --api http://127.0.0.1:9";
    let done = run(own_user, &format!("{prepare}; {start}"))?;
    assert!(done.stdout.is_empty(), "{}", String::from_utf8_lossy(&done.stdout));
    let said = String::from_utf8_lossy(&done.stderr);
    Some(format!("exit {:?}\n{}", done.status.code(), said.trim_end()))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_is_full_or_read_only_at_the_start_is_told_in_these_words() {
    let fill = "cat /dev/zero > disk/filler 2>&-";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("study.db");
    Store::open(&file).await.unwrap().close().await;
    let there = format!("cp '{}' disk/study.db", file.display());
    let starts = [
        fill.to_owned(),
        format!("{there}; {fill}"),
        "mount -o remount,ro disk".to_owned(),
        format!("{there}; mount -o remount,ro disk"),
    ];
    let said: Option<Vec<String>> = starts.iter().map(|prepare| starts_on(prepare)).collect();
    let Some(said) = said else {
        eprintln!("no file system can be mounted here, so none is full or read-only");
        return;
    };
    insta::assert_snapshot!(said.join("\n"), @r"
    exit Some(1)
    studyhall: cannot open the database disk/study.db: the disk is full. Make room on it, and start again; nothing was changed
    exit Some(1)
    studyhall: cannot open the database disk/study.db: the disk is full. Make room on it, and start again; nothing was changed
    exit Some(1)
    studyhall: the database disk/study.db cannot be written: the file, its folder or the disk is read-only for this user. Let this user write the file and its folder, or name another file under [database] path
    exit Some(1)
    studyhall: the database disk/study.db cannot be written: the file, its folder or the disk is read-only for this user. Let this user write the file and its folder, or name another file under [database] path
    ");
}
