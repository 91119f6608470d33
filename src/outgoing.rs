//! Requests to URLs that users gave: never to a forbidden address, never without end.

use std::sync::Arc;
use std::time::Duration;

use basira_actors::drivers::{GuardedConnector, client_config, innermost_cause};
use basira_actors::model::TlsMode;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use url::Url;

use crate::config::LiveConfig;

/// What is read of an answer.
const MOST_BYTES: usize = 64 * 1024;
const CONNECT_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Sends requests to where users want them. `targets.deny` is asked at each connect, redirects are not followed, no
/// proxy is used, certificates are checked in full.
#[derive(Clone)]
pub struct Outgoing {
    client: Client<HttpsConnector<GuardedConnector>, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    /// At most 64 KiB; what is longer is an error.
    pub body: Bytes,
}

/// Nothing came back, or too much.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    #[error("the URL must begin with http:// or https:// and hold no user and password")]
    Url,
    /// Resolving, connecting, encrypting or speaking failed.
    #[error("{0}")]
    Failed(String),
    #[error("there was no answer within {0:?}")]
    TimedOut(Duration),
    #[error("the answer is longer than {MOST_BYTES} bytes")]
    TooLong,
    #[error("TLS cannot be used: {0}")]
    Tls(String),
}

impl Outgoing {
    /// A sender that heeds what `config` denies at the time. `authorities` (PEM) stand in for the public ones.
    ///
    /// # Errors
    /// [`OutgoingError::Tls`] when `authorities` is not PEM.
    pub fn new(config: LiveConfig, authorities: Option<&str>) -> Result<Self, OutgoingError> {
        let tls = client_config(TlsMode::VerifyFull, authorities).map_err(OutgoingError::Tls)?;
        let tcp = GuardedConnector::new(CONNECT_TIME_LIMIT, Arc::new(config));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        // a connection that is kept would outlive a change of what is denied
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https.wrap_connector(tcp));
        Ok(Self { client })
    }

    /// Posts `body` to `url`; all of it may take `limit`.
    ///
    /// # Errors
    /// [`OutgoingError`]; that the other side refuses is an answer.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        limit: Duration,
    ) -> Result<Reply, OutgoingError> {
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || !matches!(url.scheme(), "http" | "https") {
            return Err(OutgoingError::Url);
        }
        let request = Request::builder().method(Method::POST).uri(url.as_str()).body(Full::new(body));
        let mut request = request.map_err(|_| OutgoingError::Url)?;
        request.headers_mut().extend(headers);
        timeout(limit, self.exchange(request)).await.map_err(|_| OutgoingError::TimedOut(limit))?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Reply, OutgoingError> {
        let answer = self.client.request(request).await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
        let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => OutgoingError::TooLong,
            Err(error) => OutgoingError::Failed(error.to_string()),
        })?;
        Ok(Reply { status, body: body.to_bytes() })
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outgoing")
    }
}

fn failed(error: &legacy::Error) -> OutgoingError {
    OutgoingError::Failed(innermost_cause(error))
}
