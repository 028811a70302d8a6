//! Two hundred members at one question, with Discord's limits on.

use crate::limits::{Production, id, until};
use crate::post::Post;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use studyhall::sandbox::Actor;

const CROWD: usize = 200;
const EDIT: &str = "PATCH /channels/{channel_id}/messages/{message_id}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_answer_within_a_second() {
    // Two hundred TLS handshakes at once, unoptimised, are not what this is about.
    let stage = Production::start_unlimited().await;
    let admin = stage.admin().await;
    stage.set_up(&admin).await;
    let crowd: Vec<Actor> =
        (1..=CROWD).map(|number| stage.sandbox.actor(&format!("Member {number}"))).collect();
    // Not all at once: connecting is not what this is about.
    for some in crowd.chunks(20) {
        for ready in join_all(some.iter().map(Actor::ready)).await {
            ready.unwrap();
        }
    }
    let options = json!([
        {"name": "mode", "value": 1}, {"name": "questions", "value": 1},
        {"name": "seconds", "value": 60}]);
    let reply = admin.command(stage.study(), "quiz", options).await.unwrap();
    assert!(!reply.failed);
    stage.settle().await;
    let card = || Post(stage.said(stage.study()).pop().expect("the card"));
    until("the lobby", || card().says("It begins <t:")).await;
    let lobby = card();
    admin.press(&lobby.0, &lobby.button("Start").unwrap()).await.unwrap();
    until("the question", || card().says("**Question 1 of 1**")).await;
    stage.settle().await;

    let asked = card();
    let buttons = ["A", "B", "C", "D"].map(|label| asked.button(label).unwrap());
    let began = Instant::now();
    let presses = crowd.iter().enumerate().map(|(n, member)| {
        let (asked, button) = (&asked, &buttons[n % 4]);
        // Within a second, and not in the same millisecond: sandbox and bot share two cores here,
        // unoptimised, and Discord's three seconds are real.
        let moment = Duration::from_millis(4 * u64::try_from(n).unwrap());
        async move {
            tokio::time::sleep(moment).await;
            member.press(&asked.0, button).await.unwrap()
        }
    });
    let answers = join_all(presses).await;
    let took = began.elapsed();
    for (n, answer) in answers.iter().enumerate() {
        assert!(!answer.failed, "member {} got no answer", n + 1);
        let message = Post(answer.settled_message().await.unwrap());
        assert!(message.says("Your choice"), "{}", message.text());
    }
    eprintln!("{CROWD} choices acknowledged within {took:?}");
    until("all of them on the card", || card().says(&format!("{CROWD} so far"))).await;
    // Everybody in the quiz but the host has chosen, so it goes on to the end of its time.
    stage.advance(TimeDelta::seconds(61)).await;
    until("the reveal", || card().says("is right. 50 of 200 got it.")).await;
    let split = card().field("How you chose").unwrap();
    assert_eq!(split.matches(": 50").count(), 4, "{split}");
    stage.advance(TimeDelta::seconds(20)).await;
    until("the podium", || card().says("is over")).await;
    assert_eq!(id(&card().0), id(&asked.0), "one card");

    assert_eq!(stage.refusals(), BTreeMap::new(), "no limit was met");
    let edits: Vec<Instant> = stage.watch.of(EDIT).into_iter().map(|(at, _)| at).collect();
    assert!(edits.len() >= 4, "{}", edits.len());
    for pair in edits.windows(2) {
        let distance = pair[1] - pair[0];
        assert!(distance >= Duration::from_millis(1_900), "two edits within {distance:?}");
    }
    stage.end().await;
}
