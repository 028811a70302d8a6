//! What members see of themselves and of each other.

use crate::cast::Member;
use crate::post::Post;
use crate::stage::Stage;
use serde_json::{Value, json};
use studyhall::domain::refusal::Refusal;

/// A round with answers by Ana and Ben, and Ben's and Chidi's votes for Ana, closed.
async fn after_one_round() -> (Stage, [Member; 4]) {
    let stage = Stage::open().await;
    let cast = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let [ana, ben, chidi, _] = &cast;
    ana.answers("Ana's answer, the better of the two.").await;
    ben.answers("Ben's answer, which nobody votes for.").await;
    ben.votes_for(ana).await;
    chidi.votes_for(ana).await;
    stage.advance_days(1).await;
    (stage, cast)
}

fn of(member: &Member) -> Value {
    json!({"member": member.id().to_string()})
}

/// The message's picture: its bytes, as anybody's client gets them, and its description.
async fn picture(post: &Post) -> (Vec<u8>, String) {
    let files = post.0["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{}", post.text());
    let served = reqwest::get(files[0]["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(served.headers()["content-type"], "image/png");
    let described = files[0]["description"].as_str().unwrap().to_owned();
    (served.bytes().await.unwrap().to_vec(), described)
}

#[tokio::test]
async fn of_oneself_in_words_and_as_a_picture() {
    let (stage, [ana, ben, _, dana]) = after_one_round().await;
    let said = ana.uses("stats", Value::Null).await;
    assert!(said.0["flags"].as_u64().unwrap() & 64 != 0, "only Ana sees it");
    assert!(said.says("In the last 26 weeks: 1 round answered, on 1 day."), "{}", said.text());
    assert!(said.says("Since the beginning: 1 round answered, 1 time the members' pick."));
    assert!(said.says("1 round in a row, best 1, 0 graces in hand"));
    assert!(said.says("No quiz answered in this time."));
    let (png, described) = picture(&said).await;
    assert!(png.starts_with(b"\x89PNG"));
    let file = &said.0["attachments"][0];
    assert_eq!((&file["filename"], &file["width"]), (&json!("stats.png"), &json!(1_000)));
    assert!(described.starts_with("Stats of Ana, 24 November 2026."), "{described}");
    assert!(described.contains("Figures: rounds 1, picks 1, in a row 1"), "{described}");

    let said = ben.uses("stats", Value::Null).await;
    assert!(said.says("1 round answered and 1 vote, on 1 day."), "{}", said.text());
    // The same again is the same to the byte; another member's is not.
    let again = picture(&ben.uses("stats", Value::Null).await).await.0;
    assert!(picture(&said).await.0 == again && again != png);

    // Who never did anything gets zeros, not an error.
    let nothing = dana.uses("stats", Value::Null).await;
    assert!(nothing.says("In the last 26 weeks: nothing yet."), "{}", nothing.text());
    assert!(picture(&nothing).await.0.starts_with(b"\x89PNG"));
    stage.finish().await;
}

#[tokio::test]
async fn of_another_only_rounds_picks_and_streak() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    let said = ana.uses("stats", of(&ben)).await;
    assert!(said.says("Stats of Ben"));
    assert!(said.says("In the last 26 weeks: 1 round answered, on 1 day."), "{}", said.text());
    assert!(said.says("Since the beginning: 1 round answered."));
    let (png, described) = picture(&said).await;
    for told in [said.text(), described] {
        for secret in ["vote", "uiz"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
    // Naming oneself is asking for one's own.
    let own = ben.uses("stats", of(&ben)).await;
    assert!(own.says("Your stats") && own.says("1 vote"));
    assert!(picture(&own).await.0 != png);
    stage.finish().await;
}

#[tokio::test]
async fn of_one_who_opted_out_nothing_is_shown_to_others() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    ben.uses("privacy", json!({"board": "off"})).await;
    let said = ana.uses("stats", of(&ben)).await;
    assert!(said.refuses(&Refusal::StatsHidden), "{}", said.text());
    assert_eq!(said.0["attachments"], json!([]));
    let own = ben.uses("stats", Value::Null).await;
    assert!(own.says("1 round answered") && own.says("nobody else can see"), "{}", own.text());
    ben.uses("privacy", json!({"board": "on"})).await;
    assert!(ana.uses("stats", of(&ben)).await.says("Stats of Ben"));
    stage.finish().await;
}

#[tokio::test]
async fn where_nothing_is_set_up_there_are_no_stats() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    assert!(ana.uses("stats", Value::Null).await.refuses(&Refusal::NoStudyChannel));
    stage.finish().await;
}
