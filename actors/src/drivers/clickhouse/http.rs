//! How ClickHouse is reached: one HTTP connection that is kept, to an address that the policy allows.

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

/// The longest head of an answer; more than 100 headers are refused too.
const HEAD_BYTES: usize = 64 << 10;
/// Servers close connections that idle for 3 s or more, by version; between two polls of a second one is kept.
const KEPT: Duration = Duration::from_millis(2_500);

/// Whether `target` is to be spoken to with TLS; where that is left to the server, it is tried out. A password, which
/// ClickHouse takes in a header, is sent without TLS only where the registration says `disable`.
pub(super) async fn is_encrypted(target: &Target, settings: &ConnectSettings) -> Result<bool, CollectError> {
    let ip = resolve(&target.host, target.port, settings.timeout, &*settings.policy).await?;
    match target.tls {
        TlsMode::Disable => Ok(false),
        TlsMode::Prefer => {
            let address = address(target);
            let is_plain = speaks_plainly(ip, target.port, &address, settings.timeout).await?;
            // whoever is in between may have turned TLS off; who wants none says so
            if is_plain && target.password.is_some() {
                return Err(CollectError::Cleartext { address });
            }
            Ok(!is_plain)
        }
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => Ok(true),
    }
}

/// A client for `target` that keeps one connection.
pub(super) fn client(target: &Target, settings: &ConnectSettings) -> Result<Client, CollectError> {
    let tls = tls::client_config(target.tls, target.tls_ca_pem.as_deref())
        .map_err(|reason| CollectError::Tls { address: address(target), reason })?;
    let tcp = GuardedConnector::new(settings.timeout, Arc::clone(&settings.policy));
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(KEPT)
        .http1_max_buf_size(HEAD_BYTES)
        .build(connector.wrap_connector(BoundedConnector(tcp))))
}

/// Host and port as a URL has them.
pub(super) fn address(target: &Target) -> String {
    let host = &target.host;
    if host.contains(':') { format!("[{host}]:{}", target.port) } else { format!("{host}:{}", target.port) }
}

/// Whether HTTP without TLS is spoken at this port, which speaks only one of both. Asked without credentials.
async fn speaks_plainly(ip: IpAddr, port: u16, address: &str, limit: Duration) -> Result<bool, CollectError> {
    let probe = async {
        let mut stream = TcpStream::connect(SocketAddr::new(ip, port)).await?;
        stream
            .write_all(
                format!("GET /ping HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
            )
            .await?;
        let mut start = Vec::with_capacity(16);
        // an end before a whole status line is an answer too: this was no HTTP
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
