//! A WebSocket client of the live stream.

use std::time::Duration;

use basira_test_support::Answer;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::client::check;

/// As the document calls it.
const WS: &str = "/api/v1/databases/{id}/active/ws";
const FRAME_WITHIN: Duration = Duration::from_secs(45);

/// An open stream.
pub(crate) struct LiveStream(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// How opening a stream went.
pub(crate) type Opened = Result<LiveStream, Error>;

impl LiveStream {
    /// Opens `/databases/{id}/active/ws?query` with further headers.
    pub(crate) async fn open(url: &str, id: &str, query: &str, headers: &[(&'static str, String)]) -> Opened {
        let address = format!("{}/api/v1/databases/{id}/active/ws?{query}", url.replacen("http", "ws", 1));
        let mut request = address.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header value"));
        }
        connect_async(request).await.map(|(stream, _)| Self(stream))
    }

    /// The next JSON frame.
    pub(crate) async fn frame(&mut self) -> Value {
        loop {
            match timeout(FRAME_WITHIN, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => {
                    check(Answer { method: "GET", path: WS, status: 101, body: &text });
                    return serde_json::from_str(&text).expect("JSON");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the stream ended: {other:?}"),
            }
        }
    }

    /// The next frame of this type.
    pub(crate) async fn frame_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Reads on until the server closes, and gives its code.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match timeout(FRAME_WITHIN, self.0.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("the stream ended without a code: {other:?}"),
            }
        }
    }
}
