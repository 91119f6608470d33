//! The registered databases of an organization.

use std::collections::BTreeMap;

use basira_actors::model::{DatabaseId, OrganizationId, Target, Timestamp};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use super::Page;
use crate::quota::Quota;
use crate::storage::entity::{monitored_database, organization};
use crate::storage::{Storage, StorageError};

/// How many databases an organization may have that nobody proved an e-mail address for.
const UNVERIFIED_LIMIT: u64 = 1;

/// A registered database and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// How it is reached and watched; its password was unsealed.
    pub target: Target,
    /// Unique in the organization.
    pub name: String,
    pub tags: BTreeMap<String, String>,
    pub engine_version: Option<String>,
    pub last_seen_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// 0 to 100.
    pub health_score: Option<i32>,
    pub follows: Follows,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What of a database is as the configuration says, now and when that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Follows {
    pub poll_interval: bool,
    pub disabled_collectors: bool,
}

/// Why a database was not stored.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The organization has as many databases as an unverified one may have.
    #[error("verify your e-mail address to register more than one database")]
    VerificationRequired,
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
    pub async fn list(&self) -> Result<Vec<Database>, StorageError> {
        let query = self.select().order_by_asc(monitored_database::Column::Name);
        let rows = query.all(&self.storage.reader).await?;
        rows.into_iter().map(|row| Database::from_row(row, &self.storage.sealer)).collect()
    }

    /// Those of `page`, by name, and how many there are in all.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn page(&self, page: Page) -> Result<(Vec<Database>, u64), StorageError> {
        let total = self.select().count(&self.storage.reader).await?;
        let query = page.of(self.select().order_by_asc(monitored_database::Column::Name));
        let rows = query.all(&self.storage.reader).await?;
        let databases = rows.into_iter().map(|row| Database::from_row(row, &self.storage.sealer));
        Ok((databases.collect::<Result<_, _>>()?, total))
    }

    /// The one with this id, if it belongs to the organization.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn find(&self, id: DatabaseId) -> Result<Option<Database>, StorageError> {
        let query = self.select().filter(monitored_database::Column::Id.eq(id.0));
        let row = query.one(&self.storage.reader).await?;
        row.map(|row| Database::from_row(row, &self.storage.sealer)).transpose()
    }

    /// Stores a new one; it goes to this organization whatever its target says.
    ///
    /// # Errors
    /// [`RegisterError`] when the organization may not have another, or the name is taken.
    pub async fn insert(&self, database: &Database) -> Result<(), RegisterError> {
        let transaction = self.storage.begin_sealing().await?;
        // the lock on its organization makes two registrations at once count each other
        let organization = organization::Entity::find_by_id(self.organization.0)
            .lock_exclusive()
            .one(&transaction)
            .await
            .map_err(StorageError::from)?;
        let verified = organization.is_some_and(|organization| organization.verified);
        let count = self.select().count(&transaction).await.map_err(StorageError::from)?;
        if !verified && count >= UNVERIFIED_LIMIT {
            return Err(RegisterError::VerificationRequired);
        }
        Quota::Databases.check(count, self.quota).map_err(StorageError::from)?;
        let row = database.to_row(self.organization, &self.storage.sealer)?;
        row.into_active_model().insert(&transaction).await.map_err(StorageError::from).map_err(name_taken)?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(())
    }

    /// Lets `change` alter the database with this id and stores the outcome; `None` when there is none. What a poll
    /// learns meanwhile is not lost.
    ///
    /// # Errors
    /// [`RegisterError::NameTaken`], or the storage refused.
    pub async fn update(
        &self,
        id: DatabaseId,
        change: impl FnOnce(&mut Database) + Send,
    ) -> Result<Option<Database>, RegisterError> {
        let transaction = self.storage.begin_sealing().await?;
        let query = self.select().filter(monitored_database::Column::Id.eq(id.0)).lock_exclusive();
        let Some(old) = query.one(&transaction).await.map_err(StorageError::from)? else { return Ok(None) };

        let sealed = old.sealed_password.clone();
        let before = Database::from_row(old, &self.storage.sealer)?;
        let mut after = before.clone();
        change(&mut after);
        let mut row = after.to_row(self.organization, &self.storage.sealer)?;
        if after.target.password == before.target.password {
            // also keeps a blob that cannot be read for want of the right key
            row.sealed_password = sealed;
        }
        row.into_active_model()
            .reset_all()
            .update(&transaction)
            .await
            .map_err(StorageError::from)
            .map_err(name_taken)?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(Some(after))
    }

    /// Removes the database with this id; false when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be written.
    pub async fn delete(&self, id: DatabaseId) -> Result<bool, StorageError> {
        let deleted = monitored_database::Entity::delete_many()
            .filter(monitored_database::Column::OrganizationId.eq(self.organization.0))
            .filter(monitored_database::Column::Id.eq(id.0))
            .exec(&self.storage.writer)
            .await?;
        Ok(deleted.rows_affected == 1)
    }
}

fn name_taken(error: StorageError) -> RegisterError {
    match error {
        StorageError::Conflict(_) => RegisterError::NameTaken,
        error => RegisterError::Storage(error),
    }
}
