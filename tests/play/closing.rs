//! Closes that always end and forget nothing, whatever the history of a thread looks like and
//! whatever Discord says of it.

use crate::post::Post;
use crate::stage::{Props, Stage, quick};
use serde_json::{Value, json};
use std::time::Duration;
use studyhall::domain::refusal::Refusal;
use studyhall::engine::limits::Limits;
use studyhall::sandbox::{Fault, Unreadable};

const HISTORY: (&str, &str) = ("GET", "/channels/{channel_id}/messages$");
const MESSAGES: (&str, &str) = ("POST", "/channels/{channel_id}/messages$");
const MISSING: Fault = Fault::Refuse { status: 404, code: 10_003 };

async fn set_up(stage: &Stage) {
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
}

/// A round that has just been opened, with the notices in `#admin-notes`.
async fn open_round() -> Stage {
    open_round_with(quick()).await
}

async fn open_round_with(limits: Limits) -> Stage {
    let stage = Stage::with(Props { limits, ..Props::default() }).await;
    set_up(&stage).await;
    stage.advance(1).await;
    stage
}

/// Back-offs and patience of tenths of a second.
fn impatient() -> Limits {
    let mut limits = quick();
    let moment = Duration::from_millis(100);
    (limits.outbox.first_wait, limits.outbox.longest_wait) = (moment, moment * 4);
    (limits.outbox.first_wait_in_trouble, limits.outbox.longest_wait_in_trouble) =
        (moment, moment * 4);
    limits
}

/// Three answers, and two votes for the first.
async fn answered_and_voted(stage: &Stage) {
    let [ana, ben, chidi, _] = stage.cast().await;
    ana.answers("Ana's answer, which gets both of the votes.").await;
    ben.answers("Ben's answer, which gets none of the votes.").await;
    chidi.answers("Chidi's answer, the newest of the three.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
}

const POINTS: &str = "Ana +7, Ben +3, Chidi +3";

#[tokio::test]
async fn a_history_that_lags_once_costs_nobody_an_answer() {
    for newest in [1, 2, usize::MAX] {
        let stage = open_round().await;
        answered_and_voted(&stage).await;
        stage.sandbox().fail_next_of(stage.thread(), HISTORY, Fault::Lag { newest }, 1);
        stage.advance_days(1).await;
        assert_eq!(stage.result().field("Points").unwrap(), POINTS, "{newest}");
        assert_eq!(stage.notices().len(), 0);
        stage.finish().await;
    }
}

#[tokio::test]
async fn a_history_that_goes_on_lagging_costs_nobody_an_answer() {
    let stage = open_round().await;
    answered_and_voted(&stage).await;
    let empty = Fault::Lag { newest: usize::MAX };
    stage.sandbox().fail_next_of(stage.thread(), HISTORY, empty, 2);
    stage.advance_days(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), POINTS, "each was asked for by itself");
    stage.finish().await;
}

#[tokio::test]
async fn a_message_said_to_be_gone_once_is_not() {
    let stage = open_round().await;
    answered_and_voted(&stage).await;
    let thread = stage.thread();
    stage.sandbox().fail_next_of(thread, HISTORY, Fault::Lag { newest: 1 }, 1);
    let one = ("GET", "/messages/{message_id}$");
    stage.sandbox().fail_next_of(thread, one, Fault::Refuse { status: 404, code: 10_008 }, 1);
    stage.advance_days(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), POINTS);
    stage.finish().await;
}

#[tokio::test]
async fn a_history_that_lags_after_a_reconnect_voids_no_vote() {
    let mut stage = open_round().await;
    answered_and_voted(&stage).await;
    let [_, ben, chidi, dana] = stage.cast().await;
    stage.advance(1).await;
    let empty = Fault::Lag { newest: usize::MAX };
    stage.sandbox().fail_next_of(stage.thread(), HISTORY, empty, 1);
    stage.restart_bot().await;
    assert_eq!(dana.ballot().await.choices().len(), 3);
    assert!(ben.ballot().await.says("Your vote goes to **Ana**"));
    assert!(chidi.ballot().await.says("Your vote goes to **Ana**"));
    stage.finish().await;
}

#[tokio::test]
async fn an_answer_deleted_while_the_bot_was_away_is_gone_at_the_close() {
    let mut stage = open_round().await;
    answered_and_voted(&stage).await;
    let [_, ben, ..] = stage.cast().await;
    let of_ben = stage.place.posts(stage.thread()).into_iter();
    let of_ben = of_ben.filter(|post| post.says("Ben's answer")).collect::<Vec<_>>().remove(0);
    stage.stop_bot().await;
    ben.deletes(&of_ben).await;
    stage.advance_to("2026-11-24T07:59:59Z").await;
    stage.start_bot().await;
    stage.advance(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Chidi +3, Ben +1");
    stage.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_delays_nothing() {
    let mut stage = open_round().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    let of_ana = ana.answers("Ana's answer, which Discord garbles later on.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.stop_bot().await;
    // What the bot has never seen.
    let shapes = [(&ben, Unreadable::Component), (&chidi, Unreadable::Decoration)];
    for (member, shape) in shapes {
        let post = member.says("An answer in the message of an odd shape.").await;
        stage.sandbox().spoil_message(post.id(), shape);
    }
    let post = dana.says("An answer under an emoji of an odd shape.").await;
    stage.sandbox().spoil_message(post.id(), Unreadable::Emoji);
    let post = dana.says("Something more that nobody can read at all.").await;
    stage.sandbox().spoil_message(post.id(), Unreadable::Author);
    stage.sandbox().spoil_message(of_ana.id(), Unreadable::Author);
    stage.start_bot().await;
    stage.advance_days(1).await;
    let result = stage.result();
    assert_eq!(result.field("Points").unwrap(), "Ana +7, Ben +3, Chidi +3, Dana +2");
    assert!(result.says("which Discord garbles"), "as it was stored: {}", result.text());
    assert_eq!((stage.cards().len(), stage.notices().len()), (2, 0));
    stage.finish().await;
}

/// A thread of so many messages that the bot has never seen but for the first, with an answer in its
/// middle and one at its end.
///
/// Gives the thread and its last message.
async fn a_long_thread(stage: &mut Stage, messages: usize) -> (u64, u64) {
    let [ana, ben, chidi, _] = stage.cast().await;
    ana.answers("Ana's answer, at the beginning of a long evening.").await;
    stage.stop_bot().await;
    let thread = stage.thread();
    let chatter = |number: usize| format!("ok {number}");
    stage.sandbox().fill_history(thread, ben.id(), (0..messages / 2).map(chatter));
    stage.sandbox().fill_history(thread, ben.id(), ["Ben's answer, in the middle of it.".into()]);
    stage.sandbox().fill_history(thread, chidi.id(), (0..messages / 2).map(chatter));
    let end = ["Chidi's answer, at its very end.".into()];
    let end = stage.sandbox().fill_history(thread, chidi.id(), end);
    stage.advance_to("2026-11-24T08:00:00Z").await;
    (thread, end[0])
}

async fn everybody_counts(stage: &Stage, (thread, end): (u64, u64)) {
    let bound = Duration::from_secs(90);
    let began = std::time::Instant::now();
    // Result and reference answer. The whole thread is too long to be looked at again and again.
    while stage.sandbox().messages_after(thread, end).len() < 2 {
        assert!(began.elapsed() < bound, "the round closes");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +2, Ben +2, Chidi +2");
}

#[tokio::test]
async fn a_thread_of_25000_messages_is_read_to_its_beginning() {
    let mut stage = open_round().await;
    let thread = a_long_thread(&mut stage, 25_000).await;
    let limited = Fault::RateLimit { retry_after_s: 0.05, global: false };
    stage.sandbox().fail_every(3, HISTORY, limited, 120);
    stage.raise_bot().await;
    everybody_counts(&stage, thread).await;
    assert_eq!(stage.sandbox().clear_faults(), 0, "every third page met a limit");
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn pages_are_kept_across_refusals() {
    let mut stage = open_round_with(impatient()).await;
    let thread = a_long_thread(&mut stage, 1_500).await;
    stage.sandbox().fail_every(2, HISTORY, Fault::Status(502), 8);
    stage.sandbox().fail_every(3, HISTORY, Fault::DropAfter, 4);
    stage.raise_bot().await;
    everybody_counts(&stage, thread).await;
    stage.settle().await;
    let path = format!("/channels/{}/messages", stage.thread());
    let pages =
        stage.exchanges().iter().filter(|one| one.method == "GET" && one.path == path).count();
    assert!(pages <= 16 + 12 + 2, "no page was read twice: {pages}");
    assert_eq!(stage.sandbox().clear_faults(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn a_404_is_the_last_word_on_nothing() {
    let stage = Stage::with(Props { limits: impatient(), ..Props::default() }).await;
    let notes = stage.channel("admin-notes");
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "pin": true,
        "notices": notes.to_string()});
    stage.set_up_with(options).await;
    let [ana, ben, chidi, _] = stage.cast().await;
    let gone = Fault::Refuse { status: 404, code: 10_008 };
    let study = stage.place.study;
    stage.sandbox().fail_next_of(study, MESSAGES, MISSING, 1);
    stage.sandbox().fail_next(("POST", "/threads$"), gone, 1);
    stage.sandbox().fail_next(("PUT", "/pins/{message_id}$"), gone, 1);
    stage.sandbox().fail_next(("PUT", "/reactions/"), gone, 1);
    stage.advance(1).await;
    stage.until("the card", || stage.cards().len() == 1).await;
    let threads = || stage.sandbox().threads(study).len();
    stage.until("the thread", || threads() == 1).await;
    stage.until("the pin", || stage.card().is_pinned()).await;
    ana.answers("Ana's answer, which is marked at the second try.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;

    let (card, thread) = (stage.card(), stage.thread());
    stage.sandbox().fail_next_of(thread, HISTORY, MISSING, 1);
    // The result and the reference answer.
    stage.sandbox().fail_every(2, ("POST", "/channels/{channel_id}/messages$"), MISSING, 2);
    stage.sandbox().fail_next(("PATCH", "/messages/{message_id}$"), gone, 1);
    stage.sandbox().fail_next(("DELETE", "/pins/{message_id}$"), gone, 1);
    stage.advance_days(1).await;
    stage.until("the reference answer", || stage.references().len() == 1).await;
    let edited = || stage.place.post(&card).says("members' pick: **Ana**");
    stage.until("the outcome on the card", edited).await;
    stage.until("the end of the old pin", || !stage.place.post(&card).is_pinned()).await;
    stage.until("the next card", || stage.cards().len() == 2).await;
    stage.deliver().await;
    assert_eq!((stage.results().len(), stage.notices().len()), (1, 0));
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +1, Chidi +1");
    stage.finish().await;
}

#[tokio::test]
async fn a_404_to_a_notice_and_to_a_direct_message_is_looked_into() {
    let stage = Stage::with(Props { limits: impatient(), ..Props::default() }).await;
    set_up(&stage).await;
    let (notes, ana) = (stage.channel("admin-notes"), stage.member("Ana").await);
    stage.sandbox().fail_next_of(notes, MESSAGES, MISSING, 1);
    let options = json!({"id": "small/loops/question-03", "reason": "It is wrong."});
    ana.uses("question report", options).await;
    stage.until("the notice", || stage.notices().len() == 1).await;
    let maya = stage.sandbox().members().into_iter().find(|one| one.admin).unwrap();
    assert_eq!(stage.sandbox().direct_messages(maya.id).len(), 0, "where it was wanted");

    stage.study("setup", json!({"channel": stage.place.study.to_string(), "hours": 2})).await;
    ana.uses("review", json!({"rounds": "on", "remind": "on"})).await;
    let direct = ("POST", "/users/@me/channels");
    stage.sandbox().fail_next(direct, Fault::Refuse { status: 404, code: 10_013 }, 1);
    stage.advance_to("2026-11-23T18:01:00Z").await;
    let reminded = || stage.sandbox().direct_messages(ana.id()).len() == 1;
    stage.until("the reminder", reminded).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_result_whose_thread_stays_unknown_goes_into_the_channel() {
    let mut limits = impatient();
    limits.outbox.doubt = Duration::from_secs(1);
    let stage = open_round_with(limits).await;
    answered_and_voted(&stage).await;
    let (card, thread) = (stage.card(), stage.thread());
    stage.sandbox().fail_next_of(thread, MESSAGES, MISSING, 10_000);
    stage.advance_days(1).await;
    let said = || stage.place.of_bot(stage.place.study);
    let result = || said().into_iter().find(|post| post.title().starts_with("Result: "));
    stage.until("the result in the channel", || result().is_some()).await;
    let result = result().unwrap();
    assert!(result.says("I could not post in the thread of this round"), "{}", result.text());
    assert_eq!(result.field("Points").unwrap(), POINTS);
    let reference = || said().iter().any(|post| post.title() == "Reference answer");
    stage.until("the reference answer", reference).await;
    let moved = |post: &Post| post.says("so I posted the result of its round");
    stage.until("a notice", || stage.notices().iter().any(moved)).await;
    let here = format!("are in <#{}>", stage.place.study);
    stage.until("its place on the card", || stage.place.post(&card).says(&here)).await;
    stage.sandbox().clear_faults();
    stage.finish().await;
}

#[tokio::test]
async fn a_thread_that_stays_unknown_is_closed_with_what_was_seen() {
    let mut limits = impatient();
    limits.outbox.doubt = Duration::from_secs(1);
    let stage = open_round_with(limits).await;
    answered_and_voted(&stage).await;
    stage.sandbox().fail_next_of(stage.thread(), HISTORY, MISSING, 10_000);
    stage.advance_days(1).await;
    let said = || stage.place.of_bot(stage.place.study);
    let result = || said().into_iter().find(|post| post.title().starts_with("Result: "));
    stage.until("the result in the channel", || result().is_some()).await;
    let result = result().unwrap();
    assert!(result.says("I could not read the thread at the close"), "{}", result.text());
    assert_eq!(result.field("Points").unwrap(), POINTS);
    let given_up = |post: &Post| post.says("I could not read the answers, and gave it up");
    stage.until("a notice", || stage.notices().iter().any(given_up)).await;
    let status = stage.study("status", Value::Null).await;
    assert!(status.field("Given up").unwrap().contains("read the answers"), "{}", status.text());
    stage.sandbox().clear_faults();
    stage.finish().await;
}

#[tokio::test]
async fn a_thread_that_stays_unknown_is_opened_in_the_end_or_its_loss_is_said() {
    let mut limits = impatient();
    limits.outbox.doubt = Duration::from_secs(1);
    let stage = Stage::with(Props { limits, ..Props::default() }).await;
    set_up(&stage).await;
    let gone = Fault::Refuse { status: 404, code: 10_008 };
    stage.sandbox().fail_next(("POST", "/threads$"), gone, 10_000);
    stage.advance(1).await;
    let given_up = |post: &Post| post.says("I could not open the thread, and gave it up");
    stage.until("a notice", || stage.notices().iter().any(given_up)).await;
    stage.sandbox().clear_faults();
    stage.advance_days(1).await;
    stage.until("the next thread", || stage.sandbox().threads(stage.place.study).len() == 1).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_refusal_is_waited_out_for_a_day() {
    let stage = open_round_with(impatient()).await;
    answered_and_voted(&stage).await;
    let [ana, ben, _, dana] = stage.cast().await;
    let (first, thread) = (stage.card(), stage.thread());
    let hidden = Fault::Refuse { status: 403, code: 50_001 };
    stage.sandbox().fail_next_of(thread, HISTORY, hidden, 100_000);
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.results().len()), (2, 0), "the next round is out");
    stage.until("a notice", || stage.notices().len() == 1).await;
    let notice = stage.notices().remove(0);
    assert!(notice.says("I could not read the answers: I lack a permission"), "{}", notice.text());
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("I lack a permission"), "{}", status.text());
    let first = stage.place.post(&first);
    let late = dana.presses(&first, "Vote").await;
    assert!(late.refuses(&Refusal::RoundClosed), "{}", late.text());
    dana.actor.say(thread, "Dana's answer, after the closing instant.").await.unwrap();
    stage.advance_to("2026-11-25T07:59:00Z").await;
    assert_eq!(stage.results().len(), 0, "waited out");

    stage.advance(1).await;
    let of_first = || stage.results().into_iter().find(|post| post.channel() == thread);
    stage.until("the result", || of_first().is_some()).await;
    let result = of_first().unwrap();
    assert!(result.says("I could not read the thread at the close"), "{}", result.text());
    assert_eq!(result.field("Points").unwrap(), POINTS);
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"));
    assert!(ben.uses("points", Value::Null).await.says("**3 points**"));
    stage.until("the third card", || stage.cards().len() == 3).await;
    stage.until("the second result", || stage.results().len() == 2).await;
    let over = |post: &Post| post.says("All is well again");
    stage.until("word of the end", || stage.notices().iter().any(over)).await;
    assert_eq!(stage.notices().len(), 2);
    stage.sandbox().clear_faults();
    stage.finish().await;
}

#[tokio::test]
async fn a_close_that_waits_is_a_trouble_like_any_other() {
    let mut limits = impatient();
    limits.close.trouble_after = Duration::from_millis(600);
    let stage = open_round_with(limits).await;
    answered_and_voted(&stage).await;
    let study = stage.place.study;
    stage.sandbox().fail_next_of(stage.thread(), HISTORY, Fault::Status(503), 100_000);
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 2, "the next round is out");
    stage.until("a notice", || stage.notices().len() == 1).await;
    let notice = stage.notices().remove(0);
    assert!(
        notice.says(&format!("In <#{study}> I could not read the answers")),
        "{}",
        notice.text()
    );
    assert!(notice.says("Discord has not answered"), "{}", notice.text());
    for command in ["status", "doctor"] {
        let said = stage.study(command, Value::Null).await;
        let told = said.says("has not answered") || said.says("does not answer");
        assert!(told, "/study {command}: {}", said.text());
    }
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.results().len()), (3, 1), "only the sick one waits");

    stage.sandbox().clear_faults();
    stage.until("the result", || stage.results().len() == 2).await;
    let first = stage.results().into_iter().find(|post| post.says("Ana")).unwrap();
    assert_eq!(first.field("Points").unwrap(), POINTS);
    let over = |post: &Post| post.says("All is well again");
    stage.until("word of the end", || stage.notices().iter().any(over)).await;
    assert!(stage.study("status", Value::Null).await.says("Health: fine"));
    assert_eq!(stage.notices().len(), 2, "one for each");
    stage.finish().await;
}

#[tokio::test]
async fn a_result_that_is_rejected_comes_without_what_members_wrote() {
    let stage = open_round().await;
    answered_and_voted(&stage).await;
    let blocked = Fault::Refuse { status: 400, code: 240_000 };
    stage.sandbox().fail_next_of(stage.thread(), MESSAGES, blocked, 1);
    let card = stage.card();
    stage.advance_days(1).await;
    let result = stage.result();
    assert!(!result.says("gets both of the votes"), "{}", result.text());
    let ana = stage.member("Ana").await.id();
    assert!(result.says(&format!("Members' pick: <@{ana}> 🏆")), "{}", result.text());
    assert!(result.field("Points").unwrap().contains(&format!("<@{ana}> +7")));
    assert_eq!((stage.results().len(), stage.references().len()), (1, 1));
    assert!(stage.place.post(&card).says("The result and the reference answer are in"));
    stage.study("void", Value::Null).await;
    stage.until("the void on it", || stage.result().says("voided")).await;
    assert!(!stage.result().says("gets both of the votes"), "still without");
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn a_result_that_is_rejected_for_good_holds_back_nothing_and_is_said_to_be_missing() {
    let stage = open_round().await;
    answered_and_voted(&stage).await;
    let blocked = Fault::Refuse { status: 400, code: 200_000 };
    stage.sandbox().fail_next_of(stage.thread(), MESSAGES, blocked, 2);
    let card = stage.card();
    stage.advance_days(1).await;
    assert_eq!((stage.results().len(), stage.references().len()), (0, 1));
    let said = || stage.place.post(&card).says("I could not post its result");
    stage.until("the truth on the card", said).await;
    stage.until("a notice", || stage.notices().len() == 1).await;
    let notice = stage.notices().remove(0);
    assert!(notice.says("could not announce the result, and gave it up"), "{}", notice.text());
    stage.finish().await;
}
