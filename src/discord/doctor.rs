//! What the doctor asks of Discord: over REST alone, and so also without a session.

use super::connection::{gateway_of, http_of};
use super::fault::{Failure, failure};
use super::rights::{Asked, Ground, missing};
use super::{Link, register};
use crate::domain::checkup::{Content, Database, Finding, Ill, Token};
use crate::domain::ids::{ChannelId, GuildId};
use crate::engine::checkup::{Examination, Supply};
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
    pub async fn of_guild(&self, guild: &Guild, supplies: &[Supply]) -> Vec<Finding> {
        let id = discord::GuildId::new(guild.id.0);
        let asked = async {
            Ok::<_, serenity::Error>(Asked {
                guild: self.http.get_guild(id).await?,
                channels: self.http.get_channels(id).await?,
                member: self.http.get_member(id, self.bot).await?,
            })
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
                of_guild(guild, supplies, &asked, name)
            }
            Err(error) => {
                let place = unnamed(guild);
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
                found.extend(supplies.iter().flat_map(|of| of.findings(place(of.channel.id))));
                found
            }
        }
    }
}

/// Names channels of a guild that Discord cannot be asked about.
pub fn unnamed(guild: &Guild) -> impl Fn(ChannelId) -> String {
    let name = guild.name.clone();
    move |channel| format!("channel {channel} in {name}")
}

fn gone(place: String) -> Finding {
    Finding::Gone { place }
}

/// What concerns one guild, as far as it is known.
pub(super) fn of_guild(
    guild: &Guild,
    supplies: &[Supply],
    ground: &impl Ground,
    name: impl Fn(ChannelId) -> String,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for supply in supplies {
        let channel = &supply.channel;
        let place = name(channel.id);
        if ground.held(channel.id).is_none() {
            found.push(gone(place.clone()));
        } else {
            let lacking = missing_of(ground, guild, channel)
                .into_iter()
                .map(|lack| {
                    let rights = super::say::text::list(
                        &lack.rights.iter().map(|right| (*right).to_owned()).collect::<Vec<_>>(),
                    );
                    if lack.channel == channel.id {
                        format!("the bot lacks {rights}")
                    } else {
                        format!("in {}, {}, it lacks {rights}", name(lack.channel), lack.purpose)
                    }
                })
                .collect();
            found.push(Finding::Rights { place: place.clone(), lacking });
        }
        found.extend(supply.findings(place));
    }
    found
}

/// What of the above a daily look tells the admins ahead of time; the study channels that nothing
/// is known of are left out.
pub(super) fn ills(
    ground: &impl Ground,
    guild: &Guild,
    channels: &[StudyChannel],
) -> Vec<(ChannelId, BTreeSet<Ill>)> {
    let of = |channel: &StudyChannel| {
        if ground.held(channel.id).is_none() {
            return BTreeSet::from([Ill::Gone]);
        }
        let lacks = missing_of(ground, guild, channel).into_iter().flat_map(|lack| {
            let lacks =
                move |right: &str| Ill::Lacks { channel: lack.channel, right: right.to_owned() };
            lack.rights.into_iter().map(lacks)
        });
        lacks.collect()
    };
    channels.iter().map(|channel| (channel.id, of(channel))).collect()
}

fn missing_of(
    ground: &impl Ground,
    guild: &Guild,
    channel: &StudyChannel,
) -> Vec<super::say::admin::Missing> {
    let role = channel.role.map(|role| discord::RoleId::new(role.0));
    missing(ground, channel.id, role, guild.notices)
}

/// What concerns the bot as a whole, by the bot itself; `asked`: what Discord said.
pub(super) fn of_bot(examined: &Examination, asked: [Finding; 3]) -> Vec<Finding> {
    let database = match &examined.database {
        // Whose rows they are is nobody's business here.
        Database::Damaged(_) => Database::Damaged(None),
        other => other.clone(),
    };
    let own = [
        examined.zones.clone(),
        Finding::Database(database),
        Finding::Backup { age: examined.backup, daily: false },
    ];
    asked.into_iter().chain(own).collect()
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

/// The guilds that a look from the cache can tell something of.
pub(super) fn is_known(cache: &discord::Cache, guild: GuildId) -> bool {
    cache.guild(discord::GuildId::new(guild.0)).is_some()
}
