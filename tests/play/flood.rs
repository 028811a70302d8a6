//! More at once than the bot can take in.

use crate::stage::Stage;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::collections::HashSet;
use std::time::{Duration, Instant};

const AUTHORS: usize = 100;
const MESSAGES: usize = 5_000;
/// How long the bot may take to have everything.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn five_thousand_answers_at_once_are_all_taken_in() {
    let mut stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let (thread, sandbox) = (stage.thread(), stage.sandbox().clone());
    let authors: Vec<u64> = (1..=AUTHORS)
        .map(|number| sandbox.add_member(&format!("Member {number}"), false).id)
        .collect();
    // However fast this machine is, more comes than the inbox holds: another program has the database.
    let file = SqliteConnectOptions::new().filename(stage.database());
    let mut other = file.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    stage.expect_error("the database can't be written");
    let began = Instant::now();
    let mut first = Vec::new();
    for number in 0..MESSAGES {
        let author = authors[number % AUTHORS];
        let text = format!("Part {} of an answer that comes in many parts.", number / AUTHORS);
        let message = sandbox.write(author, thread, &text);
        if number < AUTHORS {
            first.push(message);
        }
    }
    let took = began.elapsed();
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();

    let marked = || {
        let posts = stage.place.posts(thread);
        let marked: HashSet<u64> =
            posts.iter().filter(|post| post.is_marked()).map(|post| post.id()).collect();
        first.iter().filter(|message| marked.contains(message)).count()
    };
    while marked() < AUTHORS {
        let waited = began.elapsed();
        assert!(waited < PATIENCE, "only {} of {AUTHORS} are marked", marked());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    eprintln!(
        "{MESSAGES} messages were written in {took:?} and taken in after {:?}",
        began.elapsed()
    );
    stage.settle().await;

    let ana = stage.member("Ana").await;
    let today = ana.uses("today", serde_json::Value::Null).await;
    assert!(today.says("100 answers so far"), "{}", today.text());
    let mut on_the_ballot = HashSet::new();
    let mut ballot = ana.ballot().await;
    loop {
        on_the_ballot.extend(ballot.choices());
        if on_the_ballot.len() == AUTHORS || ballot.button("More answers").is_none() {
            break;
        }
        ballot = ana.presses(&ballot, "More answers").await;
    }
    assert_eq!(on_the_ballot.len(), AUTHORS);

    // Nothing but what was missed was read: a few readings of 51 pages, not one for each message.
    let pages = stage.exchanges().iter().filter(|one| is_page(&one.method, &one.path)).count();
    assert!((51..=4 * 51).contains(&pages), "{pages} pages");
    stage.finish().await;
}

fn is_page(method: &str, path: &str) -> bool {
    method == "GET" && path.contains("/messages")
}
