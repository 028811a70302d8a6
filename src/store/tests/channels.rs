use super::{Bench, ELSEWHERE, GUILD, OTHER_GUILD, SECOND, STUDY, at, channel, date, refused};
use crate::domain::draw::{DifficultyPlan, Plan};
use crate::domain::ids::{ChannelId, GuildId, RoleId};
use crate::domain::question::Difficulty;
use crate::domain::schedule::{Holiday, Pause, Schedule, Weekdays};
use crate::store::channels::{self, StudyChannel};
use chrono::NaiveTime;
use std::collections::BTreeMap;

fn full(id: ChannelId) -> StudyChannel {
    StudyChannel {
        id,
        guild: GUILD,
        schedule: Schedule {
            time: NaiveTime::from_hms_opt(23, 59, 0).unwrap(),
            zone: chrono_tz::America::New_York,
            weekdays: Weekdays::ALL,
            holidays: Vec::new(),
            pause: Some(Pause { from: at(10), until: Some(at(20)) }),
        },
        plan: Plan {
            topics: BTreeMap::from([("basics".to_owned(), 3), ("oop".to_owned(), 0)]),
            difficulty: DifficultyPlan::Ladder([Difficulty::Hard; 7]),
            aim: Some(70),
        },
        since: at(-7),
        role: Some(RoleId(17)),
        pin: true,
        close_after_h: Some(168),
        trouble: Some(("missing right: \"Create Public Threads\"".to_owned(), at(3))),
        stock_warned: Some(at(4)),
        removed: false,
    }
}

fn holiday(first: i64, last: i64, label: &str) -> Holiday {
    Holiday { first: date(first), last: date(last), label: label.to_owned() }
}

#[tokio::test]
async fn a_study_channel_comes_back_as_it_was_written() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(channels::find(&mut db, ChannelId(1)).await.unwrap(), None);
    assert_eq!(channels::find(&mut db, STUDY).await.unwrap(), Some(channel(STUDY, GUILD)));
    // Every column changes, to something and back to nothing.
    for wanted in [full(STUDY), channel(STUDY, GUILD), full(STUDY)] {
        channels::save(&mut db, &wanted, at(9)).await.unwrap();
        assert_eq!(channels::find(&mut db, STUDY).await.unwrap(), Some(wanted));
    }
    let endless = StudyChannel {
        schedule: Schedule {
            time: NaiveTime::MIN,
            pause: Some(Pause { from: at(1), until: None }),
            ..full(STUDY).schedule
        },
        ..full(STUDY)
    };
    channels::save(&mut db, &endless, at(9)).await.unwrap();
    assert_eq!(channels::find(&mut db, STUDY).await.unwrap(), Some(endless));
}

#[tokio::test]
async fn only_channels_in_use_are_listed() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let listed = async |db: &mut _, guild: Option<GuildId>| {
        let found = channels::in_use(db, guild).await.unwrap();
        let ids: Vec<_> = found.iter().map(|channel| channel.id).collect();
        assert_eq!(channels::ids_in_use(db, guild).await.unwrap(), ids);
        found.into_iter().map(|channel| channel.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&mut db, None).await, [STUDY, SECOND, ELSEWHERE]);
    assert_eq!(listed(&mut db, Some(GUILD)).await, [STUDY, SECOND]);
    assert_eq!(listed(&mut db, Some(OTHER_GUILD)).await, [ELSEWHERE]);
    assert_eq!(listed(&mut db, Some(GuildId(1))).await, []);

    let removed = StudyChannel { removed: true, ..channel(STUDY, GUILD) };
    channels::save(&mut db, &removed, at(9)).await.unwrap();
    assert_eq!(listed(&mut db, None).await, [SECOND, ELSEWHERE]);
    assert_eq!(listed(&mut db, Some(GUILD)).await, [SECOND]);
    // Rounds and points refer to it: it can still be found, and be set up again.
    assert_eq!(channels::find(&mut db, STUDY).await.unwrap(), Some(removed));
    channels::save(&mut db, &channel(STUDY, GUILD), at(9)).await.unwrap();
    assert_eq!(listed(&mut db, Some(GUILD)).await, [STUDY, SECOND]);
}

#[tokio::test]
async fn a_removed_channel_keeps_the_instant_of_its_removal() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let removed = StudyChannel { removed: true, ..channel(STUDY, GUILD) };
    for now in [at(9), at(10)] {
        channels::save(&mut db, &removed, now).await.unwrap();
        let row: (i64,) =
            sqlx::query_as("SELECT removed_at FROM study_channels WHERE channel_id = $1")
                .bind(STUDY.to_db())
                .fetch_one(&mut *db)
                .await
                .unwrap();
        assert_eq!(row.0, at(9).timestamp_millis());
    }
}

#[tokio::test]
async fn holidays_are_each_channels_own() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let (feast, trip) = (holiday(20, 20, "Feast"), holiday(3, 9, "Trip 🚌"));
    channels::add_holiday(&mut db, STUDY, &feast).await.unwrap();
    channels::add_holiday(&mut db, STUDY, &trip).await.unwrap();
    channels::add_holiday(&mut db, ELSEWHERE, &feast).await.unwrap();

    let of_one = channels::find(&mut db, STUDY).await.unwrap().unwrap().schedule.holidays;
    assert_eq!(of_one, [trip.clone(), feast.clone()]);
    let of_all: Vec<_> = channels::in_use(&mut db, None)
        .await
        .unwrap()
        .into_iter()
        .map(|channel| channel.schedule.holidays)
        .collect();
    assert_eq!(of_all, [vec![trip, feast.clone()], vec![], vec![feast.clone()]]);
    let of_guild = channels::in_use(&mut db, Some(OTHER_GUILD)).await.unwrap();
    assert_eq!(of_guild[0].schedule.holidays, of_all[2]);

    // Saving the channel leaves its holidays alone.
    channels::save(&mut db, &channel(STUDY, GUILD), at(9)).await.unwrap();
    assert_eq!(channels::find(&mut db, STUDY).await.unwrap().unwrap().schedule.holidays, of_one);

    // The same first date again: one holiday, as it was said last.
    let longer = holiday(3, 12, "Longer trip");
    channels::add_holiday(&mut db, STUDY, &longer).await.unwrap();
    let now = channels::find(&mut db, STUDY).await.unwrap().unwrap().schedule.holidays;
    assert_eq!(now, [longer, feast]);
}

#[tokio::test]
async fn holidays_go_by_any_of_their_dates() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for one in [holiday(3, 9, "A"), holiday(9, 12, "B"), holiday(20, 20, "C")] {
        channels::add_holiday(&mut db, STUDY, &one).await.unwrap();
    }
    channels::add_holiday(&mut db, SECOND, &holiday(9, 9, "D")).await.unwrap();
    for (day, gone) in [(2, 0), (13, 0), (19, 0), (21, 0), (9, 2), (9, 0), (20, 1)] {
        let removed = channels::remove_holidays(&mut db, STUDY, date(day)).await.unwrap();
        assert_eq!(removed, gone, "day {day}");
    }
    let other = channels::find(&mut db, SECOND).await.unwrap().unwrap();
    assert_eq!(other.schedule.holidays.len(), 1);
}

#[tokio::test]
async fn the_table_refuses_what_no_schedule_is() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    for set in [
        "UPDATE study_channels SET at_minute = 1440",
        "UPDATE study_channels SET at_minute = -1",
        "UPDATE study_channels SET weekdays = 0",
        "UPDATE study_channels SET weekdays = 128",
        "UPDATE study_channels SET pin = 2",
        "UPDATE study_channels SET close_after_h = 0",
        "UPDATE study_channels SET close_after_h = 169",
        "UPDATE study_channels SET paused_until = 1",
        "UPDATE study_channels SET trouble = 'x'",
        "INSERT INTO holidays VALUES (800000000000000001, '2026-11-02', '2026-11-01', '')",
    ] {
        let told = refused(&mut db, set).await;
        assert!(told.contains("CHECK constraint failed"), "{set}: {told}");
    }
    let told = refused(&mut db, "UPDATE study_channels SET zone = NULL").await;
    assert!(told.contains("NOT NULL constraint failed"), "{told}");
    // A study channel of no guild, and a holiday of no study channel.
    let lost = channels::save(&mut db, &channel(ChannelId(1), GuildId(1)), at(0)).await;
    assert!(lost.unwrap_err().to_string().contains("FOREIGN KEY"));
    let lost = channels::add_holiday(&mut db, ChannelId(1), &holiday(1, 1, "")).await;
    assert!(lost.unwrap_err().to_string().contains("FOREIGN KEY"));
}

#[tokio::test]
async fn what_the_tables_cannot_refuse_is_told_when_read() {
    let bench = Bench::new().await;
    for (set, word) in [
        ("UPDATE study_channels SET zone = 'Mars/Base'", "zone"),
        ("UPDATE study_channels SET plan = '{'", "plan"),
        ("UPDATE study_channels SET plan = '{\"topics\":{},\"difficulty\":\"x\"}'", "plan"),
        ("UPDATE study_channels SET since = 9223372036854775807", "since"),
    ] {
        let mut db = bench.store.begin().await.unwrap();
        sqlx::query(set).execute(&mut *db).await.unwrap();
        let error = channels::find(&mut db, STUDY).await.unwrap_err().to_string();
        assert!(error.contains(word), "{set}: {error}");
        assert!(channels::in_use(&mut db, None).await.is_err(), "{set}");
    }
}
