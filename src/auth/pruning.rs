//! What has expired is forgotten by and by.

use std::time::Duration;

use basira_actors::model::Timestamp;
use tokio_util::sync::CancellationToken;

use super::people::INVITATION_LIFETIME;
use crate::mail::Mailer;
use crate::storage::Storage;

const INTERVAL: Duration = Duration::from_secs(3_600);

/// Deletes expired tokens, and files of mails whose tokens have expired, now and every hour, until `shutdown`. Several
/// servers on one storage may all do so.
pub async fn prune_now_and_then(storage: Storage, mailer: Mailer, shutdown: CancellationToken) {
    loop {
        if let Err(error) = mailer.delete_files_older(INVITATION_LIFETIME).await {
            tracing::warn!("mails in data_dir whose tokens have expired cannot be deleted: {error}");
        }
        match storage.prune_tokens(Timestamp::now()).await {
            Ok(pruned) => tracing::debug!(
                refresh_tokens = pruned.refresh_tokens,
                email_tokens = pruned.email_tokens,
                "expired tokens were deleted"
            ),
            Err(error) => tracing::warn!("expired tokens cannot be deleted: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
