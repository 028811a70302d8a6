//! How hard questions turn out to be: shown, told, aimed at.

use crate::cast::Member;
use crate::post::Post;
use crate::quiz_table;
use crate::stage::Stage;
use serde_json::{Value, json};
use studyhall::domain::ids::QuestionId;
use studyhall::store::rates;

/// As if so many had tried a question, while the bot is away.
async fn tried(stage: &mut Stage, question: &str, right: u32, answers: u32) {
    stage.stop_bot().await;
    let store = stage.store().await;
    let mut db = store.begin().await.unwrap();
    let id = QuestionId(question.to_owned());
    for n in 0..answers {
        rates::count(&mut db, &id, n < right).await.unwrap();
    }
    db.commit().await.unwrap();
    store.close().await;
    stage.start_bot().await;
}

/// The id at the foot of a question card.
fn question_of(card: &Post) -> String {
    card.0["embeds"][0]["footer"]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_rate_stands_beside_the_label_once_the_round_is_closed() {
    let mut stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let card = stage.card();
    tried(&mut stage, &question_of(&card), 15, 30).await;
    assert!(!stage.place.post(&card).says("solve it"), "while it is open it would sway");
    stage.advance_days(1).await;
    let closed = stage.place.post(&card);
    assert!(closed.says("· 50 % solve it (30 answers)"), "{}", closed.text());
    // The next question was tried by nobody.
    assert!(!stage.card().says("solve it"));
    stage.finish().await;
}

#[tokio::test]
async fn the_status_tells_of_labels_that_do_not_fit() {
    let mut stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    assert_eq!(stage.study("status", Value::Null).await.field("Labels that do not fit"), None);
    let question = question_of(&stage.card());
    tried(&mut stage, &question, 30, 30).await;
    let all_right = stage.study("status", Value::Null).await.field("Labels that do not fit");
    tried(&mut stage, &question, 0, 400).await;
    let few_right = stage.study("status", Value::Null).await.field("Labels that do not fit");
    // Whatever its label, it cannot stand for both.
    let told: Vec<String> = all_right.into_iter().chain(few_right).collect();
    assert!(!told.is_empty(), "{question}");
    for told in told {
        assert!(told.starts_with("1 question is easier or harder than its label says:"), "{told}");
        assert!(told.contains(&question), "{told}");
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_plan_can_aim() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    let plan = stage.study("plan", json!({"aim": "0.7"})).await;
    assert!(plan.says("questions that about 70 % of members solve"), "{}", plan.text());
    let bad = stage.study("plan", json!({"aim": "most"})).await;
    assert!(bad.says("`most` is no aim"), "{}", bad.text());
    assert!(stage.study("status", Value::Null).await.says("about 70 %"), "it stays as it was");

    stage.advance(1).await;
    let ana: Member = stage.member("Ana").await;
    ana.answers("An answer, so that somebody was there.").await;
    stage.advance_days(1).await;
    let reference = stage.references().pop().unwrap();
    let why = ana.presses(&reference, "Why this question?").await;
    assert!(why.says("those that about 70 % solve"), "{}", why.text());
    assert!(why.says("judged by its label"), "{}", why.text());

    let off = stage.study("plan", json!({"aim": "off"})).await;
    assert!(!off.says("of members solve"), "{}", off.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_quiz_counts_first_attempts_and_tells_the_rate() {
    let mut stage = quiz_table::stage(1).await;
    let question = quiz_table::question("loops", 1).id;
    tried(&mut stage, &question.0, 15, 29).await;
    let ana = stage.member("Ana").await;
    let asked = ana.quiz(json!({"questions": 1})).await;
    assert!(!asked.says("solve it"), "before the answer it would sway: {}", asked.text());
    let told = ana.is_right(&asked).await;
    assert!(told.says("· 53 % solve it (30 answers)."), "{}", told.text());
    let result = ana.presses(&told, "See the result").await;
    let stats = ana.uses("stats", Value::Null).await;
    assert!(stats.says("1 quiz answer, on 1 day"), "{}", stats.text());
    assert!(stats.says("100 % of 1 first try right"), "{}", stats.text());
    assert!(stats.says("By topic: loops 100 % of 1."), "{}", stats.text());

    // What is repeated is practice: it counts neither for the question nor for the member.
    assert!(result.says("1 of 1 right"), "{}", result.text());
    let asked = ana.quiz(json!({"questions": 1})).await;
    let told = ana.is_wrong(&asked).await;
    assert!(told.says("· 53 % solve it (30 answers)."), "{}", told.text());
    let stats = ana.uses("stats", Value::Null).await;
    assert!(stats.says("2 quiz answers") && stats.says("100 % of 1 first try right"));
    stage.finish().await;
}
