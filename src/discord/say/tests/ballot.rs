use super::sample::{ANA, BEN, due};
use super::show;
use crate::discord::say::ballot::{ballot, counts, voted_for};
use crate::discord::say::limit;
use crate::discord::say::text::units;
use crate::domain::ids::MemberId;
use crate::engine::views::rounds::{BallotLine, BallotView};
use insta::assert_snapshot;

fn answer(author: MemberId, name: &str, text: &str) -> BallotLine {
    BallotLine {
        author,
        name: name.to_owned(),
        text: text.to_owned(),
        chosen: false,
        edited_since: false,
    }
}

fn view() -> BallotView {
    BallotView {
        card: "KEY".to_owned(),
        title: "Brackets or parentheses?".to_owned(),
        lines: vec![
            answer(BEN, "Ben *B*", "A generator keeps\n*one* item.\n```python\nx = 1\n```"),
            answer(ANA, "Ana", &"The list keeps everything in memory at once. ".repeat(5)),
            answer(MemberId(9), " ", "[diagram.png](https://cdn.example.org/1/diagram.png)"),
        ],
        page: 0,
        pages: 1,
        choice: None,
        choice_gone: false,
        closes_at: due().at,
    }
}

#[test]
fn nothing_chosen() {
    assert_snapshot!(show(&ballot(&view(), None)), @r#"
    You have not voted yet.
    ╭ Vote: Brackets or parentheses? (Calm)
    │ **Ben \*B\***: A generator keeps \*one\* item. x = 1
    │ **Ana**: The list keeps everything in memory at once. The list keeps everything in memory at once. The list keeps everything in…
    │ **(no name)**: diagram.png
    │
    │ The vote ends <t:1795507200:R>.
    ╰ Only you see this. Your own answer is not on the list. Nobody is told who voted for whom; the result comes at the close.
    [▾ Choose the best answer → ballot:KEY:0]
      ○ Ben *B* / A generator keeps *one* item. x = 1 = 2
      ○ Ana / The list keeps everything in memory at once. The list keeps everything in memory at once. The list… = 1
      ○ (no name) / diagram.png = 9
    "#);
}

#[test]
fn just_chosen() {
    let mut view = view();
    view.lines[1].chosen = true;
    view.choice = Some("Ana".to_owned());
    assert_snapshot!(show(&ballot(&view, Some("Your vote is counted."))), @r#"
    Your vote is counted. It goes to **Ana**. You can change or withdraw it.
    ╭ Vote: Brackets or parentheses? (Calm)
    │ **Ben \*B\***: A generator keeps \*one\* item. x = 1
    │ **Ana** (your vote): The list keeps everything in memory at once. The list keeps everything in memory at once. The list keeps everything in…
    │ **(no name)**: diagram.png
    │
    │ The vote ends <t:1795507200:R>.
    ╰ Only you see this. Your own answer is not on the list. Nobody is told who voted for whom; the result comes at the close.
    [▾ Choose the best answer → ballot:KEY:0]
      ○ Ben *B* / A generator keeps *one* item. x = 1 = 2
      ● Ana / The list keeps everything in memory at once. The list keeps everything in memory at once. The list… = 1
      ○ (no name) / diagram.png = 9
    [Withdraw → withdraw:KEY]
    "#);
}

#[test]
fn edited_since() {
    let mut view = view();
    view.lines[1].chosen = true;
    view.lines[1].edited_since = true;
    view.choice = Some("Ana".to_owned());
    assert_snapshot!(show(&ballot(&view, None)), @r#"
    Your vote goes to **Ana**. You can change or withdraw it.
    ╭ Vote: Brackets or parentheses? (Calm)
    │ **Ben \*B\***: A generator keeps \*one\* item. x = 1
    │ **Ana** (your vote) *(edited since you voted)*: The list keeps everything in memory at once. The list keeps everything in memory at once. The list keeps everyt…
    │ **(no name)**: diagram.png
    │
    │ The vote ends <t:1795507200:R>.
    ╰ Only you see this. Your own answer is not on the list. Nobody is told who voted for whom; the result comes at the close.
    [▾ Choose the best answer → ballot:KEY:0]
      ○ Ben *B* / A generator keeps *one* item. x = 1 = 2
      ● Ana / The list keeps everything in memory at once. The list keeps everything in memory at once. The list… = 1
      ○ (no name) / diagram.png = 9
    [Withdraw → withdraw:KEY]
    "#);
}

#[test]
fn just_withdrawn() {
    let card = ballot(&view(), Some("Your vote is withdrawn."));
    assert_snapshot!(card.content, @"Your vote is withdrawn. You can vote again until the close.");
}

#[test]
fn the_chosen_answer_is_gone() {
    let mut view = view();
    view.choice_gone = true;
    view.lines.clear();
    assert_snapshot!(show(&ballot(&view, None)), @r#"
    The answer you voted for was taken back. You keep the point for voting, and you can vote again.
    ╭ Vote: Brackets or parentheses? (Calm)
    │ There is no answer left to vote for.
    ╰ Only you see this. Your own answer is not on the list. Nobody is told who voted for whom; the result comes at the close.
    "#);
}

#[test]
fn in_the_middle_of_many_pages_with_the_choice_on_another() {
    let mut view = view();
    view.lines.truncate(1);
    (view.page, view.pages) = (1, 3);
    view.choice = Some("Dana_*".to_owned());
    assert_snapshot!(show(&ballot(&view, None)), @r#"
    Your vote goes to **Dana\_\***. You can change or withdraw it.
    ╭ Vote: Brackets or parentheses? (Calm)
    │ **Ben \*B\***: A generator keeps \*one\* item. x = 1
    │
    │ The vote ends <t:1795507200:R>.
    ╰ Page 2 of 3. Only you see this. Your own answer is not on the list. Nobody is told who voted for whom; the result comes at the close.
    [▾ Choose the best answer → ballot:KEY:1]
      ○ Ben *B* / A generator keeps *one* item. x = 1 = 2
    [Back → page:KEY:0] [More answers → page:KEY:2] [Withdraw → withdraw:KEY]
    "#);
}

#[test]
fn from_the_menu_of_a_message() {
    assert_snapshot!(show(&voted_for("Ana_*")), @r#"Your vote goes to **Ana\_\***. To change or withdraw it, press *Vote* on the question."#);
}

#[test]
fn not_my_answer() {
    assert_snapshot!(show(&counts(true)), @"This message is part of your answer now. *Not my answer* takes it out again.");
    assert_snapshot!(show(&counts(false)), @"This message is not part of your answer any more. *Not my answer* puts it back in.");
}

#[test]
fn the_end_of_the_vote_is_never_cut_off() {
    let mut view = view();
    view.lines = (1..=25)
        .map(|n| BallotLine {
            edited_since: true,
            chosen: true,
            ..answer(MemberId(n), &"*".repeat(32), &"*".repeat(4_000))
        })
        .collect();
    let text = ballot(&view, None).embed.unwrap().text;
    assert!(units(&text) <= limit::TEXT, "{}", units(&text));
    assert!(text.ends_with("The vote ends <t:1795507200:R>."), "{text}");
    assert!(text.lines().filter(|line| line.contains("\\*…")).count() == 25, "{text}");
}
