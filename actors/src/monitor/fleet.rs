//! What all monitors share: their dependencies, and settings that may change while databases are watched.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;

use crate::drivers::ConnectSettings;
use crate::model::RuleSettings;
use crate::ports::{SampleRepository, TargetRegistry};

/// What every monitor works with.
#[derive(Clone)]
pub struct Dependencies {
    pub samples: Arc<dyn SampleRepository>,
    pub registry: Arc<dyn TargetRegistry>,
    pub fleet: Fleet,
}

/// The settings for all databases.
#[derive(Clone)]
pub struct FleetSettings {
    pub connect: ConnectSettings,
    /// Limits how many connection attempts run at once, over all databases.
    pub connects: Arc<Semaphore>,
    /// The settings of health rules; those of a database take precedence.
    pub rules: Arc<RuleSettings>,
}

impl FleetSettings {
    /// Whether a connection made under these settings would be the same under `other`.
    fn connects_like(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.connect, &other.connect);
        Arc::ptr_eq(&ours.policy, &theirs.policy)
            && ours.timeout == theirs.timeout
            && ours.raw_query_text == theirs.raw_query_text
    }
}

/// The current settings, shared by all monitors.
#[derive(Clone)]
pub struct Fleet(Arc<RwLock<Arc<FleetSettings>>>);

impl Fleet {
    /// Starts with `settings`.
    #[must_use]
    pub fn new(settings: FleetSettings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }

    /// Returns the current settings. Read them each time they are needed: they may be replaced at any time.
    #[must_use]
    pub fn current(&self) -> Arc<FleetSettings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the settings.
    pub(crate) fn replace(&self, settings: FleetSettings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Whether a connection made under `settings` would be the same under the current ones.
    pub(super) fn still_connects_like(&self, settings: &FleetSettings) -> bool {
        self.current().connects_like(settings)
    }
}
