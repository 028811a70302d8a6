//! Answers follow what members write, edit and delete, also while the bot is away.

use crate::stage::Stage;
use serde_json::Value;

const CLOSE: &str = "2026-11-24T08:00:00Z";

async fn open_round() -> Stage {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage
}

#[tokio::test]
async fn several_messages_make_one_answer_in_order() {
    let stage = open_round().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    ana.answers("First, one has to look at the list.").await;
    ben.answers("Something that comes between the two parts.").await;
    ana.says("ok").await;
    ana.says("Second, one has to look at the loop.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_to(CLOSE).await;
    let result = stage.result();
    let text = result.text();
    let first = text.find("First, one has to").expect("the first part");
    let second = text.find("Second, one has to").expect("the second part");
    assert!(first < second && !text.contains("\nok"), "{text}");
    assert_eq!(result.field("Points").unwrap(), "Ana +7, Ben +3, Chidi +1", "one answer");
    stage.finish().await;
}

#[tokio::test]
async fn edits_and_deletions_follow() {
    let stage = open_round().await;
    let [ana, ben, ..] = stage.cast().await;
    let first = ana.answers("The first part of the answer of Ana.").await;
    let second = ana.says("The second part of the answer of Ana.").await;
    ana.edits(&second, "The second part as it was meant to be.").await;
    assert!(ben.ballot().await.says("as it was meant to be"));

    ana.deletes(&first).await;
    let marked = || stage.place.post(&second).is_marked();
    stage.until("the check mark on what is the first part now", marked).await;
    assert!(!ben.ballot().await.says("The first part"));

    ana.edits(&second, "Never mind.").await;
    let unmarked = || !stage.place.post(&second).is_marked();
    stage.until("the end of the check mark", unmarked).await;
    assert!(ben.ballot().await.says("Nobody else has answered yet."));

    ana.edits(&second, "Well, after all I do have something to say.").await;
    let marked = || stage.place.post(&second).is_marked();
    stage.until("the check mark again", marked).await;
    assert_eq!(ben.ballot().await.choices(), ["Ana"]);
    stage.finish().await;
}

#[tokio::test]
async fn not_my_answer_takes_a_message_out_and_in_again() {
    let stage = open_round().await;
    let [ana, ben, ..] = stage.cast().await;
    let aside = ana.answers("By the way, is anybody here using macros?").await;
    let answer = ana.says("The real answer of Ana to the question.").await;

    let said = ana.says_not_my_answer(&aside).await;
    assert!(said.says("is not part of your answer any more"), "{}", said.text());
    let moved = || stage.place.post(&answer).is_marked() && !stage.place.post(&aside).is_marked();
    stage.until("the check mark on the other message", moved).await;
    assert!(!ben.ballot().await.says("By the way"));
    let other = ben.says_not_my_answer(&answer).await;
    assert!(other.says("That is somebody else's message."), "{}", other.text());

    let said = ana.says_not_my_answer(&aside).await;
    assert!(said.says("part of your answer now"), "{}", said.text());
    let back = || stage.place.post(&aside).is_marked() && !stage.place.post(&answer).is_marked();
    stage.until("the check mark back where it was", back).await;
    assert!(ben.ballot().await.says("By the way"));

    // What was taken out stays out, whatever becomes of its text.
    ana.says_not_my_answer(&aside).await;
    ana.edits(&aside, "By the way, is anybody there using traits?").await;
    assert!(!ben.ballot().await.says("By the way"));

    // A reply to somebody else can be made an answer.
    let reply = ben.replies_to(&answer, "I see it differently: it is about loops.").await;
    let said = ben.says_not_my_answer(&reply).await;
    assert!(said.says("part of your answer now"), "{}", said.text());
    assert_eq!(ana.ballot().await.choices(), ["Ben"]);
    stage.finish().await;
}

#[tokio::test]
async fn what_happened_while_the_bot_was_away_is_read_back() {
    let mut stage = open_round().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    let of_ana = ana.answers("Ana's answer before the bot went away.").await;
    let of_ben = ben.answers("Ben's answer before the bot went away.").await;
    dana.votes_for(&ben).await;
    stage.advance(10).await;

    stage.stop_bot().await;
    ana.edits(&of_ana, "Ana's answer, edited in the meantime.").await;
    ben.deletes(&of_ben).await;
    let of_chidi = chidi.says("Chidi's answer, which nobody saw coming.").await;
    stage.advance(10).await;
    stage.start_bot().await;

    let marked = || stage.place.post(&of_chidi).is_marked();
    stage.until("the check mark for what was written meanwhile", marked).await;
    let ballot = dana.ballot().await;
    assert!(ballot.says("edited in the meantime") && ballot.says("nobody saw coming"));
    assert!(ballot.says("The answer you voted for was taken back."), "{}", ballot.text());
    stage.finish().await;
}

#[tokio::test]
async fn what_happened_while_the_bot_was_away_over_the_close_counts_by_its_time() {
    let mut stage = open_round().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    let of_ana = ana.answers("Ana's answer before the bot went away.").await;
    dana.votes_for(&ana).await;
    stage.stop_bot().await;
    stage.advance(60).await;
    ben.says("Ben's answer, written in good time.").await;
    stage.advance_to(CLOSE).await;
    let late = chidi.says("Chidi's answer, written at the closing instant.").await;
    ana.edits(&of_ana, "Ana's answer, edited after the close.").await;
    stage.advance(5).await;
    stage.start_bot().await;

    let result = stage.result();
    assert_eq!(result.field("Votes").unwrap(), "Ana: 1 vote\nBen: 0 votes");
    assert!(!stage.place.post(&late).is_marked());
    assert_eq!(stage.cards().len(), 2, "and the next question is out, five minutes late");
    stage.finish().await;
}

#[tokio::test]
async fn an_edit_after_the_close_changes_nothing() {
    let stage = open_round().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    let of_ana = ana.answers("Ana's answer as people voted for it.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_to(CLOSE).await;
    let before = stage.result().text();
    ana.edits(&of_ana, "Ana's answer, made prettier afterwards.").await;
    stage.advance(60).await;
    assert_eq!(stage.result().text(), before);
    assert!(before.contains("as people voted for it"), "{before}");
    stage.finish().await;
}

#[tokio::test]
async fn a_text_known_only_as_edited_after_the_close_is_taken_and_marked() {
    let mut stage = open_round().await;
    let [ana, ..] = stage.cast().await;
    stage.stop_bot().await;
    let post = ana.says("Written in time, while the bot was away.").await;
    stage.advance_to(CLOSE).await;
    ana.edits(&post, "Written in time, but edited too late.").await;
    stage.start_bot().await;
    let result = stage.result();
    assert!(result.says("Known only as edited after the close: Ana"), "{}", result.text());
    assert_eq!(result.field("Points").unwrap(), "Ana +2");
    stage.finish().await;
}

#[tokio::test]
async fn what_is_written_at_the_closing_instant_is_too_late() {
    let stage = open_round().await;
    let [ana, ben, ..] = stage.cast().await;
    let thread = stage.thread();
    stage.advance_to("2026-11-24T07:59:00Z").await;
    ana.answers("In the last minute, but still in time.").await;
    stage.advance_to(CLOSE).await;
    let late = ben.says_in(thread, "Just as the round has been closed.").await;
    assert!(!stage.place.post(&late).is_marked());
    let said = ben.says_not_my_answer(&late).await;
    assert!(said.says("This round is closed"), "{}", said.text());
    assert_eq!(stage.result().field("Votes").unwrap(), "Ana: 0 votes");
    stage.finish().await;
}

#[tokio::test]
async fn a_thread_of_250_messages_is_read_to_its_beginning() {
    let mut stage = open_round().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.stop_bot().await;
    ana.says("The very first message of a long evening.").await;
    for number in 1..=248 {
        ben.actor.say(stage.thread(), &format!("chatter {number}")).await.unwrap();
    }
    chidi.says("The very last message of a long evening.").await;
    stage.advance(1).await;
    stage.start_bot().await;
    let today = ben.uses("today", Value::Null).await;
    assert!(today.says("2 answers so far"), "{}", today.text());
    stage.advance_to(CLOSE).await;
    assert_eq!(stage.result().field("Votes").unwrap(), "Ana: 0 votes\nChidi: 0 votes");
    stage.finish().await;
}

#[tokio::test]
async fn a_picked_answer_is_cut_and_linked() {
    let stage = open_round().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    let post = ana.answers(&"A long answer indeed. ".repeat(80)).await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_to(CLOSE).await;
    let result = stage.result();
    let link = format!("/{}/{}/{}", stage.sandbox().guild_id(), post.channel(), post.id());
    assert!(result.says(&link), "{}", result.text());
    let shown = result.text().matches("A long answer indeed.").count();
    assert!((40..=46).contains(&shown), "cut at 1,000 characters: {shown} of 80");
    stage.finish().await;
}
