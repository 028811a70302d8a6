use super::sample::{CHANNEL, follow_up, instant, question};
use super::show;
use crate::discord::say::quiz::{failed, group, reference, said, solo, without_card};
use crate::domain::ids::{InteractionId, MemberId};
use crate::domain::question::{Choice, Question};
use crate::domain::quiz::group::Score;
use crate::domain::quiz::{Asked, Options, Short, State};
use crate::domain::rate::Rate;
use crate::engine::quiz::{
    Answer, Earlier, Judged, Missed, Offer, Result, Said, Showing, SoloView,
};
use crate::engine::views::quiz::{GroupView, Place};
use insta::assert_snapshot;
use std::sync::Arc;

fn asked() -> Asked {
    let wrong = |text: &str, why: &str| Choice {
        text: text.to_owned(),
        right: false,
        why: Some(why.to_owned()),
    };
    let question = Question {
        choices: vec![
            Choice { text: "The whole list".to_owned(), right: true, why: None },
            wrong("One number", "That is what a generator keeps."),
            wrong("Nothing", "Something has to be added up."),
        ],
        follow_ups: vec![follow_up("And `max`?", "The same.")],
        ..question()
    };
    Asked { question: Arc::new(question), order: vec![1, 0, 2] }
}

fn answer(choice: usize, late: bool) -> Answer {
    Answer {
        position: 1,
        member: MemberId(1),
        choice,
        click: InteractionId(9),
        at: instant("2026-11-23T08:00:00Z"),
        took_ms: 4_200,
        changed_at: None,
        late,
        outcome: None,
    }
}

fn view(showing: Showing) -> SoloView {
    SoloView {
        key: "k3y".to_owned(),
        screen: 2,
        position: 1,
        total: 3,
        options: Options { count: 3, ..Options::default() },
        showing,
        earlier: None,
    }
}

fn feedback(choice: usize, late: bool, judged: Judged, short: Option<Short>) -> String {
    let showing = Showing::Feedback {
        asked: asked(),
        answer: answer(choice, late),
        judged,
        short,
        rate: Rate::default(),
    };
    show(&solo(&view(showing)))
}

fn judged(right: bool, points: i64) -> Judged {
    Judged { right, first: true, points }
}

fn result() -> Result {
    Result {
        answered: 3,
        right: 1,
        points: 2,
        took_ms: 80_400,
        missed: vec![
            Missed { title: "One *star*".to_owned(), right: Some("Two".to_owned()), late: false },
            Missed { title: "Slow".to_owned(), right: Some("Right".to_owned()), late: true },
            Missed { title: "Open".to_owned(), right: None, late: false },
        ],
        unanswered: 1,
        left_out: 1,
    }
}

#[test]
fn a_question_alone() {
    let mut first = view(Showing::Question { asked: asked(), closes_at: None });
    first.position = 0;
    first.options.count = 20;
    assert_snapshot!(show(&solo(&first)), @r#"
    **Question 1 of 3** (generator expressions, medium). You asked for 20; there are 3 that you can have now.
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **A.** One number
    │ **B.** The whole list
    │ **C.** Nothing
    ╰ python/generators/lazy-sum
    [A! → quiz-a:k3y:0:2:0] [B! → quiz-a:k3y:0:2:1] [C! → quiz-a:k3y:0:2:2]
    "#);
    let mut timed = view(Showing::Question {
        asked: asked(),
        closes_at: Some(instant("2026-11-23T08:00:20Z")),
    });
    timed.options.seconds = Some(20);
    assert_snapshot!(solo(&timed).content, @"**Question 2 of 3** (generator expressions, medium). Time is up <t:1795420820:R>.");
}

#[test]
fn right_and_wrong() {
    assert_snapshot!(feedback(1, false, judged(true, 2), None), @r#"
    **Right:** B. 2 points.
    ╭ Brackets or parentheses? (Green)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **A.** One number
    │ **B.** The whole list **(right, your choice)**
    │ **C.** Nothing
    ╰ python/generators/lazy-sum
    [Next! → quiz-next:k3y:1:2] [Reference answer → quiz-ref:k3y:1]
    "#);
    assert_snapshot!(feedback(0, false, judged(false, 0), None), @r#"
    **Not right.** You chose A; B is right.
    ╭ Brackets or parentheses? (Grey)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **A.** One number **(your choice)**
    │ **B.** The whole list **(right)**
    │ **C.** Nothing
    │ ─ Why not A
    │ That is what a generator keeps.
    ╰ python/generators/lazy-sum
    [Next! → quiz-next:k3y:1:2] [Reference answer → quiz-ref:k3y:1]
    "#);
    let heads = [
        (1, true, judged(false, 0), None),
        (2, true, judged(false, 0), None),
        (1, false, judged(true, 0), Some(Short::Repeat)),
        (1, false, judged(true, 0), Some(Short::Daily)),
        (1, false, judged(true, 1), Some(Short::Daily)),
    ]
    .map(|(choice, late, judged, short)| {
        feedback(choice, late, judged, short).lines().next().unwrap_or_default().to_owned()
    });
    assert_snapshot!(heads.join("\n"), @r#"
    **Too late.** B is the right answer, but the time for it was over.
    **Too late, and not right.** You chose C; B is right.
    **Right:** B. No points: you had this question within the last 30 days.
    **Right:** B. No points: you have all that quizzes give on one day.
    **Right:** B. 1 point. That is all that quizzes give on one day.
    "#);
}

#[test]
fn put_aside() {
    let showing = Showing::LeftOut { question: asked().question };
    assert_snapshot!(show(&solo(&SoloView { position: 2, ..view(showing) })), @r#"
    “Brackets or parentheses?” is open in a round or a group quiz here right now, so I have put it aside. It costs you nothing.
    [See the result! → quiz-next:k3y:2:2]
    "#);
}

#[test]
fn the_result() {
    let mut all = view(Showing::Result(result()));
    all.total = 5;
    assert_snapshot!(show(&solo(&all)), @r#"
    ╭ Your quiz (Gold)
    │ **1 of 4 right**, 2 points, in 1 minute 21 seconds. 1 question was not answered. 1 question was put aside, being open in a round or a group quiz here.
    │ ─ Missed
    │ - **One \*star\***: Two
    │ - **Slow**: your choice was right, but too late
    │ - **Open**: the answer comes when its round closes
    ╰ Only you can see this.
    [Repeat the missed ones! → quiz-repeat:k3y]
    "#);
    let perfect = Result {
        answered: 3,
        right: 3,
        points: 6,
        took_ms: 3_725_000,
        missed: Vec::new(),
        unanswered: 0,
        left_out: 0,
    };
    assert_snapshot!(show(&solo(&view(Showing::Result(perfect)))), @r#"
    ╭ Your quiz (Gold)
    │ **3 of 3 right**, 6 points, in 1 hour 2 minutes. Nothing missed, well done!
    ╰ Only you can see this.
    "#);
}

#[test]
fn an_unfinished_run() {
    let earlier =
        Earlier { started_at: instant("2026-11-21T08:00:00Z"), total: 5, result: result() };
    let offer = Offer {
        unfinished: "old".to_owned(),
        started_at: instant("2026-11-23T07:00:00Z"),
        position: 1,
        total: 5,
        anew: "new".to_owned(),
        earlier: Some(earlier),
    };
    assert_snapshot!(show(&said(&Said::Offer(Box::new(offer)))), @r#"
    Your quiz of <t:1795248000:F> ended by itself after a day: **1 of 4 right**, 2 points, in 1 minute 21 seconds. 1 question was not answered. 1 question was put aside, being open in a round or a group quiz here. Missed: “One \*star\*”, “Slow”, “Open”.

    You have a quiz from <t:1795417200:R> that is not finished: question 2 of 5. Continue it, or start anew with what you just asked for?
    [Continue! → quiz-continue:old] [Start anew → quiz-anew:new]
    "#);
}

#[test]
fn reference_answer() {
    assert_snapshot!(show(&reference(&asked().question, "k3y", 1)), @r#"
    ╭ Reference answer: Brackets or parentheses? (Green)
    │ The list holds every item at once.
    │ ─ To think on
    │ And `max`?
    │ ─ Sources
    │ - [Expressions](https://docs.python.org/3/reference/expressions.html)
    ╰ python/generators/lazy-sum
    [Answer to that! → quiz-think:k3y:1]
    "#);
}

#[test]
fn short_replies() {
    let all = [
        Said::OnItsWay { channel: CHANNEL },
        Said::Chosen { choice: 1, joined: false },
        Said::Chosen { choice: 0, joined: true },
        Said::Joined { already: false },
        Said::Joined { already: true },
        Said::Left,
    ];
    let lines: Vec<String> = all.iter().map(|one| said(one).content).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    The quiz is on its way to <#200>.
    Your choice: **B**. You can change it until the question closes.
    You are in. Your choice: **A**. You can change it until the question closes.
    You are in. Press A, B, C or D on the card when a question comes.
    You are in already.
    You have left the quiz. What you answered so far still counts.
    "#);
    assert_snapshot!(failed(CHANNEL, true).content, @"Your quiz in <#200> is over: its card was deleted, and I can't post the result there. What you all answered counts; `/points` shows it.");
    assert_snapshot!(failed(CHANNEL, false).content, @"I could not post your quiz in <#200>, so it is off. Maybe I lack a permission there. Ask an admin, or try another channel.");
}

fn table(state: State) -> GroupView {
    let place = |rank, name: &str, right, took_ms, points| Place {
        rank,
        name: name.to_owned(),
        score: Score { member: MemberId(1), right, took_ms, points },
    };
    GroupView {
        key: "k3y".to_owned(),
        channel: CHANNEL,
        message: None,
        state,
        position: 1,
        total: 3,
        options: Options { count: 3, topic: Some("big-o".to_owned()), ..Options::default() },
        closes_at: Some(instant("2026-11-23T08:00:30Z")),
        host: Some("Ana".to_owned()),
        resumed: false,
        former_host: None,
        players: ["Ana", "Ben", "Dana_*"].map(str::to_owned).into(),
        asked: Some(asked()),
        split: vec![1, 2, 0],
        rate: Rate { answers: 48, right: 30 },
        closed: 3,
        podium: vec![
            place(1, "Ben", 3, 12_340, 6),
            place(2, "Ana", 1, 4_000, 0),
            place(2, "Dana_*", 1, 64_000, 2),
            place(4, "Chidi", 0, 0, 0),
        ],
        missed_by_all: vec![
            ("One *star*".to_owned(), Some("Two".to_owned())),
            ("Open".to_owned(), None),
        ],
    }
}

#[test]
fn the_lobby() {
    assert_snapshot!(show(&group(&table(State::Lobby))), @r#"
    **Who is in for a quiz?**
    ╭ A quiz of 3 questions (big o) (Calm)
    │ Press *Join*. It begins <t:1795420830:R>, or when the host presses *Start*. You can also join later.
    │
    │ 30 seconds for each question. Your choice stays hidden, and you can change it until the question closes. Speed does not count.
    │ ─ Host
    │ Ana
    │ ─ In the quiz
    │ Ana, Ben and Dana\_\*
    ╰
    [Join! → quiz-join:k3y] [Start → quiz-start:k3y] [Leave → quiz-leave:k3y]
    "#);
    let mut unsent = table(State::Lobby);
    unsent.closes_at = None;
    unsent.options.race = true;
    unsent.options.count = 9;
    assert_snapshot!(show(&group(&unsent)), @r#"
    **Who is in for a quiz?**
    ╭ A quiz of 3 questions (big o) (Calm)
    │ Press *Join*. It begins in half a minute, or when the host presses *Start*. You can also join later.
    │
    │ 30 seconds for each question. Your choice stays hidden, and you can change it until the question closes. It is a race: of two with as many right answers, the faster one wins. 9 were asked for; there are no more of that kind right now.
    │ ─ Host
    │ Ana
    │ ─ In the quiz
    │ Ana, Ben and Dana\_\*
    ╰
    [Join! → quiz-join:k3y] [Start → quiz-start:k3y] [Leave → quiz-leave:k3y]
    "#);
}

#[test]
fn a_question_in_a_group() {
    assert_snapshot!(show(&group(&table(State::Asking))), @r#"
    **Question 2 of 3** (generator expressions, medium). It closes <t:1795420830:R>.
    ╭ Brackets or parentheses? (Calm)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **A.** One number
    │ **B.** The whole list
    │ **C.** Nothing
    │ ─ Choices
    │ 3 so far; 3 are in the quiz.
    │ ─ Host
    │ Ana
    ╰ python/generators/lazy-sum
    [A! → quiz-choose:k3y:1:0] [B! → quiz-choose:k3y:1:1] [C! → quiz-choose:k3y:1:2]
    [Next → quiz-close:k3y:1] [Leave → quiz-leave:k3y]
    "#);
    let resumed = show(&group(&GroupView { resumed: true, ..table(State::Asking) }));
    assert!(
        resumed.contains("I was away for a moment, so this question has all of its time again.")
    );
    let changed = GroupView { former_host: Some("Ben".to_owned()), ..table(State::Asking) };
    assert!(show(&group(&changed)).contains("Ana is the host now, in place of Ben."));
}

#[test]
fn the_reveal() {
    assert_snapshot!(show(&group(&table(State::Revealed))), @r#"
    **Question 2 of 3**: **B** is right. 2 of 3 got it. In all, 62 % solve it (48 answers). The next question comes <t:1795420830:R>.
    ╭ Brackets or parentheses? (Green)
    │ What does `sum([n for n in big])` keep in memory?
    │
    │ **A.** One number
    │ **B.** The whole list **(right)**
    │ **C.** Nothing
    │ ─ How you chose
    │ A: 1, B: 2 (right), C: 0
    │ ─ Why not the others
    │ **A:** That is what a generator keeps.
    │ **C:** Something has to be added up.
    │ ─ Host
    │ Ana
    ╰ python/generators/lazy-sum
    [Next! → quiz-go:k3y:1] [Reference answer → quiz-ref:k3y:1] [Leave → quiz-leave:k3y]
    "#);
}

#[test]
fn the_podium() {
    assert_snapshot!(show(&group(&table(State::Ended))), @r#"
    **The quiz is over**, after 3 questions.
    ╭ Podium (Gold)
    │ 1\. **Ben**: 3 right, 6 points
    │ 2\. **Ana**: 1 right
    │ 2\. **Dana\_\***: 1 right, 2 points
    │ 4\. **Chidi**: 0 right
    │ ─ Nobody knew
    │ - **One \*star\***: Two
    │ - **Open**: the answer comes when its round closes
    ╰ Points are for a first right answer in 30 days.
    "#);
    let mut race = table(State::Ended);
    race.options.race = true;
    race.closed = 2;
    race.missed_by_all.clear();
    assert_snapshot!(show(&group(&race)), @r#"
    **The quiz is over**, after 2 of 3 questions.
    ╭ Podium (Gold)
    │ 1\. **Ben**: 3 right in 12.3 seconds, 6 points
    │ 2\. **Ana**: 1 right in 4.0 seconds
    │ 2\. **Dana\_\***: 1 right in 1 minute 4 seconds, 2 points
    │ 4\. **Chidi**: 0 right
    ╰ Points are for a first right answer in 30 days.
    "#);
    let mut humbled = table(State::Ended);
    humbled.podium.iter_mut().for_each(|place| place.score.right = 0);
    assert_snapshot!(show(&group(&humbled)), @r#"
    **The quiz is over**, after 3 questions.
    ╭ No podium (Gold)
    │ Nobody had one right this time. `/quiz` and `/review` help to get ready for the next.
    │ ─ Nobody knew
    │ - **One \*star\***: Two
    │ - **Open**: the answer comes when its round closes
    ╰ Points are for a first right answer in 30 days.
    "#);
    let empty = GroupView { closed: 0, podium: Vec::new(), ..table(State::Ended) };
    let empty = GroupView { missed_by_all: Vec::new(), ..empty };
    assert_snapshot!(without_card(&empty).content, @"**The quiz is over**: its card was deleted. `/quiz mode:group` starts another one.");
    let begun = without_card(&GroupView { closed: 1, ..table(State::Ended) });
    assert_snapshot!(begun.content, @"**The quiz is over** after 1 of 3 questions: its card was deleted. `/quiz mode:group` starts another one.");
    assert_eq!(begun.embed.unwrap().title, "Podium");
    assert_snapshot!(show(&group(&empty)), @r#"
    **The quiz is over**, after 0 of 3 questions.
    ╭ No podium (Grey)
    │ The quiz ended before a question was answered.
    ╰
    "#);
}

#[test]
fn what_is_open_tells_nothing_of_the_answer() {
    // The same question with another choice being the right one: not a letter differs.
    let with_right = |right: usize| {
        let mut asked = asked();
        let question = Arc::make_mut(&mut asked.question);
        for (index, choice) in question.choices.iter_mut().enumerate() {
            choice.right = index == right;
        }
        let showing = Showing::Question { asked: asked.clone(), closes_at: None };
        let alone = show(&solo(&view(showing)));
        let together = show(&group(&GroupView { asked: Some(asked), ..table(State::Asking) }));
        format!("{alone}\n{together}")
    };
    assert_eq!(with_right(0), with_right(2));
}

#[test]
fn the_longest_question_fits() {
    let mut asked = asked();
    let question = Arc::make_mut(&mut asked.question);
    question.prompt = "p".repeat(1_500);
    for choice in &mut question.choices {
        choice.text = "c".repeat(250);
        choice.why = choice.why.as_ref().map(|_| "w".repeat(300));
    }
    for state in [State::Asking, State::Revealed] {
        let card = group(&GroupView { asked: Some(asked.clone()), ..table(state) });
        let embed = card.embed.unwrap();
        assert!(embed.text.len() < 4_096, "{state:?}: {}", embed.text.len());
        assert!(embed.fields.iter().all(|(_, text)| text.len() <= 1_024), "{state:?}");
        assert!(embed.text.contains("**C.** ccc"), "no choice is cut off");
    }
}
