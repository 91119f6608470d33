//! The WebSocket handshake, by tokio-tungstenite itself: warp's gives every stream a read buffer of 128 KiB and clears it
//! at each poll, which clients that only listen do not need.

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use warp::http::header::{
    AsHeaderName, CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::Response;

/// Clients send nothing but control frames.
const MOST_INCOMING_BYTES: usize = 4 * 1024;
/// At most one frame waits to be written.
const MOST_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// A stream of messages to and from a client.
pub(in crate::http) type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// A request to upgrade the connection to WebSocket.
pub struct Upgrade {
    accept: String,
    connection: OnUpgrade,
}

impl Upgrade {
    /// The upgrade that a request asks for; `None` if it is not a complete WebSocket handshake (RFC 6455, section 4.2.1).
    pub(in crate::http) fn of(
        method: &Method,
        headers: &HeaderMap,
        connection: Option<OnUpgrade>,
    ) -> Option<Self> {
        let asked = *method == Method::GET
            && names(headers, CONNECTION, "upgrade")
            && names(headers, UPGRADE, "websocket")
            && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asked)?;
        Some(Self { accept: derive_accept_key(key.as_bytes()), connection: connection? })
    }

    /// Answers the handshake, and runs `serve` once the connection is a WebSocket.
    pub(in crate::http) fn accept<F>(self, serve: impl FnOnce(Socket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let connection = self.connection;
        tokio::spawn(async move {
            // the client disconnected during the handshake
            let Ok(upgraded) = connection.await else { return };
            let io = TokioIo::new(upgraded);
            serve(WebSocketStream::from_raw_socket(io, Role::Server, Some(limits())).await).await;
        });
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = self.accept.parse() {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(MOST_INCOMING_BYTES)
        .max_message_size(Some(MOST_INCOMING_BYTES))
        .max_frame_size(Some(MOST_INCOMING_BYTES))
        .max_write_buffer_size(MOST_WAITING_BYTES)
}

/// Whether the comma-separated header `name` contains `token`, in any letter case.
fn names(headers: &HeaderMap, name: impl AsHeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}
