//! How a server is set up.

use serde::Serialize;

use super::{Snapshot, Timestamp};

/// One setting, as `GET /databases/{id}/settings` shows it. Secrets are gone from every value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub name: String,
    /// The server's value in `unit`; null where only that of Basira's own session can be seen.
    pub setting: Option<String>,
    pub unit: Option<String>,
    /// With its unit, as people write it: `128MB`.
    pub shown: Option<String>,
    pub category: String,
    pub description: Option<String>,
    /// Where the value comes from: `default`, `configuration file`, ...
    pub source: String,
    /// The name of the file, without its folder.
    pub source_file: Option<String>,
    /// When a change takes effect: `sighup`, `postmaster`, `user`, ...
    pub context: String,
    /// The value that is built in.
    pub boot_val: Option<String>,
    pub reset_val: Option<String>,
    /// The file has another value, which waits for a restart; null where the server does not tell.
    pub pending_restart: Option<bool>,
    /// Whether the value is another than the built-in one; null where it is not known.
    pub changed: Option<bool>,
    /// Why something is missing.
    pub note: Option<&'static str>,
}

/// Every setting that the role may see, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingSnapshot {
    /// The server's clock.
    pub at: Timestamp,
    pub settings: Vec<Setting>,
}

impl Snapshot for SettingSnapshot {}
