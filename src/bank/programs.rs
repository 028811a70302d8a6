//! What of a question can be run, and what it promises. (design, section 8)

use super::code::{CodeBlock, Role};

/// One program of a question: a block, or a solution with its tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The file it stands in, for problems.
    pub path: String,
    /// The line of its opening fence (of its last block, where it is made of two), from 1.
    pub line: u32,
    /// The whole text to run.
    pub source: String,
    /// For each line of `source`, from 1, the line of the file it stands on: where pieces begin,
    /// as (first line in `source`, line in the file).
    pub pieces: Vec<(u32, u32)>,
    /// What must come of it.
    pub promise: Promise,
    /// The Python version it needs at least, as (major, minor).
    pub min: Option<(u32, u32)>,
}

/// What must come of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// It ends well, and prints exactly this where it is given.
    Prints(Option<String>),
    /// It ends with this exception, after printing exactly this where it is given.
    Raises(String, Option<String>),
    /// The solution passes its tests, in silence.
    Passes,
    /// A tempting mistake: the tests catch it.
    Caught,
}

impl Program {
    /// The line of the file that a line of `source` (from 1) stands on.
    pub fn line_in_file(&self, line: u32) -> u32 {
        let piece = self.pieces.iter().rev().find(|(first, _)| *first <= line);
        piece.map_or(self.line, |(first, at)| at + (line - first))
    }
}

/// The programs among the blocks of one file, and how many blocks are not meant to run.
pub(super) fn programs(path: &str, blocks: &[CodeBlock]) -> (Vec<Program>, usize) {
    let mut programs = Vec::new();
    let mut never = 0;
    let python: Vec<&CodeBlock> = blocks.iter().filter(|block| block.info.is_python()).collect();
    for (at, block) in python.iter().enumerate() {
        if block.info.no_run.is_some() {
            never += 1;
            continue;
        }
        let (parts, promise): (Vec<&CodeBlock>, _) = match block.info.role {
            Role::Program | Role::Solution => {
                let printed = block.expected_output.clone();
                let promise = match &block.info.raises {
                    Some(name) => Promise::Raises(name.clone(), printed),
                    None => Promise::Prints(printed),
                };
                (vec![*block], promise)
            }
            Role::Tests => {
                let Some(solution) = before(&python, at, Role::Solution) else { continue };
                (vec![solution, *block], Promise::Passes)
            }
            Role::Wrong => {
                let tests = group(&python, at).filter(|block| block.info.role == Role::Tests);
                (std::iter::once(*block).chain(tests).collect(), Promise::Caught)
            }
        };
        programs.push(joined(path, block.line, &parts, promise));
    }
    (programs, never)
}

fn before<'b>(blocks: &[&'b CodeBlock], at: usize, role: Role) -> Option<&'b CodeBlock> {
    blocks.iter().take(at).rev().find(|block| block.info.role == role).copied()
}

/// The blocks that belong to the same solution as the one at `at`.
fn group<'b>(blocks: &'b [&'b CodeBlock], at: usize) -> impl Iterator<Item = &'b CodeBlock> {
    let is_solution = |block: &&&CodeBlock| block.info.role == Role::Solution;
    let first = blocks.iter().take(at).rposition(|block| is_solution(&block)).unwrap_or(0);
    let rest = blocks.iter().skip(first + 1);
    blocks
        .iter()
        .skip(first)
        .take(1)
        .chain(rest.take_while(move |block| !is_solution(block)))
        .copied()
}

fn joined(path: &str, line: u32, parts: &[&CodeBlock], promise: Promise) -> Program {
    let mut source = String::new();
    let mut pieces = Vec::new();
    let mut next = 1;
    for part in parts {
        pieces.push((next, part.line + 1));
        source.push_str(&part.code);
        next += u32::try_from(part.code.lines().count()).unwrap_or(0);
    }
    Program {
        path: path.to_owned(),
        line,
        source,
        pieces,
        promise,
        min: parts.iter().filter_map(|part| part.info.min).max(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Program, Promise, programs};
    use crate::bank::{Names, parse};

    const NAMES: Names<'static> = Names { pack: "p", topic: "t", slug: "s" };

    fn of(text: &str) -> (Vec<Program>, usize) {
        programs("q.md", &parse("q.md", NAMES, text.as_bytes()).code_blocks)
    }

    #[test]
    fn a_solution_its_tests_and_its_mistakes() {
        let (found, never) =
            of(include_str!("../../tests/data/packs/small/exercises/count-words.md"));
        assert_eq!(never, 0);
        let promises: Vec<&Promise> = found.iter().map(|program| &program.promise).collect();
        assert_eq!(promises, [&Promise::Prints(None), &Promise::Passes, &Promise::Caught]);
        assert!(found[1].source.starts_with(&found[0].source), "the tests follow the solution");
        let tests = found[1].source.strip_prefix(found[0].source.as_str()).unwrap();
        assert!(
            !tests.is_empty() && found[2].source.ends_with(tests),
            "the mistake meets them too"
        );
        assert!(!found[2].source.contains(&found[0].source));
    }

    #[test]
    fn lines_lead_back_to_the_file() {
        let text =
            "+++\n+++\n```python solution\na = 1\nb = 2\n```\nThen\n```python tests\nc\n```\n";
        let (found, _) = of(text);
        let tests = &found[1];
        assert_eq!((tests.line, tests.source.as_str()), (8, "a = 1\nb = 2\nc\n"));
        assert_eq!([1, 2, 3].map(|line| tests.line_in_file(line)), [4, 5, 9]);
    }

    #[test]
    fn what_is_promised() {
        let (found, never) = of("+++\n+++\n```python raises=KeyError min=3.14\n{}[1]\n```\n\
             ```text\nhm\n```\n```python no-run=\"waits\"\nx\n```\n```json\n1\n```\n");
        assert_eq!((found.len(), never), (1, 1));
        assert_eq!(found[0].promise, Promise::Raises("KeyError".into(), Some("hm\n".into())));
        assert_eq!(found[0].min, Some((3, 14)));
    }
}
