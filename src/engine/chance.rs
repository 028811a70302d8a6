//! Chance as an argument: everything random in the engine is derived from one seed.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// A source of numbers that depend on a seed and on what they are for, not on how often it was
/// asked before. So the same seed gives the same rounds, whatever else happened in between, and a
/// restart with the same seed repeats nothing that has another name.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// Everything derived from here on depends on `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// 64 bits for one purpose, for example `round:scheduled:42:2026-11-23`.
    pub fn number(self, purpose: &str) -> u64 {
        self.hash(purpose).0
    }

    /// A key of 25 characters a–z and 0–9 for one purpose: as long as Discord's nonce may be
    /// (resources/message: at most 25 characters).
    pub fn key(self, purpose: &str) -> String {
        let (high, low) = self.hash(purpose);
        let mut rest = (u128::from(high) << 64) | u128::from(low);
        let mut key = String::with_capacity(25);
        for _ in 0..25 {
            let digit = u32::try_from(rest % 36).unwrap_or(0);
            key.push(char::from_digit(digit, 36).unwrap_or('0'));
            rest /= 36;
        }
        key
    }

    fn hash(self, purpose: &str) -> (u64, u64) {
        let mut hasher = SipHasher24::new_with_keys(self.seed, 0x5354_5544_5948_414c);
        hasher.write(purpose.as_bytes());
        let hash = hasher.finish128();
        (hash.h1, hash.h2)
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn depends_on_seed_and_purpose_alone() {
        let chance = Chance::new(7);
        assert_eq!(chance.number("a"), Chance::new(7).number("a"));
        assert_ne!(chance.number("a"), chance.number("b"));
        assert_ne!(chance.number("a"), Chance::new(8).number("a"));
        assert_eq!(chance.key("a").len(), 25);
        assert!(chance.key("a").chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(chance.key("a"), chance.key("b"));
    }
}
