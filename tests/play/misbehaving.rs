//! What Discord does besides answering late or not at all, and what comes of it.

use crate::cast::Member;
use crate::post::{Post, number};
use crate::stage::{MONDAY, Stage};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use studyhall::bank::Bank;
use studyhall::cli::bot::{Parts, start};
use studyhall::cli::clock::Simulated;
use studyhall::config::{PointsConfig, RoundsConfig};
use studyhall::discord::Link;
use studyhall::engine::limits::Limits;
use studyhall::sandbox::{Fault, Options, SimClock};

const SEND_MESSAGES: u64 = 1 << 11;
const MANAGE_THREADS: u64 = 1 << 34;
const MESSAGES: (&str, &str) = ("POST", "/channels/{channel_id}/messages");
const HISTORY: (&str, &str) = ("GET", "/channels/{channel_id}/messages");
const DIRECT_CHANNELS: (&str, &str) = ("POST", "/users/@me/channels");

async fn set_up() -> Stage {
    let stage = Stage::open().await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage
}

#[tokio::test]
async fn events_told_twice_and_in_the_wrong_order_count_once() {
    let stage = set_up().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.advance(1).await;
    let thread = stage.thread();
    stage.sandbox().hold_events();
    let first = Post(ana.actor.say(thread, "Ana's answer, as it was at first.").await.unwrap());
    ana.actor.edit(thread, first.id(), "Ana's answer, as it is in the end.").await.unwrap();
    let gone = Post(ben.actor.say(thread, "Ben's answer, which is deleted.").await.unwrap());
    ben.actor.delete(thread, gone.id()).await.unwrap();
    chidi.actor.say(thread, "Chidi's answer, the last of the three.").await.unwrap();
    stage.sandbox().release_events();
    stage.until("the check mark", || stage.place.post(&first).is_marked()).await;
    stage.settle().await;
    chidi.votes_for(&ana).await;
    assert!(chidi.ballot().await.says("as it is in the end"), "the newest text stands");
    // Ben's came again behind its deletion; at the close the thread is read.
    stage.advance_days(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), "Chidi +3, Ana +2");
    stage.finish().await;
}

#[tokio::test]
async fn a_click_too_old_to_be_answered_counts_all_the_same() {
    let mut stage = set_up().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer, which gets the vote.").await;
    let ballot = ben.ballot().await;
    stage.expect_error("doing=\"reply\"");
    stage.sandbox().hold_events();
    let menu = ballot.menu().unwrap()["custom_id"].as_str().unwrap().to_owned();
    let (acting, choice) = (ben.actor.clone(), ana.id().to_string());
    let chosen =
        tokio::spawn(
            async move { acting.choose(&ballot.0, &menu, &[choice.as_str()]).await.unwrap() },
        );
    let waiting = || stage.sandbox().interactions_waiting() > 0;
    stage.until("the click", waiting).await;
    // Discord has given the click up before the bot hears of it, and of it twice.
    assert!(chosen.await.unwrap().failed);
    stage.sandbox().age_interactions(Duration::from_secs(16 * 60));
    stage.sandbox().release_events();
    stage.settle().await;
    assert!(ben.ballot().await.says("goes to **Ana**"));
    assert!(chidi.votes_for(&ana).await.says("goes to **Ana**"), "the bot goes on");
    stage.advance_days(1).await;
    assert_eq!(stage.result().field("Points").unwrap(), "Ana +7, Ben +1, Chidi +1");
    stage.finish().await;
}

/// Changes a thread as a moderator does.
async fn moderates(maya: &Member, thread: u64, body: Value) {
    maya.actor.request("PATCH", &format!("/channels/{thread}"), Some(body)).await.unwrap();
}

#[tokio::test]
async fn an_archived_thread_gets_its_result() {
    let stage = set_up().await;
    let [ana, ..] = stage.cast().await;
    let maya = stage.member("Maya").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, in a thread that is archived.").await;
    let thread = stage.thread();
    moderates(&maya, thread, json!({"archived": true})).await;
    stage.advance_days(1).await;
    assert_eq!((stage.results().len(), stage.references().len()), (1, 1));
    assert_eq!(stage.result().channel(), thread);
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn a_locked_thread_delays_its_result_and_nothing_else() {
    let stage = set_up().await;
    let [ana, ..] = stage.cast().await;
    let maya = stage.member("Maya").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, in a thread that is locked.").await;
    let thread = stage.thread();
    stage.sandbox().set_bot_permissions(None, 0, MANAGE_THREADS);
    moderates(&maya, thread, json!({"archived": true, "locked": true})).await;
    stage.advance_days(1).await;
    assert_eq!(stage.results().len(), 0, "the bot may not unlock it");
    stage.until("the next card", || stage.cards().len() == 2).await;
    stage.until("a notice", || stage.notices().len() == 1).await;
    assert!(ana.uses("points", Value::Null).await.says("**2 points**"), "decided all the same");
    moderates(&maya, thread, json!({"archived": false, "locked": false})).await;
    // Something changes in the guild, which is why the bot tries again at once.
    stage.sandbox().set_bot_permissions(None, 0, 0);
    stage.until("the result", || stage.references().len() == 1).await;
    stage.settle().await;
    assert_eq!(stage.results().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn without_the_content_intent_the_bot_ends_and_says_what_to_do() {
    let sandbox = studyhall::sandbox::start(Options {
        listener: TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::manual(MONDAY.parse().unwrap()),
        seed: 7,
        limits: false,
        extra_hosts: Vec::new(),
        content_intent: false,
    })
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bot = start(Parts {
        database: folder.path().join("studyhall.db"),
        bank: Arc::new([].into_iter().collect::<Bank>()),
        rounds: RoundsConfig::default(),
        points: PointsConfig::default(),
        link: Link {
            token: sandbox.bot_token().into(),
            api: Some(format!("http://{}", sandbox.addr())),
            client: None,
            paced: true,
        },
        clock: Arc::new(Simulated(sandbox.clock())),
        seed: 7,
        min_free_mib: 50,
        limits: Limits::default(),
    })
    .await
    .unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), bot.ended()).await;
    ended.expect("it does not try for ever");
    let why = format!("{:#}", bot.stop().await.unwrap_err());
    assert!(why.contains("Switch on Message Content Intent"), "{why}");
    assert_eq!(sandbox.bot_connections(), 0);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_reminder_on_its_way_delays_no_question() {
    let stage = Stage::open().await;
    let ana = stage.member("Ana").await;
    stage.set_up("08:00", "UTC").await;
    stage.study("setup", json!({"channel": stage.place.study.to_string(), "hours": 2})).await;
    ana.uses("review", json!({"rounds": "on", "remind": "on"})).await;
    stage.advance_to("2026-11-23T17:59:00Z").await;
    stage.study("post", Value::Null).await;
    assert_eq!(stage.cards().len(), 2);
    stage.sandbox().fail_next(DIRECT_CHANNELS, Fault::Slow(Duration::from_secs(15)), 1);
    stage.advance_without_waiting(1).await;
    let asked = || stage.exchanges().iter().any(|one| one.path.ends_with("/users/@me/channels"));
    let asks = || asked() || stage.sandbox().requests_in_flight() > 0;
    stage.until("the reminder's first request", asks).await;
    let maya = stage.member("Maya").await;
    let options = json!([{"name": "post", "options": []}]);
    maya.actor.command(stage.place.study, "study", options).await.unwrap();
    let there = || stage.cards().len() == 3;
    stage.until("the question", there).await;
    assert_eq!(stage.sandbox().direct_messages(ana.id()).len(), 0, "still on its way");
    let reminded = || stage.sandbox().direct_messages(ana.id()).len() == 1;
    stage.until("the reminder", reminded).await;
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_sick_channel_holds_up_no_other_of_its_guild_and_a_deleted_one_can_be_removed() {
    let stage = set_up().await;
    let maya = stage.member("Maya").await;
    let (general, other) = (stage.channel("general"), stage.sandbox().add_channel("other", 0));
    let options = json!({"channel": other.to_string(), "time": "08:00", "zone": "UTC",
        "weekdays": "daily"});
    stage.study("setup", options).await;
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, SEND_MESSAGES);
    stage.advance(1).await;
    let there = stage.place.of_bot(other);
    assert_eq!((stage.cards().len(), there.len()), (0, 1), "on time");
    assert_eq!(number(&stage.sandbox().channel(there[0].id())["id"]), there[0].id(), "its thread");
    assert_eq!(stage.notices().len(), 1);
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, 0);
    stage.until("word of the recovery", || stage.notices().len() == 2).await;

    // Which one is meant cannot be said by choosing it: it is not there any more.
    stage.settle().await;
    let asked = maya.uses_in(general, "study remove", Value::Null).await;
    assert!(asked.says("channel"), "{}", asked.text());
    stage.sandbox().delete_channel(other);
    stage.advance_days(1).await;
    stage.until("a notice", || stage.notices().len() == 3).await;
    let said = maya.uses_in(general, "study remove", Value::Null).await;
    assert!(said.says(&format!("<#{other}> is not a study channel any more")), "{}", said.text());
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 3, "the other one goes on");
    stage.finish().await;
}

#[tokio::test]
async fn an_absence_breaks_no_streak() {
    let mut stage = set_up().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer of Monday.").await;
    ben.answers("Ben's answer of Monday.").await;
    stage.kill_bot().await;
    // Tuesday and Wednesday go by; Wednesday's is too late as well.
    stage.advance_to("2026-11-25T12:00:00Z").await;
    stage.start_bot().await;
    assert_eq!(stage.results().len(), 1, "the missed close is made up for");
    assert_eq!((stage.cards().len(), stage.notices().len()), (1, 1), "two dates, one notice");
    stage.advance_to("2026-11-26T08:00:00Z").await;
    ana.answers("Ana's answer of Thursday.").await;
    stage.advance_days(1).await;
    let streak = ana.uses("leaderboard", json!({"window": "all time"})).await;
    let rows = streak.ranks();
    assert!(rows.iter().any(|row| row.contains("Ana") && row.contains("streak 2")), "{rows:?}");
    stage.finish().await;
}

#[tokio::test]
async fn a_clock_that_jumps_over_a_close_and_back_books_nothing_twice() {
    let stage = set_up().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer, before the clock jumps.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    for _ in 0..3 {
        stage.jump(24 * 60 + 5).await;
        stage.jump(-24 * 60 - 5).await;
    }
    assert_eq!((stage.cards().len(), stage.results().len()), (2, 1));
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.results().len()), (2, 1), "Tuesday has its question");
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"));
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_late_round_makes_no_later_one_late() {
    let mut stage = set_up().await;
    stage.stop_bot().await;
    for day in 23..=25 {
        stage.advance_to(&format!("2026-11-{day}T08:30:00Z")).await;
        stage.start_bot().await;
        stage.stop_bot().await;
    }
    assert_eq!(stage.cards().len(), 3, "each half an hour late");
    stage.start_bot().await;
    stage.advance_to("2026-11-26T07:59:00Z").await;
    assert_eq!(stage.cards().len(), 3);
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 4, "by the clock, not by the one before");
    stage.finish().await;
}

#[tokio::test]
async fn a_database_held_by_another_program_delays_an_answer_and_loses_none() {
    let stage = set_up().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("Ana's answer, which gets a slow vote.").await;
    let ballot = ben.ballot().await;
    let file = SqliteConnectOptions::new().filename(stage.database());
    let mut other = file.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    // Longer than Discord waits for an answer, shorter than the bot waits for the file.
    let (said, ()) = tokio::join!(ben.chooses(&ballot, &ana), async {
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
    });
    assert!(said.says("goes to **Ana**"), "acknowledged first, answered later: {}", said.text());
    assert!(ben.ballot().await.says("goes to **Ana**"));
    stage.finish().await;
}

/// Discord takes the next message, but does not say so, and lets nobody look.
fn leaves_open_whether_it_was_said(stage: &Stage) {
    stage.sandbox().fail_next(MESSAGES, Fault::StatusAfter(502), 1);
    stage.sandbox().fail_next(HISTORY, Fault::Status(500), 10_000);
}

#[tokio::test]
async fn a_report_decided_before_its_notice_is_known_to_be_said_shows_it() {
    let stage = set_up().await;
    let (ana, maya) = (stage.member("Ana").await, stage.member("Maya").await);
    leaves_open_whether_it_was_said(&stage);
    let options = json!({"id": "small/loops/question-03", "reason": "It is wrong."});
    ana.uses("question report", options).await;
    stage.until("the notice", || stage.notices().len() == 1).await;
    maya.presses(&stage.notices()[0], "Fix later").await;
    assert!(!stage.notices()[0].says("To be fixed later"));
    stage.sandbox().clear_faults();
    stage.until("the decision", || stage.notices()[0].says("To be fixed later")).await;
    assert_eq!(stage.notices().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_result_voided_before_it_is_known_to_be_said_shows_it() {
    let stage = set_up().await;
    let ana = stage.member("Ana").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, whose points are taken back.").await;
    stage.study("pause", Value::Null).await;
    stage.advance_to("2026-11-30T07:59:00Z").await;
    // The reading of the thread at the close asks for the same history, and is let through.
    stage.sandbox().fail_next(MESSAGES, Fault::StatusAfter(502), 1);
    stage.advance_without_waiting(1).await;
    stage.until("the result", || stage.results().len() == 1).await;
    stage.sandbox().fail_next(HISTORY, Fault::Status(500), 10_000);
    stage.study("void", Value::Null).await;
    assert!(!stage.result().text().to_lowercase().contains("void"));
    stage.sandbox().clear_faults();
    let void = || stage.result().text().to_lowercase().contains("void");
    stage.until("the void on the result", void).await;
    stage.until("the reference answer", || stage.references().len() == 1).await;
    assert_eq!(stage.results().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_pin_that_hangs_over_the_close_undoes_no_unpinning() {
    let stage = Stage::open().await;
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "pin": true});
    stage.set_up_with(options).await;
    // It is pinned, and nobody says so.
    stage.sandbox().fail_next(("PUT", "/pins/"), Fault::StatusAfter(502), 10_000);
    stage.advance(1).await;
    stage.until("the pin", || stage.card().is_pinned()).await;
    stage.advance_days(1).await;
    stage.until("the next pin", || stage.cards().len() == 2 && stage.card().is_pinned()).await;
    stage.sandbox().clear_faults();
    stage.deliver().await;
    let pinned: Vec<bool> = stage.cards().iter().map(Post::is_pinned).collect();
    assert_eq!(pinned, [false, true]);
    stage.finish().await;
}

#[tokio::test]
async fn a_check_mark_that_hangs_over_a_change_of_mind_undoes_none() {
    for (verb, counts) in [("PUT", false), ("DELETE", true)] {
        let stage = set_up().await;
        let ana = stage.member("Ana").await;
        stage.advance(1).await;
        let post = if counts {
            let post = ana.answers("Ana's message, an answer after all.").await;
            stage.sandbox().fail_next((verb, "/reactions/"), Fault::StatusAfter(502), 1);
            ana.says_not_my_answer(&post).await;
            post
        } else {
            stage.sandbox().fail_next((verb, "/reactions/"), Fault::StatusAfter(502), 1);
            ana.says("Ana's message, no answer after all.").await
        };
        // It came about, and nobody says so.
        let marked = || stage.place.post(&post).is_marked();
        stage.until("the first change", || marked() != counts).await;
        ana.says_not_my_answer(&post).await;
        stage.until("the second change", || marked() == counts).await;
        stage.deliver().await;
        assert_eq!(marked(), counts, "{verb}");
        stage.finish().await;
    }
}
