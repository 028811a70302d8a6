//! The round happens once, whatever crashes and whatever Discord does.

use crate::stage::{PATIENCE, Stage};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::{Duration, Instant};
use studyhall::sandbox::Fault;

/// A message of the bot; answers to interactions have another route.
const MESSAGES: (&str, &str) = ("POST", "/channels/{channel_id}/messages");
const THREADS: (&str, &str) = ("POST", "/messages/{message_id}/threads");
const HISTORY: (&str, &str) = ("GET", "/channels/{channel_id}/messages");

async fn notices_to_the_admins(stage: &Stage) {
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
}

/// How many messages the bot sent to the study channel, told twice or not.
fn cards_sent(stage: &Stage) -> usize {
    let path = format!("/channels/{}/messages", stage.place.study);
    let exchanges = stage.exchanges();
    exchanges.iter().filter(|one| one.method == "POST" && one.path == path).count()
}

#[derive(Clone, Copy)]
enum Break {
    Stop,
    Kill,
}

async fn happens(stage: &mut Stage, what: Break) {
    match what {
        Break::Stop => stage.stop_bot().await,
        Break::Kill => stage.kill_bot().await,
    }
    stage.start_bot().await;
}

async fn a_round_with_a_break_at_every_stage(what: Break) {
    let mut stage = Stage::open().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    happens(&mut stage, what).await;
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 1, "a break before it is due");

    happens(&mut stage, what).await;
    ana.answers("Ana's answer, given between two breaks.").await;
    // Right behind the message, before anything came of it.
    ben.actor.say(stage.thread(), "Ben's answer, given just before a break.").await.unwrap();
    happens(&mut stage, what).await;
    chidi.answers("Chidi's answer, given after that break.").await;
    chidi.votes_for(&ana).await;
    ben.votes_for(&ana).await;
    happens(&mut stage, what).await;
    assert!(chidi.ballot().await.says("Your vote goes to **Ana**"));
    assert_eq!(dana.ballot().await.choices().len(), 3);

    stage.advance_to("2026-11-24T07:59:00Z").await;
    match what {
        Break::Stop => stage.stop_bot().await,
        Break::Kill => stage.kill_bot().await,
    }
    stage.advance_to("2026-11-24T08:00:00Z").await;
    assert_eq!(stage.results().len(), 0, "nobody was there at the close");
    stage.start_bot().await;
    happens(&mut stage, what).await;
    assert_eq!((stage.results().len(), stage.references().len()), (1, 1));
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +3, Chidi +3");
    assert_eq!(stage.cards().len(), 2);

    happens(&mut stage, what).await;
    stage.advance_days(1).await;
    assert_eq!((stage.results().len(), stage.cards().len()), (2, 3));
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"));
    stage.finish().await;
}

#[tokio::test]
async fn stopped_at_every_stage() {
    a_round_with_a_break_at_every_stage(Break::Stop).await;
}

#[tokio::test]
async fn killed_at_every_stage() {
    a_round_with_a_break_at_every_stage(Break::Kill).await;
}

#[tokio::test]
async fn killed_between_the_card_and_its_answer() {
    let mut stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.sandbox().fail_next(MESSAGES, Fault::Slow(Duration::from_secs(30)), 1);
    stage.advance_without_waiting(1).await;
    stage.until("the card", || stage.cards().len() == 1).await;
    assert_eq!(stage.sandbox().threads(stage.place.study).len(), 0);
    stage.kill_bot().await;
    stage.start_bot().await;
    stage.until("the thread", || stage.sandbox().threads(stage.place.study).len() == 1).await;
    assert_eq!((stage.cards().len(), cards_sent(&stage)), (1, 1), "it looked before it spoke");
    stage.finish().await;
}

#[tokio::test]
async fn killed_between_the_thread_and_its_answer() {
    let mut stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.sandbox().fail_next(THREADS, Fault::Slow(Duration::from_secs(30)), 1);
    stage.advance_without_waiting(1).await;
    stage.until("the thread", || stage.sandbox().threads(stage.place.study).len() == 1).await;
    // The bot does not know yet that this is a round's thread.
    let post = ana.actor.say(stage.thread(), "The quickest of all the answers.").await.unwrap();
    stage.kill_bot().await;
    stage.start_bot().await;
    let post = crate::post::Post(post);
    stage.until("the check mark", || stage.place.post(&post).is_marked()).await;
    assert_eq!(stage.sandbox().threads(stage.place.study).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn one_card_whatever_the_answer_to_it() {
    let faults = [
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(504),
        Fault::StatusAfter(500),
        Fault::StatusAfter(502),
        Fault::StatusAfter(504),
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Slow(Duration::from_secs(2)),
        Fault::RateLimit { retry_after_s: 0.2, global: false },
        Fault::RateLimit { retry_after_s: 0.2, global: true },
    ];
    // Each on a stage of its own; together, because they mostly wait.
    join_all(faults.map(async |fault| {
        let stage = Stage::open().await;
        stage.set_up("08:00", "UTC").await;
        stage.sandbox().fail_next(MESSAGES, fault, 1);
        stage.advance(1).await;
        let opened = || stage.sandbox().threads(stage.place.study).len() == 1;
        stage.until(&format!("the thread after {fault:?}"), opened).await;
        stage.settle().await;
        assert_eq!(stage.cards().len(), 1, "{fault:?}");
        stage.finish().await;
    }))
    .await;
}

#[tokio::test]
async fn every_step_of_a_round_survives_a_lost_answer() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "pin": true});
    stage.set_up_with(options).await;
    for route in [
        MESSAGES,
        THREADS,
        ("PUT", "/pins/"),
        ("PUT", "/reactions/"),
        HISTORY,
        ("PATCH", "/channels/{channel_id}/messages/{message_id}"),
    ] {
        stage.sandbox().fail_next(route, Fault::DropAfter, 1);
    }
    stage.advance(1).await;
    stage.until("the pinned card", || stage.cards().len() == 1 && stage.card().is_pinned()).await;
    let opened = || stage.sandbox().threads(stage.place.study).len() == 1;
    stage.until("the thread", opened).await;
    stage.settle().await;
    ana.answers("An answer that is marked at the second try.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;

    let first = stage.card();
    // The result and the reference answer.
    stage.sandbox().fail_next(MESSAGES, Fault::DropAfter, 2);
    stage.advance_days(1).await;
    stage.until("the reference answer", || stage.references().len() == 1).await;
    let edited = || stage.place.post(&first).says("members' pick: **Ana**");
    stage.until("the outcome on the card", edited).await;
    stage.until("the next card", || stage.cards().len() == 2 && stage.card().is_pinned()).await;
    stage.settle().await;
    assert_eq!((stage.results().len(), stage.references().len()), (1, 1));
    stage.finish().await;
}

#[tokio::test]
async fn a_card_that_discord_does_not_take_in_time_is_withdrawn() {
    let stage = Stage::open().await;
    notices_to_the_admins(&stage).await;
    stage.sandbox().fail_next(MESSAGES, Fault::Status(503), 10_000);
    stage.advance(1).await;
    stage.advance_to("2026-11-23T10:00:00Z").await;
    assert_eq!(stage.cards().len(), 0);
    stage.advance(1).await;
    assert!(stage.sandbox().clear_faults() > 0);
    stage.until("a notice", || stage.notices().len() == 1).await;
    let notice = stage.notices().remove(0);
    assert!(notice.says("did not take the question for the round of Mon 2026-11-23"));
    assert_eq!(stage.cards().len(), 0);
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("New questions left: 24."), "{}", status.text());
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_card_that_was_taken_after_all_is_found_however_late() {
    let stage = Stage::open().await;
    notices_to_the_admins(&stage).await;
    stage.sandbox().fail_next(MESSAGES, Fault::StatusAfter(500), 1);
    // A failed look defers the sending.
    stage.sandbox().fail_next(HISTORY, Fault::Status(500), 10_000);
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 1);
    stage.advance_to("2026-11-23T11:00:00Z").await;
    assert_eq!(stage.sandbox().threads(stage.place.study).len(), 0);
    assert!(stage.sandbox().clear_faults() > 0);
    let opened = || stage.sandbox().threads(stage.place.study).len() == 1;
    stage.until("the thread of the card that was found", opened).await;
    stage.settle().await;
    assert_eq!((stage.cards().len(), cards_sent(&stage)), (1, 1));
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn an_outage_over_the_close_only_delays_the_result() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    notices_to_the_admins(&stage).await;
    stage.advance(1).await;
    ana.answers("Ana's answer, given before the outage.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.sandbox().set_outage(true);
    ben.actor.say(stage.thread(), "Ben's answer, given during the outage.").await.unwrap();
    stage.advance_to("2026-11-24T09:00:00Z").await;
    assert_eq!(stage.results().len(), 0);

    stage.sandbox().set_outage(false);
    stage.until("the result", || stage.results().len() == 1).await;
    stage.until("the next card", || stage.cards().len() == 2).await;
    let connected = || stage.sandbox().bot_connections() == 1;
    stage.until("the bot's new session", connected).await;
    stage.settle().await;
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +3, Chidi +1");
    let board = ana.uses("leaderboard", Value::Null).await;
    assert_eq!(board.ranks().len(), 3);
    stage.finish().await;
}

#[tokio::test]
async fn a_killed_admin_command_is_done_once_or_not_at_all() {
    let mut stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    stage.set_up("08:00", "UTC").await;
    // The answer to the command is what breaks; the extra round was saved before it.
    stage.expect_error("doing=\"reply\"");
    stage.sandbox().fail_next(("POST", "/callback"), Fault::DropBefore, 10);
    let options = json!([{"name": "post", "options": []}]);
    let acting = maya.actor.clone();
    let study = stage.place.study;
    let pressed = tokio::spawn(async move { acting.command(study, "study", options).await });
    stage.until("the extra card", || stage.cards().len() == 1).await;
    stage.kill_bot().await;
    assert!(stage.sandbox().clear_faults() > 0);
    stage.start_bot().await;
    assert_eq!(stage.cards().len(), 1);
    assert!(pressed.await.unwrap().unwrap().failed, "nobody told Maya");
    stage.finish().await;
}

#[tokio::test]
async fn killed_between_the_result_and_its_answer() {
    let mut stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, the members' pick of the day.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_to("2026-11-24T07:59:00Z").await;
    // The first message at the close is the result or the next card; both must come once.
    stage.sandbox().fail_next(MESSAGES, Fault::Slow(Duration::from_secs(30)), 1);
    stage.advance_without_waiting(1).await;
    let said = || stage.results().len() + stage.cards().len() == 2;
    stage.until("the first message at the close", said).await;
    stage.kill_bot().await;
    stage.start_bot().await;
    stage.until("the reference answer", || stage.references().len() == 1).await;
    stage.settle().await;
    assert_eq!((stage.results().len(), stage.cards().len()), (1, 2));
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +1, Chidi +1");
    stage.finish().await;
}

#[tokio::test]
async fn a_card_sent_before_a_long_absence_is_found_again() {
    let mut stage = Stage::open().await;
    notices_to_the_admins(&stage).await;
    stage.sandbox().fail_next(MESSAGES, Fault::Slow(Duration::from_secs(30)), 1);
    stage.advance_without_waiting(1).await;
    stage.until("the card", || stage.cards().len() == 1).await;
    stage.kill_bot().await;
    stage.advance(3 * 60).await;
    stage.start_bot().await;
    let opened = || stage.sandbox().threads(stage.place.study).len() == 1;
    stage.until("the thread", opened).await;
    stage.settle().await;
    assert_eq!((cards_sent(&stage), stage.notices().len()), (1, 0));
    stage.finish().await;
}

#[tokio::test]
async fn a_card_not_sent_before_a_long_absence_is_withdrawn() {
    let mut stage = Stage::open().await;
    notices_to_the_admins(&stage).await;
    stage.sandbox().fail_next(MESSAGES, Fault::DropBefore, 1);
    stage.advance_without_waiting(1).await;
    let tried = || cards_sent(&stage) == 1;
    stage.until("the attempt", tried).await;
    stage.kill_bot().await;
    stage.advance(3 * 60).await;
    stage.start_bot().await;
    stage.until("a notice", || stage.notices().len() == 1).await;
    assert!(stage.notices()[0].says("did not take the question for the round of Mon 2026-11-23"));
    assert_eq!((stage.cards().len(), cards_sent(&stage)), (0, 1));
    stage.finish().await;
}

#[tokio::test]
async fn votes_stay_when_the_message_they_were_cast_for_goes_before_the_next_one_is_heard_of() {
    let mut stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let first = ana.answers("Ana's answer, of which there is more to come.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;

    stage.kill_bot().await;
    stage.advance(1).await;
    let second = "The rest of Ana's answer, while nobody listens.";
    ana.actor.say(stage.thread(), second).await.unwrap();
    stage.advance(1).await;
    stage.sandbox().fail_next(HISTORY, Fault::Status(500), 1_000);
    stage.raise_bot().await;
    ana.actor.delete(stage.thread(), first.id()).await.unwrap();
    let file = SqliteConnectOptions::new().filename(stage.database()).read_only(true);
    let mut db = file.connect().await.unwrap();
    let gone = "SELECT COUNT(*) FROM ballots WHERE voided_at IS NOT NULL";
    let began = Instant::now();
    while sqlx::query_scalar::<_, i64>(gone).fetch_one(&mut db).await.unwrap() < 2 {
        assert!(began.elapsed() < PATIENCE, "the bot hears of the deletion");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    db.close().await.unwrap();
    stage.sandbox().clear_faults();

    stage.advance_to("2026-11-24T08:00:00Z").await;
    stage.until("the result", || stage.results().len() == 1).await;
    let result = stage.result();
    assert_eq!(result.field("Votes").unwrap(), "Ana: 2 votes 🏆");
    stage.finish().await;
}
