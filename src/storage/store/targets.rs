//! The registered databases as the supervisor sees them: across tenants, since one process watches for all.

use async_trait::async_trait;
use basira_actors::model::{Checkup, DatabaseId, Target, Timestamp};
use basira_actors::ports::{Sighting, SourceError, TargetSource};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Database;
use crate::storage::entity::monitored_database;
use crate::storage::{Storage, StorageError};

#[async_trait]
impl TargetSource for Storage {
    async fn all(&self) -> Result<Vec<Target>, SourceError> {
        Ok(self.targets().await?)
    }

    /// What the sighting does not know stays as it was, except for the error: none means that there is none now.
    async fn sighted(&self, id: DatabaseId, sighting: Sighting) -> Result<(), SourceError> {
        Ok(self.note_sighting(id, sighting).await?)
    }

    async fn examined(&self, id: DatabaseId, checkup: Checkup) -> Result<(), SourceError> {
        Ok(self.note_checkup(id, checkup, Timestamp::now()).await?)
    }
}

impl Storage {
    async fn targets(&self) -> Result<Vec<Target>, StorageError> {
        let query = monitored_database::Entity::find().order_by_asc(monitored_database::Column::Id);
        let rows = query.all(&self.reader).await?;
        rows.into_iter().map(|row| Ok(Database::from_row(row, &self.sealer)?.target)).collect()
    }

    async fn note_sighting(&self, id: DatabaseId, sighting: Sighting) -> Result<(), StorageError> {
        let mut changes =
            monitored_database::ActiveModel { last_error: Set(sighting.last_error), ..Default::default() };
        if let Some(last_seen_at) = sighting.last_seen_at {
            changes.last_seen_at = Set(Some(last_seen_at.into()));
        }
        if let Some(version) = sighting.engine_version {
            changes.engine_version = Set(Some(version));
        }
        let transaction = self.begin().await?;
        monitored_database::Entity::update_many()
            .set(changes)
            .filter(monitored_database::Column::Id.eq(id.0))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

impl From<StorageError> for SourceError {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}
