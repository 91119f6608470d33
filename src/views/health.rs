//! How the health of a database went.

use std::collections::BTreeMap;

use basira_actors::health::DoctorStatus;
use basira_actors::model::Timestamp;
use basira_actors::model::streams::HEALTH;
use serde::Serialize;

use super::json_cells;
use crate::samples::{DatabaseScope, Projection, SampleStore, StoreError, Window};

/// The state at the end of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthLine {
    pub ts: Timestamp,
    /// Null when there was nothing fresh to judge by.
    pub score: Option<i64>,
    pub status: Option<DoctorStatus>,
    /// What the points were lost to, costliest first.
    pub issues: Vec<Lost>,
}

/// Points lost to one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    pub rule_id: String,
    pub penalty: i64,
}

/// One line per bucket in which the score was stored, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub async fn over(
    store: &dyn SampleStore,
    scope: DatabaseScope,
    window: Window,
    bucket_ms: i64,
) -> Result<Vec<HealthLine>, StoreError> {
    let timelines = store.timelines(scope, &HEALTH, window, bucket_ms, &Projection::ALL).await?;
    let points = || timelines.iter().flat_map(|timeline| &timeline.points);
    let hashes = json_cells::words(&HEALTH, points().map(|point| &point.values[..]));
    let texts = store.words(scope.organization, &hashes).await?;
    let mut lines: BTreeMap<Timestamp, HealthLine> = BTreeMap::new();
    for point in points() {
        let empty = || HealthLine { ts: point.ts, score: None, status: None, issues: Vec::new() };
        let line = lines.entry(point.ts).or_insert_with(empty);
        let cell = |name| json_cells::cell(&HEALTH, &point.values, name);
        if let Some(status) = cell("status") {
            line.score = cell("score");
            line.status = DoctorStatus::from_code(status);
        } else if let Some(penalty) = cell("penalty").filter(|penalty| *penalty > 0)
            && let Some(rule_id) = json_cells::text(&HEALTH, &point.values, &texts, "rule_id")
        {
            line.issues.push(Lost { rule_id: rule_id.to_string(), penalty });
        }
    }
    let mut lines: Vec<HealthLine> = lines.into_values().collect();
    for line in &mut lines {
        line.issues.sort_by(|a, b| b.penalty.cmp(&a.penalty).then_with(|| a.rule_id.cmp(&b.rule_id)));
    }
    Ok(lines)
}
