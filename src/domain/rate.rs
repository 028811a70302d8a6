//! How many solve a question: the measured rate, how sure it is, and what a label promises.
//!
//! A rate is made of first attempts alone (a member's first at that question in 30 days), so that
//! practice does not make a question look easier than it is.

use super::question::Difficulty;

/// First attempts at a question, and how many of them were right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// First attempts.
    pub answers: u32,
    /// Those that were right; at most `answers`.
    pub right: u32,
}

/// Two sides of the normal distribution leave 95 % between them.
const Z: f64 = 1.959_963_984_540_054;

/// From how many answers on a rate is shown and compared with its label: 21.
///
/// With so many, Wilson's interval is at most 0.4 wide whatever the rate (it is widest at one half:
/// `z / sqrt(n + z²)`), which is the width of the only range below that has two ends, that of
/// medium. A wider interval could not tell a medium question from the other two.
pub const ENOUGH: u32 = 21;

/// What an answer by chance is worth in a question with four choices.
const GUESS: f64 = 0.25;

/// How many answers the label counts for, where a rate is needed before there are enough.
const LABEL_WEIGHT: f64 = 10.0;

/// A measured rate that cannot be what the label promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// More solve it than the label says.
    Easier,
    /// Fewer do.
    Harder,
}

/// The share of first attempts that a difficulty promises to be right. The ranges overlap, because
/// the labels say how much one must know, and rates also depend on who answers: only what no
/// reading of the label explains is told.
pub fn expected(difficulty: Difficulty) -> (f64, f64) {
    match difficulty {
        Difficulty::Easy => (0.70, 1.0),
        Difficulty::Medium => (0.45, 0.85),
        Difficulty::Hard => (0.0, 0.60),
    }
}

impl Rate {
    /// The rate after one more first attempt.
    pub fn after(self, right: bool) -> Self {
        Self {
            answers: self.answers.saturating_add(1),
            right: self.right.saturating_add(u32::from(right)),
        }
    }

    /// The share that was right, 0 to 1; `None` before the first answer.
    pub fn share(self) -> Option<f64> {
        (self.answers > 0).then(|| f64::from(self.right) / f64::from(self.answers))
    }

    /// Whether there are enough answers to show the rate.
    pub fn is_enough(self) -> bool {
        self.answers >= ENOUGH
    }

    /// Between what shares the true rate lies, 95 times in a hundred: the score interval of E. B.
    /// Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    /// the American Statistical Association 22 (1927). Unlike the textbook one it holds for few
    /// answers and near 0 and 1. Without answers: anything.
    pub fn interval(self) -> (f64, f64) {
        let Some(share) = self.share() else { return (0.0, 1.0) };
        let n = f64::from(self.answers);
        let middle = share + Z * Z / (2.0 * n);
        let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        // At the ends the formula gives 0 and 1, but for the last digit.
        (((middle - reach) / whole).max(0.0), ((middle + reach) / whole).min(1.0))
    }

    /// Whether the label is contradicted: there are enough answers, and the whole interval lies
    /// outside what the label promises.
    pub fn contradicts(self, label: Difficulty) -> Option<Contradiction> {
        let ((low, high), (least, most)) = (self.interval(), expected(label));
        if !self.is_enough() {
            None
        } else if low > most {
            Some(Contradiction::Easier)
        } else if high < least {
            Some(Contradiction::Harder)
        } else {
            None
        }
    }

    /// How far a contradicting rate is from what the label promises; 0 where it is inside.
    pub fn distance(self, label: Difficulty) -> f64 {
        let ((low, high), (least, most)) = (self.interval(), expected(label));
        (low - most).max(least - high).max(0.0)
    }

    /// The best guess at the rate, in thousandths, also before anybody answered: the answers, and
    /// with them ten more that the label stands for, of which as many are right as in the middle of
    /// its range (for hard: between guessing among four and the range's upper end). This is the
    /// mean of a beta distribution whose prior is the label.
    pub fn smoothed(self, label: Difficulty) -> u16 {
        let (least, most) = expected(label);
        let middle = f64::midpoint(least.max(GUESS), most);
        let right = f64::from(self.right.min(self.answers)) + LABEL_WEIGHT * middle;
        let share = right / (f64::from(self.answers) + LABEL_WEIGHT);
        // Between 0 and 1,000 by construction.
        (share * 1_000.0).round() as u16
    }
}

#[cfg(test)]
mod tests {
    use super::{Contradiction, ENOUGH, Rate, Z, expected};
    use crate::domain::question::Difficulty::{self, Easy, Hard, Medium};
    use proptest::prelude::{any, prop_assert, proptest};

    fn rate(right: u32, answers: u32) -> Rate {
        Rate { answers, right }
    }

    #[test]
    fn known_intervals() {
        // R 4.5: prop.test(right, answers, correct = FALSE)$conf.int; 81 of 263 and the others are
        // also in R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (right, answers, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (10, 20, 0.2993, 0.7007),
            (29, 29, 0.8830, 1.0),
        ] {
            let (is_low, is_high) = rate(right, answers).interval();
            assert!((is_low - low).abs() < 5e-5, "{right} of {answers}: {is_low}");
            assert!((is_high - high).abs() < 5e-5, "{right} of {answers}: {is_high}");
        }
        assert_eq!(rate(0, 0).interval(), (0.0, 1.0));
    }

    #[test]
    fn enough_is_where_an_interval_is_no_wider_than_the_range_of_medium() {
        let (least, most) = expected(Medium);
        let widest = |answers: u32| Z / (f64::from(answers) + Z * Z).sqrt();
        assert!(widest(ENOUGH) <= most - least);
        assert!(widest(ENOUGH - 1) > most - least, "fewer would do");
        let (low, high) = rate(11, 22).interval();
        assert!((high - low - widest(22)).abs() < 1e-12);
    }

    #[test]
    fn contradictions() {
        for (label, right, answers, found) in [
            // Few answers say nothing.
            (Easy, 0, 20, None),
            (Easy, 0, 21, Some(Contradiction::Harder)),
            (Easy, 12, 30, Some(Contradiction::Harder)),
            (Easy, 18, 30, None),
            (Easy, 30, 30, None),
            (Medium, 30, 30, Some(Contradiction::Easier)),
            (Medium, 26, 30, None),
            (Medium, 18, 30, None),
            (Medium, 10, 30, None),
            (Medium, 7, 30, Some(Contradiction::Harder)),
            (Hard, 0, 30, None),
            (Hard, 20, 30, None),
            (Hard, 25, 30, Some(Contradiction::Easier)),
        ] {
            let rate = rate(right, answers);
            assert_eq!(rate.contradicts(label), found, "{label}, {right} of {answers}");
            let outside = rate.distance(label) > 0.0;
            assert!(outside || found.is_none(), "{label}, {right} of {answers}");
        }
    }

    #[test]
    fn before_any_answer_the_label_speaks() {
        let none = rate(0, 0);
        assert_eq!([Easy, Medium, Hard].map(|label| none.smoothed(label)), [850, 650, 425]);
        // Ten answers weigh as much as the label, many all but drown it.
        assert_eq!(rate(0, 10).smoothed(Easy), 425);
        assert_eq!(rate(0, 10_000).smoothed(Easy), 1);
    }

    fn label(n: u8) -> Difficulty {
        Difficulty::ALL[usize::from(n % 3)]
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share(answers in 1_u32..5_000, part in 0.0..=1.0_f64) {
            let right = (f64::from(answers) * part) as u32;
            let rate = rate(right, answers);
            let ((low, high), share) = (rate.interval(), rate.share().unwrap());
            prop_assert!((0.0..=share + 1e-12).contains(&low), "{low} {share}");
            prop_assert!((share - 1e-12..=1.0).contains(&high), "{share} {high}");
            let (narrow_low, narrow_high) = Rate { answers: answers * 4, right: right * 4 }.interval();
            prop_assert!(narrow_high - narrow_low < high - low);
        }

        #[test]
        fn smoothing_lies_between_label_and_measure(answers in 1_u32..500, part in 0.0..=1.0_f64, n: u8) {
            let right = (f64::from(answers) * part) as u32;
            let (prior, label) = (rate(0, 0).smoothed(label(n)), label(n));
            let measured = (1_000.0 * f64::from(right) / f64::from(answers)).round() as u16;
            let smoothed = rate(right, answers).smoothed(label);
            prop_assert!((prior.min(measured)..=prior.max(measured)).contains(&smoothed));
        }

        #[test]
        fn counts_never_overflow(answers in any::<u32>(), n: u8) {
            let end = Rate { answers: u32::MAX, right: answers };
            prop_assert!(end.after(true).answers == u32::MAX);
            prop_assert!(end.smoothed(label(n)) <= 1_000);
        }
    }
}
