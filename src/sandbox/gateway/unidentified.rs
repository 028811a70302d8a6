//! Gateway connections that have not said yet who they are. There is room for so many; the oldest
//! makes room for the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Connections without IDENTIFY or RESUME at the same time.
const MOST: usize = 512;

/// All of them, by the number of the connection.
#[derive(Default)]
pub struct Unidentified {
    waiting: Mutex<BTreeMap<u64, CancellationToken>>,
}

impl Unidentified {
    /// Takes one more in until what is returned is dropped. Numbers rise with time.
    pub fn admit(self: &Arc<Self>, number: u64) -> Admitted {
        let evicted = CancellationToken::new();
        let mut waiting = self.waiting();
        waiting.insert(number, evicted.clone());
        while waiting.len() > MOST
            && let Some((_, oldest)) = waiting.pop_first()
        {
            oldest.cancel();
        }
        drop(waiting);
        Admitted { of: Arc::clone(self), number, evicted }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.waiting().len()
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u64, CancellationToken>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them.
pub struct Admitted {
    of: Arc<Unidentified>,
    number: u64,
    /// Cancelled when others need the room.
    pub evicted: CancellationToken,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.of.waiting().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let unidentified = Arc::<Unidentified>::default();
        let mut admitted: Vec<Admitted> =
            (0..MOST as u64).map(|number| unidentified.admit(number)).collect();
        assert!(admitted.iter().all(|one| !one.evicted.is_cancelled()));
        admitted.remove(1);
        admitted.push(unidentified.admit(1_000));
        assert!(!admitted[0].evicted.is_cancelled(), "one has left");
        admitted.push(unidentified.admit(1_001));
        assert_eq!(unidentified.count(), MOST);
        let evicted: Vec<u64> = admitted
            .iter()
            .filter(|one| one.evicted.is_cancelled())
            .map(|one| one.number)
            .collect();
        assert_eq!(evicted, [0]);
        drop(admitted);
        assert_eq!(unidentified.count(), 0);
    }
}
