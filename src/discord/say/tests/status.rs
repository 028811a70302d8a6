use super::sample::{CHANNEL, date, due, guild, instant, round, study_channel};
use super::show;
use crate::discord::say::admin::status;
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::round::State;
use crate::domain::schedule::{Due, Pause};
use crate::engine::views::admin::{ChannelStatus, Status};
use crate::engine::views::questions::ReportsView;
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
    assert_snapshot!(show(&status(&of(vec![channel]))), @r#"
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
    assert_snapshot!(show(&status(&of(vec![channel]))), @r#"
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
    let text = show(&status(&of(vec![channel])));
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
    assert_snapshot!(show(&status(&all)), @r#"
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
fn twenty_five_channels_are_cut_between_them() {
    let all = of((0..25).map(|_| channel()).collect());
    let text = status(&all).embed.unwrap().text;
    assert!(text.chars().count() <= 4_096);
    let last = text.rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("… and ") && last.ends_with(" more"), "{last}");
}
