//! Texts as cells of a stream.

use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::{DictionaryEntry, NULL};

/// Words remembered before starting over.
const REMEMBERED: usize = 65_536;
/// After so many polls words are handed on again, an hour's at the usual pace: the store may have dropped some.
const ROUNDS: u32 = 360;

/// Turns texts into cells; each text is handed on the first time that it is interned, and again after an hour or so.
#[derive(Default)]
pub struct Interner {
    interned: HashSet<u64>,
    new: Vec<DictionaryEntry>,
    rounds: u32,
}

impl Interner {
    /// `text` as a cell of a word column.
    pub fn intern(&mut self, text: Option<&str>) -> i64 {
        let Some(text) = text else { return NULL };
        self.intern_hashed(xxh3_64(text.as_bytes()), || Arc::from(text))
    }

    /// A text that has a hash of its own, such as a statement's fingerprint.
    pub fn intern_hashed(&mut self, hash: u64, text: impl FnOnce() -> Arc<str>) -> i64 {
        if self.interned.len() >= REMEMBERED {
            self.interned.clear();
        }
        if self.interned.insert(hash) {
            self.new.push(DictionaryEntry { hash, text: text() });
        }
        hash.cast_signed()
    }

    /// What was interned for the first time since the last call.
    pub fn drain_new(&mut self) -> Vec<DictionaryEntry> {
        self.rounds += 1;
        if self.rounds >= ROUNDS {
            (self.interned, self.rounds) = (HashSet::new(), 0);
        }
        std::mem::take(&mut self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::{Interner, ROUNDS};

    #[test]
    fn texts_that_the_store_may_have_dropped_are_sent_again() {
        let mut interner = Interner::default();
        let handed_on = (0..=2 * ROUNDS).filter(|_| {
            interner.intern(Some("idle"));
            !interner.drain_new().is_empty()
        });
        assert_eq!(handed_on.count(), 3);
    }
}
