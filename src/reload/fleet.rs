//! How databases are reached, and the rules of their health: the actors are told.

use async_trait::async_trait;
use basira_actors::monitor::Fleet;
use basira_actors::supervisor::Supervisor;

use super::Part;
use crate::config::Config;
use crate::storage::StorageError;

/// The actors.
pub struct FleetPart {
    pub supervisor: Supervisor,
    pub fleet: Fleet,
}

#[async_trait]
impl Part for FleetPart {
    async fn settle(&self, before: &Config, now: &Config) -> Result<(), StorageError> {
        let concerns = before.targets != now.targets
            || before.health != now.health
            || before.collect.connect_timeout != now.collect.connect_timeout
            || before.collect.max_connects != now.collect.max_connects
            || before.collect.raw_query_text != now.collect.raw_query_text;
        if concerns {
            self.supervisor.settle(now.fleet_settings_after(before, &self.fleet.current()));
        }
        Ok(())
    }
}
