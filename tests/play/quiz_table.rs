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

/// A group's quiz in the study channel, and its card.
pub struct Table {
    pub stage: Stage,
    card: Post,
}

impl Table {
    /// The host asks for a quiz with these options, and its card is there.
    pub async fn open(stage: Stage, host: &Member, mut options: Value) -> Self {
        options["mode"] = "group".into();
        let said = host.quiz(options).await;
        assert!(said.says("on its way to"), "{}", said.text());
        let cards = || stage.place.of_bot(stage.place.study);
        let is_lobby = |post: &Post| post.button("Join").is_some();
        stage.until("the card", || cards().iter().any(is_lobby)).await;
        let card = cards().into_iter().rfind(is_lobby).unwrap();
        stage.settle().await;
        Self { stage, card }
    }

    /// The card as it is now.
    pub fn card(&self) -> Post {
        self.stage.place.post(&self.card)
    }

    /// Waits until the card says something; gives it.
    pub async fn says(&self, what: &str) -> Post {
        self.stage.until(&format!("{what:?} on the card"), || self.card().says(what)).await;
        self.stage.settle().await;
        self.card()
    }

    /// Presses a button; what it answered, if it answered anything.
    pub async fn press(&self, who: &Member, label: &str) -> Option<Post> {
        let card = self.card();
        let button = card.button(label);
        let button = button.unwrap_or_else(|| panic!("no button {label:?} on {}", card.text()));
        let response = who.actor.press(&card.0, &button).await.unwrap();
        assert!(!response.failed, "the bot gave {} no answer in time", who.actor.name());
        self.stage.settle().await;
        response.message.as_ref()?;
        Some(Post(response.settled_message().await.unwrap()))
    }

    /// Chooses the right one.
    pub async fn right(&self, who: &Member) -> Post {
        self.press(who, &right(&self.card())).await.expect("a choice is acknowledged")
    }

    /// Chooses a wrong one.
    pub async fn wrong(&self, who: &Member) -> Post {
        self.press(who, &wrong(&self.card())).await.expect("a choice is acknowledged")
    }
}
