//! Slash commands and the Apps menu: one file each, listed once. A command's doc comment is what
//! Discord shows of it.

mod boards;
mod help;
mod leaderboard;
mod messages;
mod points;
mod privacy;
mod question;
mod quiz;
mod review;
mod season;
mod stats;
mod study;
mod today;

use super::fault::{code, failure, view_card};
use super::pictures::drawn;
use super::say::{self, Card};
use super::steering::{Asking, Steering};
use super::{ACKNOWLEDGE_AFTER, Gauge, Outbound, inbound, render, reply_in_time};
use crate::domain::ids::{ChannelId, GuildId, InteractionId, MemberId};
use crate::domain::refusal::Refusal;
use crate::engine::Engine;
use crate::engine::input::{Asker, Command, Input};
use crate::engine::views::ViewError;
use futures::FutureExt as _;
use poise::{Framework, FrameworkError, FrameworkOptions};
use serenity::all as discord;
use serenity::all::FullEvent;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::SetOnce;

/// What every command and event handler may use.
pub(super) struct Data {
    pub(super) engine: Engine,
    pub(super) outbound: Arc<Outbound>,
    pub(super) gauge: Gauge,
    pub(super) steering: Steering,
}

impl Data {
    /// Asks Discord whether these members are still there, in the background: for the next look.
    pub(super) fn look_up(&self, guild: GuildId, members: &[MemberId]) {
        for member in members.iter().copied() {
            let outbound = Arc::clone(&self.outbound);
            tokio::spawn(async move { outbound.look_up(guild, member).await });
        }
    }
}

/// Only what the client library itself can fail with: a no is answered where it arises.
type Error = serenity::Error;
type Context<'a> = poise::Context<'a, Data, Error>;
type ApplicationContext<'a> = poise::ApplicationContext<'a, Data, Error>;

/// A choice of two.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Switch {
    /// From now on.
    #[name = "on"]
    On,
    /// No longer.
    #[name = "off"]
    Off,
}

impl Switch {
    fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// Every command.
pub(super) fn all() -> Vec<poise::Command<Data, Error>> {
    vec![
        study::study(),
        today::today(),
        quiz::quiz(),
        leaderboard::leaderboard(),
        season::season(),
        points::points(),
        review::review(),
        question::question(),
        stats::stats(),
        privacy::privacy(),
        help::help(),
        messages::vote_for_this_answer(),
        messages::not_my_answer(),
    ]
}

/// poise, with events let in as soon as it is set up: it lets those wait for 100 ms that come in the
/// same breath as the first READY, as the guilds do (0.7.1, `Framework::user_data`). Each counts as
/// under way until all that it asks for is said.
pub(super) struct Prompt {
    poise: Framework<Data, Error>,
    set_up: Arc<SetOnce<()>>,
    gauge: Gauge,
    engine: Engine,
}

#[serenity::async_trait]
impl discord::Framework for Prompt {
    async fn init(&mut self, client: &discord::Client) {
        self.poise.init(client).await;
    }

    async fn dispatch(&self, context: discord::Context, event: FullEvent) {
        let _under_way = self.gauge.begin();
        if !matches!(event, FullEvent::Ready { .. }) {
            self.set_up.wait().await;
        }
        let dispatched = AssertUnwindSafe(self.poise.dispatch(context, event)).catch_unwind();
        if dispatched.await.is_err() {
            // The log has the panic. Whatever the event said is read from Discord instead.
            self.engine.events_missed();
        }
    }
}

/// The framework that hands commands and events on.
pub(super) fn framework(data: Data) -> Prompt {
    let set_up = Arc::new(SetOnce::new());
    let (gauge, engine) = (data.gauge.clone(), data.engine.clone());
    let options = FrameworkOptions {
        commands: all(),
        on_error: |error| Box::pin(on_error(error)),
        event_handler: |framework, event| {
            Box::pin(async move {
                let data = framework.user_data().await;
                inbound::event(framework.serenity_context, event, data).await;
                match event {
                    // Not the event that all guilds are known: it doesn't come while Discord has an
                    // outage in a single one of them.
                    FullEvent::ShardsReady { .. } => {
                        data.outbound.may_ask(&framework.serenity_context.cache);
                        data.gauge.mark_ready_later();
                    }
                    FullEvent::CacheReady { .. } => data.gauge.mark_ready(),
                    _ => {}
                }
                Ok(())
            })
        },
        allowed_mentions: Some(discord::CreateAllowedMentions::new()),
        ..FrameworkOptions::default()
    };
    let poise = Framework::builder()
        .options(options)
        .setup({
            let set_up = Arc::clone(&set_up);
            move |_, _, _| {
                Box::pin(async move {
                    // poise takes this once, with the first READY.
                    let _once = set_up.set(());
                    Ok(data)
                })
            }
        })
        // Who owns the application does not matter: rights come from each guild.
        .initialize_owners(false)
        .build();
    Prompt { poise, set_up, gauge, engine }
}

async fn on_error(error: FrameworkError<'_, Data, Error>) {
    if let FrameworkError::Command { error, .. } = &error
        && failure(error).code() == Some(code::ALREADY_ACKNOWLEDGED)
    {
        // Discord told us of the same command twice, and the first time it was answered.
        tracing::info!("a command came twice");
        return;
    }
    let (context, doing, text) = match error {
        FrameworkError::Command { ctx, error, .. } => {
            (Some(ctx), "reply", super::fault::failure(&error).text())
        }
        FrameworkError::CommandPanic { ctx, payload, .. } => {
            (Some(ctx), "command panic", payload.unwrap_or_default())
        }
        FrameworkError::ArgumentParse { ctx, error, input, .. } => {
            (Some(ctx), "argument", format!("{error}: {}", input.unwrap_or_default()))
        }
        FrameworkError::CommandStructureMismatch { ctx, description, .. } => {
            (Some(poise::Context::Application(ctx)), "command structure", description.to_owned())
        }
        FrameworkError::GuildOnly { ctx, .. } => return refuse(ctx, &Refusal::GuildOnly).await,
        FrameworkError::CommandCheckFailed { error: None, ctx, .. } => {
            return refuse(ctx, &Refusal::NotAnAdmin).await;
        }
        other => (None, "framework", other.to_string()),
    };
    let id = crate::engine::fault(doing, &anyhow::Error::msg(text));
    if let Some(context) = context {
        let reply = render::reply(&say::no::fault(&id), true);
        if let Err(error) = context.send(reply).await {
            tracing::warn!(error = super::fault::failure(&error).text(), "could not apologise");
        }
    }
}

async fn refuse(context: Context<'_>, refusal: &Refusal) {
    let card = say::no::refusal(refusal);
    if let Err(error) = context.send(render::reply(&card, true)).await {
        tracing::warn!(error = super::fault::failure(&error).text(), "could not refuse");
    }
}

/// Checks once more, after Discord, whether the asker may use `/study`. Where what the server set can't
/// be read, Discord's own check stands: without it the command would not have come.
async fn may_steer(context: Context<'_>) -> Result<bool, Error> {
    let poise::Context::Application(app) = context else { return Ok(false) };
    let (Some(guild), Some(member)) = (app.interaction.guild_id, &app.interaction.member) else {
        return Ok(false);
    };
    let asking = Asking {
        guild: GuildId(guild.get()),
        member,
        channel: app.interaction.channel_id,
        place: app.interaction.channel.as_ref(),
        command: Some(app.interaction.data.id),
    };
    let steering = &context.data().steering;
    Ok(steering.may_steer(context.http(), &asking).await.unwrap_or(true))
}

/// Who asked, and where. `None` outside guilds, where no command is offered.
fn asker(context: Context<'_>) -> Option<Asker> {
    let poise::Context::Application(app) = context else { return None };
    let guild = GuildId(app.interaction.guild_id?.get());
    let member = MemberId(app.interaction.user.id.get());
    let cache = &context.serenity_context().cache;
    let (guild_name, owner) = super::guild_facts(cache, guild, member);
    Some(Asker {
        guild,
        guild_name,
        owner,
        channel: ChannelId(app.interaction.channel_id.get()),
        member,
        name: app.interaction.member.as_ref().map_or_else(
            || inbound::shown_name(&app.interaction.user),
            |m| m.display_name().to_owned(),
        ),
        facts: app.interaction.member.as_deref().map(inbound::member_facts).unwrap_or_default(),
        interaction: InteractionId(app.interaction.id.get()),
    })
}

/// Does the work and says its card to the asker alone; acknowledges first if it takes long, or if
/// there is a picture to be drawn, for which a click should not have to wait.
async fn answer(
    context: Context<'_>,
    work: impl Future<Output = Result<Card, ViewError>>,
) -> Result<(), Error> {
    let acknowledge = async { context.defer_ephemeral().await };
    let work = async {
        if let Some(Asker { guild, member, name, facts, .. }) = &asker(context) {
            context.data().engine.welcome_back(*guild, *member, name, facts).await;
        }
        work.await
    };
    let gauge = &context.data().gauge;
    let (done, acknowledged) = reply_in_time(gauge, ACKNOWLEDGE_AFTER, work, acknowledge).await;
    let card = done.unwrap_or_else(view_card);
    if card.drawing.is_some() && !acknowledged {
        context.defer_ephemeral().await?;
    }
    context.send(render::reply(&drawn(card).await, true)).await?;
    Ok(())
}

/// Hands a command to the engine and says what came of it to the asker alone.
async fn command(context: Context<'_>, command: Command) -> Result<(), Error> {
    answer(context, changed(context, command)).await
}

/// Hands a command to the engine; gives what it comes to as a card.
async fn changed(context: Context<'_>, command: Command) -> Result<Card, ViewError> {
    let asker = asker(context).ok_or(Refusal::GuildOnly)?;
    let engine = &context.data().engine;
    let reply = engine.ask(Input::Command(asker, command)).await?;
    Ok(say::admin::reply(&reply).unwrap_or_default())
}
