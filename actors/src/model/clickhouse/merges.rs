//! Merges and mutations of ClickHouse.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One running merge, as `GET /databases/{id}/merges` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Merge {
    /// The node that runs the merge.
    pub host_name: Option<String>,
    pub database: String,
    pub table: String,
    pub elapsed_ms: Option<i64>,
    /// From 0 to 100.
    pub progress_pct: Option<f64>,
    pub num_parts: Option<i64>,
    /// The size of all source parts.
    pub total_size_bytes_compressed: Option<i64>,
    pub bytes_read_uncompressed: Option<i64>,
    pub rows_read: Option<i64>,
    pub rows_written: Option<i64>,
    /// The memory use in bytes.
    pub memory_usage: Option<i64>,
    /// Whether it rewrites a part for a mutation.
    pub is_mutation: Option<bool>,
    /// `Regular`, `TTLDelete` or `TTLRecompress`.
    pub merge_type: Option<String>,
    pub result_part_name: Option<String>,
}

/// All running merges, the longest first.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeSnapshot {
    pub merges: Vec<Merge>,
}

impl Snapshot for MergeSnapshot {}

/// One mutation, as `GET /databases/{id}/mutations` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mutation {
    pub host_name: Option<String>,
    pub database: String,
    pub table: String,
    pub mutation_id: String,
    /// Without literals.
    pub command: String,
    pub create_time: Option<Timestamp>,
    pub parts_to_do: Option<i64>,
    pub is_done: bool,
    /// Null where the version does not report it.
    pub is_killed: Option<bool>,
    pub latest_failed_part: Option<String>,
    pub latest_fail_time: Option<Timestamp>,
    /// Without literals of the command or of the data.
    pub latest_fail_reason: Option<String>,
    pub latest_fail_error_code_name: Option<String>,
    /// Whether it is neither done nor killed, and fails or makes no progress.
    pub stuck: bool,
}

/// Unfinished mutations, the oldest first; then those finished within the last day, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutationSnapshot {
    pub mutations: Vec<Mutation>,
}

impl Snapshot for MutationSnapshot {}
