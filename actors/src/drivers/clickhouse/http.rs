//! HTTP connections to ClickHouse: one that is kept alive, to an address that the policy allows.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::{ConnectSettings, GuardedConnector, resolve, tls};
use super::bounded::BoundedConnector;
use crate::collect::CollectError;
use crate::model::{Target, TlsMode};

pub(super) type Client = legacy::Client<HttpsConnector<BoundedConnector<GuardedConnector>>, Full<Bytes>>;

/// The size of the headers of a response; more than 100 headers are refused, too.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// How long an idle connection is kept: servers close it after 3 s or more, depending on the version.
const KEEP_ALIVE: Duration = Duration::from_millis(2_500);

/// Returns whether to use TLS for `target`; with `prefer`, that is determined by a probe. A password is sent in a header, and
/// without TLS only if the mode is `disable`.
pub(super) async fn is_encrypted(target: &Target, settings: &ConnectSettings) -> Result<bool, CollectError> {
    let ip = resolve(&target.host, target.port, settings.timeout, &*settings.policy).await?;
    match target.tls {
        TlsMode::Disable => Ok(false),
        TlsMode::Prefer => {
            let address = address(target);
            let is_plain = is_without_tls(ip, target.port, &address, settings.timeout).await?;
            // TLS may have been stripped by an attacker; to send the password in cleartext, the mode must be `disable`
            if is_plain && target.password.is_some() {
                return Err(CollectError::Cleartext { address });
            }
            Ok(!is_plain)
        }
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => Ok(true),
    }
}

/// Returns a client for `target` that keeps one connection.
pub(super) fn client(target: &Target, settings: &ConnectSettings) -> Result<Client, CollectError> {
    let tls = tls::client_config(target.tls, target.tls_ca_pem.as_deref())
        .map_err(|reason| CollectError::Tls { address: address(target), reason })?;
    let tcp = GuardedConnector::new(settings.timeout, Arc::clone(&settings.policy));
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(KEEP_ALIVE)
        .http1_max_buf_size(MAX_HEADER_BYTES)
        .build(connector.wrap_connector(BoundedConnector(tcp))))
}

/// Returns host and port as in a URL.
pub(super) fn address(target: &Target) -> String {
    let host = &target.host;
    if host.contains(':') { format!("[{host}]:{}", target.port) } else { format!("{host}:{}", target.port) }
}

/// Returns whether the port uses HTTP without TLS, by a request without credentials.
async fn is_without_tls(ip: IpAddr, port: u16, address: &str, limit: Duration) -> Result<bool, CollectError> {
    let probe = async {
        let mut stream = TcpStream::connect(SocketAddr::new(ip, port)).await?;
        stream
            .write_all(
                format!("GET /ping HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
            )
            .await?;
        let mut start = Vec::with_capacity(16);
        // an end before a whole status line is a result, too: this is not HTTP
        (&mut stream).take(12).read_to_end(&mut start).await.map(|_| start)
    };
    match timeout(limit, probe).await {
        Ok(Ok(start)) => Ok(start.starts_with(b"HTTP/1.") && !start.ends_with(b"400")),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Ok(false),
        Ok(Err(error)) => {
            Err(CollectError::Connect { address: address.to_owned(), reason: error.to_string() })
        }
        Err(_) => Err(CollectError::ConnectTimeout { address: address.to_owned(), after: limit }),
    }
}
