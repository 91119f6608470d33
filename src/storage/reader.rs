//! A storage opened by another process than the server that runs on it: nothing is created, migrated or changed.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use basira_actors::model::DatabaseId;
use basira_migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, FromQueryResult, QuerySelect, Statement,
};
use uuid::Uuid;

use super::entity::monitored_database;
use super::{StorageError, open};

/// Reads a storage while others may write to it.
#[derive(Debug, Clone)]
pub struct StorageReader {
    connection: DatabaseConnection,
    /// Where a SQLite is kept.
    file: Option<PathBuf>,
}

#[derive(FromQueryResult)]
struct Named {
    id: Uuid,
    name: String,
}

impl StorageReader {
    /// Opens `url` as [`super::Storage::open`] does, to read only.
    ///
    /// # Errors
    /// [`StorageError`] when there is no storage, or it cannot be reached.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        let (connection, file) = open::connect_reader(url).await?;
        Ok(Self { connection, file })
    }

    /// Makes sure that the schema is the one of this program; a copy needs no such thing.
    ///
    /// # Errors
    /// [`StorageError::Outdated`] when it is older; else it cannot be read, or is newer.
    pub async fn check_schema(&self) -> Result<(), StorageError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.connection).await?;
        if pending.is_empty() { Ok(()) } else { Err(StorageError::Outdated) }
    }

    /// Where to read.
    #[must_use]
    pub const fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Whether this storage is the file at `path`, by whatever name.
    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
        self.file.as_deref().and_then(identity).is_some_and(|own| identity(path) == Some(own))
    }

    /// What the registered databases of all organizations are called: for the operator, who has the storage anyway.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    pub async fn database_names(&self) -> Result<HashMap<DatabaseId, String>, StorageError> {
        let names = monitored_database::Entity::find()
            .select_only()
            .columns([monitored_database::Column::Id, monitored_database::Column::Name])
            .into_model::<Named>()
            .all(&self.connection)
            .await?;
        Ok(names.into_iter().map(|Named { id, name }| (DatabaseId(id), name)).collect())
    }

    /// Writes all of a SQLite storage, as it is at this moment, into the empty file `target`.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read, or `target` not be written.
    pub async fn copy_into(&self, target: &Path) -> Result<(), StorageError> {
        let target = target.to_str().ok_or(StorageError::Url("a path must be UTF-8"))?;
        let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [target.into()]);
        self.connection.execute_raw(copy).await?;
        Ok(())
    }
}
