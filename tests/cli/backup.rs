//! `backup` and `restore`, and that one database has one bot.

use crate::member::World;
use crate::program::{Place, Running};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use studyhall::domain::ids::{GuildId, MemberId};
use studyhall::store::guilds::{self, Guild};
use studyhall::store::{Store, health};

/// Nobody listens there: a bot that gets this far fails, and never reaches Discord.
const NOWHERE: &str = "http://127.0.0.1:9";
const TOKEN: (&str, &str) = ("DISCORD_TOKEN", "not-a-real-token");

fn guild(number: u64) -> Guild {
    Guild {
        id: GuildId(number),
        name: format!("Reading room {number}"),
        zone: chrono_tz::UTC,
        notices: None,
        setup_by: MemberId(1),
        owner: MemberId(2),
    }
}

/// A database with this many guilds, closed.
async fn database(path: &Path, guilds: u64) {
    let store = Store::open(path).await.unwrap();
    let mut db = store.begin().await.unwrap();
    for number in 1..=guilds {
        guilds::save(&mut db, &guild(number)).await.unwrap();
    }
    db.commit().await.unwrap();
    store.close().await;
}

/// How many guilds a whole database holds.
async fn held(path: &Path) -> usize {
    let mut db = Store::look(path).await.unwrap();
    assert_eq!(health::faults(&mut db).await, [] as [&str; 0]);
    let held = guilds::all(&mut db).await.unwrap().len();
    db.close().await.unwrap();
    held
}

/// Every row of a table, as text.
async fn rows(path: &Path, statement: &'static str) -> Vec<String> {
    let mut db = Store::look(path).await.unwrap();
    let rows = sqlx::query(statement).fetch_all(&mut db).await.unwrap();
    let rows = rows.iter().map(|row| row.get(0)).collect();
    db.close().await.unwrap();
    rows
}

/// A sandbox and a bot with a study channel.
async fn stage(place: &Place) -> (Running, Running, World) {
    let mut sandbox = place.start(&["sandbox", "--json", "--clock", "2026-11-23T07:50:00Z@manual"]);
    let world = World::new(sandbox.described());
    let bot = bot(place, &world);
    let maya = world.member("Maya").await;
    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;
    (sandbox, bot, world)
}

fn bot(place: &Place, world: &World) -> Running {
    let words = ["run", "--api", world.text("api"), "--clock", "follow", "--seed", "3"];
    let mut bot = place.start_with(&words, &[("DISCORD_TOKEN", world.bot_token())]);
    bot.logs("connected");
    bot
}

/// Without the number of a process and the rest of who holds a database.
fn portable(said: &str) -> String {
    match said.split_once("(process ") {
        Some((before, after)) => format!("{before}(process …){}", after.split_once(')').unwrap().1),
        None => said.to_owned(),
    }
}

/// Waits until the bot's database answers with so many rows. With a separate process, quiet may come
/// before it has done all.
async fn hold(place: &Place, query: &'static str, many: usize) {
    let began = std::time::Instant::now();
    loop {
        let found = rows(&place.path("studyhall.db"), query).await;
        if found.len() == many {
            return;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "{many} rows: {found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_bot_at_work_is_restored_once_the_bot_is_stopped() {
    const TITLES: &str = "SELECT json_extract(question, '$.title') FROM rounds
                          WHERE question IS NOT NULL ORDER BY round_id";
    let place = Place::with(&[]);
    let (_sandbox, bot, world) = stage(&place).await;
    world.clock(json!({"advance_s": 90_000})).await;
    hold(&place, TITLES, 2).await;
    let said = place.says(&["backup", "two-days.bak"]);
    assert!(said.starts_with("exit 0\n[out]\nstudyhall.db is copied to two-days.bak ("), "{said}");
    assert!(said.ends_with("), whole and checked."), "{said}");
    let then = rows(&place.path("two-days.bak"), TITLES).await;
    assert_eq!(then, rows(&place.path("studyhall.db"), TITLES).await);
    assert_eq!(then.len(), 2);
    world.clock(json!({"advance_s": 86_400})).await;
    hold(&place, TITLES, 3).await;

    // Not under a running bot.
    let said = place.says(&["restore", "two-days.bak"]);
    assert!(said.contains(&format!("(process {} on ", bot.id())), "{said}");
    insta::assert_snapshot!(portable(&said), @r"
    exit 1
    [err]
    studyhall: the database studyhall.db is in use by another Studyhall (process …). Stop that one first, or name another file under [database] path
    ");
    assert!(bot.terminate().starts_with("exit 0"));

    let said = place.says(&["restore", "two-days.bak"]);
    let kept = said.split_once("is kept: ").unwrap().1.lines().next().unwrap().to_owned();
    insta::assert_snapshot!(said.replace(&kept, "KEPT"), @r"
    exit 0
    [out]
    studyhall.db is now what two-days.bak holds, checked.
    The database from before is kept: KEPT
    Start the bot again. It does not know of rounds posted after the backup was made.
    ");
    assert_eq!(rows(&place.path("studyhall.db"), TITLES).await, then);
    assert_eq!(rows(&place.path(&kept), TITLES).await.len(), 3);
    // The bot goes on with it.
    let bot = self::bot(&place, &world);
    world.clock(json!({"advance_s": 86_400})).await;
    assert!(rows(&place.path("studyhall.db"), TITLES).await.len() > 2);
    assert!(bot.terminate().starts_with("exit 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_makes_its_daily_copy_and_removes_what_is_too_old() {
    let config = "[database]\nbackups = \"copies\"\nbackups_kept = 2\n";
    let place = Place::with(&[
        ("config.toml", config),
        ("copies/studyhall-2001-01-01.db", "old"),
        ("copies/studyhall-2001-01-02.db", "newer"),
        ("copies/notes.txt", "somebody's own"),
    ]);
    let (_sandbox, mut bot, world) = stage(&place).await;
    bot.logs("removed an old copy");
    let mut names: Vec<String> = fs::read_dir(place.path("copies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!((&*names[0], &*names[1]), ("notes.txt", "studyhall-2001-01-02.db"));
    held(&place.path("copies").join(&names[2])).await;
    // Once a day: a second start finds it there.
    assert!(bot.terminate().starts_with("exit 0"));
    let copy = fs::read(place.path("copies").join(&names[2])).unwrap();
    let bot = self::bot(&place, &world);
    let words = ["doctor", "--api", world.text("api"), "--clock", "follow"];
    let said = place.says_with(&words, &[("DISCORD_TOKEN", world.bot_token())]);
    assert!(
        said.contains("ok    Backup           the last one is less than an hour old"),
        "{said}"
    );
    assert!(bot.terminate().starts_with("exit 0"));
    assert!(fs::read(place.path("copies").join(&names[2])).unwrap() == copy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_copy_that_fails_is_told_in_the_log_and_stops_nothing() {
    let place = Place::with(&[
        ("config.toml", "[database]\nbackups = \"notes.txt\"\n"),
        ("notes.txt", "x"),
    ]);
    let (_sandbox, mut bot, _world) = stage(&place).await;
    bot.logs("the daily copy of the database was not made: the folder notes.txt cannot be made");
    assert!(bot.runs());
    assert!(bot.terminate().starts_with("exit 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_bot_on_the_same_database_is_told_who_holds_it() {
    let place = Place::with(&[]);
    let (_sandbox, mut bot, _world) = stage(&place).await;
    let said = place.says_with(&["run", "--api", NOWHERE], &[TOKEN]);
    assert!(said.contains(&format!("(process {} on ", bot.id())), "{said}");
    insta::assert_snapshot!(portable(&said), @r"
    exit 1
    [err]
    studyhall: the database studyhall.db is in use by another Studyhall (process …). Stop that one first, or name another file under [database] path
    ");
    assert!(bot.runs());
    // Whoever was killed holds nothing any more, whatever the file still says.
    bot.kill();
    let left = fs::read_to_string(place.path("studyhall.db.lock")).unwrap();
    assert!(left.contains(&format!("\"pid\":{}", bot.id())), "{left}");
    let mut bot = place.start_with(&["run", "--api", NOWHERE], &[TOKEN]);
    bot.logs("no connection to http://127.0.0.1:9");
    bot.kill();
}

#[tokio::test]
async fn what_cannot_be_copied_or_restored_is_told() {
    let place = Place::with(&[("notes.txt", "no database"), ("photos.bak", "")]);
    database(&place.path("studyhall.db"), 3).await;
    insta::assert_snapshot!(place.refuses(&["backup", "photos.bak"], &[]), @r"
    exit 1
    [err]
    studyhall: photos.bak is there already. Name another file, or add --force to replace it
    ");
    insta::assert_snapshot!(place.refuses(&["backup", "studyhall.db", "--force"], &[]), @r"
    exit 1
    [err]
    studyhall: studyhall.db is the database itself. Name another file
    ");
    insta::assert_snapshot!(place.refuses(&["restore", "notes.txt"], &[]), @r"
    exit 1
    [err]
    studyhall: notes.txt cannot be restored: it is not a SQLite file. Nothing was changed
    ");
    insta::assert_snapshot!(place.refuses(&["restore", "missing.bak"], &[]), @r"
    exit 1
    [err]
    studyhall: missing.bak cannot be restored: there is no such file. Nothing was changed
    ");
    insta::assert_snapshot!(place.refuses(&["restore", "studyhall.db"], &[]), @r"
    exit 1
    [err]
    studyhall: studyhall.db is the database itself. Name another file
    ");
    let said = place.says(&["backup", "photos.bak", "--force"]);
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(held(&place.path("photos.bak")).await, 3);
    let empty = Place::with(&[]);
    insta::assert_snapshot!(empty.refuses(&["backup", "x.bak"], &[]), @r"
    exit 1
    [err]
    studyhall: there is no database studyhall.db. Name the one that the bot works on, or start the bot once: it makes one
    ");
    insta::assert_snapshot!(empty.refuses(&["backup"], &[]), @r"
    exit 2
    [err]
    error: the following required arguments were not provided:
      <FILE>

    Usage: studyhall backup <FILE>

    For more information, try '--help'.
    ");
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_moment_leaves_a_whole_database() {
    let place = Place::with(&[]);
    let path = place.path("studyhall.db");
    database(&path, 200).await;
    assert!(place.says(&["backup", "study.bak"]).starts_with("exit 0"));
    database(&path, 300).await;
    let mut finished = 0;
    for delay in (0..24).map(|step| Duration::from_millis(step * 5)) {
        let mut restoring = place.start(&["restore", "study.bak"]);
        tokio::time::sleep(delay).await;
        restoring.kill();
        let now = held(&path).await;
        assert!([200, 300].contains(&now), "{now} after {delay:?}");
        finished += usize::from(now == 200);
        // What a bot would do first.
        Store::open(&path).await.unwrap().close().await;
        database(&path, 300).await;
    }
    println!("{finished} of 24 had come to their end");
    assert!(place.says(&["restore", "study.bak"]).starts_with("exit 0"));
    assert_eq!(held(&path).await, 200);
}

/// Runs the program where no file may become longer than this many blocks of 512 bytes (1,024 in
/// some shells), as on a disk that is full.
#[cfg(unix)]
fn says_on_a_full_disk(place: &Place, blocks: u32, words: &str) -> String {
    let program = env!("CARGO_BIN_EXE_studyhall");
    // A process that writes beyond the limit is told by a signal that would end it, but for this.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} {words}");
    let done = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path("."))
        .env(TOKEN.0, TOKEN.1)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    format!(
        "exit {:?}\n{}{}",
        done.status.code(),
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    )
}

#[cfg(unix)]
#[tokio::test]
async fn on_a_full_disk_nothing_is_migrated_backed_up_or_restored_and_nothing_is_lost() {
    let place = Place::with(&[]);
    let path = place.path("studyhall.db");
    database(&path, 100).await;
    assert!(place.says(&["backup", "good.bak"]).starts_with("exit 0"));
    let options = SqliteConnectOptions::new().filename(&path);
    let mut db = options.connect().await.unwrap();
    for statement in [
        "ALTER TABLE ballots ADD COLUMN void BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE ballots DROP COLUMN voided_at",
        "DROP INDEX deliveries_expiring",
        "ALTER TABLE deliveries DROP COLUMN first",
        "DROP TABLE told_ills",
        "DROP TABLE check_ups",
        "DELETE FROM _sqlx_migrations WHERE version >= 7",
    ] {
        sqlx::query(statement).execute(&mut db).await.unwrap();
    }
    db.close().await.unwrap();
    let contents = || {
        let mut contents = place.contents();
        contents.remove(&place.path("studyhall.db.lock"));
        contents
    };
    let before = contents();
    for (words, told) in [
        ("run --api http://127.0.0.1:9", "have to be brought up to date, and the copy"),
        ("backup new.bak", "the copy cannot be written to new.bak"),
        ("backup good.bak --force", "the copy cannot be written to good.bak"),
        ("restore good.bak", "the copy cannot be written to studyhall.db.restoring"),
    ] {
        let said = says_on_a_full_disk(&place, 100, words);
        assert!(said.starts_with("exit Some(1)") && said.contains(told), "{words}: {said}");
        assert!(contents() == before, "{words}: something changed");
    }
    // With room again, the bot starts, and keeps the copy.
    let mut bot = place.start_with(&["run", "--api", NOWHERE], &[TOKEN]);
    bot.logs("no connection to http://127.0.0.1:9");
    bot.kill();
    assert!(place.path("studyhall.db.version-6").exists());
    assert_eq!(held(&path).await, 100);
}
