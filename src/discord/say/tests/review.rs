use super::sample::{instant, question};
use super::show;
use crate::discord::say::review::{answer, graded, reminder, review, stopped, wishes};
use crate::domain::question::Question;
use crate::domain::review::Grade;
use crate::engine::Wishes;
use crate::engine::views::review::{AnswerView, DueCard, ReminderView, ReviewView};
use insta::assert_snapshot;
use std::sync::Arc;

fn card() -> DueCard {
    let question = Question { hint: Some("Count the items.".to_owned()), ..question() };
    DueCard { key: "KEY".to_owned(), reviews: 3, question: Arc::new(question) }
}

fn view() -> ReviewView {
    ReviewView {
        card: Some(card()),
        due: 4,
        held_back: 1,
        next: Some(instant("2026-11-25T00:00:00Z")),
        total: 12,
        wishes: Wishes::default(),
    }
}

#[test]
fn the_question_due_longest() {
    assert_snapshot!(show(&review(&view(), None)), @r#"
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **Hint:** ||Count the items.||
    │ ─ Review
    │ generator expressions, medium. Answer it for yourself first.
    ╰ 4 are due. One more waits until its round or quiz is over. Only you can see this.
    [Show answer! → review-show:KEY:3]
    "#);
    let last = ReviewView { due: 1, held_back: 0, ..view() };
    assert_snapshot!(show(&review(&last, Some(&graded(Grade::Good, 46)))), @r#"
    Good: it comes back in 7 weeks.
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **Hint:** ||Count the items.||
    │ ─ Review
    │ generator expressions, medium. Answer it for yourself first.
    ╰ This is the only one due. Only you can see this.
    [Show answer! → review-show:KEY:3]
    "#);
}

#[test]
fn nothing_due() {
    let done = ReviewView { card: None, due: 0, ..view() };
    assert_snapshot!(show(&review(&done, Some(&graded(Grade::Again, 1)))), @r#"
    Again: it comes back in 1 day.

    Nothing more is due. One more waits until its round or quiz is over. The next question comes back <t:1795564800:R> (<t:1795564800:F>). You are learning 12 questions.
    "#);
    let none = ReviewView { held_back: 0, next: None, total: 0, ..done };
    assert_snapshot!(show(&review(&none, None)), @"You have nothing to review yet. Questions that you get wrong in a quiz come here; `/review rounds:on` brings those of closed rounds too.");
}

#[test]
fn the_reminder_was_refused() {
    let wishes = Wishes { refused_at: Some(instant("2026-11-24T18:00:00Z")), ..Wishes::default() };
    let refused = ReviewView { card: None, due: 0, held_back: 0, wishes, ..view() };
    assert_snapshot!(show(&review(&refused, None)), @r#"
    I could not send you the daily reminder: Discord says that you take no direct messages from me. So I switched it off. Allow direct messages in the privacy settings of this server and use `/review remind:on`, or leave it with `/review remind:off`.

    Nothing is due now. The next question comes back <t:1795564800:R> (<t:1795564800:F>). You are learning 12 questions.
    "#);
}

#[test]
fn the_answer_and_the_grades() {
    let grades = [(Grade::Again, 1), (Grade::Hard, 7), (Grade::Good, 46), (Grade::Easy, 400)];
    let view = AnswerView { card: card(), grades, due: 4 };
    assert_snapshot!(show(&answer(&view)), @r#"
    **Brackets or parentheses?**
    What does `sum([n for n in big])` keep in memory?
    ╭ Reference answer (Green)
    │ The list holds every item at once.
    │ ─ Sources
    │ - [Expressions](https://docs.python.org/3/reference/expressions.html)
    │ ─ How well did you know it?
    │ Each button says when the question will come back.
    ╰ 4 are due. Only you can see this.
    [Again: 1 day → review-again:KEY:3] [Hard: 7 days → review-hard:KEY:3] [Good: 7 weeks! → review-good:KEY:3] [Easy: 13 months → review-easy:KEY:3]
    "#);
}

#[test]
fn what_was_set() {
    let table = [(Some(true), None), (Some(false), Some(true)), (None, Some(false))];
    let said: Vec<String> = table.iter().map(|(remind, rounds)| wishes(*remind, *rounds)).collect();
    assert_snapshot!(said.join("\n"), @r#"
    I will remind you by direct message, once a day at 18:00 by the clock of this server, when something is due. Nobody but you sees your reviews. `/review` shows what is due.
    I will not remind you any more. Every round that closes from now on brings its question into your reviews, whether you answered it or not. Nobody but you sees your reviews. `/review` shows what is due.
    Closed rounds bring nothing into your reviews any more. What is there stays. Nobody but you sees your reviews. `/review` shows what is due.
    "#);
}

#[test]
fn the_reminder() {
    let [one, some] = [1, 7].map(|due| ReminderView { guild: "Study *team*".to_owned(), due });
    assert_snapshot!(show(&reminder(&some, "KEY")), @r#"
    ╭ Time to review (Calm)
    │ 7 questions are due for you in **Study \*team\***. Use `/review` there; it takes a minute or two.
    ╰
    [Stop reminding me → review-stop:KEY]
    "#);
    assert!(show(&reminder(&one, "KEY")).contains("1 question is due for you"));
    assert_snapshot!(show(&stopped()), @"I will not remind you any more. `/review remind:on` in the server brings the reminder back.");
}

#[test]
fn nothing_printed_for_debugging_holds_the_answer() {
    let grades = Grade::ALL.map(|grade| (grade, 1));
    let answer = AnswerView { card: card(), grades, due: 1 };
    for printed in [format!("{:?}", view()), format!("{answer:?}")] {
        assert!(!printed.contains(&question().answer), "{printed}");
    }
}
