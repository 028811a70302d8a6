//! A bot in a runtime of its own, so that it can be killed in the midst of anything, as a process is.

use super::bot::{Bot, Parts, Pause, settler_with, start_seen};
use crate::engine::milestone::Milestones;
use crate::sandbox::{Sandbox, Settler};
use anyhow::Context as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How long what a killed bot held open may take to be closed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at what takes a moment.
const NAP: Duration = Duration::from_micros(200);

/// A running bot that can be killed.
pub struct Killable {
    bot: Bot,
    runtime: Runtime,
}

impl Killable {
    /// Starts a bot in a runtime whose threads bear this name.
    ///
    /// # Errors
    /// Those of [`start`](super::bot::start), and when there can be no runtime.
    pub async fn start(parts: Parts, threads: &str) -> anyhow::Result<Self> {
        Self::start_seen(parts, Milestones::default(), threads).await
    }

    /// The same, with somebody who sees its milestones passed.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_seen(
        parts: Parts,
        milestones: Milestones,
        threads: &str,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(threads)
            .enable_all()
            .build()
            .context("there can be no runtime for the bot")?;
        let started = runtime.spawn(start_seen(parts, milestones)).await;
        match started.context("starting the bot broke").flatten() {
            Ok(bot) => Ok(Self { bot, runtime }),
            Err(error) => {
                end(runtime).await?;
                Err(error)
            }
        }
    }

    /// The bot.
    pub fn bot(&self) -> &Bot {
        &self.bot
    }

    /// As [`settler`](super::bot::settler), for many rests: between two looks everything in the bot's
    /// runtime goes on that can, which takes less than any sleep and holds on a busy machine too.
    pub fn settler(&self, sandbox: Sandbox, before: u64) -> Settler {
        let runtime = self.runtime.handle().clone();
        let pause: Pause = Arc::new(move |busy| {
            // With one thread, what is ready there has its turn before this ends. Once the bot is
            // killed, nothing is.
            let fence = runtime.spawn(async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
            Box::pin(async move {
                let _killed = fence.await;
                if busy {
                    nap().await;
                }
            })
        });
        settler_with(sandbox, &self.bot, before, pause)
    }

    /// Stops it as SIGTERM does.
    ///
    /// # Errors
    /// Why a part of it had ended before.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { bot, runtime } = self;
        let stopped = runtime.spawn(bot.stop()).await.context("stopping the bot broke").flatten();
        end(runtime).await?;
        stopped
    }

    /// Ends it as SIGKILL does: nothing that is under way comes to its end. Returns when nothing in
    /// `folder`, which holds its database, is open any more.
    ///
    /// # Errors
    /// When something stays open.
    pub async fn kill(self, folder: &Path) -> anyhow::Result<()> {
        let Self { bot, runtime } = self;
        end(runtime).await?;
        drop(bot);
        let began = Instant::now();
        while has_open(folder) {
            anyhow::ensure!(began.elapsed() < PATIENCE, "the killed bot's database stays open");
            nap().await;
        }
        Ok(())
    }

    /// Ends it without waiting for anything, for a program that ends too.
    pub fn abandon(self) {
        self.runtime.shutdown_background();
    }
}

/// Waits for so short a time as tokio's own sleep cannot: that takes a millisecond or two.
async fn nap() {
    // A sleep does not panic.
    let _never = tokio::task::spawn_blocking(|| std::thread::sleep(NAP)).await;
}

/// Drops everything that runs in a runtime, wherever it waits.
async fn end(runtime: Runtime) -> anyhow::Result<()> {
    let ended = move || runtime.shutdown_timeout(Duration::from_secs(5));
    tokio::task::spawn_blocking(ended).await.context("ending the bot's runtime broke")
}

/// Whether this process holds a file in `folder` open. The connections of a killed bot are closed by
/// threads of their own, a moment later; with a process they would die at once. To open the database
/// before that would break their locks, which belong to the process.
fn has_open(folder: &Path) -> bool {
    // Where there is no such folder, nothing tells.
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return false };
    let targets = open.flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.into_iter().any(|target| target.starts_with(folder))
}
