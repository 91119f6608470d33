//! How long the client that opened a live stream may read it.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::app::App;
use crate::auth::{AuthenticateError, Principal};

/// How soon a stream ends after another process has revoked the access.
const RECHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The caller that opened a stream.
pub struct StreamAccess {
    pub app: Arc<App>,
    pub principal: Principal,
}

impl StreamAccess {
    /// Waits until the session, the user or the key is revoked. Any role may read a stream.
    pub(super) async fn revoked(self) {
        let Self { app, principal } = self;
        let mut changes = app.accounts.access_changes();
        loop {
            let renewed = app.accounts.recheck(principal.clone(), Timestamp::now()).await;
            if matches!(renewed, Err(AuthenticateError::Refused | AuthenticateError::Missing)) {
                return;
            }
            let concerned = async {
                loop {
                    match changes.recv().await {
                        Ok(whose) if !principal.is_of(whose) => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => return,
                        // nothing more can come
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            // after a change or the interval the access is checked again
            let _ = timeout(RECHECK_INTERVAL, concerned).await;
        }
    }
}
