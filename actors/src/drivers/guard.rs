//! Connections only to addresses that the policy allows, checked at each connect.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Authority;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::resolve;
use crate::ports::AddressPolicy;

const KEEPALIVE: Duration = Duration::from_secs(30);

/// Connects an HTTP client to the host of a URL, if the policy allows its current address. The connection is made to the
/// address that was checked, so that a name that resolves differently a moment later is no way around the policy.
#[derive(Clone)]
pub struct GuardedConnector {
    tcp: HttpConnector,
    limit: Duration,
    policy: Arc<dyn AddressPolicy>,
}

type Failure = Box<dyn Error + Send + Sync>;

impl GuardedConnector {
    /// Creates a connector. `limit` is the time limit for resolving, and that for connecting.
    #[must_use]
    pub fn new(limit: Duration, policy: Arc<dyn AddressPolicy>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limit));
        tcp.set_keepalive(Some(KEEPALIVE));
        Self { tcp, limit, policy }
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { mut tcp, limit, policy } = self.clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
            let ip = resolve(host, port, limit, &*policy).await?;
            Ok(tcp.call(at(uri, ip, port)?).await?)
        })
    }
}

/// Replaces the host of a URL by its address, so that it is not resolved again.
fn at(uri: Uri, ip: IpAddr, port: u16) -> Result<Uri, Failure> {
    let mut parts = uri.into_parts();
    parts.authority = Some(Authority::try_from(SocketAddr::new(ip, port).to_string())?);
    Ok(Uri::from_parts(parts)?)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use tokio::net::TcpListener;

    use super::*;
    use crate::collect::CollectError;

    const LIMIT: Duration = Duration::from_secs(5);

    /// Resolves a name to another address each time, like a rebound name. Allows only loopback addresses.
    struct Rebinding(Mutex<VecDeque<Vec<&'static str>>>);

    #[async_trait]
    impl AddressPolicy for Rebinding {
        fn allows(&self, address: IpAddr) -> bool {
            address.is_loopback()
        }

        async fn addresses(&self, _: &str, _: u16) -> io::Result<Vec<IpAddr>> {
            let answer = self.0.lock().unwrap().pop_front().unwrap_or_default();
            Ok(answer.into_iter().map(|address| address.parse().unwrap()).collect())
        }
    }

    /// Allows only loopback addresses, and resolves names by the system.
    struct Loopback;

    impl AddressPolicy for Loopback {
        fn allows(&self, address: IpAddr) -> bool {
            address.is_loopback()
        }
    }

    fn is_denied(failure: &Failure) -> bool {
        matches!(failure.downcast_ref::<CollectError>(), Some(CollectError::Denied { .. }))
    }

    #[tokio::test]
    async fn a_name_is_resolved_once_and_checked_at_each_connect() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = [
            vec!["127.0.0.1"],
            vec!["169.254.169.254"],
            vec!["169.254.169.254", "127.0.0.1"],
            vec!["::ffff:169.254.169.254"],
            vec![],
        ];
        let policy = Arc::new(Rebinding(Mutex::new(answers.map(Vec::from).into())));
        let mut connector = GuardedConnector::new(LIMIT, Arc::clone(&policy) as Arc<dyn AddressPolicy>);
        let uri: Uri = format!("http://rebound.example:{port}/hook").parse().unwrap();

        let reached = connector.call(uri.clone()).await.unwrap();
        assert_eq!(reached.inner().peer_addr().unwrap().ip().to_string(), "127.0.0.1");
        assert!(is_denied(&connector.call(uri.clone()).await.unwrap_err()));
        let reached = connector.call(uri.clone()).await.unwrap();
        assert_eq!(reached.inner().peer_addr().unwrap().ip().to_string(), "127.0.0.1");
        assert!(is_denied(&connector.call(uri.clone()).await.unwrap_err()));
        assert!(connector.call(uri).await.is_err());
        assert!(policy.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_address_as_host_is_checked_too() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut connector = GuardedConnector::new(LIMIT, Arc::new(Loopback));
        for host in ["127.0.0.1", "localhost"] {
            let uri = format!("http://{host}:{port}/").parse().unwrap();
            assert!(connector.call(uri).await.is_ok(), "{host}");
        }
        for host in ["169.254.169.254", "10.0.0.1", "[fe80::1]", "[::ffff:10.0.0.1]", "0.0.0.0"] {
            let uri = format!("http://{host}:{port}/").parse().unwrap();
            assert!(is_denied(&connector.call(uri).await.unwrap_err()), "{host}");
        }
    }
}
