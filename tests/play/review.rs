//! What members come back to: by the day, in private, and once however often they click.

use crate::cast::Member;
use crate::post::{Post, number};
use crate::questions;
use crate::quiz_table;
use crate::stage::{Props, Stage, stamp};
use serde_json::{Value, json};
use studyhall::discord::say::{no, review as say};
use studyhall::domain::refusal::Refusal;
use studyhall::domain::review::Grade;

/// Only one question fits, so that the rounds of a story all ask the same.
const ONE_QUESTION: usize = 1;

/// The direct messages that a member got from the bot.
fn direct(stage: &Stage, member: &Member) -> Vec<Post> {
    let posts = stage.sandbox().direct_messages(member.id()).into_iter().map(Post);
    posts.filter(|post| number(&post.0["author"]["id"]) == stage.sandbox().bot_id()).collect()
}

async fn reviews(member: &Member) -> Post {
    member.uses("review", Value::Null).await
}

/// Ana wants closed rounds among her reviews, and so many have closed, one a day at 08:00.
async fn after_rounds(props: Props, rounds: i64) -> (Stage, [Member; 4]) {
    let stage = Stage::with(props).await;
    let cast = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    cast[0].uses("review", json!({"rounds": "on"})).await;
    stage.advance(1).await;
    stage.advance_days(rounds).await;
    (stage, cast)
}

/// Reviews what is shown as one who remembers it so well.
async fn grades(member: &Member, post: &Post, grade: Grade) -> Post {
    let answer = member.presses(post, "Show answer").await;
    let label = label(&answer, grade);
    member.presses(&answer, &label).await
}

/// The label of a grade's button, whatever its interval.
fn label(answer: &Post, grade: Grade) -> String {
    let wanted = format!("[{grade:?}: ");
    let text = answer.text();
    let line = text.lines().find(|line| line.starts_with(&wanted));
    let line = line.unwrap_or_else(|| panic!("no {grade:?} on {text}"));
    line.trim_start_matches('[').trim_end_matches(']').to_owned()
}

#[tokio::test]
async fn closed_rounds_come_back_to_those_who_want_them() {
    let (stage, [ana, ben, ..]) = after_rounds(Props::default(), 2).await;
    let cards = stage.cards();
    let (first, second) = (cards[0].title(), cards[1].title());
    let post = reviews(&ana).await;
    assert!(post.0["flags"].as_u64().unwrap() & 64 != 0, "private");
    assert_eq!(post.title(), first, "the one due longest");
    assert!(post.says("2 are due."), "{}", post.text());
    assert!(!post.says("The reference"), "the answer comes later");
    assert!(ana.uses("today", Value::Null).await.says("2 reviews are due for you."));

    let answer = ana.presses(&post, "Show answer").await;
    assert!(answer.says("The reference for") && answer.says(&first), "{}", answer.text());
    let words = ["[Again: 1 day]", "[Hard: 1 day]", "[Good: 2 days]", "[Easy: 8 days]"];
    assert!(words.iter().all(|word| answer.says(word)), "{}", answer.text());
    let next = ana.presses(&answer, "Good: 2 days").await;
    assert!(next.says(&say::graded(Grade::Good, 2)), "{}", next.text());
    assert_eq!(next.title(), second);
    let done = grades(&ana, &next, Grade::Easy).await;
    assert!(done.says("Nothing more is due."), "{}", done.text());
    // The day after tomorrow, from its first minute on.
    assert!(done.says(&stamp("2026-11-27T00:00:00Z")), "{}", done.text());
    assert!(!ana.uses("today", Value::Null).await.says("due for you"));
    stage.advance_to("2026-11-26T23:59:00Z").await;
    // The round of the 25th has closed meanwhile.
    assert_ne!(reviews(&ana).await.title(), first);
    stage.advance(1).await;
    assert!(reviews(&ana).await.says("2 are due."));

    assert!(reviews(&ben).await.says("nothing to review yet"), "nobody who did not ask");
    ana.uses("review", json!({"rounds": "off"})).await;
    stage.advance_days(1).await;
    assert!(reviews(&ana).await.says("2 are due."), "no more, and no fewer");
    stage.finish().await;
}

#[tokio::test]
async fn a_grade_counts_once_however_often_it_is_clicked() {
    let (mut stage, [ana, ben, ..]) = after_rounds(Props::default(), 2).await;
    let cards = stage.cards();
    let (before, after) = (cards[0].title(), cards[1].title());
    // The same question stands on four messages, as if Discord had delivered each click twice.
    let mut shown = Vec::new();
    for _ in 0..4 {
        shown.push(ana.presses(&reviews(&ana).await, "Show answer").await);
    }
    let untouched = reviews(&ana).await;
    let good = shown[0].button("Good: 2 days").unwrap();
    let (one, two) =
        tokio::join!(ana.actor.press(&shown[0].0, &good), ana.actor.press(&shown[1].0, &good));
    assert!(!one.unwrap().failed && !two.unwrap().failed);
    stage.settle().await;
    let outdated = &no::refusal(&Refusal::ReviewOutdated).content;
    let late = ana.presses(&shown[2], "Easy: 8 days").await;
    assert!(late.says(outdated), "{}", late.text());
    assert_eq!(late.title(), after, "what is due now is shown");
    assert!(late.says("This is the only one due."));

    // What was opened before a crash goes on after it.
    stage.kill_bot().await;
    stage.start_bot().await;
    assert!(ana.presses(&untouched, "Show answer").await.says(outdated));
    let again = ana.presses(&shown[3], "Again: 1 day").await;
    assert!(again.says(outdated), "{}", again.text());
    let done = grades(&ana, &again, Grade::Good).await;
    assert!(done.says("Nothing more is due.") && done.says("2 questions"), "{}", done.text());

    // Once, and by two days: it is not due before.
    stage.advance_to("2026-11-26T23:59:00Z").await;
    assert_ne!(reviews(&ana).await.title(), before);

    // Nobody else gets in.
    for id in [good.clone(), good.replace("good", "show"), good.replace("good", "dance")] {
        let body = json!({"content": "?", "components": [{"type": 1, "components": [
            {"type": 2, "style": 1, "label": "Press", "custom_id": id}
        ]}]});
        let forged = stage.says_as_bot(stage.place.study, body).await;
        let said = ben.presses(&forged, "Press").await;
        let why = if id.contains("dance") { Refusal::RoundGone } else { Refusal::NotYourReview };
        assert!(said.refuses(&why), "{}", said.text());
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_question_that_is_open_in_a_round_waits() {
    let props = Props { bank: questions::bank(ONE_QUESTION), ..Props::default() };
    let (stage, [ana, ..]) = after_rounds(props, 1).await;
    let first = reviews(&ana).await;
    // The only question there is opens once more while its answer is one press away.
    stage.study("post", Value::Null).await;
    let secret = ana.presses(&first, "Show answer").await;
    assert!(!secret.says("The reference for"), "{}", secret.text());
    assert!(secret.says(&no::refusal(&Refusal::QuestionOpen).content), "{}", secret.text());
    let waits = reviews(&ana).await;
    assert!(waits.says("One more waits until its round or quiz is over."), "{}", waits.text());
    assert!(!ana.uses("today", Value::Null).await.says("due for you"));
    stage.advance_days(1).await;
    let answer = ana.presses(&reviews(&ana).await, "Show answer").await;
    assert!(answer.says("The reference for"), "{}", answer.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_question_that_left_its_pack_is_dropped() {
    let (mut stage, [ana, ..]) = after_rounds(Props::default(), 1).await;
    let post = reviews(&ana).await;
    stage.stop_bot().await;
    stage.replace_bank(questions::bank(0));
    stage.start_bot().await;
    let none = reviews(&ana).await;
    assert!(none.says("nothing to review yet"), "{}", none.text());
    let gone = ana.presses(&post, "Show answer").await;
    assert!(gone.says(&no::refusal(&Refusal::NoSuchQuestion).content), "{}", gone.text());
    stage.finish().await;
}

#[tokio::test]
async fn the_reminder_comes_once_a_day_when_something_is_due() {
    let (mut stage, [ana, ben, chidi, _]) = after_rounds(Props::default(), 1).await;
    ana.uses("review", json!({"remind": "on"})).await;
    ben.uses("review", json!({"remind": "on"})).await;
    stage.advance_to("2026-11-24T17:59:00Z").await;
    assert_eq!(direct(&stage, &ana).len(), 0);
    stage.advance(1).await;
    let first = direct(&stage, &ana);
    assert_eq!(first.len(), 1);
    assert!(first[0].says("1 question is due for you") && first[0].says("/review"));
    assert_eq!(direct(&stage, &ben).len(), 0, "nothing is due for Ben");
    assert_eq!(direct(&stage, &chidi).len(), 0, "Chidi did not ask");
    chidi.uses("review", json!({"remind": "on", "rounds": "on"})).await;
    stage.restart_bot().await;
    stage.advance_to("2026-11-25T17:59:00Z").await;
    assert_eq!(direct(&stage, &ana).len(), 1);

    // Killed while the second one is on its way.
    stage.kill_bot().await;
    stage.advance(30).await;
    stage.start_bot().await;
    assert_eq!(direct(&stage, &ana).len(), 2, "half an hour late");
    assert_eq!(direct(&stage, &chidi).len(), 1);
    stage.kill_bot().await;
    stage.advance_to("2026-11-26T20:01:00Z").await;
    stage.start_bot().await;
    assert_eq!(direct(&stage, &ana).len(), 2, "too late for a reminder");

    let stopped = ana.presses(&direct(&stage, &ana)[1], "Stop reminding me").await;
    assert!(stopped.says("I will not remind you any more."), "{}", stopped.text());
    stage.advance_days(1).await;
    assert_eq!(direct(&stage, &ana).len(), 2);
    assert_eq!(direct(&stage, &chidi).len(), 2);
    // Hers are none of Chidi's business.
    let forged = direct(&stage, &ana)[0].button("Stop reminding me").unwrap();
    let body = json!({"content": "?", "components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Press", "custom_id": forged}
    ]}]});
    let post = stage.says_as_bot(stage.place.study, body).await;
    assert!(chidi.presses(&post, "Press").await.refuses(&Refusal::NotYourReview));
    stage.finish().await;
}

#[tokio::test]
async fn reminders_come_at_six_by_the_clocks_of_the_guild() {
    // Clocks in Berlin went back on 25 October 2026; 18:00 was 16:00 UTC before and 17:00 after.
    let props = Props { start: "2026-10-23T05:59:00Z", ..Props::default() };
    let stage = Stage::with(props).await;
    let ana = stage.member("Ana").await;
    stage.set_up("08:00", "Europe/Berlin").await;
    ana.uses("review", json!({"rounds": "on", "remind": "on"})).await;
    let told = |stage: &Stage| direct(stage, &ana).len();
    stage.advance_to("2026-10-24T15:59:00Z").await;
    assert_eq!(told(&stage), 0);
    stage.advance(1).await;
    assert_eq!(told(&stage), 1);
    stage.advance_to("2026-10-25T16:59:00Z").await;
    assert_eq!(told(&stage), 1);
    stage.advance(1).await;
    assert_eq!(told(&stage), 2);
    // Back and forth over six o'clock changes nothing.
    stage.jump(-30).await;
    stage.advance(60).await;
    assert_eq!(told(&stage), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_refused_reminder_falls_silent_and_says_so_in_the_next_review() {
    let (stage, [ana, ..]) = after_rounds(Props::default(), 1).await;
    ana.uses("review", json!({"remind": "on"})).await;
    stage.sandbox().set_dms_open(ana.id(), false);
    stage.advance_days(1).await;
    assert_eq!(direct(&stage, &ana).len(), 0);
    let post = reviews(&ana).await;
    assert!(post.says("I could not send you the daily reminder"), "{}", post.text());
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("Health: fine"), "no trouble of a study channel: {}", status.text());
    stage.advance_days(1).await;
    let tries = |stage: &Stage| {
        stage.exchanges().iter().filter(|one| one.path.ends_with("/users/@me/channels")).count()
    };
    let before = tries(&stage);
    stage.advance_days(2).await;
    assert_eq!(tries(&stage), before, "switched off");

    stage.sandbox().set_dms_open(ana.id(), true);
    ana.uses("review", json!({"remind": "on"})).await;
    assert!(!reviews(&ana).await.says("I could not send you"), "told until it was decided anew");
    stage.advance_days(1).await;
    assert_eq!(direct(&stage, &ana).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn before_any_setup_there_is_nothing_to_review() {
    let stage = Stage::open().await;
    let ana = stage.member("Ana").await;
    assert!(reviews(&ana).await.refuses(&Refusal::NoStudyChannel));
    let set = ana.uses("review", json!({"remind": "on"})).await;
    assert!(set.refuses(&Refusal::NoStudyChannel));
    stage.finish().await;
}

#[tokio::test]
async fn what_was_wrong_in_a_quiz_comes_back_at_once() {
    let stage = quiz_table::stage(24).await;
    let [ana, ben, ..] = stage.cast().await;
    let first = ana.quiz(json!({"questions": 2})).await;
    let said = ana.is_wrong(&first).await;
    let second = ana.presses(&said, "Next").await;
    ana.is_right(&second).await;
    let post = reviews(&ana).await;
    assert!(post.says("This is the only one due."), "{}", post.text());
    assert_eq!(post.title(), first.title());
    assert!(ana.uses("today", Value::Null).await.says("1 review is due for you."));
    assert!(reviews(&ben).await.says("nothing to review yet"));
    let done = grades(&ana, &post, Grade::Good).await;
    assert!(done.says("Nothing more is due."), "{}", done.text());
    stage.finish().await;
}
