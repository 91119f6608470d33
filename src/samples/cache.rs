//! What was read and will be read again, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use basira_actors::model::DatabaseId;

/// A stream of a database.
pub(super) type StreamKey = (DatabaseId, &'static str);

/// Keeps what was used last. Values are cheap to clone.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    shelf: Mutex<Shelf<K, V>>,
    room_bytes: usize,
}

#[derive(Debug)]
struct Shelf<K, V> {
    slots: HashMap<K, Slot<V>>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Slot<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Eq + Hash + Copy, V: Clone> Cache<K, V> {
    pub(super) fn new(room_bytes: usize) -> Self {
        Self { shelf: Mutex::new(Shelf { slots: HashMap::new(), bytes: 0, uses: 0 }), room_bytes }
    }

    pub(super) fn get(&self, key: K) -> Option<V> {
        let mut shelf = self.lock();
        shelf.uses += 1;
        let uses = shelf.uses;
        let slot = shelf.slots.get_mut(&key)?;
        slot.used = uses;
        Some(slot.value.clone())
    }

    /// Keeps `value`, which takes `bytes`, in the place of what was not used for longest.
    pub(super) fn put(&self, key: K, value: V, bytes: usize) {
        let mut shelf = self.lock();
        shelf.uses += 1;
        let slot = Slot { value, bytes, used: shelf.uses };
        shelf.bytes += bytes;
        if let Some(before) = shelf.slots.insert(key, slot) {
            shelf.bytes -= before.bytes;
        }
        while shelf.bytes > self.room_bytes {
            let Some(oldest) = shelf.slots.iter().min_by_key(|(_, slot)| slot.used).map(|(key, _)| *key)
            else {
                break;
            };
            shelf.remove(oldest);
        }
    }

    pub(super) fn remove(&self, key: K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Shelf<K, V>> {
        // each change is complete before anything can panic
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Shelf<K, V> {
    fn remove(&mut self, key: K) {
        if let Some(slot) = self.slots.remove(&key) {
            self.bytes -= slot.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let cache = Cache::new(10);
        cache.put("a", 1, 4);
        cache.put("b", 2, 4);
        assert_eq!(cache.get("a"), Some(1));
        cache.put("c", 3, 4);
        assert_eq!(["a", "b", "c"].map(|key| cache.get(key)), [Some(1), None, Some(3)]);
        cache.put("a", 5, 6);
        assert_eq!(["a", "c"].map(|key| cache.get(key)), [Some(5), Some(3)]);
        cache.remove("a");
        cache.put("b", 2, 6);
        assert_eq!(["b", "c"].map(|key| cache.get(key)), [Some(2), Some(3)]);
        cache.put("huge", 9, 11);
        assert_eq!(["huge", "b"].map(|key| cache.get(key)), [None, None]);
    }
}
