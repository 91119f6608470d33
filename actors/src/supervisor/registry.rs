//! Applies changes of the registry. They are read one at a time, so that of two concurrent changes the monitor gets the one
//! that was stored last.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::sync::{mpsc, oneshot};

use super::actor::Message;
use crate::model::{DatabaseId, Target};
use crate::ports::TargetRegistry;

/// How long to wait after the registry could not be read.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// A database whose registration changed, and a sender that is notified once the change was passed to the supervisor.
pub(super) type RegistryChange = (DatabaseId, oneshot::Sender<()>);

/// Reads the registration of each database in `changed`, and passes it to `supervisor`.
pub(super) async fn follow(
    registry: Arc<dyn TargetRegistry>,
    supervisor: ActorRef<Message>,
    mut changed: mpsc::Receiver<RegistryChange>,
) {
    while let Some((id, applied)) = changed.recv().await {
        let message = match read(&*registry, id).await {
            Some(target) => Message::Watch(Box::new(target)),
            None => Message::Unwatch(id),
        };
        if supervisor.cast(message).is_err() {
            return;
        }
        // fails only when the caller stopped waiting
        let _ = applied.send(());
    }
}

/// Reads the registration of `id`, and tries again until that succeeds: no stored change may be missed.
async fn read(registry: &dyn TargetRegistry, id: DatabaseId) -> Option<Target> {
    loop {
        match registry.find(id).await {
            Ok(found) => return found,
            Err(error) => {
                tracing::error!(db.id = %id, %error, "cannot read a changed registration; trying again in a second")
            }
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}
