//! Clients that are slow, endless or too many, over raw sockets.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::harness::TestServer;
use crate::http::{Anonymous, Answer, Public, Request, Response, Route, response};

/// More than sockets buffer.
const ENDLESS_BYTES: usize = 64 * 1024 * 1024;

#[derive(Deserialize)]
struct Anything {}

async fn reads(mut request: Request, _: Anonymous) -> Answer {
    let Anything {} = request.json().await?;
    response::ok("read")
}

async fn ignores(_: Request, _: Anonymous) -> Answer {
    response::ok("ignored")
}

async fn endless(_: Request, _: Anonymous) -> Answer {
    Ok(Response::new(vec![b'x'; ENDLESS_BYTES].into()))
}

async fn server() -> TestServer {
    let routes = vec![Route::post("/reads", "", Public, reads), Route::post("/ignores", "", Public, ignores)];
    TestServer::with_routes(routes.into_iter().chain([Route::get("/endless", "", Public, endless)]).collect())
        .await
}

async fn connect(server: &TestServer, sent: &str) -> TcpStream {
    let mut client = TcpStream::connect(server.address).await.expect("a connection");
    client.write_all(sent.as_bytes()).await.expect("sent");
    client
}

/// All that comes until the server closes; a connection that is reset has said all as well.
async fn said(client: &mut TcpStream, limit: Duration) -> String {
    let mut answer = Vec::new();
    let read = timeout(limit, client.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "still open after {limit:?}: {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends `piece` again and again until the server has closed, and says when that was.
async fn drip(mut client: TcpStream, piece: &str, limit: Duration) -> (Duration, String) {
    let started = Instant::now();
    let (mut reader, mut writer) = client.split();
    let mut answer = Vec::new();
    let dripping = async {
        while writer.write_all(piece.as_bytes()).await.is_ok() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    let reading = reader.read_to_end(&mut answer);
    tokio::select! {
        () = dripping => {}
        _ = reading => {}
        () = sleep(limit) => panic!("still open after {limit:?}"),
    }
    (started.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let server = server().await;
    let limit = Duration::from_secs(20);
    let silent = async {
        let started = Instant::now();
        said(&mut connect(&server, "").await, limit).await;
        started.elapsed()
    };
    let line = connect(&server, "G").await;
    let headers = connect(&server, "GET /ignores HTTP/1.1\r\nhost: x\r\n").await;
    let line = drip(line, "E", limit);
    let headers = drip(headers, "x-a: b\r\n", limit);
    let (silent, (line, _), (headers, _)) = tokio::join!(silent, line, headers);
    for (what, took) in [("nothing", silent), ("a start line", line), ("headers", headers)] {
        assert!(took >= Duration::from_secs(9) && took < Duration::from_secs(15), "{what}: {took:?}");
    }
}

#[tokio::test]
async fn a_body_that_drips_is_cut_off() {
    let server = server().await;
    let head = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{{"
        )
    };
    let limit = Duration::from_secs(45);
    let read = drip(connect(&server, &head("/reads")).await, " ", limit);
    let chunked = "POST /reads HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunked = drip(connect(&server, chunked).await, "1\r\n \r\n", limit);
    // a handler that wants no body does not wait for it
    let ignored = drip(connect(&server, &head("/ignores")).await, " ", limit);
    let unknown = drip(connect(&server, &head("/nothing")).await, " ", limit);
    let (read, chunked, ignored, unknown) = tokio::join!(read, chunked, ignored, unknown);
    for (took, answer) in [read, chunked] {
        assert!(took >= Duration::from_secs(28) && took < Duration::from_secs(40), "{took:?}");
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"), "{answer}");
    }
    for ((took, answer), status) in [(ignored, "200"), (unknown, "404")] {
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let server = server().await;
    let mut client = connect(&server, "GET /endless HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    sleep(Duration::from_secs(40)).await;
    let mut taken = 0;
    let mut buffer = vec![0; 1024 * 1024];
    let ended = timeout(Duration::from_secs(30), async {
        while let Ok(read @ 1..) = client.read(&mut buffer).await {
            taken += read;
        }
    });
    assert!(ended.await.is_ok(), "still open");
    assert!(taken < ENDLESS_BYTES, "{taken} bytes were kept for a reader that did not read");
}

#[tokio::test]
async fn a_head_has_limits() {
    let server = server().await;
    let head = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")
    };
    let headers = |count: usize| (0..count).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let long = |bytes: usize| format!("x-long: {}\r\n", "y".repeat(bytes));
    let path = |bytes: usize| format!("/{}", "p".repeat(bytes - 1));
    let query = |bytes: usize| format!("/nothing?{}", "q".repeat(bytes));
    let cases = [
        (head("/nothing", &headers(90)), "404"),
        (head("/nothing", &headers(101)), "431"),
        (head("/nothing", &long(30 * 1024)), "404"),
        (head("/nothing", &long(33 * 1024)), "431"),
        (head("/nothing", &long(1024 * 1024)), "431"),
        (head(&path(8 * 1024), ""), "404"),
        (head(&path(8 * 1024 + 1), ""), "414"),
        (head(&query(8 * 1024), ""), "414"),
        (head(&path(70_000), ""), "4"),
        ("GET /nothing HTTP/1.1\r\nhost: x\r\nx y: z\r\n\r\n".to_owned(), "400"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
        (
            "POST /reads HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}".to_owned(),
            "400",
        ),
    ];
    for (request, status) in cases {
        let mut client = TcpStream::connect(server.address).await.expect("a connection");
        // a server that has heard enough may be gone before all is sent
        let _ = client.write_all(request.as_bytes()).await;
        let answer = said(&mut client, Duration::from_secs(5)).await;
        let begin: String = request.chars().take(60).collect();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{begin}: {answer}");
    }
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let server = TestServer::start_with(&[("LIMITS__CONNECTIONS_PER_ADDRESS", "3")]).await;
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut client = connect(&server, request).await;
        assert!(client.read(&mut [0; 1024]).await.expect("an answer") > 0);
        held.push(client);
    }
    let mut refused = TcpStream::connect(server.address).await.expect("a connection");
    let _ = refused.write_all(request.as_bytes()).await;
    assert_eq!(said(&mut refused, Duration::from_secs(5)).await, "");
    drop(held.pop());
    let freed = async {
        while !matches!(connect(&server, request).await.read(&mut [0; 1024]).await, Ok(1..)) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), freed).await.expect("what was closed is free again");

    let proxied = TestServer::start_with(&[
        ("LIMITS__CONNECTIONS_PER_ADDRESS", "1"),
        ("HTTP__TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let proxied = proxied.await;
    let mut held = Vec::new();
    for _ in 0..10 {
        let mut client = connect(&proxied, request).await;
        assert!(client.read(&mut [0; 1024]).await.expect("an answer") > 0, "a proxy speaks for many");
        held.push(client);
    }
}

#[tokio::test]
async fn every_answer_says_that_it_is_no_page() {
    let server = TestServer::start().await;
    let login = json!({"email": "ada@x.org", "password": "wrong"});
    for request in [
        server.request(Method::GET, "/healthz"),
        server.request(Method::GET, "/nothing"),
        server.request(Method::POST, "/api/v1/auth/login").json(&login),
    ] {
        let answer = request.send().await.expect("an answer");
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            // its public_url is https
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.headers()[name], value, "{name} of {}", answer.url());
        }
    }
}
