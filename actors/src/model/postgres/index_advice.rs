//! Missing indexes that would make statements faster.

use serde::Serialize;

use crate::model::common::{Snapshot, Timestamp};

/// The basis of an advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The planner chose a hypothetical index created with `HypoPG`.
    Hypopg,
    /// An estimate from the plan and the statistics of the columns, not confirmed by the planner.
    Hypothesis,
}

/// A statement that an index makes faster. Costs are in the units of the planner, for one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HelpedStatement {
    /// 16 hex digits.
    pub query_hash: String,
    pub cost_before: f64,
    /// Null for a hypothesis.
    pub cost_after: Option<f64>,
    pub gain_pct: f64,
}

/// One index that is missing. Costs are sums over its statements, one run of each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndexAdvice {
    pub database_name: String,
    pub schema_name: String,
    pub table_name: String,
    /// In the order of the index.
    pub columns: Vec<String>,
    /// Largest gain first.
    pub statements: Vec<HelpedStatement>,
    pub cost_before: f64,
    /// Null for a hypothesis.
    pub cost_after: Option<f64>,
    pub gain_pct: f64,
    pub estimated_size_bytes: Option<i64>,
    /// Rows inserted or updated, each of which may write to the index. Null until the collector has run twice, and on a
    /// standby.
    pub writes_per_second: Option<f64>,
    pub evidence: Evidence,
    /// Why it is a hypothesis, and what is not known.
    pub note: Option<String>,
    pub create_sql: String,
    pub ts: Timestamp,
}

/// All advice for one database, largest gain first.
#[derive(Debug)]
pub struct IndexAdvices(pub Vec<IndexAdvice>);

impl Snapshot for IndexAdvices {}
