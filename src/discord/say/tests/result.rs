use super::sample::{ANA, BEN, CHIDI, DANA, instant, outcome, result_view};
use super::show;
use crate::discord::say::limit;
use crate::discord::say::round::{how_points, plain_result, result};
use crate::discord::say::text::units;
use crate::domain::ballot::TallyRow;
use crate::domain::ids::{ChannelId, GuildId, MemberId, MessageId};
use crate::domain::points::{Award, Cause};
use crate::engine::views::rounds::{ResultView, ShownAnswer};
use insta::assert_snapshot;

fn with_pick() -> ResultView {
    result_view(outcome(
        &[(ANA, 2), (BEN, 1), (DANA, 0)],
        &[ANA],
        &[
            (ANA, Cause::Answered, 2),
            (ANA, Cause::Voted, 1),
            (ANA, Cause::Picked, 5),
            (BEN, Cause::Answered, 2),
            (CHIDI, Cause::Voted, 1),
            (DANA, Cause::Answered, 2),
        ],
    ))
}

#[test]
fn with_a_pick() {
    assert_snapshot!(show(&result(&with_pick())), @r#"
    **The round is over.** Members' pick: **Ana** 🏆
    ╭ Result: Brackets or parentheses? (Gold)
    │ ─ Votes
    │ Ana: 2 votes 🏆
    │ Ben: 1 vote
    │ Dana\_\*: 0 votes
    │ ─ Points
    │ Ana +8, Ben +2, Dana\_\* +2, Chidi +1
    ╰
    ╭ (Gold)
    │ **Ana** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn with_a_long_answer_edited_late() {
    let mut view = with_pick();
    view.picks[0].quote =
        format!("{}\n```python\n{}\n```", "word ".repeat(100), "x = 1\n".repeat(200));
    view.round.outcome.as_mut().unwrap().edited_late = vec![ANA, DANA];
    let card = result(&view);
    let text = &card.quotes[0].text;
    let (_, answer) = text.split_once("):\n>>> ").unwrap();
    let length = answer.chars().count();
    assert!((900..=1_000).contains(&length), "{length}");
    assert!(answer.ends_with("…\n```"), "{answer}");
    let (head, _) = text.split_once("):\n").unwrap();
    assert_snapshot!(head, @"**Ana** wrote ([read the whole answer](https://discord.com/channels/100/300/401)");
    assert_snapshot!(card.embed.unwrap().footer, @"Known only as edited after the close: Ana and Dana_*");
}

#[test]
fn with_a_tie() {
    let view = result_view(outcome(&[(ANA, 1), (DANA, 1)], &[ANA, DANA], &[]));
    assert_snapshot!(show(&result(&view)), @r#"
    **The round is over.** A tie! Members' picks: **Ana and Dana\_\*** 🏆
    ╭ Result: Brackets or parentheses? (Gold)
    │ ─ Votes
    │ Ana: 1 vote 🏆
    │ Dana\_\*: 1 vote 🏆
    ╰
    ╭ (Gold)
    │ **Ana** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    ╭ (Gold)
    │ **Dana\_\*** wrote ([go to the answer](https://discord.com/channels/100/300/404)):
    │ >>> What Dana_* wrote, with `code`.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn with_a_tie_of_many() {
    let mut view = with_pick();
    let members: Vec<MemberId> = (1..=30).map(MemberId).collect();
    let done = view.round.outcome.as_mut().unwrap();
    done.tally.rows = members.iter().map(|&author| TallyRow { author, votes: 1 }).collect();
    done.tally.picks = members.clone();
    done.awards =
        members.iter().map(|&member| Award { member, cause: Cause::Picked, points: 5 }).collect();
    view.names = members.iter().map(|id| (*id, format!("Member {}", id.0))).collect();
    let pick = view.picks[0].clone();
    view.picks = members
        .iter()
        .map(|&member| ShownAnswer { member, name: format!("Member {}", member.0), ..pick.clone() })
        .collect();
    assert_snapshot!(show(&result(&view)), @r#"
    **The round is over.** A tie! Members' picks: **Member 1, Member 2, Member 3, Member 4, Member 5 and 25 more** 🏆
    ╭ Result: Brackets or parentheses? (Gold)
    │ Picked as well: Member 5, Member 6, Member 7, Member 8, Member 9 and 21 more. Their answers are above.
    │ ─ Votes
    │ Member 1: 1 vote 🏆
    │ Member 2: 1 vote 🏆
    │ Member 3: 1 vote 🏆
    │ Member 4: 1 vote 🏆
    │ Member 5: 1 vote 🏆
    │ Member 6: 1 vote 🏆
    │ Member 7: 1 vote 🏆
    │ Member 8: 1 vote 🏆
    │ Member 9: 1 vote 🏆
    │ Member 10: 1 vote 🏆
    │ … and 20 more
    │ ─ Points
    │ Member 1 +5, Member 2 +5, Member 3 +5, Member 4 +5, Member 5 +5, Member 6 +5, Member 7 +5, Member 8 +5, Member 9 +5, Member 10 +5, … and 20 more
    ╰
    ╭ (Gold)
    │ **Member 1** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    ╭ (Gold)
    │ **Member 2** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    ╭ (Gold)
    │ **Member 3** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    ╭ (Gold)
    │ **Member 4** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn without_enough_votes() {
    let view = result_view(outcome(&[(ANA, 1), (BEN, 0)], &[], &[(ANA, Cause::Answered, 2)]));
    assert_snapshot!(show(&result(&view)), @r#"
    **The round is over.** There is no members' pick this time.
    ╭ Result: Brackets or parentheses? (Gold)
    │ A members' pick takes at least two votes. The reference answer follows.
    │ ─ Votes
    │ Ana: 1 vote
    │ Ben: 0 votes
    │ ─ Points
    │ Ana +2
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn nobody_answered() {
    assert_snapshot!(show(&result(&result_view(outcome(&[], &[], &[])))), @r#"
    **The round is over.** Nobody answered this time.
    ╭ Result: Brackets or parentheses? (Gold)
    │ The reference answer follows.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn without_having_read_the_thread() {
    let mut view = result_view(outcome(&[(ANA, 0)], &[], &[(ANA, Cause::Answered, 2)]));
    view.round.outcome.as_mut().unwrap().unread = true;
    assert_snapshot!(show(&result(&view)), @r#"
    **The round is over.** There is no members' pick this time.
    ╭ Result: Brackets or parentheses? (Gold)
    │ I could not read the thread at the close, so only what I had seen before counts.
    │
    │ A members' pick takes at least two votes. The reference answer follows.
    │ ─ Votes
    │ Ana: 0 votes
    │ ─ Points
    │ Ana +2
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn without_what_members_wrote() {
    assert_snapshot!(show(&plain_result(&with_pick())), @r#"
    **The round is over.** Members' pick: <@1> 🏆
    ╭ Result: Brackets or parentheses? (Gold)
    │ Discord did not accept this result with the answers in it.
    │
    │ <@1>: [go to the answer](https://discord.com/channels/100/300/401)
    │
    │ The reference answer follows.
    │ ─ Votes
    │ <@1>: 2 votes
    │ <@2>: 1 vote
    │ <@4>: 0 votes
    │ ─ Points
    │ <@1> +8, <@2> +2, <@4> +2, <@3> +1
    ╰
    [How points were given → points:KEY]
    "#);
    let mut view = result_view(outcome(&[], &[], &[]));
    view.round.voided_at = Some(instant("2026-11-24T09:00:00Z"));
    assert_snapshot!(show(&plain_result(&view)), @r#"
    **An admin voided this round.** Its points were taken back.
    ╭ Result: Brackets or parentheses? (Gold)
    │ Discord did not accept this result with the answers in it.
    │
    │ The reference answer follows.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn in_the_channel_because_there_is_no_thread() {
    let mut view = result_view(outcome(&[], &[], &[]));
    view.in_channel = true;
    view.round.thread = None;
    assert_snapshot!(show(&result(&view)), @r#"
    **The round is over.** Nobody answered this time.
    ╭ Result: Brackets or parentheses? (Gold)
    │ I could not post in the thread of this round, so its result comes here.
    │
    │ The reference answer follows.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn in_the_channel_because_the_thread_is_gone() {
    let mut view = with_pick();
    view.in_channel = true;
    view.round.thread = None;
    assert_snapshot!(show(&result(&view)), @r#"
    **The round is over.** Members' pick: **Ana** 🏆
    ╭ Result: Brackets or parentheses? (Gold)
    │ I could not post in the thread of this round, so its result comes here.
    │ ─ Votes
    │ Ana: 2 votes 🏆
    │ Ben: 1 vote
    │ Dana\_\*: 0 votes
    │ ─ Points
    │ Ana +8, Ben +2, Dana\_\* +2, Chidi +1
    ╰
    ╭ (Gold)
    │ **Ana** wrote:
    │ >>> What Ana wrote, with `code`.
    ╰
    [How points were given → points:KEY]
    "#);
}

#[test]
fn voided() {
    let mut view = with_pick();
    view.round.voided_at = Some(instant("2026-11-25T00:00:00Z"));
    assert_snapshot!(show(&result(&view)), @r#"
    **An admin voided this round.** Its points were taken back.
    ╭ Result: Brackets or parentheses? (Gold)
    │ ─ Votes
    │ Ana: 2 votes 🏆
    │ Ben: 1 vote
    │ Dana\_\*: 0 votes
    ╰
    ╭ (Gold)
    │ **Ana** wrote ([go to the answer](https://discord.com/channels/100/300/401)):
    │ >>> What Ana wrote, with `code`.
    ╰
    [How points were given → points:KEY]
    "#);
    assert_snapshot!(show(&how_points(&view)), @r#"
    ╭ How points were given (Calm)
    │ **An admin has voided this round since: all of its points were taken back.**
    │
    │ **Ana** +8: answered +2, voted +1, members' pick +5
    │ **Ben** +2: answered +2
    │ **Dana\_\*** +2: answered +2
    │ **Chidi** +1: voted +1
    │
    │ 3 votes counted. Those who tie share the pick and get its full points each; with fewer than two votes there is no pick. `/points` lists your own points.
    ╰
    "#);
}

#[test]
fn points_explained() {
    assert_snapshot!(show(&how_points(&with_pick())), @r#"
    ╭ How points were given (Calm)
    │ **Ana** +8: answered +2, voted +1, members' pick +5
    │ **Ben** +2: answered +2
    │ **Dana\_\*** +2: answered +2
    │ **Chidi** +1: voted +1
    │
    │ 3 votes counted. Those who tie share the pick and get its full points each; with fewer than two votes there is no pick. `/points` lists your own points.
    ╰
    "#);
}

#[test]
fn no_points_explained() {
    assert_snapshot!(show(&how_points(&result_view(outcome(&[], &[], &[])))), @r#"
    ╭ How points were given (Calm)
    │ This round gave no points.
    │
    │ 0 votes counted. Those who tie share the pick and get its full points each; with fewer than two votes there is no pick. `/points` lists your own points.
    ╰
    "#);
}

#[test]
fn points_of_two_hundred_members_are_cut_between_lines() {
    let mut view = with_pick();
    view.names = (1..=200).map(|n| (MemberId(n), "Somebody with a long name".to_owned())).collect();
    view.round.outcome.as_mut().unwrap().awards = (1..=200)
        .map(|n| Award { member: MemberId(n), cause: Cause::Answered, points: 2 })
        .collect();
    let text = how_points(&view).embed.unwrap().text;
    assert!(text.chars().count() <= 4_096);
    assert!(text.contains("+2: answered +2\n… and "), "{text}");
    assert!(text.contains("votes counted."), "{text}");
}

#[test]
fn the_answers_of_a_tie_leave_room_for_the_names_of_the_others() {
    for ties in 1..=20 {
        let mut view = with_pick();
        view.in_channel = true;
        let pick = ShownAnswer {
            member: MemberId(u64::MAX),
            name: "*".repeat(40),
            quote: "👍".repeat(4_000),
            first_message: MessageId(u64::MAX),
        };
        view.round.guild = GuildId(u64::MAX);
        view.round.thread = Some(ChannelId(u64::MAX));
        view.picks = vec![pick; ties];
        let card = result(&view);
        assert_eq!(card.quotes.len(), ties.min(4), "each in a box of its own");
        let boxes = card.embed.iter().chain(&card.quotes);
        let all: usize = boxes.map(|one| one.units()).sum();
        assert!(all <= limit::EMBED, "{ties}: {all}");
        for quote in &card.quotes {
            assert!(units(&quote.text) <= limit::TEXT && quote.text.contains("👍👍👍"));
        }
    }
}

/// What members may write, and what would come of it if it were taken as it is.
const HOSTILE: [&str; 10] = [
    ">>> all that follows is mine",
    "an odd || and some more",
    "a tick ` and ``` a fence",
    "**bold without an end",
    "well.\n\n**Ben** wrote ([go to the answer](https://evil.example)):\nI give up",
    "# Votes\nAna: 99 votes 🏆\n# Points\nAna +99",
    "[all your points](https://evil.example)",
    "\u{202e}sdrawkcab lla\u{1b}[2J",
    "-# small print\n> a quote",
    "||hidden ```py\nx = 1",
];

#[test]
fn no_pick_reaches_out_of_its_box() {
    let tied = result_view(outcome(&[(ANA, 1), (DANA, 1)], &[ANA, DANA], &[]));
    let calm = result(&tied);
    for text in HOSTILE {
        let mut view = tied.clone();
        view.picks[0].quote = crate::domain::markdown::inert(text);
        let card = result(&view);
        assert_eq!((&card.content, &card.embed), (&calm.content, &calm.embed), "{text:?}");
        assert_eq!(card.quotes[1], calm.quotes[1], "{text:?}");
        let shown = &card.quotes[0].text;
        let head = &calm.quotes[0].text[..calm.quotes[0].text.find(">>> ").unwrap()];
        assert!(shown.starts_with(&format!("{head}>>> ")), "{shown}");
        let quote = shown.strip_prefix(head).unwrap();
        assert!(!quote.contains(['\u{202e}', '\u{1b}']), "{quote:?}");
        assert!(!quote.contains("[go to") || quote.contains("\\[go to"), "{quote}");
        assert!(!quote.contains("\n#") && !quote.starts_with(">>> #"), "{quote}");
    }
}

#[test]
fn a_long_spoiler_is_cut_and_stays_one() {
    let mut view = with_pick();
    view.picks[0].quote = format!("||{}||", "the answer is lazy ".repeat(200).trim_end());
    let text = &result(&view).quotes[0].text;
    let (_, quote) = text.split_once(">>> ").unwrap();
    assert!(quote.starts_with("||the answer") && quote.ends_with("…||"), "{quote}");
}
