//! The watched ClickHouse comes first: what we ask is marked, limited, one at a time, and never counted as its work.

use std::time::Duration;

use basira_test_support::{ClickHouseOptions, ClickHouseServer};
use serde_json::Value;

use crate::harness::clickhouse::{private, shared};
use crate::harness::{
    ClickHouseDatabase, InterceptingProxy, Interception, Organization, TestApp, eventually,
};

const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// Of every query of ours that began in the database.
fn ours(database: &ClickHouseDatabase) -> String {
    format!(
        "SELECT query_id, query, log_comment, Settings, type, exception_code, query_kind FROM system.query_log \
         WHERE current_database = '{}' AND user = '{}'",
        database.name,
        ClickHouseServer::READERS[0]
    )
}

#[tokio::test]
async fn each_query_is_tagged_limited_and_run_one_at_a_time() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "courtesy").await;
    let database = ClickHouseDatabase::create(shared().await).await;
    let proxy = InterceptingProxy::before(database.port).await;
    let registered = organization.register_as(&database.registration_through(proxy.port)).await;
    registered
        .collected(async || {
            let line = registered.collector("ch_processes").await;
            if line["runs"].as_u64() > Some(3) { Ok(()) } else { Err(line) }
        })
        .await;
    let shown = registered.get("/active?limit=200").await;
    let is_own = |line: &Value| line["query_id"].as_str().is_some_and(|id| id.starts_with("basira-"));
    assert!(!shown.as_array().unwrap().iter().any(is_own), "{shown:#}");

    let queries = eventually(SEEN_WITHIN, async || {
        let queries = database.rows(&ours(&database)).await;
        if queries.len() > 8 { Ok(queries) } else { Err(queries) }
    })
    .await;
    for query in &queries {
        let settings = &query["Settings"];
        assert!(query["query_id"].as_str().is_some_and(|id| id.starts_with("basira-")), "{query:#}");
        for (name, value) in [("readonly", "2"), ("priority", "10"), ("max_memory_usage", "1073741824")] {
            assert_eq!(settings[name], value, "{query:#}");
        }
        // on a machine of two cores that is the default, and not listed
        assert!(settings["max_threads"].is_null() || settings["max_threads"] == "2", "{query:#}");
        let limit = settings["max_execution_time"].as_str().and_then(|limit| limit.parse::<f64>().ok());
        assert!(limit.is_some_and(|limit| limit > 0.0 && limit <= 60.0), "{query:#}");
        // what this version knows is learned by the first question
        if !query["query"].as_str().unwrap().contains("system.settings AS s") {
            assert_eq!(query["log_comment"], "basira", "{query:#}");
        }
    }
    // one, and for a moment the one before it, which idled for too long and is being closed
    assert!(proxy.most_open() <= 2, "{} connections", proxy.most_open());
    for request in proxy.requests().split("POST ").skip(1) {
        let (line, rest) = request.split_once("\r\n").expect("a request line");
        assert!(!line.contains(ClickHouseServer::PASSWORD) && line.contains("query_id=basira-"), "{line}");
        assert!(line.contains("max_threads=2"), "{line}");
        assert!(line.contains("use_query_cache=0") || rest.contains("system.settings AS s"), "{line}");
        let header = format!("x-clickhouse-key: {}", ClickHouseServer::PASSWORD);
        assert!(rest.to_ascii_lowercase().contains(&header), "{rest}");
        assert_eq!(rest.matches(ClickHouseServer::PASSWORD).count(), 1, "only there: {rest}");
    }
    assert!(!app.log().contains(ClickHouseServer::PASSWORD));
}

/// Makes the question what runs one without end, which the server does not end by itself; lengths stay.
fn endless(request: String) -> String {
    let Some((head, body)) =
        request.split_once("\r\n\r\n").filter(|(_, body)| body.contains("system.processes AS p"))
    else {
        return request;
    };
    let width = body.len();
    let head = head.replace("max_execution_time=5", "max_execution_time=0");
    format!("{head}\r\n\r\n{:<width$}", "SELECT max(sipHash64(number)) FROM system.numbers")
}

#[tokio::test]
async fn queries_that_exceed_their_deadline_are_killed_on_the_server() {
    let server = private(ClickHouseOptions::default()).await;
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "deadline").await;
    let database = ClickHouseDatabase::create(&server).await;
    let proxy = InterceptingProxy::before(server.port()).await;
    let registered = organization.register_as(&database.registration_through(proxy.port)).await;
    registered.status_becomes("connected", SEEN_WITHIN).await;
    proxy.set(Interception::Change(endless));
    let reason = eventually(SEEN_WITHIN, async || {
        let line = registered.collector("ch_processes").await;
        let reason = line["reason"].as_str().unwrap_or_default().to_owned();
        if reason.contains("did not answer within 6 s") { Ok(reason) } else { Err(line) }
    })
    .await;
    proxy.set(Interception::Forward);
    eventually(SEEN_WITHIN, async || {
        let rows = database.rows(&ours(&database)).await;
        let cancelled = |row: &&Value| {
            row["query"].as_str().is_some_and(|query| query.contains("sipHash64"))
                && row["exception_code"] == 394
        };
        let killed = |row: &&Value| row["query_kind"] == "KillQuery" && row["log_comment"] == "basira";
        let all = rows.iter().any(|row| cancelled(&row)) && rows.iter().any(|row| killed(&row));
        if all { Ok(()) } else { Err((reason.clone(), rows)) }
    })
    .await;
    let running =
        "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64%' AND user = 'monitor'";
    assert_eq!(database.rows(running).await[0]["n"], 0, "nothing of ours goes on");
    registered.status_becomes("connected", SEEN_WITHIN).await;
}
