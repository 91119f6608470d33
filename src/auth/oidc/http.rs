//! How providers are asked: encrypted unless they are on this machine, soon, briefly, and never led elsewhere.

use std::time::Duration;

use basira_actors::drivers::{https_config, innermost_cause};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use url::Url;

use crate::config::is_safe_endpoint;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// For one question and its whole answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 256 * 1024;

/// Asks one provider; redirects are not followed.
#[derive(Debug)]
pub(super) struct Client(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// A provider could not be asked. Says nothing that was sent or received.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("its certificate authorities cannot be used: {0}")]
    Authorities(String),
    #[error("{0} is neither https nor on this machine")]
    Unsafe(String),
    #[error("{0} cannot be asked")]
    Request(String),
    #[error("{address} cannot be reached: {reason}")]
    Unreachable { address: String, reason: String },
    #[error("{0} did not answer in time")]
    TooSlow(String),
    #[error("{0} answered with more than {MOST_BYTES} bytes")]
    TooLong(String),
}

impl Client {
    /// Trusts the authorities in `ca_pem`, else the public ones.
    pub(super) fn new(ca_pem: Option<&str>) -> Result<Self, RequestError> {
        let tls = https_config(ca_pem).map_err(RequestError::Authorities)?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_LIMIT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // a provider is asked now and then: a kept connection would mostly be a dead one
        Ok(Self(legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector)))
    }

    /// Sends `request` to `url`.
    pub(super) async fn ask(
        &self,
        url: &str,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Reply, RequestError> {
        let url = Url::parse(url).map_err(|_| RequestError::Request(url.to_owned()))?;
        // without the query, which may hold a secret
        let address = format!("{}{}", url.origin().ascii_serialization(), url.path());
        if !is_safe_endpoint(&url) {
            return Err(RequestError::Unsafe(address));
        }
        *request.uri_mut() =
            url.as_str().parse::<Uri>().map_err(|_| RequestError::Request(address.clone()))?;
        match timeout(ANSWER_LIMIT, self.send(&address, request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(RequestError::TooSlow(address)),
        }
    }

    async fn send(&self, address: &str, request: Request<Full<Bytes>>) -> Result<Reply, RequestError> {
        let unreachable = |error: &(dyn std::error::Error + 'static)| RequestError::Unreachable {
            address: address.to_owned(),
            reason: innermost_cause(error),
        };
        let answer = self.0.request(request).await.map_err(|error| unreachable(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                RequestError::TooLong(address.to_owned())
            } else {
                unreachable(&*error)
            }
        })?;
        Ok(Reply { status: head.status, body: body.to_bytes() })
    }
}
