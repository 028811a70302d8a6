//! A hundred members press a choice of one group question at once: from the moment the sandbox
//! dispatches the interaction to the bot's acknowledgement, and from the press, as the member's client
//! sends it, to the finished answer. The bot has a runtime of its own, and shares the cores
//! with the sandbox and the members.

mod place;

use anyhow::Context as _;
use futures::future::{join_all, try_join_all};
use place::Place;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::cli::bot::settler;
use studyhall::sandbox::{Actor, Sandbox};

const MEMBERS: usize = 100;
const ROUNDS: usize = 10;
/// What the 99th of a hundred may take.
const BUDGET: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Place { sandbox, bot, study, admin, folder: _folder } = place::open("23:00").await?;
    let members: Vec<Actor> = (1..=MEMBERS)
        .map(|number| sandbox.act_as(sandbox.add_member(&format!("Member {number}"), false)))
        .collect();
    for some in members.chunks(20) {
        try_join_all(some.iter().map(Actor::ready)).await?;
    }
    let options = json!([
        {"name": "mode", "value": 1}, {"name": "questions", "value": 1},
        {"name": "seconds", "value": 600}]);
    admin.command(study, "quiz", options).await?;
    settler(sandbox.clone(), bot.bot(), 0)().await;
    let lobby = card(&sandbox, "Start").await?;
    admin.press(&lobby, &button(&lobby, "Start").context("a button")?).await?;
    let asked = card(&sandbox, "A").await?;
    settler(sandbox.clone(), bot.bot(), 0)().await;

    let mut before = 0;
    let mut times = Vec::with_capacity(ROUNDS * MEMBERS);
    for round in 0..=ROUNDS {
        let id = button(&asked, ["A", "B", "C", "D"][round % 4]).context("a button")?;
        let presses = members.iter().map(|member| {
            let (asked, id) = (&asked, &id);
            async move {
                let click = Instant::now();
                let reply = member.press(asked, id).await?;
                anyhow::ensure!(!reply.failed, "the bot did not answer");
                reply.settled_message().await?;
                Ok(click.elapsed())
            }
        });
        for took in join_all(presses).await {
            times.push(took?);
        }
        if round == 0 {
            // The first press of each member opens its client's connections, on the bot's own cores.
            times.clear();
            before = sandbox.answered_after().len();
        }
        // The card is brought up to date meanwhile, as it would be.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut acknowledged = sandbox.answered_after().split_off(before);
    anyhow::ensure!(acknowledged.len() == ROUNDS * MEMBERS, "not each press was acknowledged");
    println!("{MEMBERS} members at once, {ROUNDS} times:");
    let slow = tell("dispatch to acknowledgement", &mut acknowledged);
    tell("press to finished answer", &mut times);
    println!(
        "the 99th of a hundred within {BUDGET:?}: {}",
        if slow <= BUDGET { "yes" } else { "no" }
    );
    bot.stop().await?;
    sandbox.stop().await;
    Ok(())
}

/// Prints how the times are spread, and gives what 99 of a hundred keep within.
fn tell(what: &str, times: &mut [Duration]) -> Duration {
    times.sort();
    let at = |percent: usize| {
        times.get((times.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or_default()
    };
    println!("  {what}: p50 {:.1?}, p99 {:.1?}, slowest {:.1?}", at(50), at(99), at(100));
    at(99)
}

/// The newest message of the study channel, once it has that button.
async fn card(sandbox: &Sandbox, label: &str) -> anyhow::Result<Value> {
    let began = Instant::now();
    loop {
        let newest = sandbox.messages(sandbox.study_channel_id()).pop();
        if let Some(card) = newest.filter(|card| button(card, label).is_some()) {
            return Ok(card);
        }
        anyhow::ensure!(began.elapsed() < Duration::from_secs(20), "no {label:?} on the card");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn button(card: &Value, label: &str) -> Option<String> {
    let rows = card["components"].as_array().into_iter().flatten();
    let mut parts = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let found = parts.find(|part| part["label"] == label)?;
    found["custom_id"].as_str().map(str::to_owned)
}
