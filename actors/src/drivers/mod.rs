//! Connections to watched servers: connect, run queries with a deadline, cancel. The only module that uses their protocols.

mod budget;
mod cause;
mod clickhouse;
mod guard;
mod inspected;
mod postgres;
mod resolve;
mod session;
mod tcp;
mod tls;

use std::sync::Arc;

use tokio::time::timeout;

pub use self::cause::innermost_cause;
pub use self::guard::GuardedConnector;
pub use self::resolve::resolve;
use self::session::check_columns;
pub use self::session::{ConnectSettings, Reply, Session};
pub use self::tls::{check_authorities, client_config, https_config};
use crate::collect::CollectError;
use crate::model::{Engine, Target};

/// The time limit for connecting and the first queries, as a multiple of that for a handshake.
const CONNECT_TIMEOUT_FACTOR: u32 = 4;

/// Connects to `target`.
///
/// # Errors
/// [`CollectError`] with the cause.
pub async fn connect(target: &Target, settings: &ConnectSettings) -> Result<Box<dyn Session>, CollectError> {
    let own_policy = settings.policy.for_organization(target.organization_id).await;
    let policy = own_policy.unwrap_or_else(|| Arc::clone(&settings.policy));
    let settings = ConnectSettings { policy, ..settings.clone() };
    let limit = settings.timeout * CONNECT_TIMEOUT_FACTOR;
    let connecting = async {
        let session: Box<dyn Session> = match target.engine {
            Engine::Postgres => Box::new(postgres::Postgres::connect(target, &settings).await?),
            Engine::Clickhouse => Box::new(clickhouse::ClickHouse::connect(target, &settings).await?),
        };
        Ok(session)
    };
    let address = || format!("{}:{}", target.host, target.port);
    let timed_out = |_| CollectError::ConnectTimeout { address: address(), after: limit };
    timeout(limit, connecting).await.map_err(timed_out)?
}
