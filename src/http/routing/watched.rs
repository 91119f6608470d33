//! The database that a request is about, with its latest snapshots.

use std::sync::Arc;

use basira_actors::model::{ActivitySnapshot, CollectorState, CollectorStatus, Engine, Snapshot, Status};
use basira_actors::supervisor::{Handle, Unavailable};

use super::{ApiError, Request};
use crate::auth::Principal;
use crate::samples::DatabaseScope;
use crate::storage::store::DatabaseRecord;

/// A database of the caller's organization.
pub struct Watched {
    pub principal: Principal,
    pub scope: DatabaseScope,
    pub database: DatabaseRecord,
    /// `None` while no monitor runs for it.
    handle: Option<Handle>,
}

impl Watched {
    /// The database in the path of `request`, which must belong to the organization of `principal`.
    ///
    /// # Errors
    /// 400 when the id is not a UUID, 404 for a database that is unknown or belongs to another organization.
    pub(super) async fn find(request: &Request, principal: Principal) -> Result<Self, ApiError> {
        let id = request.database_id()?;
        let organization = principal.organization_id;
        let database = request.app.storage.databases(organization).find(id).await?;
        let database = database.ok_or(ApiError::not_found("database"))?;
        let handle = request.app.directory().find(id);
        Ok(Self { principal, scope: DatabaseScope { organization, database: id }, database, handle })
    }

    /// The engine of its server.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.database.engine
    }

    /// The latest snapshot of a type that exists once per server, even if the server is unreachable by now.
    #[must_use]
    pub fn newest<T: Snapshot>(&self) -> Option<Arc<T>> {
        self.handle.as_ref()?.snapshot()
    }

    /// The latest snapshots, by database within the server, even if the server is unreachable by now.
    #[must_use]
    pub fn newest_of_each<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.handle.as_ref().map(Handle::snapshots).unwrap_or_default()
    }

    /// As [`Self::newest`], but `None` while the server is unreachable: for snapshots that are of no use a minute later.
    #[must_use]
    pub fn live<T: Snapshot>(&self) -> Option<Arc<T>> {
        let handle = self.handle.as_ref()?;
        if handle.status().status == Status::Connected { handle.snapshot() } else { None }
    }

    /// As [`Self::live`], with the reason why `collector` has no snapshot.
    ///
    /// # Errors
    /// The reason, when the server is unreachable or the collector fails.
    pub async fn snapshot_or_reason<T: Snapshot>(&self, collector: &str) -> Result<Arc<T>, String> {
        match self.collector_note(collector, false).await {
            Ok(Some(reason)) => Err(reason),
            Ok(None) => self.live().ok_or_else(|| format!("{collector}: has not run yet")),
            // the snapshot from before the monitor failed is not old yet
            Err(restarting) => self.live().ok_or_else(|| restarting.to_string()),
        }
    }

    /// Why `collector` has no new snapshot, with the fix; `None` if it works.
    pub async fn unavailable_reason(&self, collector: &str) -> Option<String> {
        self.collector_note(collector, false).await.unwrap_or_else(|restarting| Some(restarting.to_string()))
    }

    /// As [`Self::unavailable_reason`]; also what `collector` could not read although it works.
    pub async fn degraded_reason(&self, collector: &str) -> Option<String> {
        self.collector_note(collector, true).await.unwrap_or_else(|restarting| Some(restarting.to_string()))
    }

    /// Why `shown` is not what runs now, and what would help; nothing when it is.
    pub async fn activity_reason(&self, shown: &ActivitySnapshot) -> Option<String> {
        let collector = match self.engine() {
            Engine::Postgres => "pg_stat_activity",
            Engine::Clickhouse => "ch_processes",
        };
        let reason = self.unavailable_reason(collector).await?;
        Some(format!("as of {}: {reason}", shown.at))
    }

    async fn collector_note(
        &self,
        collector: &str,
        also_when_ok: bool,
    ) -> Result<Option<String>, Unavailable> {
        let Some(handle) = &self.handle else {
            return Ok(Some("the database is not watched yet".to_owned()));
        };
        let status = handle.status();
        if status.status == Status::Disconnected {
            let reason = status.last_error.unwrap_or_else(|| "the database is not connected yet".to_owned());
            return Ok(Some(reason));
        }
        let lines = handle.collectors().await?;
        Ok(lines.into_iter().find(|line| line.name == collector).and_then(|line| note(line, also_when_ok)))
    }
}

/// The reason and the fix of a collector's status.
fn note(line: CollectorStatus, also_when_ok: bool) -> Option<String> {
    let reason = match line.state {
        CollectorState::Ok if also_when_ok => line.reason?,
        CollectorState::Ok => return None,
        CollectorState::Disabled => "it is disabled for this database".to_owned(),
        CollectorState::Skipped | CollectorState::Failing => line.reason.unwrap_or_default(),
    };
    let fix = line.fix.map(|fix| format!("; {fix}")).unwrap_or_default();
    Some(format!("{}: {reason}{fix}", line.name))
}
