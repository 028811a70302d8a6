//! `/study …`: everything admins set and steer. Offered to members with Manage Server; a guild
//! may change that in its own settings, under Integrations.

use super::{Context, Error, answer, asker, changed, command};
use crate::discord::rights::{self, Ground as _};
use crate::discord::{doctor, say};
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::refusal::Refusal;
use crate::domain::schedule;
use crate::engine::input::{Command, Input, PlanChange, Reply, Setup};
use serenity::all::{self as discord, ChannelType, CreateAutocompleteResponse};

/// Sets up and steers study channels
#[poise::command(
    slash_command,
    guild_only,
    default_member_permissions = "MANAGE_GUILD",
    check = "super::may_steer",
    subcommand_required,
    subcommands(
        "setup",
        "plan",
        "holidays",
        "status",
        "doctor",
        "post",
        "pause",
        "resume",
        "skip",
        "replace",
        "void",
        "remove",
        "super::boards::board",
        "super::boards::recount"
    )
)]
#[expect(clippy::unused_async, reason = "the framework wants an async function")]
pub(super) async fn study(_context: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Makes a channel a study channel, or changes one: only what you give changes
#[poise::command(slash_command, guild_only)]
#[expect(clippy::too_many_arguments, reason = "they are the options of the command")]
async fn setup(
    context: Context<'_>,
    #[description = "The text channel"]
    #[channel_types("Text")]
    channel: discord::PartialChannel,
    #[description = "Local time of day, for example 08:30"] time: Option<String>,
    #[description = "Time zone: start typing a city"]
    #[autocomplete = "zones"]
    zone: Option<String>,
    #[description = "Days with a round, for example mon-fri (the default), or daily"]
    weekdays: Option<String>,
    #[description = "Role to mention with each question"] role: Option<discord::Role>,
    #[description = "Channel for notices to the admins; without one: a direct message to you"]
    #[channel_types("Text")]
    notices: Option<discord::PartialChannel>,
    #[description = "Whether to pin the question"] pin: Option<bool>,
    #[description = "Hours a round stays open; 0 (the default) for until the next one"]
    #[max = 168]
    hours: Option<u32>,
) -> Result<(), Error> {
    answer(context, async {
        if channel.kind != ChannelType::Text {
            return Err(Refusal::NotATextChannel.into());
        }
        if notices.as_ref().is_some_and(|channel| !rights::takes_messages(channel.kind)) {
            return Err(Refusal::TakesNoMessages.into());
        }
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let id = ChannelId(channel.id.get());
        let setup = Setup {
            time,
            zone,
            weekdays,
            role: role.as_ref().map(|role| RoleId(role.id.get())),
            notices: notices.as_ref().map(|channel| ChannelId(channel.id.get())),
            pin,
            hours,
        };
        let done = changed(context, Command::Setup { channel: id, setup }).await?;
        // What holds now, whether it was given this time or before.
        let status = context.data().engine.status(asker.guild, Some(id)).await?;
        let Some(now) = status.channels.first() else { return Ok(done) };
        let ground = rights::Cached::new(&context.serenity_context().cache, asker.guild);
        let missing = ground
            .is_known()
            .then(|| rights::missing(&ground, id, now.channel.role, status.guild.notices));
        Ok(say::admin::set_up(&done, missing.as_deref()))
    })
    .await
}

#[expect(clippy::unused_async, reason = "the framework wants an async function")]
async fn zones(_context: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    // Discord shows at most 25 (documentation, receiving-and-responding).
    let found = schedule::zones_matching(typed, 25);
    CreateAutocompleteResponse::new().set_choices(
        found
            .into_iter()
            .map(|zone| discord::AutocompleteChoice::new(zone.name(), zone.name()))
            .collect(),
    )
}

/// What is drawn: topics and difficulties. Without options: shows the plan
#[poise::command(slash_command, guild_only)]
async fn plan(
    context: Context<'_>,
    #[description = "Topics with weights, for example asyncio 2, oop; or all"] topics: Option<
        String,
    >,
    #[description = "Difficulties by weight, for example easy 2, medium 3, hard 1"] mix: Option<
        String,
    >,
    #[description = "A difficulty for each weekday, for example mon easy, wed medium, fri hard"]
    ladder: Option<String>,
    #[description = "Share of members who should solve a question, for example 0.7; or off"]
    aim: Option<String>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let engine = &context.data().engine;
        let change = PlanChange { topics, mix, ladder, aim };
        let input = Input::Command(asker, Command::Plan { channel: named(channel), change });
        Ok(match engine.ask(input).await? {
            Reply::Plan { channel, plan, left, changed } => {
                say::admin::plan(channel, &plan, left, changed, &engine.bank().topics())
            }
            _ => say::Card::default(),
        })
    })
    .await
}

/// Dates without a round
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    subcommands("holidays_add", "holidays_remove", "holidays_list")
)]
#[expect(clippy::unused_async, reason = "the framework wants an async function")]
async fn holidays(_context: Context<'_>) -> Result<(), Error> {
    Ok(())
}

/// Adds a date, or a run of dates, without a round
#[poise::command(slash_command, guild_only, rename = "add")]
async fn holidays_add(
    context: Context<'_>,
    #[description = "First date, for example 2026-12-24"] first: String,
    #[description = "Last date; the first if you do not say"] last: Option<String>,
    #[description = "What it is"]
    #[max_length = 60]
    label: Option<String>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    let channel = named(channel);
    let label = label.unwrap_or_default();
    command(context, Command::AddHoliday { channel, first, last, label }).await
}

/// Removes the holidays that include a date
#[poise::command(slash_command, guild_only, rename = "remove")]
async fn holidays_remove(
    context: Context<'_>,
    #[description = "A date inside, for example 2026-12-24"] date: String,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::RemoveHoliday { channel: named(channel), date }).await
}

/// Lists the holidays
#[poise::command(slash_command, guild_only, rename = "list")]
async fn holidays_list(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        Ok(say::admin::holidays(&context.data().engine.schedules(asker.guild).await?))
    })
    .await
}

/// Next rounds, questions left, health
#[poise::command(slash_command, guild_only)]
async fn status(
    context: Context<'_>,
    #[description = "Only this study channel"] channel: Option<discord::PartialChannel>,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let cache = &context.serenity_context().cache;
        doctor::status(context.data(), cache, asker.guild, named(channel)).await
    })
    .await
}

/// Checks what the study channels and the bot need, and says what to do
#[poise::command(slash_command, guild_only)]
async fn doctor(context: Context<'_>) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let data = context.data();
        let cache = &context.serenity_context().cache;
        let server = doctor::of_server(data, cache, asker.guild).await?;
        let bot = data.outbound.examine().await?;
        Ok(say::doctor::card(&server, &bot))
    })
    .await
}

/// Posts an extra question now
#[poise::command(slash_command, guild_only)]
async fn post(
    context: Context<'_>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Post { channel: named(channel) }).await
}

/// Stops new rounds for a while
#[poise::command(slash_command, guild_only)]
async fn pause(
    context: Context<'_>,
    #[description = "First date with rounds again, for example 2027-01-07; open-ended without"]
    until: Option<String>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Pause { channel: named(channel), until }).await
}

/// Goes on after a pause
#[poise::command(slash_command, guild_only)]
async fn resume(
    context: Context<'_>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Resume { channel: named(channel) }).await
}

/// Leaves out the next round
#[poise::command(slash_command, guild_only)]
async fn skip(
    context: Context<'_>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Skip { channel: named(channel) }).await
}

/// Withdraws the open question and posts another
#[poise::command(slash_command, guild_only)]
async fn replace(
    context: Context<'_>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Replace { channel: named(channel) }).await
}

/// Takes back the points of the last closed round
#[poise::command(slash_command, guild_only)]
async fn void(
    context: Context<'_>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Void { channel: named(channel) }).await
}

/// Ends a study channel; points and past rounds stay
#[poise::command(slash_command, guild_only)]
async fn remove(
    context: Context<'_>,
    #[description = "Which study channel, if there are several"] channel: Option<
        discord::PartialChannel,
    >,
) -> Result<(), Error> {
    command(context, Command::Remove { channel: named(channel) }).await
}

fn named(channel: Option<discord::PartialChannel>) -> Option<ChannelId> {
    channel.map(|channel| ChannelId(channel.id.get()))
}
