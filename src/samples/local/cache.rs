//! A cache of bounded size that evicts what was least recently used.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use basira_actors::model::DatabaseId;
use parking_lot::Mutex;

/// A stream of a database.
pub(in crate::samples) type StreamKey = (DatabaseId, &'static str);

/// A value larger than one part in this many of the capacity is not cached: it would evict all others.
const MAX_VALUE_PARTS: usize = 4;

/// Least recently used values are evicted. Values are cheap to clone.
#[derive(Debug)]
pub(in crate::samples) struct Cache<K, V> {
    entries: Mutex<Entries<K, V>>,
    room_bytes: usize,
}

#[derive(Debug)]
struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    /// By the number of their last use: the least recently used first.
    by_use: BTreeMap<u64, K>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Eq + Hash + Copy, V: Clone> Cache<K, V> {
    pub(in crate::samples) fn new(room_bytes: usize) -> Self {
        let entries = Entries { by_key: HashMap::new(), by_use: BTreeMap::new(), bytes: 0, uses: 0 };
        Self { entries: Mutex::new(entries), room_bytes }
    }

    pub(in crate::samples) fn get(&self, key: K) -> Option<V> {
        let mut entries = self.entries.lock();
        let Entries { by_key, by_use, uses, .. } = &mut *entries;
        let entry = by_key.get_mut(&key)?;
        *uses += 1;
        by_use.remove(&entry.used);
        by_use.insert(*uses, key);
        entry.used = *uses;
        Some(entry.value.clone())
    }

    /// Caches `value` of `bytes`, and evicts the least recently used until it fits.
    pub(in crate::samples) fn put(&self, key: K, value: V, bytes: usize) {
        let mut entries = self.entries.lock();
        entries.remove(key);
        if bytes > self.room_bytes / MAX_VALUE_PARTS {
            return;
        }
        while entries.bytes + bytes > self.room_bytes
            && let Some((_, oldest)) = entries.by_use.first_key_value()
        {
            let oldest = *oldest;
            entries.remove(oldest);
        }
        entries.uses += 1;
        let used = entries.uses;
        entries.by_use.insert(used, key);
        entries.by_key.insert(key, Entry { value, bytes, used });
        entries.bytes += bytes;
    }

    pub(in crate::samples) fn remove(&self, key: K) {
        self.entries.lock().remove(key);
    }
}

impl<K: Eq + Hash + Copy, V> Entries<K, V> {
    fn remove(&mut self, key: K) {
        if let Some(entry) = self.by_key.remove(&key) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn the_least_recently_used_value_is_evicted() {
        let cache = Cache::new(20);
        for (key, value) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            cache.put(key, value, 5);
        }
        assert_eq!(cache.get("a"), Some(1));
        cache.put("e", 5, 5);
        assert_eq!(["a", "b", "c"].map(|key| cache.get(key)), [Some(1), None, Some(3)]);
        cache.put("a", 6, 3);
        cache.put("f", 7, 5);
        assert_eq!(["a", "d", "f"].map(|key| cache.get(key)), [Some(6), None, Some(7)]);
        cache.remove("a");
        cache.put("b", 2, 5);
        assert_eq!(
            ["a", "b", "c", "e", "f"].map(|key| cache.get(key)),
            [None, Some(2), Some(3), Some(5), Some(7)]
        );
    }

    #[test]
    fn a_value_above_a_quarter_of_the_capacity_is_not_cached() {
        let cache = Cache::new(20);
        cache.put("a", 1, 5);
        cache.put("huge", 9, 6);
        assert_eq!(["huge", "a"].map(|key| cache.get(key)), [None, Some(1)]);
        cache.put("a", 2, 21);
        assert_eq!(cache.get("a"), None, "what it was before is out of date");
    }
}
