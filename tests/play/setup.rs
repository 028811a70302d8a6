//! What admins set and steer, and what they are told.

use crate::questions;
use crate::stage::{Props, Stage, stamp};
use serde_json::{Value, json};
use studyhall::bank::Bank;
use studyhall::config::RoundsConfig;
use studyhall::domain::ids::ChannelId;
use studyhall::domain::refusal::Refusal;

const ADD_REACTIONS: u64 = 1 << 6;
const SEND_MESSAGES: u64 = 1 << 11;
const CREATE_PUBLIC_THREADS: u64 = 1 << 35;

#[tokio::test]
async fn setup_tells_when_the_first_round_comes() {
    let stage = Stage::open().await;
    let said = stage.set_up("08:00", "UTC").await;
    assert_eq!(said.title(), "Ready");
    assert!(said.says(&format!("<#{}> is a study channel now.", stage.place.study)));
    assert!(said.says(&stamp("2026-11-23T08:00:00Z")), "{}", said.text());
    assert!(said.0["flags"].as_u64().unwrap() & 64 != 0, "only the admin sees it");
    stage.finish().await;
}

#[tokio::test]
async fn setup_names_each_missing_right_and_its_place() {
    let stage = Stage::open().await;
    let notes = stage.channel("admin-notes");
    let study = stage.place.study;
    stage.sandbox().set_bot_permissions(Some(study), 0, ADD_REACTIONS | CREATE_PUBLIC_THREADS);
    stage.sandbox().set_bot_permissions(Some(notes), 0, SEND_MESSAGES);
    stage.settle().await;
    let options =
        json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes.to_string()});
    let said = stage.set_up_with(options).await;
    assert_eq!(said.title(), "Set up, but I lack permissions");
    let lacking = |place: u64, rights: &str| {
        let of_place = format!("In <#{place}>, ");
        said.text().lines().any(|line| line.contains(&of_place) && line.contains(rights))
    };
    assert!(lacking(study, "I lack **Add Reactions** and **Create Public Threads**."));
    assert!(lacking(notes, "I lack **Send Messages**."), "{}", said.text());

    stage.sandbox().set_bot_permissions(Some(study), 0, 0);
    stage.sandbox().set_bot_permissions(Some(notes), 0, 0);
    stage.settle().await;
    let said = stage.set_up_with(json!({})).await;
    assert_eq!(said.title(), "Ready", "{}", said.text());
    stage.finish().await;
}

#[tokio::test]
async fn setup_refuses_what_cannot_be() {
    let stage = Stage::open().await;
    for (options, reason) in [
        (json!({}), Refusal::SetupIncomplete),
        (json!({"time": "08:00"}), Refusal::SetupIncomplete),
        (json!({"time": "25:00", "zone": "UTC"}), Refusal::BadTime("25:00".to_owned())),
        (json!({"time": "08:00", "zone": "Atlantis"}), Refusal::BadZone("Atlantis".to_owned())),
        (
            json!({"time": "08:00", "zone": "UTC", "weekdays": "someday"}),
            Refusal::BadWeekdays("someday".to_owned()),
        ),
    ] {
        let said = stage.set_up_with(options).await;
        assert!(said.refuses(&reason), "{}", said.text());
    }
    let none = stage.study("status", Value::Null).await;
    assert!(none.refuses(&Refusal::NoStudyChannel), "{}", none.text());
    stage.finish().await;
}

#[tokio::test]
async fn an_abbreviated_zone_is_asked_about_and_a_city_is_taken() {
    let stage = Stage::open().await;
    for typed in ["EST", "mst", "HST", "PST"] {
        let said = stage.set_up_with(json!({"time": "08:00", "zone": typed})).await;
        assert!(said.says("Choose the zone of a city near you"), "{}", said.text());
    }
    let said = stage.set_up_with(json!({"time": "08:00", "zone": "EST"})).await;
    assert!(said.says("`America/New_York`"), "{}", said.text());
    let said = stage.set_up_with(json!({"time": "08:00", "zone": "lisb"})).await;
    assert!(said.says("Write it in full: `Europe/Lisbon`."), "{}", said.text());
    let none = stage.study("status", Value::Null).await;
    assert!(none.refuses(&Refusal::NoStudyChannel), "{}", none.text());
    for (typed, zone) in [("Lisbon", "Europe/Lisbon"), ("New York", "America/New\\_York")] {
        stage.set_up_with(json!({"time": "08:00", "zone": typed})).await;
        let help = stage.member("Ana").await.uses("help", Value::Null).await;
        assert!(help.says(zone), "{}", help.text());
    }
    stage.finish().await;
}

#[tokio::test]
async fn only_text_channels_can_be_study_channels() {
    let stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    let voice = stage.sandbox().add_channel("Lounge", 2);
    let forum = stage.sandbox().add_channel("questions", 15);
    for channel in [voice, forum] {
        // Discord's own client does not offer them, but others may send what they like.
        let options = json!({"channel": channel.to_string(), "time": "08:00", "zone": "UTC"});
        let said = maya.uses("study setup", options).await;
        assert!(said.refuses(&Refusal::NotATextChannel), "{}", said.text());
    }
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    // A thread can still be typed in.
    let thread = stage.thread();
    let status = maya.uses_in(thread, "study status", Value::Null).await;
    assert!(status.says("Health: fine"), "{}", status.text());
    stage.finish().await;
}

#[tokio::test]
async fn members_without_manage_server_cannot_steer() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    let study = stage.place.study.to_string();
    let options = json!({"channel": study, "time": "08:00", "zone": "UTC"});
    let refused = ana.is_refused("study setup", options).await;
    assert!(refused.contains("50013"), "{refused}");
    ana.is_refused("study post", Value::Null).await;
    let today = ana.uses("today", Value::Null).await;
    assert!(today.refuses(&Refusal::NoStudyChannel), "{}", today.text());
    stage.finish().await;
}

#[tokio::test]
async fn status_shows_the_next_five_rounds_and_the_pool() {
    let stage = Stage::open().await;
    stage.set_up_with(json!({"time": "08:00", "zone": "UTC"})).await;
    let status = stage.study("status", Value::Null).await;
    for day in ["23", "24", "25", "26", "27"] {
        assert!(status.says(&stamp(&format!("2026-11-{day}T08:00:00Z"))), "{}", status.text());
    }
    assert!(!status.says(&stamp("2026-11-30T08:00:00Z")), "five");
    assert!(status.says("New questions left: 24. Rounds closed so far: 0."));
    assert!(status.says("Health: fine") && status.says("Mon–Fri at 08:00 (UTC)"));

    stage.advance(1).await;
    let status = stage.study("status", Value::Null).await;
    assert!(status.says("New questions left: 23."), "{}", status.text());
    assert!(status.says(&format!("Open: “{}”", stage.card().title())));
    assert!(status.says(&stamp("2026-11-30T08:00:00Z")), "today's is over");
    stage.finish().await;
}

#[tokio::test]
async fn the_zone_is_offered_while_one_types() {
    let stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    let typed = |text: &str| {
        json!([{"name": "setup", "options": [
            {"name": "channel", "value": stage.place.study.to_string()},
            {"name": "zone", "value": text, "focused": true},
        ]}])
    };
    let offered = async |text: &str| -> Vec<String> {
        let choices = maya.actor.autocomplete(stage.place.study, "study", typed(text)).await;
        let names = choices.unwrap().into_iter().map(|c| c["value"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(offered("lisb").await, ["Europe/Lisbon"]);
    assert_eq!(offered("").await[0], "UTC");
    assert_eq!(offered("a").await.len(), 25, "as many as Discord shows");
    assert_eq!(offered("nowhere at all").await, Vec::<String>::new());
    stage.finish().await;
}

#[tokio::test]
async fn a_plan_decides_what_is_drawn() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    let said = stage.study("plan", json!({"topics": "loops", "mix": "hard"})).await;
    assert!(said.says("The study plan is changed"), "{}", said.text());
    stage.advance_days(3).await;
    for card in stage.cards() {
        assert!(card.says("(loops, hard)"), "{}", card.text());
    }
    assert_eq!(stage.cards().len(), 3);

    for (options, reason) in [
        (json!({"topics": "lops"}), "loops"),
        (json!({"mix": "difficult 2"}), "That plan does not work"),
        (json!({"ladder": "mon tricky"}), "That plan does not work"),
        (json!({"mix": "easy", "ladder": "mon easy"}), "either a mix or a ladder"),
    ] {
        let said = stage.study("plan", options).await;
        assert!(said.says("That plan does not work") && said.says(reason), "{}", said.text());
    }
    let shown = stage.study("plan", Value::Null).await;
    assert!(shown.says("loops") && shown.title() == "The study plan", "{}", shown.text());

    // Tuesday to Thursday were hard; Thursday on the ladder is easy.
    stage.study("plan", json!({"topics": "all", "ladder": "thu easy, fri medium"})).await;
    stage.advance_days(1).await;
    assert!(stage.card().says(", easy)"), "{}", stage.card().text());
    stage.finish().await;
}

#[tokio::test]
async fn extra_rounds_stand_beside_the_scheduled_one() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    let first = stage.study("post", Value::Null).await;
    assert!(first.says("An extra question is on its way"), "{}", first.text());
    stage.study("post", Value::Null).await;
    assert_eq!(stage.cards().len(), 2, "two interactions, two rounds");
    ana.answers("An answer to the second extra question").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;

    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 3, "and the scheduled one all the same");
    let titles: std::collections::BTreeSet<String> =
        stage.cards().iter().map(|card| card.title()).collect();
    assert_eq!(titles.len(), 3, "three different questions");
    assert_eq!(stage.results().len(), 2, "extra rounds close at the next due instant");
    assert!(stage.results().iter().any(|result| result.says("**Ana** 🏆")));
    stage.finish().await;
}

#[tokio::test]
async fn a_question_can_be_replaced() {
    let stage = Stage::open().await;
    let [ana, ben, ..] = stage.cast().await;
    let options = json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "pin": true});
    let ready = stage.set_up_with(options).await;
    assert!(!ready.says("Pin Messages"), "serenity cannot see that right: {}", ready.text());
    let early = stage.study("replace", Value::Null).await;
    assert!(early.refuses(&Refusal::NoOpenRound), "{}", early.text());
    stage.advance(1).await;
    let first = stage.card();
    let answer = ana.answers("An answer to a question that will be withdrawn").await;
    let ballot = ben.votes_for(&ana).await;
    let said = stage.study("replace", Value::Null).await;
    assert!(said.says("is withdrawn and another one is on its way"), "{}", said.text());

    let old = stage.place.post(&first);
    assert!(old.field("Withdrawn").is_some() && old.button("Vote").is_none(), "{}", old.text());
    assert!(!old.is_pinned() && stage.card().is_pinned());
    for late in [ben.presses(&ballot, "Withdraw").await, ben.votes_for_message(&answer).await] {
        assert!(late.refuses(&Refusal::RoundClosed), "{}", late.text());
    }
    assert_eq!(stage.cards().len(), 2);
    assert_ne!(stage.card().title(), first.title());
    assert!(stage.card().says(&stamp("2026-11-24T08:00:00Z")), "closes as the first would have");
    ana.answers("An answer to the question that took its place").await;
    stage.advance_days(1).await;
    assert_eq!(stage.results().len(), 1, "a withdrawn round has no result");
    let points = ana.uses("points", Value::Null).await;
    assert!(points.says("**2 points**"), "{}", points.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_voided_round_gives_its_points_back() {
    let stage = Stage::open().await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    let nothing = stage.study("void", Value::Null).await;
    assert!(nothing.refuses(&Refusal::NothingToVoid), "{}", nothing.text());
    stage.advance(1).await;
    ana.answers("An answer that everybody likes very much").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_days(1).await;
    let card = stage.cards().remove(0);
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"));

    let said = stage.study("void", Value::Null).await;
    assert!(said.says("All its points were taken back"), "{}", said.text());
    assert!(stage.result().says("An admin voided this round."), "{}", stage.result().text());
    assert!(stage.place.post(&card).says("An admin voided this round"));
    let points = ana.uses("points", Value::Null).await;
    assert!(points.says("**0 points**"), "{}", points.text());
    assert!(points.says("-5 taken back") || points.says("−5 taken back"), "{}", points.text());
    let again = stage.study("void", Value::Null).await;
    assert!(again.refuses(&Refusal::AlreadyVoid), "{}", again.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_study_channel_can_end_and_begin_again() {
    let stage = Stage::open().await;
    let [ana, ..] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    ana.answers("An answer given before the channel was removed").await;
    let said = stage.study("remove", Value::Null).await;
    assert!(said.says("is not a study channel any more"), "{}", said.text());
    stage.advance_days(1).await;
    assert_eq!((stage.cards().len(), stage.results().len()), (1, 1), "the open round still closes");
    stage.advance_days(1).await;

    stage.set_up("08:00", "UTC").await;
    assert_eq!(stage.cards().len(), 1, "nothing is made up for");
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 2);
    assert_ne!(stage.card().title(), stage.cards()[0].title(), "it remembers what it asked");
    assert!(ana.uses("points", Value::Null).await.says("**2 points**"));
    stage.finish().await;
}

#[tokio::test]
async fn the_admins_hear_in_time_that_the_questions_run_out() {
    let rounds = RoundsConfig { stock_warning_days: 2, ..RoundsConfig::default() };
    let stage = Stage::with(Props { bank: questions::bank(4), rounds, ..Props::default() }).await;
    let notes = stage.channel("admin-notes").to_string();
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes}))
        .await;
    stage.advance_days(2).await;
    assert_eq!(stage.notices().len(), 0, "two are left");
    stage.advance_days(1).await;
    assert_eq!(stage.notices().len(), 1);
    assert!(stage.notices()[0].says("New questions left for"), "{}", stage.notices()[0].text());
    stage.advance_days(2).await;
    assert_eq!(stage.notices().len(), 1, "once a week is enough");
    let titles: Vec<String> = stage.cards().iter().map(|card| card.title()).collect();
    assert_eq!(titles.len(), 5);
    assert_eq!(titles[4], titles[0], "the one asked longest ago comes again");
    stage.finish().await;
}

#[tokio::test]
async fn a_plan_without_questions_means_no_round_and_a_notice() {
    let bank: Bank = [questions::question("lists", 1)].into_iter().collect();
    // No warning that the questions run out: they have.
    let rounds = RoundsConfig { stock_warning_days: 0, ..RoundsConfig::default() };
    let stage = Stage::with(Props { bank, rounds, ..Props::default() }).await;
    let notes = stage.channel("admin-notes").to_string();
    stage
        .set_up_with(json!({"time": "08:00", "zone": "UTC", "weekdays": "daily", "notices": notes}))
        .await;
    stage.study("post", Value::Null).await;
    assert_eq!(stage.cards().len(), 1);
    // The only question is open, so it cannot be drawn again.
    let said = stage.study("post", Value::Null).await;
    assert!(said.refuses(&Refusal::EmptyPool), "{}", said.text());
    stage.advance(1).await;
    assert_eq!(stage.cards().len(), 1);
    assert_eq!(stage.notices().len(), 1);
    assert!(stage.notices()[0].says("There was no round on Mon 2026-11-23"));
    stage.advance_days(1).await;
    assert_eq!(stage.cards().len(), 2, "the question is free again");
    stage.finish().await;
}

#[tokio::test]
async fn notices_find_somebody_who_can_be_told() {
    // Without a channel for them: a direct message to whoever ran the setup.
    let mut stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    stage.set_up("08:00", "UTC").await;
    stage.stop_bot().await;
    stage.advance_days(1).await;
    stage.start_bot().await;
    let direct = stage.sandbox().direct_messages(maya.id());
    assert_eq!(direct.len(), 1);
    let notice = crate::post::Post(direct[0].clone());
    assert!(notice.says("the round of Mon 2026-11-23"), "{}", notice.text());
    let status = maya.presses(&notice, "Status").await;
    assert!(status.says("Study status"), "{}", status.text());

    // If that is refused too, it stands in the status.
    stage.sandbox().set_dms_open(maya.id(), false);
    stage.stop_bot().await;
    stage.advance_days(1).await;
    stage.start_bot().await;
    assert_eq!(stage.sandbox().direct_messages(maya.id()).len(), 1);
    let status = stage.study("status", Value::Null).await;
    let unsaid = status.field("Notices that I could give to nobody").unwrap();
    assert!(unsaid.contains("the round of Tue 2026-11-24"), "{unsaid}");
    stage.finish().await;
}

#[tokio::test]
async fn two_study_channels_in_one_guild() {
    let stage = Stage::open().await;
    let maya = stage.member("Maya").await;
    stage.set_up("08:00", "UTC").await;
    let second = stage.sandbox().add_channel("rust", 0);
    stage.settle().await;
    let options = json!({
        "channel": second.to_string(), "time": "09:00", "zone": "UTC", "weekdays": "daily",
    });
    maya.uses("study setup", options).await;
    let which = maya.uses_in(stage.channel("general"), "study post", Value::Null).await;
    let both = [ChannelId(stage.place.study), ChannelId(second)].to_vec();
    assert!(which.refuses(&Refusal::WhichChannel(both)), "{}", which.text());
    maya.uses_in(second, "study post", Value::Null).await;
    assert_eq!(stage.place.of_bot(second).len(), 1);
    assert_eq!(stage.cards().len(), 0);
    stage.advance_to("2026-11-23T09:00:00Z").await;
    assert_eq!((stage.cards().len(), stage.place.of_bot(second).len()), (1, 2));
    stage.finish().await;
}
