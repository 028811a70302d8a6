//! A story that goes on whatever dies: each of its acts is done again until it has come about.

use super::trap::{Plan, Trap};
use crate::stage::{Props, Stage};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use studyhall::engine::milestone::Milestones;

/// How long one life of the bot may take for one act (wire time).
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Play {
    pub stage: Stage,
    pub trap: Arc<Trap>,
}

impl Play {
    pub async fn open(props: Props, plan: Plan) -> Self {
        let trap = Arc::new(Trap::new(plan));
        let milestones = Milestones::seen_by(trap.clone());
        let stage = Stage::without_bot(Props { milestones, ..props }).await;
        let mut play = Self { stage, trap };
        play.stage.raise_bot().await;
        play
    }

    /// Something whose effect can be seen: done only where it has not come about yet, then waited
    /// for. If the bot dies meanwhile, looked at anew.
    pub async fn sees(
        &mut self,
        what: &str,
        there: impl Fn(&Stage) -> bool,
        act: impl AsyncFn(&Stage),
    ) {
        loop {
            let (stage, trap) = (&self.stage, &self.trap);
            let act = async {
                stage.settle().await;
                if !there(stage) {
                    act(stage).await;
                }
                stage.until(what, || there(stage)).await;
                stage.settle().await;
            };
            if lives(trap, what, act).await {
                return;
            }
            self.rise().await;
        }
    }

    /// Something that is harmless to do again, as members do when nothing has answered.
    pub async fn does(&mut self, what: &str, act: impl AsyncFn(&Stage)) {
        loop {
            let (stage, trap) = (&self.stage, &self.trap);
            let act = async {
                stage.settle().await;
                act(stage).await;
                stage.settle().await;
            };
            if lives(trap, what, act).await {
                return;
            }
            self.rise().await;
        }
    }

    /// Time goes on, with all that becomes due on the way.
    pub async fn comes_to(&mut self, instant: &str) {
        let target: DateTime<Utc> = instant.parse().unwrap();
        self.does(instant, async |stage| {
            if stage.now() < target {
                stage.advance_to(instant).await;
            }
        })
        .await;
    }

    pub async fn goes_on(&mut self, seconds: i64) {
        let target = self.stage.now() + TimeDelta::seconds(seconds);
        self.comes_to(&target.to_rfc3339()).await;
    }

    /// Nobody dies any more, and everything that is owed is said.
    pub async fn comes_to_rest(&mut self) {
        self.stage.sandbox().clear_faults();
        self.does("the last deliveries", async |stage| stage.deliver().await).await;
        self.stage.sandbox().clear_faults();
        self.trap.disarm();
    }

    /// Ends the story.
    pub async fn finish(self) {
        self.stage.finish().await;
    }

    /// Kills what is left of the bot, and starts it again.
    async fn rise(&mut self) {
        self.stage.kill_bot().await;
        // It may have been away for longer than Discord remembers a nonce: history must do.
        self.stage.sandbox().forget_nonces();
        if let Some((route, fault)) = self.trap.weather() {
            self.stage.sandbox().fail_next(route, fault, 1);
        }
        self.trap.reset();
        self.stage.raise_bot().await;
    }
}

/// Whether the bot lived through it.
async fn lives(trap: &Trap, what: &str, act: impl Future<Output = ()>) -> bool {
    let race = async {
        tokio::select! {
            biased;
            () = trap.sprung() => false,
            () = act => true,
        }
    };
    match tokio::time::timeout(PATIENCE, race).await {
        Ok(lives) => lives,
        Err(_) => panic!("{what} did not come about; died at {:?}", trap.deaths()),
    }
}
