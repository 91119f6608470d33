//! The configuration of the moment.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use basira_actors::ports::AddressPolicy;

use super::values::{Change, Values};
use super::{Config, ConfigError, Source};

/// What is configured now. Who needs a value asks for it when it is needed and keeps it no longer: so a reload
/// reaches everything that is not told of it.
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

/// A configuration that was read and found good, but is not the one of the moment yet.
#[derive(Debug)]
pub struct Proposal {
    next: Running,
    /// What will be otherwise.
    pub changed: Vec<Change>,
    /// What would be otherwise after a restart.
    pub needs_restart: Vec<Change>,
}

impl LiveConfig {
    /// What `source` says now.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn load(source: Source) -> Result<Self, ConfigError> {
        let (config, values) = source.read()?;
        Ok(Self(Arc::new(Inner { source, running: RwLock::new(Running::new(config, values)) })))
    }

    /// `config`, for who does not read it again.
    pub(crate) fn new(config: Config) -> Self {
        let running = RwLock::new(Running::new(config, Values::default()));
        Self(Arc::new(Inner { source: Source::default(), running }))
    }

    /// From now on `config`, as after a reload.
    #[cfg(test)]
    pub(crate) fn replace(&self, config: Config) {
        self.0.running.write().unwrap_or_else(PoisonError::into_inner).config = Arc::new(config);
    }

    /// What is configured now.
    #[must_use]
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0.running.read().unwrap_or_else(PoisonError::into_inner).config)
    }

    /// Reads the source again. Nothing changes yet.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn reload(&self) -> Result<Proposal, ConfigError> {
        let running = self.0.running.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut config, mut values) = self.0.source.read()?;
        let (needs_restart, changed) =
            running.values.changes(&values).into_iter().partition(Change::needs_restart);
        config.keep_what_needs_a_restart(&running.config);
        values.keep_what_needs_a_restart(&running.values);
        Ok(Proposal { next: Running::new(config, values), changed, needs_restart })
    }

    /// Makes `proposal` the configuration of the moment.
    pub fn accept(&self, proposal: &Proposal) {
        *self.0.running.write().unwrap_or_else(PoisonError::into_inner) = proposal.next.clone();
    }
}

impl Running {
    fn new(config: Config, values: Values) -> Self {
        Self { config: Arc::new(config), values }
    }
}

impl Proposal {
    /// What would be configured.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.next.config
    }
}

/// What may be connected to is asked for at each connect, so that a reload counts from the next on.
impl AddressPolicy for LiveConfig {
    fn allows(&self, address: IpAddr) -> bool {
        self.current().targets.allows(address)
    }
}

impl Config {
    fn keep_what_needs_a_restart(&mut self, running: &Self) {
        self.data_dir.clone_from(&running.data_dir);
        self.http.listen = running.http.listen;
        self.http.public_url.clone_from(&running.http.public_url);
        self.storage.clone_from(&running.storage);
        self.samples.url.clone_from(&running.samples.url);
        self.auth.jwt_secret.clone_from(&running.auth.jwt_secret);
        self.auth.encryption_key.clone_from(&running.auth.encryption_key);
        self.auth.previous_jwt_secret.clone_from(&running.auth.previous_jwt_secret);
        self.auth.previous_encryption_key.clone_from(&running.auth.previous_encryption_key);
        if self.http.tls.is_some() != running.http.tls.is_some() {
            self.http.tls.clone_from(&running.http.tls);
        }
        self.log.format = running.log.format;
    }
}
