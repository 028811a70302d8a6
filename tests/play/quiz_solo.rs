//! Quizzes alone: private, from the first question to the result.

use crate::quiz_table::{question, right, stage, wrong};
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use studyhall::domain::refusal::Refusal;

#[tokio::test]
async fn a_whole_run() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 3})).await;
    assert!(first.says("**Question 1 of 3**"), "{}", first.text());
    assert_eq!(first.0["flags"].as_u64().unwrap() & 64, 64, "private");
    assert!(!first.says("Sound choice 25"));

    let said = ana.is_right(&first).await;
    assert_eq!(said.id(), first.id(), "the same message goes on");
    assert!(said.says("**Right:**"), "{}", said.text());
    assert!(said.says("point"), "{}", said.text());
    let reference = ana.presses(&said, "Reference answer").await;
    assert!(reference.says("The reference for number"), "{}", reference.text());
    assert_ne!(reference.id(), said.id());
    let thought = ana.presses(&reference, "Answer to that").await;
    assert!(thought.says("of course."), "{}", thought.text());

    let second = ana.presses(&said, "Next").await;
    assert!(second.says("**Question 2 of 3**"), "{}", second.text());
    let said = ana.is_wrong(&second).await;
    assert!(said.says("**Not right.**"), "{}", said.text());
    assert!(said.says("wrong because of number"), "the wrong choice's own line: {}", said.text());
    assert!(said.says("**(right)**") && said.says("**(your choice)**"), "{}", said.text());

    let third = ana.presses(&said, "Next").await;
    let said = ana.is_right(&third).await;
    let result = ana.presses(&said, "See the result").await;
    assert!(result.says("**2 of 3 right**"), "{}", result.text());
    assert!(result.field("Missed").unwrap().contains("Sound choice"), "{}", result.text());
    let title = second.title();
    assert!(result.says(&title[..20]), "{}", result.text());

    let again = ana.presses(&result, "Repeat the missed ones").await;
    assert!(again.says("**Question 1 of 1**"), "{}", again.text());
    assert_eq!(again.title(), title);
    let said = ana.is_right(&again).await;
    assert!(said.says("No points: you had this question"), "{}", said.text());
    let result = ana.presses(&said, "See the result").await;
    assert!(result.says("**1 of 1 right**") && result.button("Repeat the missed ones").is_none());
    stage.finish().await;
}

#[tokio::test]
async fn points_are_in_the_ledger() {
    let stage = Stage::with(Props {
        bank: [question("lists", 3), question("lists", 1), question("lists", 2)]
            .into_iter()
            .collect(),
        ..Props::default()
    })
    .await;
    stage.set_up("23:00", "UTC").await;
    let [ana, ..] = stage.cast().await;
    let mut post = ana.quiz(json!({"questions": 3})).await;
    for label in ["Next", "Next", "See the result"] {
        let said = ana.is_right(&post).await;
        post = ana.presses(&said, label).await;
    }
    assert!(post.says("**3 of 3 right**, 6 points"), "{}", post.text());
    let points = ana.uses("points", Value::Null).await;
    assert!(points.says("**6 points**"), "{}", points.text());
    assert!(points.says("+3"), "{}", points.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_press_made_twice_counts_once() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 2})).await;
    let button = first.button(&right(&first)).unwrap();
    let other = first.button(&wrong(&first)).unwrap();
    // At once, and not one after the other.
    let (one, two) =
        tokio::join!(ana.actor.press(&first.0, &button), ana.actor.press(&first.0, &button));
    assert!(!one.unwrap().failed && !two.unwrap().failed);
    stage.settle().await;
    let points = ana.uses("points", Value::Null).await.text();
    let entries = points.lines().filter(|line| line.starts_with('+')).count();
    assert_eq!(entries, 1, "{points}");

    // A client that has not seen the change presses what is not there any more.
    let stale = stage.says_as_bot(stage.place.study, old(&[&button, &other])).await;
    let said = ana.presses(&stale, "0").await;
    assert!(said.says("**Right:**"), "the same feedback again: {}", said.text());
    let said = ana.presses(&said, "Next").await;
    assert!(said.says("**Question 2 of 2**"));
    let stale = stage.says_as_bot(stage.place.study, old(&[&button, &other])).await;
    let said = ana.presses(&stale, "1").await;
    assert!(said.refuses(&Refusal::QuizMovedOn), "{}", said.text());
    assert_eq!(ana.uses("points", Value::Null).await.text(), points);
    stage.finish().await;
}

/// A message with buttons of these custom ids, labelled by number.
fn old(ids: &[&str]) -> Value {
    let buttons: Vec<Value> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| json!({"type": 2, "style": 1, "label": n.to_string(), "custom_id": id}))
        .collect();
    json!({"content": "An old message.", "components": [{"type": 1, "components": buttons}]})
}

#[tokio::test]
async fn next_pressed_twice_goes_on_once() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 3})).await;
    let said = ana.is_right(&first).await;
    let next = said.button("Next").unwrap();
    ana.presses(&said, "Next").await;
    let stale = stage.says_as_bot(stage.place.study, old(&[&next])).await;
    let again = ana.presses(&stale, "0").await;
    assert!(again.says("**Question 2 of 3**"), "{}", again.text());
    stage.finish().await;
}

#[tokio::test]
async fn strangers_and_old_buttons_get_a_fitting_answer() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 1})).await;
    let ids: Vec<String> =
        ["A", "B"].into_iter().map(|label| first.button(label).unwrap()).collect();
    let key = first.keys().pop().unwrap();
    let forged = [ids[0].as_str(), "quiz-a:nosuchkey:0:1:0", "quiz-odd:x"];
    let board = stage.says_as_bot(stage.place.study, old(&forged)).await;
    assert!(ben.presses(&board, "0").await.refuses(&Refusal::NotYourQuiz));
    assert!(ben.presses(&board, "1").await.refuses(&Refusal::QuizGone));
    assert!(ben.presses(&board, "2").await.refuses(&Refusal::QuizGone));
    let peek = format!("quiz-ref:{key}:0");
    let repeat = format!("quiz-repeat:{key}");
    let board2 = stage.says_as_bot(stage.place.study, old(&[&peek, &repeat])).await;
    assert!(ben.presses(&board2, "0").await.refuses(&Refusal::NotYourQuiz));
    assert!(ana.presses(&board2, "0").await.refuses(&Refusal::QuestionOpen), "not answered yet");
    assert!(ana.presses(&board2, "1").await.refuses(&Refusal::QuizMovedOn));

    let said = ana.is_wrong(&first).await;
    let result = ana.presses(&said, "See the result").await;
    assert!(result.says("**0 of 1 right**"), "{}", result.text());
    // After the end.
    assert!(ana.presses(&board, "0").await.refuses(&Refusal::QuizOver));
    assert!(ben.presses(&board, "0").await.refuses(&Refusal::NotYourQuiz));
    stage.finish().await;
}

#[tokio::test]
async fn an_unfinished_run_is_offered() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 3, "topic": "lists"})).await;
    let said = ana.is_right(&first).await;
    let second = ana.presses(&said, "Next").await;
    // The client reloads; the message is gone from sight.
    let offer = ana.quiz(json!({"questions": 1, "topic": "loops"})).await;
    assert!(offer.says("question 2 of 3"), "{}", offer.text());
    let fresh = ana.presses(&offer, "Continue").await;
    assert_eq!((fresh.title(), fresh.id()), (second.title(), offer.id()));
    // The message before is out of date.
    let old = ana.presses(&second, "A").await;
    assert!(old.refuses(&Refusal::QuizMovedOn), "{}", old.text());
    let said = ana.is_right(&fresh).await;
    assert!(said.says("**Right:**"), "{}", said.text());

    let offer = ana.quiz(json!({"questions": 1, "topic": "loops"})).await;
    let anew = ana.presses(&offer, "Start anew").await;
    assert!(anew.says("**Question 1 of 1** (loops"), "{}", anew.text());
    // What was left for it is over, and tells how it came out.
    let old = ana.presses(&said, "Next").await;
    assert!(old.says("**2 of 3 right**"), "{}", old.text());
    assert!(ana.presses(&second, "A").await.refuses(&Refusal::QuizOver));
    let said = ana.is_right(&anew).await;
    ana.presses(&said, "See the result").await;
    let first = ana.quiz(json!({})).await;
    assert!(first.says("**Question 1 of 5**"), "{}", first.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_run_that_nobody_touched_for_a_day_ends_and_tells_its_result() {
    let stage = stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 3})).await;
    let said = ana.is_wrong(&first).await;
    let second = ana.presses(&said, "Next").await;
    stage.advance(23 * 60).await;
    // Still there; and touched, so the day begins anew.
    let said = ana.is_right(&second).await;
    assert!(said.says("**Right:**"));
    stage.advance(23 * 60).await;
    let third = ana.presses(&said, "Next").await;
    assert!(third.says("**Question 3 of 3**"));
    stage.advance_days(1).await;
    assert!(ana.presses(&third, "A").await.refuses(&Refusal::QuizOver));
    let begun = ana.quiz(json!({"questions": 2})).await;
    assert!(begun.says("ended by itself after a day: **1 of 3 right**"), "{}", begun.text());
    assert!(begun.says("1 question was not answered"), "{}", begun.text());
    assert!(begun.says("**Question 1 of 2**"));
    let offer = ana.quiz(json!({})).await;
    assert!(!offer.says("ended by itself"), "once: {}", offer.text());
    // Whoever never answered anything has no result.
    ben.quiz(json!({})).await;
    stage.advance_days(1).await;
    assert!(!ben.quiz(json!({})).await.says("ended by itself"));
    stage.finish().await;
}

#[tokio::test]
async fn killed_in_the_middle_it_goes_on_with_the_next_click() {
    let mut stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 2})).await;
    stage.kill_bot().await;
    stage.start_bot().await;
    let said = ana.is_right(&first).await;
    assert!(said.says("**Right:**"), "{}", said.text());
    stage.kill_bot().await;
    stage.start_bot().await;
    let second = ana.presses(&said, "Next").await;
    assert!(second.says("**Question 2 of 2**"), "{}", second.text());
    stage.kill_bot().await;
    stage.start_bot().await;
    let said = ana.is_right(&second).await;
    stage.kill_bot().await;
    stage.start_bot().await;
    let result = ana.presses(&said, "See the result").await;
    assert!(result.says("**2 of 2 right**"), "{}", result.text());
    stage.finish().await;
}

#[tokio::test]
async fn time_is_judged_at_the_click() {
    let stage = stage(24).await;
    let [ana, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 2, "seconds": 90})).await;
    assert!(first.says("90 seconds"), "{}", first.text());
    stage.advance(1).await;
    let said = ana.is_right(&first).await;
    assert!(said.says("**Right:**"), "{}", said.text());
    let second = ana.presses(&said, "Next").await;
    stage.advance(2).await;
    let said = ana.is_right(&second).await;
    assert!(said.says("**Too late.**"), "{}", said.text());
    let result = ana.presses(&said, "See the result").await;
    assert!(result.says("**1 of 2 right**") && result.says("in 3 minutes"), "{}", result.text());
    assert!(result.says("right, but too late"), "{}", result.text());
    stage.finish().await;
}

#[tokio::test]
async fn fifteen_points_a_day_and_a_question_once_in_thirty_days() {
    // All hard: three points each.
    let stage = Stage::with(Props {
        bank: (1..=6).map(|number| question("lists", 3 * number + 2)).collect(),
        ..Props::default()
    })
    .await;
    // Auckland is 13 hours ahead: there it is 20:59, and midnight is three hours away.
    stage.set_up("03:00", "Pacific/Auckland").await;
    let [ana, ..] = stage.cast().await;
    let mut post = ana.quiz(json!({"questions": 6})).await;
    for number in 1..=6 {
        let said = ana.is_right(&post).await;
        match number {
            6 => assert!(said.says("No points: you have all that quizzes give"), "{}", said.text()),
            _ => assert!(said.says("3 points"), "{}", said.text()),
        }
        let label = if number == 6 { "See the result" } else { "Next" };
        post = ana.presses(&said, label).await;
    }
    assert!(post.says("**6 of 6 right**, 15 points"), "{}", post.text());
    // Another day, but the same questions.
    stage.advance(4 * 60).await;
    let again = ana.quiz(json!({"questions": 1})).await;
    let said = ana.is_right(&again).await;
    assert!(said.says("No points: you had this question"), "{}", said.text());
    ana.presses(&said, "See the result").await;
    stage.advance_days(31).await;
    let again = ana.quiz(json!({"questions": 1})).await;
    let said = ana.is_right(&again).await;
    assert!(said.says("3 points"), "{}", said.text());
    ana.presses(&said, "See the result").await;
    assert!(ana.uses("points", Value::Null).await.says("**18 points**"));
    stage.finish().await;
}

#[tokio::test]
async fn a_question_open_in_a_round_is_neither_asked_nor_shown() {
    let stage = Stage::with(Props {
        bank: [question("lists", 1), question("lists", 2)].into_iter().collect(),
        ..Props::default()
    })
    .await;
    stage.set_up("08:00", "UTC").await;
    let [ana, ben, chidi, _] = stage.cast().await;
    // Ana has answered both, and one of them becomes the round's question.
    let first = ana.quiz(json!({"questions": 2})).await;
    let one = ana.is_wrong(&first).await;
    let second = ana.presses(&one, "Next").await;
    // Ben has one of them before him.
    let shown = ben.quiz(json!({"questions": 2})).await;
    stage.advance(1).await;
    let open = stage.card().title();

    let chidis = chidi.quiz(json!({"questions": 2})).await;
    assert!(chidis.says("You asked for 2; there is 1"), "{}", chidis.text());
    assert_ne!(chidis.title(), open);

    // Whichever it is, nothing tells the answer to the open one.
    let said = ana.is_right(&second).await;
    if second.title() == open {
        assert!(said.says("put it aside") && !said.says("**Right"), "{}", said.text());
    } else {
        assert!(said.says("**Right:**"));
        let peek = format!("quiz-ref:{}:0", second.keys().pop().unwrap());
        let forged = stage.says_as_bot(stage.place.study, old(&[&peek])).await;
        assert!(ana.presses(&forged, "0").await.refuses(&Refusal::QuestionOpen));
    }
    let result = ana.presses(&said, "See the result").await;
    let missed = result.field("Missed").unwrap();
    if second.title() != open {
        assert!(missed.contains("the answer comes when its round closes"), "{missed}");
        assert!(result.button("Repeat the missed ones").is_none());
    }
    let bens = ben.is_right(&shown).await;
    assert_eq!(bens.says("put it aside"), shown.title() == open, "{}", bens.text());
    let bens = ben.presses(&bens, "Next").await;
    if shown.title() != open {
        // The open one would have been next.
        assert!(bens.says("**1 of 1 right**"), "{}", bens.text());
        assert!(bens.says("1 question was put aside"), "{}", bens.text());
    }
    stage.finish().await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_politely() {
    let props = Props { bank: crate::quiz_table::bank(6), ..Props::default() };
    let stage = Stage::with(props).await;
    let [ana, ..] = stage.cast().await;
    assert!(ana.quiz(json!({})).await.refuses(&Refusal::NoStudyChannel));
    stage.set_up("23:00", "UTC").await;
    let typo = ana.quiz(json!({"topic": "lits"})).await;
    assert!(typo.says("There is no topic `lits`. Did you mean `lists`?"), "{}", typo.text());
    let fewer = ana.quiz(json!({"topic": "Lists", "questions": 20})).await;
    assert!(fewer.says("You asked for 20; there are 3"), "{}", fewer.text());
    let typed = json!([{"name": "topic", "value": "lo", "focused": true}]);
    let found = ana.actor.autocomplete(stage.place.study, "quiz", typed).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["value"], "loops");
    stage.finish().await;
}
