//! Starts, restarts and stops the actor of each database.

mod actor;
mod directory;

use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef};
use tokio::task::JoinHandle;

pub use self::directory::{Directory, Handle, Subscription, Unavailable};
use crate::model::{DatabaseId, Target};
pub use crate::monitor::Live;
use crate::monitor::{Dependencies, FleetSettings};
use crate::ports::SourceError;

/// How long the monitors may take to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Tells the supervisor what to watch; cheap to clone. Nothing here waits.
#[derive(Clone)]
pub struct Supervisor {
    actor: ActorRef<actor::Message>,
    directory: Directory,
}

/// The supervisor could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the supervisor did not start: {0}")]
    Spawn(#[from] ractor::SpawnErr),
}

impl Supervisor {
    /// Starts a monitor for every registered database.
    ///
    /// # Errors
    /// [`StartError`] when the registry cannot be read.
    pub async fn start(dependencies: Dependencies) -> Result<(Self, JoinHandle<()>), StartError> {
        let targets = dependencies.source.all().await?;
        let directory = Directory::default();
        let arguments = (dependencies, directory.clone());
        let (actor, joined) = Actor::spawn(None, actor::SupervisorActor, arguments).await?;
        let supervisor = Self { actor, directory };
        targets.into_iter().for_each(|target| supervisor.watch(target));
        Ok((supervisor, joined))
    }

    /// Where the monitors are found.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Watches `target` from now on, or as it is now.
    pub fn watch(&self, target: Target) {
        self.tell(actor::Message::Watch(Box::new(target)));
    }

    /// Stops watching `id`; its live streams end.
    pub fn forget(&self, id: DatabaseId) {
        self.tell(actor::Message::Forget(id));
    }

    /// Sets for all databases what `settings` say; connections are made anew only where they would differ.
    pub fn settle(&self, settings: FleetSettings) {
        self.tell(actor::Message::Settle(Box::new(settings)));
    }

    /// Stops every monitor, letting go of the connections.
    pub async fn shutdown(&self) {
        let stopped = self.actor.call(actor::Message::Shutdown, Some(SHUTDOWN)).await;
        if !matches!(stopped, Ok(CallResult::Success(()))) {
            tracing::warn!("some monitors did not stop in time");
        }
        self.actor.stop(None);
    }

    fn tell(&self, message: actor::Message) {
        if self.actor.cast(message).is_err() {
            tracing::error!("the supervisor is gone");
        }
    }
}
