//! Extensions as installed in one database.

use serde::Serialize;

use crate::model::common::Snapshot;

/// Everything that is installed in one database, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extensions(pub Vec<InstalledExtension>);

impl Snapshot for Extensions {}

/// One line of `GET /databases/{id}/extensions`, but for the name of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstalledExtension {
    pub name: String,
    pub schema: String,
    pub version: String,
    /// What `ALTER EXTENSION ... UPDATE` would bring; null when the server has no files of it any more.
    pub available_version: Option<String>,
    pub update_available: bool,
}
