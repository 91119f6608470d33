//! Starts, restarts and stops the monitor of each database.

mod actor;
mod directory;
mod registry;

use std::sync::Arc;
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};

pub use self::directory::{Directory, Handle, LiveSubscription, Unavailable};
use self::registry::RegistryChange;
use crate::model::{DatabaseId, Target};
pub use crate::monitor::Live;
use crate::monitor::{Dependencies, FleetSettings};
use crate::ports::RegistryError;

/// How many changes of the registry are queued; further callers wait.
const QUEUED_CHANGES: usize = 256;
/// How long a caller waits for a change of the registry to be applied.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the monitors may take to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Controls which databases are watched. Cheap to clone.
#[derive(Clone)]
pub struct Supervisor {
    actor: ActorRef<actor::Message>,
    directory: Directory,
    changed: mpsc::Sender<RegistryChange>,
    registry_task: AbortHandle,
}

/// Why the supervisor could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Source(#[from] RegistryError),
    #[error("cannot start the supervisor: {0}")]
    Spawn(#[from] ractor::SpawnErr),
}

impl Supervisor {
    /// Starts a monitor for every registered database.
    ///
    /// # Errors
    /// [`StartError`] when the registry cannot be read.
    pub async fn start(dependencies: Dependencies) -> Result<(Self, JoinHandle<()>), StartError> {
        let targets = dependencies.registry.all().await?;
        let registry = Arc::clone(&dependencies.registry);
        let directory = Directory::default();
        let arguments = (dependencies, directory.clone());
        let (actor, joined) = Actor::spawn(None, actor::SupervisorActor, arguments).await?;
        let (changed, receiver) = mpsc::channel(QUEUED_CHANGES);
        let registry_task = tokio::spawn(registry::follow(registry, actor.clone(), receiver)).abort_handle();
        let supervisor = Self { actor, directory, changed, registry_task };
        targets.into_iter().for_each(|target| supervisor.watch(target));
        Ok((supervisor, joined))
    }

    /// Returns the directory of monitors.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Starts to watch `target`, or passes a changed registration to its monitor.
    pub fn watch(&self, target: Target) {
        self.send(actor::Message::Watch(Box::new(target)));
    }

    /// Applies the current registration of `id`; stops watching it when it is no longer registered. Call this after every
    /// change of the registry. Returns when the change is applied, or after a second: while the registry cannot be read,
    /// this continues in the background.
    pub async fn refresh(&self, id: DatabaseId) {
        let applied = self.queue(id).await;
        if tokio::time::timeout(REFRESH_TIMEOUT, applied).await.is_err() {
            tracing::warn!(db.id = %id, "cannot read a changed registration; retrying in the background");
        }
    }

    /// Does the same as [`Self::refresh`] in the background.
    pub async fn refresh_soon(&self, id: DatabaseId) {
        drop(self.queue(id).await);
    }

    /// Stops watching `id`, which is no longer registered, and ends its live streams.
    pub async fn unwatch(&self, id: DatabaseId) {
        self.send(actor::Message::Unwatch(id));
        // a change that is being read at this moment would start the monitor again
        self.refresh_soon(id).await;
    }

    async fn queue(&self, id: DatabaseId) -> oneshot::Receiver<()> {
        let (applied, receiver) = oneshot::channel();
        if self.changed.send((id, applied)).await.is_err() {
            tracing::error!(db.id = %id, "the supervisor has stopped; the change takes effect at the next start");
        }
        receiver
    }

    /// Replaces the settings for all databases. Connections are reopened only if the settings change them.
    pub fn set_fleet_settings(&self, settings: FleetSettings) {
        self.send(actor::Message::SetFleetSettings(Box::new(settings)));
    }

    /// Stops every monitor and closes its connections.
    pub async fn shutdown(&self) {
        self.registry_task.abort();
        let stopped = self.actor.call(actor::Message::Shutdown, Some(SHUTDOWN_TIMEOUT)).await;
        if !matches!(stopped, Ok(CallResult::Success(()))) {
            tracing::warn!("some monitors did not stop within 5 s");
        }
        self.actor.stop(None);
    }

    fn send(&self, message: actor::Message) {
        if self.actor.cast(message).is_err() {
            tracing::error!("the supervisor has stopped");
        }
    }
}
