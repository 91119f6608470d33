//! ClickHouse over HTTPS, with the meanings that `tls` has everywhere.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::clickhouse::shared;
use crate::harness::{Authority, ClickHouseDatabase, Organization, TestApp, TlsProxy};

const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

/// The proxy, the mode, the authority, and words of the error or none when it must work.
type Case<'a> = (&'a TlsProxy, &'a str, Option<&'a Authority>, Option<&'a str>);

#[tokio::test]
async fn certificates_are_checked_as_far_as_the_mode_says() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "tls").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let good = TlsProxy::before(database.port, &ours, "127.0.0.1", 2100).await;
    let misnamed = TlsProxy::before(database.port, &ours, "elsewhere.example", 2100).await;
    let expired = TlsProxy::before(database.port, &ours, "127.0.0.1", 2001).await;
    let cases: [Case<'_>; 12] = [
        (&good, "prefer", None, None),
        (&good, "require", None, None),
        (&good, "verify-ca", Some(&ours), None),
        (&good, "verify-full", Some(&ours), None),
        (&good, "verify-ca", Some(&others), Some("UnknownIssuer")),
        (&good, "verify-full", Some(&others), Some("UnknownIssuer")),
        (&good, "verify-full", None, Some("UnknownIssuer")),
        (&misnamed, "verify-ca", Some(&ours), None),
        (&misnamed, "verify-full", Some(&ours), Some("not valid for name")),
        (&expired, "require", None, None),
        (&expired, "verify-ca", Some(&ours), Some("expired")),
        (&expired, "verify-full", Some(&ours), Some("expired")),
    ];
    for (proxy, mode, authority, words) in cases {
        let mut body = database.registration_through(proxy.port);
        body["tls"] = json!(mode);
        body["tls_ca_pem"] = authority.map_or(Value::Null, |authority| json!(authority.pem()));
        let report = organization.key.post("/databases/test", &body, 200).await;
        let Some(words) = words else {
            assert_eq!(report["connected"], true, "{mode}: {report}");
            continue;
        };
        assert!(report["error"].as_str().is_some_and(|error| error.contains(words)), "{mode}: {report}");
        assert!(report["fix"].as_str().is_some_and(|fix| fix.contains("tls_ca_pem")), "{mode}: {report}");
    }
}

#[tokio::test]
async fn tls_mode_prefer_is_detected_and_sends_no_password_without_tls() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "prefer").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let proxy = TlsProxy::before(database.port, &Authority::new("one"), "127.0.0.1", 2100).await;
    let preferred = |port: u16| {
        let mut body = database.registration_through(port);
        body["tls"] = json!("prefer");
        body
    };
    let registered = organization.register_as(&preferred(proxy.port)).await;
    registered.status_becomes("connected", CONNECTED_WITHIN).await;
    // nobody said that the network may read it
    let report = organization.key.post("/databases/test", &preferred(database.port), 200).await;
    assert!(report["error"].as_str().is_some_and(|error| error.contains("in cleartext")), "{report}");
    assert!(report["fix"].as_str().is_some_and(|fix| fix.contains("set tls to disable")), "{report}");
}
