//! Trying databases that are not registered: how often, by whom, and how little it tells of what else listens.

use reqwest::Method;
use serde_json::json;

use super::clickhouse::{Behavior, start};
use super::registration;
use crate::harness::{Organization, TestApp};

#[tokio::test]
async fn connection_tests_are_limited_and_require_permission_to_register() {
    let app = TestApp::start_with(&[("LIMITS__DATABASE_TESTS__PER_HOUR", "3")]).await;
    // the first account of a server needs no proof
    Organization::unverified(&app, "operator").await;
    let organization = Organization::unverified(&app, "trying").await;
    let fake_server = start(Behavior::AnotherService).await;
    let body = registration("clickhouse", "tried", fake_server.port);
    let report = organization.key.post("/databases/test", &body, 200).await.to_string();
    assert!(report.contains("does not answer as ClickHouse") && !report.contains("hunter2"), "{report}");
    let mut nowhere = body.clone();
    nowhere["port"] = json!(1);
    for _ in 0..2 {
        organization.key.post("/databases/test", &nowhere, 200).await;
    }
    for body in [&body, &nowhere] {
        let refused = organization.key.request(Method::POST, "/databases/test").json(body);
        let refused = refused.send().await.unwrap();
        assert_eq!(refused.status(), 429);
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(wait > 60, "{wait}");
    }
    organization.register_as(&body).await;
    let refused = organization.key.post("/databases/test", &body, 403).await;
    assert_eq!(refused["code"], "verification_required");
}
