//! Seasons, and the board of the last week that is posted on Mondays.

use crate::cast::Member;
use crate::stage::{Props, Stage, stamp};
use serde_json::{Value, json};
use studyhall::domain::refusal::Refusal;
use studyhall::sandbox::Fault;

/// VIEW_CHANNEL.
const VIEW: u64 = 1 << 10;

/// The board of the season as a member sees it.
async fn season_board(member: &Member) -> crate::post::Post {
    member.uses("leaderboard", json!({"window": "this season"})).await
}

#[tokio::test]
async fn seasons_begin_end_and_lose_nothing() {
    let mut stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    assert!(season_board(&ana).await.refuses(&Refusal::NoSeason));
    assert!(stage.season("end", Value::Null).await.refuses(&Refusal::NoRunningSeason));
    ana.answers("Ana's answer, before any season began.").await;
    stage.advance_days(1).await;

    stage.advance(1).await;
    let said = stage.season("start", json!({"name": "Autumn"})).await;
    assert!(said.says("Season “Autumn” has begun"), "{}", said.text());
    assert_eq!(season_board(&ana).await.ranks().len(), 0, "it begins with nothing");
    assert!(ana.uses("leaderboard", Value::Null).await.says("Season: Autumn"));
    ben.answers("Ben's answer, given in the season.").await;
    stage.advance_days(1).await;
    let board = season_board(&ana).await;
    assert_eq!(board.title(), "Leaderboard: season Autumn");
    assert_eq!(board.places(), ["1. **Ben**: 2 points"]);
    stage.restart_bot().await;
    assert_eq!(season_board(&ana).await.ranks(), board.ranks());

    // A new one ends it.
    ana.answers("Ana's answer, the last one of the autumn.").await;
    stage.advance_days(1).await;
    let said = stage.season("start", json!({"name": "Winter"})).await;
    assert!(said.says("Season “Autumn” is over with that"), "{}", said.text());
    ben.answers("Ben's answer, the first one of the winter.").await;
    stage.advance_days(1).await;
    assert_eq!(season_board(&ana).await.places(), ["1. **Ben**: 2 points"]);

    let last = stage.season("end", Value::Null).await;
    assert!(last.says("Season “Winter” is over."), "{}", last.text());
    assert_eq!(last.places(), ["1. **Ben**: 2 points"]);
    let maya = stage.member("Maya").await;
    maya.presses(&last, "Share").await;
    let shared = stage.place.of_bot(stage.place.study).pop().unwrap();
    assert_eq!((shared.title(), shared.ranks()), (last.title(), last.ranks()));
    // The last one is shown until there is another, and does not change any more.
    ben.answers("Ben's answer, given after the winter.").await;
    stage.advance_days(1).await;
    let over = season_board(&ana).await;
    assert!(over.says("This season is over"), "{}", over.text());
    assert_eq!(over.places(), last.places());
    assert!(!ana.uses("leaderboard", Value::Null).await.says("Season:"));

    let list = ana.uses("season list", Value::Null).await;
    for line in
        ["**Winter**: from", "First: Ben with 2 points", "First: Ben and Ana with 2 points each"]
    {
        assert!(list.says(line), "{line}: {}", list.text());
    }
    let all_time = ana.uses("leaderboard", json!({"window": "all time"})).await;
    assert_eq!(all_time.places(), ["1. **Ben**: 6 points", "2. **Ana**: 4 points"]);
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_season_can_begin_on_a_date_that_is_over() {
    let stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.set_up("08:00", "Pacific/Auckland").await;
    stage.advance_to("2026-11-23T19:01:00Z").await;
    ana.answers("Ana's answer, closed on Wednesday there.").await;
    stage.advance_days(1).await;
    ben.answers("Ben's answer, closed on Thursday there.").await;
    stage.advance_days(1).await;
    for (options, why) in [
        (json!({"name": "X", "date": "soon"}), Refusal::BadDate("soon".to_owned())),
        (json!({"name": "X", "date": "2026-11-28"}), Refusal::SeasonAhead),
        (json!({"name": " "}), Refusal::SeasonWithoutName),
    ] {
        let said = stage.season("start", options).await;
        assert!(said.refuses(&why), "{why:?}: {}", said.text());
    }
    stage.season("start", json!({"name": "Since Thursday", "date": "2026-11-26"})).await;
    let board = season_board(&ana).await;
    assert_eq!(board.places(), ["1. **Ben**: 2 points"]);
    assert!(board.says(&stamp("2026-11-25T11:00:00Z")), "by the guild's zone: {}", board.text());
    let early = stage.season("start", json!({"name": "X", "date": "2026-11-25"})).await;
    assert!(early.refuses(&Refusal::SeasonsOverlap("Since Thursday".to_owned())));
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.finish().await;
}

#[tokio::test]
async fn only_admins_begin_and_end_seasons() {
    let stage = Stage::open().await;
    let ana = stage.member("Ana").await;
    stage.set_up("08:00", "UTC").await;
    for (command, options) in
        [("season start", json!({"name": "Mine"})), ("season end", Value::Null)]
    {
        let said = ana.uses(command, options).await;
        assert!(said.refuses(&Refusal::NotAnAdmin), "{}", said.text());
    }
    assert!(ana.uses("season list", Value::Null).await.says("There was no season yet."));
    stage.finish().await;
}

/// A week with points for Ana and Ben, at Monday 07:59 with the board to be posted at 09:00 in
/// `#general`.
async fn a_week_later() -> (Stage, [Member; 4], u64) {
    let stage = Stage::with(Props { start: "2026-11-27T07:59:00Z", ..Props::default() }).await;
    let cast = stage.cast().await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    let place = stage.channel("general");
    let weekly = json!({"post": "on", "channel": place.to_string()});
    let said = stage.study("board weekly", weekly).await;
    assert!(said.says(&stamp("2026-11-30T09:00:00Z")), "{}", said.text());
    stage.advance(1).await;
    cast[0].answers("Ana's answer of Friday, closed on Saturday.").await;
    stage.advance_days(1).await;
    cast[1].answers("Ben's answer of Saturday, closed on Sunday.").await;
    cast[0].answers("Ana's answer of Saturday, closed on Sunday.").await;
    stage.advance_days(1).await;
    stage.advance_to("2026-11-30T08:59:00Z").await;
    assert_eq!(stage.place.of_bot(place).len(), 0, "not before its time");
    (stage, cast, place)
}

#[tokio::test]
async fn the_board_of_the_last_week_is_posted_on_monday() {
    let (stage, [ana, ben, _, dana], place) = a_week_later().await;
    stage.advance(1).await;
    let posts = stage.place.of_bot(place);
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].title(), "Leaderboard: last week");
    assert_eq!(posts[0].places(), ["1. **Ana**: 4 points", "2. **Ben**: 2 points"]);
    assert!(!posts[0].says("You: "), "{}", posts[0].text());
    let own = ben.presses(&posts[0], "My place").await;
    assert!(own.says("You: rank 2, 2 points"), "{}", own.text());
    assert!(own.0["flags"].as_u64().unwrap() & 64 != 0, "private");
    assert!(dana.presses(&posts[0], "My place").await.says("You got no points here."));

    // A week without points says nothing; and an old post does not pretend to be new.
    stage.study("pause", Value::Null).await;
    stage.advance_days(14).await;
    assert_eq!(stage.place.of_bot(place).len(), 1);
    let old = ana.presses(&posts[0], "My place").await;
    assert!(old.refuses(&Refusal::BoardGone), "{}", old.text());
    stage.finish().await;
}

#[tokio::test]
async fn the_weekly_post_comes_once_whatever_breaks() {
    let (mut stage, _, place) = a_week_later().await;
    // Discord takes it, but the answer is lost.
    let messages = ("POST", "/channels/{channel_id}/messages");
    stage.sandbox().fail_next(messages, Fault::DropAfter, 1);
    stage.advance_without_waiting(1).await;
    let there = || stage.place.of_bot(place).len() == 1;
    stage.until("the board", there).await;
    stage.kill_bot().await;
    stage.start_bot().await;
    stage.settle().await;
    stage.restart_bot().await;
    stage.advance(30).await;
    assert_eq!(stage.place.of_bot(place).len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn a_weekly_post_that_was_missed_is_made_up_for_in_time_only() {
    for (away, wanted) in [(119, 1), (122, 0)] {
        let (mut stage, _, place) = a_week_later().await;
        stage.stop_bot().await;
        stage.advance(away + 1).await;
        stage.start_bot().await;
        assert_eq!(stage.place.of_bot(place).len(), wanted, "{away} minutes late");
        stage.finish().await;
    }
}

#[tokio::test]
async fn trouble_with_the_weekly_post_is_told_and_harms_no_study_channel() {
    let (stage, _, place) = a_week_later().await;
    stage.sandbox().set_bot_permissions(Some(place), 0, VIEW);
    stage.advance(1).await;
    stage.until("a notice", || !stage.notices().is_empty()).await;
    let notice = stage.notices().pop().unwrap();
    assert!(notice.says("the leaderboard of the last week"), "{}", notice.text());
    let status = stage.study("status", Value::Null).await;
    assert!(!status.says("Trouble"), "{}", status.text());
    stage.sandbox().set_bot_permissions(Some(place), 0, 0);
    stage.settle().await;
    stage.until("the board", || stage.place.of_bot(place).len() == 1).await;
    stage.settle().await;
    assert_eq!(stage.notices().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn the_weekly_post_can_be_switched_off_and_begins_with_the_next_monday() {
    let (stage, _, place) = a_week_later().await;
    stage.study("board weekly", json!({"post": "off"})).await;
    stage.advance(10).await;
    // Switched on a little late: that is for the next week.
    let said = stage.study("board weekly", json!({"post": "on"})).await;
    assert!(said.says(&stamp("2026-12-07T09:00:00Z")), "{}", said.text());
    stage.advance(60).await;
    assert_eq!(stage.place.of_bot(place).len(), 0);
    let weekly = |stage: &Stage| {
        let mut posts = stage.place.of_bot(stage.place.study);
        posts.retain(|post| post.title().starts_with("Leaderboard"));
        posts.len()
    };
    assert_eq!(weekly(&stage), 0);
    stage.member("Ana").await.answers("Ana's answer of Monday, closed on Tuesday.").await;
    stage.advance_days(7).await;
    assert_eq!(weekly(&stage), 1, "in the channel where it was typed");
    stage.finish().await;
}
