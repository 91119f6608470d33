//! Plans of PostgreSQL as written by `EXPLAIN (FORMAT JSON)` and `auto_explain`: their shape and figures, without literals.

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

/// The size of plans that are read.
pub const MAX_PLAN_BYTES: usize = 1024 * 1024;

/// Why a plan cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("its plan is larger than 1 MiB")]
    TooLarge,
    #[error("its plan cannot be read")]
    Unreadable,
}

/// Identifies the shape of a plan, regardless of costs, rows and literals. Displayed as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanHash(pub u64);

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The source of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `EXPLAIN` without values of parameters: the generic plan.
    Generic,
    /// A run of the statement that `auto_explain` logged.
    AutoExplain,
}

impl Source {
    /// Returns the name used in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::AutoExplain => "auto_explain",
        }
    }
}

/// A plan without literals.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// `[{"Plan": {...}}]` without literals and without the query's text.
    pub json: Arc<str>,
    pub hash: PlanHash,
    /// In the units of the planner.
    pub total_cost: Option<f64>,
    pub rows_estimated: Option<f64>,
    /// Of all loops of the first node; fractional on PostgreSQL 18. Only if the plan was run and timed.
    pub rows_actual: Option<f64>,
    pub actual_time_ms: Option<f64>,
    pub seq_scans: i64,
    pub index_scans: i64,
}

/// Reads a plan: `[{"Plan": ..}]` of EXPLAIN or `{"Query Text": .., "Plan": ..}` of `auto_explain`.
///
/// # Errors
/// [`PlanError`] when it is too large or not a plan.
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

/// Returns the text of the query in a plan that `auto_explain` logged. It contains literals.
#[must_use]
pub fn query_text(logged: &str) -> Option<String> {
    let logged: Map<String, Value> = serde_json::from_str(logged).ok()?;
    logged.get("Query Text").and_then(Value::as_str).map(str::to_owned)
}

/// Builds a row of the stream of plans: `plan` of the statement `query`, used at `at`.
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
    let row = streams::PlansRow {
        query_text: interner.intern_hashed(fingerprint.0, || Arc::clone(text)),
        plan_json: interner.intern(Some(&plan.json)),
        plan_hash: interner.intern(Some(&plan.hash.to_string())),
        source: interner.intern(Some(source.as_str())),
        total_cost_thousandths: thousandths(plan.total_cost),
        rows_estimated_thousandths: thousandths(plan.rows_estimated),
        rows_actual_thousandths: thousandths(plan.rows_actual),
        actual_time_us: thousandths(plan.actual_time_ms),
        seq_scans: plan.seq_scans,
        index_scans: plan.index_scans,
        seen_at_ms: at.as_millis(),
    }
    .values();
    (series, row)
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn thousandths(value: Option<f64>) -> i64 {
    value.filter(|value| value.is_finite()).map_or(NULL, |value| (value * 1000.0).round() as i64)
}

/// The last plan of each statement, to detect changes.
#[derive(Default)]
pub struct LastPlans(HashMap<Fingerprint, KnownPlans>);

/// The plans that a statement had, each once: a statement may go back and forth between two.
struct KnownPlans {
    last_at: Timestamp,
    /// The newest one is the last.
    plans: Vec<(PlanHash, Option<f64>)>,
}

/// The number of plans of one statement that are kept.
const MAX_PLANS: usize = 16;

/// The number of statements that are kept before starting over.
const MAX_STATEMENTS: usize = 10_000;

impl LastPlans {
    /// Records that `query` had `plan` at `at`. Returns an event if it had only other plans before. Plans older than the known
    /// ones are ignored: they were logged late.
    pub fn record(&mut self, query: Fingerprint, plan: &Plan, at: Timestamp) -> Option<Event> {
        if self.0.len() >= MAX_STATEMENTS {
            self.0.clear();
        }
        let now = (plan.hash, plan.total_cost);
        let Some(known) = self.0.get_mut(&query) else {
            self.0.insert(query, KnownPlans { last_at: at, plans: vec![now] });
            return None;
        };
        if known.last_at > at {
            return None;
        }
        known.last_at = at;
        let before = known.plans.last().copied();
        let place = known.plans.iter().position(|(hash, _)| *hash == plan.hash);
        if let Some(place) = place {
            known.plans.remove(place);
        } else if known.plans.len() == MAX_PLANS {
            known.plans.remove(0);
        }
        known.plans.push(now);
        let shown = |(hash, cost): (PlanHash, Option<f64>)| {
            cost.map_or_else(|| hash.to_string(), |cost| format!("{hash} total cost {cost:.2}"))
        };
        place.is_none().then(|| Event {
            at,
            kind: EventKind::PlanChanged,
            subject: query.to_string(),
            before: before.map(shown),
            after: Some(shown(now)),
        })
    }
}

/// The reasons why statements have no plan, by fingerprint.
pub struct Unplanned(pub HashMap<Fingerprint, String>);

impl Snapshot for Unplanned {}
