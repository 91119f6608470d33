//! What is set for all databases, and may change while they are watched.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;

use crate::drivers::ConnectSettings;
use crate::model::RuleSettings;

/// What is set for all databases.
#[derive(Clone)]
pub struct FleetSettings {
    pub connect: ConnectSettings,
    /// How many connects may be under way at once, over all databases.
    pub connects: Arc<Semaphore>,
    /// How health rules are set; a database may differ.
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

/// The settings of the moment, one for all monitors. Who needs them asks each time.
#[derive(Clone)]
pub struct Fleet(Arc<RwLock<Arc<FleetSettings>>>);

impl Fleet {
    /// Starts with `settings`.
    #[must_use]
    pub fn new(settings: FleetSettings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }

    /// The settings of the moment.
    #[must_use]
    pub fn current(&self) -> Arc<FleetSettings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, settings: FleetSettings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Whether a connection made under `settings` is as one made now.
    pub(super) fn still_connects_like(&self, settings: &FleetSettings) -> bool {
        self.current().connects_like(settings)
    }
}
