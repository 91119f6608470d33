//! What may be set of health rules, for all databases or for one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is set of one rule; what is not stays as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSetting {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// In the rule's own unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How long it must be beyond the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
    /// The span that it looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u64>,
    /// How long before that it looks for what is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_seconds: Option<u64>,
}

/// By the id of the rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleSettings(pub BTreeMap<String, RuleSetting>);

// numbers from JSON and TOML are never NaN
impl Eq for RuleSetting {}
impl Eq for RuleSettings {}

impl RuleSetting {
    /// What `self` says, and what `below` says where `self` does not.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            enabled: self.enabled.or(below.enabled),
            threshold: self.threshold.or(below.threshold),
            for_seconds: self.for_seconds.or(below.for_seconds),
            window_seconds: self.window_seconds.or(below.window_seconds),
            baseline_seconds: self.baseline_seconds.or(below.baseline_seconds),
        }
    }
}

impl RuleSettings {
    /// What is set of the rule called `id`.
    #[must_use]
    pub fn of(&self, id: &str) -> RuleSetting {
        self.0.get(id).copied().unwrap_or_default()
    }

    /// What `self` says of each rule, and what `below` says where `self` does not.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        let mut all = below.clone();
        for (id, setting) in &self.0 {
            all.0.insert(id.clone(), setting.over(below.of(id)));
        }
        all
    }
}
