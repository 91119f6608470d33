//! Registrations without an interval or collectors of their own, when those of the configuration change.

use std::collections::BTreeSet;
use std::time::Duration;

use basira_actors::model::{Engine, Target};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::Database;
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
    ) -> Result<Vec<Target>, StorageError> {
        let follows = Condition::any()
            .add(Column::FollowsPollInterval.eq(true))
            .add(Column::FollowsDisabledCollectors.eq(true));
        let transaction = self.begin().await?;
        let mut changed = Vec::new();
        for row in Entity::find().filter(follows).lock_exclusive().all(&transaction).await? {
            let sealed = row.sealed_password.clone();
            let mut database = Database::from_row(row, &self.sealer)?;
            let before = database.target.clone();
            database.follow(defaults(before.engine));
            if database.target == before {
                continue;
            }
            let mut row = database.to_row(before.organization_id, &self.sealer)?;
            row.sealed_password = sealed;
            row.into_active_model().reset_all().update(&transaction).await?;
            changed.push(database.target);
        }
        transaction.commit().await?;
        Ok(changed)
    }
}

impl Database {
    fn follow(&mut self, defaults: Defaults) {
        if self.follows.poll_interval {
            self.target.poll_interval = defaults.poll_interval;
        }
        if self.follows.disabled_collectors {
            self.target.disabled_collectors = defaults.disabled_collectors;
        }
    }
}
