//! Registrations without an interval or collectors of their own, when those of the configuration change.

use std::collections::BTreeSet;
use std::time::Duration;

use basira_actors::model::{DatabaseId, Engine};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::DatabaseRecord;
use crate::storage::entity::monitored_database::{Column, Entity};
use crate::storage::{Storage, StorageError};

/// What the configuration says of databases that say nothing themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    pub poll_interval: Duration,
    pub disabled_collectors: BTreeSet<String>,
}

impl Storage {
    /// Gives every database, of all organizations, what it follows of `defaults` for its engine. Those that changed.
    ///
    /// # Errors
    /// [`StorageError`]: then none is changed.
    pub async fn follow_defaults(
        &self,
        defaults: impl Fn(Engine) -> Defaults + Send,
    ) -> Result<Vec<DatabaseId>, StorageError> {
        let follows = Condition::any()
            .add(Column::FollowsPollInterval.eq(true))
            .add(Column::FollowsDisabledCollectors.eq(true));
        let transaction = self.begin().await?;
        let mut changed = Vec::new();
        for row in Entity::find().filter(follows).lock_exclusive().all(&transaction).await? {
            let encrypted_password = row.encrypted_password.clone();
            let before = DatabaseRecord::from_row(row)?;
            let mut database = before.clone();
            database.follow(defaults(database.engine));
            if database == before {
                continue;
            }
            let row = database.to_row(database.organization_id, encrypted_password)?;
            row.into_active_model().reset_all().update(&transaction).await?;
            changed.push(database.id);
        }
        transaction.commit().await?;
        Ok(changed)
    }
}

impl DatabaseRecord {
    fn follow(&mut self, defaults: Defaults) {
        if self.follows.poll_interval {
            self.poll_interval = defaults.poll_interval;
        }
        if self.follows.disabled_collectors {
            self.disabled_collectors = defaults.disabled_collectors;
        }
    }
}
