//! How databases are reached, and the rules of their health: the actors are told.

use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::monitor::Fleet;
use basira_actors::supervisor::Supervisor;

use super::Part;
use crate::config::Config;
use crate::databases::TargetNetworks;
use crate::storage::{Storage, StorageError};

/// The actors.
pub struct FleetPart {
    pub supervisor: Supervisor,
    pub fleet: Fleet,
    /// Knows who runs the instance.
    pub storage: Storage,
}

#[async_trait]
impl Part for FleetPart {
    async fn settle(&self, before: &Config, now: &Config) -> Result<(), StorageError> {
        let concerns = before.targets != now.targets
            || before.auth.signup != now.auth.signup
            || before.health != now.health
            || before.collect.connect_timeout != now.collect.connect_timeout
            || before.collect.max_connects != now.collect.max_connects
            || before.collect.raw_query_text != now.collect.raw_query_text;
        if concerns {
            let policy = TargetNetworks::new(Arc::new(now.clone()), self.storage.clone());
            let running = self.fleet.current();
            self.supervisor.set_fleet_settings(now.fleet_settings_after(before, &running, Arc::new(policy)));
        }
        Ok(())
    }
}
