//! What rounds and quiz answers are worth. (design, section 4)

use crate::domain::ballot::Ballot;
use crate::domain::ids::MemberId;
use crate::domain::question::Difficulty;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How many points each thing earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// An answer that counted.
    pub answered: i64,
    /// A ballot cast.
    pub ballot: i64,
    /// The members' pick; those who share it get all of it each.
    pub pick: i64,
    /// A right quiz answer to an easy question, on the first attempt.
    pub quiz_easy: i64,
    /// The same for a medium one.
    pub quiz_medium: i64,
    /// The same for a hard one.
    pub quiz_hard: i64,
    /// The most that one member gets from quizzes on one day.
    pub quiz_daily: i64,
}

impl Rules {
    /// What a right quiz answer is worth.
    pub fn quiz(&self, difficulty: Difficulty) -> i64 {
        match difficulty {
            Difficulty::Easy => self.quiz_easy,
            Difficulty::Medium => self.quiz_medium,
            Difficulty::Hard => self.quiz_hard,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            answered: 2,
            ballot: 1,
            pick: 5,
            quiz_easy: 1,
            quiz_medium: 2,
            quiz_hard: 3,
            quiz_daily: 15,
        }
    }
}

/// What points were given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// An answer that counted.
    Answered,
    /// A ballot cast.
    Voted,
    /// The members' pick.
    Picked,
    /// A right answer in a quiz.
    Quiz,
}

impl Cause {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Answered, Self::Voted, Self::Picked, Self::Quiz];
    /// Those that a round can give.
    pub const OF_ROUND: [Self; 3] = [Self::Answered, Self::Voted, Self::Picked];

    /// The word used in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Voted => "voted",
            Self::Picked => "picked",
            Self::Quiz => "quiz",
        }
    }

    /// The cause of that name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Points that one member gets for one thing done in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// Who gets them.
    pub member: MemberId,
    /// For what.
    pub cause: Cause,
    /// How many; never 0.
    pub points: i64,
}

/// Everything a closed round gives, by member and then by cause. A ballot that was voided still
/// earns its voter the point. No member gets anything twice for the same cause, and what the
/// rules value at 0 is left out.
pub fn awards(
    rules: &Rules,
    answered: &[MemberId],
    ballots: &[Ballot],
    picks: &[MemberId],
) -> Vec<Award> {
    let answered = answered.iter().map(|member| (*member, Cause::Answered, rules.answered));
    let voted = ballots.iter().map(|ballot| (ballot.voter, Cause::Voted, rules.ballot));
    let picked = picks.iter().map(|member| (*member, Cause::Picked, rules.pick));
    // The set both sorts and takes out what is there twice.
    let earned: BTreeSet<(MemberId, Cause, i64)> = answered.chain(voted).chain(picked).collect();
    earned
        .into_iter()
        .map(|(member, cause, points)| Award { member, cause, points })
        .filter(|award| award.points != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Award, Cause, Rules, awards};
    use crate::domain::ballot::Ballot;
    use crate::domain::ids::MemberId;

    const ANN: MemberId = MemberId(1);
    const BOB: MemberId = MemberId(2);
    const CYD: MemberId = MemberId(3);

    fn ballot(voter: MemberId, author: MemberId, void: bool) -> Ballot {
        Ballot { voter, author, void }
    }

    fn listed(awards: &[Award]) -> Vec<(u64, &'static str, i64)> {
        awards.iter().map(|award| (award.member.0, award.cause.word(), award.points)).collect()
    }

    #[test]
    fn a_whole_round() {
        let ballots = [ballot(CYD, ANN, false), ballot(BOB, ANN, false)];
        let given = awards(&Rules::default(), &[BOB, ANN], &ballots, &[ANN]);
        assert_eq!(
            listed(&given),
            [
                (1, "answered", 2),
                (1, "picked", 5),
                (2, "answered", 2),
                (2, "voted", 1),
                (3, "voted", 1),
            ]
        );
        assert_eq!(given.iter().map(|award| award.points).sum::<i64>(), 11);
    }

    #[test]
    fn a_shared_pick_is_paid_in_full_to_each() {
        let given = awards(&Rules::default(), &[], &[], &[BOB, ANN]);
        assert_eq!(listed(&given), [(1, "picked", 5), (2, "picked", 5)]);
    }

    #[test]
    fn a_void_ballot_still_earns_its_voter_the_point() {
        let given = awards(&Rules::default(), &[], &[ballot(CYD, ANN, true)], &[]);
        assert_eq!(listed(&given), [(3, "voted", 1)]);
    }

    #[test]
    fn nothing_is_given_twice() {
        let ballots = [ballot(CYD, ANN, true), ballot(CYD, BOB, false)];
        let given = awards(&Rules::default(), &[ANN, ANN], &ballots, &[ANN, ANN]);
        assert_eq!(listed(&given), [(1, "answered", 2), (1, "picked", 5), (3, "voted", 1)]);
    }

    #[test]
    fn what_is_worth_nothing_is_left_out() {
        let rules = Rules { ballot: 0, ..Rules::default() };
        let given = awards(&rules, &[ANN], &[ballot(ANN, BOB, false)], &[]);
        assert_eq!(listed(&given), [(1, "answered", 2)]);
        assert_eq!(awards(&Rules::default(), &[], &[], &[]), []);
    }

    #[test]
    fn words_lead_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.word()), Some(cause));
        }
        assert_eq!(Cause::from_word("quizzes"), None);
    }

    #[test]
    fn rules_left_out_of_a_file_keep_their_default() {
        let rules: Rules = serde_json::from_str(r#"{"pick": 3}"#).unwrap();
        assert_eq!((rules.answered, rules.ballot, rules.pick), (2, 1, 3));
        assert!(serde_json::from_str::<Rules>(r#"{"picks": 3}"#).is_err());
    }
}
