//! Who stands where, and who sees it.

use crate::cast::Member;
use crate::stage::{Props, Stage, stamp};
use serde_json::{Value, json};
use studyhall::domain::ids::{GuildId, MemberId};
use studyhall::domain::refusal::Refusal;
use studyhall::store::ledger;

/// Ana, Ben and Chidi have answered, and Ana is the members' pick.
async fn after_one_round() -> (Stage, [Member; 4]) {
    let stage = Stage::open().await;
    let [ana, ben, chidi, dana] = stage.cast().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, the best of all of them.").await;
    ben.answers("Ben's answer, which nobody votes for.").await;
    chidi.answers("Chidi's answer, nobody's choice either.").await;
    ben.votes_for(&ana).await;
    chidi.votes_for(&ana).await;
    stage.advance_days(1).await;
    (stage, [ana, ben, chidi, dana])
}

#[tokio::test]
async fn weeks_and_months_begin_in_the_zone_of_the_guild() {
    // In Auckland it is Saturday, 28 November, 07:59; clocks there are 13 hours ahead.
    let stage = Stage::with(Props { start: "2026-11-27T18:59:00Z", ..Props::default() }).await;
    let [ana, ben, chidi, _] = stage.cast().await;
    stage.set_up("08:00", "Pacific/Auckland").await;
    stage.advance(1).await;
    ana.answers("Answered on Saturday, closed on Sunday").await;
    stage.advance_days(1).await;
    ben.answers("Answered on Sunday, closed on Monday").await;
    stage.advance_days(1).await;
    // Still Sunday evening in UTC.
    assert_eq!(stage.now().to_rfc3339(), "2026-11-29T19:00:00+00:00");
    let board = async |window: &str| ana.uses("leaderboard", json!({"window": window})).await;
    assert_eq!(board("this week").await.places(), ["1. **Ben**: 2 points"]);
    assert!(board("this week").await.says("You have no points here yet."));
    assert_eq!(
        board("this month").await.places(),
        ["1. **Ana**: 2 points", "1. **Ben**: 2 points"],
        "equals share a rank, and who got there first is listed first"
    );

    chidi.answers("Answered on Monday, closed in December").await;
    stage.advance_days(1).await;
    assert_eq!(stage.now().to_rfc3339(), "2026-11-30T19:00:00+00:00");
    assert_eq!(board("this month").await.places(), ["1. **Chidi**: 2 points"]);
    assert_eq!(
        board("this week").await.places(),
        ["1. **Ben**: 2 points", "1. **Chidi**: 2 points"]
    );
    assert_eq!(
        board("last week").await.ranks(),
        ["1. **Ana**: 2 points (1 answer)"],
        "Ana's streak broke on Monday"
    );
    assert_eq!(board("all time").await.ranks().len(), 3);

    // The zone moves the week's beginning, and so the week that Sunday's round counts in.
    let said = stage.study("board zone", json!({"zone": "Pacific/Honolulu"})).await;
    assert!(said.says("Pacific/Honolulu"), "{}", said.text());
    assert_eq!(
        board("this week").await.places(),
        ["1. **Chidi**: 2 points"],
        "it is Monday morning there, and Chidi's round closed at 9:00"
    );
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.finish().await;
}

#[tokio::test]
async fn the_own_rank_is_shown_on_every_page() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let mut students = Vec::new();
    for number in 1..=13 {
        let student = stage.member(&format!("Student {number:02}")).await;
        student.says(&format!("The answer of student number {number:02}")).await;
        students.push(student);
    }
    students[1].votes_for(&students[0]).await;
    students[2].votes_for(&students[0]).await;
    stage.advance_days(1).await;

    let last = &students[12];
    let first_page = last.uses("leaderboard", Value::Null).await;
    assert_eq!(first_page.ranks().len(), 10);
    assert_eq!(
        first_page.places()[..4],
        [
            "1. **Student 01**: 7 points",
            "2. **Student 02**: 3 points",
            "2. **Student 03**: 3 points",
            "4. **Student 04**: 2 points"
        ]
    );
    assert!(first_page.says("Page 1 of 2, 13 members"));
    assert!(first_page.says("You: rank 4, 2 points (1 answer), streak 1"), "{}", first_page.text());
    let second = last.presses(&first_page, "More").await;
    assert_eq!(second.ranks().len(), 3);
    assert!(second.says("You: rank 4, 2 points (1 answer), streak 1"), "{}", second.text());
    assert_eq!(last.presses(&second, "Back").await.ranks(), first_page.ranks());
    let beyond = last.uses("leaderboard", json!({"page": 99})).await;
    assert_eq!(beyond.ranks(), second.ranks(), "beyond the last page is the last page");
    stage.finish().await;
}

#[tokio::test]
async fn the_board_is_private_until_it_is_shared() {
    let (stage, [ana, ..]) = after_one_round().await;
    let before = stage.place.posts(stage.place.study).len();
    let board = ana.uses("leaderboard", Value::Null).await;
    assert!(board.0["flags"].as_u64().unwrap() & 64 != 0);
    assert_eq!(stage.place.posts(stage.place.study).len(), before);

    ana.presses(&board, "Share").await;
    let shared = stage.place.of_bot(stage.place.study).pop().unwrap();
    assert_eq!(shared.ranks(), board.ranks());
    assert!(!shared.says("You: "), "{}", shared.text());
    assert_eq!(shared.keys().len(), 0, "no buttons");
    assert_eq!(shared.0["mentions"], json!([]), "nobody is pinged");
    stage.finish().await;
}

#[tokio::test]
async fn members_can_stay_off_the_boards() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    let said = ana.uses("privacy", json!({"board": "off"})).await;
    assert!(said.says("You are off the leaderboards"), "{}", said.text());
    let board = ben.uses("leaderboard", Value::Null).await;
    assert_eq!(board.places(), ["1. **Ben**: 3 points", "1. **Chidi**: 3 points"]);
    let own = ana.uses("leaderboard", Value::Null).await;
    assert!(own.says("You are off the leaderboards") && own.ranks().len() == 2, "{}", own.text());
    assert!(ana.uses("points", Value::Null).await.says("**7 points**"), "points are kept");

    ana.uses("privacy", json!({"board": "on"})).await;
    let board = ben.uses("leaderboard", Value::Null).await;
    assert_eq!(board.ranks()[0], "1. **Ana**: 7 points (1 pick, 1 answer), streak 1");
    stage.finish().await;
}

#[tokio::test]
async fn members_who_left_are_hidden_but_keep_their_points() {
    let (mut stage, [ana, ben, ..]) = after_one_round().await;
    stage.sandbox().remove_member(ana.id());
    stage.advance_days(2).await;
    let week = json!({"window": "all time"});
    ben.uses("leaderboard", week.clone()).await;
    let asked = format!("/guilds/{}/members/{}", stage.sandbox().guild_id(), ana.id());
    // Said once, it could be a mistake.
    let looked_up = || {
        let exchanges = stage.exchanges();
        exchanges.iter().filter(|one| one.path == asked && one.status == 404).count() == 2
    };
    stage.until("two looks whether Ana is still there", looked_up).await;
    stage.settle().await;

    let board = ben.uses("leaderboard", week.clone()).await;
    assert_eq!(board.places(), ["1. **Ben**: 3 points", "1. **Chidi**: 3 points"]);
    // Who is still there is asked about at most once a day.
    let asked = || {
        let exchanges = stage.exchanges();
        exchanges.iter().filter(|one| one.path.contains("/members/")).count()
    };
    let before = asked();
    ben.uses("leaderboard", week).await;
    assert_eq!(asked(), before);

    stage.stop_bot().await;
    let store = stage.store().await;
    let mut db = store.read().await.unwrap();
    let guild = GuildId(stage.sandbox().guild_id());
    assert_eq!(ledger::total(&mut db, guild, MemberId(ana.id())).await.unwrap(), 7);
    drop(db);
    store.close().await;
    stage.finish().await;
}

#[tokio::test]
async fn whoever_comes_back_is_back_with_whatever_they_do() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    let all_time = json!({"window": "all time"});
    let guild = stage.sandbox().guild_id();
    let asked = format!("/guilds/{guild}/members/{}", ana.id());
    let misses = || {
        let exchanges = stage.exchanges();
        exchanges.iter().filter(|one| one.path == asked && one.status == 404).count()
    };
    for way in ["a command", "a click", "a message"] {
        stage.sandbox().remove_member(ana.id());
        stage.advance_days(2).await;
        let before = misses();
        ben.uses("leaderboard", all_time.clone()).await;
        // Said once, it could be a mistake of Discord's.
        stage.until("two looks whether Ana is still there", || misses() >= before + 2).await;
        stage.settle().await;
        let board = ben.uses("leaderboard", all_time.clone()).await;
        assert!(!board.text().contains("Ana"), "{way}: {}", board.text());

        stage.sandbox().return_member(ana.id());
        stage.settle().await;
        match way {
            "a command" => {
                let board = ana.uses("leaderboard", all_time.clone()).await;
                assert_eq!(board.places()[0], "1. **Ana**: 7 points", "{}", board.text());
                assert!(!board.says("You have no points here yet"), "{}", board.text());
                let points = ana.uses("points", Value::Null).await;
                assert!(points.says("**7 points**, rank 1 of all time"), "{}", points.text());
                assert!(!ana.uses("stats", Value::Null).await.text().is_empty());
            }
            "a click" => {
                ana.presses(&stage.card(), "How it works").await;
            }
            _ => {
                ana.says_in(stage.place.study, "Hello again.").await;
            }
        }
        stage.settle().await;
        let board = ben.uses("leaderboard", all_time.clone()).await;
        assert_eq!(board.places()[0], "1. **Ana**: 7 points", "{way}: {}", board.text());
    }
    stage.finish().await;
}

#[tokio::test]
async fn points_list_their_causes() {
    let (stage, [_, ben, _, dana]) = after_one_round().await;
    let title = stage.cards()[0].title();
    let points = ben.uses("points", Value::Null).await;
    assert!(points.says("**3 points**, rank 2 of all time"), "{}", points.text());
    assert!(points.says(&format!("+2 answered, “{title}”")), "{}", points.text());
    assert!(points.says(&format!("+1 voted, “{title}”")), "{}", points.text());
    let none = dana.uses("points", Value::Null).await;
    assert!(none.says("Answer a question, vote"), "{}", none.text());
    stage.finish().await;
}

/// A round that closes with an answer of each.
async fn a_round(stage: &Stage, members: &[Member]) {
    for member in members {
        member.answers(&format!("The answer that {} gives today.", member.actor.name())).await;
    }
    stage.advance_days(1).await;
}

#[tokio::test]
async fn a_board_by_topic_keeps_to_it_over_its_pages() {
    let stage = Stage::open().await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    let mut students = Vec::new();
    for number in 1..=11 {
        students.push(stage.member(&format!("Student {number:02}")).await);
    }
    for student in &students {
        student.says("An answer of twenty characters and more").await;
    }
    let number = stage.card().title().chars().filter(char::is_ascii_digit).collect::<String>();
    let topic = ["lists", "loops"][number.parse::<usize>().unwrap() % 2];
    stage.advance_days(1).await;
    let ana = &students[0];
    let board = ana.uses("leaderboard", json!({"topic": topic.to_uppercase()})).await;
    assert_eq!(board.title(), format!("Leaderboard: this week, topic {topic}"));
    assert_eq!(board.ranks().len(), 10);
    let second = ana.presses(&board, "More").await;
    assert_eq!(second.ranks().len(), 1, "{}", second.text());
    assert_eq!(second.title(), board.title());
    ana.presses(&second, "Share").await;
    let shared = stage.place.of_bot(stage.place.study).pop().unwrap();
    assert_eq!(shared.ranks(), second.ranks());
    assert_eq!(shared.title(), board.title());

    let unknown = ana.uses("leaderboard", json!({"topic": "astrology"})).await;
    assert!(
        unknown.refuses(&Refusal::NoSuchTopic { typed: "astrology".to_owned(), nearest: None }),
        "{}",
        unknown.text()
    );
    let typed = json!([{"name": "topic", "value": "L", "focused": true}]);
    let offered = ana.actor.autocomplete(stage.place.study, "leaderboard", typed).await.unwrap();
    assert!(offered.iter().any(|one| one["value"] == topic), "{offered:?}");
    stage.finish().await;
}

#[tokio::test]
async fn newcomers_have_a_board_of_their_own() {
    // The cast joined 30 days before.
    let stage = Stage::open().await;
    let ana = stage.member("Ana").await;
    stage.set_up("08:00", "UTC").await;
    stage.advance(1).await;
    ana.answers("Ana's answer, given in November.").await;
    stage.advance_days(9).await;
    let nia = stage.member("Nia").await;
    a_round(&stage, &[ana.clone(), nia.clone()]).await;
    let newcomers = json!({"board": "newcomers"});
    let board = ana.uses("leaderboard", newcomers.clone()).await;
    assert_eq!(board.places(), ["1. **Nia**: 2 points"], "{}", board.text());
    assert!(board.says("You are not among the newcomers"), "{}", board.text());
    assert!(board.says(&stamp("2026-12-01T00:00:00Z")), "{}", board.text());
    assert_eq!(ana.uses("leaderboard", Value::Null).await.ranks().len(), 2);

    // With a season it is the season that decides.
    stage.season("start", json!({"name": "All of it", "date": "2026-10-01"})).await;
    let board = ana.uses("leaderboard", newcomers).await;
    assert_eq!(board.places(), ["1. **Ana**: 2 points", "1. **Nia**: 2 points"]);
    stage.finish().await;
}

#[tokio::test]
async fn a_role_keeps_its_members_off_as_last_seen() {
    let (stage, [ana, ben, ..]) = after_one_round().await;
    let staff = stage.sandbox().add_role("Staff");
    stage.sandbox().set_member_role(ana.id(), staff, true);
    let role = json!({"role": staff.to_string()});
    // The bot has not seen Ana with the role yet.
    let said = stage.study("board exclude", role.clone()).await;
    assert!(said.says("takes 0 members off"), "{}", said.text());
    assert_eq!(ben.uses("leaderboard", Value::Null).await.ranks().len(), 3);
    let own = ana.uses("points", Value::Null).await;
    assert!(own.says("**7 points**"), "reading tells the bot nothing: {}", own.text());
    // A message in the thread does.
    ana.answers("Ana's next answer, with the role of staff.").await;
    let board = ben.uses("leaderboard", Value::Null).await;
    assert_eq!(board.places(), ["1. **Ben**: 3 points", "1. **Chidi**: 3 points"]);
    let own = ana.uses("leaderboard", Value::Null).await;
    assert!(own.says("One of your roles keeps you off"), "{}", own.text());
    let settings = stage.study("board show", Value::Null).await;
    assert!(settings.says(&format!("<@&{staff}>")), "{}", settings.text());

    let said = stage.study("board include", role.clone()).await;
    assert!(said.says("brings 1 member back"), "{}", said.text());
    assert_eq!(ben.uses("leaderboard", Value::Null).await.places()[0], "1. **Ana**: 7 points");
    let again = stage.study("board include", role).await;
    assert!(again.refuses(&Refusal::RoleNotExcluded), "{}", again.text());
    let everybody = json!({"role": stage.sandbox().guild_id().to_string()});
    let all = stage.study("board exclude", everybody).await;
    assert!(all.refuses(&Refusal::RoleOfEverybody), "{}", all.text());
    // Now that it has seen the role, excluding it works at once.
    let said = stage.study("board exclude", json!({"role": staff.to_string()})).await;
    assert!(said.says("takes 1 member off"), "{}", said.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_recount_finds_what_differs_and_puts_it_right() {
    let (mut stage, [ana, ..]) = after_one_round().await;
    let before = ana.uses("leaderboard", Value::Null).await;
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.stop_bot().await;
    let store = stage.store().await;
    let mut db = store.begin().await.unwrap();
    let spoil = "UPDATE standings SET points = points + 50 WHERE topic = ''";
    sqlx::query(spoil).execute(&mut *db).await.unwrap();
    db.commit().await.unwrap();
    store.close().await;
    stage.start_bot().await;
    let wrong = ana.uses("leaderboard", Value::Null).await;
    assert_eq!(wrong.places()[0], "1. **Ana**: 57 points");
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("differed from the ledger"), "{}", counted.text());
    assert_eq!(ana.uses("leaderboard", Value::Null).await.ranks(), before.ranks());
    stage.finish().await;
}

#[tokio::test]
async fn boards_follow_a_voided_round() {
    let (stage, [ana, ..]) = after_one_round().await;
    let all_time = json!({"window": "all time"});
    assert_eq!(ana.uses("leaderboard", all_time.clone()).await.ranks().len(), 3);
    stage.study("void", Value::Null).await;
    assert_eq!(ana.uses("leaderboard", all_time).await.ranks().len(), 0);
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.finish().await;
}

#[tokio::test]
async fn a_database_from_before_the_standings_is_summed_up_at_the_start() {
    let (mut stage, [ana, ..]) = after_one_round().await;
    let before = ana.uses("leaderboard", json!({"window": "all time"})).await;
    stage.stop_bot().await;
    let store = stage.store().await;
    let mut db = store.begin().await.unwrap();
    for table in ["standings", "periods", "question_topics"] {
        let statement = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
        sqlx::query(statement).execute(&mut *db).await.unwrap();
    }
    db.commit().await.unwrap();
    store.close().await;
    stage.start_bot().await;
    for window in ["this week", "this month", "all time"] {
        let board = ana.uses("leaderboard", json!({"window": window})).await;
        assert_eq!(board.ranks(), before.ranks(), "{window}");
    }
    let counted = stage.study("recount", Value::Null).await;
    assert!(counted.says("agree with the ledger"), "{}", counted.text());
    stage.finish().await;
}
