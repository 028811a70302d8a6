//! What admins break, what Discord breaks, and that it stays where it is.

use crate::post::Post;
use crate::stage::Stage;
use serde_json::{Value, json};
use studyhall::sandbox::Fault;

const SEND_MESSAGES: u64 = 1 << 11;
const ADD_REACTIONS: u64 = 1 << 6;
const READ_MESSAGE_HISTORY: u64 = 1 << 16;
const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;

async fn set_up() -> Stage {
    let stage = Stage::open().await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage
}

#[tokio::test]
async fn a_right_that_goes_missing_is_told_once_and_its_return_too() {
    let mut stage = set_up().await;
    let study = stage.place.study;
    stage.sandbox().set_bot_permissions(Some(study), 0, SEND_MESSAGES);
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 0);
    assert_eq!(stage.notices().len(), 1);
    let notice = stage.notices().remove(0);
    assert!(notice.says(&format!("In <#{study}> I could not post the question")));
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("I lack a permission"), "{}", status.text());
    stage.advance(30).await;
    stage.restart_bot().await;
    stage.advance(30).await;
    assert_eq!(stage.notices().len(), 1, "once");

    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.settle().await;
    assert_eq!(stage.cards().len(), 1, "as soon as Discord tells that the channel changed");
    stage.until("word of the recovery", || stage.notices().len() == 2).await;
    assert!(stage.notices()[1].says("All is well again"), "{}", stage.notices()[1].text());
    assert!(stage.study("status", Value::Null).await.says("Health: fine"));
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (2, 2));
    stage.finish().await;
}

#[tokio::test]
async fn a_right_taken_from_the_role_and_given_back() {
    let stage = set_up().await;
    stage.advance(1).await;
    stage.sandbox().set_bot_permissions(None, 0, SEND_MESSAGES_IN_THREADS);
    stage.advance_days(1).await;
    assert_eq!(stage.results().len(), 0);
    assert_eq!(stage.cards().len(), 2, "the next question does not wait for the result");
    assert!(stage.notices()[0].says("I could not announce the result"));
    stage.sandbox().set_bot_permissions(None, SEND_MESSAGES_IN_THREADS, 0);
    stage.settle().await;
    assert_eq!((stage.results().len(), stage.references().len()), (1, 1));
    stage.until("word of the recovery", || stage.notices().len() == 2).await;
    stage.finish().await;
}

#[tokio::test]
async fn without_check_marks_answers_still_count() {
    let stage = set_up().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, ADD_REACTIONS);
    stage.advance(1).await;
    let post = ana.says("An answer that cannot be marked for now.").await;
    assert_eq!(ben.ballot().await.choices(), ["Ana"]);
    assert_eq!(stage.notices().len(), 1);
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, 0);
    stage.until("the check mark", || stage.place.post(&post).is_marked()).await;
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn word_of_a_trouble_never_comes_after_word_of_its_end() {
    let stage = set_up().await;
    let ana = stage.member("Ana").await;
    stage.advance(1).await;
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, ADD_REACTIONS);
    stage.sandbox().fail_next(("POST", "/channels/{channel_id}/messages"), Fault::Status(503), 999);
    let post = ana.says("An answer that cannot be marked for now.").await;
    let refused = || stage.sandbox().statuses().get(&503).copied().unwrap_or(0);
    // By now the next attempt is further away than that of any newer notice.
    stage.until("some attempts", || refused() >= 2).await;
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, 0);
    stage.until("the check mark", || stage.place.post(&post).is_marked()).await;
    stage.until("another attempt", || refused() >= 3).await;
    stage.sandbox().clear_faults();
    stage.until("both notices", || stage.notices().len() == 2).await;
    let told = stage.notices();
    assert!(told[0].says("I could not put the check mark on an answer"), "{}", told[0].text());
    assert!(told[1].says("All is well again"), "{}", told[1].text());
    stage.finish().await;
}

#[tokio::test]
async fn a_deleted_study_channel_is_told_and_can_be_removed() {
    let stage = set_up().await;
    let [ana, ..] = stage.cast().await;
    let maya = stage.member("Maya").await;
    let general = stage.channel("general");
    stage.advance(1).await;
    ana.answers("An answer in a channel that will be gone.").await;
    stage.sandbox().delete_channel(stage.place.study);
    stage.advance_days(1).await;
    assert_eq!(stage.notices().len(), 1);
    assert!(stage.notices()[0].says("the channel is gone"));
    let points = ana.uses_in(general, "points", Value::Null).await;
    assert!(points.says("**2 points**"), "what was stored is decided: {}", points.text());

    let said = maya.uses_in(general, "study remove", Value::Null).await;
    assert!(said.says("is not a study channel any more"), "{}", said.text());
    // The card that was waiting runs out of time.
    stage.advance_days(1).await;
    assert!(stage.notices().len() <= 2);
    stage.finish().await;
}

#[tokio::test]
async fn without_its_thread_a_round_is_decided_from_what_was_stored() {
    let stage = set_up().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer, stored before the thread went.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    let card = stage.card();
    stage.sandbox().delete_channel(stage.thread());
    stage.advance_days(1).await;
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"));
    let said = stage.place.of_bot(stage.place.study);
    let result = said.iter().find(|post| post.says("Members' pick: **Ana** 🏆"));
    let result = result.expect("the result is told in the channel");
    assert!(result.says("stored before the thread went") && !result.says("discord.com/channels"));
    assert!(said.iter().any(|post| post.title() == "Reference answer"));
    let edited = stage.place.post(&card);
    assert!(edited.says("members' pick: **Ana**"), "{}", edited.text());
    assert!(!edited.says(&format!("<#{}>", card.id())), "no link to what is gone");
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn without_its_card_a_round_goes_on_in_its_thread() {
    let stage = set_up().await;
    let [ana, ..] = stage.cast().await;
    stage.advance(1).await;
    let (card, thread) = (stage.card(), stage.thread());
    ana.answers("Ana's answer to a card that will be deleted.").await;
    stage.sandbox().delete_message(stage.place.study, card.id());
    stage.advance_days(1).await;
    let said = stage.place.of_bot(thread);
    assert!(said.iter().any(|post| post.says("Ana: 0 votes")), "the result");
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn a_dropped_gateway_resumes_without_losing_an_answer() {
    let stage = set_up().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.advance(1).await;
    stage.sandbox().drop_gateways();
    ana.answers("An answer while the gateway was away.").await;
    stage.sandbox().ask_reconnect();
    ben.answers("An answer while it was asked to reconnect.").await;
    let today = ana.uses("today", Value::Null).await;
    assert!(today.says("2 answers so far"), "{}", today.text());
    stage.finish().await;
}

#[tokio::test]
async fn after_an_invalid_session_the_thread_is_read_back() {
    let stage = set_up().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.advance(1).await;
    let post = ana.answers("An answer that is edited in the gap.").await;
    stage.sandbox().invalidate_sessions(false);
    let gone = || stage.sandbox().bot_connections() == 0;
    stage.until("the end of the session", gone).await;
    ana.actor.edit(post.channel(), post.id(), "An answer, edited in the gap.").await.unwrap();
    let missed = ben.actor.say(stage.thread(), "An answer, written in the gap.").await.unwrap();
    let missed = Post(missed);
    stage.until("the check mark", || stage.place.post(&missed).is_marked()).await;
    stage.settle().await;
    assert!(ben.ballot().await.says("An answer, edited in the gap."));
    stage.finish().await;
}

#[tokio::test]
async fn trouble_in_one_guild_does_not_touch_another() {
    let stage = set_up().await;
    let maya = stage.member("Maya").await;
    let (_, elsewhere) = stage.sandbox().add_guild("Elsewhere");
    stage.settle().await;
    let options = json!({
        "channel": elsewhere.to_string(), "time": "08:00", "zone": "UTC", "weekdays": "daily",
    });
    maya.uses_in(elsewhere, "study setup", options).await;
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, SEND_MESSAGES);
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 0);
    let there = stage.place.of_bot(elsewhere);
    assert_eq!(there.len(), 1, "on time");
    let ana = stage.member("Ana").await;
    let text = "An answer in the other of the two guilds.";
    let post = ana.says_in(there[0].id(), text).await;
    stage.until("the check mark", || stage.place.post(&post).is_marked()).await;

    stage.advance_days(1).await;
    assert_eq!(stage.place.of_bot(elsewhere).len(), 2);
    let board = ana.uses_in(elsewhere, "leaderboard", Value::Null).await;
    assert_eq!(board.places(), ["1. **Ana**: 2 points"]);
    let here = ana.uses("leaderboard", Value::Null).await;
    assert_eq!(here.ranks().len(), 0, "boards do not mix: {}", here.text());
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, 0);
    stage.settle().await;
    stage.until("the round that was waiting", || stage.cards().len() == 1).await;
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_bot_that_was_kicked_goes_on_when_it_is_invited_again() {
    let stage = set_up().await;
    stage.sandbox().kick_bot();
    stage.settle().await;
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 0);
    stage.advance(30).await;
    stage.sandbox().invite_bot();
    stage.settle().await;
    stage.until("the round, late but in time", || stage.cards().len() == 1).await;
    stage.settle().await;
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 2, "nothing was forgotten");
    stage.finish().await;
}

#[tokio::test]
async fn without_the_right_to_read_history_nothing_is_taken_for_deleted() {
    let mut stage = set_up().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    let study = stage.place.study;
    stage.advance(1).await;
    ana.answers("Ana's answer, which must not be lost.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance(10).await;
    // Discord then gives an empty history instead of a refusal.
    stage.sandbox().set_bot_permissions(Some(study), 0, READ_MESSAGE_HISTORY);
    stage.restart_bot().await;
    assert!(ben.ballot().await.says("Your vote goes to **Ana**"));
    stage.advance_days(1).await;
    assert!(stage.notices()[0].says("I lack a permission"), "{}", stage.notices()[0].text());

    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.until("the result", || stage.results().len() == 1).await;
    stage.settle().await;
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +1, Chidi +1");
    stage.finish().await;
}
