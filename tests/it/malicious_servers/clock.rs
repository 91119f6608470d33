//! Servers that say whatever is hardest to count with.

use serde_json::json;
use tokio::io::{self, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::fake_server::{FakeServer, hear};
use crate::harness::{Organization, TestApp};

const COLLECTORS: [&str; 5] = ["ch_processes", "ch_server_metrics", "ch_query_log", "ch_errors", "ch_parts"];

/// Answers each question with one row: every cell is `value`, but for the version.
async fn answer(mut client: TcpStream, value: &'static str) -> io::Result<()> {
    let mut heard = String::new();
    loop {
        heard.push_str(&String::from_utf8_lossy(&hear(&mut client).await?));
        let Some((head, question)) = heard.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if question.len() < length.and_then(|length| length.parse().ok()).unwrap_or_default() {
            continue;
        }
        let selected = question.split("\nFROM ").next().unwrap_or_default();
        let named = selected.lines().filter_map(|line| line.rsplit_once(" AS "));
        let names: Vec<&str> = named.map(|(_, name)| name.trim_end_matches(',')).collect();
        let cells: Vec<&str> =
            names.iter().map(|name| if *name == "version" { "25.8.1.1" } else { value }).collect();
        let meta: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
        let body = json!({"meta": meta, "data": [cells]}).to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-ClickHouse-Format: JSONCompact\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        client.write_all((head + &body).as_bytes()).await?;
        heard.clear();
    }
}

#[tokio::test]
async fn no_value_sent_by_a_server_ends_its_monitor() {
    let app = TestApp::start().await;
    let organization = Organization::verified(&app, "clock").await;
    for value in ["9223372036854775807", "-9223372036854775808", "253402300800000000", "-1"] {
        let fake_server = FakeServer::start(move |client| answer(client, value)).await;
        let body = json!({"name": value, "engine": "clickhouse", "host": "127.0.0.1", "port": fake_server.port,
            "tls": "disable", "poll_interval_seconds": 1});
        let registered = organization.register_as(&body).await;
        for name in COLLECTORS {
            registered
                .collected(async || {
                    let line = registered.collector(name).await;
                    if line["runs"].as_u64() >= Some(2) { Ok(()) } else { Err((value, line)) }
                })
                .await;
        }
        registered.get("").await;
        assert!(!app.log().contains("panicked"), "{value}: {}", app.log());
        organization.key.delete(&format!("/databases/{}", registered.id), 204).await;
    }
}
