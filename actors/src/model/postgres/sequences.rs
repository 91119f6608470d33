//! How far sequences have come.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One sequence and the narrowest column that it fills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sequence {
    pub database_name: String,
    pub schema_name: String,
    pub sequence_name: String,
    pub data_type: String,
    pub increment: i64,
    pub cycle: bool,
    /// Null when nothing was taken yet, or the role may not see it.
    pub last_value: Option<i64>,
    /// The last value that it can give and its column can hold.
    pub limit_value: i64,
    /// From 0 to 100; null when `last_value` may not be seen.
    pub used_pct: Option<f64>,
    /// How many values are left.
    pub remaining: Option<i64>,
    /// What limits it: `sequence` or `column`.
    pub limited_by: &'static str,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    pub column_type: Option<String>,
    pub ts: Timestamp,
}

/// The sequences of one database that are furthest, those that cannot be seen last.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceSnapshot {
    pub sequences: Vec<Sequence>,
    /// How many there are in all.
    pub total: usize,
}

impl Snapshot for SequenceSnapshot {}
