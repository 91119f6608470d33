//! What the configuration says of all watched databases.

use std::sync::Arc;

use basira_actors::drivers::ConnectSettings;
use basira_actors::monitor::FleetSettings;
use tokio::sync::Semaphore;

use super::Config;

impl Config {
    /// How this server connects to databases.
    #[must_use]
    pub fn connect_settings(&self) -> ConnectSettings {
        ConnectSettings {
            timeout: self.collect.connect_timeout,
            policy: Arc::new(self.targets.clone()),
            raw_query_text: self.collect.raw_query_text,
        }
    }

    /// What is set for all databases.
    #[must_use]
    pub fn fleet_settings(&self) -> FleetSettings {
        FleetSettings {
            connect: self.connect_settings(),
            connects: Arc::new(Semaphore::new(self.collect.max_connects)),
            rules: Arc::new(self.health.rules.clone()),
        }
    }

    /// `running`, with what is otherwise here than in `before`.
    #[must_use]
    pub fn fleet_settings_after(&self, before: &Self, running: &FleetSettings) -> FleetSettings {
        let mut settings = self.fleet_settings();
        if self.targets == before.targets {
            settings.connect.policy = Arc::clone(&running.connect.policy);
        }
        if self.collect.max_connects == before.collect.max_connects {
            settings.connects = Arc::clone(&running.connects);
        }
        settings
    }
}
