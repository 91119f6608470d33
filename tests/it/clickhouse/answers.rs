//! What comes back is not always an answer of ClickHouse: it is told apart, and repeats no secret.

use std::time::Duration;

use basira_test_support::ClickHouseOptions;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::clickhouse::{private, shared};
use crate::harness::postgres::{self, NEWEST};
use crate::harness::{
    Authority, ClickHouseDatabase, InterceptingProxy, Interception, Organization, Registered, TestApp,
    TlsProxy, eventually,
};

const NOTICED_WITHIN: Duration = Duration::from_secs(30);
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);

/// What is played, and words of the reason that is told for it.
const INTERCEPTIONS: [(Interception, &str); 7] = [
    (
        Interception::Answer(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>Welcome",
        ),
        "a web page came back",
    ),
    (
        Interception::Answer(
            "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<html><h1>502 Bad Gateway",
        ),
        "a web page came back",
    ),
    (Interception::Answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), "an empty answer came back"),
    (
        Interception::Answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n+OK what do you want"),
        "something else came back",
    ),
    (Interception::Answer("220 mail.example ESMTP ready\r\n"), "does not respond over HTTP"),
    (Interception::Endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), "something else came back"),
    (
        Interception::Endless("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n"),
        "something else came back",
    ),
];

/// An error behind the first rows of an answer that began well.
const BROKEN_OFF: &str = "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: JSONCompact\r\nConnection: close\r\n\r\n\
    {\"meta\":[{\"name\":\"a\",\"type\":\"Int64\"}],\"data\":[[1],[2]\n\
    Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1)\n";

/// The database says so, for as long as it is so.
async fn suffers(registered: &Registered, words: &str) {
    let told = eventually(NOTICED_WITHIN, async || {
        let database = registered.get("").await;
        let reason = database["last_error"].as_str().unwrap_or_default().to_owned();
        if database["status"] == "disconnected" && reason.contains(words) {
            Ok(reason)
        } else {
            Err(database)
        }
    })
    .await;
    assert!(!told.contains("listen_addresses") && !told.contains("pg_hba"), "of another engine: {told}");
}

#[tokio::test]
async fn invalid_responses_are_reported_until_valid_ones_follow() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "answers").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let scene = async |(interception, words): (Interception, &'static str)| {
        let proxy = InterceptingProxy::before(database.port).await;
        let registered = organization.register_as(&database.registration_through(proxy.port)).await;
        registered.status_becomes("connected", RECOVERED_WITHIN).await;
        proxy.set(interception);
        suffers(&registered, words).await;
        proxy.set(Interception::Forward);
        registered.status_becomes("connected", RECOVERED_WITHIN).await;
    };
    join_all(INTERCEPTIONS.map(scene)).await;
}

#[tokio::test]
async fn an_exception_after_the_first_rows_is_an_error() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "answers").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let proxy = InterceptingProxy::before(database.port).await;
    let body = database.registration_through(proxy.port);
    let registered = organization.register_as(&body).await;
    registered.status_becomes("connected", RECOVERED_WITHIN).await;
    proxy.set(Interception::Answer(BROKEN_OFF));
    let line = eventually(NOTICED_WITHIN, async || {
        let line = registered.collector("ch_processes").await;
        if line["state"] == "failing" { Ok(line) } else { Err(line) }
    })
    .await;
    assert!(line["reason"].as_str().is_some_and(|reason| reason.contains("Memory limit (total)")), "{line}");
    let report = organization.key.post("/databases/test", &body, 200).await;
    assert_eq!(report["connected"], false, "{report}");
    assert!(report["error"].as_str().is_some_and(|error| error.contains("241: Memory limit")), "{report}");
    proxy.set(Interception::Forward);
    registered.collector_becomes("ch_processes", "ok").await;
}

#[tokio::test]
async fn a_wrong_port_or_protocol_is_reported() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "answers").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    // one that may take TLS amiss
    let plain = private(ClickHouseOptions::default()).await;
    let tls = TlsProxy::before(database.port, &Authority::new("one"), "127.0.0.1", 2100).await;
    let postgres = postgres::shared(NEWEST).await.port();
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    for (port, mode, words) in [
        (postgres, "disable", "does not respond over HTTP"),
        (postgres, "prefer", "failed"),
        (tls.port, "disable", "does not respond over HTTP"),
        (plain.port(), "require", "TLS with"),
        (closed, "disable", "refused"),
    ] {
        let mut body = database.registration_through(port);
        body["tls"] = json!(mode);
        let report = organization.key.post("/databases/test", &body, 200).await;
        assert!(report["error"].as_str().is_some_and(|error| error.contains(words)), "{mode}: {report}");
        assert!(report["fix"].as_str().is_some_and(|fix| fix.contains("8443")), "{mode}: {report}");
        let registered = organization.register_as(&body).await;
        suffers(&registered, words).await;
        let change: Value = json!({"port": database.port, "tls": "disable", "password": body["password"]});
        organization.key.patch(&format!("/databases/{}", registered.id), &change, 200).await;
        registered.status_becomes("connected", RECOVERED_WITHIN).await;
        organization.key.delete(&format!("/databases/{}", registered.id), 204).await;
    }
}
