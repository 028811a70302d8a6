//! A question, as every other part of Studyhall sees it: already parsed and checked.

use crate::domain::ids::QuestionId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How hard a question is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// Anyone who has worked through a course should know.
    Easy,
    /// Takes practice.
    Medium,
    /// Senior interviews.
    Hard,
}

impl Difficulty {
    /// All three, easiest first.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Medium, Self::Hard];

    /// The word used in files, the database and chat.
    pub fn word(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }

    /// The difficulty of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.word() == word)
    }
}

impl fmt::Display for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What sort of thinking a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Explain one thing.
    Concept,
    /// Tell two or more things apart.
    Compare,
    /// Write code.
    Coding,
    /// Design something larger.
    Design,
}

/// One choice of a quiz question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the button or line says.
    pub text: String,
    /// Whether it is the right one. Exactly one of a question's choices is.
    pub right: bool,
    /// Why a wrong choice is wrong; `None` on the right one.
    pub why: Option<String>,
}

/// Something to think about after the answer, with an answer of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// The question, in Discord's Markdown.
    pub prompt: String,
    /// Its answer, in Discord's Markdown.
    pub answer: String,
}

/// One question of a pack. A round stores a copy of this, so a later edit of the pack changes no
/// past round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// `pack/topic/slug`.
    pub id: QuestionId,
    /// The folder it lies in.
    pub topic: String,
    /// As labelled by its author.
    pub difficulty: Difficulty,
    /// As labelled by its author.
    pub kind: Kind,
    /// Free words for searching.
    pub tags: Vec<String>,
    /// At most 90 characters; names the thread.
    pub title: String,
    /// At most 1,500 characters, in Discord's Markdown.
    pub prompt: String,
    /// A nudge for those who are stuck.
    pub hint: Option<String>,
    /// The reference answer, at most 3,500 characters, in Discord's Markdown.
    pub answer: String,
    /// Four choices, one right.
    pub choices: Vec<Choice>,
    /// Further questions, each with its answer.
    pub follow_ups: Vec<FollowUp>,
    /// Links to primary documentation, as Markdown (`[text](address)` or a bare address).
    pub sources: Vec<String>,
}
