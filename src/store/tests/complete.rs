//! No function of the store without a test that calls it.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The names of a source's public async functions.
fn functions(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub async fn "))
        .map(|rest| rest.split(['(', '<']).next().unwrap_or(rest))
        .collect()
}

#[test]
fn every_function_is_called_by_a_test() {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let tests: Vec<(String, String)> =
        sources(&store.join("tests")).into_iter().filter(|(name, _)| name != "complete").collect();
    let mut seen = 0;
    let mut untested = Vec::new();
    for (module, source) in sources(&store) {
        for function in functions(&source) {
            seen += 1;
            // Methods of the store and its free functions go without their module's name.
            let calls = match module.as_str() {
                "mod" => vec![
                    format!(".{function}("),
                    format!("Store::{function}("),
                    format!("{function}(&mut"),
                ],
                module => {
                    vec![format!("{module}::{function}("), format!("{module}::{function}::<")]
                }
            };
            let called = |text: &str| calls.iter().any(|call| text.contains(call.as_str()));
            if !tests.iter().any(|(_, text)| called(text)) {
                untested.push(format!("{module}::{function}"));
            }
        }
    }
    assert!(seen > 50, "only {seen} functions were found: is this test still looking right?");
    assert_eq!(untested, [] as [&str; 0], "no test of src/store/tests calls these");
}

#[test]
fn functions_are_found_however_they_are_written() {
    let source = "pub async fn a(db: u8) {}\n    pub async fn b<T>(\n  x: T) {}\nasync fn c() {}\n\
                  pub fn d() {}\n// pub async fn e() {}";
    assert_eq!(functions(source), ["a", "b"]);
}
