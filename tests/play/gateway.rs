//! The gateway half works: connections hang, sessions don't begin, events are lost or can't be read. The
//! bot comes back by itself, with one session, and loses no answer.

use crate::post::Post;
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::engine::limits::Limits;
use studyhall::sandbox::GatewayFault;

const SESSION: Duration = Duration::from_millis(400);
const ALWAYS: u32 = 1_000_000;

/// A second for what takes a minute.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.gateway.session = SESSION;
    limits.gateway.first_wait = Duration::from_millis(50);
    limits.gateway.longest_wait = Duration::from_millis(400);
    limits.gateway.between_identifies = Duration::from_millis(50);
    limits.gateway.reminder = Duration::from_millis(200);
    limits
}

fn props() -> Props {
    Props { limits: limits(), ..Props::default() }
}

/// A stage with an open round.
async fn open_round() -> Stage {
    let stage = Stage::with(props()).await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage
}

/// The bot has one session and answers.
async fn answers(stage: &Stage) {
    stage.until("the bot's session", || stage.sandbox().bot_connections() == 1).await;
    let ana = stage.member("Ana").await;
    let deadline = Instant::now() + crate::stage::PATIENCE;
    // A session that has just begun may not have reached the bot yet.
    loop {
        let said = ana.actor.command(stage.place.study, "today", json!([])).await.unwrap();
        if !said.failed {
            break;
        }
        assert!(Instant::now() < deadline, "the bot answers again");
    }
    stage.settle().await;
    assert_eq!(stage.sandbox().bot_connections(), 1);
}

#[tokio::test]
async fn a_handshake_that_is_swallowed_is_given_up_and_opens_no_second_session_when_released() {
    let stage = open_round().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.sandbox().fail_gateway(GatewayFault::HangHandshake, 1);
    stage.sandbox().drop_gateways();
    stage.until("the handshake", || stage.sandbox().handshakes_held() == 1).await;
    let missed = ana.actor.say(stage.thread(), "An answer while nobody hears it.").await.unwrap();
    answers(&stage).await;
    stage.sandbox().release_handshakes();
    let missed = Post(missed);
    stage.until("the check mark", || stage.place.post(&missed).is_marked()).await;
    ben.answers("An answer after the release.").await;
    answers(&stage).await;
    // One IDENTIFY at the start, one RESUME.
    assert_eq!(stage.sandbox().openings_of_bot(), (1, 1));
    stage.finish().await;
}

#[tokio::test]
async fn a_gateway_that_hangs_ten_times_while_rest_answers_ends_the_bot() {
    let mut stage = open_round().await;
    stage.sandbox().fail_gateway(GatewayFault::HangHandshake, ALWAYS);
    stage.sandbox().drop_gateways();
    let why = stage.ends_by_itself().await;
    assert!(why.contains("10 connections to Discord's gateway in a row hung"), "{why}");
    assert_eq!(stage.sandbox().handshakes_held(), 10);
    stage.sandbox().clear_gateway_faults();
    stage.start_bot().await;
    answers(&stage).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_gateway_that_hangs_is_waited_for_while_rest_does_not_answer_either() {
    let stage = open_round().await;
    let ask = ("GET", "/gateway");
    stage.sandbox().fail_next(ask, studyhall::sandbox::Fault::Status(503), ALWAYS);
    stage.sandbox().fail_gateway(GatewayFault::HangHandshake, ALWAYS);
    stage.sandbox().drop_gateways();
    stage.until("twelve attempts", || stage.sandbox().handshakes_held() >= 12).await;
    stage.sandbox().clear_gateway_faults();
    stage.sandbox().clear_faults();
    answers(&stage).await;
    stage.finish().await;
}

#[tokio::test]
async fn an_outage_of_two_hours_is_waited_out() {
    let mut props = props();
    // A minute is 20 ms here.
    props.limits.gateway.first_wait = Duration::from_millis(1);
    props.limits.gateway.longest_wait = Duration::from_millis(20);
    let stage = Stage::with(props).await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.sandbox().set_outage(true);
    let attempts = || stage.sandbox().gateways_refused();
    stage.until("two hours of attempts", || attempts() > 120).await;
    stage.sandbox().set_outage(false);
    answers(&stage).await;
    stage.finish().await;
}

#[tokio::test]
async fn an_outage_at_the_start_is_waited_out() {
    let mut stage = Stage::without_bot(props()).await;
    let place = std::sync::Arc::clone(&stage.place);
    place.sandbox.set_outage(true);
    let outage = async {
        let failed = || place.sandbox.statuses().get(&0).copied().unwrap_or(0);
        place.until("some attempts", || failed() >= 3).await;
        place.sandbox.set_outage(false);
    };
    let ((), ()) = tokio::join!(stage.start_bot(), outage);
    stage.set_up("08:00", "UTC").await;
    answers(&stage).await;
    stage.finish().await;
}

#[tokio::test]
async fn commands_that_can_not_be_registered_now_are_registered_later() {
    let mut stage = Stage::without_bot(props()).await;
    let route = ("PUT", "/applications/{application_id}/commands");
    stage.sandbox().fail_next(route, studyhall::sandbox::Fault::Status(502), 2);
    stage.start_bot().await;
    stage.set_up("08:00", "UTC").await;
    stage.finish().await;
}

#[tokio::test]
async fn a_ready_that_is_lost_is_asked_for_again() {
    let mut stage = Stage::without_bot(props()).await;
    stage.sandbox().fail_gateway(GatewayFault::Lose("READY".to_owned()), 2);
    stage.start_bot().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    answers(&stage).await;
    assert_eq!(stage.sandbox().openings_of_bot(), (3, 0));
    stage.finish().await;
}

#[tokio::test]
async fn a_resumed_that_never_comes_is_asked_for_again_and_after_five_times_a_session_begins() {
    let stage = open_round().await;
    let [ana, ..] = stage.cast().await;
    stage.sandbox().fail_gateway(GatewayFault::Lose("RESUMED".to_owned()), 2);
    stage.sandbox().drop_gateways();
    stage.until("the third RESUME", || stage.sandbox().openings_of_bot() == (1, 3)).await;
    answers(&stage).await;
    stage.sandbox().fail_gateway(GatewayFault::Lose("RESUMED".to_owned()), ALWAYS);
    stage.sandbox().drop_gateways();
    let missed = ana.actor.say(stage.thread(), "An answer in between two sessions.").await.unwrap();
    let missed = Post(missed);
    stage.until("another session", || stage.sandbox().openings_of_bot() == (2, 8)).await;
    stage.sandbox().clear_gateway_faults();
    stage.until("the check mark", || stage.place.post(&missed).is_marked()).await;
    answers(&stage).await;
    assert_eq!(stage.sandbox().openings_of_bot(), (2, 8));
    stage.finish().await;
}

/// Each fault, once the session is dropped, until there were so many attempts: they take the waits that
/// double, so they are a handful.
async fn a_handful_of_attempts(fault: GatewayFault, invalidate: bool) {
    let stage = open_round().await;
    let [ana, ..] = stage.cast().await;
    stage.sandbox().fail_gateway(fault.clone(), ALWAYS);
    let began = Instant::now();
    if invalidate {
        stage.sandbox().invalidate_sessions(false);
    } else {
        stage.sandbox().drop_gateways();
    }
    let missed = Post(ana.actor.say(stage.thread(), "An answer amid the turmoil.").await.unwrap());
    let openings = || {
        let (identifies, resumes) = stage.sandbox().openings_of_bot();
        identifies + resumes - 1
    };
    stage.until(&format!("six attempts ({fault:?})"), || openings() >= 6).await;
    // 50, 100, 200 and 400 ms at least, less a quarter.
    assert!(began.elapsed() > Duration::from_millis(560), "{fault:?}: {:?}", began.elapsed());
    stage.sandbox().clear_gateway_faults();
    stage.until("the check mark", || stage.place.post(&missed).is_marked()).await;
    answers(&stage).await;
    assert!(openings() < 12, "{fault:?}: {}", openings());
    stage.finish().await;
}

#[tokio::test]
async fn sessions_that_are_invalid_again_and_again_are_asked_for_with_pauses() {
    a_handful_of_attempts(GatewayFault::Invalid { resumable: false }, true).await;
    a_handful_of_attempts(GatewayFault::Invalid { resumable: true }, false).await;
}

#[tokio::test]
async fn connections_that_are_closed_after_each_opening_are_asked_for_with_pauses() {
    a_handful_of_attempts(GatewayFault::Close(4000), false).await;
    a_handful_of_attempts(GatewayFault::HangUpAfter("RESUMED".to_owned()), false).await;
}

#[tokio::test]
async fn a_connection_without_acknowledgements_is_left_and_the_session_resumed() {
    let mut stage = Stage::without_bot(props()).await;
    stage.sandbox().set_heartbeat_interval(Duration::from_millis(100));
    stage.start_bot().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.sandbox().fail_gateway(GatewayFault::LoseAcknowledgement, ALWAYS);
    stage.until("a RESUME", || stage.sandbox().openings_of_bot().1 >= 1).await;
    stage.sandbox().clear_gateway_faults();
    answers(&stage).await;
    assert_eq!(stage.sandbox().openings_of_bot().0, 1, "the same session");
    stage.finish().await;
}

#[tokio::test]
async fn an_event_that_is_lost_is_missed_and_its_thread_read_again() {
    let stage = open_round().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.sandbox().fail_gateway(GatewayFault::Lose("MESSAGE_CREATE".to_owned()), 1);
    let lost = ana.says("An answer that the gateway loses on its way.").await;
    assert!(!stage.place.post(&lost).is_marked());
    ben.answers("An answer that shows the gap before it.").await;
    stage.until("the check mark", || stage.place.post(&lost).is_marked()).await;
    assert_eq!(stage.sandbox().openings_of_bot(), (1, 0));
    stage.finish().await;
}

#[tokio::test]
async fn a_message_that_the_library_cannot_read_is_read_back() {
    let mut stage = open_round().await;
    stage.expect_error("UNREADABLE");
    let [ana, ..] = stage.cast().await;
    stage.sandbox().fail_gateway(GatewayFault::Spoil("MESSAGE_CREATE".to_owned()), 1);
    let spoiled = ana.says("An answer in an envelope that nobody can open.").await;
    stage.until("the check mark", || stage.place.post(&spoiled).is_marked()).await;
    stage.finish().await;
}

#[tokio::test]
async fn whoever_acts_in_a_way_that_cannot_be_read_is_told() {
    let mut stage = open_round().await;
    stage.expect_error("UNREADABLE");
    let [ana, ..] = stage.cast().await;
    stage.sandbox().fail_gateway(GatewayFault::Spoil("INTERACTION_CREATE".to_owned()), 1);
    let said = ana.uses("today", Value::Null).await;
    assert!(said.says("I couldn't read what Discord sent me"), "{}", said.text());
    let next = ana.uses("today", Value::Null).await;
    assert!(!next.says("couldn't read"), "{}", next.text());
    stage.finish().await;
}

#[tokio::test]
async fn session_starts_are_saved_when_few_are_left() {
    let mut props = props();
    props.limits.gateway.scarce_wait = Duration::from_millis(700);
    let stage = Stage::with(props).await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.sandbox().set_session_starts(99);
    let began = Instant::now();
    stage.sandbox().invalidate_sessions(false);
    stage.until("another session", || stage.sandbox().openings_of_bot().0 == 2).await;
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
    answers(&stage).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_client_library_that_is_silent_is_replaced_and_leaves_no_session_behind() {
    let mut props = props();
    // Less than the library, which looks twice a second, can keep.
    props.limits.gateway.library = Duration::from_millis(450);
    let mut stage = Stage::with(props).await;
    let identifies = || stage.sandbox().openings_of_bot().0;
    stage.until("the third library", || identifies() >= 3).await;
    assert!(stage.sandbox().bot_connections() <= 1);
    stage.stop_bot().await;
    assert_eq!(stage.sandbox().bot_connections(), 0);
    stage.finish().await;
}
