//! The stories that the bot dies in: between them they pass every milestone that there is.

use super::outcome::Outcome;
use super::play::Play;
use super::trap::{Plan, Trap};
use crate::cast::Member;
use crate::post::{Post, number};
use crate::quiz_table::{question, right, wrong};
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use std::sync::Arc;
use studyhall::bank::Bank;
use studyhall::domain::question::Difficulty;
use studyhall::sandbox::Fault;

/// A Saturday, one minute before the usual time of a round.
const SATURDAY: &str = "2026-11-28T07:59:00Z";
/// A message of the bot; answers to interactions have another route.
const MESSAGES: (&str, &str) = ("POST", "/channels/{channel_id}/messages");

/// What a story left behind.
pub struct Told {
    pub outcome: Outcome,
    pub trap: Arc<Trap>,
}

/// A kind of story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Rounds from the setup to the weekly board, with a quiz alone, a report and a reminder.
    Rounds,
    /// Quizzes of a group: one to its podium, and one whose card Discord does not take.
    Group,
}

impl Story {
    pub const ALL: [Self; 2] = [Self::Rounds, Self::Group];

    pub async fn tell(self, plan: Plan) -> Told {
        let props = Props { start: SATURDAY, bank: bank(), ..Props::default() };
        let mut play = Play::open(props, plan).await;
        match self {
            Self::Rounds => rounds(&mut play).await,
            Self::Group => group(&mut play).await,
        }
        play.comes_to_rest().await;
        let outcome = Outcome::of(&play.stage).await;
        let trap = Arc::clone(&play.trap);
        play.finish().await;
        Told { outcome, trap }
    }
}

/// All equally difficult: which one a quiz asks depends on the number of its interaction, which a
/// click made twice moves on; what it is worth must not.
fn bank() -> Bank {
    let topics = ["lists", "loops"];
    let easy = |number: usize| studyhall::domain::question::Question {
        difficulty: Difficulty::Easy,
        ..question(topics[number % 2], number)
    };
    (1..=24).map(easy).collect()
}

/// The message that a member wrote with this text, if it did.
fn written(stage: &Stage, text: &str) -> Option<Post> {
    let thread = stage.cards().pop()?.id();
    stage.place.posts(thread).into_iter().find(|post| post.0["content"] == text)
}

/// Writes in the newest thread, once, and gets the check mark.
async fn answers(play: &mut Play, member: &Member, text: &str) {
    let marked = |stage: &Stage| written(stage, text).is_some_and(|post| post.is_marked());
    play.sees(&format!("the check mark under {text:?}"), marked, async |stage| {
        if written(stage, text).is_none() {
            member.actor.say(stage.thread(), text).await.unwrap();
        }
    })
    .await;
}

async fn has_card(play: &mut Play, number: usize) {
    let there = |stage: &Stage| {
        let cards = stage.cards();
        cards.len() == number
            && stage.sandbox().threads(stage.place.study).len() == number
            && cards.last().is_some_and(Post::is_pinned)
            && !cards.iter().rev().skip(1).any(Post::is_pinned)
    };
    play.sees("the pinned card with its thread", there, async |_| {}).await;
}

async fn rounds(play: &mut Play) {
    let [ana, ben, chidi, dana] = play.stage.cast().await;
    let maya = play.stage.member("Maya").await;
    let (notes, general) = (play.stage.channel("admin-notes"), play.stage.channel("general"));
    play.does("the setup", async |stage| {
        let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "pin": true,
            "notices": notes.to_string()});
        stage.set_up_with(options).await;
        let weekly = json!({"post": "on", "channel": general.to_string()});
        stage.study("board weekly", weekly).await;
        ana.uses("review", json!({"rounds": "on", "remind": "on"})).await;
    })
    .await;

    play.comes_to("2026-11-28T08:00:00Z").await;
    has_card(play, 1).await;
    answers(play, &ana, "Ana's answer, the one that everybody votes for.").await;
    answers(play, &ben, "Ben's answer, written a little later.").await;
    answers(play, &chidi, "Chidi's answer, written and taken back.").await;
    let gone = written(&play.stage, "Chidi's answer, written and taken back.").unwrap();
    let is_gone =
        |stage: &Stage| written(stage, "Chidi's answer, written and taken back.").is_none();
    play.sees("the end of Chidi's answer", is_gone, async |_| {
        chidi.actor.delete(gone.channel(), gone.id()).await.unwrap();
    })
    .await;
    let chat = "Dana's message, which is none of the answers.";
    answers(play, &dana, chat).await;
    let unmarked = |stage: &Stage| written(stage, chat).is_some_and(|post| !post.is_marked());
    play.sees("a check mark less", unmarked, async |stage| {
        let said = dana.says_not_my_answer(&written(stage, chat).unwrap()).await;
        assert!(!said.text().is_empty());
    })
    .await;
    for voter in [&ben, &chidi] {
        play.does("a vote", async |_| {
            assert!(voter.votes_for(&ana).await.says("goes to **Ana**"));
        })
        .await;
    }
    report(play, &ana, &maya).await;
    solo(play, &chidi).await;

    play.comes_to("2026-11-29T08:00:00Z").await;
    let closed = |stage: &Stage| (stage.results().len(), stage.references().len()) == (1, 1);
    play.sees("the result", closed, async |_| {}).await;
    assert_eq!(play.stage.result().field("Points").unwrap(), "Ana +7, Ben +3, Chidi +1");
    has_card(play, 2).await;
    answers(play, &ben, "Ben's answer, the only one on Sunday.").await;
    let void = |stage: &Stage| stage.results()[0].text().to_lowercase().contains("void");
    play.sees("the void on the result", void, async |stage| {
        stage.study("void", Value::Null).await;
    })
    .await;
    play.comes_to("2026-11-29T18:00:00Z").await;
    let reminded = |stage: &Stage| stage.sandbox().direct_messages(ana.id()).len() == 1;
    play.sees("the reminder", reminded, async |_| {}).await;
    play.comes_to("2026-11-30T08:00:00Z").await;
    let closed = |stage: &Stage| (stage.results().len(), stage.references().len()) == (2, 2);
    play.sees("the second result", closed, async |_| {}).await;
    has_card(play, 3).await;
    // Chidi, whom the board shows, was last seen on Saturday: Discord is asked.
    play.comes_to("2026-11-30T09:00:00Z").await;
    let posted = |stage: &Stage| stage.place.of_bot(general).len() == 1;
    play.sees("the board of the week", posted, async |_| {}).await;
    assert!(ben.uses("points", Value::Null).await.says("**2 points**"));
}

/// A question is reported, and an admin decides.
async fn report(play: &mut Play, ana: &Member, maya: &Member) {
    let notice = |stage: &Stage| stage.notices().into_iter().find(|post| post.says("reported"));
    play.sees(
        "the notice of a report",
        |stage| notice(stage).is_some(),
        async |_| {
            let options = json!({"id": "small/loops/question-03", "reason": "It is wrong."});
            ana.uses("question report", options).await;
        },
    )
    .await;
    let decided = |stage: &Stage| notice(stage).is_some_and(|post| post.says("To be fixed later"));
    play.sees("the decision", decided, async |stage| {
        maya.presses(&notice(stage).unwrap(), "Fix later").await;
    })
    .await;
}

/// A quiz alone, to its result. Where nothing answers, a member asks for it once more.
async fn solo(play: &mut Play, member: &Member) {
    play.does("a quiz alone", async |_| {
        // Cut off behind the right answer, nobody begins anew.
        if member.uses("points", Value::Null).await.says("**1 point**") {
            return;
        }
        let mut post = member.quiz(json!({"questions": 1})).await;
        if post.button("Continue").is_some() {
            post = member.presses(&post, "Continue").await;
        }
        if post.button("A").is_some() {
            post = member.is_right(&post).await;
            assert!(post.says("**Right:**"), "{}", post.text());
        }
        post = member.presses(&post, "See the result").await;
        assert!(post.says("**1 of 1 right**"), "{}", post.text());
    })
    .await;
}

/// The card of the group's quiz that says this.
fn table(stage: &Stage, what: &str) -> Option<Post> {
    stage.place.of_bot(stage.place.study).into_iter().find(|post| post.says(what))
}

async fn group(play: &mut Play) {
    let [ana, ben, ..] = play.stage.cast().await;
    play.does("the setup", async |stage| {
        stage.set_up("23:00", "UTC").await;
    })
    .await;
    play.sees(
        "the lobby",
        |stage| table(stage, "Host: Ana").is_some(),
        async |_| {
            ana.quiz(json!({"mode": "group", "questions": 1})).await;
        },
    )
    .await;
    play.sees(
        "the question",
        |stage| table(stage, "**Question 1 of 1**").is_some(),
        async |stage| {
            let card = table(stage, "Host: Ana").unwrap();
            ana.actor.press(&card.0, &card.button("Start").unwrap()).await.unwrap();
        },
    )
    .await;
    for (member, is_right) in [(&ana, true), (&ben, false)] {
        play.does("a choice", async |stage| {
            let card = table(stage, "**Question 1 of 1**").unwrap();
            let label = if is_right { right(&card) } else { wrong(&card) };
            let said = member.presses(&card, &label).await;
            assert!(said.says("Your choice"), "{}", said.text());
        })
        .await;
    }
    play.goes_on(8).await;
    play.sees("the reveal", |stage| table(stage, "1 of 2 got it").is_some(), async |_| {}).await;
    play.goes_on(30).await;
    play.sees("the podium", |stage| table(stage, "is over").is_some(), async |_| {}).await;

    // One whose card is not taken within ten minutes.
    let failing = play.stage.sandbox().clone();
    // No fault of a walk comes first that takes the card all the same.
    failing.clear_faults();
    failing.fail_next(MESSAGES, Fault::Status(503), 10_000);
    play.does("a quiz that cannot be shown", async |_| {
        ben.quiz(json!({"mode": "group", "questions": 1})).await;
    })
    .await;
    play.goes_on(11 * 60).await;
    assert!(failing.clear_faults() > 0);
    let told = |stage: &Stage| !stage.sandbox().direct_messages(ben.id()).is_empty();
    play.sees("the word to its host", told, async |_| {}).await;
    let direct = play.stage.sandbox().direct_messages(ben.id());
    assert_eq!(number(&direct[0]["author"]["id"]), play.stage.sandbox().bot_id());
}
