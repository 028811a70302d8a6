//! The shipped packs are sound, and everything that can be wrong with a pack is said with its
//! file and line.

use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use studyhall::bank::{self, Bank, Names, Parsed, Problem, Role, Severity};
use studyhall::domain::ids::QuestionId;
use studyhall::domain::question::{Difficulty, Kind};
use tempfile::TempDir;

const CONCEPT: &str = include_str!("data/packs/small/basics/default-arguments.md");
const CODING: &str = include_str!("data/packs/small/exercises/count-words.md");
const PACK: &str = include_str!("data/packs/small/pack.toml");
const NAMES: Names<'static> = Names { pack: "p", topic: "t", slug: "s" };

fn parse(bytes: &[u8]) -> Parsed {
    bank::parse("q.md", NAMES, bytes)
}

fn listed(mut problems: Vec<Problem>) -> String {
    problems.sort();
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

/// The problems of one file, which must have some and so give no question.
#[track_caller]
fn refused(text: impl AsRef<[u8]>) -> String {
    let parsed = parse(text.as_ref());
    assert!(parsed.question.is_none(), "accepted: {parsed:?}");
    assert!(!parsed.problems.is_empty(), "left out without a reason");
    listed(parsed.problems)
}

/// The problems of a sound file after one change. The change must apply.
#[track_caller]
fn changed(sound: &str, from: &str, to: &str) -> String {
    assert!(sound.contains(from), "the fixture no longer holds {from:?}");
    refused(sound.replacen(from, to, 1))
}

/// A folder of packs in a temporary place.
struct Shelf(TempDir);

impl Shelf {
    fn new(files: &[(&str, &str)]) -> Self {
        let shelf = Self(TempDir::new().unwrap());
        for (path, text) in files {
            shelf.write(path, text);
        }
        shelf
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn load(&self) -> (Bank, Vec<Problem>) {
        Bank::load(false, &[self.path().to_owned()])
    }

    /// The problems, with the temporary path left out.
    fn problems(&self) -> String {
        let prefix = format!("{}/", self.path().display());
        listed(self.load().1).replace(&prefix, "")
    }
}

fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/packs/small")
}

// --- What is sound ---

#[test]
fn shipped_packs_have_no_problem_and_are_all_inside_the_binary() {
    let (bank, problems) = Bank::load(true, &[]);
    assert_eq!(listed(problems), "");

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("questions");
    let (from_folder, problems) = Bank::load(false, &[folder]);
    assert_eq!(listed(problems), "");
    let all = |bank: &Bank| bank.iter().cloned().collect::<Vec<_>>();
    assert_eq!(all(&bank), all(&from_folder));
    assert_eq!(bank.packs(), from_folder.packs());
}

#[test]
fn a_question_arrives_with_all_its_parts() {
    let (bank, problems) = Bank::load(false, &[small()]);
    assert_eq!(listed(problems), "");
    assert_eq!(bank.len(), 2);
    assert_eq!(Vec::from_iter(bank.topics()), ["basics", "exercises"]);
    assert_eq!(bank.packs()["small"].licence, "MIT OR Apache-2.0");

    let id = QuestionId("small/basics/default-arguments".into());
    let question = bank.get(&id).unwrap();
    assert_eq!(question.id, id);
    assert_eq!(question.topic, "basics");
    assert_eq!(question.difficulty, Difficulty::Easy);
    assert_eq!(question.kind, Kind::Concept);
    assert_eq!(question.tags, ["functions", "defaults"]);
    assert_eq!(question.title, "Why does this list remember?");
    assert!(question.prompt.starts_with("What does the second call"));
    assert!(question.prompt.ends_with("```"));
    assert_eq!(question.hint.as_deref(), Some("When is a default value made?"));
    assert!(question.answer.starts_with("Once, when `def` runs."));
    assert!(question.answer.contains("\n# Not a title\n## Not a part\n"));
    let right: Vec<bool> = question.choices.iter().map(|choice| choice.right).collect();
    assert_eq!(right, [false, true, false, false]);
    assert_eq!(question.choices[1].why, None);
    assert_eq!(
        question.choices[2].why.as_deref(),
        Some("A default may be any value, even a mutable one.")
    );
    assert_eq!(question.choices[3].text, "`[2, 1]`, since defaults are filled from the front");
    assert_eq!(question.follow_ups.len(), 2);
    assert_eq!(question.follow_ups[1].prompt, "Is a tuple safe?");
    assert_eq!(question.follow_ups[1].answer, "Yes: it cannot change.");
    assert_eq!(question.sources.len(), 2);
    assert_eq!(question.sources[1], "https://docs.python.org/3/reference/compound_stmts.html");
}

#[test]
fn a_folder_of_packs_and_a_pack_itself_give_the_same() {
    let ids = |bank: Bank| bank.iter().map(|q| q.id.clone()).collect::<Vec<_>>();
    let (shelf, problems) = Bank::load(false, &[small().parent().unwrap().to_owned()]);
    assert_eq!(listed(problems), "");
    assert_eq!(ids(shelf), ids(Bank::load(false, &[small()]).0));
}

#[test]
fn words_behind_a_fence_are_for_us_and_not_for_discord() {
    let parsed = parse(CONCEPT.as_bytes());
    let question = parsed.question.unwrap();
    for text in [&question.prompt, &question.answer] {
        let fences = text.lines().filter(|line| line.starts_with("```"));
        for fence in fences {
            assert!(["```python", "```text", "```"].contains(&fence), "{fence}");
        }
    }
    let [asked, told, ends] = parsed.code_blocks.as_slice() else {
        panic!("{:?}", parsed.code_blocks);
    };
    assert_eq!(asked.info.no_run.as_deref(), Some("asked, not told"));
    assert_eq!(asked.line, 9);
    assert_eq!(told.expected_output.as_deref(), Some("[1, 2]\n"));
    assert!(told.code.ends_with("print(add(2))\n"));
    assert_eq!(ends.info.raises.as_deref(), Some("NameError"));
    assert_eq!(ends.info.min, Some((3, 11)));
    assert_eq!(ends.expected_output, None);

    let roles: Vec<Role> =
        parse(CODING.as_bytes()).code_blocks.iter().map(|block| block.info.role).collect();
    assert_eq!(roles, [Role::Solution, Role::Tests, Role::Wrong]);
}

#[test]
fn text_apart_from_a_program_is_not_its_output() {
    let apart = CONCEPT.replace("```\n```text", "```\nIn words:\n```text");
    let parsed = parse(apart.as_bytes());
    assert_eq!(parsed.code_blocks.len(), 4);
    assert_eq!(parsed.code_blocks[1].expected_output, None);
    // A blank line between them changes nothing.
    let spaced = CONCEPT.replace("```\n```text", "```\n\n```text");
    let parsed = parse(spaced.as_bytes());
    assert_eq!(parsed.code_blocks[1].expected_output.as_deref(), Some("[1, 2]\n"));
}

#[test]
fn line_ends_and_byte_order_marks_of_other_systems_change_nothing() {
    let plain = parse(CONCEPT.as_bytes()).question.unwrap();
    let foreign = format!("\u{feff}{}", CONCEPT.replace('\n', "\r\n"));
    let parsed = parse(foreign.as_bytes());
    assert_eq!(listed(parsed.problems), "");
    assert_eq!(parsed.question.unwrap(), plain);
    // Without a last line break, too.
    assert_eq!(parse(CONCEPT.trim_end().as_bytes()).question.unwrap(), plain);
}

#[test]
fn search_finds_every_word_in_any_case() {
    let (bank, _) = Bank::load(false, &[small()]);
    let titles = |typed: &str, most| -> Vec<String> {
        let found = bank.search(typed, most).into_iter();
        found.map(|question| question.title.clone()).collect()
    };
    assert_eq!(titles("LIST  why", 25), ["Why does this list remember?"]);
    assert_eq!(titles("defaults", 25), ["Why does this list remember?"]);
    assert_eq!(titles("exercises/", 25), ["Count the words of a text"]);
    assert_eq!(titles("list words", 25), Vec::<String>::new());
    assert_eq!(titles("", 1).len(), 1);
    assert_eq!(titles("", 25).len(), 2);
}

// --- What is wrong with a file ---

#[test]
fn front_matter() {
    let with = |from: &str, to: &str| changed(CONCEPT, from, to);
    insta::assert_snapshot!(with("+++\n", "---\n"), @"q.md:1: the first line must be `+++`, which opens the front matter");
    let (_, lacking) = CONCEPT.rsplit_once("+++\n").unwrap();
    insta::assert_snapshot!(refused(lacking), @"q.md:1: the first line must be `+++`, which opens the front matter");
    insta::assert_snapshot!(with("defaults\"]\n+++", "defaults\"]\n"), @"q.md:1: no second line `+++` ends the front matter");
    insta::assert_snapshot!(with("difficulty = \"easy\"", "difficulty = \"trivial\""), @r#"q.md:2: `difficulty` must be "easy", "medium" or "hard""#);
    insta::assert_snapshot!(with("difficulty = \"easy\"\n", ""), @"q.md:2: the key `difficulty` is missing");
    insta::assert_snapshot!(with("kind = \"concept\"", "kind = 3"), @r#"q.md:3: `kind` must be "concept", "compare", "coding" or "design""#);
    insta::assert_snapshot!(with("kind = \"concept\"", "sort = \"concept\""), @r"
    q.md:2: the key `kind` is missing
    q.md:3: unknown key `sort`; known keys are `difficulty`, `kind`, `tags`
    ");
    insta::assert_snapshot!(with("[\"functions\", \"defaults\"]", "\"functions\""), @r#"q.md:4: `tags` must be a list of words, such as ["gil", "threads"]"#);
    insta::assert_snapshot!(with("\"defaults\"]", "\"functions\", \"\", 5]"), @r#"
    q.md:4: each of `tags` must be a text in quotes
    q.md:4: each of `tags` must have 1 to 40 characters
    q.md:4: the tag "functions" is there twice
    "#);
    insta::assert_snapshot!(with("kind = \"concept\"", "kind = concept"), @"q.md:3: is not TOML: string values must be quoted, expected literal string");
    insta::assert_snapshot!(with("kind = \"concept\"", "difficulty = \"hard\""), @"q.md:3: is not TOML: duplicate key");
}

#[test]
fn parts() {
    let with = |from: &str, to: &str| changed(CONCEPT, from, to);
    insta::assert_snapshot!(with("# Why does", "#Why does"), @r"
    q.md: the title is missing (a line `# …`, with a space behind the `#`)
    q.md:6: text stands before the title; the title, `# …`, comes first
    ");
    insta::assert_snapshot!(with("# Why does this list remember?", "#"), @"q.md:6: the title is empty");
    insta::assert_snapshot!(with("# Why does this list remember?", "# \u{3164}\u{200b}"), @"q.md:6: the title is empty");
    insta::assert_snapshot!(with("# Why", "Hello!\n\n# Why"), @"q.md:6: text stands before the title; the title, `# …`, comes first");
    insta::assert_snapshot!(with("## Hint", "# Hint"), @"q.md:14: a question has only one title, `# …`");
    insta::assert_snapshot!(with("## Hint", "## Clue"), @"q.md:14: unknown heading `## Clue`; known are Hint, Answer, Choices, Follow-up and Sources");
    insta::assert_snapshot!(with("## Hint", "##Hint"), @"q.md:14: a heading needs a space behind its `#` signs");
    insta::assert_snapshot!(with("## Hint", "## hint"), @"q.md:14: unknown heading `## hint`; known are Hint, Answer, Choices, Follow-up and Sources");
    insta::assert_snapshot!(with("## Hint\nWhen is a default value made?", "## Hint\n\n"), @"q.md:14: the part `## Hint` is empty");
    insta::assert_snapshot!(with("## Hint", "## Answer"), @"q.md:16: `## Answer` is there twice");
    insta::assert_snapshot!(with("## Answer", "### Answer"), @r"
    q.md: the part `## Answer` is missing
    q.md:16: unknown heading `### Answer`; below `##` there is only `### Answer`, in a follow-up
    ");
    insta::assert_snapshot!(with("## Choices", "#### Choices"), @r"
    q.md: the part `## Choices` is missing
    q.md:37: unknown heading `#### Choices`; below `##` there is only `### Answer`, in a follow-up
    ");
    insta::assert_snapshot!(with("How would you write it?\n### Answer", "How would you write it?"), @"q.md:48: the follow-up has no answer; add `### Answer` below it");
    insta::assert_snapshot!(with("How would you write it?", ""), @"q.md:47: the follow-up asks nothing");
    insta::assert_snapshot!(with("Yes: it cannot change.", ""), @"q.md:53: the follow-up's answer is empty");
    insta::assert_snapshot!(with("Yes: it", "Yes.\n### Answer\nIt"), @"q.md:55: this follow-up has two answers");
    insta::assert_snapshot!(with("## Sources", "## Hint\nLate.\n## Sources"), @"q.md:55: `## Hint` is there twice");
    let moved =
        CONCEPT.replace("## Hint\nWhen is a default value made?\n", "") + "## Hint\nLate.\n";
    insta::assert_snapshot!(refused(moved), @"q.md:56: `## Hint` is out of order; the order is Hint, Answer, Choices, Follow-up, Sources");
}

#[test]
fn lengths_are_counted_as_discord_may_count_them() {
    let title = |title: &str| CONCEPT.replace("Why does this list remember?", title);
    // 45 characters outside the basic plane are 90 UTF-16 units.
    assert!(parse(title(&"🦀".repeat(45)).as_bytes()).question.is_some());
    insta::assert_snapshot!(refused(title(&"🦀".repeat(46))), @"q.md:6: the title has 92 characters; at most 90");
    assert!(parse(title(&"x".repeat(90)).as_bytes()).question.is_some());

    let with = |from: &str, to: String| changed(CONCEPT, from, &to);
    insta::assert_snapshot!(with("What does the second", "x".repeat(1_500)), @"q.md:7: the prompt has 1592 characters; at most 1500");
    insta::assert_snapshot!(with("When is a default", "x".repeat(1_000)), @"q.md:15: the hint has 1012 characters; at most 1000");
    insta::assert_snapshot!(with("Once, when", "x".repeat(3_500)), @"q.md:17: the answer has 3753 characters; at most 3500");
    insta::assert_snapshot!(with("`[1, 2]`, since", "x".repeat(250)), @"q.md:40: the choice has 276 characters; at most 250");
    insta::assert_snapshot!(with("The list is made once", "x".repeat(300)), @"q.md:38: the reason of this choice has 311 characters; at most 300");
    insta::assert_snapshot!(with("Yes: it", "x".repeat(5_000)), @"q.md:17: the answer with its follow-ups and sources has 5527 characters; at most 5500");
    insta::assert_snapshot!(
        with("docs.python.org/3/tutorial", format!("docs.python.org/{}", "x".repeat(1_000))), @"q.md:55: the list of sources has 1149 characters; at most 1000");
}

#[test]
fn choices() {
    let with = |from: &str, to: &str| changed(CONCEPT, from, to);
    insta::assert_snapshot!(with("- [x]", "- [ ]"), @r"
    q.md:37: there must be one right choice and three wrong ones; here are 0 right and 4 wrong
    q.md:40: the wrong choice does not say why; add a line `  > …` below it
    ");
    insta::assert_snapshot!(with("- [ ] `[2]`", "- [x] `[2]`"), @r"
    q.md:37: there must be one right choice and three wrong ones; here are 2 right and 2 wrong
    q.md:38: the right choice takes no `>` line
    ");
    insta::assert_snapshot!(with("  > The list is made once, by `def`.\n", ""), @"q.md:38: the wrong choice does not say why; add a line `  > …` below it");
    insta::assert_snapshot!(with("- [ ] `[2]`, since", "* [ ] `[2]`, since"), @r"
    q.md:37: there must be one right choice and three wrong ones; here are 1 right and 2 wrong
    q.md:38: choices are lines `- [x] right` and `- [ ] wrong`, and below each wrong one `  > why not`
    q.md:39: a reason must stand below the choice it is for
    ");
    insta::assert_snapshot!(with("`[2]`, since each call makes a list", ""), @"q.md:38: the choice is empty");
    insta::assert_snapshot!(with("`[2]`, since each call makes a list", "`[1, 2]`, since both calls share one list"), @"q.md:40: the choice is the same as the one on line 38");
    let near = "`[1, 2]`,  since both calls SHARE one\u{200b} list";
    insta::assert_snapshot!(with("`[2]`, since each call makes a list", near), @"q.md:40: the choice is too much like the one on line 38; they differ only in case or spaces");
    insta::assert_snapshot!(with("`[2]`, since each call makes a list", "\u{200b}\u{3164}"), @"q.md:38: the choice is empty");
    insta::assert_snapshot!(with("## Choices", "## Choices\n  > Too early."), @"q.md:38: a reason must stand below the choice it is for");
    insta::assert_snapshot!(with("list\n  > The list is", "list\n  ```\n  code\n  ```\n  > The list is"), @r"
    q.md:39: a choice cannot hold a code block; use `code` in its line
    q.md:41: a choice cannot hold a code block; use `code` in its line
    ");
    insta::assert_snapshot!(with("- [ ] Nothing: `add` raises `TypeError`\n  > A default may be any value,\n  > even a mutable one.\n", ""), @"q.md:37: there must be one right choice and three wrong ones; here are 1 right and 2 wrong");
}

#[test]
fn sources() {
    let with = |to: &str| {
        changed(CONCEPT, "- https://docs.python.org/3/reference/compound_stmts.html", to)
    };
    insta::assert_snapshot!(with("- http://docs.python.org/"), @"q.md:57: each source is a line `- [text](https://…)` or `- https://…`");
    insta::assert_snapshot!(with("- The manual"), @"q.md:57: each source is a line `- [text](https://…)` or `- https://…`");
    insta::assert_snapshot!(with("https://docs.python.org/"), @"q.md:57: each source is a line `- [text](https://…)` or `- https://…`");
    insta::assert_snapshot!(with("- [](https://docs.python.org/)"), @"q.md:57: each source is a line `- [text](https://…)` or `- https://…`");
    insta::assert_snapshot!(with("- [Manual](https://docs.python.org/"), @"q.md:57: each source is a line `- [text](https://…)` or `- https://…`");
    let (without, _) = CONCEPT.split_once("- [Default").unwrap();
    insta::assert_snapshot!(refused(without), @"q.md:55: the part `## Sources` names no source");
}

#[test]
fn code() {
    let with = |from: &str, to: &str| changed(CODING, from, to);
    insta::assert_snapshot!(with("python solution", "python"), @r#"
    q.md: a question of kind "coding" needs a block ```python solution
    q.md:14: a `tests` block needs a `solution` block before it
    q.md:20: a `wrong` block needs a `solution` block before it
    "#);
    insta::assert_snapshot!(with("python tests", "python"), @r#"
    q.md: a question of kind "coding" needs a block ```python tests
    q.md:8: a `solution` block needs a `tests` block after it
    "#);
    insta::assert_snapshot!(with("python wrong", "python"), @r#"q.md: a question of kind "coding" needs a block ```python wrong"#);
    insta::assert_snapshot!(with("python wrong", "python mistake"), @r#"
    q.md: a question of kind "coding" needs a block ```python wrong
    q.md:20: unknown word `mistake` behind `python`; known are `raises=NAME`, `min=3.14`, `no-run="reason"`, `solution`, `tests`, `wrong`
    "#);
    insta::assert_snapshot!(with("python wrong", "py wrong"), @r#"
    q.md: a question of kind "coding" needs a block ```python wrong
    q.md:20: `wrong` has a meaning only behind `python`
    q.md:20: write `python` instead of `py`, or the block is not checked
    "#);
    insta::assert_snapshot!(with("for word in words}\n```", "for word in words}\n"), @r"
    q.md: the part `## Choices` is missing
    q.md: the part `## Sources` is missing
    q.md:20: the code block that opens here is never closed
    ");
    let tilde = CODING.replace("```", "~~~");
    insta::assert_snapshot!(refused(tilde), @r"
    q.md:8: Discord knows only fences of three backticks; write ``` here
    q.md:14: Discord knows only fences of three backticks; write ``` here
    q.md:20: Discord knows only fences of three backticks; write ``` here
    ");
    // `kind` is what asks for tests.
    let plain = CODING.replace("coding", "design");
    assert!(parse(plain.as_bytes()).question.is_some());
}

#[test]
fn what_discord_does_not_show() {
    let with = |to: &str| changed(CONCEPT, "A heading inside a fence is none:", to);
    insta::assert_snapshot!(with("| a | b |\n| - | - |\n| 1 | 2 |"), @"q.md:30: Discord does not show tables");
    insta::assert_snapshot!(with("![A picture](https://example.org/a.png)"), @"q.md:30: Discord does not show images");
    insta::assert_snapshot!(with("<!-- a note -->"), @"q.md:30: Discord shows HTML as it is written; remove it");
    insta::assert_snapshot!(with("***"), @"q.md:30: Discord does not show horizontal rules");
    insta::assert_snapshot!(with("Part\n---"), @"q.md:30: Discord does not show underlined headings; put a blank line before the underline or remove it");
    insta::assert_snapshot!(with("    indented = True"), @"q.md:30: Discord does not show indented text as code; put it between ``` lines");
    insta::assert_snapshot!(with("> ## Quoted"), @"q.md:30: a heading cannot stand inside a list or a quote");
    insta::assert_snapshot!(with("- item\n\n  ## Listed"), @"q.md:32: a heading cannot stand inside a list or a quote");
}

#[test]
fn all_problems_of_a_file_at_once() {
    let text =
        "+++\nlevel = 1\nkind = \"essay\"\n+++\n# \n## Extra\n## Choices\n- [x] a\n- [ ] b\n";
    insta::assert_snapshot!(refused(text), @r#"
    q.md: the part `## Answer` is missing
    q.md: the part `## Sources` is missing
    q.md:2: the key `difficulty` is missing
    q.md:2: unknown key `level`; known keys are `difficulty`, `kind`, `tags`
    q.md:3: `kind` must be "concept", "compare", "coding" or "design"
    q.md:5: the prompt is empty
    q.md:5: the title is empty
    q.md:6: unknown heading `## Extra`; known are Hint, Answer, Choices, Follow-up and Sources
    q.md:7: there must be one right choice and three wrong ones; here are 1 right and 1 wrong
    q.md:9: the wrong choice does not say why; add a line `  > …` below it
    "#);
}

#[test]
fn bytes_that_are_no_question() {
    insta::assert_snapshot!(refused(""), @"q.md: is empty");
    insta::assert_snapshot!(refused("+++"), @"q.md:1: no second line `+++` ends the front matter");
    insta::assert_snapshot!(refused("+++\n+++"), @r"
    q.md: the part `## Answer` is missing
    q.md: the part `## Choices` is missing
    q.md: the part `## Sources` is missing
    q.md: the title is missing (a line `# …`, with a space behind the `#`)
    q.md:2: the key `difficulty` is missing
    q.md:2: the key `kind` is missing
    ");
    insta::assert_snapshot!(refused(b"+++\nkind = \"\xff\"\n"), @"q.md:2: is not UTF-8 text here; save the file as UTF-8");
    insta::assert_snapshot!(refused(b"\xff\xfe+\0+\0+\0"), @"q.md:1: is not UTF-8 text here; save the file as UTF-8");
    insta::assert_snapshot!(refused(vec![b'x'; 10_000_000]), @"q.md: is larger than 256 KiB, which no question needs; it was not read");
    insta::assert_snapshot!(refused(CONCEPT.replace("Once, when", "Once,\0 when")), @"q.md:17: holds the control character U+0000; remove it");
    insta::assert_snapshot!(refused(CONCEPT.replace("Once, when", "Once,\rwhen")), @"q.md:17: holds the control character U+000D; remove it");
}

// --- What is wrong with a pack or a folder ---

#[test]
fn pack_files() {
    let of = |pack: &str| Shelf::new(&[("a/pack.toml", pack), ("a/t/q.md", CONCEPT)]).problems();
    insta::assert_snapshot!(of(PACK), @"");
    insta::assert_snapshot!(of(""), @r"
    a/pack.toml: the key `description` is missing
    a/pack.toml: the key `language` is missing
    a/pack.toml: the key `licence` is missing
    a/pack.toml: the key `title` is missing
    ");
    insta::assert_snapshot!(of(&PACK.replace("licence", "license")), @r"
    a/pack.toml: the key `licence` is missing
    a/pack.toml:4: unknown key `license`; known keys are `title`, `description`, `language`, `licence`
    ");
    insta::assert_snapshot!(of(&PACK.replace("\"en\"", "\"English\"")), @r#"a/pack.toml:3: `language` must be a language tag such as "en" or "pt-BR""#);
    insta::assert_snapshot!(of(&PACK.replace("\"Small\"", "5")), @"a/pack.toml:1: `title` must be a text of 1 to 300 characters");
    insta::assert_snapshot!(of("title = [\n"), @r"
    a/pack.toml:1: `title` must be a text of 1 to 300 characters
    a/pack.toml:1: is not TOML: unclosed array, expected `]`
    ");
    insta::assert_snapshot!(Shelf::new(&[("a/t/q.md", CONCEPT)]).problems(), @"a: the pack has no `pack.toml` with `title`, `description`, `language`, `licence`");
}

#[test]
fn names() {
    let at = |path: &str| {
        Shelf::new(&[("a/pack.toml", PACK), ("a/t/sound.md", CODING), (path, CONCEPT)]).problems()
    };
    insta::assert_snapshot!(at("a/t/Upper_case.md"), @"a/t/Upper_case.md: the question's name `Upper_case` may hold only the letters a to z, digits and hyphens");
    insta::assert_snapshot!(at("a/Topic/q.md"), @"a/Topic/q.md: the topic's name `Topic` may hold only the letters a to z, digits and hyphens");
    insta::assert_snapshot!(at("a/t/.md"), @"");
    insta::assert_snapshot!(at(&format!("a/t/{}.md", "q".repeat(97))), @"a/t/qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq.md: pack, topic and file name have 101 characters together; at most 100");
    insta::assert_snapshot!(at("My pack/t/q.md"), @"My pack: the pack's name `My pack` may hold only the letters a to z, digits and hyphens");
}

#[test]
fn wrong_places() {
    let shelf = Shelf::new(&[
        ("a/pack.toml", PACK),
        ("a/README.md", "About"),
        ("a/LICENSE-MIT", "Text"),
        ("a/t/q.md", CONCEPT),
        ("a/t/q.md~", "old"),
        ("a/t/deep/r.md", CONCEPT),
        ("a/loose.md", CONCEPT),
        ("a/.git/config", "hidden"),
        ("a/t/folder.md/x", ""),
        ("note.txt", "note"),
    ]);
    assert_eq!(shelf.load().0.len(), 1);
    insta::assert_snapshot!(shelf.problems(), @r"
    a/loose.md: is not read here; questions lie in PACK/TOPIC/SLUG.md
    a/t/deep: a folder inside a topic is not read; questions lie in PACK/TOPIC/SLUG.md
    a/t/folder.md: a folder inside a topic is not read; questions lie in PACK/TOPIC/SLUG.md
    a/t/q.md~: warning: is not read; only `pack.toml` and questions ending in `.md` are
    note.txt: warning: is not read; only `pack.toml` and questions ending in `.md` are
    ");
}

#[test]
fn a_broken_question_is_left_out_alone() {
    let shelf = Shelf::new(&[
        ("a/pack.toml", PACK),
        ("a/t/broken.md", "nothing"),
        ("a/t/sound.md", CONCEPT),
    ]);
    let (bank, problems) = shelf.load();
    assert_eq!(bank.len(), 1);
    assert!(!problems.is_empty());
    assert!(problems.iter().all(|problem| problem.severity == Severity::Error));
}

#[test]
fn missing_folders_and_empty_banks_are_fatal() {
    let shelf = Shelf::new(&[]);
    let missing = shelf.path().join("missing");
    let fatal = |folders: &[PathBuf]| -> String {
        let problems = Bank::load(false, folders).1.into_iter();
        let fatal = problems.filter(|problem| problem.severity == Severity::Fatal);
        listed(fatal.collect()).replace(&format!("{}/", shelf.path().display()), "")
    };
    insta::assert_snapshot!(fatal(&[small(), missing.clone()]), @"missing: this folder of questions cannot be read (it is not there); correct `folders` in [questions]");
    insta::assert_snapshot!(fatal(&[missing]), @r"
    there is no question to ask; set `embedded = true` or name a folder with a pack in [questions]
    missing: this folder of questions cannot be read (it is not there); correct `folders` in [questions]
    ");
    insta::assert_snapshot!(fatal(&[]), @"there is no question to ask; set `embedded = true` or name a folder with a pack in [questions]");
    insta::assert_snapshot!(fatal(&[small()]), @"");
    let whole = shelf.path().display().to_string();
    insta::assert_snapshot!(shelf.problems().replace(&whole, "FOLDER"), @r"
    there is no question to ask; set `embedded = true` or name a folder with a pack in [questions]
    FOLDER: holds no pack; a pack is a folder with a `pack.toml` and a folder for each topic
    ");
}

#[test]
fn the_same_pack_twice() {
    let shelf = Shelf::new(&[("x/small/pack.toml", PACK), ("x/small/t/q.md", CONCEPT)]);
    let (bank, problems) = Bank::load(false, &[small(), shelf.path().join("x")]);
    assert_eq!(bank.len(), 2);
    let root = env!("CARGO_MANIFEST_DIR");
    let shown = listed(problems)
        .replace(&format!("{root}/"), "")
        .replace(&format!("{}/", shelf.path().display()), "");
    insta::assert_snapshot!(shown, @"x/small: a pack `small` was already read from tests/data/packs/small, so this one is left out; rename its folder");
}

#[test]
fn the_same_title_twice() {
    let shelf = Shelf::new(&[
        ("a/pack.toml", PACK),
        ("a/t/one.md", CONCEPT),
        ("a/t/two.md", &CONCEPT.replace("Why does", "WHY does")),
    ]);
    assert_eq!(shelf.load().0.len(), 2);
    insta::assert_snapshot!(shelf.problems(), @r#"
    a/t/two.md:6: asks nearly the same as a/t/one.md
    a/t/two.md:6: has the same title as a/t/one.md
    "#);
}

/// A prompt that shares no run of words with another one's.
fn own_prompt(number: usize) -> String {
    (0..12).map(|word| format!("w{number}x{word}")).collect::<Vec<_>>().join(" ")
}

/// One question of a pack made of many.
struct Made {
    topic: usize,
    difficulty: &'static str,
    /// Where the right choice stands, from 0.
    right: usize,
    right_is_longest: bool,
}

/// A pack of `all` questions.
fn made(all: usize, question: impl Fn(usize) -> Made) -> Shelf {
    let shelf = Shelf::new(&[("a/pack.toml", PACK)]);
    for number in 0..all {
        let Made { topic, difficulty, right, right_is_longest } = question(number);
        let mut choices: Vec<String> =
            (0..3).map(|n| format!("- [ ] wrong {n}\n  > no\n")).collect();
        let text = if right_is_longest { "right beyond doubt" } else { "right" };
        choices.insert(right, format!("- [x] {text}\n"));
        let text = format!(
            "+++\ndifficulty = \"{difficulty}\"\nkind = \"concept\"\n+++\n# Number {number}\n{}\n\
             ## Answer\nSo.\n## Choices\n{}## Sources\n- [x](https://example.org)\n",
            own_prompt(number),
            choices.concat(),
        );
        shelf.write(&format!("a/t{topic:02}/q{number:03}.md"), text);
    }
    shelf
}

/// A question of a balanced pack.
fn balanced(number: usize) -> Made {
    Made {
        topic: number % 5,
        difficulty: ["easy", "medium", "hard"][number % 3],
        right: number % 4,
        right_is_longest: number.is_multiple_of(4),
    }
}

#[test]
fn a_balanced_pack_has_no_problem() {
    for all in [19, 20, 100, 400] {
        let shelf = made(all, balanced);
        assert_eq!(shelf.problems(), "", "{all}");
        assert_eq!(shelf.load().0.len(), all);
    }
}

#[test]
fn right_choices_that_give_themselves_away() {
    let longest =
        |told: usize, all: usize| made(all, |n| Made { right_is_longest: n < told, ..balanced(n) });
    insta::assert_snapshot!(longest(141, 400).problems(), @"a/pack.toml:1: the right choice is the longest in 141 of 400 questions, so length gives it away; shorten some right choices or lengthen wrong ones");
    assert_eq!(longest(140, 400).problems(), "");
    insta::assert_snapshot!(longest(10, 20).problems(), @"a/pack.toml:1: the right choice is the longest in 10 of 20 questions, so length gives it away; shorten some right choices or lengthen wrong ones");
    assert_eq!(longest(9, 20).problems(), "", "so many come about by chance");
    assert_eq!(longest(19, 19).problems(), "", "too few to tell");
    // A habit is a problem of the pack; its questions can be asked all the same.
    assert_eq!(longest(400, 400).load().0.len(), 400);

    let first = |told: usize, all: usize| {
        made(all, |n| Made { right: if n < told { 0 } else { 1 + n % 3 }, ..balanced(n) })
    };
    insta::assert_snapshot!(first(123, 400).problems(), @"a/pack.toml:1: choice 1 is the right one in 123 of 400 questions, so its place gives it away; move some right choices");
    assert_eq!(first(120, 400).problems(), "");
    insta::assert_snapshot!(first(0, 40).problems(), @"a/pack.toml:1: choice 1 is the right one in 0 of 40 questions, so its place gives it away; move some right choices");
}

#[test]
fn packs_out_of_balance() {
    let hard = |few: usize, all: usize| {
        made(all, |n| Made {
            difficulty: if n < few { "hard" } else { ["easy", "medium"][n % 2] },
            ..balanced(n)
        })
    };
    insta::assert_snapshot!(hard(23, 100).problems(), @"a/pack.toml:1: only 23 of 100 questions are hard; at least 24 in 100 should be");
    assert_eq!(hard(24, 100).problems(), "");
    assert_eq!(hard(0, 99).problems(), "", "a small pack may be about one thing");
    let small = made(100, |n| Made { topic: usize::from(n < 7), ..balanced(n) });
    insta::assert_snapshot!(small.problems(), @"a/pack.toml:1: these topics have fewer than 8 questions: t01 (7)");
}

#[test]
fn prompts_nearly_the_same() {
    let shelf = made(30, balanced);
    let near = own_prompt(3).replace("w3x11", "else");
    let text = fs::read_to_string(shelf.path().join("a/t00/q000.md")).unwrap();
    shelf.write("a/t00/q000.md", text.replace(&own_prompt(0), &near.to_uppercase()));
    insta::assert_snapshot!(shelf.problems(), @"a/t03/q003.md:5: asks nearly the same as a/t00/q000.md");
}

#[test]
fn links_and_mentions_that_discord_would_take_otherwise() {
    let line = "Once, when `def` runs.";
    let said = |text: &str| changed(CONCEPT, line, text);
    insta::assert_snapshot!(said("See [that](../basics/other.md)."), @"q.md:17: Discord cannot follow the link `../basics/other.md`; give its whole address, with https://");
    insta::assert_snapshot!(said("See [that](#top)."), @"q.md:17: Discord cannot follow the link `#top`; give its whole address, with https://");
    insta::assert_snapshot!(said("Ask @everyone."), @"q.md:17: holds the mention `@everyone`; put it into backticks or leave it out");
    insta::assert_snapshot!(said("Ask **@here**."), @"q.md:17: holds the mention `@here`; put it into backticks or leave it out");
    insta::assert_snapshot!(said("Ask <@123> or <@&4>."), @"q.md:17: holds the mention `<@123>`; put it into backticks or leave it out");
    insta::assert_snapshot!(said("In <#123>."), @"q.md:17: holds the mention `<#123>`; put it into backticks or leave it out");
    for fine in ["See [that](https://docs.python.org/3/).", "`@everyone`, a <b, c> and a@b.c"] {
        assert_eq!(listed(parse(CONCEPT.replace(line, fine).as_bytes()).problems), "", "{fine}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let shelf = Shelf::new(&[("real/pack.toml", PACK), ("real/t/q.md", CONCEPT)]);
    let real = shelf.path().join("real");
    symlink(&real, real.join("t/back")).unwrap();
    symlink(real.join("self.md"), real.join("self.md")).unwrap();
    symlink(real.join("gone"), real.join("t/gone.md")).unwrap();
    symlink(real.join("t/q.md"), real.join("t/linked.md")).unwrap();
    let (bank, _) = shelf.load();
    assert_eq!(bank.len(), 2);
    insta::assert_snapshot!(shelf.problems(), @r"
    real/self.md: cannot be read (filesystem loop or indirection limit (e.g. symlink loop))
    real/t/back: a folder inside a topic is not read; questions lie in PACK/TOPIC/SLUG.md
    real/t/gone.md: cannot be read (it is not there)
    real/t/q.md:6: asks nearly the same as real/t/linked.md
    real/t/q.md:6: has the same title as real/t/linked.md
    ");
}

#[cfg(unix)]
#[test]
fn a_socket_in_a_pack_is_not_opened() {
    let shelf = Shelf::new(&[("a/pack.toml", PACK), ("a/t/q.md", CONCEPT)]);
    let _socket = std::os::unix::net::UnixListener::bind(shelf.path().join("a/t/s.md")).unwrap();
    insta::assert_snapshot!(shelf.problems(), @"a/t/s.md: cannot be read (neither a file nor a folder)");
}

#[test]
fn an_oversized_file_is_not_read() {
    let shelf = Shelf::new(&[("a/pack.toml", PACK), ("a/t/q.md", CONCEPT)]);
    shelf.write("a/t/big.md", vec![b'+'; 10_000_000]);
    insta::assert_snapshot!(shelf.problems(), @"a/t/big.md: is larger than 256 KiB, which no question needs; it was not read");
}

// --- Garbage ---

/// Texts made of what a question file is made of, in any order, and of anything else.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = proptest::sample::select(vec![
        "+++\n",
        "+++",
        "# T\n",
        "## Hint\n",
        "## Answer\n",
        "## Choices\n",
        "- [x] a\n",
        "- [ ] b\n",
        "  > why\n",
        "## Follow-up\n",
        "### Answer\n",
        "## Sources\n",
        "- https://a.b/\n",
        "```python\n",
        "```python raises=\"\n",
        "```text\n",
        "```\n",
        "~~~\n",
        "\r\n",
        "\n",
        "\t",
        "    ",
        "> ",
        "- ",
        "|a|b|\n|-|-|\n",
        "difficulty = \"easy\"\n",
        "kind = \"coding\"\n",
        "tags = [1, \"\"]\n",
        "===\n",
        "---\n",
        "<b>\n",
        "![",
        "](",
        "é",
        "🦀",
        "\u{feff}",
        "\0",
    ]);
    let part = proptest::prop_oneof![4 => scrap.prop_map(str::to_owned), 1 => any::<String>()];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Garbage gives problems, never a panic, and every line named is there.
    #[test]
    fn garbage_gives_problems(front in any::<bool>(), text in scraps()) {
        let text = if front { format!("+++\ndifficulty = \"easy\"\nkind = \"concept\"\n+++\n{text}") } else { text };
        let parsed = parse(text.as_bytes());
        assert_eq!(parsed.question.is_none(), !parsed.problems.is_empty());
        let lines = u32::try_from(text.split('\n').count()).unwrap();
        for problem in &parsed.problems {
            assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem} of {lines} lines");
        }
    }

    /// The same for bytes.
    #[test]
    fn garbage_bytes_give_problems(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let parsed = parse(&bytes);
        assert!(parsed.question.is_none() && !parsed.problems.is_empty());
    }

    /// A sound file cut or changed anywhere never panics.
    #[test]
    fn damaged_files_never_panic(at in 0..CODING.len(), len in 0_usize..40, with in any::<String>()) {
        let mut bytes = CODING.as_bytes().to_vec();
        let end = (at + len).min(bytes.len());
        bytes.splice(at..end, with.into_bytes());
        let mut shown = String::new();
        for problem in parse(&bytes).problems {
            writeln!(shown, "{problem}").unwrap();
        }
    }
}
