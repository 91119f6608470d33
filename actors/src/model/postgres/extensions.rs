//! Extensions installed in a database.

use serde::Serialize;

use crate::model::common::Snapshot;

/// The extensions installed in one database, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extensions(pub Vec<InstalledExtension>);

impl Snapshot for Extensions {}

/// One extension, as `GET /databases/{id}/extensions` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstalledExtension {
    pub name: String,
    pub schema: String,
    pub version: String,
    /// The version that `ALTER EXTENSION ... UPDATE` installs; null when the server no longer has files of the extension.
    pub available_version: Option<String>,
    pub update_available: bool,
}
