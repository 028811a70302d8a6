//! What only a whole pack shows.

use crate::bank::problem::{Problem, Severity};
use crate::bank::text::length;
use crate::domain::question::{Difficulty, Question};
use crate::domain::text::reading_key;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

/// In a pack of at least this many questions, a habit of its right choices shows.
const FOR_HABITS: usize = 20;
/// A pack of at least this many questions is to be balanced; a smaller one may be about one thing.
const FOR_BALANCE: usize = 100;
/// The least share of each difficulty, in percent, so that every plan finds enough of each.
const LEAST_DIFFICULTY: usize = 24;
/// The fewest questions of a topic that can be drawn from for more than a week.
const LEAST_TOPIC: usize = 8;
/// The most that the right choice may be the longest, in percent; chance makes it 25.
const MOST_LONGEST: f64 = 35.0;
/// How far the share of a position may be from 25 percent.
const POSITION_PLAY: f64 = 5.0;
/// How many words a shingle has.
const SHINGLE: usize = 3;
/// Two prompts that share this part of all their shingles, in percent, ask nearly the same.
const NEARLY_THE_SAME: usize = 40;
/// A shingle in more prompts than this is a turn of phrase; the first so many are looked at.
const COMMONPLACE: usize = 50;

/// A question of a pack, and where it came from.
pub(in crate::bank) struct Placed<'q> {
    pub(in crate::bank) question: &'q Question,
    pub(in crate::bank) path: &'q str,
    pub(in crate::bank) title_line: u32,
}

impl Placed<'_> {
    fn problem(&self, message: String) -> Problem {
        Problem {
            path: self.path.to_owned(),
            line: Some(self.title_line),
            message,
            severity: Severity::Error,
        }
    }
}

/// Checks a pack as a whole. `pack_file` is its `pack.toml`.
pub(in crate::bank) fn pack(pack_file: &str, questions: &[Placed<'_>]) -> Vec<Problem> {
    let mut problems = titles_differ(questions);
    problems.extend(prompts_differ(questions));
    let of_pack = [
        right_choice_is_not_the_longest(questions),
        right_choice_has_no_place(questions),
        difficulties_are_balanced(questions),
        topics_are_large_enough(questions),
    ];
    problems.extend(of_pack.into_iter().flatten().map(|message| Problem {
        path: pack_file.to_owned(),
        line: Some(1),
        message,
        severity: Severity::Error,
    }));
    problems
}

fn titles_differ(questions: &[Placed<'_>]) -> Vec<Problem> {
    let mut first: BTreeMap<String, &Placed<'_>> = BTreeMap::new();
    let mut problems = Vec::new();
    for placed in questions {
        let title = reading_key(&placed.question.title);
        if let Some(earlier) = first.get(&title) {
            problems.push(placed.problem(format!("has the same title as {}", earlier.path)));
        } else {
            first.insert(title, placed);
        }
    }
    problems
}

/// Prompts are compared by their shingles, runs of three words (Broder, *On the resemblance and
/// containment of documents*, 1997): what two share, against what both have together.
fn prompts_differ(questions: &[Placed<'_>]) -> Vec<Problem> {
    let shingles: Vec<Vec<u32>> =
        questions.iter().map(|placed| shingles(&placed.question.prompt)).collect();
    // Where each shingle occurs, as one sorted list: a map of lists would take several times the
    // memory of the texts themselves.
    let mut all: Vec<(u32, u32)> = shingles
        .iter()
        .zip(0..)
        .flat_map(|(own, index)| own.iter().map(move |shingle| (*shingle, index)))
        .collect();
    all.sort_unstable();
    // Nearly all stand in one prompt alone, and say nothing about others.
    let occurrences: Vec<(u32, u32)> = all
        .chunk_by(|(one, _), (next, _)| one == next)
        .filter(|run| run.len() > 1)
        .flatten()
        .copied()
        .collect();
    drop(all);
    let mut problems = Vec::new();
    for ((own, placed), index) in shingles.iter().zip(questions).zip(0..) {
        let mut shared: BTreeMap<u32, usize> = BTreeMap::new();
        for shingle in own {
            let from = occurrences.partition_point(|(other, _)| other < shingle);
            let same = occurrences.iter().skip(from).take(COMMONPLACE);
            for (_, other) in same.take_while(|(other, at)| other == shingle && *at < index) {
                *shared.entry(*other).or_default() += 1;
            }
        }
        let mut earlier = shared.into_iter().filter_map(|(other, both)| {
            let other = usize::try_from(other).ok()?;
            let together = own.len() + shingles.get(other)?.len() - both;
            (both * 100 >= together * NEARLY_THE_SAME).then(|| questions.get(other)).flatten()
        });
        if let Some(other) = earlier.next() {
            problems.push(placed.problem(format!("asks nearly the same as {}", other.path)));
        }
    }
    problems
}

/// The hashes of a prompt's shingles, sorted, each once.
fn shingles(prompt: &str) -> Vec<u32> {
    let words: Vec<String> = prompt
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let runs = words.windows(SHINGLE.min(words.len()).max(1));
    let mut hashes: Vec<u32> = runs
        .map(|run| {
            let mut hasher = SipHasher13::new();
            run.hash(&mut hasher);
            // Half a hash is enough to tell runs apart, and halves the memory.
            u32::try_from(hasher.finish() >> 32).unwrap_or(0)
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// How far chance alone takes a share of a quarter among `all`, in percent: two and a half times
/// the standard deviation.
fn chance(all: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "packs have far fewer than 2^52 questions")]
    let all = all as f64;
    250.0 * (0.25 * 0.75 / all).sqrt()
}

fn percent(part: usize, all: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "packs have far fewer than 2^52 questions")]
    let share = part as f64 * 100.0 / all as f64;
    share
}

fn right_choice_is_not_the_longest(questions: &[Placed<'_>]) -> Option<String> {
    let all = questions.len();
    let told = questions.iter().filter(|placed| right_is_longest(placed.question)).count();
    let most = MOST_LONGEST.max(25.0 + chance(all));
    (all >= FOR_HABITS && percent(told, all) > most).then(|| {
        format!(
            "the right choice is the longest in {told} of {all} questions, so length gives it \
             away; shorten some right choices or lengthen wrong ones"
        )
    })
}

fn right_is_longest(question: &Question) -> bool {
    let longest = |right: bool| {
        let of = question.choices.iter().filter(|choice| choice.right == right);
        of.map(|choice| length(&choice.text)).max().unwrap_or(0)
    };
    longest(true) > longest(false)
}

/// A quiz shuffles the choices; whoever reads the file should not learn a habit either.
fn right_choice_has_no_place(questions: &[Placed<'_>]) -> Option<String> {
    let all = questions.len();
    let mut at = [0_usize; 4];
    for placed in questions {
        let right = placed.question.choices.iter().position(|choice| choice.right);
        if let Some(count) = right.and_then(|right| at.get_mut(right)) {
            *count += 1;
        }
    }
    let play = POSITION_PLAY.max(chance(all));
    let off = (1..).zip(at).find(|(_, count)| (percent(*count, all) - 25.0).abs() > play);
    off.filter(|_| all >= FOR_HABITS).map(|(place, count)| {
        format!(
            "choice {place} is the right one in {count} of {all} questions, so its place gives it \
             away; move some right choices"
        )
    })
}

fn difficulties_are_balanced(questions: &[Placed<'_>]) -> Option<String> {
    let all = questions.len();
    let of = |wanted| questions.iter().filter(|q| q.question.difficulty == wanted).count();
    let (few, word) =
        Difficulty::ALL.map(|wanted| (of(wanted), wanted.word())).into_iter().min()?;
    (all >= FOR_BALANCE && few * 100 < all * LEAST_DIFFICULTY).then(|| {
        format!(
            "only {few} of {all} questions are {word}; at least {LEAST_DIFFICULTY} in 100 should be"
        )
    })
}

fn topics_are_large_enough(questions: &[Placed<'_>]) -> Option<String> {
    let mut topics: BTreeMap<&str, usize> = BTreeMap::new();
    for placed in questions {
        *topics.entry(&placed.question.topic).or_default() += 1;
    }
    let small: Vec<String> = topics
        .into_iter()
        .filter(|(_, count)| *count < LEAST_TOPIC)
        .map(|(topic, count)| format!("{topic} ({count})"))
        .collect();
    (questions.len() >= FOR_BALANCE && !small.is_empty()).then(|| {
        format!("these topics have fewer than {LEAST_TOPIC} questions: {}", small.join(", "))
    })
}
