//! Reading a thread: message by message, to its beginning, across refusals; and looking into what is
//! missing before it is taken for deleted.

use super::{Outbound, Stop, TOO_FAST, gone};
use crate::discord::fault::Failure;
use crate::domain::answer::{Attachment, ThreadMessage};
use crate::domain::ids::{ChannelId, MemberId, MessageId, RoundId};
use crate::domain::round::State;
use crate::engine::Round;
use crate::engine::courier::{Outcome, ThreadReading};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Messages on a page of history, the most Discord gives.
const PAGE: usize = 100;
/// A message younger than this, counted from when the reading of an open round began, is not missed:
/// Discord's clock and ours may differ a little.
const READING_MARGIN: TimeDelta = TimeDelta::seconds(10);
/// How long a limit of Discord's is waited out for the same page.
const LONGEST_LIMIT: Duration = Duration::from_secs(60);
/// How often a page is asked for again that was not answered.
const TRIES: u32 = 2;
/// Readings that were interrupted, and messages in them, that are kept for the next attempt.
const KEPT_READINGS: usize = 64;
const KEPT_MESSAGES: usize = 200_000;

/// A reading under way.
#[derive(Debug)]
pub(super) struct Progress {
    began: DateTime<Utc>,
    /// Older messages than this are still to be read.
    before: Option<MessageId>,
    /// The beginning of the thread was reached.
    complete: bool,
    /// Members' messages.
    messages: BTreeMap<MessageId, ThreadMessage>,
    /// Messages that are there but cannot be read.
    unreadable: BTreeSet<MessageId>,
    /// How many cannot be read, those without an id included.
    passed_over: usize,
    /// The thread was read a second time because several answers were missing.
    again: bool,
    touched: Instant,
}

impl Progress {
    fn new(began: DateTime<Utc>) -> Self {
        Self {
            began,
            before: None,
            complete: false,
            messages: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            passed_over: 0,
            again: false,
            touched: Instant::now(),
        }
    }

    /// Takes in a page or a single message.
    fn take(&mut self, messages: &[Value]) {
        for value in messages {
            match thread_message(value) {
                // The bot's own and other bots' messages are nobody's answers.
                Some(message) if message.bot => {}
                Some(message) => {
                    self.messages.insert(message.id, message);
                }
                None => {
                    self.passed_over += 1;
                    self.unreadable.extend(id_of(value).map(MessageId));
                }
            }
        }
    }

    fn has(&self, message: MessageId) -> bool {
        self.messages.contains_key(&message) || self.unreadable.contains(&message)
    }
}

/// Readings that were interrupted, by delivery.
#[derive(Debug, Default)]
pub(super) struct Readings(Mutex<HashMap<i64, Progress>>);

impl Readings {
    fn take(&self, delivery: i64) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&delivery)
    }

    fn keep(&self, delivery: i64, mut progress: Progress) {
        progress.touched = Instant::now();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(delivery, progress);
        let messages = |kept: &HashMap<i64, Progress>| {
            kept.values().map(|one| one.messages.len()).sum::<usize>()
        };
        while kept.len() > KEPT_READINGS || (kept.len() > 1 && messages(&kept) > KEPT_MESSAGES) {
            let oldest = kept.iter().min_by_key(|(_, one)| one.touched).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            kept.remove(&oldest);
        }
    }
}

impl Outbound {
    /// Reads the thread of a round. What a refusal interrupts goes on at the next attempt.
    pub(super) async fn read_thread(&self, delivery: i64, round: RoundId) -> Result<Outcome, Stop> {
        let round = self.engine.round(round).await?;
        // A thread has the number of its card: it is found even if its making was never recorded.
        let thread = round.thread.or(round.message.map(|card| ChannelId(card.0)));
        let Some(thread) = thread else { return Ok(gone("there is no thread")) };
        let kept = self.readings.take(delivery);
        let mut progress = kept.unwrap_or_else(|| Progress::new(self.engine.now()));
        let (read_before, first) = (progress.messages.len(), progress.before);
        let stop = match self.read_on(&round, thread, &mut progress).await {
            Ok(deleted) => {
                if progress.passed_over > 0 {
                    let unreadable = progress.passed_over;
                    tracing::warn!(%thread, unreadable, "passed over messages that cannot be read");
                }
                let Progress { began, messages, .. } = progress;
                let messages = messages.into_values().collect();
                return Ok(Outcome::Read(Arc::new(ThreadReading { began, messages, deleted })));
            }
            Err(stop) => stop,
        };
        let went_on = progress.messages.len() > read_before || progress.before != first;
        self.readings.keep(delivery, progress);
        match stop {
            Stop::Discord(failure) if failure.is_missing() => {
                self.missing(failure, thread, None).await
            }
            Stop::Discord(Failure::Unclear { retry_after, text: error, .. }) => {
                // What goes on is not backed off from.
                let soon = went_on.then_some(self.limits().outbox.first_wait);
                Ok(Outcome::Later { wait: retry_after.or(soon), error })
            }
            stop => Err(stop),
        }
    }

    /// Reads what is still to be read; gives which stored messages are certainly deleted.
    async fn read_on(
        &self,
        round: &Round,
        thread: ChannelId,
        progress: &mut Progress,
    ) -> Result<BTreeSet<MessageId>, Stop> {
        loop {
            self.read_pages(thread, progress).await?;
            let missing = self.missing_of(round, progress).await?;
            if missing.len() <= 1 || progress.again {
                return self.ask_for(thread, missing, progress).await;
            }
            // A replica that lags soon has what it lacks.
            tracing::info!(%thread, missing = missing.len(), "reading a thread again");
            tokio::time::sleep(self.limits().close.read_again).await;
            (progress.again, progress.complete, progress.before) = (true, false, None);
        }
    }

    async fn read_pages(&self, thread: ChannelId, progress: &mut Progress) -> Result<(), Stop> {
        while !progress.complete {
            let page = self.page(thread, progress.before).await?;
            if page.is_empty() && progress.before.is_none() {
                self.check_history(thread).await?;
            }
            progress.take(&page);
            let oldest = page.iter().filter_map(id_of).min().map(MessageId);
            let older = oldest.filter(|id| progress.before.is_none_or(|before| *id < before));
            progress.complete = page.len() < PAGE || older.is_none();
            progress.before = older.or(progress.before);
        }
        Ok(())
    }

    /// A page, across limits and a few failures.
    async fn page(
        &self,
        thread: ChannelId,
        before: Option<MessageId>,
    ) -> Result<Vec<Value>, Failure> {
        let began = Instant::now();
        let mut tries = 0;
        loop {
            let failure = match self.history(thread, before, PAGE).await {
                Ok(page) => return Ok(page),
                Err(failure) => failure,
            };
            let wait = match &failure {
                Failure::Unclear { retry_after, .. } if failure.is_too_fast() => {
                    let wait = retry_after.unwrap_or(TOO_FAST).max(TOO_FAST / 5);
                    (began.elapsed() + wait < LONGEST_LIMIT).then_some(wait)
                }
                Failure::Unclear { .. } if tries < TRIES => {
                    tries += 1;
                    Some(self.limits().outbox.first_wait * tries)
                }
                _ => None,
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(failure),
            }
        }
    }

    /// The stored answers that the reading lacks.
    async fn missing_of(&self, round: &Round, progress: &Progress) -> Result<Vec<MessageId>, Stop> {
        let too_young = (progress.began - READING_MARGIN).timestamp_millis();
        let mut missing = self.engine.counted(round.id).await?;
        missing.retain(|id| {
            let is_young = round.state == State::Open && id.created_ms() >= too_young;
            !is_young && !progress.has(*id)
        });
        Ok(missing)
    }

    /// Asks for each missing message by itself; gives those that are not there, as they were not some
    /// seconds before either.
    async fn ask_for(
        &self,
        thread: ChannelId,
        missing: Vec<MessageId>,
        progress: &mut Progress,
    ) -> Result<BTreeSet<MessageId>, Stop> {
        let absent = self.absent_of(thread, missing, progress).await?;
        if absent.is_empty() {
            return Ok(BTreeSet::new());
        }
        tokio::time::sleep(self.limits().outbox.second_look).await;
        Ok(self.absent_of(thread, absent, progress).await?.into_iter().collect())
    }

    async fn absent_of(
        &self,
        thread: ChannelId,
        asked: Vec<MessageId>,
        progress: &mut Progress,
    ) -> Result<Vec<MessageId>, Stop> {
        let mut absent = Vec::new();
        for id in asked {
            match self.one(thread, id).await {
                Ok(message) => progress.take(&[message]),
                Err(failure) if failure.code() == Some(super::code::UNKNOWN_MESSAGE) => {
                    absent.push(id);
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(absent)
    }

    /// One message, across limits.
    async fn one(&self, thread: ChannelId, id: MessageId) -> Result<Value, Failure> {
        let began = Instant::now();
        loop {
            match self.message(thread, id).await {
                Err(failure @ Failure::Unclear { retry_after, .. })
                    if failure.is_too_fast() && began.elapsed() < LONGEST_LIMIT =>
                {
                    let wait = retry_after.unwrap_or(TOO_FAST).max(TOO_FAST / 5);
                    tokio::time::sleep(wait).await;
                }
                done => return done,
            }
        }
    }
}

/// A message's id, if it has one.
pub(super) fn id_of(message: &Value) -> Option<u64> {
    number(&message["id"])
}

fn number(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// A message as the rules see it, from what of it they need: whatever else Discord may put into one
/// makes it no less readable.
fn thread_message(message: &Value) -> Option<ThreadMessage> {
    let author = &message["author"];
    let name = author["global_name"].as_str().or(author["username"].as_str())?;
    let edited_ms = match message["edited_timestamp"].as_str() {
        Some(at) => Some(DateTime::parse_from_rfc3339(at).ok()?.timestamp_millis()),
        None => None,
    };
    // A forward's own text is empty; what it forwards is what its author has to say.
    let forwarded = message["message_snapshots"].as_array().into_iter().flatten();
    let forwarded: Vec<&Value> = forwarded.map(|snapshot| &snapshot["message"]).collect();
    let texts = forwarded.iter().filter_map(|one| one["content"].as_str());
    let texts = std::iter::once(message["content"].as_str()?).chain(texts);
    let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
    let files = std::iter::once(message).chain(forwarded);
    let files = files.filter_map(|one| one["attachments"].as_array()).flatten();
    Some(ThreadMessage {
        id: MessageId(id_of(message)?),
        author: MemberId(number(&author["id"])?),
        author_name: name.to_owned(),
        bot: author["bot"] == true || message["webhook_id"].is_string(),
        kind: u8::try_from(message["type"].as_u64()?).unwrap_or(u8::MAX),
        reply_to: number(&message["referenced_message"]["author"]["id"]).map(MemberId),
        content: texts.join("\n"),
        attachments: files.filter_map(attachment).collect(),
        edited_ms,
    })
}

fn attachment(file: &Value) -> Option<Attachment> {
    let text = |key: &str| file[key].as_str().map(str::to_owned);
    Some(Attachment { name: text("filename")?, url: text("url")? })
}

#[cfg(test)]
mod tests {
    use super::{KEPT_READINGS, Progress, Readings, thread_message};
    use crate::domain::ids::{MemberId, MessageId};
    use chrono::DateTime;
    use serde_json::{Value, json};

    fn message() -> Value {
        json!({
            "id": "5", "type": 0, "content": "Because.", "edited_timestamp": null,
            "author": {"id": "7", "username": "ana", "global_name": "Ana"},
            "attachments": [{"filename": "a.py", "url": "https://cdn.example/a.py"}],
            "components": [{"type": 1, "components": [{"type": 99}]}],
            "reactions": [{"emoji": {"id": null, "name": null}}],
        })
    }

    #[test]
    fn a_message_is_read_by_what_the_rules_need() {
        let read = thread_message(&message()).unwrap();
        assert_eq!((read.id, read.author), (MessageId(5), MemberId(7)));
        assert_eq!((read.author_name.as_str(), read.content.as_str()), ("Ana", "Because."));
        assert_eq!((read.attachments.len(), read.bot, read.kind), (1, false, 0));
        let mut changed = message();
        changed["type"] = json!(900);
        changed["webhook_id"] = json!("1");
        changed["edited_timestamp"] = json!("2026-11-23T08:00:00.500000+00:00");
        changed["referenced_message"] = json!({"author": {"id": "8"}});
        let read = thread_message(&changed).unwrap();
        assert_eq!((read.bot, read.kind, read.reply_to), (true, u8::MAX, Some(MemberId(8))));
        assert_eq!(read.edited_ms.unwrap() % 1_000, 500);
    }

    #[test]
    fn a_forward_says_what_it_forwards() {
        let mut forward = message();
        forward["content"] = json!("");
        forward["message_snapshots"] = json!([{"message": {
            "content": "Said before.",
            "attachments": [{"filename": "b.py", "url": "https://cdn.example/b.py"}],
        }}]);
        let read = thread_message(&forward).unwrap();
        assert_eq!((read.content.as_str(), read.attachments.len()), ("Said before.", 2));
    }

    #[test]
    fn what_lacks_something_that_counts_is_unreadable() {
        for (key, value) in [
            ("id", json!("x")),
            ("author", json!(null)),
            ("author", json!({"id": 7, "username": "ana"})),
            ("content", json!(null)),
            ("type", json!("0")),
            ("edited_timestamp", json!("yesterday")),
        ] {
            let mut changed = message();
            changed[key] = value;
            assert_eq!(thread_message(&changed), None, "{changed}");
        }
        assert_eq!(thread_message(&json!([1])), None);
    }

    #[test]
    fn an_unreadable_message_is_there_all_the_same() {
        let mut progress = Progress::new(DateTime::UNIX_EPOCH);
        let mut unreadable = message();
        unreadable["author"] = Value::Null;
        progress.take(&[unreadable, json!({"id": null})]);
        assert_eq!((progress.has(MessageId(5)), progress.passed_over), (true, 2));
        assert!(!progress.has(MessageId(6)));
    }

    #[test]
    fn interrupted_readings_are_kept_within_bounds() {
        let readings = Readings::default();
        for delivery in 0..i64::try_from(KEPT_READINGS).unwrap() + 10 {
            readings.keep(delivery, Progress::new(DateTime::UNIX_EPOCH));
        }
        assert_eq!(readings.0.lock().unwrap().len(), KEPT_READINGS);
        assert!(readings.take(0).is_none() && readings.take(70).is_some());
        assert!(readings.take(70).is_none());
    }
}
