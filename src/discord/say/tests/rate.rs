use super::sample::question;
use crate::discord::say::rate::{contradicted, label};
use crate::domain::question::{Difficulty, Question};
use crate::domain::rate::{Contradiction, Rate};
use crate::engine::rates::Contradicted;
use insta::assert_snapshot;
use std::sync::Arc;

#[test]
fn a_label_gets_its_rate_once_there_are_enough() {
    let label = |right, answers| label(Difficulty::Medium, Rate { answers, right });
    assert_eq!(label(0, 0), "medium");
    assert_eq!(label(13, 20), "medium");
    assert_eq!(label(13, 21), "medium · 62 % solve it (21 answers)");
    assert_eq!(label(48, 48), "medium · 100 % solve it (48 answers)");
}

fn off(right: u32, contradiction: Contradiction, title: &str) -> Contradicted {
    Contradicted {
        question: Arc::new(Question { title: title.to_owned(), ..question() }),
        rate: Rate { answers: 30, right },
        contradiction,
    }
}

#[test]
fn contradictions() {
    assert_eq!(contradicted(&[], 1_024), None);
    let one = [off(3, Contradiction::Harder, "What is `*args`?")];
    assert_snapshot!(contradicted(&one, 1_024).unwrap(), @r#"
    1 question is easier or harder than its label says:
    - “What is \`\*args\`?” is harder than its label: medium · 10 % solve it (30 answers). (`python/generators/lazy-sum`)
    "#);
    let four = [
        one[0].clone(),
        off(30, Contradiction::Easier, "Brackets?"),
        off(29, Contradiction::Easier, "Parentheses?"),
        off(5, Contradiction::Harder, "Braces?"),
    ];
    assert_snapshot!(contradicted(&four, 1_024).unwrap(), @r#"
    4 questions are easier or harder than their labels say:
    - “What is \`\*args\`?” is harder than its label: medium · 10 % solve it (30 answers). (`python/generators/lazy-sum`)
    - “Brackets?” is easier than its label: medium · 100 % solve it (30 answers). (`python/generators/lazy-sum`)
    - “Parentheses?” is easier than its label: medium · 97 % solve it (30 answers). (`python/generators/lazy-sum`)
    Whoever runs the bot can list all of them with `studyhall check --stats`.
    "#);
}
