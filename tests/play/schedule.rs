//! When rounds come, and when they do not.

use crate::stage::{Props, Stage, stamp};
use serde_json::{Value, json};

/// The local days of the cards, by the instants they were posted at.
fn posted(stage: &Stage) -> Vec<String> {
    let at = |card: &crate::post::Post| card.0["timestamp"].as_str().unwrap()[..16].to_owned();
    stage.cards().iter().map(at).collect()
}

async fn starting(start: &'static str) -> Stage {
    Stage::with(Props { start, ..Props::default() }).await
}

#[tokio::test]
async fn a_team_that_studies_on_workdays_has_free_weekends() {
    let stage = starting("2026-11-26T07:00:00Z").await;
    stage.set_up_with(json!({"time": "8:00", "zone": "UTC"})).await;
    stage.advance_days(5).await;
    assert_eq!(
        posted(&stage),
        ["2026-11-26T08:00", "2026-11-27T08:00", "2026-11-30T08:00"],
        "Thursday, Friday, Monday"
    );
    assert_eq!(stage.results().len(), 2, "Friday's question is open over the weekend");
    stage.finish().await;
}

#[tokio::test]
async fn no_round_on_holidays() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    let said = stage
        .study(
            "holidays add",
            json!({"first": "2026-11-24", "last": "2026-11-25", "label": "Trip"}),
        )
        .await;
    assert!(said.says("Tue 2026-11-24 to Wed 2026-11-25 (2 days): Trip"), "{}", said.text());
    stage.study("holidays add", json!({"first": "2026-11-27"})).await;
    let gone = stage.study("holidays remove", json!({"date": "2026-11-27"})).await;
    assert!(!gone.says("2026-11-27"), "{}", gone.text());
    assert!(stage.study("holidays list", Value::Null).await.says("Trip"));

    stage.advance_days(5).await;
    assert_eq!(
        posted(&stage),
        ["2026-11-23T08:00", "2026-11-26T08:00", "2026-11-27T08:00", "2026-11-28T08:00"][..3]
            .iter()
            .map(|at| (*at).to_owned())
            .collect::<Vec<_>>(),
    );
    for (command, options, reason) in [
        ("holidays add", json!({"first": "tomorrow"}), "`tomorrow` is not a date"),
        ("holidays add", json!({"first": "2026-12-24", "last": "2026-12-23"}), "before the first"),
        ("holidays add", json!({"first": "2026-11-01"}), "That date is over already."),
        ("holidays remove", json!({"date": "2026-12-30"}), "no holiday on that date"),
    ] {
        let said = stage.study(command, options).await;
        assert!(said.says(reason), "{}", said.text());
    }
    stage.finish().await;
}

#[tokio::test]
async fn a_pause_with_an_end() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let said = stage.study("pause", json!({"until": "2026-11-26"})).await;
    assert!(said.says(&stamp("2026-11-26T00:00:00Z")), "{}", said.text());
    assert!(said.says(&stamp("2026-11-26T08:00:00Z")), "the first round after it");
    assert!(stage.study("status", Value::Null).await.says("Paused until"));
    stage.advance_to("2026-11-26T07:59:00Z").await;
    assert_eq!(posted(&stage), ["2026-11-23T08:00"]);
    stage.advance(1).await;
    assert_eq!(posted(&stage), ["2026-11-23T08:00", "2026-11-26T08:00"]);
    assert!(!stage.study("status", Value::Null).await.says("Paused until"));
    assert_eq!(stage.notices().len(), 0);
    stage.finish().await;
}

#[tokio::test]
async fn an_open_pause_closes_the_round_after_seven_days_at_the_latest() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.study("pause", Value::Null).await;
    stage.advance_to("2026-11-30T07:59:00Z").await;
    assert_eq!(stage.results().len(), 0);
    stage.advance(1).await;
    assert_eq!(stage.results().len(), 1);
    stage.advance_days(3).await;
    assert_eq!(stage.cards().len(), 1);

    let said = stage.study("resume", Value::Null).await;
    assert!(said.says(&stamp("2026-12-04T08:00:00Z")), "{}", said.text());
    let said = stage.study("resume", Value::Null).await;
    assert!(said.says("is not paused"), "{}", said.text());
    stage.advance_days(1).await;
    assert_eq!(posted(&stage), ["2026-11-23T08:00", "2026-12-04T08:00"]);
    stage.finish().await;
}

#[tokio::test]
async fn a_skipped_round_closes_the_one_before_and_breaks_no_streak() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    ana.answers("An answer to the first of the questions").await;
    let said = stage.study("skip", Value::Null).await;
    assert!(
        said.says("is skipped") && said.says(&stamp("2026-11-24T08:00:00Z")),
        "{}",
        said.text()
    );
    assert!(said.says(&stamp("2026-11-25T08:00:00Z")), "{}", said.text());
    assert!(stage.study("status", Value::Null).await.says("(skipped)"));

    stage.advance_to("2026-11-24T08:00:00Z").await;
    assert_eq!(stage.results().len(), 1, "closed at the due instant of the skipped round");
    assert_eq!(stage.cards().len(), 1);
    stage.advance_days(1).await;
    ana.answers("An answer to the second of the questions").await;
    stage.advance_days(1).await;
    let streaks = ana.uses("points", Value::Null).await.field("Streaks").unwrap();
    assert!(streaks.contains("2 rounds in a row"), "{streaks}");
    stage.finish().await;
}

#[tokio::test]
async fn a_new_time_begins_with_the_next_date_without_a_round() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let said = stage.set_up_with(json!({"time": "20:00"})).await;
    assert!(said.says("Today's round is settled already"), "{}", said.text());
    assert!(said.says(&stamp("2026-11-24T20:00:00Z")), "{}", said.text());
    stage.advance_to("2026-11-24T20:00:00Z").await;
    assert_eq!(posted(&stage), ["2026-11-23T08:00", "2026-11-24T20:00"]);

    // Earlier in the day: the date without a round is today.
    let said = stage.set_up_with(json!({"time": "07:00", "zone": "Europe/Lisbon"})).await;
    assert!(said.says(&stamp("2026-11-25T07:00:00Z")), "{}", said.text());
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 3);
    stage.finish().await;
}

#[tokio::test]
async fn a_change_made_after_the_new_time_makes_up_for_nothing() {
    let stage = starting("2026-11-23T12:00:00Z").await;
    stage.set_up("20:00", "UTC").await;
    stage.set_up_with(json!({"time": "11:00"})).await;
    stage.advance(60 * 12).await;
    assert_eq!(stage.cards().len(), 0, "eleven was over when it was set");
    stage.advance_to("2026-11-24T11:00:00Z").await;
    assert_eq!(stage.cards().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_round_can_close_after_hours() {
    let stage = Stage::open().await;
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "hours": 3});
    stage.set_up_with(options).await;
    stage.advance(1).await;
    assert!(stage.card().says(&stamp("2026-11-23T11:00:00Z")), "{}", stage.card().text());
    stage.advance_to("2026-11-23T11:00:00Z").await;
    assert_eq!(stage.results().len(), 1);
    assert_eq!(stage.cards().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn back_within_two_hours_the_round_is_late_but_comes() {
    let mut stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.stop_bot().await;
    stage.advance_to("2026-11-23T10:00:00Z").await;
    stage.start_bot().await;
    assert_eq!(posted(&stage), ["2026-11-23T10:00"]);
    assert!(stage.card().says(&stamp("2026-11-24T08:00:00Z")), "it closes as if it were on time");
    stage.finish().await;
}

#[tokio::test]
async fn back_later_the_round_is_skipped_and_the_admins_are_told() {
    let mut stage = Stage::open().await;
    let notes = stage.channel("admin-notes").to_string();
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes}))
        .await;
    stage.stop_bot().await;
    stage.advance_to("2026-11-23T10:00:01Z").await;
    stage.start_bot().await;
    assert_eq!(stage.cards().len(), 0);
    assert_eq!(stage.notices().len(), 1);
    assert!(
        stage.notices()[0].says("the round of Mon 2026-11-23"),
        "{}",
        stage.notices()[0].text()
    );
    stage.finish().await;
}

#[tokio::test]
async fn after_days_away_one_notice_and_never_two_late_rounds() {
    let mut stage = Stage::open().await;
    let notes = stage.channel("admin-notes").to_string();
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes}))
        .await;
    stage.stop_bot().await;
    stage.advance_to("2026-11-26T09:00:00Z").await;
    stage.start_bot().await;
    assert_eq!(posted(&stage), ["2026-11-26T09:00"], "only the last one");
    assert_eq!(stage.notices().len(), 1);
    assert!(
        stage.notices()[0].says("3 rounds (Mon 2026-11-23 to Wed 2026-11-25)"),
        "{}",
        stage.notices()[0].text()
    );
    stage.restart_bot().await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (1, 1));
    stage.finish().await;
}

#[tokio::test]
async fn a_clock_that_jumps_posts_nothing_twice() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.jump(-120).await;
    stage.advance(120).await;
    assert_eq!(stage.cards().len(), 1, "eight o'clock came twice");

    stage.jump(60 * 24).await;
    assert_eq!(stage.cards().len(), 2);
    assert_eq!(stage.results().len(), 1);
    stage.jump(-60 * 24).await;
    stage.advance(60 * 24).await;
    assert_eq!((stage.cards().len(), stage.results().len()), (2, 1));
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.results().len()), (3, 2));
    stage.finish().await;
}

#[tokio::test]
async fn a_time_that_the_clocks_skip_is_the_first_minute_after() {
    // In Lisbon, clocks go from 01:00 to 02:00 on 28 March 2027.
    let stage = starting("2027-03-27T12:00:00Z").await;
    let said = stage.set_up("01:30", "Europe/Lisbon").await;
    assert!(said.says(&stamp("2027-03-28T01:00:00Z")), "{}", said.text());
    stage.advance_to("2027-03-28T00:59:00Z").await;
    assert_eq!(stage.cards().len(), 0);
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 1);
    stage.advance_to("2027-03-29T00:30:00Z").await;
    assert_eq!(posted(&stage), ["2027-03-28T01:00", "2027-03-29T00:30"]);
    stage.finish().await;
}

#[tokio::test]
async fn a_time_that_comes_twice_is_the_first_of_the_two() {
    // In Lisbon, clocks go from 02:00 back to 01:00 on 31 October 2027.
    let stage = starting("2027-10-30T12:00:00Z").await;
    stage.set_up("01:30", "Europe/Lisbon").await;
    stage.advance_to("2027-10-31T23:00:00Z").await;
    assert_eq!(posted(&stage), ["2027-10-31T00:30"]);
    stage.finish().await;
}

#[tokio::test]
async fn a_new_schedule_moves_the_close_of_the_open_round() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.set_up_with(json!({"time": "12:00"})).await;
    assert!(stage.card().says(&stamp("2026-11-24T12:00:00Z")), "{}", stage.card().text());
    stage.advance_to("2026-11-24T11:59:00Z").await;
    assert_eq!(stage.results().len(), 0);
    stage.advance(1).await;
    assert_eq!((stage.results().len(), stage.cards().len()), (1, 2));
    stage.set_up_with(json!({"hours": 1})).await;
    assert!(stage.card().says(&stamp("2026-11-24T13:00:00Z")), "{}", stage.card().text());
    stage.set_up_with(json!({"hours": 0})).await;
    assert!(stage.card().says(&stamp("2026-11-25T12:00:00Z")), "{}", stage.card().text());
    stage.study("holidays add", json!({"first": "2026-11-25"})).await;
    assert!(stage.card().says(&stamp("2026-11-26T12:00:00Z")), "{}", stage.card().text());
    stage.finish().await;
}

#[tokio::test]
async fn a_computer_that_slept_for_days_posts_one_late_round() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    stage.jump(3 * 24 * 60 + 30).await;
    assert_eq!((stage.results().len(), stage.cards().len()), (1, 2));
    assert_eq!(posted(&stage)[1], "2026-11-26T08:30");
    stage.advance_days(1).await;
    assert_eq!((stage.results().len(), stage.cards().len()), (2, 3));
    stage.finish().await;
}
