use super::{CALM, Event, GRACE, Given, Group, Happened, LOBBY, REVEAL, Score, instant, podium};
use crate::domain::ids::{DISCORD_EPOCH_MS, InteractionId, MemberId};
use crate::domain::quiz::State;
use crate::domain::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use std::collections::BTreeMap;

const ANA: MemberId = MemberId(1);
const BEN: MemberId = MemberId(2);
const CYD: MemberId = MemberId(3);

/// An instant, in milliseconds from a morning.
fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_420_800_000 + ms).unwrap()
}

/// A click at that instant.
fn click(ms: i64) -> InteractionId {
    let since = at(ms).timestamp_millis() - DISCORD_EPOCH_MS;
    InteractionId(u64::try_from(since).unwrap() << 22)
}

fn group() -> Group {
    Group::new(ANA, click(0), 2, TimeDelta::seconds(30))
}

/// Asking the first question since 10 s, with these members.
fn asking(members: &[MemberId]) -> Group {
    let mut group = group();
    for (n, member) in members.iter().enumerate() {
        let ms = i64::try_from(n).unwrap() + 1;
        group.apply(Event::Join(*member, click(ms)), at(ms)).unwrap();
    }
    group.apply(Event::Start(ANA), at(10_000)).unwrap();
    group
}

#[test]
fn a_run_by_itself() {
    let mut group = group();
    assert_eq!(group.apply(Event::Tick, at(999_000)).unwrap(), [], "the card is not there");
    group.apply(Event::Accepted, at(1_000)).unwrap();
    assert_eq!(group.closes_at, Some(at(1_000) + LOBBY));
    group.apply(Event::Accepted, at(20_000)).unwrap();
    assert_eq!(group.closes_at, Some(at(31_000)), "a second word of it changes nothing");
    assert_eq!(group.apply(Event::Tick, at(30_999)).unwrap(), []);
    assert_eq!(group.apply(Event::Tick, at(31_000)).unwrap(), [Happened::Opened(0)]);
    assert_eq!(group.closes_at, Some(at(61_000)));
    assert_eq!(group.apply(Event::Tick, at(61_999)).unwrap(), []);
    assert_eq!(group.apply(Event::Tick, at(62_000)).unwrap(), [Happened::Closed(0)]);
    assert_eq!(group.closes_at, Some(at(62_000) + REVEAL));
    assert_eq!(group.apply(Event::Tick, at(82_000)).unwrap(), [Happened::Opened(1)]);
    assert_eq!(group.apply(Event::Tick, at(113_000)).unwrap(), [Happened::Closed(1)]);
    assert_eq!(group.apply(Event::Tick, at(133_000)).unwrap(), [Happened::Ended]);
    assert_eq!(group.apply(Event::Tick, at(999_000)).unwrap(), []);
    assert_eq!(group.apply(Event::Start(ANA), at(999_000)), Err(Refusal::QuizOver));
}

#[test]
fn a_question_closes_early_in_company_and_calm() {
    let mut alone = asking(&[]);
    alone.apply(Event::Choose(ANA, click(11_000), 0, 1), at(11_000)).unwrap();
    assert_eq!(alone.closes_at, Some(at(40_000)), "alone there is time to think again");

    let mut two = asking(&[BEN]);
    two.apply(Event::Choose(ANA, click(11_000), 0, 1), at(11_000)).unwrap();
    assert_eq!(two.closes_at, Some(at(40_000)));
    two.apply(Event::Choose(BEN, click(12_000), 0, 1), at(12_000)).unwrap();
    assert_eq!(two.closes_at, Some(at(12_000) + CALM));
    two.apply(Event::Choose(ANA, click(14_000), 0, 2), at(14_000)).unwrap();
    assert_eq!(two.closes_at, Some(at(19_000)), "somebody changed");
    two.apply(Event::Join(CYD, click(15_000)), at(15_000)).unwrap();
    assert_eq!(two.closes_at, Some(at(40_000)), "somebody came who has not chosen");
    two.apply(Event::Leave(CYD), at(16_000)).unwrap();
    assert_eq!(two.closes_at, Some(at(21_000)));
    two.apply(Event::Choose(BEN, click(20_999), 0, 0), at(21_500)).unwrap();
    assert_eq!(two.closes_at, Some(at(21_000)), "closed stays closed");
    let late = two.apply(Event::Choose(BEN, click(21_000), 0, 3), at(21_500));
    assert_eq!(late, Err(Refusal::QuizQuestionClosed));
    two.apply(Event::Join(CYD, click(21_600)), at(21_600)).unwrap();
    assert_eq!(two.closes_at, Some(at(21_000)));
    assert_eq!(two.given[&BEN], Given { choice: 0, click: click(20_999) });
    let mut near = asking(&[BEN]);
    near.apply(Event::Choose(ANA, click(38_000), 0, 1), at(38_000)).unwrap();
    near.apply(Event::Choose(BEN, click(38_000), 0, 1), at(38_000)).unwrap();
    assert_eq!(near.closes_at, Some(at(40_000)), "never later than the time");
}

#[test]
fn after_an_absence_what_is_at_hand_has_its_time_again() {
    let mut group = asking(&[BEN]);
    group.apply(Event::Choose(ANA, click(11_000), 0, 1), at(11_000)).unwrap();
    let limit = group.limit;
    // Nobody was there when it should have closed.
    assert_eq!(group.apply(Event::Back, at(100_000)).unwrap(), []);
    assert_eq!(group.state, State::Asking);
    assert_eq!(
        (group.closes_at, group.limit_at),
        (Some(at(100_000) + limit), Some(at(100_000) + limit))
    );
    assert_eq!(group.given[&ANA].choice, 1, "what was chosen stays");
    // Ben chooses now; with everybody's choice it closes as always.
    group.apply(Event::Choose(BEN, click(101_000), 0, 2), at(101_000)).unwrap();
    assert_eq!(group.closes_at, Some(at(101_000) + CALM));
    assert_eq!(group.apply(Event::Tick, at(107_000)).unwrap(), [Happened::Closed(0)]);
    // The next question doesn't come before people have seen the answer.
    group.apply(Event::Back, at(200_000)).unwrap();
    assert_eq!(group.closes_at, Some(at(200_000) + REVEAL));
    assert_eq!(group.apply(Event::Tick, at(200_001)).unwrap(), []);
    let mut lobby = Group::new(ANA, click(1), 2, limit);
    lobby.apply(Event::Back, at(5_000)).unwrap();
    assert_eq!(lobby.closes_at, None, "its card is not there yet");
    lobby.apply(Event::Accepted, at(6_000)).unwrap();
    lobby.apply(Event::Back, at(50_000)).unwrap();
    assert_eq!(lobby.closes_at, Some(at(50_000) + LOBBY));
    group.apply(Event::CardGone, at(300_000)).unwrap();
    assert_eq!(group.apply(Event::Back, at(300_001)).unwrap(), []);
}

#[test]
fn next_closes_at_the_click_and_is_good_once() {
    let mut group = asking(&[BEN]);
    let denied = group.apply(Event::Close(BEN, click(15_000), 0), at(15_000));
    assert_eq!(denied, Err(Refusal::NotTheHost));
    group.apply(Event::Close(ANA, click(15_000), 0), at(15_100)).unwrap();
    assert_eq!(group.closes_at, Some(at(15_000)));
    group.apply(Event::Choose(BEN, click(14_999), 0, 2), at(15_500)).unwrap();
    assert_eq!(group.apply(Event::Tick, at(16_000)).unwrap(), [Happened::Closed(0)]);
    // The same press again, and one more from a card that has not changed yet.
    group.apply(Event::Close(ANA, click(15_000), 0), at(16_100)).unwrap();
    assert_eq!(group.state, State::Revealed);
    assert_eq!(group.apply(Event::Go(ANA, 0), at(17_000)).unwrap(), [Happened::Opened(1)]);
    assert_eq!(group.apply(Event::Go(ANA, 0), at(17_001)).unwrap(), []);
    assert_eq!(group.apply(Event::Close(ANA, click(17_002), 0), at(17_002)).unwrap(), []);
    assert_eq!(group.closes_at, Some(at(47_000)), "that was for the question before");
}

#[test]
fn a_host_who_leaves_is_followed_by_the_next() {
    let mut group = asking(&[CYD, BEN]);
    assert_eq!(group.apply(Event::Leave(ANA), at(11_000)).unwrap(), [Happened::Host(CYD)]);
    assert_eq!((group.host, group.former_host), (Some(CYD), Some(ANA)));
    assert_eq!(group.apply(Event::Leave(ANA), at(11_000)), Err(Refusal::NotInQuiz));
    group.apply(Event::Join(ANA, click(12_000)), at(12_000)).unwrap();
    assert_eq!(group.apply(Event::Leave(CYD), at(13_000)).unwrap(), [Happened::Host(BEN)]);
    group.apply(Event::Leave(ANA), at(14_000)).unwrap();
    let last = group.apply(Event::Leave(BEN), at(15_000)).unwrap();
    assert_eq!(last, [Happened::Closed(0), Happened::Ended]);
    assert_eq!((group.host, group.state), (None, State::Ended));
}

#[test]
fn a_host_who_misses_two_questions_is_replaced_by_one_who_is_there() {
    let mut group = asking(&[BEN, CYD]);
    group.total = 3;
    let mut now = 10_000;
    for position in 0..2 {
        let choose = Event::Choose(CYD, click(now + 1), position, 0);
        group.apply(choose, at(now + 1)).unwrap();
        let closed = group.apply(Event::Tick, at(now + 31_000)).unwrap();
        let wanted = match position {
            0 => vec![Happened::Closed(0)],
            // Ben is next, but has missed two as well.
            _ => vec![Happened::Closed(1), Happened::Host(CYD)],
        };
        assert_eq!(closed, wanted);
        now += 51_000;
        group.apply(Event::Tick, at(now)).unwrap();
    }
    assert_eq!((group.host, group.former_host), (Some(CYD), None), "until the next question");
    let mut nobody = asking(&[BEN]);
    nobody.seats.iter_mut().for_each(|seat| seat.missed = 5);
    nobody.apply(Event::Tick, at(41_000)).unwrap();
    assert_eq!(nobody.host, Some(ANA), "nobody is there to follow");
}

#[test]
fn equals_share_a_place_unless_it_is_a_race() {
    let score = |member, right, took_ms| Score { member, right, took_ms, points: 0 };
    let scores = [score(ANA, 2, 900), score(BEN, 3, 500), score(CYD, 2, 100)];
    let ranks = |race| {
        let ranked = podium(&scores, race);
        ranked.into_iter().map(|(rank, score)| (rank, score.member)).collect::<Vec<_>>()
    };
    assert_eq!(ranks(false), [(1, BEN), (2, ANA), (2, CYD)]);
    assert_eq!(ranks(true), [(1, BEN), (2, CYD), (3, ANA)]);
    assert_eq!(podium(&[], true), []);
}

fn member() -> impl Strategy<Value = MemberId> {
    (1..5_u64).prop_map(MemberId)
}

/// Events with the time that passes before each.
fn events() -> impl Strategy<Value = Vec<(i64, u8, MemberId, usize)>> {
    let step =
        (prop_oneof![Just(1), 1..2_000_i64, 5_000..40_000_i64], 0..10_u8, member(), 0..3_usize);
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn one_host_while_somebody_is_in_and_no_question_closes_twice(events in events()) {
        let mut group = Group::new(ANA, click(0), 3, TimeDelta::seconds(30));
        let (mut now, mut opened, mut closed, mut ended) = (1, Vec::new(), Vec::new(), 0);
        for (later, what, member, number) in events {
            now += later;
            let event = match what {
                0 => Event::Accepted,
                1 => Event::Join(member, click(now)),
                2 => Event::Leave(member),
                3 => Event::Start(member),
                4 | 5 => Event::Choose(member, click(now - 1), number, number),
                6 => Event::Close(member, click(now), number),
                7 => Event::Go(member, number),
                _ => Event::Tick,
            };
            for one in group.apply(event, at(now)).unwrap_or_default() {
                match one {
                    Happened::Opened(position) => opened.push(position),
                    Happened::Closed(position) => closed.push(position),
                    Happened::Ended => ended += 1,
                    Happened::Host(host) => assert_eq!(group.host, Some(host)),
                }
            }
            assert!(opened.iter().copied().eq(0..opened.len()), "{opened:?}");
            assert!(closed.iter().copied().eq(0..closed.len()), "{closed:?}");
            assert!(closed.len() <= opened.len() && opened.len() <= closed.len() + 1);
            assert_eq!(ended, u32::from(group.state == State::Ended));
            if group.state != State::Ended {
                let host = group.host.expect("somebody leads");
                assert_eq!(group.seats.iter().filter(|seat| seat.member == host).count(), 1);
                assert!(group.state == State::Lobby || group.closes_at.is_some());
            }
        }
    }

    #[test]
    fn clicks_come_to_the_same_in_any_order_and_however_often(
        clicks in proptest::collection::vec((member(), 0..4_usize, 0..29_000_i64), 1..30),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..60),
    ) {
        // Two clicks never have the same number.
        let clicks: Vec<(MemberId, usize, InteractionId)> = clicks
            .into_iter()
            .enumerate()
            .map(|(n, (member, choice, ms))| {
                (member, choice, InteractionId(click(10_000 + ms).0 + n as u64))
            })
            .collect();
        let mut clean = BTreeMap::new();
        let mut in_order = clicks.clone();
        in_order.sort_by_key(|(_, _, click)| *click);
        for (member, choice, click) in &in_order {
            clean.insert(*member, Given { choice: *choice, click: *click });
        }
        // Replayed in a drawn order, some several times, and then all of them backwards.
        let mut group = asking(&[BEN, CYD, MemberId(4), MemberId(5)]);
        let replayed = order.iter().map(|index| *index.get(&clicks));
        for (member, choice, click) in replayed.chain(in_order.iter().rev().copied()) {
            // All at one instant: what comes when does not matter, only what was made when.
            group.apply(Event::Choose(member, click, 0, choice), at(10_000)).unwrap();
        }
        assert_eq!(group.given, clean);
        assert!(clicks.iter().all(|(_, _, click)| instant(*click) < at(40_000)));
        assert_eq!(group.apply(Event::Tick, at(40_000) + GRACE).unwrap(), [Happened::Closed(0)]);
    }
}
