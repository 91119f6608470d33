//! What of the tables is worth storing: those that changed, and all of them once an hour.

use std::collections::HashMap;
use std::time::Duration;

use crate::collect::{FoundGap, Interner};
use crate::model::{GapReason, NULL, Record, StoredTable, Timestamp, streams};

const WIDTH: usize = streams::PARTS.columns.len();
/// Tables that never change are stored again after this long, so that they are found.
const BASELINE_EVERY: Duration = Duration::from_secs(3600);
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(180);

/// The rows that were stored last.
#[derive(Default)]
pub(super) struct History {
    previous: Option<Timestamp>,
    baseline_at: Option<Timestamp>,
    rows: HashMap<u64, [i64; WIDTH]>,
    pub(super) interner: Interner,
}

impl History {
    /// Returns `now`, or just after the previous sample if that is later.
    pub(super) fn after(&self, now: Timestamp) -> Timestamp {
        self.previous.map_or(now, |previous| now.max(Timestamp(previous.as_millis() + 1)))
    }

    /// Returns the gap before the sample of `at`.
    pub(super) fn gap(&self, at: Timestamp) -> Option<FoundGap> {
        match self.previous {
            None => Some(FoundGap { from: None, to: at, reason: GapReason::NotWatched }),
            Some(from) => (at.since(from) > MAX_INTERVAL).then_some(FoundGap {
                from: Some(from),
                to: at,
                reason: GapReason::Unreachable,
            }),
        }
    }

    /// What is to be stored of `tables` as they are at `at`; nothing when nothing changed.
    pub(super) fn record(&mut self, tables: &[StoredTable], at: Timestamp) -> Option<Record> {
        let from = self.previous.replace(at).unwrap_or(Timestamp(at.as_millis() - 1));
        let is_baseline = self.baseline_at.is_none_or(|before| at.since(before) >= BASELINE_EVERY);
        if is_baseline {
            self.baseline_at = Some(at);
        }
        let before = std::mem::take(&mut self.rows);
        let mut changed = Vec::new();
        for table in tables {
            let row = self.row(table);
            if is_baseline || before.get(&table.series) != Some(&row) {
                changed.push((table.series, row));
            }
            self.rows.insert(table.series, row);
        }
        (!changed.is_empty()).then(|| Record::new(&streams::PARTS, from, at, changed))
    }

    /// Returns the columns of the stream, in its order.
    fn row(&mut self, table: &StoredTable) -> [i64; WIDTH] {
        let parts = table.parts.as_ref();
        streams::PartsRow {
            rows: table.rows.unwrap_or(NULL),
            bytes_on_disk: table.bytes.unwrap_or(NULL),
            active_parts: parts.map_or(NULL, |parts| parts.active_parts),
            max_parts_in_partition: parts.map_or(NULL, |parts| parts.max_parts_in_partition),
            database_name: self.interner.intern(Some(&table.database)),
            table_name: self.interner.intern(Some(&table.table)),
            host_name: self.interner.intern(Some(&table.host_name)),
        }
        .values()
    }
}
