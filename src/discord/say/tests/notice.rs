use super::sample::{CHANNEL, date, instant};
use super::show;
use crate::discord::Alarm;
use crate::discord::say::notice::{alarm, notice, sentence};
use crate::domain::checkup::{Ill, Purpose};
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::notice::{GaveUp, Notice, Trouble};
use insta::assert_snapshot;

/// What comes after a notice in the list of all of them; a new one breaks the build here.
fn next(after: &Notice) -> Option<Notice> {
    let channel = CHANNEL;
    let doing = "post the question".to_owned();
    let trouble =
        |trouble| Notice::InTrouble { channel, trouble, doing: "post the question".to_owned() };
    Some(match after {
        Notice::Missed { dates, .. } if dates.len() == 1 => {
            let dates = ["2026-11-23", "2026-11-24", "2026-11-26"].map(date).to_vec();
            Notice::Missed { channel, dates }
        }
        Notice::Missed { .. } => Notice::NotAccepted { channel, date: Some(date("2026-11-23")) },
        Notice::NotAccepted { date: Some(_), .. } => Notice::NotAccepted { channel, date: None },
        Notice::NotAccepted { date: None, .. } => {
            Notice::EmptyPool { channel, date: date("2026-11-23") }
        }
        Notice::EmptyPool { .. } => Notice::StockLow { channel, left: 1 },
        Notice::StockLow { .. } => trouble(Trouble::MissingRight),
        Notice::InTrouble { trouble: last, .. } => match last {
            Trouble::MissingRight => trouble(Trouble::ChannelGone),
            Trouble::ChannelGone => trouble(Trouble::NotInGuild),
            Trouble::NotInGuild => trouble(Trouble::Refused),
            Trouble::Refused => trouble(Trouble::NoAnswer),
            Trouble::NoAnswer => {
                Notice::WeeklyInTrouble { channel, trouble: Trouble::MissingRight }
            }
        },
        Notice::WeeklyInTrouble { trouble: Trouble::MissingRight, .. } => {
            Notice::WeeklyInTrouble { channel, trouble: Trouble::ChannelGone }
        }
        Notice::WeeklyInTrouble { .. } => Notice::GivenUp { channel, doing, why: GaveUp::Gone },
        Notice::GivenUp { why: GaveUp::Gone, .. } => {
            Notice::GivenUp { channel, doing, why: GaveUp::NotFound }
        }
        Notice::GivenUp { why: GaveUp::NotFound, .. } => {
            Notice::GivenUp { channel, doing, why: GaveUp::Rejected }
        }
        Notice::GivenUp { why: GaveUp::Rejected, .. } => Notice::Moved { channel },
        Notice::Moved { .. } => Notice::Recovered { channel },
        Notice::Recovered { .. } => {
            let lacks = |channel, right: &str| Ill::Lacks { channel, right: right.to_owned() };
            let ills = [lacks(channel, "Send Messages"), lacks(channel, "Embed Links")];
            Notice::Foreseen { channel, ills: ills.to_vec() }
        }
        Notice::Foreseen { ills, .. } if ills.len() == 2 => {
            let notes = Ill::Lacks { channel: ChannelId(300), right: "View Channel".to_owned() };
            Notice::Foreseen { channel, ills: vec![notes, Ill::Gone, Ill::NoQuestion] }
        }
        Notice::Foreseen { ills, .. } if ills.len() == 3 => {
            let unusable = |purpose, gone| Ill::Unusable { purpose, channel: ChannelId(300), gone };
            let (notices, weekly) =
                (unusable(Purpose::Notices, true), unusable(Purpose::Weekly, false));
            let role = Ill::RoleGone { role: RoleId(7) };
            Notice::Foreseen { channel, ills: vec![role, notices, weekly, Ill::NoQuestion] }
        }
        Notice::Foreseen { .. } => Notice::Mended { channel },
        Notice::Mended { .. } => Notice::Reported { report: 7, title: "`is` or `==`?".to_owned() },
        Notice::Reported { .. } => return None,
    })
}

fn all() -> Vec<Notice> {
    let first = Notice::Missed { channel: CHANNEL, dates: vec![date("2026-11-23")] };
    std::iter::successors(Some(first), next).collect()
}

#[test]
fn every_notice() {
    let said: Vec<String> = all().iter().map(sentence).collect();
    assert_snapshot!(said.join("\n"), @r"
    In <#200> I could not post the round of Mon 2026-11-23: I was away, and too late when I came back. It counts as skipped and breaks no streak. `/study post` posts a question now.
    In <#200> I could not post 3 rounds (Mon 2026-11-23 to Thu 2026-11-26): I was away, and too late when I came back. They count as skipped and break no streak. `/study post` posts a question now.
    Discord did not take the question for the round of Mon 2026-11-23 in <#200> in time, so I withdrew it. That breaks no streak, and the question will come another time. `/study post` posts one now.
    Discord did not take the question for an extra round in <#200> in time, so I withdrew it. That breaks no streak, and the question will come another time. `/study post` posts one now.
    There was no round on Mon 2026-11-23 in <#200>: no question of its plan could be asked. `/study plan` changes the plan.
    New questions left for <#200>: 1. After them, those asked longest ago come again. `/study plan` can bring in more topics.
    In <#200> I could not post the question: I lack a permission. `/study setup` with this channel tells which one. I keep trying.
    In <#200> I could not post the question: the channel is gone, or I cannot see it. Let me see it again, or end it with `/study remove`. I keep trying.
    In <#200> I could not post the question: I am not in this server any more. Invite me again.
    In <#200> I could not post the question: Discord refuses it. I keep trying; whoever runs this bot finds the reason in its log.
    In <#200> I could not post the question: Discord has not answered, or has been too busy, for some minutes. I keep trying, and nothing is lost meanwhile.
    In <#200> I could not post the leaderboard of the last week: I lack a permission there. I keep trying for a while. `/study board weekly` names another channel, or switches it off.
    In <#200> I could not post the leaderboard of the last week: the channel is gone, or I cannot see it. I keep trying for a while. `/study board weekly` names another channel, or switches it off.
    In <#200> I could not post the question, and gave it up: what it belongs to was deleted. Whoever runs this bot finds more in its log.
    In <#200> I could not post the question, and gave it up: Discord kept saying that what it belongs to is not there. Whoever runs this bot finds more in its log.
    In <#200> I could not post the question, and gave it up: Discord does not accept the text. Whoever runs this bot finds more in its log.
    Discord kept saying that a thread in <#200> is not there, so I posted the result of its round in <#200> itself.
    All is well again in <#200>: what was waiting has been posted.
    My daily look at <#200> found what will keep its rounds from going well: in <#200> I lack **Send Messages** and **Embed Links**. `/study doctor` shows whether it is mended.
    My daily look at <#200> found what will keep its rounds from going well: in <#300> I lack **View Channel**. And the channel is gone, or I cannot see it (let me see it again, or end it with `/study remove`). And no question fits its plan, which `/study plan` changes. `/study doctor` shows whether it is mended.
    My daily look at <#200> found what will keep its rounds from going well: the role that its questions mention was deleted (`/study setup` names another). And <#300>, where notices go, is gone, or I can't see it (`/study setup` names another). And <#300>, where the weekly leaderboard goes, takes no messages (`/study board weekly` names another). And no question fits its plan, which `/study plan` changes. `/study doctor` shows whether it is mended.
    All is well again in <#200>: what my daily look had found is mended.
    A member reported the question “\`is\` or \`==\`?”.
    ");
}

#[test]
fn every_alarm() {
    let since = instant("2026-11-23T08:00:00Z");
    let all = [Alarm::Deaf(since), Alarm::Unwritable(since), Alarm::Intents, Alarm::Over];
    let said: Vec<String> = all.iter().map(|one| show(&alarm(one))).collect();
    assert_snapshot!(said.join("\n"), @r"
    ╭ Studyhall: a notice for the admins (Red)
    │ I have had no connection to Discord since <t:1795420800:F>: I can send this, but no click, no command and no new answer reaches me. I keep trying. When I'm back, I read what was answered in the threads, and nothing that counted before is lost. Whoever runs me finds the reason with `studyhall doctor`.
    ╰
    ╭ Studyhall: a notice for the admins (Red)
    │ I haven't been able to write to my database since <t:1795420800:F>, so no vote and no command counts, and no round begins. I keep trying. What was confirmed before is safe. Whoever runs me finds the reason with `studyhall doctor`.
    ╰
    ╭ Studyhall: a notice for the admins (Red)
    │ I stop here: Discord refuses to let me read messages. Whoever runs me has to switch on Message Content Intent in the developer portal (Bot, Privileged Gateway Intents) and then start me again. Answers written in the meantime are read back.
    ╰
    ╭ Studyhall: a notice for the admins (Green)
    │ All is well again: I hear and write as usual, and read what was answered in the threads in the meantime. `/study status` shows how the rounds are.
    ╰
    ");
}

#[test]
fn as_a_message() {
    let low = Notice::StockLow { channel: CHANNEL, left: 6 };
    assert_snapshot!(show(&notice(&low, "Study *team*", "KEY")), @r#"
    ╭ Studyhall: a notice for the admins (Calm)
    │ New questions left for <#200>: 6. After them, those asked longest ago come again. `/study plan` can bring in more topics.
    ╰ Study *team*
    [Status → status:KEY]
    "#);
}

#[test]
fn every_notice_has_a_button_that_bears_its_key() {
    for about in all() {
        let shown = show(&notice(&about, "", "KEY"));
        assert!(shown.ends_with("[Status → status:KEY]"), "{shown}");
    }
}
