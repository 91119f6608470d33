//! Our own storage on PostgreSQL: the same server, the same answers.

use std::time::Duration;

use serde_json::Value;

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

#[tokio::test]
async fn everything_works_on_postgres_and_outlives_the_server() {
    let server = shared(NEWEST).await;
    let own = TestDatabase::create(server).await;
    let url = own.superuser_dsn();
    let mut app = TestApp::start_with(&[("STORAGE__URL", url)]).await;
    let organization = Organization::verified(&app, "storage").await;
    let watched = TestDatabase::create(server).await;
    let mut registered = organization.register(&watched).await;
    registered.connected().await;
    let client = watched.client().await;
    for _ in 0..6 {
        client.query("select 'kept on postgres'", &[]).await.unwrap();
    }
    let calls = async |registered: &Registered| {
        let lines = registered.get("/queries?limit=100").await;
        let ours = |line: &&Value| line["query_text"] == "select $1";
        lines.as_array().unwrap().iter().find(ours).map(|line| line["total_calls"].clone())
    };
    eventually(Duration::from_secs(15), async || match calls(&registered).await {
        Some(calls) if calls == 6 => Ok(()),
        other => Err(other),
    })
    .await;
    app.kill().await;
    app.start_again().await;
    registered.client = organization.moved_to(&app);
    assert_eq!(calls(&registered).await, Some(6.into()), "what was acknowledged is there");
    assert!(!app.data_dir().join("basira.db").exists(), "nothing is kept in a file");
}

#[tokio::test]
async fn two_servers_that_start_at_once_on_one_storage_take_turns() {
    let own = TestDatabase::create(shared(NEWEST).await).await;
    let settings = [("STORAGE__URL", own.superuser_dsn())];
    let (one, two) = tokio::join!(TestApp::start_with(&settings), TestApp::start_with(&settings));
    one.anonymous().get("/readyz", 200).await;
    two.anonymous().get("/readyz", 200).await;
}
