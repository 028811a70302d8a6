//! Who may steer: Manage Server, or what the server set under Server Settings, Integrations.

use crate::cast::Member;
use crate::post::Post;
use crate::stage::Stage;
use serde_json::{Value, json};
use studyhall::domain::refusal::Refusal;
use studyhall::sandbox::Fault;

const ROLE: u8 = 1;
const MEMBER: u8 = 2;
const CHANNEL: u8 = 3;
/// A question of the stories' pack.
const THIRD: &str = "small/loops/question-03";
const READING: (&str, &str) = ("GET", "/commands/permissions");

/// One override, as Discord writes it.
fn set(id: u64, kind: u8, permission: bool) -> Value {
    json!({"id": id.to_string(), "type": kind, "permission": permission})
}

/// The global command `/study`.
fn study(stage: &Stage) -> Value {
    let all = stage.sandbox().commands(None);
    all.into_iter().find(|one| one["name"] == "study").expect("the bot has registered it")
}

async fn send(stage: &Stage, authorization: String, method: &str, path: &str, body: Value) {
    let address =
        format!("{}/applications/{}{path}", stage.sandbox().api(), stage.sandbox().bot_id());
    let request = reqwest::Client::new().request(method.parse().unwrap(), address);
    let request = request.header("authorization", authorization).json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
}

/// The owner sets who may use `/study`, or with `all` every command of the bot.
async fn sets(stage: &Stage, all: bool, overrides: Value) {
    let members = stage.sandbox().members();
    let maya = members.into_iter().find(|one| one.name == "Maya").unwrap();
    let id = match all {
        true => stage.sandbox().bot_id().to_string(),
        false => study(stage)["id"].as_str().unwrap().to_owned(),
    };
    let path = format!("/guilds/{}/commands/{id}/permissions", stage.sandbox().guild_id());
    send(stage, maya.token, "PUT", &path, json!({"permissions": overrides})).await;
    stage.settle().await;
}

/// From now on Discord offers `/study` to everybody, as if it checked nothing.
async fn discord_checks_nothing(stage: &Stage) {
    let path = format!("/commands/{}", study(stage)["id"].as_str().unwrap());
    let token = format!("Bot {}", stage.sandbox().bot_token());
    send(stage, token, "PATCH", &path, json!({"default_member_permissions": null})).await;
}

fn readings(stage: &Stage) -> usize {
    let exchanges = stage.exchanges();
    exchanges.iter().filter(|one| one.path.ends_with(READING.1)).count()
}

/// A button of the bot, where everybody sees it.
async fn button(stage: &Stage, custom_id: &str) -> Post {
    let body = json!({"content": "x", "components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Press", "custom_id": custom_id}]}]});
    stage.says_as_bot(stage.place.study, body).await
}

async fn status(member: &Member) -> Post {
    member.uses("study status", Value::Null).await
}

#[tokio::test]
async fn a_server_lets_a_role_steer_and_takes_it_back() {
    let stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    assert!(ana.is_refused("study status", Value::Null).await.contains("50013"));
    let leads = stage.sandbox().add_role("Student Leads");
    stage.sandbox().set_member_role(ana.id(), leads, true);
    sets(&stage, false, json!([set(leads, ROLE, true)])).await;
    assert!(status(&ana).await.says("Health: fine"));
    assert!(ben.is_refused("study status", Value::Null).await.contains("50013"));
    // The whole application: it takes away, but what is set for the command comes first.
    sets(&stage, true, json!([set(ana.id(), MEMBER, false)])).await;
    assert!(status(&ana).await.says("Health: fine"));
    sets(&stage, false, json!([])).await;
    ana.is_refused("study status", Value::Null).await;
    assert!(status(&stage.member("Maya").await).await.says("Health: fine"), "the owner always may");
    assert_eq!(readings(&stage), 1, "then the events tell");
    stage.finish().await;
}

#[tokio::test]
async fn what_discord_lets_through_is_checked_once_more() {
    let stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    discord_checks_nothing(&stage).await;
    let refused = status(&ana).await;
    assert!(refused.refuses(&Refusal::NotAnAdmin), "{}", refused.text());
    let refused = ana.uses("study post", Value::Null).await;
    assert!(refused.refuses(&Refusal::NotAnAdmin), "{}", refused.text());
    assert_eq!(stage.cards().len(), 0);
    // The event tells what the server sets, and nothing is asked for again.
    sets(&stage, false, json!([set(ana.id(), MEMBER, true)])).await;
    assert!(status(&ana).await.says("Health: fine"));
    assert!(status(&ben).await.refuses(&Refusal::NotAnAdmin));
    assert_eq!(readings(&stage), 1);
    // A new session may have missed some: it asks again.
    stage.sandbox().invalidate_sessions(false);
    stage.until("a new session", || stage.sandbox().bot_connections() == 1).await;
    stage.settle().await;
    assert!(status(&ana).await.says("Health: fine"));
    assert_eq!(readings(&stage), 2);
    stage.finish().await;
}

#[tokio::test]
async fn where_nothing_can_be_read_discords_own_check_stands() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily",
        "notices": stage.channel("admin-notes").to_string()}))
        .await;
    discord_checks_nothing(&stage).await;
    stage.sandbox().fail_next(READING, Fault::Status(403), 1);
    assert!(status(&ana).await.says("Health: fine"));
    // A button has no check of Discord's, so it takes Manage Server; and nobody asks again at once.
    ana.uses("question report", json!({"id": THIRD, "reason": "Wrong."})).await;
    let dismiss = stage.notices().pop().unwrap().button("Dismiss").unwrap();
    let pressed = ana.presses(&button(&stage, &dismiss).await, "Press").await;
    assert!(pressed.refuses(&Refusal::NotAnAdmin), "{}", pressed.text());
    assert_eq!(readings(&stage), 1);
    stage.finish().await;
}

#[tokio::test]
async fn the_buttons_of_notices_count_as_the_command() {
    let stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    let notes = stage.channel("admin-notes");
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily",
        "notices": notes.to_string()}))
        .await;
    ana.uses("question report", json!({"id": THIRD, "reason": "Wrong."})).await;
    let dismiss = stage.notices().pop().unwrap().button("Dismiss").unwrap();
    let post = button(&stage, &dismiss).await;
    assert!(ben.presses(&post, "Press").await.refuses(&Refusal::NotAnAdmin));
    sets(
        &stage,
        false,
        json!([set(ben.id(), MEMBER, true), set(stage.place.study, CHANNEL, false)]),
    )
    .await;
    assert!(ben.presses(&post, "Press").await.refuses(&Refusal::NotAnAdmin), "not here");
    sets(&stage, false, json!([set(ben.id(), MEMBER, true)])).await;
    let said = ben.presses(&post, "Press").await;
    assert!(said.says("Noted"), "{}", said.text());
    assert!(stage.notices().pop().unwrap().says("Dismissed by Ben"));
    // Seasons are begun and ended by Manage Server alone.
    let refused = ben.uses("season end", Value::Null).await;
    assert!(refused.refuses(&Refusal::NotAnAdmin), "{}", refused.text());
    stage.finish().await;
}
