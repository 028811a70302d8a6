//! What the stories of quizzes share: questions with four choices, and how to find the right one.

use crate::cast::Member;
use crate::post::Post;
use crate::questions;
use crate::stage::{Props, Stage};
use serde_json::Value;
use studyhall::bank::Bank;
use studyhall::domain::question::{Choice, Question};

/// A bank of so many questions with four choices each.
pub fn bank(many: usize) -> Bank {
    (1..=many).map(|number| question(["lists", "loops"][number % 2], number)).collect()
}

/// A question with four choices.
pub fn question(topic: &str, number: usize) -> Question {
    let wrong = |which: &str| Choice {
        text: format!("The {which} wrong choice."),
        right: false,
        why: Some(format!("The {which} choice is wrong because of number {number:02}.")),
    };
    Question {
        choices: vec![
            Choice { text: format!("Sound choice {number:02}."), right: true, why: None },
            wrong("first"),
            wrong("second"),
            wrong("third"),
        ],
        ..questions::question(topic, number)
    }
}

/// A guild that was set up, with its next round far away, and so many questions.
pub async fn stage(many: usize) -> Stage {
    let props = Props { bank: bank(many), ..Props::default() };
    let stage = Stage::with(props).await;
    stage.set_up("23:00", "UTC").await;
    stage
}

/// The button of the right choice.
pub fn right(post: &Post) -> String {
    button(post, |text| text.starts_with("Sound choice"))
}

/// The button of a wrong choice.
pub fn wrong(post: &Post) -> String {
    button(post, |text| text.contains("wrong choice"))
}

fn button(post: &Post, is_it: impl Fn(&str) -> bool) -> String {
    let text = post.text();
    let choices = text.lines().filter_map(|line| line.strip_prefix("**")?.split_once(".** "));
    let found = choices.into_iter().find(|(_, choice)| is_it(choice));
    found.unwrap_or_else(|| panic!("no such choice on {text}")).0.to_owned()
}

impl Member {
    /// Takes a quiz.
    pub async fn quiz(&self, options: Value) -> Post {
        self.uses("quiz", options).await
    }

    /// Answers a question rightly.
    pub async fn is_right(&self, post: &Post) -> Post {
        self.presses(post, &right(post)).await
    }

    /// Answers a question wrongly.
    pub async fn is_wrong(&self, post: &Post) -> Post {
        self.presses(post, &wrong(post)).await
    }
}
