//! Pictures on boards: there when there is something to compare, and never in the way.

use crate::cast::Member;
use crate::post::Post;
use crate::stage::Stage;
use serde_json::{Value, json};
use std::time::Duration;

const ATTACH_FILES: u64 = 1 << 15;

/// So many members with points.
async fn with_points(stage: &Stage, members: usize) -> Vec<Member> {
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let mut all = Vec::new();
    for number in 1..=members {
        let member = stage.member(&format!("Student {number:02}")).await;
        member.says(&format!("The answer of student number {number:02}.")).await;
        all.push(member);
    }
    stage.advance_days(1).await;
    all
}

fn files(post: &Post) -> Vec<Value> {
    post.0["attachments"].as_array().unwrap().clone()
}

/// The message as the member sees it once its picture is drawn.
async fn with_picture(member: &Member, post: &Post) -> Post {
    let drawn = |message: &Value| {
        message["id"] == post.0["id"]
            && message["attachments"].as_array().is_some_and(|f| f.len() == 1)
    };
    if drawn(&post.0) {
        return post.clone();
    }
    let is_it = |kind: &str, data: &Value| kind == "MESSAGE_UPDATE" && drawn(data);
    let updated = member.actor.wait_for("the picture", Duration::from_secs(20), is_it);
    Post(updated.await.unwrap())
}

#[tokio::test]
async fn the_first_page_of_a_board_has_a_picture() {
    let stage = Stage::open().await;
    let students = with_points(&stage, 12).await;
    let asker = &students[11];
    let page = asker.uses("leaderboard", Value::Null).await;
    assert_eq!(page.ranks().len(), 10, "the text is complete without it");
    let [file] = files(&page).try_into().expect("a picture");
    assert_eq!(file["filename"], "leaderboard.png");
    let described = file["description"].as_str().unwrap();
    assert!(described.starts_with("Leaderboard: this week, as bars. 1. Student 01: 2 points; 1. "));
    assert_eq!(page.0["embeds"][0]["image"]["url"], file["url"]);

    let second = asker.presses(&page, "More").await;
    assert_eq!((second.ranks().len(), files(&second)), (2, vec![]), "{}", second.text());
    let first = asker.presses(&second, "Back").await;
    assert_eq!(first.ranks().len(), 10);
    let first = with_picture(asker, &first).await;
    let shared = asker.presses(&first, "Share").await;
    let shared = with_picture(asker, &shared).await;
    assert_eq!(shared.0["flags"].as_u64().unwrap() & 64, 0, "everybody sees it");
    stage.finish().await;
}

#[tokio::test]
async fn two_members_are_no_picture() {
    let stage = Stage::open().await;
    let students = with_points(&stage, 2).await;
    let page = students[0].uses("leaderboard", Value::Null).await;
    assert_eq!((page.ranks().len(), files(&page)), (2, vec![]));
    stage.finish().await;
}

#[tokio::test]
async fn the_weekly_post_has_a_picture_where_the_bot_may_attach_files() {
    let stage = Stage::open().await;
    let general = stage.channel("general");
    let students = with_points(&stage, 3).await;
    let weekly = json!({"post": "on", "channel": general.to_string()});
    stage.study("board weekly", weekly).await;
    let posts = || stage.place.of_bot(general);
    stage.advance_to("2026-11-30T12:00:00Z").await;
    let [first] = posts().try_into().expect("the weekly post");
    assert_eq!((first.ranks().len(), files(&first).len()), (3, 1), "{}", first.text());

    stage.sandbox().set_bot_permissions(Some(general), 0, ATTACH_FILES);
    for student in &students {
        student.says("An answer in the week after, also with points.").await;
    }
    stage.advance_to("2026-12-07T12:00:00Z").await;
    assert_eq!(posts().len(), 2, "without the right it comes all the same");
    assert_eq!(files(&posts()[1]), [] as [Value; 0]);
    stage.finish().await;
}
