//! The configuration of the moment.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use basira_actors::drivers::ConnectSettings;
use basira_actors::ports::AddressPolicy;

use super::Config;

/// What is configured now. Who needs a value asks for it when it is needed and keeps it no longer: so a reload
/// reaches everything that is not told of it.
#[derive(Debug, Clone)]
pub struct LiveConfig(Arc<RwLock<Arc<Config>>>);

impl LiveConfig {
    /// Starts with `config`.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(config))))
    }

    /// What is configured now.
    #[must_use]
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on, `config` is what [`Self::current`] answers.
    pub fn replace(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}

/// What may be connected to is asked for at each connect, so that a reload counts from the next on.
impl AddressPolicy for LiveConfig {
    fn allows(&self, address: IpAddr) -> bool {
        self.current().targets.allows(address)
    }
}

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
}
