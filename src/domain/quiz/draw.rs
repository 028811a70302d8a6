//! Which questions a run asks, and in which order it shows their choices. Both come from the run's
//! recorded seed alone.

use crate::domain::ids::QuestionId;
use chrono::{DateTime, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A question that a run could ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its name; no two candidates share one.
    pub id: &'a QuestionId,
    /// When those who ask had it last; `None` if never.
    pub last_had: Option<DateTime<Utc>>,
}

/// Draws up to `count` questions: those never had first, then those had longest ago, equals by
/// chance; asked in an order by chance. The same arguments give the same questions, whatever the
/// order of `candidates`.
pub fn draw(candidates: &[Candidate<'_>], count: usize, seed: u64) -> Vec<QuestionId> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = candidates.to_vec();
    drawn.sort_by_key(|candidate| candidate.id);
    shuffle(&mut drawn, &mut rng);
    // Stable: among equals the shuffled order stands.
    drawn.sort_by_key(|candidate| candidate.last_had);
    drawn.truncate(count);
    shuffle(&mut drawn, &mut rng);
    drawn.into_iter().map(|candidate| candidate.id.clone()).collect()
}

/// The order in which a run shows the choices of its question at `position`.
pub fn order(choices: usize, seed: u64, position: usize) -> Vec<usize> {
    let position = u64::try_from(position).unwrap_or(u64::MAX);
    // Odd, so that every position has a stream of its own.
    let stream = seed ^ position.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut rng = ChaCha8Rng::seed_from_u64(stream);
    let mut order: Vec<usize> = (0..choices).collect();
    shuffle(&mut order, &mut rng);
    order
}

/// Fisher and Yates, written out: a library's shuffle may change with an update, and a run must
/// stay explainable from its seed.
fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let room = u128::try_from(last + 1).unwrap_or(1);
        let product = u128::from(rng.next_u64()) * room;
        let other = usize::try_from(product >> 64).unwrap_or(0);
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::{Candidate, draw, order};
    use crate::domain::ids::QuestionId;
    use chrono::{DateTime, TimeDelta, Utc};
    use std::collections::BTreeSet;

    fn names(many: usize) -> Vec<QuestionId> {
        (0..many).map(|n| QuestionId(format!("p/t/q{n:02}"))).collect()
    }

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_795_420_800_000).unwrap() + TimeDelta::days(day)
    }

    fn candidates<'a>(
        names: &'a [QuestionId],
        had: impl Fn(usize) -> Option<i64>,
    ) -> Vec<Candidate<'a>> {
        let with = |(n, id)| Candidate { id, last_had: had(n).map(at) };
        names.iter().enumerate().map(with).collect()
    }

    #[test]
    fn what_was_never_had_comes_before_what_was_had_longest_ago() {
        let names = names(10);
        // 0 to 3 were had, 3 longest ago.
        let all = candidates(&names, |n| (n < 4).then(|| 9 - i64::try_from(n).unwrap()));
        for seed in 0..50 {
            let drawn: BTreeSet<QuestionId> = draw(&all, 7, seed).into_iter().collect();
            let mut wanted: BTreeSet<QuestionId> = names[4..].iter().cloned().collect();
            wanted.insert(names[3].clone());
            assert_eq!(drawn, wanted, "seed {seed}");
        }
        assert_eq!(draw(&all, 20, 1).len(), 10);
        assert_eq!(draw(&[], 5, 1), []);
    }

    #[test]
    fn a_seed_decides_everything() {
        let names = names(12);
        let all = candidates(&names, |_| None);
        let mut turned = all.clone();
        turned.reverse();
        assert_eq!(draw(&all, 5, 42), draw(&turned, 5, 42));
        let different: BTreeSet<Vec<QuestionId>> = (0..20).map(|s| draw(&all, 5, s)).collect();
        assert!(different.len() > 15);
        // Never to change: runs of earlier releases are explained by their seeds.
        assert_eq!(
            (0..3).map(|position| order(4, 42, position)).collect::<Vec<_>>(),
            GOLDEN.map(Vec::from)
        );
    }

    const GOLDEN: [[usize; 4]; 3] = [[1, 0, 2, 3], [0, 1, 3, 2], [1, 0, 3, 2]];

    #[test]
    fn every_place_is_as_likely_for_the_right_choice() {
        let mut places = [0_u32; 4];
        for seed in 0..4_000 {
            for position in 0..2 {
                let shown = order(4, seed, position);
                assert_eq!(shown.iter().copied().collect::<BTreeSet<_>>().len(), 4);
                places[shown.iter().position(|choice| *choice == 0).unwrap()] += 1;
            }
        }
        // 2,000 each; the standard deviation is about 39.
        assert!(places.iter().all(|n| (1_800..2_200).contains(n)), "{places:?}");
    }
}
