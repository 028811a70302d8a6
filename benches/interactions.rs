//! The round trip of an interaction: a member's click over the sandbox's REST, the gateway, the
//! bot, its callback, and back to the member's own gateway session.

mod place;

use place::Place;
use serde_json::json;
use std::time::Instant;
use studyhall::cli::bot::settler;

const ROUNDS: usize = 500;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Place { sandbox, bot, study, admin, folder: _folder } = place::open("08:00").await?;
    settler(sandbox.clone(), bot.bot(), 0)().await;

    for (what, options) in
        [("today", json!([])), ("privacy", json!([{"name": "board", "value": 0}]))]
    {
        let mut times = Vec::with_capacity(ROUNDS);
        let began = Instant::now();
        for _ in 0..ROUNDS {
            let click = Instant::now();
            let reply = admin.command(study, what, options.clone()).await?;
            anyhow::ensure!(!reply.failed, "the bot did not answer");
            times.push(click.elapsed());
        }
        let per_second = ROUNDS as f64 / began.elapsed().as_secs_f64();
        times.sort();
        let kind = if what == "today" { "reads" } else { "commits" };
        println!(
            "interaction /{what} ({kind}): {ROUNDS} one after the other, {per_second:.0} per \
             second, median {:.1} ms, p99 {:.1} ms",
            times[ROUNDS / 2].as_secs_f64() * 1e3,
            times[ROUNDS * 99 / 100].as_secs_f64() * 1e3
        );
    }
    bot.stop().await?;
    sandbox.stop().await;
    Ok(())
}
