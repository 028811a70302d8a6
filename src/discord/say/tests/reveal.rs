use super::sample::{follow_up, instant, question, reason, round};
use super::show;
use crate::discord::say::round::{cut_parts, follow_ups, reference, why};
use crate::domain::draw::{Freshness, Reason};
use crate::domain::question::{Difficulty, FollowUp, Question};
use crate::domain::round::State;
use crate::engine::Round;
use insta::assert_snapshot;
use std::sync::Arc;

fn of(question: Question) -> Round {
    Round { question: Some(Arc::new(question)), ..round(State::Closed) }
}

fn with_follow_ups() -> Question {
    Question {
        follow_ups: vec![
            follow_up("And `max(n for n in big)`?", "One item at a time."),
            follow_up("And twice in a row?", "The second run finds nothing left."),
        ],
        ..question()
    }
}

#[test]
fn reference_alone() {
    assert_snapshot!(show(&reference(&round(State::Closed), "KEY")), @r#"
    ╭ Reference answer (Green)
    │ The list holds every item at once.
    │ ─ Sources
    │ - [Expressions](https://docs.python.org/3/reference/expressions.html)
    ╰ python/generators/lazy-sum
    [Why this question? → why:KEY]
    "#);
}

#[test]
fn reference_with_follow_ups() {
    assert_snapshot!(show(&reference(&of(with_follow_ups()), "KEY")), @r#"
    ╭ Reference answer (Green)
    │ The list holds every item at once.
    │ ─ To think on
    │ And `max(n for n in big)`?
    │
    │ And twice in a row?
    │ ─ Sources
    │ - [Expressions](https://docs.python.org/3/reference/expressions.html)
    ╰ python/generators/lazy-sum
    [Answer to that! → followup:KEY] [Why this question? → why:KEY]
    "#);
}

#[test]
fn reference_without_sources() {
    let question = Question { sources: Vec::new(), ..question() };
    assert_snapshot!(show(&reference(&of(question), "KEY")), @r#"
    ╭ Reference answer (Green)
    │ The list holds every item at once.
    ╰ python/generators/lazy-sum
    [Why this question? → why:KEY]
    "#);
}

#[test]
fn follow_ups_answered() {
    assert_snapshot!(show(&follow_ups(&with_follow_ups())), @r#"
    ╭ To think on (Green)
    │ **Question**
    │ And `max(n for n in big)`?
    │
    │ **Answer**
    │ One item at a time.
    │
    │ **Question**
    │ And twice in a row?
    │
    │ **Answer**
    │ The second run finds nothing left.
    ╰
    "#);
}

#[test]
fn why_a_new_one() {
    assert_snapshot!(show(&why(&question(), &reason(Freshness::New, 17), 42)), @r#"
    ╭ Why this question? (Calm)
    │ Topic: **generator expressions**
    │ Difficulty: **medium**
    │
    │ 17 questions of the plan had not been asked here yet; this one was drawn by chance.
    ╰ python/generators/lazy-sum, drawn with seed 42
    "#);
}

#[test]
fn why_the_only_new_one() {
    let wanted = Some(Difficulty::Hard);
    let reason = Reason { wanted, ..reason(Freshness::New, 1) };
    assert_snapshot!(show(&why(&question(), &reason, 42)), @r#"
    ╭ Why this question? (Calm)
    │ Topic: **generator expressions**
    │ Difficulty: **medium**
    │
    │ The study plan asked for **hard**, but no hard question was left that had not been asked here before. 1 question of the plan had not been asked here yet: this one.
    ╰ python/generators/lazy-sum, drawn with seed 42
    "#);
}

#[test]
fn why_an_old_one() {
    let asked = Freshness::LeastRecent(instant("2026-01-05T08:00:00Z"));
    assert_snapshot!(show(&why(&question(), &reason(asked, 0), 42)), @r#"
    ╭ Why this question? (Calm)
    │ Topic: **generator expressions**
    │ Difficulty: **medium**
    │
    │ Every question of the plan was asked here before, so it was the turn of the one asked longest ago: <t:1767600000:F>.
    ╰ python/generators/lazy-sum, drawn with seed 42
    "#);
}

#[test]
fn what_discord_would_cut_is_told() {
    let mut question = question();
    assert_eq!(cut_parts(&question), [""; 0]);
    let follow_up = FollowUp { prompt: "why? ".repeat(150), answer: "so ".repeat(500) };
    question.follow_ups = vec![follow_up.clone(), follow_up];
    question.hint = Some("👍".repeat(2_000));
    assert_snapshot!(cut_parts(&question).join("\n"), @r#"
    the follow-ups would be cut in Discord: 1502 characters as shown; at most 1024
    the follow-ups with their answers would be cut in Discord: 4554 characters as shown; at most 4096
    "#);
    question.follow_ups.truncate(1);
    question.hint = None;
    assert_eq!(cut_parts(&question), [""; 0]);
}
