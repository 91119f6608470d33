//! What every request may use; wired once at start.

use std::sync::Arc;

use basira_actors::drivers::ConnectSettings;
use basira_actors::ports::AddressPolicy;
use basira_actors::supervisor::{Directory, Supervisor};
use tokio_util::sync::CancellationToken;

use crate::auth::Accounts;
use crate::config::Collect;
use crate::http::{LiveStreams, PublicUrl, Tickets};
use crate::samples::SampleStore;
use crate::storage::Storage;

/// The parts of the running server.
pub struct App {
    pub storage: Storage,
    pub accounts: Accounts,
    pub samples: Arc<dyn SampleStore>,
    pub supervisor: Supervisor,
    /// Where databases may be.
    pub targets: Arc<dyn AddressPolicy>,
    /// How to connect to one.
    pub connect: ConnectSettings,
    /// What a database gets that is registered without its own.
    pub collect: Collect,
    pub public_url: PublicUrl,
    pub tickets: Tickets,
    pub live: LiveStreams,
    /// Cancelled when the server stops.
    pub shutdown: CancellationToken,
}

impl App {
    /// Where the actor of each database is found.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        self.supervisor.directory()
    }
}
