use super::{Ranked, Standing, Stretch, Window, month, order, rank, week};
use crate::domain::ids::MemberId;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A name, and the stretch around an instant in a zone.
type Around = (&'static str, fn(DateTime<Utc>, Tz) -> Stretch);

#[test]
fn weeks_and_months_by_the_zone() {
    let (week, month): (Around, Around) = (("week", week), ("month", month));
    // Window, zone, now, start, end.
    let table = [
        (week, "UTC", "2026-11-21T12:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        (week, "UTC", "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        (week, "UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        // Across the end of a year.
        (week, "UTC", "2026-12-31T12:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"),
        (month, "UTC", "2026-12-31T12:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        (month, "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        // The date is the zone's.
        (
            month,
            "Asia/Tokyo",
            "2026-12-31T15:00:00Z",
            "2026-12-31T15:00:00Z",
            "2027-01-31T15:00:00Z",
        ),
        (
            month,
            "Asia/Tokyo",
            "2026-12-31T14:59:59Z",
            "2026-11-30T15:00:00Z",
            "2026-12-31T15:00:00Z",
        ),
        // Clock changes make a week an hour shorter or longer.
        (
            week,
            "Europe/Berlin",
            "2026-03-25T12:00:00Z",
            "2026-03-22T23:00:00Z",
            "2026-03-29T22:00:00Z",
        ),
        (
            week,
            "Europe/Berlin",
            "2026-10-21T12:00:00Z",
            "2026-10-18T22:00:00Z",
            "2026-10-25T23:00:00Z",
        ),
        (
            month,
            "America/New_York",
            "2026-03-20T12:00:00Z",
            "2026-03-01T05:00:00Z",
            "2026-04-01T04:00:00Z",
        ),
        // A month that begins without a midnight: Paraguay, 1 October 2017, a Sunday.
        (
            month,
            "America/Asuncion",
            "2017-10-15T12:00:00Z",
            "2017-10-01T04:00:00Z",
            "2017-11-01T03:00:00Z",
        ),
        // A week with a day less: Samoa, the Friday skipped.
        (
            week,
            "Pacific/Apia",
            "2011-12-29T12:00:00Z",
            "2011-12-26T10:00:00Z",
            "2012-01-01T10:00:00Z",
        ),
        // Newfoundland's clocks went back from 00:01 on the first of November to the last of
        // October: what comes after belongs to November.
        (
            month,
            "America/St_Johns",
            "2009-11-01T02:29:59Z",
            "2009-10-01T02:30:00Z",
            "2009-11-01T02:30:00Z",
        ),
        (
            month,
            "America/St_Johns",
            "2009-11-01T02:45:00Z",
            "2009-11-01T02:30:00Z",
            "2009-12-01T03:30:00Z",
        ),
        (
            month,
            "America/St_Johns",
            "2009-11-01T12:00:00Z",
            "2009-11-01T02:30:00Z",
            "2009-12-01T03:30:00Z",
        ),
    ];
    for (window, zone, now, start, end) in table {
        let zone: Tz = zone.parse().unwrap();
        let expected = (Some(utc(start)), Some(utc(end)));
        assert_eq!((window.1)(utc(now), zone), expected, "{} {zone} {now}", window.0);
    }
}

#[test]
fn words_lead_back() {
    for window in Window::ALL {
        assert_eq!(Window::from_word(window.word()), Some(window));
    }
    assert_eq!(Window::from_word("year"), None);
}

/// Member, points, picks, minutes after the epoch.
fn standing(&(member, points, picks, minutes): &(u64, i64, i64, i64)) -> Standing {
    Standing {
        member: MemberId(member),
        points,
        picks,
        answers: 0,
        quiz: 0,
        reached_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes),
    }
}

fn whole(mut standings: Vec<Standing>) -> Vec<Ranked> {
    order(&mut standings);
    rank(standings, 0, 0)
}

fn board(standings: &[(u64, i64, i64, i64)]) -> Vec<(u32, u64)> {
    let ranked = whole(standings.iter().map(standing).collect());
    let placed = ranked.iter().map(|row| (row.rank, row.standing.member.0));
    placed.collect()
}

#[test]
fn who_stands_where() {
    // Equals share a rank, and the next is as much higher.
    let found = board(&[(1, 3, 0, 0), (2, 5, 1, 9), (3, 9, 0, 0), (4, 5, 1, 8)]);
    assert_eq!(found, [(1, 3), (2, 4), (2, 2), (4, 1)]);
    // Picks decide between equal points; being first only about the order.
    let found = board(&[(1, 5, 0, 0), (2, 5, 2, 9), (3, 5, 0, 5)]);
    assert_eq!(found, [(1, 2), (2, 1), (2, 3)]);
    // Equal in everything: by id.
    let found = board(&[(9, 0, 0, 0), (7, 0, 0, 0), (8, 0, 0, 0), (1, -3, 0, 0)]);
    assert_eq!(found, [(1, 7), (1, 8), (1, 9), (4, 1)]);
    assert_eq!(board(&[]), []);
}

fn any_standings() -> impl Strategy<Value = Vec<Standing>> {
    let one = (0_i64..5, 0_i64..3, 0_i64..5);
    prop::collection::vec(one, 0..30).prop_map(|rows| {
        let numbered = (1..).zip(rows);
        numbered.map(|(id, (p, k, m))| standing(&(id, p, k, m))).collect()
    })
}

proptest! {
    #[test]
    fn a_rank_counts_those_who_are_better(standings in any_standings()) {
        let better = |s: &Standing| {
            let ahead = standings.iter().filter(|o| (o.points, o.picks) > (s.points, s.picks));
            u32::try_from(ahead.count()).unwrap() + 1
        };
        let board = whole(standings.clone());
        prop_assert_eq!(board.len(), standings.len());
        for row in &board {
            prop_assert_eq!(row.rank, better(&row.standing));
        }
        // Page by page it is the same.
        let mut paged = Vec::new();
        for (index, page) in board.chunks(3).enumerate() {
            let before = u32::try_from(index * 3).unwrap();
            let rows: Vec<Standing> = page.iter().map(|row| row.standing).collect();
            let ahead = better(&rows[0]) - 1;
            paged.extend(rank(rows, before, ahead));
        }
        prop_assert_eq!(paged, board);
    }

    #[test]
    fn windows_hold_now_and_join_without_gap(
        zone in prop::sample::select(TZ_VARIANTS.to_vec()),
        seconds in 631_152_000_i64..2_208_988_800,
        of_weeks: bool,
    ) {
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        let around: fn(DateTime<Utc>, Tz) -> Stretch = if of_weeks { week } else { month };
        let (start, end) = around(now, zone);
        let (start, end) = (start.unwrap(), end.unwrap());
        prop_assert!(start <= now && now < end);
        for inside in [start, end - TimeDelta::seconds(1)] {
            prop_assert_eq!(around(inside, zone), (Some(start), Some(end)));
        }
        let (next, _) = around(end, zone);
        prop_assert_eq!(next, Some(end));
    }
}
