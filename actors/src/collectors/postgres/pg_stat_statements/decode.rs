//! The columns of `pg_stat_statements`, in the order of its SQL files and of the stream.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{CellError, Cursor};
use crate::model::{NULL, Timestamp, streams};

/// What every SQL variant answers with.
pub(super) const COLUMNS: &[&str] = &[
    "queryid",
    "userid",
    "toplevel",
    "dbid",
    "since",
    "calls",
    "plans",
    "total_time",
    "rows",
    "shared_blks_hit",
    "shared_blks_read",
    "shared_blks_dirtied",
    "shared_blks_written",
    "temp_blks_read",
    "temp_blks_written",
    "blk_read_time",
    "blk_write_time",
    "wal_records",
    "wal_fpi",
    "wal_bytes",
    "plan_time",
    "jit_functions",
    "jit_time",
    "min_time",
    "max_time",
    "stddev_time",
];

/// How many columns of the stream are cumulative counters; they come first.
pub(super) const COUNTERS: usize = 18;
/// The columns behind them, which are readings.
pub(super) const GAUGES: Range<usize> = COUNTERS..COUNTERS + 3;
/// One row of the stream.
pub(super) type Values = [i64; GAUGES.end];

const CALLS: usize = 0;
const PLANS: usize = 14;
const JIT: Range<usize> = 16..18;
const JIT_SINCE: (u32, u32) = (1, 10);
/// The counters of which one moves whenever anything about a statement does.
pub(super) const MOVES: [usize; 2] = [CALLS, PLANS];

const _: () = assert!(streams::STATEMENTS.columns.len() == GAUGES.end);

/// Which statement a row is about.
pub(super) struct Statement {
    pub series: u64,
    pub queryid: i64,
    pub user: i64,
    /// When the server began counting for it (PostgreSQL 17 and later).
    pub since: Option<Timestamp>,
}

/// Reads the key; `None` when the role may not see the statement.
pub(super) fn key(cursor: &mut Cursor<'_>) -> Result<Option<Statement>, CellError> {
    let queryid = cursor.i64()?;
    let user = cursor.required_i64()?;
    let toplevel = cursor.bool()?.unwrap_or(true);
    let elsewhere = cursor.i64()?;
    let since = cursor.timestamp()?;
    let statement = |queryid| {
        let series = series(queryid, user, toplevel, elsewhere);
        Statement { series, queryid, user, since }
    };
    Ok(queryid.map(statement))
}

/// The series of (user, queryid, toplevel) in the database connected to, or `elsewhere` by the number of its database;
/// stays the same across restarts.
pub(super) fn series(queryid: i64, user: i64, toplevel: bool, elsewhere: Option<i64>) -> u64 {
    let mut bytes = [0; 25];
    bytes[..8].copy_from_slice(&queryid.to_le_bytes());
    bytes[8..16].copy_from_slice(&user.to_le_bytes());
    bytes[16] = u8::from(toplevel);
    let Some(database) = elsewhere else { return xxh3_64(&bytes[..17]) };
    bytes[17..].copy_from_slice(&database.to_le_bytes());
    xxh3_64(&bytes)
}

/// Reads the two counters that show whether the row has changed.
pub(super) fn probe(cursor: &mut Cursor<'_>) -> Result<[i64; COUNTERS], CellError> {
    let mut counters = [0; COUNTERS];
    counters[CALLS] = cursor.i64()?.unwrap_or(0);
    counters[PLANS] = cursor.i64()?.unwrap_or(0);
    Ok(counters)
}

/// Reads the rest of the row. A counter that is NULL is zero, unless the extension does not have it.
pub(super) fn values(
    cursor: &mut Cursor<'_>,
    probed: [i64; COUNTERS],
    version: (u32, u32),
) -> Result<([i64; COUNTERS], [i64; GAUGES.end - GAUGES.start]), CellError> {
    let mut counters = probed;
    counters[1] = cursor.millis_as_us()?;
    for cell in &mut counters[2..9] {
        *cell = cursor.counter()?;
    }
    counters[9] = cursor.millis_as_us()?;
    counters[10] = cursor.millis_as_us()?;
    for cell in &mut counters[11..14] {
        *cell = cursor.counter()?;
    }
    counters[15] = cursor.millis_as_us()?;
    counters[16] = cursor.counter()?;
    counters[17] = cursor.millis_as_us()?;
    for cell in counters.iter_mut().filter(|cell| **cell == NULL) {
        *cell = 0;
    }
    if version < JIT_SINCE {
        counters[JIT].fill(NULL);
    }
    let gauges = [cursor.millis_as_us()?, cursor.millis_as_us()?, cursor.millis_as_us()?];
    Ok((counters, gauges))
}

/// Counters and readings as one row of the stream.
pub(super) fn row(counters: &[i64; COUNTERS], gauges: &[i64; GAUGES.end - GAUGES.start]) -> Values {
    let mut row = [0; GAUGES.end];
    row[..COUNTERS].copy_from_slice(counters);
    row[GAUGES].copy_from_slice(gauges);
    row
}

/// Adds changes of an earlier, broken-off sample to those of a later one: counters add up, the later readings stay.
pub(super) fn add(changed: &mut Vec<(u64, Values)>, earlier: Vec<(u64, Values)>) {
    for (series, values) in earlier {
        match changed.iter_mut().find(|(known, _)| *known == series) {
            Some((_, sum)) => {
                for (cell, value) in sum[..COUNTERS].iter_mut().zip(values) {
                    *cell = if *cell == NULL || value == NULL { NULL } else { *cell + value };
                }
            }
            None => changed.push((series, values)),
        }
    }
}
