//! The study plan: topic weights and difficulties, as admins write it and as Studyhall shows it.

use crate::domain::question::Difficulty;
use crate::domain::schedule::Weekdays;
use chrono::Weekday;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is drawn in a study channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Weights of the topics: 0 and topics left out are never asked. Empty: all topics alike.
    pub topics: BTreeMap<String, u32>,
    /// How hard.
    pub difficulty: DifficultyPlan,
    /// The share of members that is to solve a question, in hundredths, 5 to 95; `None`: what the
    /// draw gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<u8>,
}

/// How hard the questions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DifficultyPlan {
    /// By chance, in proportion to these weights; a difficulty of weight 0 is never asked.
    Mix {
        /// Weight of easy questions.
        easy: u32,
        /// Weight of medium questions.
        medium: u32,
        /// Weight of hard questions.
        hard: u32,
    },
    /// One difficulty for each day of the week, Monday first; a difficulty on no rung is never
    /// asked.
    Ladder([Difficulty; 7]),
}

impl Default for Plan {
    /// All topics and all difficulties alike.
    fn default() -> Self {
        Self {
            topics: BTreeMap::new(),
            difficulty: DifficultyPlan::Mix { easy: 1, medium: 1, hard: 1 },
            aim: None,
        }
    }
}

impl DifficultyPlan {
    /// Whether the plan ever asks for that difficulty.
    pub fn allows(&self, difficulty: Difficulty) -> bool {
        match self {
            Self::Mix { easy, medium, hard } => {
                let weight = match difficulty {
                    Difficulty::Easy => easy,
                    Difficulty::Medium => medium,
                    Difficulty::Hard => hard,
                };
                *weight > 0
            }
            Self::Ladder(rungs) => rungs.contains(&difficulty),
        }
    }

    /// A ladder's difficulty for that day; `None` for a mix.
    pub(super) fn rung(&self, day: Weekday) -> Option<Difficulty> {
        match self {
            Self::Mix { .. } => None,
            Self::Ladder(rungs) => rungs.get(index(day)).copied(),
        }
    }
}

fn index(day: Weekday) -> usize {
    usize::from(day.num_days_from_monday() as u8)
}

/// What is wrong with a plan as typed; each message is a sentence for the admin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No pack has that topic.
    #[error("There is no topic `{word}`.{}", suggestion(.nearest))]
    UnknownTopic {
        /// What was typed.
        word: String,
        /// A topic that is spelled almost like it.
        nearest: Option<String>,
    },
    /// No whole number from 0 to 1,000.
    #[error("`{word}` is no weight: weights are whole numbers from 0 to 1000.")]
    BadWeight {
        /// What was typed.
        word: String,
    },
    /// Neither easy, medium nor hard (nor, on a ladder, a weekday).
    #[error("`{word}` is no difficulty: there are easy, medium and hard.")]
    UnknownDifficulty {
        /// What was typed.
        word: String,
    },
    /// The same topic, difficulty or weekday more than once.
    #[error("`{word}` is there twice.")]
    Twice {
        /// What is there twice.
        word: String,
    },
    /// A ladder names weekdays without a difficulty after them.
    #[error("`{word}` has no difficulty: a ladder reads like `mon-wed easy, thu hard`.")]
    DayWithoutDifficulty {
        /// The weekday or weekdays.
        word: String,
    },
    /// A ladder names weekdays for some difficulties but not for others.
    #[error("A ladder names the weekdays for all of its difficulties or for none.")]
    HalfNamed,
    /// More than seven difficulties on a ladder.
    #[error("A week has only seven days, and this ladder has {rungs} difficulties.")]
    TooLong {
        /// How many there are.
        rungs: usize,
    },
    /// Neither a share from 0.05 to 0.95 nor `off`.
    #[error(
        "`{word}` is no aim: write the share of members who are to solve a question, from 0.05 to 0.95, or `off`."
    )]
    BadAim {
        /// What was typed.
        word: String,
    },
    /// All weights are 0.
    #[error("All weights are 0, so nothing could ever be asked.")]
    Nothing,
    /// Nothing was typed.
    #[error("The plan is empty.")]
    Empty,
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(topic) => format!(" Did you mean `{topic}`?"),
        None => " Topics are separated by commas.".to_owned(),
    }
}

/// Aims in hundredths. At the ends hardly a question would be near.
const AIMS: std::ops::RangeInclusive<f64> = 5.0..=95.0;

/// Weights above this say no more than smaller ones, and are likely a slip.
const HEAVIEST: u32 = 1_000;

impl Plan {
    /// The weight of a topic; 0 means never.
    pub(super) fn topic_weight(&self, topic: &str) -> u32 {
        if self.topics.is_empty() { 1 } else { self.topics.get(topic).copied().unwrap_or(0) }
    }

    /// Reads topics with weights, separated by commas: `asyncio 2, oop, typing=3`. A topic without
    /// a weight has 1; `all` stands for all topics alike, and gives the empty map. Upper and lower
    /// case are the same, and so are space, `-` and `_` in a name.
    pub fn parse_topics(
        text: &str,
        known: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, u32>, PlanError> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(BTreeMap::new());
        }
        let mut topics = BTreeMap::new();
        for part in text.split([',', ';', '\n']) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let (topic, weight) = topic_and_weight(part, known)?;
            if topics.insert(topic.clone(), weight).is_some() {
                return Err(PlanError::Twice { word: topic });
            }
        }
        if topics.is_empty() {
            Err(PlanError::Empty)
        } else if topics.values().all(|weight| *weight == 0) {
            Err(PlanError::Nothing)
        } else {
            Ok(topics)
        }
    }

    /// Reads a difficulty mix: `easy 2, medium 3, hard 1`. A difficulty without a weight has 1,
    /// one that is left out 0. Commas may be left out.
    pub fn parse_mix(text: &str) -> Result<DifficultyPlan, PlanError> {
        let mut weights: BTreeMap<Difficulty, u32> = BTreeMap::new();
        let mut words = words(text).into_iter().peekable();
        while let Some(word) = words.next() {
            let Some(difficulty) = Difficulty::from_word(&word) else {
                return Err(PlanError::UnknownDifficulty { word });
            };
            let weight = match words.next_if(|next| looks_numeric(next)) {
                Some(weight) => parse_weight(&weight)?,
                None => 1,
            };
            if weights.insert(difficulty, weight).is_some() {
                return Err(PlanError::Twice { word });
            }
        }
        if weights.is_empty() {
            return Err(PlanError::Empty);
        }
        let weight = |difficulty| weights.get(&difficulty).copied().unwrap_or(0);
        let mix = DifficultyPlan::Mix {
            easy: weight(Difficulty::Easy),
            medium: weight(Difficulty::Medium),
            hard: weight(Difficulty::Hard),
        };
        if Difficulty::ALL.iter().any(|d| mix.allows(*d)) {
            Ok(mix)
        } else {
            Err(PlanError::Nothing)
        }
    }

    /// Reads an aim: `0.7`, `.7`, `70%` or `off`.
    ///
    /// # Errors
    /// When it is neither, or not from 0.05 to 0.95.
    pub fn parse_aim(text: &str) -> Result<Option<u8>, PlanError> {
        let bad = || PlanError::BadAim { word: text.trim().to_owned() };
        let typed = text.trim().to_lowercase();
        if matches!(typed.as_str(), "off" | "none" | "no") {
            return Ok(None);
        }
        let hundredths = match typed.strip_suffix('%') {
            Some(percent) => percent.trim_end().parse::<f64>().map_err(|_| bad())?,
            // Whoever writes a comma means a point.
            None => typed.replace(',', ".").parse::<f64>().map_err(|_| bad())? * 100.0,
        };
        // Rounded first: 0.95 is not exactly 0.95.
        let hundredths = hundredths.round();
        if AIMS.contains(&hundredths) { Ok(Some(hundredths as u8)) } else { Err(bad()) }
    }

    /// Reads a ladder: up to seven difficulties from Monday on, the last one holding for the rest
    /// of the week (`easy easy medium medium hard`), or weekdays with their difficulties, a day
    /// left out being like the one before it (`mon-wed easy, fri hard`: Thursday is easy, the
    /// weekend hard). Commas may be left out.
    pub fn parse_ladder(text: &str) -> Result<DifficultyPlan, PlanError> {
        let mut in_order: Vec<Difficulty> = Vec::new();
        let mut by_day: [Option<Difficulty>; 7] = [None; 7];
        let mut days: Vec<String> = Vec::new();
        for word in words(text) {
            match Difficulty::from_word(&word) {
                None if word == "-" || Weekdays::parse(&word).is_some() => days.push(word),
                None => return Err(PlanError::UnknownDifficulty { word }),
                Some(difficulty) if days.is_empty() => in_order.push(difficulty),
                Some(difficulty) => {
                    let named = std::mem::take(&mut days).join(" ");
                    set_days(&mut by_day, &named, difficulty)?;
                }
            }
        }
        if !days.is_empty() {
            return Err(PlanError::DayWithoutDifficulty { word: days.join(" ") });
        }
        let named = by_day.iter().any(Option::is_some);
        match (in_order.len(), named) {
            (0, false) => Err(PlanError::Empty),
            (0, true) => Ok(DifficultyPlan::Ladder(carried_forward(by_day))),
            (_, true) => Err(PlanError::HalfNamed),
            (1..=7, false) => {
                for (rung, difficulty) in by_day.iter_mut().zip(in_order) {
                    *rung = Some(difficulty);
                }
                Ok(DifficultyPlan::Ladder(carried_forward(by_day)))
            }
            (rungs, false) => Err(PlanError::TooLong { rungs }),
        }
    }
}

/// `text` cut into lower-case words at spaces, commas and the signs between a name and a weight.
/// A range of weekdays is one word, or three if there are spaces around its dash.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .replace(['–', '—'], "-")
        .split([',', ';', '=', ':', ' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn looks_numeric(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
}

fn parse_weight(word: &str) -> Result<u32, PlanError> {
    let weight = word.parse().ok().filter(|weight| *weight <= HEAVIEST);
    weight.ok_or_else(|| PlanError::BadWeight { word: word.to_owned() })
}

/// Reads `oop`, `oop 2`, `oop=2` or `oop: 2`.
fn topic_and_weight(part: &str, known: &BTreeSet<String>) -> Result<(String, u32), PlanError> {
    // The name as a whole first: a topic may well be called `python-3`.
    if let Some(topic) = find_topic(part, known) {
        return Ok((topic, 1));
    }
    let (name, weight) = match part.split_once(['=', ':']) {
        Some((name, weight)) => (name.trim(), Some(weight.trim())),
        None => match part.rsplit_once(char::is_whitespace) {
            Some((name, weight)) if looks_numeric(weight) => (name.trim(), Some(weight)),
            _ => (part, None),
        },
    };
    let topic = find_topic(name, known).ok_or_else(|| PlanError::UnknownTopic {
        word: name.to_owned(),
        nearest: nearest_topic(name, known),
    })?;
    Ok((topic, weight.map_or(Ok(1), parse_weight)?))
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '_'], "-")
}

/// The topic of that name, in whatever spelling.
///
/// # Errors
/// The known topic spelled most like it, if one is near.
pub fn topic_named(name: &str, known: &BTreeSet<String>) -> Result<String, Option<String>> {
    find_topic(name, known).ok_or_else(|| nearest_topic(name, known))
}

fn find_topic(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let wanted = folded(name);
    known.iter().find(|topic| folded(topic) == wanted).cloned()
}

/// The topic spelled most like `name`, unless more than a third of its letters differ.
fn nearest_topic(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let wanted = folded(name);
    let slips = |topic: &String| strsim::damerau_levenshtein(&folded(topic), &wanted);
    let nearest = known.iter().min_by_key(|topic| slips(topic))?;
    (slips(nearest) * 3 <= wanted.chars().count().max(3)).then(|| nearest.clone())
}

fn set_days(
    by_day: &mut [Option<Difficulty>; 7],
    named: &str,
    difficulty: Difficulty,
) -> Result<(), PlanError> {
    let days = Weekdays::parse(named)
        .ok_or_else(|| PlanError::DayWithoutDifficulty { word: named.to_owned() })?;
    for day in days.iter() {
        if let Some(rung) = by_day.get_mut(index(day))
            && rung.replace(difficulty).is_some()
        {
            return Err(PlanError::Twice { word: day.to_string() });
        }
    }
    Ok(())
}

/// Fills each gap with the rung before it, Monday's with the last of the week.
fn carried_forward(rungs: [Option<Difficulty>; 7]) -> [Difficulty; 7] {
    let last = rungs.iter().rev().find_map(|rung| *rung);
    let mut current = last.unwrap_or(Difficulty::Medium);
    rungs.map(|rung| {
        current = rung.unwrap_or(current);
        current
    })
}

impl fmt::Display for Plan {
    /// One line: `asyncio 2, oop 1 · easy 2, medium 3` or `all topics · easy Mon–Wed, hard
    /// Thu–Sun`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.topics.is_empty() {
            f.write_str("all topics")?;
        } else {
            let asked = self.topics.iter().filter(|(_, weight)| **weight > 0);
            let parts: Vec<String> =
                asked.map(|(topic, weight)| format!("{topic} {weight}")).collect();
            f.write_str(&parts.join(", "))?;
        }
        write!(f, " · {}", self.difficulty)?;
        match self.aim {
            Some(aim) => write!(f, " · aim {aim} %"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DifficultyPlan {
    /// `easy 2, medium 3` or `easy Mon–Wed; hard Thu–Sun`; what is never asked is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mix { easy, medium, hard } => {
                let weights = [("easy", easy), ("medium", medium), ("hard", hard)];
                let asked = weights.iter().filter(|(_, weight)| **weight > 0);
                let parts: Vec<String> =
                    asked.map(|(word, weight)| format!("{word} {weight}")).collect();
                f.write_str(&parts.join(", "))
            }
            Self::Ladder(rungs) => {
                let days_of = |difficulty| {
                    let on = |(day, rung): (u8, &Difficulty)| u8::from(*rung == difficulty) << day;
                    Weekdays::from_bits((0..).zip(rungs).map(on).sum())
                };
                let parts: Vec<String> = Difficulty::ALL
                    .into_iter()
                    .filter_map(|difficulty| Some(format!("{difficulty} {}", days_of(difficulty)?)))
                    .collect();
                f.write_str(&parts.join("; "))
            }
        }
    }
}
