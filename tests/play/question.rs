//! Single questions: looked up, and reported.

use crate::cast::Member;
use crate::post::Post;
use crate::stage::Stage;
use serde_json::{Value, json};
use studyhall::domain::refusal::Refusal;

/// The third of the stories' bank.
const THIRD: &str = "small/loops/question-03";

/// A round is open, and notices go to `#admin-notes`.
async fn set_up() -> (Stage, [Member; 4]) {
    let stage = Stage::open().await;
    let cast = stage.cast().await;
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage.advance(1).await;
    (stage, cast)
}

/// The id of the question in the round that is open.
fn open_id(stage: &Stage) -> String {
    stage.card().0["embeds"][0]["footer"]["text"].as_str().unwrap().to_owned()
}

/// A question that is not open.
fn other_id(stage: &Stage) -> String {
    if open_id(stage) == THIRD { "small/lists/question-04" } else { THIRD }.to_owned()
}

/// The ids that are suggested for what was typed.
async fn suggested(stage: &Stage, member: &Member, command: &str, typed: &str) -> Vec<String> {
    let options = json!([{"name": command, "options": [
        {"name": "id", "value": typed, "focused": true}]}]);
    let found = member.actor.autocomplete(stage.place.study, "question", options).await.unwrap();
    found.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
}

async fn reports(member: &Member, id: &str, reason: &str) -> Post {
    member.uses("question report", json!({"id": id, "reason": reason})).await
}

/// A message in the study channel with a button of that custom id, *Press*.
async fn forged(stage: &Stage, id: &str) -> Post {
    let body = json!({"content": "?", "components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Press", "custom_id": id}
    ]}]});
    stage.says_as_bot(stage.place.study, body).await
}

#[tokio::test]
async fn a_question_is_shown_with_hint_and_answer_behind_buttons() {
    let (mut stage, [ana, ..]) = set_up().await;
    let id = other_id(&stage);
    let post = ana.uses("question show", json!({"id": id})).await;
    assert!(post.0["flags"].as_u64().unwrap() & 64 != 0, "private");
    assert!(post.says(&id) && post.says("Explain number") && post.says("docs.python.org"));
    assert!(!post.says("Think of number") && !post.says("The reference for"));
    stage.restart_bot().await;
    assert!(ana.presses(&post, "Hint").await.says("Think of number"));
    assert!(ana.presses(&post, "Show answer").await.says("The reference for"));

    assert_eq!(suggested(&stage, &ana, "show", "").await.len(), 23, "24, and one is a secret");
    let number = id.rsplit('-').next().unwrap();
    let typed = format!("POINT {number}");
    assert_eq!(suggested(&stage, &ana, "show", &typed).await, [id.as_str()]);
    let none = ana.uses("question show", json!({"id": "small/loops/no-such"})).await;
    assert!(none.refuses(&Refusal::NoSuchQuestion), "{}", none.text());
    stage.finish().await;
}

#[tokio::test]
async fn the_open_question_is_a_secret() {
    let (stage, [ana, ..]) = set_up().await;
    let (open, other) = (open_id(&stage), other_id(&stage));
    let refused = ana.uses("question show", json!({"id": open})).await;
    assert!(refused.refuses(&Refusal::QuestionOpen), "{}", refused.text());
    let typed = open.rsplit('/').next().unwrap();
    assert_eq!(suggested(&stage, &ana, "show", typed).await, [] as [&str; 0]);
    assert_eq!(suggested(&stage, &ana, "report", typed).await, [open.as_str()]);

    // Looked up before, asked in a round since: the buttons know.
    let post = ana.uses("question show", json!({"id": other})).await;
    for _ in 0..24 {
        if open_id(&stage) == other {
            break;
        }
        stage.study("replace", Value::Null).await;
        stage.settle().await;
    }
    assert_eq!(open_id(&stage), other);
    for label in ["Hint", "Show answer"] {
        let said = ana.presses(&post, label).await;
        assert!(said.refuses(&Refusal::QuestionOpen), "{label}: {}", said.text());
    }
    // Elsewhere it is no secret, but a button of ours leads somewhere only where it stands.
    stage.advance_days(1).await;
    assert!(ana.presses(&post, "Show answer").await.says("The reference for"));
    stage.finish().await;
}

#[tokio::test]
async fn a_report_reaches_the_admins_and_is_decided_once() {
    let (mut stage, [ana, ben, ..]) = set_up().await;
    let maya = stage.member("Maya").await;
    let id = other_id(&stage);
    let reason = "@everyone <@1> **wrong**\n# in the third line";
    let said = reports(&ana, &id, reason).await;
    assert!(said.says("Thank you."), "{}", said.text());
    assert_eq!(stage.notices().len(), 1);
    let notice = stage.notices().remove(0);
    assert!(notice.says("Ana reported") && notice.says(&id), "{}", notice.text());
    assert_eq!(notice.0["mentions"], json!([]));
    assert_eq!(notice.0["mention_everyone"], json!(false));
    assert!(!notice.says("**wrong**") && !notice.says("\n# in"), "{}", notice.text());
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("1 report to decide, 0 to fix later."), "{}", status.text());

    // Ben does not see that channel; where he sees the buttons, they are not for him.
    for label in ["Fix later", "Dismiss"] {
        let post = forged(&stage, &notice.button(label).unwrap()).await;
        let refused = ben.presses(&post, "Press").await;
        assert!(refused.refuses(&Refusal::NotAnAdmin), "{}", refused.text());
    }
    stage.kill_bot().await;
    stage.start_bot().await;
    // Twice at once.
    let later = notice.button("Fix later").unwrap();
    let (one, two) =
        tokio::join!(maya.actor.press(&notice.0, &later), maya.actor.press(&notice.0, &later));
    assert!(!one.unwrap().failed && !two.unwrap().failed);
    stage.settle().await;
    let now = stage.place.post(&notice);
    assert!(now.says("To be fixed later, decided by Maya"), "{}", now.text());
    assert_eq!((now.button("Fix later"), stage.notices().len()), (None, 1));
    let again = forged(&stage, &later).await;
    assert!(maya.presses(&again, "Press").await.says("That changes nothing."));
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("0 reports to decide, 1 to fix later."), "{}", status.text());
    assert!(status.says("(fix later), by Ana"), "{}", status.text());

    maya.presses(&now, "Dismiss").await;
    let over = stage.place.post(&notice);
    assert!(over.says("Dismissed by Maya"), "{}", over.text());
    for id in [later, now.button("Dismiss").unwrap()] {
        let again = forged(&stage, &id).await;
        assert!(maya.presses(&again, "Press").await.says("That changes nothing."));
    }
    assert!(!stage.study("status", Value::Null).await.says("Reported questions"));
    stage.finish().await;
}

#[tokio::test]
async fn reports_have_bounds() {
    let (stage, [ana, ben, ..]) = set_up().await;
    let id = open_id(&stage);
    // Also the question that is open: that is when mistakes are found.
    assert!(reports(&ana, &id, "The hint gives it away.").await.says("Thank you."));
    let again = reports(&ana, &id, "Really.").await;
    assert!(again.refuses(&Refusal::ReportedAlready), "{}", again.text());
    let blank = reports(&ana, &other_id(&stage), " \u{7} ").await;
    assert!(blank.refuses(&Refusal::NoReason), "{}", blank.text());
    let none = reports(&ana, "no/such/question", "Wrong.").await;
    assert!(none.refuses(&Refusal::NoSuchQuestion), "{}", none.text());
    let all = suggested(&stage, &ana, "report", "").await;
    let others: Vec<&String> = all.iter().filter(|one| **one != id).take(5).collect();
    for one in &others[..4] {
        assert!(reports(&ana, one, "Wrong.").await.says("Thank you."));
    }
    let sixth = reports(&ana, others[4], "Wrong.").await;
    assert!(sixth.refuses(&Refusal::TooManyReports), "{}", sixth.text());
    assert!(reports(&ben, others[4], "Wrong.").await.says("Thank you."), "others may");
    assert_eq!(stage.notices().len(), 6);
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("6 reports to decide"), "{}", status.text());
    assert_eq!(status.text().matches(": Wrong.").count(), 3, "the newest three");
    stage.finish().await;
}

#[tokio::test]
async fn a_report_can_be_decided_in_a_direct_message() {
    let stage = Stage::open().await;
    let ana = stage.member("Ana").await;
    let maya = stage.member("Maya").await;
    stage.set_up("08:00", "UTC").await;
    reports(&ana, THIRD, "The answer is about something else.").await;
    let direct = || {
        let posts = stage.sandbox().direct_messages(maya.id());
        Post(posts.last().cloned().expect("a direct message"))
    };
    let notice = direct();
    assert!(notice.says("Ana reported"), "{}", notice.text());
    let said = maya.presses(&notice, "Dismiss").await;
    assert!(said.says("Noted"), "{}", said.text());
    assert!(direct().says("Dismissed by Maya"), "{}", direct().text());
    // The same key pressed by somebody else, wherever.
    let id = notice.button("Dismiss").unwrap();
    for id in [id.clone(), id.replace("dismiss", "later"), id.replace("dismiss", "dance")] {
        let post = forged(&stage, &id).await;
        let said = ana.presses(&post, "Press").await;
        let why = if id.contains("dance") { Refusal::RoundGone } else { Refusal::NotAnAdmin };
        assert!(said.refuses(&why), "{}", said.text());
    }
    stage.finish().await;
}
