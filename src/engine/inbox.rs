//! The one consumer of inputs: takes what waits, decides each in a savepoint, commits all at once,
//! and only then replies.

use super::desk::{Desk, Stop};
use super::dispatch::back_off;
use super::input::{Input, No, Reply};
use super::milestone::Moment;
use super::rota::Look;
use super::throttle::Throttle;
use super::{INBOX, Inbox, Letter, Shared};
use crate::domain::ids::ChannelId;
use crate::store::{self, savepoint};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many inputs share a commit. A commit costs a flush to disk; sharing it is what lets a
/// whole class vote in the same second.
const GROUP: usize = 64;
/// Marked threads wait for their reading while more inputs than this do: what was missed in a flood is
/// read once the flood is over.
const ROOM: usize = INBOX / 2;
/// When the commit of a group has failed, its inputs are decided one by one, until so many in a row
/// fail again: then it isn't one of them that can't be saved, but the database that can't be written.
const HOPELESS: u32 = 2;

/// Whether writing works, and what was logged about it.
pub(super) struct Writing {
    failing: Option<Failing>,
    log: Throttle,
    /// Ticks that break for another reason.
    ticks: Throttle,
    /// Marks about which no decision could be made, in a row.
    stale_failures: u32,
}

/// The database can't be written.
struct Failing {
    since: Instant,
    failures: u32,
    /// When to try again if nothing else does.
    probe_at: Instant,
}

impl Writing {
    pub(super) fn new(shared: &Shared) -> Self {
        let every = shared.settings.limits.writer.reminder;
        let (log, ticks) = (Throttle::new(every), Throttle::new(every));
        Self { failing: None, log, ticks, stale_failures: 0 }
    }

    fn failed(&mut self, shared: &Shared, error: &anyhow::Error) {
        let cause = shared.cause(error);
        let why = cause.map_or_else(|| format!("{error:#}"), |cause| cause.to_string());
        shared.vitals.commit_failed(&why);
        let now = Instant::now();
        let limits = shared.settings.limits.writer;
        let failing =
            self.failing.get_or_insert(Failing { since: now, failures: 0, probe_at: now });
        failing.probe_at = now + back_off(limits.first_wait, limits.longest_wait, failing.failures);
        failing.failures = failing.failures.saturating_add(1);
        if let Some(unlogged) = self.log.pass(now) {
            let since = now.duration_since(failing.since).as_secs();
            tracing::error!(
                failing_for_s = since,
                unlogged,
                "the database can't be written: {why}. Nothing that was confirmed is lost, and the bot tries again until it can"
            );
        }
    }

    fn works(&mut self, shared: &Shared) {
        shared.vitals.committed();
        if let Some(failing) = self.failing.take() {
            let after_s = failing.since.elapsed().as_secs();
            tracing::info!(after_s, "the database can be written again");
            self.log.reset();
        }
    }
}

/// A group of which nothing was saved.
struct NotSaved {
    error: anyhow::Error,
    /// Whether the transaction had begun, so that one of the inputs may be the reason.
    begun: bool,
}

impl<E: Into<anyhow::Error>> From<E> for NotSaved {
    fn from(error: E) -> Self {
        Self { error: error.into(), begun: true }
    }
}

impl Inbox {
    /// Runs until cancelled; then answers what already waits, and stops.
    pub async fn run(mut self, stop: CancellationToken) {
        let shared = std::sync::Arc::clone(&self.engine.shared);
        let mut letters = Vec::with_capacity(GROUP);
        loop {
            let probe_at = self.writing.failing.as_ref().map(|failing| failing.probe_at);
            let has_room = probe_at.is_none() && self.letters.len() < ROOM;
            tokio::select! {
                biased;
                () = shared.stale.ready(), if has_room => self.read_again().await,
                taken = self.letters.recv_many(&mut letters, GROUP) => {
                    if taken == 0 { return; }
                    self.handle(&mut letters).await;
                }
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(probe_at.unwrap_or_else(Instant::now)),
                    if probe_at.is_some() => { self.save(&[]).await; }
            }
        }
    }

    async fn handle(&mut self, letters: &mut Vec<Letter>) {
        let (inputs, senders): (Vec<_>, Vec<_>) =
            letters.drain(..).map(|letter| (letter.input, letter.reply)).unzip();
        let answers = self.save(&inputs).await;
        for ((input, sender), answer) in inputs.iter().zip(senders).zip(answers) {
            if let (Err(No::NotSaved), Some(thread)) = (&answer, input.thread()) {
                self.engine.message_missed(thread, "the database can't be written");
            }
            if let Some(sender) = sender {
                // Whoever asked may have gone; the decision stands all the same.
                let _gone = sender.send(answer);
            }
            self.engine.shared.answered();
        }
    }

    /// Turns marks into readings.
    async fn read_again(&mut self) {
        let shared = std::sync::Arc::clone(&self.engine.shared);
        // Counted as under way, so that nobody takes the gap for rest.
        shared.letters.fetch_add(1, Ordering::SeqCst);
        let marks = shared.stale.take();
        let decided = self.save(&[Input::Stale(marks.clone())]).await.pop();
        if let Some(Ok(_)) = decided {
            self.writing.stale_failures = 0;
            shared.stale.done();
        } else {
            let limits = shared.settings.limits.writer;
            let failures = self.writing.stale_failures;
            let wait = back_off(limits.first_wait, limits.longest_wait, failures);
            self.writing.stale_failures = failures.saturating_add(1);
            shared.stale.put_back(marks, Instant::now() + wait);
        }
        shared.answered();
    }

    /// Decides inputs and commits; gives an answer to each, in order. If the commit of all fails, each
    /// gets one of its own.
    async fn save(&mut self, inputs: &[Input]) -> Vec<Result<Reply, No>> {
        let failed = match self.commit(inputs).await {
            Ok(answers) => return answers,
            Err(failed) => failed,
        };
        if inputs.len() < 2 || !failed.begun {
            return inputs.iter().map(|_| Err(No::NotSaved)).collect();
        }
        let mut answers = Vec::with_capacity(inputs.len());
        let mut in_a_row = 0;
        for input in inputs {
            let one = std::slice::from_ref(input);
            let answer = match in_a_row {
                HOPELESS => None,
                _ => self.commit(one).await.ok().and_then(|mut answers| answers.pop()),
            };
            in_a_row = if answer.is_some() { 0 } else { (in_a_row + 1).min(HOPELESS) };
            answers.push(answer.unwrap_or(Err(No::NotSaved)));
        }
        answers
    }

    /// Decides and commits in one transaction, and takes up what follows from it.
    async fn commit(&mut self, inputs: &[Input]) -> Result<Vec<Result<Reply, No>>, NotSaved> {
        let decided = self.decide_all(inputs).await;
        let shared = &self.engine.shared;
        let done = decided.inspect_err(|failed| self.writing.failed(shared, &failed.error))?;
        if self.writing.failing.is_some() && !shared.store.has_room() {
            // The probe fits into what is left of a full disk where a vote doesn't.
            self.writing.failed(shared, &anyhow::anyhow!("the disk is full"));
        } else if done.written {
            self.writing.works(shared);
        }
        let ticked = inputs.iter().zip(&done.answers);
        if ticked.into_iter().any(|(input, answer)| matches!((input, answer), (Input::Tick, Ok(_))))
        {
            self.writing.ticks.reset();
        }
        let rota = {
            let mut rota = shared.rota();
            rota.take(done.looks, done.filled);
            rota.next()
        };
        if let Some(next) = done.agenda {
            shared.set_agenda([next, rota].into_iter().flatten().min());
        }
        if done.owes {
            shared.errands.wake();
        }
        Ok(done.answers)
    }

    /// Decides the inputs of one commit, each in a savepoint of its own.
    async fn decide_all(&mut self, inputs: &[Input]) -> Result<Decided, NotSaved> {
        let shared = std::sync::Arc::clone(&self.engine.shared);
        let begun = shared.store.begin().await;
        let mut group = begun.map_err(|error| NotSaved { error: error.into(), begun: false })?;
        if self.writing.failing.is_some() {
            // A group that changes nothing would prove nothing.
            store::probe(&mut group).await?;
        }
        let mut decided = Decided::default();
        let mut replan = false;
        for input in inputs {
            let mut savepoint = savepoint(&mut group).await?;
            let mut desk = Desk::new(&shared, &mut savepoint);
            // A panic would end the inbox, and after the next start the same input might come again.
            let decision = AssertUnwindSafe(desk.decide(input)).catch_unwind().await;
            let decision = decision.unwrap_or_else(|_| {
                Err(Stop::Broken(anyhow::anyhow!("the decision panicked; the log has the panic")))
            });
            let Desk { owes, replan: plans, looks, filled, .. } = desk;
            decided.answers.push(match decision {
                Ok(reply) => {
                    savepoint.commit().await?;
                    decided.owes |= owes;
                    decided.looks.extend(looks);
                    decided.filled |= filled;
                    replan |= plans;
                    Ok(reply)
                }
                Err(Stop::Refused(refusal)) => {
                    savepoint.rollback().await?;
                    Err(No::Refused(refusal))
                }
                Err(Stop::Broken(error)) if shared.cause(&error).is_some() => {
                    return Err(error.into());
                }
                Err(Stop::Broken(error)) => {
                    savepoint.rollback().await?;
                    Err(No::Fault(self.fault_of(input, &error)))
                }
            });
        }
        if replan {
            decided.agenda = Some(Desk::new(&shared, &mut group).agenda().await?);
        }
        for input in inputs {
            shared.milestones.pass(Moment::BeforeCommit, input.name()).await;
        }
        decided.written = group.commit().await?;
        for input in inputs {
            shared.milestones.pass(Moment::AfterCommit, input.name()).await;
        }
        Ok(decided)
    }

    /// Logs what broke while an input was decided; gives the id that its sender is told. What comes
    /// again and again by itself is logged sparingly.
    fn fault_of(&mut self, input: &Input, error: &anyhow::Error) -> String {
        let is_news = match (input, input.thread()) {
            (Input::Tick | Input::Stale(_), _) => self.writing.ticks.pass(Instant::now()).is_some(),
            (_, Some(thread)) => self.engine.shared.stale.missed(thread, Instant::now()),
            _ => true,
        };
        if is_news { fault(input.name(), error) } else { String::new() }
    }
}

/// What a group of inputs came to, once committed.
#[derive(Default)]
struct Decided {
    /// One for each input, in order.
    answers: Vec<Result<Reply, No>>,
    /// Whether anything was written.
    written: bool,
    /// Whether a delivery was recorded.
    owes: bool,
    /// Who is to be looked at when.
    looks: Vec<Look>,
    /// Whether those are all there are.
    filled: bool,
    /// The new agenda but for the rota, if it was made anew.
    agenda: Option<Option<DateTime<Utc>>>,
}

/// Logs a fault once, with its chain, and gives the short id that the member is told.
pub(crate) fn fault(doing: &str, error: &anyhow::Error) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let id = format!("{:04}", NUMBER.fetch_add(1, Ordering::Relaxed));
    tracing::error!(fault = %id, doing, "{error:#}");
    id
}

impl Input {
    /// The thread that must be read again if this input comes to nothing.
    pub(super) fn thread(&self) -> Option<ChannelId> {
        match self {
            Self::Message { thread, .. } | Self::MessageGone { thread, .. } => Some(*thread),
            _ => None,
        }
    }

    /// A word for logs.
    fn name(&self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::Message { .. } => "message",
            Self::MessageGone { .. } => "message gone",
            Self::Stale(_) => "stale",
            Self::Command(..) => "command",
            Self::Click(..) => "click",
            Self::Pressed { .. } => "press",
            Self::Attempt { .. } => "attempt",
            Self::Attempted { .. } => "attempted",
            Self::Overdue { .. } => "overdue",
            Self::LookedUp { .. } => "looked up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::SystemClock;
    use super::super::input::{Input, No, Reply};
    use super::super::limits::{Limits, Writer};
    use super::super::{Engine, Settings};
    use super::GROUP;
    use crate::bank::Bank;
    use crate::domain::ids::{GuildId, MemberId};
    use crate::domain::member::Facts;
    use crate::domain::points::Rules;
    use crate::store::{Store, guilds, members, probe};
    use chrono::TimeDelta;
    use futures::future::join_all;
    use std::sync::Arc;
    use std::time::Duration;
    use tempfile::TempDir;
    use tokio_util::sync::CancellationToken;

    const GUILD: GuildId = GuildId(100);
    /// Whoever gets a name that begins so can't be committed.
    const POISON: &str = "CREATE TABLE poison (guild_id INTEGER
             REFERENCES guilds (guild_id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER poisoned AFTER INSERT ON members WHEN NEW.name LIKE 'Poison%'
         BEGIN INSERT INTO poison VALUES (-1); END;";

    fn looked_up(member: u64, name: &str) -> Input {
        let (member, name) = (MemberId(member), Some(name.to_owned()));
        Input::LookedUp { guild: GUILD, member, name, facts: Facts::default() }
    }

    async fn known(store: &Store) -> Vec<String> {
        let mut db = store.read().await.unwrap();
        let known = members::names(&mut db, GUILD).await.unwrap();
        let mut known: Vec<String> = known.into_values().collect();
        known.sort();
        known
    }

    /// What becomes of members of these names, all looked up in the same moment.
    async fn answers(store: &Store, names: &[String]) -> (Engine, Vec<Result<Reply, No>>) {
        let wait = Duration::from_millis(10);
        let writer = Writer { first_wait: wait, longest_wait: wait, ..Writer::default() };
        let settings = Settings {
            lateness: TimeDelta::hours(2),
            stock_warning_days: 1,
            rules: Rules::default(),
            bot: MemberId(1),
            seed: 7,
            min_free_mib: 50,
            limits: Limits { writer, ..Limits::default() },
        };
        let bank = Arc::new(Bank::default());
        let (engine, inbox) = Engine::new(store.clone(), bank, settings, Arc::new(SystemClock));
        let sent = names.iter().zip(1..).map(|(name, member)| engine.send(looked_up(member, name)));
        let sent = join_all(sent);
        let run = async {
            // All are in the inbox before it begins.
            tokio::task::yield_now().await;
            inbox.run(CancellationToken::new()).await;
        };
        let answers = tokio::select! {
            answers = sent => answers,
            () = run => panic!("the inbox has ended"),
        };
        (engine, answers)
    }

    async fn store(folder: &TempDir) -> Store {
        let store = Store::open(&folder.path().join("study.db")).await.unwrap();
        let mut db = store.begin().await.unwrap();
        let guild = guilds::Guild {
            id: GUILD,
            name: "Guild".to_owned(),
            zone: chrono_tz::UTC,
            notices: None,
            setup_by: MemberId(2),
            owner: MemberId(2),
        };
        guilds::save(&mut db, &guild).await.unwrap();
        probe::inject(&mut db, POISON).await.unwrap();
        db.commit().await.unwrap();
        store
    }

    #[tokio::test]
    async fn one_input_that_cannot_be_saved_fails_no_other() {
        let folder = TempDir::new().unwrap();
        let store = store(&folder).await;
        let names = ["Ana", "Poison", "Ben", "Chidi", "Poison again", "Dana"].map(str::to_owned);
        let (engine, answers) = answers(&store, &names).await;
        for (name, answer) in names.iter().zip(answers) {
            let expected =
                if name.starts_with("Poison") { Err(No::NotSaved) } else { Ok(Reply::Noted) };
            assert_eq!(answer, expected, "{name}");
        }
        assert_eq!(known(&store).await, ["Ana", "Ben", "Chidi", "Dana"]);
        assert_eq!(engine.vitals().snapshot().unwritable, None);
        store.close().await;
    }

    #[tokio::test]
    async fn when_nothing_can_be_saved_nothing_is_confirmed() {
        let folder = TempDir::new().unwrap();
        let store = store(&folder).await;
        let names: Vec<String> = (0..GROUP).map(|number| format!("Poison {number}")).collect();
        let (engine, answers) = answers(&store, &names).await;
        assert!(answers.iter().all(|answer| *answer == Err(No::NotSaved)), "{answers:?}");
        assert_eq!(known(&store).await, [] as [&str; 0]);
        assert!(engine.vitals().snapshot().unwritable.is_some());
        store.close().await;
    }
}
