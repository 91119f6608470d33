//! What was read and will be read again, by database and stream, in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use basira_actors::model::DatabaseId;

type Key = (DatabaseId, &'static str);

/// Keeps what was used last. Values are cheap to clone.
#[derive(Debug)]
pub(super) struct Cache<V> {
    shelf: Mutex<Shelf<V>>,
    room_bytes: usize,
}

#[derive(Debug)]
struct Shelf<V> {
    slots: HashMap<Key, Slot<V>>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Slot<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<V: Clone> Cache<V> {
    pub(super) fn new(room_bytes: usize) -> Self {
        Self { shelf: Mutex::new(Shelf { slots: HashMap::new(), bytes: 0, uses: 0 }), room_bytes }
    }

    pub(super) fn get(&self, database: DatabaseId, stream: &'static str) -> Option<V> {
        let mut shelf = self.lock();
        shelf.uses += 1;
        let uses = shelf.uses;
        let slot = shelf.slots.get_mut(&(database, stream))?;
        slot.used = uses;
        Some(slot.value.clone())
    }

    /// Keeps `value`, which takes `bytes`, in the place of what was not used for longest.
    pub(super) fn put(&self, database: DatabaseId, stream: &'static str, value: V, bytes: usize) {
        let mut shelf = self.lock();
        shelf.uses += 1;
        let slot = Slot { value, bytes, used: shelf.uses };
        shelf.bytes += bytes;
        if let Some(before) = shelf.slots.insert((database, stream), slot) {
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

    pub(super) fn remove(&self, database: DatabaseId, stream: &'static str) {
        self.lock().remove((database, stream));
    }

    fn lock(&self) -> MutexGuard<'_, Shelf<V>> {
        // each change is complete before anything can panic
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Shelf<V> {
    fn remove(&mut self, key: Key) {
        if let Some(slot) = self.slots.remove(&key) {
            self.bytes -= slot.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, DatabaseId};

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let cache = Cache::new(10);
        let database = DatabaseId::generate();
        cache.put(database, "a", 1, 4);
        cache.put(database, "b", 2, 4);
        assert_eq!(cache.get(database, "a"), Some(1));
        cache.put(database, "c", 3, 4);
        assert_eq!(
            [cache.get(database, "a"), cache.get(database, "b"), cache.get(database, "c")],
            [Some(1), None, Some(3)]
        );
        cache.put(database, "a", 5, 6);
        assert_eq!([cache.get(database, "a"), cache.get(database, "c")], [Some(5), Some(3)]);
        cache.remove(database, "a");
        cache.put(database, "b", 2, 6);
        assert_eq!([cache.get(database, "b"), cache.get(database, "c")], [Some(2), Some(3)]);
        cache.put(database, "huge", 9, 11);
        assert_eq!([cache.get(database, "huge"), cache.get(database, "b")], [None, None]);
    }
}
