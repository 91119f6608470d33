//! A server that may open no more files and sockets.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::harness::{TestApp, eventually, holds_for};

const NOTICED_WITHIN: Duration = Duration::from_secs(5);
const FAILURE: &str = "accepting a connection failed";

#[tokio::test]
async fn a_server_out_of_file_descriptors_serves_open_connections_and_recovers() {
    let app = TestApp::start().await;
    let connected = app.anonymous();
    connected.get("/healthz", 200).await;
    app.limit_free_descriptors(4).await;
    let address = app.url.strip_prefix("http://").unwrap();
    let mut others = Vec::new();
    for _ in 0..16 {
        others.push(TcpStream::connect(address).await.unwrap());
    }
    let failed = async || if app.log().contains(FAILURE) { Ok(()) } else { Err(app.log()) };
    eventually(NOTICED_WITHIN, failed).await;
    holds_for(Duration::from_secs(2), async || {
        connected.get("/healthz", 200).await;
    })
    .await;
    let logged = app.log().matches(FAILURE).count();
    assert!(logged <= 6, "{logged} lines about one cause: {}", app.log());

    drop(others);
    eventually(NOTICED_WITHIN, async || {
        app.anonymous().get("/healthz", 200).await;
        if app.log().contains("connections are accepted again") { Ok(()) } else { Err(app.log()) }
    })
    .await;
}
