//! Who acts in the stories, in verbs. Every verb waits until the bot has come to rest after it.

use crate::post::Post;
use crate::stage::Place;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use studyhall::sandbox::{Actor, Response};

/// A member of the study team.
#[derive(Clone)]
pub struct Member {
    /// What it acts with.
    pub actor: Actor,
    place: Arc<Place>,
}

impl Member {
    /// A member, once its session is ready.
    pub async fn enter(place: &Arc<Place>, name: &str) -> Self {
        let actor = place.sandbox.actor(name);
        actor.ready().await.unwrap();
        Self { actor, place: Arc::clone(place) }
    }

    pub fn id(&self) -> u64 {
        self.actor.id()
    }

    /// Writes in the newest thread, and waits for the bot's check mark under it.
    pub async fn answers(&self, text: &str) -> Post {
        let post = self.says(text).await;
        let marked = || self.place.post(&post).is_marked();
        self.place.until(&format!("the check mark under {text:?}"), marked).await;
        post
    }

    /// Writes in the newest thread.
    pub async fn says(&self, text: &str) -> Post {
        self.says_in(self.place.thread(), text).await
    }

    /// Writes in a channel or thread.
    pub async fn says_in(&self, channel: u64, text: &str) -> Post {
        let post = Post(self.actor.say(channel, text).await.unwrap());
        self.place.settle().await;
        post
    }

    /// Replies to a message, where it stands.
    pub async fn replies_to(&self, to: &Post, text: &str) -> Post {
        let post = Post(self.actor.reply(to.channel(), to.id(), text).await.unwrap());
        self.place.settle().await;
        post
    }

    /// Writes in the newest thread with a file.
    pub async fn attaches(&self, text: &str, file: &str) -> Post {
        let thread = self.place.thread();
        let post = Post(self.actor.upload(thread, text, file, b"print(1)\n").await.unwrap());
        self.place.settle().await;
        post
    }

    pub async fn edits(&self, post: &Post, text: &str) {
        self.actor.edit(post.channel(), post.id(), text).await.unwrap();
        self.place.settle().await;
    }

    pub async fn deletes(&self, post: &Post) {
        self.actor.delete(post.channel(), post.id()).await.unwrap();
        self.place.settle().await;
    }

    /// Presses the button with that label; gives what it answered or became.
    pub async fn presses(&self, post: &Post, label: &str) -> Post {
        let button = post.button(label);
        let button = button.unwrap_or_else(|| panic!("no button {label:?} on {}", post.text()));
        self.answered(self.actor.press(&post.0, &button).await).await
    }

    /// Opens the ballot of the newest card.
    pub async fn ballot(&self) -> Post {
        self.presses(&self.place.card(), "Vote").await
    }

    /// Votes on the newest card; gives the ballot as it is then.
    pub async fn votes_for(&self, author: &Member) -> Post {
        let ballot = self.ballot().await;
        self.chooses(&ballot, author).await
    }

    /// Chooses on an open ballot.
    pub async fn chooses(&self, ballot: &Post, author: &Member) -> Post {
        self.chooses_value(ballot, &author.id().to_string()).await
    }

    /// Chooses a value in a message's menu.
    pub async fn chooses_value(&self, post: &Post, value: &str) -> Post {
        let menu = post.menu().unwrap_or_else(|| panic!("no menu on {}", post.text()));
        let id = menu["custom_id"].as_str().unwrap().to_owned();
        self.answered(self.actor.choose(&post.0, &id, &[value]).await).await
    }

    /// *Vote for this answer* in a message's Apps menu.
    pub async fn votes_for_message(&self, post: &Post) -> Post {
        self.uses_menu("Vote for this answer", post).await
    }

    /// *Not my answer* in a message's Apps menu.
    pub async fn says_not_my_answer(&self, post: &Post) -> Post {
        self.uses_menu("Not my answer", post).await
    }

    async fn uses_menu(&self, name: &str, post: &Post) -> Post {
        self.answered(self.actor.message_menu(name, post.channel(), post.id()).await).await
    }

    /// Uses a command in the study channel. Words after the first are sub-commands; `options` is
    /// an object of names and values.
    pub async fn uses(&self, command: &str, options: Value) -> Post {
        self.uses_in(self.place.study, command, options).await
    }

    /// Uses a command somewhere else.
    pub async fn uses_in(&self, channel: u64, command: &str, options: Value) -> Post {
        let options = self.as_chosen(command, options);
        let (name, options) = call(command, options);
        self.answered(self.actor.command(channel, &name, options).await).await
    }

    /// Choices are picked by name and sent by value.
    fn as_chosen(&self, command: &str, mut options: Value) -> Value {
        let mut defined = self.place.sandbox.commands(None);
        for word in command.split(' ') {
            let found = defined.into_iter().find(|one| one["name"] == word);
            let options = found.and_then(|one| one["options"].as_array().cloned());
            defined = options.unwrap_or_default();
        }
        for option in &defined {
            let Some(name) = option["name"].as_str() else { continue };
            let choices = option["choices"].as_array().into_iter().flatten();
            for choice in choices {
                if options[name].is_string() && choice["name"] == options[name] {
                    options[name] = choice["value"].clone();
                }
            }
        }
        options
    }

    /// What Discord says when it does not even offer the command to this member.
    pub async fn is_refused(&self, command: &str, options: Value) -> String {
        let (name, options) = call(command, options);
        match self.actor.command(self.place.study, &name, options).await {
            Ok(_) => panic!("{} may use /{command}", self.actor.name()),
            Err(error) => error.to_string(),
        }
    }

    async fn answered(&self, response: anyhow::Result<Response>) -> Post {
        let response = response.unwrap();
        assert!(!response.failed, "the bot gave {} no answer in time", self.actor.name());
        let message = response.settled_message().await.unwrap();
        self.place.settle().await;
        Post(message)
    }
}

/// A command's name and its options in Discord's shape.
fn call(command: &str, options: Value) -> (String, Value) {
    let options = match options {
        Value::Object(options) => options,
        _ => Map::new(),
    };
    let mut options: Vec<Value> =
        options.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mut words = command.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    for word in words.rev() {
        options = vec![json!({"name": word, "options": options})];
    }
    (name, Value::Array(options))
}
