//! What couldn't be taken in heals by itself: no reconnect, no restart, no close.

use crate::post::Post;
use crate::stage::{Props, Stage};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::time::Duration;
use studyhall::engine::limits::{Limits, Writer};

const HISTORY: (&str, &str) = ("GET", "/channels/{channel_id}/messages");

/// A bot that doesn't wait long.
async fn impatient() -> Stage {
    let writer = Writer {
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(200),
        ..Writer::default()
    };
    let limits = Limits { writer, ..Limits::default() };
    let mut stage = Stage::with(Props { limits, ..Props::default() }).await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage.expect_error("the database can't be written");
    stage
}

/// Another program takes the database, as a backup tool might.
async fn lock(stage: &Stage) -> SqliteConnection {
    let file = SqliteConnectOptions::new().filename(stage.database());
    let mut other = file.busy_timeout(Duration::from_secs(20)).connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    other
}

async fn release(mut other: SqliteConnection) {
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
}

fn cannot_write(stage: &Stage) -> bool {
    stage.engine().vitals().snapshot().unwritable.is_some()
}

#[tokio::test]
async fn what_is_written_while_the_database_is_locked_is_read_afterwards() {
    let stage = impatient().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.advance(1).await;
    let edited = ben.answers("Ben's answer, before it is edited.").await;
    let deleted = chidi.answers("Chidi's answer, which will be deleted.").await;
    stage.advance(1).await;
    let ballot = dana.ballot().await;

    let other = lock(&stage).await;
    let thread = stage.thread();
    let written = ana.actor.say(thread, "Ana's answer, written meanwhile.").await.unwrap();
    let written = Post(written);
    ben.actor.edit(thread, edited.id(), "Ben's answer, edited meanwhile.").await.unwrap();
    chidi.actor.delete(thread, deleted.id()).await.unwrap();
    stage.until("the failure", || cannot_write(&stage)).await;
    let menu = ballot.menu().unwrap()["custom_id"].as_str().unwrap().to_owned();
    dana.actor.choose(&ballot.0, &menu, &[&ben.id().to_string()]).await.unwrap();
    let said = || stage.sandbox().private_messages(dana.id()).into_iter().map(Post);
    let refused = || said().any(|post| post.says("I can't save anything right now"));
    stage.until("a refusal, because the vote can't be saved", refused).await;
    release(other).await;

    stage.until("the check mark", || stage.place.post(&written).is_marked()).await;
    stage.settle().await;
    assert!(!cannot_write(&stage));
    let ballot = dana.ballot().await;
    let mut choices = ballot.choices();
    choices.sort();
    assert_eq!(choices, ["Ana", "Ben"], "the vote wasn't counted, and Chidi's answer is gone");
    assert!(!ballot.says("Your vote goes to"), "{}", ballot.text());
    assert!(ballot.says("Ben's answer, edited meanwhile."), "{}", ballot.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_round_that_falls_due_while_the_database_is_locked_comes_afterwards() {
    let stage = impatient().await;
    let ana = stage.member("Ana").await;
    let other = lock(&stage).await;
    stage.advance_without_waiting(1).await;
    stage.until("the failure", || cannot_write(&stage)).await;
    assert_eq!(stage.cards().len(), 0);
    release(other).await;
    stage.until("the card", || stage.cards().len() == 1).await;
    stage.settle().await;
    assert!(!cannot_write(&stage));
    ana.answers("An answer to the question that waited.").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_database_that_was_locked_recovers_though_nothing_happens() {
    let stage = impatient().await;
    let ana = stage.member("Ana").await;
    stage.advance(1).await;
    let other = lock(&stage).await;
    ana.actor.say(stage.place.study, "Not in a thread.").await.unwrap();
    // What nobody waits for and nothing repeats: a member's deletion.
    let post = ana.actor.say(stage.place.study, "Not in a thread either.").await.unwrap();
    let post = Post(post);
    ana.actor.delete(stage.place.study, post.id()).await.unwrap();
    stage.until("the failure", || cannot_write(&stage)).await;
    release(other).await;
    stage.until("the recovery", || !cannot_write(&stage)).await;
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_thread_marked_again_and_again_is_read_once_more_at_most() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let thread = stage.thread();
    let pages = || {
        let path = format!("/channels/{thread}/messages");
        stage
            .exchanges()
            .iter()
            .filter(|one| one.method == "GET" && one.path.contains(&path))
            .count()
    };
    let before = pages();
    let slow = studyhall::sandbox::Fault::Slow(Duration::from_millis(500));
    stage.sandbox().fail_next(HISTORY, slow, 1);
    stage.engine().events_missed();
    stage.until("a reading", || stage.sandbox().requests_in_flight() > 0).await;
    for _ in 0..50 {
        stage.engine().thread_stale(studyhall::domain::ids::ChannelId(thread));
        stage.engine().events_missed();
        tokio::task::yield_now().await;
    }
    stage.settle().await;
    assert_eq!(pages() - before, 2, "the one under way, and one that sees what came meanwhile");
    stage.finish().await;
}
