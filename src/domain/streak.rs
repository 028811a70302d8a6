//! Streaks: consecutive posted rounds that a member answered. (design, section 4)
//!
//! Only a close changes a streak: each round closed after a member's first answer in that study
//! channel is either [answered](Streak::answered) or [missed](Streak::missed). Rounds skipped or
//! withdrawn are neither.

/// Answered rounds that earn one grace.
const ROUNDS_PER_GRACE: u32 = 7;

/// Graces held at once.
const MOST_GRACES: u32 = 2;

/// One member's streak in one study channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streak {
    /// Rounds answered in a row, graces bridging the gaps without counting.
    pub length: u32,
    /// The longest it ever was.
    pub best: u32,
    /// Misses it will survive, 0 to 2.
    pub graces: u32,
    /// Answered rounds since the last grace was earned, 0 to 6. It stands still at 0 while two
    /// graces are held: what is answered then is not saved up for a third one. A break of the
    /// streak leaves it alone, since graces are earned by answers, not by rows of them.
    pub toward_grace: u32,
}

impl Streak {
    /// The streak after a round that the member answered.
    pub fn answered(self) -> Self {
        let length = self.length.saturating_add(1);
        let mut next = Self { length, best: self.best.max(length), ..self };
        if next.graces < MOST_GRACES {
            next.toward_grace += 1;
            if next.toward_grace >= ROUNDS_PER_GRACE {
                next.toward_grace = 0;
                next.graces += 1;
            }
        }
        next
    }

    /// The streak after a round that the member did not answer: a grace is spent and the length
    /// stays, or, without one, the length is 0. Nothing happens while there is no streak.
    pub fn missed(self) -> Self {
        if self.length == 0 {
            self
        } else if self.graces > 0 {
            Self { graces: self.graces - 1, ..self }
        } else {
            Self { length: 0, ..self }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Streak;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    /// `a` answered, `m` missed.
    fn after(start: Streak, rounds: &str) -> Streak {
        rounds.chars().fold(start, |streak, round| match round {
            'a' => streak.answered(),
            _ => streak.missed(),
        })
    }

    #[test]
    fn long_sequences() {
        // (rounds, length, best, graces, toward the next)
        let seven = "aaaaaaa";
        let table = [
            (String::new(), 0, 0, 0, 0),
            ("m".into(), 0, 0, 0, 0),
            ("mmmma".into(), 1, 1, 0, 1),
            ("aaa".into(), 3, 3, 0, 3),
            ("aaam".into(), 0, 3, 0, 3),
            ("aaamaaaa".into(), 4, 4, 1, 0),
            ("aaaaaam".into(), 0, 6, 0, 6),
            (seven.into(), 7, 7, 1, 0),
            (format!("{seven}m"), 7, 7, 0, 0),
            (format!("{seven}mm"), 0, 7, 0, 0),
            (format!("{seven}ma"), 8, 8, 0, 1),
            (format!("{seven}{seven}"), 14, 14, 2, 0),
            (format!("{seven}{seven}{seven}aaa"), 24, 24, 2, 0),
            (format!("{seven}{seven}{seven}mm"), 21, 21, 0, 0),
            (format!("{seven}{seven}{seven}mmm"), 0, 21, 0, 0),
            (format!("{seven}{seven}aaam{seven}"), 24, 24, 2, 0),
            (format!("{seven}{seven}aaam{seven}mmma"), 1, 24, 0, 1),
            (format!("{seven}aaamaaa"), 13, 13, 0, 6),
            (format!("{seven}aaamaaaam"), 14, 14, 0, 0),
        ];
        for (rounds, length, best, graces, toward_grace) in table {
            let expected = Streak { length, best, graces, toward_grace };
            assert_eq!(after(Streak::default(), &rounds), expected, "{rounds}");
        }
    }

    #[test]
    fn a_count_at_its_end_stays_there() {
        let endless = Streak { length: u32::MAX, best: u32::MAX, ..Streak::default() };
        assert_eq!(endless.answered().length, u32::MAX);
    }

    proptest! {
        #[test]
        fn whatever_happens(rounds: Vec<bool>) {
            let mut streak = Streak::default();
            let mut answers = 0;
            let mut spent = 0;
            for answered in rounds {
                let before = streak;
                streak = if answered { streak.answered() } else { streak.missed() };
                if answered {
                    answers += 1;
                    prop_assert_eq!(streak.length, before.length + 1);
                } else {
                    prop_assert!(streak.length == before.length || streak.length == 0);
                    spent += before.graces - streak.graces;
                }
                prop_assert!(streak.best >= streak.length && streak.best >= before.best);
                prop_assert!(streak.graces <= 2 && streak.toward_grace < 7);
                prop_assert!((spent + streak.graces) * 7 <= answers);
            }
        }

        #[test]
        fn a_miss_twice_in_a_row_with_no_grace_changes_nothing_more(length in 0_u32..50, toward in 0_u32..7, best in any::<u16>()) {
            let streak = Streak { length, best: length.max(best.into()), graces: 0, toward_grace: toward };
            prop_assert_eq!(streak.missed().missed(), streak.missed());
        }
    }
}
