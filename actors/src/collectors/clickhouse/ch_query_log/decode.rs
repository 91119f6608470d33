//! Rows of the log's aggregate.

use super::counted::{Count, SUMS};
use crate::collect::{CellError, Cursor, series};

pub(super) const COLUMNS: &[&str] = &[
    "host_name",
    "slice",
    "user_name",
    "database_name",
    "hash",
    "kind",
    "calls",
    "total_time_us",
    "result_rows",
    "result_bytes",
    "read_rows",
    "read_bytes",
    "written_rows",
    "written_bytes",
    "memory_bytes",
    "cpu_time_us",
    "exceptions",
    "max_time_us",
    "peak_memory_bytes",
    "buckets",
    "bucket_counts",
    "exception_codes",
    "exception_counts",
];

/// What identifies a series: where and by whom a statement ran, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryKey {
    pub(super) host_name: String,
    pub(super) user_name: String,
    pub(super) database_name: String,
    /// The server's own hash of the statement without its literals.
    pub(super) hash: i64,
    pub(super) kind: String,
}

/// The counts of one series within one slice of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogRow {
    pub(super) slice: i64,
    pub(super) key: QueryKey,
    pub(super) count: Count,
    pub(super) max_time_us: i64,
    pub(super) peak_memory_bytes: i64,
}

impl QueryKey {
    /// Returns the series, which is the same in every run.
    pub(super) fn series(&self) -> u64 {
        let names = [&self.host_name, &self.user_name, &self.database_name, &self.kind];
        let hash = self.hash.to_le_bytes();
        let parts: Vec<&[u8]> =
            names.iter().flat_map(|name| [name.as_bytes(), b"\0"]).chain([&hash[..]]).collect();
        series(&parts)
    }
}

/// The row at the cursor.
pub(super) fn row(cursor: &mut Cursor<'_>) -> Result<LogRow, CellError> {
    let host_name = cursor.owned_text()?.unwrap_or_default();
    let slice = cursor.required_i64()?;
    let (user_name, database_name) =
        (cursor.owned_text()?.unwrap_or_default(), cursor.owned_text()?.unwrap_or_default());
    let hash = cursor.required_i64()?;
    let kind = cursor.owned_text()?.unwrap_or_default();
    let mut sums = [0; SUMS];
    for sum in &mut sums {
        *sum = cursor.counter()?;
    }
    let (max_time_us, peak_memory_bytes) = (cursor.counter()?, cursor.counter()?);
    let durations = pairs(cursor)?;
    let durations =
        durations.into_iter().filter_map(|(bucket, calls)| Some((u32::try_from(bucket).ok()?, calls)));
    let count = Count { sums, durations: durations.collect(), exceptions: pairs(cursor)? };
    let key = QueryKey { host_name, user_name, database_name, hash, kind };
    Ok(LogRow { slice, key, count, max_time_us, peak_memory_bytes })
}

/// Two arrays side by side: keys and their counts.
fn pairs(cursor: &mut Cursor<'_>) -> Result<Vec<(i64, i64)>, CellError> {
    let (keys, counts) = (cursor.ints()?.unwrap_or_default(), cursor.ints()?.unwrap_or_default());
    Ok(keys.into_iter().zip(counts).collect())
}
