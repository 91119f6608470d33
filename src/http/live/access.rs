//! Until when the opener of a live stream may follow it.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::model::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::app::App;
use crate::auth::{AuthenticateError, Principal};

/// How soon a stream ends when another process took the access away.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Who opened a stream.
pub struct Access {
    pub app: Arc<App>,
    pub principal: Principal,
}

impl Access {
    /// Waits until the session, the person or the key is gone. Whatever role is left may follow a stream.
    pub(super) async fn ends(self) {
        let Self { app, principal } = self;
        let mut changes = app.accounts.access_changes();
        loop {
            let renewed = app.accounts.renewed(principal.clone(), Timestamp::now()).await;
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
            // either is reason enough to look again
            let _ = timeout(LOOK_AGAIN, concerned).await;
        }
    }
}
