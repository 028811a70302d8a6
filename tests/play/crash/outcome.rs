//! What a story came to, as members and the database tell it; the same whatever died on the way.

use crate::post::{Post, number};
use crate::stage::Stage;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use std::collections::BTreeMap;

/// Sorted lines, so that two outcomes can be compared and their difference read.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Channel, kind of post and its state: each line with how often it is there.
    pub said: BTreeMap<String, usize>,
    /// Rounds as they are remembered.
    pub rounds: Vec<String>,
    /// Causes and points.
    pub ledger: Vec<String>,
    /// Who answered how often in a row.
    pub streaks: Vec<String>,
    /// Ballots and answers.
    pub ballots: Vec<String>,
}

impl Outcome {
    pub async fn of(stage: &Stage) -> Self {
        let file = SqliteConnectOptions::new().filename(stage.database()).read_only(true);
        let mut db = file.connect().await.unwrap();
        let outcome = Self {
            said: said(stage),
            rounds: lines(
                &mut db,
                "SELECT round_id || ' ' || COALESCE(local_date, '') || ' ' || state || ' '
                     || COALESCE(question_id, '') || ' ' || (message_id IS NOT NULL) || ' '
                     || (COALESCE(thread_id, 0) = COALESCE(message_id, 1)) || ' ' || (voided_at IS NOT NULL)
                 FROM rounds ORDER BY round_id",
            )
            .await,
            ledger: lines(
                &mut db,
                "SELECT cause || ' ' || points || ' ' || at FROM ledger ORDER BY cause",
            )
            .await,
            streaks: lines(
                &mut db,
                "SELECT member_id || ' ' || length || ' ' || best || ' ' || graces FROM streaks
                 ORDER BY member_id",
            )
            .await,
            ballots: lines(
                &mut db,
                "SELECT round_id || ' ' || voter_id || ' ' || author_id || ' ' || (voided_at IS NOT NULL)
                     FROM ballots
                 UNION ALL SELECT round_id || ' ' || member_id FROM answers ORDER BY 1",
            )
            .await,
        };
        db.close().await.unwrap();
        outcome
    }
}

async fn lines(db: &mut SqliteConnection, query: &'static str) -> Vec<String> {
    let rows = sqlx::query(query).fetch_all(db).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn said(stage: &Stage) -> BTreeMap<String, usize> {
    let mut said = BTreeMap::new();
    let mut note = |place: &str, post: &Post| {
        let first = post.title();
        let first = if first.is_empty() {
            post.text().lines().next().unwrap_or("").to_owned()
        } else {
            first
        };
        let marks = [(post.is_pinned(), "pinned"), (post.is_marked(), "marked")];
        let marks: Vec<&str> = marks.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        *said.entry(format!("{place}: {first} {}", marks.join(" "))).or_insert(0) += 1;
    };
    for (name, channel) in stage.sandbox().channels() {
        for post in stage.place.of_bot(channel) {
            note(&name, &post);
        }
    }
    let threads = stage.sandbox().threads(stage.place.study);
    for thread in &threads {
        let name = thread["name"].as_str().unwrap_or_default();
        // Everybody's: the check marks are the bot's.
        for post in stage.place.posts(number(&thread["id"])) {
            note(name, &post);
        }
    }
    for member in stage.sandbox().members() {
        for post in stage.sandbox().direct_messages(member.id) {
            note(&member.name, &Post(post));
        }
    }
    said.insert("threads".to_owned(), threads.len());
    said
}
