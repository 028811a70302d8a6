use super::{Class, Queue, Role, Start, Wait, back_off};
use crate::domain::ids::{ChannelId, GuildId};
use crate::engine::limits::{Limits, Outbox};
use crate::store::deliveries::Errand;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio::time::Instant;

const NOON: DateTime<Utc> = DateTime::UNIX_EPOCH;
const SECOND: Duration = Duration::from_secs(1);

/// A queue and the instant it is at.
struct Play {
    queue: Queue,
    now: Instant,
    limits: Outbox,
}

/// A delivery in a study channel of its own.
fn errand(id: i64, class: Class) -> Errand<Class> {
    let number = u64::try_from(id).unwrap();
    Errand {
        id,
        what: class,
        guild: GuildId(number),
        channel: Some(ChannelId(number)),
        after: None,
        expires_at: None,
        pace: None,
        first: false,
    }
}

impl Play {
    fn new() -> Self {
        let limits = Outbox::default();
        Self { queue: Queue::new(&Limits::default()), now: Instant::now(), limits }
    }

    fn add(&mut self, errand: Errand<Class>) {
        self.queue.add(errand, Role::Other, false, None, self.now);
    }

    fn add_all(&mut self, ids: std::ops::Range<i64>, class: Class) {
        for id in ids {
            self.add(errand(id, class));
        }
    }

    fn start(&mut self) -> Vec<i64> {
        self.queue.start(self.now, NOON).0.into_iter().map(|start| start.id).collect()
    }

    /// When the next one can be started.
    fn next(&mut self) -> Option<Duration> {
        self.queue.start(self.now, NOON).1.map(|at| at - self.now)
    }

    fn later(&mut self, by: Duration) {
        self.now += by;
    }

    fn fail(&mut self, id: i64) {
        self.fail_for(id, SECOND);
    }

    fn fail_for(&mut self, id: i64, wait: Duration) {
        self.queue.failed(id, Wait::Asked(wait), None, self.now);
    }

    fn end(&mut self, id: i64) {
        self.queue.over(id, true, self.now);
    }
}

fn places(class: Class) -> i64 {
    i64::try_from(class.places()).unwrap()
}

#[test]
fn waits_grow_up_to_their_bound() {
    let limits = Outbox::default();
    for (first, longest) in [
        (limits.first_wait, limits.longest_wait),
        (limits.first_wait_in_trouble, limits.longest_wait_in_trouble),
    ] {
        let waits: Vec<Duration> =
            (0..40).map(|failures| back_off(first, longest, failures)).collect();
        assert_eq!((waits[0], waits[1]), (first, first * 2));
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1] || pair[1] == longest));
        assert_eq!(waits.last(), Some(&longest));
        assert_eq!(back_off(first, longest, u32::MAX), longest);
    }
}

#[test]
fn what_was_never_tried_goes_before_what_is_tried_again() {
    let mut play = Play::new();
    // All in one lane, so that there is one turn at a time.
    let of = |id| Errand { guild: GuildId(1), channel: None, ..errand(id, Class::Courtesy) };
    (1..=4).for_each(|id| play.add(of(id)));
    let mut turns = Vec::new();
    for _ in 0..8 {
        let started = play.start();
        assert_eq!(started.len(), 1);
        turns.push(started[0]);
        if turns == [1, 2] {
            // Newer, and never tried.
            play.add(of(5));
        }
        play.fail_for(started[0], Duration::ZERO);
        play.later(SECOND);
    }
    assert_eq!(turns, [1, 2, 3, 4, 5, 1, 2, 3], "then whoever has waited longest");
}

#[test]
fn what_hangs_in_one_class_holds_up_no_other() {
    let mut play = Play::new();
    play.add_all(1..500, Class::Courtesy);
    assert_eq!(play.start().len(), Class::Courtesy.places());
    play.add(errand(1_000, Class::Post));
    play.add(errand(1_001, Class::Reading));
    play.add(errand(1_002, Class::Notice));
    assert_eq!(play.start(), [1_000, 1_001, 1_002]);
}

#[test]
fn seventy_that_hang_do_not_keep_the_last_one_waiting() {
    let mut play = Play::new();
    play.add_all(1..71, Class::Post);
    play.add(errand(71, Class::Post));
    let mut started = play.start();
    let mut waited = Duration::ZERO;
    while !started.contains(&71) {
        let wait = play.next().expect("somebody waits for a place");
        waited += wait;
        play.later(wait);
        started = play.start();
        assert!(waited < Duration::from_secs(20), "none of the others has ended");
    }
    assert_eq!(waited, play.limits.slow_after * 4);
}

#[test]
fn not_even_slow_requests_are_without_a_bound() {
    let mut play = Play::new();
    play.add_all(1..1_000, Class::Notice);
    let mut all = 0;
    for _ in 0..20 {
        all += play.start().len();
        play.later(play.limits.slow_after);
    }
    assert_eq!(all, Class::Notice.places() * 5);
    assert_eq!(play.next(), None, "until one ends");
    play.end(1);
    assert_eq!(play.start().len(), 1);
}

#[test]
fn what_failed_before_takes_half_of_the_places() {
    let mut play = Play::new();
    let many = places(Class::Post);
    play.add_all(1..many + 1, Class::Post);
    assert_eq!(play.start().len(), Class::Post.places());
    (1..=many).for_each(|id| play.fail(id));
    play.later(SECOND);
    assert_eq!(play.start().len(), Class::Post.places() / 2);
    play.add_all(100..200, Class::Post);
    assert_eq!(play.start().len(), Class::Post.places() / 2, "the other half is for what is new");
}

#[test]
fn a_rush_leaves_a_place_for_what_failed() {
    let mut play = Play::new();
    play.add_all(1..1_000, Class::Post);
    let started = play.start();
    play.fail(started[0]);
    for id in &started[1..] {
        play.end(*id);
    }
    play.later(SECOND);
    let again = play.start();
    assert_eq!(again.len(), Class::Post.places());
    assert_eq!(again.last(), Some(&started[0]));
}

#[test]
fn one_of_a_lane_at_a_time_and_none_before_what_it_follows() {
    let mut play = Play::new();
    let of = |id| Errand { guild: GuildId(1), channel: None, ..errand(id, Class::Post) };
    play.add(of(1));
    play.add(Errand { first: true, ..of(2) });
    play.add(Errand { after: Some(1), ..errand(3, Class::Post) });
    assert_eq!(play.start(), [2], "what comes first");
    assert!(play.start().is_empty());
    play.end(2);
    assert_eq!(play.start(), [1]);
    play.fail(1);
    assert!(play.start().is_empty(), "the third follows the first");
    play.later(SECOND);
    assert_eq!(play.start(), [1]);
    play.end(1);
    assert_eq!(play.start(), [3]);
}

#[test]
fn a_question_waits_a_moment_for_the_close_before_it() {
    for (ends, fails) in [(true, false), (false, true), (false, false)] {
        let mut play = Play::new();
        let of = |id, class| Errand { channel: Some(ChannelId(1)), ..errand(id, class) };
        play.queue.add(of(1, Class::Reading), Role::Close, false, None, play.now);
        play.queue.add(of(2, Class::Post), Role::Card, false, None, play.now);
        play.add(of(3, Class::Courtesy));
        assert_eq!(play.start(), [1, 3]);
        let head_start = Limits::default().close.head_start;
        assert_eq!(play.next(), Some(head_start));
        if ends {
            play.end(1);
        } else if fails {
            play.fail(1);
        } else {
            play.later(head_start);
        }
        assert_eq!(play.start(), [2], "{ends} {fails}");
    }
}

#[test]
fn a_pace_keeps_its_distance() {
    let mut play = Play::new();
    let of = |id| Errand { pace: Some("card".to_owned()), ..errand(id, Class::Post) };
    play.add(of(1));
    assert_eq!(play.start(), [1]);
    play.end(1);
    play.add(of(2));
    assert_eq!((play.start(), play.next()), (vec![], Some(super::PACE)));
    play.later(super::PACE);
    assert_eq!(play.start(), [2]);
}

#[test]
fn the_end_of_its_time_cuts_a_wait_short_once() {
    let mut play = Play::new();
    let at = NOON + TimeDelta::minutes(5);
    play.add(Errand { expires_at: Some(at), ..errand(1, Class::Post) });
    assert_eq!(play.start(), [1]);
    play.queue.failed(1, Wait::Asked(SECOND * 60), Some(Some(at)), play.now);
    assert!(play.start().is_empty());
    let expired = |id| Start { id, expired: true };
    assert_eq!(play.queue.start(play.now, at).0, [expired(1)]);
    play.queue.failed(1, Wait::Asked(SECOND * 60), Some(Some(at)), play.now);
    assert!(play.queue.start(play.now, at).0.is_empty());
    // Its time was set again.
    play.later(SECOND * 60);
    assert_eq!(play.queue.start(play.now, at).0, [expired(1)]);
    let later = at + TimeDelta::minutes(5);
    play.queue.failed(1, Wait::Asked(SECOND * 60), Some(Some(later)), play.now);
    assert!(play.queue.start(play.now, at).0.is_empty());
    assert_eq!(play.queue.start(play.now, later).0, [expired(1)]);
}

#[test]
fn a_change_in_a_guild_cuts_waits_short() {
    let mut play = Play::new();
    play.add_all(1..3, Class::Post);
    assert_eq!(play.start(), [1, 2]);
    play.fail(1);
    play.fail(2);
    play.queue.retry(GuildId(2), play.now);
    assert_eq!(play.start(), [2]);
}

#[test]
fn what_is_doubted_is_given_up_after_a_while() {
    let mut play = Play::new();
    play.add(errand(1, Class::Post));
    play.add(Errand { expires_at: Some(NOON), ..errand(2, Class::Post) });
    let mut doubts = Vec::new();
    for _ in 0..3 {
        doubts.push([1, 2].map(|id| play.queue.doubted(id, play.now)));
        play.later(play.limits.doubt / 2);
    }
    // What has an end to its time is tried until then.
    assert_eq!(doubts, [[false, false], [false, false], [true, false]]);
    // Once it was changed, it is another one.
    play.queue.failed(1, Wait::Changed, None, play.now);
    assert!(!play.queue.doubted(1, play.now));
}

#[test]
fn what_members_wait_for_is_overdue_once() {
    let patience = Outbox::default().trouble_after;
    // Whether it failed before, whether it is under way, whether others of its class go on.
    for (failed, under_way, others, overdue) in [
        (true, false, true, true),
        (false, true, true, true),
        (false, false, false, true),
        (false, false, true, false),
    ] {
        let mut play = Play::new();
        play.queue.add(errand(1, Class::Post), Role::Other, false, Some(patience), play.now);
        if failed || under_way {
            assert_eq!(play.start(), [1]);
        }
        if failed {
            play.fail_for(1, patience * 9);
        }
        play.later(patience);
        if others {
            play.add(errand(2, Class::Post));
            play.end(2);
        }
        let (late, next) = play.queue.overdue(play.now);
        let case = format!("{failed} {under_way} {others}");
        assert_eq!(late, if overdue { vec![1] } else { vec![] }, "{case}");
        // In a rush it is looked at again.
        let again = (!overdue).then(|| play.now + patience);
        assert_eq!(next, again, "{case}");
        assert!(play.queue.overdue(play.now).0.is_empty(), "{case}");
    }
}
