use super::sample::{ANA, BEN, GUILD, instant, question};
use super::show;
use crate::discord::say::Card;
use crate::discord::say::question::{
    answer, decided, hint, question as shown, report, reported, reports,
};
use crate::domain::question::Question;
use crate::domain::rate::Rate;
use crate::domain::report::Standing;
use crate::engine::Report;
use crate::engine::views::questions::{QuestionView, ReportView, ReportsView};
use insta::assert_snapshot;
use std::sync::Arc;

fn of(standing: Standing) -> ReportView {
    let decided = (standing != Standing::Open).then(|| (BEN, instant("2026-11-24T09:00:00Z")));
    ReportView {
        report: Report {
            id: 7,
            guild: GUILD,
            question: question().id,
            title: question().title,
            member: ANA,
            reason: "@everyone It **leaks**\n# see <@1>".to_owned(),
            at: instant("2026-11-23T09:00:00Z"),
            standing,
            decided,
        },
        reporter: "Ana".to_owned(),
        decider: decided.map(|_| "Ben_".to_owned()),
    }
}

#[test]
fn a_question_looked_up() {
    let hinted = Question { hint: Some("Count the items.".to_owned()), ..question() };
    let view = QuestionView {
        key: "KEY".to_owned(),
        question: Arc::new(hinted),
        rate: Rate { answers: 48, right: 30 },
    };
    assert_snapshot!(show(&shown(&view)), @r#"
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │ ─ Topic and difficulty
    │ generator expressions, medium · 62 % solve it (48 answers)
    │ ─ Sources
    │ - [Expressions](https://docs.python.org/3/reference/expressions.html)
    ╰ python/generators/lazy-sum
    [Hint → question-hint:KEY] [Show answer! → question-answer:KEY]
    "#);
    assert_snapshot!(show(&hint(&view.question)), @r#"
    ╭ Hint (Calm)
    │ Count the items.
    ╰ python/generators/lazy-sum
    "#);
    assert_snapshot!(show(&answer(&view.question)), @r#"
    ╭ Reference answer (Green)
    │ The list holds every item at once.
    ╰ python/generators/lazy-sum
    "#);
    let plain = QuestionView {
        key: "KEY".to_owned(),
        question: Arc::new(question()),
        rate: Rate::default(),
    };
    assert!(!show(&shown(&plain)).contains("Hint"));
    assert!(!format!("{view:?}").contains(&question().answer));
}

#[test]
fn a_report_for_the_admins() {
    assert_snapshot!(show(&report(&of(Standing::Open), "Study team", "KEY")), @r#"
    ╭ Studyhall: a question was reported (Calm)
    │ Ana reported “Brackets or parentheses?” (python/generators/lazy-sum), <t:1795424400:F>.
    │ ─ What is wrong
    │ @{zwsp}everyone It \*\*leaks\*\* \# see \<@{zwsp}1\>
    ╰ Study team
    [Fix later! → report-later:KEY] [Dismiss → report-dismiss:KEY]
    "#);
    assert_snapshot!(show(&report(&of(Standing::FixLater), "Study team", "KEY")), @r#"
    ╭ Studyhall: a question was reported (Grey)
    │ Ana reported “Brackets or parentheses?” (python/generators/lazy-sum), <t:1795424400:F>.
    │ ─ What is wrong
    │ @{zwsp}everyone It \*\*leaks\*\* \# see \<@{zwsp}1\>
    │ ─ Decision
    │ To be fixed later, decided by Ben\_ <t:1795510800:R>. Press *Dismiss* once it is done.
    ╰ Study team
    [Dismiss → report-dismiss:KEY]
    "#);
    assert_snapshot!(show(&report(&of(Standing::Dismissed), "Study team", "KEY")), @r#"
    ╭ Studyhall: a question was reported (Grey)
    │ Ana reported “Brackets or parentheses?” (python/generators/lazy-sum), <t:1795424400:F>.
    │ ─ What is wrong
    │ @{zwsp}everyone It \*\*leaks\*\* \# see \<@{zwsp}1\>
    │ ─ Decision
    │ Dismissed by Ben\_ <t:1795510800:R>.
    ╰ Study team
    [Status → status:KEY]
    "#);
}

#[test]
fn what_an_admin_decided() {
    let said = [
        decided(&of(Standing::FixLater), true),
        decided(&of(Standing::Dismissed), true),
        decided(&of(Standing::FixLater), false),
        decided(&of(Standing::Dismissed), false),
    ]
    .map(|card| show(&card));
    assert_snapshot!(said.join("\n"), @r#"
    Noted: to be fixed later. `/study status` lists it until somebody dismisses it.
    Noted: the report is dismissed.
    That changes nothing. To be fixed later, decided by Ben\_ <t:1795510800:R>. Press *Dismiss* once it is done.
    That changes nothing. Dismissed by Ben\_ <t:1795510800:R>.
    "#);
}

#[test]
fn reports_in_the_status() {
    assert_eq!(reports(&ReportsView::default()), None);
    let newest = vec![of(Standing::Open), of(Standing::FixLater)];
    let some = ReportsView { open: 1, later: 4, newest };
    assert_snapshot!(show(&Card::text(reports(&some).unwrap())), @r#"
    1 report to decide, 4 to fix later. The newest:
    - “Brackets or parentheses?”, by Ana <t:1795424400:R>: @{zwsp}everyone It \*\*leaks\*\* \# see \<@{zwsp}1\>
    - “Brackets or parentheses?” (fix later), by Ana <t:1795424400:R>: @{zwsp}everyone It \*\*leaks\*\* \# see \<@{zwsp}1\>
    "#);
    assert_snapshot!(reported("`is` or `==`?"), @r#"Thank you. The admins are told what is wrong with “\`is\` or \`==\`?”."#);
}
