//! Settings of health rules, for all databases or for one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The settings of one rule. What is not set keeps its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSetting {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// In the unit of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How long the value must be beyond the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
    /// The span of samples that are evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u64>,
    /// How long before that span the baseline lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_seconds: Option<u64>,
}

/// The settings of rules by their id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleSettings(pub BTreeMap<String, RuleSetting>);

// numbers from JSON and TOML are never NaN
impl Eq for RuleSetting {}
impl Eq for RuleSettings {}

impl RuleSetting {
    /// Returns `self` with what is not set taken from `fallback`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            enabled: self.enabled.or(fallback.enabled),
            threshold: self.threshold.or(fallback.threshold),
            for_seconds: self.for_seconds.or(fallback.for_seconds),
            window_seconds: self.window_seconds.or(fallback.window_seconds),
            baseline_seconds: self.baseline_seconds.or(fallback.baseline_seconds),
        }
    }
}

impl RuleSettings {
    /// Returns the settings of the rule `id`.
    #[must_use]
    pub fn of(&self, id: &str) -> RuleSetting {
        self.0.get(id).copied().unwrap_or_default()
    }

    /// Returns `self` with what is not set taken from `fallback`.
    #[must_use]
    pub fn or(&self, fallback: &Self) -> Self {
        let mut all = fallback.clone();
        for (id, setting) in &self.0 {
            all.0.insert(id.clone(), setting.or(fallback.of(id)));
        }
        all
    }
}
