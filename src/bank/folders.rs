//! Where the files of packs come from: the binary itself, or folders of the operator.
//!
//! A folder is read to a fixed depth, so a link that points back at its parent cannot lead in
//! circles; links are followed, because mounted configuration often consists of them.

use super::load;
use super::problem::{Problem, Severity};
use super::text::MAX_FILE_BYTES;
use super::{Loader, names};
use rust_embed::Embed;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

/// Fewer files are parsed before a thread has begun.
const WORTH_A_THREAD: usize = 16;

#[derive(Embed)]
#[folder = "questions/"]
#[allow_missing = true]
struct Shipped;

/// The folder the embedded packs have in the source tree; their problems are shown below it.
const SHIPPED_FOLDER: &str = "questions";
pub(super) const PACK_FILE: &str = "pack.toml";

/// Hands over the packs inside the binary.
pub(super) fn embedded(loader: &mut Loader) {
    let mut files: Vec<_> = Shipped::iter().collect();
    files.sort_unstable();
    let mut current: Option<String> = None;
    for file in files {
        let parts: Vec<&str> = file.split('/').collect();
        let shown = format!("{SHIPPED_FOLDER}/{file}");
        if parts.iter().any(|part| is_hidden(part)) {
            continue;
        }
        let Some((pack, rest)) = parts.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            stray(&shown, loader);
            continue;
        };
        if current.as_deref() != Some(*pack) {
            loader.begin_pack(&format!("{SHIPPED_FOLDER}/{pack}"), pack);
            current = Some((*pack).to_owned());
        }
        let Some(content) = Shipped::get(&file) else {
            continue;
        };
        match rest {
            [PACK_FILE] => loader.pack_file(&shown, &content.data),
            [topic, name] if name.ends_with(".md") => {
                loader.question_file(&shown, topic, name, &content.data);
            }
            _ => stray(&shown, loader),
        }
    }
    loader.end_pack();
}

/// Hands over one folder the operator named: a pack if it holds a `pack.toml`, else a folder of
/// packs.
pub(super) fn folder(path: &Path, loader: &mut Loader) {
    let entries = match list(path) {
        Ok(entries) => entries,
        Err(error) => {
            loader.problem(Problem {
                path: path.display().to_string(),
                line: None,
                message: format!(
                    "this folder of questions cannot be read ({}); correct `folders` in \
                     [questions]",
                    reason(&error)
                ),
                severity: Severity::Fatal,
            });
            return;
        }
    };
    if path.join(PACK_FILE).is_file() {
        // `.` and `..` have no name of their own.
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = whole.file_name().unwrap_or_default().to_string_lossy();
        pack(path, &name, loader);
        return;
    }
    let mut found = false;
    for entry in entries {
        match entry.kind {
            EntryKind::Folder => {
                found = true;
                pack(&entry.path, &entry.name, loader);
            }
            EntryKind::File => stray(&entry.shown(), loader),
            EntryKind::Other(ref problem) => unreadable(&entry.shown(), problem, loader),
        }
    }
    if !found {
        loader.error(
            &path.display().to_string(),
            "holds no pack; a pack is a folder with a `pack.toml` and a folder for each topic",
        );
    }
}

fn pack(path: &Path, name: &str, loader: &mut Loader) {
    loader.begin_pack(&path.display().to_string(), name);
    for entry in entries(path, loader) {
        match entry.kind {
            EntryKind::Folder => topic(&entry.path, &entry.name, loader),
            EntryKind::File if entry.name == PACK_FILE => {
                if let Some(bytes) = content(&entry, loader) {
                    loader.pack_file(&entry.shown(), &bytes);
                }
            }
            EntryKind::File => stray(&entry.shown(), loader),
            EntryKind::Other(ref problem) => unreadable(&entry.shown(), problem, loader),
        }
    }
    loader.end_pack();
}

fn topic(path: &Path, name: &str, loader: &mut Loader) {
    let mut questions = Vec::new();
    for entry in entries(path, loader) {
        match entry.kind {
            EntryKind::Folder => loader.error(
                &entry.shown(),
                "a folder inside a topic is not read; questions lie in PACK/TOPIC/SLUG.md",
            ),
            EntryKind::File if entry.name.ends_with(".md") => questions.push(entry),
            EntryKind::File => stray(&entry.shown(), loader),
            EntryKind::Other(ref problem) => unreadable(&entry.shown(), problem, loader),
        }
    }
    let Some(pack) = loader.wanted_pack() else { return };
    let parsed = in_parallel(&questions, |entry| {
        let bytes = bytes_of(&entry.path)?;
        Ok(load::parse(&entry.shown(), names(&pack, name, &entry.name), &bytes))
    });
    for (entry, parsed) in questions.iter().zip(parsed) {
        match parsed {
            Ok(parsed) => loader.take_question(&entry.shown(), name, &entry.name, parsed),
            Err(error) => unreadable(&entry.shown(), &reason(&error), loader),
        }
    }
}

/// The results of `work` for all items, in order, made by as many threads as there are cores: of a
/// large pack most of the time is spent on reading and parsing its files.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads);
    if share < WORTH_A_THREAD {
        return items.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let shares: Vec<_> = items
            .chunks(share)
            .map(|items| scope.spawn(move || items.iter().map(work).collect::<Vec<R>>()))
            .collect();
        shares
            .into_iter()
            .flat_map(|share| match share.join() {
                Ok(results) => results,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// A file in the wrong place. Texts about a pack are welcome anywhere.
fn stray(shown: &str, loader: &mut Loader) {
    let name = shown.rsplit(['/', '\\']).next().unwrap_or_default();
    let welcome = ["README", "LICENSE", "LICENCE", "NOTICE", "CONTRIBUTING"];
    if welcome.iter().any(|start| name.starts_with(start)) {
        return;
    }
    if name.ends_with(".md") {
        loader.error(shown, "is not read here; questions lie in PACK/TOPIC/SLUG.md");
    } else {
        loader.problem(Problem {
            path: shown.to_owned(),
            line: None,
            message: "is not read; only `pack.toml` and questions ending in `.md` are".to_owned(),
            severity: Severity::Warning,
        });
    }
}

fn unreadable(shown: &str, problem: &str, loader: &mut Loader) {
    loader.error(shown, &format!("cannot be read ({problem})"));
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

struct Entry {
    path: PathBuf,
    name: String,
    kind: EntryKind,
}

enum EntryKind {
    File,
    Folder,
    /// Neither, or out of reach, and why.
    Other(String),
}

impl Entry {
    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// The visible entries of a folder by name; none, with a problem, if it cannot be read.
fn entries(path: &Path, loader: &mut Loader) -> Vec<Entry> {
    match list(path) {
        Ok(entries) => entries,
        Err(error) => {
            unreadable(&path.display().to_string(), &reason(&error), loader);
            Vec::new()
        }
    }
}

fn list(path: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_hidden(&name) {
            continue;
        }
        let path = entry.path();
        let kind = match fs::metadata(&path) {
            Ok(data) if data.is_dir() => EntryKind::Folder,
            Ok(data) if data.is_file() => EntryKind::File,
            // Opening a pipe would wait for a writer for ever.
            Ok(_) => EntryKind::Other("neither a file nor a folder".to_owned()),
            Err(error) => EntryKind::Other(reason(&error)),
        };
        entries.push(Entry { path, name, kind });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// The bytes of a file, at most one more than is allowed, so that an oversized one shows.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same; `None`, with a problem, if it cannot be read.
fn content(entry: &Entry, loader: &mut Loader) -> Option<Vec<u8>> {
    match bytes_of(&entry.path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            unreadable(&entry.shown(), &reason(&error), loader);
            None
        }
    }
}

/// The system's reason, in words that fit into a sentence.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        other => other.to_string(),
    }
}
