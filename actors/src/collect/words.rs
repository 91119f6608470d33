//! Texts as cells of a stream.

use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::{NULL, Word};

/// Words remembered before starting over.
const REMEMBERED: usize = 65_536;
/// After so many polls words are handed on again, an hour's at the usual pace: the store may have dropped some.
const ROUNDS: u32 = 360;

/// Turns texts into cells; each text is handed on the first time that it is said, and again after an hour or so.
#[derive(Default)]
pub struct Words {
    said: HashSet<u64>,
    new: Vec<Word>,
    rounds: u32,
}

impl Words {
    /// `text` as a cell of a word column.
    pub fn say(&mut self, text: Option<&str>) -> i64 {
        let Some(text) = text else { return NULL };
        self.say_as(xxh3_64(text.as_bytes()), || Arc::from(text))
    }

    /// A text that has a hash of its own, such as a statement's fingerprint.
    pub fn say_as(&mut self, hash: u64, text: impl FnOnce() -> Arc<str>) -> i64 {
        if self.said.len() >= REMEMBERED {
            self.said.clear();
        }
        if self.said.insert(hash) {
            self.new.push(Word { hash, text: text() });
        }
        hash.cast_signed()
    }

    /// What was said for the first time since the last call.
    pub fn news(&mut self) -> Vec<Word> {
        self.rounds += 1;
        if self.rounds >= ROUNDS {
            (self.said, self.rounds) = (HashSet::new(), 0);
        }
        std::mem::take(&mut self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUNDS, Words};

    #[test]
    fn words_that_the_store_may_have_dropped_are_handed_on_again() {
        let mut words = Words::default();
        let handed_on = (0..=2 * ROUNDS).filter(|_| {
            words.say(Some("idle"));
            !words.news().is_empty()
        });
        assert_eq!(handed_on.count(), 3);
    }
}
