//! The state of a rate limiter: one number per key, for a bounded number of keys.

use std::collections::HashMap;
use std::sync::Arc;

use governor::nanos::Nanos;
use governor::state::StateStore;
use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;

/// Who is counted, by a hash with a secret seed: nobody outside can make two collide.
pub(super) type Key = u64;

/// When each would have nothing counted any more, in nanoseconds of the limiter's clock.
///
/// When it is full, the half that expires first is removed, so that a limited key stays limited however many others
/// come.
#[derive(Debug, Clone)]
pub(super) struct Store {
    most: usize,
    entries: Arc<Mutex<HashMap<Key, u64, FxBuildHasher>>>,
}

impl Store {
    pub(super) fn new(most: usize) -> Self {
        Self { most, entries: Arc::default() }
    }

    /// Takes back one that was counted, which weighs `weight`.
    pub(super) fn uncount(&self, key: Key, weight: Nanos) {
        if let Some(clear_at) = self.entries.lock().get_mut(&key) {
            *clear_at = clear_at.saturating_sub(weight.as_u64());
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.lock().len()
    }
}

impl StateStore for Store {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut entries = self.entries.lock();
        let known = entries.get(key).copied().map(Nanos::new);
        let (outcome, clear_at) = measure(known)?;
        if known.is_none() && entries.len() >= self.most {
            forget_half(&mut entries);
        }
        entries.insert(*key, clear_at.as_u64());
        Ok(outcome)
    }
}

fn forget_half(entries: &mut HashMap<Key, u64, FxBuildHasher>) {
    let mut clear_at: Vec<u64> = entries.values().copied().collect();
    let middle = clear_at.len() / 2;
    let (_, median, _) = clear_at.select_nth_unstable(middle);
    let median = *median;
    let mut spare = middle;
    entries.retain(|_, at| {
        let forgotten = *at <= median && spare > 0;
        spare -= usize::from(forgotten);
        !forgotten
    });
}
