//! Databases that were registered without an interval or collectors of their own follow the configuration.

use async_trait::async_trait;
use basira_actors::supervisor::Supervisor;

use super::Part;
use crate::config::Config;
use crate::databases::disabled_by_default;
use crate::storage::store::Defaults;
use crate::storage::{Storage, StorageError};

/// The registry, and the actors of those databases.
pub struct RegistrationsPart {
    pub storage: Storage,
    pub supervisor: Supervisor,
}

#[async_trait]
impl Part for RegistrationsPart {
    async fn settle(&self, before: &Config, now: &Config) -> Result<(), StorageError> {
        let (old, new) = (&before.collect, &now.collect);
        if old.poll_interval == new.poll_interval && old.disabled_collectors == new.disabled_collectors {
            return Ok(());
        }
        let defaults = |engine| Defaults {
            poll_interval: new.poll_interval,
            disabled_collectors: disabled_by_default(new, engine),
        };
        for id in self.storage.follow_defaults(defaults).await? {
            self.supervisor.refresh_soon(id).await;
        }
        Ok(())
    }
}
