//! What the doctor asks of Discord: over REST alone, and so also without a session.

use super::commands::Data;
use super::connection::{gateway_of, http_of};
use super::fault::{Failure, failure};
use super::rights::{Asked, Ground, missing, missing_for_messages, takes_messages};
use super::say::text::list;
use super::{Link, register, say};
use crate::domain::checkup::{Content, Finding, Ill, Purpose, Token};
use crate::domain::ids::{ChannelId, GuildId};
use crate::engine::checkup::{Examination, Supply};
use crate::engine::views::View;
use crate::engine::{Guild, StudyChannel};
use chrono::{DateTime, TimeDelta, Utc};
use serenity::all::{self as discord, CurrentUser, Http};
use serenity::http::{LightMethod, Request, Route};
use std::collections::BTreeSet;

/// A `Date` header leaves out the part of a second; on average it is half of one.
const HALF_A_SECOND: TimeDelta = TimeDelta::milliseconds(500);

/// A token that works, for looking around without connecting.
pub struct Visitor {
    http: Http,
    bot: discord::UserId,
}

impl Visitor {
    /// Tries the token. What that found, with a visitor if it works.
    pub async fn open(
        link: &Link,
        now: &(dyn Fn() -> DateTime<Utc> + Sync),
    ) -> (Option<Self>, Vec<Finding>) {
        let place = link.api.as_deref().unwrap_or("Discord");
        let refused = |token| (None, vec![Finding::Token(token)]);
        let http = match http_of(link) {
            Ok(http) => http,
            Err(error) => return refused(Token::Unreachable(error.to_string())),
        };
        // The one question that needs no token: whether this is Discord at all.
        if let Err(error) = gateway_of(&http, place).await {
            return refused(Token::Unreachable(error.to_string()));
        }
        match who_and_when(&http, now).await {
            Ok((user, ahead)) => {
                let name = super::say::text::clean(&user.name);
                let found = vec![Finding::Token(Token::Accepted(name)), Finding::Clock(ahead)];
                (Some(Self { http, bot: user.id }), found)
            }
            Err(error) => match failure(&error) {
                failure if failure.is_unauthorised() => refused(Token::Refused),
                Failure::Unclear { text: why, .. } => refused(Token::Unreachable(format!(
                    "{place} did not say whether the token works ({why}); try again in a moment"
                ))),
                Failure::Refused { text, .. } => refused(Token::Unreachable(format!(
                    "{place} does not answer as Discord does: {text}"
                ))),
            },
        }
    }

    /// What concerns the bot as a whole. `running`: whether a bot is at work that should have
    /// registered its commands.
    pub async fn of_bot(&self, running: bool) -> Vec<Finding> {
        vec![content(&self.http).await, commands(&self.http, running).await]
    }

    /// What concerns one guild.
    pub async fn of_guild(&self, examined: &Examination) -> Vec<Finding> {
        let guild = &examined.guild;
        let id = discord::GuildId::new(guild.id.0);
        let asked = async {
            let asked = Asked {
                guild: self.http.get_guild(id).await?,
                channels: self.http.get_channels(id).await?,
                member: self.http.get_member(id, self.bot).await?,
            };
            Ok::<_, serenity::Error>(self.with_thread(asked, examined.weekly).await)
        };
        match asked.await {
            Ok(asked) => {
                let name = |channel: ChannelId| {
                    let found = asked.channels.iter().find(|one| one.id.get() == channel.0);
                    let channel = found.map_or_else(
                        || format!("channel {channel}"),
                        |one| format!("#{}", one.name),
                    );
                    format!("{channel} in {}", asked.guild.name)
                };
                of_guild(examined, &asked, &asked.guild.name, name)
            }
            Err(error) => {
                let mut found = match failure(&error) {
                    // 10004 Unknown Guild, 50001 Missing Access.
                    Failure::Refused { code: 10_004 | 50_001, .. } => {
                        vec![Finding::Absent { guild: guild.name.clone() }]
                    }
                    other => vec![Finding::Unchecked {
                        what: "Rights",
                        why: format!(
                            "Discord did not tell about {} ({})",
                            guild.name,
                            other.text()
                        ),
                    }],
                };
                found.extend(stored(examined, &guild.name, unnamed(guild)));
                found
            }
        }
    }

    /// The weekly board may go into a thread, which is in no list of channels.
    async fn with_thread(&self, mut asked: Asked, weekly: Option<ChannelId>) -> Asked {
        let known = |channel: &ChannelId| asked.channels.iter().any(|c| c.id.get() == channel.0);
        if let Some(weekly) = weekly.filter(|channel| !known(channel))
            && let Ok(channel) = self.http.get_channel(discord::ChannelId::new(weekly.0)).await
        {
            asked.channels.extend(channel.guild());
        }
        asked
    }
}

/// Names channels of a guild that Discord cannot be asked about.
pub fn unnamed(guild: &Guild) -> impl Fn(ChannelId) -> String {
    let name = guild.name.clone();
    move |channel| format!("channel {channel} in {name}")
}

/// What concerns one guild, as far as the store knows. `server`: its name.
pub fn stored(
    examined: &Examination,
    server: &str,
    name: impl Fn(ChannelId) -> String,
) -> Vec<Finding> {
    let of_channel = |supply: &Supply| supply.findings(&name(supply.channel.id));
    let channels = examined.supplies.iter().flat_map(of_channel);
    channels.chain(examined.findings(server)).collect()
}

/// What concerns one guild, as far as it is known. `server`: its name.
pub(super) fn of_guild(
    examined: &Examination,
    ground: &impl Ground,
    server: &str,
    name: impl Fn(ChannelId) -> String,
) -> Vec<Finding> {
    if !ground.is_known() {
        let outage = Finding::Outage { place: server.to_owned() };
        return [outage].into_iter().chain(stored(examined, server, name)).collect();
    }
    let guild = &examined.guild;
    let mut found = Vec::new();
    for supply in &examined.supplies {
        let channel = &supply.channel;
        let place = name(channel.id);
        if ground.held(channel.id).is_none() {
            found.push(Finding::Gone { place: place.clone() });
        } else {
            let lacking = missing_of(ground, guild, channel)
                .into_iter()
                .map(|lack| {
                    let rights = rights(&lack.rights);
                    if lack.channel == channel.id {
                        format!("the bot lacks {rights}")
                    } else {
                        format!("in {}, {}, it lacks {rights}", name(lack.channel), lack.purpose)
                    }
                })
                .collect();
            found.push(Finding::Rights { place: place.clone(), lacking });
        }
        if channel.role.is_some_and(|role| !ground.has_role(role)) {
            found.push(Finding::RoleGone { place: place.clone() });
        }
        found.extend(supply.findings(&place));
    }
    for (purpose, channel) in chosen(guild, examined.weekly) {
        if let Some(gone) = unusable(ground, channel) {
            found.push(Finding::Unusable { purpose, place: name(channel), gone });
        } else if purpose == Purpose::Weekly {
            let lacking = missing_for_messages(ground, channel);
            if !lacking.is_empty() {
                let lacking =
                    vec![format!("for the weekly leaderboard, the bot lacks {}", rights(&lacking))];
                found.push(Finding::Rights { place: name(channel), lacking });
            }
        }
    }
    let gone = examined.kept_off.iter().filter(|role| !ground.has_role(**role)).count();
    if gone > 0 {
        found.push(Finding::KeptOffRolesGone(gone as u64));
    }
    found.extend(examined.findings(server));
    found
}

fn rights(names: &[&str]) -> String {
    list(&names.iter().map(|right| (*right).to_owned()).collect::<Vec<_>>())
}

/// The channels that a server has chosen besides its study channels.
fn chosen(guild: &Guild, weekly: Option<ChannelId>) -> Vec<(Purpose, ChannelId)> {
    let notices = guild.notices.map(|channel| (Purpose::Notices, channel));
    notices.into_iter().chain(weekly.map(|channel| (Purpose::Weekly, channel))).collect()
}

/// Whether no message can be sent in a channel, because it is gone (`Some(true)`) or of a kind that
/// takes none (`Some(false)`).
fn unusable(ground: &impl Ground, channel: ChannelId) -> Option<bool> {
    match ground.kind(channel) {
        None => Some(true),
        Some(kind) if takes_messages(kind) => None,
        Some(_) => Some(false),
    }
}

/// What of the above a daily look tells the admins ahead of time. What concerns the guild as a whole
/// is told with the first of the study channels.
pub(super) fn ills(
    ground: &impl Ground,
    guild: &Guild,
    channels: &[StudyChannel],
    weekly: Option<ChannelId>,
) -> Vec<(ChannelId, BTreeSet<Ill>)> {
    let of = |channel: &StudyChannel| -> BTreeSet<Ill> {
        if ground.held(channel.id).is_none() {
            return BTreeSet::from([Ill::Gone]);
        }
        let lacks = missing_of(ground, guild, channel).into_iter().flat_map(|lack| {
            let lacks =
                move |right: &str| Ill::Lacks { channel: lack.channel, right: right.to_owned() };
            lack.rights.into_iter().map(lacks)
        });
        let role = channel.role.filter(|role| !ground.has_role(*role));
        lacks.chain(role.map(|role| Ill::RoleGone { role })).collect()
    };
    let mut found: Vec<_> = channels.iter().map(|channel| (channel.id, of(channel))).collect();
    if let Some((_, first)) = found.first_mut() {
        for (purpose, channel) in chosen(guild, weekly) {
            first.extend(unusable(ground, channel).map(|gone| Ill::Unusable {
                purpose,
                channel,
                gone,
            }));
        }
    }
    found
}

fn missing_of(
    ground: &impl Ground,
    guild: &Guild,
    channel: &StudyChannel,
) -> Vec<super::say::admin::Missing> {
    // A role that is gone needs no right.
    let role = channel.role.filter(|role| ground.has_role(*role));
    missing(ground, channel.id, role, guild.notices)
}

/// Whether our clock agrees with Discord's.
pub(super) async fn clock(http: &Http, now: impl Fn() -> DateTime<Utc> + Sync) -> Finding {
    match who_and_when(http, &now).await {
        Ok((_, ahead)) => Finding::Clock(ahead),
        Err(error) => unchecked("Clock", error),
    }
}

/// Whether messages may be read.
pub(super) async fn content(http: &Http) -> Finding {
    match http.get_current_application_info().await {
        Ok(about) => {
            // Without it the commands cannot be asked for.
            http.set_application_id(about.id);
            Finding::Content(Content::of_flags(about.flags.map_or(0, |flags| flags.bits())))
        }
        Err(error) => unchecked("Message content", error),
    }
}

/// Whether the commands are registered.
pub(super) async fn commands(http: &Http, running: bool) -> Finding {
    match register::differences(http).await {
        Ok((absent, outdated)) => Finding::Commands { absent, outdated, running },
        Err(error) => unchecked("Commands", error),
    }
}

fn unchecked(what: &'static str, error: serenity::Error) -> Finding {
    Finding::Unchecked { what, why: failure(&error).text() }
}

/// Who the bot is, and how far our clock is ahead of Discord's.
async fn who_and_when(
    http: &Http,
    now: &(dyn Fn() -> DateTime<Utc> + Sync),
) -> Result<(CurrentUser, Option<TimeDelta>), serenity::Error> {
    let before = now();
    let answer = http.request(Request::new(Route::UserMe, LightMethod::Get)).await?;
    let after = now();
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
    // In the middle of the way there and back.
    let ours = before + (after - before) / 2;
    let ahead = date
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
        .map(|date| ours - (date.to_utc() + HALF_A_SECOND));
    Ok((answer.json().await?, ahead))
}

/// What Discord's clock shows. Needs no token and changes nothing.
pub(super) async fn date(http: &Http) -> Result<Option<DateTime<Utc>>, serenity::Error> {
    let answer = http.request(Request::new(Route::Gateway, LightMethod::Get)).await?;
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Ok(date.map(|date| date.to_utc() + HALF_A_SECOND))
}

/// What concerns one guild, by the running bot. Whoever asks has perhaps put something right just
/// now, so what waits out a refusal is tried again.
pub(super) async fn of_server(
    data: &Data,
    cache: &discord::Cache,
    guild: GuildId,
) -> View<Vec<Finding>> {
    data.engine.retry(guild);
    let examined = data.engine.examine(guild).await?;
    let ground = data.outbound.ground(cache, guild, examined.weekly).await;
    Ok(of_guild(&examined, &ground, "this server", say::text::channel))
}

/// `/study status`, with what is wrong.
pub(super) async fn status(
    data: &Data,
    cache: &discord::Cache,
    guild: GuildId,
    named: Option<ChannelId>,
) -> View<say::Card> {
    let status = data.engine.status(guild, named).await?;
    let mut found = of_server(data, cache, guild).await?;
    found.extend(data.engine.own_health());
    Ok(say::admin::status(&status, &found))
}
