//! The periodic deletion of expired data.

use std::time::Duration;

use basira_actors::model::Timestamp;
use tokio_util::sync::CancellationToken;

use super::invitations::INVITATION_LIFETIME;
use crate::config::LiveConfig;
use crate::mail::Mailer;
use crate::storage::{Storage, StorageError};

const INTERVAL: Duration = Duration::from_secs(3_600);

/// Deletes expired tokens, files of mails whose tokens have expired, old advice and audit entries above the maximum,
/// now and every hour, until `shutdown`. Several servers on one storage may run this concurrently.
pub async fn run_cleanup(storage: Storage, config: LiveConfig, mailer: Mailer, shutdown: CancellationToken) {
    loop {
        if let Err(error) = mailer.delete_files_older(INVITATION_LIFETIME).await {
            tracing::warn!("mails in data_dir whose tokens have expired cannot be deleted: {error}");
        }
        if let Err(error) = prune(&storage, &config).await {
            tracing::warn!("what has expired cannot be deleted: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn prune(storage: &Storage, config: &LiveConfig) -> Result<(), StorageError> {
    let now = storage.time_for_deleting(Timestamp::now()).await?;
    let pruned = storage.prune_tokens(now).await?;
    let advice = storage.prune_recommendations(now).await?;
    if let Some(most) = config.current().audit.max_entries {
        storage.forget_audit_above(most).await?;
    }
    tracing::debug!(
        refresh_tokens = pruned.refresh_tokens,
        email_tokens = pruned.email_tokens,
        recommendations = advice,
        "what had expired was deleted"
    );
    Ok(())
}
