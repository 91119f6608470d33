//! The answers of the server, read.

use std::collections::HashMap;

use crate::collect::{Answer, CellError, Cursor, Epoch, Mark};
use crate::model::Timestamp;

/// A sample's place in the life of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) mark: Mark,
    /// When the counters of `pg_stat_wal` and `pg_stat_bgwriter` began. A crash moves both, and sets all counters of
    /// databases to zero without moving theirs.
    pub(super) shared_resets: [Option<Timestamp>; 2],
}

pub(super) const COLUMNS: &[&str] = &[
    "at",
    "started_at",
    "in_recovery",
    "wal_reset_at",
    "bgwriter_reset_at",
    "database_name",
    "reset_at",
    "commits",
    "rollbacks",
    "blks_read",
    "blks_hit",
    "tup_returned",
    "tup_fetched",
    "tup_inserted",
    "tup_updated",
    "tup_deleted",
    "conflicts",
    "temp_files",
    "temp_bytes",
    "deadlocks",
    "checksum_failures",
    "blk_read_time",
    "blk_write_time",
    "session_time",
    "active_time",
    "idle_in_transaction_time",
    "sessions",
    "sessions_abandoned",
    "sessions_fatal",
    "sessions_killed",
    "conflicts_tablespace",
    "conflicts_lock",
    "conflicts_snapshot",
    "conflicts_bufferpin",
    "conflicts_deadlock",
    "numbackends",
    "connection_limit",
    "xid_age",
    "mxid_age",
    "checksum_last_failure",
];
pub(super) const SIZES_COLUMNS: &[&str] = &["database_name", "size_bytes"];

/// How many counters a database has.
pub(super) const COUNTERS: usize = 28;
/// The place of `checksum_failures` among them.
pub(super) const CHECKSUM_FAILURES: usize = 13;
/// Those of them, from one place to another, that are times.
const TIMES: std::ops::Range<usize> = 14..19;

/// One database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// None for the objects that all databases share.
    pub(super) name: Option<String>,
    pub(super) reset_at: Option<Timestamp>,
    /// In the order of the stream's sums.
    pub(super) counters: [i64; COUNTERS],
    pub(super) numbackends: Option<i64>,
    pub(super) connection_limit: Option<i64>,
    pub(super) xid_age: Option<i64>,
    pub(super) mxid_age: Option<i64>,
    pub(super) checksum_last_failure: Option<Timestamp>,
}

/// All rows of the sample.
pub(super) fn read(answer: &Answer<'_>) -> Result<(Sample, Vec<Row>), CellError> {
    let mut sample = None;
    let mut rows = Vec::with_capacity(answer.rows.len());
    for row in 0..answer.rows.len() {
        let mut cursor = Cursor::new(answer.rows, row);
        let at = cursor.required_timestamp()?;
        let started_at = cursor.required_timestamp()?;
        let in_recovery = cursor.bool()?.unwrap_or_default();
        let shared_resets = [cursor.timestamp()?, cursor.timestamp()?];
        let epoch = Epoch { started_at, in_recovery, reset_at: None, evictions: 0 };
        sample = Some(Sample { mark: Mark { at, epoch }, shared_resets });
        rows.push(database(&mut cursor)?);
    }
    let sample = sample.ok_or(CellError { column: 0, expected: "in any row" })?;
    Ok((sample, rows))
}

fn database(cursor: &mut Cursor<'_>) -> Result<Row, CellError> {
    let name = cursor.owned_text()?;
    let reset_at = cursor.timestamp()?;
    let mut counters = [0; COUNTERS];
    for (place, counter) in counters.iter_mut().enumerate() {
        *counter = if TIMES.contains(&place) { cursor.millis_as_us()? } else { cursor.counter()? };
    }
    Ok(Row {
        name,
        reset_at,
        counters,
        numbackends: cursor.i64()?,
        connection_limit: cursor.i64()?,
        xid_age: cursor.i64()?,
        mxid_age: cursor.i64()?,
        checksum_last_failure: cursor.timestamp()?,
    })
}

/// Returns the size of each database, where the role may read it.
pub(super) fn sizes(answer: &Answer<'_>) -> Result<HashMap<String, Option<i64>>, CellError> {
    let rows = 0..answer.rows.len();
    let size = |row| {
        let mut cursor = Cursor::new(answer.rows, row);
        Ok((cursor.owned_text()?.unwrap_or_default(), cursor.i64()?))
    };
    rows.map(size).collect()
}
