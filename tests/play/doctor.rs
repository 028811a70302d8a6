//! `/study doctor`, and the daily look that tells admins of trouble before members notice.

use crate::questions;
use crate::stage::{Props, Stage};
use serde_json::{Value, json};
use studyhall::bank::Bank;
use studyhall::domain::refusal::Refusal;

const SEND_MESSAGES: u64 = 1 << 11;
const CREATE_PUBLIC_THREADS: u64 = 1 << 35;

/// With notices in a channel, and a first round on Monday at eight.
async fn set_up(bank: Option<Bank>) -> Stage {
    let stage = match bank {
        Some(bank) => Stage::with(Props { bank, ..Props::default() }).await,
        None => Stage::open().await,
    };
    let notes = stage.channel("admin-notes").to_string();
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes});
    stage.set_up_with(options).await;
    stage
}

#[tokio::test]
async fn the_doctor_finds_nothing_where_all_is_well() {
    let stage = set_up(None).await;
    let early = stage.study("doctor", Value::Null).await;
    assert_eq!(early.title(), "Study doctor");
    let study = stage.place.study;
    for line in [
        format!("✅ **Rights**: <#{study}>: all there"),
        format!("✅ **Stock**: <#{study}>: 24 new questions, enough for 23 days"),
    ] {
        assert!(early.says(&line), "{line}: {}", early.text());
    }
    let bot = early.field("The bot as a whole, for whoever runs it").unwrap();
    for line in [
        "✅ **Message content**: the intent is switched on",
        "✅ **Commands**: all are registered",
        "✅ **Clock**: agrees with Discord's",
        "✅ **Time zones**: rules of ",
        "✅ **Database**: whole, ",
        "✅ **Disk space**: ",
        "✅ **Gateway**: connected",
        "✅ **Writing**: the database can be written",
        "⚠️ Look: **Backup**: none is known. Whoever runs this bot should make one every day",
    ] {
        assert!(bot.contains(line), "{line}: {bot}");
    }
    assert!(early.0["flags"].as_u64().unwrap() & 64 != 0, "only the admin sees it");
    stage.finish().await;
}

#[tokio::test]
async fn the_doctor_names_what_is_missing_and_where() {
    let mut stage = set_up(None).await;
    let (study, notes) = (stage.place.study, stage.channel("admin-notes"));
    stage.sandbox().set_bot_permissions(Some(study), 0, CREATE_PUBLIC_THREADS);
    stage.sandbox().set_bot_permissions(Some(notes), 0, SEND_MESSAGES);
    stage.settle().await;
    let said = stage.study("doctor", Value::Null).await;
    let line = format!(
        "❌ Red: **Rights**: <#{study}>: the bot lacks Create Public Threads; in <#{notes}>, where \
         notices go, it lacks Send Messages."
    );
    assert!(said.says(&line), "{}", said.text());
    // A clock that went wrong is the same for all.
    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.sandbox().set_bot_permissions(Some(notes), 0, 0);
    stage.settle().await;
    stage.restart_bot().await;
    let said = stage.study("doctor", Value::Null).await;
    assert!(said.says("all there") && !said.says("Red:"), "{}", said.text());
    stage.finish().await;
}

#[tokio::test]
async fn the_doctor_tells_an_admin_nothing_of_other_servers() {
    let stage = set_up(None).await;
    let maya = stage.member("Maya").await;
    let (_, other) = stage.sandbox().add_guild("Secret society");
    stage.settle().await;
    let options = json!({"channel": other.to_string(), "time": "08:00", "zone": "UTC"});
    maya.uses_in(other, "study setup", options).await;
    stage.sandbox().set_bot_permissions(Some(other), 0, SEND_MESSAGES);
    stage.settle().await;
    let here = stage.study("doctor", Value::Null).await;
    let there = maya.uses_in(other, "study doctor", Value::Null).await;
    let (mine, theirs) = (stage.place.study.to_string(), other.to_string());
    assert!(here.says(&mine) && !here.says(&theirs), "{}", here.text());
    assert!(there.says(&theirs) && !there.says(&mine), "{}", there.text());
    for card in [&here, &there] {
        assert!(!card.says("Secret society") && !card.says("studyhall.db"), "{}", card.text());
    }
    assert!(there.says("Red:") && !here.says("Red:"), "{}", here.text());
    stage.finish().await;
}

#[tokio::test]
async fn without_a_study_channel_there_is_nothing_to_examine() {
    let stage = Stage::open().await;
    let none = stage.study("doctor", Value::Null).await;
    assert!(none.refuses(&Refusal::NoStudyChannel), "{}", none.text());
    let ana = stage.member("Ana").await;
    let refused = ana.is_refused("study doctor", Value::Null).await;
    assert!(refused.contains("50013"), "{refused}");
    stage.finish().await;
}

#[tokio::test]
async fn a_missing_right_is_told_before_it_harms_once_and_so_is_its_end() {
    let mut stage = set_up(None).await;
    let study = stage.place.study;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (2, 0));
    stage.sandbox().set_bot_permissions(Some(study), 0, CREATE_PUBLIC_THREADS);
    stage.advance_to("2026-11-24T15:59:00Z").await;
    assert_eq!(stage.notices().len(), 0, "in the afternoon");
    stage.advance(62).await;
    assert_eq!(stage.notices().len(), 1);
    let told = format!("in <#{study}> I lack **Create Public Threads**.");
    assert!(stage.notices()[0].says(&told), "{}", stage.notices()[0].text());
    stage.restart_bot().await;
    // The trouble comes as it was foretold, and is not told again, however many days it stays.
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (3, 1));
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("I lack a permission"), "{}", status.text());
    stage.advance_days(3).await;
    assert_eq!(stage.notices().len(), 1, "{}", stage.notices().last().unwrap().text());
    // Its end is told once.
    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.until("word of the recovery", || stage.notices().len() == 2).await;
    assert!(stage.notices()[1].says("All is well again"), "{}", stage.notices()[1].text());
    stage.settle().await;
    stage.advance_days(3).await;
    assert_eq!(stage.notices().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn what_is_mended_before_it_harms_is_told_the_next_day() {
    let stage = set_up(None).await;
    let study = stage.place.study;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    stage.sandbox().set_bot_permissions(Some(study), 0, SEND_MESSAGES);
    stage.advance_to("2026-11-24T17:01:00Z").await;
    assert_eq!(stage.notices().len(), 1);
    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.settle().await;
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.notices().len()), (3, 2));
    let mended = "what my daily look had found is mended";
    assert!(stage.notices()[1].says(mended), "{}", stage.notices()[1].text());
    stage.advance_days(2).await;
    assert_eq!(stage.notices().len(), 2);
    stage.finish().await;
}

#[tokio::test]
async fn a_plan_that_fits_nothing_any_more_is_told_a_day_ahead() {
    let mut stage = set_up(None).await;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    let topics = json!({"topics": "loops"});
    stage.study("plan", topics).await;
    stage.stop_bot().await;
    let others: Bank = (1..=24).map(|number| questions::question("lists", number)).collect();
    stage.replace_bank(others);
    stage.start_bot().await;
    stage.advance_to("2026-11-24T17:01:00Z").await;
    assert_eq!(stage.notices().len(), 1);
    let told = "no question fits its plan, which `/study plan` changes.";
    assert!(stage.notices()[0].says(told), "{}", stage.notices()[0].text());
    let said = stage.study("doctor", Value::Null).await;
    assert!(said.says("no question fits its plan, so there will be no rounds"), "{}", said.text());
    stage.study("plan", json!({"topics": "all"})).await;
    stage.advance_days(1).await;
    assert_eq!(stage.notices().len(), 2);
    assert!(stage.notices()[1].says("is mended"), "{}", stage.notices()[1].text());
    stage.finish().await;
}

#[tokio::test]
async fn a_bot_that_was_away_in_the_afternoon_looks_when_it_is_back() {
    let mut stage = set_up(None).await;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    stage.stop_bot().await;
    let study = stage.place.study;
    stage.sandbox().set_bot_permissions(Some(study), 0, CREATE_PUBLIC_THREADS);
    stage.advance_to("2026-11-24T20:00:00Z").await;
    // Right after the start it does not know its guilds yet; the look waits for that.
    stage.start_bot().await;
    stage.until("the notice", || stage.notices().len() == 1).await;
    assert!(stage.notices()[0].says("I lack **Create Public Threads**"));
    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.settle().await;
    stage.finish().await;
}

#[tokio::test]
async fn one_servers_trouble_is_told_to_its_own_admins_alone() {
    let stage = set_up(None).await;
    let maya = stage.member("Maya").await;
    let (_, other) = stage.sandbox().add_guild("Next door");
    stage.settle().await;
    let options = json!({"channel": other.to_string(), "time": "08:00", "zone": "UTC",
        "weekdays": "daily", "notices": other.to_string()});
    maya.uses_in(other, "study setup", options).await;
    stage.advance_to("2026-11-24T09:00:00Z").await;
    stage.sandbox().set_bot_permissions(Some(other), 0, CREATE_PUBLIC_THREADS);
    stage.advance_to("2026-11-24T17:01:00Z").await;
    let told = |channel| {
        let posts = stage.place.of_bot(channel);
        posts.into_iter().filter(|post| post.says("My daily look")).count()
    };
    assert_eq!((told(other), told(stage.channel("admin-notes"))), (1, 0));
    stage.sandbox().set_bot_permissions(Some(other), 0, 0);
    stage.settle().await;
    stage.finish().await;
}
