//! Our own storage on PostgreSQL: the same server, the same answers.

use std::time::Duration;

use serde_json::Value;

use crate::harness::postgres::{NEWEST, shared};
use crate::harness::{Organization, Registered, TestApp, TestDatabase, eventually};

#[tokio::test]
async fn everything_works_on_postgres_and_survives_a_restart() {
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
async fn a_second_server_on_the_same_data_names_the_first_and_does_not_start() {
    let own = TestDatabase::create(shared(NEWEST).await).await;
    let postgres = [("BASIRA__STORAGE__URL", own.superuser_dsn())];
    let first = TestApp::start_with(&[("STORAGE__URL", own.superuser_dsn())]).await;
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("data");
    let error = first.second(&elsewhere, &postgres).await;
    let pid = first.pid().to_string();
    for words in
        ["another server runs on the database", &format!("process {pid} at {}", first.url), "stop it first"]
    {
        assert!(error.contains(words), "{words}: {error}");
    }
    first.anonymous().get("/readyz", 200).await;

    let mut first = TestApp::start().await;
    let database = format!("sqlite://{}", first.data_dir().join("basira.db").display());
    for (data_dir, settings) in [
        (first.data_dir(), vec![]),
        (elsewhere.clone(), vec![("BASIRA__STORAGE__URL", &*database)]),
        (elsewhere.clone(), vec![("BASIRA__SAMPLES__URL", &*database)]),
    ] {
        let error = first.second(&data_dir, &settings).await;
        assert!(error.contains(&format!("process {} at {}", first.pid(), first.url)), "{error}");
    }
    // the operator works beside it
    let backup = folder.path().join("copy.db");
    let done = first.admin(&["backup", &backup.display().to_string()]).await;
    assert!(done.status.success(), "{done:?}");
    let done = first.admin(&["rotate-keys"]).await;
    assert!(done.status.success(), "{done:?}");
    // a server that was killed leaves no lock behind
    first.kill().await;
    first.start_again().await;
    first.anonymous().get("/readyz", 200).await;
}

/// The storage of one server is taken by another, while the session of the first is cut.
#[tokio::test]
async fn a_server_that_lost_the_storage_lock_stops() {
    let own = TestDatabase::create(shared(NEWEST).await).await;
    let mut app = TestApp::start_with(&[("STORAGE__URL", own.superuser_dsn())]).await;
    let client = own.client().await;
    let cut = "select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid)
        where locktype = 'advisory' and granted and a.datname = current_database()";
    let key = "hashtextextended('basira serve public', 0)";
    client.batch_execute(cut).await.unwrap();
    client.batch_execute(&format!("select pg_advisory_lock({key})")).await.unwrap();
    eventually(Duration::from_secs(30), async || {
        let log = app.log();
        if log.contains("this server stops") && app.is_gone() { Ok(()) } else { Err(log) }
    })
    .await;
}
