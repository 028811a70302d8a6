//! `studyhall doctor` and `/study doctor`: what each check found, and what to do.

use super::limit;
use super::text::{at, clean, count, plain, size, some, whole};
use super::{Card, Embed, Tone};
use crate::domain::checkup::{Content, Database, Failing, Finding, Purpose, Token, Verdict};
use crate::domain::notice::Trouble;
use chrono::{DateTime, TimeDelta, Utc};

/// Who reads a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Whoever runs the bot, on a terminal.
    Operator,
    /// An admin of a server, on Discord.
    Admin,
}

/// What is to be thought of a finding, in a word for the terminal.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "ok",
        Verdict::Warning => "warn",
        Verdict::Red => "red",
    }
}

/// What was looked at, in one or two words.
pub fn label(finding: &Finding) -> &'static str {
    match finding {
        Finding::Configuration(_) => "Configuration",
        Finding::Packs { .. } => "Questions",
        Finding::Database(_) => "Database",
        Finding::Backup { .. } => "Backup",
        Finding::Bot(_) | Finding::Silent { .. } => "Bot",
        Finding::Gateway { .. } => "Gateway",
        Finding::Writing(_) => "Writing",
        Finding::Space { .. } => "Disk space",
        Finding::Unreadable(_) => "Interactions",
        Finding::TokenFile(_) => "Token file",
        Finding::Token(_) => "Token",
        Finding::Content(_) => "Message content",
        Finding::Commands { .. } => "Commands",
        Finding::Clock(_) | Finding::ClockDoubted(_) => "Clock",
        Finding::Zones { .. } => "Time zones",
        Finding::Rights { .. } | Finding::Gone { .. } => "Rights",
        Finding::Absent { .. } | Finding::Outage { .. } => "Server",
        Finding::Trouble { .. } => "Trouble",
        Finding::CloseWaits { .. } => "Result",
        Finding::RoleGone { .. } => "Role",
        Finding::KeptOffRolesGone(_) | Finding::Unusable { purpose: Purpose::Weekly, .. } => {
            "Leaderboard"
        }
        Finding::Unsaid { .. } | Finding::Unusable { purpose: Purpose::Notices, .. } => "Notices",
        Finding::Stock { .. } => "Stock",
        Finding::NoStudyChannel => "Study channels",
        Finding::Unchecked { what, .. } => what,
    }
}

/// What was found, and what to do about it.
pub fn text(finding: &Finding, reader: Reader) -> String {
    let fine = finding.verdict() == Verdict::Fine;
    let quoted = |text: &str| match reader {
        Reader::Operator => text.to_owned(),
        Reader::Admin => plain(text),
    };
    match finding {
        Finding::Configuration(None) => "as it should be".to_owned(),
        Finding::Configuration(Some(problem)) | Finding::TokenFile(problem) => problem.clone(),
        Finding::Packs { questions: 0, .. } => {
            "there is none, so there can be no rounds. `studyhall check` says why".to_owned()
        }
        Finding::Packs { questions, problems } => match problems {
            0 => count(*questions as u64, "question"),
            n => format!(
                "{}; {} in the packs, which `studyhall check` lists",
                count(*questions as u64, "question"),
                count(*n as u64, "problem")
            ),
        },
        Finding::Database(Database::Unusable(why)) => quoted(why),
        Finding::Database(state) => database(state),
        Finding::Backup { age, daily } => backup(*age, *daily, fine, reader),
        Finding::Bot(Some(who)) => format!("running: {who}"),
        Finding::Bot(None) => "not running".to_owned(),
        Finding::Token(Token::Missing(why) | Token::Unreachable(why)) => why.clone(),
        Finding::Token(Token::Refused) => {
            "Discord refuses it. Copy it anew from the developer portal (Bot, Reset Token) into \
             DISCORD_TOKEN or the token file"
                .to_owned()
        }
        Finding::Token(Token::Accepted(name)) => format!("works; the bot is {name}"),
        Finding::Content(Content::Granted) => "the intent is granted".to_owned(),
        Finding::Content(Content::SwitchedOn) => "the intent is switched on".to_owned(),
        Finding::Content(Content::Off) => {
            "the intent is off, so Discord refuses the bot. Switch on Message Content Intent in \
             the developer portal (Bot, Privileged Gateway Intents), and start the bot again"
                .to_owned()
        }
        Finding::Commands { absent, outdated, running } => commands(absent, outdated, *running),
        Finding::Clock(ahead) => clock(*ahead, fine),
        Finding::Zones { version, .. } => {
            let advice = "; countries have changed their clocks since. Use a newer Studyhall";
            format!("rules of {version}{}", if fine { "" } else { advice })
        }
        Finding::Rights { place, lacking } if lacking.is_empty() => {
            format!("{place}: all there")
        }
        Finding::Rights { place, lacking } => format!(
            "{place}: {}. Give them to the bot's role, or in the permissions of the channel",
            lacking.join("; ")
        ),
        Finding::Gone { place } => format!(
            "{place}: the channel is gone, or the bot cannot see it. Let it see the channel, or \
             end it with `/study remove`"
        ),
        Finding::Absent { guild } => format!(
            "the bot is not in {}. Invite it again; its study channels, rounds and points wait for it",
            quoted(guild)
        ),
        Finding::Trouble { place, trouble, since } => format!(
            "{place}: since {} {}. The bot keeps trying",
            when(*since, reader),
            failing(*trouble)
        ),
        Finding::Silent { age } => silent(*age),
        Finding::Gateway { .. }
        | Finding::Writing(_)
        | Finding::Space { .. }
        | Finding::ClockDoubted(_)
        | Finding::Unreadable(_) => whole_bot(finding, reader),
        Finding::CloseWaits { place, title, since } => format!(
            "{place}: the result of “{}”, due {}, is waiting. It comes as soon as the bot can read \
             the thread",
            quoted(title),
            when(*since, reader)
        ),
        Finding::RoleGone { place } => format!(
            "{place}: the role that its questions mention was deleted, so they mention nobody. Name \
             another with the option `role` of `/study setup`"
        ),
        Finding::KeptOffRolesGone(number) => format!(
            "{} kept off the leaderboards and deleted since. `/study board exclude` with another \
             role forgets what was deleted",
            count(*number, "role")
        ),
        Finding::Unusable { purpose, place, gone } => unusable(*purpose, place, *gone),
        Finding::Unsaid { place, notices, since } => format!(
            "{}{} could be delivered to nobody since {}. `/study status` lists what they said; name \
             a channel for them with the option `notices` of `/study setup`",
            match reader {
                Reader::Operator => format!("{place}: "),
                Reader::Admin => String::new(),
            },
            count(*notices, "notice"),
            when(*since, reader)
        ),
        Finding::Outage { place } => format!(
            "Discord has an outage that concerns {}, so nothing is known of its channels now. There \
             is nothing to do; the bot goes on by itself",
            quoted(place)
        ),
        Finding::Stock { place, fitting: 0, .. } => format!(
            "{place}: no question fits its plan, so there will be no rounds. `/study plan` changes \
             the plan"
        ),
        Finding::Stock { place, left: 0, .. } => format!(
            "{place}: no new questions; those asked longest ago come again. More packs help, or \
             more topics in `/study plan`"
        ),
        Finding::Stock { place, left, days, .. } => {
            let lasts = match days {
                Some(days) => format!("enough for {}", count(days.unsigned_abs(), "day")),
                None => "and no round is coming up".to_owned(),
            };
            let advice = ". More packs help, or more topics in `/study plan`";
            format!(
                "{place}: {}, {lasts}{}",
                count((*left).into(), "new question"),
                if fine { "" } else { advice }
            )
        }
        Finding::NoStudyChannel => {
            "there is none yet. `/study setup` on Discord makes one".to_owned()
        }
        Finding::Unchecked { why, .. } => format!("not checked: {}", quoted(why)),
    }
}

/// An instant, in the way of its reader.
fn when(instant: DateTime<Utc>, reader: Reader) -> String {
    match reader {
        Reader::Operator => instant.format("%Y-%m-%d %H:%M UTC").to_string(),
        Reader::Admin => at(instant),
    }
}

fn silent(age: Option<TimeDelta>) -> String {
    let known = age.map_or_else(
        || "it has written none".to_owned(),
        |age| format!("the last stamp is {} old", span(age)),
    );
    format!(
        "the bot's process hangs, or its health file beside the database can't be written ({known}). \
         Look into its log. If it doesn't answer on Discord either, end that process and start it \
         again"
    )
}

fn span(span: TimeDelta) -> String {
    match (span.num_hours().unsigned_abs(), span.num_minutes().unsigned_abs()) {
        (_, 0) => count(span.num_seconds().unsigned_abs(), "second"),
        (..2, minutes) => count(minutes, "minute"),
        (hours, _) => count(hours, "hour"),
    }
}

/// What concerns the running bot as a whole, by its own account.
fn whole_bot(finding: &Finding, reader: Reader) -> String {
    // A reason is for whoever runs the bot; it may name files.
    let since = |failing: &Failing| {
        let since = when(failing.since, reader);
        match reader {
            Reader::Operator => format!("since {since} ({})", failing.why),
            Reader::Admin => format!("since {since}"),
        }
    };
    match finding {
        Finding::Gateway { away: None, .. } => "connected".to_owned(),
        Finding::Gateway { away: Some(away), .. } => format!(
            "no connection to Discord {}, so no click and no answer arrives. The bot keeps trying, \
             and reads the answers when it's back",
            since(away)
        ),
        Finding::Writing(None) => "the database can be written".to_owned(),
        Finding::Writing(Some(failing)) => format!(
            "the database can't be written {}, so no vote and no command counts. The bot keeps \
             trying{}",
            since(failing),
            match reader {
                Reader::Operator => ". Make room, or let this user write there",
                Reader::Admin => "; whoever runs it finds the reason with `studyhall doctor`",
            }
        ),
        Finding::Space { free: None, .. } => {
            "not checked: the system doesn't say how much is free".to_owned()
        }
        Finding::Space { free: Some(free), least } if free >= least => {
            format!("{} free", size(*free))
        }
        Finding::Space { free: Some(free), least } => {
            let advice = match reader {
                Reader::Operator => "Make room where the database is",
                Reader::Admin => "Whoever runs this bot must make room",
            };
            format!("only {} free, less than {}. {advice}", size(*free), size(*least))
        }
        Finding::ClockDoubted(failing) => format!(
            "the computer's clock is in doubt {}, so nothing becomes due until Discord's clock \
             agrees with it, for ten minutes at most",
            since(failing)
        ),
        Finding::Unreadable(number) => format!(
            "{} could not be read since the start, so somebody saw *interaction failed*. {}",
            count(*number, "click"),
            match reader {
                Reader::Operator => "The log has them; a newer Studyhall may read them",
                Reader::Admin => "Whoever runs this bot finds them in its log",
            }
        ),
        _ => String::new(),
    }
}

fn unusable(purpose: Purpose, place: &str, gone: bool) -> String {
    let why = if gone {
        "is gone, or the bot can't see it"
    } else {
        "takes no messages: it's a forum, a media channel or a category"
    };
    match purpose {
        Purpose::Notices => format!(
            "{place}, where notices go, {why}, so they go to whoever ran the setup by direct \
             message. Name another channel with the option `notices` of `/study setup`"
        ),
        Purpose::Weekly => format!(
            "{place}, where the weekly leaderboard goes, {why}. `/study board weekly` names another \
             channel, or switches it off"
        ),
    }
}

fn database(state: &Database) -> String {
    match state {
        Database::Missing => "there is none yet; the first start makes it".to_owned(),
        Database::Older => "an older Studyhall wrote it; the next start brings its tables up to \
                            date, and keeps a copy"
            .to_owned(),
        Database::Unusable(why) => why.clone(),
        Database::Damaged(Some(what)) => format!(
            "damaged: {what}. Stop the bot and restore the last backup: `studyhall restore FILE`"
        ),
        Database::Damaged(None) => {
            "damaged. Whoever runs this bot must restore the last backup".to_owned()
        }
        Database::Whole { bytes } => format!("whole, {}", size(*bytes)),
    }
}

fn backup(age: Option<TimeDelta>, daily: bool, fine: bool, reader: Reader) -> String {
    let known = match age {
        None => "none is known".to_owned(),
        Some(age) => match (age.num_days(), age.num_hours()) {
            (_, ..1) => "the last one is less than an hour old".to_owned(),
            (..2, hours) => format!("the last one is {} old", count(hours.unsigned_abs(), "hour")),
            (days, _) => format!("the last one is {} old", count(days.unsigned_abs(), "day")),
        },
    };
    let advice = match reader {
        _ if fine => "",
        Reader::Operator if daily => {
            ". The running bot makes one every day; its log says why it does not"
        }
        Reader::Operator => {
            ". Let the bot make one every day (`backups` in [database]), or make them yourself: \
             `studyhall backup FILE`"
        }
        Reader::Admin => ". Whoever runs this bot should make one every day",
    };
    format!("{known}{advice}")
}

fn commands(absent: &[String], outdated: &[String], running: bool) -> String {
    let mut parts = Vec::new();
    if !absent.is_empty() {
        parts.push(format!("not registered: {}", some(absent)));
    }
    if !outdated.is_empty() {
        parts.push(format!("registered as in another version: {}", some(outdated)));
    }
    if parts.is_empty() {
        return "all are registered".to_owned();
    }
    let advice = if running {
        "Restart the bot: it registers them when it starts"
    } else {
        "The bot registers them when it starts"
    };
    format!("{}. {advice}", parts.join("; "))
}

fn clock(ahead: Option<TimeDelta>, fine: bool) -> String {
    let Some(ahead) = ahead else {
        return "not checked: Discord's answer did not tell its time".to_owned();
    };
    let off = ahead.num_seconds().unsigned_abs();
    if off < 2 {
        return "agrees with Discord's".to_owned();
    }
    let side = if ahead < TimeDelta::zero() { "behind" } else { "ahead of" };
    let advice = ". Let the system set it (timesyncd, chrony, ntpd)";
    format!("{} {side} Discord's{}", count(off, "second"), if fine { "" } else { advice })
}

fn failing(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::MissingRight => "Discord has refused something because a right is missing",
        Trouble::ChannelGone => "the channel has been gone, or hidden from the bot",
        Trouble::NotInGuild => "the bot has not been in that server; invite it again",
        Trouble::Refused => "Discord has refused something; the log of the bot has the reason",
        Trouble::NoAnswer => {
            "a question or a result is overdue, because Discord does not answer or is busy"
        }
    }
}

/// One line for the terminal.
pub fn line(finding: &Finding) -> String {
    let verdict = word(finding.verdict());
    // Whatever a finding quotes stays on its line, and does nothing to the terminal.
    let text = clean(&text(finding, Reader::Operator));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{verdict:<5} {:<16} {text}", label(finding))
}

/// What all lines come to.
pub fn summary(verdicts: &[Verdict]) -> String {
    let number = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count() as u64;
    match (number(Verdict::Red), number(Verdict::Warning)) {
        (0, 0) => "All is well.".to_owned(),
        (0, warnings) => format!("Nothing is red; {}.", count(warnings, "warning")),
        (red, warnings) => format!("{red} red, {}.", count(warnings, "warning")),
    }
}

/// `/study doctor`: what concerns the server, and what concerns the bot as a whole.
pub fn card(server: &[Finding], bot: &[Finding]) -> Card {
    let lines = |findings: &[Finding]| {
        let mut sorted: Vec<&Finding> = findings.iter().collect();
        // The worst first, in case that not all fits.
        sorted.sort_by_key(|finding| std::cmp::Reverse(finding.verdict()));
        sorted.into_iter().map(card_line).collect::<Vec<_>>()
    };
    let verdicts: Vec<Verdict> = server.iter().chain(bot).map(Finding::verdict).collect();
    let tone = match verdicts.iter().max() {
        Some(Verdict::Red) => Tone::Red,
        Some(Verdict::Warning) => Tone::Calm,
        _ => Tone::Green,
    };
    Card::boxed(Embed {
        title: "Study doctor".to_owned(),
        text: whole(&lines(server), "\n", limit::TEXT),
        fields: vec![(
            "The bot as a whole, for whoever runs it".to_owned(),
            whole(&lines(bot), "\n", limit::FIELD),
        )],
        footer: summary(&verdicts),
        tone,
    })
}

/// One line for Discord.
pub(super) fn card_line(finding: &Finding) -> String {
    let mark = match finding.verdict() {
        Verdict::Fine => "✅",
        Verdict::Warning => "⚠️ Look:",
        Verdict::Red => "❌ Red:",
    };
    format!("{mark} **{}**: {}", label(finding), text(finding, Reader::Admin))
}
