//! The read endpoints of a database.

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::TestServer;
use super::samples::{BUSY, IDLE};

const QUERIES: &str = "/api/v1/databases/{id}/queries";

#[tokio::test]
async fn the_list_is_ranked_limited_and_counted() {
    let server = TestServer::start().await;
    let list = server.get(QUERIES, 200).await;
    assert_eq!(
        list[0],
        json!({
            "query_hash": format!("{BUSY:016x}"), "query_text": "select $1", "total_calls": 4,
            "total_time_ms": 8.0, "mean_time_ms": 2.0, "total_rows": 40, "shared_blks_hit": 9,
            "shared_blks_read": 1, "cache_hit_ratio": 0.9,
        })
    );
    assert_eq!(list[1]["query_text"], Value::Null);
    let by_calls = server.get(&format!("{QUERIES}?sort_by=calls"), 200).await;
    assert_eq!(by_calls[0]["query_hash"], "0000000000000001");

    let request = server.request(Method::GET, &format!("{QUERIES}?limit=1")).bearer_auth(&server.ada);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["x-total-count"], "2");
    assert_eq!(answer.json::<Vec<Value>>().await.expect("a list").len(), 1);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let server = TestServer::start().await;
    let cases = [
        ("limit=101", "limit"),
        ("sort_by=fame", "sort_by"),
        ("since=yesterday", "since"),
        ("until=2026-01-01", "until"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
        ("limit=1&limit=1", "limit"),
    ];
    for (query, field) in cases {
        let body = server.get(&format!("{QUERIES}?{query}"), 400).await;
        assert_eq!(body["field"], field, "{query}: {body}");
    }
}

#[tokio::test]
async fn the_detail_has_labels_series_and_gaps() {
    let server = TestServer::start().await;
    let window = "since=2026-01-01T00:00:00%2B02:00&until=2026-01-02T00:00:00%2B02:00";
    let detail = server.get(&format!("{QUERIES}/{BUSY:016x}?{window}"), 200).await;
    assert_eq!(
        [&detail["queryid"], &detail["user_name"], &detail["database_name"], &detail["engine"]],
        [&json!("-42"), &json!("ann"), &json!("shop"), &json!("postgres")]
    );
    assert_eq!([&detail["total_calls"], &detail["wal_bytes"]], [&json!(4), &Value::Null]);
    assert_eq!(detail["bucket_seconds"], 300);
    assert_eq!(detail["timeseries"][0]["ts"], "2025-12-31T22:00:00.000Z");
    assert_eq!(detail["timeseries"][0]["mean_time_ms"], 2.0);
    assert_eq!(
        detail["gaps"],
        json!([{"from": "2025-12-31T22:00:00.000Z", "to": "2026-01-01T22:00:00.000Z", "reason": "restarted"}])
    );

    let idle = server.get(&format!("{QUERIES}/{IDLE:016x}"), 200).await;
    assert_eq!([&idle["total_calls"], &idle["last_seen_at"]], [&Value::Null, &Value::Null]);
    assert_eq!(idle["timeseries"], json!([]));
    server.get(&format!("{QUERIES}/00000000000000ff"), 404).await;
    assert_eq!(server.get(&format!("{QUERIES}/00000000000000FF"), 400).await["field"], "hash");
}

#[tokio::test]
async fn a_database_that_is_away_is_shown_as_such() {
    let server = TestServer::start().await;
    let health = server.get("/api/v1/databases/{id}/health", 200).await;
    assert_eq!(health["id"], server.database.to_string());
    assert_eq!([&health["status"], &health["last_seen_at"]], [&json!("disconnected"), &Value::Null]);

    let active = server.request(Method::GET, "/api/v1/databases/{id}/active").bearer_auth(&server.ada);
    let active = active.send().await.expect("an answer");
    assert!(active.headers().contains_key("x-unavailable-reason"));
    assert_eq!(active.headers()["x-total-count"], "0");
    assert_eq!(active.text().await.expect("a body"), "[]");

    let overview = server.get("/api/v1/databases/{id}/overview", 200).await;
    assert_eq!([&overview["status"], &overview["engine"]], [&json!("disconnected"), &json!("postgres")]);
    for unknown in
        ["active_queries", "longest_query_ms", "blocked_queries", "health_score", "dead_tuple_ratio"]
    {
        assert_eq!(overview[unknown], Value::Null, "{unknown}");
        assert!(overview.get(unknown).is_some(), "{unknown}");
    }
    assert_eq!(overview["cache_hit_ratio"], 0.9);
    assert_eq!(overview["top_queries"][0]["query_text"], "select $1");
}
