//! Follows changes of the registry. They are read one after the other, so that of two changes at once the one that was
//! stored last is the one that the monitor is told last.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::sync::{mpsc, oneshot};

use super::actor::Message;
use crate::model::{DatabaseId, Target};
use crate::ports::TargetRegistry;

/// The wait after the registry could not be read.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// A database whose registration changed, and whom to tell once the supervisor knows.
pub(super) type RegistryChange = (DatabaseId, oneshot::Sender<()>);

/// Lets `supervisor` watch each database in `changed` as it is registered when its turn comes.
pub(super) async fn follow(
    registry: Arc<dyn TargetRegistry>,
    supervisor: ActorRef<Message>,
    mut changed: mpsc::Receiver<RegistryChange>,
) {
    while let Some((id, known)) = changed.recv().await {
        let message = match read(&*registry, id).await {
            Some(target) => Message::Watch(Box::new(target)),
            None => Message::Forget(id),
        };
        if supervisor.cast(message).is_err() {
            return;
        }
        // whoever no longer waits has lost nothing
        let _ = known.send(());
    }
}

/// A change that is stored must not be missed: until it can be read, this tries again.
async fn read(registry: &dyn TargetRegistry, id: DatabaseId) -> Option<Target> {
    loop {
        match registry.find(id).await {
            Ok(found) => return found,
            Err(error) => {
                tracing::error!(db.id = %id, %error, "cannot read a changed database; trying again")
            }
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}
