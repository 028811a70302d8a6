//! The configuration: what the example says is what the program does, mistakes are told with
//! file, line and key, and the token is never told.

use secrecy::ExposeSecret;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use studyhall::config::{Config, ConfigProblem, DEFAULT_FILE, LogFormat};
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../config.example.toml");
/// Has the shape of a token, and is none.
const SECRET: &str = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs-abc12345";

fn parse(text: &str) -> (Config, Vec<ConfigProblem>) {
    Config::parse(Path::new("config.toml"), text)
}

fn listed(problems: &[ConfigProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(ConfigProblem::to_string).collect();
    lines.join("\n")
}

/// The problems of a text, of which there must be some.
#[track_caller]
fn refused(text: &str) -> String {
    let (_, problems) = parse(text);
    assert!(!problems.is_empty(), "accepted:\n{text}");
    listed(&problems)
}

/// Every section of the structs with its keys.
fn sections() -> Vec<(String, Vec<String>)> {
    let Ok(Value::Object(sections)) = serde_json::to_value(Config::default()) else {
        panic!("the configuration is not a table");
    };
    let keys = |section: Value| match section {
        Value::Object(keys) => keys.into_iter().map(|(key, _)| key).collect(),
        other => panic!("not a section: {other}"),
    };
    let named = sections.into_iter().map(|(name, section)| (name, keys(section)));
    named.collect()
}

/// The lines of the example below a section's heading.
fn example_section(name: &str) -> Vec<&'static str> {
    let heading = format!("[{name}]");
    let lines = EXAMPLE.lines().skip_while(|line| *line != heading);
    lines.skip(1).take_while(|line| !line.starts_with('[')).collect()
}

fn sets(line: &str, key: &str) -> bool {
    let line = line.strip_prefix("# ").unwrap_or(line);
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with(" = "))
}

// --- The example ---

#[test]
fn the_example_is_the_defaults() {
    let (config, problems) = parse(EXAMPLE);
    assert_eq!(listed(&problems), "");
    assert_eq!(config, Config::default());
}

#[test]
fn the_example_names_and_explains_every_key() {
    let mut all = 0;
    for (section, keys) in sections() {
        let lines = example_section(&section);
        for key in keys {
            let at = lines.iter().position(|line| sets(line, &key));
            let at = at.unwrap_or_else(|| panic!("`{key}` of [{section}] is not in the example"));
            let above: Vec<&str> = lines[..at]
                .iter()
                .rev()
                .take_while(|line| line.starts_with("# "))
                .copied()
                .collect();
            assert!(!above.is_empty(), "`{key}` of [{section}] has no explanation");
            let told = above.concat();
            assert!(told.contains("Default: "), "`{key}` of [{section}] lacks its default");
            all += 1;
        }
    }
    assert!(all >= 11, "only {all} keys were looked at");
}

#[test]
fn the_example_names_no_other_key() {
    // What is commented out must be right, too.
    let uncommented: Vec<&str> = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => rest,
            _ => line,
        })
        .collect();
    let (config, problems) = parse(&uncommented.join("\n"));
    assert_eq!(listed(&problems), "");
    assert_eq!(config.discord.token_file.as_deref(), Some(Path::new("token.txt")));
}

#[test]
fn an_empty_file_is_the_defaults() {
    for text in ["", "\n\n# nothing\n", "\u{feff}", "[rounds]\n[log]\r\n"] {
        let (config, problems) = parse(text);
        assert_eq!(listed(&problems), "", "{text:?}");
        assert_eq!(config, Config::default(), "{text:?}");
    }
}

#[test]
fn every_key_can_be_set() {
    let text = r#"
        [discord]
        token_file = "/run/secrets/token"
        [database]
        path = "data/team.db"
        backups = "/mnt/copies"
        backups_kept = 30
        min_free_mib = 2_048
        [questions]
        embedded = false
        folders = ["packs", "/srv/packs"]
        [rounds]
        lateness_minutes = 1_440
        stock_warning_days = 0
        [points]
        answered = 0
        ballot = 100
        pick = 0x10
        [log]
        filter = "warn,studyhall=debug"
        format = "json"
    "#;
    let (config, problems) = Config::parse(Path::new("/etc/studyhall/config.toml"), text);
    assert_eq!(listed(&problems), "");
    assert_eq!(config.discord.token_file, Some(PathBuf::from("/run/secrets/token")));
    // Relative paths are below the file's folder, wherever the bot is started.
    assert_eq!(config.database.path, Path::new("/etc/studyhall/data/team.db"));
    assert_eq!(config.database.backups.as_deref(), Some(Path::new("/mnt/copies")));
    assert_eq!(config.database.backups_kept, 30);
    assert_eq!(config.database.min_free_mib, 2_048);
    assert!(!config.questions.embedded);
    let folders = [PathBuf::from("/etc/studyhall/packs"), PathBuf::from("/srv/packs")];
    assert_eq!(config.questions.folders, folders);
    assert_eq!((config.rounds.lateness_minutes, config.rounds.stock_warning_days), (1_440, 0));
    let points = &config.points;
    assert_eq!((points.answered, points.ballot, points.pick), (0, 100, 16));
    assert_eq!(config.log.filter, "warn,studyhall=debug");
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn the_default_database_lies_beside_the_file() {
    let (config, _) = Config::parse(Path::new("/etc/studyhall/config.toml"), "");
    assert_eq!(config.database.path, Path::new("/etc/studyhall/studyhall.db"));
}

// --- Mistakes ---

#[test]
fn unknown_keys_are_refused_in_every_section() {
    for (section, keys) in sections() {
        let told = refused(&format!("# first\n[{section}]\nfoo = 1\n"));
        let start = format!("config.toml:3: unknown key `foo` in [{section}]; known keys are ");
        assert!(told.starts_with(&start), "{told}");
        for key in keys {
            assert!(told.contains(&format!("`{key}`")), "{told} lacks {key}");
        }
    }
    insta::assert_snapshot!(refused("[rounds]\nlateness = 5"), @"config.toml:2: unknown key `lateness` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`");
    insta::assert_snapshot!(refused("[round]\nlateness_minutes = 5"), @"config.toml:1: unknown section `round`; known sections are [discord], [database], [questions], [rounds], [points], [log]");
    insta::assert_snapshot!(refused("lateness_minutes = 5"), @"config.toml:1: unknown key `lateness_minutes`; known sections are [discord], [database], [questions], [rounds], [points], [log]");
    insta::assert_snapshot!(refused("rounds = { lateness = 5 }\nlog.level = \"info\""), @r"
    config.toml:1: unknown key `lateness` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
    config.toml:2: unknown key `level` in [log]; known keys are `filter`, `format`
    ");
    insta::assert_snapshot!(refused("[rounds.more]\nx = 1"), @"config.toml:1: unknown key `more` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`");
}

#[test]
fn bad_types() {
    insta::assert_snapshot!(refused("[discord]\ntoken_file = 1"), @"config.toml:2: `token_file` in [discord] must be a path in quotes");
    insta::assert_snapshot!(refused("[database]\npath = \"\""), @"config.toml:2: `path` in [database] must be a path in quotes");
    insta::assert_snapshot!(refused("[questions]\nembedded = \"yes\""), @"config.toml:2: `embedded` in [questions] must be true or false, without quotes");
    insta::assert_snapshot!(refused("[questions]\nfolders = \"packs\""), @r#"config.toml:2: `folders` in [questions] must be a list of paths in quotes, such as ["packs"]"#);
    insta::assert_snapshot!(refused("[questions]\nfolders = [1]"), @r#"config.toml:2: `folders` in [questions] must be a list of paths in quotes, such as ["packs"]"#);
    insta::assert_snapshot!(refused("[rounds]\nlateness_minutes = \"120\""), @"config.toml:2: `lateness_minutes` in [rounds] must be a whole number from 1 to 1440");
    insta::assert_snapshot!(refused("[points]\npick = 1.5"), @"config.toml:2: `pick` in [points] must be a whole number from 0 to 100");
    insta::assert_snapshot!(refused("[log]\nformat = true"), @r#"config.toml:2: `format` in [log] must be "text" or "json""#);
    insta::assert_snapshot!(refused("rounds = 5"), @"config.toml:1: `rounds` is a section; write [rounds] on a line of its own");
    insta::assert_snapshot!(refused("[[rounds]]\nlateness_minutes = 5"), @"config.toml:1: `rounds` is a section; write [rounds] on a line of its own");
}

#[test]
fn bad_values() {
    insta::assert_snapshot!(refused("[rounds]\nlateness_minutes = 0"), @"config.toml:2: `lateness_minutes` in [rounds] must be a whole number from 1 to 1440");
    insta::assert_snapshot!(refused("[rounds]\nlateness_minutes = 1441"), @"config.toml:2: `lateness_minutes` in [rounds] must be a whole number from 1 to 1440");
    insta::assert_snapshot!(refused("[rounds]\nstock_warning_days = -1"), @"config.toml:2: `stock_warning_days` in [rounds] must be a whole number from 0 to 90");
    insta::assert_snapshot!(refused("[rounds]\nstock_warning_days = 99999999999999999999"), @"config.toml:2: `stock_warning_days` in [rounds] must be a whole number from 0 to 90");
    insta::assert_snapshot!(refused("[points]\nanswered = 101"), @"config.toml:2: `answered` in [points] must be a whole number from 0 to 100");
    insta::assert_snapshot!(refused("[points]\nballot = 101"), @"config.toml:2: `ballot` in [points] must be a whole number from 0 to 100");
    insta::assert_snapshot!(refused("[points]\npick = 101"), @"config.toml:2: `pick` in [points] must be a whole number from 0 to 100");
    insta::assert_snapshot!(refused("[log]\nfilter = \"info,=,\""), @r#"config.toml:2: `filter` in [log] must be a log filter in quotes, such as "info" or "info,studyhall=debug""#);
    insta::assert_snapshot!(refused("[log]\nfilter = \"\""), @r#"config.toml:2: `filter` in [log] must be a log filter in quotes, such as "info" or "info,studyhall=debug""#);
    insta::assert_snapshot!(refused("[log]\nformat = \"xml\""), @r#"config.toml:2: `format` in [log] must be "text" or "json""#);
}

#[test]
fn text_that_is_not_toml() {
    insta::assert_snapshot!(refused("[rounds]\n\nlateness_minutes 120"), @"config.toml:3: is not TOML: key with no value, expected `=`; correct this line");
    insta::assert_snapshot!(refused("[rounds\nlateness_minutes = 120"), @r"
    config.toml:1: is not TOML: unclosed table, expected `]`; correct this line
    config.toml:2: unknown section `lateness_minutes`; known sections are [discord], [database], [questions], [rounds], [points], [log]
    ");
    insta::assert_snapshot!(refused("[database]\npath = studyhall.db"), @"config.toml:2: is not TOML: string values must be quoted, expected literal string; correct this line");
    insta::assert_snapshot!(refused("[database]\npath = \"a\"\npath = \"b\""), @"config.toml:3: is not TOML: duplicate key; correct this line");
    insta::assert_snapshot!(refused("[log]\n[log]"), @"config.toml:2: is not TOML: duplicate key; correct this line");
}

#[test]
fn all_mistakes_at_once_and_the_rest_is_read() {
    let text =
        "[rounds]\nlateness_minutes = 0\nfoo = 1\n[points]\npick = 9\nballot = \"x\"\n[bar]\n";
    let (config, problems) = parse(text);
    assert_eq!(config.points.pick, 9);
    assert_eq!(config.rounds, Config::default().rounds);
    insta::assert_snapshot!(listed(&problems), @r"
    config.toml:2: `lateness_minutes` in [rounds] must be a whole number from 1 to 1440
    config.toml:3: unknown key `foo` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
    config.toml:6: `ballot` in [points] must be a whole number from 0 to 100
    config.toml:7: unknown section `bar`; known sections are [discord], [database], [questions], [rounds], [points], [log]
    ");
}

// --- Files ---

#[test]
fn files_that_cannot_be_read() {
    let folder = TempDir::new().unwrap();
    let shown = |path: &Path| {
        let error = Config::load(Some(path)).unwrap_err();
        error.to_string().replace(&folder.path().display().to_string(), "FOLDER")
    };
    insta::assert_snapshot!(shown(&folder.path().join("none.toml")), @"FOLDER/none.toml: the configuration file cannot be read (it is not there); correct the path or its rights");
    insta::assert_snapshot!(shown(folder.path()), @"FOLDER: the configuration file cannot be read (is a directory); correct the path or its rights");
    let binary = folder.path().join("binary.toml");
    fs::write(&binary, b"\xff\xfe").unwrap();
    insta::assert_snapshot!(shown(&binary), @"FOLDER/binary.toml: is not UTF-8 text; save the file as UTF-8");
    let broken = folder.path().join("broken.toml");
    fs::write(&broken, "[rounds]\nfoo = 1\nbar = 2\n").unwrap();
    insta::assert_snapshot!(shown(&broken), @r"
    FOLDER/broken.toml:2: unknown key `foo` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
    FOLDER/broken.toml:3: unknown key `bar` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
    ");
}

#[test]
fn without_a_file_the_defaults_are_in_force() {
    // The tests' working directory is the crate's, which has only the example.
    assert!(!Path::new(DEFAULT_FILE).exists());
    assert_eq!(Config::find(None), None);
    assert_eq!(Config::load(None).unwrap(), Config::default());
    let named = Path::new("config.example.toml");
    assert_eq!(Config::find(Some(named)).as_deref(), Some(named));
    assert_eq!(Config::load(Some(named)).unwrap(), Config::default());
}

// --- The token ---

struct TokenFile(TempDir);

impl TokenFile {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let file = Self(TempDir::new().unwrap());
        fs::write(file.path(), content).unwrap();
        file.allow(0o600);
        file
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("token.txt")
    }

    #[cfg(unix)]
    fn allow(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    fn allow(&self, _mode: u32) {}

    fn config(&self) -> Config {
        let config = self.0.path().join("config.toml");
        fs::write(&config, "[discord]\ntoken_file = \"token.txt\"\n").unwrap();
        Config::load(Some(&config)).unwrap()
    }

    fn refused(&self) -> String {
        let error = self.config().discord.token(None).unwrap_err().to_string();
        error.replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn the_token_comes_from_the_environment_first_and_then_from_the_file() {
    let file = TokenFile::new(format!("{SECRET}\r\n"));
    let config = file.config();
    let from = |variable| {
        let token = config.discord.token(variable).unwrap();
        assert_eq!(token.warning, None);
        token.secret.expose_secret().to_owned()
    };
    assert_eq!(from(None), SECRET);
    assert_eq!(from(Some("")), SECRET);
    assert_eq!(from(Some(" \n")), SECRET);
    assert_eq!(from(Some(" other.token \n")), "other.token");
    assert_eq!(from(Some("Bot other.token")), "other.token");
    let with_prefix = TokenFile::new(format!("\u{feff}Bot {SECRET}\n"));
    let token = with_prefix.config().discord.token(None).unwrap();
    assert_eq!(token.secret.expose_secret(), SECRET);
}

#[test]
fn tokens_that_are_none() {
    let none = Config::default().discord.token(None).unwrap_err().to_string();
    insta::assert_snapshot!(none, @"there is no bot token; set the environment variable DISCORD_TOKEN or name a file with `token_file` in [discord]");
    let two = Config::default().discord.token(Some("two words")).unwrap_err().to_string();
    insta::assert_snapshot!(two, @"the environment variable DISCORD_TOKEN does not hold a bot token; copy it again from the Discord developer portal");
    insta::assert_snapshot!(TokenFile::new(" \n").refused(), @"token.txt: the token file must hold the bot's token and nothing else; copy it again from the Discord developer portal");
    insta::assert_snapshot!(TokenFile::new(format!("DISCORD_TOKEN: {SECRET}")).refused(), @"token.txt: the token file must hold the bot's token and nothing else; copy it again from the Discord developer portal");
    insta::assert_snapshot!(TokenFile::new(b"\xff\xfe").refused(), @"token.txt: the token file cannot be read (invalid data); correct `token_file` in [discord] or put the bot's token into this file");
    insta::assert_snapshot!(TokenFile::new(vec![b'x'; 10_000_000]).refused(), @"token.txt: the token file must hold the bot's token and nothing else; copy it again from the Discord developer portal");
    let gone = TokenFile::new(SECRET);
    fs::remove_file(gone.path()).unwrap();
    insta::assert_snapshot!(gone.refused(), @"token.txt: the token file cannot be read (it is not there); correct `token_file` in [discord] or put the bot's token into this file");
    fs::create_dir(gone.path()).unwrap();
    insta::assert_snapshot!(gone.refused(), @"token.txt: `token_file` in [discord] names something that is not a file");
}

#[cfg(unix)]
#[test]
fn a_token_file_open_to_others_is_told() {
    let file = TokenFile::new(SECRET);
    for mode in [0o640, 0o604, 0o622] {
        file.allow(mode);
        let warning = file.config().discord.token(None).unwrap().warning;
        let told = warning.map(|warning| warning.message).unwrap_or_default();
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @"other users of this machine can open the token file; take their rights away with `chmod 600`");
        }
    }
    file.allow(0o400);
    assert_eq!(file.config().discord.token(None).unwrap().warning, None);
}

#[test]
fn the_token_is_never_told() {
    let silent = |what: &str, told: String| {
        for part in SECRET.split('.') {
            assert!(!told.contains(part), "{what} tells the token: {told}");
        }
    };
    // Where it belongs.
    let file = TokenFile::new(SECRET);
    file.allow(0o644);
    let config = file.config();
    silent("the configuration", format!("{config:?} {config:#?}"));
    let token = config.discord.token(None).unwrap();
    silent("the token", format!("{token:?} {token:#?}"));
    let spoiled = TokenFile::new(format!("{SECRET} {SECRET}"));
    silent("a spoiled file", spoiled.refused());
    let error = config.discord.token(Some(&format!("{SECRET} x"))).unwrap_err();
    silent("the environment", format!("{error} {error:?}"));

    // And where it does not.
    for line in [
        "token = \"SECRET\"",
        "token_file = \"SECRET\"",
        "token_file = \"Bot SECRET\"",
        "token_file = \"secrets/SECRET\"",
        "token_file = SECRET",
        "token_file = \"SECRET",
        "token_file = [\"SECRET\"]",
        "token_file \"SECRET\"",
        "SECRET",
        "\"SECRET\"",
        "SECRET = 1",
        "\"SECRET\" = 1",
        "[SECRET]",
        "[discord.SECRET]",
        "[log]\nfilter = \"SECRET\"",
        "[log]\nfilter = \"info,SECRET=debug\"",
        "[log]\nformat = \"SECRET\"",
        "[database]\npath = \"SECRET\"",
        "[questions]\nfolders = [\"packs\", \"SECRET\"]",
        "[questions]\nembedded = SECRET",
        "[rounds]\nlateness_minutes = \"SECRET\"",
    ] {
        let (config, problems) = parse(&format!("[discord]\n{}\n", line.replace("SECRET", SECRET)));
        assert!(!problems.is_empty(), "accepted: {line}");
        silent(line, format!("{config:?} {problems:?} {}", listed(&problems)));
    }
}
