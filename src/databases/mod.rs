//! Registers, changes and deletes the databases of an organization.

mod given;
mod host;
mod input;
mod networks;
mod patch;

use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::{
    DatabaseId, Databases as ServerDatabases, Dismissed, Engine, OrganizationId, RuleSettings, Secret,
    Target, Timestamp, TlsMode,
};
use basira_actors::monitor::{self, CheckReport};
use basira_actors::supervisor::Supervisor;
use uuid::Uuid;

pub use self::input::Input;
pub(crate) use self::input::disabled_by_default;
use self::input::required;
pub use self::networks::TargetNetworks;
use crate::config::{Collect, Config, DeniedNetworks};
use crate::fields::FieldError;
use crate::samples::{DatabaseScope, SampleStore, StoreError};
use crate::storage::store::{
    DatabaseRecord, Databases as StoredDatabases, Decision, DeleteOrganizationError, Follows, Page,
    PasswordChange, Recommendation, RegisterError,
};
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

/// A database was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteDatabaseError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the samples of the database cannot be removed: {0}")]
    Samples(#[from] StoreError),
}

impl From<StorageError> for DatabaseError {
    fn from(error: StorageError) -> Self {
        Self::Refused(error.into())
    }
}

impl Databases<'_> {
    /// The networks that databases may be in.
    #[must_use]
    pub fn networks(&self) -> TargetNetworks {
        TargetNetworks::new(Arc::clone(&self.config), self.storage.clone())
    }

    async fn denied_networks(&self) -> DeniedNetworks {
        self.networks().denied_to(self.organization).await
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(&self) -> Result<Vec<DatabaseRecord>, StorageError> {
        self.storage.databases(self.organization).list().await
    }

    /// Those of `page`, by name, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn page(&self, page: Page) -> Result<(Vec<DatabaseRecord>, u64), StorageError> {
        self.storage.databases(self.organization).page(page).await
    }

    /// Those of the organization, of which there may be as many as its quota says.
    fn with_quota(&self) -> StoredDatabases<'_> {
        self.storage.databases(self.organization).at_most(self.config.limits.quotas.databases.into())
    }

    /// Registers a database and starts to watch it; the connection is made in the background.
    ///
    /// # Errors
    /// [`DatabaseError`]: a bad field, a host without an address, a taken name, one database too many.
    pub async fn register(&self, input: Input, now: Timestamp) -> Result<DatabaseRecord, DatabaseError> {
        let (database, password) = self.draft(input, now)?;
        if database.name.is_empty() {
            required("name")?;
        }
        host::check_reachable(&database.host, database.port, &self.denied_networks().await).await?;
        self.with_quota().insert(&database, password.as_ref()).await?;
        self.supervisor.refresh(database.id).await;
        Ok(database)
    }

    /// What [`Self::test`] is to try: what a registration with `input` would watch.
    ///
    /// # Errors
    /// [`DatabaseError`]: a bad field, or the organization could not register another database.
    pub async fn draft_to_test(&self, input: Input, now: Timestamp) -> Result<Target, DatabaseError> {
        let (database, password) = self.draft(input, now)?;
        self.with_quota().check_room().await?;
        Ok(database.into_target(password))
    }

    /// Connects once to `target`, and says what works; stores nothing.
    pub async fn test(&self, target: Target) -> CheckReport {
        let settings = self.config.connect_settings(Arc::new(self.networks()));
        monitor::check(&target, &settings, &self.config.health.rules).await
    }

    /// The database that a registration with `input` would make, if its name and address pass too, and its password.
    fn draft(&self, input: Input, now: Timestamp) -> Result<(DatabaseRecord, Option<Secret>), DatabaseError> {
        let input = input.expand_dsn()?;
        let engine = input.engine().map_or_else(|| required("engine"), Ok)?;
        let mut changes = input.check(engine, &self.config.collect)?;
        if changes.host.is_none() {
            required("host")?;
        }
        let password = changes.password.take().flatten();
        let mut database = blank(self.organization, engine, &self.config.collect, now);
        changes.apply(&mut database);
        Ok((database, password))
    }

    /// Whether one more database may be registered.
    ///
    /// # Errors
    /// [`RegisterError`] as a registration would have it.
    pub async fn check_room(&self) -> Result<(), DatabaseError> {
        Ok(self.with_quota().check_room().await?)
    }

    /// Changes a database; its actor learns of it at once and keeps what it knows. `None` when there is none.
    ///
    /// # Errors
    /// As for [`Self::register`]; also when the engine is to change, or the stored password would be sent elsewhere.
    pub async fn change(
        &self,
        id: DatabaseId,
        input: Input,
        now: Timestamp,
    ) -> Result<Option<DatabaseRecord>, DatabaseError> {
        let databases = self.storage.databases(self.organization);
        let Some(current) = databases.find(id).await? else { return Ok(None) };
        let DatabaseRecord { engine, port, .. } = current;
        let input = input.expand_dsn()?;
        if input.engine().is_some_and(|wanted| wanted != engine) {
            return Err(FieldError::new("engine", "cannot change: register another database").into());
        }
        let mut changes = input.check(engine, &self.config.collect)?;
        if let Some(host) = &changes.host {
            let denied = self.denied_networks().await;
            host::check_reachable(host, changes.port.unwrap_or(port), &denied).await?;
        }
        let password = match changes.password.take() {
            None => PasswordChange::Keep,
            Some(None) => PasswordChange::Remove,
            Some(Some(password)) => PasswordChange::Set(password),
        };
        let change = |database: &mut DatabaseRecord| {
            changes.apply(database);
            database.updated_at = now;
        };
        let changed = databases.update(id, password, change).await?;
        if changed.is_some() {
            self.supervisor.refresh(id).await;
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
        self.supervisor.refresh(recommendation.database_id).await;
        Ok(Some(recommendation))
    }

    /// Stops watching the databases of the organization and removes it with everything that it has.
    ///
    /// # Errors
    /// [`DeleteOrganizationError`]; nothing was removed.
    pub async fn delete_organization(&self) -> Result<(), DeleteOrganizationError> {
        for id in self.storage.delete_organization(self.organization).await? {
            self.forget(id).await;
        }
        Ok(())
    }

    /// Stops watching a database and removes it with all its samples; false when there is none.
    ///
    /// # Errors
    /// [`DeleteDatabaseError`]: the database is still registered, and can be deleted again.
    pub async fn delete(&self, id: DatabaseId) -> Result<bool, DeleteDatabaseError> {
        let databases = self.storage.databases(self.organization);
        if databases.find(id).await?.is_none() {
            return Ok(false);
        }
        // first, because a deleted database has nobody who could try again
        self.samples.forget(self.scope(id)).await?;
        if !databases.delete(id).await? {
            return Ok(false);
        }
        self.forget(id).await;
        Ok(true)
    }

    /// Stops watching a database that is not registered any more, and removes the samples that there are.
    async fn forget(&self, id: DatabaseId) {
        self.supervisor.unwatch(id).await;
        if let Err(error) = self.samples.forget(self.scope(id)).await {
            tracing::error!(
                db.id = %id,
                "cannot remove the samples of a deleted database; they stay until their retention ends: {error}"
            );
        }
    }

    const fn scope(&self, id: DatabaseId) -> DatabaseScope {
        DatabaseScope { organization: self.organization, database: id }
    }
}

/// A database with nothing but defaults, to which the body of its registration is applied.
fn blank(
    organization_id: OrganizationId,
    engine: Engine,
    defaults: &Collect,
    now: Timestamp,
) -> DatabaseRecord {
    DatabaseRecord {
        id: DatabaseId::generate(),
        organization_id,
        engine,
        name: String::new(),
        tags: BTreeMap::new(),
        host: String::new(),
        port: engine.default_port(),
        database: engine.default_database().to_owned(),
        databases: ServerDatabases::default(),
        cluster: None,
        let_idle: false,
        try_indexes_on_primary: false,
        username: None,
        tls: TlsMode::default(),
        tls_ca_pem: None,
        poll_interval: defaults.poll_interval,
        collect_explain_plans: true,
        collect_replication: true,
        disabled_collectors: disabled_by_default(defaults, engine),
        rules: RuleSettings::default(),
        dismissed: Dismissed::new(),
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
