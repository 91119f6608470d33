//! The registered databases of an organization.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use basira_actors::model::{
    DatabaseId, Databases as ServerDatabases, Dismissed, Engine, OrganizationId, RuleSettings, Secret,
    Timestamp, TlsMode,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::Page;
use crate::quota::Quota;
use crate::storage::entity::{monitored_database, organization};
use crate::storage::{Storage, StorageError};

/// How many databases an organization may have that nobody proved an e-mail address for.
const UNVERIFIED_LIMIT: u64 = 1;

/// A registered database and what is known of it: everything but its password, which only [`Targets`] reads.
///
/// [`Targets`]: super::Targets
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseRecord {
    pub id: DatabaseId,
    pub organization_id: OrganizationId,
    pub engine: Engine,
    /// Unique in the organization.
    pub name: String,
    pub tags: BTreeMap<String, String>,
    pub host: String,
    pub port: u16,
    /// The database to connect to.
    pub database: String,
    /// What else of its server is watched.
    pub databases: ServerDatabases,
    /// The cluster of which every replica is read; ClickHouse only.
    pub cluster: Option<String>,
    /// A service that sleeps while nobody asks it is let sleep; ClickHouse only.
    pub let_idle: bool,
    /// Whether HypoPG may try indexes on a primary too; PostgreSQL only.
    pub try_indexes_on_primary: bool,
    pub username: Option<String>,
    pub tls: TlsMode,
    /// Certificates of the authority to trust instead of the public ones.
    pub tls_ca_pem: Option<String>,
    pub poll_interval: Duration,
    pub collect_explain_plans: bool,
    pub collect_replication: bool,
    pub disabled_collectors: BTreeSet<String>,
    /// What differs from the rules as they are set for all databases.
    pub rules: RuleSettings,
    /// Advice that nobody wants to hear: it costs no points.
    pub dismissed: Dismissed,
    pub engine_version: Option<String>,
    pub last_seen_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// 0 to 100.
    pub health_score: Option<i32>,
    pub follows: Follows,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl DatabaseRecord {
    /// Whether a password that was entrusted to `before` may now reach somebody who could not read it there: at another
    /// server, as another user, on a connection that is checked less, or checked by other authorities.
    fn exposes_password_more(&self, before: &Self) -> bool {
        self.host != before.host
            || self.port != before.port
            || self.username != before.username
            || self.tls < before.tls
            || self.tls_ca_pem != before.tls_ca_pem
    }
}

/// What of a database is as the configuration says, now and when that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Follows {
    pub poll_interval: bool,
    pub disabled_collectors: bool,
}

/// What a change does to the stored password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordChange {
    Keep,
    Set(Secret),
    Remove,
}

/// Why a database was not stored.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The organization has as many databases as an unverified one may have.
    #[error("verify your e-mail address to register more than one database")]
    VerificationRequired,
    /// What is stored would be sent elsewhere, or less protected, on the word of somebody who may not know it.
    #[error(
        "password is required where host, port, username, tls or tls_ca_pem decide anew where it is sent"
    )]
    PasswordRequired,
    /// Another database of the organization has the name.
    #[error("a database with this name is registered already")]
    NameTaken,
    /// The storage refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The databases of one organization.
#[derive(Debug)]
pub struct Databases<'a> {
    storage: &'a Storage,
    organization: OrganizationId,
    quota: u64,
}

impl Storage {
    /// The databases of `organization`.
    #[must_use]
    pub const fn databases(&self, organization: OrganizationId) -> Databases<'_> {
        Databases { storage: self, organization, quota: u64::MAX }
    }
}

impl Databases<'_> {
    /// The same, of which there may be `quota`.
    #[must_use]
    pub const fn at_most(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    fn select(&self) -> Select<monitored_database::Entity> {
        monitored_database::Entity::find()
            .filter(monitored_database::Column::OrganizationId.eq(self.organization.0))
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn list(&self) -> Result<Vec<DatabaseRecord>, StorageError> {
        let query = self.select().order_by_asc(monitored_database::Column::Name);
        let rows = query.all(&self.storage.reader).await?;
        rows.into_iter().map(DatabaseRecord::from_row).collect()
    }

    /// Those of `page`, by name, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn page(&self, page: Page) -> Result<(Vec<DatabaseRecord>, u64), StorageError> {
        let total = self.select().count(&self.storage.reader).await?;
        let query = page.of(self.select().order_by_asc(monitored_database::Column::Name));
        let rows = query.all(&self.storage.reader).await?;
        let databases = rows.into_iter().map(DatabaseRecord::from_row);
        Ok((databases.collect::<Result<_, _>>()?, total))
    }

    /// The one with this id, if it belongs to the organization.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn find(&self, id: DatabaseId) -> Result<Option<DatabaseRecord>, StorageError> {
        let query = self.select().filter(monitored_database::Column::Id.eq(id.0));
        query.one(&self.storage.reader).await?.map(DatabaseRecord::from_row).transpose()
    }

    /// Stores a new one; it goes to this organization whatever its record says.
    ///
    /// # Errors
    /// [`RegisterError`] when the organization may not have another, or the name is taken.
    pub async fn insert(
        &self,
        database: &DatabaseRecord,
        password: Option<&Secret>,
    ) -> Result<(), RegisterError> {
        let transaction = self.storage.begin_encrypting().await?;
        // the lock on its organization makes two registrations at once count each other
        let organization = organization::Entity::find_by_id(self.organization.0)
            .lock_exclusive()
            .one(&transaction)
            .await
            .map_err(StorageError::from)?;
        self.check_room_of(organization, &transaction).await?;
        let encrypted_password = match password {
            Some(password) => Some(self.encrypt(database.id, password).await?),
            None => None,
        };
        let row = database.to_row(self.organization, encrypted_password)?;
        row.into_active_model().insert(&transaction).await.map_err(StorageError::from).map_err(name_taken)?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(())
    }

    /// Whether [`Self::insert`] would take one more, as far as its name does not matter.
    ///
    /// # Errors
    /// [`RegisterError`] when the organization may not have another.
    pub async fn check_room(&self) -> Result<(), RegisterError> {
        let reader = &self.storage.reader;
        let organization = organization::Entity::find_by_id(self.organization.0).one(reader).await;
        self.check_room_of(organization.map_err(StorageError::from)?, reader).await
    }

    async fn check_room_of(
        &self,
        organization: Option<organization::Model>,
        connection: &impl ConnectionTrait,
    ) -> Result<(), RegisterError> {
        let verified = organization.is_some_and(|organization| organization.verified);
        let count = self.select().count(connection).await.map_err(StorageError::from)?;
        if !verified && count >= UNVERIFIED_LIMIT {
            return Err(RegisterError::VerificationRequired);
        }
        Ok(Quota::Databases.check(count, self.quota).map_err(StorageError::from)?)
    }

    /// Lets `change` alter the database with this id and stores the outcome; `None` when there is none. What a poll
    /// learns meanwhile is not lost. A password that is kept is not decrypted, so that one which no key opens stays.
    ///
    /// # Errors
    /// [`RegisterError::NameTaken`]; [`RegisterError::PasswordRequired`] when the stored password would be sent elsewhere
    /// or less protected; or the storage refused.
    pub async fn update(
        &self,
        id: DatabaseId,
        password: PasswordChange,
        change: impl FnOnce(&mut DatabaseRecord) + Send,
    ) -> Result<Option<DatabaseRecord>, RegisterError> {
        let transaction = self.storage.begin_encrypting().await?;
        let query = self.select().filter(monitored_database::Column::Id.eq(id.0)).lock_exclusive();
        let Some(row) = query.one(&transaction).await.map_err(StorageError::from)? else { return Ok(None) };

        let encrypted_password = match &password {
            PasswordChange::Keep => row.encrypted_password.clone(),
            PasswordChange::Set(password) => Some(self.encrypt(id, password).await?),
            PasswordChange::Remove => None,
        };
        let before = DatabaseRecord::from_row(row)?;
        let mut after = before.clone();
        change(&mut after);
        // a password that no key opens now counts too: the key may come back
        let keeps_password = password == PasswordChange::Keep && encrypted_password.is_some();
        if keeps_password && after.exposes_password_more(&before) {
            return Err(RegisterError::PasswordRequired);
        }
        after
            .to_row(self.organization, encrypted_password)?
            .into_active_model()
            .reset_all()
            .update(&transaction)
            .await
            .map_err(StorageError::from)
            .map_err(name_taken)?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(Some(after))
    }

    async fn encrypt(&self, id: DatabaseId, password: &Secret) -> Result<Vec<u8>, StorageError> {
        let encrypted = self.storage.cipher.encrypt(id, password).await;
        encrypted.map_err(|error| StorageError::Database(DbErr::Custom(error.to_string())))
    }

    /// Removes the database with this id; false when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn delete(&self, id: DatabaseId) -> Result<bool, StorageError> {
        let transaction = self.storage.begin().await?;
        let deleted = monitored_database::Entity::delete_many()
            .filter(monitored_database::Column::OrganizationId.eq(self.organization.0))
            .filter(monitored_database::Column::Id.eq(id.0))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected == 1)
    }
}

fn name_taken(error: StorageError) -> RegisterError {
    match error {
        StorageError::Conflict(_) => RegisterError::NameTaken,
        error => RegisterError::Storage(error),
    }
}
