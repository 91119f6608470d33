//! Settings of a server.

use serde::Serialize;

use super::{Snapshot, Timestamp};

/// One setting, as `GET /databases/{id}/settings` shows it. Secrets are gone from every value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub name: String,
    /// The value of the server in `unit`; null where only that of Basira's own session is visible.
    pub setting: Option<String>,
    pub unit: Option<String>,
    /// The value with its unit as in a configuration file: `128MB`.
    pub shown: Option<String>,
    pub category: String,
    pub description: Option<String>,
    /// Where the value comes from: `default`, `configuration file`, ...
    pub source: String,
    /// The name of the file, without its folder.
    pub source_file: Option<String>,
    /// When a change takes effect: `sighup`, `postmaster`, `user`, ...
    pub context: String,
    /// The built-in default.
    pub boot_val: Option<String>,
    pub reset_val: Option<String>,
    /// Whether a changed value takes effect at the next restart; null where the server does not report it.
    pub pending_restart: Option<bool>,
    /// Whether the value differs from the built-in default; null where that is not known.
    pub changed: Option<bool>,
    /// Why something is missing.
    pub note: Option<&'static str>,
}

/// Every setting that is visible to the role, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingSnapshot {
    /// The server's clock.
    pub at: Timestamp,
    pub settings: Vec<Setting>,
}

impl Snapshot for SettingSnapshot {}
