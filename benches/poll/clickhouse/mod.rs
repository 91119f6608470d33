//! What watching a ClickHouse costs it, by its own account: 1,000 tables, 50,000 parts, a log that grows.

mod server;

use std::time::Duration;

use basira_benches::process::memory_of;
use basira_benches::{Basira, Failure, figure};
use basira_test_support::ClickHouseServer;
use serde_json::json;
use tokio::time::sleep;

use self::server::{Server, number, text};

const TABLES: u32 = 1_000;
const PARTS_OF_EACH: u32 = 50;
/// Every collector but the settings runs at least twice.
const WATCHED: Duration = Duration::from_secs(150);
/// Rows that the log gets, as old as a day.
const LOGGED: u32 = 500_000;
const LOOKED: Duration = Duration::from_secs(60);

/// Our queries since `?`, by what they are.
const COSTS: &str = "SELECT extract(any(query), 'source: ([^,]*),') AS source, toString(normalized_query_hash) AS hash, count() AS runs,
    sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1000 / count() AS cpu_ms, avg(query_duration_ms) AS wall_ms,
    avg(read_rows) AS read_rows, avg(read_bytes) AS read_bytes, max(memory_usage) / 1000000 AS memory_mb
    FROM system.query_log WHERE type = 2 AND query_id LIKE 'basira-%' AND is_initial_query AND event_time >= now() - SECONDS
    GROUP BY hash ORDER BY cpu_ms DESC";

/// Fills a server, watches it for a while, and asks it what that cost.
pub(crate) async fn costs_of_watching() -> Result<(), Failure> {
    let server = Server::start().await?;
    server.fill(TABLES, PARTS_OF_EACH).await?;
    let work = server.work();
    let basira = Basira::start().await?;
    basira
        .register(&json!({
            "name": "busy", "engine": "clickhouse", "host": "127.0.0.1", "port": server.port(), "database": "default",
            "username": ClickHouseServer::READERS[0], "password": ClickHouseServer::PASSWORD, "tls": "disable",
        }))
        .await?;
    sleep(WATCHED).await;
    let parts = server.rows("SELECT count() AS parts FROM system.parts WHERE active").await?;
    println!(
        "{TABLES} tables, {} active parts; by the server's own account, per run:",
        number(&parts[0], "parts")
    );
    let (cpu_ms, log_bytes) = costs(&server, WATCHED).await?;
    figure("clickhouse.full_poll_cpu_ms", cpu_ms, "ms");
    figure("clickhouse.watcher_mb", memory_of(basira.pid())?.resident_mb, "MB");

    server.grow_log(LOGGED).await?;
    sleep(LOOKED).await;
    println!("the log has {LOGGED} more rows of before:");
    let (_, grown) = costs(&server, LOOKED).await?;
    figure("clickhouse.log_bytes_per_poll", log_bytes, "bytes");
    figure("clickhouse.log_bytes_per_poll_grown", grown, "bytes");
    work.abort();
    Ok(())
}

/// Prints what each of our queries cost over the last `span`: CPU of one run of all of them, and bytes read of the log.
async fn costs(server: &Server, span: Duration) -> Result<(f64, f64), Failure> {
    server.run("SYSTEM FLUSH LOGS").await?;
    let lines = server.rows(&COSTS.replace("SECONDS", &span.as_secs().to_string())).await?;
    println!(
        "{:<44}{:>6}{:>10}{:>10}{:>12}{:>12}{:>10}",
        "", "runs", "CPU", "wall", "rows", "bytes", "memory"
    );
    for line in &lines {
        println!(
            "{:<44}{:>6}{:>7.2} ms{:>7.1} ms{:>12.0}{:>12.0}{:>7.1} MB",
            text(line, "source"),
            number(line, "runs"),
            number(line, "cpu_ms"),
            number(line, "wall_ms"),
            number(line, "read_rows"),
            number(line, "read_bytes"),
            number(line, "memory_mb"),
        );
    }
    let sum = |name: &str, of: &str| -> f64 {
        lines.iter().filter(|line| text(line, "source").contains(of)).map(|line| number(line, name)).sum()
    };
    Ok((sum("cpu_ms", ""), sum("read_bytes", "query_log")))
}
