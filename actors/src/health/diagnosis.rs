//! The result of an examination.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Category, Rule, Severity, Unit, rules};
use crate::model::{Engine, Timestamp};

/// The state of one database, in the shape of `GET /databases/{id}/doctor`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    pub status: DoctorStatus,
    /// 0 to 100; none without fresh samples.
    pub score: Option<u8>,
    pub computed_at: Timestamp,
    /// Highest penalty first; the penalties sum to 100 - score.
    pub top_issues: Vec<Issue>,
    pub metrics_summary: Map<String, Value>,
    /// The number of rules evaluated, and how long that took.
    pub evaluated: usize,
    pub evaluated_in_ms: Option<f64>,
    /// The rules that could not be evaluated, with the reason: they never count as passed.
    pub not_evaluated: Vec<NotEvaluated>,
}

/// The meaning of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DoctorStatus {
    Healthy,
    Degraded,
    Unhealthy,
}

impl DoctorStatus {
    const ALL: [Self; 3] = [Self::Healthy, Self::Degraded, Self::Unhealthy];

    /// From 80 healthy, from 50 degraded.
    #[must_use]
    pub const fn of(score: Option<u8>) -> Self {
        match score {
            Some(80..) => Self::Healthy,
            Some(50..) => Self::Degraded,
            _ => Self::Unhealthy,
        }
    }

    /// The stored code.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// Returns the status stored as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One problem that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Issue {
    pub rule_id: &'static str,
    pub severity: Severity,
    pub category: Category,
    pub title: &'static str,
    pub detail: String,
    pub recommendation: &'static str,
    pub how_to_investigate: String,
    pub how_to_fix: String,
    /// The points it takes from the score.
    pub penalty: u8,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub unit: Unit,
    /// The names of the objects found, worst first, at most 10.
    pub evidence: Vec<String>,
    /// The number of objects found.
    pub objects: usize,
    /// Since when the rule applies, since this process started.
    pub since: Timestamp,
}

/// A rule that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotEvaluated {
    pub rule_id: &'static str,
    pub reason: String,
}

impl Diagnosis {
    /// The diagnosis of a database without fresh samples.
    #[must_use]
    pub fn disconnected(engine: Engine, at: Timestamp, since: Option<Timestamp>, why: &str) -> Self {
        Self::unknown(rules::DISCONNECTED, engine, at, since, why)
    }

    /// The diagnosis of a database that is not polled because its samples cannot be stored.
    #[must_use]
    pub fn not_stored(engine: Engine, at: Timestamp, since: Option<Timestamp>, why: &str) -> Self {
        Self::unknown(rules::STORAGE_FAILING, engine, at, since, why)
    }

    fn unknown(
        rule: &'static Rule,
        engine: Engine,
        at: Timestamp,
        since: Option<Timestamp>,
        why: &str,
    ) -> Self {
        let issue = Issue {
            rule_id: rule.id,
            severity: Severity::Critical,
            category: rule.category,
            title: rule.title,
            detail: why.to_owned(),
            recommendation: rule.recommendation,
            how_to_investigate: rule.investigate.to_owned(),
            how_to_fix: rule.fix.to_owned(),
            penalty: 100,
            value: None,
            threshold: None,
            unit: rule.threshold.unit,
            evidence: Vec::new(),
            objects: 0,
            since: since.unwrap_or(at),
        };
        let others = rules::of(engine).filter(|other| other.id != rule.id);
        let reason = "there are no fresh samples".to_owned();
        let not_evaluated =
            others.map(|other| NotEvaluated { rule_id: other.id, reason: reason.clone() }).collect();
        Self {
            status: DoctorStatus::Unhealthy,
            score: None,
            computed_at: at,
            top_issues: vec![issue],
            metrics_summary: Map::new(),
            evaluated: 1,
            evaluated_in_ms: None,
            not_evaluated,
        }
    }
}
