//! What a health rule advises to do about one object.

use std::collections::BTreeSet;

use serde::Serialize;

/// Advice as it stands now, about one object of one database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    pub rule_id: &'static str,
    /// What it is about: the name of an index, a table, a setting, a slot.
    pub object: String,
    pub severity: &'static str,
    pub category: &'static str,
    pub title: &'static str,
    pub detail: String,
    pub recommendation: String,
    pub how_to_investigate: String,
    /// SQL or a setting. Never carried out by Basira.
    pub how_to_fix: String,
    pub value: f64,
}

/// What one examination means for what is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkup {
    /// 0 to 100; none when there is nothing to judge by.
    pub score: Option<u8>,
    pub advice: Vec<Advice>,
    /// Rules of which it is clear whether they apply: what they do not advise any more is done.
    pub evaluated: Vec<&'static str>,
}

/// Advice that somebody does not want to hear: the rule and the object.
pub type Dismissed = BTreeSet<(String, String)>;
