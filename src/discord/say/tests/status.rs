use super::sample::{CHANNEL, date, due, guild, instant, round, study_channel};
use super::show;
use crate::discord::say::admin::status;
use crate::domain::checkup::{Failing, Finding, Purpose};
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::round::State;
use crate::domain::schedule::{Due, Pause};
use crate::engine::views::admin::{ChannelStatus, Status};
use crate::engine::views::questions::ReportsView;
use chrono::TimeDelta;
use insta::assert_snapshot;

fn channel() -> ChannelStatus {
    let next = Due { at: instant("2026-11-25T08:00:00Z"), date: date("2026-11-25") };
    ChannelStatus {
        channel: study_channel(),
        dues: vec![(due(), true), (next, false)],
        left: 40,
        open: None,
        trouble: None,
        closed: 3,
    }
}

fn of(channels: Vec<ChannelStatus>) -> Status {
    Status {
        guild: guild(),
        channels,
        unsaid: Vec::new(),
        given_up: Vec::new(),
        reports: ReportsView::default(),
        contradicted: Vec::new(),
    }
}

#[test]
fn fine() {
    let mut channel = channel();
    channel.open = Some(round(State::Open));
    assert_snapshot!(show(&status(&of(vec![channel]), &[])), @r#"
    ╭ Study status (Calm)
    │ **<#200>**: Mon–Fri at 08:00 (America/Port\_of\_Spain)
    │ Health: fine
    │ Open: “Brackets or parentheses?” in <#300>, closes <t:1795507200:R>
    │ Next rounds:
    │ - <t:1795507200:F> (skipped)
    │ - <t:1795593600:F>
    │ **Topics:** all alike
    │ **Difficulty:** easy 1, medium 1, hard 1
    │ New questions left: 40. Rounds closed so far: 3.
    │ A round closes when the next one is due, after 7 days at most.
    │ ─ Notices go to
    │ Whoever ran the first setup, by direct message; where that fails, the owner of the server.
    ╰ Weeks and months of the leaderboard begin in America/Port_of_Spain.
    "#);
}

#[test]
fn paused_with_all_options() {
    let mut channel = channel();
    channel.dues.clear();
    let from = instant("2026-11-20T00:00:00Z");
    channel.channel.schedule.pause = Some(Pause { from, until: None });
    channel.channel.role = Some(RoleId(7));
    channel.channel.pin = true;
    channel.channel.close_after_h = Some(1);
    assert_snapshot!(show(&status(&of(vec![channel]), &[])), @r#"
    ╭ Study status (Calm)
    │ **<#200>**: Mon–Fri at 08:00 (America/Port\_of\_Spain)
    │ Health: fine
    │ Paused until `/study resume`
    │ No round is coming up.
    │ **Topics:** all alike
    │ **Difficulty:** easy 1, medium 1, hard 1
    │ New questions left: 40. Rounds closed so far: 3.
    │ A round closes after 1 hour. The question mentions <@&7>. The question is pinned.
    │ ─ Notices go to
    │ Whoever ran the first setup, by direct message; where that fails, the owner of the server.
    ╰ Weeks and months of the leaderboard begin in America/Port_of_Spain.
    "#);
}

#[test]
fn paused_until_a_date() {
    let mut channel = channel();
    let (from, until) = (instant("2026-11-20T00:00:00Z"), Some(instant("2027-01-07T04:00:00Z")));
    channel.channel.schedule.pause = Some(Pause { from, until });
    let text = show(&status(&of(vec![channel]), &[]));
    assert!(text.contains("│ Paused until <t:1799294400:F>\n"), "{text}");
}

#[test]
fn in_trouble_with_a_notice_for_nobody() {
    let mut channel = channel();
    let since = instant("2026-11-23T08:00:00Z");
    channel.trouble = Some((Trouble::MissingRight, since));
    let notice = Notice::InTrouble {
        channel: CHANNEL,
        trouble: Trouble::MissingRight,
        doing: "post the question".to_owned(),
    };
    let mut all = of(vec![channel]);
    all.guild.notices = Some(ChannelId(201));
    all.unsaid = vec![(notice, since)];
    assert_snapshot!(show(&status(&all, &[])), @r#"
    ╭ Study status (Red)
    │ **<#200>**: Mon–Fri at 08:00 (America/Port\_of\_Spain)
    │ ⚠ Trouble since <t:1795420800:F>: I lack a permission. `/study setup` with this channel tells which one. I keep trying.
    │ Next rounds:
    │ - <t:1795507200:F> (skipped)
    │ - <t:1795593600:F>
    │ **Topics:** all alike
    │ **Difficulty:** easy 1, medium 1, hard 1
    │ New questions left: 40. Rounds closed so far: 3.
    │ A round closes when the next one is due, after 7 days at most.
    │ ─ Notices go to
    │ <#201>
    │ ─ Notices that I could give to nobody
    │ - <t:1795420800:R>: In <#200> I could not post the question: I lack a permission. `/study setup` with this channel tells which one. I keep trying.
    ╰ Weeks and months of the leaderboard begin in America/Port_of_Spain.
    "#);
}

#[test]
fn what_the_health_check_found_stands_with_its_channel_or_in_a_field() {
    let at = || "<#200>".to_owned();
    let since = instant("2026-11-23T08:00:00Z");
    let failing = || Failing { since, why: "/var/lib is full".to_owned() };
    let findings = [
        Finding::Rights { place: at(), lacking: vec!["the bot lacks Embed Links".to_owned()] },
        Finding::RoleGone { place: at() },
        Finding::CloseWaits { place: at(), title: "`is` or `==`?".to_owned(), since },
        Finding::Stock { place: at(), fitting: 9, left: 1, days: Some(1), warn_below: 7 },
        Finding::Rights { place: "<#201>".to_owned(), lacking: vec!["…".to_owned()] },
        Finding::Unusable { purpose: Purpose::Notices, place: "<#202>".to_owned(), gone: true },
        Finding::KeptOffRolesGone(1),
        Finding::Unsaid { place: "this server".to_owned(), notices: 1, since },
        Finding::Gateway { away: None, lasting: TimeDelta::zero() },
        Finding::Writing(Some(failing())),
        Finding::Unreadable(2),
    ];
    let mut all = of(vec![channel()]);
    all.channels[0].dues.clear();
    let shown = show(&status(&all, &findings));
    assert!(!shown.contains("/var/lib") && !shown.contains("<#201>"), "{shown}");
    assert_snapshot!(shown, @r"
    ╭ Study status (Red)
    │ **<#200>**: Mon–Fri at 08:00 (America/Port\_of\_Spain)
    │ ⚠ Rights: the bot lacks Embed Links. Give them to the bot's role, or in the permissions of the channel.
    │ ⚠ Role: the role that its questions mention was deleted, so they mention nobody. Name another with the option `role` of `/study setup`.
    │ ⚠ Result: the result of “\`is\` or \`==\`?”, due <t:1795420800:F>, is waiting. It comes as soon as the bot can read the thread.
    │ No round is coming up.
    │ **Topics:** all alike
    │ **Difficulty:** easy 1, medium 1, hard 1
    │ New questions left: 40. Rounds closed so far: 3.
    │ A round closes when the next one is due, after 7 days at most.
    │ ─ What is wrong with the server or the bot
    │ ❌ Red: **Notices**: <#202>, where notices go, is gone, or the bot can't see it, so they go to whoever ran the setup by direct message. Name another channel with the option `notices` of `/study setup`
    │ ⚠️ Look: **Leaderboard**: 1 role kept off the leaderboards and deleted since. `/study board exclude` with another role forgets what was deleted
    │ ❌ Red: **Writing**: the database can't be written since <t:1795420800:F>, so no vote and no command counts. The bot keeps trying; whoever runs it finds the reason with `studyhall doctor`
    │ ⚠️ Look: **Interactions**: 2 clicks could not be read since the start, so somebody saw *interaction failed*. Whoever runs this bot finds them in its log
    │ ─ Notices go to
    │ Whoever ran the first setup, by direct message; where that fails, the owner of the server.
    ╰ Weeks and months of the leaderboard begin in America/Port_of_Spain.
    ");
}

#[test]
fn twenty_five_channels_are_cut_between_them() {
    let all = of((0..25).map(|_| channel()).collect());
    let text = status(&all, &[]).embed.unwrap().text;
    assert!(text.chars().count() <= 4_096);
    let last = text.rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("… and ") && last.ends_with(" more"), "{last}");
}
