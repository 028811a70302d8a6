use super::{Grade, LONGEST_DAYS, Learning, Memory, RETENTION, due_at, graded, missed, next};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{America, Asia, Europe, Pacific, Tz, UTC};
use fsrs::{FSRS, MemoryState};
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Grades the question each time on the day it is due; the intervals.
fn intervals(grades: &[Grade]) -> Vec<u32> {
    let mut learning = Learning::default();
    let mut now = at("2026-11-23T18:00:00Z");
    let mut days = Vec::new();
    for grade in grades {
        let next = graded(&learning, *grade, now, UTC);
        days.push(next.learning.days);
        learning = next.learning;
        now = next.due_at + TimeDelta::hours(18);
    }
    days
}

#[test]
fn intervals_grow_with_success_and_fall_with_failure() {
    use Grade::{Again, Easy, Good, Hard};
    let table: [(&[Grade], &[u32]); 5] = [
        (&[Good; 8], &[2, 11, 46, 163, 497, 1_346, 3_292, 7_398]),
        (&[Easy; 5], &[8, 66, 397, 1_875, 7_265]),
        (&[Hard; 5], &[1, 3, 7, 12, 18]),
        (&[Again; 4], &[1, 1, 1, 1]),
        (&[Good, Good, Good, Again, Good, Good], &[2, 11, 46, 3, 8, 19]),
    ];
    let got: Vec<Vec<u32>> = table.iter().map(|(grades, _)| intervals(grades)).collect();
    let wanted: Vec<Vec<u32>> = table.iter().map(|(_, days)| days.to_vec()).collect();
    assert_eq!(got, wanted);
}

#[test]
fn a_question_is_due_from_the_beginning_of_a_local_date() {
    let table = [
        (UTC, "2026-11-23T18:30:00Z", 1, "2026-11-24T00:00:00Z"),
        (UTC, "2026-11-23T00:00:00Z", 3, "2026-11-26T00:00:00Z"),
        // Already Tuesday in Kolkata.
        (Asia::Kolkata, "2026-11-23T18:30:00Z", 1, "2026-11-24T18:30:00Z"),
        (Europe::Berlin, "2026-10-24T20:00:00Z", 1, "2026-10-24T22:00:00Z"),
        (Europe::Berlin, "2026-10-24T20:00:00Z", 2, "2026-10-25T23:00:00Z"),
        // Samoa had no 30 December 2011.
        (Pacific::Apia, "2011-12-29T20:00:00Z", 1, "2011-12-30T10:00:00Z"),
    ];
    for (zone, now, days, due) in table {
        assert_eq!(due_at(at(now), days, zone), at(due), "{zone} {now} {days}");
    }
}

#[test]
fn a_miss_sets_a_memory_back_but_leaves_a_new_card_new() {
    let now = at("2026-11-23T18:00:00Z");
    let new = missed(&Learning::default(), now, UTC);
    assert_eq!((new.memory, new.days, new.last_at), (None, 0, Some(now)));
    let known = graded(&Learning::default(), Grade::Easy, now, UTC).learning;
    let later = now + TimeDelta::days(8);
    let lost = missed(&known, later, UTC);
    assert_eq!(lost, graded(&known, Grade::Again, later, UTC).learning);
    assert!(lost.days < known.days);
    assert!(lost.memory.unwrap().stability < known.memory.unwrap().stability);
}

#[test]
fn a_memory_that_is_not_a_number_begins_anew() {
    let now = at("2026-11-23T18:00:00Z");
    let broken = Memory { stability: f32::NAN, difficulty: f32::INFINITY };
    let learning = Learning { memory: Some(broken), days: 0, last_at: Some(now) };
    assert_eq!(next(&learning, now, UTC), next(&Learning::default(), now, UTC));
}

fn grade() -> impl Strategy<Value = Grade> {
    prop_oneof![Just(Grade::Again), Just(Grade::Hard), Just(Grade::Good), Just(Grade::Easy)]
}

fn zone() -> impl Strategy<Value = Tz> {
    prop_oneof![
        Just(UTC),
        Just(Europe::Berlin),
        Just(America::St_Johns),
        Just(Pacific::Apia),
        Just(Asia::Kathmandu),
    ]
}

proptest! {
    /// Whatever was graded before and after whatever delay, even a clock set back: Good never
    /// gives a shorter interval than the one before; no question comes back in the past; the
    /// numbers stay numbers; and a better grade never comes back sooner.
    #[test]
    fn the_promises_hold(
        zone in zone(),
        start in 1_300_000_000_000i64..4_000_000_000_000,
        // Minutes from one grade to the next; a review happens when it is due, or long after.
        steps in proptest::collection::vec((grade(), -3_000i64..6_000_000), 1..40),
    ) {
        let mut now = DateTime::from_timestamp_millis(start).unwrap();
        let mut learning = Learning::default();
        for (grade, minutes) in steps {
            let all = next(&learning, now, zone);
            for (one, grade) in all.iter().zip(Grade::ALL) {
                prop_assert_eq!(one.grade, grade);
                prop_assert_eq!(*one, graded(&learning, grade, now, zone));
                prop_assert!((1..=LONGEST_DAYS).contains(&one.learning.days));
                prop_assert!(one.due_at > now, "{} is not after {}", one.due_at, now);
                let memory = one.learning.memory.unwrap();
                prop_assert!(memory.stability.is_finite() && memory.stability > 0.0);
                prop_assert!((1.0..=10.0).contains(&memory.difficulty));
            }
            for pair in all.windows(2) {
                prop_assert!(pair[0].learning.days <= pair[1].learning.days, "{all:?}");
                prop_assert!(pair[0].due_at <= pair[1].due_at, "{all:?}");
            }
            prop_assert!(all[2].learning.days >= learning.days, "{learning:?} {all:?}");
            learning = graded(&learning, grade, now, zone).learning;
            now += TimeDelta::minutes(minutes);
        }
    }

    /// Where nothing was forgotten, Good on the day it is due gives a longer interval each time,
    /// until the longest. (After forgetting again and again it may stay at a day for a while.)
    #[test]
    fn good_on_time_grows(
        before in proptest::collection::vec(
            prop_oneof![Just(Grade::Hard), Just(Grade::Good), Just(Grade::Easy)],
            0..12,
        ),
    ) {
        let mut learning = Learning::default();
        let mut now = at("2026-11-23T18:00:00Z");
        for grade in before.into_iter().chain([Grade::Good; 10]) {
            let next = graded(&learning, grade, now, UTC);
            if grade == Grade::Good {
                let days = next.learning.days;
                prop_assert!(days > learning.days || days == LONGEST_DAYS, "{learning:?} {next:?}");
            }
            learning = next.learning;
            now = next.due_at;
        }
    }

    /// The floors under the promises change nothing of what FSRS itself says.
    #[test]
    fn good_is_what_the_scheduler_says(
        stability in 0.001f32..36_500.0,
        difficulty in 1.0f32..=10.0,
        elapsed in 0u32..2_000,
    ) {
        let model = FSRS::default();
        let rounded = |days: f32| (days.round() as u32).clamp(1, LONGEST_DAYS);
        let now = at("2026-11-23T18:00:00Z");
        let learning = Learning {
            memory: Some(Memory { stability, difficulty }),
            days: rounded(model.next_interval(Some(stability), RETENTION, 3)),
            last_at: Some(now - TimeDelta::days(elapsed.into())),
        };
        let known = MemoryState { stability, difficulty };
        let states = model.next_states(Some(known), RETENTION, elapsed).unwrap();
        let good = graded(&learning, Grade::Good, now, UTC).learning;
        prop_assert_eq!(good.days, rounded(states.good.interval));
    }
}
