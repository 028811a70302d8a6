//! `studyhall check`: everything that is wrong, with its place, in one go.

use crate::program::Place;
use studyhall::domain::ids::QuestionId;
use studyhall::store::{Store, rates};

const PACK: &str = "title = \"Small\"\ndescription = \"For tests\"\nlanguage = \"en\"\nlicence = \
                    \"CC0-1.0\"\n";
const QUESTION: &str = include_str!("../data/packs/small/basics/default-arguments.md");

/// Without the last line, which counts the questions that come along.
fn problems(said: &str) -> &str {
    said.rsplit_once('\n').unwrap().0
}

#[test]
fn without_a_configuration_the_packs_that_come_along_are_checked() {
    let place = Place::with(&[]);
    let said = place.says(&["check"]);
    assert!(said.starts_with("exit 0\n[out]\n") && said.ends_with(", no problems"), "{said}");
    assert_eq!(place.contents().len(), 0, "a check leaves nothing behind");
}

#[test]
fn the_example_passes() {
    let place = Place::with(&[("config.toml", include_str!("../../config.example.toml"))]);
    for words in [&["check"][..], &["check", "--config", "config.toml"]] {
        let said = place.says(words);
        assert!(said.starts_with("exit 0\n[out]\n") && said.ends_with(", no problems"), "{said}");
    }
}

#[test]
fn packs_of_ones_own_are_checked_too() {
    let config = "[questions]\nembedded = false\nfolders = [\"packs\"]\n";
    let place = Place::with(&[
        ("config.toml", config),
        ("packs/small/pack.toml", PACK),
        ("packs/small/basics/default-arguments.md", QUESTION),
    ]);
    insta::assert_snapshot!(place.says(&["check"]), @r"
    exit 0
    [out]
    1 question in 1 topic of 1 pack, no problems
    ");
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let config = "[rounds]\nlateness = 5\n\n[questions]\nembedded = false\nfolders = [\"packs\"]\n\
                  [discord]\ntoken_file = \"token.txt\"\n";
    let broken = QUESTION.replace("difficulty = \"easy\"", "difficulty = \"simple\"");
    assert_ne!(broken, QUESTION);
    let place = Place::with(&[
        ("config.toml", config),
        ("packs/small/pack.toml", PACK),
        ("packs/small/basics/default-arguments.md", &broken),
        (
            "packs/small/basics/no-answer.md",
            "+++\ndifficulty = \"easy\"\nkind = \"concept\"\n+++\n# T\nP\n",
        ),
        ("packs/other/pack.toml", "title = 5\n"),
    ]);
    let before = place.contents();
    insta::assert_snapshot!(place.says(&["check"]), @r#"
    exit 1
    [out]
    there is no question to ask; set `embedded = true` or name a folder with a pack in [questions]
    config.toml:2: unknown key `lateness` in [rounds]; known keys are `lateness_minutes`, `stock_warning_days`
    packs/other/pack.toml: the key `description` is missing
    packs/other/pack.toml: the key `language` is missing
    packs/other/pack.toml: the key `licence` is missing
    packs/other/pack.toml:1: `title` must be a text of 1 to 300 characters
    packs/small/basics/default-arguments.md:2: `difficulty` must be "easy", "medium" or "hard"
    packs/small/basics/no-answer.md: the part `## Answer` is missing
    packs/small/basics/no-answer.md: the part `## Choices` is missing
    packs/small/basics/no-answer.md: the part `## Sources` is missing
    token.txt: the token file cannot be read (it is not there); correct `token_file` in [discord] or put the bot's token into this file
    0 questions in 0 topics of 1 pack, 11 problems
    "#);
    assert!(place.contents() == before, "a check changes nothing");
}

#[test]
fn a_configuration_named_and_not_there() {
    let place = Place::with(&[]);
    insta::assert_snapshot!(problems(&place.says(&["check", "--config", "other.toml"])), @r"
    exit 1
    [out]
    other.toml: the configuration file cannot be read (it is not there); correct the path or its rights
    ");
}

#[test]
fn bytes_that_are_no_text() {
    let place = Place::with(&[]);
    std::fs::write(place.path("config.toml"), [0xff, 0xfe, 0x00, 0x9f]).unwrap();
    insta::assert_snapshot!(problems(&place.says(&["check"])), @r"
    exit 1
    [out]
    config.toml: is not UTF-8 text; save the file as UTF-8
    ");
}

/// A database in which so many of so many first attempts at the pack's question were right.
fn answered(place: &Place, name: &str, right: u32, answers: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&place.path(name)).await.unwrap();
        let mut db = store.begin().await.unwrap();
        let question = QuestionId("small/basics/default-arguments".to_owned());
        for n in 0..answers {
            rates::count(&mut db, &question, n < right).await.unwrap();
        }
        db.commit().await.unwrap();
        store.close().await;
    });
}

#[test]
fn labels_that_the_answers_contradict() {
    let config = "[questions]\nembedded = false\nfolders = [\"packs\"]\n[database]\npath = \
                  \"study.db\"\n";
    let place = Place::with(&[
        ("config.toml", config),
        ("packs/small/pack.toml", PACK),
        ("packs/small/basics/default-arguments.md", QUESTION),
    ]);
    insta::assert_snapshot!(place.says(&["check", "--stats"]), @r"
    exit 1
    [out]
    1 question in 1 topic of 1 pack, no problems
    [err]
    studyhall: there is no database study.db. Name the one that the bot works on, or start the bot once: it makes one
    ");
    answered(&place, "study.db", 6, 30);
    answered(&place, "other.db", 29, 30);
    let before = place.contents();
    insta::assert_snapshot!(place.says(&["check", "--stats"]), @r#"
    exit 0
    [out]
    1 question in 1 topic of 1 pack, no problems
    packs/small/basics/default-arguments.md:2: harder than its label `easy` says: 6 of 30 first attempts were right, so 10 to 37 % solve it; the label stands for 70 to 100 %
    1 of 1 labels contradicted (1 questions answered, 1 of them at least 21 times)
    "#);
    insta::assert_snapshot!(place.says(&["check", "--stats", "--database", "other.db"]), @r#"
    exit 0
    [out]
    1 question in 1 topic of 1 pack, no problems
    0 of 1 labels contradicted (1 questions answered, 1 of them at least 21 times)
    "#);
    insta::assert_snapshot!(
        place.says(&["check", "--stats", "--database", "packs/small/pack.toml"]),
        @r#"
        exit 1
        [out]
        1 question in 1 topic of 1 pack, no problems
        [err]
        studyhall: packs/small/pack.toml is not a Studyhall database (it is not a SQLite file). Name another file under [database] path; this one was left as it is
        "#
    );
    assert!(place.contents() == before, "a check changes nothing");
    let said = place.says(&["check", "--database", "other.db"]);
    assert!(said.starts_with("exit 2") && said.contains("--stats"), "{said}");
}

/// A shell that passes for Python where one is asked for its version, and takes each program for a
/// script of its own.
#[cfg(unix)]
fn shell(place: &Place, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let script = "#!/bin/sh\nfor last; do :; done\ncase $last in *platform*) echo 3.12.7 ;; *) . \
                  \"$last\" ;; esac\n";
    std::fs::write(place.path(name), script).unwrap();
    let rights = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path(name), rights).unwrap();
}

#[cfg(unix)]
#[test]
fn programs_are_run_when_asked() {
    let config = "[questions]\nembedded = false\nfolders = [\"packs\"]\n";
    let programs = "```python\necho one\necho two\n```\n```text\none\n2\n```\n\n\
                    ```python min=3.13\nexit 1\n```\n\n```python no-run=\"waits\"\nx\n```\n\n\
                    ```python raises=KeyError\necho KeyError: 1 >&2\nexit 1\n```\n";
    let question = format!(
        "+++\ndifficulty = \"easy\"\nkind = \"concept\"\n+++\n# T\nP\n## Answer\n{programs}\
         ## Choices\n- [x] a\n- [ ] b\n  > no\n- [ ] c\n  > no\n- [ ] d\n  > no\n\
         ## Sources\n- https://example.org\n"
    );
    let place = Place::with(&[
        ("config.toml", config),
        ("packs/small/pack.toml", PACK),
        ("packs/small/basics/default-arguments.md", &question),
    ]);
    shell(&place, "python");
    let before = place.contents();
    insta::assert_snapshot!(place.says(&["check", "--run", "--python", "./python"]), @r#"
    exit 1
    [out]
    packs/small/basics/default-arguments.md:8: prints `two` as line 2, not `2` (Python 3.12.7)
    Python 3.12.7: 1 of 2 programs kept their promise; 1 not run, they need a newer Python; 1 not meant to run
    1 question in 1 topic of 1 pack, 1 problem
    "#);
    insta::assert_snapshot!(place.says(&["check", "--run", "--python", "./gone"]), @r#"
    exit 1
    [out]
    no Python interpreter to run the programs with; install Python 3.11 or newer, or name one with --python: gone cannot be started: No such file or directory (os error 2)
    1 question in 1 topic of 1 pack, 1 problem
    "#);
    insta::assert_snapshot!(place.says(&["check", "--python", "./python"]), @r#"
    exit 2
    [err]
    error: the following required arguments were not provided:
      --run

    Usage: studyhall check --run --python <COMMAND>

    For more information, try '--help'.
    "#);
    assert_eq!(place.contents(), before, "programs leave nothing behind");
}

#[test]
fn what_discord_would_cut_is_told() {
    let config = "[questions]\nembedded = false\nfolders = [\"packs\"]\n";
    let more = "## Follow-up\nWhy?\n### Answer\nSo.\n".replace("Why?", &"Why so? ".repeat(140));
    let question = QUESTION.replace("## Sources", &format!("{more}## Sources"));
    let place = Place::with(&[
        ("config.toml", config),
        ("packs/small/pack.toml", PACK),
        ("packs/small/basics/default-arguments.md", &question),
    ]);
    insta::assert_snapshot!(place.says(&["check"]), @r#"
    exit 1
    [out]
    packs/small/basics/default-arguments.md:6: the follow-ups would be cut in Discord: 1162 characters as shown; at most 1024
    1 question in 1 topic of 1 pack, 1 problem
    "#);
}

#[test]
fn what_a_pack_holds_gives_the_terminal_no_orders() {
    let config = "[questions]\nembedded = false\nfolders = [\"packs\"]\n";
    let pack = format!("{PACK}\"\\u001b[2Jtitle\\u202e\" = 1\n");
    let question = QUESTION.replace("tags = ", "\"\\u001b[31mtags\" = ");
    assert_ne!(question, QUESTION);
    let place = Place::with(&[
        ("config.toml", config),
        ("packs/small/pack.toml", &pack),
        ("packs/small/basics/default\u{1b}[2J-arguments.md", &question),
    ]);
    let said = place.says(&["check"]);
    assert!(said.contains("\\u{1b}[2Jtitle\\u{202e}"), "{said}");
    assert!(said.contains("default\\u{1b}[2J-arguments"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
}
