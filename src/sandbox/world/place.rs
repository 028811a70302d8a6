//! What a sandbox begins with, as a file describes it: guilds, their roles, members and channels.

use super::kind;
use super::permissions::named;
use serde::Deserialize;
use std::collections::{BTreeSet, HashSet};

/// The place without a file of one's own.
const STANDARD: &str = include_str!("place.toml");

/// The guilds that a sandbox begins with, and the bot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The bot.
    #[serde(default)]
    pub(super) bot: BotSeed,
    /// At least one.
    #[serde(rename = "guild")]
    pub(super) guilds: Vec<GuildSeed>,
}

/// The bot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BotSeed {
    pub name: String,
    /// What its role in each guild lets it do.
    pub permissions: Vec<String>,
    /// Whether the application was granted the message-content intent.
    pub content_intent: bool,
}

impl Default for BotSeed {
    fn default() -> Self {
        Self { name: "Studyhall".to_owned(), permissions: Vec::new(), content_intent: true }
    }
}

/// A guild.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuildSeed {
    pub id: Option<u64>,
    pub name: String,
    /// What @everyone may do.
    #[serde(default)]
    pub everyone: Vec<String>,
    /// From the highest to the lowest.
    #[serde(default, rename = "role")]
    pub roles: Vec<RoleSeed>,
    /// The first one owns the guild.
    pub members: Vec<MemberSeed>,
    #[serde(default, rename = "channel")]
    pub channels: Vec<ChannelSeed>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSeed {
    pub id: Option<u64>,
    pub name: String,
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Red, green and blue, a byte each.
    #[serde(default)]
    pub color: u32,
    #[serde(default)]
    pub mentionable: bool,
    /// Whether members who join later get it.
    #[serde(default)]
    pub joins: bool,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSeed {
    pub id: Option<u64>,
    /// The same name in two guilds is the same person.
    pub name: String,
    /// The names of roles.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSeed {
    pub id: Option<u64>,
    pub name: String,
    #[serde(default)]
    pub kind: KindSeed,
    pub topic: Option<String>,
    /// Whether it is the channel that the first line of `--json` names.
    #[serde(default)]
    pub study: bool,
    #[serde(default)]
    pub overwrites: Vec<OverwriteSeed>,
}

/// A channel's type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindSeed {
    #[default]
    Text,
    Voice,
    Forum,
}

impl KindSeed {
    /// Discord's number for it.
    pub fn number(self) -> u8 {
        match self {
            Self::Text => kind::TEXT,
            Self::Voice => kind::VOICE,
            Self::Forum => kind::FORUM,
        }
    }
}

/// What a role or a member may do in a channel alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverwriteSeed {
    /// A role's name, or `@everyone`; else give `member`.
    pub role: Option<String>,
    /// A member's name, or the bot's.
    pub member: Option<String>,
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub deny: Vec<String>,
}

impl Default for Place {
    fn default() -> Self {
        // A test reads it; a place without guilds would only be an empty one.
        Self::parse(STANDARD).unwrap_or(Self { bot: BotSeed::default(), guilds: Vec::new() })
    }
}

impl Place {
    /// Reads a seed file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let place: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        place.check()?;
        Ok(place)
    }

    /// Whether the application was granted the message-content intent.
    pub fn content_intent(&self) -> bool {
        self.bot.content_intent
    }

    fn check(&self) -> Result<(), String> {
        if self.guilds.is_empty() {
            return Err("there is no [[guild]]: a sandbox needs one at least".to_owned());
        }
        rights("the bot", &self.bot.permissions)?;
        let mut ids = HashSet::new();
        let mut people: Vec<(&str, Option<u64>)> = Vec::new();
        for guild in &self.guilds {
            let here = format!("the guild “{}”", guild.name);
            guild.check(&here, &self.bot.name)?;
            let own = guild.roles.iter().map(|one| one.id);
            let channels = guild.channels.iter().map(|one| one.id);
            for id in own.chain(channels).chain([guild.id]).flatten() {
                if id == 0 || !ids.insert(id) {
                    return Err(format!("{here}: the id {id} is 0 or is given twice"));
                }
            }
            for member in &guild.members {
                match people.iter().find(|(name, _)| *name == member.name) {
                    Some((_, id)) if *id != member.id && member.id.is_some() => {
                        return Err(format!("{here}: “{}” has another id elsewhere", member.name));
                    }
                    Some(_) => {}
                    None => people.push((&member.name, member.id)),
                }
            }
        }
        for id in people.iter().filter_map(|(_, id)| *id) {
            if id == 0 || !ids.insert(id) {
                return Err(format!("the id {id} is 0 or is given twice"));
            }
        }
        Ok(())
    }
}

impl GuildSeed {
    /// A guild with the standard roles and nobody and nothing in it.
    pub fn standard(name: &str) -> Self {
        let roles = Place::default().guilds.into_iter().next().map(|guild| guild.roles);
        Self {
            id: None,
            name: name.to_owned(),
            everyone: Vec::new(),
            roles: roles.unwrap_or_default(),
            members: Vec::new(),
            channels: Vec::new(),
        }
    }

    fn check(&self, here: &str, bot: &str) -> Result<(), String> {
        if self.members.is_empty() {
            return Err(format!("{here} has no members: the first one owns it"));
        }
        unique(here, "role", self.roles.iter().map(|one| one.name.as_str()))?;
        unique(here, "member", self.members.iter().map(|one| one.name.as_str()))?;
        unique(here, "channel", self.channels.iter().map(|one| one.name.as_str()))?;
        rights(here, &self.everyone)?;
        let has_role = |name: &str| self.roles.iter().any(|role| role.name == name);
        for role in &self.roles {
            rights(&format!("{here}, role “{}”", role.name), &role.permissions)?;
            if role.color > 0xFF_FF_FF {
                return Err(format!("{here}, role “{}”: color is at most 0xFFFFFF", role.name));
            }
        }
        for member in &self.members {
            if member.name == bot {
                return Err(format!("{here}: “{bot}” is the bot's name, and no member's"));
            }
            if let Some(role) = member.roles.iter().find(|role| !has_role(role)) {
                let name = &member.name;
                return Err(format!("{here}: “{name}” has the role “{role}”, which is not there"));
            }
        }
        for channel in &self.channels {
            let here = format!("{here}, channel “{}”", channel.name);
            if channel.study && channel.kind != KindSeed::Text {
                return Err(format!("{here}: only a text channel can be the study channel"));
            }
            for overwrite in &channel.overwrites {
                rights(&here, &overwrite.allow)?;
                rights(&here, &overwrite.deny)?;
                let is_there = match (&overwrite.role, &overwrite.member) {
                    (Some(role), None) => role == "@everyone" || has_role(role),
                    (None, Some(name)) => {
                        name == bot || self.members.iter().any(|member| member.name == *name)
                    }
                    _ => return Err(format!("{here}: an overwrite is for a role or for a member")),
                };
                if !is_there {
                    return Err(format!("{here}: an overwrite is for somebody who is not there"));
                }
            }
        }
        Ok(())
    }
}

fn unique<'a>(here: &str, what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name) {
            return Err(format!("{here}: the {what} “{name}” has no name or is there twice"));
        }
    }
    Ok(())
}

fn rights(here: &str, names: &[String]) -> Result<(), String> {
    match names.iter().find(|name| named(name).is_none()) {
        Some(name) => Err(format!("{here}: Discord has no permission called {name}")),
        None => Ok(()),
    }
}

/// The bits of named permissions.
pub fn bits(names: &[String]) -> u64 {
    names.iter().filter_map(|name| named(name)).fold(0, |all, bit| all | bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_place_is_sound() {
        let place = Place::parse(STANDARD).unwrap();
        assert_eq!(place, Place::default());
        assert_eq!(place.guilds[0].members.len(), 5);
        assert!(place.content_intent());
        assert_eq!(GuildSeed::standard("Another").roles.len(), 2);
    }

    #[test]
    fn what_cannot_be_is_named_with_its_place() {
        let told = |text: &str| Place::parse(text).unwrap_err();
        let guild = |rest: &str| {
            format!("[[guild]]\nname = \"A\"\nmembers = [{{ name = \"Ana\" }}]\n{rest}")
        };
        assert!(Place::parse(&guild("")).is_ok());
        for (text, expected) in [
            (String::new(), "missing field `guild`"),
            ("guild = []".to_owned(), "there is no [[guild]]"),
            ("[[guild]]\nname = \"A\"\nmembers = []".to_owned(), "has no members"),
            (guild("colour = 1"), "unknown field `colour`"),
            (guild("everyone = [\"FLY\"]"), "no permission called FLY"),
            (guild("[[guild.role]]\nname = \"R\"\ncolor = 0x1000000"), "at most 0xFFFFFF"),
            (
                guild("[[guild.channel]]\nname = \"c\"\nkind = \"voice\"\nstudy = true"),
                "only a text channel",
            ),
            (
                guild("[[guild.channel]]\nname = \"c\"\noverwrites = [{ role = \"R\" }]"),
                "not there",
            ),
            (
                guild("[[guild.channel]]\nname = \"c\"\noverwrites = [{ deny = [] }]"),
                "for a role or",
            ),
            (
                guild(
                    "[[guild.channel]]\nname = \"c\"\nid = 5\n[[guild.channel]]\nname = \"d\"\nid = 5",
                ),
                "given twice",
            ),
            (
                guild("[[guild.channel]]\nname = \"c\"\n[[guild.channel]]\nname = \"c\""),
                "there twice",
            ),
            (
                "[[guild]]\nname = \"A\"\nmembers = [{ name = \"Ana\", roles = [\"X\"] }]"
                    .to_owned(),
                "role “X”, which is not there",
            ),
            (
                "[[guild]]\nname = \"A\"\nmembers = [{ name = \"Studyhall\" }]".to_owned(),
                "is the bot's name",
            ),
        ] {
            let told = told(&text);
            assert!(told.contains(expected), "{expected}: {told}");
        }
    }
}
