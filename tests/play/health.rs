//! The bot knows how it is: what is wrong with it or with a server stands in `/study doctor`, in
//! `/study status` and in a notice alike, and what comes right again is noticed at once.

use crate::post::Post;
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use std::time::Duration;
use studyhall::domain::refusal::Refusal;
use studyhall::engine::health_file::HealthFile;
use studyhall::engine::limits::{Health, Limits};
use studyhall::sandbox::Fault;

const SEND_MESSAGES: u64 = 1 << 11;
const MANAGE_THREADS: u64 = 1 << 34;
const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
const FORUM: u8 = 15;

/// With notices in a channel, and a first round on Monday at eight.
async fn set_up_with(props: Props) -> Stage {
    let stage = Stage::with(props).await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage
}

async fn set_up() -> Stage {
    set_up_with(Props::default()).await
}

/// Alarms after moments instead of minutes.
fn quick() -> Props {
    let moment = Duration::from_millis(300);
    let health = Health {
        stamp: Duration::from_millis(100),
        alarm_after: moment,
        deaf_alarm_after: moment,
        calm: moment,
        alarm_retry: Duration::from_millis(50),
    };
    Props { limits: Limits { health, ..Limits::default() }, ..Props::default() }
}

async fn doctor_and_status(stage: &Stage) -> (Post, Post) {
    let doctor = stage.study("doctor", Value::Null).await;
    (doctor, stage.study("status", Value::Null).await)
}

/// The alarms among the posts of a channel.
fn alarms(posts: &[Post]) -> Vec<String> {
    let is_alarm = |text: &String| {
        ["I have had no connection", "I haven't been able to write", "All is well again: I hear"]
            .iter()
            .any(|start| text.contains(start))
    };
    posts.iter().map(Post::text).filter(is_alarm).collect()
}

#[tokio::test]
async fn the_health_file_tells_how_the_bot_is() {
    let mut stage = set_up_with(quick()).await;
    let file = HealthFile::beside(&stage.database());
    let report = || file.read().unwrap().unwrap();
    stage.until("a session", || report().health.deaf.is_none()).await;
    let first = report();
    assert_eq!(first.pid, std::process::id());
    stage.until("the next stamp", || report().stamp > first.stamp).await;
    stage.vitals().commit_failed("database or disk is full");
    stage.until("word of it", || report().health.unwritable.is_some()).await;
    stage.vitals().committed();
    stage.until("word of its end", || report().health.unwritable.is_none()).await;
    stage.stop_bot().await;
    let last = report();
    stage.start_bot().await;
    stage.until("a stamp of the next one", || report().stamp > last.stamp).await;
    stage.finish().await;
}

#[tokio::test]
async fn what_fails_in_the_whole_bot_is_red_everywhere_and_fine_after() {
    let stage = set_up().await;
    let (doctor, status) = doctor_and_status(&stage).await;
    assert!(doctor.says("✅ **Gateway**: connected"), "{}", doctor.text());
    assert!(doctor.says("✅ **Writing**: the database can be written"), "{}", doctor.text());
    assert!(status.says("Health: fine") && !status.says("What is wrong"), "{}", status.text());
    stage.vitals().commit_failed("/var/lib is full");
    stage.vitals().unreadable();
    let (doctor, status) = doctor_and_status(&stage).await;
    let red = "❌ Red: **Writing**: the database can't be written since ";
    let look = "⚠️ Look: **Interactions**: 1 click could not be read since the start";
    for said in [doctor, status] {
        assert!(said.says(red) && said.says(look), "{}", said.text());
        assert!(!said.says("/var/lib"), "no path of the computer: {}", said.text());
    }
    stage.vitals().committed();
    let (doctor, status) = doctor_and_status(&stage).await;
    assert!(!doctor.says("Red:") && doctor.says(look), "{}", doctor.text());
    assert!(!status.says("Red:") && status.says(look), "{}", status.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_bot_that_cannot_write_tells_the_admins_once_and_once_when_it_can() {
    let stage = set_up_with(quick()).await;
    stage.vitals().commit_failed("database or disk is full");
    let told = || alarms(&stage.notices());
    stage.until("the alarm", || told().len() == 1).await;
    assert!(told()[0].contains("I haven't been able to write to my database since <t:"));
    stage.vitals().commit_failed("still full");
    stage.until("a new stamp", || !stage.vitals().snapshot().told.is_empty()).await;
    stage.vitals().committed();
    stage.until("word of the end", || told().len() == 2).await;
    assert!(told()[1].contains("All is well again"), "{}", told()[1]);
    stage.until("the end of the episode", || stage.vitals().snapshot().told.is_empty()).await;
    assert_eq!(told().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn an_alarm_that_does_not_get_through_is_tried_until_it_does() {
    let stage = set_up_with(quick()).await;
    let route = ("POST", "/channels/{channel_id}/messages");
    stage.sandbox().fail_next(route, Fault::Status(503), 4);
    stage.vitals().commit_failed("database or disk is full");
    stage.until("the alarm", || alarms(&stage.notices()).len() == 1).await;
    // After it took effect: Discord enforces the key.
    stage.vitals().session_lost("no answer");
    stage.sandbox().fail_next(route, Fault::StatusAfter(503), 2);
    stage.until("the other alarm", || stage.vitals().snapshot().told.len() == 2).await;
    assert_eq!(alarms(&stage.notices()).len(), 2);
    stage.vitals().committed();
    stage.vitals().session_began();
    stage.until("word of the end", || alarms(&stage.notices()).len() == 3).await;
    stage.until("the end of the episode", || stage.vitals().snapshot().told.is_empty()).await;
    stage.finish().await;
}

#[tokio::test]
async fn the_end_of_an_episode_is_told_after_a_restart_too() {
    let mut stage = set_up_with(quick()).await;
    stage.vitals().session_lost("no answer");
    stage.until("the alarm", || alarms(&stage.notices()).len() == 1).await;
    let file = HealthFile::beside(&stage.database());
    let noted = || !file.read().unwrap().unwrap().health.told.is_empty();
    stage.until("a note of it", noted).await;
    stage.kill_bot().await;
    stage.start_bot().await;
    stage.until("word of the end", || alarms(&stage.notices()).len() == 2).await;
    stage.finish().await;
}

#[tokio::test]
async fn one_servers_outage_stops_no_other_servers_daily_look() {
    let mut stage = set_up().await;
    let maya = stage.member("Maya").await;
    let (guild, other) = stage.sandbox().add_guild("Elsewhere");
    stage.settle().await;
    let options = json!({"channel": other.to_string(), "time": "08:00", "zone": "UTC",
        "weekdays": "daily", "notices": other.to_string()});
    maya.uses_in(other, "study setup", options).await;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    stage.sandbox().set_guild_outage(guild, true);
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, CREATE_PUBLIC_THREADS);
    stage.settle().await;
    // After a start not all guilds come, and so not the event that all are known.
    stage.restart_bot().await;
    stage.advance_to("2026-11-24T17:01:00Z").await;
    stage.until("the notice", || stage.notices().len() == 1).await;
    assert!(stage.notices()[0].says("I lack **Create Public Threads**"));
    let foreseen = |channel| {
        let posts = stage.place.of_bot(channel);
        posts.into_iter().filter(|post| post.says("My daily look")).count()
    };
    assert_eq!(foreseen(other), 0, "nothing is known of it, so nothing is gone");
    // Clicks come from there nevertheless; nobody is told to remove anything.
    let doctor = maya.uses_in(other, "study doctor", Value::Null).await;
    assert!(doctor.says("⚠️ Look: **Server**: Discord has an outage"), "{}", doctor.text());
    assert!(!doctor.says("/study remove") && !doctor.says("Red:"), "{}", doctor.text());
    let status = maya.uses_in(other, "study status", Value::Null).await;
    assert!(status.says("Discord has an outage") && !status.says("gone"), "{}", status.text());
    stage.sandbox().set_guild_outage(guild, false);
    stage.settle().await;
    let doctor = maya.uses_in(other, "study doctor", Value::Null).await;
    assert!(doctor.says("all there") && !doctor.says("outage"), "{}", doctor.text());
    stage.sandbox().set_bot_permissions(Some(stage.place.study), 0, 0);
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_look_that_an_outage_kept_from_a_server_is_made_when_it_ends() {
    let stage = set_up().await;
    let maya = stage.member("Maya").await;
    let (guild, other) = stage.sandbox().add_guild("Elsewhere");
    stage.settle().await;
    let options = json!({"channel": other.to_string(), "time": "08:00", "zone": "UTC",
        "weekdays": "daily", "notices": other.to_string()});
    maya.uses_in(other, "study setup", options).await;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    stage.sandbox().set_guild_outage(guild, true);
    stage.sandbox().set_bot_permissions(Some(other), 0, CREATE_PUBLIC_THREADS);
    stage.advance_to("2026-11-24T17:01:00Z").await;
    stage.sandbox().set_guild_outage(guild, false);
    let told = || stage.place.of_bot(other).iter().any(|post| post.says("My daily look"));
    stage.until("the notice", told).await;
    stage.sandbox().set_bot_permissions(Some(other), 0, 0);
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn a_right_that_comes_back_with_a_role_of_the_bots_is_noticed_at_once() {
    let stage = set_up().await;
    let (bot, everyone) = (stage.sandbox().bot_id(), stage.sandbox().guild_id());
    let helper = stage.sandbox().add_role("helper");
    stage.sandbox().set_role_permissions(helper, SEND_MESSAGES, 0);
    stage.sandbox().set_role_permissions(everyone, 0, SEND_MESSAGES);
    stage.sandbox().set_bot_permissions(None, 0, SEND_MESSAGES);
    stage.settle().await;
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 0);
    stage.sandbox().set_member_role(bot, helper, true);
    stage.settle().await;
    assert_eq!(stage.cards().len(), 1, "as soon as Discord tells of the bot's new role");
    stage.finish().await;
}

#[tokio::test]
async fn an_admin_who_asks_makes_the_bot_try_again() {
    for command in ["doctor", "status"] {
        let stage = set_up().await;
        let route = ("POST", "/channels/{channel_id}/messages");
        stage.sandbox().fail_next(route, Fault::Status(403), 1);
        stage.advance(1).await;
        assert_eq!(stage.cards().len(), 0);
        stage.study(command, Value::Null).await;
        stage.settle().await;
        assert_eq!(stage.cards().len(), 1, "{command}");
        stage.finish().await;
    }
}

#[tokio::test]
async fn a_thread_that_is_unlocked_gets_what_was_waiting_at_once() {
    let stage = set_up().await;
    let [ana, ..] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("An answer before the thread is locked.").await;
    let thread = stage.thread();
    let maya = stage.member("Maya").await;
    stage.sandbox().set_bot_permissions(None, 0, MANAGE_THREADS);
    let change = async |archived: bool| {
        let body = json!({"archived": archived, "locked": archived});
        let path = format!("/channels/{thread}");
        maya.actor.request("PATCH", &path, Some(body)).await.unwrap();
    };
    change(true).await;
    stage.settle().await;
    stage.advance_days(1).await;
    assert_eq!(stage.results().len(), 0);
    change(false).await;
    stage.settle().await;
    assert_eq!(stage.results().len(), 1, "as soon as Discord tells that the thread changed");
    stage.finish().await;
}

#[tokio::test]
async fn notices_and_boards_cannot_be_sent_into_a_forum() {
    let stage = Stage::open().await;
    let forum = stage.sandbox().add_channel("ideas", FORUM).to_string();
    stage.settle().await;
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": forum});
    let refused = stage.set_up_with(options).await;
    assert!(refused.refuses(&Refusal::TakesNoMessages), "{}", refused.text());
    stage.set_up("08:00", "UTC").await;
    let weekly = json!({"post": "on", "channel": forum});
    let refused = stage.study("board weekly", weekly).await;
    assert!(refused.refuses(&Refusal::TakesNoMessages), "{}", refused.text());
    let status = stage.study("status", Value::Null).await;
    assert!(!status.says(&forum), "nothing was changed: {}", status.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_notices_channel_that_becomes_a_forum_or_goes_is_told_and_done_without() {
    for gone in [false, true] {
        let mut stage = set_up().await;
        let maya = stage.member("Maya").await;
        let notes = stage.channel("admin-notes");
        stage.advance_to("2026-11-24T09:00:00Z").await;
        if gone {
            stage.sandbox().delete_channel(notes);
        } else {
            stage.sandbox().set_channel_kind(notes, FORUM);
        }
        stage.settle().await;
        let (doctor, status) = doctor_and_status(&stage).await;
        let why = if gone { "is gone" } else { "takes no messages" };
        let line = format!("❌ Red: **Notices**: <#{notes}>, where notices go, {why}");
        assert!(doctor.says(&line), "{}", doctor.text());
        assert!(status.says(&line), "{}", status.text());
        stage.advance_to("2026-11-24T17:01:00Z").await;
        let direct = || -> Vec<Post> {
            let posts = stage.sandbox().direct_messages(maya.id());
            posts.into_iter().map(Post).collect()
        };
        assert_eq!(direct().len(), 1, "by direct message");
        let told = format!("<#{notes}>, where notices go, {why}");
        assert!(direct()[0].says(&told), "{}", direct()[0].text());
        stage.advance_days(1).await;
        assert_eq!(direct().len(), 1, "once");
        let elsewhere = stage.channel("general").to_string();
        stage.set_up_with(json!({"notices": elsewhere})).await;
        let (doctor, status) = doctor_and_status(&stage).await;
        assert!(!doctor.says("Red:") && !status.says("Red:"), "{}", doctor.text());
        stage.restart_bot().await;
        stage.finish().await;
    }
}

#[tokio::test]
async fn notices_that_nobody_gets_are_red_until_one_arrives() {
    let mut stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    stage.set_up("08:00", "UTC").await;
    stage.sandbox().set_dms_open(maya.id(), false);
    stage.stop_bot().await;
    stage.advance_days(1).await;
    stage.start_bot().await;
    let (doctor, status) = doctor_and_status(&stage).await;
    let line = "❌ Red: **Notices**: 1 notice could be delivered to nobody since ";
    assert!(doctor.says(line), "{}", doctor.text());
    assert!(status.field("Notices that I could give to nobody").is_some(), "{}", status.text());
    stage.sandbox().set_dms_open(maya.id(), true);
    stage.stop_bot().await;
    stage.advance_days(1).await;
    stage.start_bot().await;
    assert_eq!(stage.sandbox().direct_messages(maya.id()).len(), 1);
    let (doctor, status) = doctor_and_status(&stage).await;
    assert!(!doctor.says("to nobody") && !status.says("to nobody"), "{}", status.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_deleted_role_is_told_once_and_no_card_names_it() {
    let stage = set_up().await;
    let study = stage.place.study;
    let role = stage.sandbox().add_role("learners");
    let kept_off = stage.sandbox().add_role("teachers");
    stage.settle().await;
    stage.set_up_with(json!({"role": role.to_string()})).await;
    stage.study("board exclude", json!({"role": kept_off.to_string()})).await;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    assert!(stage.card().says(&format!("<@&{role}>")), "{}", stage.card().text());
    stage.sandbox().delete_role(role);
    stage.sandbox().delete_role(kept_off);
    stage.settle().await;
    let (doctor, status) = doctor_and_status(&stage).await;
    let mention = "the role that its questions mention was deleted";
    let red = format!("❌ Red: **Role**: <#{study}>: {mention}");
    let look = "⚠️ Look: **Leaderboard**: 1 role kept off the leaderboards and deleted since";
    assert!(doctor.says(&red) && doctor.says(look), "{}", doctor.text());
    assert!(status.says(&format!("⚠ Role: {mention}")), "{}", status.text());
    assert!(status.says(look) && !status.says("Health: fine"), "{}", status.text());
    stage.advance_to("2026-11-25T09:00:00Z").await;
    assert_eq!(stage.notices().len(), 1);
    assert!(stage.notices()[0].says(mention), "{}", stage.notices()[0].text());
    assert!(!stage.card().says("<@&"), "{}", stage.card().text());
    stage.advance_days(2).await;
    assert_eq!(stage.notices().len(), 1, "once");
    // Another role puts an end to both.
    let other = stage.sandbox().add_role("students");
    stage.settle().await;
    stage.set_up_with(json!({"role": other.to_string()})).await;
    stage.study("board exclude", json!({"role": other.to_string()})).await;
    let (doctor, status) = doctor_and_status(&stage).await;
    assert!(!doctor.says("deleted"), "{}", doctor.text());
    assert!(status.says("Health: fine") && !status.says("deleted"), "{}", status.text());
    stage.advance_days(1).await;
    assert!(stage.notices()[1].says("is mended"), "{}", stage.notices()[1].text());
    stage.finish().await;
}

#[tokio::test]
async fn a_close_that_waits_is_red_with_its_question() {
    let stage = set_up().await;
    let [ana, ..] = stage.cast().await;
    stage.advance(1).await;
    ana.answers("An answer to a round whose result has to wait.").await;
    let route = ("GET", "/channels/{channel_id}/messages");
    stage.sandbox().fail_next(route, Fault::Status(503), 999);
    stage.advance_to("2026-11-24T08:10:00Z").await;
    assert_eq!(stage.results().len(), 0);
    let (doctor, status) = doctor_and_status(&stage).await;
    let line = "the result of “What is the point of number ";
    assert!(doctor.says(line) && doctor.says("❌ Red: **Result**"), "{}", doctor.text());
    assert!(status.says("⚠ Result: the result of “"), "{}", status.text());
    stage.sandbox().clear_faults();
    stage.until("the result", || stage.results().len() == 1).await;
    stage.settle().await;
    let (doctor, status) = doctor_and_status(&stage).await;
    assert!(!doctor.says("Red:"), "{}", doctor.text());
    assert!(status.says("Health: fine"), "{}", status.text());
    stage.finish().await;
}
