//! What a store holds, and what room it takes.

mod tables;
mod waiting;

use basira_actors::model::{DatabaseId, OrganizationId, Timestamp};

use super::Resolution;
pub(super) use tables::of;
pub(super) use waiting::{Streams, add_tails, of_stream};

/// All of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Room taken on disk by samples and what belongs to them.
    pub disk_bytes: u64,
    pub cap_bytes: Option<u64>,
    /// By database, then stream.
    pub streams: Vec<StreamUsage>,
    /// Texts and names kept once, and who the series are.
    pub words: u64,
    pub entries: u64,
}

/// One stream of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamUsage {
    pub organization: OrganizationId,
    pub database: DatabaseId,
    pub stream: String,
    /// Records that are durable but not sealed yet, and the end of the oldest.
    pub tail_records: u64,
    pub tail_bytes: u64,
    pub tail_since: Option<Timestamp>,
    /// The oldest end among sealed records that no roll-up has yet.
    pub rollup_since: Option<Timestamp>,
    /// One per resolution that has anything.
    pub held: Vec<Held>,
}

/// What one resolution of a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub resolution: Resolution,
    pub segments: u64,
    pub rows: u64,
    pub bytes: u64,
    /// The same rows as plain 64-bit integers: `rows` x (columns + series + time).
    pub plain_bytes: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

/// `rows` as plain integers: a series, a time, and the columns, 64 bits each.
pub(super) const fn plain_bytes(rows: u64, columns: usize) -> u64 {
    rows * (columns as u64 + 2) * 8
}
