//! The plans of one statement as the API shows them. Pure.

use std::sync::Arc;

use basira_actors::model::streams::PLANS;
use basira_actors::model::{NULL, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::json_cells::{Texts, cell, float, milliseconds, text};
use crate::samples::{Projection, Total};

/// One line of `GET /databases/{id}/queries/{hash}/explain`: a plan and when it was seen last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanJson {
    pub ts: Timestamp,
    /// As EXPLAIN (FORMAT JSON) writes it, without literals.
    pub plan_json: Value,
    /// 16 hex digits.
    pub plan_hash: Option<Arc<str>>,
    /// In the planner's units.
    pub total_cost: Option<f64>,
    /// Of the slowest run that was seen last; null for a plan that was not run.
    pub actual_time_ms: Option<f64>,
    pub seq_scans: Option<i64>,
    pub index_scans: Option<i64>,
    pub rows_estimated: Option<f64>,
    pub rows_actual: Option<f64>,
    /// `generic` (planned without knowing the parameters) or `auto_explain` (logged when it ran).
    pub source: Option<Arc<str>>,
    pub query_text: Option<Arc<str>>,
}

impl PlanJson {
    /// The plan in `total`, a group of the stream of plans.
    #[must_use]
    pub fn new(total: &Total, texts: &Texts) -> Self {
        let value = |name| cell(&PLANS, &total.values, name);
        let word = |name| text(&PLANS, &total.values, texts, name).cloned();
        let decimal = |name| value(name).map(|thousandths| float(thousandths) / 1000.0);
        Self {
            ts: seen_at(total),
            plan_json: word("plan_json")
                .and_then(|plan| serde_json::from_str(&plan).ok())
                .unwrap_or_default(),
            plan_hash: word("plan_hash"),
            total_cost: decimal("total_cost_thousandths"),
            actual_time_ms: value("actual_time_us").map(milliseconds),
            seq_scans: value("seq_scans"),
            index_scans: value("index_scans"),
            rows_estimated: decimal("rows_estimated_thousandths"),
            rows_actual: decimal("rows_actual_thousandths"),
            source: word("source"),
            query_text: word("query_text"),
        }
    }
}

/// What tells whose each plan is.
#[must_use]
pub fn owners() -> Projection {
    Projection { columns: PLANS.column("query_text").map(|place| vec![place]), ..Projection::ALL }
}

/// Those of `totals`, read as [`owners`], that are plans of the statement `query`.
#[must_use]
pub fn of(query: u64, totals: &[Total]) -> Projection {
    let is_its = |total: &&Total| cell(&PLANS, &total.values, "query_text") == Some(query.cast_signed());
    let groups = Some(totals.iter().filter(is_its).map(|total| total.group).collect());
    Projection { groups, ..Projection::ALL }
}

/// The `limit` plans that were seen last, the newest first.
#[must_use]
pub fn newest(mut totals: Vec<Total>, limit: usize) -> Vec<Total> {
    totals.sort_by_key(|total| (std::cmp::Reverse(seen_at(total)), total.group));
    totals.truncate(limit);
    totals
}

fn seen_at(total: &Total) -> Timestamp {
    cell(&PLANS, &total.values, "seen_at_ms").filter(|at| *at != NULL).map_or(total.last, Timestamp)
}

#[cfg(test)]
mod tests {
    use basira_actors::model::{NULL, Timestamp};
    use serde_json::json;

    use super::{PlanJson, newest, of};
    use crate::samples::Total;
    use crate::views::json_cells::Texts;

    fn total(group: u64, query: i64, seen_at: i64) -> Total {
        let values = vec![query, 2, 3, 4, 1_500, 10_000, NULL, NULL, 1, 0, seen_at];
        Total { group, values, first: Timestamp(0), last: Timestamp(99) }
    }

    #[test]
    fn a_plan_is_shown_in_the_units_of_the_api() {
        let texts = Texts::from([
            (1, "select $1".into()),
            (2, "[{\"Plan\":{}}]".into()),
            (3, "00ff".into()),
            (4, "generic".into()),
        ]);
        let shown = serde_json::to_value(PlanJson::new(&total(9, 1, 7), &texts)).expect("JSON");
        assert_eq!(
            shown,
            json!({"ts": "1970-01-01T00:00:00.007Z", "plan_json": [{"Plan": {}}], "plan_hash": "00ff",
                   "total_cost": 1.5, "actual_time_ms": null, "seq_scans": 1, "index_scans": 0,
                   "rows_estimated": 10.0, "rows_actual": null, "source": "generic", "query_text": "select $1"})
        );
    }

    #[test]
    fn plans_of_one_statement_come_newest_first() {
        let all = [total(1, 5, 10), total(2, 6, 20), total(3, 5, 30)];
        assert_eq!(of(5, &all).groups, Some(vec![1, 3]));
        let groups = |limit| newest(all.to_vec(), limit).iter().map(|total| total.group).collect::<Vec<_>>();
        assert_eq!(groups(2), [3, 2]);
        assert_eq!(groups(50), [3, 2, 1]);
    }
}
