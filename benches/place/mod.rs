//! The real bot on the real sandbox, with a study channel set up: where benches take place.

use anyhow::Context as _;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use studyhall::bank::Bank;
use studyhall::cli::bot::Parts;
use studyhall::cli::clock::Simulated;
use studyhall::cli::killable::Killable;
use studyhall::config::{PointsConfig, RoundsConfig};
use studyhall::discord::Link;
use studyhall::engine::limits::Limits;
use studyhall::sandbox::{Actor, Options, Sandbox, SimClock};
use tempfile::TempDir;

/// All of it; the database goes with the folder.
pub struct Place {
    pub sandbox: Sandbox,
    /// In a runtime of its own, as it is a process of its own otherwise.
    pub bot: Killable,
    pub study: u64,
    pub admin: Actor,
    pub folder: TempDir,
}

/// Opens it on a morning, with rounds due at `time`.
pub async fn open(time: &str) -> anyhow::Result<Place> {
    let clock = SimClock::parse("2026-11-23T07:59:00Z@manual").map_err(anyhow::Error::msg)?;
    let sandbox = studyhall::sandbox::start(Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0")?,
        clock: clock.clone(),
        seed: 1,
        limits: true,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await?;
    let folder = tempfile::tempdir()?;
    let (bank, _) = Bank::load(true, &[]);
    let parts = Parts {
        database: folder.path().join("bench.db"),
        bank: Arc::new(bank),
        rounds: RoundsConfig::default(),
        points: PointsConfig::default(),
        link: Link {
            token: sandbox.bot_token().into(),
            api: Some(format!("http://{}", sandbox.addr())),
            client: None,
            paced: true,
        },
        clock: Arc::new(Simulated(clock)),
        seed: 1,
        min_free_mib: 50,
        limits: Limits::default(),
    };
    let bot = Killable::start(parts, "bot").await?;
    tokio::time::timeout(Duration::from_secs(30), bot.bot().ready()).await?;
    let study = sandbox.study_channel_id();
    let admin = sandbox.members().into_iter().find(|member| member.admin).context("an admin")?;
    let admin = sandbox.actor(&admin.name);
    let options = json!([{"name": "setup", "options": [
        {"name": "channel", "value": study.to_string()},
        {"name": "time", "value": time}, {"name": "zone", "value": "UTC"}]}]);
    admin.command(study, "study", options).await?;
    Ok(Place { sandbox, bot, study, admin, folder })
}
