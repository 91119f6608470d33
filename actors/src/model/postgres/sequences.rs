//! Sequences and how many of their values are used.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// One sequence and the narrowest column that it is the default of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sequence {
    pub database_name: String,
    pub schema_name: String,
    pub sequence_name: String,
    pub data_type: String,
    pub increment: i64,
    pub cycle: bool,
    /// Null when no value was used yet, or the role may not read it.
    pub last_value: Option<i64>,
    /// The last value that it can return and its column can store.
    pub limit_value: i64,
    /// From 0 to 100; null when the role may not read `last_value`.
    pub used_pct: Option<f64>,
    /// The number of values left.
    pub remaining: Option<i64>,
    /// What determines `limit_value`: `sequence` or `column`.
    pub limited_by: &'static str,
    /// The table may be in another schema than the sequence.
    #[serde(skip)]
    pub table_schema: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    pub column_type: Option<String>,
    pub ts: Timestamp,
}

/// The most used sequences of one database. Those that the role may not read come last.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceSnapshot {
    pub sequences: Vec<Sequence>,
    /// The number of all sequences.
    pub total: usize,
}

impl Snapshot for SequenceSnapshot {}
