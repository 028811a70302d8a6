//! Who stands where, and who sees it.

use crate::cast::Member;
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use studyhall::domain::ids::{GuildId, MemberId};
use studyhall::store::ledger;

/// Ana, Ben and Chidi have answered, and Ana is the members' pick.
async fn after_one_round() -> (Stage, [Member; 4]) {
    let stage = Stage::open().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, the best of all of them.").await;
    ben.answers("Ben's answer, which nobody votes for.").await;
    chidi.answers("Chidi's answer, nobody's choice either.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_days(1).await;
    (stage, [ana, ben, chidi, dana])
}

#[tokio::test]
async fn weeks_and_months_begin_in_the_zone_of_the_guild() {
    // In Auckland it is Saturday, 28 November, 07:59; clocks there are 13 hours ahead.
    let stage = Stage::with(Props { start: "2026-11-27T18:59:00Z", ..Props::default() }).await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "Pacific/Auckland").await;
    stage.advance(1).await;
    ana.answers("Answered on Saturday, closed on Sunday").await;
    stage.advance_days(1).await;
    ben.answers("Answered on Sunday, closed on Monday").await;
    stage.advance_days(1).await;
    // Still Sunday evening in UTC.
    assert_eq!(stage.now().to_rfc3339(), "2026-11-29T19:00:00+00:00");
    let board = async |window: &str| ana.uses("leaderboard", json!({"window": window})).await;
    assert_eq!(board("this week").await.ranks(), ["1. **Ben**: 2 points"]);
    assert!(board("this week").await.says("You have no points here yet."));
    assert_eq!(
        board("this month").await.ranks(),
        ["1. **Ana**: 2 points", "1. **Ben**: 2 points"],
        "equals share a rank, and who got there first is listed first"
    );

    chidi.answers("Answered on Monday, closed in December").await;
    stage.advance_days(1).await;
    assert_eq!(stage.now().to_rfc3339(), "2026-11-30T19:00:00+00:00");
    assert_eq!(board("this month").await.ranks(), ["1. **Chidi**: 2 points"]);
    assert_eq!(
        board("this week").await.ranks(),
        ["1. **Ben**: 2 points", "1. **Chidi**: 2 points"]
    );
    assert_eq!(board("all time").await.ranks().len(), 3);
    stage.finish().await;
}

#[tokio::test]
async fn the_own_rank_is_shown_on_every_page() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let mut students = Vec::new();
    for number in 1..=13 {
        let student = stage.member(&format!("Student {number:02}")).await;
        student.says(&format!("The answer of student number {number:02}")).await;
        students.push(student);
    }
    students[1].votes_for(&students[0]).await;
    students[2].votes_for(&students[0]).await;
    stage.advance_days(1).await;

    let last = &students[12];
    let first_page = last.uses("leaderboard", Value::Null).await;
    assert_eq!(first_page.ranks().len(), 10);
    assert_eq!(
        first_page.ranks()[..4],
        [
            "1. **Student 01**: 7 points, 1 pick",
            "2. **Student 02**: 3 points",
            "2. **Student 03**: 3 points",
            "4. **Student 04**: 2 points"
        ]
    );
    assert!(first_page.says("Page 1 of 2, 13 members"));
    assert!(first_page.says("You: rank 4, 2 points"), "{}", first_page.text());
    let second = last.presses(&first_page, "More").await;
    assert_eq!(second.ranks().len(), 3);
    assert!(second.says("You: rank 4"), "{}", second.text());
    assert_eq!(last.presses(&second, "Back").await.ranks(), first_page.ranks());
    let beyond = last.uses("leaderboard", json!({"page": 99})).await;
    assert_eq!(beyond.ranks(), second.ranks(), "beyond the last page is the last page");
    stage.finish().await;
}

#[tokio::test]
async fn the_board_is_private_until_it_is_shared() {
    let (stage, [ana, ..]) = after_one_round().await;
    let before = stage.place.posts(stage.place.study).len();
    let board = ana.uses("leaderboard", Value::Null).await;
    assert!(board.0["flags"].as_u64().unwrap() & 64 != 0);
    assert_eq!(stage.place.posts(stage.place.study).len(), before);

    ana.presses(&board, "Share").await;
    let shared = stage.place.of_bot(stage.place.study).pop().unwrap();
    assert_eq!(shared.ranks(), board.ranks());
    assert!(!shared.says("You: "), "{}", shared.text());
    assert_eq!(shared.keys().len(), 0, "no buttons");
    assert_eq!(shared.0["mentions"], json!([]), "nobody is pinged");
    stage.finish().await;
}

#[tokio::test]
async fn members_can_stay_off_the_boards() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    let said = ana.uses("privacy", json!({"board": "off"})).await;
    assert!(said.says("You are off the leaderboards"), "{}", said.text());
    let board = ben.uses("leaderboard", Value::Null).await;
    assert_eq!(board.ranks(), ["1. **Ben**: 3 points", "1. **Chidi**: 3 points"]);
    let own = ana.uses("leaderboard", Value::Null).await;
    assert!(own.says("You are off the leaderboards") && own.ranks().len() == 2, "{}", own.text());
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"), "points are kept");

    ana.uses("privacy", json!({"board": "on"})).await;
    let board = ben.uses("leaderboard", Value::Null).await;
    assert_eq!(board.ranks()[0], "1. **Ana**: 7 points, 1 pick");
    stage.finish().await;
}

#[tokio::test]
async fn members_who_left_are_hidden_but_keep_their_points() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    stage.sandbox().remove_member(ana.id());
    stage.advance_days(2).await;
    let week = json!({"window": "all time"});
    ben.uses("leaderboard", week.clone()).await;
    let asked = format!("/guilds/{}/members/{}", stage.sandbox().guild_id(), ana.id());
    let looked_up = || stage.exchanges().iter().any(|one| one.path == asked && one.status == 404);
    stage.until("a look whether Ana is still there", looked_up).await;
    stage.settle().await;

    let board = ben.uses("leaderboard", week.clone()).await;
    assert_eq!(board.ranks(), ["1. **Ben**: 3 points", "1. **Chidi**: 3 points"]);
    let store = stage.store().await;
    let mut db = store.read().await.unwrap();
    let guild = GuildId(stage.sandbox().guild_id());
    assert_eq!(ledger::total(&mut db, guild, MemberId(ana.id())).await.unwrap(), 7);
    drop(db);
    store.close().await;

    // Who is still there is asked about at most once a day.
    let asked = || {
        let exchanges = stage.exchanges();
        exchanges.iter().filter(|one| one.path.contains("/members/")).count()
    };
    let before = asked();
    ben.uses("leaderboard", week).await;
    assert_eq!(asked(), before);
    stage.finish().await;
}

#[tokio::test]
async fn points_list_their_causes() {
    let (stage, [_, ben, _, dana]) = after_one_round().await;
    let title = stage.cards()[0].title();
    let points = ben.uses("points", Value::Null).await;
    assert!(points.says("**3 points**, rank 2 of all time"), "{}", points.text());
    assert!(points.says(&format!("+2 answered, “{title}”")), "{}", points.text());
    assert!(points.says(&format!("+1 voted, “{title}”")), "{}", points.text());
    let none = dana.uses("points", Value::Null).await;
    assert!(none.says("Answer a question or vote"), "{}", none.text());
    stage.finish().await;
}
