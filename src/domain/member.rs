//! What is known of a member besides the name: as of the last event that told it.

use crate::domain::ids::RoleId;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Roles and the instant of joining. Not every event tells them: `None` is not known from this
/// one, and leaves what is known from an earlier one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The roles, without that of everybody.
    pub roles: Option<BTreeSet<RoleId>>,
    /// When the member joined the guild.
    pub joined: Option<DateTime<Utc>>,
}

/// Whether one of a member's roles is kept off the boards. Who was never seen with roles is not.
pub fn is_excluded(roles: Option<&BTreeSet<RoleId>>, excluded: &BTreeSet<RoleId>) -> bool {
    roles.is_some_and(|roles| !roles.is_disjoint(excluded))
}

#[cfg(test)]
mod tests {
    use super::is_excluded;
    use crate::domain::ids::RoleId;

    #[test]
    fn one_excluded_role_is_enough() {
        let roles = |ids: &[u64]| ids.iter().map(|id| RoleId(*id)).collect();
        assert!(is_excluded(Some(&roles(&[1, 2])), &roles(&[2, 3])));
        assert!(!is_excluded(Some(&roles(&[1, 2])), &roles(&[3])));
        assert!(!is_excluded(Some(&roles(&[])), &roles(&[3])));
        assert!(!is_excluded(None, &roles(&[3])));
    }
}
