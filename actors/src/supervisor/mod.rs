//! Starts, restarts and stops the actor of each database.

mod actor;
mod directory;
mod registry;

use std::sync::Arc;
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};

pub use self::directory::{Directory, Handle, Subscription, Unavailable};
use self::registry::RegistryChange;
use crate::model::{DatabaseId, Target};
pub use crate::monitor::Live;
use crate::monitor::{Dependencies, FleetSettings};
use crate::ports::RegistryError;

/// Changes of the registry that wait to be read; whoever has one more waits for room.
const CHANGES: usize = 256;
/// How long a change of the registry is waited for.
const REFRESH_WAIT: Duration = Duration::from_secs(1);
/// How long the monitors may take to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Tells the supervisor what to watch; cheap to clone.
#[derive(Clone)]
pub struct Supervisor {
    actor: ActorRef<actor::Message>,
    directory: Directory,
    changed: mpsc::Sender<RegistryChange>,
    following: AbortHandle,
}

/// The supervisor could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Source(#[from] RegistryError),
    #[error("the supervisor did not start: {0}")]
    Spawn(#[from] ractor::SpawnErr),
}

impl Supervisor {
    /// Starts a monitor for every registered database.
    ///
    /// # Errors
    /// [`StartError`] when the registry cannot be read.
    pub async fn start(dependencies: Dependencies) -> Result<(Self, JoinHandle<()>), StartError> {
        let targets = dependencies.registry.all().await?;
        let source = Arc::clone(&dependencies.registry);
        let directory = Directory::default();
        let arguments = (dependencies, directory.clone());
        let (actor, joined) = Actor::spawn(None, actor::SupervisorActor, arguments).await?;
        let (changed, receiver) = mpsc::channel(CHANGES);
        let following = tokio::spawn(registry::follow(source, actor.clone(), receiver)).abort_handle();
        let supervisor = Self { actor, directory, changed, following };
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
        self.send(actor::Message::Watch(Box::new(target)));
    }

    /// Watches the database `id` as it is registered now, or stops when it is not registered any more. To be called after
    /// every change of the registry. Returns once that is known, or after a second: while the registry cannot be read,
    /// this goes on in the background.
    pub async fn refresh(&self, id: DatabaseId) {
        let known = self.queue(id).await;
        if tokio::time::timeout(REFRESH_WAIT, known).await.is_err() {
            tracing::warn!(db.id = %id, "a changed database cannot be read now; it is when the registry is back");
        }
    }

    /// As [`Self::refresh`], in the background.
    pub async fn refresh_soon(&self, id: DatabaseId) {
        drop(self.queue(id).await);
    }

    /// Stops watching `id`, which is not registered any more; its live streams end.
    pub async fn forget(&self, id: DatabaseId) {
        self.send(actor::Message::Forget(id));
        // a change of it that is being read at this moment would have it watched again
        self.refresh_soon(id).await;
    }

    async fn queue(&self, id: DatabaseId) -> oneshot::Receiver<()> {
        let (known, receiver) = oneshot::channel();
        if self.changed.send((id, known)).await.is_err() {
            tracing::error!(db.id = %id, "the supervisor is gone: a change is taken up at the next start");
        }
        receiver
    }

    /// Sets for all databases what `settings` say; connections are made anew only where they would differ.
    pub fn set_fleet_settings(&self, settings: FleetSettings) {
        self.send(actor::Message::SetFleetSettings(Box::new(settings)));
    }

    /// Stops every monitor, letting go of the connections.
    pub async fn shutdown(&self) {
        self.following.abort();
        let stopped = self.actor.call(actor::Message::Shutdown, Some(SHUTDOWN)).await;
        if !matches!(stopped, Ok(CallResult::Success(()))) {
            tracing::warn!("some monitors did not stop in time");
        }
        self.actor.stop(None);
    }

    fn send(&self, message: actor::Message) {
        if self.actor.cast(message).is_err() {
            tracing::error!("the supervisor is gone");
        }
    }
}
