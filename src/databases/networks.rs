//! Which networks the databases of an organization may be in: as the configuration says, and by whether somebody in the
//! organization runs the instance.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::OrganizationId;
use basira_actors::ports::AddressPolicy;

use crate::config::{Config, DeniedNetworks};
use crate::storage::Storage;

/// The networks of all organizations, as one configuration has them.
#[derive(Debug, Clone)]
pub struct TargetNetworks {
    config: Arc<Config>,
    storage: Storage,
}

impl TargetNetworks {
    /// As `config` says; `storage` knows who runs the instance.
    #[must_use]
    pub const fn new(config: Arc<Config>, storage: Storage) -> Self {
        Self { config, storage }
    }

    /// The networks that are denied to `organization` now. When the storage cannot be asked, it counts as one of strangers.
    pub async fn denied_to(&self, organization: OrganizationId) -> DeniedNetworks {
        let runs_instance = self.storage.runs_instance(organization).await.unwrap_or_else(|error| {
            tracing::warn!(organization.id = %organization, "cannot look up who runs the instance: {error}");
            false
        });
        self.config.networks_denied_to(runs_instance)
    }
}

#[async_trait]
impl AddressPolicy for TargetNetworks {
    /// What every organization may connect to.
    fn allows(&self, address: IpAddr) -> bool {
        self.config.networks_denied_to(false).allows(address)
    }

    async fn for_organization(&self, organization: OrganizationId) -> Option<Arc<dyn AddressPolicy>> {
        Some(Arc::new(self.denied_to(organization).await))
    }
}
