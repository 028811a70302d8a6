//! What cannot be done ends in one message that says what to do, and changes nothing.

use crate::program::Place;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use studyhall::store::Store;

/// Nobody listens there: a run that got this far would fail, and never reach Discord.
const NOWHERE: &str = "http://127.0.0.1:9";
const TOKEN: (&str, &str) = ("DISCORD_TOKEN", "not-a-real-token");

/// Without the operating system's number of an error.
fn portable(said: &str) -> String {
    match said.split_once(" (os error ") {
        Some((before, after)) => before.to_owned() + after.split_once(')').unwrap().1,
        None => said.to_owned(),
    }
}

// --- Usage: exit code 2 ---

#[test]
fn words_that_mean_nothing() {
    let place = Place::with(&[]);
    insta::assert_snapshot!(place.refuses(&["frobnicate"], &[]), @r"
    exit 2
    [err]
    error: unrecognized subcommand 'frobnicate'

    Usage: studyhall [COMMAND]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.refuses(&["run", "--databse", "x"], &[]), @r"
    exit 2
    [err]
    error: unexpected argument '--databse' found

      tip: a similar argument exists: '--new-database'

    Usage: studyhall run --new-database

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.refuses(&["run", "--seed", "dice"], &[]), @r"
    exit 2
    [err]
    error: invalid value 'dice' for '--seed <N>': invalid digit found in string

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.refuses(&["sandbox", "--listen", "8080"], &[]), @r"
    exit 2
    [err]
    error: invalid value '8080' for '--listen <ADDR>': invalid socket address syntax

    For more information, try '--help'.
    ");
}

#[test]
fn clocks_that_cannot_be() {
    let place = Place::with(&[]);
    insta::assert_snapshot!(place.refuses(&["sandbox", "--clock", "tomorrow"], &[]), @r"
    exit 2
    [err]
    error: invalid value 'tomorrow' for '--clock <CLOCK>': `tomorrow` is not START@RATE or START@manual

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.refuses(&["demo", "--clock", "2026-11-23@manual"], &[]), @r"
    exit 2
    [err]
    error: invalid value '2026-11-23@manual' for '--clock <CLOCK>': `2026-11-23` is not an RFC 3339 instant: premature end of input

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.refuses(&["demo", "--clock", "2026-11-23T08:00:00Z@-1"], &[]), @r"
    exit 2
    [err]
    error: invalid value '2026-11-23T08:00:00Z@-1' for '--clock <CLOCK>': `-1` is not a rate above 0 and at most 1000000, nor `manual`

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.refuses(&["sandbox", "--clock", "follow"], &[]), @r"
    exit 2
    [err]
    studyhall: only `run` can follow a clock; this verb has one of its own
    ");
    insta::assert_snapshot!(place.refuses(&["demo", "--clock", "follow"], &[]), @r"
    exit 2
    [err]
    studyhall: only `run` can follow a clock; this verb has one of its own
    ");
    insta::assert_snapshot!(place.refuses(&["run", "--clock", "follow"], &[TOKEN]), @r"
    exit 2
    [err]
    error: the following required arguments were not provided:
      --api <URL>

    Usage: studyhall run --api <URL> --clock <CLOCK>

    For more information, try '--help'.
    ");
    let simulated =
        ["run", "--clock", "2026-11-23T08:00:00Z@manual", "--api", "https://example.org"];
    insta::assert_snapshot!(place.refuses(&simulated, &[TOKEN]), @r"
    exit 2
    [err]
    studyhall: `--clock` simulates time, so it works only with a loopback `--api`
    ");
}

#[test]
fn addresses_that_would_give_the_token_away() {
    let place = Place::with(&[]);
    insta::assert_snapshot!(place.refuses(&["run", "--api", "http://example.org"], &[TOKEN]), @r"
    exit 2
    [err]
    studyhall: `--api http://example.org`: plain http would send the token readable; use https, or a loopback address
    ");
    insta::assert_snapshot!(place.refuses(&["run", "--api", "ftp://127.0.0.1"], &[TOKEN]), @r"
    exit 2
    [err]
    studyhall: `--api ftp://127.0.0.1`: only http and https are spoken
    ");
    insta::assert_snapshot!(place.refuses(&["run", "--api", "127.0.0.1:8080"], &[TOKEN]), @r"
    exit 2
    [err]
    studyhall: `--api 127.0.0.1:8080`: relative URL without a base; write it like http://127.0.0.1:8080
    ");
    insta::assert_snapshot!(place.refuses(&["run", "--api", "http://127.0.0.1/v9"], &[TOKEN]), @r"
    exit 2
    [err]
    studyhall: `--api http://127.0.0.1/v9`: the path must be empty, /api or /api/v10
    ");
    // A host that only looks like this one.
    for disguised in [
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1@example.org",
    ] {
        let said = place.refuses(&["run", "--api", disguised], &[TOKEN]);
        assert!(said.starts_with("exit 2"), "{said}");
    }
}

// --- The thing asked failed: exit code 1 ---

#[test]
fn a_port_that_is_taken() {
    let place = Place::with(&[]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for verb in ["sandbox", "demo"] {
        let said = place.refuses(&[verb, "--listen", &address], &[]);
        let said = portable(&said.replace(&address, "ADDRESS"));
        insta::allow_duplicates! { insta::assert_snapshot!(said, @r"
        exit 1
        [err]
        studyhall: cannot listen on ADDRESS. Is something else listening there? `--listen 127.0.0.1:0` takes a free port: Address already in use
        "); }
    }
}

#[test]
fn no_token() {
    let place = Place::with(&[]);
    insta::assert_snapshot!(place.refuses(&["run"], &[]), @r"
    exit 1
    [err]
    studyhall: there is no bot token; set the environment variable DISCORD_TOKEN or name a file with `token_file` in [discord]
    ");
    let empty = [("DISCORD_TOKEN", " ")];
    insta::assert_snapshot!(place.refuses(&["run"], &empty), @r"
    exit 1
    [err]
    studyhall: there is no bot token; set the environment variable DISCORD_TOKEN or name a file with `token_file` in [discord]
    ");
    let two = [("DISCORD_TOKEN", "two words")];
    insta::assert_snapshot!(place.refuses(&["run"], &two), @r"
    exit 1
    [err]
    studyhall: the environment variable DISCORD_TOKEN does not hold a bot token; copy it again from the Discord developer portal
    ");
}

#[test]
fn a_token_file_that_holds_no_token() {
    let config = ("config.toml", "[discord]\ntoken_file = \"secret/token.txt\"\n");
    let missing = Place::with(&[config]);
    insta::assert_snapshot!(missing.refuses(&["run"], &[]), @r"
    exit 1
    [err]
    studyhall: secret/token.txt: the token file cannot be read (it is not there); correct `token_file` in [discord] or put the bot's token into this file
    ");
    let empty = Place::with(&[config, ("secret/token.txt", "\n")]);
    insta::assert_snapshot!(empty.refuses(&["run"], &[]), @r"
    exit 1
    [err]
    studyhall: secret/token.txt: the token file must hold the bot's token and nothing else; copy it again from the Discord developer portal
    ");
    let letter = Place::with(&[config, ("secret/token.txt", "token: abc.def\nuser: me\n")]);
    let said = letter.refuses(&["run"], &[]);
    assert!(!said.contains("abc.def"), "{said}");
    insta::assert_snapshot!(said, @r"
    exit 1
    [err]
    studyhall: secret/token.txt: the token file must hold the bot's token and nothing else; copy it again from the Discord developer portal
    ");
}

#[test]
fn a_configuration_that_is_wrong() {
    let run = |text: &str| Place::with(&[("config.toml", text)]).refuses(&["run"], &[TOKEN]);
    insta::assert_snapshot!(run("[rounds]\nlateness = 5\n"), @r"
    exit 1
    [err]
    studyhall: config.toml:2: unknown key `lateness` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
    ");
    insta::assert_snapshot!(run("[rounds]\n\nlateness_minutes = 0\n"), @r"
    exit 1
    [err]
    studyhall: config.toml:3: `lateness_minutes` in [rounds] must be a whole number from 1 to 1440
    ");
    insta::assert_snapshot!(run("%PDF-1.7\n%âãÏÓ\n"), @r"
    exit 1
    [err]
    studyhall: config.toml:1: is not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`; correct this line
    config.toml:1: is not TOML: key with no value, expected `=`; correct this line
    config.toml:2: is not TOML: key with no value, expected `=`; correct this line
    ");
    let place = Place::with(&[]);
    insta::assert_snapshot!(place.refuses(&["run", "--config", "my.toml"], &[TOKEN]), @r"
    exit 1
    [err]
    studyhall: my.toml: the configuration file cannot be read (it is not there); correct the path or its rights
    ");
    insta::assert_snapshot!(place.refuses(&["demo", "--config", "my.toml"], &[]), @r"
    exit 1
    [err]
    studyhall: the configuration cannot be used: my.toml: the configuration file cannot be read (it is not there); correct the path or its rights
    ");
    // Without a verb, a configuration means `run`.
    let place = Place::with(&[("config.toml", "[round]\n")]);
    insta::assert_snapshot!(place.refuses(&[], &[TOKEN]), @r"
    exit 1
    [err]
    studyhall: config.toml:1: unknown section `round`; known sections are [discord], [database], [questions], [rounds], [points], [log]
    ");
}

#[test]
fn packs_that_cannot_be_used() {
    let config = "[questions]\nfolders = [\"packs\"]\n";
    let missing = Place::with(&[("config.toml", config)]);
    insta::assert_snapshot!(missing.refuses(&["run", "--api", NOWHERE], &[TOKEN]), @r"
    exit 1
    [err]
    studyhall: packs: this folder of questions cannot be read (it is not there); correct `folders` in [questions]
    ");
}

#[test]
fn a_broken_question_of_ones_own_is_told_and_left_out() {
    // The other questions are still asked: a slip of the pen does not stop the study day.
    let config = "[questions]\nfolders = [\"packs\"]\n";
    let place = Place::with(&[("config.toml", config), ("packs/mine/pack.toml", "title = \n")]);
    let mut bot = place.start_with(&["run", "--api", NOWHERE], &[TOKEN]);
    bot.logs("no connection to http://127.0.0.1:9");
    let said = bot.kill();
    assert!(said.contains("WARN studyhall::cli::run: packs/mine/pack.toml:1: "), "{said}");
}

/// Makes a database of a newer program.
fn newer(path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        Store::open(path).await.unwrap().close().await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut db = options.connect().await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations
                 (version, description, installed_on, success, checksum, execution_time)
             VALUES (9000, 'later', '2030-01-01', 1, x'00', 1)",
        )
        .execute(&mut db)
        .await
        .unwrap();
        db.close().await.unwrap();
    });
}

#[test]
fn databases_that_are_not_ours() {
    let run = ["run", "--api", NOWHERE];
    let place = Place::with(&[("studyhall.db", "Dear diary,\n")]);
    insta::assert_snapshot!(place.refuses(&run, &[TOKEN]), @r"
    exit 1
    [err]
    studyhall: studyhall.db is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is
    ");
    insta::assert_snapshot!(place.refuses(&["demo", "--database", "studyhall.db"], &[]), @r"
    exit 1
    [err]
    studyhall: studyhall.db is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is
    ");

    let place = Place::with(&[]);
    newer(&place.path("studyhall.db"));
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let known = std::fs::read_dir(migrations).unwrap().count();
    let told = place.refuses(&run, &[TOKEN]).replace(&format!("knows {known}"), "knows N");
    insta::assert_snapshot!(told, @r"
    exit 1
    [err]
    studyhall: the database studyhall.db was written by a newer Studyhall (version 9000 of its tables, this program knows N). Start the newer program, or restore an older copy; nothing was changed
    ");

    let place = Place::with(&[("config.toml", "[database]\npath = \"data/study.db\"\n")]);
    insta::assert_snapshot!(place.refuses(&run, &[TOKEN]), @r"
    exit 1
    [err]
    studyhall: cannot open the database data/study.db: there is no folder data. Check `path` in [database], and that this user may write there
    ");

    let place = Place::with(&[]);
    fs::create_dir(place.path("studyhall.db")).unwrap();
    insta::assert_snapshot!(place.refuses(&run, &[TOKEN]), @r"
    exit 1
    [err]
    studyhall: cannot open the database studyhall.db: it is a folder. Check `path` in [database], and that this user may write there
    ");
}

#[test]
fn nobody_at_the_address() {
    // The database is made by then: everything else was in order.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let place = Place::with(&[]);
    // An outage is waited out; the program can be stopped meanwhile.
    let words = ["run", "--api", &format!("http://{address}")];
    let mut bot = place.start_with(&words, &[TOKEN]);
    bot.logs(&format!("no connection to http://{address} since 20"));
    bot.logs(": no connection. Trying again in 1s");
    assert!(bot.runs());
    #[cfg(unix)]
    {
        let said = bot.terminate();
        assert!(said.starts_with("exit 0"), "{said}");
    }
    let clock = ["run", "--api", &format!("http://{address}"), "--clock", "follow"];
    let said = place.says_with(&clock, &[TOKEN]);
    insta::assert_snapshot!(portable(&said.replace(&address, "ADDRESS")), @r"
    exit 1
    [err]
    studyhall: http://ADDRESS/clock does not tell the time; is it a sandbox?: error sending request for url (http://ADDRESS/clock): client error (Connect): tcp connect error: Connection refused
    ");
}
