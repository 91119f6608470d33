//! The registered databases as the supervisor sees them: across tenants, since one process watches for all, and with
//! their passwords in the clear. Nothing else reads a password.

use async_trait::async_trait;
use basira_actors::model::{Checkup, DatabaseId, Secret, Target, Timestamp};
use basira_actors::ports::{Observation, RegistryError, TargetRegistry};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::DatabaseRecord;
use crate::config::SecretRing;
use crate::storage::encryption::Cipher;
use crate::storage::entity::monitored_database::{self, Model};
use crate::storage::{Storage, StorageError};

/// The registry for the supervisor. It takes the encryption keys to make one, which no handler of a request has.
#[derive(Debug)]
pub struct Targets {
    storage: Storage,
    cipher: Cipher,
}

#[async_trait]
impl TargetRegistry for Targets {
    async fn all(&self) -> Result<Vec<Target>, RegistryError> {
        Ok(self.read_all().await?)
    }

    async fn find(&self, id: DatabaseId) -> Result<Option<Target>, RegistryError> {
        Ok(self.read(id).await?)
    }

    /// What the observation does not know stays as it was, except for the error: none means that there is none now.
    async fn record_observation(
        &self,
        id: DatabaseId,
        observation: Observation,
    ) -> Result<(), RegistryError> {
        Ok(self.storage.note_sighting(id, observation).await?)
    }

    async fn record_checkup(&self, id: DatabaseId, checkup: Checkup) -> Result<(), RegistryError> {
        Ok(self.storage.note_checkup(id, checkup, Timestamp::now()).await?)
    }
}

impl Targets {
    /// The databases in `storage`, whose passwords are encrypted with `encryption_keys`.
    #[must_use]
    pub fn new(storage: Storage, encryption_keys: impl Into<SecretRing>) -> Self {
        Self { storage, cipher: Cipher::new(encryption_keys.into()) }
    }

    async fn read_all(&self) -> Result<Vec<Target>, StorageError> {
        let query = monitored_database::Entity::find().order_by_asc(monitored_database::Column::Id);
        let mut targets = Vec::new();
        for row in query.all(&self.storage.reader).await? {
            targets.push(self.target(row).await?);
        }
        Ok(targets)
    }

    async fn read(&self, id: DatabaseId) -> Result<Option<Target>, StorageError> {
        match monitored_database::Entity::find_by_id(id.0).one(&self.storage.reader).await? {
            Some(row) => Ok(Some(self.target(row).await?)),
            None => Ok(None),
        }
    }

    async fn target(&self, mut row: Model) -> Result<Target, StorageError> {
        let password = match row.encrypted_password.take() {
            Some(blob) => self.decrypt(DatabaseId(row.id), &blob).await,
            None => None,
        };
        Ok(DatabaseRecord::from_row(row)?.into_target(password))
    }

    /// A password that cannot be read must not keep the other databases from being watched.
    async fn decrypt(&self, id: DatabaseId, blob: &[u8]) -> Option<Secret> {
        match self.cipher.decrypt(id, blob).await {
            Ok(password) => Some(password),
            Err(error) => {
                tracing::error!(db.id = %id, "{error}: restore the key or set the password anew");
                None
            }
        }
    }
}

impl Storage {
    async fn note_sighting(&self, id: DatabaseId, observation: Observation) -> Result<(), StorageError> {
        let mut changes =
            monitored_database::ActiveModel { last_error: Set(observation.last_error), ..Default::default() };
        if let Some(last_seen_at) = observation.last_seen_at {
            changes.last_seen_at = Set(Some(last_seen_at.into()));
        }
        if let Some(version) = observation.engine_version {
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

impl From<StorageError> for RegistryError {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}
