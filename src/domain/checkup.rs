//! What `doctor` looks at, and what it makes of it: fine, worth a look, or in need of somebody.

use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::notice::Trouble;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far our clock may be off Discord's before it is worth a look. A `Date` header counts whole
/// seconds, and the answer takes its time.
pub const CLOCK_OFF: TimeDelta = TimeDelta::seconds(5);
/// How far off it does harm: rounds come a minute early or late, and what was answered or voted
/// around a close is judged by Discord's clock.
pub const CLOCK_WRONG: TimeDelta = TimeDelta::seconds(60);
/// How old the last backup may be.
pub const BACKUP_OLD: TimeDelta = TimeDelta::days(8);
/// How old it may be where the bot makes one every day.
pub const DAILY_BACKUP_OLD: TimeDelta = TimeDelta::days(2);
/// How many years the rules of time zones may lie back. Every year some country changes its own.
pub const ZONES_OLD: i32 = 2;

/// How long the gateway session may be lost before that is more than a reconnect.
pub const RECONNECT: TimeDelta = TimeDelta::seconds(15);

/// How old the last stamp of the health file may be while a bot has the database.
pub const STAMP_OLD: TimeDelta = TimeDelta::seconds(60);

/// A failure that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Since when. Real time, not study time.
    pub since: DateTime<Utc>,
    /// Why, in a few words for an operator; holds no secret.
    pub why: String,
}

/// What a channel other than a study channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Notices to the admins.
    Notices,
    /// The leaderboard of the last week.
    Weekly,
}

/// What is to be thought of a finding, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Nothing fails yet, but somebody should have a look, or it could not be checked.
    Warning,
    /// Something does not work, or soon will not.
    Red,
}

/// What one check found. Places are named as their reader knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The configuration: what is wrong with it, if anything.
    Configuration(Option<String>),
    /// The question packs.
    Packs {
        /// Usable questions.
        questions: usize,
        /// Problems that leave questions out.
        problems: usize,
    },
    /// The database.
    Database(Database),
    /// The last backup.
    Backup {
        /// How long ago it was made; `None` if none is known.
        age: Option<TimeDelta>,
        /// Whether a running bot makes one every day.
        daily: bool,
    },
    /// Whether a bot works on the database, and which.
    Bot(Option<String>),
    /// The bot that works on the database doesn't stamp its health file.
    Silent {
        /// How old its last stamp is; `None` if there is none that can be read.
        age: Option<TimeDelta>,
    },
    /// The connection to Discord's gateway, through which clicks and answers arrive.
    Gateway {
        /// Set while there is no session.
        away: Option<Failing>,
        /// For how long there has been none.
        lasting: TimeDelta,
    },
    /// Writing to the database; set while it fails.
    Writing(Option<Failing>),
    /// Free space where the database is.
    Space {
        /// In bytes; `None` where the system doesn't say.
        free: Option<u64>,
        /// Below how many bytes it is too little.
        least: u64,
    },
    /// The system's clock has jumped, and nothing becomes due until Discord's agrees with it.
    ClockDoubted(Failing),
    /// Clicks and commands that the client library could not read, since the start.
    Unreadable(u64),
    /// The file of the token can be read by others.
    TokenFile(String),
    /// The token.
    Token(Token),
    /// The intent to read messages.
    Content(Content),
    /// The commands, by name.
    Commands {
        /// Not known to Discord.
        absent: Vec<String>,
        /// Known to Discord as they were in another version.
        outdated: Vec<String>,
        /// Whether a bot that should have registered them is running.
        running: bool,
    },
    /// How far our clock is ahead of Discord's; `None` if Discord did not tell.
    Clock(Option<TimeDelta>),
    /// The zone database.
    Zones {
        /// Its version, such as `2026a`.
        version: &'static str,
        /// The present year.
        year: i32,
    },
    /// The rights in a study channel, and in the channel for notices.
    Rights {
        /// The study channel.
        place: String,
        /// What is missing, in one line for each channel; none: nothing.
        lacking: Vec<String>,
    },
    /// A study channel that is not there, or that the bot cannot see.
    Gone {
        /// The study channel.
        place: String,
    },
    /// A server that the bot is not in.
    Absent {
        /// The server.
        guild: String,
    },
    /// What keeps the bot from working in a study channel right now.
    Trouble {
        /// The study channel.
        place: String,
        /// What it is.
        trouble: Trouble,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// A round whose closing instant is minutes ago and whose result has not been decided yet.
    CloseWaits {
        /// The study channel.
        place: String,
        /// The question's title.
        title: String,
        /// The closing instant.
        since: DateTime<Utc>,
    },
    /// The role that the questions of a study channel mention was deleted.
    RoleGone {
        /// The study channel.
        place: String,
    },
    /// Roles that are kept off the boards were deleted; how many.
    KeptOffRolesGone(u64),
    /// A channel that the server has chosen can't be used.
    Unusable {
        /// What for.
        purpose: Purpose,
        /// The channel.
        place: String,
        /// Whether it is gone or hidden, and not only of a kind that takes no messages.
        gone: bool,
    },
    /// Notices that could be delivered to nobody, since the last one that could.
    Unsaid {
        /// The server.
        place: String,
        /// How many.
        notices: u64,
        /// When the first of them was due.
        since: DateTime<Utc>,
    },
    /// Discord has an outage that concerns the server, so nothing is known of it now.
    Outage {
        /// The server.
        place: String,
    },
    /// The questions of a study channel.
    Stock {
        /// The study channel.
        place: String,
        /// How many fit the plan.
        fitting: u32,
        /// How many of them were not asked yet.
        left: u32,
        /// In how many days the last of them is asked; `None` while no round is coming up.
        days: Option<i64>,
        /// Below how many the admins are told.
        warn_below: u32,
    },
    /// Nothing is set up yet.
    NoStudyChannel,
    /// Something that could not be checked.
    Unchecked {
        /// What.
        what: &'static str,
        /// Why not.
        why: String,
    },
}

/// The state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// There is none yet.
    Missing,
    /// Its tables are those of an older version; the next start changes them.
    Older,
    /// It cannot be used.
    Unusable(String),
    /// It is damaged; what SQLite says, for those it concerns.
    Damaged(Option<String>),
    /// It is whole.
    Whole {
        /// Its size.
        bytes: u64,
    },
}

/// What came of trying the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// There is none that could be tried.
    Missing(String),
    /// Discord refuses it.
    Refused,
    /// Discord could not be asked.
    Unreachable(String),
    /// It works; the bot's name.
    Accepted(String),
}

/// Whether the application may read messages (Discord documentation, resources/application,
/// "Application Flags").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// `GATEWAY_MESSAGE_CONTENT`: granted to a verified application.
    Granted,
    /// `GATEWAY_MESSAGE_CONTENT_LIMITED`: switched on by an application in fewer than 100 servers.
    SwitchedOn,
    /// Neither: the gateway would be closed with 4014.
    Off,
}

impl Content {
    /// From the application's flags.
    pub fn of_flags(flags: u64) -> Self {
        if flags & 1 << 18 != 0 {
            Self::Granted
        } else if flags & 1 << 19 != 0 {
            Self::SwitchedOn
        } else {
            Self::Off
        }
    }
}

impl Finding {
    /// What is to be thought of it.
    pub fn verdict(&self) -> Verdict {
        let unless = |fine: bool, otherwise: Verdict| if fine { Verdict::Fine } else { otherwise };
        match self {
            Self::Configuration(problem) => unless(problem.is_none(), Verdict::Red),
            Self::Packs { questions: 0, .. } => Verdict::Red,
            Self::Packs { problems, .. } => unless(*problems == 0, Verdict::Warning),
            Self::Database(Database::Unusable(_) | Database::Damaged(_)) => Verdict::Red,
            Self::Database(Database::Missing | Database::Older) => Verdict::Warning,
            Self::Database(Database::Whole { .. }) | Self::Bot(_) => Verdict::Fine,
            Self::Gateway { away: None, .. } | Self::Writing(None) => Verdict::Fine,
            Self::Gateway { lasting, .. } if *lasting < RECONNECT => Verdict::Warning,
            Self::Space { free: None, .. } => Verdict::Warning,
            Self::Space { free: Some(free), least } => unless(free >= least, Verdict::Red),
            Self::Unreadable(number) | Self::KeptOffRolesGone(number) => {
                unless(*number == 0, Verdict::Warning)
            }
            Self::Backup { age, daily } => {
                let limit = if *daily { DAILY_BACKUP_OLD } else { BACKUP_OLD };
                unless(age.is_some_and(|age| age <= limit), Verdict::Warning)
            }
            Self::Token(token) => unless(matches!(token, Token::Accepted(_)), Verdict::Red),
            Self::Content(content) => unless(*content != Content::Off, Verdict::Red),
            Self::Commands { absent, outdated, running } => {
                // A bot registers them when it starts. If it runs, it did not.
                let otherwise = if *running { Verdict::Red } else { Verdict::Warning };
                unless(absent.is_empty() && outdated.is_empty(), otherwise)
            }
            Self::TokenFile(_)
            | Self::Clock(None)
            | Self::NoStudyChannel
            | Self::Outage { .. }
            | Self::Unchecked { .. } => Verdict::Warning,
            Self::Clock(Some(ahead)) => match ahead.abs() {
                off if off > CLOCK_WRONG => Verdict::Red,
                off => unless(off <= CLOCK_OFF, Verdict::Warning),
            },
            Self::Zones { version, year } => {
                let of = version.get(..4).and_then(|year| year.parse::<i32>().ok());
                unless(of.is_some_and(|of| year - of < ZONES_OLD), Verdict::Warning)
            }
            Self::Rights { lacking, .. } => unless(lacking.is_empty(), Verdict::Red),
            Self::Silent { .. }
            | Self::Gateway { .. }
            | Self::Writing(Some(_))
            | Self::ClockDoubted(_)
            | Self::CloseWaits { .. }
            | Self::RoleGone { .. }
            | Self::Unusable { .. }
            | Self::Unsaid { .. }
            | Self::Gone { .. }
            | Self::Absent { .. }
            | Self::Trouble { .. }
            | Self::Stock { fitting: 0, .. } => Verdict::Red,
            Self::Stock { left, warn_below, .. } => unless(left >= warn_below, Verdict::Warning),
        }
    }

    /// The study channel that it is about, as its reader knows it.
    pub fn study_channel(&self) -> Option<&str> {
        match self {
            Self::Rights { place, .. }
            | Self::Gone { place }
            | Self::Trouble { place, .. }
            | Self::CloseWaits { place, .. }
            | Self::RoleGone { place }
            | Self::Stock { place, .. } => Some(place),
            _ => None,
        }
    }
}

// --- The daily look ---

/// Something that will keep a round from happening as it should, seen before the round is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ill {
    /// A right is missing.
    Lacks {
        /// Where.
        channel: ChannelId,
        /// Which, in the words of Discord's settings.
        right: String,
    },
    /// The study channel is gone, or the bot cannot see it.
    Gone,
    /// No question fits the study plan.
    NoQuestion,
    /// The role that the question mentions was deleted.
    RoleGone {
        /// Which.
        role: RoleId,
    },
    /// A channel of the server can't be used. Told with one of its study channels.
    Unusable {
        /// What for.
        purpose: Purpose,
        /// Which.
        channel: ChannelId,
        /// Whether it is gone or hidden, and not only of a kind that takes no messages.
        gone: bool,
    },
}

/// What follows from a daily look at a study channel.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Not told before: to be told now.
    pub new: BTreeSet<Ill>,
    /// Told before, and over.
    pub over: BTreeSet<Ill>,
    /// Everything that was told is over, which is to be told too.
    pub recovered: bool,
}

/// Compares what the admins were told with what is the case: each ill is told once, and its end
/// once all of them have ended.
pub fn change(told: &BTreeSet<Ill>, found: &BTreeSet<Ill>) -> Change {
    Change {
        new: found.difference(told).cloned().collect(),
        over: told.difference(found).cloned().collect(),
        recovered: !told.is_empty() && found.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Change, Content, Database, Failing, Finding, Ill, Purpose, Token, Verdict, change,
    };
    use crate::domain::ids::ChannelId;
    use crate::domain::notice::Trouble;
    use chrono::{DateTime, TimeDelta};
    use std::collections::BTreeSet;

    fn commands(absent: &[&str], outdated: &[&str], running: bool) -> Finding {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Finding::Commands { absent: owned(absent), outdated: owned(outdated), running }
    }

    fn stock(fitting: u32, left: u32, warn_below: u32) -> Finding {
        Finding::Stock { place: String::new(), fitting, left, days: Some(1), warn_below }
    }

    #[test]
    fn verdicts() {
        let text = String::new;
        let clock = |seconds| Finding::Clock(Some(TimeDelta::seconds(seconds)));
        let age = |hours| Some(TimeDelta::hours(hours));
        let backup = |hours| Finding::Backup { age: age(hours), daily: false };
        let daily = |hours| Finding::Backup { age: age(hours), daily: true };
        let rights = |lacking: Vec<String>| Finding::Rights { place: text(), lacking };
        let zones = |version, year| Finding::Zones { version, year };
        let failing = || Failing { since: DateTime::UNIX_EPOCH, why: text() };
        let away = |seconds| Finding::Gateway {
            away: Some(failing()),
            lasting: TimeDelta::seconds(seconds),
        };
        let space = |free, least| Finding::Space { free, least };
        for (finding, verdict) in [
            (Finding::Silent { age: None }, Verdict::Red),
            (Finding::Silent { age: Some(TimeDelta::seconds(61)) }, Verdict::Red),
            (Finding::Gateway { away: None, lasting: TimeDelta::zero() }, Verdict::Fine),
            (away(14), Verdict::Warning),
            (away(15), Verdict::Red),
            (Finding::Writing(None), Verdict::Fine),
            (Finding::Writing(Some(failing())), Verdict::Red),
            (space(None, 50), Verdict::Warning),
            (space(Some(50), 50), Verdict::Fine),
            (space(Some(49), 50), Verdict::Red),
            (Finding::ClockDoubted(failing()), Verdict::Red),
            (Finding::Unreadable(0), Verdict::Fine),
            (Finding::Unreadable(1), Verdict::Warning),
            (
                Finding::CloseWaits { place: text(), title: text(), since: DateTime::UNIX_EPOCH },
                Verdict::Red,
            ),
            (Finding::RoleGone { place: text() }, Verdict::Red),
            (Finding::KeptOffRolesGone(0), Verdict::Fine),
            (Finding::KeptOffRolesGone(2), Verdict::Warning),
            (
                Finding::Unusable { purpose: Purpose::Notices, place: text(), gone: true },
                Verdict::Red,
            ),
            (
                Finding::Unsaid { place: text(), notices: 1, since: DateTime::UNIX_EPOCH },
                Verdict::Red,
            ),
            (Finding::Outage { place: text() }, Verdict::Warning),
            (Finding::Configuration(None), Verdict::Fine),
            (Finding::Configuration(Some(text())), Verdict::Red),
            (Finding::Packs { questions: 1, problems: 0 }, Verdict::Fine),
            (Finding::Packs { questions: 1, problems: 1 }, Verdict::Warning),
            (Finding::Packs { questions: 0, problems: 0 }, Verdict::Red),
            (Finding::Database(Database::Missing), Verdict::Warning),
            (Finding::Database(Database::Older), Verdict::Warning),
            (Finding::Database(Database::Unusable(text())), Verdict::Red),
            (Finding::Database(Database::Damaged(None)), Verdict::Red),
            (Finding::Database(Database::Whole { bytes: 0 }), Verdict::Fine),
            (Finding::Backup { age: None, daily: false }, Verdict::Warning),
            (Finding::Backup { age: None, daily: true }, Verdict::Warning),
            (daily(48), Verdict::Fine),
            (daily(49), Verdict::Warning),
            (backup(0), Verdict::Fine),
            // A clock that was set back since.
            (backup(-5), Verdict::Fine),
            (backup(8 * 24), Verdict::Fine),
            (backup(8 * 24 + 1), Verdict::Warning),
            (Finding::Bot(None), Verdict::Fine),
            (Finding::Bot(Some(text())), Verdict::Fine),
            (Finding::TokenFile(text()), Verdict::Warning),
            (Finding::Token(Token::Missing(text())), Verdict::Red),
            (Finding::Token(Token::Refused), Verdict::Red),
            (Finding::Token(Token::Unreachable(text())), Verdict::Red),
            (Finding::Token(Token::Accepted(text())), Verdict::Fine),
            (Finding::Content(Content::Granted), Verdict::Fine),
            (Finding::Content(Content::SwitchedOn), Verdict::Fine),
            (Finding::Content(Content::Off), Verdict::Red),
            (commands(&[], &[], true), Verdict::Fine),
            (commands(&["quiz"], &[], true), Verdict::Red),
            (commands(&[], &["quiz"], true), Verdict::Red),
            (commands(&["quiz"], &["study"], false), Verdict::Warning),
            (Finding::Clock(None), Verdict::Warning),
            (clock(0), Verdict::Fine),
            (clock(5), Verdict::Fine),
            (clock(-6), Verdict::Warning),
            (clock(60), Verdict::Warning),
            (clock(-61), Verdict::Red),
            (clock(i64::from(i32::MIN)), Verdict::Red),
            (zones("2026a", 2026), Verdict::Fine),
            (zones("2025c", 2026), Verdict::Fine),
            (zones("2024b", 2026), Verdict::Warning),
            (zones("new", 2026), Verdict::Warning),
            // A clock that stands in the past.
            (zones("2026a", 1970), Verdict::Fine),
            (rights(Vec::new()), Verdict::Fine),
            (rights(vec![text()]), Verdict::Red),
            (Finding::Gone { place: text() }, Verdict::Red),
            (Finding::Absent { guild: text() }, Verdict::Red),
            (
                Finding::Trouble {
                    place: text(),
                    trouble: Trouble::Refused,
                    since: DateTime::UNIX_EPOCH,
                },
                Verdict::Red,
            ),
            (stock(10, 7, 7), Verdict::Fine),
            (stock(10, 6, 7), Verdict::Warning),
            // Without a warning wished for, questions that come again are nothing to warn of.
            (stock(10, 0, 0), Verdict::Fine),
            (stock(0, 0, 0), Verdict::Red),
            (Finding::NoStudyChannel, Verdict::Warning),
            (Finding::Unchecked { what: "x", why: text() }, Verdict::Warning),
        ] {
            assert_eq!(finding.verdict(), verdict, "{finding:?}");
        }
        assert!(Verdict::Fine < Verdict::Warning && Verdict::Warning < Verdict::Red);
    }

    #[test]
    fn flags_of_an_application() {
        for (flags, content) in [
            (0, Content::Off),
            (1 << 13 | 1 << 15, Content::Off),
            (1 << 18, Content::Granted),
            (1 << 19, Content::SwitchedOn),
            (1 << 18 | 1 << 19, Content::Granted),
        ] {
            assert_eq!(Content::of_flags(flags), content, "{flags}");
        }
    }

    #[test]
    fn each_ill_is_told_once_and_its_end_once() {
        let lacks = |right: &str| Ill::Lacks { channel: ChannelId(1), right: right.to_owned() };
        let set = |ills: &[&Ill]| -> BTreeSet<Ill> { ills.iter().copied().cloned().collect() };
        let (a, b, gone) = (lacks("Send Messages"), lacks("Add Reactions"), Ill::Gone);
        for (told, found, new, over, recovered) in [
            (set(&[]), set(&[]), set(&[]), set(&[]), false),
            (set(&[]), set(&[&a]), set(&[&a]), set(&[]), false),
            (set(&[&a]), set(&[&a]), set(&[]), set(&[]), false),
            (set(&[&a]), set(&[&a, &b]), set(&[&b]), set(&[]), false),
            (set(&[&a, &b]), set(&[&b]), set(&[]), set(&[&a]), false),
            (set(&[&b]), set(&[]), set(&[]), set(&[&b]), true),
            (set(&[&b]), set(&[&gone]), set(&[&gone]), set(&[&b]), false),
        ] {
            let wanted = Change { new, over, recovered };
            assert_eq!(change(&told, &found), wanted, "{told:?} {found:?}");
        }
    }
}
