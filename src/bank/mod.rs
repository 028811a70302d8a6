//! The packs: loaded once at the start, checked, and unchangeable from then on.
//!
//! `folders` finds the files, `load` turns one file into a question or its problems, `check`
//! holds the rules. Nothing here stops at the first problem and nothing here logs: problems are
//! values, which `run` logs and `check` prints.

mod check;
mod code;
mod folders;
mod lists;
mod load;
mod outline;
mod problem;
mod programs;
mod schema;
mod text;

pub use check::{
    MAX_ANSWER, MAX_CHOICE, MAX_HINT, MAX_PROMPT, MAX_REVEAL, MAX_SOURCES, MAX_TITLE, MAX_WHY,
};
pub use code::{CodeBlock, FenceInfo, Role};
pub use load::{Names, Parsed, parse};
pub use problem::{Problem, Severity};
pub use programs::{Program, Promise};
pub use schema::Pack;

use crate::domain::ids::QuestionId;
use crate::domain::question::Question;
use check::Placed;
use problem::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Longest id: it must fit the value of an autocomplete choice (Discord: 100 characters).
const MAX_ID: usize = 100;

/// Every question the bot knows, by id.
#[derive(Debug, Clone, Default)]
pub struct Bank {
    questions: BTreeMap<QuestionId, Arc<Question>>,
    /// What `search` looks through, in the order of `questions`.
    searchable: Vec<(String, Arc<Question>)>,
    packs: BTreeMap<String, Pack>,
    /// Where each question that was read from a file has its difficulty.
    labels: BTreeMap<QuestionId, (String, u32)>,
}

/// Packs with all that can be told about them.
#[derive(Debug)]
pub struct Examined {
    /// The questions.
    pub bank: Bank,
    /// What is wrong with them, sorted by path and line.
    pub problems: Vec<Problem>,
    /// The programs of all questions that could be read, ordered by path and line.
    pub programs: Vec<Program>,
    /// How many blocks say that they are not meant to run.
    pub never_run: usize,
    /// Where each question stands: its file, and the line of its title.
    pub places: BTreeMap<QuestionId, (String, u32)>,
}

impl Bank {
    /// Reads the packs inside the binary, if `embedded`, and those in `folders`.
    ///
    /// Never fails: what cannot be read is a problem, sorted by path and line. The caller must
    /// not start with a problem of [`Severity::Fatal`].
    pub fn load(embedded: bool, folders: &[PathBuf]) -> (Self, Vec<Problem>) {
        let Examined { bank, problems, .. } = Self::read(embedded, folders, false);
        (bank, problems)
    }

    /// Like [`Bank::load`], and gives the programs of the questions too.
    pub fn examine(embedded: bool, folders: &[PathBuf]) -> Examined {
        Self::read(embedded, folders, true)
    }

    /// Programs and places are kept only for whoever asks: a running bot has no use for them.
    fn read(embedded: bool, folders: &[PathBuf], examines: bool) -> Examined {
        let mut loader = Loader { examines, ..Loader::default() };
        if embedded {
            folders::embedded(&mut loader);
        }
        for folder in folders {
            folders::folder(folder, &mut loader);
        }
        let (bank, mut problems) = (
            Self {
                packs: std::mem::take(&mut loader.packs),
                labels: std::mem::take(&mut loader.labels),
                ..loader.questions.drain(..).collect()
            },
            std::mem::take(&mut loader.problems),
        );
        if bank.is_empty() {
            problems.push(Problem {
                path: String::new(),
                line: None,
                message: "there is no question to ask; set `embedded = true` or name a folder \
                          with a pack in [questions]"
                    .to_owned(),
                severity: Severity::Fatal,
            });
        }
        problems.sort();
        loader.programs.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        Examined {
            bank,
            problems,
            programs: loader.programs,
            never_run: loader.never_run,
            places: loader.places,
        }
    }

    /// The question of that id.
    pub fn get(&self, id: &QuestionId) -> Option<&Arc<Question>> {
        self.questions.get(id)
    }

    /// All questions, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Question>> {
        self.questions.values()
    }

    /// File and line of a question's difficulty, for one that was read from a file.
    pub fn label_place(&self, id: &QuestionId) -> Option<(&str, u32)> {
        self.labels.get(id).map(|(path, line)| (path.as_str(), *line))
    }

    /// How many questions there are.
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether there is no question at all.
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The names of all topics; packs may share one.
    pub fn topics(&self) -> BTreeSet<String> {
        self.iter().map(|question| question.topic.clone()).collect()
    }

    /// The packs by name, as far as their `pack.toml` is sound.
    pub fn packs(&self) -> &BTreeMap<String, Pack> {
        &self.packs
    }

    /// At most `most` questions, ordered by id, whose title, id or tags hold every word of
    /// `typed`, in any case; with nothing typed, the first ones.
    pub fn search(&self, typed: &str, most: usize) -> Vec<&Arc<Question>> {
        let typed = typed.to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        self.searchable
            .iter()
            .filter(|(text, _)| words.iter().all(|word| text.contains(word)))
            .map(|(_, question)| question)
            .take(most)
            .collect()
    }
}

/// A bank of ready questions, without packs. A later one replaces an earlier one of the same id.
impl FromIterator<Question> for Bank {
    fn from_iter<I: IntoIterator<Item = Question>>(questions: I) -> Self {
        let questions: BTreeMap<_, _> = questions
            .into_iter()
            .map(|question| (question.id.clone(), Arc::new(question)))
            .collect();
        let searchable = questions.values().map(|question| {
            let text = format!("{}\n{}\n{}", question.title, question.id, question.tags.join("\n"));
            (text.to_lowercase(), Arc::clone(question))
        });
        Self {
            searchable: searchable.collect(),
            questions,
            packs: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// The names of the question in a file of a pack.
fn names<'n>(pack: &'n str, topic: &'n str, file: &'n str) -> Names<'n> {
    Names { pack, topic, slug: file.strip_suffix(".md").unwrap_or(file) }
}

/// Gathers questions and problems while the files come in, pack by pack.
#[derive(Debug, Default)]
struct Loader {
    questions: Vec<Question>,
    packs: BTreeMap<String, Pack>,
    labels: BTreeMap<QuestionId, (String, u32)>,
    /// Where each pack name was first seen.
    pack_paths: BTreeMap<String, String>,
    problems: Vec<Problem>,
    current: Option<OpenPack>,
    /// Whether somebody wants to know the three below.
    examines: bool,
    programs: Vec<Program>,
    never_run: usize,
    places: BTreeMap<QuestionId, (String, u32)>,
}

/// The pack whose files are coming in.
#[derive(Debug)]
struct OpenPack {
    path: String,
    name: String,
    has_file: bool,
    /// Whether its name is sound and new; else its files are passed over.
    wanted: bool,
    /// Path and title line of each question, and the question.
    questions: Vec<(String, u32, Question)>,
}

impl Loader {
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// An error about a whole file or folder.
    fn error(&mut self, path: &str, message: &str) {
        self.problem(Problem {
            path: path.to_owned(),
            line: None,
            message: message.to_owned(),
            severity: Severity::Error,
        });
    }

    /// Starts a pack, finishing the one before.
    fn begin_pack(&mut self, path: &str, name: &str) {
        self.end_pack();
        let mut wanted = self.is_name(path, "pack", name);
        if let Some(earlier) = self.pack_paths.get(name) {
            let message = format!(
                "a pack `{name}` was already read from {earlier}, so this one is left out; rename \
                 its folder"
            );
            self.error(path, &message);
            wanted = false;
        } else if wanted {
            self.pack_paths.insert(name.to_owned(), path.to_owned());
        }
        self.current = Some(OpenPack {
            path: path.to_owned(),
            name: name.to_owned(),
            has_file: false,
            wanted,
            questions: Vec::new(),
        });
    }

    /// The current pack's `pack.toml`.
    fn pack_file(&mut self, path: &str, bytes: &[u8]) {
        let Some(open) = self.current.as_mut().filter(|open| open.wanted) else {
            return;
        };
        open.has_file = true;
        let mut report = Report::new(path);
        if let Some(text) = text::decode(bytes, &mut report)
            && let Some(pack) = Pack::read(&text, &mut report)
        {
            self.packs.insert(open.name.clone(), pack);
        }
        self.problems.extend(report.into_problems());
    }

    /// A question of the current pack; `file` ends in `.md`.
    fn question_file(&mut self, path: &str, topic: &str, file: &str, bytes: &[u8]) {
        if let Some(pack) = self.wanted_pack() {
            let parsed = load::parse(path, names(&pack, topic, file), bytes);
            self.take_question(path, topic, file, parsed);
        }
    }

    /// The name of the current pack, if its questions are wanted.
    fn wanted_pack(&self) -> Option<String> {
        self.current.as_ref().filter(|open| open.wanted).map(|open| open.name.clone())
    }

    /// What came of reading a question of the current pack.
    fn take_question(&mut self, path: &str, topic: &str, file: &str, parsed: Parsed) {
        let Some(mut open) = self.current.take() else {
            return;
        };
        if open.wanted {
            let names = names(&open.name, topic, file);
            let named =
                self.is_name(path, "topic", topic) & self.is_name(path, "question", names.slug);
            let id_length = text::length(&names.id().0);
            if id_length > MAX_ID {
                let message = format!(
                    "pack, topic and file name have {id_length} characters together; at most \
                     {MAX_ID}"
                );
                self.error(path, &message);
            }
            self.problems.extend(parsed.problems);
            if self.examines {
                let (programs, never) = programs::programs(path, &parsed.code_blocks);
                self.programs.extend(programs);
                self.never_run += never;
            }
            if let Some(question) = parsed.question.filter(|_| named && id_length <= MAX_ID) {
                let place = (path.to_owned(), parsed.difficulty_line);
                self.labels.insert(question.id.clone(), place);
                open.questions.push((path.to_owned(), parsed.title_line, question));
            }
        }
        self.current = Some(open);
    }

    /// Finishes the current pack, if there is one: checks it as a whole and keeps its questions.
    fn end_pack(&mut self) {
        let Some(open) = self.current.take().filter(|open| open.wanted) else {
            return;
        };
        if !open.has_file {
            self.error(
                &open.path,
                "the pack has no `pack.toml` with `title`, `description`, `language`, `licence`",
            );
        }
        let placed: Vec<_> = open
            .questions
            .iter()
            .map(|(path, title_line, question)| Placed { question, path, title_line: *title_line })
            .collect();
        self.problems
            .extend(check::pack(&format!("{}/{}", open.path, folders::PACK_FILE), &placed));
        if self.examines {
            let places = open.questions.iter();
            let places = places.map(|(path, line, q)| (q.id.clone(), (path.clone(), *line)));
            self.places.extend(places);
        }
        let questions = open.questions.into_iter();
        self.questions.extend(questions.map(|(_, _, question)| question));
    }

    /// Whether a name can be part of an id; else there is a problem.
    fn is_name(&mut self, path: &str, what: &str, name: &str) -> bool {
        let sound = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !sound {
            let message = format!(
                "the {what}'s name `{name}` may hold only the letters a to z, digits and hyphens"
            );
            self.error(path, &message);
        }
        sound
    }
}
