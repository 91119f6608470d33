//! Merges and mutations of ClickHouse.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One merge that runs, as `GET /databases/{id}/merges` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Merge {
    /// The node that runs it.
    pub host_name: Option<String>,
    pub database: String,
    pub table: String,
    pub elapsed_ms: Option<i64>,
    /// From 0 to 100.
    pub progress_pct: Option<f64>,
    pub num_parts: Option<i64>,
    /// Of all parts that it reads.
    pub total_size_bytes_compressed: Option<i64>,
    pub bytes_read_uncompressed: Option<i64>,
    pub rows_read: Option<i64>,
    pub rows_written: Option<i64>,
    /// In bytes.
    pub memory_usage: Option<i64>,
    /// Whether it rewrites one part for a mutation.
    pub is_mutation: Option<bool>,
    /// `Regular`, `TTLDelete` or `TTLRecompress`.
    pub merge_type: Option<String>,
    pub result_part_name: Option<String>,
}

/// Every merge that runs, the longest first.
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
    /// Literals are gone.
    pub command: String,
    pub create_time: Option<Timestamp>,
    pub parts_to_do: Option<i64>,
    pub is_done: bool,
    /// Null where the version does not say.
    pub is_killed: Option<bool>,
    pub latest_failed_part: Option<String>,
    pub latest_fail_time: Option<Timestamp>,
    /// Without literals of the command or of the data.
    pub latest_fail_reason: Option<String>,
    pub latest_fail_error_code_name: Option<String>,
    /// Neither done nor killed, and failing or not getting on.
    pub stuck: bool,
}

/// Mutations that are not done, the oldest first; then those of the last day that are, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutationSnapshot {
    pub mutations: Vec<Mutation>,
}

impl Snapshot for MutationSnapshot {}
