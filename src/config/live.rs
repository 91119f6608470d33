//! The current configuration, which a reload replaces.

use std::net::IpAddr;
use std::sync::Arc;

use basira_actors::ports::AddressPolicy;

use super::values::{Change, Values};
use super::{Config, ConfigError, Source, reader};
use parking_lot::RwLock;

/// The current configuration. Values are read from it whenever they are needed and are not kept, so that a reload
/// takes effect everywhere.
#[derive(Debug, Clone)]
pub struct LiveConfig(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    running: RwLock<Running>,
}

#[derive(Debug, Clone)]
struct Running {
    config: Arc<Config>,
    values: Values,
}

/// A valid configuration that was read, but is not in effect yet.
#[derive(Debug)]
pub struct Proposal {
    next: Running,
    /// The changes that [`LiveConfig::accept`] brings into effect.
    pub changed: Vec<Change>,
    /// The changes that take effect at the next start.
    pub needs_restart: Vec<Change>,
}

impl LiveConfig {
    /// Loads the configuration from `source`.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn load(source: Source) -> Result<Self, ConfigError> {
        let (config, values) = source.read()?;
        Ok(Self(Arc::new(Inner { source, running: RwLock::new(Running::new(config, values)) })))
    }

    /// A configuration without a source, which cannot be reloaded.
    pub(crate) fn new(config: Config) -> Self {
        let running = RwLock::new(Running::new(config, Values::default()));
        Self(Arc::new(Inner { source: Source::default(), running }))
    }

    /// Replaces the current configuration, as a reload does.
    #[cfg(test)]
    pub(crate) fn replace(&self, config: Config) {
        self.0.running.write().config = Arc::new(config);
    }

    /// Returns the current configuration.
    #[must_use]
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0.running.read().config)
    }

    /// Reads the source again, and returns what it holds; nothing is changed yet.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn reload(&self) -> Result<Proposal, ConfigError> {
        let running = self.0.running.read().clone();
        let (mut config, mut values) = self.0.source.read()?;
        let (needs_restart, changed): (Vec<Change>, Vec<Change>) =
            running.values.changes(&values).into_iter().partition(Change::needs_restart);
        if !needs_restart.is_empty() {
            values.keep_what_needs_a_restart(&running.values);
            config = reader::read(&values.merged())?.0;
        }
        Ok(Proposal { next: Running::new(config, values), changed, needs_restart })
    }

    /// Makes `proposal` the current configuration.
    pub fn accept(&self, proposal: &Proposal) {
        *self.0.running.write() = proposal.next.clone();
    }
}

impl Running {
    fn new(config: Config, values: Values) -> Self {
        Self { config: Arc::new(config), values }
    }
}

impl Proposal {
    /// The configuration to accept.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.next.config
    }
}

/// Read at each connect, so that a reload takes effect from the next connection.
impl AddressPolicy for LiveConfig {
    fn allows(&self, address: IpAddr) -> bool {
        self.current().targets.allows(address)
    }
}
