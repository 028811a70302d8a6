//! Carries out deliveries over REST: with a nonce that Discord enforces, and by looking before
//! saying again what may have been said already.

use super::fault::{Failure, code, failure};
use super::health::Place;
use super::inbound::{member_facts, thread_message};
use super::pictures::drawn;
use super::render;
use super::say::{self, Card};
use crate::domain::answer::ThreadMessage;
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId, RoundId};
use crate::domain::member::Facts;
use crate::domain::notice::{Notice, Trouble};
use crate::domain::round::State;
use crate::engine::Delivery;
use crate::engine::courier::{Courier, Outcome};
use crate::engine::input::Input;
use crate::engine::intent::Intent;
use crate::engine::milestone::Moment;
use crate::engine::views::ViewError;
use crate::engine::{Engine, Guild};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serenity::all::{
    self as discord, AutoArchiveDuration, CreateThread, Http, MessagePagination, ReactionType,
};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Discord takes 50 requests a second from a bot (documentation, topics/rate-limits). One below,
/// because a bucket that refills lets one more through in the first second.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(49).unwrap();
/// Messages on a page of history, the most Discord gives.
const PAGE: u8 = 100;
/// Pages of history read at most: of a thread, and when looking for a message of our own.
const MOST_PAGES: usize = 100;
/// How far back before a delivery was recorded its message is looked for: our clock and Discord's
/// may differ.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(10);
/// What a message that counts is marked with.
const MARK: &str = "✅";

/// How long a limit of Discord's is waited out at once; then the courier's back-off takes over.
const LONGEST_LIMIT: Duration = Duration::from_secs(20);

/// The way to Discord for everything but replies to interactions, which have no global limit.
pub struct Outbound {
    http: Arc<Http>,
    pub(super) engine: Engine,
    bot: MemberId,
    /// `None` where nothing limits it.
    pacer: Option<DefaultDirectRateLimiter>,
    /// What is known of the guilds, once a session has begun.
    cache: RwLock<Option<Arc<discord::Cache>>>,
    /// Whose admins are told of trouble of the whole bot, as last read.
    pub(super) to_tell: Mutex<Vec<Guild>>,
}

impl Outbound {
    /// Speaks for `bot` over `http`; `paced`: as fast as Discord's global limit allows.
    pub fn new(http: Arc<Http>, engine: Engine, bot: MemberId, paced: bool) -> Self {
        let one = NonZeroU32::MIN;
        let quota = Quota::per_second(REQUESTS_PER_SECOND).allow_burst(one);
        let pacer = paced.then(|| RateLimiter::direct(quota));
        Self { http, engine, bot, pacer, cache: RwLock::default(), to_tell: Mutex::default() }
    }

    /// From now on this cache can be asked: it knows which guilds there are, and those without an
    /// outage within a moment.
    pub(super) fn may_ask(&self, cache: &Arc<discord::Cache>) {
        let mut known = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(cache));
    }

    /// What is known of the guilds; `None` before the first session.
    pub(super) fn cache(&self) -> Option<Arc<discord::Cache>> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client, once the pacer lets another request through.
    pub(super) async fn paced(&self) -> &Http {
        if let Some(pacer) = &self.pacer {
            pacer.until_ready().await;
        }
        &self.http
    }

    /// Asks Discord whether a member is still there, and under which name; tells the engine.
    pub async fn look_up(&self, guild: GuildId, member: MemberId) {
        let asked = self
            .paced()
            .await
            .get_member(discord::GuildId::new(guild.0), discord::UserId::new(member.0))
            .await;
        let (name, facts) = match asked.as_ref().map_err(failure) {
            Ok(found) => (Some(found.display_name().to_owned()), member_facts(found)),
            // 10007 Unknown Member, 10013 Unknown User.
            Err(Failure::Refused { code: 10_007 | 10_013, .. }) => (None, Facts::default()),
            Err(_) => return,
        };
        let input = Input::LookedUp { guild, member, name, facts };
        if let Err(no) = self.engine.send(input).await {
            tracing::warn!(?no, "what a look-up told was lost; it is asked again at the next look");
        }
    }

    async fn carry_out(&self, delivery: &Delivery<Intent>, expired: bool) -> Result<Outcome, Stop> {
        match &delivery.intent {
            Intent::Card { round } => {
                let view = self.card(*round).await?;
                let place = view.round.channel;
                let card = say::round::card(&view);
                self.say(delivery, place, &card, expired).await
            }
            Intent::Thread { round } => self.thread(*round).await,
            Intent::Pin { round } => {
                let round = self.engine.round(*round).await?;
                let Some(message) = round.message else { return Ok(gone("the card is not there")) };
                if round.state != State::Open {
                    // Tried late, it would undo the unpinning that came with the next card.
                    return Ok(gone("its round is over"));
                }
                let http = self.paced().await;
                let pinned = http.pin_message(id(round.channel), message_id(message), None).await;
                Ok(courtesy(pinned))
            }
            Intent::Unpin { channel, message } => {
                let http = self.paced().await;
                let unpinned = http.unpin_message(id(*channel), message_id(*message), None).await;
                Ok(courtesy(unpinned))
            }
            Intent::Mark { thread, message } => self.mark(*thread, *message, true).await,
            Intent::Unmark { thread, message } => self.mark(*thread, *message, false).await,
            Intent::ReadThread { round, .. } => self.read_thread(*round).await,
            Intent::Result { round, place } => {
                let card = say::round::result(&self.engine.result(*round).await?);
                self.say_for_good(delivery, *place, &card, expired).await
            }
            Intent::Reference { round, place } => {
                let round = self.engine.round(*round).await?;
                let card = say::round::reference(&round, &delivery.key);
                self.say_for_good(delivery, *place, &card, expired).await
            }
            Intent::EditCard { round } => {
                let view = self.card(*round).await?;
                let Some(message) = view.round.message else {
                    return Ok(gone("the card is not there"));
                };
                self.edit(view.round.channel, message, &say::round::card(&view)).await
            }
            Intent::EditResult { round } => {
                let Some((place, message)) = self.engine.delivered(*round, "result").await? else {
                    return Ok(gone("the result is not there"));
                };
                let view = self.engine.result(*round).await?;
                self.edit(place, message, &say::round::result(&view)).await
            }
            Intent::WeeklyBoard { from, place } => {
                let mut board = self.engine.weekly_board(delivery.guild, *from, *place).await?;
                if !board.stale.is_empty() {
                    // Everybody will see it: who left in the meantime must not stand there.
                    for member in &board.stale {
                        self.look_up(delivery.guild, *member).await;
                    }
                    board = self.engine.weekly_board(delivery.guild, *from, *place).await?;
                }
                let card = say::boards::weekly(&board, &delivery.key);
                self.say(delivery, *place, &card, expired).await
            }
            Intent::QuizCard { run } => {
                let view = self.engine.quiz_card(*run).await?;
                let card = say::quiz::group(&view);
                self.say_for_good(delivery, view.channel, &card, expired).await
            }
            Intent::QuizEdit { run } => {
                let view = self.engine.quiz_card(*run).await?;
                let Some(message) = view.message else { return Ok(gone("the card is not there")) };
                self.edit(view.channel, message, &say::quiz::group(&view)).await
            }
            Intent::QuizOver { run } => {
                let view = self.engine.quiz_result(*run).await?;
                let card = say::quiz::without_card(&view);
                self.say_for_good(delivery, view.channel, &card, expired).await
            }
            Intent::QuizFailed { run } => {
                let (host, channel, was_there) = self.engine.quiz_host(*run).await?;
                let place = self.direct_channel(host).await?;
                let card = say::quiz::failed(channel, was_there);
                self.say_for_good(delivery, place, &card, expired).await
            }
            Intent::Notice { notice } => self.notice(delivery, notice).await,
            Intent::EditReport { report } => self.edit_report(*report).await,
            Intent::CheckUp { guild } => self.check_up(*guild, expired).await,
            Intent::ReviewReminder { guild, member, .. } => {
                self.remind(delivery, *guild, *member, expired).await
            }
        }
    }

    /// Says a card in a channel, once: looks first if it may have been said before.
    async fn say(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        if delivery.attempts > 1
            && let Some(found) = self.find(delivery, place, card).await?
        {
            return Ok(Outcome::Said(Some((place, found))));
        }
        if expired {
            return Ok(Outcome::Expired);
        }
        self.engine.milestones().pass(Moment::BeforeSending, delivery.intent.name()).await;
        let card = &drawn(card.clone()).await;
        let sent = match self.send(delivery, place, card).await {
            // A picture takes a right of its own, Attach Files. The text is complete without it.
            Err(error)
                if card.picture.is_some()
                    && failure(&error).code() == Some(code::MISSING_PERMISSIONS) =>
            {
                let plain = Card { picture: None, ..card.clone() };
                self.send(delivery, place, &plain).await?
            }
            sent => sent?,
        };
        Ok(Outcome::Said(Some((place, MessageId(sent.id.get())))))
    }

    async fn send(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
    ) -> Result<discord::Message, serenity::Error> {
        let message = render::message(card)
            .nonce(discord::Nonce::String(delivery.key.clone()))
            .enforce_nonce(true);
        let http = self.paced().await;
        id(place).send_message(http, message).await
    }

    /// The same where there is no second place to say it: a thread or channel that is gone does
    /// not come back, unlike one that is only hidden.
    async fn say_for_good(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        match self.say(delivery, place, card, expired).await {
            Err(Stop::Discord(error)) if failure(&error).code() == Some(code::UNKNOWN_CHANNEL) => {
                Ok(gone("where it was to be said is not there any more"))
            }
            said => said,
        }
    }

    /// Looks in a channel's history for the message of a delivery, by its key in a custom id; a
    /// card without buttons, by its text.
    async fn find(
        &self,
        delivery: &Delivery<Intent>,
        place: ChannelId,
        card: &Card,
    ) -> Result<Option<MessageId>, Stop> {
        let oldest = (delivery.created_at - LOOK_BACK).timestamp_millis();
        let mut before = None;
        for _ in 0..MOST_PAGES {
            let http = self.paced().await;
            let page = match http.get_messages(id(place), before, Some(PAGE)).await {
                Ok(page) => page,
                // Where there is no channel there is no message.
                Err(error) if failure(&error).code() == Some(code::UNKNOWN_CHANNEL) => {
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            let ours = page.iter().find(|message| {
                let is_it = bears(message, &delivery.key) || says(message, card, oldest);
                message.author.id.get() == self.bot.0 && is_it
            });
            if let Some(message) = ours {
                return Ok(Some(MessageId(message.id.get())));
            }
            let Some(last) = page.last() else {
                self.check_history(place).await?;
                return Ok(None);
            };
            if page.len() < usize::from(PAGE) || MessageId(last.id.get()).created_ms() < oldest {
                return Ok(None);
            }
            before = Some(MessagePagination::Before(last.id));
        }
        Ok(None)
    }

    /// Fails if the history of a channel may not be read. Discord then gives an empty one instead
    /// of a refusal (documentation, resources/message), and everything would seem deleted or never
    /// said; a single message, there or not, it does refuse.
    async fn check_history(&self, place: ChannelId) -> Result<(), Stop> {
        let http = self.paced().await;
        match http.get_message(id(place), discord::MessageId::new(place.0)).await {
            Err(error) if failure(&error).code() != Some(code::UNKNOWN_MESSAGE) => {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }

    async fn thread(&self, round: RoundId) -> Result<Outcome, Stop> {
        let round = self.engine.round(round).await?;
        let (Some(message), Some(question)) = (round.message, &round.question) else {
            return Ok(gone("the card is not there"));
        };
        // A thread has the number of the message it was started from, and a message has at most
        // one: starting it twice is refused, and that refusal is as good as a yes.
        let thread = ChannelId(message.0);
        let builder = CreateThread::new(say::round::thread_name(question))
            .auto_archive_duration(AutoArchiveDuration::OneWeek);
        let http = self.paced().await;
        let made = http
            .create_thread_from_message(id(round.channel), message_id(message), &builder, None)
            .await;
        Ok(match made.as_ref().map_err(failure) {
            Ok(_) => Outcome::Threaded(thread),
            Err(failure) if failure.code() == Some(code::THREAD_EXISTS) => {
                Outcome::Threaded(thread)
            }
            Err(failure) if failure.code() == Some(code::UNKNOWN_MESSAGE) => {
                gone("the card is not there any more")
            }
            Err(failure) => failure.outcome(),
        })
    }

    async fn read_thread(&self, round: RoundId) -> Result<Outcome, Stop> {
        let round = self.engine.round(round).await?;
        // A thread has the number of its card: it is found even if its making was never recorded.
        let thread = round.thread.or(round.message.map(|card| ChannelId(card.0)));
        let Some(thread) = thread else { return Ok(gone("there is no thread")) };
        let began = self.engine.now();
        let mut messages: Vec<ThreadMessage> = Vec::new();
        let mut before = None;
        for _ in 0..MOST_PAGES {
            let http = self.paced().await;
            let page = match http.get_messages(id(thread), before, Some(PAGE)).await {
                Ok(page) => page,
                Err(error) => {
                    let failure = failure(&error);
                    return Ok(match failure.code() {
                        Some(code::UNKNOWN_CHANNEL) => gone("the thread is not there any more"),
                        _ => failure.outcome(),
                    });
                }
            };
            if page.is_empty() {
                self.check_history(thread).await?;
            }
            messages.extend(page.iter().map(thread_message));
            let Some(last) = page.last().filter(|_| page.len() == usize::from(PAGE)) else {
                break;
            };
            before = Some(MessagePagination::Before(last.id));
        }
        messages.reverse();
        Ok(Outcome::Read { began, messages })
    }

    /// Sets the check mark or takes it off. Tried late, the one would undo the other that came after
    /// it, and so only what is right by now is done.
    async fn mark(
        &self,
        thread: ChannelId,
        message: MessageId,
        set: bool,
    ) -> Result<Outcome, Stop> {
        if self.engine.is_marked(thread, message).await? != set {
            return Ok(gone("the answer has changed since"));
        }
        let mark = ReactionType::Unicode(MARK.to_owned());
        let http = self.paced().await;
        Ok(courtesy(if set {
            http.create_reaction(id(thread), message_id(message), &mark).await
        } else {
            http.delete_reaction_me(id(thread), message_id(message), &mark).await
        }))
    }

    async fn edit(
        &self,
        place: ChannelId,
        message: MessageId,
        card: &Card,
    ) -> Result<Outcome, Stop> {
        let edit = render::edit(&drawn(card.clone()).await);
        let http = self.paced().await;
        let edited = id(place).edit_message(http, message_id(message), edit).await;
        Ok(match edited.as_ref().map_err(failure) {
            Ok(_) => Outcome::Said(None),
            Err(failure) => match failure.code() {
                Some(code::UNKNOWN_MESSAGE | code::UNKNOWN_CHANNEL) => {
                    gone("the message is not there any more")
                }
                _ => failure.outcome(),
            },
        })
    }

    /// Tries the channel named at setup, then whoever ran the setup, then the owner.
    async fn notice(&self, delivery: &Delivery<Intent>, notice: &Notice) -> Result<Outcome, Stop> {
        let guild = self.engine.notice_targets(delivery.guild).await?;
        let card = match notice {
            Notice::Reported { report, .. } => {
                let view = self.engine.report(*report).await?;
                say::question::report(&view, &guild.name, &delivery.key)
            }
            notice => say::notice::notice(notice, &guild.name, &delivery.key),
        };
        let mut refused = "nobody can be told".to_owned();
        for place in self.places(&guild) {
            let said = match place {
                Place::Channel(channel) => self.say(delivery, channel, &card, false).await,
                Place::Member(member) => match self.direct_channel(member).await {
                    Ok(channel) => self.say(delivery, channel, &card, false).await,
                    Err(stop) => Err(stop),
                },
            };
            match said {
                Err(Stop::Discord(error)) => match failure(&error) {
                    Failure::Refused { text, .. } => refused = text,
                    unclear @ Failure::Unclear(_) => return Ok(unclear.outcome()),
                },
                other => return other,
            }
        }
        Ok(Outcome::Trouble { trouble: Trouble::Refused, error: refused })
    }

    /// Shows on the notice of a report what was decided.
    async fn edit_report(&self, report: i64) -> Result<Outcome, Stop> {
        let view = self.engine.report(report).await?;
        let Some(notice) = self.engine.report_notice(report).await? else {
            return Ok(gone("the notice is not there"));
        };
        let Some((place, message)) = notice.result else {
            return Ok(gone("the notice is not there"));
        };
        let guild = self.engine.notice_targets(view.report.guild).await?;
        self.edit(place, message, &say::question::report(&view, &guild.name, &notice.key)).await
    }

    /// Reminds a member of reviews. Whatever Discord refuses here, only the member can mend.
    async fn remind(
        &self,
        delivery: &Delivery<Intent>,
        guild: GuildId,
        member: MemberId,
        expired: bool,
    ) -> Result<Outcome, Stop> {
        let view = self.engine.reminder(guild, member).await?;
        if view.due == 0 {
            return Ok(gone("nothing is due any more"));
        }
        let card = say::review::reminder(&view, &delivery.key);
        let place = self.direct_channel(member).await?;
        self.say(delivery, place, &card, expired).await
    }

    pub(super) async fn direct_channel(&self, member: MemberId) -> Result<ChannelId, Stop> {
        let to = serde_json::json!({ "recipient_id": member.to_string() });
        let channel = self.paced().await.create_private_channel(&to).await?;
        Ok(ChannelId(channel.id.get()))
    }
}

/// Why a delivery was not carried out.
pub(super) enum Stop {
    Discord(serenity::Error),
    View(ViewError),
}

impl From<serenity::Error> for Stop {
    fn from(error: serenity::Error) -> Self {
        Self::Discord(error)
    }
}

impl From<ViewError> for Stop {
    fn from(error: ViewError) -> Self {
        Self::View(error)
    }
}

impl Courier for Outbound {
    fn deliver(&self, delivery: Delivery<Intent>, expired: bool) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let began = Instant::now();
            loop {
                let outcome = match self.carry_out(&delivery, expired).await {
                    Ok(outcome) => outcome,
                    Err(Stop::Discord(error)) => failure(&error).outcome(),
                    Err(Stop::View(ViewError::Refused(_))) => gone("its round is not there"),
                    Err(Stop::View(ViewError::Broken(error))) => {
                        Outcome::Later { wait: None, error: error.to_string() }
                    }
                    Err(Stop::View(ViewError::Fault(id))) => {
                        Outcome::Later { wait: None, error: format!("fault {id}") }
                    }
                };
                match outcome {
                    // serenity's limiter waits until the limit is over, inside the request. Without
                    // it (at another address than Discord's) this does: the delivery stays under
                    // way, and nobody takes the waiting for rest.
                    Outcome::Later { wait: Some(wait), .. }
                        if self.http.ratelimiter.is_none() && began.elapsed() < LONGEST_LIMIT =>
                    {
                        tokio::time::sleep(wait).await;
                    }
                    Outcome::Later { error, .. } => return Outcome::Later { wait: None, error },
                    other => return other,
                }
            }
        })
    }
}

fn gone(what: &str) -> Outcome {
    Outcome::Gone { error: what.to_owned() }
}

/// Check marks and pins are a courtesy: where one is refused for good (the message is gone, the
/// channel has all the pins it may have), it is left out.
fn courtesy(done: Result<(), serenity::Error>) -> Outcome {
    match done.as_ref().map_err(failure) {
        Ok(()) => Outcome::Said(None),
        Err(failure) => match failure.outcome() {
            Outcome::Trouble { trouble: Trouble::ChannelGone | Trouble::Refused, error } => {
                Outcome::Gone { error }
            }
            other => other,
        },
    }
}

/// Whether one of a message's buttons bears the key.
fn bears(message: &discord::Message, key: &str) -> bool {
    message.components.iter().flat_map(|row| &row.components).any(|part| match part {
        discord::ActionRowComponent::Button(button) => match &button.data {
            discord::ButtonKind::NonLink { custom_id, .. } => {
                custom_id.split(':').nth(1) == Some(key)
            }
            _ => false,
        },
        _ => false,
    })
}

/// Whether it is the text of a card that has no buttons to bear a key, and not one said long before.
fn says(message: &discord::Message, card: &Card, oldest_ms: i64) -> bool {
    card.rows.is_empty()
        && !card.content.is_empty()
        && message.content == card.content
        && MessageId(message.id.get()).created_ms() >= oldest_ms
}

fn id(channel: ChannelId) -> discord::ChannelId {
    discord::ChannelId::new(channel.0)
}

fn message_id(message: MessageId) -> discord::MessageId {
    discord::MessageId::new(message.0)
}
