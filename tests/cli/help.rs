use crate::program::Place;

#[test]
fn help() {
    let place = Place::with(&[]);
    insta::assert_snapshot!(place.says(&["--help"]), @r"
    exit 0
    [out]
    A self-hosted Discord bot for teams that study together.

    Without a verb: runs the bot if there is a config.toml here, else the demo.

    Usage: studyhall [COMMAND]

    Commands:
      run       Run the bot
      demo      Run the bot on an embedded sandbox Discord: no token, no account, no network
      sandbox   Run the sandbox Discord alone
      simulate  Let the bot live through simulated days, with kills and faults, and judge what came of it
      check     Check configuration and question packs: every problem with file and line
      doctor    Check everything the bot needs, whether it runs or not: one line each, with what to do
      backup    Copy the database to a file, also while the bot runs
      restore   Put a backup in the place of the database, which is kept; the bot must be stopped
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
    insta::assert_snapshot!(place.says(&["run", "--help"]), @r"
    exit 0
    [out]
    Run the bot

    Usage: studyhall run [OPTIONS]

    Options:
          --config <FILE>  The configuration file [default: config.toml, if there is one]
          --api <URL>      A Discord-compatible server instead of Discord (plain http only to a loopback address)
          --seed <N>       The root of all chance, to repeat a run
          --clock <CLOCK>  START@RATE, START@manual or follow; only with a loopback --api
          --new-database   Begin with an empty database where there was one and it is gone
      -h, --help           Print help
    ");
    insta::assert_snapshot!(place.says(&["demo", "--help"]), @r"
    exit 0
    [out]
    Run the bot on an embedded sandbox Discord: no token, no account, no network

    Usage: studyhall demo [OPTIONS]

    Options:
          --config <FILE>    The configuration file [default: config.toml, if there is one]
          --database <FILE>  Keep the database in this file [default: a temporary one]
          --listen <ADDR>    Where to listen; port 0 takes a free one [default: 127.0.0.1:0]
          --json             Print one JSON object that describes the place, and act on nothing
          --seed <N>         The root of all chance, to repeat a run
          --clock <CLOCK>    START@RATE (2026-11-23T07:59:00Z@3600: simulated seconds per real second) or START@manual
      -h, --help             Print help
    ");
    insta::assert_snapshot!(place.says(&["sandbox", "--help"]), @r"
    exit 0
    [out]
    Run the sandbox Discord alone

    Usage: studyhall sandbox [OPTIONS]

    Options:
          --seed-file <FILE>  The guilds, members, roles and channels to begin with, as TOML [default: one study guild]
          --record <FILE>     Write what is asked, answered and told to this file, as JSON lines without secrets
          --replay <FILE>     Let the members of a record act once more, compare what the bot does, and end
          --listen <ADDR>     Where to listen; port 0 takes a free one [default: 127.0.0.1:0]
          --json              Print one JSON object that describes the place, and act on nothing
          --seed <N>          The root of all chance, to repeat a run
          --clock <CLOCK>     START@RATE (2026-11-23T07:59:00Z@3600: simulated seconds per real second) or START@manual
      -h, --help              Print help
    ");
    insta::assert_snapshot!(place.says(&["check", "--help"]), @r"
    exit 0
    [out]
    Check configuration and question packs: every problem with file and line

    Usage: studyhall check [OPTIONS]

    Options:
          --config <FILE>     The configuration file [default: config.toml, if there is one]
          --stats             Also list questions that turned out easier or harder than their labels; no reason to fail
          --database <FILE>   The database with the answers [default: that of the configuration]
          --run               Also run every program of the packs, and compare with what it promises
          --python <COMMAND>  The Python interpreter for --run [default: python3 or python on the path]
      -h, --help              Print help
    ");
    insta::assert_snapshot!(place.says(&["doctor", "--help"]), @r"
    exit 0
    [out]
    Check everything the bot needs, whether it runs or not: one line each, with what to do

    Usage: studyhall doctor [OPTIONS]

    Options:
          --config <FILE>  The configuration file [default: config.toml, if there is one]
          --api <URL>      A Discord-compatible server instead of Discord (plain http only to a loopback address)
          --clock <CLOCK>  The clock of the bot, as for `run`; only with a loopback --api
      -h, --help           Print help
    ");
    insta::assert_snapshot!(place.says(&["backup", "--help"]), @r"
    exit 0
    [out]
    Copy the database to a file, also while the bot runs

    Usage: studyhall backup [OPTIONS] <FILE>

    Arguments:
      <FILE>  Where the copy is put

    Options:
          --config <FILE>  The configuration file, which names the database [default: config.toml, if there is one]
          --force          Replace a file of that name
      -h, --help           Print help
    ");
    insta::assert_snapshot!(place.says(&["restore", "--help"]), @r"
    exit 0
    [out]
    Put a backup in the place of the database, which is kept; the bot must be stopped

    Usage: studyhall restore [OPTIONS] <FILE>

    Arguments:
      <FILE>  The backup

    Options:
          --config <FILE>  The configuration file, which names the database [default: config.toml, if there is one]
      -h, --help           Print help
    ");
    assert_eq!(place.contents().len(), 0, "help leaves nothing behind");
}

#[test]
fn version() {
    let said = Place::with(&[]).says(&["--version"]);
    assert_eq!(said, format!("exit 0\n[out]\nstudyhall {}", env!("CARGO_PKG_VERSION")));
}
