//! Registering databases: what a body may say, and who is told of a change.

mod field;
mod given;
mod host;
mod input;

use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::{
    DatabaseId, Databases as ServerDatabases, Dismissed, Engine, OrganizationId, RuleSettings, Target,
    Timestamp, TlsMode,
};
use basira_actors::supervisor::Supervisor;

use uuid::Uuid;

pub use self::input::Input;
pub(crate) use self::input::disabled_by_default;
use self::input::required;
use crate::config::{Collect, Config};
use crate::fields::FieldError;
use crate::samples::{SampleStore, Scope};
use crate::storage::store::{Database, Decision, Follows, Page, Recommendation, RegisterError};
use crate::storage::{Storage, StorageError};

/// The databases of one organization, and the actors that follow them.
pub struct Databases<'a> {
    pub organization: OrganizationId,
    pub storage: &'a Storage,
    pub samples: &'a dyn SampleStore,
    pub supervisor: &'a Supervisor,
    /// Where databases may be, and what one gets that is registered without its own.
    pub config: Arc<Config>,
}

/// A database was not registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A field is not acceptable.
    #[error(transparent)]
    Invalid(#[from] FieldError),
    /// The name is taken, or one more is not allowed.
    #[error(transparent)]
    Refused(#[from] RegisterError),
}

impl From<StorageError> for DatabaseError {
    fn from(error: StorageError) -> Self {
        Self::Refused(error.into())
    }
}

impl Databases<'_> {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(&self) -> Result<Vec<Database>, StorageError> {
        self.storage.databases(self.organization).list().await
    }

    /// Those of `page`, by name, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn page(&self, page: Page) -> Result<(Vec<Database>, u64), StorageError> {
        self.storage.databases(self.organization).page(page).await
    }

    /// Registers a database and starts to watch it; the connection is made in the background.
    ///
    /// # Errors
    /// [`DatabaseError`]: a bad field, a host without an address, a taken name, one database too many.
    pub async fn register(&self, input: Input, now: Timestamp) -> Result<Database, DatabaseError> {
        let database = self.draft(input, now)?;
        if database.name.is_empty() {
            required("name")?;
        }
        let Target { host, port, .. } = &database.target;
        host::check_reachable(host, *port, &self.config.targets).await?;
        let quota = self.config.limits.quotas.databases.into();
        self.storage.databases(self.organization).at_most(quota).insert(&database).await?;
        self.supervisor.watch(database.target.clone());
        Ok(database)
    }

    /// The database that a registration with `input` would make, if its name and address pass too.
    ///
    /// # Errors
    /// [`DatabaseError`]: a bad field.
    pub fn draft(&self, input: Input, now: Timestamp) -> Result<Database, DatabaseError> {
        let input = input.unfolded()?;
        let engine = input.engine().map_or_else(|| required("engine"), Ok)?;
        let changes = input.check(engine, &self.config.collect)?;
        if changes.host.is_none() {
            required("host")?;
        }
        let mut database = blank(self.organization, engine, &self.config.collect, now);
        changes.apply(&mut database);
        Ok(database)
    }

    /// Changes a database; its actor learns of it at once and keeps what it knows. `None` when there is none.
    ///
    /// # Errors
    /// As for [`Self::register`]; also when the engine is to change.
    pub async fn change(
        &self,
        id: DatabaseId,
        input: Input,
        now: Timestamp,
    ) -> Result<Option<Database>, DatabaseError> {
        let databases = self.storage.databases(self.organization);
        let Some(current) = databases.find(id).await? else { return Ok(None) };
        let Target { engine, port, .. } = current.target;
        let input = input.unfolded()?;
        if input.engine().is_some_and(|wanted| wanted != engine) {
            return Err(FieldError::new("engine", "cannot change: register another database").into());
        }
        let changes = input.check(engine, &self.config.collect)?;
        if let Some(host) = &changes.host {
            host::check_reachable(host, changes.port.unwrap_or(port), &self.config.targets).await?;
        }
        let change = |database: &mut Database| {
            changes.apply(database);
            database.updated_at = now;
        };
        let changed = databases.update(id, change).await?;
        if let Some(database) = &changed {
            self.supervisor.watch(database.target.clone());
        }
        Ok(changed)
    }

    /// Dismisses advice or takes that back; the actor learns of it at once. `None` when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn decide(
        &self,
        id: Uuid,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Option<Recommendation>, StorageError> {
        let decided = self.storage.recommendations(self.organization).decide(id, decision, now).await?;
        let Some(recommendation) = decided else { return Ok(None) };
        let databases = self.storage.databases(self.organization);
        if let Some(database) = databases.find(recommendation.database_id).await? {
            self.supervisor.watch(database.target);
        }
        Ok(Some(recommendation))
    }

    /// Stops watching the databases of the organization and removes it with everything that it has; false when it is
    /// gone already.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be removed.
    pub async fn delete_organization(&self) -> Result<bool, StorageError> {
        let Some(databases) = self.storage.delete_organization(self.organization).await? else {
            return Ok(false);
        };
        for id in databases {
            self.forget(id).await;
        }
        Ok(true)
    }

    /// Stops watching a database and removes it with all its samples; false when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be removed.
    pub async fn delete(&self, id: DatabaseId) -> Result<bool, StorageError> {
        if !self.storage.databases(self.organization).delete(id).await? {
            return Ok(false);
        }
        self.forget(id).await;
        Ok(true)
    }

    /// Of a database that is not registered any more.
    async fn forget(&self, id: DatabaseId) {
        self.supervisor.forget(id);
        let scope = Scope { organization: self.organization, database: id };
        if let Err(error) = self.samples.forget(scope).await {
            // no caller can reach them any more
            tracing::error!(db.id = %id, "cannot remove the samples of a deleted database: {error}");
        }
    }
}

/// A database with nothing but defaults, to which the body of its registration is applied.
fn blank(organization_id: OrganizationId, engine: Engine, defaults: &Collect, now: Timestamp) -> Database {
    let target = Target {
        id: DatabaseId::generate(),
        organization_id,
        engine,
        host: String::new(),
        port: engine.default_port(),
        database: engine.default_database().to_owned(),
        databases: ServerDatabases::default(),
        cluster: None,
        let_idle: false,
        try_indexes_on_primary: false,
        username: None,
        password: None,
        tls: TlsMode::default(),
        tls_ca_pem: None,
        poll_interval: defaults.poll_interval,
        collect_explain_plans: true,
        collect_replication: true,
        disabled_collectors: disabled_by_default(defaults, engine),
        rules: RuleSettings::default(),
        dismissed: Dismissed::new(),
    };
    Database {
        target,
        name: String::new(),
        tags: BTreeMap::new(),
        engine_version: None,
        last_seen_at: None,
        last_error: None,
        health_score: None,
        follows: Follows { poll_interval: true, disabled_collectors: true },
        created_at: now,
        updated_at: now,
    }
}

#[cfg(test)]
mod tests;
