//! What the bot's database holds, read by statements of the simulator's own.

use anyhow::Context as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// One row of `rounds`.
#[derive(Debug, Clone)]
pub struct RoundRow {
    /// Its number.
    pub round: i64,
    /// The study channel.
    pub channel: u64,
    /// The local date, if it is a scheduled one.
    pub date: Option<String>,
    /// How far it has come.
    pub state: String,
    /// Why there is none.
    pub skip_reason: Option<String>,
    /// Its card.
    pub message: Option<u64>,
}

/// One row of `ballots`.
#[derive(Debug, Clone, Copy)]
pub struct BallotRow {
    /// Whose round.
    pub round: i64,
    /// Who voted.
    pub voter: u64,
    /// For whom.
    pub author: u64,
}

/// One row of `ledger`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerRow {
    /// Whose round.
    pub round: i64,
    /// Whose points.
    pub member: u64,
    /// For what.
    pub kind: String,
    /// How many.
    pub points: i64,
}

/// One counted message.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// Whose round.
    pub round: i64,
    /// Discord's id.
    pub message: u64,
    /// Its text, as it counted.
    pub content: String,
}

/// Everything that the audit looks at.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// All rounds.
    pub rounds: Vec<RoundRow>,
    /// All ballots.
    pub ballots: Vec<BallotRow>,
    /// All points from rounds.
    pub ledger: Vec<LedgerRow>,
    /// All messages that counted.
    pub answers: Vec<AnswerRow>,
    /// Things that were to be said and never were.
    pub pending: u64,
}

impl Record {
    /// Reads a database that nobody writes to.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(database: &Path) -> anyhow::Result<Self> {
        let mut db = open(database).await?;
        let mut record = Self::default();
        let rounds =
            "SELECT round_id, channel_id, local_date, state, skip_reason, message_id FROM rounds";
        for row in sqlx::query(rounds).fetch_all(&mut db).await? {
            record.rounds.push(RoundRow {
                round: row.try_get(0)?,
                channel: row.try_get::<i64, _>(1)?.cast_unsigned(),
                date: row.try_get(2)?,
                state: row.try_get(3)?,
                skip_reason: row.try_get(4)?,
                message: row.try_get::<Option<i64>, _>(5)?.map(i64::cast_unsigned),
            });
        }
        let ballots = "SELECT round_id, voter_id, author_id FROM ballots";
        for row in sqlx::query(ballots).fetch_all(&mut db).await? {
            record.ballots.push(BallotRow {
                round: row.try_get(0)?,
                voter: row.try_get::<i64, _>(1)?.cast_unsigned(),
                author: row.try_get::<i64, _>(2)?.cast_unsigned(),
            });
        }
        let ledger =
            "SELECT round_id, member_id, kind, points FROM ledger WHERE round_id IS NOT NULL";
        for row in sqlx::query(ledger).fetch_all(&mut db).await? {
            record.ledger.push(LedgerRow {
                round: row.try_get(0)?,
                member: row.try_get::<i64, _>(1)?.cast_unsigned(),
                kind: row.try_get(2)?,
                points: row.try_get(3)?,
            });
        }
        let answers = "SELECT round_id, message_id, content FROM answer_messages WHERE counts = 1";
        for row in sqlx::query(answers).fetch_all(&mut db).await? {
            record.answers.push(AnswerRow {
                round: row.try_get(0)?,
                message: row.try_get::<i64, _>(1)?.cast_unsigned(),
                content: row.try_get(2)?,
            });
        }
        record.pending = pending(&mut db, &[]).await?;
        db.close().await?;
        Ok(record)
    }
}

/// Looks into the database while the bot runs.
pub struct Peek {
    db: SqliteConnection,
}

impl Peek {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(database: &Path) -> anyhow::Result<Self> {
        Ok(Self { db: open(database).await? })
    }

    /// Deliveries that are still to be made, those of some guilds left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pending(&mut self, without: &[u64]) -> anyhow::Result<u64> {
        pending(&mut self.db, without).await
    }

    /// Closes it, so that nothing of it is open when the bot is killed.
    ///
    /// # Errors
    /// When that fails.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.db.close().await?)
    }
}

/// The lock of a database, held against the bot.
pub struct Lock {
    db: SqliteConnection,
}

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    /// When the database cannot be opened, or somebody has the lock for longer than a moment.
    pub async fn take(database: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(database);
        let mut db = options.busy_timeout(Duration::from_millis(500)).connect().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut db).await?;
        Ok(Self { db })
    }

    /// Gives it back.
    pub async fn release(&mut self) {
        if let Err(error) = sqlx::query("ROLLBACK").execute(&mut self.db).await {
            tracing::warn!(%error, "the lock could not be given back");
        }
    }
}

async fn open(database: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    options.connect().await.context("the bot's database cannot be read")
}

async fn pending(db: &mut SqliteConnection, without: &[u64]) -> anyhow::Result<u64> {
    let rows = sqlx::query("SELECT guild_id FROM deliveries WHERE state = 'pending'");
    let mut pending = 0;
    for row in rows.fetch_all(db).await? {
        let guild = row.try_get::<i64, _>(0)?.cast_unsigned();
        pending += u64::from(!without.contains(&guild));
    }
    Ok(pending)
}
