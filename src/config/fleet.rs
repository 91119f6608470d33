//! What the configuration says of all watched databases.

use std::sync::Arc;

use basira_actors::drivers::ConnectSettings;
use basira_actors::monitor::FleetSettings;
use basira_actors::ports::AddressPolicy;
use tokio::sync::Semaphore;

use super::Config;

impl Config {
    /// How this server connects to databases, to addresses that `policy` allows.
    #[must_use]
    pub fn connect_settings(&self, policy: Arc<dyn AddressPolicy>) -> ConnectSettings {
        ConnectSettings {
            timeout: self.collect.connect_timeout,
            policy,
            raw_query_text: self.collect.raw_query_text,
        }
    }

    /// What is set for all databases, which may be at addresses that `policy` allows.
    #[must_use]
    pub fn fleet_settings(&self, policy: Arc<dyn AddressPolicy>) -> FleetSettings {
        FleetSettings {
            connect: self.connect_settings(policy),
            connects: Arc::new(Semaphore::new(self.collect.max_connects)),
            rules: Arc::new(self.health.rules.clone()),
        }
    }

    /// `running`, with what is otherwise here than in `before`; `policy` is that of this configuration.
    #[must_use]
    pub fn fleet_settings_after(
        &self,
        before: &Self,
        running: &FleetSettings,
        policy: Arc<dyn AddressPolicy>,
    ) -> FleetSettings {
        let mut settings = self.fleet_settings(policy);
        if self.targets == before.targets && self.auth.signup == before.auth.signup {
            settings.connect.policy = Arc::clone(&running.connect.policy);
        }
        if self.collect.max_connects == before.collect.max_connects {
            settings.connects = Arc::clone(&running.connects);
        }
        settings
    }
}
