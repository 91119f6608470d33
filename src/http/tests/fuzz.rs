//! Whatever comes after the `?`, in headers and in WebSocket frames, the server goes on.

use std::time::Duration;

use basira_actors::model::Timestamp;
use futures_util::future::join_all;
use proptest::prelude::{Strategy, any, prop_oneof};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::harness::TestServer;
use crate::http::Query;
use crate::samples::Resolution;
use basira_test_support::{fuzz, text};

const PIECES: &[&str] = &[
    "since=",
    "until=",
    "limit=",
    "bucket=",
    "at=",
    "&",
    "=",
    "+",
    "%",
    "%00",
    "%ff",
    "2026-01-01T00:00:00Z",
    "-99999",
    "00",
    ":",
    "9999999999999999999",
    "1",
    " ",
];

#[test]
fn any_query_string_is_read_or_refused() {
    fuzz(text(PIECES, 16), |raw| {
        let Ok(query) = Query::parse(&raw) else { return };
        let now = Timestamp::now();
        let _ = (query.limit(1, 10), query.moment(now), query.text("at"), query.flag("limit", true));
        if let Ok(window) = query.window(now) {
            let _ = query.bucket_ms(window, Resolution::Raw);
        }
    });
}

/// One client that upgrades and then says `frames`, until the server has had enough of it.
async fn speak(server: &TestServer, frames: Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "GET /api/v1/databases/{}/active/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
        server.database, server.ada
    );
    stream.write_all(head.as_bytes()).await.expect("the request");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 101");
    // it may hang up in the middle
    let _ = stream.write_all(&frames).await;
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_millis(50), stream.read_to_end(&mut rest)).await;
}

#[test]
fn any_frames_are_survived() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::start());
    let header = (any::<u8>(), any::<u8>()).prop_map(|(first, second)| vec![first, second | 0x80]);
    let piece = prop_oneof![header, proptest::collection::vec(any::<u8>(), 0..40)];
    let frames = proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    fuzz(proptest::collection::vec(frames, 1..8), |clients| {
        runtime.block_on(async {
            join_all(clients.into_iter().map(|frames| speak(&server, frames))).await;
            let alive = server.request(Method::GET, "/healthz").send().await.expect("an answer");
            assert_eq!(alive.status(), 200);
        });
    });
}
