//! Connects to PostgreSQL: to an address that the policy allows, with limits on time and on what the server sends.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::connect_error;
use super::messages::{InspectedTls, MessageInspector};
use crate::collect::CollectError;
use crate::drivers::budget::Budget;
use crate::drivers::inspected::Inspected;
use crate::drivers::{ConnectSettings, resolve, tcp, tls};
use crate::model::{Target, TlsMode};

pub(super) const ENGINE: &str = "PostgreSQL";
/// How long a query waits for a lock, as the server writes it: less than `statement_timeout`, which is less than our own
/// deadline, so that the mildest limit takes effect first.
pub(super) const LOCK_TIMEOUT: &str = "500ms";
/// The same in the unit of the setting.
pub(super) const LOCK_TIMEOUT_MS: &str = "500";
/// Sent at connect, and harmless to an event trigger: shows whether the server itself gets what we set.
pub(super) const MARKER: (&str, &str) = ("idle_in_transaction_session_timeout", "10s");
/// The `statement_timeout` of a new connection. Changing it costs a round trip.
pub(super) const FIRST_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit for a request to cancel a query.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// A new connection.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) connection: JoinHandle<()>,
    pub(super) canceller: Canceller,
    pub(super) budget: Arc<Budget>,
}

/// Connects and logs in, within `settings.timeout`.
pub(super) async fn connect(target: &Target, settings: &ConnectSettings) -> Result<Connected, CollectError> {
    let address = format!("{}:{}", target.host, target.port);
    let ip = resolve(&target.host, target.port, settings.timeout, &*settings.policy).await?;
    let config = tls::client_config(target.tls, target.tls_ca_pem.as_deref())
        .map_err(|reason| CollectError::Tls { address: address.clone(), reason })?;
    let mut tls = MakeRustlsConnect::new(config);
    let server = SocketAddr::new(ip, target.port);
    let budget = Arc::new(Budget::handshake());
    let connecting = async {
        let stream = tcp::connect(server)
            .await
            .map_err(|error| CollectError::Connect { address: address.clone(), reason: error.to_string() })?;
        let inspector = MessageInspector::new(Arc::clone(&budget), target.tls);
        let stream = Inspected { stream, inspector };
        let Ok(tls) = MakeTlsConnect::<Inspected<TcpStream, MessageInspector>>::make_tls_connect(
            &mut tls,
            &target.host,
        );
        let tls = InspectedTls { tls, budget: Arc::clone(&budget), mode: target.tls };
        let connected = configuration(target).connect_raw(stream, tls).await;
        connected.map_err(|error| match budget.fault() {
            Some(fault) => fault.error(&address, ENGINE),
            None => connect_error(&error, &address, target),
        })
    };
    let timed_out = |_| CollectError::ConnectTimeout { address: address.clone(), after: settings.timeout };
    let (client, mut connection) = timeout(settings.timeout, connecting).await.map_err(timed_out)??;
    let canceller =
        Canceller { token: client.cancel_token(), tls, server, host: target.host.clone(), address };
    let connection = tokio::spawn(async move {
        // notices are ignored; the error of a lost connection is that of the current or next query
        while let Some(Ok(_)) = poll_fn(|context| connection.poll_message(context)).await {}
    });
    Ok(Connected { client, connection, canceller, budget })
}

/// Cancels queries whose replies are no longer waited for.
pub(super) struct Canceller {
    token: CancelToken,
    tls: MakeRustlsConnect,
    server: SocketAddr,
    host: String,
    address: String,
}

impl Canceller {
    /// Returns host and port for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Requests, over another connection to the same address, that the running query is cancelled.
    pub(super) fn cancel_running(&self) {
        let (token, mut tls, server) = (self.token.clone(), self.tls.clone(), self.server);
        let Ok(tls) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut tls, &self.host);
        tokio::spawn(timeout(CANCEL_TIMEOUT, async move {
            // may fail on a server that does not respond; its statement_timeout remains
            if let Ok(stream) = tcp::connect(server).await {
                let _ = token.cancel_query_raw(stream, tls).await;
            }
        }));
    }
}

fn configuration(target: &Target) -> Config {
    let mut config = Config::new();
    config
        .dbname(&target.database)
        .user(target.username.as_deref().unwrap_or("postgres"))
        .application_name("basira")
        .ssl_mode(match target.tls {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        })
        .options(format!("-c {}={}", MARKER.0, MARKER.1));
    if let Some(password) = &target.password {
        config.password(password.expose());
    }
    config
}
