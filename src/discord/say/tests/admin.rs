use super::sample::{CHANNEL, date, due, instant, schedule};
use super::show;
use crate::discord::say::Card;
use crate::discord::say::admin::{Missing, holidays, plan, reply, set_up};
use crate::domain::draw::{DifficultyPlan, Plan};
use crate::domain::ids::{ChannelId, MemberId, RoundId};
use crate::domain::question::Difficulty;
use crate::domain::schedule::{Holiday, Schedule};
use crate::engine::input::Reply;
use insta::assert_snapshot;
use std::collections::BTreeSet;

fn said(of: &Reply) -> String {
    show(&reply(of).unwrap())
}

fn set_up_reply(new: bool, today_taken: bool) -> Reply {
    Reply::SetUp { channel: CHANNEL, new, next: Some(due()), today_taken }
}

fn free(first: &str, last: &str, label: &str) -> Holiday {
    Holiday { first: date(first), last: date(last), label: label.to_owned() }
}

#[test]
fn set_up_for_the_first_time() {
    assert_snapshot!(said(&set_up_reply(true, false)), @"<#200> is a study channel now. The next round is due <t:1795507200:F> (<t:1795507200:R>). `/study plan` chooses topics and difficulties; `/study post` posts a first question right away.");
}

#[test]
fn set_up_changed_after_the_round_of_the_day() {
    assert_snapshot!(said(&set_up_reply(false, true)), @"<#200> is up to date. The next round is due <t:1795507200:F> (<t:1795507200:R>). Today's round is settled already, so a new schedule begins with the next date.");
}

#[test]
fn set_up_with_nothing_ahead() {
    let reply = Reply::SetUp { channel: CHANNEL, new: false, next: None, today_taken: false };
    assert_snapshot!(said(&reply), @"<#200> is up to date. No round is coming up; `/study status` shows why.");
}

#[test]
fn set_up_with_all_rights() {
    let done = reply(&set_up_reply(false, false)).unwrap();
    assert_snapshot!(show(&set_up(&done, Some(&[]))), @r#"
    ╭ Ready (Green)
    │ <#200> is up to date. The next round is due <t:1795507200:F> (<t:1795507200:R>).
    ╰ I have all the permissions I need.
    "#);
}

#[test]
fn set_up_with_missing_rights() {
    let done = reply(&set_up_reply(true, false)).unwrap();
    let missing = [
        Missing {
            channel: CHANNEL,
            rights: vec!["Add Reactions", "Create Public Threads", "Send Messages in Threads"],
            purpose: "where the rounds happen",
        },
        Missing {
            channel: ChannelId(201),
            rights: vec!["View Channel"],
            purpose: "where notices go",
        },
    ];
    assert_snapshot!(show(&set_up(&done, Some(&missing))), @r#"
    ╭ Set up, but I lack permissions (Red)
    │ <#200> is a study channel now. The next round is due <t:1795507200:F> (<t:1795507200:R>). `/study plan` chooses topics and difficulties; `/study post` posts a first question right away.
    │
    │ Give my role what is missing, in the settings of the channel under Permissions. Then run `/study setup` with this channel once more: it checks again.
    │ ─ Missing permissions
    │ In <#200>, where the rounds happen, I lack **Add Reactions**, **Create Public Threads** and **Send Messages in Threads**.
    │ ─ Missing permissions
    │ In <#201>, where notices go, I lack **View Channel**.
    ╰
    "#);
}

#[test]
fn posting() {
    assert_snapshot!(said(&Reply::Posting { channel: CHANNEL, closes_at: due().at }), @"An extra question is on its way to <#200>. It closes <t:1795507200:R>.");
}

#[test]
fn paused() {
    let until = Some(instant("2027-01-07T04:00:00Z"));
    assert_snapshot!(said(&Reply::Paused { channel: CHANNEL, until, next: Some(due()) }), @"<#200> is paused until <t:1799294400:F>. The next round is due <t:1795507200:F> (<t:1795507200:R>). An open round still closes, at the time on its card.");
    assert_snapshot!(said(&Reply::Paused { channel: CHANNEL, until: None, next: None }), @"<#200> is paused until `/study resume`. An open round still closes, at the time on its card.");
}

#[test]
fn resumed() {
    assert_snapshot!(said(&Reply::Resumed { channel: CHANNEL, next: Some(due()) }), @"<#200> goes on. The next round is due <t:1795507200:F> (<t:1795507200:R>).");
}

#[test]
fn skipped() {
    let reply = Reply::Skipped { channel: CHANNEL, due: due(), next: Some(due()) };
    assert_snapshot!(said(&reply), @"The round due <t:1795507200:F> in <#200> is skipped. That breaks no streak. The next round is due <t:1795507200:F> (<t:1795507200:R>).");
}

#[test]
fn replaced() {
    assert_snapshot!(said(&Reply::Replaced { channel: CHANNEL }), @"The open question in <#200> is withdrawn and another one is on its way. It closes when the first one would have.");
}

#[test]
fn voided() {
    let title = "What is *args?".to_owned();
    let reply = Reply::Voided { channel: CHANNEL, title: title.clone(), rows: 7 };
    assert_snapshot!(said(&reply), @r#"The last closed round in <#200>, “What is \*args?”, is void. All its points were taken back. Streaks stay as they are."#);
    assert_snapshot!(said(&Reply::Voided { channel: CHANNEL, title, rows: 0 }), @r#"The last closed round in <#200>, “What is \*args?”, is void. It had given no points. Streaks stay as they are."#);
}

#[test]
fn removed() {
    assert_snapshot!(said(&Reply::Removed { channel: CHANNEL }), @"<#200> is not a study channel any more. An open round still closes, and points, streaks and past rounds are kept. `/study setup` brings it back.");
}

#[test]
fn on_and_off_the_boards() {
    assert_snapshot!(said(&Reply::Board { shown: true }), @"You are on the leaderboards of this server. Your reviews are seen by nobody but you.");
    assert_snapshot!(said(&Reply::Board { shown: false }), @"You are off the leaderboards of this server. You keep your points; `/points` shows them to you alone. `/privacy board:on` brings you back. Your reviews are seen by nobody but you.");
}

#[test]
fn what_is_said_elsewhere_is_not_said_here() {
    let (round, card) = (RoundId(1), "KEY".to_owned());
    let silent = [
        Reply::Noted,
        Reply::Plan { channel: CHANNEL, plan: Plan::default(), left: 0, changed: false },
        Reply::Voted { round, card: card.clone(), author: MemberId(1) },
        Reply::Withdrawn { round, card },
        Reply::Answer { counts: true },
        Reply::Attempt(None),
    ];
    for silent in silent {
        assert_eq!(reply(&silent), None::<Card>);
    }
}

#[test]
fn holidays_of_one_channel() {
    let all = vec![
        free("2026-12-24", "2026-12-26", "Christmas *break*"),
        free("2027-01-01", "2027-01-01", ""),
    ];
    assert_snapshot!(said(&Reply::Holidays { channel: CHANNEL, holidays: all }), @r#"
    ╭ Holidays (Calm)
    │ No rounds in <#200> on:
    │ - Thu 2026-12-24 to Sat 2026-12-26 (3 days): Christmas \*break\*
    │ - Fri 2027-01-01
    ╰
    "#);
}

#[test]
fn holidays_of_all_channels() {
    let holidays_there =
        Schedule { holidays: vec![free("2027-05-01", "2027-05-01", "Labour Day")], ..schedule() };
    let all = [(CHANNEL, schedule()), (ChannelId(201), holidays_there)];
    assert_snapshot!(show(&holidays(&all)), @r#"
    ╭ Holidays (Calm)
    │ <#200> has no holidays.
    │
    │ No rounds in <#201> on:
    │ - Sat 2027-05-01: Labour Day
    ╰
    "#);
}

#[test]
fn a_hundred_holidays_are_cut_between_lines() {
    let all = (0..100).map(|n| {
        let day = date("2027-01-01") + chrono::Days::new(n);
        Holiday { first: day, last: day, label: "A feast with a long name indeed".to_owned() }
    });
    let card = reply(&Reply::Holidays { channel: CHANNEL, holidays: all.collect() }).unwrap();
    let text = card.embed.unwrap().text;
    assert!(text.chars().count() <= 4_096, "{text}");
    assert!(text.lines().last().unwrap().starts_with("… and "), "{text}");
}

fn topics() -> BTreeSet<String> {
    ["asyncio", "data-model", "oop"].map(str::to_owned).into()
}

#[test]
fn plan_shown() {
    assert_snapshot!(show(&plan(CHANNEL, &Plan::default(), 40, false, &topics())), @r#"
    ╭ The study plan (Calm)
    │ For <#200>:
    │ **Topics:** all alike
    │ **Difficulty:** easy 1, medium 1, hard 1
    │
    │ New questions left: 40.
    │ ─ All topics
    │ asyncio, data-model, oop
    │ ─ To change it
    │ `/study plan` with `topics`, like `asyncio 2, oop` (asyncio twice as often) or `all`; with `mix`, like `easy 2, medium 3, hard 1`; or with `ladder`, like `mon easy, wed medium, fri hard`. `aim`, like `0.7`, prefers questions that seven of ten solve; `off` ends that.
    ╰
    "#);
}

#[test]
fn plan_changed() {
    use Difficulty::{Easy, Hard, Medium};
    let changed = Plan {
        topics: [("asyncio".to_owned(), 2), ("oop".to_owned(), 1), ("data-model".to_owned(), 0)]
            .into(),
        difficulty: DifficultyPlan::Ladder([Easy, Easy, Medium, Medium, Hard, Hard, Hard]),
        aim: Some(70),
    };
    assert_snapshot!(show(&plan(CHANNEL, &changed, 0, true, &topics())), @r#"
    ╭ The study plan is changed (Green)
    │ For <#200>:
    │ **Topics:** asyncio 2, oop 1
    │ **Difficulty:** easy Mon, Tue; medium Wed, Thu; hard Fri–Sun
    │ **Aim:** questions that about 70 % of members solve
    │
    │ No new questions are left. Questions asked before come again, those asked longest ago first.
    │ ─ All topics
    │ asyncio, data-model, oop
    │ ─ To change it
    │ `/study plan` with `topics`, like `asyncio 2, oop` (asyncio twice as often) or `all`; with `mix`, like `easy 2, medium 3, hard 1`; or with `ladder`, like `mon easy, wed medium, fri hard`. `aim`, like `0.7`, prefers questions that seven of ten solve; `off` ends that.
    ╰
    "#);
}
