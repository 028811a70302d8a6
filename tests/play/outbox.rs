//! An outbox that cannot be clogged: what hangs, and what is refused, holds up nothing else.

use crate::cast::Member;
use crate::post::{Post, number};
use crate::stage::{Props, Stage, quick};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::engine::limits::Limits;
use studyhall::sandbox::Fault;

const REACTIONS: (&str, &str) = ("PUT", "/reactions/");
const MESSAGES: (&str, &str) = ("POST", "/channels/{channel_id}/messages$");

/// Requests that hang are given up soon.
fn limits() -> Limits {
    let mut limits = quick();
    limits.outbox.request = Duration::from_secs(2);
    limits.outbox.slow_after = Duration::from_millis(300);
    limits
}

async fn set_up(limits: Limits) -> Stage {
    let stage = Stage::with(Props { limits, ..Props::default() }).await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage
}

#[tokio::test]
async fn check_marks_that_hang_hold_up_no_close_and_no_question() {
    let stage = set_up(limits()).await;
    let cast = stage.cast().await;
    stage.advance(1).await;
    stage.sandbox().fail_next(REACTIONS, Fault::Hang, 100_000);
    let mut posts = Vec::new();
    for (number, member) in cast.iter().enumerate() {
        let text = format!("Answer number {number} of those whose check mark hangs.");
        posts.push(Post(member.actor.say(stage.thread(), &text).await.unwrap()));
    }
    let maya = stage.member("Maya").await;
    while !maya.uses("today", Value::Null).await.says("4 answers so far") {}
    let began = Instant::now();
    stage.advance_without_waiting(24 * 60).await;
    stage.until("the result", || stage.references().len() == 1).await;
    stage.until("the next question", || stage.cards().len() == 2).await;
    assert!(began.elapsed() < Duration::from_secs(4), "nothing waited for the check marks");
    assert!(posts.iter().all(|post| !stage.place.post(post).is_marked()));
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("Health: fine"), "{}", status.text());

    stage.sandbox().clear_faults();
    let marked = || posts.iter().all(|post| stage.place.post(post).is_marked());
    stage.until("the check marks", marked).await;
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

/// Sets up a study channel elsewhere, without waiting for the bot to come to rest.
async fn study_in(maya: &Member, channel: u64) {
    let setup = json!([{"name": "setup", "options": [
        {"name": "channel", "value": channel.to_string()}, {"name": "time", "value": "08:00"},
        {"name": "zone", "value": "UTC"}, {"name": "weekdays", "value": "daily"},
    ]}]);
    let said = maya.actor.command(channel, "study", setup).await.unwrap();
    assert!(!said.failed);
}

#[tokio::test]
async fn seventy_servers_whose_posts_hang_do_not_delay_a_healthy_one() {
    let stage = Stage::with(Props { limits: limits(), ..Props::default() }).await;
    let maya = stage.member("Maya").await;
    for number in 0..70 {
        let (guild, channel) = stage.sandbox().add_guild(&format!("Sick {number}"));
        study_in(&maya, channel).await;
        stage.sandbox().fail_next_of(guild, MESSAGES, Fault::Hang, 1_000);
    }
    // The last in the order of the deliveries.
    let (_, healthy) = stage.sandbox().add_guild("Healthy");
    study_in(&maya, healthy).await;
    stage.settle().await;
    let began = Instant::now();
    stage.advance_without_waiting(1).await;
    let card = || stage.place.of_bot(healthy).len() == 1;
    stage.until("the question", card).await;
    let thread = stage.place.of_bot(healthy)[0].id();
    let opened = || number(&stage.sandbox().channel(thread)["id"]) == thread;
    stage.until("its thread", opened).await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    stage.sandbox().clear_faults();
    stage.finish().await;
}

#[tokio::test]
async fn a_member_who_blocks_the_bot_is_no_trouble() {
    let stage = set_up(quick()).await;
    let [ana, ben, ..] = stage.cast().await;
    stage.advance(1).await;
    stage.sandbox().fail_next(REACTIONS, Fault::Refuse { status: 403, code: 90_001 }, 1);
    let post = ana.says("Ana's answer, which the bot may not react to.").await;
    assert!(!stage.place.post(&post).is_marked());
    assert_eq!(ben.ballot().await.choices(), ["Ana"], "it counts all the same");
    assert!(stage.study("status", Value::Null).await.says("Health: fine"));
    ben.answers("Ben's answer, which is marked as usual.").await;
    stage.advance_days(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +2, Ben +2");
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn a_page_of_a_proxys_is_no_missing_right() {
    let stage = set_up(quick()).await;
    stage.sandbox().fail_next(MESSAGES, Fault::Page(403), 1);
    stage.sandbox().fail_next(("POST", "/threads$"), Fault::Page(404), 1);
    stage.advance(1).await;
    stage.until("the card", || stage.cards().len() == 1).await;
    let opened = || stage.sandbox().threads(stage.place.study).len() == 1;
    stage.until("the thread", opened).await;
    stage.settle().await;
    assert!(stage.study("status", Value::Null).await.says("Health: fine"));
    assert_eq!((stage.cards().len(), stage.notices().len()), (1, 0));
    stage.finish().await;
}

#[tokio::test]
async fn a_question_that_is_overdue_is_a_trouble() {
    let mut limits = limits();
    limits.outbox.trouble_after = Duration::from_millis(500);
    let stage = set_up(limits).await;
    let study = stage.place.study;
    stage.sandbox().fail_next_of(study, MESSAGES, Fault::Hang, 10_000);
    stage.advance_without_waiting(1).await;
    stage.until("a notice", || stage.notices().len() == 1).await;
    let notice = stage.notices().remove(0);
    assert!(
        notice.says(&format!("In <#{study}> I could not post the question")),
        "{}",
        notice.text()
    );
    assert!(notice.says("Discord has not answered"), "{}", notice.text());
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("Discord has not answered"), "{}", status.text());
    stage.sandbox().clear_faults();
    stage.until("the question", || stage.cards().len() == 1).await;
    let over = |post: &Post| post.says("All is well again");
    stage.until("word of the end", || stage.notices().iter().any(over)).await;
    assert_eq!(stage.notices().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_refusal_takes_the_place_of_a_missing_answer() {
    let mut limits = limits();
    limits.outbox.trouble_after = Duration::from_millis(500);
    (limits.outbox.first_wait, limits.outbox.longest_wait) =
        (Duration::from_millis(100), Duration::from_millis(400));
    let stage = set_up(limits).await;
    let study = stage.place.study;
    stage.sandbox().fail_next_of(study, MESSAGES, Fault::Status(503), 10_000);
    stage.advance_without_waiting(1).await;
    stage.until("a notice", || stage.notices().len() == 1).await;
    stage.sandbox().clear_faults();
    stage.sandbox().fail_next_of(study, MESSAGES, Fault::Refuse { status: 403, code: 50_013 }, 1);
    stage.until("the second notice", || stage.notices().len() == 2).await;
    let notice = stage.notices().remove(1);
    assert!(notice.says("I lack a permission"), "{}", notice.text());
    // Something changes in the guild, which is why the bot tries again at once.
    stage.sandbox().set_bot_permissions(None, 0, 0);
    stage.until("the question", || stage.cards().len() == 1).await;
    stage.finish().await;
}

#[tokio::test]
async fn somebody_said_to_have_left_once_stays_on_the_board() {
    let stage = set_up(quick()).await;
    let [ana, ..] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer, which earns her two points.").await;
    stage.advance_days(3).await;
    let member = ("GET", "/guilds/{guild_id}/members/{user_id}$");
    stage.sandbox().fail_next(member, Fault::Refuse { status: 404, code: 10_007 }, 1);
    let maya = stage.member("Maya").await;
    maya.uses("leaderboard", json!({"window": "all time"})).await;
    stage.settle().await;
    stage.sandbox().clear_faults();
    let board = maya.uses("leaderboard", json!({"window": "all time"})).await;
    assert!(board.ranks().iter().any(|row| row.contains("Ana")), "{}", board.text());
    stage.finish().await;
}
