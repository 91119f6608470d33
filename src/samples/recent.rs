//! What was read before, kept unpacked but small: a tail, and the sums before it, are read again with every look at "now".

use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::{DatabaseId, NULL};
use uuid::Uuid;

use super::cache::{Cache, StreamKey};
use super::codec::{Rows, Sums};
use super::fold::Summed;

/// A busy hour of six databases, or a quiet one of hundreds.
const TAILS_BYTES: usize = 32 << 20;
/// A day of two busy databases, or of many quiet ones.
const SUMS_BYTES: usize = 32 << 20;

/// A record as it was read.
#[derive(Debug)]
pub(super) struct Recent {
    pub(super) from: i64,
    pub(super) at: i64,
    pub(super) series: Vec<u64>,
    columns: Vec<Narrow>,
}

/// A column in as few bytes per cell as its largest needs.
#[derive(Debug)]
enum Narrow {
    Unknown,
    Zero,
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<i64>),
}

impl Recent {
    pub(super) fn new(rows: Rows) -> Self {
        let columns = rows.columns.into_iter().map(Narrow::new).collect();
        Self { from: rows.from, at: rows.at, series: rows.series, columns }
    }

    pub(super) fn cell(&self, column: usize, row: usize) -> i64 {
        match &self.columns[column] {
            Narrow::Unknown => NULL,
            Narrow::Zero => 0,
            Narrow::Two(cells) => cells[row].into(),
            Narrow::Four(cells) => cells[row].into(),
            Narrow::Eight(cells) => cells[row],
        }
    }

    fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|column| column.width() * self.series.len()).sum();
        size_of::<Self>() + self.series.len() * 8 + self.columns.len() * size_of::<Narrow>() + columns
    }
}

impl Narrow {
    fn new(cells: Vec<i64>) -> Self {
        let all = |fits: fn(i64) -> bool| cells.iter().all(|&cell| fits(cell));
        if all(|cell| cell == NULL) {
            Self::Unknown
        } else if all(|cell| cell == 0) {
            Self::Zero
        } else if all(|cell| u16::try_from(cell).is_ok()) {
            Self::Two(cells.into_iter().map(|cell| cell as u16).collect())
        } else if all(|cell| u32::try_from(cell).is_ok()) {
            Self::Four(cells.into_iter().map(|cell| cell as u32).collect())
        } else {
            Self::Eight(cells)
        }
    }

    const fn width(&self) -> usize {
        match self {
            Self::Unknown | Self::Zero => 0,
            Self::Two(_) => 2,
            Self::Four(_) => 4,
            Self::Eight(_) => 8,
        }
    }
}

/// The records of one tail that are known, by their end.
pub(super) type Tail = BTreeMap<i64, Arc<Recent>>;

/// What is known of one tail: its records, and what a stretch of them from the oldest on came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) tail: Arc<Tail>,
    pub(super) summed: Option<Arc<Summed>>,
}

/// What was read last. A stored record or segment never changes, so that what is here is never out of date.
#[derive(Debug)]
pub(super) struct Remembered {
    tails: Cache<StreamKey, Known>,
    sums: Cache<Uuid, Arc<Sums>>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self { tails: Cache::new(TAILS_BYTES), sums: Cache::new(SUMS_BYTES) }
    }
}

impl Remembered {
    pub(super) fn tail(&self, database: DatabaseId, stream: &'static str) -> Known {
        self.tails.get((database, stream)).unwrap_or_default()
    }

    pub(super) fn keep_tail(&self, database: DatabaseId, stream: &'static str, known: Known) {
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
