use super::sample::{ANA, CHANNEL, card_view, extra, instant, question, round};
use super::show;
use crate::discord::say::round::card;
use crate::domain::ids::{ChannelId, RoleId};
use crate::domain::question::Question;
use crate::domain::round::State;
use crate::engine::views::rounds::CardView;
use insta::assert_snapshot;
use std::sync::Arc;

fn asked(state: State, question: Question) -> CardView {
    let mut view = card_view(state);
    view.round.question = Some(Arc::new(question));
    view
}

#[test]
fn open() {
    assert_snapshot!(show(&card(&card_view(State::Open))), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Answer and vote
    │ You have until <t:1795507200:F> (<t:1795507200:R>). Write your answer in the thread below, where a ✅ shows that it counts, and press *Vote* to choose the best one.
    ╰ python/generators/lazy-sum
    [Vote! → vote:KEY] [How it works → rules:KEY]
    "#);
}

#[test]
fn due_looks_like_open_because_it_is_what_gets_posted() {
    assert_eq!(card(&card_view(State::Due)), card(&card_view(State::Open)));
}

#[test]
fn with_hint_role_and_last_round() {
    let hint = Some(" Think of `a || b`.\n".to_owned());
    let mut view = asked(State::Open, Question { hint, ..question() });
    view.role = Some(RoleId(7));
    let mut last = round(State::Closed);
    last.thread = Some(ChannelId(299));
    view.previous = Some(last);
    assert_snapshot!(show(&card(&view)), @r#"
    <@&7> **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **Hint:** ||Think of `a |{zwsp}| b`.||
    │ ─ Answer and vote
    │ You have until <t:1795507200:F> (<t:1795507200:R>). Write your answer in the thread below, where a ✅ shows that it counts, and press *Vote* to choose the best one.
    │ ─ Last round
    │ The result of “Brackets or parentheses?” is in <#299>.
    ╰ python/generators/lazy-sum
    [Vote! → vote:KEY] [How it works → rules:KEY]
    (may notify role 7)
    "#);
}

#[test]
fn extra_with_a_last_round_that_had_no_thread() {
    let mut view = card_view(State::Open);
    view.round = extra(view.round);
    let mut last = round(State::Closed);
    last.thread = None;
    last.question = Some(Arc::new(Question { title: "What is *args?".to_owned(), ..question() }));
    view.previous = Some(last);
    assert_snapshot!(show(&card(&view)), @r#"
    **New question** (generator expressions, medium)
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Answer and vote
    │ You have until <t:1795507200:F> (<t:1795507200:R>). Write your answer in the thread below, where a ✅ shows that it counts, and press *Vote* to choose the best one.
    │ ─ Last round
    │ The result of “What is \*args?” is in <#200>.
    ╰ python/generators/lazy-sum
    [Vote! → vote:KEY] [How it works → rules:KEY]
    "#);
}

#[test]
fn closing() {
    assert_snapshot!(show(&card(&card_view(State::Closing))), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Closed
    │ The result is on its way.
    ╰ python/generators/lazy-sum
    [Vote! → vote:KEY] [How it works → rules:KEY]
    "#);
}

#[test]
fn closed_with_a_pick() {
    let mut view = card_view(State::Closed);
    view.picks = vec!["Ana_*".to_owned()];
    view.answers = 3;
    assert_snapshot!(show(&card(&view)), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Closed
    │ 3 answers, members' pick: **Ana\_\***. The result and the reference answer are in <#300>.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn closed_with_a_result_that_could_not_be_posted() {
    let mut view = card_view(State::Closed);
    view.answers = 3;
    view.unannounced = true;
    assert_snapshot!(show(&card(&view)), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Closed
    │ 3 answers, no members' pick. I could not post its result; `/points` shows what it was worth.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn closed_with_a_tie() {
    let mut view = card_view(State::Closed);
    view.picks = (1..=7).map(|n| format!("M{n}")).collect();
    view.answers = 8;
    assert_snapshot!(show(&card(&view)), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Closed
    │ 8 answers, members' picks: **M1, M2, M3, M4, M5 and 2 more**. The result and the reference answer are in <#300>.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn closed_without_a_pick_or_a_thread() {
    let mut view = card_view(State::Closed);
    view.round.thread = None;
    assert_snapshot!(show(&card(&view)), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Closed
    │ Nobody answered. The result and the reference answer are in <#200>.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn voided() {
    let mut view = card_view(State::Closed);
    view.picks = vec!["Ana".to_owned()];
    view.answers = 1;
    view.round.voided_at = Some(instant("2026-11-25T00:00:00Z"));
    assert_snapshot!(show(&card(&view)), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Closed
    │ An admin voided this round. Its points were taken back.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn withdrawn() {
    assert_snapshot!(show(&card(&card_view(State::Withdrawn))), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Withdrawn
    │ An admin put another question in its place. This one gives no points and breaks no streak.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn arrived_too_late() {
    assert_snapshot!(show(&card(&card_view(State::Skipped))), @r#"
    **Question of the day** (generator expressions, medium)
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Withdrawn
    │ This question arrived too late for its round. It gives no points and breaks no streak.
    ╰ python/generators/lazy-sum
    [How it works → rules:KEY]
    "#);
}

#[test]
fn a_hint_cannot_leave_its_spoiler() {
    for hint in ["||", "a||b", "|||", "ends with |", "|begins", "||both||"] {
        let view = asked(State::Open, Question { hint: Some(hint.to_owned()), ..question() });
        let text = card(&view).embed.unwrap().text;
        let (_, spoiler) = text.split_once("**Hint:** ").unwrap();
        let inside = spoiler.strip_prefix("||").unwrap().strip_suffix("||").unwrap();
        assert!(!inside.contains("||") && !inside.ends_with('|'), "{hint}: {spoiler}");
    }
}

#[test]
fn nobody_can_see_the_reference_answer_or_the_choices_on_a_card() {
    for state in State::ALL {
        let shown = show(&card(&card_view(state)));
        for secret in ["Everything", "holds every item", "docs.python.org", "seed"] {
            assert!(!shown.contains(secret), "{state}: {shown}");
        }
    }
    // Only so that the ids in the snapshots cannot be mistaken for each other.
    assert_ne!(ANA.0, CHANNEL.0);
}
