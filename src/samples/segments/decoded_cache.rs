//! Decoded records and sums: the tail, and the sums before it, are read again by every query up to now.

use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::DatabaseId;
use uuid::Uuid;

use crate::samples::aggregate::{CompactRecord, Summed};
use crate::samples::codec::Sums;
use crate::samples::local::{Cache, StreamKey};

/// A busy hour of six databases, or a quiet one of hundreds.
const TAILS_BYTES: usize = 32 << 20;
/// A day of two busy databases, or of many quiet ones.
const SUMS_BYTES: usize = 32 << 20;

/// The decoded records of one tail, by their end.
pub(super) type Tail = BTreeMap<i64, Arc<CompactRecord>>;

/// The decoded part of one tail: its records, and the sum of some of them from the oldest on.
#[derive(Debug, Clone, Default)]
pub(super) struct DecodedTail {
    pub(super) tail: Arc<Tail>,
    pub(super) summed: Option<Arc<Summed>>,
}

/// What was decoded last. A stored record or segment never changes, so that the cache is never out of date.
#[derive(Debug)]
pub(super) struct DecodedCache {
    tails: Cache<StreamKey, DecodedTail>,
    sums: Cache<Uuid, Arc<Sums>>,
}

impl Default for DecodedCache {
    fn default() -> Self {
        Self { tails: Cache::new(TAILS_BYTES), sums: Cache::new(SUMS_BYTES) }
    }
}

impl DecodedCache {
    pub(super) fn tail(&self, database: DatabaseId, stream: &'static str) -> DecodedTail {
        self.tails.get((database, stream)).unwrap_or_default()
    }

    pub(super) fn keep_tail(&self, database: DatabaseId, stream: &'static str, known: DecodedTail) {
        let records: usize = known.tail.values().map(|record| record.bytes()).sum();
        let summed = known.summed.as_ref().map_or(0, |summed| summed.bytes());
        self.tails.put((database, stream), known, records + summed);
    }

    /// All sums of a segment.
    pub(super) fn sums(&self, segment: Uuid) -> Option<Arc<Sums>> {
        self.sums.get(segment)
    }

    pub(super) fn keep_sums(&self, segment: Uuid, sums: Arc<Sums>) {
        let bytes = sums.bytes();
        self.sums.put(segment, sums, bytes);
    }
}
