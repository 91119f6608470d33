//! How the server stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::harness::TestServer;
use crate::http::{Anonymous, Public, Route, Server, response};

#[tokio::test]
async fn finishes_what_is_in_flight_and_closes_what_is_idle() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = Route::get("/slow", "", Public, {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        move |_, _: Anonymous| {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                begun.notify_one();
                go_on.notified().await;
                response::ok("done")
            }
        }
    });
    let server = TestServer::with_routes(vec![slow]).await;
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    idle.write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut answer = [0; 4096];
    assert!(idle.read(&mut answer).await.expect("an answer") > 0);

    let in_flight = tokio::spawn(server.request(Method::GET, "/slow").send());
    begun.notified().await;
    server.app.shutdown.cancel();
    let closed = timeout(Duration::from_secs(5), idle.read(&mut answer)).await;
    assert!(matches!(closed, Ok(Ok(0))), "{closed:?}");
    go_on.notify_one();
    let answer = in_flight.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), 200);
    timeout(Duration::from_secs(20), server.running).await.expect("stops in time").expect("stops well");
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_is_cut_off() {
    let server = TestServer::with_routes(Vec::new()).await;
    let started = Instant::now();
    let mut half = TcpStream::connect(server.address).await.expect("a connection");
    half.write_all(b"GET / HTTP/1.1\r\nhost:").await.expect("sent");
    let closed = timeout(Duration::from_secs(15), half.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "still open after 15 s");
    assert!(started.elapsed() >= Duration::from_secs(9));
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let taken = Server::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let error = Server::bind(taken.local_addr()).expect_err("taken");
    assert!(error.to_string().starts_with(&format!("cannot listen on {}", taken.local_addr())), "{error}");
}
