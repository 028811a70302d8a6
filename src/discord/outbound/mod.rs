//! Carries out deliveries over REST: with a nonce that Discord enforces, and by looking before
//! saying again what may have been said already.

mod look;
mod notice;
mod rest;
mod send;
mod thread;

use super::fault::{Failure, code};
use super::inbound::member_facts;
use super::say;
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId};
use crate::domain::member::Facts;
use crate::domain::round::State;
use crate::engine::Delivery;
use crate::engine::courier::{Courier, Outcome};
use crate::engine::input::Input;
use crate::engine::intent::Intent;
use crate::engine::limits::Limits;
use crate::engine::views::ViewError;
use crate::engine::views::rounds::ResultView;
use crate::engine::{Engine, Guild};
use futures::future::BoxFuture;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serenity::all::{self as discord, Http};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Discord takes 50 requests a second from a bot (documentation, topics/rate-limits). One below,
/// because a bucket that refills lets one more through in the first second.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(49).unwrap();
/// How long a limit of Discord's is waited out at once; then the courier's back-off takes over.
const LONGEST_LIMIT: Duration = Duration::from_secs(20);
/// How long to wait where requests come too fast and it is not known how long Discord asks for: the
/// library does not tell, and most limits are over within seconds.
const TOO_FAST: Duration = Duration::from_millis(500);

/// The way to Discord for everything but replies to interactions, which have no global limit.
pub struct Outbound {
    http: Arc<Http>,
    pub(super) engine: Engine,
    bot: MemberId,
    /// `None` where nothing limits it.
    pacer: Option<DefaultDirectRateLimiter>,
    /// Requests before the pacer.
    waiting: AtomicUsize,
    /// Where the library's limiter is off: a client whose answers are seen as they are.
    bare: Option<reqwest::Client>,
    /// Readings of threads that were interrupted.
    readings: thread::Readings,
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
        let bare = match http.ratelimiter {
            Some(_) => None,
            None => {
                reqwest::Client::builder().timeout(super::connection::REQUEST_TIMEOUT).build().ok()
            }
        };
        let (waiting, readings) = (AtomicUsize::new(0), thread::Readings::default());
        let (cache, to_tell) = (RwLock::default(), Mutex::default());
        Self { http, engine, bot, pacer, waiting, bare, readings, cache, to_tell }
    }

    fn limits(&self) -> &Limits {
        &self.engine.settings().limits
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

    /// Asks Discord whether a member is still there, and under which name; tells the engine.
    pub async fn look_up(&self, guild: GuildId, member: MemberId) {
        let mut asked = self.ask_for_member(guild, member).await;
        if is_no_member(&asked) {
            // Said once, it may be a mistake, and would take the member off the boards.
            tokio::time::sleep(self.limits().outbox.second_look).await;
            asked = self.ask_for_member(guild, member).await;
        }
        let (name, facts) = match &asked {
            Ok(found) => (Some(found.display_name().to_owned()), member_facts(found)),
            Err(_) if is_no_member(&asked) => (None, Facts::default()),
            Err(_) => return,
        };
        let input = Input::LookedUp { guild, member, name, facts };
        if let Err(no) = self.engine.send(input).await {
            tracing::warn!(?no, "what a look-up told was lost; it is asked again at the next look");
        }
    }

    async fn ask_for_member(
        &self,
        guild: GuildId,
        member: MemberId,
    ) -> Result<discord::Member, Failure> {
        let (guild, member) = (discord::GuildId::new(guild.0), discord::UserId::new(member.0));
        let http = self.paced().await;
        self.within(http.get_member(guild, member)).await
    }

    async fn carry_out(&self, delivery: &Delivery<Intent>, expired: bool) -> Result<Outcome, Stop> {
        match &delivery.intent {
            Intent::Card { round } => {
                let view = self.card(*round).await?;
                let place = view.round.channel;
                let card = say::round::card(&view);
                self.say_in_channel(delivery, place, &card, expired).await
            }
            Intent::Thread { round } => self.thread(*round).await,
            Intent::Pin { round } => {
                let round = self.engine.round(*round).await?;
                let Some(message) = round.message else { return Ok(moot("the card is not there")) };
                if round.state != State::Open {
                    // Tried late, it would undo the unpinning that came with the next card.
                    return Ok(moot("its round is over"));
                }
                self.pin(round.channel, message, true).await
            }
            Intent::Unpin { channel, message } => self.pin(*channel, *message, false).await,
            Intent::Mark { thread, message } => self.mark(*thread, *message, true).await,
            Intent::Unmark { thread, message } => self.mark(*thread, *message, false).await,
            Intent::ReadThread { round, .. } => self.read_thread(delivery.id, *round).await,
            Intent::Result { round, place, plain } => {
                let view = self.engine.result(*round).await?;
                let card = result_card(&view, *plain);
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
                    return Ok(moot("the card is not there"));
                };
                self.edit(view.round.channel, message, &say::round::card(&view)).await
            }
            Intent::EditResult { round } => {
                let Some((place, message)) = self.engine.delivered(*round, "result").await? else {
                    return Ok(moot("the result is not there"));
                };
                let view = self.engine.result(*round).await?;
                let plain = self.engine.is_plain(*round).await?;
                self.edit(place, message, &result_card(&view, plain)).await
            }
            Intent::WeeklyBoard { from, place } => {
                let mut board = self.engine.weekly_board(delivery.guild, *from, *place).await?;
                if !board.stale.is_empty() {
                    // Everybody will see it: who left in the meantime must not be on it.
                    for member in &board.stale {
                        self.look_up(delivery.guild, *member).await;
                    }
                    board = self.engine.weekly_board(delivery.guild, *from, *place).await?;
                }
                let card = say::boards::weekly(&board, &delivery.key);
                self.say_in_channel(delivery, *place, &card, expired).await
            }
            Intent::QuizCard { run } => {
                let view = self.engine.quiz_card(*run).await?;
                let card = say::quiz::group(&view);
                self.say_for_good(delivery, view.channel, &card, expired).await
            }
            Intent::QuizEdit { run } => {
                let view = self.engine.quiz_card(*run).await?;
                let Some(message) = view.message else { return Ok(moot("the card is not there")) };
                self.edit_soon(view.channel, message, &say::quiz::group(&view)).await
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
}

/// Why a delivery was not carried out.
pub(super) enum Stop {
    Discord(Failure),
    View(ViewError),
    /// It is known what came of it.
    Known(Outcome),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Discord(failure)
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
            let mut guess = TOO_FAST;
            loop {
                let (outcome, wait) = match self.carry_out(&delivery, expired).await {
                    Err(Stop::Discord(failure)) if failure.is_too_fast() => {
                        let asked = match &failure {
                            Failure::Unclear { retry_after, .. } => *retry_after,
                            Failure::Refused { .. } => None,
                        };
                        let wait = asked.unwrap_or(guess);
                        guess = guess.saturating_mul(2);
                        (failure.outcome(), Some(wait))
                    }
                    // After a start, until the guilds are known.
                    Ok(Outcome::Later { wait: Some(wait), error })
                        if matches!(delivery.intent, Intent::CheckUp { .. }) =>
                    {
                        (Outcome::Later { wait: None, error }, Some(wait))
                    }
                    Ok(outcome) | Err(Stop::Known(outcome)) => (outcome, None),
                    Err(Stop::Discord(failure)) => (failure.outcome(), None),
                    Err(Stop::View(ViewError::Refused(_))) => {
                        (moot("its round is not there"), None)
                    }
                    Err(Stop::View(ViewError::Broken(error))) => {
                        (Outcome::Later { wait: None, error: error.to_string() }, None)
                    }
                    Err(Stop::View(ViewError::Fault(id))) => {
                        (Outcome::Later { wait: None, error: format!("fault {id}") }, None)
                    }
                };
                // serenity's limiter waits until a limit is over, inside the request. Without it (at
                // another address than Discord's) this does: the delivery stays under way, and
                // nobody takes the waiting for rest.
                match wait.filter(|_| self.http.ratelimiter.is_none()) {
                    Some(wait) if began.elapsed() + wait < LONGEST_LIMIT => {
                        tokio::time::sleep(wait).await;
                    }
                    _ => return outcome,
                }
            }
        })
    }
}

fn gone(what: &str) -> Outcome {
    Outcome::Gone { error: what.to_owned() }
}

fn moot(what: &str) -> Outcome {
    Outcome::Moot { error: what.to_owned() }
}

/// The result, without what members wrote where Discord does not accept that.
fn result_card(view: &ResultView, plain: bool) -> say::Card {
    if plain { say::round::plain_result(view) } else { say::round::result(view) }
}

/// Whether Discord says that somebody is no member.
fn is_no_member(asked: &Result<discord::Member, Failure>) -> bool {
    let code = asked.as_ref().err().and_then(Failure::code);
    matches!(code, Some(code::UNKNOWN_MEMBER | code::UNKNOWN_USER))
}

fn id(channel: ChannelId) -> discord::ChannelId {
    discord::ChannelId::new(channel.0)
}

fn message_id(message: MessageId) -> discord::MessageId {
    discord::MessageId::new(message.0)
}
