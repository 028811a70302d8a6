//! How long packs take to load and check, and how much memory they keep: the shipped pack, and
//! 10,000 generated questions of the shipped ones' size.

use std::fs;
use std::path::Path;
use std::time::Instant;
use studyhall::bank::Bank;
use tempfile::TempDir;

const QUESTIONS: usize = 10_000;
const TOPICS: usize = 100;

fn main() {
    let started = Instant::now();
    let (shipped, problems) = Bank::load(true, &[]);
    println!(
        "shipped: {} questions loaded and checked in {:?}, {} problems",
        shipped.len(),
        started.elapsed(),
        problems.len()
    );
    let bodies: Vec<String> =
        shipped_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("questions"));
    drop(shipped);

    let folder = TempDir::new().expect("a temporary folder");
    let bytes = generate(folder.path(), &bodies);
    let before = resident();
    let started = Instant::now();
    let (bank, problems) = Bank::load(false, &[folder.path().to_owned()]);
    let took = started.elapsed();
    println!(
        "generated: {} questions ({} MiB of text) loaded and checked in {took:?}, {} problems",
        bank.len(),
        bytes >> 20,
        problems.len()
    );
    match (before, resident(), peak()) {
        (Some(before), Some(after), Some(peak)) => println!(
            "memory: {} MiB more than before, {} MiB in all, {} MiB at the highest",
            after.saturating_sub(before) >> 10,
            after >> 10,
            peak >> 10
        ),
        _ => println!("memory: not known here, there is no /proc"),
    }
    assert_eq!(bank.len(), QUESTIONS);
}

/// Everything behind the prompt of each shipped question: answer, choices, sources.
fn shipped_files(folder: &Path) -> Vec<String> {
    let mut bodies = Vec::new();
    for entry in fs::read_dir(folder).expect("the packs").flatten() {
        let path = entry.path();
        if path.is_dir() {
            bodies.extend(shipped_files(&path));
        } else if path.extension().is_some_and(|its| its == "md") {
            let text = fs::read_to_string(&path).expect("a question");
            // Coding questions need their `kind`; the others are enough.
            if let Some((_, body)) = text.split_once("\n## Answer\n")
                && !text.contains("kind = \"coding\"")
            {
                bodies.push(format!("## Answer\n{body}"));
            }
        }
    }
    bodies
}

/// Writes the pack; gives how many bytes it has.
fn generate(folder: &Path, bodies: &[String]) -> usize {
    let pack = folder.join("generated");
    let text = "title = \"G\"\ndescription = \"G\"\nlanguage = \"en\"\nlicence = \"CC0-1.0\"\n";
    fs::create_dir_all(&pack).expect("a folder");
    fs::write(pack.join("pack.toml"), text).expect("a file");
    let mut bytes = 0;
    for number in 0..QUESTIONS {
        let topic = pack.join(format!("topic-{}", number % TOPICS));
        fs::create_dir_all(&topic).expect("a folder");
        let difficulty = ["easy", "medium", "hard"][number % 3];
        // As long as shipped prompts are, and unlike each other.
        let prompt: Vec<String> =
            (0..80).map(|word| format!("w{:x}", number * 80 + word)).collect();
        let body = &bodies[number % bodies.len()];
        let text = format!(
            "+++\ndifficulty = \"{difficulty}\"\nkind = \"concept\"\ntags = [\"t{number}\"]\n+++\n\
             # Question {number}\n{}\n{body}",
            prompt.join(" ")
        );
        bytes += text.len();
        fs::write(topic.join(format!("q{number}.md")), text).expect("a file");
    }
    bytes
}

fn resident() -> Option<u64> {
    of_status("VmRSS:")
}

fn peak() -> Option<u64> {
    of_status("VmHWM:")
}

/// A figure of this process in KiB.
fn of_status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
