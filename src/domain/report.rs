//! Reports: a member says that something is wrong with a question.

use crate::domain::text::{is_blank, trimmed};

/// Open reports a member may have in one guild.
pub const MOST_OPEN: u32 = 5;
/// Characters of a reason.
pub const LONGEST_REASON: usize = 500;

/// What the admins made of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Open,
    /// They mean to mend the question.
    FixLater,
    /// Nothing is left to do.
    Dismissed,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::FixLater, Self::Dismissed];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::FixLater => "fix_later",
            Self::Dismissed => "dismissed",
        }
    }

    /// The standing of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }

    /// Whether admins may decide `to` now: a report that is to be mended later can still be
    /// dismissed, a dismissed one is over.
    pub fn allows(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Open, Self::FixLater | Self::Dismissed) | (Self::FixLater, Self::Dismissed)
        )
    }
}

/// The reason as it is kept: without space around it, and cut; `None` if nothing is left to see.
pub fn reason(typed: &str) -> Option<String> {
    let kept: String = trimmed(typed).chars().take(LONGEST_REASON).collect();
    if is_blank(&kept) { None } else { Some(kept) }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_REASON, Standing, reason};

    #[test]
    fn words_lead_back() {
        for standing in Standing::ALL {
            assert_eq!(Standing::from_word(standing.word()), Some(standing));
            assert!(!standing.allows(standing), "deciding twice changes nothing");
            assert!(!Standing::Dismissed.allows(standing));
            assert!(!standing.allows(Standing::Open));
        }
        assert_eq!(Standing::from_word("gone"), None);
    }

    #[test]
    fn reasons_are_kept_within_bounds() {
        assert_eq!(reason("  The answer is wrong.\n"), Some("The answer is wrong.".to_owned()));
        for nothing in [" \u{7} \n", "\u{200b}\u{200b}", "\u{3164}", "\u{2800} \u{202e}"] {
            assert_eq!(reason(nothing), None, "{nothing:?}");
        }
        assert_eq!(reason(&"é".repeat(600)).unwrap().chars().count(), LONGEST_REASON);
    }
}
