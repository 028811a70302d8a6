use super::sample::instant;
use super::show;
use crate::discord::say::doctor::{card, line, summary};
use crate::domain::checkup::{Content, Database, Failing, Finding, Purpose, Token, Verdict};
use crate::domain::notice::Trouble;
use chrono::TimeDelta;
use insta::assert_snapshot;

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn commands(absent: &[&str], outdated: &[&str], running: bool) -> Finding {
    Finding::Commands { absent: owned(absent), outdated: owned(outdated), running }
}

fn place() -> String {
    "#python in Reading room".to_owned()
}

fn stock(fitting: u32, left: u32, days: Option<i64>) -> Finding {
    Finding::Stock { place: place(), fitting, left, days, warn_below: 7 }
}

fn trouble(trouble: Trouble) -> Finding {
    Finding::Trouble { place: place(), trouble, since: instant("2026-11-23T08:00:00Z") }
}

/// What concerns the bot as a whole.
fn of_bot() -> Vec<Finding> {
    let clock = |seconds| Finding::Clock(Some(TimeDelta::seconds(seconds)));
    let backup = |hours| Finding::Backup { age: Some(TimeDelta::hours(hours)), daily: false };
    vec![
        Finding::Configuration(None),
        Finding::Configuration(Some("config.toml:3: there is no key `databse`".to_owned())),
        Finding::Packs { questions: 412, problems: 0 },
        Finding::Packs { questions: 1, problems: 2 },
        Finding::Packs { questions: 0, problems: 0 },
        Finding::Database(Database::Missing),
        Finding::Database(Database::Older),
        Finding::Database(Database::Unusable("cannot open it".to_owned())),
        Finding::Database(Database::Damaged(Some("row 3 missing from index x".to_owned()))),
        Finding::Database(Database::Whole { bytes: 3_565_158 }),
        Finding::Backup { age: None, daily: false },
        Finding::Backup { age: Some(TimeDelta::days(3)), daily: true },
        backup(0),
        backup(30),
        backup(72),
        backup(240),
        Finding::Bot(Some("process 7 on desk, since 2026-11-23T08:00:00Z".to_owned())),
        Finding::Bot(None),
        Finding::TokenFile("token.txt: others may read it; `chmod 600 token.txt`".to_owned()),
        Finding::Token(Token::Missing("there is no bot token".to_owned())),
        Finding::Token(Token::Refused),
        Finding::Token(Token::Unreachable("cannot reach Discord".to_owned())),
        Finding::Token(Token::Accepted("Studyhall\u{1b}[2J".to_owned())),
        Finding::Content(Content::Granted),
        Finding::Content(Content::SwitchedOn),
        Finding::Content(Content::Off),
        commands(&[], &[], true),
        commands(&["/quiz"], &[], false),
        commands(&["/quiz", "/today"], &["/study"], true),
        commands(&["/a", "/b", "/c", "/d", "/e", "/f", "/g"], &[], false),
        Finding::Clock(None),
        clock(-1),
        clock(3),
        clock(-20),
        clock(7_200),
        Finding::Zones { version: "2026a", year: 2026 },
        Finding::Zones { version: "2023c", year: 2026 },
        Finding::Silent { age: None },
        Finding::Silent { age: Some(TimeDelta::seconds(90)) },
        Finding::Gateway { away: None, lasting: TimeDelta::zero() },
        Finding::Gateway { away: Some(failing("no answer")), lasting: TimeDelta::seconds(3) },
        Finding::Gateway { away: Some(failing("no answer")), lasting: TimeDelta::seconds(99) },
        Finding::Writing(None),
        Finding::Writing(Some(failing("database or disk is full"))),
        Finding::Space { free: None, least: 50 << 20 },
        Finding::Space { free: Some(9 << 30), least: 50 << 20 },
        Finding::Space { free: Some(3 << 20), least: 50 << 20 },
        Finding::ClockDoubted(failing("two hours ahead")),
        Finding::Unreadable(1),
    ]
}

fn failing(why: &str) -> Failing {
    Failing { since: instant("2026-11-23T08:00:00Z"), why: why.to_owned() }
}

/// What concerns one guild.
fn of_guild() -> Vec<Finding> {
    let lacking = owned(&[
        "the bot lacks Send Messages and Embed Links",
        "in #notes in Reading room, where notices go, it lacks View Channel",
    ]);
    vec![
        Finding::NoStudyChannel,
        Finding::Rights { place: place(), lacking: Vec::new() },
        Finding::Rights { place: place(), lacking },
        Finding::Gone { place: place() },
        Finding::Absent { guild: "Reading room".to_owned() },
        trouble(Trouble::MissingRight),
        trouble(Trouble::ChannelGone),
        trouble(Trouble::NotInGuild),
        trouble(Trouble::Refused),
        stock(412, 40, Some(56)),
        stock(412, 40, None),
        stock(412, 6, Some(1)),
        stock(412, 0, None),
        stock(0, 0, None),
        Finding::Unchecked { what: "Rights", why: "that takes a token that works".to_owned() },
        Finding::CloseWaits {
            place: place(),
            title: "`is` or `==`?".to_owned(),
            since: instant("2026-11-24T08:00:00Z"),
        },
        Finding::RoleGone { place: place() },
        Finding::KeptOffRolesGone(2),
        Finding::Unusable { purpose: Purpose::Notices, place: place(), gone: true },
        Finding::Unusable { purpose: Purpose::Weekly, place: place(), gone: false },
        Finding::Unsaid {
            place: "Reading room".to_owned(),
            notices: 2,
            since: instant("2026-11-24T08:00:00Z"),
        },
        Finding::Outage { place: "Reading room".to_owned() },
    ]
}

#[test]
fn every_line_of_the_terminal() {
    let lines: Vec<String> = of_bot().iter().chain(&of_guild()).map(line).collect();
    assert_snapshot!(lines.join("\n"), @r"
    ok    Configuration    as it should be
    red   Configuration    config.toml:3: there is no key `databse`
    ok    Questions        412 questions
    warn  Questions        1 question; 2 problems in the packs, which `studyhall check` lists
    red   Questions        there is none, so there can be no rounds. `studyhall check` says why
    warn  Database         there is none yet; the first start makes it
    warn  Database         an older Studyhall wrote it; the next start brings its tables up to date, and keeps a copy
    red   Database         cannot open it
    red   Database         damaged: row 3 missing from index x. Stop the bot and restore the last backup: `studyhall restore FILE`
    ok    Database         whole, 3.3 MiB
    warn  Backup           none is known. Let the bot make one every day (`backups` in [database]), or make them yourself: `studyhall backup FILE`
    warn  Backup           the last one is 3 days old. The running bot makes one every day; its log says why it does not
    ok    Backup           the last one is less than an hour old
    ok    Backup           the last one is 30 hours old
    ok    Backup           the last one is 3 days old
    warn  Backup           the last one is 10 days old. Let the bot make one every day (`backups` in [database]), or make them yourself: `studyhall backup FILE`
    ok    Bot              running: process 7 on desk, since 2026-11-23T08:00:00Z
    ok    Bot              not running
    warn  Token file       token.txt: others may read it; `chmod 600 token.txt`
    red   Token            there is no bot token
    red   Token            Discord refuses it. Copy it anew from the developer portal (Bot, Reset Token) into DISCORD_TOKEN or the token file
    red   Token            cannot reach Discord
    ok    Token            works; the bot is Studyhall[2J
    ok    Message content  the intent is granted
    ok    Message content  the intent is switched on
    red   Message content  the intent is off, so Discord refuses the bot. Switch on Message Content Intent in the developer portal (Bot, Privileged Gateway Intents), and start the bot again
    ok    Commands         all are registered
    warn  Commands         not registered: /quiz. The bot registers them when it starts
    red   Commands         not registered: /quiz and /today; registered as in another version: /study. Restart the bot: it registers them when it starts
    warn  Commands         not registered: /a, /b, /c, /d, /e and 2 more. The bot registers them when it starts
    warn  Clock            not checked: Discord's answer did not tell its time
    ok    Clock            agrees with Discord's
    ok    Clock            3 seconds ahead of Discord's
    warn  Clock            20 seconds behind Discord's. Let the system set it (timesyncd, chrony, ntpd)
    red   Clock            7200 seconds ahead of Discord's. Let the system set it (timesyncd, chrony, ntpd)
    ok    Time zones       rules of 2026a
    warn  Time zones       rules of 2023c; countries have changed their clocks since. Use a newer Studyhall
    red   Bot              the bot's process hangs, or its health file beside the database can't be written (it has written none). Look into its log. If it doesn't answer on Discord either, end that process and start it again
    red   Bot              the bot's process hangs, or its health file beside the database can't be written (the last stamp is 1 minute old). Look into its log. If it doesn't answer on Discord either, end that process and start it again
    ok    Gateway          connected
    warn  Gateway          no connection to Discord since 2026-11-23 08:00 UTC (no answer), so no click and no answer arrives. The bot keeps trying, and reads the answers when it's back
    red   Gateway          no connection to Discord since 2026-11-23 08:00 UTC (no answer), so no click and no answer arrives. The bot keeps trying, and reads the answers when it's back
    ok    Writing          the database can be written
    red   Writing          the database can't be written since 2026-11-23 08:00 UTC (database or disk is full), so no vote and no command counts. The bot keeps trying. Make room, or let this user write there
    warn  Disk space       not checked: the system doesn't say how much is free
    ok    Disk space       9.0 GiB free
    red   Disk space       only 3.0 MiB free, less than 50.0 MiB. Make room where the database is
    red   Clock            the computer's clock is in doubt since 2026-11-23 08:00 UTC (two hours ahead), so nothing becomes due until Discord's clock agrees with it, for ten minutes at most
    warn  Interactions     1 click could not be read since the start, so somebody saw *interaction failed*. The log has them; a newer Studyhall may read them
    warn  Study channels   there is none yet. `/study setup` on Discord makes one
    ok    Rights           #python in Reading room: all there
    red   Rights           #python in Reading room: the bot lacks Send Messages and Embed Links; in #notes in Reading room, where notices go, it lacks View Channel. Give them to the bot's role, or in the permissions of the channel
    red   Rights           #python in Reading room: the channel is gone, or the bot cannot see it. Let it see the channel, or end it with `/study remove`
    red   Server           the bot is not in Reading room. Invite it again; its study channels, rounds and points wait for it
    red   Trouble          #python in Reading room: since 2026-11-23 08:00 UTC Discord has refused something because a right is missing. The bot keeps trying
    red   Trouble          #python in Reading room: since 2026-11-23 08:00 UTC the channel has been gone, or hidden from the bot. The bot keeps trying
    red   Trouble          #python in Reading room: since 2026-11-23 08:00 UTC the bot has not been in that server; invite it again. The bot keeps trying
    red   Trouble          #python in Reading room: since 2026-11-23 08:00 UTC Discord has refused something; the log of the bot has the reason. The bot keeps trying
    ok    Stock            #python in Reading room: 40 new questions, enough for 56 days
    ok    Stock            #python in Reading room: 40 new questions, and no round is coming up
    warn  Stock            #python in Reading room: 6 new questions, enough for 1 day. More packs help, or more topics in `/study plan`
    warn  Stock            #python in Reading room: no new questions; those asked longest ago come again. More packs help, or more topics in `/study plan`
    red   Stock            #python in Reading room: no question fits its plan, so there will be no rounds. `/study plan` changes the plan
    warn  Rights           not checked: that takes a token that works
    red   Result           #python in Reading room: the result of “`is` or `==`?”, due 2026-11-24 08:00 UTC, is waiting. It comes as soon as the bot can read the thread
    red   Role             #python in Reading room: the role that its questions mention was deleted, so they mention nobody. Name another with the option `role` of `/study setup`
    warn  Leaderboard      2 roles kept off the leaderboards and deleted since. `/study board exclude` with another role forgets what was deleted
    red   Notices          #python in Reading room, where notices go, is gone, or the bot can't see it, so they go to whoever ran the setup by direct message. Name another channel with the option `notices` of `/study setup`
    red   Leaderboard      #python in Reading room, where the weekly leaderboard goes, takes no messages: it's a forum, a media channel or a category. `/study board weekly` names another channel, or switches it off
    red   Notices          Reading room: 2 notices could be delivered to nobody since 2026-11-24 08:00 UTC. `/study status` lists what they said; name a channel for them with the option `notices` of `/study setup`
    warn  Server           Discord has an outage that concerns Reading room, so nothing is known of its channels now. There is nothing to do; the bot goes on by itself
    ");
}

#[test]
fn what_concerns_the_whole_bot_as_admins_read_it() {
    let full = "/var/lib/studyhall is full";
    let bot = [
        Finding::Gateway { away: Some(failing(full)), lasting: TimeDelta::seconds(99) },
        Finding::Writing(Some(failing(full))),
        Finding::Space { free: Some(3 << 20), least: 50 << 20 },
        Finding::ClockDoubted(failing(full)),
        Finding::Unreadable(3),
    ];
    let server = [
        Finding::Unsaid {
            place: "this server".to_owned(),
            notices: 1,
            since: instant("2026-11-24T08:00:00Z"),
        },
        Finding::Outage { place: "this server".to_owned() },
    ];
    let shown = show(&card(&server, &bot));
    assert!(!shown.contains("/var/lib"), "{shown}");
    assert_snapshot!(shown, @r"
    ╭ Study doctor (Red)
    │ ❌ Red: **Notices**: 1 notice could be delivered to nobody since <t:1795507200:F>. `/study status` lists what they said; name a channel for them with the option `notices` of `/study setup`
    │ ⚠️ Look: **Server**: Discord has an outage that concerns this server, so nothing is known of its channels now. There is nothing to do; the bot goes on by itself
    │ ─ The bot as a whole, for whoever runs it
    │ ❌ Red: **Gateway**: no connection to Discord since <t:1795420800:F>, so no click and no answer arrives. The bot keeps trying, and reads the answers when it's back
    │ ❌ Red: **Writing**: the database can't be written since <t:1795420800:F>, so no vote and no command counts. The bot keeps trying; whoever runs it finds the reason with `studyhall doctor`
    │ ❌ Red: **Disk space**: only 3.0 MiB free, less than 50.0 MiB. Whoever runs this bot must make room
    │ ❌ Red: **Clock**: the computer's clock is in doubt since <t:1795420800:F>, so nothing becomes due until Discord's clock agrees with it, for ten minutes at most
    │ ⚠️ Look: **Interactions**: 3 clicks could not be read since the start, so somebody saw *interaction failed*. Whoever runs this bot finds them in its log
    ╰ 5 red, 2 warnings.
    ");
}

#[test]
fn summaries() {
    use Verdict::{Fine, Red, Warning};
    assert_snapshot!(summary(&[Fine, Fine]), @"All is well.");
    assert_snapshot!(summary(&[Fine, Warning]), @"Nothing is red; 1 warning.");
    assert_snapshot!(summary(&[Red, Fine, Red, Warning, Warning]), @"2 red, 2 warnings.");
    assert_snapshot!(summary(&[Red]), @"1 red, 0 warnings.");
}

#[test]
fn as_a_message() {
    let at = "<#200>".to_owned();
    let fine = [
        Finding::Rights { place: at.clone(), lacking: Vec::new() },
        Finding::Stock { place: at.clone(), fitting: 9, left: 8, days: Some(8), warn_below: 7 },
    ];
    let backup = Finding::Backup { age: None, daily: false };
    let bot = [Finding::Content(Content::SwitchedOn), backup];
    assert_snapshot!(show(&card(&fine, &bot)), @r"
    ╭ Study doctor (Calm)
    │ ✅ **Rights**: <#200>: all there
    │ ✅ **Stock**: <#200>: 8 new questions, enough for 8 days
    │ ─ The bot as a whole, for whoever runs it
    │ ⚠️ Look: **Backup**: none is known. Whoever runs this bot should make one every day
    │ ✅ **Message content**: the intent is switched on
    ╰ Nothing is red; 1 warning.
    ");
    let since = instant("2026-11-23T08:00:00Z");
    let ill = [
        Finding::Rights { place: at.clone(), lacking: Vec::new() },
        Finding::Trouble { place: at, trouble: Trouble::Refused, since },
    ];
    let bot = [Finding::Database(Database::Damaged(None))];
    assert_snapshot!(show(&card(&ill, &bot)), @r"
    ╭ Study doctor (Red)
    │ ❌ Red: **Trouble**: <#200>: since <t:1795420800:F> Discord has refused something; the log of the bot has the reason. The bot keeps trying
    │ ✅ **Rights**: <#200>: all there
    │ ─ The bot as a whole, for whoever runs it
    │ ❌ Red: **Database**: damaged. Whoever runs this bot must restore the last backup
    ╰ 2 red, 0 warnings.
    ");
}
