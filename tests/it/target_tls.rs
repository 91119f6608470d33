//! Certificates of real servers, checked as far as `tls` says, with the meanings that libpq gives to its modes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use basira_test_support::PostgresServer;
use serde_json::{Value, json};

use crate::harness::postgres::{NEWEST, private};
use crate::harness::{
    Authority, ClickHouseDatabase, Organization, TestApp, TestClient, TestDatabase, clickhouse,
};

const HOST: &str = "127.0.0.1";

/// A certificate: its authority is ours or not, its host right or not, its last year; then, for each of `require`,
/// `verify-ca` and `verify-full` with our authority, words of the error or none when it must work.
type Case = (bool, &'static str, i32, [Option<&'static str>; 3]);

const CASES: [Case; 4] = [
    (true, HOST, 2100, [None, None, None]),
    (true, "elsewhere.example", 2100, [None, None, Some("not valid for name")]),
    (true, HOST, 2001, [None, Some("expired"), Some("expired")]),
    (false, HOST, 2100, [None, Some("UnknownIssuer"), Some("UnknownIssuer")]),
];

/// What the test of a registration says.
async fn report(key: &TestClient, body: &Value, mode: &str, authority: Option<&str>) -> Value {
    let mut body = body.clone();
    (body["tls"], body["tls_ca_pem"]) = (json!(mode), json!(authority));
    key.post("/databases/test", &body, 200).await
}

/// Nothing but what `words` say must stand in the way, and how to mend it.
fn check(report: &Value, words: Option<&str>, context: &str) {
    match words {
        None => assert_eq!(report["connected"], true, "{context}: {report}"),
        Some(words) => {
            let error = report["error"].as_str().unwrap_or_default();
            assert!(error.contains(words), "{context}: {report}");
            assert!(
                report["fix"].as_str().is_some_and(|fix| fix.contains("tls_ca_pem")),
                "{context}: {report}"
            );
        }
    }
}

async fn modes_hold(key: &TestClient, body: &Value, ours: &str, case: Case) {
    let (_, host, year, expected) = case;
    for (mode, words) in ["require", "verify-ca", "verify-full"].into_iter().zip(expected) {
        let authority = (mode != "require").then_some(ours);
        check(&report(key, body, mode, authority).await, words, &format!("{mode} {host} {year}"));
    }
    check(&report(key, body, "prefer", None).await, None, "prefer");
    // nobody made our authorities one of the public ones
    check(&report(key, body, "verify-full", None).await, Some(""), "verify-full by public authorities");
}

/// Has the server use this certificate from its next start on.
async fn present(server: &PostgresServer, (certificate, key): &(String, String)) {
    let admin = server.client().await.unwrap();
    for (name, text) in [("server.crt", certificate), ("server.key", key)] {
        // the server wants its key closed to others, and so has to write it itself
        let copy = format!(
            "copy (select regexp_split_to_table('{}', '\n')) to program 'umask 077; cat > {name}'",
            text.trim().replace("\r\n", "\n")
        );
        admin.batch_execute(&copy).await.unwrap();
    }
    admin.batch_execute("alter system set ssl = on").await.unwrap();
}

#[tokio::test]
async fn certificates_of_a_real_postgres_are_checked() {
    let mut server = private(NEWEST, "").await;
    let database = TestDatabase::create(&server).await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "tls").await;
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let body = database.registration();

    let plain = report(&organization.key, &body, "require", None).await;
    assert_eq!(plain["connected"], false, "it speaks no TLS yet: {plain}");
    check(&report(&organization.key, &body, "prefer", None).await, None, "prefer without TLS");

    for case in CASES {
        let (is_ours, host, year, _) = case;
        let authority = if is_ours { &ours } else { &others };
        present(&server, &authority.certificate(host, year)).await;
        server.restart().await.unwrap();
        modes_hold(&organization.key, &body, &ours.pem(), case).await;
    }
    // and without encryption nothing is checked
    check(&report(&organization.key, &body, "disable", None).await, None, "disable");
}

#[tokio::test]
async fn certificates_of_a_real_clickhouse_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (certificate, key) = (folder.path().join("server.crt"), folder.path().join("server.key"));
    let present = |(chain, secret): (String, String)| {
        fs::write(&certificate, chain).unwrap();
        fs::write(&key, secret).unwrap();
    };
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    present(ours.certificate(HOST, 2100));
    let port = TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap().port();
    let mut server = clickhouse::oldest_with(&format!(
        "<https_port>{port}</https_port><openSSL><server><certificateFile>{}</certificateFile>\
         <privateKeyFile>{}</privateKeyFile><verificationMode>none</verificationMode>\
         <loadDefaultCAFile>false</loadDefaultCAFile></server></openSSL>",
        certificate.display(),
        key.display()
    ))
    .await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "tls").await;
    let database = ClickHouseDatabase::create(&server).await;
    let body = database.registration_through(port);
    for case in CASES {
        let (is_ours, host, year, _) = case;
        server.kill_hard().await.unwrap();
        present(if is_ours { &ours } else { &others }.certificate(host, year));
        server.start_again().await.unwrap();
        modes_hold(&organization.key, &body, &ours.pem(), case).await;
    }
    let plain = report(&organization.key, &body, "disable", None).await;
    assert_eq!(plain["connected"], false, "it speaks nothing but TLS here: {plain}");
    let plain = report(&organization.key, &database.registration(), "require", None).await;
    assert_eq!(plain["connected"], false, "it speaks no TLS there: {plain}");
    let plain = report(&organization.key, &database.registration(), "prefer", None).await;
    assert!(plain["error"].as_str().is_some_and(|error| error.contains("in cleartext")), "{plain}");
}
