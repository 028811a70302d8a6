//! Ballots: private, one a member, never for oneself, and hidden until the close.

use crate::cast::Member;
use crate::post::Post;
use crate::stage::Stage;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use studyhall::domain::refusal::Refusal;

/// A round is open, and Ana, Ben and Chidi have answered. Dana has not.
async fn three_answers() -> (Stage, [Member; 4], [Post; 3]) {
    let stage = Stage::open().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let posts = [
        ana.answers("Ana says that it is a kind of list.").await,
        ben.answers("Ben says that it is a kind of loop.").await,
        chidi.answers("Chidi says that it is a kind of name.").await,
    ];
    (stage, [ana, ben, chidi, dana], posts)
}

async fn closes(stage: &Stage) -> Post {
    stage.advance_to("2026-11-24T08:00:00Z").await;
    stage.result()
}

#[tokio::test]
async fn what_a_picked_answer_holds_stays_in_its_box() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let hostile = ">>> an odd || and ` a tick **\n# Votes\nChidi: 9 votes\n[all points](https://evil.example)";
    ana.answers(hostile).await;
    ben.answers("Ben says that it is a kind of loop.").await;
    // Nobody sees anything of this one.
    let blank = chidi.says(&"\u{3164}\u{200b}".repeat(20)).await;
    ana.votes_for(&ben).await;
    ben.votes_for(&ana).await;
    assert!(!stage.place.post(&blank).is_marked());
    let result = closes(&stage).await;
    assert_eq!(result.field("Votes").unwrap(), "Ana: 1 vote 🏆\nBen: 1 vote 🏆");
    let boxes = result.0["embeds"].as_array().unwrap();
    assert_eq!(boxes.len(), 3, "{}", result.text());
    let text = |number: usize| boxes[number]["description"].as_str().unwrap_or_default();
    let (head, quote) = text(1).split_once(":\n>>> ").unwrap();
    assert!(head.starts_with("**Ana** wrote ([go to the answer]("), "{head}");
    assert_eq!(
        quote,
        "\\>>> an odd |\u{200b}| and \\` a tick \\*\\*\n\\# Votes\nChidi: 9 votes\n\\[all points](https://evil.example)"
    );
    assert!(text(2).starts_with("**Ben** wrote ("), "{}", text(2));
    assert!(text(2).ends_with("\n>>> Ben says that it is a kind of loop."), "{}", text(2));
    stage.finish().await;
}

#[tokio::test]
async fn the_own_answer_is_never_on_the_ballot() {
    let (stage, [ana, ben, _, dana], _) = three_answers().await;
    let names = |ballot: &Post| ballot.choices().into_iter().collect::<BTreeSet<_>>();
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names(&ana.ballot().await), of(&["Ben", "Chidi"]));
    assert_eq!(names(&ben.ballot().await), of(&["Ana", "Chidi"]));
    assert_eq!(names(&dana.ballot().await), of(&["Ana", "Ben", "Chidi"]));
    stage.finish().await;
}

#[tokio::test]
async fn a_vote_can_be_changed_and_withdrawn_and_counts_once() {
    let (stage, [ana, ben, chidi, dana], _) = three_answers().await;
    let ballot = dana.votes_for(&ana).await;
    assert!(ballot.says("Your vote is counted. It goes to **Ana**."));
    let ballot = dana.chooses(&ballot, &ben).await;
    assert!(ballot.says("It goes to **Ben**."), "{}", ballot.text());
    assert_eq!(ballot.text().matches("(your vote)").count(), 1);

    let second = dana.ballot().await;
    let withdrawn = dana.presses(&ballot, "Withdraw").await;
    assert!(withdrawn.says("Your vote is withdrawn."), "{}", withdrawn.text());
    assert_eq!(withdrawn.button("Withdraw"), None);
    let again = dana.presses(&second, "Withdraw").await;
    assert!(again.refuses(&Refusal::NoBallot), "a ballot opened before has the button");

    dana.chooses(&withdrawn, &chidi).await;
    ana.votes_for(&chidi).await;
    let result = closes(&stage).await;
    assert_eq!(result.field("Votes").unwrap(), "Chidi: 2 votes 🏆\nAna: 0 votes\nBen: 0 votes");
    assert!(result.field("Points").unwrap().contains("Dana +1"));
    stage.finish().await;
}

#[tokio::test]
async fn one_can_vote_in_the_menu_of_a_message() {
    let (stage, [ana, ben, _, dana], [of_ana, ..]) = three_answers().await;
    let said = dana.votes_for_message(&of_ana).await;
    assert!(said.says("Your vote goes to **Ana**."), "{}", said.text());
    assert!(dana.ballot().await.says("Your vote goes to **Ana**"));

    let own = ana.votes_for_message(&of_ana).await;
    assert!(own.refuses(&Refusal::OwnAnswer), "{}", own.text());
    let remark = ben.replies_to(&of_ana, "A remark that is certainly long enough").await;
    let none = dana.votes_for_message(&remark).await;
    assert!(none.refuses(&Refusal::NotAnAnswer), "{}", none.text());
    let outside = ben.says_in(stage.place.study, "Something that I say in the channel").await;
    let none = dana.votes_for_message(&outside).await;
    assert!(none.refuses(&Refusal::NotInRound), "{}", none.text());
    let to_the_bot = dana.votes_for_message(&stage.card()).await;
    assert!(to_the_bot.refuses(&Refusal::NotInRound));
    stage.finish().await;
}

#[tokio::test]
async fn those_who_tie_share_the_crown() {
    let (stage, [ana, ben, chidi, _], _) = three_answers().await;
    ana.votes_for(&ben).await;
    ben.votes_for(&ana).await;
    let result = closes(&stage).await;
    assert!(result.says("A tie! Members' picks: **Ana and Ben** 🏆"), "{}", result.text());
    assert!(result.says("a kind of list") && result.says("a kind of loop"));
    assert_eq!(result.field("Points").unwrap(), "Ana +8, Ben +8, Chidi +2");
    let board = chidi.uses("leaderboard", Value::Null).await;
    assert_eq!(
        board.places(),
        ["1. **Ana**: 8 points", "1. **Ben**: 8 points", "3. **Chidi**: 2 points"]
    );
    stage.finish().await;
}

#[tokio::test]
async fn one_ballot_makes_no_pick() {
    let (stage, [ana, ben, ..], _) = three_answers().await;
    ben.votes_for(&ana).await;
    let result = closes(&stage).await;
    assert!(result.says("There is no members' pick this time."));
    assert!(!result.says("🏆"));
    assert_eq!(result.field("Points").unwrap(), "Ben +3, Ana +2, Chidi +2");
    stage.finish().await;
}

#[tokio::test]
async fn a_round_without_answers_closes_quietly() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let nothing = ana.ballot().await;
    assert!(nothing.refuses(&Refusal::NothingToVoteFor), "{}", nothing.text());
    let result = closes(&stage).await;
    assert!(result.says("Nobody answered this time."));
    assert_eq!(result.field("Votes"), None);
    assert_eq!(stage.references().len(), 1);
    stage.finish().await;
}

#[tokio::test]
async fn an_answer_edited_after_the_vote_is_marked_for_its_voter() {
    let (stage, [ana, _, chidi, dana], [of_ana, ..]) = three_answers().await;
    dana.votes_for(&ana).await;
    ana.edits(&of_ana, "Ana now says something else entirely.").await;
    let ballot = dana.ballot().await;
    assert!(
        ballot.says("**Ana** (your vote) *(edited since you voted)*: Ana now says"),
        "{}",
        ballot.text()
    );
    assert!(!chidi.ballot().await.says("edited since you voted"), "Chidi has not voted");
    let confirmed = dana.chooses(&ballot, &ana).await;
    assert!(!confirmed.says("edited since you voted"), "{}", confirmed.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_deleted_answer_voids_its_ballots_but_the_voter_keeps_the_point() {
    let (stage, [ana, ben, chidi, dana], [of_ana, ..]) = three_answers().await;
    dana.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    ben.votes_for(&chidi).await;
    ana.deletes(&of_ana).await;
    let ballot = dana.ballot().await;
    assert!(ballot.says("The answer you voted for was taken back."), "{}", ballot.text());
    assert_eq!(ballot.choices().len(), 2);
    chidi.votes_for(&ben).await;

    let result = closes(&stage).await;
    assert_eq!(result.field("Votes").unwrap(), "Ben: 1 vote 🏆\nChidi: 1 vote 🏆");
    let points = result.field("Points").unwrap();
    assert!(points.contains("Dana +1") && !points.contains("Ana +"), "{points}");
    stage.finish().await;
}

#[tokio::test]
async fn a_ballot_of_thirty_answers_has_pages_in_a_stable_order() {
    let mut stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    for number in 1..=30 {
        let member = stage.sandbox().actor(&format!("Student {number:02}"));
        let text = format!("The answer of student number {number:02}");
        member.say(stage.thread(), &text).await.unwrap();
    }
    stage.settle().await;

    let first = ana.ballot().await;
    assert!(first.says("Page 1 of 2"), "{}", first.text());
    assert_eq!(first.choices().len(), 25);
    let second = ana.presses(&first, "More answers").await;
    assert_eq!(second.choices().len(), 5);
    assert_eq!(second.button("More answers"), None);
    let all: BTreeSet<_> = first.choices().into_iter().chain(second.choices()).collect();
    assert_eq!(all.len(), 30, "every answer is on one page");

    let last = second.choices().pop().unwrap();
    let chosen = stage.member(&last).await;
    let voted = ana.chooses(&second, &chosen).await;
    assert!(voted.says("Page 2 of 2"), "the ballot stays on its page");
    stage.restart_bot().await;
    let back = ana.presses(&voted, "Back").await;
    assert_eq!(back.choices(), first.choices(), "also after a restart");
    assert!(back.says(&format!("Your vote goes to **{last}**")), "{}", back.text());

    let other = stage.member("Ben").await.ballot().await;
    assert_ne!(other.choices(), first.choices(), "each voter has an order of its own");
    stage.finish().await;
}

#[tokio::test]
async fn after_the_close_every_old_button_says_so() {
    let (stage, [ana, ben, _, dana], [of_ana, ..]) = three_answers().await;
    let card = stage.card();
    let ballot = dana.votes_for(&ana).await;
    ben.votes_for(&ana).await;
    let votes = closes(&stage).await.field("Votes").unwrap();

    for post in [
        dana.chooses(&ballot, &ben).await,
        dana.presses(&ballot, "Withdraw").await,
        dana.votes_for_message(&of_ana).await,
    ] {
        assert!(post.refuses(&Refusal::RoundClosed), "{}", post.text());
    }
    let rules = dana.presses(&stage.place.post(&card), "How it works").await;
    assert!(rules.says("What counts as an answer"));
    let how = dana.presses(&stage.result(), "How points were given").await;
    assert!(how.says("2 votes counted."), "{}", how.text());
    assert_eq!(stage.result().field("Votes").unwrap(), votes);
    stage.finish().await;
}

#[tokio::test]
async fn nothing_public_tells_a_vote_before_the_close() {
    let (stage, [ana, ben, ..], _) = three_answers().await;
    let before = (stage.card().text(), stage.place.posts(stage.thread()).len());
    ben.votes_for(&ana).await;
    assert_eq!((stage.card().text(), stage.place.posts(stage.thread()).len()), before);
    let today = ana.uses("today", json!({})).await;
    assert!(!today.says("1 vote"), "{}", today.text());
    stage.finish().await;
}

#[tokio::test]
async fn buttons_that_are_none_of_ours_are_refused() {
    let (stage, [ana, ben, ..], _) = three_answers().await;
    let card = stage.card();
    let key = card.keys().pop().unwrap();
    let ids = [
        "vote:".to_owned(),
        "vote:0000000000000000000000000".to_owned(),
        "withdraw:nonsense".to_owned(),
        "page:nonsense:7".to_owned(),
        "points:nonsense".to_owned(),
        "board:no-such-window:0".to_owned(),
        "share:no-such-window:99999999999999999999".to_owned(),
        // Right keys, but for the wrong purpose or too early.
        format!("followup:{key}"),
        format!("why:{key}"),
        format!("status:{key}"),
        "💥".to_owned(),
    ];
    for id in ids {
        let body = json!({"content": "?", "components": [{"type": 1, "components": [
            {"type": 2, "style": 1, "label": "Press", "custom_id": id}
        ]}]});
        let post = stage.says_as_bot(stage.place.study, body).await;
        let said = ana.presses(&post, "Press").await;
        assert!(said.refuses(&Refusal::RoundGone), "{id}: {}", said.text());
    }

    // The same key in another guild leads nowhere.
    let (_, elsewhere) = stage.sandbox().add_guild("Elsewhere");
    let body = json!({"content": "?", "components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Press", "custom_id": format!("vote:{key}")}
    ]}]});
    stage.settle().await;
    let post = stage.says_as_bot(elsewhere, body).await;
    let said = ana.presses(&post, "Press").await;
    assert!(said.refuses(&Refusal::RoundGone), "{}", said.text());

    // A menu with a stranger in it.
    for (value, reason) in [
        ("12345", Refusal::AnswerGone),
        ("nonsense", Refusal::AnswerGone),
        (&ana.id().to_string(), Refusal::OwnAnswer),
    ] {
        let body = json!({"content": "?", "components": [{"type": 1, "components": [
            {"type": 3, "custom_id": format!("ballot:{key}:0"),
             "options": [{"label": "X", "value": value}]}
        ]}]});
        let post = stage.says_as_bot(stage.place.study, body).await;
        let said = ana.chooses_value(&post, value).await;
        assert!(said.refuses(&reason), "{value}: {}", said.text());
    }
    assert!(ben.ballot().await.says("You have not voted yet."));
    stage.finish().await;
}

#[tokio::test]
async fn a_whole_class_votes_in_the_same_moment() {
    let (stage, [ana, ben, ..], _) = three_answers().await;
    let names = (1..=20).map(|number| format!("Student {number:02}"));
    let students = join_all(names.map(async |name| stage.member(&name).await)).await;
    // Each presses twice at once, for two different answers.
    join_all(students.iter().map(async |student| {
        let ballot = student.ballot().await;
        join_all([student.chooses(&ballot, &ben), student.chooses(&ballot, &ana)]).await;
    }))
    .await;
    for student in &students {
        student.votes_for(&ana).await;
    }
    let result = closes(&stage).await;
    let votes = result.field("Votes").unwrap();
    assert_eq!(votes, "Ana: 20 votes 🏆\nBen: 0 votes\nChidi: 0 votes");
    stage.finish().await;
}
