//! Voting: the order of a ballot, and who wins. (design, section 3)

use crate::domain::ids::MemberId;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// Answers on one page of a ballot: what one select menu of Discord holds (documentation,
/// components reference, "String Select").
pub const PAGE: usize = 25;

/// The two halves of the hash's key. Their values mean nothing, but must never change: open
/// ballots would change their order under their voters' hands.
const KEY: (u64, u64) = (0x7374_7564_7968_616c, 0x6c20_6261_6c6c_6f74);

/// The authors of a round's answers as one voter sees them: in an order that no answer can be
/// told from, that stays the same on every page and after every restart, and that does not depend
/// on the order of `authors`. The voter's own answer is left out.
pub fn ballot_order(seed: u64, voter: MemberId, authors: &[MemberId]) -> Vec<MemberId> {
    let mut order: Vec<MemberId> = authors.iter().copied().filter(|a| *a != voter).collect();
    order.sort_by_cached_key(|author| (place(seed, voter, *author), *author));
    order
}

/// SipHash-2-4 of the three numbers, each as eight little-endian bytes.
fn place(seed: u64, voter: MemberId, author: MemberId) -> u64 {
    let words = [seed, voter.0, author.0];
    let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    SipHasher24::new_with_keys(KEY.0, KEY.1).hash(&bytes)
}

/// Pages that a ballot with `answers` answers has; 0 without any.
pub fn pages(answers: usize) -> usize {
    answers.div_ceil(PAGE)
}

/// One member's vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ballot {
    /// Who voted.
    pub voter: MemberId,
    /// Whose answer the vote is for.
    pub author: MemberId,
    /// Whether it no longer counts, because the answer was taken back.
    pub void: bool,
}

/// How the votes of a round came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// One row for each answer: most votes first, among equals the earlier answer.
    pub rows: Vec<TallyRow>,
    /// Ballots that count.
    pub ballots: u32,
    /// The members' pick; several if they tie, none with fewer than two ballots.
    pub picks: Vec<MemberId>,
}

/// One answer's votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TallyRow {
    /// Who wrote the answer.
    pub author: MemberId,
    /// Ballots for it that count.
    pub votes: u32,
}

/// Below this many ballots that count, a round has no pick.
const FEWEST_BALLOTS: u32 = 2;

/// Counts `ballots`; `answers` are the authors in the order of their first messages.
///
/// A ballot counts unless it is void, is for an answer that is not there, or for the voter's own.
/// The store keeps the last two from happening; here they are left out once more, because a
/// result cannot be taken back.
pub fn tally(answers: &[MemberId], ballots: &[Ballot]) -> Tally {
    let votes = |author: MemberId| {
        let counts = |b: &&Ballot| !b.void && b.author == author && b.voter != author;
        u32::try_from(ballots.iter().filter(counts).count()).unwrap_or(u32::MAX)
    };
    let mut rows: Vec<TallyRow> =
        answers.iter().map(|author| TallyRow { author: *author, votes: votes(*author) }).collect();
    // A stable sort keeps the earlier answer first among equals.
    rows.sort_by_key(|row| std::cmp::Reverse(row.votes));
    let ballots = rows.iter().map(|row| row.votes).sum();
    let most = rows.first().map_or(0, |row| row.votes);
    let picks = if ballots < FEWEST_BALLOTS {
        Vec::new()
    } else {
        let winners = rows.iter().take_while(|row| row.votes == most);
        winners.map(|row| row.author).collect()
    };
    Tally { rows, ballots, picks }
}

#[cfg(test)]
mod tests {
    use super::{Ballot, PAGE, ballot_order, pages, tally};
    use crate::domain::ids::MemberId;

    fn members(ids: impl IntoIterator<Item = u64>) -> Vec<MemberId> {
        ids.into_iter().map(MemberId).collect()
    }

    fn cast(votes: &[(u64, u64)]) -> Vec<Ballot> {
        let ballot = |&(voter, author): &(u64, u64)| Ballot {
            voter: MemberId(voter),
            author: MemberId(author),
            void: false,
        };
        votes.iter().map(ballot).collect()
    }

    #[test]
    fn the_order_depends_on_nothing_but_seed_voter_and_author() {
        let there = ballot_order(7, MemberId(3), &members(1..=60));
        let back = ballot_order(7, MemberId(3), &members((1..=60).rev()));
        assert_eq!(there, back);
        assert_eq!(there.len(), 59);
        assert!(!there.contains(&MemberId(3)));
        // Another answer moves none of those that were there.
        let mut more = ballot_order(7, MemberId(3), &members(1..=61));
        more.retain(|author| *author != MemberId(61));
        assert_eq!(more, there);
    }

    #[test]
    fn the_order_never_changes_between_releases() {
        let order = ballot_order(42, MemberId(1), &members(1..=9));
        // Computed apart, by an implementation of SipHash-2-4 checked with its published vector.
        assert_eq!(order, members([9, 8, 2, 6, 3, 4, 7, 5]));
    }

    #[test]
    fn every_voter_and_every_round_has_an_order_of_its_own() {
        let authors = members(1..=40);
        let order = ballot_order(1, MemberId(100), &authors);
        assert_ne!(order, authors);
        assert_ne!(order, ballot_order(2, MemberId(100), &authors));
        assert_ne!(order, ballot_order(1, MemberId(101), &authors));
    }

    #[test]
    fn no_author_comes_first_more_often_than_others() {
        let authors = members(1..=5);
        let mut firsts = [0_u32; 5];
        for voter in 0..5_000 {
            let order = ballot_order(9, MemberId(1_000 + voter), &authors);
            firsts[usize::try_from(order[0].0).unwrap() - 1] += 1;
        }
        // 1,000 each, give or take five standard deviations (28 each).
        assert!(firsts.iter().all(|n| (860..=1_140).contains(n)), "{firsts:?}");
    }

    #[test]
    fn pages_hold_25() {
        let table = [(0, 0), (1, 1), (25, 1), (26, 2), (50, 2), (51, 3)];
        for (answers, expected) in table {
            assert_eq!(pages(answers), expected, "{answers}");
        }
        assert_eq!(PAGE, 25);
    }

    #[test]
    fn who_wins() {
        // (votes as voter → author, rows as author and votes, ballots, picks); answers in the
        // order 3, 1, 2.
        type Case = (&'static [(u64, u64)], [(u64, u32); 3], u32, &'static [u64]);
        let table: [Case; 6] = [
            (&[], [(3, 0), (1, 0), (2, 0)], 0, &[]),
            (&[(1, 2)], [(2, 1), (3, 0), (1, 0)], 1, &[]),
            (&[(1, 2), (3, 2)], [(2, 2), (3, 0), (1, 0)], 2, &[2]),
            (&[(1, 2), (2, 1)], [(1, 1), (2, 1), (3, 0)], 2, &[1, 2]),
            (&[(1, 2), (2, 3), (3, 1)], [(3, 1), (1, 1), (2, 1)], 3, &[3, 1, 2]),
            (&[(1, 2), (3, 2), (8, 1), (9, 3)], [(2, 2), (3, 1), (1, 1)], 4, &[2]),
        ];
        for (votes, rows, ballots, picks) in table {
            let tally = tally(&members([3, 1, 2]), &cast(votes));
            let counted: Vec<_> = tally.rows.iter().map(|r| (r.author.0, r.votes)).collect();
            assert_eq!(counted, rows, "{votes:?}");
            assert_eq!(tally.ballots, ballots, "{votes:?}");
            assert_eq!(tally.picks, members(picks.iter().copied()), "{votes:?}");
        }
    }

    #[test]
    fn void_lost_and_own_ballots_count_for_nobody() {
        let mut ballots = cast(&[(1, 2), (3, 2), (1, 9), (2, 2)]);
        ballots[0].void = true;
        let tally = tally(&members([1, 2]), &ballots);
        assert_eq!(tally.ballots, 1);
        assert_eq!(tally.picks, []);
        assert_eq!(tally.rows[0].author, MemberId(2));
        assert_eq!(tally.rows[0].votes, 1);
    }

    #[test]
    fn nobody_answered() {
        let tally = tally(&[], &cast(&[(1, 2), (2, 1)]));
        assert_eq!((tally.rows.len(), tally.ballots), (0, 0));
        assert_eq!(tally.picks, []);
    }
}
