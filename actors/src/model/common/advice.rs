//! Advice of health rules.

use std::collections::BTreeSet;

use serde::Serialize;

/// The current advice of a rule about one object of a database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    pub rule_id: &'static str,
    /// The name of the index, table, setting or slot.
    pub object: String,
    pub severity: &'static str,
    pub category: &'static str,
    pub title: &'static str,
    pub detail: String,
    pub recommendation: String,
    pub how_to_investigate: String,
    /// SQL or a setting. Basira never applies it.
    pub how_to_fix: String,
    pub value: f64,
}

/// The results of a health check that are recorded in the registry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkup {
    /// From 0 to 100; none when no rule could be evaluated.
    pub score: Option<u8>,
    pub advice: Vec<Advice>,
    /// The rules that could be evaluated: their older advice that is not repeated is resolved.
    pub evaluated: Vec<&'static str>,
}

/// Dismissed advice: rule and object.
pub type Dismissed = BTreeSet<(String, String)>;
