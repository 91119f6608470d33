//! Plans of PostgreSQL, as `EXPLAIN (FORMAT JSON)` and `auto_explain` write them: their shape, their figures, and no
//! literal of a user's query. Pure.

mod candidates;
mod clean;
mod conditions;
#[cfg(test)]
mod fuzz;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::collect::Interner;
use crate::model::{Event, EventKind, NULL, Snapshot, Timestamp, streams};
use crate::text::Fingerprint;

pub use self::candidates::{Candidate, candidates};
pub use self::conditions::Column;

/// A larger plan is not read.
pub const MAX_PLAN_BYTES: usize = 1024 * 1024;

/// Why there is no plan of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("its plan is larger than 1 MiB")]
    TooLarge,
    #[error("its plan is not understood")]
    Unreadable,
}

/// Identifies the shape of a plan, apart from costs, rows and literals. Shown as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanHash(pub u64);

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Where a plan comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `EXPLAIN` without parameters: what the planner does when it does not know them.
    Generic,
    /// A run of the statement, logged by `auto_explain`.
    AutoExplain,
}

impl Source {
    /// The name used by the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::AutoExplain => "auto_explain",
        }
    }
}

/// What is known of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// `[{"Plan": {...}}]` without literals and without the query's text.
    pub json: Arc<str>,
    pub hash: PlanHash,
    /// In the planner's units.
    pub total_cost: Option<f64>,
    pub rows_estimated: Option<f64>,
    /// Of all loops of the first node; fractional on PostgreSQL 18. Only where the plan was run and timed.
    pub rows_actual: Option<f64>,
    pub actual_time_ms: Option<f64>,
    pub seq_scans: i64,
    pub index_scans: i64,
}

/// Reads `json`: `[{"Plan": ..}]` of EXPLAIN, `{"Query Text": .., "Plan": ..}` of `auto_explain`.
///
/// # Errors
/// [`PlanError`] when it is too large or no plan.
pub fn read(json: &str) -> Result<Plan, PlanError> {
    if json.len() > MAX_PLAN_BYTES {
        return Err(PlanError::TooLarge);
    }
    let mut value: Value = serde_json::from_str(json).map_err(|_| PlanError::Unreadable)?;
    let explained = match &mut value {
        Value::Array(plans) => plans.first_mut().map(Value::take).ok_or(PlanError::Unreadable)?,
        Value::Object(_) => value,
        _ => return Err(PlanError::Unreadable),
    };
    let Value::Object(mut explained) = explained else { return Err(PlanError::Unreadable) };
    clean::clean(&mut explained);
    let Some(Value::Object(root)) = explained.get("Plan") else { return Err(PlanError::Unreadable) };
    let shape = shape::of(root);
    let number = |name: &str| root.get(name).and_then(Value::as_f64);
    let loops = number("Actual Loops").unwrap_or(1.0);
    Ok(Plan {
        hash: PlanHash(xxh3_64(shape.text.as_bytes())),
        total_cost: number("Total Cost"),
        rows_estimated: number("Plan Rows"),
        rows_actual: number("Actual Rows").map(|rows| rows * loops),
        actual_time_ms: number("Actual Total Time").map(|ms| ms * loops),
        seq_scans: shape.seq_scans,
        index_scans: shape.index_scans,
        json: Arc::from(json!([explained]).to_string()),
    })
}

/// The text of the query that `auto_explain` put beside the plan; it holds the user's literals.
#[must_use]
pub fn query_text(logged: &str) -> Option<String> {
    let logged: Map<String, Value> = serde_json::from_str(logged).ok()?;
    logged.get("Query Text").and_then(Value::as_str).map(str::to_owned)
}

/// One row of the stream of plans: `plan` of the statement `query`, seen at `at`.
#[must_use]
pub fn row(
    query: (Fingerprint, &Arc<str>),
    source: Source,
    plan: &Plan,
    at: Timestamp,
    interner: &mut Interner,
) -> (u64, [i64; streams::PLANS.columns.len()]) {
    let (fingerprint, text) = query;
    let series = xxh3_64(format!("{fingerprint} {} {}", plan.hash, source.as_str()).as_bytes());
    let row = [
        interner.intern_hashed(fingerprint.0, || Arc::clone(text)),
        interner.intern(Some(&plan.json)),
        interner.intern(Some(&plan.hash.to_string())),
        interner.intern(Some(source.as_str())),
        thousandths(plan.total_cost),
        thousandths(plan.rows_estimated),
        thousandths(plan.rows_actual),
        thousandths(plan.actual_time_ms),
        plan.seq_scans,
        plan.index_scans,
        at.as_millis(),
    ];
    (series, row)
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn thousandths(value: Option<f64>) -> i64 {
    value.filter(|value| value.is_finite()).map_or(NULL, |value| (value * 1000.0).round() as i64)
}

/// The plan that each statement had last, and what happened when it has another.
#[derive(Default)]
pub struct LastPlans(HashMap<Fingerprint, (Timestamp, PlanHash, Option<f64>)>);

/// Statements remembered before starting over.
const REMEMBERED: usize = 10_000;

impl LastPlans {
    /// Notes that `query` has `plan` at `at`; an event when it had another one. A log tells late: what was so before the
    /// plan that is known says nothing new.
    pub fn saw(&mut self, query: Fingerprint, plan: &Plan, at: Timestamp) -> Option<Event> {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        if self.0.get(&query).is_some_and(|(known_at, ..)| *known_at > at) {
            return None;
        }
        let (_, hash, cost) = self.0.insert(query, (at, plan.hash, plan.total_cost))?;
        let shown = |(hash, cost): (PlanHash, Option<f64>)| {
            cost.map_or_else(|| hash.to_string(), |cost| format!("{hash} total cost {cost:.2}"))
        };
        (hash != plan.hash).then(|| Event {
            at,
            kind: EventKind::PlanChanged,
            subject: query.to_string(),
            before: Some(shown((hash, cost))),
            after: Some(shown((plan.hash, plan.total_cost))),
        })
    }
}

/// Why statements have no plan, by fingerprint.
pub struct Unplanned(pub HashMap<Fingerprint, String>);

impl Snapshot for Unplanned {}
