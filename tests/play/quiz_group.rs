//! Quizzes in a group: one public card, from the lobby to the podium.

use crate::quiz_table::{Table, bank, question, right, stage, wrong};
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use studyhall::domain::refusal::Refusal;
use studyhall::sandbox::Fault;

const SEND_MESSAGES: u64 = 1 << 11;

#[tokio::test]
async fn a_whole_run() {
    let stage = stage(24).await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    let table = Table::open(stage, &ana, json!({"questions": 2})).await;
    let lobby = table.says("It begins <t:").await;
    assert!(lobby.says("A quiz of 2 questions") && lobby.says("Host: Ana"), "{}", lobby.text());
    assert!(ben.quiz(json!({"mode": "group"})).await.refuses(&Refusal::QuizGoingOn));
    assert!(table.press(&ben, "Join").await.unwrap().says("You are in."));
    assert!(table.press(&ben, "Join").await.unwrap().says("already"));
    table.says("In the quiz: Ana and Ben").await;
    assert!(table.press(&ben, "Start").await.unwrap().refuses(&Refusal::NotTheHost));
    assert!(table.press(&dana, "Leave").await.unwrap().refuses(&Refusal::NotInQuiz));
    assert!(table.press(&ana, "Start").await.is_none(), "the card tells");

    let asking = table.says("**Question 1 of 2**").await;
    assert!(asking.says("0 so far; 2 are in the quiz"), "{}", asking.text());
    let said = table.wrong(&ana).await;
    assert!(said.says("You can change it until the question closes."), "{}", said.text());
    assert!(table.right(&ana).await.says("Your choice"));
    // Who presses a choice is in.
    let said = table.wrong(&chidi).await;
    assert!(said.says("You are in. Your choice"), "{}", said.text());
    let hidden = table.says("2 so far; 3 are in the quiz").await;
    assert!(!hidden.says("(right)") && !hidden.says("wrong because"), "{}", hidden.text());
    let peek = table.card().button("Next").unwrap().replace("quiz-close", "quiz-ref");
    let body = json!({"content": "Look.", "components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Peek", "custom_id": peek}]}]});
    let forged = table.stage.says_as_bot(table.stage.place.study, body).await;
    assert!(ana.presses(&forged, "Peek").await.refuses(&Refusal::QuestionOpen));
    // Nothing closes while Ben has not chosen.
    table.stage.advance_seconds(10).await;
    table.right(&ben).await;
    // All have chosen: after five calm seconds, and one for what is under way, it closes.
    table.stage.advance_seconds(4).await;
    table.wrong(&ben).await;
    table.stage.advance_seconds(4).await;
    table.right(&ben).await;
    table.stage.advance_seconds(6).await;
    let revealed = table.says("is right. 2 of 3 got it.").await;
    assert!(revealed.says("The next question comes <t:"), "{}", revealed.text());
    let split = revealed.field("How you chose").unwrap();
    assert!(split.contains(": 2 (right)") && split.contains(": 1"), "{split}");
    assert_eq!(revealed.field("Why not the others").unwrap().lines().count(), 3);
    let reference = ana.presses(&revealed, "Reference answer").await;
    assert!(reference.says("The reference for number"), "{}", reference.text());
    assert_eq!(reference.0["flags"].as_u64().unwrap() & 64, 64, "private");

    assert!(table.press(&chidi, "Next").await.unwrap().refuses(&Refusal::NotTheHost));
    assert!(table.press(&ana, "Next").await.is_none());
    table.says("**Question 2 of 2**").await;
    table.says("0 so far").await;
    table.wrong(&ana).await;
    table.wrong(&ben).await;
    // By time: thirty seconds, and one.
    table.stage.advance_seconds(31).await;
    let revealed = table.says("is right. 0 of 2 got it.").await;
    assert!(revealed.says("The result comes <t:"), "{}", revealed.text());
    table.stage.advance_seconds(20).await;
    let podium = table.says("**The quiz is over**, after 2 questions.").await;
    let ranks = podium.ranks();
    assert_eq!(ranks.len(), 3, "{}", podium.text());
    assert!(ranks[0].starts_with("1. **Ana**: 1 right"), "{ranks:?}");
    assert!(ranks[1].starts_with("1. **Ben**: 1 right"), "equals share a place: {ranks:?}");
    assert_eq!(ranks[2], "3. **Chidi**: 0 right");
    assert!(podium.field("Nobody knew").unwrap().contains("Sound choice"));
    assert!(podium.keys().is_empty(), "no buttons are left");
    let points = ben.uses("points", Value::Null).await.text();
    assert_eq!(points.lines().filter(|line| line.starts_with('+')).count(), 1, "{points}");
    // And another one can begin.
    let table = Table::open(table.stage, &dana, json!({})).await;
    table.press(&dana, "Leave").await;
    table.says("The quiz ended before a question was answered.").await;
    table.stage.finish().await;
}

#[tokio::test]
async fn by_itself_from_the_lobby_on() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let table = Table::open(stage, &ana, json!({"questions": 1, "seconds": 10})).await;
    table.stage.advance_seconds(30).await;
    table.says("**Question 1 of 1**").await;
    table.right(&ben).await;
    table.right(&ana).await;
    table.stage.advance_seconds(11).await;
    table.says("2 of 2 got it").await;
    table.stage.advance_seconds(20).await;
    table.says("is over").await;
    table.stage.finish().await;
}

#[tokio::test]
async fn a_click_after_the_closing_instant_is_late_and_one_after_the_end_too() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let table = Table::open(stage, &ana, json!({"questions": 1})).await;
    table.press(&ana, "Start").await;
    table.says("**Question 1 of 1**").await;
    table.right(&ana).await;
    table.stage.advance_seconds(29).await;
    table.right(&ben).await;
    table.stage.advance_seconds(1).await;
    // The card still shows the question.
    let asking = table.card();
    assert!(asking.button("A").is_some());
    let late = table.press(&ben, &wrong(&asking)).await.unwrap();
    assert!(late.refuses(&Refusal::QuizQuestionClosed), "{}", late.text());
    table.stage.advance_seconds(1).await;
    table.says("2 of 2 got it").await;
    let buttons: Vec<Value> = ["A", "Next", "Leave"]
        .iter()
        .map(|label| {
            let id = asking.button(label).unwrap();
            json!({"type": 2, "style": 1, "label": label, "custom_id": id})
        })
        .collect();
    let body = json!({"content": "Old.", "components": [{"type": 1, "components": buttons}]});
    let old = table.stage.says_as_bot(table.stage.place.study, body).await;
    assert!(ben.presses(&old, "A").await.refuses(&Refusal::QuizQuestionClosed));
    table.stage.advance_seconds(20).await;
    table.says("is over").await;
    for label in ["A", "Next", "Leave"] {
        assert!(ana.presses(&old, label).await.refuses(&Refusal::QuizOver), "{label}");
    }
    table.stage.finish().await;
}

#[tokio::test]
async fn a_host_who_leaves_or_sleeps_is_replaced() {
    let stage = stage(24).await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    let table = Table::open(stage, &ana, json!({"questions": 4})).await;
    table.press(&ben, "Join").await;
    table.press(&chidi, "Join").await;
    assert!(table.press(&ana, "Leave").await.unwrap().says("You have left"));
    table.says("Ben is the host now, in place of Ana.").await;
    assert!(table.press(&ana, "Start").await.unwrap().refuses(&Refusal::NotTheHost));
    table.press(&ben, "Start").await;
    for question in 1..=2 {
        table.says(&format!("**Question {question} of 4**")).await;
        table.says("It closes").await;
        table.right(&chidi).await;
        table.right(&dana).await;
        table.stage.advance_seconds(31).await;
        table.says("2 of 2 got it").await;
        if question == 1 {
            assert!(table.card().says("Host: Ben"), "one question is no reason");
            table.stage.advance_seconds(20).await;
        }
    }
    table.says("Chidi is the host now, in place of Ben.").await;
    assert!(table.press(&ben, "Next").await.unwrap().refuses(&Refusal::NotTheHost));
    table.press(&chidi, "Next").await;
    table.says("**Question 3 of 4**").await;
    table.says("Host: Chidi").await;
    for member in [&ben, &chidi, &dana] {
        table.press(member, "Leave").await;
    }
    let podium = table.says("is over").await;
    assert!(podium.says("after 3 of 4 questions"), "{}", podium.text());
    table.stage.finish().await;
}

#[tokio::test]
async fn killed_in_the_lobby_the_question_and_the_reveal() {
    let mut stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let mut table = Table::open(stage, &ana, json!({"questions": 2})).await;
    table.stage.kill_bot().await;
    table.stage.start_bot().await;
    table.press(&ben, "Join").await;
    table.says("In the quiz: Ana and Ben").await;
    table.press(&ana, "Start").await;
    table.stage.kill_bot().await;
    table.stage.start_bot().await;
    table.says("**Question 1 of 2**").await;
    table.right(&ana).await;
    table.stage.kill_bot().await;
    table.stage.start_bot().await;
    table.wrong(&ben).await;
    table.says("2 so far").await;
    table.stage.kill_bot().await;
    // Nobody is there when it should close: it has its time again, and closes as all have chosen.
    table.stage.advance_seconds(60).await;
    table.stage.start_bot().await;
    table.says("all of its time again").await;
    table.stage.advance_seconds(6).await;
    table.says("1 of 2 got it").await;
    table.stage.kill_bot().await;
    table.stage.start_bot().await;
    table.press(&ana, "Next").await;
    table.says("**Question 2 of 2**").await;
    table.right(&ana).await;
    table.right(&ben).await;
    table.stage.advance_seconds(6).await;
    table.says("2 of 2 got it").await;
    table.stage.kill_bot().await;
    table.stage.start_bot().await;
    table.stage.advance_seconds(20).await;
    let podium = table.says("is over").await;
    assert!(podium.ranks()[0].starts_with("1. **Ana**: 2 right"), "{}", podium.text());
    assert!(podium.ranks()[1].starts_with("2. **Ben**: 1 right"), "{}", podium.text());
    stage = table.stage;
    stage.finish().await;
}

#[tokio::test]
async fn a_card_whose_answer_is_lost_is_found_again() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let messages = ("POST", "/channels/{channel_id}/messages");
    stage.sandbox().fail_next(messages, Fault::DropAfter, 1);
    let table = Table::open(stage, &ana, json!({"questions": 1})).await;
    table.says("It begins <t:").await;
    assert_eq!(table.stage.place.of_bot(table.stage.place.study).len(), 1);
    table.press(&ana, "Leave").await;
    table.says("is over").await;
    table.stage.finish().await;
}

#[tokio::test]
async fn told_of_every_click_twice_it_counts_once() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let table = Table::open(stage, &ana, json!({"questions": 1})).await;
    table.stage.sandbox().tell_twice(1_000);
    table.press(&ben, "Join").await;
    table.press(&ana, "Start").await;
    table.says("**Question 1 of 1**").await;
    table.wrong(&ana).await;
    table.right(&ana).await;
    table.right(&ben).await;
    table.says("2 so far; 2 are in the quiz").await;
    table.press(&ana, "Next").await;
    table.stage.advance_seconds(1).await;
    table.says("2 of 2 got it").await;
    table.press(&ana, "Next").await;
    let podium = table.says("is over").await;
    assert!(podium.says("after 1 question"), "{}", podium.text());
    // Alone, too.
    let first = ana.quiz(json!({"questions": 1})).await;
    let said = ana.presses(&first, &right(&first)).await;
    assert!(said.says("**Right:**"));
    table.stage.sandbox().tell_twice(0);
    let points = ana.uses("points", Value::Null).await.text();
    assert_eq!(points.lines().filter(|line| line.starts_with('+')).count(), 2, "{points}");
    table.stage.finish().await;
}

#[tokio::test]
async fn without_its_card_a_run_ends() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let study = stage.place.study;
    let table = Table::open(stage, &ana, json!({"questions": 3})).await;
    table.press(&ana, "Start").await;
    table.says("**Question 1 of 3**").await;
    table.right(&ben).await;
    let card = table.card();
    table.stage.sandbox().delete_message(study, card.id());
    table.stage.settle().await;
    let points = ben.uses("points", Value::Null).await;
    assert!(points.text().lines().any(|line| line.starts_with('+')), "{}", points.text());
    // Its channel goes altogether.
    let quizzes = table.stage.sandbox().add_channel("quizzes", 0);
    table.stage.settle().await;
    let said = ana.uses_in(quizzes, "quiz", json!({"mode": "group"})).await;
    assert!(said.says(&format!("on its way to <#{quizzes}>")), "{}", said.text());
    table.stage.until("the card", || table.stage.place.of_bot(quizzes).len() == 1).await;
    table.stage.sandbox().delete_channel(quizzes);
    table.stage.advance_seconds(60).await;
    let status = table.stage.study("status", Value::Null).await;
    assert!(status.says("Health: fine"), "{}", status.text());
    let again = Table::open(table.stage, &ana, json!({"questions": 1})).await;
    again.press(&ana, "Leave").await;
    again.says("is over").await;
    again.stage.finish().await;
}

#[tokio::test]
async fn a_deleted_card_is_told_where_it_stood() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let study = stage.place.study;
    let table = Table::open(stage, &ana, json!({"questions": 3})).await;
    table.press(&ana, "Start").await;
    table.says("**Question 1 of 3**").await;
    table.right(&ben).await;
    table.stage.sandbox().delete_message(study, table.card().id());
    table.stage.settle().await;
    let said = || table.stage.place.of_bot(study).pop();
    let told = || said().is_some_and(|post| post.says("its card was deleted"));
    table.stage.until("word of the end", told).await;
    let end = said().unwrap();
    assert!(end.says("**The quiz is over** after 1 of 3 questions"), "{}", end.text());
    assert!(end.ranks()[0].starts_with("1. **Ben**: 1 right"), "{}", end.text());
    // A card of a quiz that is over may go without a word.
    let table = Table::open(table.stage, &ana, json!({"questions": 1})).await;
    table.press(&ana, "Leave").await;
    table.says("is over").await;
    let posts = table.stage.place.of_bot(study).len();
    table.stage.sandbox().delete_message(study, table.card().id());
    table.stage.settle().await;
    assert_eq!(table.stage.place.of_bot(study).len(), posts - 1);
    // Where the channel is gone too, the host hears of it.
    let quizzes = table.stage.sandbox().add_channel("quizzes", 0);
    table.stage.settle().await;
    ana.uses_in(quizzes, "quiz", json!({"mode": "group"})).await;
    table.stage.until("the card", || table.stage.place.of_bot(quizzes).len() == 1).await;
    table.stage.settle().await;
    table.stage.sandbox().delete_channel(quizzes);
    table.stage.advance_seconds(60).await;
    let messages = || table.stage.sandbox().direct_messages(ana.id());
    table.stage.until("word to the host", || !messages().is_empty()).await;
    let told = crate::post::Post(messages().remove(0));
    assert!(told.says("is over: its card was deleted"), "{}", told.text());
    table.stage.finish().await;
}

#[tokio::test]
async fn a_question_does_not_run_out_while_the_bot_is_away() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let mut table = Table::open(stage, &ana, json!({"questions": 2})).await;
    table.press(&ben, "Join").await;
    table.press(&ana, "Start").await;
    table.says("**Question 1 of 2**").await;
    table.right(&ana).await;
    // A new session: whatever was pressed in between is lost.
    table.stage.advance_seconds(20).await;
    table.stage.sandbox().invalidate_sessions(false);
    table.says("I was away for a moment").await;
    table.stage.advance_seconds(25).await;
    assert!(table.card().says("**Question 1 of 2**"), "{}", table.card().text());
    table.right(&ben).await;
    table.stage.advance_seconds(6).await;
    table.says("2 of 2 got it").await;
    // Away for the reveal and the whole time of the next question: nothing is asked unseen.
    table.stage.kill_bot().await;
    table.stage.advance_seconds(600).await;
    table.stage.start_bot().await;
    assert!(table.card().says("2 of 2 got it"), "{}", table.card().text());
    table.stage.advance_seconds(20).await;
    let second = table.says("**Question 2 of 2**").await;
    assert!(!second.says("I was away"), "{}", second.text());
    table.stage.kill_bot().await;
    table.stage.advance_seconds(600).await;
    table.stage.start_bot().await;
    table.says("I was away for a moment").await;
    table.right(&ana).await;
    table.right(&ben).await;
    table.stage.advance_seconds(6).await;
    table.says("2 of 2 got it").await;
    table.press(&ana, "Next").await;
    let podium = table.says("is over").await;
    assert!(podium.says("after 2 questions"), "{}", podium.text());
    table.stage.finish().await;
}

#[tokio::test]
async fn where_the_bot_may_not_post_nothing_begins() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let study = stage.place.study;
    stage.sandbox().set_bot_permissions(Some(study), 0, SEND_MESSAGES);
    stage.settle().await;
    assert!(ana.quiz(json!({"mode": "group"})).await.refuses(&Refusal::CannotPostQuiz));
    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.settle().await;
    // Allowed, it seemed, but refused when it comes to it.
    let elsewhere = stage.sandbox().add_channel("fleeting", 0);
    stage.settle().await;
    let messages = ("POST", "/channels/{channel_id}/messages");
    stage.sandbox().fail_next(messages, Fault::Status(503), 1);
    ana.uses_in(elsewhere, "quiz", json!({"mode": "group"})).await;
    stage.sandbox().delete_channel(elsewhere);
    let told = || !stage.sandbox().direct_messages(ana.id()).is_empty();
    stage.until("word to the host", told).await;
    let told = crate::post::Post(stage.sandbox().direct_messages(ana.id()).remove(0));
    assert!(told.says("I could not post your quiz"), "{}", told.text());
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("Health: fine"), "{}", status.text());
    stage.finish().await;
}

#[tokio::test]
async fn what_a_group_is_asked_is_secret_until_it_closes() {
    let bank = [question("lists", 1), question("lists", 2), question("lists", 3)];
    let props = Props { bank: bank.into_iter().collect(), ..Props::default() };
    let stage = Stage::with(props).await;
    stage.set_up("08:00", "UTC").await;
    let [ana, ben, ..] = stage.cast().await;
    let bens = ben.quiz(json!({"questions": 3})).await;
    assert!(bens.says("**Question 1 of 3**"));
    let table = Table::open(stage, &ana, json!({"questions": 2, "seconds": 300})).await;
    table.press(&ana, "Start").await;
    let first = table.says("**Question 1 of 2**").await.title();
    // The round at eight takes what is left, which Ben's quiz then must not tell either.
    table.stage.advance(1).await;
    let cards = table.stage.cards();
    let round = cards.last().unwrap().title();
    assert_ne!(round, first);
    assert!(ana.quiz(json!({})).await.refuses(&Refusal::NoQuizQuestions));
    let said = ben.presses(&bens, "A").await;
    assert!(said.says("put it aside"), "{}", said.text());
    let said = ben.presses(&said, "Next").await;
    assert!(said.says("**0 of 0 right**. 3 questions were put aside"), "{}", said.text());
    table.press(&ana, "Leave").await;
    table.says("is over").await;
    // Free again, but for the round's.
    let free = ana.quiz(json!({})).await;
    assert!(free.says("there are 2"), "{}", free.text());
    table.stage.finish().await;
}

#[tokio::test]
async fn in_a_race_the_faster_of_equals_wins() {
    let stage = Stage::with(Props { bank: bank(3), ..Props::default() }).await;
    stage.set_up("23:00", "UTC").await;
    let [ana, ben, ..] = stage.cast().await;
    let table = Table::open(stage, &ana, json!({"questions": 1, "race": true})).await;
    assert!(table.card().says("It is a race"), "{}", table.card().text());
    table.press(&ben, "Join").await;
    table.press(&ana, "Start").await;
    table.says("**Question 1 of 1**").await;
    table.stage.advance_seconds(2).await;
    table.right(&ben).await;
    table.stage.advance_seconds(3).await;
    table.right(&ana).await;
    table.stage.advance_seconds(6).await;
    table.says("2 of 2 got it").await;
    table.press(&ana, "Next").await;
    let podium = table.says("is over").await.ranks();
    assert!(podium[0].starts_with("1. **Ben**: 1 right in 2.0 seconds"), "{podium:?}");
    assert!(podium[1].starts_with("2. **Ana**: 1 right in 5.0 seconds"), "{podium:?}");
    table.stage.finish().await;
}
