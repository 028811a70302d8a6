//! Everything that can be done with the bot is done once, and all of it compared.

use crate::limits::{ANSWER, Production, id, until};
use crate::post::Post;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use studyhall::sandbox::Actor;

/// Enough for a second page of the ballot, which holds 25.
const MEMBERS: usize = 28;
/// SEND_MESSAGES.
const SEND: u64 = 1 << 11;

/// `/study` calls that need options, or say more with them.
fn study_calls(channel: u64) -> Vec<(&'static str, Value)> {
    let channel = channel.to_string();
    vec![
        (
            "setup",
            json!([
            {"name": "channel", "value": channel}, {"name": "time", "value": "09:00"},
            {"name": "zone", "value": "UTC"}, {"name": "weekdays", "value": "daily"},
            {"name": "pin", "value": true}]),
        ),
        (
            "setup",
            json!([
            {"name": "channel", "value": channel}, {"name": "time", "value": "nine"}]),
        ),
        (
            "plan",
            json!([
            {"name": "topics", "value": "all"}, {"name": "mix", "value": "easy 2, medium 3, hard 1"}]),
        ),
        ("plan", json!([{"name": "topics", "value": "asynio"}])),
        ("plan", json!([{"name": "aim", "value": "0.7"}])),
        ("plan", json!([{"name": "ladder", "value": "mon easy, wed medium, fri hard"}])),
        (
            "holidays add",
            json!([
            {"name": "first", "value": "2026-12-24"}, {"name": "last", "value": "2026-12-26"},
            {"name": "label", "value": "Winter"}]),
        ),
        ("holidays list", json!([])),
        ("holidays remove", json!([{"name": "date", "value": "2026-12-24"}])),
        ("status", json!([{"name": "channel", "value": channel}])),
        ("pause", json!([{"name": "until", "value": "2026-12-10"}])),
        ("resume", json!([])),
        ("skip", json!([])),
    ]
}

/// Calls about boards and seasons that need options, or say more with them. Choices are sent by
/// their numbers.
fn board_calls(channel: u64, role: u64, topic: &Value) -> Vec<(&'static str, Value)> {
    let (channel, role) = (channel.to_string(), role.to_string());
    let role = json!([{"name": "role", "value": role}]);
    let mut calls = vec![
        (
            "study board weekly",
            json!([{"name": "post", "value": 0}, {"name": "channel", "value": channel}]),
        ),
        ("study board exclude", role.clone()),
        ("study board include", role),
        ("study board zone", json!([{"name": "zone", "value": "UTC"}])),
        (
            "season start",
            json!([{"name": "name", "value": "Autumn"}, {"name": "date", "value": "2026-11-01"}]),
        ),
        ("leaderboard", json!([{"name": "topic", "value": "astrology"}])),
    ];
    // All windows, for everyone and for newcomers.
    for window in 0..5 {
        for board in 0..2 {
            let options = json!([
                {"name": "window", "value": window}, {"name": "board", "value": board},
                {"name": "topic", "value": topic}, {"name": "page", "value": 1}]);
            calls.push(("leaderboard", options));
        }
    }
    calls
}

/// Calls of reviews and single questions that need options, or say more with them.
fn learner_calls(id: &str) -> Vec<(&'static str, Value)> {
    let id = json!({"name": "id", "value": id});
    let reason = json!({"name": "reason", "value": "@everyone **wrong** in the third line"});
    vec![
        // The numbers of the choices: on, and on.
        ("review", json!([{"name": "remind", "value": 0}, {"name": "rounds", "value": 0}])),
        ("review", json!([])),
        ("question show", json!([id])),
        ("question report", json!([id, reason])),
        ("question report", json!([id, reason])),
    ]
}

/// Calls that change so much that they come last.
const LAST: [&str; 4] = ["study replace", "study post", "study void", "study remove"];
/// Calls that leave no round for what follows.
const STOPPING: [&str; 2] = ["study pause", "study skip"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_can_be_done_speaks_as_discord_describes() {
    let stage = Production::start().await;
    stage.sandbox.set_limits(false);
    let admin = stage.admin().await;
    let mut tried = Tried::default();
    // Before anything is set up: refusals.
    tried.commands(&stage, &admin, true).await;

    for (name, options) in study_calls(stage.study()) {
        tried.call(&admin, stage.study(), &format!("study {name}"), options).await;
    }
    let typed = json!([{"name": "topic", "value": "", "focused": true}]);
    let topics = admin.autocomplete(stage.study(), "leaderboard", typed).await.unwrap();
    let staff = stage.sandbox.add_role("Staff");
    for (name, options) in board_calls(stage.study(), staff, &topics[0]["value"]) {
        tried.call(&admin, stage.study(), name, options).await;
    }
    let typed = json!([{"name": "setup", "options": [
        {"name": "channel", "value": stage.study().to_string()},
        {"name": "zone", "value": "Europe/", "focused": true}]}]);
    assert_eq!(admin.autocomplete(stage.study(), "study", typed).await.unwrap().len(), 25);

    // `/study skip` left Monday out.
    stage.advance(TimeDelta::hours(26)).await;
    let card = stage.said(stage.study()).pop().expect("a card");
    let thread = id(&card);
    let members: Vec<Actor> =
        (1..=MEMBERS).map(|number| stage.sandbox.actor(&format!("Member {number}"))).collect();
    for ready in join_all(members.iter().map(Actor::ready)).await {
        ready.unwrap();
    }
    let said = join_all(members.iter().map(|member| member.say(thread, ANSWER))).await;
    let first = id(said[0].as_ref().unwrap());
    members[1].reply(thread, first, "I see it the same way.").await.unwrap();
    members[2].upload(thread, "See the file.", "notes.txt", b"print(1)").await.unwrap();
    stage.settle().await;
    for (who, menu) in
        [(2, "Vote for this answer"), (0, "Vote for this answer"), (0, "Not my answer")]
    {
        let reply = members[who].message_menu(menu, thread, first).await.unwrap();
        assert!(!reply.failed, "{menu}");
    }
    stage.settle().await;
    tried.crawl(&stage, &members[3], thread).await;
    tried.quizzes(&stage, &admin, &members[6]).await;
    // The numbers of the choices: off, and on again.
    for board in [1, 0] {
        let board = json!([{"name": "board", "value": board}]);
        tried.call(&members[5], stage.study(), "privacy", board).await;
    }
    let typed = json!([{"name": "show", "options": [
        {"name": "id", "value": "", "focused": true}]}]);
    let found = members[4].autocomplete(stage.study(), "question", typed).await.unwrap();
    assert_eq!(found.len(), 25);
    let id = found[0]["value"].as_str().unwrap();
    for (name, options) in learner_calls(id) {
        tried.call(&members[4], stage.study(), name, options).await;
    }
    let (review, wishes) = learner_calls(id).remove(0);
    tried.call(&members[5], stage.study(), review, wishes).await;
    let shown = json!([{"name": "show", "options": [{"name": "id", "value": id}]}]);
    let shown = members[4].command(stage.study(), "question", shown).await.unwrap();
    tried.press_all(&members[4], vec![shown.settled_message().await.unwrap()]).await;
    stage.settle().await;
    let reported = stage.sandbox.direct_messages(admin.id());
    assert!(!reported.is_empty(), "nobody was told of the report");
    tried.press_all(&admin, reported).await;
    let member = json!([{"name": "member", "value": members[0].id().to_string()}]);
    tried.call(&members[5], stage.study(), "stats", member).await;
    tried.commands(&stage, &members[3], false).await;
    tried.commands(&stage, &admin, true).await;

    stage.advance(TimeDelta::days(1)).await;
    tried.crawl(&stage, &members[4], thread).await;
    tried.commands(&stage, &admin, true).await;

    // Over a Monday, for the board of the last week.
    stage.advance(TimeDelta::days(6)).await;
    tried.crawl(&stage, &members[5], thread).await;

    // A right is missing at the next round: a notice, and one when it is back.
    stage.sandbox.set_bot_permissions(Some(stage.study()), 0, SEND);
    stage.advance(TimeDelta::days(1)).await;
    stage.sandbox.set_bot_permissions(Some(stage.study()), SEND, 0);
    stage.settle().await;
    // Six in the evening is over.
    let reminders = stage.sandbox.direct_messages(members[5].id());
    assert!(!reminders.is_empty(), "nobody was reminded");
    tried.press_all(&members[5], reminders).await;

    assert!(!stage.sandbox.direct_messages(admin.id()).is_empty(), "nobody was told");
    for name in LAST {
        tried.call(&admin, stage.study(), name, json!([])).await;
        stage.settle().await;
    }

    let quiz = [
        "a", "next", "continue", "anew", "ref", "think", "join", "leave", "start", "choose",
        "close", "go",
    ]
    .map(|what| format!("quiz-{what}"));
    let asked =
        ["vote", "page", "ballot", "withdraw", "rules", "points", "board", "share", "weekly"];
    let learnt = ["review-show", "review-again", "review-stop", "question-answer", "report-later"];
    for wanted in quiz.iter().map(String::as_str).chain(asked).chain(learnt) {
        assert!(tried.components.contains(wanted), "{wanted} not in {:?}", tried.components);
    }
    let registered: BTreeSet<String> = stage
        .sandbox
        .commands(None)
        .iter()
        .flat_map(|one| leaves(one, ""))
        .map(|(n, _)| n)
        .collect();
    assert_eq!(registered.difference(&tried.commands).collect::<Vec<_>>(), Vec::<&String>::new());
    stage.end().await;
}

/// What has been tried.
#[derive(Default)]
struct Tried {
    /// Full names of commands.
    commands: BTreeSet<String>,
    /// The first parts of custom ids.
    components: BTreeSet<String>,
}

impl Tried {
    /// Calls a slash command by its full name; it must be answered.
    async fn call(&mut self, who: &Actor, place: u64, name: &str, options: Value) {
        let mut parts: Vec<&str> = name.split(' ').collect();
        let command = parts.remove(0);
        let nested = parts
            .into_iter()
            .rev()
            .fold(options, |inner, part| json!([{"name": part, "options": inner}]));
        let reply = who.command(place, command, nested).await.unwrap();
        assert!(!reply.failed, "/{name} was not answered");
        reply.settled_message().await.unwrap();
        self.commands.insert(name.to_owned());
    }

    /// Presses a button by its label; what it answered or became.
    async fn press(&mut self, who: &Actor, post: &Post, label: &str) -> Post {
        let button = post.button(label).unwrap_or_else(|| panic!("{label} not on {}", post.text()));
        let reply = who.press(&post.0, &button).await.unwrap();
        assert!(!reply.failed, "{button} was not answered");
        let what = button.split(':').next().unwrap_or(&button);
        self.components.insert(what.to_owned());
        Post(reply.settled_message().await.unwrap())
    }

    /// A quiz alone, left and taken up again; then one in a group, from the lobby to the podium.
    async fn quizzes(&mut self, stage: &Production, host: &Actor, member: &Actor) {
        let options = json!([
            {"name": "difficulty", "value": 1}, {"name": "questions", "value": 2},
            {"name": "seconds", "value": 60}]);
        let quiz = async |who: &Actor, options: Value| {
            let reply = who.command(stage.study(), "quiz", options).await.unwrap();
            assert!(!reply.failed);
            Post(reply.settled_message().await.unwrap())
        };
        let first = quiz(member, options).await;
        let said = self.press(member, &first, "B").await;
        let reference = self.press(member, &said, "Reference answer").await;
        self.press(member, &reference, "Answer to that").await;
        self.press(member, &said, "Next").await;
        let offer = quiz(member, json!([])).await;
        self.press(member, &offer, "Continue").await;
        let offer = quiz(member, json!([])).await;
        self.press(member, &offer, "Start anew").await;
        quiz(member, json!([{"name": "topic", "value": "asynio"}])).await;

        let group = json!([{"name": "mode", "value": 1}, {"name": "questions", "value": 1},
            {"name": "race", "value": true}]);
        quiz(host, group).await;
        stage.settle().await;
        let card = || Post(stage.said(stage.study()).pop().expect("the card"));
        self.press(member, &card(), "Join").await;
        self.press(host, &card(), "Start").await;
        until("the question", || card().button("D").is_some()).await;
        self.press(member, &card(), "D").await;
        self.press(host, &card(), "A").await;
        self.press(member, &card(), "Leave").await;
        // The card changes once this has come to its closing instant.
        let close = host.press(&card().0, &card().button("Next").unwrap()).await.unwrap();
        assert!(!close.failed);
        self.components.insert("quiz-close".to_owned());
        stage.advance(TimeDelta::seconds(1)).await;
        until("the reveal", || card().says("is right.")).await;
        self.press(host, &card(), "Reference answer").await;
        self.press(host, &card(), "Next").await;
        until("the podium", || card().says("The quiz is over")).await;
    }

    /// Calls every command that needs no options, and changes little, without any. A member calls
    /// those that are offered to everybody.
    async fn commands(&mut self, stage: &Production, who: &Actor, admin: bool) {
        for command in stage.sandbox.commands(None) {
            if !admin && !command["default_member_permissions"].is_null() {
                continue;
            }
            for (name, free) in leaves(&command, "") {
                let named = name.as_str();
                if free && !LAST.contains(&named) && !STOPPING.contains(&named) {
                    self.call(who, stage.study(), &name, json!([])).await;
                }
            }
        }
        stage.settle().await;
    }

    /// Presses every button and uses every menu of the bot's messages, and of the answers to that.
    async fn crawl(&mut self, stage: &Production, who: &Actor, thread: u64) {
        let mut waiting = stage.said(stage.study());
        waiting.extend(stage.said(thread));
        for command in ["leaderboard", "points", "today", "help", "review", "quiz"] {
            let reply = who.command(stage.study(), command, json!([])).await.unwrap();
            waiting.push(reply.settled_message().await.unwrap());
        }
        self.press_all(who, waiting).await;
        stage.settle().await;
    }

    /// Presses every button and uses every menu of these messages, and of the answers to that.
    async fn press_all(&mut self, who: &Actor, mut waiting: Vec<Value>) {
        let mut pressed = BTreeSet::new();
        while let Some(message) = waiting.pop() {
            let rows = message["components"].as_array().into_iter().flatten();
            for part in rows.flat_map(|row| row["components"].as_array().into_iter().flatten()) {
                let Some(custom_id) = part["custom_id"].as_str() else { continue };
                if part["disabled"] == true || !pressed.insert(custom_id.to_owned()) {
                    continue;
                }
                let reply = match part["options"][0]["value"].as_str() {
                    Some(value) => who.choose(&message, custom_id, &[value]).await.unwrap(),
                    None => who.press(&message, custom_id).await.unwrap(),
                };
                assert!(!reply.failed, "{custom_id} was not answered");
                let what = custom_id.split(':').next().unwrap_or(custom_id);
                self.components.insert(what.to_owned());
                waiting.push(reply.settled_message().await.unwrap());
                // The message may have changed under the next press.
                if reply.updated {
                    break;
                }
            }
        }
    }
}

/// The full names of a slash command and its sub-commands, and whether they can do without options.
fn leaves(command: &Value, before: &str) -> Vec<(String, bool)> {
    let name = format!("{before}{}", command["name"].as_str().unwrap_or_default());
    let options: Vec<&Value> = command["options"].as_array().into_iter().flatten().collect();
    // At the top, 2 and 3 are commands of the Apps menus; below, 2 is a group of sub-commands.
    if before.is_empty() && matches!(command["type"].as_u64(), Some(2 | 3)) {
        return Vec::new();
    }
    let nested: Vec<&&Value> =
        options.iter().filter(|one| matches!(one["type"].as_u64(), Some(1 | 2))).collect();
    if nested.is_empty() {
        let free = options.iter().all(|one| one["required"] != true);
        return vec![(name, free)];
    }
    nested.into_iter().flat_map(|one| leaves(one, &format!("{name} "))).collect()
}
