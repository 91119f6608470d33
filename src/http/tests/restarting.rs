//! Answers about a database whose monitor does not answer.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::harness::TestServer;

#[tokio::test]
async fn an_empty_list_says_that_the_monitor_restarts() {
    let server = TestServer::start().await;
    let target = json!({"dsn": format!("{}?sslmode=disable", crate::testing::postgres_url().await)});
    let changed = server.request(Method::PATCH, "/api/v1/databases/{id}").bearer_auth(&server.ada);
    let changed = changed.json(&target).send().await.expect("an answer");
    assert_eq!(changed.status(), 200, "{}", changed.text().await.unwrap_or_default());
    let connected = async {
        while server.get("/api/v1/databases/{id}", 200).await["status"] != "connected" {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), connected).await.expect("it connects");

    server.app.supervisor.shutdown().await;
    let asked = server.request(Method::GET, "/api/v1/databases/{id}/subscriptions").bearer_auth(&server.ada);
    let answer = asked.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let reason = answer.headers().get("x-unavailable-reason").expect("a reason");
    assert_eq!(reason, "the monitor of this database is restarting");
    assert_eq!(answer.text().await.expect("a body"), "[]");
}
