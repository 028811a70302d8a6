//! A judge that is shown broken promises must see them.

use super::{Plan, Simulation};
use crate::bank::Bank;
use crate::cli::simulate::Faults;
use crate::cli::simulate::guild::id_of;
use crate::cli::simulate::record::Record;
use crate::cli::simulate::report::Report;
use crate::config::Config;
use chrono::TimeDelta;
use indicatif::ProgressBar;
use std::path::Path;
use std::sync::Arc;

/// One thing that is not as it should be, and what is then said of it.
type Wrong = (&'static str, fn(&mut Record));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_with_kills_keep_the_promise_and_the_judge_sees_whatever_breaks_it() {
    let plan = Plan {
        from: "2026-03-27T00:00:00Z".parse().unwrap(),
        days: 4,
        guilds: 2,
        faults: Faults::Calm,
        seed: 1,
        kill_every: Some(TimeDelta::hours(6)),
        keep: None,
    };
    let (config, _) = Config::parse(Path::new("config.toml"), "");
    let (bank, _) = Bank::load(true, &[]);
    let mut simulation = Simulation::open(plan, &config, Arc::new(bank)).await.unwrap();
    simulation.live(&ProgressBar::hidden()).await.unwrap();
    let record = simulation.rest().await.unwrap();
    let judged = |record: &Record| -> Report { simulation.judge(record) };
    let report = judged(&record);
    assert!(report.is_kept(), "{report}");
    assert!(report.kills > 10 && report.on_time >= 7, "{report}");
    assert!(report.answers[0] > 10 && report.votes[0] > 5 && report.points[0] > 30, "{report}");
    assert!(report.marks[0] > 10, "{report}");

    let table: [Wrong; 9] = [
        ("the database knows no round", |record| record.rounds.clear()),
        ("but the database says skipped", |record| {
            record.rounds.iter_mut().for_each(|row| row.state = "skipped".to_owned());
        }),
        ("has not got", |record| {
            record.ledger.remove(0);
        }),
        ("points too many", |record| {
            let again = record.ledger[0].clone();
            record.ledger.push(again);
        }),
        ("voted for", |record| {
            record.ballots.remove(0);
        }),
        ("two ballots", |record| {
            let again = record.ballots[0];
            record.ballots.push(again);
        }),
        ("never voted, but has a ballot", |record| record.ballots[0].voter = 1),
        ("wrote", |record| record.answers[0].content.push('!')),
        ("counts in the database alone", |record| record.answers[0].message = 1),
    ];
    for (told, wrong) in table {
        let mut record = record.clone();
        wrong(&mut record);
        let report = judged(&record);
        assert!(!report.is_kept(), "nobody saw: {told}");
        assert!(report.broken.iter().any(|one| one.contains(told)), "{told}:\n{report}");
    }

    // What was said on Discord counts as much: a card posted twice, a result that is gone.
    let guild = &mut simulation.guilds[0];
    let card = guild.cards[0].clone();
    guild.cards.push(card.clone());
    let report = simulation.judge(&record);
    assert!(report.broken.iter().any(|one| one.contains("has 2 cards")), "{report}");
    simulation.guilds[0].cards.pop();
    let result = simulation.sandbox.messages(card.id).into_iter().find(|one| {
        one["embeds"][0]["title"].as_str().is_some_and(|title| title.starts_with("Result: "))
    });
    let result = id_of(&result.unwrap()["id"]);
    simulation.sandbox.delete_message(card.id, result);
    let report = simulation.judge(&record);
    assert!(report.broken.iter().any(|one| one.contains("0 times a result")), "{report}");
    // A check mark under what does not count, and none under what does.
    let marked = simulation
        .sandbox
        .messages(card.id)
        .into_iter()
        .find(|one| one["reactions"][0]["emoji"]["name"] == "✅")
        .unwrap();
    let author = id_of(&marked["author"]["id"]);
    let name = simulation.guilds[0].names.remove(&author).unwrap();
    let report = simulation.judge(&record);
    assert!(report.broken.iter().any(|one| one.contains("mark for nothing")), "{report}");
    simulation.guilds[0].names.insert(author, name);
    let path = format!(
        "/channels/{}/messages/{}/reactions/%E2%9C%85/{}",
        card.id,
        id_of(&marked["id"]),
        simulation.sandbox.bot_id()
    );
    let admin = &simulation.guilds[0].members[0];
    admin.request("DELETE", &path, None).await.unwrap();
    let report = simulation.judge(&record);
    assert!(report.broken.iter().any(|one| one.contains("lacks the check mark")), "{report}");
    simulation.guilds[0].cards.remove(0);
    let report = simulation.judge(&record);
    assert!(report.broken.iter().any(|one| one.contains("no card for the round")), "{report}");
    simulation.sandbox.stop().await;
}
