//! One round from its question to the board.

use crate::stage::{Stage, stamp};
use serde_json::{Value, json};

#[tokio::test]
async fn a_question_comes_on_time_with_its_thread() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    assert_eq!(stage.cards().len(), 0);

    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 1);
    let card = stage.card();
    let thread = stage.sandbox().channel(stage.thread());
    assert_eq!(thread["name"], card.title().as_str(), "the thread is named after the question");
    assert_eq!(thread["thread_metadata"]["auto_archive_duration"], 10_080);
    assert_eq!(thread["thread_metadata"]["locked"], false);
    assert!(card.says(&stamp("2026-11-24T08:00:00Z")), "{}", card.text());
    assert!(!card.is_pinned());

    stage.advance(60).await;
    assert_eq!(stage.cards().len(), 1, "once");
    stage.finish().await;
}

#[tokio::test]
async fn a_whole_round() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let card = stage.card();

    stage.advance(30).await;
    let best = ana.answers("A list comprehension builds the whole list at once.").await;
    ben.answers("A generator yields one value after the other.").await;
    chidi.answers("I believe that both of them are the same thing.").await;
    let remark = dana.replies_to(&best, "That is what I would have said as well, thanks!").await;
    assert!(!stage.place.post(&remark).is_marked(), "a reply to somebody else is discussion");

    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    dana.votes_for(&ben).await;
    assert_eq!(stage.results().len(), 0, "nothing is told before the close");

    stage.advance_to("2026-11-24T08:00:00Z").await;
    let result = stage.result();
    assert_eq!(result.channel(), card.id(), "the result is in the round's own thread");
    assert!(result.says("Members' pick: **Ana** 🏆"), "{}", result.text());
    assert!(result.says("A list comprehension builds the whole list at once."));
    assert_eq!(result.field("Votes").unwrap(), "Ana: 2 votes 🏆\nBen: 1 vote\nChidi: 0 votes");
    assert_eq!(result.field("Points").unwrap(), "Ana +7, Ben +3, Chidi +3, Dana +1");
    let how = dana.presses(&result, "How points were given").await;
    assert!(how.says("**Ana** +7: answered +2, members' pick +5"), "{}", how.text());

    let reference = stage.references().pop().unwrap();
    assert!(reference.says("The reference for number"));
    assert!(reference.field("To think on").unwrap().starts_with("And what after number"));
    let thought = ana.presses(&reference, "Answer to that").await;
    assert!(thought.says(", of course."));
    let why = ana.presses(&reference, "Why this question?").await;
    assert!(why.says("drawn by chance"), "{}", why.text());

    let old = stage.place.post(&card);
    assert!(old.says("3 answers, members' pick: **Ana**"), "{}", old.text());
    assert_eq!(old.button("Vote"), None);
    assert_eq!(stage.cards().len(), 2, "the next question is out");
    assert!(stage.card().field("Last round").unwrap().contains(&format!("<#{}>", card.id())));
    assert_ne!(stage.card().title(), card.title());

    let board = dana.uses("leaderboard", json!({})).await;
    assert_eq!(
        board.ranks(),
        [
            "1. **Ana**: 7 points (1 pick, 1 answer), streak 1",
            "2. **Ben**: 3 points (1 answer), streak 1",
            "2. **Chidi**: 3 points (1 answer), streak 1",
            "4. **Dana**: 1 point"
        ]
    );
    let points = ana.uses("points", json!({})).await;
    assert!(points.says("**7 points**, rank 1 of all time"), "{}", points.text());
    assert!(points.says("+2 answered") && points.says("+5 members' pick"));
    assert!(points.field("Streaks").unwrap().contains("1 round in a row"));
    stage.finish().await;
}

#[tokio::test]
async fn a_role_is_mentioned_inside_the_card_and_nobody_else() {
    let stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    let path = format!("/guilds/{}/roles", stage.sandbox().guild_id());
    let roles = maya.actor.request("GET", &path, None).await.unwrap();
    let team = roles.as_array().unwrap().iter().find(|role| role["name"] == "Study team").unwrap();
    let team = team["id"].as_str().unwrap().to_owned();
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "role": team}))
        .await;
    stage.advance(1).await;

    let card = stage.card();
    assert!(card.0["content"].as_str().unwrap().starts_with(&format!("<@&{team}> ")));
    assert_eq!(card.0["mention_roles"], json!([team]));
    let posted = stage.exchanges().into_iter().find(|one| {
        one.method == "POST" && one.response.as_ref().is_some_and(|r| r["id"] == card.0["id"])
    });
    let allowed = posted.unwrap().request.clone().unwrap()["allowed_mentions"].clone();
    assert_eq!(allowed["roles"], json!([team]));
    assert_eq!(allowed["parse"], json!([]));

    stage.advance_days(1).await;
    let edited = stage.place.post(stage.cards().first().unwrap());
    assert!(edited.says("Closed"));
    assert_eq!(stage.card().0["mention_roles"], json!([team]), "the next one mentions it again");
    for post in stage.results() {
        assert_eq!(post.0["mention_roles"], json!([]), "only the card mentions the role");
    }
    stage.finish().await;
}

#[tokio::test]
async fn the_newest_question_is_the_pinned_one() {
    let stage = Stage::open().await;
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "pin": true});
    stage.set_up_with(options).await;
    stage.advance(1).await;
    assert!(stage.card().is_pinned());

    stage.advance_days(1).await;
    stage.advance_days(1).await;
    let pinned: Vec<bool> = stage.cards().iter().map(|card| card.is_pinned()).collect();
    assert_eq!(pinned, [false, false, true]);
    stage.finish().await;
}

#[tokio::test]
async fn what_counts_as_an_answer() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;

    let short = ana.says("Nineteen characters").await;
    assert_eq!("Nineteen characters".len(), 19);
    assert!(!stage.place.post(&short).is_marked());
    let long = ana.says("Twenty characters ok").await;
    assert_eq!("Twenty characters ok".len(), 20);
    assert!(stage.place.post(&long).is_marked());

    let code = ben.says("```\nx\n```").await;
    assert!(stage.place.post(&code).is_marked(), "a code block");
    let file = chidi.attaches("see", "solution.py").await;
    assert!(stage.place.post(&file).is_marked(), "a file");
    let to_the_bot = stage.place.of_bot(stage.thread()).pop();
    assert!(to_the_bot.is_none(), "the bot says nothing in the thread before the close");
    let spaces = dana.says("          wide              ").await;
    assert!(!stage.place.post(&spaces).is_marked(), "white space is not an answer");
    let second = ana.says("And a second part that belongs to the first one").await;
    assert!(!stage.place.post(&second).is_marked(), "only the first message is marked");
    let elsewhere = dana.says_in(stage.place.study, "A long message in the channel itself").await;
    assert!(!stage.place.post(&elsewhere).is_marked());

    let today = dana.uses("today", Value::Null).await;
    assert!(today.says("3 answers so far"), "{}", today.text());
    assert!(today.says("You have neither answered nor voted yet."));
    stage.advance_days(1).await;
    let votes = stage.result().field("Votes").unwrap();
    assert_eq!(votes, "Ana: 0 votes\nBen: 0 votes\nChidi: 0 votes");
    stage.finish().await;
}

#[tokio::test]
async fn a_reply_to_oneself_goes_on_with_the_answer() {
    let stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let first = ana.answers("The first half of what I want to say").await;
    ana.replies_to(&first, "and the second half of what I want to say").await;
    ben.replies_to(&first, "I do not agree with the second half at all").await;

    let ballot = ben.ballot().await;
    assert!(
        ballot.says("The first half of what I want to say and the second half"),
        "{}",
        ballot.text()
    );
    assert_eq!(ballot.choices(), ["Ana"], "the remark is no answer of Ben's");
    stage.finish().await;
}

#[tokio::test]
async fn streaks_grow_by_answers_and_break_by_silence() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    for day in 1..=3 {
        stage.advance_days(1).await;
        ana.answers(&format!("My answer to the question of day {day}")).await;
    }
    stage.advance_days(1).await;
    let streaks = ana.uses("points", Value::Null).await.field("Streaks").unwrap();
    assert!(streaks.contains("3 rounds in a row, best 3"), "{streaks}");

    stage.advance_days(1).await;
    let streaks = ana.uses("points", Value::Null).await.field("Streaks").unwrap();
    assert!(streaks.contains("0 rounds in a row, best 3"), "{streaks}");
    stage.finish().await;
}
