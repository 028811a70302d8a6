//! `docs/promise.md` names the tests that keep what it promises. They must exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Where the tests of each first word are.
const PLACES: [(&str, &str); 4] = [
    ("play", "tests/play"),
    ("cli", "tests/cli"),
    ("store", "src/store/tests"),
    ("domain", "src/domain"),
];
/// The rows that the page must have: the defects read in sources, the ranks of complaints, and the
/// half-working worlds.
const ROWS: [&str; 43] = [
    "D1", "D2", "D3", "D4", "D5", "D6", "D7", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8",
    "R24", "R25", "H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9", "H10", "H11", "H12", "H13",
    "H14", "H15", "H16", "H17", "H18", "H19", "H20", "H21", "H22", "H23", "H24", "H25", "H26",
];

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/promise.md")).unwrap()
}

/// The cells of the rows that begin with one of the marks.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| ROWS.contains(&cells[0]))
        .collect()
}

/// The source of a module: `play::crash` is `tests/play/crash.rs` or a folder's `mod.rs`, and a
/// unit's tests are in its `tests.rs`.
fn source(path: &str) -> Option<String> {
    let (first, module) = path.split_once("::")?;
    let (_, folder) = PLACES.iter().find(|(word, _)| *word == first)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(module.replace("::", "/"));
    let files = [root.with_extension("rs"), root.join("mod.rs"), root.join("tests.rs")];
    let texts: Vec<String> =
        files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    (!texts.is_empty()).then(|| texts.concat())
}

/// Whether a source holds that function, as a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| {
        let is_test = pair[0].starts_with("#[test]") || pair[0].starts_with("#[tokio::test");
        is_test
            && pair[1].split_once("fn ").is_some_and(|(_, rest)| {
                rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
            })
    })
}

#[test]
fn every_defect_has_tests_and_they_exist() {
    let page = page();
    let rows = rows(&page);
    let found: BTreeSet<&str> = rows.iter().map(|cells| cells[0]).collect();
    assert_eq!(found, BTreeSet::from(ROWS), "each defect has its row");
    let mut missing = Vec::new();
    for cells in rows {
        let names: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{}: no test", cells[0]);
        for name in names {
            let (path, test) = name.rsplit_once("::").expect("a path of a test");
            if !source(path).is_some_and(|source| has_test(&source, test)) {
                missing.push(format!("{}: {name}", cells[0]));
            }
        }
    }
    assert!(missing.is_empty(), "named and not there:\n{}", missing.join("\n"));
}

#[test]
fn a_test_is_known_by_its_attribute() {
    let source =
        "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test(flavor = \"x\")]\nasync fn three() {}";
    assert!(has_test(source, "one") && has_test(source, "three"));
    assert!(!has_test(source, "two") && !has_test(source, "on"));
}
