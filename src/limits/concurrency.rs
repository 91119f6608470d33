//! Limits how many of something each key holds at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

type Held<K> = Arc<Mutex<HashMap<K, u32>>>;

/// How many each holds now.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter<K: Eq + Hash>(Held<K>);

/// One of the things that a key holds; dropping it releases it.
#[derive(Debug)]
pub struct Permit<K: Eq + Hash> {
    held: Held<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> ConcurrencyLimiter<K> {
    /// One more for `key`; `None` when it holds `most` already.
    pub(super) fn take(&self, key: K, most: u32) -> Option<Permit<K>> {
        let mut held = self.0.lock();
        let count = held.get(&key).copied().unwrap_or_default();
        if count >= most {
            return None;
        }
        held.insert(key.clone(), count + 1);
        drop(held);
        Some(Permit { held: Arc::clone(&self.0), key })
    }
}

impl<K: Eq + Hash> Default for ConcurrencyLimiter<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        match held.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(held.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ConcurrencyLimiter;

    #[test]
    fn concurrency_is_limited_per_client_and_unused_entries_are_removed() {
        let shares = ConcurrencyLimiter::default();
        let first = shares.take("ada", 2).expect("room");
        let second = shares.take("ada", 2).expect("room");
        assert!(shares.take("ada", 2).is_none());
        assert!(shares.take("ada", 3).is_some(), "a raised limit counts at once");
        assert!(shares.take("eve", 2).is_some());
        drop(first);
        assert!(shares.take("ada", 2).is_some());
        drop(second);
        assert!(shares.0.lock().is_empty());
    }
}
