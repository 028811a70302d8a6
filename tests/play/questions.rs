//! Small banks whose questions are easy to tell apart.

use studyhall::bank::Bank;
use studyhall::domain::ids::QuestionId;
use studyhall::domain::question::{Choice, Difficulty, FollowUp, Kind, Question};

/// A bank of so many questions, in the topics `lists` and `loops` by turns.
pub fn bank(many: usize) -> Bank {
    (1..=many).map(|number| question(["lists", "loops"][number % 2], number)).collect()
}

/// One question; its number decides the difficulty and stands in all its texts.
pub fn question(topic: &str, number: usize) -> Question {
    let slug = format!("question-{number:02}");
    Question {
        id: QuestionId(format!("small/{topic}/{slug}")),
        topic: topic.to_owned(),
        difficulty: Difficulty::ALL[number % 3],
        kind: Kind::Concept,
        tags: vec![topic.to_owned()],
        title: format!("What is the point of number {number:02}?"),
        prompt: format!("Explain number {number:02} to a friend."),
        hint: Some(format!("Think of number {}.", number + 1)),
        answer: format!("The reference for number {number:02}."),
        choices: vec![
            Choice { text: "It is right.".to_owned(), right: true, why: None },
            Choice {
                text: "It is wrong.".to_owned(),
                right: false,
                why: Some("Because it is.".to_owned()),
            },
        ],
        follow_ups: vec![FollowUp {
            prompt: format!("And what after number {number:02}?"),
            answer: format!("Number {}, of course.", number + 1),
        }],
        sources: vec!["https://docs.python.org/3/".to_owned()],
    }
}
